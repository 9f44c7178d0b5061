"""Intervals in closed form, all two-sided at 95 %.

Each keeps a width where the estimate lies at the edge (no errors among 40 rows is no certainty), which
plain normal and percentile intervals do not.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, stats

CONFIDENCE = 0.95
Z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))

Interval = tuple[float, float]


def wilson(successes: float, trials: float) -> Interval:
    """Score interval of a proportion.

    Wilson (1927), J. Am. Stat. Assoc. 22:209-212; as eq. (4) in Brown, Cai and DasGupta (2001), Statist. Sci.
    16:101-133.

    Parameters
    ----------
    successes, trials : float
        Counts, 0 <= successes <= trials, trials > 0.

    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    p, z2 = successes / trials, Z * Z
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def wilson_f1(true_positives: float, false_positives: float, false_negatives: float) -> Interval:
    """Interval of F1: Wilson's on F* = TP / (TP + FP + FN), then F1 = 2 F* / (1 + F*), which is monotone.

    The "Wilson indirect" method of Lam, Gopal and Qian (2023), arXiv:2309.14621; F* is of Hand, Christen and
    Kirielle (2021), Mach. Learn. 110:451-456.
    """
    low, high = wilson(true_positives, true_positives + false_positives + false_negatives)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mover_mean(estimates: np.ndarray, lows: np.ndarray, highs: np.ndarray) -> Interval:
    """Interval of the mean of independent estimates from the interval of each ("method of variance estimates
    recovery").

    Zou, Huang and Zhang (2009), Comput. Stat. Data Anal. 53:1080-1085, with coefficients 1/k. Used
    for balanced accuracy: the recalls of the classes rest on different rows.
    """
    k, mean = len(estimates), float(np.mean(estimates))
    down = math.sqrt(float(np.sum((estimates - lows) ** 2))) / k
    up = math.sqrt(float(np.sum((highs - estimates) ** 2))) / k
    return max(0.0, mean - down), min(1.0, mean + up)


def median_interval(values: np.ndarray) -> Interval:
    """Distribution-free interval of a median by order statistics.

    Conover (1999), Practical Nonparametric Statistics, 3rd ed., sec. 3.2. Coverage is at least 95 % where the
    sample is large enough for it (n >= 6); below, it is the range of the values.
    """
    ordered, n = np.sort(values), len(values)
    low = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5))
    if low > 0 and stats.binom.cdf(low - 1, n, 0.5) > (1 - CONFIDENCE) / 2:
        low -= 1
    low = max(low - 1, 0)
    return float(ordered[low]), float(ordered[n - 1 - low])


def newcombe_auc(auc: float, positives: int, negatives: int) -> Interval:
    """Score-type interval of an area under the ROC curve, for where DeLong's variance is zero (an area of 0
    or 1).

    Method 5 of Newcombe (2006), Stat. Med. 25:559-573: the variance of Hanley and McNeil (1982), Radiology
    143:29-36, with both counts replaced by their mean in its numerator, inverted as Wilson's interval is.
    """
    half = (positives + negatives) / 2 - 1

    def excess(theta: float) -> float:
        spread = theta * (1 - theta) * (1 + half * ((1 - theta) / (2 - theta) + theta / (1 + theta)))
        return (theta - auc) ** 2 - Z * Z * spread / (positives * negatives)

    edge = 1e-9  # at 0 and 1 themselves the variance is 0, which is a root that nobody wants
    low = 0.0 if auc <= edge else float(optimize.brentq(excess, edge, min(auc, 1 - edge)))
    high = 1.0 if auc >= 1 - edge else float(optimize.brentq(excess, max(auc, edge), 1 - edge))
    return low, high


def agresti_min(
    a: np.ndarray, b: np.ndarray, slope: float, constant: float, confidence: float = CONFIDENCE
) -> Interval:
    """Interval of P(a) - (slope P(b) + constant) of two proportions on the same rows.

    Half a row is added to each cell of the two by two table, then the normal interval is taken: Agresti and
    Min (2005), Stat. Med. 24:729-740, sec. 4, there for slope 1. So few rows on which a and b disagree are no
    certainty, as they are for a bootstrap, which may draw none of them.

    Parameters
    ----------
    a, b : ndarray of bool, shape (n,)
        Whether each model is right, row by row.

    The ratings of a prime minister in Agresti, Categorical Data Analysis, sec. 10.1 (0.02 to 0.06):

    >>> a, b = (np.repeat(column, [794, 150, 86, 570]) > 0 for column in ([1, 1, 0, 0], [1, 0, 1, 0]))
    >>> [round(x, 2) for x in agresti_min(a, b, 1.0, 0.0)]
    [0.02, 0.06]
    """
    cells = np.array([np.sum(a & b), np.sum(a & ~b), np.sum(~a & b), np.sum(~a & ~b)]) + 0.5
    shares = cells / cells.sum()
    gains = np.array([1 - slope, 1.0, -slope, 0.0])
    centre = float(shares @ gains)
    error = math.sqrt(max(float(shares @ gains**2) - centre**2, 0.0) / cells.sum())
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    return centre - constant - half, centre - constant + half


def logit_normal(value: float, standard_error: float) -> Interval:
    """Normal interval on the logit scale, back on [0, 1]: expit(logit(v) +- z se / (v (1 - v))), by the delta
    method.

    For areas under curves, where it covers better than the plain one: Qin and Hotilovac (2008), Stat. Methods
    Med. Res. 17:207-221.
    """
    centre, half = math.log(value / (1 - value)), Z * standard_error / (value * (1 - value))
    return 1 / (1 + math.exp(-max(centre - half, -700.0))), 1 / (1 + math.exp(-min(centre + half, 700.0)))


def holm(p_values: list[float]) -> list[float]:
    """Adjusted p values of a family of tests, which keep its error rate whatever their dependence.

    Holm (1979), Scand. J. Stat. 6:65-70: the i-th smallest of m is multiplied by m - i + 1, and none is below
    the one before.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
