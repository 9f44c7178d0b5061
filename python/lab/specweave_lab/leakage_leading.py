"""Columns that are made of later values of the target: a moving average that is centred, a smoothed series, a
difference to tomorrow.

Such a column is a linear function of the target around it. So it is regressed on the target of its own row
and of the seven rows before, and again with the seven rows after as well (the idea of Sims 1972, AER
62:540-552: what leads explain, the past does not). What is known at the time has causes of its own that later
targets do not tell: the leads explain a part of the rest where it drives the target, and never nearly all.
"""

from __future__ import annotations

import numpy as np

SPAN = 7
"""Rows before and after."""
FEWEST = 100
MOST_ROWS = 20_000
EXPLAINED = 0.999
"""Of the variance that past and present leave: named where the leads explain so much of it. A driver of
the target that is known in advance, such as tomorrow's weather, reaches that only where it nearly is the
target.
"""
LEAST_LEFT = 1e-6
"""Of the column's variance: where the past leaves less, there is nothing to explain."""


class Leads:
    """The target around each row of a series, ready for regressions of many columns.

    Parameters
    ----------
    target, series : ndarray, shape (n,)
        In the order of series and time; the number of each row's series.
    """

    def __init__(self, target: np.ndarray, series: np.ndarray) -> None:
        inner = np.arange(SPAN, max(SPAN, len(target) - SPAN))
        inner = inner[series[inner - SPAN] == series[inner + SPAN]] if len(inner) else inner
        self.rows = inner[-MOST_ROWS:]
        shifts = [*range(-SPAN, 1), *range(1, SPAN + 1)]
        around = np.column_stack([target[self.rows + shift] for shift in shifts])
        spread = target[self.rows].std() if len(self.rows) else 0.0
        self.around = (around - target.mean()) / spread if spread > 0 else around[:0]

    def explained(self, values: np.ndarray) -> tuple[float, float] | None:
        """The share of a column's variance that past and present leave, and the share of this that the leads
        explain; both adjusted for the number of regressors. None where it cannot be asked.

        Parameters
        ----------
        values : ndarray of float64, shape (n,)
            The column, NaN where it is missing.
        """
        if not len(self.around):
            return None
        column = values[self.rows]
        there = np.isfinite(column)
        if there.sum() < FEWEST or np.ptp(column[there]) == 0:
            return None
        y = column[there] - column[there].mean()
        past = _left(self.around[there][:, : SPAN + 1], y)
        if past < LEAST_LEFT:
            return None
        return past, 1 - _left(self.around[there], y) / past


def _left(regressors: np.ndarray, y: np.ndarray) -> float:
    """1 - adjusted R2 of a line."""
    X = np.column_stack([np.ones(len(y)), regressors])
    residuals = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return float(residuals @ residuals / (len(y) - X.shape[1]) / (y @ y / (len(y) - 1)))
