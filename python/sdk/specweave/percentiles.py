"""Percentiles of measured times, with intervals that assume nothing about their distribution."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` % of the values do not exceed: one that was observed.

    Definition 1 of Hyndman and Fan (1996), "Sample quantiles in statistical packages", The American Statistician 50.

    Parameters
    ----------
    ordered : sequence of shape (n,)
        Ascending, not empty.
    percent
        1 to 99.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1]


def percentile_interval(ordered: Sequence[float], percent: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """The order-statistic (binomial) interval of a percentile; None where there are too few values to bound it.

    The number of values below the true percentile is binomial (n, percent/100), whatever the distribution. So the
    interval from the l-th to the u-th smallest value covers it with at least the confidence, for l the largest with
    P(B <= l - 1) <= alpha/2 and u the smallest with P(B <= u - 1) >= 1 - alpha/2: Conover (1999), "Practical
    Nonparametric Statistics", 3rd edition, section 3.2; David and Nagaraja (2003), "Order Statistics", section 7.1.
    The 95 % interval of a 99th percentile needs 368 values.

    It holds for independent values. Calls that follow one another in one process are not quite that, and it says
    nothing of another machine or another day.
    """
    import math

    n, share, tail = len(ordered), percent / 100, (1 - confidence) / 2
    low = high = None
    below = 0.0
    for count in range(n):
        # P(B = count), by logarithms: the binomial coefficients of a thousand values are no floats.
        below += math.exp(
            math.lgamma(n + 1) - math.lgamma(count + 1) - math.lgamma(n - count + 1)
            + count * math.log(share) + (n - count) * math.log1p(-share)
        )  # fmt: skip
        if below <= tail:
            low = count + 1
        if below >= 1 - tail:
            high = count + 1
            break
    return None if low is None or high is None else (ordered[low - 1], ordered[high - 1])


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Student's 95 % interval of a mean; None of fewer than ten values.

    The quantile of t is that of the normal distribution with the first correction for the degrees of freedom,
    z + (z^3 + z) / (4 v): Abramowitz and Stegun (1964), 26.7.5; off by less than 0.5 % from nine degrees on.
    """
    import math

    n = len(values)
    if n < 10:
        return None
    mean = sum(values) / n
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)
    z = 1.959963984540054
    t = z + (z**3 + z) / (4 * (n - 1))
    return mean - t * spread, mean + t * spread
