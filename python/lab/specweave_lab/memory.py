"""Whether a source fits into memory, before it is read."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from specweave_lab.errors import dataset_invalid

NEEDED = 8
"""Bytes of memory that a registration takes at most for each byte of a source, measured: 7.7 for 20 columns of CSV."""
OF_COMPRESSED = 5
"""How much longer a gzip source is, when it is read, than its file; a guess, as its own number wraps at 4 GiB."""
GIB = 2**30
LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def require_memory(path: Path, format_: str) -> None:
    """Refuse a source that would not fit: better in words now than by a kill in the middle."""
    free = free_bytes()
    if free is None:
        return
    need = NEEDED * _read_bytes(path, format_)
    if need > free:
        raise dataset_invalid(
            "source",
            f'"{path.name}" has {path.stat().st_size / GIB:.1f} GiB: to register it takes about {need / GIB:.0f} '
            f"GiB of memory, and {free / GIB:.1f} GiB are free.",
            "Register a sample of its rows or fewer columns, or do it on a machine with more memory.",
        )


def free_bytes() -> int | None:
    """Memory that may still be taken, in bytes; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = [int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024]
    except (OSError, StopIteration, ValueError):
        try:
            free = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
        except (OSError, ValueError):
            return None
    for limit, used in LIMITS:
        try:
            free.append(int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue  # another version, or no limit ("max")
    return max(0, min(free))


def _read_bytes(path: Path, format_: str) -> int:
    size = path.stat().st_size
    if format_ == "parquet":
        try:
            metadata = pq.read_metadata(path)
        except (pa.ArrowException, OSError):
            return size  # who reads it says what is wrong
        return max(size, sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)))
    return size * OF_COMPRESSED if path.name.lower().endswith(".gz") else size
