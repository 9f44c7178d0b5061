"""A registered dataset: its version, its splits, and the seal on the test labels."""

from __future__ import annotations

import os

from .errors import SpecWeaveError
from .workspace import find_increment, find_workspace, increment_dataset, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .folds import Fold

SPLITS = ("train", "validation", "test")


class Dataset:
    """One version of a dataset.

    Attributes
    ----------
    id : str
        ``churn@1``.
    record : dict
        What its ``dataset.json`` holds: columns, hashes, the split's policy, classes.
    train, validation, test : Split
    """

    def __init__(self, folder: str, record: dict[str, Any]) -> None:
        self.folder = folder
        self.record = record
        self.id: str = record["dataset"]
        self.name: str = record["name"]
        self.version: int = record["version"]
        self.target: str = record["target"]
        self.problem_type: str = record["problem_type"]
        #: Labels as texts, in the order of ``score_<class>`` columns; None where it is no classification.
        self.classes: list[str] | None = record.get("classes")
        self.positive: str | None = record.get("positive")
        self.train = Split(self, "train")
        self.validation = Split(self, "validation")
        self.test = Split(self, "test")

    def split(self, name: str) -> Split:
        """The split of this name.

        Raises
        ------
        SpecWeaveError
            Where there is none.
        """
        if name not in SPLITS:
            raise SpecWeaveError(f"{self.id} has no split {name!r}.", f"use one of: {', '.join(SPLITS)}")
        return getattr(self, name)

    def folds(self, count: int = 5) -> list[Fold]:
        """Cross-validation folds of the train split: the same on every machine, and those that the lab scores.

        Equal rows, and rows of one group where the split is by group, share a fold. A series, and a split by time, has
        rolling origins: each fold trains on what lies before it, the gap left out, and holds the time that follows,
        as long as the horizon where the data was registered with one.

        Returns
        -------
        list of Fold
            Each with ``train`` and ``validation``, which have ``features``, ``target``, ``row_ids`` and ``indices``.

        Raises
        ------
        SpecWeaveError
            Where there are too few rows, groups or times for so many.

        Examples
        --------
        >>> predicted = []
        >>> for fold in ds.folds(5):
        ...     model.fit(fold.train.features, fold.train.target)
        ...     predicted.append(model.predict(fold.validation.features))
        >>> exp.save_predictions("folds", predicted)
        """
        from .folds import make_folds

        return make_folds(self, count)

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {self.record['splits'][name]['rows']}" for name in SPLITS)
        return f"<specweave.Dataset {self.id}: {rows} rows, target {self.target!r}>"


class Split:
    """The rows of one split, read when they are asked for.

    Attributes
    ----------
    name : str
        ``train``, ``validation`` or ``test``.
    path : str
        Absolute path of the split's file, which any program can read. Its first column is ``row_id``.
    """

    def __init__(self, dataset: Dataset, name: str) -> None:
        self.dataset = dataset
        self.name = name
        #: How a script calls it, for messages.
        self.shown = f"ds.{name}"
        self._frame: Any = None
        self._ids: list[str] | None = None

    @property
    def path(self) -> str:
        named = os.environ.get(f"SPECWEAVE_{self.name.upper()}")
        if named and os.environ.get("SPECWEAVE_DATASET") == self.dataset.id:
            return named
        return f"{self.dataset.folder}/{self.dataset.record['splits'][self.name]['path']}"

    @property
    def row_ids(self) -> list[str]:
        """The ids of its rows, in the file's order: texts, as they stand in the first column."""
        if self._ids is None:
            from .tables import first_column

            self._ids = first_column(self.path)
        return self._ids

    @property
    def frame(self) -> Any:
        """The whole file as a pandas DataFrame, ``row_id`` included."""
        if self._frame is None:
            from .tables import read_frame

            self._frame = read_frame(self.path, self.dataset.record)
        return self._frame

    @property
    def features(self) -> Any:
        """A pandas DataFrame without the row ids and the target, rows in the file's order. Yours to change."""
        drop = ["row_id", self.dataset.target]
        return self.frame.drop(columns=[c for c in drop if c in self.frame.columns])

    @property
    def target(self) -> Any:
        """The labels as a pandas Series, as they stand in the file.

        Raises
        ------
        SpecWeaveError
            For the test split: its labels are sealed.
        """
        if self.name == "test":
            raise SpecWeaveError(
                f"The test labels of {self.dataset.id} are sealed: no script sees them, so that the test score means "
                "something.",
                'hand in predictions, exp.save_predictions("test", model.predict(ds.test.features)), and have the lab '
                "score them with evaluate_run; use ds.validation.target while you try things",
            )
        return self.frame[self.dataset.target].copy()

    def __len__(self) -> int:
        if os.environ.get("SPECWEAVE_SMOKE") == "1":  # its file is cut to a few rows
            return len(self.row_ids)
        return int(self.dataset.record["splits"][self.name]["rows"])

    def __repr__(self) -> str:
        return f"<specweave.Split {self.dataset.id} {self.name}: {len(self)} rows>"


