"""SpecWeave ML: what a training script says, kept in plain files that a lab reads later.

Everything is loaded when it is first used; importing this costs well under a millisecond.

>>> from specweave import track_experiment
>>> with track_experiment("exp-001-eda") as exp:
...     exp.log_metric("missing_values", 12)
"""

from __future__ import annotations

__version__ = "0.1.0"

# Each public name with the module that holds it.
_HOME = {
    "track_experiment": "session",
    "track_model": "session",
    "current_run": "session",
    "Run": "run",
    "SpecWeaveError": "errors",
    "ModelExperiment": "experiments",
    "ExperimentResult": "results",
    "run_experiments": "experiments",
    "train_baseline_model": "baselines",
    "load_dataset": "dataset",
    "Dataset": "dataset",
    "Split": "dataset",
    "params": "launch",
    "seed_everything": "launch",
}

__all__ = [
    "Dataset",
    "ExperimentResult",
    "ModelExperiment",
    "Run",
    "SpecWeaveError",
    "Split",
    "current_run",
    "load_dataset",
    "params",
    "run_experiments",
    "seed_everything",
    "track_experiment",
    "track_model",
    "train_baseline_model",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .baselines import train_baseline_model as train_baseline_model
    from .dataset import Dataset as Dataset
    from .dataset import Split as Split
    from .dataset import load_dataset as load_dataset
    from .errors import SpecWeaveError as SpecWeaveError
    from .experiments import ModelExperiment as ModelExperiment
    from .experiments import run_experiments as run_experiments
    from .launch import params as params
    from .launch import seed_everything as seed_everything
    from .results import ExperimentResult as ExperimentResult
    from .run import Run as Run
    from .session import current_run as current_run
    from .session import track_experiment as track_experiment
    from .session import track_model as track_model


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'specweave' has no attribute {name!r}")
    import sys

    module = f"{__name__}.{home}"
    __import__(module)  # `importlib` would cost as much again
    value = getattr(sys.modules[module], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
