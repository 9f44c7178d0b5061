"""A run of the SDK's own on disk: ``run.json`` (what it is) and ``started.json`` (which process it is)."""

from __future__ import annotations

import errno
import os
import sys
import time

from . import events, events_file, numbering
from .git import git_sha
from .identity import machine_identity, process_identity
from .masking import mask_command
from .packages import imported_packages
from .values import quote, to_document, to_json
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
    cwd = os.getcwd()
    workspace = find_workspace(cwd)
    fitted = numbering.fit_name(name)
    folder = find_increment(workspace, increment)
    number = increment_number(folder)
    root = f"{workspace}/.specweave"
    experiments = f"{root}/increments/{folder}/experiments"
    reservations = f"{root}/reservations"
    if os.environ.get("SPECWEAVE_SMOKE") == "1" and os.environ.get("SPECWEAVE_RUN_DIR"):
        # A smoke run leaves no runs of its own behind.
        experiments = f"{os.environ['SPECWEAVE_RUN_DIR']}/experiments"
        reservations = f"{experiments}/reservations"
    built = f"{experiments}/.new-{os.getpid()}-{os.urandom(6).hex()}"
    try:
        os.mkdir(built)
    except FileNotFoundError:
        # Not the increment itself: one that was moved away is not made a second time.
        numbering.make_folder(experiments)
        os.mkdir(built)
    fd: int | None = None
    try:
        os.mkdir(f"{built}/events")
        fd, path = events_file.new_file(built)
        stat = os.fstat(fd)
        place = f',"events":{{"dev":{stat.st_dev},"ino":{stat.st_ino}}}}}\n'
        process = _encoded("process", os.getpid(), process_identity)
        _write(f"{built}/started.json", os.O_EXCL, (process[:-1] + place).encode())
        record = _record(name, workspace, cwd, f"{root}/increments/{folder}", fields)

        def fill(final: str, previous: str | None) -> None:
            record["run"] = f'  "run": {quote(f"{number}/{final}")}'
            record["previous"] = f'  "previous": {quote(f"{number}/{previous}") if previous else "null"}'
            content = "{\n" + ",\n".join(record.values()) + "\n}\n"
            # A lone surrogate (an undecodable byte of argv) becomes its JSON escape.
            _write(f"{built}/run.json", os.O_TRUNC, content.encode("utf-8", "backslashreplace"))

        final = numbering.place(experiments, reservations, number, fitted, built, fill)
    except BaseException:
        if fd is not None:
            os.close(fd)
        import shutil

        shutil.rmtree(built, ignore_errors=True)
        raise
    place = f"{experiments}/{final}"
    return f"{number}/{final}", place, events.EventFile(place, fd, place + path[len(built) :])


def _record(name: str, workspace: str, cwd: str, increment: str, fields: dict[str, Any]) -> dict[str, str]:
    """The lines of run.json by their keys, in their order."""
    now = time.time()
    script = _script(workspace, cwd)
    key = (workspace, cwd, script, len(sys.modules), *sys.argv)
    if key not in _constant:
        _constant.clear()
        _constant[key] = _lines(
            {
                "format": 1,
                "run": None,
                "name": None,
                "created": None,
                "made_by": "sdk",
                "command": _command(script),
                "cwd": _inside(cwd, workspace) or ".",
                "params": {},
                "dataset": None,
                "seed": None,
                "parent": None,
                "previous": None,
                "baseline": None,
                "timeout_s": None,
                "resources": {"cpus": 1, "gpus": 0, "memory_gb": None},
                "metrics_from": [],
                "env": {},
                "request": "",
                "script": script,
                "git_sha": None,
                "python": ".".join(str(part) for part in sys.version_info[:3]),
                "packages": imported_packages(),
                "host": machine_identity(),
            }
        )
    lines = dict(_constant[key])
    seed = os.environ.get("SPECWEAVE_SEED", "")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    varying = {
        "name": name,
        "created": f"{stamp}.{int(now * 1000) % 1000:03d}Z",
        "dataset": os.environ.get("SPECWEAVE_DATASET") or increment_dataset(increment),
        "git_sha": git_sha(workspace),
    }
    if seed.isdigit():
        varying["seed"] = int(seed)
    lines.update(_lines(varying))
    if fields:
        lines.update(_lines(fields))
    return lines


_constant: dict[tuple[object, ...], dict[str, str]] = {}


def _lines(values: dict[str, Any]) -> dict[str, str]:
    return {key: f'  "{key}": {to_json(value, quote)}' for key, value in values.items()}


_encoded_parts: dict[str, tuple[object, str]] = {}


def _encoded(part: str, key: object, make: Callable[[], Any]) -> str:
    """The JSON of a part that is the same for the runs of a process, made again when its key changes."""
    known = _encoded_parts.get(part)
    if known is None or known[0] != key:
        known = _encoded_parts[part] = (key, to_json(make(), quote))
    return known[1]


def rewrite_dataset(folder: str, dataset: str) -> None:
    """Names the dataset in the run.json of a run of the SDK's own, once it is known. Whole or not at all."""
    from .workspace import read_json

    record = read_json(f"{folder}/run.json")
    if not isinstance(record, dict) or record.get("made_by") == "lab" or record.get("dataset") == dataset:
        return
    record["dataset"] = dataset
    temporary = f"{folder}/.run-{os.urandom(4).hex()}.json"
    try:
        _write(temporary, os.O_EXCL, to_document(record))
        os.replace(temporary, f"{folder}/run.json")
    except OSError as error:
        from .errors import SpecWeaveError

        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise SpecWeaveError(
            f"The dataset {dataset} cannot be named in {folder}/run.json: {error.strerror or error}",
            "make room, and load it again",
        ) from error


def _command(script: str | None) -> list[str]:
    """How the script was started, with the interpreter as ``python`` and no path of a home folder."""
    given = [str(argument) for argument in getattr(sys, "argv", [])] or [""]
    first = script or (os.path.basename(given[0]) if given[0] not in ("", "-c", "-m") else given[0])
    home = os.path.expanduser("~")
    rest = ["~" + a[len(home) :] if len(home) > 1 and a.startswith(home + "/") else a for a in given[1:]]
    return mask_command(["python", *([first] if first else []), *rest])


def _script(workspace: str, cwd: str) -> str | None:
    """The main script, relative to the workspace where it lies inside, else its name; None in a notebook or shell."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if not file:
        return None
    path = file if file[0] == "/" else f"{cwd}/{file}"
    key = (path, workspace)
    if key not in _scripts:
        _scripts[key] = _inside(os.path.abspath(path), workspace) or os.path.basename(file)
    return _scripts[key]


_scripts: dict[tuple[str, str], str] = {}


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
