"""The few numbers that ``run_experiments`` reports itself. The lab measures; these are `reported`.

Formulas are those of scikit-learn's metrics of the same names.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def reported_metrics(
    truth: list[Any], predicted: list[Any], positive: Any = None, classifies: bool = True
) -> dict[str, float]:
    """Accuracy, precision, recall and F1; or RMSE, MAE and R2.

    Parameters
    ----------
    truth, predicted
        Labels or numbers, shape (rows,).
    positive
        The positive class of a binary problem; without it the means over the classes (macro).
    """
    if not truth:
        return {}
    return _classified(truth, predicted, positive) if classifies else _numbers(truth, predicted)


def _classified(truth: list[Any], predicted: list[Any], positive: Any) -> dict[str, float]:
    accuracy = sum(t == p for t, p in zip(truth, predicted)) / len(truth)
    classes = sorted({*truth, *predicted}, key=str)
    chosen = [positive] if positive in classes and len(classes) <= 2 else classes
    scores = [_one_class(truth, predicted, c) for c in chosen]
    precision, recall, f1 = (sum(column) / len(scores) for column in zip(*scores))
    return {"accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1}


def _one_class(truth: list[Any], predicted: list[Any], label: Any) -> tuple[float, float, float]:
    hits = sum(t == label and p == label for t, p in zip(truth, predicted))
    said, there = sum(p == label for p in predicted), sum(t == label for t in truth)
    precision = hits / said if said else 0.0
    recall = hits / there if there else 0.0
    return precision, recall, 2 * hits / (said + there) if said + there else 0.0


def _numbers(truth: list[Any], predicted: list[Any]) -> dict[str, float]:
    pairs = [(float(t), float(p)) for t, p in zip(truth, predicted)]
    errors = [t - p for t, p in pairs]
    mean = sum(t for t, _ in pairs) / len(pairs)
    spread = sum((t - mean) ** 2 for t, _ in pairs)
    squares = sum(e * e for e in errors)
    metrics = {"rmse": (squares / len(pairs)) ** 0.5, "mae": sum(abs(e) for e in errors) / len(pairs)}
    if spread > 0:
        metrics["r2"] = 1 - squares / spread
    return metrics
