"""The last tries: what waits to be written when a run ends, and when the process does."""

from __future__ import annotations

from time import monotonic

from .errors import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .events import EventFile

#: How long a process waits for room altogether where its runs end, in seconds; then once more where it ends itself.
PATIENCE_S = 10.0
LAST_PATIENCE_S = 5.0

#: The files with lines that could not be written yet.
waiting: dict[int, EventFile] = {}

_patience = PATIENCE_S
_watched = False


def forget() -> None:
    """In a forked child: what waits is its parent's."""
    global _patience, _watched
    waiting.clear()
    _patience, _watched = PATIENCE_S, False


def be_patient(flush: Callable[[float], bool]) -> None:
    """Tries as long as this process has patience left, so that many runs on a full disk do not each wait."""
    global _patience
    began = monotonic()
    flush(_patience)
    _patience = max(0.0, _patience - (monotonic() - began))


def watch() -> None:
    """Asks for a last try where the process ends; a child of `multiprocessing` never runs what `atexit` holds."""
    global _watched
    if _watched:
        return
    _watched = True
    import atexit
    import sys

    atexit.register(last_try)
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, last_try, exitpriority=0)


def last_try() -> None:
    """Ends the runs that are open, writes what waits while that works, and tells what did not."""
    import sys

    session = sys.modules.get("specweave.session")
    if session is not None:
        session.end_open_runs()
    until = monotonic() + LAST_PATIENCE_S
    for events in list(waiting.values()):
        if not events.flush(max(0.0, until - monotonic())):
            count, why = events.lost()
            say(f"{count} lines of {events.folder} could not be written and are lost: {why}")
    waiting.clear()
