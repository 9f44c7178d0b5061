"""The sample that is committed: few rows, of train alone, nothing that looks personal."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import split_rows


def people(rows: int = 200) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer": [f"c{i:03}" for i in range(rows)],
            "full_name": [f"Jane {i}" for i in range(rows)],
            "Birthdate": ["1980-01-01"] * rows,
            "contact": [f"p{i}@example.org" if i % 9 == 0 else "" for i in range(rows)],
            "reach": [f"+49 30 {1000000 + i}" for i in range(rows)],
            "day": ["2024-01-01"] * rows,
            "long": [f"{i} " + "x" * 500 for i in range(rows)],
            "calls": range(rows),
            "target": ["no", "yes"] * (rows // 2),
        }
    )


def test_twenty_rows_of_train_without_what_looks_personal(register) -> None:
    record, out = register(people(), id_column="customer")
    sample = pd.read_csv(out / "sample.csv", dtype=str, keep_default_na=False)
    assert len(sample) == 20 and list(sample.columns) == list(people().columns)
    for blank in ("customer", "full_name", "Birthdate", "contact", "reach"):
        assert set(sample[blank]) == {""}, blank
    assert set(sample["day"]) == {"2024-01-01"} and sample["long"].str.len().max() == 200
    train = split_rows(out)["train"]
    assert set(sample["calls"]) <= set(train["calls"])
    assert sample.merge(train, on=["calls", "target"]).shape[0] == 20, "labels are those of train"
    again, beside = register(people().sample(frac=1, random_state=4), id_column="customer", name="data")
    assert (beside / "sample.csv").read_bytes() == (out / "sample.csv").read_bytes()


@pytest.mark.parametrize("kind", ["few", "parquet"])
def test_few_rows_and_parquet(register, tmp_path, kind) -> None:
    frame = people(30).drop(columns="customer")
    frame["calls"] = frame["calls"] / 2
    source = tmp_path / "s.parquet"
    frame.to_parquet(source, index=False)
    record, out = register(source if kind == "parquet" else frame)
    sample = pd.read_csv(out / "sample.csv")
    assert len(sample) == min(20, record["splits"]["train"]["rows"]) and sample["calls"].dtype == float
