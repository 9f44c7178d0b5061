"""How an events file is named and made: ``events/<host>-<pid>-<random>.jsonl`` in a run's folder."""

from __future__ import annotations

import os
from os import getpid

APPEND = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
_host = ""


def new_file(folder: str) -> tuple[int, str]:
    """Creates ``events/<host>-<pid>-<random>.jsonl`` in a run's folder, exclusively.

    Returns
    -------
    tuple of int and str
        The file's descriptor, opened for appending, and its path.
    """
    global _host
    if not _host:
        _host = "".join([c if c.isalnum() and c.isascii() else "-" for c in os.uname().nodename[:40]]) or "host"
    path = f"{folder}/events/{_host}-{getpid()}-{os.urandom(6).hex()}.jsonl"
    try:
        return os.open(path, APPEND | os.O_CREAT | os.O_EXCL, 0o666), path
    except FileNotFoundError:
        # Never the run's folder itself: one that was moved away is not made a second time.
        from .numbering import make_folder

        make_folder(f"{folder}/events")
        return os.open(path, APPEND | os.O_CREAT | os.O_EXCL, 0o666), path
