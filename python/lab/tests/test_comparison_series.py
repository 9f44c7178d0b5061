"""``compare`` and ``lift`` of forecasts and of recommendations: second sources, end to end, false positives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats

from specweave_lab.comparison import compare
from specweave_lab.errors import Refusal
from specweave_lab.lift import lift
from specweave_lab.metrics.sums import mean_metric
from specweave_lab.paired import compare_sums
from specweave_lab.paired_series import cosine_error, harvey_leybourne_newbold, mean_limits, series_losses
from specweave_lab.resampling import block_bootstrap_sums


def _ar(generator: np.random.Generator, n: int, phi: float) -> np.ndarray:
    noise = generator.normal(size=n + 50)
    for i in range(1, len(noise)):
        noise[i] += phi * noise[i - 1]
    return noise[50:]


def test_one_step_is_the_paired_t_test() -> None:
    """Harvey, Leybourne and Newbold (1997): with h = 1 the corrected statistic is Student's."""
    losses = np.random.default_rng(0).gamma(2, size=(2, 37))
    gap = losses[0] - losses[1]
    error, degrees = harvey_leybourne_newbold(gap, 1)
    theirs = stats.ttest_rel(losses[0], losses[1])
    assert gap.mean() / error == pytest.approx(theirs.statistic)
    assert 2 * stats.t.sf(abs(gap.mean() / error), degrees) == pytest.approx(theirs.pvalue)


def test_more_steps_by_hand() -> None:
    """d = 1, 3, 2, 4, 6 and h = 2: the sums of the paper's eqs. (1) to (9), written out."""
    d = np.array([1.0, 3, 2, 4, 6])
    centred = [-2.2, -0.2, -1.2, 0.8, 2.8]
    own = sum(c * c for c in centred) / 5
    next_ = sum(x * y for x, y in zip(centred, centred[1:], strict=False)) / 5
    dm = 3.2 / ((own + 2 * next_) / 5) ** 0.5
    corrected = ((5 + 1 - 4 + 2 * 1 / 5) / 5) ** 0.5 * dm
    error, degrees = harvey_leybourne_newbold(d, 2)
    assert degrees == 4 and 3.2 / error == pytest.approx(corrected)


def test_a_constant_series_of_losses_has_no_error_by_cosines() -> None:
    assert cosine_error(np.ones(60))[0] == pytest.approx(0, abs=1e-12)
    generator = np.random.default_rng(1)
    found = [cosine_error(generator.normal(size=200))[0] for _ in range(400)]
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(200**-0.5, rel=0.05)


def test_rmse_interval_against_a_block_bootstrap() -> None:
    """The root's delta method against stretches of time drawn again, on a long series that has memory."""
    generator = np.random.default_rng(2)
    n = 1_500
    true = generator.normal(size=n)
    a, b = true + 0.9 * _ar(generator, n, 0.3), true + _ar(generator, n, 0.3)
    one = np.array([""] * n)
    losses = series_losses("rmse", true, a, b, np.arange(n), one, {})
    assert losses is not None and losses.ordered
    value = losses.value(0) - losses.value(1)
    (low, high), _, method = mean_limits(value, losses.influence(0) - losses.influence(1), True)
    drawn = block_bootstrap_sums(losses.sums, generator, 4_000)
    theirs = np.sqrt(drawn[:, 0] / drawn[:, 2]) - np.sqrt(drawn[:, 1] / drawn[:, 2])
    assert method == "diebold_mariano_hln"
    assert value == pytest.approx(np.sqrt(np.mean((a - true) ** 2)) - np.sqrt(np.mean((b - true) ** 2)))
    assert high - low == pytest.approx(np.ptp(np.quantile(theirs, [0.025, 0.975])), rel=0.25)


def test_units_are_times_else_series() -> None:
    series, times = np.repeat(np.arange(12).astype(str), 4), np.tile(np.arange(4), 12)
    true, zero = np.arange(48.0), np.zeros(48)
    by_series = series_losses("mae", true, true + 1, true - 2, times, series, {})
    assert by_series is not None and not by_series.ordered
    assert by_series.sums.tolist() == [[4.0, 8.0, 4.0]] * 12
    assert series_losses("mae", true, zero, zero, times, np.array(["a"] * 48), {}) is None
    by_time = series_losses("mae", true, zero, zero, np.arange(48), series, {})
    assert by_time is not None and by_time.ordered and len(by_time.sums) == 48


def test_false_positives_of_forecasts() -> None:
    """Two equally good forecasts whose errors have memory, 1,000 times each: p < 0.05 in about 5 %."""
    generator = np.random.default_rng(3)
    for phi, n, most in ((0.0, 50, 0.06), (0.5, 50, 0.10), (0.5, 200, 0.075)):
        low = 0
        for _ in range(1_000):
            gap = _ar(generator, n, phi)
            low += mean_limits(float(gap.mean()), gap - gap.mean(), True)[1] < 0.05
        assert 0.01 < low / 1_000 < most, (phi, n, low / 1_000)


