"""A training script as people have them: its own command line, its own CSV log, and no import of specweave.

    python legacy_train.py --train train.csv --val validation.csv --test test.csv --lr 0.1 --out results

Writes to the folder given by --out:
    history.csv                   step,loss,val_accuracy: a line each epoch
    predictions/validation.csv    row_id,prediction
    predictions/test.csv          row_id,prediction
"""

import argparse
import csv
import pathlib

import pandas as pd
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler


def read(path, columns=None):
    """The row ids and the numeric features of a split file; text columns become indicators."""
    table = pd.read_csv(path, dtype={0: str}).set_index("row_id")
    labels = table.pop("churn") if "churn" in table else None
    features = pd.get_dummies(table, dtype=float)
    if columns is not None:
        features = features.reindex(columns=columns, fill_value=0.0)
    return features, labels


def main():
    parser = argparse.ArgumentParser(description="Linear churn model, trained by stochastic gradient descent.")
    parser.add_argument("--train", required=True)
    parser.add_argument("--val", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()

    x_train, y_train = read(args.train)
    x_val, y_val = read(args.val, x_train.columns)
    x_test, _ = read(args.test, x_train.columns)
    scaler = StandardScaler().fit(x_train)
    model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=args.lr, random_state=args.seed)

    folder = args.out / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    with open(args.out / "history.csv", "w", newline="") as file:
        history = csv.writer(file)
        history.writerow(["step", "loss", "val_accuracy"])
        for step in range(1, args.epochs + 1):
            model.partial_fit(scaler.transform(x_train), y_train, classes=["no", "yes"])
            loss = log_loss(y_train, model.predict_proba(scaler.transform(x_train)))
            accuracy = model.score(scaler.transform(x_val), y_val)
            history.writerow([step, f"{loss:.5f}", f"{accuracy:.4f}"])
            file.flush()  # so that others can follow
            print(f"step {step:3d}  loss {loss:.4f}  val_accuracy {accuracy:.4f}")

    for name, features in [("validation", x_val), ("test", x_test)]:
        predicted = pd.Series(model.predict(scaler.transform(features)), index=features.index, name="prediction")
        predicted.to_csv(folder / f"{name}.csv")


if __name__ == "__main__":
    main()
