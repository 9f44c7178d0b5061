"""Predictions of a time series: ``series_id,time,prediction``."""

from __future__ import annotations

from .arrays import is_frame
from .errors import SpecWeaveError
from .predictions import checked_column, number_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .dataset import Dataset

HEADER = ["series_id", "time", "prediction"]


def forecast_rows(
    dataset: Dataset, split: str, given: Any, order: list[int] | None
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Header and rows, in the split's row order.

    Parameters
    ----------
    given
        Numbers in the split's row order, or a table with ``time``, ``prediction`` and, of several series, ``series_id``
        (the dataset's own names of these columns do as well). The series id is empty where there is one series.

    Raises
    ------
    SpecWeaveError
        Where a row of the split has no forecast, or two.
    """
    keys = _keys(dataset, split)
    if is_frame(given):
        values = _from_table(dataset, split, given, keys)
    else:
        values = checked_column(dataset, split, given, "y_pred", order)
    texts = number_texts(dataset, split, values, "y_pred")
    return HEADER, [(series, time, text) for (series, time), text in zip(keys, texts)]


def _keys(dataset: Dataset, split: str) -> list[tuple[str, str]]:
    """Series and time of each row of the split, as texts."""
    time, series = dataset.record.get("time_column"), dataset.record.get("group_column")
    path = dataset.split(split).path
    if path.endswith(".csv"):
        from .tables import read_columns

        header, rows = read_columns(path)
    else:
        frame = dataset.split(split).frame
        header, rows = list(frame.columns), frame.astype(str).to_numpy().tolist()
    if time not in header:
        raise SpecWeaveError(
            f"The {split} split of {dataset.id} has no time column {time!r}.",
            "register the series with split: {method: time, time_column: ...}",
        )
    at, of = header.index(time), header.index(series) if series in header else None
    return [("" if of is None else row[of], row[at]) for row in rows]


def _from_table(dataset: Dataset, split: str, given: Any, keys: list[tuple[str, str]]) -> list[Any]:
    names = [str(name) for name in given.columns]
    time = _pick(names, "time", dataset.record.get("time_column"))
    series = _pick(names, "series_id", dataset.record.get("group_column")) if any(k[0] for k in keys) else None
    value = _pick(names, "prediction", dataset.target)
    times = [str(t) for t in given[time].tolist()]
    of = [str(s) for s in given[series].tolist()] if series else [""] * len(times)
    forecasts: dict[tuple[str, str], Any] = {}
    for key, prediction in zip(zip(of, (_day(t) for t in times)), given[value].tolist()):
        if key in forecasts:
            raise SpecWeaveError(
                f"The forecast for {' '.join(key).strip()} stands twice.", "give each time once a series"
            )
        forecasts[key] = prediction
    missing = [key for key in keys if (key[0], _day(key[1])) not in forecasts]
    if missing:
        shown = ", ".join(" ".join(key).strip() for key in missing[:5])
        raise SpecWeaveError(
            f"{len(missing)} of the {len(keys)} rows of the {split} split have no forecast: {shown}.",
            f"forecast for the rows of ds.{split}.features",
        )
    return [forecasts[(key[0], _day(key[1]))] for key in keys]


def _day(text: str) -> str:
    """``2026-11-21`` and ``2026-11-21 00:00:00`` are one time: pandas writes the second for the first."""
    text = text.replace("T", " ")
    return text[:-9] if text.endswith(" 00:00:00") else text


def _pick(names: list[str], wanted: str, own: Any) -> str:
    for name in (wanted, own):
        if name in names:
            return name
    raise SpecWeaveError(
        f"The table of forecasts has no column {wanted}{f' (or {own})' if own else ''}; it has {', '.join(names)}.",
        "name its columns series_id, time, prediction",
    )
