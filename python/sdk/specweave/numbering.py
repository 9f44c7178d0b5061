"""Names and folders of experiments: ``exp-NNN-slug`` and ``-rN``, made once, whole, and without races.

A number is reserved by exclusively creating ``.specweave/reservations/<increment>.exp-NNN``; a folder is built under
another name and renamed, so that nobody ever sees half of one. The Node side follows the same protocol.
"""

from __future__ import annotations

import os

from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_LONGEST = 200


def split_name(name: str) -> tuple[int | None, str]:
    """``(3, "xgboost")`` of ``exp-003-xgboost``; ``(None, name)`` of any other name."""
    if name.startswith("exp-"):
        digits, dash, rest = name[4:].partition("-")
        if dash and rest and len(digits) >= 3 and digits.isdigit() and digits.isascii():
            return int(digits), rest
    return None, name


def slugify(text: str) -> str:
    """Lower case ASCII words joined by ``-``, at most 60 characters; accents are dropped."""
    if not text.isascii():
        import unicodedata

        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not "\u0300" <= c <= "\u036f")
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()
    slug = "-".join(words)[:60].rstrip("-")
    return f"{slug}-1" if slug in ("con", "prn", "aux", "nul") else slug


def fit_name(name: str) -> str:
    """The name as it can stand in a folder: a slug, behind ``exp-<digits>-`` where it begins so.

    Raises
    ------
    SpecWeaveError
        Where nothing of it can be a folder's name, or it reaches out of its folder.
    """
    if not isinstance(name, str):
        raise SpecWeaveError(f"An experiment's name is a text, not {type(name).__name__}.", 'for example "xgboost"')
    name = name.strip()
    shown = name if len(name) <= 80 else name[:80] + "..."
    if len(name) > _LONGEST or any(c in name for c in "/\\\0") or not name.strip("."):
        raise SpecWeaveError(
            f"A run cannot be named {shown!r}: letters, digits, spaces, '-', '_' and '.' only, "
            f"at most {_LONGEST} characters.",
            f"use for example {slugify(name)[:40] or 'xgboost'!r}",
        )
    number, rest = split_name(name)
    slug = slugify(rest)
    if not slug:
        raise SpecWeaveError(
            f"Nothing of the name {shown!r} can be used for a folder: it needs a Latin letter or a digit.",
            'use for example "xgboost"',
        )
    return slug if number is None else f"{name[: -len(rest)]}{slug}"


class Known:
    """What an ``experiments/`` folder holds, kept between runs so that a new run need not read every name again."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._clear()

    def _clear(self) -> None:
        self.names: set[str] = set()
        self.highest = 0
        self.by_slug: dict[str, str] = {}
        self.attempts: dict[str, int] = {}

    def refresh(self) -> None:
        """Reads the folder's names again. There is no cheaper way that sees each folder of others: times are coarse."""
        try:
            listed = os.listdir(self.folder)
        except FileNotFoundError:
            listed = []
        new = set(listed).difference(self.names)
        if len(listed) - len(new) != len(self.names):
            self._clear()  # something was removed
            new = set(listed)
        for name in new:
            if name.startswith("exp-"):
                self.add(name)

    def add(self, name: str) -> None:
        self.names.add(name)
        number, rest = split_name(name)
        if number is None:
            return
        self.highest = max(self.highest, number)
        base, attempt = _split_attempt(name)
        self.attempts[base] = max(self.attempts.get(base, 1), attempt)
        slug = _split_attempt(rest)[0]
        holder = self.by_slug.get(slug)
        if holder is None or (split_name(holder)[0] or 0) <= number:
            self.by_slug[slug] = base


def _split_attempt(name: str) -> tuple[str, int]:
    base, dash, digits = name.rpartition("-r")
    return (base, int(digits)) if dash and digits.isdigit() and int(digits) >= 2 else (name, 1)


_known: dict[str, Known] = {}


def place(
    experiments: str, reservations: str, increment: str, name: str, built: str, fill: Callable[[str, str | None], None]
) -> str:
    """Moves a finished folder to its place among an increment's experiments.

    Parameters
    ----------
    experiments, reservations
        The increment's ``experiments/`` folder and ``.specweave/reservations``.
    increment
        ``0042``.
    name
        As :func:`fit_name` returned it.
    built
        The folder that was built under another name, in `experiments`.
    fill
        Called with the name that the folder is to have and the name of the attempt before it, before each try:
        writes what holds the name.

    Returns
    -------
    str
        The folder's name: `name` itself, with its number, or with ``-rN`` where that exists.
    """
    known = _known.get(experiments)
    if known is None:
        known = _known[experiments] = Known(experiments)
        known.refresh()
    given = name if split_name(name)[0] is not None else None
    base = given or known.by_slug.get(name)
    if base in known.attempts and not os.path.isdir(f"{experiments}/{base}"):
        known.refresh()  # it was removed since
        base = given or known.by_slug.get(name)
    if base is None:
        numbered = _place_numbered(known, reservations, increment, name, built, fill)
        if numbered is not None:
            return numbered
        base = known.by_slug[name]
    if base not in known.attempts and _rename(built, experiments, base, None, fill):
        known.add(base)
        return base
    while True:
        last = known.attempts.get(base, 1)
        final = f"{base}-r{last + 1}"
        previous = base if last == 1 else f"{base}-r{last}"
        if _rename(built, experiments, final, previous, fill):
            known.add(final)
            return final
        known.refresh()
        known.attempts[base] = max(known.attempts.get(base, 1), last + 1)  # always onward


def _place_numbered(
    known: Known, reservations: str, increment: str, name: str, built: str, fill: Callable[[str, str | None], None]
) -> str | None:
    """The next number; None where the name turned up meanwhile, so that this is another attempt at it."""
    number = known.highest + 1
    pushed = False
    while True:
        reserved = f"{reservations}/{increment}.exp-{number:03d}"
        try:
            os.close(_create(reserved))
        except FileExistsError:
            number, pushed = number + 1, True
            continue
        try:
            known.refresh()
            if name in known.by_slug:
                return None
            # Somebody took the number before it was reserved, or runs were removed since the last look.
            if known.highest >= number or (known.highest + 1 < number and not pushed):
                number = known.highest + 1
                continue
            final = f"exp-{number:03d}-{name}"
            if _rename(built, known.folder, final, None, fill):
                known.add(final)
                return final
            number += 1
        finally:
            os.unlink(reserved)


def _create(path: str) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        make_folder(os.path.dirname(path))
        return os.open(path, flags, 0o666)


def make_folder(path: str) -> None:
    """Make a folder in one that exists, where nobody else has made it."""
    try:
        os.mkdir(path)
    except FileExistsError:
        pass


def _rename(
    built: str, experiments: str, final: str, previous: str | None, fill: Callable[[str, str | None], None]
) -> bool:
    fill(final, previous)
    try:
        os.rename(built, f"{experiments}/{final}")
        return True
    except (FileExistsError, NotADirectoryError):
        return False
    except OSError as error:
        import errno

        if error.errno == errno.ENOTEMPTY:
            return False
        raise
