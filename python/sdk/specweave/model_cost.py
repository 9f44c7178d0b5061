"""``python -m specweave.model_cost --run-dir DIR --features FILE --out FILE --seconds N``: what a saved model costs.

In a clean process, as ``specweave.predict`` loads and asks it: disk, memory, the time of one prediction and of batches,
throughput. What is asked is the model's ``predict`` (of a network, its outputs), with rows as a pandas table: no
labels, no probabilities beside them, no reading of files, no network.

A request is one row; of a recommendation the rows of one user, of a time series those of one series. The answer is
JSON, written again after each part, so that what was measured stays where a later part does not end. Exit code 0; 1
with the reason on stderr.
"""

from __future__ import annotations

import os
import sys
from time import perf_counter_ns  # bound before the model's code is loaded

from .cost_answer import Measurement
from .errors import SpecWeaveError
from .machine import interruptions, machine, resident_bytes
from .percentiles import mean_interval, percentile, percentile_interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypedDict

    class Plan(TypedDict):
        enough: list[tuple[int, float]]
        most: int


#: Rows (users, series) of a batch whose latency is measured; throughput is the best of all sizes.
BATCH = 100
SIZES = (BATCH, 10, 1000)
PERCENTS = (50, 90, 95, 99)
MIB = 1024 * 1024
#: When there were calls enough: as many as `calls` after `seconds`, whichever pair holds first; never more than `most`.
#: One request at a time: a 99th percentile needs 100 calls (one of them beyond it), and its interval 368.
SINGLE: Plan = {"enough": [(400, 3.0), (100, 10.0)], "most": 2000}
BATCHES: Plan = {"enough": [(100, 1.0), (20, 2.0), (2, 4.0)], "most": 500}
OTHER_SIZES: Plan = {"enough": [(10, 0.3), (2, 1.0)], "most": 200}
WARM_UP: Plan = {"enough": [(10, 0.5), (1, 1.0)], "most": 50}
#: As many different requests are prepared; they are asked in turn.
MOST_REQUESTS = 1000


def measure(run_dir: str, features: str, out: str, seconds: float) -> None:
    """Measures the model that a run saved last.

    Parameters
    ----------
    run_dir
        The run's folder.
    features
        A split's CSV or Parquet file; its target is not shown to the model. The dataset.json beside it gives the types.
    out
        The JSON file to write.
    seconds
        For all of it, loading included.

    Raises
    ------
    SpecWeaveError
        Where the model does not load, or does not predict from the features.
    """
    import gc

    from .logged import read_events

    found = Measurement(out, perf_counter_ns() + int(seconds * 1e9))
    run_dir = os.path.abspath(run_dir)
    event = next((e for e in reversed(read_events(run_dir)) if e["k"] == "model"), None)
    if event is None:
        raise SpecWeaveError(f"{run_dir} has no saved model.", "exp.save_model(model) in the script")
    size = disk_bytes(f"{run_dir}/{event['n']}")
    found.answer["machine"] = machine()
    found.add("model_size_bytes", size)
    found.add("model_size_mb", size / MIB)
    found.write("loading")
    gc.collect()
    before, began = resident_bytes(), perf_counter_ns()
    model, function = _load(run_dir, event)
    found.answer["load_s"] = (perf_counter_ns() - began) / 1e9
    gc.collect()
    after = resident_bytes()
    if before is None or after is None:
        found.lacks(["memory_mb"], "this system does not say how much memory a process holds")
    else:
        found.add("memory_mb", max(0, after - before) / MIB)
    found.write("reading")
    table, dataset = _table(features)
    found.answer["garbage_collection"] = gc.isenabled()
    if len(table) == 0:
        raise SpecWeaveError(f"{os.path.basename(features)} has no rows to ask the model with.")
    requests, unit = _requests(table, dataset)
    found.answer.update({"unit": unit, "requests": len(requests)})
    found.write("predicting")
    try:
        from .model_columns import own_columns

        # Once: choosing columns is of the service's making, and no part of a prediction's time.
        table = own_columns(model, event, run_dir, table)
        _time(found, _asker(model, event, function), table, requests, unit)
    except Exception as error:  # the user's code and any library may raise anything
        raise SpecWeaveError(
            f"The model {event['n']} does not predict for one {unit}: {type(error).__name__}: {error}",
            'save a pipeline that takes the split\'s features as they are, or give predict="train.py:predict"',
        ) from error
    found.write("done")


