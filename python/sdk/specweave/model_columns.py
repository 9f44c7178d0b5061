"""The columns that a saved model asks for: of a table with more of them it is handed those, in its own order."""

from __future__ import annotations

from .workspace import read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def own_columns(model: Any, event: dict[str, Any], run_dir: str, table: Any) -> Any:
    """The part of a table of features that a model was fitted on.

    Columns are told by the model itself, else by the example that it was saved with. The table stays whole where neither
    says, where it lacks one of them, and for a function of the user's, which chooses for itself.
    """
    if event.get("predict"):
        return table
    present = [str(name) for name in table.columns]
    for names in (named_columns(model), example_columns(event, run_dir)):
        chosen = _among(names, present)
        if chosen:
            return table if chosen == present else table[chosen]
    return table


def named_columns(model: Any) -> list[str] | None:
    """The names of the columns that a model was fitted on; None where it does not say.

    ``feature_names_in_`` of scikit-learn and what follows it, of a pipeline that of its first step; ``feature_names`` of an
    XGBoost and ``feature_name()`` of a LightGBM booster; ``feature_names_`` of CatBoost.
    """
    steps = getattr(model, "steps", None)
    first = steps[0][-1] if isinstance(steps, list) and steps and isinstance(steps[0], tuple) else None
    for part in (model, first):
        for attribute in ("feature_names_in_", "feature_names_", "feature_names", "feature_name"):
            names = _names(part, attribute)
            if names:
                return names
    return None


def example_columns(event: dict[str, Any], run_dir: str) -> list[str] | None:
    """The columns of the example that ``save_model`` was given; None where it was no table, or there was none."""
    example = event.get("example")
    kept = read_json(f"{run_dir}/{example}") if example else None
    names = kept.get("columns") if isinstance(kept, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else None


def misfit(model: Any, example: Any, features: list[str]) -> str | None:
    """Why a model cannot predict from the features of a dataset, as far as names and numbers of columns tell.

    Parameters
    ----------
    model
        The fitted model.
    example
        What it was saved with as its example, where that was a table.
    features
        The columns that it will be handed.
    """
    names = named_columns(model)
    given = getattr(example, "columns", None)
    if _among(names, features) or (given is not None and _among([str(name) for name in given], features)):
        return None
    if names is not None:
        lacking = [name for name in names if name not in features]
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        return f"the model was fitted on columns that the data set's features lack ({shown})"
    count = getattr(model, "n_features_in_", None)
    if not isinstance(count, int) or count == len(features):
        return None
    return f"the model was fitted on {count} columns without names, and the data set has {len(features)} features"


def features_of(run: Any) -> list[str] | None:
    """The columns that a model of the run will be handed for test; None where no table of rows says."""
    import csv

    from .dataset import run_dataset
    from .errors import SpecWeaveError

    try:
        dataset = run_dataset(run)
        if dataset.problem_type in ("recommendation", "time_series") or not dataset.test.path.endswith(".csv"):
            return None
        with open(dataset.test.path, encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
    except (SpecWeaveError, OSError, ValueError):
        return None
    return [name for name in header if name not in ("row_id", dataset.target)] or None


def _among(names: list[str] | None, present: list[str]) -> list[str] | None:
    """Those of the present columns that the names mean; None where one is lacking. LightGBM writes a blank as ``_``."""
    if not names:
        return None
    by_name = {**{name.replace(" ", "_"): name for name in present}, **{name: name for name in present}}
    return [by_name[name] for name in names] if all(name in by_name for name in names) else None


def _names(model: Any, attribute: str) -> list[str] | None:
    try:
        found = getattr(model, attribute, None)
        found = found() if attribute == "feature_name" and callable(found) else found
        names = None if found is None or isinstance(found, str) or callable(found) else list(found)
    except Exception:  # a property of a library that is not fitted, or not of this kind
        return None
    # A booster that was fitted on an array makes names up: they are no columns of anybody's.
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    return None if all(name == f"Column_{place}" for place, name in enumerate(names)) else [str(n) for n in names]
