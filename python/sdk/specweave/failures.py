"""How an exception inside ``with`` is told."""

from __future__ import annotations

from .values import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

_LONGEST = 20_000


def describe(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> tuple[str, str]:
    """The reason in one line, and a note with the traceback (its end, where it is long)."""
    import traceback

    said: Any = text_of(error).strip()
    first = said.splitlines()[0][:300] if said else ""
    if kind is SystemExit:
        reason = f"SystemExit: the script ended itself with {said or 'an error'}"
    elif kind is KeyboardInterrupt:
        reason = "KeyboardInterrupt: interrupted from the keyboard"
    else:
        reason = f"{kind.__name__}: {first}" if first else kind.__name__
    try:
        text = "".join(traceback.format_exception(kind, error, trace)).rstrip()
    except Exception:  # an exception of the user's own whose text breaks
        text = f"{''.join(traceback.format_tb(trace))}{reason}"
    if len(text) > _LONGEST:
        text = "...\n" + text[-_LONGEST:]
    return reason, text
