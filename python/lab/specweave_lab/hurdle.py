"""What a candidate must reach to be better than a baseline by a lift: the formula of src/increments/lift.ts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hurdle:
    """A lift over a baseline.

    Attributes
    ----------
    lift : float
        0.2 asks for 20 % better.
    minimize : bool
        Lower values are better.
    bounded : bool
        Higher is better and 1 is the best there is.
    """

    lift: float
    minimize: bool
    bounded: bool

    def target(self, baseline: np.ndarray) -> np.ndarray:
        """The value to be reached, of the same shape as the baseline's values b.

        Lower is better: b (1 - lift). Unbounded: b (1 + lift), below zero b + lift |b|. Bounded by 1: the
        smaller of b (1 + lift) and b + lift (1 - b) where b > 0, else the latter.
        """
        b = np.asarray(baseline, np.float64)
        if self.minimize:
            return b * (1 - self.lift)
        if not self.bounded:
            return b + self.lift * np.abs(b)
        rest = b + self.lift * (1 - b)
        return np.where(b > 0, np.minimum(b * (1 + self.lift), rest), rest)

    def line(self, baseline: float) -> tuple[float, float]:
        """Slope and constant of the target around a baseline's value."""
        target = float(self.target(np.array(baseline)))
        if self.minimize:
            slope = 1 - self.lift
        elif not self.bounded:
            slope = 1 + self.lift * (1 if baseline >= 0 else -1)
        else:
            by_share = baseline > 0 and baseline * (1 + self.lift) < baseline + self.lift * (1 - baseline)
            slope = 1 + self.lift if by_share else 1 - self.lift
        return slope, target - slope * baseline
