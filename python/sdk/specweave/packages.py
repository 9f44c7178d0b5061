"""Versions of the packages that a script has imported.

Read from the names of the ``*.dist-info`` folders beside each package: what `importlib.metadata` reports, without the
15 ms that importing it costs.
"""

from __future__ import annotations

import os
import sys

# Import names whose distribution is called otherwise; where none is found, the module's `__version__` stands.
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "attr": "attrs",
}

_seen_modules = -1
_packages: dict[str, str] = {}
_installed: dict[str, dict[str, str]] = {}


def imported_packages() -> dict[str, str]:
    """``{"numpy": "2.4.6", ...}`` of the top-level packages imported so far, standard library left out."""
    global _seen_modules
    if len(sys.modules) != _seen_modules:
        _seen_modules = len(sys.modules)
        stdlib = getattr(sys, "stdlib_module_names", None)  # Python 3.10 and newer
        found: dict[str, str] = {}
        for name in [n for n in sys.modules if "." not in n and n[0] != "_"]:
            if stdlib is None or name not in stdlib:
                _add(name, found)
        _packages.clear()
        _packages.update(sorted(found.items()))
    return dict(_packages)


def _add(name: str, found: dict[str, str]) -> None:
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if not file or name in ("specweave", "__main__"):
        return
    folder = os.path.dirname(file)
    site = os.path.dirname(folder) if os.path.basename(file).startswith("__init__.") else folder
    if os.path.basename(site) not in ("site-packages", "dist-packages"):
        return  # the user's own modules are code, not packages
    if site not in _installed:
        _installed[site] = _distributions(site)
    wanted = _DISTRIBUTIONS.get(name, name)
    version = _installed[site].get(_normal(wanted))
    if version is None:
        version = vars(module).get("__version__")
    if isinstance(version, str):
        found[wanted] = version


def _distributions(site: str) -> dict[str, str]:
    versions = {}
    try:
        for entry in os.listdir(site):
            if entry.endswith(".dist-info"):
                name, _, version = entry[:-10].rpartition("-")
                versions[_normal(name)] = version
    except OSError:
        pass
    return versions


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
