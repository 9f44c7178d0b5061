"""Baselines of classification and regression: random, popularity (majority class, median), rule-based."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from specweave_lab.baselines.data import BaselineData
from specweave_lab.labels import label_keys

if TYPE_CHECKING:
    from specweave_lab.baselines.rules import Rule

STRATEGIES = ("random", "popularity", "rule-based")

Answer = tuple[dict[str, pd.DataFrame], str]
"""Predictions by split, and a sentence that says what was learned."""


def predict(data: BaselineData, strategy: str) -> Answer:
    """Fit on train and predict all splits.

    ``random`` draws classes by their frequency in train (targets of train for a regression), by the run's
    seed; ``popularity`` is the most frequent class, or the median; ``rule-based`` the best rule over one
    column.
    """
    return _classes(data, strategy) if data.problem_type == "classification" else _numbers(data, strategy)


def _classes(data: BaselineData, strategy: str) -> Answer:
    classes = list(data.record["classes"])
    index = {key: code for code, key in enumerate(label_keys(classes))}
    train = np.array([index[key] for key in label_keys(data.train[data.target])])
    shares = np.bincount(train, minlength=len(classes)) / len(train)
    frames: dict[str, pd.DataFrame] = {}
    if strategy == "rule-based":
        rule = _best_rule(data, train, len(classes))
        for split, frame in data.splits().items():
            scores = rule.predict(frame)
            frames[split] = _frame(frame, classes, scores.argmax(axis=1), scores)
        return frames, rule.text(classes)
    generator = np.random.default_rng(data.seed)
    for split, frame in data.splits().items():
        codes = np.full(len(frame), int(shares.argmax()))
        if strategy == "random":
            codes = generator.choice(len(classes), size=len(frame), p=shares)
        frames[split] = _frame(frame, classes, codes, np.tile(shares, (len(frame), 1)))
    listed = ", ".join(f"{name} {share:.1%}" for name, share in list(zip(classes, shares, strict=True))[:8])
    if strategy == "random":
        return frames, f"classes drawn by their frequency in train: {listed}"
    return frames, f'always "{classes[int(shares.argmax())]}"; in train: {listed}'


def _best_rule(data: BaselineData, target: np.ndarray, classes: int) -> Rule:
    # It loads scikit-learn, which takes longer than the other strategies do in all.
    from specweave_lab.baselines.rules import best_rule

    return best_rule(data, target, classes)


def _frame(rows: pd.DataFrame, classes: list[str], codes: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
    columns = {"row_id": rows["row_id"], "prediction": np.asarray(classes, object)[codes]}
    return pd.DataFrame(columns | {f"score_{name}": scores[:, code] for code, name in enumerate(classes)})


def _numbers(data: BaselineData, strategy: str) -> Answer:
    train = data.train[data.target].to_numpy(np.float64)
    frames: dict[str, pd.DataFrame] = {}
    if strategy == "rule-based":
        rule = _best_rule(data, train, 0)
        values = {split: rule.predict(frame)[:, 0] for split, frame in data.splits().items()}
        said = rule.text([])
    elif strategy == "random":
        generator = np.random.default_rng(data.seed)
        values = {split: generator.choice(train, size=len(frame)) for split, frame in data.splits().items()}
        said = "targets drawn from train"
    else:
        median = float(np.median(train))
        values = {split: np.full(len(frame), median) for split, frame in data.splits().items()}
        said = f"always the median of train, {median:.6g}"
    for split, frame in data.splits().items():
        frames[split] = pd.DataFrame({"row_id": frame["row_id"], "prediction": values[split]})
    return frames, said
