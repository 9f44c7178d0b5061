"""MLflow with RUNS runs of 10 parameters and 5 metrics on SQLite: ``mlflow_search.py RUNS``.

The rows are written straight into the tables that its store has made. Each line on stdin is answered by one search.
"""

import contextlib
import json
import os
import sqlite3
import sys
import uuid
from time import perf_counter

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
METRICS = ("accuracy", "f1", "loss", "precision", "recall")


def content(i: int) -> tuple[dict, dict]:
    """As `contentOf` of bench-runs.mjs has it."""
    params = {"group": i % 10}
    for p in range(1, 10):
        params[f"param_{p}"] = i / p if p % 2 else f"choice-{i % (p + 1)}"
    return params, {name: ((i * 7919 + m * 104_729) % 1_000_003) / 1_000_003 for m, name in enumerate(METRICS)}


def insert(db: sqlite3.Connection, table: str, rows: list[dict]) -> None:
    columns = list(rows[0])
    db.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        ([row[column] for column in columns] for row in rows),
    )


def fill(file: str, experiment: str, runs: int) -> None:
    at = 1_790_000_000_000
    ids = [uuid.UUID(int=i).hex for i in range(runs)]
    run_rows, param_rows, metric_rows, tag_rows = [], [], [], []
    for i, run in enumerate(ids):
        params, metrics = content(i)
        run_rows.append(
            {
                "run_uuid": run,
                "name": f"run-{i}",
                "source_type": "LOCAL",
                "user_id": "bench",
                "status": "FINISHED",
                "start_time": at + i,
                "end_time": at + i + 1000,
                "lifecycle_stage": "active",
                "experiment_id": int(experiment),
            }
        )
        tag_rows.append({"key": "mlflow.runName", "value": f"run-{i}", "run_uuid": run})
        param_rows += [{"key": key, "value": str(value), "run_uuid": run} for key, value in params.items()]
        metric_rows += [
            {"key": key, "value": value, "timestamp": at, "step": 20, "is_nan": 0, "run_uuid": run}
            for key, value in metrics.items()
        ]
    with contextlib.closing(sqlite3.connect(file)) as db, db:
        insert(db, "runs", run_rows)
        insert(db, "tags", tag_rows)
        insert(db, "params", param_rows)
        insert(db, "metrics", metric_rows)
        insert(db, "latest_metrics", metric_rows)


def main(runs: int) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{os.getcwd()}/search.db")
    experiment = mlflow.create_experiment("search")
    fill("search.db", experiment, runs)
    for _ in sys.stdin:
        began = perf_counter()
        found = mlflow.search_runs(
            [experiment], filter_string="params.`group` = '3'", order_by=["metrics.accuracy DESC"], max_results=10
        )
        ms = (perf_counter() - began) * 1e3
        print(json.dumps({"ms": ms, "found": len(found), "best": found["metrics.accuracy"][0]}), flush=True)


main(int(sys.argv[1]))
