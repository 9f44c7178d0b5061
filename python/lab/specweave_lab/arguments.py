"""Reading the arguments of a request: each is named in the refusal when it is missing or of the wrong kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from specweave_lab.errors import Refusal

PROBLEM_TYPES = ("classification", "regression", "time_series", "recommendation")


class Arguments:
    """The ``params`` of a request, with a place (``split.``) for the names in refusals.

    Every method raises :class:`~specweave_lab.errors.Refusal` with ``INPUT_INVALID`` where the value does not
    fit.
    """

    def __init__(self, values: dict[str, Any], place: str = "") -> None:
        self.values = values
        self.place = place

    def invalid(self, name: str, problem: str) -> Refusal:
        field = self.place + name
        return Refusal("INPUT_INVALID", f"{field}: {problem}.", invalid=[(field, problem)])

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name)
        if value is None:
            if default is None:
                raise Refusal("INPUT_INVALID", f"{self.place}{name} is missing.", missing=[self.place + name])
            return default
        if not isinstance(value, str) or not value:
            raise self.invalid(name, "must be text that is not empty")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self.values.get(name) is None else self.text(name)

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise self.invalid(name, f'"{value}" is none of {", ".join(choices)}')
        return value

    def number(self, name: str, default: float) -> float:
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.invalid(name, "must be a number")
        return float(value)

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if value is None:
            raise Refusal("INPUT_INVALID", f"{self.place}{name} is missing.", missing=[self.place + name])
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.invalid(name, "must be a whole number")
        return value

    def texts(self, name: str) -> list[str] | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.invalid(name, "must be a list of texts")
        return list(value)

    def path(self, name: str) -> Path:
        path = Path(self.text(name))
        if not path.is_absolute():
            raise self.invalid(name, f'"{path}" must be an absolute path')
        return path

    def optional_path(self, name: str) -> Path | None:
        return None if self.values.get(name) is None else self.path(name)

    def paths(self, name: str) -> list[Path]:
        return [Arguments({name: item}, self.place).path(name) for item in self.texts(name) or []]

    def inner(self, name: str) -> Arguments:
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.invalid(name, "must be an object")
        return Arguments(value or {}, f"{self.place}{name}.")
