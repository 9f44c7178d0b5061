"""What cannot be written waits, and is written whole and in order once there is room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Work

import specweave
from specweave import SpecWeaveError, backlog, ending, events, track_experiment

NEEDS_ROOT = "mounting a small file system needs root on Linux"


def lines_of(folder) -> tuple[list[dict], int]:
    """The whole lines of a run's files as the product reads them, and how many are malformed."""
    good, malformed = [], 0
    for file in sorted(Path(folder, "events").glob("*.jsonl")):
        *whole, torn = file.read_bytes().decode("utf-8").split("\n")
        malformed += torn != ""  # it waits for its end
        for line in whole:
            if line:
                try:
                    good.append(json.loads(line))
                except ValueError:
                    malformed += 1
    return good, malformed


@pytest.fixture
def small(work, tmp_path_factory, monkeypatch):
    """A workspace on a file system of one mebibyte."""
    place = tmp_path_factory.mktemp("small")
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip(NEEDS_ROOT)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"{NEEDS_ROOT}: {mounted.stderr.strip()}")
    monkeypatch.chdir(place)
    yield Work(place)
    monkeypatch.chdir("/")
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(folder) -> Path:
    """Takes all room but for what the last pages of files still hold."""
    path = Path(folder, "filler")
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return path


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(ending, "_patience", 0.0)
    monkeypatch.setattr(ending, "LAST_PATIENCE_S", 0.1)


def test_a_full_disk_and_room_again(small, capfd):
    with track_experiment("x") as exp:
        exp.log_metric("i", -1)
        filler = fill(small.root)
        for i in range(2000):
            exp.log_metric("i", i)
        exp.log_params({f"p{i}": "v" * 50 for i in range(50)})
        exp.log_note("while it was full")
        standing = lines_of_unfinished(exp.folder)
        filler.unlink()
        exp.log_metric("i", 2000)
    good, malformed = lines_of(exp.folder)
    assert [e["v"] for e in good if e["k"] == "metric"] == list(range(-1, 2001))
    assert [e["n"] for e in good if e["k"] == "param"] == [f"p{i}" for i in range(50)]
    assert [e["v"] for e in good if e["k"] == "note"] == ["while it was full"] and good[-1]["k"] == "status"
    assert standing < 2000 and malformed <= 1
    told = capfd.readouterr().err
    assert told.count("No space left") == 1 and told.count("works again") == 1


def lines_of_unfinished(folder) -> int:
    return sum(file.read_bytes().count(b"\n") for file in Path(folder, "events").iterdir())


def test_room_that_comes_at_the_end(small, capfd):
    """The last try is patient: the disk is freed by another process a second after the run's end began."""
    with track_experiment("x") as exp:
        filler = fill(small.root)
        for i in range(500):
            exp.log_metric("i", i)
        freeing = subprocess.Popen(["sh", "-c", 'sleep 1; rm "$1"', "sh", str(filler)])
    freeing.wait()
    good, _ = lines_of(exp.folder)
    assert [e["v"] for e in good if e["k"] == "metric"] == list(range(500)) and good[-1]["v"] == "succeeded"


def test_a_run_folder_that_is_moved_on_a_full_disk(small):
    """The open file goes with it: what waits is written there once there is room."""
    with track_experiment("x") as exp:
        filler = fill(small.root)
        for i in range(500):
            exp.log_metric("i", i)
        moved = f"{exp.folder}-moved"
        os.rename(exp.folder, moved)
        freeing = subprocess.Popen(["sh", "-c", 'sleep 1; rm "$1"', "sh", str(filler)])
    freeing.wait()
    good, _ = lines_of(moved)
    assert [e["v"] for e in good if e["k"] == "metric"] == list(range(500)) and good[-1]["v"] == "succeeded"
    assert not os.path.exists(exp.folder)


def test_a_run_folder_that_is_removed_on_a_full_disk_is_not_waited_for(small):
    with track_experiment("x") as exp:
        fill(small.root)
        for i in range(500):
            exp.log_metric("i", i)
        shutil.rmtree(exp.folder)
        began = time.monotonic()
    assert time.monotonic() - began < ending.PATIENCE_S and not os.path.exists(exp.folder)
    ending.forget()


