"""``lift``: the target, its paired interval against second sources, and how often it covers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats

from specweave_lab.errors import Refusal
from specweave_lab.hurdle import Hurdle
from specweave_lab.lift import lift, limits_of_areas, limits_of_counts, limits_of_joint
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.sums import error_metric
from specweave_lab.paired import joint_sums
from specweave_lab.resampling import EXACT_ROWS


@pytest.mark.parametrize(
    ("kind", "b", "asked", "target"),
    [
        ("bounded", 0.86, 0.2, 0.888),
        ("bounded", 0.18, 0.2, 0.216),
        ("bounded", 0.08, 2, 0.24),
        ("bounded", 0.0, 0.2, 0.2),
        ("bounded", -0.1, 0.2, 0.12),
        ("minimize", 4000.0, 0.2, 3200.0),
        ("minimize", 0.25, 0.2, 0.2),
        ("unbounded", 100.0, 0.2, 120.0),
        ("unbounded", -10.0, 0.2, -8.0),
    ],
)
def test_targets_are_those_of_the_gate(kind: str, b: float, asked: float, target: float) -> None:
    """The same cases as in test/increments/lift.test.ts; the line touches the target."""
    hurdle = Hurdle(asked, kind == "minimize", kind == "bounded")
    assert float(hurdle.target(np.array(b))) == pytest.approx(target)
    slope, constant = hurdle.line(b)
    assert slope * b + constant == pytest.approx(target)
    if b:
        near = b * 1.001
        assert slope * near + constant == pytest.approx(float(hurdle.target(np.array(near))))


def _classes(true: np.ndarray, scores: np.ndarray) -> ClassificationData:
    return ClassificationData(
        true, (scores > 0.5).astype(np.int64), np.stack([1 - scores, scores], 1), ["n", "y"], 1
    )


def _two(generator: np.random.Generator, n: int, of_a: float, of_b: float):
    true = (generator.random(n) < 0.4).astype(np.int64)
    shared = generator.normal(size=n)
    made = [true * shift + 0.7 * shared + 0.7 * generator.normal(size=n) for shift in (of_a, of_b)]
    return [_classes(true, stats.norm.cdf(one - 0.6)) for one in made]


def test_rmse_against_scipy_s_paired_bootstrap() -> None:
    generator = np.random.default_rng(1)
    y = generator.normal(size=150)
    a, b = y + generator.normal(scale=0.6, size=150), y + generator.normal(size=150)
    hurdle = Hurdle(0.2, True, False)
    joint = joint_sums(error_metric("rmse", y, a), error_metric("rmse", y, b))
    ci, method = limits_of_joint(joint, hurdle, 0.95)
    theirs = stats.bootstrap(
        ((a - y) ** 2, (b - y) ** 2),
        lambda u, v, axis: np.sqrt(u.mean(axis)) - 0.8 * np.sqrt(v.mean(axis)),
        paired=True,
        vectorized=True,
        n_resamples=9_999,
        rng=0,
    ).confidence_interval
    assert method == "paired_bootstrap_bca"
    assert ci == pytest.approx((theirs.low, theirs.high), abs=0.01)
    wider, _ = limits_of_joint(joint, hurdle, 0.99)
    assert wider[0] < ci[0] < ci[1] < wider[1]


def test_many_rows_take_the_normal_limit() -> None:
    generator = np.random.default_rng(2)
    y = generator.normal(size=EXACT_ROWS + 1)
    a, b = y + generator.normal(scale=0.6, size=len(y)), y + generator.normal(size=len(y))
    joint = joint_sums(error_metric("mae", y, a), error_metric("mae", y, b))
    ci, method = limits_of_joint(joint, Hurdle(0.2, True, False), 0.95)
    gains = np.abs(a - y) - 0.8 * np.abs(b - y)
    assert method == "jackknife_normal"
    assert ci == pytest.approx(stats.ttest_1samp(gains, 0).confidence_interval(), rel=1e-3)


@pytest.mark.parametrize("metric", ["f1", "mcc", "roc_auc", "accuracy"])
def test_classification_against_resampled_rows(metric: str) -> None:
    """Rows drawn one by one, the metric by scikit-learn on each, the target computed again: percentile limits."""
    from sklearn import metrics as sk

    generator = np.random.default_rng(3)
    a, b = _two(generator, 300, 1.6, 0.8)
    hurdle = Hurdle(0.2, False, True)
    of = limits_of_areas if metric == "roc_auc" else limits_of_counts
    m, base, ci, _ = of(metric, a, b, hurdle, 0.95)
    scored = {
        "f1": lambda t, d, i: sk.f1_score(t, d.predicted[i]),
        "mcc": lambda t, d, i: sk.matthews_corrcoef(t, d.predicted[i]),
        "roc_auc": lambda t, d, i: sk.roc_auc_score(t, d.scores[i, 1]),
        "accuracy": lambda t, d, i: sk.accuracy_score(t, d.predicted[i]),
    }[metric]
    everyone = np.arange(300)
    assert m == pytest.approx(scored(a.true, a, everyone)) and base == pytest.approx(
        scored(b.true, b, everyone)
    )
    drawn = []
    for _ in range(400):
        rows = generator.integers(0, 300, 300)
        low = scored(a.true[rows], b, rows)
        drawn.append(scored(a.true[rows], a, rows) - float(hurdle.target(np.array(low))))
    assert ci == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.035)


def test_no_certainty_without_an_error() -> None:
    """A perfect candidate is not perfect for certain, and three rows gained are no proof."""
    true = np.arange(40) % 2
    perfect, constant = _classes(true, true * 1.0), _classes(true, np.zeros(40))
    for metric, of in (
        ("f1", limits_of_counts),
        ("accuracy", limits_of_counts),
        ("roc_auc", limits_of_areas),
    ):
        _, _, (low, high), _ = of(metric, perfect, constant, Hurdle(0.2, False, True), 0.95)
        assert high - low > 0.02, metric
    better = constant.predicted.copy()
    better[[1, 3, 5]] = 1
    few = ClassificationData(true, better, None, ["n", "y"], 1)
    assert limits_of_counts("accuracy", few, constant, Hurdle(0, False, True), 0.95)[2][0] < 0


def test_intervals_cover() -> None:
    """The true m - target lies inside in about 95 %: a large sample gives the truth, 300 small ones are tried."""
    generator = np.random.default_rng(4)
    hurdle = Hurdle(0.2, False, True)
    big = _two(generator, 400_000, 1.6, 0.8)
    for metric, of in (
        ("accuracy", limits_of_counts),
        ("f1", limits_of_counts),
        ("roc_auc", limits_of_areas),
    ):
        m, base, _, _ = of(metric, *big, hurdle, 0.95)
        true = m - float(hurdle.target(np.array(base)))
        hits = 0
        for _ in range(300):
            low, high = of(metric, *_two(generator, 200, 1.6, 0.8), hurdle, 0.95)[2]
            hits += low <= true <= high
        assert 0.95 - 4 * 0.0126 <= hits / 300 <= 0.95 + 4 * 0.0126, metric


def test_the_method_end_to_end(register, cancer, tmp_path) -> None:
    _, out = register(cancer, split={"validation": 0.5}, positive="malignant")
    rows = pd.read_csv(out / "validation.csv")
    generator = np.random.default_rng(0)
    paths = {}
    for name, noise in (("candidate", 0.5), ("baseline", 8.0)):
        score = 1 / (1 + np.exp(16.8 - rows["worst radius"] - generator.normal(scale=noise, size=len(rows))))
        paths[name] = str(tmp_path / f"{name}.csv")
        pd.DataFrame({"row_id": rows["row_id"], "prediction": np.where(score > 0.5, "malignant", "benign"),
                      "score_malignant": score}).to_csv(paths[name], index=False)  # fmt: skip
    params = {
        "dataset": str(out),
        "split": "validation",
        **paths,
        "metric": "roc_auc",
        "lift": 0.2,
        "looks": 3,
    }
    answer = lift(params, quiet)
    assert answer["ci"][0] < answer["difference"] < answer["ci"][1]
    assert answer["difference"] == pytest.approx(answer["value"] - answer["target"])
    assert answer["confidence"] == pytest.approx(0.9667, abs=1e-4) and answer["rows"] == len(rows)
    once = lift({**params, "looks": 1}, quiet)
    assert once["confidence"] == 0.95 and once["ci"][0] > answer["ci"][0]
    same = lift({**params, "baseline": paths["candidate"], "lift": 0.1}, quiet)
    assert same["ci"][1] < 0
    for changes, said in (
        ({"lift": -1}, "negative"),
        ({"metric": "rmse"}, "no metric of a classification"),
        ({"baseline": str(tmp_path / "gone.csv")}, "baseline: "),
    ):
        with pytest.raises(Refusal, match=said):
            lift({**params, **changes}, quiet)
