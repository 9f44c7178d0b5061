"""How each kind of model answers: labels or numbers a row, and scores where it has them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def answer(model: Any, event: dict[str, Any], function: Any, table: Any, dataset: Any) -> tuple[Any, Any, Any]:
    """Predictions for a table of features.

    Returns
    -------
    tuple
        Labels or numbers; scores or None; the classes of the scores' columns, or None for the dataset's order.
    """
    kind = event.get("format")
    if function is not None:
        given = function(model, table)
        return (given[0], given[1], None) if isinstance(given, tuple) and len(given) == 2 else (given, None, None)
    if kind in ("torch_state_dict", "torch_pickle"):
        return _from_outputs(_torch_outputs(model, table), dataset)
    if kind == "keras":
        return _from_outputs(model.predict(_matrix(table), verbose=0), dataset)
    if kind == "lightgbm":
        return _from_outputs(model.predict(table), dataset)
    if kind == "onnx":
        return _onnx(model, table, dataset)
    if kind == "xgboost" and type(model).__name__ == "Booster":
        import xgboost

        return _from_outputs(model.predict(xgboost.DMatrix(table)), dataset)
    labels = model.predict(table)
    return (labels, *_probabilities(model, table, dataset))


def _probabilities(model: Any, table: Any, dataset: Any) -> tuple[Any, Any]:
    if dataset is None or not dataset.classes or not hasattr(model, "predict_proba"):
        return None, None
    try:
        scores = model.predict_proba(table)
    except (AttributeError, NotImplementedError):
        return None, None  # an SVC without probability has the method's name only
    return scores, getattr(model, "classes_", None)


def _from_outputs(outputs: Any, dataset: Any) -> tuple[Any, Any, Any]:
    """Raw outputs of a network or booster. Classes: a column each, in the order of the dataset's; or, of two classes, one
    number, the probability of the second class where all lie in 0 to 1, else its logit."""
    import numpy

    values = numpy.asarray(outputs, dtype=float)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if dataset is None or not dataset.classes:
        return values, None, None
    classes = dataset.classes
    if values.ndim == 1:
        if len(classes) != 2:
            raise ValueError(f"one output for {len(classes)} classes")
        if values.min() < 0 or values.max() > 1:
            values = 1 / (1 + numpy.exp(-values))
        return [classes[int(v >= 0.5)] for v in values], numpy.column_stack([1 - values, values]), classes
    if values.shape[1] != len(classes):
        raise ValueError(f"{values.shape[1]} outputs for {len(classes)} classes")
    if values.min() < 0 or abs(values.sum(axis=1) - 1).max() > 1e-3:
        values = numpy.exp(values - values.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
    return [classes[i] for i in values.argmax(axis=1)], values, classes


def _matrix(table: Any) -> Any:
    return table.to_numpy(dtype="float32")


def _torch_outputs(model: Any, table: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(torch.from_numpy(_matrix(table).copy())).numpy()


def _onnx(session: Any, table: Any, dataset: Any) -> tuple[Any, Any, Any]:
    inputs = session.get_inputs()
    if len(inputs) == 1:
        feed = {inputs[0].name: _matrix(table)}
    else:  # one input a column, as skl2onnx makes them for tables
        feed = {i.name: table[[i.name]].to_numpy(dtype=object if "string" in i.type else "float32") for i in inputs}
    outputs = session.run(None, feed)
    if len(outputs) == 1:
        return _from_outputs(outputs[0], dataset)
    labels, scores = outputs[0], outputs[1]
    if isinstance(scores, list) and scores and isinstance(scores[0], dict):
        classes = list(scores[0])
        return labels, [[row[c] for c in classes] for row in scores], classes
    return labels, scores, None
