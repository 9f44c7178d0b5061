"""Figures as PNG: the same numbers give the same bytes, whatever the machine's own settings of Matplotlib are.

Matplotlib is loaded with this module, and only where a figure is asked for. No figure knows the time, and text is
drawn as it stands (a ``$`` begins no formula) in the font that comes with Matplotlib.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix) / "matplotlib"))

import matplotlib  # noqa: E402
from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

STYLE: dict[str, Any] = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "text.parse_math": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}
DPI = 100
BLUE, ORANGE, GREY = "#1f5fa8", "#c8550c", "#8a8a8a"
COLOURS = (BLUE, ORANGE, "#2e7d4f", "#8d4aa8", "#b08a00", "#5f6b73")
"""Told apart by people who see no red and green, and in print."""
LONGEST = 24

Draw = Callable[[Figure], None]


@contextmanager
def _settled() -> Iterator[None]:
    """Our own settings alone: a matplotlibrc of the user's must change nothing."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def save(path: Path, size: tuple[float, float], draw: Draw) -> None:
    """Draw and write a PNG whole: a reader sees the old file or the new one.

    Parameters
    ----------
    size : (float, float)
        Inches, at 100 pixels each.
    """
    with _settled():
        figure = Figure(figsize=size, dpi=DPI, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".tmp-{os.getpid()}-{path.name}")
        try:
            # A character that the font lacks is drawn as a box: no reason to write to stderr.
            with warnings.catch_warnings(action="ignore", category=UserWarning):
                figure.savefig(temporary, format="png", metadata={"Software": None})
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def shown(text: str) -> str:
    """A name as it is drawn: one line of printable characters, at most 24."""
    plain = "".join(one if one.isprintable() else " " for one in str(text))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def confusion_figure(matrix: np.ndarray, classes: Sequence[str]) -> tuple[tuple[float, float], Draw]:
    """Rows of each true class by predicted class; colour is the share of the true class."""
    k = len(classes)
    names = [shown(one) for one in classes]
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set(title="Confusion matrix (rows)", xlabel="predicted class", ylabel="true class")
        axes.set_xticks(range(k), names, rotation=45 if k > 3 else 0, ha="right" if k > 3 else "center")
        axes.set_yticks(range(k), names)
        if k <= 12:
            for i in range(k):
                for j in range(k):
                    colour = "white" if shares[i, j] > 0.55 else "black"
                    axes.text(j, i, f"{matrix[i, j]:,}", ha="center", va="center", color=colour)
        bar = figure.colorbar(image, ax=axes, shrink=0.8)
        bar.set_label("share of the true class")

    side = min(9.0, max(4.2, 2.6 + 0.5 * k))
    return (side + 0.6, side), draw


def curves_figure(curves: Sequence[dict[str, Any]]) -> tuple[tuple[float, float], Draw]:
    """ROC and precision-recall curves, as :func:`specweave_lab.curves.class_curves` gives them."""

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        left.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="chance")
        for colour, one in zip(COLOURS, curves, strict=False):
            label = shown(one["name"])
            left.plot(one["false_positive_rate"], one["true_positive_rate"], color=colour, label=label)
            # A step: between two thresholds the lower precision holds (no straight line is reachable).
            right.step(one["recall"], one["precision"], color=colour, where="post", label=label)
            right.axhline(one["share"], color=colour, linewidth=0.8, linestyle="--")
        left.set(title="ROC", xlabel="false positive rate", ylabel="true positive rate")
        right.set(
            title="Precision and recall (dashed: share of the class)", xlabel="recall", ylabel="precision"
        )
        for axes in (left, right):
            axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        left.legend(loc="lower right")

    return (8.4, 3.8), draw


