"""The lab process: JSON lines on stdio, one request at a time, until stdin closes or nobody asks for a while.

Request ``{"id": 1, "method": "ping", "params": {}}``; while it works ``{"id": 1, "progress": {"message",
"fraction"}}``; answer ``{"id": 1, "result": {...}}`` or ``{"id": 1, "error": {"code", "message", "invalid",
"missing"}}``. A line that is no request is answered with an error whose ``id`` is null. Nothing but these
lines reaches stdout: file descriptor 1 is turned to stderr at the start, so that a print of a library, in
Python or in C, cannot corrupt the stream.
"""

from __future__ import annotations

import errno
import json
import math
import os
import select
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from specweave_lab.errors import Refusal
from specweave_lab.methods import METHODS

MAX_LINE_BYTES = 32 * 1024 * 1024
"""A longer line is answered with INPUT_TOO_LARGE and skipped: data are handed over as paths, never inline."""


def serve(idle_s: float) -> int:
    """Answer requests from stdin until it closes or ``idle_s`` seconds pass without one. Returns the exit
    status.
    """
    source, sink = _take_stdio()

    def send(message: dict[str, Any]) -> None:
        data = json.dumps(plain(message), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        payload = memoryview(data.encode("utf-8", "replace") + b"\n")
        while payload:
            payload = payload[os.write(sink, payload) :]

    try:
        for line in _lines(source, idle_s):
            if line is None:
                send(_error(None, "INPUT_TOO_LARGE", f"A request is longer than {MAX_LINE_BYTES:,} bytes."))
            elif line.strip():
                _answer(line, send)
    except (BrokenPipeError, KeyboardInterrupt):
        return 0  # the other side has gone: nobody is left to tell
    return 0


def _take_stdio() -> tuple[int, int]:
    """Keep the protocol's descriptors for ourselves; give everyone else stderr, and an empty stdin."""
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.stdout = sys.stderr
    return source, sink


def _lines(source: int, idle_s: float) -> Iterator[bytes | None]:
    """Lines of ``source`` as they come; None for one that was too long. Ends at end of file or when idle."""
    parts: list[bytes] = []
    held = 0
    skipping = False
    while select.select([source], [], [], idle_s)[0]:
        data = os.read(source, 1 << 18)
        if not data:
            if parts and not skipping:
                yield b"".join(parts)
            return
        *whole, rest = data.split(b"\n")
        for piece in whole:
            if skipping or held + len(piece) > MAX_LINE_BYTES:
                yield None
            else:
                yield b"".join([*parts, piece])
            parts, held, skipping = [], 0, False
        held += len(rest)
        if held > MAX_LINE_BYTES:
            parts, skipping = [], True  # forget it now: an endless line must not fill the memory
        elif rest:
            parts.append(rest)


def _answer(line: bytes, send: Callable[[dict[str, Any]], None]) -> None:
    request_id: Any = None
    try:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as problem:
            return send(_error(None, "INPUT_INVALID", f"The line is no JSON: {problem}"))
        if not isinstance(request, dict):
            return send(_error(None, "INPUT_INVALID", "A request is an object {id, method, params}."))
        request_id = request.get("id")
        if not isinstance(request_id, (int, float, str, type(None))):
            request_id = None
        method, params = request.get("method"), request.get("params", {})
        if not isinstance(method, str) or method not in METHODS:
            known = ", ".join(METHODS)
            return send(
                _error(request_id, "INPUT_INVALID", f"No method is called {method!r}. There are: {known}.")
            )
        if not isinstance(params, dict):
            return send(_error(request_id, "INPUT_INVALID", "params is an object."))

        def progress(message: str, fraction: float) -> None:
            send({"id": request_id, "progress": {"message": message, "fraction": round(fraction, 3)}})

        send({"id": request_id, "result": METHODS[method](params, progress)})
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Refusal as refusal:
        send({"id": request_id, "error": refusal.to_json()})
    except BaseException as problem:  # a library may even call sys.exit: the process stays
        traceback.print_exc(file=sys.stderr)
        unwritable = isinstance(problem, OSError) and problem.errno in (
            errno.EROFS,
            errno.EACCES,
            errno.EPERM,
        )
        code = "WORKSPACE_READ_ONLY" if unwritable else "LAB_FAILED"
        send(_error(request_id, code, f"{type(problem).__name__}: {problem}"))


def _error(request_id: Any, code: str, message: str) -> dict[str, Any]:
    return {"id": request_id, "error": {"code": code, "message": message, "invalid": [], "missing": []}}


def plain(value: Any) -> Any:
    """What JSON can hold: NumPy scalars and arrays become Python's, and a number that is not finite its name."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
