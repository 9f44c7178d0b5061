"""Refusals: what a user can meet, with where it lies and what to do. The codes are those of
``src/core/errors.ts``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class Refusal(Exception):
    """Something that was asked for and cannot be done.

    Parameters
    ----------
    code : str
        A code of ``src/core/errors.ts``, e.g. ``"DATASET_INVALID"``.
    message : str
        One or two sentences in the user's terms: what is wrong, and what to do next.
    invalid : iterable of (field, problem)
        Each argument that is wrong and why.
    missing : iterable of str
        Arguments or things that are needed and were not there.
    next_steps : iterable of dict
        ``tool, arguments, why`` of calls that would work; ``arguments`` are what to add to those of this call.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        invalid: Iterable[tuple[str, str]] = (),
        missing: Iterable[str] = (),
        next_steps: Iterable[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.invalid = [{"field": field, "problem": problem} for field, problem in invalid]
        self.missing = list(missing)
        self.next_steps = list(next_steps)

    def __str__(self) -> str:
        return self.message

    def to_json(self) -> dict[str, Any]:
        said = {"code": self.code, "message": self.message, "invalid": self.invalid, "missing": self.missing}
        return {**said, "next": self.next_steps} if self.next_steps else said


def dataset_invalid(field: str, problem: str, advice: str) -> Refusal:
    """A refusal of :func:`~specweave_lab.registration.register_dataset`: field, problem, what to do."""
    return Refusal("DATASET_INVALID", f"{problem} {advice}".strip(), invalid=[(field, problem)])


def predictions_invalid(problem: str, advice: str, field: str = "predictions") -> Refusal:
    """A refusal of an evaluation: what is wrong with the file handed in, and what to do."""
    return Refusal("PREDICTIONS_INVALID", f"{problem} {advice}".strip(), invalid=[(field, problem)])


def first_few(items: Iterable[Any], limit: int = 5) -> str:
    """The first items as text, and how many more there are: ``3, 17, 20 and 4 more``."""
    listed = list(items)
    text = ", ".join(str(item) for item in listed[:limit])
    return f"{text} and {len(listed) - limit:,} more" if len(listed) > limit else text


def nearest(name: str, known: Iterable[str]) -> str:
    """``Did you mean "churn"?``, or the names that exist, where none is near."""
    names = [str(k) for k in known]
    lowered = {n.lower(): n for n in reversed(names)}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=3, cutoff=0.6)
    if close:
        return "Did you mean " + " or ".join(f'"{lowered[c]}"' for c in close) + "?"
    return "The names there are: " + first_few((f'"{n}"' for n in names), 12) + "."
