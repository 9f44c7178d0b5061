"""The parts of an events line that are the same from call to call."""

from __future__ import annotations

from .masking import MASK, is_secret
from .values import number, plain, quote_ascii, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: In UTF-16 units, as the reader counts.
LONGEST_NAME = 500
#: Of a parameter as JSON; the reader takes lines of up to 16 MiB.
_LONGEST_JSON = 1_000_000
_MOST_NAMES = 10_000

#: ``{"k":"metric","n":"loss","v":`` of each metric's name, kept because a training asks for it at each step.
prefixes: dict[str, str] = {}


def metric_prefix(name: Any) -> str:
    """How the line of a metric begins, up to its value."""
    if len(prefixes) > _MOST_NAMES:
        prefixes.clear()
    prefix = prefixes[name] = f'{{"k":"metric","n":{quote_ascii(fit_name(name))},"v":'
    return prefix


def param_line(name: Any, value: Any, end: str) -> str:
    """The line of a parameter; `end` is its time and newline. A text under a secret's name is masked."""
    if type(value) is float and value - value == 0.0:
        text = repr(value)
    else:
        secret = isinstance(value, str) and is_secret(str(name))
        text = to_json(MASK if secret else plain(value, room=[_LONGEST_JSON]))
        if len(text) > _LONGEST_JSON:
            text = quote_ascii(text[:1000] + "...")
    return f'{{"k":"param","n":{quote_ascii(fit_name(name))},"v":{text}{end}'


def fit_name(name: Any) -> str:
    """The name of a metric, parameter or tag, at most 500 characters.

    Raises
    ------
    ValueError
        Where it is empty.
    """
    text = str(name).strip()
    if not text:
        raise ValueError("a name must not be empty")
    if len(text) <= LONGEST_NAME // 2:
        return text
    text = text[:LONGEST_NAME]
    while utf16_length(text) > LONGEST_NAME:
        text = text[:-1]
    return text


def utf16_length(text: str) -> int:
    """How long a text is in UTF-16: characters beyond the first 65,536 count twice."""
    return len(text) if text.isascii() else len(text) + sum(c > "\uffff" for c in text)


def step_text(step: Any) -> str:
    """A step as JSON text: a finite number, without a fraction where it has none."""
    text = number(step)
    if text[0] == '"':
        raise ValueError("a step must be finite")
    return text[:-2] if text.endswith(".0") else text
