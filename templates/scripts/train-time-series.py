"""Forecasts the increment's series from their calendar and their own past, and hands the forecasts in.

Gradient boosting on lags that are never shorter than the stretch it forecasts, so that nothing of the future is used:
it forecasts one stretch, takes its forecasts for the past, and goes on to the end of the block. Columns other than time,
series and target are not used; one whose future values are known can be added in `features_at`. Rows are taken to be
evenly spaced. Run by the lab (`run_experiment`, `specweave-ml run`), or by hand: `python train.py`.
"""

import numpy as np
import pandas as pd
import specweave
from sklearn.ensemble import HistGradientBoostingRegressor


def seasons_of(times):
    """Rows in one season and in one long season (mostly a year), from the usual time between two rows."""
    days = times.drop_duplicates().sort_values().diff().median() / pd.Timedelta(days=1)
    # at least so many days between rows: yearly, quarterly, monthly, weekly, daily (52 whole weeks), hourly
    for at_least, short, long in (
        (300, 1, 1),
        (80, 4, 4),
        (25, 12, 12),
        (6, 4, 52),
        (0.9, 7, 364),
        (0.03, 24, 168),
    ):
        if days >= at_least:
            return short, long
    return 60, 60


def features_at(history, times, step, season):
    """Features for `times`, which follow the history without a gap and are no more than `step`; and the level."""
    end, level = len(history), history[-max(step, 4 * season) :].mean()
    columns = {
        "month": times.month,
        "day": times.day,
        "weekday": times.day_of_week,
        "day_of_year": times.day_of_year,
        "hour": times.hour,
        "recent": np.full(len(times), history[-4 * season :].mean() - level),
    }
    for lag in (step, 2 * step):
        at = end + np.arange(len(times)) - lag
        columns[f"lag_{lag}"] = np.where(at >= 0, history[np.maximum(at, 0)] - level, np.nan)
    return pd.DataFrame(columns), level


def training_rows(values, times, step, season):
    """Features and targets of one series, stretch by stretch, each with the history that was known before it."""
    rows, targets = [], []
    for start in range(step, len(values), min(step, 4 * season)):
        features, level = features_at(values[:start], times[start : start + step], step, season)
        rows.append(features)
        # Trees cannot leave the range that they saw, so they learn the distance to the level, which may move.
        targets.append(values[start : start + step] - level)
    if not rows:
        raise SystemExit(f"A series has {len(values)} rows to learn from, no more than one season of {step}.")
    return pd.concat(rows), np.concatenate(targets)


def forecast(model, history, times, step, season):
    """Values for `times`, stretch by stretch; earlier forecasts are the past of later ones."""
    values = history
    for start in range(0, len(times), step):
        features, level = features_at(values, times[start : start + step], step, season)
        values = np.append(values, level + model.predict(features))
    return values[len(history) :]


def forecast_block(forecaster, block):
    """Values for the rows of a block (`time`, `series`), in their order."""
    values = pd.Series(np.nan, index=block.index)
    for key, rows in block.sort_values("time").groupby("series"):
        # A series that begins later: the mean of all is the best that is known.
        past = forecaster["past"].get(key, np.array([forecaster["mean"]]))
        times = pd.DatetimeIndex(rows["time"])
        values[rows.index] = forecast(
            forecaster["regressor"],
            past,
            times,
            forecaster["step"],
            forecaster["season"],
        )
    return values


def predict(forecaster, features):
    """Forecasts for rows that follow the past which was saved: what the lab asks of the model."""
    series = forecaster["series_column"]
    block = pd.DataFrame(
        {
            "time": pd.to_datetime(features[forecaster["time_column"]]),
            "series": features[series].astype(str) if series else "",
        }
    )
    return forecast_block(forecaster, block).to_numpy()


def main():
    # Given by the launcher (`params` of run_experiment); these are what is used where it gives none.
    params = specweave.params(
        learning_rate=0.05,
        max_iter=300,
        max_leaf_nodes=15,
        season=None,  # rows in a season; None: told from the spacing (7 of days, 12 of months, 24 of hours, ...)
    )
    seed = specweave.seed_everything()

    with specweave.track_experiment("boosting-on-lags") as exp:
        exp.log_params(params)
        ds = specweave.load_dataset()  # the increment's, at the version that this run is bound to
        time, series, target = (
            ds.record["time_column"],
            ds.record.get("group_column"),
            ds.target,
        )

        blocks = {}
        for split in (ds.train, ds.validation, ds.test):
            frame = split.frame
            columns = {
                "key": frame[time].astype(str),  # as it stands in the file, to hand it back
                "time": pd.to_datetime(frame[time]),
                "series": frame[series].astype(str) if series else "",
                "value": frame[target].astype(float) if target in frame else np.nan,
            }
            blocks[split.name] = pd.DataFrame(columns).sort_values(["series", "time"])

        # Far ahead a year is forecast at once from the years before; near, or where years are few, a season at a time.
        train = blocks["train"]
        season, year = seasons_of(train["time"])
        season = params["season"] or season
        horizon = blocks["validation"].groupby("series").size().max()
        step = year if horizon > 4 * season and train.groupby("series").size().min() >= 3 * year else season
        exp.log_params({"season": season, "step": step})

        learned = [
            training_rows(rows["value"].to_numpy(), pd.DatetimeIndex(rows["time"]), step, season)
            for _, rows in train.groupby("series")
        ]  # one model for all series
        model = HistGradientBoostingRegressor(
            learning_rate=params["learning_rate"],
            max_iter=params["max_iter"],
            max_leaf_nodes=params["max_leaf_nodes"],
            random_state=seed,
        )
        model.fit(pd.concat([x for x, _ in learned]), np.concatenate([y for _, y in learned]))

        # Validation follows train; test follows both, so that the values of validation are the past by then.
        known = train
        for name in ("validation", "test"):
            past = {key: rows["value"].to_numpy() for key, rows in known.groupby("series")}
            # What forecasts is the regressor with the past that it goes on from: it is saved as one.
            forecaster = {
                "regressor": model,
                "past": past,
                "mean": known["value"].mean(),
            }
            forecaster |= {
                "step": step,
                "season": season,
                "time_column": time,
                "series_column": series,
            }
            block = blocks[name]
            forecasts = block.rename(columns={"series": "series_id"})[["series_id"]]
            forecasts = forecasts.assign(time=block["key"], prediction=forecast_block(forecaster, block))
            exp.save_predictions(name, forecasts)
            if name == "validation":
                # Only `reported`, shown beside what the lab measures.
                exp.log_metric(
                    "validation_mae",
                    (forecasts["prediction"] - block["value"]).abs().mean(),
                )
                known = pd.concat([known, block])

        exp.save_model(forecaster, predict="train.py:predict")


if __name__ == "__main__":
    main()
