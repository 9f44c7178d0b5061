"""Percentiles of times and their intervals, against a second source and against what they promise."""

from __future__ import annotations

import math
import random

import pytest

from specweave.percentiles import mean_interval, percentile, percentile_interval


@pytest.mark.parametrize("n", [1, 2, 20, 99, 100, 101, 1000])
@pytest.mark.parametrize("percent", [50, 90, 95, 99])
def test_are_those_of_numpy(n, percent):
    numpy = pytest.importorskip("numpy")
    values = sorted(random.Random(n).expovariate(1) for _ in range(n))
    assert percentile(values, percent) == numpy.percentile(values, percent, method="inverted_cdf")


@pytest.mark.parametrize(
    ("n", "percent", "places"),
    # The ranks of scipy.stats.binom.ppf(0.025, n, p) and ppf(0.975, n, p) + 1; of n = 20 those of Conover's table.
    [(20, 50, (6, 15)), (200, 50, (86, 115)), (400, 95, (371, 389)), (368, 99, (360, 368)), (1000, 99, (983, 997))],
)
def test_interval_lies_between_the_binomial_ranks(n, percent, places):
    assert percentile_interval(range(1, n + 1), percent) == places


@pytest.mark.parametrize("n", [10, 60, 367, 368, 800])
@pytest.mark.parametrize("percent", [50, 95, 99])
def test_interval_is_that_of_scipy_or_none(n, percent):
    binom = pytest.importorskip("scipy.stats").binom
    low, high = (int(binom.ppf(q, n, percent / 100)) for q in (0.025, 0.975))
    # ppf is the least count whose probability reaches the level: exactly the ranks, where no level is met exactly.
    expected = (low, high + 1) if low >= 1 and high + 1 <= n else None
    assert percentile_interval(range(1, n + 1), percent) == expected


def test_interval_covers_the_true_percentile():
    drawn = random.Random(7)
    true = -math.log(0.05)
    covered = 0
    for _ in range(400):
        low, high = percentile_interval(sorted(drawn.expovariate(1) for _ in range(300)), 95)
        covered += low <= true <= high
    # At least 95 % by construction; four standard errors below.
    assert covered >= 400 * (0.95 - 4 * math.sqrt(0.95 * 0.05 / 400))


def test_mean_interval_is_students():
    stats = pytest.importorskip("scipy.stats")
    drawn = random.Random(3)
    values = [drawn.gauss(5, 2) for _ in range(24)]
    low, high = mean_interval(values)
    expected = stats.t.interval(0.95, len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values))
    assert (low, high) == pytest.approx(expected, rel=2e-3)
    assert mean_interval(values[:9]) is None
