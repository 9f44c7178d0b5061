"""Experiments side by side: forked processes where that is safe, else threads."""

from __future__ import annotations

import os
import sys

from .results import ExperimentResult
from .trial import run_trial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from .experiments import Data, ModelExperiment


def run_all(experiments: list[ModelExperiment], increment: str, data: Data, workers: int) -> list[ExperimentResult]:
    """Runs all, at most `workers` at once; results in the order given."""
    if can_fork():
        return _run_forked(experiments, increment, data, workers)
    return _run_threads(experiments, increment, data, workers)


def can_fork() -> bool:
    """Linux, and nothing started in this process that does not survive a fork."""
    if not sys.platform.startswith("linux") or not hasattr(os, "fork"):
        return False
    if "jax" in sys.modules or "tensorflow" in sys.modules:
        return False
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    return not (cuda is not None and cuda.is_initialized())


def run_one(experiment: ModelExperiment, increment: str, data: Data) -> ExperimentResult:
    """One experiment in a run of its own. What goes wrong ends that run, and no other."""
    from .failures import describe
    from .session import start

    run = start(experiment.name, increment, announce=False, **_fields(data))
    try:
        with run:
            metrics = run_trial(run, experiment, data)
    except (Exception, SystemExit) as error:
        reason, _ = describe(type(error), error, error.__traceback__)
        return ExperimentResult(experiment.name, run.id, "failed", {}, reason)
    return ExperimentResult(experiment.name, run.id, "succeeded", metrics)


def _fields(data: Data) -> dict[str, Any]:
    return {"dataset": data.dataset.id if data.dataset is not None else None}


def _run_threads(
    experiments: list[ModelExperiment], increment: str, data: Data, workers: int
) -> list[ExperimentResult]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda experiment: run_one(experiment, increment, data), experiments))


def _run_forked(experiments: list[ModelExperiment], increment: str, data: Data, workers: int) -> list[ExperimentResult]:
    import pickle
    import select

    waiting = list(enumerate(experiments))
    running: dict[int, tuple[int, int, BinaryIO, bytearray]] = {}
    results: list[ExperimentResult | None] = [None] * len(experiments)
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                index, experiment = waiting.pop(0)
                pid, reader = _fork(experiment, increment, data)
                running[reader.fileno()] = (index, pid, reader, bytearray())
            for ready in select.select(list(running), [], [])[0]:
                index, pid, reader, gathered = running[ready]
                block = os.read(ready, 1 << 16)
                if block:
                    gathered += block
                    continue
                del running[ready]
                reader.close()
                _, status = os.waitpid(pid, 0)
                try:
                    results[index] = pickle.loads(bytes(gathered))
                except Exception:  # it ended before it could say how
                    results[index] = _died(experiments[index].name, pid, status, increment)
    except BaseException:
        for _, pid, reader, _ in running.values():
            _end(pid)
            reader.close()
            _end_run_of(pid, increment, "interrupted: the script that started it was")
        raise
    return [result for result in results if result is not None]


def _fork(experiment: ModelExperiment, increment: str, data: Data) -> tuple[int, BinaryIO]:
    """Starts an experiment in a forked process, which leaves without running what belongs to its parent."""
    import threading
    import warnings

    sys.stdout.flush()
    sys.stderr.flush()
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # "multi-threaded, use of fork() may lead to deadlocks"
        pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, os.fdopen(read_end, "rb", buffering=0)
    code = 1
    try:
        os.close(read_end)
        # In a thread of its own: GNU OpenMP keeps its pool by thread, and the forked thread's pool waits for threads that
        # were not forked with it. A new thread has none.
        worker = threading.Thread(target=_work, args=(experiment, increment, data, write_end), daemon=True)
        worker.start()
        worker.join()
        code = 0
    except KeyboardInterrupt:
        code = 130
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _work(experiment: ModelExperiment, increment: str, data: Data, write_end: int) -> None:
    import pickle

    try:
        result = run_one(experiment, increment, data)
    except BaseException as error:
        result = ExperimentResult(experiment.name, None, "failed", {}, f"{type(error).__name__}: {error}")
    content = pickle.dumps(result)
    while content:
        content = content[os.write(write_end, content) :]


def _died(name: str, pid: int, status: int, increment: str) -> ExperimentResult:
    """A process that was killed leaves its run without an end: it is told here, in a file of this process's own."""
    signal = status & 0x7F
    reason = f"its process was ended by signal {signal}" + (" (killed or out of memory)" if signal == 9 else "")
    if not signal:
        reason = f"its process ended with exit code {status >> 8}"
    run_id = _end_run_of(pid, increment, reason)
    return ExperimentResult(name, run_id, "failed", {}, reason)


def _end_run_of(pid: int, increment: str, reason: str) -> str | None:
    from .identity import machine_identity
    from .session import attach
    from .workspace import find_workspace, increment_number, read_json

    experiments = f"{find_workspace()}/.specweave/increments/{increment}/experiments"
    for name in sorted(os.listdir(experiments), reverse=True):
        started = read_json(f"{experiments}/{name}/started.json") if name.startswith("exp-") else None
        if not isinstance(started, dict) or started.get("pid") != pid:
            continue
        if started.get("boot_id") == machine_identity()["boot_id"]:
            run = attach(f"{increment_number(increment)}/{name}", f"{experiments}/{name}")
            run._say(k="status", v="failed", reason=reason)
            run.finish()
            return run.id
    return None


def _end(pid: int) -> None:
    import signal

    try:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    except (OSError, ChildProcessError):
        pass
