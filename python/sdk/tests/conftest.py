"""A workspace with one active increment, and a registered dataset, as the Node side and the lab make them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SDK = Path(__file__).resolve().parent.parent


def make_increment(
    root: Path, name: str = "0042-recommendation-model", status: str = "active", dataset: str = "null"
) -> Path:
    folder = root / ".specweave" / "increments" / name
    (folder / "experiments").mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps({"id": name, "status": status}))
    (folder / "spec.md").write_text(f"---\nincrement: {name}\nml:\n  dataset: {dataset}\n---\n# Spec\n")
    return folder


class Work:
    """A workspace on disk, and what its runs hold."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.increment = make_increment(root)

    @property
    def experiments(self) -> Path:
        return self.increment / "experiments"

    def names(self) -> list[str]:
        return sorted(p.name for p in self.experiments.iterdir() if p.is_dir())

    def run_json(self, name: str) -> dict:
        return json.loads((self.experiments / name / "run.json").read_text())

    def events(self, name: str, kind: str | None = None) -> list[dict]:
        lines = []
        for file in sorted((self.experiments / name / "events").glob("*.jsonl")):
            lines += [json.loads(line) for line in file.read_text().splitlines() if line]
        lines.sort(key=lambda event: event["t"])
        return [event for event in lines if kind is None or event["k"] == kind]

    def status(self, name: str) -> str:
        return self.events(name, "status")[-1]["v"]

    def script(self, text: str, *arguments: str, name: str = "train.py", env: dict | None = None, **options):
        """Runs a script of the user's in a process of its own."""
        path = self.root / name
        path.write_text(text)
        return self.python(str(path), *arguments, env=env, **options)

    def python(self, *arguments: str, env: dict | None = None, **options):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SPECWEAVE_")}
        environment.update({"PYTHONPATH": str(SDK)}, **(env or {}))
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )

    def set_dataset(self, dataset: str) -> None:
        spec = self.increment / "spec.md"
        spec.write_text(spec.read_text().replace("dataset: null", f"dataset: {dataset}  # of this increment"))


@pytest.fixture
def work(tmp_path, monkeypatch):
    for name in [n for n in os.environ if n.startswith("SPECWEAVE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    from specweave import dataset, errors, session

    monkeypatch.setattr(session, "_taken", False)
    monkeypatch.setattr(session, "_active", [])
    monkeypatch.setattr(dataset, "_opened", {})
    errors._said.clear()
    yield Work(tmp_path)
    os.environ.pop("SPECWEAVE_RUN_DIR", None)


def write_dataset(root: Path, name: str, train, validation, test, **record) -> Path:
    """A dataset folder from three tables (row_id first, the target last; none in test)."""
    folder = root / ".specweave" / "datasets" / name / f"v{record.pop('version', 1)}"
    folder.mkdir(parents=True)
    splits = {}
    for split, table in (("train", train), ("validation", validation), ("test", test)):
        table.to_csv(folder / f"{split}.csv", index=False)
        splits[split] = {"rows": len(table), "path": f"{split}.csv", "sha256": ""}
    content = {
        "format": 1, "dataset": f"{name}@{folder.name[1:]}", "name": name, "version": int(folder.name[1:]), "hash": "0" * 64,
        "columns": [], "splits": splits, "warnings": [], **record,
    }  # fmt: skip
    (folder / "dataset.json").write_text(json.dumps(content))
    return folder


def churn_tables(rows: int = 240, seed: int = 0):
    """Numbers with gaps, words, and a label that both tell."""
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    random = np.random.default_rng(seed)
    minutes = random.normal(180, 50, rows)
    plan = random.choice(["basic", "pro", "max"], rows)
    calls = random.integers(0, 8, rows).astype(float)
    churn = (minutes + 25 * (calls > 4) + 30 * (plan == "basic") + random.normal(0, 20, rows)) > 215
    calls[::17] = np.nan
    table = pd.DataFrame(
        {
            "row_id": [f"r{i:04d}" for i in range(rows)],
            "minutes": minutes.round(2),
            "plan": plan,
            "calls": calls,
            "intl": random.choice([True, False], rows),
            "churn": np.where(churn, "yes", "no"),
        }
    )
    a, b = rows * 6 // 10, rows * 8 // 10
    return table[:a], table[a:b], table[b:].drop(columns="churn"), table[b:]["churn"]


@pytest.fixture
def churn(work):
    train, validation, test, labels = churn_tables()
    columns = [
        {"name": "plan", "role": "feature", "type": "categorical", "top": [{"value": "pro", "count": 9}]},
        {"name": "churn", "role": "target", "type": "categorical", "top": [{"value": "no", "count": 9}]},
    ]
    write_dataset(
        work.root, "churn", train, validation, test,
        problem_type="classification", target="churn", classes=["no", "yes"], positive="yes", columns=columns,
    )  # fmt: skip
    work.set_dataset("churn@1")
    work.test_labels = labels
    return work
