"""Handing in what a baseline predicts: the public formats of events and predictions, written by hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import time
from pathlib import Path
from typing import Any

import pandas as pd


class Events:
    """One events file of this process: made exclusively, one ``write`` a line."""

    def __init__(self, run_dir: Path) -> None:
        folder = run_dir / "events"
        folder.mkdir(parents=True, exist_ok=True)
        host = re.sub(r"[^A-Za-z0-9.]", "-", socket.gethostname()) or "host"
        path = folder / f"{host}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)

    def write(self, kind: str, **fields: Any) -> None:
        event = {"k": kind, **fields, "t": round(time.time(), 3)}
        os.write(self._file, json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")


def hand_in(run_dir: Path, events: Events, split: str, predictions: pd.DataFrame) -> None:
    """Write ``predictions/<split>.csv`` whole or not at all, and the event that names its hash."""
    folder = run_dir / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    data = predictions.to_csv(index=False, lineterminator="\n").encode()
    new = folder / f".{split}.csv.{os.getpid()}"
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, folder / f"{split}.csv")
    events.write("predictions", n=split, sha256=hashlib.sha256(data).hexdigest(), rows=len(predictions))
    print(f"handed in {len(predictions):,} predictions for {split}", flush=True)
