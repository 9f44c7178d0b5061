"""Which metrics there are, for which problem, and which way is better."""

from __future__ import annotations

import re

from specweave_lab.errors import Refusal, nearest

CLASSIFICATION = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc")
CLASSIFICATION_SCORES = ("roc_auc", "pr_auc", "log_loss", "brier", "ece")
REGRESSION = ("rmse", "mae", "median_ae", "r2", "mape")
TIME_SERIES = ("mape", "smape", "mase", "rmsse", "rmse", "mae")
CLASSIFICATION_LEVELS = ("precision_at_recall", "recall_at_precision")
"""Measured where they are asked for, with a level: ``precision_at_recall_0.9``."""
PINBALL = "pinball"
"""``pinball_0.9`` of a regression or a series."""
RECOMMENDATION = ("precision", "recall", "ndcg", "map", "mrr", "hit_rate", "coverage")

BY_PROBLEM = {
    "classification": CLASSIFICATION + CLASSIFICATION_SCORES,
    "regression": REGRESSION,
    "time_series": TIME_SERIES,
    "recommendation": RECOMMENDATION,
}

LEVELS_BY_PROBLEM = {
    "classification": CLASSIFICATION_LEVELS,
    "regression": (PINBALL,),
    "time_series": (PINBALL,),
    "recommendation": (),
}

SMALLER_IS_BETTER = frozenset(
    ("log_loss", "brier", "ece", "rmse", "mae", "median_ae", "mape", "smape", "mase", "rmsse", PINBALL)
)

DEFAULT_K = 10


def split_name(name: str) -> tuple[str, int | None]:
    """``precision@10`` as ``("precision", 10)``; without ``@`` the second is None."""
    base, at, k = name.partition("@")
    return (base, int(k)) if at and k.isdigit() and int(k) > 0 else (name, None)


def level_of(name: str) -> tuple[str, float | None]:
    """``precision_at_recall_0.9`` as ``("precision_at_recall", 0.9)``; other names have no level.

    >>> level_of("pinball_0.05"), level_of("pinball_1.5"), level_of("rmse")
    (('pinball', 0.05), ('pinball_1.5', None), ('rmse', None))
    """
    found = re.fullmatch(r"([a-z_]+?)_(0\.\d*[1-9])", name)
    if found and found[1] in (*CLASSIFICATION_LEVELS, PINBALL):
        return found[1], float(found[2])
    return name, None


def has_level(name: str, problem_type: str) -> bool:
    """Whether it is a metric with a level that a problem of this type has."""
    base, level = level_of(name)
    return level is not None and base in LEVELS_BY_PROBLEM[problem_type]


def chosen_metrics(problem_type: str, asked: list[str] | None) -> list[str]:
    """The metrics asked for, or all of the problem type. Refused (INPUT_INVALID) where one is not known
    there.

    For a recommendation each has a k, ``ndcg@10``; without one it is 10.
    """
    known = BY_PROBLEM[problem_type]
    with_k = problem_type == "recommendation"
    chosen: list[str] = []
    for name in asked if asked is not None else known:
        if has_level(name, problem_type):
            if name not in chosen:
                chosen.append(name)
            continue
        base, k = split_name(name)
        if base not in known or (k is not None and not with_k):
            problem = f'"{name}" is no metric of a {problem_type}. {nearest(name, known)}'
            raise Refusal("INPUT_INVALID", problem, invalid=[("metrics", problem)])
        full = f"{base}@{k or DEFAULT_K}" if with_k else base
        if full not in chosen:
            chosen.append(full)
    return chosen


def sign_of_better(name: str) -> int:
    """1 where more is better, -1 where less is."""
    return -1 if split_name(level_of(name)[0])[0] in SMALLER_IS_BETTER else 1
