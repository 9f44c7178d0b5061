"""What several runs came to: a list that prints as a table."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ExperimentResult:
    """One run's outcome.

    Attributes
    ----------
    name : str
        As it was asked for.
    run : str or None
        ``0042/exp-003-xgboost``.
    status : str
        ``succeeded`` or ``failed``.
    metrics : dict
        What the run reported, last values.
    error : str or None
        Why it failed, in one line.
    """

    def __init__(
        self, name: str, run: str | None, status: str, metrics: dict[str, float] | None = None, error: str | None = None
    ) -> None:
        self.name = name
        self.run = run
        self.status = status
        self.metrics = metrics or {}
        self.error = error

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={_shown(v)}" for n, v in self.metrics.items())
        return f"<{self.name} {self.run} {self.status}{': ' + (self.error or shown) if self.error or shown else ''}>"


class Results(list):  # type: ignore[type-arg]
    """A list of :class:`ExperimentResult`.

    Attributes
    ----------
    path : str or None
        Where the comparison table was written.
    """

    path: str | None = None

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            for result in self:
                if key in (result.name, result.run):
                    return result
            raise KeyError(key)
        return super().__getitem__(key)

    def table(self) -> str:
        """The results as a Markdown table; the best of each metric is not marked: the lab measures."""
        names: list[str] = []
        for result in self:
            names += [name for name in result.metrics if name not in names]
        lines = [
            "| run | status | " + "".join(f"{name} | " for name in names).rstrip() if names else "| run | status |",
            "|---|---|" + "---|" * len(names),
        ]
        for result in self:
            cells = [_shown(result.metrics[n]) if n in result.metrics else "" for n in names]
            status = f"{result.status}: {result.error}" if result.error else result.status
            lines.append("| " + " | ".join([result.run or result.name, _cell(status), *cells]) + " |")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.table()


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:160]
