"""``python -m specweave_lab.baseline --strategy S``: a baseline, as an ordinary run.

It reads ``dataset.json`` beside ``SPECWEAVE_TRAIN``, fits on train, and hands in predictions in
``SPECWEAVE_RUN_DIR``. It reports no metric: the lab measures it as it measures any other run. Exit status 2:
the call cannot be carried out as made.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from specweave_lab.baselines.data import BadCall, read_data
from specweave_lab.baselines.handing_in import Events, hand_in

BY_PROBLEM = {
    "classification": "tabular",
    "regression": "tabular",
    "time_series": "series",
    "recommendation": "recommendation",
}
"""Modules of ``baselines``; the others are not loaded."""

ALIASES = {"majority": "popularity", "median": "popularity", "most-popular": "popularity", "rule_based": "rule-based",
           "seasonal_naive": "seasonal-naive"}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m specweave_lab.baseline", description="A baseline run.")
    parser.add_argument(
        "--strategy", required=True, help="random, popularity, rule-based, naive or seasonal-naive"
    )
    strategy = parser.parse_args(arguments).strategy
    try:
        data = read_data(os.environ)
        kind = import_module(f"specweave_lab.baselines.{BY_PROBLEM[data.problem_type]}")
        name = ALIASES.get(strategy, strategy)
        if name not in kind.STRATEGIES:
            raise BadCall(
                f'"{strategy}" is no baseline of a {data.problem_type}. There are: {", ".join(kind.STRATEGIES)}.'
            )
    except BadCall as call:
        print(f"baseline: {call.message}", file=sys.stderr)
        return 2
    run_dir = Path(os.environ["SPECWEAVE_RUN_DIR"])
    events = Events(run_dir)
    events.write("status", v="running")
    events.write("param", n="strategy", v=name)
    events.write("param", n="seed", v=data.seed)
    print(f"{name} baseline of {data.record['dataset']}: {len(data.train):,} rows to learn from", flush=True)
    try:
        answer, said = kind.predict(data, name)
        print(said, flush=True)
        for split, predictions in answer.items():
            hand_in(run_dir, events, split, predictions)
    except BaseException as problem:
        events.write("status", v="failed", reason=f"{type(problem).__name__}: {problem}")
        raise
    events.write("note", v=f"Baseline {name}: {said}.")
    events.write("status", v="succeeded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
