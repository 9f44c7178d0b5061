"""Trains a regression on the increment's registered dataset and hands in what the lab needs to judge it.

A start that works on any table: gradient boosting takes missing values and categories as they are. Copy it for another
candidate and change `build_model`. Run by the lab (`run_experiment`, `specweave-ml run`), or by hand: `python train.py`.
"""

import numpy as np
import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

# Given by the launcher (`params` of run_experiment); these are what is used where it gives none.
params = specweave.params(
    learning_rate=0.1,
    max_iter=400,
    max_leaf_nodes=31,
    min_samples_leaf=20,
    loss="squared_error",  # for rmse and r2; "absolute_error" for mae and median_ae
)
seed = specweave.seed_everything()


def build_model():
    """One pipeline from raw columns to a number in the target's units, so that training and use cannot differ."""
    # Categories become codes; unknown ones, and those beyond the 200 most frequent, are missing or "other" to the trees.
    encode = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=200
    )
    numbers = make_column_selector(dtype_include=["number", "bool"])
    words = make_column_selector(dtype_exclude=["number", "bool", "datetime"])
    columns = make_column_transformer((encode, words), ("passthrough", numbers), verbose_feature_names_out=False)
    regressor = HistGradientBoostingRegressor(
        loss=params["loss"],
        learning_rate=params["learning_rate"],
        max_iter=params["max_iter"],
        max_leaf_nodes=params["max_leaf_nodes"],
        min_samples_leaf=params["min_samples_leaf"],
        early_stopping=True,  # on a tenth of train; validation stays untouched
        random_state=seed,
    )
    return make_pipeline(columns, regressor)


with specweave.track_experiment("gradient-boosting") as exp:
    exp.log_params(params)
    ds = specweave.load_dataset()  # the increment's, at the version that this run is bound to
    model = build_model().fit(ds.train.features, ds.train.target)
    exp.log_metric("trees", model[-1].n_iter_)

    # What is handed in for train, validation and test is scored by the lab: those numbers are `measured`.
    for split in (ds.train, ds.validation, ds.test):
        estimates = model.predict(split.features)
        exp.save_predictions(split.name, estimates)
        if split.name == "validation":
            # These are only `reported`, shown beside the measured ones.
            truth = split.target
            exp.log_metrics(
                {
                    "validation_mae": mean_absolute_error(truth, estimates),
                    "validation_r2": r2_score(truth, estimates),
                }
            )

    exp.save_model(model, example=ds.train.features.head(5))
