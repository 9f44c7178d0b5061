"""When a prediction names a class: ``1``, ``1.0`` and ``True`` may all stand for what the file writes ``1`` or ``true``.

The rule is that of ``specweave_lab/labels.py``, so that what is accepted here is scored there.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def label_key(text: str) -> str:
    """The form in which labels are compared: trimmed, ``1.0`` as ``1``, ``TRUE`` as ``true``."""
    text = text.strip()
    if text[:1] in ("t", "T", "f", "F") and text.lower() in ("true", "false"):
        return text.lower()
    if text[:1] and text[:1] in "+-.0123456789" and text[-1:] in ".0123456789":
        try:
            number = float(text)
        except ValueError:
            return text
        if number.is_integer() and abs(number) < 2**53:
            return str(int(number))
        if number - number == 0:
            return repr(number)
    return text


class Labels:
    """The classes of a dataset, by all the ways in which a prediction may name them.

    Parameters
    ----------
    classes
        The labels as they stand in the file.
    """

    def __init__(self, classes: Iterable[str]) -> None:
        self.classes = list(classes)
        self._known: dict[Any, str | None] = {}
        self._keys = {label_key(label): label for label in self.classes}
        self._booleans = set(self._keys) == {"0", "1"}

    def find(self, value: Any) -> str | None:
        """The class that a value names, as the file writes it; None where it names none."""
        key = (type(value), value)
        try:
            if key in self._known:
                return self._known[key]
        except TypeError:
            return None
        if isinstance(value, bool) and self._booleans:
            label: str | None = self._keys[str(int(value))]
        else:
            label = self._keys.get(label_key(str(value)))
        self._known[key] = label
        return label
