"""Baselines of time series: naive, seasonal naive, and the tabular ones over the series' values.

Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., sec. 5.2. The forecast of a
split starts from the last value before it: train for validation, train and validation for test.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from specweave_lab.baselines import tabular
from specweave_lab.baselines.data import BadCall, BaselineData

STRATEGIES = ("naive", "seasonal-naive", *tabular.STRATEGIES)

SEASONS = ((3_600, 24), (86_400, 7), (7 * 86_400, 52), (30.4 * 86_400, 12), (91.3 * 86_400, 4))
"""Steps in seconds, and how many of them make the season that is usual for such a series."""


def predict(data: BaselineData, strategy: str) -> tabular.Answer:
    """Forecast validation and test. Columns ``series_id`` (where there are several), ``time``,
    ``prediction``.
    """
    time, group = data.record["time_column"], data.record.get("group_column")
    if strategy in tabular.STRATEGIES:
        frames, said = tabular.predict(data, strategy)
        values = {split: frames[split]["prediction"].to_numpy() for split in ("validation", "test")}
    else:
        season = (
            1 if strategy == "naive" else int(data.params.get("season") or _season(data.train, time, group))
        )
        if season < 1:
            raise BadCall(f"season is {season}: it is a number of steps, at least 1.")
        history = pd.concat([data.train, data.validation], ignore_index=True)
        values = {
            "validation": _forecast(data.train, data.validation, time, group, data.target, season),
            "test": _forecast(history, data.test, time, group, data.target, season),
        }
        said = "the last value" if season == 1 else f"the value {season} steps before"
    answer: dict[str, pd.DataFrame] = {}
    for split, predicted in values.items():
        frame = data.splits()[split]
        columns = {"series_id": frame[group]} if group else {}
        answer[split] = pd.DataFrame({**columns, "time": frame[time], "prediction": predicted})
    return answer, said


def _times(frame: pd.DataFrame, time: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(frame[time]):
        return frame[time]
    return pd.to_datetime(
        frame[time],
        utc=True,
        format="ISO8601" if frame[time].astype(str).str.match(r"\d{4}-").all() else None,
    )


def _keys(frame: pd.DataFrame, group: str | None) -> pd.Series:
    return frame[group] if group else pd.Series("", index=frame.index)


def _forecast(
    history: pd.DataFrame, future: pd.DataFrame, time: str, group: str | None, target: str, season: int
) -> np.ndarray:
    """For the k-th future time of a series the value at the same place of its last season; the median for a
    new series.
    """
    past = history.assign(_time=_times(history, time), _key=_keys(history, group)).sort_values(
        "_time", kind="stable"
    )
    last = {key: values.to_numpy(np.float64)[-season:] for key, values in past.groupby("_key")[target]}
    elsewhere = np.array([float(np.median(past[target].to_numpy(np.float64)))])
    keys, times = _keys(future, group), _times(future, time)
    step = times.groupby(keys.to_numpy()).rank(method="dense").to_numpy(np.int64) - 1
    found = [last.get(key, elsewhere) for key in keys]
    return np.array([values[k % len(values)] for values, k in zip(found, step, strict=True)])


def _season(train: pd.DataFrame, time: str, group: str | None) -> int:
    """The season that is usual for the series' step (daily 7, hourly 24, monthly 12 ...); 1 where none is."""
    times = _times(train, time)
    if pd.api.types.is_numeric_dtype(times):
        return 1
    keys = _keys(train, group)
    first = times[(keys == keys.iloc[0]).to_numpy()].sort_values()
    step = first.diff().dt.total_seconds().median()
    fitting = [season for seconds, season in SEASONS if step and abs(step / seconds - 1) < 0.1]
    return fitting[0] if fitting else 1
