"""``python -m specweave.predict --run-dir DIR --features FILE --out FILE``: the saved model, in a clean process.

Loads the model that a run saved, predicts for a split's file and writes the predictions as ``save_predictions`` would.
Exit code 0; 1 with the reason on stderr where the model cannot be loaded or does not predict.
"""

from __future__ import annotations

import os
import sys

from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def predict_file(run_dir: str, features: str, out: str, shuffled: str | None = None, closed: Sequence[str] = ()) -> int:
    """Predicts with the model that a run saved.

    Parameters
    ----------
    run_dir
        The run's folder.
    features
        A split's CSV or Parquet file, ``row_id`` first. The dataset.json beside it gives types and classes.
    out
        The predictions file to write; never half of one.
    shuffled
        A second file, of what the model says of the same rows handed to it in another order.
    closed
        Files, and folders with all that they hold, that must not be opened: where the answers lie.

    Returns
    -------
    int
        The number of rows written.

    Raises
    ------
    SpecWeaveError
        Where the run has no model, or it does not load or predict.
    """
    from .logged import read_events
    from .model_formats import read_model

    run_dir = os.path.abspath(run_dir)
    events = [event for event in read_events(run_dir) if event["k"] == "model"]
    if not events:
        raise SpecWeaveError(f"{run_dir} has no saved model.", "exp.save_model(model) in the script")
    event = events[-1]
    path = f"{run_dir}/{event['n']}"
    if closed:
        from .features_only import close

        close(closed)
    try:
        _make_importable(run_dir, event)
        model = read_model(path, event)
        function = _predict_function(run_dir, event)
    except Exception as error:  # the user's code and any library may raise anything
        raise SpecWeaveError(
            f"The model {event['n']} cannot be loaded in a clean process: {type(error).__name__}: {error}",
            "; ".join(w["message"] for w in event.get("warnings", []))
            or 'save_model(model, predict="train.py:predict")',
        ) from error
    frame, dataset, split = _features(features)
    kept = [c for c in frame.columns if c != "row_id" and not (dataset and c == dataset.target)]
    try:
        from .model_answers import answer
        from .model_columns import own_columns

        table = own_columns(model, event, run_dir, frame[kept])
        labels, scores, classes = answer(model, event, function, table, dataset)
        again = _other_order(len(frame)) if shuffled else None
        if again is not None:
            turned = answer(model, event, function, table.iloc[again].reset_index(drop=True), dataset)
    except Exception as error:
        raise SpecWeaveError(
            f"The model {event['n']} does not predict from the columns of {os.path.basename(features)}: "
            f"{type(error).__name__}: {error}",
            'save a pipeline that takes the split\'s features as they are, or give predict="train.py:predict"',
        ) from error
    header, rows = _rows(dataset, split, frame, labels, scores, classes)
    _write(out, header, rows)
    if shuffled and again is not None:
        ids = [str(frame["row_id"].iloc[place]) for place in again]
        _write(shuffled, *_rows(dataset, split, frame, *turned, ids))
    return len(rows)


def _other_order(rows: int) -> list[int]:
    """The places of the rows in an order that depends on their number alone."""
    import random

    order = list(range(rows))
    random.Random(rows).shuffle(order)  # a generator of its own: the model's must not notice
    return order


def _make_importable(run_dir: str, event: dict[str, Any]) -> None:
    """The copies of the user's code come first, then the folder of the script, as when it trained."""
    from .snapshot import load_source
    from .workspace import read_json

    code: dict[str, str] = event.get("code") or {}
    record = read_json(f"{run_dir}/run.json") or {}
    root = run_dir.partition("/.specweave/")[0]
    script = next((p for p in [record.get("script"), *(record.get("command") or [])] if str(p).endswith(".py")), None)
    if script:
        sys.path.insert(0, os.path.dirname(os.path.join(root, record.get("cwd") or ".", str(script))))
    sys.path.insert(0, f"{run_dir}/code")
    if "__main__" in code:
        module = load_source(f"{run_dir}/{code['__main__']}", "specweave_script")
        main = sys.modules["__main__"]
        for name, value in vars(module).items():
            if not name.startswith("__"):
                vars(main).setdefault(name, value)  # a pickle asks __main__ for the script's classes


def _predict_function(run_dir: str, event: dict[str, Any]) -> Any:
    named = event.get("predict")
    if not named:
        return None
    from .snapshot import load_source

    path, _, function = str(named).rpartition(":")
    loaded = sys.modules.get("specweave_script")
    if loaded is None or os.path.realpath(str(loaded.__file__)) != os.path.realpath(f"{run_dir}/{path}"):
        loaded = load_source(f"{run_dir}/{path}", "specweave_predict")
    return getattr(loaded, function)


def _features(path: str) -> tuple[Any, Any, str | None]:
    """The table, and the dataset and split it belongs to, where a dataset.json lies beside it."""
    from .dataset import Dataset
    from .tables import read_frame
    from .workspace import read_json

    path = os.path.abspath(path)
    record = read_json(f"{os.path.dirname(path)}/dataset.json")
    if not isinstance(record, dict) or "splits" not in record:
        return read_frame(path), None, None
    dataset = Dataset(os.path.dirname(path), record)
    name = next((n for n, s in record["splits"].items() if s.get("path") == os.path.basename(path)), None)
    return read_frame(path, record), dataset, name


def _rows(
    dataset: Any, split: str | None, frame: Any, labels: Any, scores: Any, classes: Any, order: list[str] | None = None
) -> tuple[list[str], list[tuple[str, ...]]]:
    from .arrays import one_column

    if dataset is not None and split is not None:
        from .predictions import prediction_rows

        return prediction_rows(dataset, split, labels, scores, order, classes)
    ids = [str(v) for v in frame["row_id"]] if "row_id" in frame.columns else [str(i) for i in range(len(frame))]
    ids = order or ids
    return ["row_id", "prediction"], list(zip(ids, [str(v) for v in one_column(labels)]))


def _write(out: str, header: list[str], rows: list[tuple[str, ...]]) -> None:
    import csv

    from .artifacts import remove

    temporary = f"{out}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        os.replace(temporary, out)
    finally:
        remove(temporary)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m specweave.predict", description="Predict with a run's saved model."
    )
    parser.add_argument("--run-dir", required=True, help="the run's folder")
    parser.add_argument("--features", required=True, help="a split's CSV or Parquet file")
    parser.add_argument("--out", required=True, help="the predictions CSV to write")
    parser.add_argument("--shuffled", help="also write what the model says of the rows in another order")
    parser.add_argument("--closed", action="append", default=[], help="a file or folder that must not be opened")
    given = parser.parse_args(arguments)
    # The model's code must not log into the run that it once belonged to.
    for name in [n for n in os.environ if n.startswith("SPECWEAVE_")]:
        del os.environ[name]
    try:
        rows = predict_file(given.run_dir, given.features, given.out, given.shuffled, given.closed)
    except (SpecWeaveError, OSError) as error:
        sys.stderr.write(f"specweave: {error}\n")
        return 1
    sys.stderr.write(f"specweave: {rows} rows in {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
