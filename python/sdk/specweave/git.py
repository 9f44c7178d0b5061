"""The commit that a script runs at, read from Git's files: no process is started."""

from __future__ import annotations

import os

_folders: dict[str, tuple[str, str] | None] = {}
_shas: dict[str, tuple[object, str | None]] = {}


def git_sha(start: str) -> str | None:
    """The SHA of HEAD of the repository that holds a folder; None where there is none, or no commit yet.

    Knows loose and packed refs, detached heads, worktrees and submodules.
    """
    if start not in _folders:
        _folders[start] = _find(start)
    found = _folders[start]
    if found is None:
        return None
    folder, common = found
    head = f"{folder}/HEAD"
    known = _shas.get(folder)
    if known is not None and known[0] == _stamps(folder, common, head):
        return known[1]
    sha = _read_head(folder, common, head)
    _shas[folder] = (_stamps(folder, common, head), sha)
    return sha


def _stamps(folder: str, common: str, head: str) -> tuple[object, ...]:
    """What must be the same for the commit to be the same. Packed refs count only where the branch has no file."""
    ref = _stamp(_ref_of.get(folder, ""))
    return (_stamp(head), ref, _stamp(f"{common}/packed-refs") if ref is None else None)


_ref_of: dict[str, str] = {}


def _find(start: str) -> tuple[str, str] | None:
    """The Git folder of this worktree and the one that holds the refs."""
    folder = os.path.abspath(start)
    while True:
        git = f"{folder}/.git"
        if os.path.isdir(git):
            return git, git
        text = _read(git)
        if text.startswith("gitdir:"):
            own = os.path.normpath(os.path.join(folder, text[7:].strip()))
            common = _read(f"{own}/commondir").strip()
            return own, os.path.normpath(os.path.join(own, common)) if common else own
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _read_head(folder: str, common: str, head: str) -> str | None:
    text = _read(head).strip()
    for _ in range(5):  # a ref may name another ref
        if not text.startswith("ref:"):
            return text if _is_sha(text) else None
        ref = text[4:].strip()
        for place in (folder, common):
            path = f"{place}/{ref}"
            text = _read(path).strip()
            if text:
                _ref_of[folder] = path
                break
        else:
            _ref_of[folder] = f"{common}/{ref}"
            return _packed(common, ref)
    return None


def _packed(common: str, ref: str) -> str | None:
    for line in _read(f"{common}/packed-refs").splitlines():
        sha, _, name = line.partition(" ")
        if name.strip() == ref and _is_sha(sha):
            return sha
    return None


def _is_sha(text: str) -> bool:
    return len(text) in (40, 64) and all(c in "0123456789abcdef" for c in text)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
