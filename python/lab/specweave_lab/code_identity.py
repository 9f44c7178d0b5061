"""Which code this process is: one hash of the lab's Python files, which the build put into the program that asks.

It covers all of ``specweave_lab`` and whatever lies beside it that Python would import in the place of a library.
``src/adapters/lab/code-files.ts`` computes the same.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

IMPORTABLE = (".py", ".pyc", ".so")
LEFT_OUT = ("__pycache__", "tests")


def code_sha256(folder: Path | None = None) -> str:
    """SHA-256 over path, size and content of each file, in the order of the paths.

    Parameters
    ----------
    folder : Path, optional
        That holds ``specweave_lab``; where this package lies if not given.
    """
    folder = folder or Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(_files(folder, ""), key=lambda path: path.encode()):
        content = (folder / path).read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(folder: Path, below: str) -> list[str]:
    found: list[str] = []
    for entry in (folder / below).iterdir():
        if entry.name in LEFT_OUT or entry.name.startswith("."):
            continue
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir():
            if below or _is_package(entry):
                found += _files(folder, path)
        elif entry.is_file() and entry.name.endswith(IMPORTABLE):
            found.append(path)
    return found


def _is_package(folder: Path) -> bool:
    return any(one.name.startswith("__init__.") and one.name.endswith(IMPORTABLE) for one in folder.iterdir())


STARTED_WITH = code_sha256()
"""Of the files as they lay when this process started."""
