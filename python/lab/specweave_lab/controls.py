"""The evaluator's own control: on a data set's labels, the truth must score better than the same answers
dealt to the wrong rows, by every metric that a criterion can read.
"""

from __future__ import annotations

import csv
import heapq
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from specweave_lab import __version__
from specweave_lab.drafting import Draft
from specweave_lab.forecasts import evaluate_recommendation, evaluate_series
from specweave_lab.labels import label_keys
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.names import chosen_metrics, sign_of_better, split_name
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.reading import Table
from specweave_lab.resampling import data_generator
from specweave_lab.splitting import TEST, VALIDATION
from specweave_lab.truth import Truth

MOST_ROWS = 1_000
MOST_USERS = 200
FEWEST_ROWS = 20
SURE = 0.999
"""The probability that a known-good classifier gives to the true class."""
BLIND = frozenset(("coverage",))
"""What does not depend on the truth has no good and no bad answer."""

Values = dict[str, float]


def control_evaluator(draft: Draft, record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The field ``controls`` of dataset.json.

    Parameters
    ----------
    record : dict
        What dataset.json is to hold.
    folder : Path
        Where the split files lie.

    Returns
    -------
    dict
        ``format, evaluator`` (its version), ``passed`` (metrics that told good from shuffled wherever
        that could be asked), ``failed`` (``metric, split``) and ``not_asked`` (``split, why``). Nothing
        tells a number of the sealed labels.
    """
    passed: set[str] = set()
    failed: list[dict[str, str]] = []
    not_asked: list[dict[str, str]] = []
    for split, code in (("validation", VALIDATION), ("test", TEST)):
        truth = control_truth(draft, record, split, code)
        if truth is None:
            not_asked.append(
                {"split": split, "why": f"fewer than {FEWEST_ROWS} rows, or one value in all of them"}
            )
            continue
        good, shuffled = _both(truth, folder)
        for name, value in good.items():
            other = shuffled.get(name, np.nan)
            if split_name(name)[0] in BLIND or not (np.isfinite(value) and np.isfinite(other)):
                continue
            if (value - other) * sign_of_better(name) > 0:
                passed.add(name)
            else:
                failed.append({"metric": name, "split": split})
    wrong = {one["metric"] for one in failed}
    return {
        "format": 1,
        "evaluator": __version__,
        "passed": sorted(passed - wrong),
        "failed": failed,
        "not_asked": not_asked,
    }


def control_truth(draft: Draft, record: dict[str, Any], split: str, code: int) -> Truth | None:
    """Up to 1,000 rows of a split that is not written yet; None where they are too few or all alike."""
    places = np.flatnonzero(draft.assigned == code)
    if draft.request.problem_type == "recommendation":
        users = np.asarray(draft.table.texts(str(draft.request.policy.group_column)), dtype=object)[places]
        first = sorted(set(users.tolist()))[:MOST_USERS]
        places = places[np.isin(users, first)]
        distinct = len(first)
    else:
        known = draft.codes if draft.codes is not None else np.asarray(draft.values)
        first = heapq.nsmallest(MOST_ROWS, places.tolist(), key=draft.row_ids.__getitem__)
        places = np.sort(np.asarray(first, np.int64))
        distinct = len(np.unique(known[places]))
    if len(places) < FEWEST_ROWS or distinct < 2:
        return None
    ids = pa.array([draft.row_ids[row] for row in places.tolist()], pa.large_string())
    table = draft.table.data.take(pa.array(places)).combine_chunks()
    if "row_id" in table.column_names:
        table = table.drop_columns(["row_id"])
    classes = draft.classes or []
    positive = None
    if len(classes) == 2:
        positive = label_keys(classes).index(label_keys([record["positive"]])[0])
    return Truth(
        record, draft.request.problem_type, split, Table(table.add_column(0, "row_id", ids),
        draft.table.format), "",
        classes, positive,
    )  # fmt: skip


def _both(truth: Truth, folder: Path) -> tuple[Values, Values]:
    """Values of the truth handed in as predictions, and of the same dealt anew."""
    names = chosen_metrics(truth.problem_type, None)
    if truth.problem_type == "classification":
        true = truth.class_codes()
        dealt = true[deal_anew(true)]
        return _classes(truth, true, true, names), _classes(truth, true, dealt, names)
    if truth.problem_type == "recommendation":
        with tempfile.TemporaryDirectory() as place:
            return _lists(truth, folder, Path(place), names)
    true = truth.numbers()
    # The truth itself has errors of 0, which is a special case in more than one formula.
    good = true + data_generator(true).normal(0, 0.01 * true.std(), len(true))
    dealt = good[deal_anew(true)]
    if truth.problem_type == "regression":
        return _values(measure_regression(true, good, names)), _values(measure_regression(true, dealt, names))
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / "good.csv", Path(place) / "dealt.csv"]
        for path, values in zip(files, (good, dealt), strict=True):
            _write(path, ("row_id", "prediction"), zip(truth.row_ids, values.tolist(), strict=True))
        first, second = (_values(evaluate_series(truth, folder, path, names, 1)) for path in files)
    return first, second


def _classes(truth: Truth, true: np.ndarray, predicted: np.ndarray, names: list[str]) -> Values:
    size = len(truth.classes)
    scores = np.full((len(true), size), (1 - SURE) / max(1, size - 1))
    scores[np.arange(len(true)), predicted] = SURE
    return _values(
        measure_classification(
            ClassificationData(true, predicted, scores, truth.classes, truth.positive), names
        )
    )


def _lists(truth: Truth, folder: Path, place: Path, names: list[str]) -> tuple[Values, Values]:
    user, item = str(truth.record["group_column"]), truth.record["target"]
    lists: dict[str, list[str]] = {}
    for who, what in zip(truth.table.texts(user), truth.table.texts(item), strict=True):
        chosen = lists.setdefault(str(who), [])
        if str(what) not in chosen:
            chosen.append(str(what))
    users = sorted(lists)
    dealt = {one: lists[other] for one, other in zip(users, [*users[1:], users[0]], strict=True)}
    found = []
    for name, given in (("good", lists), ("dealt", dealt)):
        path = place / f"{name}.csv"
        rows = [(one, what, rank) for one in users for rank, what in enumerate(given[one], 1)]
        _write(path, ("user_id", "item_id", "rank"), rows)
        found.append(_values(evaluate_recommendation(truth, folder, path, names)))
    return found[0], found[1]


def deal_anew(true: np.ndarray) -> np.ndarray:
    """A permutation that gives most rows the answer of another: sorted by the truth, then turned by half."""
    order = np.argsort(true, kind="stable")
    places = np.empty(len(true), np.int64)
    places[order] = np.roll(order, len(true) // 2)
    return places


def _values(measured: tuple[Sequence[dict[str, Any]], Any]) -> Values:
    return {one["name"]: float(one["value"]) for one in measured[0]}


def _write(path: Path, header: Sequence[str], rows: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
