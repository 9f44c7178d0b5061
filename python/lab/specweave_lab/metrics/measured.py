"""One line of an answer: a value, its interval and how that was got."""

from __future__ import annotations

from typing import Any

import numpy as np

from specweave_lab.intervals import Interval

Measured = dict[str, Any]
"""``{name, value, ci: [low, high] or None, ci_method}``."""


def measured(name: str, value: float, ci: Interval | None, method: str) -> Measured:
    """One line of the answer; limits that are not finite are no interval."""
    if ci is None or not np.isfinite(ci).all():
        return {"name": name, "value": float(value), "ci": None, "ci_method": "none"}
    return {"name": name, "value": float(value), "ci": [float(ci[0]), float(ci[1])], "ci_method": method}
