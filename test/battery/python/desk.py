"""What the battery's scripts share: reading the rows by one of several libraries, a model of one of several kinds, handing in.

A variant is told by the environment: BATTERY_LOADER (sdk, pandas, polars, csv) and BATTERY_MODEL (linear, forest, boosting).
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

TARGET = os.environ["BATTERY_TARGET"]
SOURCE = os.environ["BATTERY_SOURCE"]
KIND = os.environ["BATTERY_KIND"]
POSITIVE = os.environ.get("BATTERY_POSITIVE")
LOADER = os.environ.get("BATTERY_LOADER", "sdk")
MODEL = os.environ.get("BATTERY_MODEL", "linear")


@dataclass
class Rows:
    """Features as a frame, ids, and labels where the split has them."""

    X: pd.DataFrame
    ids: list[str]
    y: pd.Series | None


def read(path: str) -> pd.DataFrame:
    """A CSV, by the library of the variant."""
    if LOADER == "polars":
        import polars

        columns = polars.read_csv(path, infer_schema_length=None).to_dict(as_series=False)
        return pd.DataFrame(columns).replace({None: np.nan})
    if LOADER == "csv":
        with open(path, newline="") as file:
            frame = pd.DataFrame(list(csv.DictReader(file))).replace("", np.nan)
        for column in frame.columns:
            if column not in ("row_id", TARGET):
                frame[column] = _numbers(frame[column])
        if KIND != "classification" and TARGET in frame:
            frame[TARGET] = pd.to_numeric(frame[TARGET])
        return frame
    return pd.read_csv(path)


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.notna().sum() == column.notna().sum() else column


def load() -> tuple[Rows, Rows, Rows]:
    """Train, validation and test; test has no labels."""
    if LOADER == "sdk":
        ds = specweave.load_dataset(os.environ["SPECWEAVE_DATASET"].split("@")[0])
        return tuple(
            Rows(split.features, split.row_ids, None if split.name == "test" else split.target)
            for split in (ds.train, ds.validation, ds.test)
        )
    return tuple(rows(read(os.environ[f"SPECWEAVE_{split}"])) for split in ("TRAIN", "VALIDATION", "TEST"))


def rows(frame: pd.DataFrame) -> Rows:
    ids = list(frame["row_id"].astype(str))
    y = frame[TARGET] if TARGET in frame else None
    return Rows(frame.drop(columns=["row_id", TARGET], errors="ignore"), ids, y)


def model(seed: int = 7, **given):
    """A pipeline that takes the features as they are."""
    texts = make_column_selector(dtype_exclude="number")
    encode = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    )
    columns = make_column_transformer(
        (encode, texts), remainder=SimpleImputer(strategy="median", keep_empty_features=True)
    )
    classify = KIND == "classification"
    if MODEL == "forest":
        forest = RandomForestClassifier if classify else RandomForestRegressor
        last = forest(**{"n_estimators": 40, "min_samples_leaf": 5, "random_state": seed, **given})
    elif MODEL == "boosting":
        boosting = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        last = boosting(**{"max_iter": 40, "random_state": seed, **given})
    elif classify:
        last = LogisticRegression(max_iter=500, **given)
    else:
        last = Ridge(**given)
    return make_pipeline(columns, StandardScaler(), last)


def hand_in(fitted, train: Rows, validation: Rows, test: Rows, save: bool = True) -> None:
    """Predictions for all splits, and the model."""
    with specweave.track_experiment("battery") as exp:
        for name, split in (("train", train), ("validation", validation), ("test", test)):
            exp.save_predictions(name, fitted.predict(split.X), ids=split.ids, **scores(fitted, split.X))
        if save:
            exp.save_model(fitted, example=train.X[:5])


def scores(fitted, X: pd.DataFrame) -> dict:
    return {"y_score": fitted.predict_proba(X)} if KIND == "classification" else {}
