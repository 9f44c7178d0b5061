"""What a script was seen to read: names, sizes and times of the data files that its processes open.

Installed by ``sitecustomize.py`` in runs that the lab launched. An audit hook (PEP 578) sees what Python opens; readers
that open files in native code are wrapped when they are imported (``seen_readers.py``). One line of JSON for each file
goes to ``<run>/seen/<host>.jsonl``, which all processes of the run on that machine append to; the supervisor hashes the
files when the run has ended. It says `seen`, never `did not read`: other programs, C extensions and a Python that was
started without the environment are not watched.

Nothing here may fail a script, hold a lock, or keep a file open: scripts fork, close all descriptors, and run out of disk.
"""

from __future__ import annotations

import os
import sys
import time

try:
    from _json import encode_basestring_ascii as _quoted
except ImportError:  # not every Python has it

    def _quoted(text: str) -> str:
        import json

        return json.dumps(text)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILES_PER_PROCESS = 1000
VERSIONS_PER_FILE = 3
RECORD_BYTES = 4 * 1024 * 1024

# What is noted wherever it lies.
_DATA = frozenset(
    "arff arrow avro bz2 csv dat data db dta duckdb feather gz h5 hdf hdf5 ipc joblib json jsonl lz4 mat msgpack ndjson"
    " npy npz ods orc parquet pickle pkl pq psv pt pth rds safetensors sas7bdat sav sqlite sqlite3 svm libsvm tab tfrecord"
    " tsv txt xls xlsx xml xz zip zst".split()
)
# What is no table of rows, also inside the workspace. Anything else that is opened there is noted.
_NO_DATA = frozenset(
    "a c cfg conf cpp css cu dll dylib egg h html ini ipynb jpeg jpg js lock log map md mo o pem pdf png po ps1 py pyc"
    " pyd pyi pyo pyx rst sh so svg toml ts ttf typed whl woff yaml yml".split()
)
# The lab's own records, which the SDK reads.
_RECORDS = frozenset(
    "asked.params.json claim.json dataset.json end.json evidence.json exit.json metadata.json metrics.json params.json"
    " run.json seen.json started.json stop.json".split()
)

_STARTS = frozenset("subprocess.Popen os.system os.exec os.posix_spawn os.spawn".split())
STARTS_PER_PROCESS = 50

_WRITES = os.O_TRUNC | os.O_EXCL | getattr(os, "O_DIRECTORY", 0)
_REGULAR, _KIND = 0o100000, 0o170000

_record = ""
_run = ""
_dataset = ""
_workspace = ""
_sources: Any = None
_started: set[str] = set()
_workspaces: tuple[str, ...] = ()
_libraries: tuple[str, ...] = ()
_known: dict[str, tuple[int, int, int]] = {}
_count = 0
_failures = 0
_full = False


def install() -> None:
    """Starts to watch this process and those that it forks."""
    global _record, _run, _workspaces, _libraries, _dataset, _workspace
    folder = os.environ["SPECWEAVE_RUN_DIR"]
    host = "".join(c if c.isalnum() or c in "-." else "-" for c in os.uname().nodename)[:64] or "host"
    _record = os.path.join(folder, "seen", f"{host}.jsonl")
    _run = os.path.join(os.path.realpath(folder), "")
    workspace = _workspace = os.environ.get("SPECWEAVE_WORKSPACE", "")
    _dataset = os.environ.get("SPECWEAVE_DATASET", "")
    if workspace:
        _workspaces = tuple({os.path.join(workspace, ""), os.path.join(os.path.realpath(workspace), "")})
    _libraries = _library_folders()
    _begin()
    sys.addaudithook(_hook)
    sys.meta_path.insert(0, _Readers)


def _library_folders() -> tuple[str, ...]:
    """Folders of Python's own files and of the system's, with a slash at the end."""
    folders = {"/proc/", "/dev/", "/sys/", "/etc/", os.path.join(os.path.dirname(os.__file__), "")}
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}:
        folders.update(os.path.join(prefix, name, "") for name in ("lib", "lib64", "share", "etc"))
    return tuple(folders)


