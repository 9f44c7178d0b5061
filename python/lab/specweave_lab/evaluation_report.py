"""``evaluation_report``: what a report on a run's evaluation shows beside the numbers of evidence.json: figures,
slices, worst rows. Of train and validation; of the sealed test set and of folds only the confusion matrix that was
recorded is drawn, and no row is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.arguments import Arguments
from specweave_lab.calibration import reliability
from specweave_lab.curves import class_curves, errors_by_horizon
from specweave_lab.drafting import Progress
from specweave_lab.error_analysis import confused_pairs, shown_rows, worst_of_classes, worst_of_numbers
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.forecasts import SeriesFrame, read_forecasts, read_lists, read_series
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.measured import Measured
from specweave_lab.metrics.names import BY_PROBLEM, DEFAULT_K, has_level
from specweave_lab.metrics.recommendation import user_values
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.metrics.series import measure_series
from specweave_lab.slices import slice_by, sliceable
from specweave_lab.thresholds import given_threshold
from specweave_lab.truth import Truth, read_truth

MOST_CLASSES = 20
SLICE_METRIC = {"classification": "accuracy", "regression": "mae", "time_series": "mae"}

Answer = dict[str, Any]


class FigureFolder:
    """Draws into a folder, and remembers what was drawn, in order."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder = folder
        self.prefix = prefix
        self.drawn: list[dict[str, str]] = []

    def add(self, kind: str, title: str, figure: tuple[tuple[float, float], Any]) -> None:
        from specweave_lab import figures

        path = self.folder / f"{self.prefix}-{kind}.png"
        figures.save(path, *figure)
        self.drawn.append({"kind": kind, "file": path.name, "title": title})


def evaluation_report(params: dict[str, Any], progress: Progress) -> Answer:
    """Make the material of a report.

    Parameters
    ----------
    params : dict
        ``dataset, split, predictions, problem_type?, positive?, classes?, season?`` as of ``evaluate``;
        ``figures`` (folder, made where it is missing) and ``prefix`` (of the figures' names); ``slices`` (columns),
        ``slice_metric?``; ``ece?`` (as recorded, for the title); ``curves?`` (``[{name, points: [[step, value]]}]``);
        for test and folds ``confusion?`` (``{classes, matrix}``), and nothing else is read.

    Returns
    -------
    dict
        ``figures`` (``kind, file, title``) and, as far as there are: ``slices`` (see
        :func:`~specweave_lab.slices.slice_by`), ``columns`` (that can be sliced by), ``pairs``, ``worst``
        (``columns, rows, left_out``), ``calibration``, ``horizons``, ``users``.

    Raises
    ------
    Refusal
        As ``evaluate``; ``INPUT_INVALID`` for a column that cannot be sliced by.
    """
    from specweave_lab import figures as draw

    arguments = Arguments(params)
    split = arguments.choice("split", ("train", "validation", "test", "folds"))
    drawn = FigureFolder(arguments.path("figures"), arguments.text("prefix"))
    answer: Answer = {"figures": drawn.drawn}
    if split in ("test", "folds"):
        if arguments.texts("slices"):
            problem = "slices are made of train and validation alone"
            raise arguments.invalid("slices", problem)
        known = params.get("confusion")
        if known and len(known["classes"]) <= MOST_CLASSES:
            _confusion(drawn, np.asarray(known["matrix"], np.int64), known["classes"])
        return answer
    progress("reading the predictions", 0.1)
    truth = read_truth(arguments)
    path = arguments.path("predictions")
    if truth.problem_type == "classification":
        data, _ = read_classification(truth, path, given_threshold(arguments))
        _of_classes(answer, drawn, arguments, truth, data)
    elif truth.problem_type == "regression":
        true, predicted, _ = read_regression(truth, path)
        _of_numbers(answer, drawn, arguments, truth, true, predicted)
    elif truth.problem_type == "time_series":
        predicted, _ = read_forecasts(truth, path)
        season = max(1, arguments.integer("season", 1))
        frame = read_series(truth, arguments.path("dataset"), season)
        _of_series(answer, drawn, arguments, truth, frame, predicted)
    else:
        _of_lists(answer, drawn, arguments, truth, path)
    logged = [one for one in params.get("curves") or [] if len(one["points"]) > 1]
    if logged:
        drawn.add("learning", "Learning curve", draw.learning_figure(logged))
    return answer


def _confusion(drawn: FigureFolder, matrix: np.ndarray, classes: list[str]) -> None:
    from specweave_lab import figures as draw

    drawn.add("confusion", "Confusion matrix", draw.confusion_figure(matrix, classes))


def _of_classes(
    answer: Answer, drawn: FigureFolder, arguments: Arguments, truth: Truth, data: ClassificationData
) -> None:
    from specweave_lab import figures as draw
    from specweave_lab.metrics.counts import confusion

    metric = _slice_metric(arguments, truth)

    def measure(rows: np.ndarray) -> Measured | None:
        part = ClassificationData(
            data.true[rows],
            data.predicted[rows],
            None if data.scores is None else data.scores[rows],
            data.classes,
            data.positive,
        )
        found, _ = measure_classification(part, [metric])
        return found[0] if found else None

    _slice(answer, drawn, arguments, truth, metric, measure, data.true != data.predicted)
    matrix = confusion(data.true, data.predicted, data.size)
    answer["pairs"] = confused_pairs(matrix, data.classes)
    if data.size <= MOST_CLASSES:
        _confusion(drawn, matrix, data.classes)
    if data.scores is not None:
        curves = class_curves(data)
        if curves:
            drawn.add("curves", "ROC and precision-recall curves", draw.curves_figure(curves))
        bins = answer["calibration"] = reliability(data)
        what = "the predicted class" if data.positive is None else draw.shown(data.classes[data.positive])
        ece = arguments.number("ece", np.nan)
        figure = draw.calibration_figure(bins, None if np.isnan(ece) else ece, what)
        drawn.add("calibration", "Calibration", figure)
    places, likelihood = worst_of_classes(data)
    about = {
        "true": [data.classes[data.true[place]] for place in places],
        "predicted": [data.classes[data.predicted[place]] for place in places],
    }
    if likelihood is not None:
        about["probability of the true class"] = [f"{likelihood[place]:.3g}" for place in places]
    _worst(answer, truth, places, about)


