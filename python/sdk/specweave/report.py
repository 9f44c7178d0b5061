"""``save_report``: what a run logged, as Markdown for people, in the run's folder and in the increment's reports."""

from __future__ import annotations

import os

from .errors import SpecWeaveError
from .logged import last_metrics, read_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .run import Run


def save_report(run: Run, name: str, text: str | None = None) -> str:
    """Writes a report.

    Parameters
    ----------
    name
        ``"eda-summary.md"``.
    text
        Markdown; else parameters, metrics, notes and files as logged so far.

    Returns
    -------
    str
        Absolute path of the report in the increment's ``reports/``; where another run's report has the name, this one
        gets the run's name before its ending.

    Raises
    ------
    SpecWeaveError
        Where the name leads out of the folder or the report cannot be written.
    """
    folder = run.require_folder()
    name = str(name)
    if name != os.path.basename(name) or name in ("", ".", "..") or "\0" in name:
        raise SpecWeaveError(f"The report's name {name!r} is not a file name.", 'use for example "eda-summary.md"')
    if "." not in name:
        name += ".md"
    content = _render(run, name) if text is None else str(text).rstrip() + "\n"
    from .artifacts import record, remove, settle, write_new

    data = content.encode("utf-8", "backslashreplace")
    temporary = f"{folder}/.report-{os.urandom(6).hex()}"
    try:
        write_new(temporary, data)
        relative = settle(temporary, folder, name)
        record(run, relative, "report")
        return _publish(run, folder, name, data)
    except OSError as error:
        raise SpecWeaveError(f"The report {name} cannot be written: {error}") from error
    finally:
        remove(temporary)


def _publish(run: Run, folder: str, name: str, content: bytes) -> str:
    from .artifacts import remove, write_new

    increment = folder.rpartition("/experiments/")[0]
    if not increment:
        return f"{folder}/{name}"  # a run outside any increment
    reports = f"{increment}/reports"
    os.makedirs(reports, exist_ok=True)
    temporary = f"{reports}/.report-{os.urandom(6).hex()}"
    write_new(temporary, content)
    try:
        return _take_name(run, folder, reports, name, temporary)
    finally:
        remove(temporary)


def _take_name(run: Run, folder: str, reports: str, name: str, temporary: str) -> str:
    """The first name that is free, or holds what this run wrote there and nobody edited since."""
    from .artifacts import sha256_of, take

    ours = {e.get("sha256") for e in read_events(folder) if e["k"] == "artifact" and e.get("kind") == "report"}
    stem, suffix = os.path.splitext(name)
    own = run.name.replace("/", "-")
    for candidate in (name, f"{stem}.{own}{suffix}", *(f"{stem}.{own}-{n}{suffix}" for n in range(2, 1000))):
        path = f"{reports}/{candidate}"
        if take(temporary, path):
            return path
        if os.path.isfile(path) and sha256_of(path)[0] in ours:
            os.replace(temporary, path)
            return path
    raise SpecWeaveError(f"{reports} holds a thousand reports named {stem}.", "give this one another name")


def _render(run: Run, name: str) -> str:
    events = read_events(str(run.folder))
    title = os.path.splitext(name)[0].replace("-", " ").replace("_", " ").strip()
    lines = [f"# {title[:1].upper()}{title[1:]}", "", f"Run `{run.id}`, as its script reported it."]
    params = {e["n"]: e.get("v") for e in events if e["k"] == "param"}
    metrics = last_metrics(str(run.folder))
    notes = [str(e["v"]) for e in events if e["k"] == "note"]
    files = {e["n"]: e for e in events if e["k"] == "artifact"}
    if metrics:
        lines += ["", "## Metrics (reported)", "", "| metric | last value |", "|---|---|"]
        lines += [f"| {_cell(n)} | {_number(v)} |" for n, v in sorted(metrics.items())]
    if params:
        lines += ["", "## Parameters", "", "| parameter | value |", "|---|---|"]
        lines += [f"| {_cell(n)} | {_cell(v)} |" for n, v in sorted(params.items())]
    if notes:
        lines += ["", "## Notes", ""]
        lines += [f"- {note.strip()}".replace("\n", "\n  ") for note in notes]
    if files:
        lines += ["", "## Files", "", "| file | bytes | SHA-256 |", "|---|---|---|"]
        lines += [
            f"| {_cell(n)} | {e.get('bytes', '')} | `{str(e.get('sha256', ''))[:12]}` |"
            for n, e in sorted(files.items())
        ]
    if len(lines) == 3:
        lines += ["", "Nothing was logged before this report was saved."]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else f"{value:.6g}"


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")[:200]
