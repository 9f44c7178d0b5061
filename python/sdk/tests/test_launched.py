"""A run that the lab launched: the folder is there, the first ``track_*`` joins it."""

from __future__ import annotations

import json
import time

import pytest

import specweave
from specweave import SpecWeaveError


@pytest.fixture
def launched(work, monkeypatch):
    folder = work.experiments / "exp-003-launched"
    folder.mkdir()
    (folder / "run.json").write_text(
        json.dumps({"format": 1, "run": "0042/exp-003-launched", "made_by": "lab", "dataset": None})
    )
    (folder / "asked.json").write_text('{"lr": 0.3, "deep": {"er": 1}}')
    for name, value in {
        "RUN_DIR": folder, "RUN": "0042/exp-003-launched", "INCREMENT": "0042", "WORKSPACE": work.root,
        "PARAMS": folder / "asked.json", "SEED": "7",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SPECWEAVE_{name}", str(value))
    return folder


def test_the_first_call_joins_whatever_it_is_called(work, launched):
    before = (launched / "run.json").read_text()
    with specweave.track_model("my favourite", increment="0042") as exp:
        assert exp.id == "0042/exp-003-launched" and exp.folder == str(launched)
        exp.log_metric("a", 1)
    assert work.names() == ["exp-003-launched"] and (launched / "run.json").read_text() == before
    assert work.events("exp-003-launched", "tag")[0]["v"] == "my favourite"
    assert work.events("exp-003-launched", "status") == []  # its exit code says how it ended
    with specweave.track_experiment("another") as exp:
        assert exp.id == "0042/exp-004-another"
    assert work.events("exp-004-another", "tag")[0] | {"t": 0} == {
        "k": "tag",
        "n": "started_by",
        "v": "0042/exp-003-launched",
        "t": 0,
    }


def test_a_failure_lowers_a_launched_run(work, launched):
    with pytest.raises(ValueError):
        with specweave.track_experiment("x"):
            raise ValueError("no convergence")
    [status] = work.events("exp-003-launched", "status")
    assert status["v"] == "failed" and status["reason"] == "ValueError: no convergence"


def test_a_folder_that_is_gone(work, launched, monkeypatch, capfd):
    monkeypatch.setenv("SPECWEAVE_RUN_DIR", str(work.root / "gone"))
    with specweave.track_experiment("x") as exp:
        assert exp.id == "0042/exp-004-x"
    assert "gone" in capfd.readouterr().err


def test_params(launched, monkeypatch):
    assert specweave.params() == {"lr": 0.3, "deep": {"er": 1}}
    assert specweave.params(lr=0.1, depth=6) == {"lr": 0.3, "deep": {"er": 1}, "depth": 6}
    (launched / "asked.json").write_text("{half")
    with pytest.raises(SpecWeaveError, match="asked.json"):
        specweave.params()
    monkeypatch.delenv("SPECWEAVE_PARAMS")
    assert specweave.params(lr=0.1) == {"lr": 0.1}


def test_should_stop(launched):
    with specweave.track_experiment("x") as exp:
        assert exp.should_stop() is False
        (launched / "stop.json").write_text("{}")
        begun = time.monotonic()
        while not exp.should_stop():
            assert time.monotonic() - begun < 30
        (launched / "stop.json").unlink()
        assert exp.should_stop() is True


def test_seed_everything(launched, monkeypatch):
    import random

    assert specweave.seed_everything() == 7
    first = random.random()
    assert specweave.seed_everything(7) == 7 and random.random() == first
    np = pytest.importorskip("numpy")
    specweave.seed_everything(3)
    drawn = np.random.rand()
    specweave.seed_everything(3)
    assert np.random.rand() == drawn
    with pytest.raises(SpecWeaveError):
        specweave.seed_everything(-1)
    monkeypatch.delenv("SPECWEAVE_SEED")
    assert specweave.seed_everything() == 0


def test_ranks_of_one_launched_run_each_write_a_file(work, launched):
    text = "import specweave\nwith specweave.track_experiment('ddp') as e: e.log_metric('rank', {})\n"
    env = {"SPECWEAVE_RUN_DIR": str(launched), "SPECWEAVE_RUN": "0042/exp-003-launched"}
    for rank in (0, 1):
        assert work.script(text.format(rank), env=env).returncode == 0
    assert len(list((launched / "events").iterdir())) == 2 and work.names() == ["exp-003-launched"]
    assert sorted(e["v"] for e in work.events("exp-003-launched", "metric")) == [0, 1]
