"""What the SDK says when something is wrong: an error for evidence, one line on stderr for telemetry."""

from __future__ import annotations

import sys


class SpecWeaveError(Exception):
    """Something that was asked for cannot be done.

    Parameters
    ----------
    message
        What is wrong, and where.
    next
        What to do about it: a command or a line of code that would work. Shown on a line of its own.
    """

    def __init__(self, message: str, next: str | None = None) -> None:
        super().__init__(f"{message}\n  What to do: {next}" if next else message)
        self.message = message
        self.next = next

    def __reduce__(self):
        return (SpecWeaveError, (self.message, self.next))


_said: set[str] = set()


def warn_once(key: str, message: str) -> None:
    """One line on stderr, once a process for each key: telemetry degrades, and the training goes on."""
    if key in _said:
        return
    _said.add(key)
    say(message)


def say(message: str) -> None:
    """One line on stderr."""
    try:
        sys.stderr.write(f"specweave: {message}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # no stderr (a daemon, a closed notebook): there is nobody to tell
