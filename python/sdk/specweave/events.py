"""The events files of a run: one JSON object a line, one file a process, one ``write()`` a line.

What cannot be written waits in memory (:mod:`specweave.backlog`) and is tried again: at each call, at most five times a
second; patiently where the run ends, and once more where the process does.
"""

from __future__ import annotations

import errno
import os
from _thread import RLock
from os import getpid
from time import monotonic, sleep, time

from . import ending
from .backlog import MOST_BYTES, Backlog, unwritten
from .errors import say, warn_once
from .events_file import APPEND, new_file

_RETRY_S = 0.2
# With these another file, or the same one opened anew, may do at once.
_OF_THIS_FILE = (errno.EBADF, errno.EFBIG)
# With these the file, as it is open, may be good again later; with any other it is opened anew.
_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS)

_open: dict[int, EventFile] = {}


def _after_fork() -> None:
    """In the child: the parent's files are the parent's. Each run goes on in a file of this process's own."""
    for events in [*_open.values(), *ending.waiting.values()]:
        events.leave_to_parent()
    _open.clear()
    ending.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class EventFile:
    """What this process says of one run. Safe for threads and signal handlers; a fork goes on in a file of its own.

    Parameters
    ----------
    folder
        The run's folder. The file is made at the first line, or handed over open as `fd`.
    """

    __slots__ = (
        "folder", "_fd", "_path", "_pid", "_lock", "_clean", "_torn", "_draining", "_backlog", "_retry_at", "_tell_at",
        "_why", "_last_error",
    )  # fmt: skip

    def __init__(self, folder: str, fd: int | None = None, path: str | None = None) -> None:
        self.folder = folder
        self._fd = fd
        self._path = path  # names the file again when a line follows after the end
        self._fresh()
        if fd is not None:
            _open[id(self)] = self

    def _fresh(self) -> None:
        self._lock = RLock()  # re-entrant: a signal handler may log while a line is being written
        self._clean = self._fd is not None  # open, ends with a newline, nothing waits, nobody is writing
        self._torn = False
        self._draining = False
        self._backlog: Backlog | None = None
        self._retry_at = 0.0
        self._why = self._last_error = ""
        self._tell_at = 0.0
        self._pid = getpid()

    def write(self, line: str) -> bool:
        """Appends whole lines (ASCII, each with its newline) with one ``write()``.

        Returns
        -------
        bool
            Whether the lines are in the file, where SIGKILL cannot take them. If not, they wait in memory until there
            is room, and stderr was told.
        """
        if self._pid != getpid():
            self.leave_to_parent()  # a fork that Python was not told of
        data = line.encode("ascii")
        lock = self._lock
        lock.acquire()
        try:
            size = 0
            if self._clean:
                # Until this is through, a signal handler that logs begins with a newline.
                self._clean = False
                try:
                    size = os.write(self._fd, data)  # type: ignore[arg-type]
                    if size == len(data):
                        self._clean = self._backlog is None
                        return True
                except OSError as error:
                    self._failed(error)
            elif self._fd is not None and self._backlog is None:
                self._torn = True  # an interrupted write, or one that this call interrupts, may have left half a line
            return self._keep(data, size)
        finally:
            lock.release()

    def hand_in(self, line: str) -> bool:
        """Like :meth:`write` for one line of evidence: waits for room, and takes the line back where there is none."""
        with self._lock:
            if self.write(line):
                return True
            backlog = self._backlog
            kept = backlog.lines[-1] if backlog is not None and backlog.lines else b""
        if backlog is None or kept != line.encode("ascii"):
            return False
        self.flush(ending.LAST_PATIENCE_S)
        with self._lock:
            return not backlog.take_back(kept)

    def flush(self, patience_s: float = 0.0) -> bool:
        """Tries to write what waits, again and again for as long as `patience_s` seconds.

        Returns
        -------
        bool
            Whether nothing waits any more.
        """
        until = monotonic() + patience_s
        while True:
            with self._lock:
                if self._backlog is None or self._drain():
                    return True
            left = until - monotonic()
            if left <= 0 or not self._has_a_place():
                return False
            sleep(min(_RETRY_S, left))

    def close(self) -> None:
        """Closes the file. What waits is tried patiently; if it must, it waits on until the process ends."""
        if self._pid != getpid():
            self.leave_to_parent()
        if self._backlog is not None:
            ending.be_patient(self.flush)
        with self._lock:
            self._let_go()

    def lost(self) -> tuple[int, str]:
        """How many lines wait or were dropped, and why."""
        backlog = self._backlog
        return (len(backlog.lines) + backlog.dropped if backlog is not None else 0), self._last_error

    def leave_to_parent(self) -> None:
        """After a fork, in the child: the next line makes a new file; what waits is the parent's to write."""
        fd, self._fd, self._path = self._fd, None, None
        self._fresh()
        if fd is not None:
            try:
                os.close(fd)
            except OSError:
                pass

    def _has_a_place(self) -> bool:
        """Whether what waits may still be written: an open file moves with its folder, and is gone when it is removed."""
        fd = self._fd
        return os.path.isdir(self.folder) if fd is None else os.fstat(fd).st_nlink > 0

    # ---- where the plain way does not do; all of it under the lock

    def _keep(self, data: bytes, size: int) -> bool:
        """Takes lines of which `size` bytes are written; tries the rest at once where it is time to."""
        if self._draining:
            return self._interrupt(data)
        if size:
            data, self._torn = unwritten(data, size)
            self._failed(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        backlog = self._backlog
        if backlog is None:
            backlog = self._backlog = Backlog()
            ending.waiting[id(self)] = self
        backlog.add(data)
        if backlog.bytes > MOST_BYTES:
            backlog.thin(time())
            warn_once(
                f"dropped {self.folder}",
                f"more than {MOST_BYTES >> 20} MiB wait to be written to {self.folder}: from now on the oldest values of "
                "metrics are dropped to make room. The run's notes will say how many.",
            )
        if monotonic() >= self._retry_at and self._drain():
            return True
        self._tell()
        return False

    def _interrupt(self, data: bytes) -> bool:
        """A signal handler logs while waiting lines are written: its line goes out of turn, on one of its own."""
        self._torn = True
        try:
            if self._fd is not None and os.write(self._fd, b"\n" + data) == len(data) + 1:
                return True
        except OSError:
            pass
        if self._backlog is not None:
            self._backlog.add(data)
        return False

    def _drain(self) -> bool:
        """Writes what waits, oldest first. True where nothing waits any more."""
        backlog = self._backlog
        if backlog is None or self._draining:
            return backlog is None
        self._draining, self._clean, anew = True, False, True
        try:
            while backlog.lines or backlog.dropped or self._torn:
                try:
                    self._write_block(backlog)
                except OSError as error:
                    self._failed(error)
                    # Somebody closed the file, or it reached a limit of its own: another may do at once.
                    if not anew or error.errno not in _OF_THIS_FILE:
                        self._retry_at = monotonic() + _RETRY_S
                        self._tell()
                        return False
                    anew = False
        finally:
            self._draining = False
        self._backlog = None
        self._clean = self._fd is not None
        self._retry_at = 0.0
        ending.waiting.pop(id(self), None)
        if self._why:
            self._why = ""
            say(f"recording in {self.folder} works again; what waited is written")
        return True

    def _write_block(self, backlog: Backlog) -> None:
        fd = self._fd if self._fd is not None else self._reopen()
        if not backlog.lines and backlog.dropped:
            backlog.add(backlog.gap_note(time()))
        block = backlog.block()
        start = b"\n" if self._torn else b""
        size = os.write(fd, start + block)
        if size:
            self._torn = backlog.wrote(block, size - len(start))
        if size < len(start) + len(block):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _failed(self, error: OSError) -> None:
        self._retry_at = 0.0 if error.errno in _OF_THIS_FILE else monotonic() + _RETRY_S
        if error.errno == errno.EFBIG:
            self._path = None
        if error.errno not in _NO_ROOM:
            self._let_go()
            self._torn = self._path is not None  # at worst an empty line
        self._last_error = error.strerror or str(error)

    def _tell(self) -> None:
        """Says that something waits, once while it lasts, and no more than once a minute."""
        ending.watch()
        if not self._why and monotonic() >= self._tell_at:
            self._tell_at = monotonic() + 60
            self._why = self._last_error
            say(
                f"cannot record in {self.folder}: {self._why}. The script goes on; what it logs waits in memory (at most "
                f"{MOST_BYTES >> 20} MiB) until there is room. Killed before, it is lost."
            )

    def _reopen(self) -> int:
        if self._path is not None:
            self._fd = os.open(self._path, APPEND)
        else:
            self._fd, self._path = new_file(self.folder)
        _open[id(self)] = self
        return self._fd

    def _let_go(self) -> None:
        fd, self._fd = self._fd, None
        self._clean = False
        _open.pop(id(self), None)
        if fd is not None:
            try:
                os.close(fd)
            except OSError:
                pass
