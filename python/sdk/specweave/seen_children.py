"""Programs that a script starts with the registered source among their arguments (see ``seen.py``).

What `cat`, Git or a shell reads is not seen, but what they are asked for is: the source by its path or its name, also
inside an argument such as ``HEAD:data/churn.csv`` or a line for a shell. A name alone is no proof of a read, so that
files of the same name elsewhere, other names that end alike, and programs that print no rows are left alone.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_COMMAND = 100_000
LONGEST_NOTE = 300

# Around a path in a line of a shell, in code, and in ``HEAD:path`` or ``--data=path``.
_AROUND = frozenset(" \t\r\n'\"`;|&<>(){}[],=:@$!")
_SHELL = frozenset(";|&<>(){}`$\n")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")

# They tell of a file, move it or count it, and print none of its rows.
_NO_ROWS = frozenset(
    "b2sum chmod chown cksum du file ls md5 md5sum mkdir rm sha1sum sha256sum sha512sum shasum stat test touch wc".split()
)
_NO_ROWS_OF = {
    "git": frozenset("add check-ignore commit hash-object ls-files ls-tree rev-list rev-parse rm status".split()),
    "dvc": frozenset("add checkout commit fetch pull push status".split()),
}


class Sources:
    """The files that the versions of a data set were registered from.

    Parameters
    ----------
    workspace
        Its root.
    dataset
        ``churn@1``
    """

    def __init__(self, workspace: str, dataset: str) -> None:
        import json

        self.known: list[tuple[str, str, int]] = []
        folder = os.path.join(workspace, ".specweave", "datasets", dataset.partition("@")[0])
        for version in sorted(os.listdir(folder)):
            try:
                with open(os.path.join(folder, version, "dataset.json"), encoding="utf-8") as file:
                    source = json.load(file)["source"]
                shown, size = source["path"], source["bytes"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            path = os.path.join(workspace, shown)
            # Of a source outside the workspace the record holds the name alone.
            there = os.path.sep in shown or _size(path) == size
            one = (shown, os.path.realpath(path) if there else "", size)
            if one not in self.known:
                self.known.append(one)

    def named_by(self, words: list[str], cwd: str) -> str | None:
        """The source, as the record shows it, that a command names; None where it names none."""
        if _prints_no_rows(words):
            return None
        for shown, path, size in self.known:
            name = os.path.basename(shown)
            if any(_names(word, name, path, size, cwd) for word in words):
                return shown
        return None


def _names(word: str, name: str, path: str, size: int, cwd: str) -> bool:
    at = word.find(name)
    while at >= 0:
        end = at + len(name)
        # `churn.csv.gz` and `churn.csv-old` are others; `churn.csv.` ends a sentence.
        after = word[end : end + 2]
        if not (after[:1] in _NAME or after[:1] == "/" or (after[:1] == "." and after[1:] in _NAME)) or not after:
            start = at
            while start > 0 and word[start - 1] not in _AROUND:
                start -= 1
            if _is_source(word[start:end], path, size, cwd):
                return True
        at = word.find(name, end)
    return False


def _is_source(given: str, path: str, size: int, cwd: str) -> bool:
    if os.path.basename(given) != os.path.basename(path or given):
        return False
    there = os.path.realpath(os.path.join(cwd, os.path.expanduser(given)))
    found = _size(there)
    if found >= 0:
        # In another working tree, or copied, the source has its size.
        return there == path or found == size
    # Not there: seen from a folder that a shell or Git goes to first.
    parts = [part for part in given.split("/") if part not in ("", ".", "..")]
    whole = path.split("/") if path else parts[-1:]
    return not given.startswith("/") and whole[-len(parts) :] == parts


def _prints_no_rows(words: list[str]) -> bool:
    if len(words) == 1 or (words[1:2] == ["-c"] and len(words) == 3):
        line = words[-1]
        words = line.split() if _SHELL.isdisjoint(line) else []
    if not words:
        return False
    program = os.path.basename(words[0])
    if program in _NO_ROWS or words[1:2] and words[1] in _NO_ROWS_OF.get(program, ()):
        return True
    return program == "git" and words[1:2] == ["log"] and not any(map(_asks_for_lines, words[2:]))


def _asks_for_lines(option: str) -> bool:
    return option in ("-p", "-u", "-c", "-m", "--cc") or option.startswith(
        ("-U", "-L", "--patch", "--unified", "--word-diff", "--color-words")
    )


def _size(path: str) -> int:
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return -1
    return stat.st_size if stat.st_mode & 0o170000 == 0o100000 else -1


def command_of(event: str, args: tuple) -> tuple[list[str], str]:
    """The words of what is started, by the arguments of the audit event, and the folder that it is started in."""
    cwd = ""
    if event == "os.system":
        words: Any = args[0]
    elif event == "subprocess.Popen":
        words, cwd = args[1], args[2] or ""
    elif event == "os.spawn":
        words = args[2]
    else:
        words = args[1]
    if isinstance(words, (str, bytes, os.PathLike)):
        words = [words]
    texts = [os.fsdecode(word) for word in words if isinstance(word, (str, bytes, os.PathLike))]
    if sum(map(len, texts)) > LONGEST_COMMAND:
        return [], ""
    return texts, os.path.abspath(os.fsdecode(cwd)) if cwd else os.getcwd()


def shown(words: list[str]) -> str:
    """A command to be read by people; its secrets are masked when the run has ended."""
    line = " ".join([os.path.basename(words[0]), *words[1:]] if len(words) > 1 else words)
    return line if len(line) <= LONGEST_NOTE else f"{line[:LONGEST_NOTE]}..."
