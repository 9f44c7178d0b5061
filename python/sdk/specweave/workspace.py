"""Where the workspace, the increment and a run's folder lie. Reads files only; works with no server running."""

from __future__ import annotations

import os

from .errors import SpecWeaveError
from .values import from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_metadata: dict[str, tuple[tuple[int, int, int], str | None]] = {}
_found: dict[tuple[str, str | int], str] = {}
_datasets: dict[str, tuple[tuple[int, int, int], str | None]] = {}


def find_workspace(cwd: str | None = None) -> str:
    """The folder that holds ``.specweave/``: ``SPECWEAVE_WORKSPACE``, else upward from the working folder (`cwd`).

    Raises
    ------
    SpecWeaveError
        Where there is none.
    """
    named = os.environ.get("SPECWEAVE_WORKSPACE")
    if named:
        if os.path.isdir(f"{named}/.specweave"):
            return os.path.abspath(named)
        raise SpecWeaveError(
            f"SPECWEAVE_WORKSPACE is {named}, which holds no .specweave folder.",
            "name the folder that holds .specweave, or unset it to search upward from the working folder",
        )
    begin = folder = cwd or os.getcwd()
    while True:
        if os.path.isdir(f"{folder}/.specweave"):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            raise SpecWeaveError(
                f"No .specweave folder was found in {begin} or above it.",
                "make a workspace with its first increment: "
                "specweave-ml create-increment --title 'Churn model' --problem-type classification",
            )
        folder = parent


def increment_number(folder: str) -> str:
    """``0042`` of ``0042-recommendation-model``."""
    return folder.split("-", 1)[0]


def find_increment(workspace: str, wanted: str | int | None = None) -> str:
    """The folder's name of an increment, ``0042-recommendation-model``.

    Parameters
    ----------
    wanted
        ``"0042"``, ``42`` or the folder's name; else ``SPECWEAVE_INCREMENT``, else the one that is active.

    Raises
    ------
    SpecWeaveError
        Where none, or more than one, is meant.
    """
    if wanted is None:
        wanted = os.environ.get("SPECWEAVE_INCREMENT") or None
    known = _found.get((workspace, wanted)) if wanted is not None else None
    if known is not None and _stamp(f"{workspace}/.specweave/increments/{known}") is not None:
        return known
    try:
        names = sorted(n for n in os.listdir(f"{workspace}/.specweave/increments") if _is_increment(n))
    except FileNotFoundError:
        names = []
    if wanted is not None:
        text = str(wanted).strip()
        number = text.zfill(4) if text.isdigit() else None
        for name in names:
            if name == text or (number is not None and increment_number(name) == number):
                _found[workspace, wanted] = name
                return name
        raise SpecWeaveError(
            f"There is no increment {text!r} in {workspace}/.specweave/increments.",
            f"use one of: {', '.join(names)}" if names else _make_one(),
        )
    if not names:
        raise SpecWeaveError(f"There is no increment in {workspace}/.specweave/increments.", _make_one())
    active = [name for name in names if _status(f"{workspace}/.specweave/increments/{name}") == "active"]
    if len(active) == 1:
        return active[0]
    numbers = ", ".join(active or names)
    raise SpecWeaveError(
        f"{'Several increments are' if active else 'No increment is'} active in {workspace}.",
        f"name the one you mean: increment={increment_number((active or names)[0])!r}, "
        f"or the variable SPECWEAVE_INCREMENT. There are: {numbers}",
    )


def _make_one() -> str:
    return "specweave-ml create-increment --title 'Churn model' --problem-type classification"


def _is_increment(name: str) -> bool:
    number, dash, rest = name.partition("-")
    return bool(dash and rest and len(number) >= 4 and number.isdigit())


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _status(increment: str) -> str | None:
    path = f"{increment}/metadata.json"
    stamp = _stamp(path)
    if stamp is None:
        return None
    known = _metadata.get(path)
    if known is None or known[0] != stamp:
        try:
            with open(path, "rb") as file:
                status = from_json(file.read().decode("utf-8")).get("status")
        except (OSError, ValueError, AttributeError):
            status = None
        known = _metadata[path] = (stamp, status)
    return known[1]


def increment_dataset(increment: str) -> str | None:
    """``churn@1`` of the line ``dataset:`` in the front matter of an increment's spec.md, if it names a version."""
    path = f"{increment}/spec.md"
    stamp = _stamp(path)
    if stamp is None:
        return None
    known = _datasets.get(path)
    if known is None or known[0] != stamp:
        known = _datasets[path] = (stamp, _read_dataset(path))
    return known[1]


def _read_dataset(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            if file.readline().rstrip() != "---":
                return None
            for line in file:
                if line.startswith("---"):
                    return None
                key, colon, value = line.strip().partition(":")
                if colon and key == "dataset":
                    value = value.split(" #")[0].strip().strip("'\"")
                    return value if "@" in value else None
    except OSError:
        pass
    return None


def read_json(path: str) -> Any:
    """A JSON file's value, or None where the file is missing or unreadable."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
