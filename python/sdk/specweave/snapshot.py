"""The script's own text, kept beside a model whose class or function lives in it."""

from __future__ import annotations

import os
import sys

from .errors import warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main_script() -> str | None:
    """Absolute path of the running script; None in a notebook or an interactive shell."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(file) if file and os.path.isfile(file) else None


def module_source(module: str) -> str | None:
    """The file of a module, for ``__main__`` the script; None where it has none."""
    if module == "__main__":
        return main_script()
    file = getattr(sys.modules.get(module), "__file__", None)
    return os.path.abspath(file) if file and file.endswith(".py") and os.path.isfile(file) else None


def is_own_code(module: str) -> bool:
    """Whether a module is the user's, so that a clean process may not find it: the script, or a file beside it."""
    if module == "__main__":
        return True
    package = module.partition(".")[0]
    source = module_source(module)
    # Libraries also make up modules whose file is no file: their package says whose they are.
    places = [source, getattr(sys.modules.get(package), "__file__", None)]
    if source is None or package == "specweave":
        return False
    stdlib = os.path.dirname(os.__file__) + os.sep
    return not any(p and ("site-packages" in p or "dist-packages" in p or p.startswith(stdlib)) for p in places)


def snapshot(folder: str, source: str, module: str = "__main__") -> str:
    """Copies a module's file into ``code/`` of a run's folder, once, where an import from there finds it.

    Returns
    -------
    str
        The copy's path, relative to the folder. ``code/train.py`` of a script, ``code/net/layers.py`` of ``net.layers``.
    """
    with open(source, "rb") as file:
        text = file.read()
    name = os.path.basename(source) if module == "__main__" else module.replace(".", "/") + ".py"
    if name.endswith("/__init__.py") or os.path.basename(source) == "__init__.py":
        name = module.replace(".", "/") + "/__init__.py"
    stem, suffix = os.path.splitext(name)
    copy, count = f"code/{name}", 1
    os.makedirs(os.path.dirname(f"{folder}/{copy}"), exist_ok=True)
    from .artifacts import remove, take, write_new

    temporary = f"{folder}/.code-{os.urandom(6).hex()}"
    write_new(temporary, text)
    try:
        while not take(temporary, f"{folder}/{copy}"):
            with open(f"{folder}/{copy}", "rb") as file:
                if file.read() == text:
                    break
            count += 1
            copy = f"code/{stem}-{count}{suffix}"
    finally:
        remove(temporary)
    return copy


def is_guarded(source: str) -> bool:
    """Whether a script does its work only where it is run: it has ``if __name__ == "__main__":`` at its top level."""
    import ast

    try:
        with open(source, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in tree.body:
        if isinstance(node, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
        ):
            return True
    return False


def warn_unguarded() -> None:
    """At a run's start: a torch model defined in a script without a guard cannot be loaded without training again."""
    script = main_script()
    if script is None:
        return
    try:
        with open(script, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return
    if "nn.Module" in text and "class " in text and not is_guarded(script):
        warn_once(
            "unguarded",
            f"{os.path.basename(script)} defines a torch model and trains at its top level: loading the saved model "
            'would train again. Put the training under `if __name__ == "__main__":`.',
        )


def load_source(path: str, name: str) -> Any:
    """Imports a file under another name, so that its ``__main__`` part does not run."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
