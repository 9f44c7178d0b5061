"""The control with shuffled labels: splits whose labels are dealt to the wrong rows, and what a script
made of them.

A script that learns from the labels it is given can learn nothing from these, so that its predictions are
worth no more on the real labels than the same predictions dealt anew. Where they are, the script sees
labels in another way. The idea is the permutation test of a classifier (Ojala and Garriga 2010, JMLR
11:1833-1863), with one permutation, because a run may take long.

One permutation alone would be unsound: labels that are dealt anew still agree a little with the features,
by chance, and a model of one strong feature turns a little agreement into a good ranking in half of all
cases. So of 200 permutations the one is taken that agrees least with what features tell about the real
labels (as told by a forest and a line that are fitted here): chance then points the wrong way.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from specweave_lab.arguments import Arguments
from specweave_lab.custom_control import own_control_values
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.labels import label_keys
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.names import chosen_metrics, sign_of_better
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.reading import Table, as_numbers, file_sha256
from specweave_lab.truth import Truth, read_record, read_registered, read_truth
from specweave_lab.writing import write_split

SPLITS = ("train", "validation")
PERMUTATIONS = 200
MOST_ROWS = 10_000
MOST_COLUMNS = 100
MOST_CLASSES = 20
DEALINGS = 100
MOST_SCORED = 3_000
SHARE = 0.2
"""Of the run's own gain over chance: what a control must reach beyond chance to speak against the script.
"""


def shuffle_labels(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write train and validation with their labels dealt anew, under the names of the split files.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder) and ``out`` (folder, made where it is missing).

    Returns
    -------
    dict
        ``sha256`` of each file. The same version gives the same bytes.

    Raises
    ------
    Refusal
        ``INPUT_INVALID`` for a series or a recommendation; ``DATASET_INVALID`` where a split is not what
        was registered.
    """
    arguments = Arguments(params)
    folder, out = arguments.path("dataset"), arguments.path("out")
    record = read_record(folder)
    if record["problem_type"] not in ("classification", "regression"):
        raise Refusal(
            "INPUT_INVALID",
            f"Labels are shuffled for a classification or a regression, not a {record['problem_type']}.",
        )
    progress("dealing the labels anew", 0.1)
    out.mkdir(parents=True, exist_ok=True)
    tables = [read_registered(folder, record, split) for split in SPLITS]
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(record["hash"].encode()).digest()[:8], "big"))
    told = _told_by_features(tables, record)
    done = {}
    for split, table, signal in zip(SPLITS, tables, told, strict=True):
        dealt = least_agreeing(_outcomes(table, record), signal, rng)
        place = table.names.index(record["target"])
        data = table.data.set_column(
            place, record["target"], table.data.column(record["target"]).take(pa.array(dealt))
        )
        path = out / record["splits"][split]["path"]
        write_split(path, data)
        done[split] = file_sha256(path)
    return {"sha256": done}


