"""Readers that open files in native code, wrapped so that what they are given is seen (see ``seen.py``).

A wrapper notes the paths among the arguments and calls the reader with exactly what it was given. Loaded only in a
process that imports one of these libraries.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

# Functions are replaced in their module; of classes, `__init__`. A star stands for every name that begins so.
_ARROW = ("read_table", "read_pandas", "read_metadata", "read_schema", "ParquetFile", "ParquetDataset")
_READERS = {
    "pyarrow": ("memory_map",),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.dataset": ("dataset", "parquet_dataset"),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.orc": ("read_table", "ORCFile"),
    "pyarrow.parquet": _ARROW,
    "pyarrow.parquet.core": _ARROW,
    "polars": ("read_*", "scan_*"),
    "duckdb": ("connect", "execute", "executemany", "sql", "query", "query_df", "read_*", "from_*"),
    "h5py": ("File",),
    "xgboost.core": ("DMatrix", "QuantileDMatrix", "Booster"),
    "lightgbm.basic": ("Dataset", "Booster"),
    "catboost.core": ("Pool",),
}
_CONNECTION = ("execute", "executemany", "sql", "query", "read_*", "from_*")

# What the readers above call the file. Other arguments may happen to be the name of a folder.
_NAMES = frozenset(
    "data database file filename fname input_file metadata_path model_file name path path_or_paths source where".split()
)

FILES_PER_CALL = 1000
LONGEST_TEXT = 100_000


def wrap_when_loaded(spec: Any, note_argument: Callable[..., None]) -> None:
    """Lets the module of `spec` be wrapped right after its code has run, before whoever imports it goes on."""
    loader = spec.loader
    execute = loader.exec_module

    def exec_module(module: Any) -> None:
        try:
            del loader.exec_module  # the class's own again
        except AttributeError:
            pass
        execute(module)
        try:
            _wrap_module(module, spec.name, note_argument)
        except Exception:
            pass

    loader.exec_module = exec_module


def _wrap_module(module: Any, name: str, note_argument: Callable[..., None]) -> None:
    in_callers_frame = name == "duckdb"
    for attribute in _matching(module, _READERS[name]):
        reader = getattr(module, attribute)
        if isinstance(reader, type):
            _wrap_method(reader, "__init__", note_argument)
        elif callable(reader):
            setattr(module, attribute, _wrapped(reader, note_argument, name, 0, in_callers_frame))
    if name == "duckdb":
        for attribute in _matching(module.DuckDBPyConnection, _CONNECTION):
            _wrap_method(module.DuckDBPyConnection, attribute, note_argument, in_callers_frame)


def _matching(holder: Any, patterns: tuple[str, ...]) -> list[str]:
    starts = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return [name for name in dir(holder) if name in patterns or (starts and name.startswith(starts))]


def _wrap_method(cls: type, name: str, note_argument: Callable[..., None], in_callers_frame: bool = False) -> None:
    method = getattr(cls, name)
    setattr(cls, name, _wrapped(method, note_argument, getattr(method, "__module__", None), 1, in_callers_frame))


def _wrapped(
    reader: Callable[..., Any],
    note_argument: Callable[..., None],
    module: str | None,
    first: int,
    in_callers_frame: bool,
) -> Callable[..., Any]:
    if getattr(reader, "_specweave_seen", False):
        return reader
    import functools

    def look(args: tuple, kwargs: dict[str, Any]) -> None:
        mode = kwargs.get("mode", args[first + 1] if len(args) > first + 1 else None)
        if isinstance(mode, str) and mode in ("w", "w-", "x"):
            return
        for value in args[first:] if in_callers_frame else args[first : first + 1]:
            note_argument(value, in_callers_frame)
        for name, value in kwargs.items():
            if in_callers_frame or name in _NAMES:
                note_argument(value, in_callers_frame)

    if in_callers_frame:
        # DuckDB looks for tables among the variables of the frame that calls it: that frame's names are lent to the call.
        @functools.wraps(reader)
        def seen(*args: Any, **kwargs: Any) -> Any:
            look(args, kwargs)
            frame = sys._getframe(1)
            names = {**frame.f_locals, "_specweave_call": (reader, args, kwargs)}
            return eval(_CALL, frame.f_globals, names)
    else:

        @functools.wraps(reader)
        def seen(*args: Any, **kwargs: Any) -> Any:
            look(args, kwargs)
            return reader(*args, **kwargs)

    if module is not None:
        seen.__module__ = module  # where it is found by this name: a pool pickles functions so
    seen._specweave_seen = True  # type: ignore[attr-defined]
    return seen


_CALL = compile("_specweave_call[0](*_specweave_call[1], **_specweave_call[2])", "<specweave>", "eval")


def note_argument(value: Any, sql: bool, note: Callable[[str], None]) -> None:
    """Calls `note` with the absolute path of each file that `value` names.

    Parameters
    ----------
    value
        A path, a folder, a pattern, an address ``file:...``, or a list of them.
    sql
        Whether it belongs to a query, which may hold such names in quotes. What is quoted there may be any text: names
        of folders are not taken from it, nor names with neither a dot nor a slash.
    note
        Takes an absolute path.
    """
    if isinstance(value, (list, tuple)):
        for each in value[:FILES_PER_CALL]:
            if isinstance(each, (str, bytes, os.PathLike)):
                note_argument(each, sql, note)
        return
    text = os.fsdecode(value)
    if len(text) > LONGEST_TEXT:
        return
    if not sql:
        _note_path(text, note, folders=True)
        return
    import re

    for name in [text, *(first or second for first, second in re.findall(r"'([^']+)'|\"([^\"]+)\"", text))]:
        if "." in name or "/" in name:
            _note_path(name, note, folders=False)


def _note_path(text: str, note: Callable[[str], None], folders: bool) -> None:
    if text.startswith("file:"):
        text = text[len("file:") :].partition("?")[0]
        if text.startswith("//"):
            text = "/" + text.lstrip("/")
    if not text or len(text) > 4096 or "\0" in text or "\n" in text:
        return
    path = os.path.abspath(os.path.expanduser(text))
    if os.path.isfile(path):
        note(path)
    elif os.path.isdir(path):
        if folders:
            _note_all(
                (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in sorted(names)), note
            )
    elif any(character in text for character in "*?["):
        import glob

        _note_all((name for name in glob.iglob(path, recursive=True) if os.path.isfile(name)), note)


def _note_all(paths: Any, note: Callable[[str], None]) -> None:
    for at, path in enumerate(paths):
        if at >= FILES_PER_CALL:
            return
        note(path)
