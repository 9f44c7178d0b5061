"""Class labels as text, and when two texts name the same class.

A script that reads ``1`` from a CSV may hand in ``1.0`` or ``True`` for ``true``, because pandas chose a
type. Such texts name one class; anything else is compared as it stands, letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable


def label_key(text: str) -> str:
    """The form in which labels are compared: trimmed, ``1.0`` as ``1``, ``True`` and ``TRUE`` as ``true``.

    >>> label_key("1.0"), label_key(" 1"), label_key("TRUE"), label_key("1.50"), label_key("Yes")
    ('1', '1', 'true', '1.5', 'Yes')
    """
    text = text.strip()
    if text[:1] in "tTfF" and text.lower() in ("true", "false"):
        return text.lower()
    if text[:1] in "+-.0123456789" and text[-1:] in ".0123456789":
        try:
            number = float(text)
        except ValueError:
            return text
        if number.is_integer() and abs(number) < 2**53:
            return str(int(number))
        if number - number == 0:
            return repr(number)
    return text


def label_keys(texts: Iterable[str]) -> list[str]:
    """:func:`label_key` of many, each distinct text once."""
    known: dict[str, str] = {}
    keys = []
    for text in texts:
        key = known.get(text)
        if key is None:
            key = known[text] = label_key(text)
        keys.append(key)
    return keys


def sort_labels(labels: Iterable[str]) -> list[str]:
    """Labels by number where all are numbers (``2`` before ``10``), else by text."""
    listed = list(labels)
    try:
        return sorted(listed, key=lambda label: (float(label), label))
    except ValueError:
        return sorted(listed)