def _begin() -> None:
    """The first process of a run says that it is watched: a run without this line has no record."""
    try:
        os.mkdir(os.path.dirname(_record))
    except OSError:
        pass
    try:
        descriptor = os.open(_record, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError:
        return
    try:
        os.write(descriptor, f'{{"k":"start","t":{time.time():.3f},"python":"{sys.version.split()[0]}"}}\n'.encode())
    finally:
        os.close(descriptor)


def _hook(event: str, args: tuple) -> None:
    if event != "open":
        if event == "sqlite3.connect" and not _full:
            note_argument(args[0])
        elif event in _STARTS and not _full:
            _note_start(event, args)
        return
    try:
        path, _, flags = args
        if _full or flags & 3 == os.O_WRONLY or flags & _WRITES:
            return
        if type(path) is not str:
            if type(path) is not bytes:
                return
            path = os.fsdecode(path)
        suffix = path[path.rfind(".") + 1 :].lower()
        if suffix in _NO_DATA:
            return
        path = os.path.abspath(path)
        if suffix in _DATA or path.startswith(_workspaces):
            note(path)
    except Exception:
        pass


def note(path: str) -> None:
    """Writes one file down, where it is there, is data, and is not known already in this version.

    Parameters
    ----------
    path
        Absolute.
    """
    global _count
    if path.startswith(_libraries) or "/site-packages/" in path or "/dist-packages/" in path:
        return
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return
    if stat.st_mode & _KIND != _REGULAR or stat.st_size == 0:
        return
    size, changed, versions = _known.get(path, (-1, -1, 0))
    if (size, changed) == (stat.st_size, stat.st_mtime_ns) or versions >= VERSIONS_PER_FILE:
        return
    real = os.path.realpath(path)
    if real.startswith(_run) or real.startswith(_libraries) or _is_record(real):
        return
    _known[path] = (stat.st_size, stat.st_mtime_ns, versions + 1)
    _count += 1
    if _count > FILES_PER_PROCESS:
        _append('{"k":"full"}\n', last=True)
        return
    _append(
        f'{{"k":"seen","t":{time.time():.3f},"path":{_quoted(real)},"bytes":{stat.st_size},"mtime_ns":"{stat.st_mtime_ns}"}}\n'
    )


def _is_record(real: str) -> bool:
    """Whether a file is the lab's or Git's own: neither rows nor what another run made of them."""
    if "/.git/" in real:
        return True
    at = real.find("/.specweave/")
    if at < 0:
        return False
    inside = real[at + len("/.specweave/") :]
    if inside.startswith("datasets/"):
        return real.endswith("/dataset.json")
    if not inside.startswith("increments/") or "/experiments/" not in inside:
        return True
    folder, name = os.path.split(inside)
    return name in _RECORDS or os.path.basename(folder) in ("events", "logs", "seen")


def _append(line: str, last: bool = False) -> None:
    """One write to a file opened for it: whole lines, whoever else writes, and no descriptor that a script could close."""
    global _full, _failures
    if last:
        _full = True
    try:
        descriptor = os.open(_record, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            if os.fstat(descriptor).st_size > RECORD_BYTES:
                line, _full = '{"k":"full"}\n', True
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
    except OSError:  # no room, or the run's folder is gone
        _failures += 1
        if _failures >= 100:
            _full = True


def note_argument(value: Any, sql: bool = False) -> None:
    """Notes what an argument of a reader names: a path, a folder, a pattern, or several of them.

    Parameters
    ----------
    value
        Anything; what names no file is left alone.
    sql
        Whether a text may be a statement that holds names in quotes.
    """
    if _full or not isinstance(value, (str, bytes, os.PathLike, list, tuple)):
        return
    try:
        _readers().note_argument(value, sql, note)
    except Exception:
        pass


def _note_start(event: str, args: tuple) -> None:
    """Writes a command down that names the registered source."""
    global _sources
    if not _dataset or not _workspace or len(_started) >= STARTS_PER_PROCESS:
        return
    try:
        children = _module("seen_children")
        if _sources is None:
            _sources = children.Sources(_workspace, _dataset)
        words, cwd = children.command_of(event, args)
        source = _sources.named_by(words, cwd)
        if source is None:
            return
        command = children.shown(words)
        if command not in _started:
            _started.add(command)
            _append(
                f'{{"k":"started","t":{time.time():.3f},"command":{_quoted(command)},"source":{_quoted(source)}}}\n'
            )
    except Exception:
        pass


_loaded: dict[str, Any] = {}


def _readers() -> Any:
    """The module about native readers: loaded where one is imported, and not before."""
    return _module("seen_readers")


def _module(name: str) -> Any:
    if name not in _loaded:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
        spec = sys.modules["_frozen_importlib_external"].spec_from_file_location(f"_specweave_{name}", path)
        module = sys.modules["_frozen_importlib"].module_from_spec(spec)
        spec.loader.exec_module(module)
        _loaded[name] = module
    return _loaded[name]


# Modules whose readers open files in native code, where Python's audit events do not tell.
_NATIVE = frozenset(
    "pyarrow pyarrow.csv pyarrow.dataset pyarrow.feather pyarrow.json pyarrow.orc pyarrow.parquet pyarrow.parquet.core"
    " polars duckdb h5py xgboost.core lightgbm.basic catboost.core".split()
)


class _Readers:
    """A finder that finds nothing by itself: what others find of `_NATIVE` is wrapped once it is loaded."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _NATIVE:
            return None
        for finder in list(sys.meta_path):
            find = None if finder is _Readers else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find else None
            if spec is not None:
                try:
                    _readers().wrap_when_loaded(spec, note_argument)
                except Exception:
                    pass
                return spec
        return None

    @staticmethod
    def invalidate_caches() -> None:
        pass
