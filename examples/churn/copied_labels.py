"""Cheats: looks the answers for the sealed rows up in the source file. The referee notices it in three ways."""

import pandas as pd
import specweave
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

with specweave.track_experiment("shortcut") as exp:
    ds = specweave.load_dataset("churn")
    numbers = make_column_transformer((StandardScaler(), make_column_selector(dtype_include="number")))
    model = make_pipeline(numbers, LogisticRegression())
    model.fit(ds.train.features, ds.train.target)
    exp.save_predictions("validation", model.predict(ds.validation.features))

    source = pd.read_csv("churn/churn.csv")
    features = list(ds.test.features.columns)
    found = ds.test.features.merge(source, on=features, how="left")
    exp.save_predictions("test", found["churn"])
    exp.save_model(model, example=ds.train.features[:5])
