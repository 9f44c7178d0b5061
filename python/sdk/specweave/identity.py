"""Who this process is, so that any other process can tell whether it still lives: no heartbeat, no process started.

The fields and their text are those of ``src/adapters/process/identity.ts``.
"""

from __future__ import annotations

import os
import sys

_machine: dict[str, str] | None = None


def machine_identity() -> dict[str, str]:
    """``machine_id``, ``boot_id`` and ``pid_ns``, which are the same for every process of a machine and namespace."""
    global _machine
    if _machine is None:
        if sys.platform == "darwin":
            from .identity_macos import machine_identity as of_macos

            _machine = of_macos()
        else:
            _machine = {
                "machine_id": _read("/etc/machine-id")
                or _read("/var/lib/dbus/machine-id")
                or f"host:{os.uname().nodename}",
                "boot_id": _read("/proc/sys/kernel/random/boot_id"),
                "pid_ns": _link("/proc/self/ns/pid"),
            }
    return _machine


_started: tuple[int, str] | None = None


def process_identity() -> dict[str, object]:
    """`pid`, `start_time` and the machine's identity."""
    global _started
    pid = os.getpid()
    if _started is None or _started[0] != pid:
        if sys.platform == "darwin":
            from .identity_macos import start_time

            _started = (pid, start_time(pid))
        else:
            # The command's name may hold spaces and parentheses: fields are counted after the last ')'.
            fields = _read("/proc/self/stat").rpartition(")")[2].split()
            _started = (pid, fields[19] if len(fields) > 19 else "")
    return {"pid": pid, "start_time": _started[1], **machine_identity()}


def _read(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4096).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
