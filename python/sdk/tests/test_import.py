"""Importing costs nothing, and needs nothing but the standard library."""

from __future__ import annotations

import ast
import subprocess
import sys

from conftest import SDK

ALLOWED = {"__future__", "errno", "os", "sys", "time", "_thread", "_json"}


def test_modules_load_only_what_is_cheap():
    """At the top level of each module; inside functions anything of the standard library goes."""
    for path in (SDK / "specweave").glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            assert {name.split(".")[0] for name in names} <= ALLOWED, path.name


def test_syntax_is_that_of_python_3_9():
    for path in (SDK / "specweave").glob("*.py"):
        text = path.read_text()
        ast.parse(text, feature_version=(3, 9))
        assert "from __future__ import annotations" in text, path.name


def test_only_the_standard_library_is_imported():
    code = (
        "import sys; before = set(sys.modules); import specweave; from specweave import track_experiment\n"
        "print(sorted(m for m in set(sys.modules) - before if not m.startswith('specweave')))"
    )
    out = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(SDK)!r})\n{code}"],
        capture_output=True,
        text=True,
    )
    assert set(ast.literal_eval(out.stdout)) <= {"__future__", "_json", "atexit", "errno"}, out


def test_everything_public_is_there():
    import specweave

    assert set(specweave.__all__) == set(specweave._HOME)
    for name in specweave.__all__:
        assert getattr(specweave, name) is not None
    assert set(specweave.__all__) <= set(dir(specweave))
    try:
        specweave.nothing
    except AttributeError as error:
        assert "nothing" in str(error)
    assert (SDK / "specweave/py.typed").exists()
