"""Numbers are given once, whoever asks at the same time."""

from __future__ import annotations

import os
import subprocess
import sys

from conftest import SDK

from specweave import track_experiment

MANY = """
import sys, specweave
for i in range(25):
    with specweave.track_experiment(sys.argv[1].format(i)) as exp:
        exp.log_metric("i", i)
"""


def race(work, *names):
    (work.root / "many.py").write_text(MANY)
    env = {**os.environ, "PYTHONPATH": str(SDK)}
    processes = [subprocess.Popen([sys.executable, "many.py", name], cwd=work.root, env=env) for name in names]
    assert [p.wait(120) for p in processes] == [0] * len(names)
    assert not [p for p in work.experiments.iterdir() if p.name.startswith(".")]
    assert not list((work.root / ".specweave/reservations").glob("*"))
    for name in work.names():
        assert work.run_json(name)["run"] == f"0042/{name}"
        assert len(work.events(name, "metric")) == 1
    return work.names()


def test_different_names_get_different_numbers(work):
    names = race(work, "a {}", "b {}", "c {}")
    numbers = [int(name.split("-")[1]) for name in names]
    # A number that was reserved and given back may stay unused; none is ever used twice.
    assert len(names) == len(set(numbers)) == 75 and max(numbers) <= 90


def test_eight_processes_at_once(work):
    names = race(work, *(f"{letter} {{}}" for letter in "abcdefgh"))
    numbers = [int(name.split("-")[1]) for name in names]
    assert len(names) == len(set(numbers)) == 200


def test_one_bare_name_in_two_processes(work):
    names = race(work, "same", "same")
    # Two that begin at the same instant may both be first, each with a number; from then on it is `-rN` of one of them.
    assert len(names) == 50 and {name.split("-r")[0] for name in names} <= {"exp-001-same", "exp-002-same"}


def test_one_numbered_name_in_two_processes(work):
    names = race(work, "exp-007-same", "exp-007-same")
    assert len(names) == 50 and set(names) == {"exp-007-same", *(f"exp-007-same-r{i}" for i in range(2, 51))}


def test_others_folders_are_seen(work):
    with track_experiment("a"):
        pass
    os.mkdir(work.experiments / "exp-012-by-hand")
    (work.experiments / "exp-012-by-hand" / "run.json").write_text("{}")
    with track_experiment("b") as exp:
        assert exp.id == "0042/exp-013-b"
    with track_experiment("by hand") as exp:
        assert exp.id == "0042/exp-012-by-hand-r2"


def test_a_reservation_of_another_is_passed_over(work):
    reservations = work.root / ".specweave/reservations"
    reservations.mkdir()
    (reservations / "0042.exp-001").touch()
    with track_experiment("a") as exp:
        assert exp.id == "0042/exp-002-a"
    assert (reservations / "0042.exp-001").exists()


def test_removed_runs_give_their_number_back(work):
    import shutil

    for name in ("a", "b"):
        with track_experiment(name):
            pass
    shutil.rmtree(work.experiments / "exp-002-b")
    with track_experiment("c") as exp:
        assert exp.id == "0042/exp-002-c"
    shutil.rmtree(work.experiments / "exp-001-a")
    with track_experiment("a") as exp:
        assert exp.id == "0042/exp-003-a"
