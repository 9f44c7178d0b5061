"""What a measurement of a saved model has found so far, written again after each part."""

from __future__ import annotations

import os
from time import perf_counter_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Measurement:
    """What is known so far, and until when there is time for more."""

    def __init__(self, out: str, deadline_ns: int) -> None:
        self.out = out
        self.deadline_ns = deadline_ns
        self.answer: dict[str, Any] = {"format": 1, "stage": "loading", "metrics": [], "not_measured": []}

    def add(self, name: str, value: float, ci: tuple[float, float] | None = None, method: str | None = None) -> None:
        self.answer["metrics"].append({"name": name, "value": value, "ci": list(ci) if ci else None})
        if ci:
            self.answer["metrics"][-1]["ci_method"] = method

    def lacks(self, names: list[str], reason: str) -> None:
        self.answer["not_measured"] += [{"name": name, "reason": reason} for name in names]

    def left_s(self) -> float:
        return (self.deadline_ns - perf_counter_ns()) / 1e9

    def write(self, stage: str) -> None:
        import json

        self.answer["stage"] = stage
        temporary = f"{self.out}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(self.answer, file)
        os.replace(temporary, self.out)
