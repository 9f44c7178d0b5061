"""The same facts on macOS, from the C library: the Node side asks `sysctl`, `ioreg` and `ps` for them."""

from __future__ import annotations

import os

_PROC_PIDTBSDINFO = 3
_BSDINFO_BYTES = 136
_START_SECONDS_AT = 120


def machine_identity() -> dict[str, str]:
    """``machine_id`` is the host's UUID (IOPlatformUUID), ``boot_id`` is ``kern.bootsessionuuid``."""
    import ctypes
    import uuid

    libc = ctypes.CDLL(None)
    boot = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(64)
    found = libc.sysctlbyname(b"kern.bootsessionuuid", boot, ctypes.byref(size), None, 0) == 0
    host = (ctypes.c_ubyte * 16)()
    wait = (ctypes.c_long * 2)(1, 0)
    named = libc.gethostuuid(host, wait) == 0
    return {
        "machine_id": str(uuid.UUID(bytes=bytes(host))).upper() if named else f"host:{os.uname().nodename}",
        "boot_id": boot.value.decode() if found else "",
        "pid_ns": "",
    }


def start_time(pid: int) -> str:
    """The time at which a process started, as ``ps -o lstart=`` prints it."""
    import ctypes
    import time

    info = ctypes.create_string_buffer(_BSDINFO_BYTES)
    if ctypes.CDLL(None).proc_pidinfo(pid, _PROC_PIDTBSDINFO, ctypes.c_uint64(0), info, _BSDINFO_BYTES) <= 0:
        return ""
    seconds = int.from_bytes(info.raw[_START_SECONDS_AT : _START_SECONDS_AT + 8], "little")
    return time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(seconds)).strip()
