"""Metrics with a level: values by brute force, intervals by simulation, comparisons by their own values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from specweave_lab.hurdle import Hurdle
from specweave_lab.lift import limits_of_areas
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.levels import measure_at_level, replicates_at_level, value_at_level
from specweave_lab.metrics.names import chosen_metrics, level_of, sign_of_better
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.metrics.series import measure_series
from specweave_lab.paired import compare_at_level


def brute(name: str, level: float, hits: np.ndarray, scores: np.ndarray) -> float:
    """Every threshold by itself."""
    best = 0.0
    for threshold in np.unique(scores):
        above = scores >= threshold
        precision, recall = hits[above].mean(), hits[above].sum() / hits.sum()
        if name == "precision" and recall >= level - 1e-12:
            best = max(best, precision)
        if name == "recall" and precision >= level - 1e-12:
            best = max(best, recall)
    return best


def drawn(seed: int, rows: int, shift: float, share: float, digits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    hits = generator.random(rows) < share
    return hits, np.round(generator.normal(size=rows) + shift * hits, digits)


@pytest.mark.parametrize("digits", [8, 1])
@pytest.mark.parametrize("level", [0.05, 0.5, 0.9, 0.99])
def test_values_are_those_of_every_threshold(level, digits) -> None:
    for seed in range(5):
        hits, scores = drawn(seed, 120, 1.5, 0.3, digits)
        for one, other in (("precision", "recall"), ("recall", "precision")):
            name = f"{one}_at_{other}_{level}"
            assert value_at_level(name, hits, scores) == pytest.approx(brute(one, level, hits, scores))


def test_a_resample_of_each_row_once_is_the_value(monkeypatch) -> None:
    hits, scores = drawn(3, 200, 1.0, 0.4, 1)
    monkeypatch.setattr(
        "specweave_lab.metrics.levels.resample_counts", lambda rows, *_: iter([np.ones((1, rows))])
    )
    for name in ("precision_at_recall_0.8", "recall_at_precision_0.7"):
        (found,) = replicates_at_level(name, hits, [scores])
        assert found[0] == pytest.approx(value_at_level(name, hits, scores))


@pytest.mark.parametrize("name", ["precision_at_recall_0.9", "recall_at_precision_0.9"])
def test_intervals_cover_what_is_true_of_the_population(name) -> None:
    shift, share, level = 2.0, 0.4, 0.9
    cut = np.linspace(-6, 8, 100_001)
    recall, alarms = stats.norm.sf(cut - shift), stats.norm.sf(cut)
    precision = share * recall / np.maximum(share * recall + (1 - share) * alarms, 1e-300)
    true = precision[recall >= level].max() if name.startswith("prec") else recall[precision >= level].max()
    inside = []
    for seed in range(60):
        _, ci, _ = measure_at_level(name, *drawn(1000 + seed, 300, shift, share))
        if ci:
            inside.append(ci[0] <= true <= ci[1])
    assert len(inside) > 54
    assert 0.88 <= np.mean(inside) <= 1.0


def test_no_interval_where_a_bootstrap_says_nothing() -> None:
    hits, scores = drawn(1, 300, 0.0, 0.3)
    value, ci, method = measure_at_level("recall_at_precision_0.95", hits, scores)
    assert (ci, method) == (None, "none") and value < 0.1
    hits[:] = False
    hits[:5] = True
    assert measure_at_level("precision_at_recall_0.5", hits, scores)[1] is None


def test_pinball_is_the_mean_of_the_tilted_errors() -> None:
    generator = np.random.default_rng(0)
    true, predicted = generator.normal(size=400), generator.normal(size=400)
    over = predicted > true
    by_hand = np.where(over, 0.1 * (predicted - true), 0.9 * (true - predicted)).mean()
    (of_numbers,), _ = measure_regression(true, predicted, ["pinball_0.9"])
    series, times = np.array(["a"] * 400), np.arange(400)
    (of_series,), _ = measure_series(true, predicted, times, series, {}, ["pinball_0.9"])
    assert of_numbers["value"] == pytest.approx(by_hand) and of_series["value"] == pytest.approx(by_hand)
    assert of_numbers["ci"][0] < by_hand < of_numbers["ci"][1]
    # Half of it at the median is half the absolute error.
    (half,), _ = measure_regression(true, predicted, ["pinball_0.5"])
    assert half["value"] == pytest.approx(np.abs(true - predicted).mean() / 2)


def test_only_where_they_have_a_meaning() -> None:
    assert level_of("precision_at_recall_0.90") == ("precision_at_recall_0.90", None)
    assert chosen_metrics("time_series", ["pinball_0.05"]) == ["pinball_0.05"]
    assert (sign_of_better("pinball_0.9"), sign_of_better("recall_at_precision_0.9")) == (-1, 1)
    true = np.arange(60) % 3
    data = ClassificationData(true, true, np.eye(3)[true], ["a", "b", "c"], None)
    results, warnings = measure_classification(data, ["precision_at_recall_0.9"])
    assert results == [] and warnings[0]["code"] == "precision_at_recall_0.9_undefined"


def test_two_models_are_compared_on_the_same_resamples() -> None:
    hits, good = drawn(5, 800, 2.0, 0.4)
    bad = good + np.random.default_rng(6).normal(size=800) * 3
    name = "precision_at_recall_0.8"
    found = compare_at_level(name, hits, good, bad)
    assert found.value == pytest.approx(value_at_level(name, hits, good) - value_at_level(name, hits, bad))
    assert found.ci[0] > 0 and found.p < 0.01
    same = compare_at_level(name, hits, good, good)
    assert (same.value, same.ci, same.p) == (0.0, (0.0, 0.0), 1.0)

    def data(scores: np.ndarray) -> ClassificationData:
        p = 1 / (1 + np.exp(-scores))
        return ClassificationData(
            hits.astype(np.int64), (p > 0.5).astype(np.int64), np.stack([1 - p, p], 1), ["0", "1"], 1
        )

    m, base, ci, _ = limits_of_areas(name, data(good), data(bad), Hurdle(0.0, False, True), 0.95)
    assert m - base == pytest.approx(found.value) and ci == pytest.approx(found.ci, abs=0.02)
