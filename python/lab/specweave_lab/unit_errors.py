"""What each row, time or user moves a metric by, for many runs side by side: how far chance in the rows moves any
mean of them.

:mod:`specweave_lab.paired` compares two runs. The mean over the seeds of an experiment is of more, and its error
follows from the same parts: what moves a mean is the mean of what moves each run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from specweave_lab.custom_paired import OwnRuns
from specweave_lab.intervals import CONFIDENCE
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.counts import cell_counts, count_statistic
from specweave_lab.metrics.levels import replicates_at_level, value_at_level
from specweave_lab.metrics.names import CLASSIFICATION, level_of
from specweave_lab.metrics.ranking import (
    auc_parts,
    average_precision_parts,
    macro_auc_parts,
    macro_average_precision_parts,
)
from specweave_lab.metrics.sums import SumMetric
from specweave_lab.paired import medians
from specweave_lab.paired_series import mean_errors
from specweave_lab.pairs import Pairing, as_losses, as_sums, too_short
from specweave_lab.resampling import jackknife_sums

Error = tuple[float, float]
"""A standard error and its degrees of freedom."""


@dataclass(frozen=True)
class UnitErrors:
    """A metric of several runs on the same rows, and what moves it.

    Attributes
    ----------
    values : dict
        By run.
    moved : dict
        By run, shape (m,): of rows or users, so that the error is the root of the sum of squares; of ``times`` and
        ``series`` what each moves the value by; of ``drawn`` the values on resamples.
    units : str
        ``rows``, ``times``, ``series`` or ``drawn``.
    count : int
        How many rows, times, series or users there are.
    """

    values: dict[str, float]
    moved: dict[str, np.ndarray]
    units: str
    count: int

    def error(self, a: Sequence[str], b: Sequence[str]) -> Error:
        """Of the mean of runs a minus the mean of runs b, by chance in the rows alone."""
        gap = np.mean([self.moved[run] for run in a], axis=0) - np.mean(
            [self.moved[run] for run in b], axis=0
        )
        if self.units == "rows":
            return float(np.sqrt(np.sum(gap**2))), self.count - 1
        if self.units == "drawn":
            return float(np.std(gap, ddof=1)), self.count - 1
        found = [
            (error, degrees) for error, degrees in mean_errors(gap, self.units == "times")[0] if error > 0
        ]
        return max(
            found, key=lambda one: one[0] * stats.t.ppf(0.5 + CONFIDENCE / 2, one[1]), default=(0.0, 1)
        )


def unit_errors(pairing: Pairing, runs: Mapping[str, Any]) -> UnitErrors:
    """Of a metric of the lab; ``runs`` as :func:`~specweave_lab.pairs.read_run` gives them.

    Raises
    ------
    Refusal
        ``INPUT_INVALID`` where forecasts span too few times and series.
    """
    metric, (first, *_) = pairing.metric, runs.values()
    if pairing.problem_type == "time_series":
        return _of_series(pairing, runs)
    if metric == "median_ae":
        errors = [np.abs(data - pairing.truth.numbers()) for data in runs.values()]
        values = {run: float(np.median(one)) for run, one in zip(runs, errors, strict=True)}
        return UnitErrors(values, dict(zip(runs, medians(errors), strict=True)), "drawn", len(errors[0]))
    if isinstance(first, ClassificationData):
        if metric in CLASSIFICATION:
            return _gathered({run: _of_counts(metric, data) for run, data in runs.items()}, len(first.true))
        if level_of(metric)[1] is not None and first.positive is not None:
            return _of_level(metric, runs, first.positive)
    sums = {run: as_sums(pairing, data) for run, data in runs.items()}
    if all(sums.values()):
        return of_sums({run: one for run, one in sums.items() if one})
    return _gathered({run: _of_ranking(metric, data) for run, data in runs.items()}, len(first.true))


def of_own(runs: OwnRuns) -> UnitErrors:
    """Of a metric of a user's evaluator."""
    if runs.sums:
        return of_sums(runs.sums)
    return UnitErrors(runs.values, runs.drawn, "drawn", max(2, len(next(iter(runs.drawn.values())))))


def of_sums(sums: Mapping[str, SumMetric]) -> UnitErrors:
    """Of metrics of sums over the same rows or users, by the jackknife."""
    found = {
        run: (one.value(), _from_left_out(jackknife_sums(one.columns, one.statistic)))
        for run, one in sums.items()
    }
    return _gathered(found, len(next(iter(sums.values())).columns))


def _gathered(found: Mapping[str, tuple[float, np.ndarray]], count: int) -> UnitErrors:
    values = {run: value for run, (value, _) in found.items()}
    return UnitErrors(values, {run: moved for run, (_, moved) in found.items()}, "rows", count)


def _from_left_out(left_out: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """What each row moves a value by, from the values without each; the sum of squares is the jackknife's variance."""
    n = len(left_out) if counts is None else counts.sum()
    return np.sqrt((n - 1) / n) * (np.average(left_out, weights=counts) - left_out)


def _of_counts(metric: str, data: ClassificationData) -> tuple[float, np.ndarray]:
    statistic, size = count_statistic(metric, data.positive), data.size
    codes, cell, cells = np.unique(data.true * size + data.predicted, return_inverse=True, return_counts=True)
    every = np.vstack([cells, cells - np.eye(len(cells))])
    value, *left_out = statistic(cell_counts(every, codes // size, codes % size, size))
    return float(value), _from_left_out(np.asarray(left_out), cells)[cell.ravel()]


def _of_ranking(metric: str, data: ClassificationData) -> tuple[float, np.ndarray]:
    scores = data.scores if data.scores is not None else np.empty((0, 0))
    positive = data.positive
    if metric == "roc_auc":
        if positive is None:
            return macro_auc_parts(data.true, scores)
        return auc_parts(data.true == positive, scores[:, positive])
    if positive is None:
        value, left_out = macro_average_precision_parts(data.true, scores)
    else:
        value, left_out = average_precision_parts(data.true == positive, scores[:, positive])
    return value, _from_left_out(left_out)


def _of_level(metric: str, runs: Mapping[str, ClassificationData], positive: int) -> UnitErrors:
    hits = next(iter(runs.values())).true == positive
    scores = [data.scores[:, positive] for data in runs.values() if data.scores is not None]
    values = {run: value_at_level(metric, hits, one) for run, one in zip(runs, scores, strict=True)}
    drawn = dict(zip(runs, replicates_at_level(metric, hits, scores), strict=True))
    return UnitErrors(values, drawn, "drawn", len(hits))


def _of_series(pairing: Pairing, runs: Mapping[str, np.ndarray]) -> UnitErrors:
    values, moved, ordered = {}, {}, True
    for run, given in runs.items():
        losses = as_losses(pairing, given, given)
        if losses is None:
            raise too_short()
        values[run], moved[run], ordered = losses.value(0), losses.influence(0), losses.ordered
    return UnitErrors(values, moved, "times" if ordered else "series", len(next(iter(moved.values()))))
