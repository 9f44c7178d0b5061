"""What a run has logged so far, read back from its events files."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_events(folder: str) -> list[dict[str, Any]]:
    """All events of a run in the order of their times; lines that are torn or malformed are passed over.

    Lines of one file stay in their order, also where the clock was set back between them.
    """
    timed = []
    for events in _read_files(folder):
        latest = 0.0
        for event in events:
            latest = max(latest, _time(event))
            timed.append((latest, event))
    timed.sort(key=lambda pair: pair[0])
    return [event for _, event in timed]


def last_metrics(folder: str) -> dict[str, float]:
    """The last value of each metric of a run.

    That of its highest step; without steps the last line within a file, then the highest time, then the file's name.
    """
    best: dict[str, tuple[float, float, float]] = {}
    for events in _read_files(folder):  # in the order of their names
        last: dict[str, tuple[float, float, float]] = {}
        for event in events:
            name, step = event.get("n"), event.get("s")
            if event["k"] != "metric" or not isinstance(name, str):
                continue
            step = float(step) if isinstance(step, (int, float)) else float("-inf")
            if name not in last or step >= last[name][0]:
                try:
                    value = float(event["v"])  # "NaN" and "Infinity" are read as such
                except (TypeError, ValueError, KeyError):
                    continue
                last[name] = (step, _time(event), value)
        for name, found in last.items():
            if name not in best or found[:2] >= best[name][:2]:
                best[name] = found
    return {name: value for name, (_, _, value) in best.items()}


def _time(event: dict[str, Any]) -> float:
    t = event.get("t")
    return float(t) if isinstance(t, (int, float)) else 0.0


def _read_files(folder: str) -> list[list[dict[str, Any]]]:
    try:
        names = sorted(os.listdir(f"{folder}/events"))
    except OSError:
        return []
    return [_read_file(f"{folder}/events/{name}") for name in names if name.endswith(".jsonl")]


def _read_file(path: str) -> list[dict[str, Any]]:
    import json

    events = []
    try:
        with open(path, encoding="utf-8", errors="replace", newline="\n") as file:
            for line in file:
                if not line.endswith("\n"):
                    continue
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, dict) and isinstance(event.get("k"), str):
                    events.append(event)
    except OSError:
        pass
    return events
