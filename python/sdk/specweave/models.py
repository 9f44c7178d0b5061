"""``save_model``: the trained model in the run's folder, with what a clean process needs to predict with it."""

from __future__ import annotations

import os

from .artifacts import _fit, record, remove, settle, write_new
from .errors import SpecWeaveError, warn_once
from .model_code import Needs, predict_code, torch_code
from .model_formats import SUFFIXES, detect, keras_backend, write_model
from .values import plain, to_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .run import Run


def save_model(
    run: Run,
    model: Any,
    name: str = "model",
    example: Any = None,
    predict: str | None = None,
    init: dict[str, Any] | None = None,
    format: str | None = None,
) -> str:
    """Keeps the trained model, so that the lab can load it in a clean process and predict with it again.

    Parameters
    ----------
    model
        A scikit-learn estimator or pipeline, or anything with ``predict`` that pickles (joblib); a torch module
        (state_dict); a Keras, XGBoost, LightGBM or ONNX model. Or the path of a file that you saved: then give `predict`.
    name
        The file's name; its ending is added by the format.
    example : table or array of a few rows, optional
        Kept as JSON with the model's answer, so that a load can be checked.
    predict
        ``"train.py:predict"``: a function ``predict(model, features)`` that returns labels or numbers a row, or
        ``(labels, scores)``; needed where the model's type does not say how to predict from the split's features. For a
        path it is called with the path.
    init
        Of a torch module: the arguments that its class is built with, JSON values.
    format
        ``"skops"`` or ``"joblib"`` to choose; else told from the type.

    Returns
    -------
    str
        The file's path relative to the run's folder.

    Raises
    ------
    SpecWeaveError
        Where the model cannot be written, or `predict` names no function. A model that is kept but that a clean process
        could not load is the warning ``model_not_reproducible``, on stderr and in the record.

    Examples
    --------
    >>> exp.save_model(model, example=X[:5])
    >>> exp.save_model("weights.bin", predict="train.py:predict")
    """
    folder = run.require_folder()
    needs = Needs(folder)
    if isinstance(model, (str, os.PathLike)):
        kind, relative = "file", _keep_file(run, os.fspath(model))
        if predict is None:
            needs.warn(f"{os.path.basename(relative)} is a file of its own kind", 'give predict="train.py:predict"')
    else:
        kind = format or detect(model)
        if kind not in SUFFIXES:
            raise SpecWeaveError(f"There is no model format {kind!r}.", f"use one of: {', '.join(sorted(SUFFIXES))}")
        relative = _write(folder, model, kind, _fit(name))
        if kind == "torch_state_dict":
            torch_code(needs, model, init)
        elif kind == "keras":
            needs.facts = {"backend": keras_backend()}
        elif kind in ("joblib", "torch_pickle"):
            needs.pickled(f"{folder}/{relative}")
    function = predict_code(needs, predict) if predict else None
    if function is None and kind != "file":
        _ask_of_columns(needs, run, model, example)
    record(run, relative, "model")
    kept = _example(folder, model, relative, example) if example is not None else None
    _say(run, relative, kind, function, kept, needs, class_name(model))
    return relative


def record_pickled(run: Run, model: Any, relative: str) -> None:
    """An object of ``save_artifact`` that can predict counts as the run's model while it has no other."""
    from .logged import read_events

    if any(event["k"] == "model" for event in read_events(str(run.folder))):
        return
    needs = Needs(str(run.folder))
    needs.pickled(f"{run.folder}/{relative}")
    _say(run, relative, "joblib", None, None, needs, class_name(model))


def _ask_of_columns(needs: Needs, run: Run, model: Any, example: Any) -> None:
    """Said while the model is saved: found out with the sealed test set, it has cost a look."""
    from .model_columns import features_of, misfit

    features = features_of(run)
    what = misfit(model, example, features) if features else None
    if what:
        needs.warn(
            what, 'save a pipeline that takes the split\'s features as they are, or give predict="train.py:predict"'
        )


def class_name(model: Any) -> str:
    """The class that says what was trained: of a scikit-learn pipeline its last step, of a search what it found.

    What merely holds a model has it under one of scikit-learn's public names; anything else is named itself.
    """
    for _ in range(5):  # a pipeline in a search in a pipeline
        steps = getattr(model, "steps", None)
        if isinstance(steps, list) and steps and isinstance(steps[-1], tuple):
            inner = steps[-1][-1]
        else:
            inner = getattr(model, "best_estimator_", None)
        if inner is None or isinstance(inner, str):
            break
        model = inner
    return type(model).__name__


def _write(folder: str, model: Any, kind: str, name: str) -> str:
    suffix = SUFFIXES[kind]
    name = name if name.endswith(suffix) else name + suffix
    # Keras tells the format from the ending, so the temporary name has it too.
    temporary = f"{folder}/.model-{os.urandom(6).hex()}{suffix}"
    try:
        write_model(model, kind, temporary)
        return settle(temporary, folder, name)
    except OSError as error:
        raise SpecWeaveError(f"The model cannot be written to {folder}: {error}") from error
    finally:
        remove(temporary)


def _keep_file(run: Run, path: str) -> str:
    from .artifacts import log_artifact

    if not os.path.isfile(path):
        raise SpecWeaveError(f"There is no model file {path}.", "save it first, or hand in the model itself")
    kept = log_artifact(run, path, kind="model")
    if kept is None:
        raise SpecWeaveError(f"The model file {path} cannot be copied into {run.folder}.", "see the line on stderr")
    return kept


def _example(folder: str, model: Any, relative: str, example: Any) -> str | None:
    """``model.example.json``: columns, rows and, where the model has ``predict``, its answer."""
    from .arrays import is_frame, to_list

    try:
        columns = [str(name) for name in example.columns] if is_frame(example) else None
        content: dict[str, Any] = {"columns": columns, "rows": plain(to_list(example)[:100])}
        if hasattr(model, "predict") and type(model).__module__.partition(".")[0] not in ("keras", "tensorflow"):
            content["predictions"] = plain(to_list(model.predict(example))[:100])
        name = f"{os.path.splitext(relative)[0]}.example.json"
        temporary = f"{folder}/.example-{os.urandom(6).hex()}"
        write_new(temporary, to_document(content))
        try:
            return settle(temporary, folder, name)
        finally:
            remove(temporary)
    except Exception as error:  # an example is a help: the model is kept whatever becomes of it
        warn_once("example", f"the model's example is not kept: {error}")
        return None


def _say(
    run: Run, relative: str, kind: str, function: str | None, example: str | None, needs: Needs, type_name: str
) -> None:
    event: dict[str, Any] = {
        "k": "model", "n": relative, "format": kind, "predict": function, "example": example, "type": type_name,
    }  # fmt: skip
    event.update(needs.facts)
    if needs.code:
        event["code"] = needs.code
    if needs.warnings:
        event["warnings"] = [{"code": "model_not_reproducible", "message": text} for text in needs.warnings]
        for text in needs.warnings:
            warn_once(f"model {run.id} {text}", f"model_not_reproducible: {text}")
    if not run._hand_in(**event):
        raise SpecWeaveError(f"The model is in {run.folder}/{relative}, but cannot be recorded (disk full?).")