def test_room_that_never_comes_is_told(small):
    fill(small.root)  # before the run: it cannot even be made
    out = small.python("-c", "import specweave\nwith specweave.track_experiment('x') as e: e.log_metric('a', 1)\n")
    assert out.returncode == 0 and "not recorded" in out.stderr and small.names() == []
    assert not list(small.experiments.iterdir())
    (small.root / "filler").unlink()
    out = small.python(
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import specweave\nfrom specweave import ending\nfrom test_full_disk import fill\n"
        "ending._patience, ending.LAST_PATIENCE_S = 0.0, 0.1\n"
        "with specweave.track_experiment('x') as e:\n"
        "    fill('.')\n    for i in range(500): e.log_metric('a', i)\n",
        str(Path(__file__).parent),
    )
    kept = lines_of_unfinished(small.experiments / "exp-001-x")
    lost = int(out.stderr.split(" lines of ")[0].rsplit(maxsplit=1)[1])
    assert out.returncode == 0 and kept + lost == 501 and "No space left" in out.stderr, out.stderr


def test_files_are_whole_or_not_there(small, capfd, impatient):
    big = small.root / "big.bin"
    big.write_bytes(os.urandom(400_000))
    with track_experiment("x") as exp:
        filler = fill(small.root)
        assert exp.log_artifact("big.bin") is None
        for call in (
            lambda: exp.save_artifact(list(range(100_000)), "list.pkl"),
            lambda: exp.save_report("words", "w" * 10_000),
            lambda: exp.save_model({"weights": list(range(100_000))}, predict=None, format="joblib"),
        ):
            with pytest.raises(SpecWeaveError):
                call()
        left = sorted(p.name for p in Path(exp.folder).rglob("*") if p.is_file() and p.parent.name != "events")
        assert left == ["run.json", "started.json"] and not (small.increment / "reports/words.md").exists()
        filler.unlink()
        assert exp.log_artifact("big.bin") == "big.bin"
        assert exp.save_report("words", "w" * 10_000)
    assert (Path(exp.folder) / "big.bin").read_bytes() == big.read_bytes()
    assert "big.bin" in capfd.readouterr().err


def test_a_model_that_cannot_be_recorded_is_refused_and_not_recorded_later(work, monkeypatch, impatient):
    with track_experiment("x") as exp:
        real = os.write

        def full(fd, data):
            if fd == exp._events._fd:
                raise OSError(28, "No space left on device")
            return real(fd, data)

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(SpecWeaveError, match="cannot be recorded"):
            exp.save_model({"weights": 1}, format="joblib")
        monkeypatch.setattr(os, "write", real)
    assert work.events("exp-001-x", "model") == [] and work.events("exp-001-x", "artifact") != []


def test_read_only_and_writable_again(small, monkeypatch, capfd):
    folder = small.experiments / "exp-001-launched"
    folder.mkdir()
    (folder / "run.json").write_text('{"made_by": "lab"}')
    monkeypatch.setenv("SPECWEAVE_RUN_DIR", str(folder))
    subprocess.run(["mount", "-o", "remount,ro", str(small.root)], check=True)
    with track_experiment("x") as exp:
        for i in range(100):
            exp.log_metric("i", i)
        assert not (folder / "events").exists()
        subprocess.run(["mount", "-o", "remount,rw", str(small.root)], check=True)
    assert [e["v"] for e in lines_of(folder)[0]] == ["x", *range(100)]
    assert "Read-only file system" in capfd.readouterr().err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process")
def test_a_file_size_limit_begins_another_file(work):
    out = work.script("""
import resource, specweave
with specweave.track_experiment("x") as exp:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
    for i in range(300):
        exp.log_metric("i", i)
        if i % 50 == 0: exp._events.flush()
""")
    good, malformed = lines_of(work.experiments / "exp-001-x")
    assert sorted(e["v"] for e in good if e["k"] == "metric") == list(range(300)), out.stderr
    assert len(list((work.experiments / "exp-001-x/events").iterdir())) > 3 and malformed < 40


def test_a_run_folder_that_is_moved_away(work):
    with track_experiment("x") as exp:
        exp.log_metric("i", 0)
        os.rename(exp.folder, f"{exp.folder}-moved")
        exp.log_metric("i", 1)
    exp.log_metric("i", 2)
    assert not os.path.exists(exp.folder)  # nothing is made where the run no longer is
    os.rename(f"{exp.folder}-moved", exp.folder)
    assert exp._events.flush()
    assert [e["v"] for e in work.events("exp-001-x", "metric")] == [0, 1, 2]
    other = specweave.session.attach("0042/exp-009-gone", f"{work.experiments}/exp-009-gone")
    other.log_metric("i", 1)
    other.finish()
    assert not os.path.exists(other.folder)
    ending.forget()


@pytest.mark.parametrize("cut", range(0, 60))
def test_a_write_cut_anywhere(work, monkeypatch, cut):
    """Two lines in one write, of which `cut` bytes arrive; then the next."""
    real = os.write
    with track_experiment("x") as exp:
        fd = exp._events._fd
        monkeypatch.setattr(os, "write", lambda to, data: real(to, data[:cut] if to == fd else data))
        exp.log_metrics({"a": 1, "b": 2})
        monkeypatch.setattr(os, "write", real)
        exp.log_metric("c", 3)
    good, malformed = lines_of(exp.folder)
    assert [e.get("n") for e in good] == ["a", "b", "c", None] and malformed <= 1


