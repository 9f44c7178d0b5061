"""Columns that are made of later targets are told from what is known at the time, on simulated series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specweave_lab.leakage_leading import EXPLAINED, Leads

Register = Callable[..., tuple[dict[str, Any], Path]]


def autoregressive(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    values = np.zeros(n)
    for row in range(1, n):
        values[row] = memory * values[row - 1] + rng.normal()
    return values


def targets(
    rng: np.random.Generator, n: int, weather: np.ndarray, promotion: np.ndarray
) -> dict[str, np.ndarray]:
    day = np.arange(n)
    week = 3 * np.sin(day / 7 * 2 * np.pi) + (day % 7 == 6) * 4
    orders = rng.poisson(5, n).astype(float)
    return {
        "noise": rng.normal(size=n),
        "walk": 100 + np.cumsum(rng.normal(size=n)),
        "smooth walk": 100 + np.cumsum(autoregressive(rng, n, 0.95)),
        "weekly": 50 + week + rng.normal(size=n),
        "exactly weekly": 50 + week,
        "of weather": 2 * weather + 0.5 * np.roll(weather, 1) + rng.normal(0, 0.2, n),
        "of promotions": 20 + 15 * promotion + rng.normal(size=n),
        "counts": rng.poisson(np.exp(1 + 0.3 * np.sin(day / 7 * 2 * np.pi) + 0.1 * weather)).astype(float),
        "sums of a week": pd.Series(orders).rolling(7, min_periods=1).sum().to_numpy(),
        "a trend": 0.1 * day + rng.normal(0, 0.1, n),
    }


def honest(y: pd.Series, weather: np.ndarray, promotion: np.ndarray) -> dict[str, pd.Series]:
    """What is known when a row's target is predicted."""
    days = pd.Series(pd.date_range("2023-01-01", periods=len(y)))
    before = y.shift(1)
    return {
        "day": pd.Series(np.arange(len(y), dtype=float)),
        "weekday": days.dt.day_of_week.astype(float),
        "sunday": (days.dt.day_of_week == 6).astype(float),
        "month": days.dt.month.astype(float),
        "season": np.sin(days.dt.day_of_year / 365 * 2 * np.pi),
        "weather": pd.Series(weather),
        "weather tomorrow": pd.Series(weather).shift(-1),
        "promotion": pd.Series(promotion),
        "promotion tomorrow": pd.Series(promotion).shift(-1),
        **{f"lag {lag}": y.shift(lag) for lag in (1, 2, 7, 8, 14, 28)},
        **{f"mean of {span}": before.rolling(span).mean() for span in (3, 7, 14, 28)},
        "spread of 7": before.rolling(7).std(),
        "most of 7": before.rolling(7).max(),
        "mean so far": before.expanding().mean(),
        "smoothed": before.ewm(alpha=0.3).mean(),
        "difference": y.diff().shift(1),
    }


def dishonest(y: pd.Series) -> dict[str, pd.Series]:
    return {
        "centred mean of 3": y.rolling(3, center=True, min_periods=1).mean(),
        "centred mean of 7": y.rolling(7, center=True, min_periods=1).mean(),
        "rounded": y.rolling(7, center=True, min_periods=1).mean().round(4),
        "mean of the next 3": y[::-1].rolling(3).mean()[::-1].shift(-1),
        "difference to tomorrow": y.shift(-1) - y,
    }


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [150, 900])
def test_only_what_is_made_of_later_targets_is_named(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    weather = 10 * np.sin(np.arange(n) / 365 * 2 * np.pi) + autoregressive(rng, n, 0.7)
    promotion = (rng.random(n) < 0.2).astype(float)
    wrong, missed = [], []
    for kind, values in targets(rng, n, weather, promotion).items():
        y = pd.Series(values)
        leads = Leads(values, np.zeros(n, np.int64))
        for name, column in honest(y, weather, promotion).items():
            told = leads.explained(column.to_numpy(np.float64))
            if told is not None and told[1] >= EXPLAINED:
                wrong.append((kind, name, told))
        if kind in ("exactly weekly", "smooth walk"):
            continue  # the past tells the future, or nearly: there is nothing to look ahead for
        for name, column in dishonest(y).items():
            told = leads.explained(column.to_numpy(np.float64))
            if told is None or told[1] < EXPLAINED:
                missed.append((kind, name, told))
    assert wrong == []
    assert missed == []


def test_series_are_not_mixed() -> None:
    rng = np.random.default_rng(1)
    series = np.repeat(np.arange(40), 25)
    y = pd.Series(rng.normal(size=1000) + series)
    centred = y.groupby(series).transform(lambda one: one.rolling(7, center=True, min_periods=1).mean())
    told = Leads(y.to_numpy(), series).explained(centred.to_numpy())
    assert told is not None
    assert told[1] > 0.9999
    # Ten rows are too few to look seven back and seven ahead.
    assert Leads(y.to_numpy(), np.repeat(np.arange(100), 10)).explained(centred.to_numpy()) is None


def test_a_centred_average_is_named_at_registration(register: Register) -> None:
    rng = np.random.default_rng(5)
    y = pd.Series(10 + np.cumsum(rng.normal(size=400)) * 0.3 + np.sin(np.arange(400) / 7 * 2 * np.pi))
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d"),
            "around": y.rolling(7, center=True, min_periods=1).mean(),
            "before": y.shift(1).rolling(7, min_periods=1).mean(),
            "target": y.round(6),
        }
    )
    record, _ = register(frame, problem_type="time_series", split={"method": "time", "time_column": "day"})
    [finding] = [one for one in record["leakage"]["findings"] if one["kind"] == "future"]
    assert (finding["column"], finding["certain"]) == ("around", False)
    assert "looks into the future" in finding["message"]
    assert finding["message"] in record["warnings"]
