"""The machine that a measurement was taken on, and what this process holds of it. Standard library only."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def machine() -> dict[str, Any]:
    """Processor, usable cores, load and what decides how many threads a library starts.

    Returns
    -------
    dict
        ``cpu``, ``cores`` (that this process may use), ``system``, ``architecture``, ``python``, ``load_average`` (of
        1, 5 and 15 minutes; None where the system has none), ``threads`` (variables that are set).
    """
    import platform

    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "load_average": _load(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
    }


def resident_bytes() -> int | None:
    """The resident set of this process: what it holds of the memory now. None where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    said = _said("ps", "-o", "rss=", "-p", str(os.getpid()))
    return int(said) * 1024 if said and said.isdigit() else None


def interruptions() -> int:
    """How often another process was given the processor while this one could have gone on."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == "model name" and value.strip():
                    return value.strip()
    except OSError:
        pass
    import platform

    said = _said("sysctl", "-n", "machdep.cpu.brand_string") if sys.platform == "darwin" else None
    return said or platform.processor() or platform.machine() or "unknown"


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _load() -> list[float] | None:
    try:
        return [round(value, 2) for value in os.getloadavg()]
    except (OSError, AttributeError):
        return None


def _said(*command: str) -> str | None:
    import subprocess

    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
