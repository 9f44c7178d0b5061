"""``ds.folds(5)``: the train split divided for cross-validation, as the lab divides it when it scores."""

from __future__ import annotations

from .errors import SpecWeaveError
from .folding import FoldProblem, fold_policy, hash_folds, time_folds, trained_on, units_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .dataset import Dataset


class Fold:
    """One fold.

    Attributes
    ----------
    index, count : int
        Which fold of how many, from 0.
    train, validation : FoldPart
        What to train on, and what to predict.
    """

    def __init__(self, dataset: Dataset, index: int, count: int, train: list[int], validation: list[int]) -> None:
        self.index = index
        self.count = count
        self.train = FoldPart(dataset, "train", train)
        self.validation = FoldPart(dataset, "validation", validation)

    def __repr__(self) -> str:
        return f"<specweave.Fold {self.index} of {self.count}: train {len(self.train)}, validation {len(self.validation)} rows>"


class FoldPart:
    """Rows of the train split. It has no file of its own.

    Attributes
    ----------
    indices : list of int
        The places of its rows in ``ds.train``, as scikit-learn's ``cv=`` takes them.
    """

    def __init__(self, dataset: Dataset, name: str, indices: list[int]) -> None:
        self.dataset = dataset
        self.name = name
        #: How a script calls it, for messages.
        self.shown = f"fold.{name}"
        self.indices = indices

    @property
    def row_ids(self) -> list[str]:
        """The ids of its rows, as texts."""
        ids = self.dataset.train.row_ids
        return [ids[index] for index in self.indices]

    @property
    def frame(self) -> Any:
        """Its rows as a pandas DataFrame, ``row_id`` and target included."""
        return self.dataset.train.frame.iloc[self.indices].reset_index(drop=True)

    @property
    def features(self) -> Any:
        """A pandas DataFrame without the row ids and the target. Yours to change."""
        return self.dataset.train.features.iloc[self.indices].reset_index(drop=True)

    @property
    def target(self) -> Any:
        """The labels as a pandas Series."""
        return self.dataset.train.target.iloc[self.indices].reset_index(drop=True)

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        return f"<specweave.FoldPart {self.dataset.id} {self.name}: {len(self)} rows>"


def make_folds(dataset: Dataset, count: int) -> list[Fold]:
    """The folds of a dataset's train split.

    Raises
    ------
    SpecWeaveError
        Where its rows cannot be divided so.
    """
    policy = fold_policy(dataset.record)
    if policy is None:
        raise SpecWeaveError(
            f"{dataset.id} is for recommendation, which has no folds here.",
            "use ds.train and ds.validation, and several seeds",
        )
    if isinstance(count, bool) or not isinstance(count, int):
        raise SpecWeaveError(f"ds.folds({count!r}): the number of folds is a whole number.", "ds.folds(5)")
    times: list[int] | None = None
    starts: list[int] = []
    try:
        if policy["method"] == "time":
            times = _times(dataset, policy["column"])
            of, starts = time_folds(times, count, policy.get("horizon"))
        else:
            groups = _texts(dataset, policy["column"]) if "column" in policy else None
            strata = _texts(dataset, policy["stratify"]) if "stratify" in policy else None
            of = hash_folds(units_of(policy, dataset.train.row_ids, groups), strata, count, policy["key"])
        training = [trained_on(policy, of, index, times, starts) for index in range(count)]
    except FoldProblem as problem:
        raise SpecWeaveError(f"{dataset.id} cannot be divided: {problem}.", "ask for fewer folds") from problem
    tested: list[list[int]] = [[] for _ in range(count)]
    for place, fold in enumerate(of):
        if fold >= 0:
            tested[fold].append(place)
    return [Fold(dataset, index, count, training[index], tested[index]) for index in range(count)]


def _column(dataset: Dataset, name: str) -> list[Any]:
    """A column of train: texts from CSV, values from Parquet."""
    path = dataset.train.path
    if path.endswith(".csv"):
        from .tables import read_columns

        header, rows = read_columns(path)
        at = header.index(name)
        return [row[at] for row in rows]
    column = dataset.train.frame[name]
    return column.astype(object).where(column.notna(), None).tolist()


def _texts(dataset: Dataset, name: str) -> list[str]:
    return [str(value) for value in _column(dataset, name)]


def _times(dataset: Dataset, name: str) -> list[int]:
    """Microseconds since 1970 in UTC; numbers count as times too, times one million. As the lab reads them."""
    from .tables import need_pandas

    pandas = need_pandas()
    column = pandas.Series(_column(dataset, name), dtype=object)
    numbers = pandas.to_numeric(column, errors="coerce").astype("float64")
    if numbers.notna().all():
        return [int(value) for value in (numbers * 1e6).round().tolist()]
    try:
        times = pandas.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    except ValueError:  # before pandas 2
        times = pandas.to_datetime(column, utc=True, errors="coerce")
    if times.isna().any():
        times = pandas.to_datetime(column, utc=True, errors="coerce")
    if times.isna().any():
        raise FoldProblem(f"{name!r} holds values that are no times")
    since = times - pandas.Timestamp(0, tz="UTC")
    return [int(value) for value in (since // pandas.Timedelta(microseconds=1)).tolist()]
