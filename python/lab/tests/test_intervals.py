"""Intervals against published numbers and other libraries, and for what they claim: their coverage."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from specweave_lab import intervals, labels
from specweave_lab.intervals import holm, median_interval, newcombe_auc, wilson, wilson_f1
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.counts import confusion, count_statistic, counts_of, interval_of_counts
from specweave_lab.metrics.names import CLASSIFICATION, CLASSIFICATION_SCORES
from specweave_lab.metrics.ranking import auc_parts, average_precision_parts
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.resampling import bca, bootstrap_sums, data_generator, jackknife_error, resample_counts


@pytest.mark.parametrize("module", [intervals, labels])
def test_examples_in_docstrings(module) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0


def test_wilson_against_scipy_and_newcombe() -> None:
    for k, n in ((0, 20), (1, 29), (15, 148), (56, 70), (81, 263), (20, 20)):
        expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    # Newcombe (1998), Stat. Med. 17:857-872, table I, method 3
    assert [round(x, 4) for x in wilson(15, 148)] == [0.0624, 0.1605]
    assert [round(x, 4) for x in wilson(0, 20)] == [0.0, 0.1611]
    assert [round(x, 4) for x in wilson(1, 29)] == [0.0061, 0.1718]


def test_wilson_f1_is_wilson_on_f_star() -> None:
    low, high = wilson_f1(30, 10, 20)
    assert (low / (2 - low), high / (2 - high)) == pytest.approx(wilson(30, 60))
    assert wilson_f1(0, 0, 9)[0] == 0.0 and wilson_f1(9, 0, 0)[1] == 1.0


def test_median_interval_is_the_table_of_order_statistics() -> None:
    # Conover (1999), sec. 3.2: ranks of a 95 % interval of the median
    for n, rank in ((6, 1), (10, 2), (15, 4), (20, 6), (25, 8)):
        assert median_interval(np.arange(1.0, n + 1)) == (rank, n + 1 - rank)


def test_newcombe_auc_has_width_at_the_edges() -> None:
    low, high = newcombe_auc(1.0, 20, 30)
    assert high == 1.0 and 0.8 < low < 0.95
    assert newcombe_auc(0.0, 20, 30) == pytest.approx((0.0, 1 - low))
    low, high = newcombe_auc(0.5, 50, 50)
    assert low == pytest.approx(1 - high) and 0.37 < low < 0.41


def test_holm_against_its_definition() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_delong_against_a_quadratic_count() -> None:
    generator = np.random.default_rng(0)
    positive, scores = generator.random(80) < 0.4, np.round(generator.normal(size=80), 1)
    x, y = scores[positive], scores[~positive]
    kernel = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    auc, influence = auc_parts(positive, scores)
    assert auc == pytest.approx(sk.roc_auc_score(positive, scores))
    # DeLong et al. (1988), eq. (4) and (5)
    variance = kernel.mean(axis=1).var(ddof=1) / len(x) + kernel.mean(axis=0).var(ddof=1) / len(y)
    assert np.sum(influence**2) == pytest.approx(variance)


def test_average_precision_without_each_row() -> None:
    generator = np.random.default_rng(1)
    positive, scores = generator.random(60) < 0.3, np.round(generator.normal(size=60), 1)
    value, left_out = average_precision_parts(positive, scores)
    assert value == pytest.approx(sk.average_precision_score(positive, scores))
    for row in range(60):
        rest = np.arange(60) != row
        assert left_out[row] == pytest.approx(sk.average_precision_score(positive[rest], scores[rest]))


def test_jackknife_error_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(2).normal(size=50)
    left_out = (values.sum() - values) / 49
    assert jackknife_error(left_out) == pytest.approx(stats.sem(values))


def test_bca_against_scipy() -> None:
    values = np.random.default_rng(3).exponential(size=60)
    sums = bootstrap_sums(values[:, None], np.random.default_rng(0), 20_000)[:, 0] / 60
    ours = bca(values.mean(), sums, (values.sum() - values) / 59, np.ones(60))
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=1).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_resamples_draw_each_row_once_on_average() -> None:
    counts = np.concatenate(list(resample_counts(7, 3_000, np.random.default_rng(0))))
    assert counts.shape == (3_000, 7) and (counts.sum(axis=1) == 7).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)


def test_the_bootstrap_of_counts_is_the_bootstrap_of_rows() -> None:
    generator = np.random.default_rng(4)
    true = generator.integers(0, 2, 200)
    predicted = np.where(generator.random(200) < 0.8, true, 1 - true)
    matrix = confusion(true, predicted, 2)
    (low, high), method = interval_of_counts(matrix, count_statistic("mcc", 1), generator)
    rows = [generator.integers(0, 200, 200) for _ in range(2_000)]
    slow = np.quantile([sk.matthews_corrcoef(true[r], predicted[r]) for r in rows[:800]], [0.025, 0.975])
    assert method == "bootstrap_bca" and (low, high) == pytest.approx(tuple(slow), abs=0.03)
    perfect, method = interval_of_counts(np.diag([30, 10]), count_statistic("mcc", 1), generator)
    assert method == "wilson_error_rate" and perfect[1] == 1.0 and 0.5 < perfect[0] < 0.95
    assert count_statistic("mcc", None)(counts_of(matrix)) == pytest.approx(
        sk.matthews_corrcoef(true, predicted)
    )


def draw(rows: int, generator: np.random.Generator, classes: int) -> ClassificationData:
    """Calibrated scores of a model on normal features."""
    shares = np.array([0.7, 0.3]) if classes == 2 else np.array([0.5, 0.3, 0.2])
    true = generator.choice(classes, rows, p=shares)
    x = generator.normal(size=(rows, classes))
    x[np.arange(rows), true] += 1.3
    odds = shares * np.exp(1.3 * x)
    scores = odds / odds.sum(axis=1, keepdims=True)
    return ClassificationData(
        true, scores.argmax(axis=1), scores, list("abc"[:classes]), 1 if classes == 2 else None
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_coverage_of_classification_intervals(classes: int) -> None:
    """Of 150 samples of 250 rows the interval holds the true value in 95 %: within 4 standard errors below, or more."""
    generator, names = np.random.default_rng(11), list(CLASSIFICATION + CLASSIFICATION_SCORES)
    truth = {
        m["name"]: m["value"] for m in measure_classification(draw(200_000, generator, classes), names)[0]
    }
    hits = dict.fromkeys(names, 0)
    for _ in range(150):
        for one in measure_classification(draw(250, generator, classes), names)[0]:
            hits[one["name"]] += one["ci"][0] <= truth[one["name"]] <= one["ci"][1]
    assert {name: count / 150 for name, count in hits.items() if count / 150 < 0.88} == {}


def test_coverage_of_regression_intervals() -> None:
    generator, names = np.random.default_rng(12), ["rmse", "mae", "median_ae", "r2", "mape"]

    def sample(rows: int) -> tuple[np.ndarray, np.ndarray]:
        x = generator.normal(size=rows)
        return 20 + 2 * x + generator.normal(size=rows), 20 + 1.8 * x

    truth = {m["name"]: m["value"] for m in measure_regression(*sample(400_000), names)[0]}
    hits = dict.fromkeys(names, 0)
    for _ in range(150):
        for one in measure_regression(*sample(200), names)[0]:
            hits[one["name"]] += one["ci"][0] <= truth[one["name"]] <= one["ci"][1]
    assert {name: count / 150 for name, count in hits.items() if not 0.88 <= count / 150 <= 1} == {}


def studentised_by_hand(errors: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
    """Efron and Tibshirani (1993), sec. 12.5, row by row."""
    squares, n, t = errors**2, len(errors), []
    mean, error = squares.mean(), squares.std() / np.sqrt(n)
    for counts in np.concatenate(list(resample_counts(n, 1_000, generator))):
        drawn = np.repeat(squares, counts.astype(int))
        t.append((drawn.mean() - mean) / (drawn.std() / np.sqrt(n)))
    low, high = np.quantile(t, [0.025, 0.975])
    return float(np.sqrt(max(mean - high * error, 0))), float(np.sqrt(mean - low * error))


@pytest.mark.parametrize("unit", [1.0, 1e-60, 1e60])
def test_the_interval_of_rmse_is_the_studentised_bootstrap_s(unit: float) -> None:
    errors = np.random.default_rng(5).standard_t(5, size=80) * unit
    true = np.zeros(80)
    (one,), _ = measure_regression(true, errors, ["rmse"])
    assert one["ci_method"] == "bootstrap_t"
    assert one["ci"] == pytest.approx(studentised_by_hand(errors, data_generator(true)), rel=1e-9)
    among, _ = measure_regression(true, errors, ["mae", "median_ae", "rmse"])
    assert among[2] == one
    without, _ = measure_regression(true, errors, ["mae"])
    assert without[0]["ci"] == pytest.approx(among[0]["ci"], rel=1e-12)
    assert among[0]["ci_method"] == "bootstrap_bca"


def test_few_rows_that_hold_the_whole_error_have_no_studentised_limits() -> None:
    noise, wild = np.random.default_rng(6).normal(size=200), np.zeros(200)
    wild[:2] = 1_000.0
    for errors in (noise + wild, wild):
        (one,), _ = measure_regression(np.zeros(200), errors, ["rmse"])
        assert one["ci_method"] == "bootstrap_bca" and one["ci"][1] < 3 * one["value"]
    for errors in (np.zeros(50), np.ones(50)):  # nothing that varies
        (one,), _ = measure_regression(np.zeros(50), errors, ["rmse"])
        assert one["ci"] == [one["value"], one["value"]]


def test_coverage_of_rmse_with_heavy_tails() -> None:
    """Errors of Student's t, 5 degrees, 20 rows: BCa limits hold the true value in 83 % of 1,000 samples."""
    generator, hits = np.random.default_rng(13), 0
    for _ in range(1_000):
        true = generator.normal(size=20)
        (one,), _ = measure_regression(true, true + generator.standard_t(5, size=20), ["rmse"])
        hits += one["ci"][0] <= np.sqrt(5 / 3) <= one["ci"][1]
    assert 0.87 <= hits / 1_000 <= 0.97
