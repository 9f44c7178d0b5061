"""Files of a run: copied into its folder with their hash, and written once."""

from __future__ import annotations

import os

from .errors import SpecWeaveError, warn_once
from .lines import LONGEST_NAME, utf16_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .run import Run

_BLOCK = 1 << 20
_MODEL_ENDINGS = (
    ".pkl", ".pickle", ".joblib", ".skops", ".pt", ".pth", ".keras", ".h5", ".ubj", ".onnx", ".safetensors", ".cbm",
)  # fmt: skip
# What the run's folder holds by itself: an artifact never takes these names.
_RESERVED = {
    "run.json", "started.json", "stop.json", "exit.json", "end.json", "params.json", "metrics.json", "evidence.json",
    "environment.json", "asked.params.json", "events", "logs", "predictions", ".gitignore",
}  # fmt: skip


def log_artifact(
    run: Run, path: str | os.PathLike[str], name: str | None = None, kind: str | None = None
) -> str | None:
    """Copies a file or a folder into the run's folder and records its SHA-256.

    Parameters
    ----------
    path
        A file that lies in the run's folder already is only recorded.
    name
        Its name there; else its own. A name that holds other content already is never overwritten: the copy becomes
        ``name-2``, and stderr says so.
    kind
        ``"model"``, ``"report"`` or ``"file"``; else told from the name.

    Returns
    -------
    str or None
        The path relative to the run's folder, or None where the file could not be kept (told once on stderr).
    """
    if run.folder is None:
        return None
    try:
        source = os.path.abspath(os.fsdecode(path))
        if os.path.isdir(source):
            return _log_folder(run, source, name, kind)
        inside = _inside(source, run.folder)
        if inside is not None and name is None:
            return record(run, inside, kind)
        return record(run, _copy(source, run.folder, _fit(name or os.path.basename(source))), kind)
    except (OSError, SpecWeaveError, TypeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        shown = shown_text(path)
        warn_once(f"artifact {shown} {name}", f"the artifact {shown} is not kept: {why}. The script goes on.")
        return None


def record(run: Run, relative: str, kind: str | None = None, **more: Any) -> str:
    """Records a file of the run's folder as an artifact; returns its relative path."""
    digest, size = sha256_of(f"{run.folder}/{relative}")
    run._say(k="artifact", n=relative, kind=kind or _kind(relative), sha256=digest, bytes=size, **more)
    return relative


def save_artifact(run: Run, obj: Any, name: str) -> str:
    """Pickles an object into the run's folder (with joblib where it is loaded).

    An object with ``predict`` is recorded as the run's model too, as long as the run has none: see
    :func:`specweave.models.save_model` for more control.

    Returns
    -------
    str
        The path relative to the run's folder.

    Raises
    ------
    SpecWeaveError
        Where the object cannot be pickled or written.

    Examples
    --------
    >>> model.save_artifact(clf, "baseline.pkl")
    """
    folder = run.require_folder()
    name = _fit(name)
    temporary = f"{folder}/.artifact-{os.urandom(6).hex()}"
    try:
        dump(obj, temporary)
        relative = settle(temporary, folder, name)
    except OSError as error:
        raise SpecWeaveError(f"{name} cannot be written to {folder}: {error.strerror or error}") from error
    finally:
        remove(temporary)
    is_model = hasattr(obj, "predict")
    record(run, relative, "model" if is_model else None)
    if is_model:
        from .models import record_pickled

        record_pickled(run, obj, relative)
    return relative


def dump(obj: Any, path: str) -> None:
    """joblib where the script has it loaded, else pickle: ``joblib.load`` reads both.

    Raises
    ------
    SpecWeaveError
        Where the object cannot be pickled or the file not written.
    """
    import pickle
    import sys

    joblib = sys.modules.get("joblib")
    try:
        if joblib is not None:
            joblib.dump(obj, path)
            return
        with open(path, "wb") as file:
            pickle.dump(obj, file, protocol=4)
    except OSError as error:
        raise SpecWeaveError(f"{type(obj).__name__} could not be written to {path}: {error}") from error
    except Exception as error:  # pickle raises nearly anything: PicklingError, TypeError, AttributeError, ...
        raise SpecWeaveError(
            f"{type(obj).__name__} cannot be pickled: {error}",
            "give functions and classes a name at the top level of a module (no lambda, no class in a function)",
        ) from error


def settle(temporary: str, folder: str, name: str) -> str:
    """Gives a finished file its name, or the next free one where other content has it. Never overwrites."""
    stem, suffix = os.path.splitext(name)
    count = 1
    relative = name
    parent = os.path.dirname(f"{folder}/{name}")
    if os.path.realpath(parent) != os.path.join(os.path.realpath(folder), os.path.dirname(name)).rstrip("/"):
        raise SpecWeaveError(
            f"The artifact name {name!r} leads through a link in the run's folder.", "use another name"
        )
    os.makedirs(parent, exist_ok=True)
    while not take(temporary, f"{folder}/{relative}"):
        path = f"{folder}/{relative}"
        if os.path.isfile(path) and not os.path.islink(path) and sha256_of(path) == sha256_of(temporary):
            break
        count += 1
        relative = f"{stem}-{count}{suffix}"
    if relative != name:
        warn_once(
            f"artifact twice {folder} {relative}",
            f"{name} of this run holds other content, and artifacts are written once: the new one is {relative}",
        )
    return relative


def take(temporary: str, path: str) -> bool:
    """Gives a finished file a name, exclusively; False where the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        import errno

        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS):
            raise
        # A file system without hard links.
        if os.path.lexists(path):
            return False
        os.rename(temporary, path)
    return True


def remove(temporary: str) -> None:
    """Removes a temporary file, where there is one."""
    try:
        os.unlink(temporary)
    except OSError:
        pass


def write_new(path: str, content: bytes) -> None:
    """Writes a new file whole, or not at all."""
    try:
        with open(path, "xb") as file:
            file.write(content)
    except FileExistsError:
        raise
    except OSError:
        remove(path)
        raise


def shown_text(value: Any) -> str:
    """A value for a message, whatever it is."""
    try:
        text = str(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return ascii(text[:200])[1:-1] if not text.isprintable() else text[:200]


def sha256_of(path: str) -> tuple[str, int]:
    """Hexadecimal SHA-256 and size in bytes."""
    import hashlib

    digest, size = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:
        while True:
            block = file.read(_BLOCK)
            if not block:
                return digest.hexdigest(), size
            digest.update(block)
            size += len(block)


def _fit(name: str) -> str:
    """A relative path that stays in the run's folder and takes nobody's name."""
    clean = os.path.normpath(str(name).replace("\\", "/"))
    if os.path.isabs(clean) or clean in (".", "..") or clean.startswith("../") or "\0" in clean:
        raise SpecWeaveError(
            f"The artifact name {shown_text(name)!r} leads out of the run's folder.", 'use for example "model.pkl"'
        )
    try:
        os.fsencode(clean)
    except UnicodeError as error:
        raise SpecWeaveError(f"The artifact name {shown_text(name)!r} cannot be a file's name: {error}.") from error
    first = clean.split("/")[0].lower()  # some file systems do not tell "Events" from "events"
    if first in _RESERVED or first.startswith("claim-"):
        clean = f"files/{clean}"
    if utf16_length(clean) > LONGEST_NAME - 10:  # ten for "-2" and the like
        raise SpecWeaveError(f"The artifact name {clean[:40]!r}... is longer than {LONGEST_NAME - 10} characters.")
    return clean


def _inside(path: str, folder: str) -> str | None:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real[len(root) + 1 :] if real.startswith(root + os.sep) else None


def _copy(source: str, folder: str, name: str) -> str:
    import stat

    temporary = f"{folder}/.artifact-{os.urandom(6).hex()}"
    # A pipe that nobody writes to would be waited for without O_NONBLOCK, and a device may never end.
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise SpecWeaveError(f"{shown_text(source)} is no regular file")
        with open(temporary, "xb") as write:
            while True:
                block = os.read(fd, _BLOCK)
                if not block:
                    break
                write.write(block)
        return settle(temporary, folder, name)
    finally:
        os.close(fd)
        remove(temporary)


def _log_folder(run: Run, source: str, name: str | None, kind: str | None) -> str | None:
    into = _fit(name or os.path.basename(source.rstrip("/")))
    kept, left_out = 0, []
    for folder, _, files in os.walk(source):
        for file in sorted(files):
            path = os.path.join(folder, file)
            inside = _inside(path, str(run.folder))
            try:
                target = _fit(f"{into}/{os.path.relpath(path, source)}")
                record(run, inside if inside is not None else _copy(path, str(run.folder), target), kind)
                kept += 1
            except (OSError, SpecWeaveError) as error:
                left_out.append(f"{shown_text(path)} ({getattr(error, 'strerror', None) or error})")
    if left_out:
        warn_once(
            f"artifact {source} {name}",
            f"{len(left_out)} files of {shown_text(source)} are not kept: {', '.join(left_out[:3])}. The script goes on.",
        )
    return into if kept or not left_out else None


def _kind(name: str) -> str:
    lower = name.lower()
    if lower.endswith(_MODEL_ENDINGS):
        return "model"
    return "report" if lower.endswith((".md", ".html", ".pdf")) else "file"