def load_dataset(name: str | None = None, version: int | None = None) -> Dataset:
    """A registered dataset, at the version that this run is bound to.

    Parameters
    ----------
    name
        ``"churn"``, or ``"churn@2"``; else the run's dataset, else the increment's.
    version
        Else the one that the run is bound to (``SPECWEAVE_DATASET``), else the newest.

    Raises
    ------
    SpecWeaveError
        Where it is not registered, or this run is bound to another version of it.

    Examples
    --------
    >>> ds = specweave.load_dataset("churn")
    >>> X, y = ds.train.features, ds.train.target
    """
    from .session import current_run

    run = current_run()
    bound = _bound(run)
    workspace = find_workspace()
    if name is None:
        name = bound or increment_dataset(f"{workspace}/.specweave/increments/{find_increment(workspace)}")
        if name is None:
            raise SpecWeaveError(
                "No dataset is named, and neither the run nor the increment has one.",
                'load_dataset("churn"), or register one for the increment: specweave-ml register-dataset',
            )
    base, _, number = str(name).partition("@")
    if version is None and number:
        if not number.isdigit():
            raise SpecWeaveError(f"{name!r} is no dataset: after the @ comes the version.", 'for example "churn@1"')
        version = int(number)
    launched = os.environ.get("SPECWEAVE_DATASET", "")
    if launched.partition("@")[0] == base:
        pinned = int(launched.partition("@")[2] or 0)
        if version is not None and version != pinned:
            raise SpecWeaveError(
                f"This run is bound to {launched}, and {base}@{version} is asked for: its predictions would be scored "
                "against other rows.",
                f"load_dataset({base!r}), or start the run with dataset {base}@{version}",
            )
        version = pinned
    dataset = _open(workspace, base, version)
    if run is not None and run.folder is not None and not launched:
        from .record import rewrite_dataset

        rewrite_dataset(run.folder, dataset.id)
    return dataset


def run_dataset(run: Any) -> Dataset:
    """The dataset that a run's predictions are for.

    Raises
    ------
    SpecWeaveError
        Where the run has none.
    """
    bound = _bound(run)
    if bound is None:
        raise SpecWeaveError(
            f"{run.id} has no dataset, so there are no rows that predictions could be for.",
            'load it in the run, ds = specweave.load_dataset("churn"), after registering it: '
            "specweave-ml register-dataset",
        )
    base, _, number = bound.partition("@")
    workspace = str(run.folder).partition("/.specweave/")[0]
    return _open(workspace, base, int(number) if number else None)


def _bound(run: Any) -> str | None:
    """The dataset in the run's run.json, which in a launched run is ``SPECWEAVE_DATASET``."""
    if run is not None and run.folder is not None:
        record = read_json(f"{run.folder}/run.json")
        if isinstance(record, dict) and record.get("dataset"):
            return str(record["dataset"])
    return os.environ.get("SPECWEAVE_DATASET") or None


_opened: dict[str, Dataset] = {}


def _open(workspace: str, name: str, version: int | None) -> Dataset:
    datasets = f"{workspace}/.specweave/datasets"
    if not name or "/" in name or name.startswith("."):
        raise SpecWeaveError(f"{name!r} cannot be a dataset's name.", 'for example load_dataset("churn")')
    try:
        versions = sorted(int(v[1:]) for v in os.listdir(f"{datasets}/{name}") if v[:1] == "v" and v[1:].isdigit())
    except OSError:
        versions = []
    if not versions:
        known = sorted(os.listdir(datasets)) if os.path.isdir(datasets) else []
        raise SpecWeaveError(
            f"There is no dataset {name!r} in {datasets}.",
            f"use one of: {', '.join(known)}" if known else "register it: specweave-ml register-dataset",
        )
    if version is None:
        version = versions[-1]
    if version not in versions:
        raise SpecWeaveError(
            f"{name} has no version {version}.", f"use one of: {', '.join(f'{name}@{v}' for v in versions)}"
        )
    folder = f"{datasets}/{name}/v{version}"
    known_dataset = _opened.get(folder)
    if known_dataset is None:
        record = read_json(f"{folder}/dataset.json")
        if not isinstance(record, dict) or "splits" not in record:
            raise SpecWeaveError(
                f"{folder}/dataset.json is missing or cannot be read.", "restore it from Git, or register again"
            )
        # A version never changes, so what was read once stays good; frames are kept with it.
        known_dataset = _opened[folder] = Dataset(folder, record)
    return known_dataset