def _of_numbers(
    answer: Answer,
    drawn: FigureFolder,
    arguments: Arguments,
    truth: Truth,
    true: np.ndarray,
    predicted: np.ndarray,
) -> None:
    from specweave_lab import figures as draw

    metric = _slice_metric(arguments, truth)

    def measure(rows: np.ndarray) -> Measured | None:
        found, _ = measure_regression(true[rows], predicted[rows], [metric])
        return found[0] if found else None

    _slice(answer, drawn, arguments, truth, metric, measure, np.abs(predicted - true))
    drawn.add(
        "residuals",
        "Predictions and residuals",
        draw.regression_figure(true, predicted, truth.record["target"]),
    )
    _worst_numbers(answer, truth, true, predicted)


def _of_series(
    answer: Answer,
    drawn: FigureFolder,
    arguments: Arguments,
    truth: Truth,
    frame: SeriesFrame,
    predicted: np.ndarray,
) -> None:
    from specweave_lab import figures as draw

    metric = _slice_metric(arguments, truth)

    def measure(rows: np.ndarray) -> Measured | None:
        found, _ = measure_series(
            frame.true[rows], predicted[rows], frame.times[rows], frame.series[rows], frame.scale, [metric]
        )
        return found[0] if found else None

    _slice(answer, drawn, arguments, truth, metric, measure, None)
    target = truth.record["target"]
    figure = draw.forecast_figure(frame.true, predicted, frame.times, frame.series, target)
    drawn.add("forecast", "Forecast and actual", figure)
    answer["horizons"] = errors_by_horizon(frame, predicted)
    by = "mase" if all("mase" in one for one in answer["horizons"]) else "mae"
    if len(answer["horizons"]) > 1:
        drawn.add("horizon", "Error by horizon", draw.horizon_figure(answer["horizons"], by))
    _worst_numbers(answer, truth, frame.true, predicted)


def _of_lists(answer: Answer, drawn: FigureFolder, arguments: Arguments, truth: Truth, path: Path) -> None:
    from specweave_lab import figures as draw

    if arguments.texts("slices"):
        problem = "a recommendation is measured by user, and has no rows to slice"
        raise Refusal("INPUT_INVALID", f"slices: {problem}.", invalid=[("slices", problem)])
    lists, relevant = read_lists(truth, path)
    values = user_values(lists, relevant, DEFAULT_K)
    ndcg = values["ndcg"].to_numpy()
    answer["users"] = {
        "metric": f"ndcg@{DEFAULT_K}",
        "users": len(ndcg),
        "without_hit": int((values["hit_rate"] == 0).sum()),
        "quartiles": [float(one) for one in np.quantile(ndcg, [0.25, 0.5, 0.75])],
    }
    drawn.add("users", f"ndcg@{DEFAULT_K} of each user", draw.users_figure(ndcg, f"ndcg@{DEFAULT_K}"))


def _slice_metric(arguments: Arguments, truth: Truth) -> str:
    """The one asked for where parts of rows can be measured by it, else the problem's plainest."""
    plain = SLICE_METRIC[truth.problem_type]
    asked = arguments.text("slice_metric", plain)
    fits = asked in BY_PROBLEM[truth.problem_type] or has_level(asked, truth.problem_type)
    return asked if fits else plain


def _slice(
    answer: Answer,
    drawn: FigureFolder,
    arguments: Arguments,
    truth: Truth,
    metric: str,
    measure: Any,
    loss: np.ndarray | None,
) -> None:
    from specweave_lab import figures as draw

    target = truth.record["target"]
    answer["columns"] = sliceable(truth.table, target)
    columns = arguments.texts("slices") or []
    if not columns:
        return
    times = frozenset(one["name"] for one in truth.record["columns"] if one["type"] == "datetime")
    found = answer["slices"] = slice_by(truth.table, target, columns, metric, measure, loss, times)
    overall = measure(np.arange(truth.table.rows))
    found["overall"] = overall
    if found["ranked"] and overall is not None:
        figure = draw.slices_figure(found["slices"], metric, overall["value"])
        drawn.add("slices", f"{metric} by slice", figure)


def _worst_numbers(answer: Answer, truth: Truth, true: np.ndarray, predicted: np.ndarray) -> None:
    places = worst_of_numbers(predicted - true)
    about = {
        "actual": [f"{true[place]:.6g}" for place in places],
        "predicted": [f"{predicted[place]:.6g}" for place in places],
        "error": [f"{predicted[place] - true[place]:+.6g}" for place in places],
    }
    _worst(answer, truth, places, about)


def _worst(answer: Answer, truth: Truth, places: np.ndarray, about: dict[str, list[str]]) -> None:
    names, cells, left_out = shown_rows(truth.table, places, truth.record["target"])
    rows = [
        [row[0], *(column[index] for column in about.values()), *row[1:]] for index, row in enumerate(cells)
    ]
    answer["worst"] = {"columns": [names[0], *about, *names[1:]], "rows": rows, "left_out": left_out}
