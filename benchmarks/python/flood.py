"""Logs RATE points a second for SECONDS in a run, and prints how many there were: ``flood.py RATE SECONDS``."""

import sys
import time

from specweave import track_experiment

rate, seconds = int(sys.argv[1]), float(sys.argv[2])
logged = 0
with track_experiment("flood") as run:
    began = time.perf_counter()
    while (age := time.perf_counter() - began) < seconds:
        while logged < rate * age:
            run.log_metric("loss", 1 / (logged + 1), step=logged)
            logged += 1
        time.sleep(0.002)
print(logged, flush=True)
