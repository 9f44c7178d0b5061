"""What is asked of ``register_dataset``: the arguments, read and checked, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specweave_lab.arguments import PROBLEM_TYPES, Arguments
from specweave_lab.custom_evaluator import CustomEvaluator, asked_evaluator
from specweave_lab.errors import dataset_invalid
from specweave_lab.gaps import read_gap
from specweave_lab.horizons import read_horizon
from specweave_lab.splitting import DEFAULT_METHOD, METHODS, SplitPolicy


@dataclass(frozen=True)
class Request:
    """What was asked for, with defaults filled in."""

    source: Path
    name: str
    target: str
    positive: str | None
    problem_type: str
    policy: SplitPolicy
    id_column: str | None
    previous: list[Path]
    vault: Path | None
    schema: dict[str, Any] | None = None
    evaluator: CustomEvaluator | None = None

    def roles(self) -> dict[str, str]:
        """Role of each column that is no plain feature."""
        named = {self.policy.group_column: "group", self.policy.time_column: "time", self.id_column: "id"}
        return {**{name: role for name, role in named.items() if name}, self.target: "target"}


def read_request(params: dict[str, Any]) -> Request:
    """Read and check the arguments that decide a version."""
    arguments = Arguments(params)
    problem_type = arguments.choice("problem_type", PROBLEM_TYPES)
    split = arguments.inner("split")
    time_column, group_column = split.optional_text("time_column"), split.optional_text("group_column")
    default = "time" if problem_type == "recommendation" and time_column else DEFAULT_METHOD[problem_type]
    method = split.choice("method", METHODS, default)
    name, seed = arguments.text("name"), split.integer("seed", 0)
    shares = {share: split.number(share, 0.2) for share in ("validation", "test")}
    for share, value in shares.items():
        if not 0 < value < 1:
            raise split.invalid(share, f"{value} is no share between 0 and 1, such as 0.2")
    if sum(shares.values()) > 0.95:
        raise split.invalid("test", "validation and test leave less than 5 % of the rows to train on")
    if problem_type == "recommendation" and method not in ("random", "time", "leave_last_out"):
        raise split.invalid(
            "method", f'"{method}" does not fit a recommendation: random, time or leave_last_out'
        )
    if method == "leave_last_out" and problem_type != "recommendation":
        raise split.invalid(
            "method", f"leave_last_out is for recommendation, and this is a {problem_type}: time is near it"
        )
    gap, gap_us = read_gap(split)
    if gap and method != "time":
        raise split.invalid("gap", f"a gap is for a split by time, and this one is {method}")
    horizon = read_horizon(split, problem_type, method)
    if method == "stratified" and problem_type != "classification":
        raise split.invalid(
            "method", f"stratified is for classes, and this is a {problem_type}: random, group or time"
        )
    policy = SplitPolicy(
        method,
        shares["validation"],
        shares["test"],
        seed,
        f"{name}:{seed}",
        time_column,
        group_column,
        gap,
        gap_us,
        horizon,
    )
    target, id_column = arguments.text("target"), arguments.optional_text("id_column")
    _check_roles(problem_type, policy, target, id_column)
    return Request(
        arguments.path("source"), name, target, arguments.optional_text("positive"), problem_type, policy,
        id_column, arguments.paths("previous"), arguments.optional_path("vault"),
        arguments.inner("schema").values or None, asked_evaluator(arguments, problem_type),
    )  # fmt: skip


def _check_roles(problem_type: str, policy: SplitPolicy, target: str, id_column: str | None) -> None:
    if policy.time_column is None and (
        policy.method in ("time", "leave_last_out") or problem_type == "time_series"
    ):
        raise dataset_invalid(
            "split.time_column", "The time column is not named.", "Name it in split.time_column."
        )
    if policy.group_column is None and problem_type == "recommendation":
        raise dataset_invalid(
            "split.group_column", "The user column is not named.", "Name it in split.group_column."
        )
    if policy.group_column is None and policy.method == "group":
        raise dataset_invalid(
            "split.group_column", "The group column is not named.", "Name it in split.group_column."
        )
    roles: dict[str, str] = {}
    fields = {"target": target, "id_column": id_column, "split.time_column": policy.time_column,
              "split.group_column": policy.group_column}  # fmt: skip
    for where, column in fields.items():
        if column and column in roles:
            raise dataset_invalid(
                where, f'"{column}" is named as {roles[column]} already.', "Name another column."
            )
        if column:
            roles[column] = where
