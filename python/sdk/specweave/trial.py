"""One experiment of ``run_experiments``: build, fit, hand in, save, report."""

from __future__ import annotations

from .errors import SpecWeaveError, warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .experiments import Data, ModelExperiment
    from .run import Run


def run_trial(run: Run, experiment: ModelExperiment, data: Data) -> dict[str, float]:
    """Trains a model in a run.

    Returns
    -------
    dict
        The metrics that were reported, on validation.
    """
    from time import perf_counter

    run.log_params(experiment.params)
    run.set_tag("algorithm", getattr(experiment.model, "__name__", str(experiment.model)))
    classifies = _classifies(data)
    begun = perf_counter()
    model = _fit(run, experiment, data, classifies)
    took = perf_counter() - begun
    x_validation, y_validation = data.validation
    predicted = model.predict(x_validation)
    metrics = _report(run, data, y_validation, predicted, classifies)
    run.log_metric("training_time_s", took)
    if data.dataset is not None:
        for split in (data.dataset.train, data.dataset.validation, data.dataset.test):
            known = predicted if split.name == "validation" else model.predict(split.features)
            features = x_validation if split.name == "validation" else split.features
            run.save_predictions(split.name, known, _scores(model, features, classifies), classes=_classes(model))
    else:
        run.log_note(
            "Trained on data=(...), not on a registered dataset: no predictions are handed in, so nothing is measured."
        )
    _keep(run, model, x_validation)
    return metrics


def _fit(run: Run, experiment: ModelExperiment, data: Data, classifies: bool) -> Any:
    x_train, y_train = data.train
    model = _build(experiment)
    if not hasattr(x_train, "columns"):
        model.fit(x_train, y_train)
        return model
    try:
        model.fit(x_train, y_train)
        return model
    except (ValueError, TypeError) as error:
        from .encoding import NOTE, EncodedModel, needs_encoding, takes_missing

        if not needs_encoding(x_train, y_train):
            raise
        # Words or missing numbers, which a bare model does not take. Where it was something else, the wrapped model fails
        # as well, and the first error is the one worth reading.

        wrapped = EncodedModel(_build(experiment), classifies)
        wrapped.fill = not takes_missing(wrapped.model)
        try:
            wrapped.fit(x_train, y_train)
        except Exception:
            raise error from None
        run.log_note(
            NOTE.format(filled=", missing numbers by train's median, one scale for all" if wrapped.fill else "")
        )
        run.set_tag("encoding", "specweave.encoding.EncodedModel")
        return wrapped


def _build(experiment: ModelExperiment) -> Any:
    model = experiment.model(**experiment.params)
    if not (hasattr(model, "fit") and hasattr(model, "predict")):
        raise SpecWeaveError(
            f"{experiment.name}: {type(model).__name__} has no fit and predict.",
            "give a class with fit(X, y) and predict(X), or a function that returns such a model",
        )
    return model


def _classifies(data: Data) -> bool:
    if data.dataset is not None:
        return data.dataset.problem_type == "classification"
    from .arrays import one_column

    values = one_column(data.train[1])
    if any(isinstance(v, (str, bool)) for v in values[:1000]):
        return True
    if all(isinstance(v, int) or float(v).is_integer() for v in values if v == v):
        return len(set(values)) <= max(2, min(50, len(values) // 20))
    return False


def _classes(model: Any) -> Any:
    return getattr(model, "classes_", None)


def _scores(model: Any, features: Any, classifies: bool) -> Any:
    if not classifies or not hasattr(model, "predict_proba") or _classes(model) is None:
        return None
    try:
        return model.predict_proba(features)
    except (AttributeError, NotImplementedError):
        return None


def _report(run: Run, data: Data, truth: Any, predicted: Any, classifies: bool) -> dict[str, float]:
    from .arrays import one_column
    from .scoring import reported_metrics

    known, said, positive = one_column(truth), one_column(predicted), None
    if data.dataset is not None and data.dataset.classes:
        from .labels import Labels

        labels = Labels(data.dataset.classes)
        known, said, positive = [labels.find(v) for v in known], [labels.find(v) for v in said], data.dataset.positive
    elif classifies and len(set(known)) == 2:
        positive = min(sorted(set(known), reverse=True), key=known.count)
    metrics = reported_metrics(known, said, positive, classifies)
    run.log_metrics(metrics)
    return metrics


def _keep(run: Run, model: Any, features: Any) -> None:
    """The model is kept where it can be: the predictions are handed in already, and stand without it."""
    try:
        run.save_model(model, example=features[:5])
    except SpecWeaveError as error:
        run.log_note(f"model_not_reproducible: the model is not kept: {error}")
        warn_once(f"keep {run.id}", f"{run.id}: the model is not kept: {error}")
