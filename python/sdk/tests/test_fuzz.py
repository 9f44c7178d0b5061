"""Whatever is logged: a line of the format (docs/reference/events.md), or one line on stderr and nothing written.

100 cases each; SPECWEAVE_FUZZ_CASES=2000 for more.
"""

from __future__ import annotations

import decimal
import json
import math
import os
import stat
import tempfile
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from specweave import SpecWeaveError, errors, session  # noqa: E402

CASES = int(os.environ.get("SPECWEAVE_FUZZ_CASES", "100"))
fuzz = settings(
    max_examples=CASES,
    deadline=None,
    derandomize="SPECWEAVE_FUZZ_CASES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Broken:
    """Nothing of it can be looked at, but by Hypothesis, which does so outside of the calls."""

    armed = False

    def __repr__(self):
        if Broken.armed:
            raise RuntimeError("no repr")
        return "Broken()"

    __str__ = __repr__

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        raise OSError(f"no {name}")

    def __float__(self):
        raise ZeroDivisionError


class Endless:
    def item(self):
        return self

    def isoformat(self):
        return self


class Word(str):
    def __str__(self):
        return 7  # type: ignore[return-value]


def numpy_scalars():
    np = pytest.importorskip("numpy")
    return st.sampled_from(
        [np.float64("nan"), np.float32(0.1), np.int64(-(2**62)), np.uint64(2**64 - 1), np.bool_(True), np.array([1.5]),
         np.array([1, 2]), np.array([], dtype=float), np.float16("inf"), np.datetime64("NaT"), np.str_("x"), np.complex64(1)]
    )  # fmt: skip


texts = st.one_of(
    st.text(st.characters(), max_size=60),  # lone surrogates too
    st.sampled_from(
        ["", " ", "\0", "a\nb", '"}\n{"k":"note"', "\u2028", "\ud800", "\U0001f600" * 300, "x" * 600, "x" * 20_000]
    ),
    st.text(alphabet="\U0001f600a\ud83d", min_size=400, max_size=600),
)
odd = st.one_of(
    st.builds(Broken),
    st.builds(Endless),
    st.sampled_from([Word("w"), object(), Broken, lambda: 0, b"\xff", 1j, ..., datetime(2026, 1, 1)]),
    st.sampled_from([decimal.Decimal("sNaN"), decimal.Decimal("1e999999"), -(10**30)]),
    st.builds(pow, st.just(10), st.just(5000)),  # nothing that prints itself
    st.builds(Fraction, st.builds(pow, st.just(10), st.just(400))),
    st.decimals(),
    st.fractions(),
    numpy_scalars(),
)
numbers = st.one_of(st.floats(), st.integers(), st.integers(-(2**80), 2**80), st.booleans())
anything = st.recursive(
    st.one_of(st.none(), numbers, texts, odd),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(texts, st.integers()), inner, max_size=4),
    ),
    max_leaves=12,
)
names = st.one_of(texts, texts, odd, numbers)


class Recorded:
    """A run of its own whose new lines can be read."""

    def __init__(self) -> None:
        self.home = tempfile.TemporaryDirectory()
        self.root = Path(self.home.name).resolve()
        self.folder = self.root / "run"
        self.folder.mkdir()
        self.run = session.attach("0042/exp-001-x", str(self.folder))

    def __enter__(self) -> Recorded:
        errors._said.clear()
        Broken.armed = True
        return self

    def __exit__(self, *_) -> None:
        Broken.armed = False
        self.run._events.close()
        self.home.cleanup()

    def lines(self) -> list[dict]:
        events = []
        for file in self.folder.glob("events/*.jsonl"):
            content = file.read_bytes().decode("utf-8")
            assert content.endswith("\n")
            for line in content[:-1].split("\n"):
                assert line and len(line) < 16 << 20
                event = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
                check(event)
                events.append(event)
        return events


def check(event: dict) -> None:
    """One line, as docs/reference/events.md has it and src/runs/events.ts reads it."""
    assert isinstance(event["t"], float) and event["k"] in ("metric", "param", "tag", "note", "artifact", "status")
    if event["k"] in ("metric", "param", "tag", "artifact"):
        name = event["n"]
        assert isinstance(name, str) and name and len(name.encode("utf-16-le", "surrogatepass")) // 2 <= 500
    if event["k"] == "metric":
        v = event["v"]
        assert v in ("NaN", "Infinity", "-Infinity") or (type(v) in (int, float) and math.isfinite(v))
        assert "s" not in event or (type(event["s"]) in (int, float) and math.isfinite(event["s"]))
    if event["k"] in ("tag", "note", "status"):
        assert isinstance(event["v"], str)


@fuzz
@given(names, st.one_of(numbers, odd, anything), st.one_of(st.none(), numbers, odd))
def test_metrics(name, value, step):
    with Recorded() as recorded:
        recorded.run.log_metric(name, value, step=step)
        found = recorded.lines()
        written, told = len(found), len(errors._said)
        assert written + told == 1
        if found and type(value) is float:
            assert found[0]["v"] == value if math.isfinite(value) else isinstance(found[0]["v"], str)
        if found and type(value) is int and abs(value) < 2**63:
            assert found[0]["v"] == value
        recorded.run.log_metric("after", 1)
        assert recorded.lines()[-1]["n"] == "after"


