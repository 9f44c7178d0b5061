"""A time column that would decide nothing, since the split is not by time."""

from __future__ import annotations

from specweave_lab.errors import Refusal
from specweave_lab.registration_request import Request


def check_time_column(request: Request) -> None:
    """Refuse a time column of classes or numbers that are not split by time: who names one expects the latest rows
    in test.

    Parameters
    ----------
    request : Request
        Of any problem. A time series is in time whatever its split; of a recommendation, time is the default then.

    Raises
    ------
    Refusal
        ``DATASET_INVALID``. Its ``next`` is the split by time.
    """
    method, column = request.policy.method, request.policy.time_column
    if column is None or method == "time" or request.problem_type not in ("classification", "regression"):
        return
    raise Refusal(
        "DATASET_INVALID",
        f'split.time_column names "{column}", but the split of this {request.problem_type} is {method}, which looks at '
        'no time. Say split.method "time", so that the latest rows are test; or leave time_column out.',
        invalid=[("split.time_column", f'"{column}" decides nothing where split.method is {method}')],
        next_steps=[
            {
                "tool": "register_dataset",
                "arguments": {"split": {"method": "time", "time_column": column}},
                "why": f'the latest rows by "{column}" are test, those before them validation',
            }
        ],
    )
