"""What the splits must hold before they are written: rows in each, and enough of every class."""

from __future__ import annotations

import numpy as np

from specweave_lab.errors import dataset_invalid, first_few
from specweave_lab.splitting import IN_NONE, SPLITS, TEST, TRAIN, SplitPolicy

FEW_ROWS = 10


def counted(number: int, one: str, many: str) -> str:
    """``1 row is``, ``2,000 rows are``."""
    return f"{number:,} {one if number == 1 else many}"


def check_splits(
    assigned: np.ndarray,
    units: np.ndarray,
    policy: SplitPolicy,
    classes: list[str] | None,
    codes: np.ndarray | None,
    problem_type: str,
) -> list[str]:
    """Refuse an empty split; warn of small classes, few groups, equal rows and a shuffled series.

    Of the test split a warning says only that a class is below 10 rows, never how many: its labels are
    sealed.
    """
    sizes = np.bincount(assigned, minlength=3)[:3]
    if not sizes.all():
        empty = [SPLITS[i] for i in np.flatnonzero(sizes == 0)]
        what = {
            "group": "groups",
            "time": "different times",
            "leave_last_out": "users with three items",
        }.get(policy.method, "rows")
        distinct = len(np.unique(units[:, 0]))
        equal = policy.method in ("stratified", "random") and distinct < 0.9 * len(assigned)
        if equal:
            what = "different rows"
        raise dataset_invalid(
            "source",
            f"{first_few(empty)} would be empty: there are too few {what}"
            + (
                f" ({distinct:,} of {len(assigned):,}: rows that are equal in all features share a split)"
                if equal
                else ""
            )
            + (
                "."
                if policy.method == "leave_last_out"
                else f" for shares of {policy.validation:g} and {policy.test:g}"
                + (f" with a gap of {policy.gap}." if policy.gap else ".")
            ),
            f"Use more {what}, other shares or another seed.",
        )
    warnings = []
    if codes is not None and classes is not None:
        for split, name in enumerate(SPLITS):
            counts = np.bincount(codes[assigned == split], minlength=len(classes))
            for code in np.flatnonzero(counts < FEW_ROWS)[:5]:
                few = f"fewer than {FEW_ROWS}" if split == TEST else f"{counts[code]} (fewer than {FEW_ROWS})"
                warnings.append(f'Class "{classes[code]}" has {few} rows in {name}.')
            if (counts < FEW_ROWS).sum() > 5:
                warnings.append(
                    f"{(counts < FEW_ROWS).sum()} classes have fewer than {FEW_ROWS} rows in {name}."
                )
    firsts = np.sort(units[:, 0])
    distinct = len(firsts) - int((firsts[1:] == firsts[:-1]).sum())
    if policy.method == "group" and distinct < 30:
        warnings.append(f'There are only {distinct} groups in "{policy.group_column}": the shares are rough.')
    elif (
        policy.method in ("stratified", "random")
        and problem_type != "recommendation"
        and distinct < len(assigned)
    ):
        told = counted(len(assigned) - distinct, "row is", "rows are")
        warnings.append(f"{told} equal to another one in all features: equal rows share a split.")
    if problem_type == "time_series" and policy.method != "time":
        warnings.append(
            f"A series split by {policy.method} lets a model see the future: time is meant for it."
        )
    left_out = int((assigned == IN_NONE).sum())
    if left_out:
        warnings.append(f"{left_out:,} rows lie in the gap of {policy.gap} before a split and are in none.")
    if policy.method != "leave_last_out" and sizes[TRAIN] < 0.5 * (1 - policy.validation - policy.test) * len(
        assigned
    ):
        warnings.append(f"train has {sizes[TRAIN]:,} of {len(assigned):,} rows, far below its share.")
    return warnings
