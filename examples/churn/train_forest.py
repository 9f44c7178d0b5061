"""A random forest. Parameters: n_estimators, min_samples_leaf."""

import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

params = specweave.params(n_estimators=200, min_samples_leaf=2)
seed = specweave.seed_everything()

model = make_pipeline(
    make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        remainder="passthrough",  # trees need no scaling
    ),
    RandomForestClassifier(
        n_estimators=params["n_estimators"],
        min_samples_leaf=params["min_samples_leaf"],
        max_features=0.5,  # most one-hot columns say nothing: let each split see enough of the others
        random_state=seed,
    ),
)

with specweave.track_experiment("random-forest") as exp:
    ds = specweave.load_dataset("churn")
    exp.log_params(params)

    model.fit(ds.train.features, ds.train.target)

    exp.log_metric("val_accuracy", model.score(ds.validation.features, ds.validation.target))
    for split in (ds.train, ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict(split.features), y_score=model.predict_proba(split.features))
    exp.save_model(model, example=ds.train.features[:5])