@fuzz
@given(st.dictionaries(st.one_of(texts, st.integers()), anything, max_size=6), st.one_of(st.none(), numbers))
def test_metrics_of_a_step(metrics, step):
    with Recorded() as recorded:
        recorded.run.log_metrics(metrics, step=step)
        recorded.lines()


@fuzz
@given(st.dictionaries(st.one_of(texts, st.integers(), st.booleans()), anything, max_size=6))
def test_params(params):
    with Recorded() as recorded:
        recorded.run.log_params(params)
        found = recorded.lines()
        plain = {k: v for k, v in params.items() if type(k) is str and k.isalnum() and len(k) <= 100}
        said = {event["n"]: event["v"] for event in found}
        from specweave.masking import is_secret

        for key, value in plain.items():
            if type(value) in (int, bool) and abs(value) < 2**63 and not is_secret(key):
                assert said[key] == value


@fuzz
@given(names, st.one_of(anything, texts))
def test_words(name, value):
    with Recorded() as recorded:
        recorded.run.set_tag(name, value)
        recorded.run.log_note(value)
        recorded.run.set_status(value)
        recorded.run.log_param(name, value)
        recorded.lines()


def test_what_refers_to_itself_or_is_huge():
    around: dict = {"a": 1}
    around["self"] = around
    deep: dict = {}
    at = deep
    for _ in range(2000):
        at["d"] = at = {}
    listed: list = []
    listed.append(listed)
    with Recorded() as recorded:
        recorded.run.log_params({"before": 1, "around": around, "listed": listed, "wide": [["x" * 9000] * 900] * 900})
        recorded.run.log_params(deep)
        recorded.run.log_note("\U0001f600" * 3_000_000)
        recorded.run.log_param("digits", 10**6000)
        found = recorded.lines()
    assert found[0]["n"] == "before" and {e["k"] for e in found} == {"param", "note"} and not errors._said


def test_of_what_is_cut_off_little_is_looked_at():
    """Lists within lists are short each, and gigabytes together: what does not fit is not made first."""
    looks = 0

    class Part:
        def __repr__(self):
            nonlocal looks
            looks += 1
            return "x" * 990

    with Recorded() as recorded:
        recorded.run.log_param("wide", [[Part()] * 1000] * 300)
        recorded.run.log_param("names", [{str(place): Part() for place in range(5000)}])
        recorded.run.log_param("whole", [[Part()] * 10] * 10)
        wide, names, whole = (event["v"] for event in recorded.lines() if event["k"] == "param")
    assert looks < 2200
    assert wide.startswith('[["xxx') and len(wide) == 1003 and len(names) == 1003
    assert whole == [["x" * 990] * 10] * 10


PLACES = [
    "file.txt",
    "folder",
    "fifo",
    "link",
    "loop",
    "to-folder",
    "outside",
    "missing",
    "",
    ".",
    "/dev/zero",
    "\0",
    "a\nb",
]


@fuzz
@given(
    st.one_of(st.sampled_from(PLACES), texts, odd),
    st.one_of(st.none(), st.sampled_from([*PLACES, "run.json", "EVENTS/x", "../x", "a/../../x", "escape/x"]), texts),
)
def test_artifacts(place, name):
    with Recorded() as recorded:
        root, folder = recorded.root, recorded.folder
        (root / "outside.txt").write_text("outside")
        here = root / "here"
        (here / "folder/sub").mkdir(parents=True)
        (here / "folder/sub/inner.txt").write_text("inner")
        os.mkfifo(here / "folder/pipe")
        (here / "file.txt").write_text("file")
        os.mkfifo(here / "fifo")
        (here / "link").symlink_to(here / "file.txt")
        (here / "loop").symlink_to(here / "loop")
        (here / "to-folder").symlink_to(here / "folder")
        (here / "outside").symlink_to(root / "outside.txt")
        (root / "elsewhere").mkdir()
        (folder / "escape").symlink_to(root / "elsewhere")
        before = os.getcwd()
        os.chdir(here)
        try:
            kept = recorded.run.log_artifact(place, name)
            try:
                recorded.run.save_artifact({"a": 1}, name if name is not None else "x.pkl")
            except SpecWeaveError:
                pass
        finally:
            os.chdir(before)
        found = recorded.lines()
        assert kept is None or found
        assert sorted(p.name for p in root.iterdir()) == ["elsewhere", "here", "outside.txt", "run"]
        assert not list((root / "elsewhere").iterdir())
        for event in found:
            mode = os.lstat(folder / event["n"]).st_mode
            assert stat.S_ISREG(mode)
        assert not [p for p in folder.rglob(".*") if p.name.startswith((".artifact-", ".report-"))]
