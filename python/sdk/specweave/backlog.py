"""Lines that could not be written yet: a full disk, a quota, a file system that turned read-only, a folder that is away.

They wait in memory, in their order, until there is room. At most 16 MiB wait. Beyond that the oldest values of metrics go
first, since parameters, notes, files, outcomes and the newest values say more; how many went is told on stderr and, once
there is room, in the run itself, as a note.
"""

from __future__ import annotations

from .values import quote_ascii

MOST_BYTES = 16 << 20
_BLOCK = 1 << 20
_METRIC = b'{"k":"metric",'


class Backlog:
    """The waiting lines of one events file. Not safe for threads by itself: the file's lock guards it.

    Attributes
    ----------
    lines : list of bytes
        Each with its newline.
    dropped : int
        How many lines were given up because too many waited.
    """

    __slots__ = ("lines", "bytes", "dropped", "first", "last")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.bytes = 0
        self.dropped = 0
        self.first = self.last = 0.0

    def add(self, data: bytes) -> None:
        """Puts whole lines at the end."""
        self.lines += data.splitlines(True)
        self.bytes += len(data)

    def thin(self, now: float) -> None:
        """Makes room where too many wait: the oldest metrics go, else the newest lines.

        Down to three quarters of the limit, so that this is rare.
        """
        if self.bytes <= MOST_BYTES:
            return
        too_many = self.bytes - MOST_BYTES * 3 // 4
        kept: list[bytes] = []
        for line in self.lines:
            if too_many > 0 and line.startswith(_METRIC):
                too_many -= self._drop(line)
            else:
                kept.append(line)
        while self.bytes > MOST_BYTES and kept:
            self._drop(kept.pop())
        self.lines = kept
        self.first, self.last = self.first or now, now

    def _drop(self, line: bytes) -> int:
        self.dropped += 1
        self.bytes -= len(line)
        return len(line)

    def block(self) -> bytes:
        """The next lines to write at once: about a mebibyte, at least one line."""
        size = count = 0
        for line in self.lines:
            size += len(line)
            count += 1
            if size >= _BLOCK:
                break
        return b"".join(self.lines[:count])

    def wrote(self, block: bytes, size: int) -> bool:
        """Takes away the lines of a block of which `size` bytes now stand in the file; whether it ends within a line."""
        rest, torn = unwritten(block, size)
        whole = block.count(b"\n") - rest.count(b"\n")
        self.lines = self.lines[whole:]
        self.bytes -= len(block) - len(rest)
        return torn

    def take_back(self, line: bytes) -> bool:
        """Removes this very line, where it still waits."""
        for index in range(len(self.lines) - 1, -1, -1):
            if self.lines[index] is line:
                del self.lines[index]
                self.bytes -= len(line)
                return True
        return False

    def gap_note(self, now: float) -> bytes:
        """The line that tells of dropped ones in the run itself, once."""
        count, self.dropped = self.dropped, 0
        text = (
            f"{count} logged lines (the oldest values of metrics first) are missing: nothing could be written, and from "
            f"{_clock(self.first)} to {_clock(self.last)} more waited than fits in {MOST_BYTES >> 20} MiB."
        )
        self.first = 0.0
        return f'{{"k":"note","v":{quote_ascii(text)},"t":{now:.6f}}}\n'.encode("ascii")


def unwritten(data: bytes, size: int) -> tuple[bytes, bool]:
    """What of some lines is to be written again after a write of `size` bytes, and whether the file ends within a line.

    A line that was cut off is written again whole. One that lacks nothing but its newline is not: what is written next
    begins with one.
    """
    end = data.rfind(b"\n", 0, size) + 1
    torn = size > end
    if torn and data[size : size + 1] == b"\n":
        end = size + 1
    return data[end:], torn


def _clock(t: float) -> str:
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
