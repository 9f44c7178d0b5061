"""Gradient boosting on histograms, with a learning curve. Parameters: learning_rate, iterations, max_leaf_nodes."""

import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

params = specweave.params(learning_rate=0.1, iterations=120, max_leaf_nodes=15)
seed = specweave.seed_everything()

encode = make_column_transformer(
    # -1 for a value that is not in the training data.
    (
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        make_column_selector(dtype_exclude="number"),
    ),
    remainder="passthrough",
)
boosting = HistGradientBoostingClassifier(
    learning_rate=params["learning_rate"],
    max_leaf_nodes=params["max_leaf_nodes"],
    early_stopping=False,  # it would set part of the training data aside
    warm_start=True,
    random_state=seed,
)

with specweave.track_experiment("gradient-boosting") as exp:
    ds = specweave.load_dataset("churn")
    exp.log_params(params)

    train = encode.fit_transform(ds.train.features)
    validation = encode.transform(ds.validation.features)
    for step in range(10, params["iterations"] + 1, 10):
        boosting.set_params(max_iter=step).fit(train, ds.train.target)  # goes on from the step before
        exp.log_metric("loss", log_loss(ds.train.target, boosting.predict_proba(train)), step=step)
        exp.log_metric("val_loss", log_loss(ds.validation.target, boosting.predict_proba(validation)), step=step)
        if exp.should_stop():
            break

    model = make_pipeline(encode, boosting)  # both are fitted: one object that takes raw columns
    exp.log_metric("val_accuracy", model.score(ds.validation.features, ds.validation.target))
    for split in (ds.train, ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict(split.features), y_score=model.predict_proba(split.features))
    exp.save_model(model, example=ds.train.features[:5])