def least_agreeing(outcomes: np.ndarray, told: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of 200 permutations of rows the one whose outcomes agree least with what is told of them.

    Parameters
    ----------
    outcomes, told : ndarray of float64, shape (n, k)
        Centred; one column a class, or one of values.
    """
    best, least = np.arange(len(outcomes)), np.inf
    for _ in range(PERMUTATIONS):
        dealt = rng.permutation(len(outcomes))
        agreement = float(np.einsum("ij,ij->", outcomes[dealt], told))
        if agreement < least:
            best, least = dealt, agreement
    return best


def measure_control(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Whether a control's predictions are better than chance on the real labels of validation.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder), ``split`` (validation), ``predictions`` (of the control), ``original`` (of
        the run that it controls), ``metric`` (one of the data set's own evaluator as well; one that cannot be
        measured here is replaced by accuracy or rmse, and ``metric`` of the answer is that).

    Returns
    -------
    dict
        ``verdict`` (``pass``, or ``fail`` where the value is better than all of 100 dealings of the same
        predictions to other rows, which is p < 0.01, and beyond their mean by more than a fifth of what
        the run itself has), ``metric, value, chance`` (mean of the dealings), ``bound`` (the best of
        them), ``original, rows``.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    rows = truth.table.rows
    chosen = np.arange(rows)
    if rows > MOST_SCORED:
        chosen = np.sort(np.random.default_rng(0).permutation(rows)[:MOST_SCORED])
    progress("measuring the control", 0.2)
    asked = arguments.text("metric")
    paths = [arguments.path("predictions"), arguments.path("original")]
    rng = np.random.default_rng(len(chosen))
    orders = [rng.permutation(len(chosen)) for _ in range(DEALINGS)]
    found = own_control_values(arguments.path("dataset"), truth, paths, asked, chosen, orders)
    if found is not None:
        metric, ((value, original), dealings, sign) = asked, found
    else:
        metric = _metric(truth, arguments)
        as_they_are = np.arange(len(chosen))
        value_of = _scorer(truth, paths[0], metric, chosen)
        original = _scorer(truth, paths[1], metric, chosen)(as_they_are)
        value = value_of(as_they_are)
        dealings = np.asarray([value_of(order) for order in orders])
        sign = sign_of_better(metric)
    chance = float(np.mean(dealings))
    bound = float(sign * np.max(sign * dealings))
    own = max(0.0, sign * (original - chance))
    better = sign * (value - bound) > 0 and sign * (value - chance) > SHARE * own
    return {
        "verdict": "fail" if better else "pass",
        "metric": metric,
        "value": value,
        "chance": chance,
        "bound": bound,
        "original": original,
        "rows": len(chosen),
    }


def _metric(truth: Truth, arguments: Arguments) -> str:
    asked = arguments.text("metric")
    try:
        known = chosen_metrics(truth.problem_type, [asked])[0]
        for name in ("predictions", "original"):
            _scorer(truth, arguments.path(name), known, np.arange(truth.table.rows))(
                np.arange(truth.table.rows)
            )
        return known
    except (Refusal, LookupError):
        return "accuracy" if truth.problem_type == "classification" else "rmse"


def _scorer(truth: Truth, path: Path, metric: str, chosen: np.ndarray) -> Any:
    """The metric as a function of how the predictions are dealt to the chosen rows."""
    if truth.problem_type == "classification":
        data, _ = read_classification(truth, path)
        true, predicted = data.true[chosen], data.predicted[chosen]
        scores = None if data.scores is None else data.scores[chosen]

        def of_classes(dealt: np.ndarray) -> float:
            given = ClassificationData(
                true, predicted[dealt], None if scores is None else scores[dealt], data.classes, data.positive
            )
            return _only(measure_classification(given, [metric])[0], metric)

        return of_classes
    values, given, _ = read_regression(truth, path)
    return lambda dealt: _only(measure_regression(values[chosen], given[chosen][dealt], [metric])[0], metric)


def _only(measured: list[dict[str, Any]], name: str) -> float:
    values = [float(one["value"]) for one in measured if one["name"] == name]
    if not values:
        raise LookupError(name)
    return values[0]


def _outcomes(table: Table, record: dict[str, Any]) -> np.ndarray:
    """Centred targets: of each class whether a row has it, or the values in standard deviations."""
    if record["problem_type"] == "regression":
        values = as_numbers(table, record["target"]).to_numpy()
        return ((values - values.mean()) / max(values.std(), 1e-12))[:, None]
    index = {key: place for place, key in enumerate(label_keys(record["classes"]))}
    codes = np.asarray(
        [index[key] for key in label_keys([str(text) for text in table.texts(record["target"])])]
    )
    kept = np.bincount(codes, minlength=len(index)).argsort(kind="stable")[::-1][:MOST_CLASSES]
    each = (codes[:, None] == kept[None, :]).astype(np.float64)
    return each - each.mean(axis=0)


def _told_by_features(tables: list[Table], record: dict[str, Any]) -> list[np.ndarray]:
    """What a forest and a line say of each row's outcome, fitted on the rows of train whose half it is not
    in.
    """
    features = [_features(table, record) for table in tables]
    width = min(f.shape[1] for f in features)
    features = [f[:, :width] for f in features]
    outcomes = [_outcomes(table, record) for table in tables]
    k = min(o.shape[1] for o in outcomes)
    outcomes = [o[:, :k] for o in outcomes]
    if width == 0:
        return [np.zeros_like(o) for o in outcomes]
    half = np.arange(len(outcomes[0])) % 2 == 0
    told = [np.zeros_like(o) for o in outcomes]
    for fitted in (half, ~half):
        rows = np.flatnonzero(fitted)[: MOST_ROWS // 2]
        scaler = StandardScaler().fit(features[0][rows])
        line = Ridge(1.0).fit(scaler.transform(features[0][rows]), outcomes[0][rows])
        forest = RandomForestRegressor(30, min_samples_leaf=5, max_depth=12, random_state=0)
        target = outcomes[0][rows]
        forest.fit(features[0][rows], target if k > 1 else target.ravel())
        for place, given in ((0, features[0][~fitted]), (1, features[1])):
            said = line.predict(scaler.transform(given)).reshape(len(given), k)
            said = said + forest.predict(given).reshape(len(given), k)
            if place == 0:
                told[0][~fitted] = said
            else:
                told[1] += said
    return [one - one.mean(axis=0) for one in told]


def _features(table: Table, record: dict[str, Any]) -> np.ndarray:
    columns = []
    for name in [n for n in table.names if n not in ("row_id", record["target"])][:MOST_COLUMNS]:
        numbers = as_numbers(table, name).to_numpy()
        there = np.isfinite(numbers)
        if there.mean() < 0.5:
            # Codes that follow the texts' order are the same in both splits as far as their values are.
            texts = pd.Series([str(text) for text in table.texts(name)])
            numbers = pd.util.hash_array(texts.to_numpy(dtype=object)).astype(np.float64) / 2.0**64
            there = np.ones(len(numbers), bool)
        columns.append(np.where(there, numbers, np.median(numbers[there]) if there.any() else 0.0))
    return np.column_stack(columns) if columns else np.empty((table.rows, 0))
