"""What the launcher chose for this run: its parameters and its seed."""

from __future__ import annotations

import os
import sys

from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def params(**defaults: Any) -> dict[str, Any]:
    """The parameters of this run, as the launcher or the tuner chose them.

    Parameters
    ----------
    defaults
        Values for names that the launcher did not give.

    Returns
    -------
    dict
        `defaults`, overlaid with ``SPECWEAVE_PARAMS``; `defaults` alone outside a launched run.

    Raises
    ------
    SpecWeaveError
        Where the launcher's file cannot be read: training with other parameters than recorded would be a lie.

    Examples
    --------
    >>> lr = specweave.params(lr=0.1)["lr"]
    """
    path = os.environ.get("SPECWEAVE_PARAMS")
    if not path:
        return dict(defaults)
    import json

    try:
        with open(path, encoding="utf-8") as file:
            chosen = json.load(file)
        if not isinstance(chosen, dict):
            raise ValueError("it does not hold an object")
    except (OSError, ValueError) as error:
        raise SpecWeaveError(
            f"The parameters of this run cannot be read from {path} (SPECWEAVE_PARAMS): {error}",
            "start the run again; outside a launched run, unset SPECWEAVE_PARAMS",
        ) from error
    return {**defaults, **chosen}


def seed_everything(seed: int | None = None) -> int:
    """Seeds Python's generator, and those of NumPy, torch and TensorFlow where they are loaded.

    Parameters
    ----------
    seed
        0 to 2**32 - 1; else ``SPECWEAVE_SEED``, else 0.

    Returns
    -------
    int
        The seed that was used.
    """
    if seed is None:
        seed = int(os.environ.get("SPECWEAVE_SEED") or 0)
    seed = int(seed)
    if not 0 <= seed < 2**32:
        raise SpecWeaveError(f"The seed {seed} is out of range.", "use a whole number from 0 to 4294967295")
    import random

    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)  # CUDA's generators too, once it is initialised
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        tensorflow.random.set_seed(seed)
    return seed
