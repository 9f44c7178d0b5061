"""What a clean process needs besides the model's file: the user's own code, copied; and what stands in its way."""

from __future__ import annotations

import os
import sys

from .errors import SpecWeaveError
from .snapshot import is_guarded, is_own_code, main_script, module_source, snapshot
from .values import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Needs:
    """Gathers, while a model is saved, the code it refers to and the reasons why a load may fail.

    Attributes
    ----------
    code : dict
        Module name to its copy in the run's folder: ``{"__main__": "code/train.py"}``.
    facts : dict
        More fields of the ``model`` event: `class`, `module` and `init` of a torch module.
    warnings : list of str
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.code: dict[str, str] = {}
        self.facts: dict[str, Any] = {}
        self.warnings: list[str] = []

    def warn(self, what: str, todo: str) -> None:
        self.warnings.append(f"{what}, so a clean process cannot predict with it: {todo}")

    def module(self, name: str, what: str) -> None:
        """Copies a module of the user's own; warns where that is not enough."""
        if name in self.code or not is_own_code(name):
            return
        source = module_source(name)
        if source is None:
            self.warn(f"{what} lives in a notebook or shell", "define it in a file and import it")
            return
        if name == "__main__" and not is_guarded(source):
            self.warn(
                f"{what} lives in {os.path.basename(source)}, which trains at its top level",
                'put the training under `if __name__ == "__main__":`',
            )
        self.code[name] = snapshot(self.folder, source, name)
        for other, file in _modules_beside(name):
            if other not in self.code:
                self.code[other] = snapshot(self.folder, file, other)

    def pickled(self, path: str) -> None:
        """Finds the user's own modules that a pickle refers to, by their names as it writes them."""
        with open(path, "rb") as file:
            content = file.read()
        own = [n for n in list(sys.modules) if n == "__main__" or ("." in n or n[0] != "_") and _may_be_own(n)]
        for name in own:
            mark = name.encode("utf-8", "replace")
            # Pickle protocols 4 and 5 write a module's name as a short text: 0x8c, its length, its bytes.
            if len(mark) < 256 and b"\x8c" + bytes([len(mark)]) + mark in content:
                self.module(name, "its class or function")


def _modules_beside(name: str) -> list[tuple[str, str]]:
    """The user's modules that are loaded and may be needed with one: those of its package, and those by the script."""
    script = main_script()
    home = (os.path.dirname(script) if script else os.getcwd()) + os.sep
    package = name.partition(".")[0]
    found = []
    for other in list(sys.modules):
        if other in ("__main__", "__mp_main__") or not _may_be_own(other):
            continue
        file = module_source(other)
        if file and (other.partition(".")[0] == package or file.startswith(home)):
            found.append((other, file))
    return found


def _may_be_own(name: str) -> bool:
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and "site-packages" not in file and "dist-packages" not in file and is_own_code(name)


def torch_code(needs: Needs, model: Any, init: dict[str, Any] | None) -> None:
    """What is needed to build a torch module again before its state_dict is loaded."""
    import inspect

    kind = type(model)
    needs.facts = {"class": kind.__qualname__, "module": kind.__module__, "init": plain(init or {})}
    if "<locals>" in kind.__qualname__:
        needs.warn(f"the class {kind.__name__} is defined inside a function", "define it at the top level of a module")
    needs.module(kind.__module__, f"the class {kind.__name__}")
    required = [
        p.name
        for p in list(inspect.signature(kind.__init__).parameters.values())[1:]
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in (init or {})
    ]
    if required:
        given = ", ".join(f"{name!r}: ..." for name in required)
        needs.warn(f"{kind.__name__} is built with {', '.join(required)}", f"save_model(model, init={{{given}}})")


def predict_code(needs: Needs, predict: str) -> str:
    """``train.py:predict`` as ``code/train.py:predict``, its file copied.

    Raises
    ------
    SpecWeaveError
        Where there is no such file or function.
    """
    import ast

    path, colon, function = str(predict).rpartition(":")
    script = main_script()
    places = [path, os.path.join(os.path.dirname(script), path)] if script else [path]
    source = next((os.path.abspath(p) for p in places if p and os.path.isfile(p)), None)
    if not colon or not function.isidentifier() or source is None:
        raise SpecWeaveError(
            f"predict={predict!r} names no file and function.",
            'for example predict="train.py:predict", from where you run',
        )
    with open(source, "rb") as file:
        tree = ast.parse(file.read())
    if not any(isinstance(n, ast.FunctionDef) and n.name == function for n in tree.body):
        raise SpecWeaveError(
            f"{path} has no function {function} at its top level.",
            f"def {function}(model, features): ... returns labels",
        )
    is_main = script is not None and os.path.realpath(source) == os.path.realpath(script)
    if is_main and not is_guarded(source):
        needs.warn(
            f"{path}:{function} lives in a script that trains at its top level",
            'put the training under `if __name__ == "__main__":`',
        )
    return f"{snapshot(needs.folder, source)}:{function}"
