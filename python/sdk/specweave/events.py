"""The events files of a run: one JSON object a line, one file a process, one ``write()`` a line."""

from __future__ import annotations

import os
from _thread import RLock

from .errors import warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_open: dict[int, EventFile] = {}


def _after_fork() -> None:
    """In the child: the parent's files are the parent's. Each run goes on in a file of this process's own."""
    for events in list(_open.values()):
        events.leave_to_parent()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def new_file(folder: str) -> tuple[int, str]:
    """Creates ``events/<host>-<pid>-<random>.jsonl`` in a run's folder, exclusively.

    Returns
    -------
    tuple of int and str
        The file's descriptor, opened for appending, and its path.
    """
    host = "".join([c if c.isalnum() and c.isascii() else "-" for c in os.uname().nodename[:40]]) or "host"
    name = f"{host}-{os.getpid()}-{os.urandom(6).hex()}.jsonl"
    path = f"{folder}/events/{name}"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666), path
    except FileNotFoundError:
        os.makedirs(f"{folder}/events", exist_ok=True)
        return os.open(path, flags, 0o666), path


class EventFile:
    """What this process says of one run. Safe for threads; a fork goes on in a file of its own.

    Parameters
    ----------
    folder
        The run's folder. The file is made at the first line, or handed over open as `fd`.
    """

    __slots__ = ("folder", "_fd", "_torn", "_lock", "_path")

    def __init__(self, folder: str, fd: int | None = None, path: str | None = None) -> None:
        self.folder = folder
        self._fd = fd
        self._path = path  # names the file again when a line follows after the end
        self._torn = False
        self._lock = RLock()  # re-entrant: a signal handler may log while a line is being written
        if fd is not None:
            _open[id(self)] = self

    def write(self, line: str) -> bool:
        """Appends whole lines (ASCII, each with its newline) with one ``write()``.

        Returns
        -------
        bool
            Whether the lines are in the file, where SIGKILL cannot take them. If not, stderr was told once.
        """
        lock = self._lock
        lock.acquire()
        try:
            fd = self._fd
            if fd is None:
                fd = self._reopen()
            data = line.encode("ascii")
            if self._torn:
                data = b"\n" + data  # what was cut off stays a line of its own, and this one stays readable
            written = os.write(fd, data)
            if written == len(data):
                self._torn = False
                return True
            self._torn = self._torn or written > 0
            warn_once(f"short {self.folder}", f"a line could not be written whole in {self.folder} (disk full?)")
        except OSError as error:
            warn_once(
                f"write {self.folder}",
                f"cannot record in {self.folder}: {error.strerror or error}. "
                "The script goes on; what it logs is not kept.",
            )
        finally:
            lock.release()
        return False

    def _reopen(self) -> int:
        if self._path is None:
            self._fd, self._path = new_file(self.folder)
        else:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        _open[id(self)] = self
        return self._fd

    def leave_to_parent(self) -> None:
        """After a fork, in the child: the next line makes a new file."""
        fd, self._fd, self._path, self._torn, self._lock = self._fd, None, None, False, RLock()
        if fd is not None:
            try:
                os.close(fd)
            except OSError:
                pass

    def close(self) -> None:
        with self._lock:
            fd, self._fd = self._fd, None
            _open.pop(id(self), None)
            if fd is not None:
                os.close(fd)


def read_events(folder: str) -> list[dict[str, Any]]:
    """All events of a run in the order of their times; lines that are torn or malformed are passed over."""
    import json

    events: list[dict[str, Any]] = []
    try:
        names = sorted(os.listdir(f"{folder}/events"))
    except OSError:
        return events
    for name in names:
        if not name.endswith(".jsonl"):
            continue
        with open(f"{folder}/events/{name}", encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.endswith("\n"):
                    continue
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and isinstance(event.get("k"), str):
                    events.append(event)
    events.sort(key=lambda event: event["t"] if isinstance(event.get("t"), (int, float)) else 0)
    return events


def last_metrics(events: list[dict[str, Any]]) -> dict[str, float]:
    """The last value of each metric: that of its highest step, else the latest."""
    last: dict[str, tuple[float, float]] = {}
    for event in events:
        if event["k"] != "metric" or not isinstance(event.get("n"), str):
            continue
        step = event.get("s")
        step = float(step) if isinstance(step, (int, float)) else float("-inf")
        known = last.get(event["n"])
        if known is None or step >= known[0]:
            try:
                last[event["n"]] = (step, float(event["v"]))  # "NaN" and "Infinity" are read as such
            except (TypeError, ValueError, KeyError):
                continue
    return {name: value for name, (_, value) in last.items()}
