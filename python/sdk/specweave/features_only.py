"""A model predicts from the features: the files that hold the answers stay closed to its process."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def close(places: Sequence[str]) -> None:
    """From now on to open one of these files, or one below these folders, raises PermissionError.

    By an audit hook (PEP 578), which sees what Python opens: a native reader may pass it by. It is there for the model
    that remembers where its answers lie, not against one that hides it.
    """
    closed = [os.path.realpath(place) for place in places]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if any(path == place or path.startswith(place + os.sep) for place in closed):
            raise PermissionError(
                f"the saved model opens {os.path.basename(path)}, which holds answers: it must predict from the features"
            )

    sys.addaudithook(hook)
