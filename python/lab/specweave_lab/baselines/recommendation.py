"""Baselines of recommendation: random items, the most popular ones, and items that go together with a user's
own.

Lists hold items that the user does not have in train (for test: in train and validation), best first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from specweave_lab.baselines.data import BaselineData

STRATEGIES = ("random", "popularity", "rule-based")
LENGTH = 50
USERS_AT_ONCE = 512


def predict(data: BaselineData, strategy: str) -> tuple[dict[str, pd.DataFrame], str]:
    """Lists of :data:`LENGTH` items for each user of validation and of test: ``user_id, item_id, rank``, rank
    from 1.

    ``rule-based`` ranks an item by how many users have it together with an item of this user (co-occurrence:
    Deshpande and Karypis 2004, ACM Trans. Inf. Syst. 22:143-177), popularity breaking ties.
    """
    user = data.record["group_column"]
    both = pd.concat([data.train, data.validation], ignore_index=True)
    answer = {
        "validation": _lists(
            data.train, data.validation[user].unique(), user, data.target, strategy, data.seed
        ),
        "test": _lists(both, data.test[user].unique(), user, data.target, strategy, data.seed),
    }
    said = {
        "random": "items drawn at random among those that the user does not have",
        "popularity": "the items that most users have",
        "rule-based": "the items that go together most often with the user's own",
    }
    return answer, said[strategy]


def _lists(
    history: pd.DataFrame, users: np.ndarray, user: str, item: str, strategy: str, seed: int
) -> pd.DataFrame:
    user_codes, user_names = pd.factorize(history[user], sort=True)
    item_codes, item_names = pd.factorize(history[item], sort=True)
    shape = (len(user_names), len(item_names))
    has = sparse.csr_matrix((np.ones(len(history), np.float32), (user_codes, item_codes)), shape=shape)
    has.data[:] = 1.0  # repeated interactions count once
    popularity = np.asarray(has.sum(axis=0)).ravel()
    together = (has.T @ has).tocsr() if strategy == "rule-based" else None
    generator = np.random.default_rng(seed)
    places = pd.Index(user_names).get_indexer(users)
    length = min(LENGTH, len(item_names))
    blocks: list[pd.DataFrame] = []
    for start in range(0, len(users), USERS_AT_ONCE):
        place = places[start : start + USERS_AT_ONCE]
        own = has[np.maximum(place, 0)].multiply((place >= 0)[:, None]).tocsr()
        scores = np.tile(popularity / (popularity.sum() + 1), (len(place), 1))
        if strategy == "random":
            scores = generator.random((len(place), len(item_names)))
        elif together is not None:
            scores = scores + (own @ together).toarray()
        scores[own.nonzero()] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, :length]
        there = np.isfinite(np.take_along_axis(scores, best, axis=1))
        blocks.append(
            pd.DataFrame(
                {
                    "user_id": np.repeat(users[start : start + USERS_AT_ONCE], length),
                    "item_id": np.asarray(item_names)[best].ravel(),
                    "rank": np.tile(np.arange(1, length + 1), len(place)),
                }
            )[there.ravel()]
        )
    return pd.concat(blocks, ignore_index=True)
