"""The formats of saved models: which type is written how, and how it is read again.

A library is used only where its model is at hand, which means that the script has imported it.
"""

from __future__ import annotations

import sys

from .artifacts import dump
from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUFFIXES = {
    "joblib": ".joblib",
    "skops": ".skops",
    "torch_state_dict": ".pt",
    "torch_pickle": ".torch.pt",
    "keras": ".keras",
    "xgboost": ".ubj",
    "lightgbm": ".lgb.txt",
    "onnx": ".onnx",
}


def detect(model: Any) -> str:
    """The format of a model, from the modules of its classes."""
    modules = [kind.__module__ for kind in type(model).__mro__]
    roots = {module.partition(".")[0] for module in modules}
    if modules[0].partition(".")[0] == "onnx" or "onnx_ml_pb2" in modules[0]:
        return "onnx"
    if "keras" in roots or any(module.startswith("tensorflow.python.keras") for module in modules):
        return "keras"
    if "torch.nn.modules.module" in modules:  # after Keras, whose models on torch are torch modules too
        return _torch_format(model)
    if modules[0].startswith("xgboost."):
        return "xgboost"
    if modules[0] == "lightgbm.basic":
        return "lightgbm"  # a Booster; its scikit-learn classes keep their labels only in a pickle
    return "joblib"


def _torch_format(model: Any) -> str:
    """A module built of torch's own classes alone pickles whole; one with classes of the user's is its state_dict."""
    from .snapshot import is_own_code

    if any(is_own_code(type(part).__module__) for part in model.modules()):
        return "torch_state_dict"
    return "torch_pickle"


def keras_backend() -> str | None:
    """Which library Keras computes with in this process: a clean one has to choose the same."""
    keras = sys.modules.get("keras")
    try:
        return str(keras.backend.backend())  # type: ignore[union-attr]
    except AttributeError:
        return None


def write_model(model: Any, kind: str, path: str) -> None:
    """Writes a model in a format of :data:`SUFFIXES`.

    Raises
    ------
    SpecWeaveError
        Where the library cannot write it.
    """
    if kind == "joblib":
        dump(model, path)
        return
    try:
        if kind == "skops":
            import skops.io

            skops.io.dump(model, path)
        elif kind == "torch_state_dict":
            sys.modules["torch"].save(model.state_dict(), path)
        elif kind == "torch_pickle":
            sys.modules["torch"].save(model, path)
        elif kind == "keras":
            model.save(path)
        elif kind in ("xgboost", "lightgbm"):
            model.save_model(path)
        elif kind == "onnx":
            with open(path, "wb") as file:
                file.write(model.SerializeToString())
    except OSError:
        raise
    except Exception as error:  # each library raises its own
        raise SpecWeaveError(
            f"{type(model).__name__} cannot be saved as {kind}: {error}",
            'save_model(model, format="joblib"), or save it yourself and give the path with predict="train.py:predict"',
        ) from error


def read_model(path: str, event: dict[str, Any]) -> Any:
    """The model that a ``model`` event describes; the path itself where its file is of the user's own kind."""
    kind = event.get("format")
    if kind == "joblib":
        return _unpickle(path)
    if kind == "skops":
        import skops.io

        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    if kind == "torch_state_dict":
        return _torch_module(path, event)
    if kind == "torch_pickle":
        import torch

        return torch.load(path, map_location="cpu", weights_only=False).eval()
    if kind == "keras":
        import os

        os.environ.setdefault("KERAS_BACKEND", str(event.get("backend") or "tensorflow"))
        import keras

        return keras.models.load_model(path)
    if kind == "xgboost":
        import xgboost

        model = getattr(xgboost, str(event.get("type")), xgboost.Booster)()
        model.load_model(path)
        return model
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=path)
    if kind == "onnx":
        import onnxruntime

        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return path


def _unpickle(path: str) -> Any:
    try:
        import joblib
    except ImportError:
        import pickle

        with open(path, "rb") as file:
            return pickle.load(file)
    return joblib.load(path)


def _torch_module(path: str, event: dict[str, Any]) -> Any:
    import importlib

    import torch

    name = str(event["module"])
    # The script's snapshot is imported under another name, so that its training does not run.
    module = importlib.import_module("specweave_script" if name == "__main__" else name)
    kind: Any = module
    for part in str(event["class"]).split("."):
        kind = getattr(kind, part)
    model = kind(**(event.get("init") or {}))
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval()
