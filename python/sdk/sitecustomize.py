"""Runs at the start of each Python that has the SDK's folder on ``PYTHONPATH``, also of scripts that never import it.

In a run that the lab launched it notes which data files are opened (``specweave/seen.py``); anywhere else it does
nothing. Then the next ``sitecustomize`` on the path runs, as if this one were not there: environments, conda and Linux
distributions have one.
"""

from __future__ import annotations

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _watch() -> None:
    run = os.environ.get("SPECWEAVE_RUN", "")
    if not run or run.startswith("job-") or not os.environ.get("SPECWEAVE_RUN_DIR"):
        return
    # Loaded by its path: a script that never imports `specweave` has no module of that name.
    machinery = sys.modules["_frozen_importlib_external"]
    spec = machinery.spec_from_file_location("_specweave_seen", os.path.join(_HERE, "specweave", "seen.py"))
    module = sys.modules["_frozen_importlib"].module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["_specweave_seen"] = module
    module.install()


def _run_next() -> None:
    """Makes the next ``sitecustomize`` on the path the one of this process. What it raises, it raises as ever."""
    paths = [os.path.abspath(path or os.curdir) for path in sys.path]
    if _HERE not in paths:
        return
    rest = [path for path in sys.path[paths.index(_HERE) + 1 :] if os.path.abspath(path or os.curdir) != _HERE]
    spec = sys.modules["_frozen_importlib_external"].PathFinder.find_spec("sitecustomize", rest)
    if spec is None or spec.loader is None:
        return
    module = sys.modules["_frozen_importlib"].module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


try:
    _watch()
except Exception:  # a script must never fail because it was watched
    pass
_run_next()
