"""The table of ``run_experiments`` in ``comparison.md``, inside a managed block, so that the rest of the file stays.

The block's form is that of ``src/core/managed-blocks.ts``.
"""

from __future__ import annotations

import os

from .artifacts import remove, write_new
from .errors import warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .results import Results

BLOCK = "run-experiments"


def write_comparison(results: Results, folder: str) -> str | None:
    """Puts the table into ``comparison.md`` of a folder. What people or the lab wrote there is never touched.

    Returns
    -------
    str or None
        The file's path; None where a person edited the table, or it cannot be written (told once on stderr).
    """
    path = f"{folder}/comparison.md"
    body = (
        "Reported by the scripts, on validation; `specweave-ml compare-runs` shows what the lab measured.\n\n"
        + results.table()
    )
    try:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            text = "# Comparison\n"
        changed = put_block(text, BLOCK, body)
        if changed is None:
            warn_once(f"comparison {path}", f"the table in {path} was edited by hand, and is left as it is")
            return None
        temporary = f"{path}.{os.urandom(4).hex()}.tmp"
        write_new(temporary, changed.encode("utf-8", "backslashreplace"))
        try:
            os.replace(temporary, path)
        finally:
            remove(temporary)
        return path
    except OSError as error:
        warn_once(f"comparison {path}", f"the comparison table is not written: {error}")
        return None


def put_block(text: str, name: str, body: str) -> str | None:
    """The text with the block in place, or added at its end; None where a person edited the block since."""
    begin, end = f"<!-- specweave:begin {name} sha=", f"<!-- specweave:end {name} -->"
    wanted = "\n".join(line.rstrip() for line in body.splitlines()).strip("\n")
    block = [f"{begin}{_hash(wanted)} -->", *wanted.split("\n"), end]
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if line.startswith(begin)), None)
    if first is None:
        return text.rstrip("\n") + "\n\n" + "\n".join(block) + "\n"
    last = next((i for i in range(first, len(lines)) if lines[i].strip() == end), None)
    if last is None:
        return None
    there = "\n".join(line.rstrip() for line in lines[first + 1 : last]).strip("\n")
    if lines[first].strip() != f"{begin}{_hash(there)} -->":
        return None
    return "\n".join([*lines[:first], *block, *lines[last + 1 :]])


def _hash(body: str) -> str:
    import hashlib

    return hashlib.sha256(body.encode("utf-8")).hexdigest()[:12]
