"""The best rule over one column, in the spirit of 1R: Holte (1993), Mach. Learn. 11:63-90.

For each column a small rule is fitted: a tree of at most four leaves over a numeric column, the mean of each
category over a categorical one. Five-fold cross-validation on train (log loss or squared error) chooses the
column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from specweave_lab.baselines.data import BaselineData

CHOICE_ROWS = 20_000
"""The column is chosen on so many rows at most; the rule itself is fitted on all."""

FOLDS = 5
RARE = 5
OTHER = "\x00other"


@dataclass
class Rule:
    """A fitted rule. ``predict`` gives class probabilities, shape (n, K), or values, shape (n, 1)."""

    column: str | None
    numeric: bool
    prior: np.ndarray
    model: Any = None
    table: dict[str, np.ndarray] | None = None

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        if self.column is None:
            return np.tile(self.prior, (len(frame), 1))
        if self.table is not None:
            known = _categories(frame[self.column]).map(lambda value: self.table_value(value))
            return np.stack(known.to_list()) if len(frame) else np.empty((0, len(self.prior)))
        leaves = self.model.apply(_column(frame, self.column))
        return np.stack([self.leaves()[leaf] for leaf in leaves])

    def table_value(self, value: str) -> np.ndarray:
        table = self.table or {}
        return table.get(value, table.get(OTHER, self.prior))

    def leaves(self) -> dict[int, np.ndarray]:
        """Probabilities or value of each leaf; counts with half a row of the prior, so that none is 0 or 1."""
        tree = self.model.tree_
        ends = np.flatnonzero(tree.children_left < 0)
        if len(self.prior) == 1:
            return {int(leaf): tree.value[leaf, 0, :] for leaf in ends}
        rows = tree.n_node_samples
        values = np.zeros((tree.node_count, len(self.prior)))
        values[:, self.model.classes_] = tree.value[:, 0, :]
        return {int(leaf): (values[leaf] * rows[leaf] + self.prior) / (rows[leaf] + 1) for leaf in ends}

    def text(self, classes: list[str]) -> str:
        """The rule in words."""
        if self.column is None:
            return "no column tells anything about the target on train: the same answer for every row"
        if self.table is not None:
            parts = [
                f"{'other' if k == OTHER else k}: {_say(v, classes)}" for k, v in list(self.table.items())[:8]
            ]
            return f"by {self.column}: " + "; ".join(parts) + ("; ..." if len(self.table) > 8 else "")
        cuts = sorted(float(t) for t in self.model.tree_.threshold[self.model.tree_.children_left >= 0])
        points = (
            [cuts[0] - 1, *((a + b) / 2 for a, b in zip(cuts, cuts[1:], strict=False)), cuts[-1] + 1]
            if cuts
            else []
        )
        said = [_say(v, classes) for v in self.predict(pd.DataFrame({self.column: points}))] if points else []
        borders = [f"<= {cuts[0]:.6g}", *(f"<= {cut:.6g}" for cut in cuts[1:]), "above"] if cuts else []
        return f"by {self.column}: " + "; ".join(f"{b}: {s}" for b, s in zip(borders, said, strict=True))


def best_rule(data: BaselineData, target: np.ndarray, classes: int) -> Rule:
    """Choose and fit.

    Parameters
    ----------
    target : ndarray, shape (n,)
        Class codes or values of train.
    classes : int
        Number of classes; 0 for a regression.
    """
    rows = np.random.default_rng(data.seed).permutation(len(target))[:CHOICE_ROWS]
    sample, known = data.train.iloc[rows], target[rows]
    folds = list(KFold(min(FOLDS, len(rows)), shuffle=False).split(rows)) if len(rows) >= 4 else []
    prior = _prior(target, classes)
    scored: list[tuple[float, int, str]] = []
    for order, name in enumerate(data.features):
        kind = data.column_type(name)
        if kind not in ("numeric", "boolean", "categorical") or sample[name].nunique() < 2:
            continue
        loss = 0.0
        for learn, check in folds:
            rule = _fit(sample.iloc[learn], name, kind == "numeric", known[learn], classes)
            loss += _loss(rule.predict(sample.iloc[check]), known[check], classes)
        scored.append((loss / len(rows), order, name))
    same = sum(
        _loss(np.tile(_prior(known[learn], classes), (len(check), 1)), known[check], classes)
        for learn, check in folds
    )
    if not scored or min(scored)[0] >= same / len(rows):
        return Rule(None, False, prior)
    name = min(scored)[2]
    print(f"best column of {len(scored)}: {name}", flush=True)
    return _fit(data.train, name, data.column_type(name) == "numeric", target, classes)


def _prior(target: np.ndarray, classes: int) -> np.ndarray:
    if classes:
        return (np.bincount(target, minlength=classes) + 1.0 / classes) / (len(target) + 1)
    return np.array([target.mean()])


def _fit(frame: pd.DataFrame, name: str, numeric: bool, target: np.ndarray, classes: int) -> Rule:
    prior = _prior(target, classes)
    if numeric:
        kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
        criterion = "log_loss" if classes else "squared_error"
        smallest = max(RARE, len(target) // 100)
        model = kind(criterion=criterion, max_depth=2, min_samples_leaf=smallest, random_state=0)
        return Rule(name, True, prior, model=model.fit(_column(frame, name), target))
    values = _categories(frame[name])
    counts = values.value_counts()
    values = values.where(values.map(counts) >= RARE, OTHER)
    outcome = np.eye(classes)[target] if classes else target[:, None]
    sums = pd.DataFrame(outcome).groupby(values.to_numpy()).agg(["sum", "count"])
    table = {}
    for value, line in sums.iterrows():
        pairs = line.to_numpy().reshape(-1, 2)
        table[str(value)] = (pairs[:, 0] + prior) / (pairs[0, 1] + 1)
    return Rule(name, False, prior, table=table)


def _loss(predicted: np.ndarray, target: np.ndarray, classes: int) -> float:
    if classes:
        return float(-np.log(np.clip(predicted[np.arange(len(target)), target], 1e-12, 1)).sum())
    return float(np.sum((predicted[:, 0] - target) ** 2))


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan).reshape(-1, 1)


def _categories(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "missing").astype(str)


def _say(value: np.ndarray, classes: list[str]) -> str:
    if not classes:
        return f"{value[0]:.6g}"
    best = int(value.argmax())
    return f"{classes[best]} ({value[best]:.0%})"
