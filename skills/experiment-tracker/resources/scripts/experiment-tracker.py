#!/usr/bin/env python3
"""Runs the experiments of a YAML file as recorded runs: `specweave-ml run --config FILE`, from Python.

    python resources/scripts/experiment-tracker.py --config experiment-config.yaml
    python resources/scripts/experiment-tracker.py --debug          (or ML_DEBUG=1; experiment-config.yaml is read)

Every flag of `specweave-ml run` is handed on, and its exit code comes back. The program is taken from the variable
SPECWEAVE_ML (a command line), else from the plugin or package that this file lies in, else from the PATH, else by npx.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

CONFIG = "experiment-config.yaml"
HELP = ("-h", "--help")


def program() -> list[str]:
    """The words that start specweave-ml.

    Raises:
        SystemExit: where neither the program nor Node is to be found.
    """
    named = shlex.split(os.environ.get("SPECWEAVE_ML", ""))
    if named:
        return named
    node = shutil.which("node")
    # PACKAGE/skills/experiment-tracker/resources/scripts: of a plugin, of the package, of a checkout.
    for package in list(Path(__file__).resolve().parents)[4:5]:
        main = package / "dist" / "main.js"
        if node and main.is_file():
            return [node, str(main)]
    if shutil.which("specweave-ml"):
        return ["specweave-ml"]
    if shutil.which("npx"):
        return ["npx", "specweave-ml"]
    raise SystemExit(
        "specweave-ml was not found: install Node 20.19 or newer, or set SPECWEAVE_ML to the command that starts it."
    )


def arguments(given: list[str]) -> list[str]:
    """What `run` is given: a configuration file, the usual one where neither a file nor a command is named."""
    own = given[: given.index("--")] if "--" in given else given
    named = any(word.split("=")[0] in ("--config", "--command", *HELP) for word in own)
    return ["run", *([] if named or "--" in given else ["--config", CONFIG]), *given]


if __name__ == "__main__":
    words = [*program(), *arguments(sys.argv[1:])]
    try:
        os.execvp(words[0], words)
    except OSError as cause:
        raise SystemExit(f"{words[0]} cannot be started: {cause.strerror}") from cause