def test_false_positives_over_users() -> None:
    """Two equally good lists of 80 users, 150 times: p < 0.05 in about 5 % (four standard errors)."""
    generator = np.random.default_rng(4)
    low = 0
    for _ in range(150):
        shared = generator.random(80) < 0.5
        a, b = (shared * (generator.random(80) < 0.6) / generator.integers(1, 11, 80) for _ in "ab")
        low += compare_sums(mean_metric(a), mean_metric(b)).p < 0.05
    assert low / 150 <= 0.05 + 4 * 0.0178


@pytest.fixture
def shops(register, tmp_path):
    days = pd.date_range("2026-01-01", periods=200)
    generator = np.random.default_rng(5)
    frame = pd.concat(
        [pd.DataFrame({"shop": s, "day": days, "sales": 20 + np.arange(200) % 7 + generator.normal(size=200)})
         for s in "ab"]
    )  # fmt: skip
    frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    _, out = register(
        frame, target="sales", problem_type="time_series",
        split={"time_column": "day", "group_column": "shop"},
    )  # fmt: skip
    rows = pd.read_csv(out / "validation.csv")
    files = {}
    for run, spread in (("good", 0.5), ("same", 0.5), ("bad", 4.0)):
        files[run] = str(tmp_path / f"{run}.csv")
        given = rows["sales"] + generator.normal(scale=spread, size=len(rows))
        pd.DataFrame({"row_id": rows["row_id"], "prediction": given}).sample(frac=1, random_state=1).to_csv(
            files[run], index=False
        )
    return {"dataset": str(out), "split": "validation", "predictions": files, "reference": "good"}


@pytest.mark.parametrize("metric", ["mape", "smape", "mase", "rmsse", "rmse", "mae"])
def test_forecasts_end_to_end(shops, metric: str) -> None:
    same, bad = compare({**shops, "metric": metric}, quiet)["differences"]
    assert same["verdict"] == "no_difference_shown" and bad["verdict"] == "worse"
    assert bad["ci"][0] < bad["difference"] < bad["ci"][1] and bad["method"] == "diebold_mariano_hln"
    files = shops["predictions"]
    asked = {key: shops[key] for key in ("dataset", "split")} | {"metric": metric, "lift": 0.2}
    found = lift({**asked, "candidate": files["good"], "baseline": files["bad"]}, quiet)
    assert found["target"] == pytest.approx(found["baseline"] * 0.8) and found["ci"][1] < 0
    assert lift({**asked, "candidate": files["same"], "baseline": files["good"]}, quiet)["ci"][1] > 0


def test_forecasts_of_few_times_are_not_compared(register, tmp_path) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=30), "sales": np.arange(30.0)})
    _, out = register(frame, target="sales", problem_type="time_series", split={"time_column": "day"})
    rows = pd.read_csv(out / "validation.csv")
    files = {name: str(tmp_path / f"{name}.csv") for name in "ab"}
    for path in files.values():
        rows[["row_id"]].assign(prediction=1.0).to_csv(path, index=False)
    params = {
        "dataset": str(out),
        "split": "validation",
        "predictions": files,
        "reference": "a",
        "metric": "mae",
    }
    with pytest.raises(Refusal, match="at least 10 times"):
        compare(params, quiet)


def test_recommendations_end_to_end(register, tmp_path) -> None:
    generator = np.random.default_rng(6)
    frame = pd.DataFrame(
        [
            {"user": f"u{u:03}", "item": f"i{i}", "when": f"2026-01-{1 + n:02}"}
            for u in range(120)
            for n, i in enumerate(generator.choice(30, size=8, replace=False))
        ]
    )
    _, out = register(
        frame, target="item", problem_type="recommendation",
        split={"group_column": "user", "time_column": "when"},
    )  # fmt: skip
    chosen = pd.read_csv(out / "validation.csv").groupby("user")["item"].first()
    files = {}
    for run, hit in (("good", 0.8), ("same", 0.8), ("bad", 0.1)):
        lines = []
        for user, item in chosen.items():
            others = [f"i{i}" for i in generator.permutation(30) if f"i{i}" != item][:10]
            if generator.random() < hit:
                others[int(generator.integers(0, 3))] = item
            lines += [{"user_id": user, "item_id": one, "rank": 1 + n} for n, one in enumerate(others)]
        files[run] = str(tmp_path / f"{run}.csv")
        pd.DataFrame(lines).to_csv(files[run], index=False)
    params = {"dataset": str(out), "split": "validation", "predictions": files, "reference": "good"}
    for metric in ("ndcg@10", "hit_rate@5", "map"):
        answer = compare({**params, "metric": metric}, quiet)
        same, bad = answer["differences"]
        assert same["verdict"] == "no_difference_shown" and bad["verdict"] == "worse"
        assert bad["method"] == "paired_bootstrap+permutation"
    asked = {"dataset": str(out), "split": "validation", "metric": "ndcg@10", "lift": 0.2}
    found = lift({**asked, "candidate": files["good"], "baseline": files["bad"]}, quiet)
    assert found["ci"][0] > 0 and found["rows"] == len(chosen) and found["method"] == "paired_bootstrap_bca"
    with pytest.raises(Refusal, match="coverage is one number"):
        compare({**params, "metric": "coverage@10"}, quiet)
    with pytest.raises(Refusal, match="coverage is one number"):
        lift({**asked, "metric": "coverage", "candidate": files["good"], "baseline": files["bad"]}, quiet)
