"""A tracked run: what a script says while it works."""

from __future__ import annotations

import os
from time import monotonic, time

from .errors import SpecWeaveError, warn_once
from .lines import fit_name, metric_prefix, param_line, prefixes, step_text
from .masking import MASK, is_secret, mask_text
from .values import flatten, number, text_of, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Literal

    from .events import EventFile

_STOP_EVERY_S = 0.5
_WHOLE = 1 << 53
#: Of a note; more, with its escapes, would not fit in a line that is read.
_LONGEST_NOTE = 1_000_000
_LONGEST_TAG = 10_000


class Run:
    """One run, made by :func:`specweave.track_experiment`; use it in a ``with``.

    Logging never ends a training: a value that cannot be recorded is told once on stderr. What is handed in as
    evidence (`save_predictions`, `save_model`) raises :class:`specweave.SpecWeaveError` where it cannot be kept.

    Attributes
    ----------
    id : str or None
        ``0042/exp-003-xgboost``; None where nothing can be recorded (a full disk at the start).
    folder : str or None
        Absolute path of the run's folder.
    """

    def __init__(self, id: str | None, folder: str | None, events: EventFile, owner: bool) -> None:
        self.id = id
        self.folder = folder
        self._events = events
        self._owner_pid = os.getpid() if owner else 0
        self._status: str | None = None
        self._ended = False
        self._stop_at = 0.0
        self._stopped = False

    @property
    def name(self) -> str:
        """The run's own part of its id, ``exp-003-xgboost``."""
        return self.id.partition("/")[2] if self.id else "unrecorded"

    @property
    def path(self) -> str | None:
        return self.folder

    # ---- telemetry: degrades

    def log_metric(self, name: str, value: Any, step: int | None = None) -> None:
        """Records one value of a metric. When it returns, the value survives SIGKILL.

        Parameters
        ----------
        name
            For example ``"loss"`` or ``"precision@10"``.
        value
            A number; NumPy and pandas scalars, arrays and tensors of one element, ``Decimal``, NaN and infinities too.
        step
            Epoch, batch or tree; the value of the highest step is the metric's last.

        Examples
        --------
        >>> exp.log_metric("loss", 0.12, step=10)
        """
        try:
            prefix = prefixes[name] if name in prefixes else metric_prefix(name)
            text = repr(value) if type(value) is float and value - value == 0.0 else number(value)
            if step is None:
                line = f'{prefix}{text},"t":{time():.6f}}}\n'
            else:
                steps = step if type(step) is int and -_WHOLE < step < _WHOLE else step_text(step)
                line = f'{prefix}{text},"s":{steps},"t":{time():.6f}}}\n'
        except Exception as error:
            self._bad("metric", name, error)
            return
        self._events.write(line)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Records several metrics of one step, with a single write."""
        lines = []
        end = f',"t":{time():.6f}}}\n'
        try:
            if step is not None:
                end = f',"s":{step_text(step)}{end}'
            items = flatten(metrics).items()
        except Exception as error:
            self._bad("metrics", "", error)
            return
        for name, value in items:
            try:
                lines.append(f"{metric_prefix(name)}{number(value)}{end}")
            except Exception as error:
                self._bad("metric", name, error)
        if lines:
            self._events.write("".join(lines))

    def log_param(self, name: str, value: Any) -> None:
        """Records a parameter; a dict is flattened with dots. Values of names like ``api_key`` are masked."""
        self.log_params({name if type(name) is str else text_of(name): value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Records several parameters with a single write.

        Examples
        --------
        >>> exp.log_params(model.get_params())
        >>> exp.log_params({"optimizer": {"name": "adam", "lr": 0.001}})  # optimizer.name, optimizer.lr
        """
        lines = []
        end = f',"t":{time():.6f}}}\n'
        try:
            items = flatten(params).items()
        except Exception as error:
            self._bad("parameters", "", error)
            return
        for name, value in items:
            try:
                lines.append(param_line(name, value, end))
            except Exception as error:
                self._bad("parameter", name, error)
        if lines:
            self._events.write("".join(lines))

    def set_tag(self, name: str, value: Any) -> None:
        """Records a word about the run; the last value of a name holds."""
        try:
            text = MASK if is_secret(str(name)) else str(value)
            self._say(k="tag", n=fit_name(name), v=str.__str__(text)[:_LONGEST_TAG])
        except Exception as error:
            self._bad("tag", name, error)

    def log_note(self, text: Any) -> None:
        """Records a sentence for people: what was seen, what was learned, why it failed."""
        try:
            said = mask_text(str.__str__(str(text)))
            if len(said) > _LONGEST_NOTE:
                said = f"{said[:_LONGEST_NOTE]}... ({len(said) - _LONGEST_NOTE} more characters)"
            self._say(k="note", v=said)
        except Exception as error:
            self._bad("note", "", error)

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Lowers the run's outcome: ``"failed"`` stands whatever follows. It is never raised by this.

        Examples
        --------
        >>> exp.log_note("FAILED: LSTM overfits badly, needs regularization")
        >>> exp.set_status("failed")
        """
        text = text_of(status).strip().lower()
        if text == "failed":
            self._status = text
            self._end_status(text, reason)
        elif text not in ("running", "succeeded"):
            warn_once(f"status {text}", f'set_status({text[:80]!r}) is not known; use "failed" (or "succeeded")')
        elif self._status == "failed" and text == "succeeded":
            warn_once("status raised", f"{self.id} was set to failed, and stays so: a status is never raised")

    def log_artifact(
        self, path: str | os.PathLike[str], name: str | None = None, kind: str | None = None
    ) -> str | None:
        """Copies a file or folder into the run's folder, with its hash. See :func:`specweave.artifacts.log_artifact`."""
        from .artifacts import log_artifact

        return log_artifact(self, path, name, kind)

    def should_stop(self) -> bool:
        """Whether somebody asked the run to end (``stop_run``). Costs a look at the disk at most twice a second."""
        if self._stopped or self.folder is None:
            return self._stopped
        now = monotonic()
        if now >= self._stop_at:
            self._stop_at = now + _STOP_EVERY_S
            self._stopped = os.path.exists(f"{self.folder}/stop.json")
        return self._stopped

    # ---- evidence and files: fail clearly

    def save_artifact(self, obj: Any, name: str) -> str:
        """Pickles an object into the run's folder. See :func:`specweave.artifacts.save_artifact`."""
        from .artifacts import save_artifact

        return save_artifact(self, obj, name)

    def save_report(self, name: str, text: str | None = None) -> str:
        """Writes a Markdown report of the run into the increment. See :func:`specweave.report.save_report`."""
        from .report import save_report

        return save_report(self, name, text)

    def save_predictions(
        self,
        split: str,
        y_pred: Any,
        y_score: Any = None,
        ids: Iterable[Any] | None = None,
        classes: Iterable[Any] | None = None,
    ) -> str:
        """Hands in predictions for a split. See :func:`specweave.predictions.save_predictions`."""
        from .predictions import save_predictions

        return save_predictions(self, split, y_pred, y_score, ids, classes)

    def save_model(self, model: Any, name: str = "model", **options: Any) -> str:
        """Keeps the trained model. See :func:`specweave.models.save_model`."""
        from .models import save_model

        return save_model(self, model, name, **options)

    # ---- the end

    def finish(self, status: str = "succeeded", reason: str | None = None) -> None:
        """Ends the run, where it is not used in a ``with``."""
        if self._ended:
            return
        self._ended = True
        from . import session

        session.leave(self)
        if self._status is None and (status == "failed" or self._owner_pid == os.getpid()):
            self._end_status(status, reason)
        self._events.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> Literal[False]:
        if error is None or kind is GeneratorExit or (kind is SystemExit and error.code in (None, 0)):
            self.finish()
        else:
            from .failures import describe

            reason, text = describe(kind, error, trace)
            self.log_note(text)
            self.finish("failed", reason)
        return False

    def _end_status(self, status: str, reason: str | None) -> None:
        from . import session

        # A child process of a run that a script made does not end its parent's run: the parent does.
        if self._owner_pid != os.getpid() and not session.is_launched(self):
            if status == "failed":
                self.log_note(f"A child process (pid {os.getpid()}) failed: {reason or 'no reason given'}")
            return
        event = {"k": "status", "v": status}
        if reason:
            event["reason"] = mask_text(text_of(reason))[:1000]
        self._say(**event)

    # ---- inside

    def _say(self, **event: Any) -> bool:
        event["t"] = round(time(), 6)
        return self._events.write(to_json(event) + "\n")

    def _hand_in(self, **event: Any) -> bool:
        """Like :meth:`_say`, for evidence: it stands when this returns True, and is not recorded otherwise."""
        event["t"] = round(time(), 6)
        return self._events.hand_in(to_json(event) + "\n")

    def _bad(self, what: str, name: Any, error: Exception) -> None:
        shown = f"{what} {text_of(name)[:80]!r}" if type(name) is not str or name else what
        warn_once(f"bad {shown}", f"{shown} is not recorded: {text_of(error)}. The script goes on.")

    def require_folder(self) -> str:
        """The run's folder, for evidence.

        Raises
        ------
        SpecWeaveError
            Where the run could not be made.
        """
        if self.folder is None:
            raise SpecWeaveError(
                "This run is not recorded (its start was told on stderr), so nothing can be handed in for it.",
                "see that the workspace can be written to, and run again",
            )
        return self.folder

    def __reduce__(self) -> Any:
        from .session import attach

        return attach, (self.id, self.folder)  # another process joins, with a file of its own

    def __repr__(self) -> str:
        return f"<specweave.Run {self.id}>"
