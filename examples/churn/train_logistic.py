"""Logistic regression: the simplest model that is worth comparing with. Parameters: C."""

import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

params = specweave.params(C=1.0)
specweave.seed_everything()

model = make_pipeline(
    make_column_transformer(
        # A state that is not in the training data must not stop a prediction.
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        (StandardScaler(), make_column_selector(dtype_include="number")),
    ),
    LogisticRegression(C=params["C"], max_iter=1000),
)

with specweave.track_experiment("logistic-regression") as exp:
    ds = specweave.load_dataset("churn")
    exp.log_params(params)

    model.fit(ds.train.features, ds.train.target)

    # The script says what it found; the lab computes its own numbers from the predictions.
    exp.log_metric("val_accuracy", model.score(ds.validation.features, ds.validation.target))
    for split in (ds.train, ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict(split.features), y_score=model.predict_proba(split.features))
    exp.save_model(model, example=ds.train.features[:5])
