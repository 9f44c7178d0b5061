"""What was acknowledged is there, whatever happens to the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import SDK

from specweave import track_experiment

LOOP = """
import sys, specweave
with specweave.track_experiment("loop") as exp:
    for step in range(10**9):
        exp.log_metric("loss", 1 / (step + 1), step=step)
        sys.stdout.write(f"{step}\\n")
        sys.stdout.flush()
"""


@pytest.mark.parametrize("after_s", [0.4, 0.9])
def test_sigkill_loses_no_acknowledged_line(work, after_s):
    (work.root / "loop.py").write_text(LOOP)
    log = work.root / "said.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "loop.py"], cwd=work.root, stdout=out, env={**os.environ, "PYTHONPATH": str(SDK)}
        )
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    acknowledged = [int(line) for line in log.read_text().split("\n")[:-1]]
    steps = [e["s"] for e in work.events("exp-001-loop", "metric")]
    assert len(acknowledged) > 100
    assert steps[: len(acknowledged)] == acknowledged and len(steps) - len(acknowledged) <= 1
    assert work.events("exp-001-loop", "status") == []  # started.json tells whether its process lives


def test_each_process_writes_its_own_file(work):
    out = work.script("""
import os, specweave
with specweave.track_experiment("x") as exp:
    exp.log_metric("who", 0)
    pids = []
    for i in range(3):
        pid = os.fork()
        if pid == 0:
            for step in range(200):
                exp.log_metric("child", i, step=step)
            os._exit(0)
        pids.append(pid)
    for step in range(200):
        exp.log_metric("parent", 9, step=step)
    for pid in pids:
        os.waitpid(pid, 0)
    pid = os.fork()
    if pid == 0:
        import sys
        sys.exit(0)  # falls through the with: must not end the parent's run
    os.waitpid(pid, 0)
    exp.log_metric("who", 1)
""")
    assert out.returncode == 0, out.stderr
    files = list((work.experiments / "exp-001-x/events").iterdir())
    by_file = [{json.loads(line)["n"] for line in f.read_text().splitlines() if '"metric"' in line} for f in files]
    assert sorted(map(sorted, by_file)) == [["child"], ["child"], ["child"], ["parent", "who"]]
    assert len(work.events("exp-001-x", "metric")) == 802
    assert [e["v"] for e in work.events("exp-001-x", "status")] == ["succeeded"]


def test_a_multiprocessing_pool_and_a_pickled_run(work):
    for method in ("fork", "spawn"):
        out = work.script(f"""
import multiprocessing, specweave
def work(args):
    exp, i = args
    exp.log_metric("from worker", i, step=i)
if __name__ == "__main__":
    with specweave.track_experiment("{method}") as exp:
        with multiprocessing.get_context("{method}").Pool(2) as pool:
            pool.map(work, [(exp, i) for i in range(8)])
""")
        assert out.returncode == 0, out.stderr
    for name in work.names():
        assert sorted(e["s"] for e in work.events(name, "metric")) == list(range(8))
        assert work.status(name) == "succeeded"


def test_a_child_process_joins(work):
    out = work.script("""
import subprocess, sys, os, specweave
CHILD = "import specweave\\nwith specweave.track_experiment('whatever') as e: e.log_metric('from child', 5)"
BAD = "import specweave\\nwith specweave.track_experiment('whatever') as e: raise ValueError('rank 1 broke')"
with specweave.track_experiment("parent") as exp:
    subprocess.run([sys.executable, "-c", CHILD], check=True)
    subprocess.run([sys.executable, "-c", BAD], stderr=subprocess.DEVNULL)
assert "SPECWEAVE_RUN_DIR" not in os.environ
subprocess.run([sys.executable, "-c", CHILD], check=True)
""")
    assert out.returncode == 0, out.stderr
    assert work.names() == ["exp-001-parent", "exp-002-whatever"]
    assert work.events("exp-001-parent", "metric")[0]["v"] == 5
    assert [e["v"] for e in work.events("exp-001-parent", "status")] == ["succeeded"]
    assert any("rank 1 broke" in e["v"] for e in work.events("exp-001-parent", "note"))


def test_threads(work):
    import threading

    with track_experiment("x") as exp:
        threads = [
            threading.Thread(target=lambda k=k: [exp.log_metric(f"t{k}", i * 0.5, step=i) for i in range(2000)])
            for k in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(work.events("exp-001-x", "metric")) == 12000


@pytest.mark.skipif(
    os.geteuid() == 0 and not os.path.exists("/proc/self"), reason="needs a folder that cannot be written"
)
def test_a_workspace_that_cannot_be_written(work, capfd):
    from specweave import SpecWeaveError

    experiments = work.increment / "experiments"
    experiments.rmdir()
    experiments.write_text("a file stands where the folder should be")
    with track_experiment("x") as exp:
        exp.log_metric("a", 1)
        exp.log_artifact(__file__)
        assert exp.should_stop() is False and exp.id is None
        with pytest.raises(SpecWeaveError, match="not recorded"):
            exp.save_predictions("validation", [1])
    assert "not recorded" in capfd.readouterr().err


def test_a_signal_handler_may_log(work):
    out = work.script("""
import signal, specweave
with specweave.track_experiment("x") as exp:
    signal.signal(signal.SIGALRM, lambda *a: exp.log_metric("alarm", 1))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    for i in range(60000):
        exp.log_metric("a", i)
    signal.setitimer(signal.ITIMER_REAL, 0)
""")
    assert out.returncode == 0, out.stderr
    names = [e["n"] for e in work.events("exp-001-x", "metric")]
    assert names.count("a") == 60000 and names.count("alarm") > 5
