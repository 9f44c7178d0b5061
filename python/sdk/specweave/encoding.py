"""A bare model made to work on a table with words in it: ``run_experiments`` wraps it where it does not take the table.

Columns of words with at most 20 distinct values become one column a value (1 or 0), others the index of the word, most
frequent first; a word that train did not hold is no value (0, or -1). Dates become their number of seconds. Where the
model takes no missing numbers (linear models, support vectors, networks), they become the column's median on train, and
all columns are brought to mean 0 and deviation 1. Classes become 0, 1, ... in sorted order. Everything is learned on
train alone.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_COLUMNS = 20
NOTE = (
    "The model does not take this table as it is, so it was wrapped: words of at most 20 kinds as one column each, others "
    "by the rank of their frequency, labels as 0, 1, ...{filled}. See specweave.encoding."
)


class EncodedModel:
    """A model with the encoding of its table. It is saved and loaded as one.

    Parameters
    ----------
    model
        Anything with ``fit`` and ``predict`` that takes numbers.
    classifies : bool
        Whether the target holds classes.
    fill : bool
        Whether missing numbers are filled, and columns brought to one scale.
    """

    def __init__(self, model: Any, classifies: bool, fill: bool = True) -> None:
        self.model = model
        self.classifies = classifies
        self.fill = fill
        self.words: dict[Any, list[str]] = {}
        self.medians: Any = None
        self.means: Any = None
        self.deviations: Any = None
        self.classes_: Any = None

    def fit(self, table: Any, target: Any) -> EncodedModel:
        """Learns the encoding and trains the model.

        Parameters
        ----------
        table : pandas.DataFrame, shape (rows, columns)
        target : array-like, shape (rows,)
        """
        import numpy

        for column in table.columns:
            kind = table[column].dtype.kind
            if kind in "iufbM":
                continue
            counts = table[column].dropna().astype(str).value_counts()
            self.words[column] = list(counts.index)
        numbers = self._numbers(table)
        if self.fill:
            with_values = numpy.where(numpy.isfinite(numbers), numbers, numpy.nan)
            empty = numpy.isnan(with_values).all(axis=0)
            with_values[:, empty] = 0.0
            self.medians = numpy.nanmedian(with_values, axis=0)
            complete = numpy.where(numpy.isfinite(numbers), numbers, self.medians)
            self.means, deviations = complete.mean(axis=0), complete.std(axis=0)
            self.deviations = numpy.where(deviations > 0, deviations, 1.0)
        codes = target
        if self.classifies:
            self.classes_, codes = numpy.unique(numpy.asarray(target), return_inverse=True)
        self.model.fit(self._filled(numbers), codes)
        return self

    def predict(self, table: Any) -> Any:
        """Labels as the target had them, or numbers; shape (rows,)."""
        import numpy

        predicted = numpy.asarray(self.model.predict(self._filled(self._numbers(table))))
        if not self.classifies:
            return predicted
        if predicted.ndim == 2 and predicted.shape[1] > 1:
            predicted = predicted.argmax(axis=1)  # a network's probabilities
        return self.classes_[predicted.reshape(-1).astype(int)]

    def __getattr__(self, name: str) -> Any:
        # `predict_proba` is there where the model has it, so that hasattr() tells the truth.
        if name == "predict_proba" and "model" in self.__dict__ and hasattr(self.model, name):
            return lambda table: self.model.predict_proba(self._filled(self._numbers(table)))
        raise AttributeError(name)

    def _numbers(self, table: Any) -> Any:
        import numpy

        columns = []
        for column in table.columns:
            values = table[column]
            if column not in self.words:
                if values.dtype.kind == "M":
                    values = values.astype("int64") / 1e9
                columns.append(values.to_numpy(dtype=float, na_value=numpy.nan))
                continue
            texts = values.astype(object).where(values.notna(), None)
            texts = texts.map(lambda value: None if value is None else str(value)).tolist()
            known = self.words[column]
            if len(known) <= MOST_COLUMNS:
                columns += [numpy.array([float(text == word) for text in texts]) for word in known]
            else:
                index = {word: float(i) for i, word in enumerate(known)}
                columns.append(numpy.array([index.get(text, -1.0) for text in texts]))
        return numpy.column_stack(columns) if columns else numpy.empty((len(table), 0))

    def _filled(self, numbers: Any) -> Any:
        import numpy

        if not self.fill:
            return numbers
        return (numpy.where(numpy.isfinite(numbers), numbers, self.medians) - self.means) / self.deviations


def needs_encoding(table: Any, target: Any) -> bool:
    """Whether there is anything in a table or target that some models do not take: words, dates, missing values."""
    if any(table[column].dtype.kind not in "iufb" for column in table.columns) or bool(table.isna().any().any()):
        return True
    return getattr(getattr(target, "dtype", None), "kind", "O") not in "iuf"


def takes_missing(model: Any) -> bool:
    """Whether a model says that it takes missing numbers."""
    root = type(model).__module__.partition(".")[0]
    if root in ("xgboost", "lightgbm", "catboost"):
        return True
    try:
        return bool(model.__sklearn_tags__().input_tags.allow_nan)
    except Exception:  # older scikit-learn, or no estimator
        return False