def test_a_closed_descriptor_is_opened_again(work, capfd):
    with track_experiment("x") as exp:
        exp.log_metric("a", 1)
        os.close(exp._events._fd)  # as programs do that become daemons
        exp.log_metric("a", 2)
        exp.log_metric("a", 3)
        assert [e["v"] for e in lines_of(exp.folder)[0]] == [1, 2, 3]
    assert capfd.readouterr().err == ""


def test_too_much_waits(work, monkeypatch, capfd):
    monkeypatch.setattr(backlog, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(events, "MOST_BYTES", 1 << 20)
    real = os.write
    with track_experiment("x") as exp:

        def full(fd, data):
            if fd == exp._events._fd:
                raise OSError(28, "No space left on device")
            return real(fd, data)

        monkeypatch.setattr(os, "write", full)
        exp.log_param("lr", 0.1)
        for i in range(30_000):
            exp.log_metric("i", i, step=i)
        exp.set_tag("team", "core")
        assert exp._events._backlog.bytes <= 1 << 20
        monkeypatch.setattr(os, "write", real)
    good, malformed = lines_of(exp.folder)
    kept = [e["v"] for e in good if e["k"] == "metric"]
    assert malformed == 0 and kept == list(range(30_000 - len(kept), 30_000)) and 10_000 < len(kept) < 30_000
    assert good[0]["n"] == "lr" and any(e["k"] == "tag" for e in good)
    [note] = [e["v"] for e in good if e["k"] == "note"]
    assert note.startswith(f"{30_000 - len(kept)} logged lines")
    assert "oldest values of metrics are dropped" in capfd.readouterr().err


def test_a_full_disk_does_not_slow_a_training(work, monkeypatch):
    tries = 0
    real = os.write
    with track_experiment("x") as exp:

        def full(fd, data):
            nonlocal tries
            if fd != exp._events._fd:
                return real(fd, data)
            tries += 1
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        for i in range(20_000):
            exp.log_metric("i", i)
        assert tries < 2_000
        monkeypatch.setattr(os, "write", real)
    assert len(work.events("exp-001-x", "metric")) == 20_000


def test_a_signal_handler_logs_while_waiting_lines_are_written(work, monkeypatch):
    """Each place of the writing is interrupted once; nothing is torn, twice or lost."""
    real = os.write
    for at in range(1, 8):
        calls = 0
        with track_experiment(f"exp-001-x{at}") as exp:
            fd = exp._events._fd

            def write(to, data):
                nonlocal calls
                if to != fd:
                    return real(to, data)
                calls += 1
                mine = calls
                size = real(to, data[: len(data) // 2] if mine == 1 else data)
                if mine == at:
                    exp.log_metric("handler", 1)
                return size

            monkeypatch.setattr(os, "write", write)
            for i in range(6):
                exp.log_metric("i", i)
                exp._events.flush()
            monkeypatch.setattr(os, "write", real)
        good, malformed = lines_of(exp.folder)
        assert [e["v"] for e in good if e.get("n") == "i"] == list(range(6)), at
        assert len([e for e in good if e.get("n") == "handler"]) == 1 and malformed <= 1, at


def test_the_product_reads_it(small):
    """The torn rest counts as one malformed line, and nothing is lost by it."""
    main = Path(__file__).resolve().parents[3] / "dist" / "main.js"
    node = shutil.which("node")
    if node is None or not main.exists():
        pytest.skip("needs Node and a built dist/main.js")
    with track_experiment("x") as exp:
        filler = fill(small.root)
        for i in range(300):
            exp.log_metric("i", i)
        torn = b"".join(f.read_bytes() for f in Path(exp.folder, "events").iterdir()).rpartition(b"\n")[2]
        filler.unlink()
    state = small.root.parent / "state"
    env = {**os.environ, "XDG_STATE_HOME": str(state), "XDG_CACHE_HOME": str(state)}
    shutil.copytree(small.root, small.root.parent / "copy")
    answer = subprocess.run(
        [node, str(main), "get-run", "0042/exp-001-x", "--json"],
        cwd=small.root.parent / "copy", env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr + answer.stdout
    said = json.loads(answer.stdout)
    malformed = lines_of(exp.folder)[1]
    assert malformed == (1 if torn else 0) and [m["value"] for m in said["metrics"]] == [299]
    assert len([w for w in said["warnings"] if "malformed" in json.dumps(w)]) == malformed
