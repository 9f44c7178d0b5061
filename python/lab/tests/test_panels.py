"""Several series in one file: refused where the column that names them was left out, warned of where none does."""

from __future__ import annotations

import pandas as pd
import pytest

from specweave_lab.errors import Refusal

DAYS = pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d")


def sales(*keys: str, **columns: str) -> pd.DataFrame:
    """A row for each of the keys (``store=x item=y``) and day, with a measurement and a promotion beside them."""
    rows = []
    for place, key in enumerate(keys):
        names = dict(pair.split("=") for pair in key.split())
        for day, when in enumerate(DAYS):
            rows.append(
                {
                    **names,
                    **columns,
                    "day": when,
                    "promo": "yes" if (day + place) % 7 == 0 else "no",
                    "heat": round(10 + day / 7 + place / 3, 3),
                    "sold": 100 * place + day,
                }
            )
    return pd.DataFrame(rows)


def asked(**split: object) -> dict:
    return {
        "target": "sold",
        "problem_type": "time_series",
        "split": {"time_column": "day", **split},
        "known": [],
    }


def test_a_panel_is_refused_with_the_call_that_names_its_series(register) -> None:
    frame = sales("store=a", "store=b", "store=c")
    with pytest.raises(Refusal) as caught:
        register(frame, **asked())
    said = caught.value.to_json()
    assert said["code"] == "DATASET_INVALID"
    assert (
        '180 of 180 rows have the "day" of another row' in said["message"]
        and '"store" tells' in said["message"]
    )
    assert said["next"][0]["tool"] == "register_dataset"
    assert said["next"][0]["arguments"] == {"split": {"group_column": "store"}}
    record, _ = register(frame, **asked(group_column="store"))
    assert not [warning for warning in record["warnings"] if "another row" in warning]


def test_two_columns_that_name_a_series_together_are_to_be_joined(register) -> None:
    frame = sales(*(f"store={s} item={i}" for s in "abc" for i in "xyzw"), store_item="taken")
    with pytest.raises(Refusal) as caught:
        register(frame, **asked())
    assert '"store" and "item" together tell them apart' in caught.value.message
    assert caught.value.next_steps[0]["arguments"] == {"split": {"group_column": "store_item_series"}}
    # Half of the name alone leaves the same trouble.
    record, _ = register(frame, **asked(group_column="store"))
    (warning,) = [warning for warning in record["warnings"] if "another row of the same" in warning]
    assert '"store"' in warning and "join them into one column" in warning


def test_few_repeated_times_are_a_warning_and_other_problems_are_not_asked(register) -> None:
    one = sales("store=a")
    twice = pd.concat([one, one.iloc[[3, 9]].assign(sold=7)])
    record, _ = register(twice, **asked())
    (warning,) = [warning for warning in record["warnings"] if "another row" in warning]
    assert '4 of 62 rows have the "day" of another row' in warning and "baselines are not scored" in warning
    record, _ = register(one, **asked())
    assert not [warning for warning in record["warnings"] if "another row" in warning]
    # A measurement is no name, however well it tells rows apart.
    many = sales("store=a", "store=b", "store=c")
    many["heat"] = many["sold"] % 100 // 2 + many["sold"] // 100 * 0.5
    record, _ = register(many.drop(columns="store"), **asked())
    (warning,) = [warning for warning in record["warnings"] if "another row" in warning]
    assert "heat" not in warning and "Name a column that tells them apart" in warning
    panel = sales("store=a", "store=b")
    record, _ = register(panel, **{**asked(method="time"), "problem_type": "regression"})
    assert record["rows"] == 120


def test_a_version_that_is_there_stays_as_it_is(register) -> None:
    frame = sales("store=a", "store=b")
    again = {name: value for name, value in asked().items() if name != "known"}
    record, _ = register(frame, **again)
    answer, out = register(frame, **{**asked(), "known": ["another", record["hash"]]})
    assert answer == {"known": record["hash"]}
    assert list(out.iterdir()) == []
