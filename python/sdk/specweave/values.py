"""Values as scripts have them (NumPy, pandas, torch, Decimal, ...) made into JSON, without importing any of them."""

from __future__ import annotations

try:
    # The C functions behind json.dumps: `import json` alone would cost more than the rest of a run's start.
    from _json import encode_basestring as quote
    from _json import encode_basestring_ascii as quote_ascii
except ImportError:  # not CPython
    from json.encoder import encode_basestring as quote
    from json.encoder import encode_basestring_ascii as quote_ascii

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_INFINITY = float("inf")
_LONGEST_TEXT = 10_000
_LARGEST_INT = 1 << 63
_DEEPEST = 6
_MOST_NESTED = 32


def number(value: Any) -> str:
    """A metric's value as JSON text.

    Parameters
    ----------
    value
        An int, float or bool, a NumPy or pandas scalar, an array or tensor of one element, or a ``Decimal``.

    Returns
    -------
    str
        A JSON number, or ``"NaN"``, ``"Infinity"``, ``"-Infinity"`` in quotes.

    Raises
    ------
    TypeError, ValueError, OverflowError
        Where the value is no single number.
    """
    kind = type(value)
    if kind is float:
        return repr(value) if -_INFINITY < value < _INFINITY else _not_finite(value)
    if kind is int and -_LARGEST_INT < value < _LARGEST_INT:
        return repr(value)
    if isinstance(value, (str, bytes, complex)) or value is None:
        raise TypeError(f"{kind.__name__} is not a number")
    if hasattr(value, "item") and not isinstance(value, (int, float)):
        value = value.item()  # NumPy scalars, arrays, Series and tensors of one element; others raise ValueError
        if isinstance(value, (str, bytes, complex)) or value is None:
            raise TypeError(f"{kind.__name__} does not hold a number")
    if isinstance(value, int) and -_LARGEST_INT < value < _LARGEST_INT:
        return repr(int(value))
    as_float = float(value)
    return repr(as_float) if -_INFINITY < as_float < _INFINITY else _not_finite(as_float)


def _not_finite(value: float) -> str:
    if value != value:
        return '"NaN"'
    return '"Infinity"' if value > 0 else '"-Infinity"'


def plain(value: Any, depth: int = 0, room: list[int] | None = None) -> Any:
    """A parameter's value as None, bool, int, float, str, list or dict; anything else as its text, shortened.

    `room` holds how many characters its JSON may still have: no more items are taken where it is used up, so that lists
    within lists do not make gigabytes of what would be cut off.
    """
    kind = type(value)
    if value is None or kind is bool or kind is int or kind is float:
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."
    try:
        return _plain(value, kind, depth, room)
    except Exception:  # a value that breaks when it is looked at must not end a training
        return f"<{kind.__name__}>"


def _plain(value: Any, kind: type, depth: int, room: list[int] | None) -> Any:
    if isinstance(value, (bool, int, float)):
        return float(value) if isinstance(value, float) else int(value)
    if depth < _DEEPEST:
        if isinstance(value, dict):
            return dict(zip(_plain_items(map(text_of, value), depth, room), _plain_items(value.values(), depth, room)))
        if isinstance(value, (list, tuple, set, frozenset, range)):
            return list(_plain_items(_shortened(value), depth, room))
        if hasattr(value, "item") and getattr(value, "size", 1) == 1 and not hasattr(value, "numel"):
            try:
                return plain(value.item(), depth + 1, room)
            except (TypeError, ValueError, AttributeError):
                pass
        if hasattr(value, "tolist") and getattr(value, "size", 1001) <= 1000:
            return plain(value.tolist(), depth + 1, room)
    if kind.__module__ in ("decimal", "fractions"):
        try:
            return float(value)
        except (ValueError, OverflowError):  # a signalling NaN, a number beyond all floats
            return text_of(value)
    if kind is not bytes and hasattr(value, "isoformat"):
        return str(value.isoformat())[:1000]
    text = value.__name__ if callable(value) and hasattr(value, "__name__") else repr(value)
    return text if len(text) <= 1000 else text[:1000] + "..."


def _plain_items(items: Iterable[Any], depth: int, room: list[int] | None) -> Iterator[Any]:
    for item in items:
        if room is not None and room[0] < 0:
            return
        made = plain(item, depth + 1, room)
        if room is not None:
            room[0] -= len(made) + 2 if type(made) is str else 2
        yield made


def text_of(value: Any) -> str:
    """``str(value)``, at most 1,000 characters; the type's name where the value has no text to give."""
    try:
        return str.__str__(str(value))[:1000]
    except Exception:
        return f"<{type(value).__name__}>"


def _shortened(items: Any) -> list[Any]:
    if len(items) <= 1000:
        return list(items)
    from itertools import islice

    return [*islice(items, 1000), f"... {len(items) - 1000} more"]


def flatten(params: Any, prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """``{"model": {"depth": 3}}`` as ``{"model.depth": 3}``. Empty dicts stay; a Namespace is taken as a dict."""
    if not isinstance(params, dict):
        params = dict(params) if hasattr(params, "keys") else vars(params)
    flat: dict[str, Any] = {}
    for key, value in params.items():
        name = f"{prefix}{key if type(key) is str else text_of(key)}"
        if isinstance(value, dict) and value and depth < _MOST_NESTED:
            flat.update(flatten(value, f"{name}.", depth + 1))
        else:
            flat[name] = value
    return flat


def to_json(value: Any, text: Any = quote_ascii) -> str:
    """JSON on one line of what :func:`plain` returns; numbers that are not finite become strings."""
    if value is None:
        return "null"
    kind = type(value)
    if kind is str:
        return text(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number(value) if kind is float or -_LARGEST_INT < value < _LARGEST_INT else text(_digits(value))
    if kind is dict:
        return "{" + ",".join([f"{text(str(k))}:{to_json(v, text)}" for k, v in value.items()]) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([to_json(item, text) for item in value]) + "]"
    return to_json(plain(value), text)


def _digits(value: int) -> str:
    """A whole number beyond 64 bits as text."""
    try:
        return str(value)[:_LONGEST_TEXT]
    except ValueError:  # beyond 4,300 digits Python does not write them
        return f"a whole number of {value.bit_length()} bits"


def from_json(text: str) -> Any:
    """Parses JSON with the C scanner behind `json`, whose import would cost more than a whole run.

    Raises
    ------
    ValueError
        Where the text is not JSON.
    """
    import sys

    if "json" not in sys.modules:
        try:
            from _json import make_scanner

            return make_scanner(_ScannerSettings)(text.strip(), 0)[0]  # type: ignore[arg-type]
        except (ImportError, AttributeError, TypeError, StopIteration):
            pass  # another Python, or not JSON: the module says which
    import json

    return json.loads(text)


class _ScannerSettings:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def to_document(value: dict[str, Any]) -> bytes:
    """JSON for a file that people read in a diff: one key of the top level a line, Unicode as it is."""
    lines = [f"  {quote(key)}: {to_json(item, quote)}" for key, item in value.items()]
    # A lone surrogate (an undecodable byte of argv) becomes its JSON escape.
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")
