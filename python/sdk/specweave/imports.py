"""Which modules a script imports that cannot be found: read from its text, so that nothing of the user's runs.

A program of its own, started by a preflight in the interpreter of the run:
``python imports.py <workspace> (--script FILE | --module NAME | --code TEXT)``. It prints one JSON object:
``missing`` (``module, file, line``), ``unsure`` (the same, of scripts that change ``sys.path``), ``syntax`` (``file,
line, problem``, or null) and ``files`` (how many were read).

Only what a module imports when it is loaded counts: imports in functions, under ``if``, ``try`` or ``with`` are choices
that its text does not tell. The script itself and modules of the workspace are read; of others only whether they are there.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator
    from typing import Any

MOST_FILES = 300
MOST_BYTES = 1024 * 1024
_INSTALLED = ("/site-packages/", "/dist-packages/")


class Search:
    """One walk over the modules of a workspace that a script loads."""

    def __init__(self, workspace: str) -> None:
        self.workspace = os.path.join(os.path.realpath(workspace), "")
        self.missing: list[dict[str, Any]] = []
        self.syntax: dict[str, Any] | None = None
        self.moves_path = False
        self.read: set[str] = set()
        self.asked: set[str] = set()

    def file(self, path: str, package: str = "", folder: str = "") -> None:
        """Reads a file of the workspace.

        Parameters
        ----------
        package
            The dotted name that its relative imports start from; empty for a script.
        folder
            Where that package lies.
        """
        real = os.path.realpath(path)
        if real in self.read or len(self.read) >= MOST_FILES:
            return
        self.read.add(real)
        try:
            if os.path.getsize(real) > MOST_BYTES:
                return
            with open(real, "rb") as file:
                self.text(file.read(), self.shown(real), package, folder)
        except OSError:
            return

    def text(self, source: bytes, shown: str, package: str = "", folder: str = "") -> None:
        """Reads a module's text."""
        import ast

        try:
            tree = ast.parse(source, shown)
        except (SyntaxError, ValueError) as error:
            if self.syntax is None:
                self.syntax = {"file": shown, "line": getattr(error, "lineno", None), "problem": str(error)}
            return
        if b"sys.path" in source or b"addsitedir" in source:
            self.moves_path = True
        for node in _loaded(tree.body):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self.module(alias.name, shown, node.lineno)
            elif node.level == 0:
                self.module(str(node.module), shown, node.lineno, [alias.name for alias in node.names])
            elif folder:
                self.relative(node, shown, package, folder)

    def relative(self, node: ast.ImportFrom, shown: str, package: str, folder: str) -> None:
        """``from .data import load``, in a package of the workspace."""
        parts = package.split(".")
        if node.level > len(parts):
            return
        for _ in range(node.level - 1):
            folder = os.path.dirname(folder)
        base = ".".join(parts[: len(parts) - node.level + 1])
        if node.module:
            self.below(base, [folder], str(node.module).split("."), shown, node.lineno)
            return
        for alias in node.names:  # a name of the package, or a module in it
            self.open(f"{base}.{alias.name}", _in_folders(f"{base}.{alias.name}", [folder]))

    def module(self, name: str, shown: str, line: int, names: list[str] | None = None) -> None:
        """An absolute import: the first part must be there; the rest of what lies in the workspace too."""
        if name in self.asked and not names:
            return
        self.asked.add(name)
        import importlib.util

        first, *rest = name.split(".")
        try:
            spec = importlib.util.find_spec(first)
        except (ImportError, ValueError, AttributeError):
            return  # something of another's making: the smoke run tells
        if spec is None:
            self.missing.append({"module": name, "file": shown, "line": line})
            return
        places = list(spec.submodule_search_locations or [])
        ours = self.is_ours(spec.origin) or (spec.origin is None and any(self.is_ours(place) for place in places))
        if not ours:
            return
        self.open(first, spec)
        if rest:
            self.below(first, places, rest, shown, line)
        package = places
        for part in rest:
            package = [os.path.join(place, part) for place in package]
        for alias in names or []:
            if package:
                self.open(f"{name}.{alias}", _in_folders(f"{name}.{alias}", package))

    def below(self, base: str, places: list[str], parts: list[str], shown: str, line: int) -> None:
        """Modules within a package of the workspace, found without running the package."""
        name = base
        for part in parts:
            name = f"{name}.{part}"
            spec = _in_folders(name, places)
            if spec is None:
                self.missing.append({"module": name, "file": shown, "line": line})
                return
            self.open(name, spec)
            places = list(spec.submodule_search_locations or [])

    def open(self, name: str, spec: Any) -> None:
        """Reads what a module of the workspace imports in its turn."""
        if spec is None or not self.is_ours(spec.origin) or not str(spec.origin).endswith(".py"):
            return
        is_package = spec.submodule_search_locations is not None
        package = name if is_package else name.rpartition(".")[0]
        self.file(spec.origin, package, os.path.dirname(spec.origin) if package else "")

    def is_ours(self, path: str | None) -> bool:
        """Whether a file is the user's own code rather than an installed package."""
        if not path or path in ("built-in", "frozen"):
            return False
        real = os.path.realpath(path)
        prefixes = [os.path.join(os.path.realpath(path), "") for path in (sys.prefix, sys.base_prefix)]
        return (
            real.startswith(self.workspace)
            and not real.startswith(tuple(prefixes))
            and not any(part in real for part in _INSTALLED)
        )

    def shown(self, real: str) -> str:
        return real[len(self.workspace) :] if real.startswith(self.workspace) else os.path.basename(real)

    def found(self) -> dict[str, Any]:
        """The answer."""
        sure = [] if self.moves_path else self.missing
        return {
            "missing": sure[:20],
            "unsure": self.missing[:20] if self.moves_path else [],
            "syntax": self.syntax,
            "files": len(self.read),
        }


def _in_folders(name: str, folders: list[str]) -> Any:
    """A module of a package, looked for in the package's folders without loading the package."""
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name, folders)


def _loaded(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that are sure to be carried out when the text is run as a script."""
    import ast

    for node in body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            yield node
        elif isinstance(node, ast.If) and _is_main(node.test):
            yield from _loaded(node.body)


def _is_main(test: ast.expr) -> bool:
    """``__name__ == "__main__"``"""
    import ast

    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return isinstance(test, ast.Compare) and names == {"__name__"}


def main(argv: list[str]) -> int:
    """See the module's text."""
    import json

    workspace, kind, what = argv
    search = Search(workspace)
    if kind == "--script":
        sys.path.insert(0, os.path.dirname(os.path.abspath(what)))
        search.file(what)
    elif kind == "--module":
        sys.path.insert(0, os.getcwd())
        search.module(what, "the command", 1)
        if os.path.isdir(what.replace(".", "/")):
            search.module(f"{what}.__main__", "the command", 1)
    else:
        sys.path.insert(0, os.getcwd())
        search.text(what.encode("utf-8", "replace"), "the command")
    print(json.dumps(search.found()))
    return 0


if __name__ == "__main__":
    # The first place is this file's folder, whose names (errors, run) would stand for others.
    sys.path.pop(0)
    sys.exit(main(sys.argv[1:]))
