"""Logs points until it is killed, and counts afterwards what is there, for SpecWeave's peers.

``kill.py log NAME RUN RATE ACKS`` logs RATE points a second (0: as many as it can); each acknowledged point is a byte in
ACKS. ``kill.py read NAME RUN`` prints one JSON object: points found, and what the tool says of the run.
"""

import contextlib
import glob
import json
import os
import sqlite3
import subprocess
import sys
import time

from trackers import TRACKERS


def log(name: str, run: str, rate: float, acks: str) -> None:
    tracker = TRACKERS[name]()
    tracker.start(run)
    acknowledged = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    began, step = time.perf_counter(), 0
    while True:
        if rate:
            time.sleep(max(0, began + step / rate - time.perf_counter()))
        tracker.log(1 / (step + 1), step)
        os.write(acknowledged, b".")
        step += 1


def read_bare(run: str) -> dict:
    with open(f"{run}/all.jsonl") as file:
        return {"points": sum('"metric"' in line for line in file if line.endswith("\n")), "state": ""}


def read_mlflow(run: str) -> dict:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{os.getcwd()}/mlflow.db")
    with contextlib.closing(sqlite3.connect("mlflow.db")) as db:
        found = db.execute("SELECT run_uuid, status FROM runs WHERE name = ?", [run]).fetchone()
        if found is None:
            return {"points": 0, "state": "no run at all"}
        points = db.execute("SELECT count(*) FROM metrics WHERE run_uuid = ?", [found[0]]).fetchone()[0]
    return {"points": points, "state": mlflow.get_run(found[0]).info.status}


def wandb_records(path: str):
    """The records of a transaction log: LevelDB's format after 7 bytes of its own."""
    with open(path, "rb") as file:
        data = file.read()
    block, head, at, whole = 32768, 7, 7, b""
    while at + head <= len(data):
        left = block - at % block
        if left < head:
            at += left
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        part = data[at + head : at + head + length]
        if len(part) < length or kind not in (1, 2, 3, 4):
            return
        at += head + length
        whole = part if kind in (1, 2) else whole + part
        if kind in (1, 4):
            yield whole


def read_wandb(run: str) -> dict:
    from wandb.proto import wandb_internal_pb2

    for path in glob.glob("wandb/offline-run-*/*.wandb"):
        points, named, ended = 0, False, False
        for data in wandb_records(path):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            kind = record.WhichOneof("record_type")
            named = named or (kind == "run" and record.run.display_name == run)
            points += kind == "history"
            ended = ended or kind == "exit"
        if named:
            return {"points": points, "state": "finished" if ended else "running"}
    return {"points": 0, "state": "no run at all"}


def read_trackio(run: str) -> dict:
    for path in glob.glob(".trackio/*.db"):
        with contextlib.closing(sqlite3.connect(path)) as db, contextlib.suppress(sqlite3.Error):
            points = db.execute("SELECT count(*) FROM metrics WHERE run_name = ?", [run]).fetchone()[0]
            if points:
                return {"points": points, "state": "has none"}
    return {"points": 0, "state": "the run is not listed"}


def aim_points(run: str) -> tuple[int | None, str]:
    from aim import Repo

    repo = Repo(os.getcwd())
    for found in map(repo.get_run, repo.list_all_runs()):
        if found is not None and found.name == run:
            points = sum(len(metric.values.sparse_list()[0]) for metric in found.metrics())
            return points, "active" if found.active else "finished"
    return None, "the run is not listed"


def read_aim(run: str) -> dict:
    points, state = aim_points(run)
    if not points:
        aim = os.path.join(os.path.dirname(sys.executable), "aim")
        subprocess.run([aim, "storage", "--repo", os.getcwd(), "reindex", "--yes"], check=False, stdout=sys.stderr)
        points, state = aim_points(run)
        state += ", after `aim storage reindex`"
    return {"points": points or 0, "state": state}


READERS = {
    "bare": read_bare,
    "mlflow": read_mlflow,
    "mlflow-async": read_mlflow,
    "wandb": read_wandb,
    "trackio": read_trackio,
    "aim": read_aim,
}

if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        if sys.argv[1] == "log":
            log(sys.argv[2], sys.argv[3], float(sys.argv[4]), sys.argv[5])
        found = READERS[sys.argv[2]](sys.argv[3])
    print(json.dumps(found), flush=True)
    os._exit(0)