def disk_bytes(path: str) -> int:
    """The bytes of a model's file, or of all files in its folder."""
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)


def _load(run_dir: str, event: dict[str, Any]) -> tuple[Any, Any]:
    from .model_formats import read_model
    from .predict import _make_importable, _predict_function

    try:
        _make_importable(run_dir, event)
        return read_model(f"{run_dir}/{event['n']}", event), _predict_function(run_dir, event)
    except Exception as error:  # as above
        raise SpecWeaveError(
            f"The model {event['n']} cannot be loaded in a clean process: {type(error).__name__}: {error}"
        ) from error


def _table(features: str) -> tuple[Any, Any]:
    from .predict import _features

    frame, dataset, _ = _features(features)
    hidden = {"row_id", dataset.target if dataset else None}
    return frame[[c for c in frame.columns if c not in hidden]], dataset


def _asker(model: Any, event: dict[str, Any], function: Any) -> Callable[[Any], Any]:
    from .model_answers import answer

    # Without a dataset nothing is made of the model's own answer: no labels of scores, no probabilities beside labels.
    return lambda table: answer(model, event, function, table, None)


def _requests(table: Any, dataset: Any) -> tuple[list[list[int]], str]:
    """The rows, by place, of each request, at most MOST_REQUESTS evenly spread; and what one request is."""
    kind = dataset.problem_type if dataset else None
    unit = {"recommendation": "user", "time_series": "series"}.get(str(kind), "row")
    column = dataset.record.get("group_column") if dataset and unit != "row" else None
    if unit == "row" or (unit == "user" and column not in table.columns):
        step = max(1, len(table) // MOST_REQUESTS)
        return [[i] for i in range(0, len(table), step)][:MOST_REQUESTS], "row"
    if column not in table.columns:
        return [list(range(len(table)))], unit
    places: dict[Any, list[int]] = {}
    for place, value in enumerate(table[column].tolist()):
        places.setdefault(value, []).append(place)
    return list(places.values())[:MOST_REQUESTS], unit


def _time(found: Measurement, ask: Callable[[Any], Any], table: Any, requests: list[list[int]], unit: str) -> None:
    singles = [table.iloc[places] for places in requests]
    warm = _calls(ask, singles, WARM_UP, found.left_s() / 3)
    interrupted = interruptions()
    # Not all of the time: batches and throughput are to be measured, too.
    times = _calls(ask, singles, SINGLE, found.left_s() * 3 / 4)
    found.answer["single"] = {
        "warm_up": len(warm),
        "calls": len(times),
        "seconds": sum(times) / 1e9,
        "interruptions": interruptions() - interrupted,
    }
    # Of batches fewer calls are enough: nobody waits longer for their 99th percentile.
    found.answer["short_of_time"] = len(times) < 100
    _latencies(found, times, "latency_{}ms", f"{len(times)} calls in {sum(times) / 1e9:.1f} s")
    if times:
        found.add("latency_ms", _ms(sum(times) / len(times)), _scaled(mean_interval(times)), "student_t")
    found.write("batches")
    rates = {1: times}
    for size in SIZES:
        names = ["latency_batch_{}ms"] if size == BATCH else []
        # A row may stand twice in a batch; a user or a series may not.
        if unit != "row" and size > len(requests):
            if names:
                reason = f"the split has {len(requests)} of the {size} {unit}s of a batch"
                found.lacks(_names("latency_batch_{}ms"), reason)
            continue
        batches = _batches(table, requests, size)
        plan = BATCHES if size == BATCH else OTHER_SIZES
        warmed = _calls(ask, batches, {"enough": [], "most": 2}, found.left_s() / 3)
        timed = _calls(ask, batches, plan, found.left_s() * 2 / 3) if _fits(warmed, found) else []
        rates[size] = timed
        if names:
            found.answer["batch"] = {"size": size, "calls": len(timed), "seconds": sum(timed) / 1e9}
            _latencies(found, timed, "latency_batch_{}ms", f"{len(timed)} calls of {size} {unit}s")
    _throughput(found, rates)


def _fits(warmed: list[int], found: Measurement) -> bool:
    """Whether the time that is left is enough for a few calls more."""
    return bool(warmed) and max(warmed) * 3 / 1e9 < found.left_s()


def _calls(ask: Callable[[Any], Any], tables: list[Any], plan: Plan, limit_s: float) -> list[int]:
    """Nanoseconds of each call, the tables in turn, until the plan has enough or the time is over; one at least."""
    times: list[int] = []
    began = perf_counter_ns()
    while len(times) < plan["most"]:
        past = (perf_counter_ns() - began) / 1e9
        done = past >= limit_s or any(len(times) >= calls and past >= seconds for calls, seconds in plan["enough"])
        if times and done:
            break
        # A model may change what it is given.
        table = tables[len(times) % len(tables)].copy()
        start = perf_counter_ns()
        ask(table)
        times.append(perf_counter_ns() - start)
    return times


def _batches(table: Any, requests: list[list[int]], size: int) -> list[Any]:
    count = len(requests)
    return [
        table.iloc[[place for i in range(size) for place in requests[(first + i) % count]]]
        for first in range(0, count, max(1, count // 5))
    ]


def _names(pattern: str) -> list[str]:
    return [pattern.format(f"p{percent}_") for percent in PERCENTS]


def _latencies(found: Measurement, times: list[int], pattern: str, said: str) -> None:
    ordered = sorted(times)
    for percent, name in zip(PERCENTS, _names(pattern)):
        least = -(-100 // (100 - percent))
        if len(ordered) < least:
            found.lacks([name], f"it needs {least} calls, and there was time for {said}")
            continue
        interval = percentile_interval(ordered, percent)
        found.add(name, _ms(percentile(ordered, percent)), _scaled(interval), "order_statistic")


def _throughput(found: Measurement, rates: dict[int, list[int]]) -> None:
    """Requests a second, one process, one call after the other: size times calls over their time, of the best size."""
    timed = {size: times for size, times in rates.items() if times}
    if not timed:
        found.lacks(["throughput_rps"], "there was no time for a single call")
        return
    best = max(timed, key=lambda size: size * len(timed[size]) / sum(timed[size]))
    times = timed[best]
    interval = mean_interval(times)
    rate = best * len(times) / (sum(times) / 1e9)
    ci = (best * 1e9 / interval[1], best * 1e9 / interval[0]) if interval and interval[0] > 0 else None
    found.answer["throughput"] = {"size": best, "calls": len(times), "sizes": sorted(timed)}
    found.add("throughput_rps", rate, ci, "student_t")


def _ms(nanoseconds: float) -> float:
    return nanoseconds / 1e6


def _scaled(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return (_ms(interval[0]), _ms(interval[1])) if interval else None


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    import argparse
    import signal

    parser = argparse.ArgumentParser(
        prog="python -m specweave.model_cost", description="Measure what a run's saved model costs."
    )
    parser.add_argument("--run-dir", required=True, help="the run's folder")
    parser.add_argument("--features", required=True, help="a split's CSV or Parquet file")
    parser.add_argument("--out", required=True, help="the JSON file to write")
    parser.add_argument("--seconds", type=float, default=25.0, help="for all of it, loading included")
    given = parser.parse_args(arguments)
    # Nobody may be left to end this process where a call of the model never returns.
    signal.alarm(int(given.seconds) + 10)
    # The model's code must not log into the run that it once belonged to.
    for name in [n for n in os.environ if n.startswith("SPECWEAVE_")]:
        del os.environ[name]
    try:
        measure(given.run_dir, given.features, given.out, given.seconds)
    except (SpecWeaveError, OSError) as error:
        sys.stderr.write(f"specweave: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
