"""``run_experiments``: several models side by side, each a tracked run."""

from __future__ import annotations

import os

from .errors import SpecWeaveError
from .results import Results

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

    from .dataset import Dataset


class ModelExperiment:
    """A model to try: a name, a class (or a function that makes a model), and the parameters it is built with.

    Parameters
    ----------
    name
        ``"xgboost"``; the run is ``exp-NNN-xgboost``.
    model
        A class or function; ``model(**params)`` has ``fit(X, y)`` and ``predict(X)``.
    params : dict, optional
        Recorded as the run's parameters.

    Examples
    --------
    >>> ModelExperiment("xgboost", XGBClassifier, {"max_depth": 4})
    """

    def __init__(self, name: str, model: Callable[..., Any], params: dict[str, Any] | None = None) -> None:
        if not callable(model):
            raise SpecWeaveError(
                f"ModelExperiment {name!r} is given {type(model).__name__} {model!r}, which cannot be called.",
                "give the class and its parameters: ModelExperiment('forest', RandomForestClassifier, {'n_estimators': 100})",
            )
        self.name = name
        self.model = model
        self.params = dict(params or {})

    def __repr__(self) -> str:
        return f"ModelExperiment({self.name!r}, {getattr(self.model, '__name__', self.model)}, {self.params!r})"


class Data:
    """What the experiments train on. With a dataset, predictions for its splits are handed in.

    Attributes
    ----------
    train, validation : tuple
        Features and target.
    """

    def __init__(self, train: tuple[Any, Any], validation: tuple[Any, Any], dataset: Dataset | None) -> None:
        self.train = train
        self.validation = validation
        self.dataset = dataset


def run_experiments(
    experiments: Iterable[ModelExperiment],
    increment: str | int | None = None,
    save_to: str | None = None,
    data: tuple[Any, Any, Any, Any] | None = None,
    dataset: str | None = None,
    max_workers: int | None = None,
) -> Results:
    """Trains several models side by side, each in a tracked run of its own.

    Every model is fitted on train; predictions for train, validation and test are handed in, the model is saved, and what
    it scores on validation is reported. A model that fails ends its own run as failed, with the traceback; the others go
    on.

    Parameters
    ----------
    experiments
        What to try.
    increment
        As for :func:`specweave.track_experiment`.
    save_to
        A folder relative to the increment's, where ``comparison.md`` gets the table: ``"experiments/"``.
    data : (X_train, y_train, X_validation, y_validation), optional
        Instead of the registered dataset. Then nothing is handed in: there are no registered rows to score.
    dataset
        ``"churn@1"``; else the increment's.
    max_workers
        How many at once; else the cores that this process may use.

    Returns
    -------
    list of ExperimentResult
        In the order given; it prints as a table.

    Raises
    ------
    SpecWeaveError
        Where there is no increment, no data, or two experiments have one name.

    Notes
    -----
    On Linux each experiment is a forked process, so no ``__main__`` guard is needed; elsewhere, and once CUDA, TensorFlow
    or JAX has been started in this process (none survives a fork), they are threads. A model that does not take the table
    as it is (words, missing numbers) is wrapped as :mod:`specweave.encoding` describes, and a note says so.

    Examples
    --------
    >>> results = run_experiments([ModelExperiment("forest", RandomForestClassifier, {"n_estimators": 200})],
    ...                           increment="0042", save_to="experiments/")
    """
    from .workspace import find_increment, find_workspace

    listed = list(experiments)
    for item in listed:
        if not isinstance(item, ModelExperiment):
            raise SpecWeaveError(f"{item!r} is no ModelExperiment.", "ModelExperiment(name, class, params)")
    workspace = find_workspace()
    folder = find_increment(workspace, increment)
    target = _save_folder(f"{workspace}/.specweave/increments/{folder}", save_to)
    if target is not None and os.environ.get("SPECWEAVE_SMOKE") == "1":
        target = os.environ.get("SPECWEAVE_RUN_DIR")  # a comparison of a few rows is none
    prepared = _data(data, dataset, f"{workspace}/.specweave/increments/{folder}")
    workers = max(1, min(len(listed), max_workers or _cores()))
    from .workers import run_all

    results = Results(run_all(listed, folder, prepared, workers))
    if target is not None:
        from .comparison import write_comparison

        results.path = write_comparison(results, target)
    return results


def _save_folder(increment: str, save_to: str | None) -> str | None:
    if save_to is None:
        return None
    target = os.path.normpath(os.path.join(increment, str(save_to)))
    if target != increment and not target.startswith(increment + os.sep):
        raise SpecWeaveError(f"save_to={save_to!r} leads out of the increment's folder.", 'save_to="experiments/"')
    return target


def _data(data: Any, dataset: str | None, increment: str) -> Data:
    if data is not None:
        try:
            x_train, y_train, x_validation, y_validation = data
        except (TypeError, ValueError) as error:
            raise SpecWeaveError(
                "data is not four things.", "data=(X_train, y_train, X_validation, y_validation)"
            ) from error
        return Data((x_train, y_train), (x_validation, y_validation), None)
    from .dataset import load_dataset
    from .workspace import increment_dataset

    named = dataset or increment_dataset(increment)
    if named is None and not os.environ.get("SPECWEAVE_DATASET"):
        raise SpecWeaveError(
            f"{os.path.basename(increment)} has no registered dataset to train on.",
            "register one for it (specweave-ml register-dataset), or give data=(X_train, y_train, X_validation, y_validation)",
        )
    loaded = load_dataset(named)
    # Read here, once: forked experiments share these pages.
    parts = [(split.features, split.target) for split in (loaded.train, loaded.validation)]
    return Data(parts[0], parts[1], loaded)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
