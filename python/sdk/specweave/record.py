"""A run of the SDK's own on disk: ``run.json`` (what it is) and ``started.json`` (which process it is)."""

from __future__ import annotations

import errno
import os
import sys
import time

from . import events, numbering
from .git import git_sha
from .identity import machine_identity, process_identity
from .masking import mask_command
from .packages import imported_packages
from .values import Encoded, quote, to_document, to_json
from .workspace import find_increment, find_workspace, increment_dataset, increment_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def create_run(name: str, increment: str | int | None, **fields: Any) -> tuple[str, str, events.EventFile]:
    """Makes the folder of a new run, with its number, run.json, started.json and an open events file.

    Parameters
    ----------
    name
        As the script gave it.
    fields
        What run.json is to say otherwise than by default: `made_by`, `baseline`, `command`, `dataset`, `seed`.

    Returns
    -------
    tuple
        The run's id (``0042/exp-003-xgboost``), its folder, and its events file.
    """
    workspace = find_workspace()
    fitted = numbering.fit_name(name)
    folder = find_increment(workspace, increment)
    number = increment_number(folder)
    root = f"{workspace}/.specweave"
    experiments = f"{root}/increments/{folder}/experiments"
    built = f"{experiments}/.new-{os.urandom(8).hex()}"
    try:
        os.mkdir(built)
    except FileNotFoundError:
        os.makedirs(built)
    fd: int | None = None
    try:
        os.mkdir(f"{built}/events")
        fd, path = events.new_file(built)
        stat = os.fstat(fd)
        process = {**process_identity(), "events": {"dev": stat.st_dev, "ino": stat.st_ino}}
        _write(f"{built}/started.json", os.O_EXCL, (to_json(process) + "\n").encode())
        record = _record(name, workspace, f"{root}/increments/{folder}", fields)

        def fill(final: str, previous: str | None) -> None:
            record["run"] = f"{number}/{final}"
            record["previous"] = f"{number}/{previous}" if previous else None
            _write(f"{built}/run.json", os.O_TRUNC, to_document(record))

        final = numbering.place(experiments, f"{root}/reservations", number, fitted, built, fill)
    except BaseException:
        if fd is not None:
            os.close(fd)
        import shutil

        shutil.rmtree(built, ignore_errors=True)
        raise
    place = f"{experiments}/{final}"
    return f"{number}/{final}", place, events.EventFile(place, fd, place + path[len(built) :])


def _record(name: str, workspace: str, increment: str, fields: dict[str, Any]) -> dict[str, Any]:
    now = time.time()
    script = _script(workspace)
    seed = os.environ.get("SPECWEAVE_SEED", "")
    record: dict[str, Any] = {
        "format": 1,
        "run": None,
        "name": name,
        "created": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z",
        "made_by": "sdk",
        "command": _encoded("command", (script, *sys.argv), lambda: _command(script)),
        "cwd": _inside(os.getcwd(), workspace) or ".",
        "params": Encoded("{}"),
        "dataset": os.environ.get("SPECWEAVE_DATASET") or increment_dataset(increment),
        "seed": int(seed) if seed.isdigit() else None,
        "parent": None,
        "previous": None,
        "baseline": None,
        "timeout_s": None,
        "resources": Encoded('{"cpus":1,"gpus":0,"memory_gb":null}'),
        "metrics_from": Encoded("[]"),
        "env": Encoded("{}"),
        "request": "",
        "script": script,
        "git_sha": git_sha(workspace),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "packages": _encoded("packages", len(sys.modules), imported_packages),
        "host": _encoded("host", None, machine_identity),
    }
    record.update(fields)
    return record


_encoded_parts: dict[str, tuple[object, Encoded]] = {}


def _encoded(part: str, key: object, make: Callable[[], Any]) -> Encoded:
    """The JSON of a part that is the same for most runs of a process, made again when its key changes."""
    known = _encoded_parts.get(part)
    if known is None or known[0] != key:
        known = _encoded_parts[part] = (key, Encoded(to_json(make(), quote)))
    return known[1]


def rewrite_dataset(folder: str, dataset: str) -> None:
    """Names the dataset in the run.json of a run of the SDK's own, once it is known. Whole or not at all."""
    from .workspace import read_json

    record = read_json(f"{folder}/run.json")
    if not isinstance(record, dict) or record.get("made_by") == "lab" or record.get("dataset") == dataset:
        return
    record["dataset"] = dataset
    temporary = f"{folder}/.run-{os.urandom(4).hex()}.json"
    _write(temporary, os.O_EXCL, to_document(record))
    os.replace(temporary, f"{folder}/run.json")


def _command(script: str | None) -> list[str]:
    """How the script was started, with the interpreter as ``python`` and no path of a home folder."""
    given = [str(argument) for argument in getattr(sys, "argv", [])] or [""]
    first = script or (os.path.basename(given[0]) if given[0] not in ("", "-c", "-m") else given[0])
    home = os.path.expanduser("~")
    rest = ["~" + a[len(home) :] if len(home) > 1 and a.startswith(home + "/") else a for a in given[1:]]
    return mask_command(["python", *([first] if first else []), *rest])


def _script(workspace: str) -> str | None:
    """The main script, relative to the workspace where it lies inside, else its name; None in a notebook or shell."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not file:
        return None
    return _inside(os.path.abspath(file), workspace) or os.path.basename(file)


def _inside(path: str, workspace: str) -> str | None:
    if path == workspace:
        return "."
    return path[len(workspace) + 1 :] if path.startswith(workspace + "/") else None


def _write(path: str, how: int, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o666)
    try:
        if os.write(fd, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    finally:
        os.close(fd)
