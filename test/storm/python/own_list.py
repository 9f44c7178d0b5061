"""The script's own list of what was acknowledged to it: fsynced, outside the workspace, a file for each process."""

import json
import os
import time

_write, _open, _fsync = os.write, os.open, os.fsync  # as they were before a kill was hung on them
now = time.time  # as it was before somebody set the clock
_fd = None
_pid = None


def say(**fact):
    """Appends one fact; it is on the disk when this returns."""
    global _fd, _pid
    if _pid != os.getpid():
        _pid = os.getpid()
        key = os.environ["STORM_KEY"]
        _fd = _open(f"{os.environ['STORM_OWN']}/{key}~{_pid}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    _write(_fd, (json.dumps(fact) + "\n").encode())
    _fsync(_fd)
