"""What the SDK's calls cost beside bare Python, in turn, in one process. Prints one JSON object of medians."""

import json
import os
import statistics
import sys
import time
from time import perf_counter

CALLS, BLOCKS, RUNS = 500, 40, 60
PARAMS = {f"param_{i}": i / 7 for i in range(10)}
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def bare_run(name: str) -> None:
    """A folder and a file in it, each line written through."""
    os.makedirs(f"{name}/events")
    fd = os.open(f"{name}/events/all.jsonl", APPEND, 0o666)
    for key, value in PARAMS.items():
        os.write(fd, (json.dumps({"k": "param", "n": key, "v": value, "t": time.time()}) + "\n").encode())
    os.write(fd, (json.dumps({"k": "metric", "n": "loss", "v": 0.1, "t": time.time()}) + "\n").encode())
    os.close(fd)


def tracked_run(name: str) -> None:
    from specweave import track_experiment

    with track_experiment(name) as run:
        run.log_params(PARAMS)
        run.log_metric("loss", 0.1)


def elapsed(work, *arguments) -> float:
    began = perf_counter()
    work(*arguments)
    return perf_counter() - began


def bare_calls(fd: int) -> None:
    for step in range(CALLS):
        os.write(fd, (json.dumps({"k": "metric", "n": "loss", "v": step / 7, "s": step, "t": time.time()}) + "\n").encode())


def sdk_calls(run) -> None:
    for step in range(CALLS):
        run.log_metric("loss", step / 7, step=step)


def main(round: str) -> None:
    first_floor = elapsed(bare_run, f"bare-first-{round}")
    first = elapsed(tracked_run, f"first-{round}")
    runs, bare_runs = [], []
    for i in range(RUNS):
        bare_runs.append(elapsed(bare_run, f"bare-{round}-{i}"))
        runs.append(elapsed(tracked_run, f"run-{round}-{i}"))
    from specweave import track_experiment

    fd = os.open(f"bare-{round}.jsonl", APPEND, 0o666)
    logs, bare_logs = [], []
    with track_experiment(f"log-{round}") as run:
        for _ in range(BLOCKS):
            bare_logs.append(elapsed(bare_calls, fd))
            logs.append(elapsed(sdk_calls, run))
    a_call = 1e6 / CALLS
    print(
        json.dumps(
            {
                "first": first * 1e3,
                "first_floor": first_floor * 1e3,
                "run": statistics.median(runs) * 1e3,
                "run_floor": statistics.median(bare_runs) * 1e3,
                "log": statistics.median(logs) * a_call,
                "log_floor": statistics.median(bare_logs) * a_call,
            }
        )
    )


main(sys.argv[1])
