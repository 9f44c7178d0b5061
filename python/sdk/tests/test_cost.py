"""What tracking costs, beside the same work done by bare Python in the same process. Generous: machines are busy."""

from __future__ import annotations

import json
import os
import statistics
import time

from specweave import track_experiment


def median_us(function, times):
    taken = []
    for i in range(times):
        begun = time.perf_counter()
        function(i)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def test_a_metric_costs_at_most_two_flushed_lines(work):
    fd = os.open(work.root / "floor.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def floor(i):
        os.write(fd, (json.dumps({"k": "metric", "n": "loss", "v": 0.1 * i, "s": i, "t": time.time()}) + "\n").encode())

    with track_experiment("x") as exp:
        ratios = []
        for _ in range(3):
            ours = median_us(lambda i: exp.log_metric("loss", 0.1 * i, step=i), 4000)
            ratios.append(ours / median_us(floor, 4000))
    os.close(fd)
    assert min(ratios) <= 2, ratios


def test_a_run_costs_at_most_three_bare_folders(work):
    bare = work.root / "bare"
    bare.mkdir()

    numbers = iter(range(1000))

    def floor(_):
        folder = f"{bare}/{next(numbers)}"
        os.mkdir(folder)
        with open(f"{folder}/params.json", "w") as file:
            json.dump({f"p{k}": k * 0.1 for k in range(10)}, file)
        with open(f"{folder}/metrics.jsonl", "a") as file:
            file.write(json.dumps({"k": "metric", "n": "loss", "v": 0.1, "t": time.time()}) + "\n")

    def ours(i):
        with track_experiment("x") as exp:
            exp.log_params({f"p{k}": k * 0.1 for k in range(10)})
            exp.log_metric("loss", 0.1)

    ratios = []
    for _ in range(3):
        ratios.append(median_us(ours, 60) / median_us(floor, 60))
    assert min(ratios) <= 3, ratios
