"""Eight processes and many threads in one run, however they begin and end; SIGKILL; a clock set back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import SDK
from test_full_disk import lines_of

from specweave import logged, track_experiment

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

# What each of eight children does; `begin` starts them in different ways, and each ends in its own.
CHILD = """
import os, sys, time
def work(exp, who, points=300):
    for i in range(points):
        exp.log_metric(f"child {who}", i, step=i)
"""

WAYS = {
    "os.fork and _exit": """
pids = []
for who in range(8):
    pid = os.fork()
    if pid == 0:
        work(exp, who)
        os._exit(0)
    pids.append(pid)
for i in range(300): exp.log_metric("parent", i, step=i)
for pid in pids: os.waitpid(pid, 0)
""",
    "fork that leaves by sys.exit": """
pids = []
for who in range(8):
    pid = os.fork()
    if pid == 0:
        work(exp, who)
        sys.exit(3)
    pids.append(pid)
for pid in pids: os.waitpid(pid, 0)
""",
    "multiprocessing fork": "import multiprocessing as m\n"
    "ps = [m.get_context('fork').Process(target=work, args=(exp, k)) for k in range(8)]\n"
    "for p in ps: p.start()\nfor p in ps: p.join(); assert p.exitcode == 0\n",
    "multiprocessing spawn": "import multiprocessing as m\n"
    "ps = [m.get_context('spawn').Process(target=work, args=(exp, k)) for k in range(8)]\n"
    "for p in ps: p.start()\nfor p in ps: p.join(); assert p.exitcode == 0\n",
    "a fork while threads hold the lock": """
import threading
stop = threading.Event()
def busy():
    while not stop.is_set(): exp.log_metric("busy", 1)
threads = [threading.Thread(target=busy) for _ in range(3)]
for t in threads: t.start()
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
pids = []
for who in range(8):
    pid = os.fork()
    if pid == 0:
        work(exp, who)
        os._exit(0)
    pids.append(pid)
for pid in pids:
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
for t in threads: t.join()
""",
    "daemons": """
pids = []
for who in range(8):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        os.closerange(0, 256)
        for fd in (0, 1, 2): os.open(os.devnull, os.O_RDWR)
        work(exp, who)
        open(f"done-{who}", "w").close()
        os._exit(0)
    os.waitpid(pid, 0)
while not all(os.path.exists(f"done-{who}") for who in range(8)): time.sleep(0.02)
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_eight_processes(work, way):
    body = "".join(f"        {line}\n" for line in WAYS[way].strip().split("\n"))
    out = work.script(
        f"{CHILD}\nif __name__ == '__main__':\n    import specweave\n"
        f"    with specweave.track_experiment('x') as exp:\n        exp.log_metric('first', 0)\n{body}"
    )
    assert out.returncode == 0, out.stderr
    folder = work.experiments / "exp-001-x"
    good, malformed = lines_of(folder)
    assert malformed == 0 and work.names() == ["exp-001-x"]
    for who in range(8):
        assert [e["s"] for e in good if e.get("n") == f"child {who}"] == list(range(300))
    assert [e["v"] for e in good if e["k"] == "status"] == ["succeeded"]
    by_file = [
        {json.loads(line).get("n") for line in f.read_text().split("\n") if line} for f in (folder / "events").iterdir()
    ]
    children = sorted(name for names in by_file for name in names if name and name.startswith("child"))
    assert children == [f"child {who}" for who in range(8)]  # each in one file, which holds nothing of another
    assert all(len({n for n in names if n and n.startswith("child")}) <= 1 for names in by_file)
    assert not any("first" in names and any(n and n.startswith("child") for n in names) for names in by_file)


def test_what_waits_in_a_parent_is_not_written_by_its_child(work, monkeypatch):
    with track_experiment("x") as exp:
        real = os.write
        monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        exp.log_metric("of the parent", 1)
        monkeypatch.setattr(os, "write", real)
        pid = os.fork()
        if pid == 0:
            exp.log_metric("of the child", 1)
            os._exit(0 if exp._events._backlog is None else 1)
        assert os.waitpid(pid, 0)[1] == 0
    good, malformed = lines_of(exp.folder)
    assert sorted(e["n"] for e in good if e["k"] == "metric") == ["of the child", "of the parent"] and malformed == 0


def test_a_child_writes_late_words_into_a_file_of_its_own(work):
    with track_experiment("x") as exp:
        exp.log_metric("a", 1)
    pid = os.fork()
    if pid == 0:
        exp.log_metric("late", 1)
        os._exit(0)
    os.waitpid(pid, 0)
    exp.log_metric("late", 2)
    assert len(list((work.experiments / "exp-001-x/events").iterdir())) == 2
    assert sorted(e["v"] for e in work.events("exp-001-x", "metric") if e["n"] == "late") == [1, 2]


# Each step is noted, and the note is on the disk, only after log_metric returned.
PACED = """
import os, sys, time, specweave
pause = float(sys.argv[1])
fd = os.open("acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
with specweave.track_experiment("loop") as exp:
    for step in range(10**9):
        exp.log_metric("loss", 1 / (step + 1), step=step)
        os.write(fd, b"%d\\n" % step)
        os.fsync(fd)
        if pause: time.sleep(pause)
"""


@pytest.mark.parametrize(("pause", "points"), [(0, 200), (0.01, 60), (0.2, 4)], ids=["full speed", "100/s", "5/s"])
def test_sigkill_loses_no_acknowledged_point(work, pause, points):
    (work.root / "loop.py").write_text(PACED)
    process = subprocess.Popen(
        [sys.executable, "loop.py", str(pause)], cwd=work.root, env={**os.environ, "PYTHONPATH": str(SDK)}
    )
    list_of_its_own = work.root / "acknowledged"
    begun = time.monotonic()
    while not list_of_its_own.exists() or list_of_its_own.read_bytes().count(b"\n") < points:
        assert time.monotonic() - begun < 120 and process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    acknowledged = [int(line) for line in list_of_its_own.read_text().split("\n")[:-1]]
    steps = [e["s"] for e in work.events("exp-001-loop", "metric")]
    assert len(acknowledged) >= points and steps[: len(acknowledged)] == acknowledged
    assert len(steps) - len(acknowledged) <= 1


def test_a_clock_that_is_set_back(work, monkeypatch):
    from specweave import run

    clock = [2_000_000_000.0]
    monkeypatch.setattr(run, "time", lambda: clock[0])
    with track_experiment("x") as exp:
        for value in range(10):
            exp.log_metric("a", value)
            exp.log_metric("stepped", value, step=10 - value)
            clock[0] += -3600 if value == 4 else 1
        exp.save_report("said")
    assert logged.last_metrics(exp.folder) == {"a": 9.0, "stepped": 0.0}
    assert [e["v"] for e in logged.read_events(exp.folder) if e.get("n") == "a"] == list(range(10))
