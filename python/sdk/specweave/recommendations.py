"""Predictions of a recommendation: each user's items in order, ``user_id,item_id,rank``."""

from __future__ import annotations

from .arrays import is_frame, to_list
from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .dataset import Dataset

HEADER = ["user_id", "item_id", "rank"]


def recommendation_rows(dataset: Dataset, split: str, given: Any) -> tuple[list[str], list[tuple[str, ...]]]:
    """Header and rows, by user and rank (1 is the best).

    Parameters
    ----------
    given
        A table with ``user_id``, ``item_id`` and perhaps ``rank`` (the dataset's own names of these columns do as well),
        a mapping ``{user: [item, ...]}``, or rows ``(user, item)`` or ``(user, item, rank)``. Without ranks the order is
        the rank.

    Raises
    ------
    SpecWeaveError
        Where a rank or an item stands twice for a user, or no user of the split is named.
    """
    ranked: dict[str, list[tuple[int, str]]] = {}
    for user, item, rank in _triples(dataset, given):
        ranked.setdefault(_text(user), []).append((rank, _text(item)))
    rows: list[tuple[str, ...]] = []
    for user, items in ranked.items():
        items = [(index + 1 if rank == 0 else rank, item) for index, (rank, item) in enumerate(items)]
        items.sort()
        if len({rank for rank, _ in items}) < len(items) or items[0][0] < 1:
            raise SpecWeaveError(f"User {user} has a rank twice, or one below 1.", "rank from 1, the best, upward")
        if len({item for _, item in items}) < len(items):
            raise SpecWeaveError(f"User {user} is recommended an item twice.", "name each item once a user")
        rows += [(user, item, str(rank)) for rank, item in items]
    users = _users(dataset, split)
    if users is not None and not users.intersection(ranked):
        raise SpecWeaveError(
            f"None of the {len(ranked)} users is in the {split} split of {dataset.id}, which has {len(users)}.",
            f"recommend for the users of ds.{split}",
        )
    return HEADER, rows


def _triples(dataset: Dataset, given: Any) -> list[tuple[Any, Any, int]]:
    if isinstance(given, dict):
        return [(user, item, 0) for user, items in given.items() for item in to_list(items)]
    if is_frame(given):
        names = [str(name) for name in given.columns]
        user = _pick(names, "user_id", dataset.record.get("group_column"))
        item = _pick(names, "item_id", dataset.target)
        rank = "rank" if "rank" in names else None
        chosen = [user, item, *([rank] if rank else [])]
        columns = [given[name].tolist() for name in chosen]
        rows = [list(row) for row in zip(*columns)]
    else:
        rows = to_list(given)
    triples = []
    for row in rows:
        if not isinstance(row, (list, tuple)) or len(row) not in (2, 3):
            raise SpecWeaveError(
                f"A recommendation is user, item and perhaps rank, not {row!r}.",
                'for example save_predictions("validation", {user: [best_item, next_item], ...})',
            )
        try:
            triples.append((row[0], row[1], int(row[2]) if len(row) == 3 else 0))
        except (TypeError, ValueError) as error:
            raise SpecWeaveError(f"The rank {row[2]!r} is no whole number.", "rank from 1, the best, upward") from error
    return triples


def _pick(names: list[str], wanted: str, own: Any) -> str:
    for name in (wanted, own):
        if name in names:
            return name
    raise SpecWeaveError(
        f"The table of recommendations has no column {wanted}{f' (or {own})' if own else ''}; it has {', '.join(names)}.",
        "name its columns user_id, item_id, rank",
    )


def _users(dataset: Dataset, split: str) -> set[str] | None:
    column = dataset.record.get("group_column")
    path = dataset.split(split).path
    if not column or not path.endswith(".csv"):
        return None
    from .tables import read_columns

    header, rows = read_columns(path)
    return {row[header.index(column)] for row in rows} if column in header else None


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