def calibration_figure(
    bins: Sequence[dict[str, Any]], ece: float | None, what: str
) -> tuple[tuple[float, float], Draw]:
    """Reliability diagram of the bins of :func:`specweave_lab.calibration.reliability`."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="perfectly calibrated")
        x = np.array([one["predicted"] for one in bins])
        y = np.array([one["observed"] for one in bins])
        # The interval of a share contains it but for rounding.
        below = np.maximum(0, y - np.array([one["ci"][0] for one in bins]))
        above = np.maximum(0, np.array([one["ci"][1] for one in bins]) - y)
        axes.errorbar(x, y, yerr=[below, above], color=BLUE, marker="o", markersize=4, capsize=2,
                      label=f"{len(bins)} bins of equal count, 95 % intervals")  # fmt: skip
        title = "Calibration" if ece is None else f"Calibration (ECE {ece:.3f})"
        axes.set(title=title, xlabel=f"mean predicted probability of {what}", ylabel="share that came true")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(loc="upper left")

    return (4.8, 4.2), draw


def regression_figure(
    true: np.ndarray, predicted: np.ndarray, target: str
) -> tuple[tuple[float, float], Draw]:
    """Predictions against the truth (at most 5,000 rows, evenly taken), and the residuals of all rows."""
    taken = np.unique(np.linspace(0, len(true) - 1, min(len(true), 5_000)).astype(int))

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        ends = [float(min(true.min(), predicted.min())), float(max(true.max(), predicted.max()))]
        left.plot(ends, ends, color=GREY, linewidth=1, linestyle="--", label="perfect")
        left.plot(true[taken], predicted[taken], ".", color=BLUE, markersize=3, alpha=0.6)
        left.set(
            title="Predicted and actual",
            xlabel=f"actual {shown(target)}",
            ylabel=f"predicted {shown(target)}",
        )
        left.legend(loc="upper left")
        residuals = predicted - true
        right.hist(residuals, bins=min(40, max(8, int(np.sqrt(len(true))))), color=BLUE)
        right.axvline(0, color=GREY, linewidth=1, linestyle="--")
        right.set(title="Residuals", xlabel=f"predicted - actual, in units of {shown(target)}", ylabel="rows")

    return (8.4, 3.8), draw


def forecast_figure(
    true: np.ndarray, predicted: np.ndarray, times: np.ndarray, series: np.ndarray, target: str
) -> tuple[tuple[float, float], Draw]:
    """Forecast and actual over the steps of the split, of at most four series (the first by name)."""
    names = [str(one) for one in np.unique(series)[:4]]

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(names), 1, squeeze=False, sharex=True)[:, 0]
        for axes, name in zip(panels, names, strict=True):
            rows = np.flatnonzero(series == name)
            rows = rows[np.argsort(times[rows], kind="stable")]
            steps = np.arange(1, len(rows) + 1)
            axes.plot(steps, true[rows], color=GREY, label="actual")
            axes.plot(steps, predicted[rows], color=BLUE, label="forecast")
            axes.set(ylabel=shown(target), title=shown(name) if name else "Forecast and actual")
        panels[0].legend(loc="upper left", ncols=2)
        panels[-1].set(xlabel="step of the split")

    return (7.2, 1.0 + 2.0 * len(names)), draw


def horizon_figure(horizons: Sequence[dict[str, Any]], metric: str) -> tuple[tuple[float, float], Draw]:
    """A forecast error by how far ahead it is, as :func:`specweave_lab.curves.errors_by_horizon` gives it."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        middle = [(one["first"] + one["last"]) / 2 for one in horizons]
        axes.plot(middle, [one[metric] for one in horizons], color=BLUE, marker="o", markersize=4)
        axes.set(title="Error by horizon", xlabel="steps ahead", ylabel=metric, ylim=(0, None))

    return (5.4, 3.4), draw


def users_figure(values: np.ndarray, metric: str) -> tuple[tuple[float, float], Draw]:
    """How a metric of lists is spread over users; values in 0..1, shape (users,)."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.hist(values, bins=20, range=(0, 1), color=BLUE)
        axes.axvline(float(values.mean()), color=ORANGE, label=f"mean {values.mean():.3f}")
        axes.set(title=f"{metric} of each user", xlabel=metric, ylabel="users")
        axes.legend()

    return (5.4, 3.4), draw


def slices_figure(
    slices: Sequence[dict[str, Any]], metric: str, overall: float
) -> tuple[tuple[float, float], Draw]:
    """Parts with their intervals, the worst on top, at most 20."""
    parts = [one for one in slices if one["ranked"]][:20]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = np.arange(len(parts))[::-1]
        for place, one in zip(places, parts, strict=True):
            low, high = one["ci"] or (one["value"], one["value"])
            axes.plot([low, high], [place, place], color=BLUE)
            axes.plot([one["value"]], [place], "o", color=BLUE, markersize=4)
        axes.axvline(overall, color=GREY, linestyle="--", linewidth=1, label="all rows")
        labels = [f"{shown(one['column'])}: {shown(one['part'])} (n {one['rows']:,})" for one in parts]
        axes.set_yticks(places, labels)
        axes.set(title=f"{metric} by slice, 95 % intervals", xlabel=metric)
        axes.legend(loc="best")

    return (7.2, 1.4 + 0.28 * len(parts)), draw


def learning_figure(curves: Sequence[dict[str, Any]]) -> tuple[tuple[float, float], Draw]:
    """What the run logged by step: ``name`` and ``points`` (step, value)."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for colour, one in zip(COLOURS, curves, strict=False):
            points = np.array(one["points"], dtype=float)
            axes.plot(points[:, 0], points[:, 1], color=colour, label=shown(one["name"]))
        axes.set(title="Learning curve (reported by the script)", xlabel="step", ylabel="value")
        axes.legend()

    return (5.8, 3.4), draw
