"""Which run a process works in: the one it was launched for, one that it makes, or its parent's."""

from __future__ import annotations

import os

from .errors import warn_once
from .events import EventFile
from .run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VARIABLE = "SPECWEAVE_RUN_DIR"

_taken = False  # whether this process (or the one it was forked from) has joined or made its first run
_active: list[Run] = []
_restore: dict[int, str | None] = {}
_at_exit = False
_joined: dict[str, Run] = {}


def track_experiment(name: str, increment: str | int | None = None) -> Run:
    """Starts a tracked run, or joins the one that this process was launched for.

    Parameters
    ----------
    name
        ``"exp-001-eda"`` stands as it is; any other name gets the increment's next number. A name used before
        makes the next attempt, ``-r2``.
    increment
        ``"0042"``, or the folder's name; else ``SPECWEAVE_INCREMENT``, else the one that is active.

    Returns
    -------
    Run
        Use it in a ``with``: an exception inside is recorded with its traceback and raised again.

    Raises
    ------
    SpecWeaveError
        Where there is no workspace, no such increment, or the name cannot be used.

    Notes
    -----
    In a launched run (`SPECWEAVE_RUN_DIR`, set by ``run_experiment`` and by a tracked parent process) the first
    ``track_*`` call of the process joins that run whatever name it gives; the name is kept as the tag ``name``. Each later
    call in the same process makes a run of its own, tagged ``started_by``.

    Examples
    --------
    >>> with track_experiment("exp-001-eda") as exp:
    ...     exp.log_param("dataset_size", len(df))
    """
    return start(name, increment)


def track_model(name: str, increment: str | int | None = None) -> Run:
    """The same as :func:`track_experiment`, named as scripts that train one model say it.

    Examples
    --------
    >>> with track_model("baseline-random", increment="0042") as model:
    ...     model.log_metrics({"accuracy": 0.12, "precision@10": 0.08})
    ...     model.save_artifact(clf, "baseline.pkl")
    """
    return start(name, increment)


def start(name: str, increment: str | int | None = None, announce: bool = True, **fields: Any) -> Run:
    """Joins or makes a run. Without `announce` it is always made, and child processes do not join it."""
    global _taken
    launched = os.environ.get(_VARIABLE)
    if launched and announce and not _taken:
        if os.path.isdir(launched):
            _taken = True
            run = attach(_id_of(launched), os.path.abspath(launched))
            run.set_tag("name", name)
            _active.append(run)
            _check_script()
            return run
        warn_once("run dir", f"{_VARIABLE} names {launched}, which is no folder: a run of its own is made")
        launched = None
    from .record import create_run

    try:
        run_id, folder, events = create_run(name, increment, **fields)
    except OSError as error:
        where = error.filename or "the workspace"
        warn_once(
            "no run", f"the run {name!r} is not recorded: {error.strerror or error} ({where}). The script goes on."
        )
        return Run(None, None, _Nowhere(), owner=True)
    run = Run(run_id, folder, events, owner=True)
    if launched and (_taken or not announce):
        run.set_tag("started_by", _id_of(launched))
    if announce:
        _taken = True
        _active.append(run)
        _restore[id(run)] = launched
        os.environ[_VARIABLE] = folder
        _register_at_exit()
        _check_script()
    return run


def attach(id: str | None, folder: str | None) -> Run:
    """Joins a run that exists, with an events file of this process's own. It does not end that run."""
    return Run(id, folder, EventFile(folder) if folder else _Nowhere(), owner=False)


def leave(run: Run) -> None:
    """The run ends in this process: child processes started from now on do not join it."""
    if run in _active:
        _active.remove(run)
    if id(run) in _restore:
        before = _restore.pop(id(run))
        if os.environ.get(_VARIABLE) == run.folder:
            if before is None:
                os.environ.pop(_VARIABLE, None)
            else:
                os.environ[_VARIABLE] = before


def current_run() -> Run | None:
    """The innermost run that is active in this process; in a launched run before the first ``track_*``, that run."""
    if _active:
        return _active[-1]
    launched = os.environ.get(_VARIABLE)
    if not launched or not os.path.isdir(launched):
        return None
    run = _joined.get(launched)  # one file a process, however often it is asked for
    if run is None:
        run = _joined[launched] = attach(_id_of(launched), os.path.abspath(launched))
    return run


def is_launched(run: Run) -> bool:
    """Whether the lab launched the run, so that its exit code says how it ended."""
    from .workspace import read_json

    record = read_json(f"{run.folder}/run.json") if run.folder else None
    return not isinstance(record, dict) or record.get("made_by", "lab") == "lab"


def _id_of(folder: str) -> str:
    """``0042/exp-003-xgboost`` of a run's folder; ``SPECWEAVE_RUN`` where it lies elsewhere."""
    before, found, rest = os.path.abspath(folder).rpartition("/experiments/")
    if found:
        return f"{os.path.basename(before).split('-', 1)[0]}/{rest}"
    return os.environ.get("SPECWEAVE_RUN") or os.path.basename(folder)


class _Nowhere(EventFile):
    """Stands for the events file where none can be made; stderr was told."""

    def __init__(self) -> None:
        super().__init__("")

    def write(self, line: str) -> bool:
        return False

    def hand_in(self, line: str) -> bool:
        return False

    def close(self) -> None:
        pass


def _register_at_exit() -> None:
    global _at_exit
    if not _at_exit:
        _at_exit = True
        import atexit

        atexit.register(end_open_runs)


def end_open_runs() -> None:
    """Runs used without ``with`` end with the script; an uncaught exception is why they failed."""
    import sys

    error = getattr(sys, "last_value", None)
    for run in [r for r in _active if r._owner_pid == os.getpid()]:
        if error is None:
            run.finish()
        else:
            run.__exit__(type(error), error, getattr(sys, "last_traceback", None))


def _check_script() -> None:
    import sys

    if "torch" in sys.modules:
        from .snapshot import warn_unguarded

        warn_unguarded()
