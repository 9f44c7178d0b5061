"""A neural network that diverges, on purpose: its features are not scaled and its learning rate is far too high.

A failed experiment is worth keeping when it says why it failed. This one does, before it ends with the error.
"""

import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import OneHotEncoder

params = specweave.params(learning_rate=10.0, epochs=20)
seed = specweave.seed_everything()

encode = make_column_transformer(
    (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    remainder="passthrough",  # the mistake: minutes run to 350, charges to 60, and nothing scales them
)
network = MLPClassifier(
    hidden_layer_sizes=(64, 32),
    solver="sgd",
    learning_rate_init=params["learning_rate"],
    momentum=0.9,
    random_state=seed,
)

with specweave.track_experiment("neural-network") as exp:
    ds = specweave.load_dataset("churn")
    exp.log_params(params)

    features, target = encode.fit_transform(ds.train.features), ds.train.target
    try:
        for epoch in range(1, params["epochs"] + 1):
            network.partial_fit(features, target, classes=target.unique())
            exp.log_metric("loss", network.loss_, step=epoch)
            if not network.loss_ < 100:  # guessing costs about 0.4; NaN ends here too
                raise FloatingPointError(f"the training diverged: the loss is {network.loss_:.2g} after epoch {epoch}")
    except (FloatingPointError, ValueError):  # scikit-learn raises ValueError for weights that are not finite
        exp.log_note(
            f"FAILED: the network diverges at a learning rate of {params['learning_rate']:g} on unscaled features. "
            "Scale them (StandardScaler) and start near 0.001."
        )
        raise

    for split in (ds.validation, ds.test):
        exp.save_predictions(split.name, network.predict(encode.transform(split.features)))
