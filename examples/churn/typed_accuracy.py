"""Types an accuracy instead of handing in predictions: the lab shows it as reported, and no gate reads it."""

import specweave

with specweave.track_experiment("too-good") as exp:
    exp.log_metric("accuracy", 0.99)
    exp.log_metric("roc_auc", 0.999)
