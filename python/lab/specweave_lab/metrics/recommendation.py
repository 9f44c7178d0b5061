"""Lists of items against what users went on to choose; means over users. First forms: the referee deepens
them.

Definitions over binary relevance, for a user with R relevant items and the list cut at k (fewer items count
as misses): precision = hits / k; recall = hits / R; hit_rate = 1 where there is a hit; mrr = 1 / rank of the
first hit; map = sum over hits of precision at their rank / min(R, k); ndcg = DCG / DCG of the best list, gain
1 / log2(rank + 1) (Jarvelin and Kekalainen 2002, ACM Trans. Inf. Syst. 20:422-446); coverage = share of the
items of train that are in any list.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from specweave_lab.intervals import wilson
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.names import split_name
from specweave_lab.resampling import data_generator, intervals_of_sums


def user_values(lists: pd.DataFrame, truth: pd.DataFrame, k: int) -> pd.DataFrame:
    """Each metric of each user of ``truth``.

    Parameters
    ----------
    lists : DataFrame
        ``user, item, rank`` (from 1, each once a user).
    truth : DataFrame
        ``user, item``, each pair once.

    Returns
    -------
    DataFrame
        A line a user, sorted; columns ``precision, recall, ndcg, map, mrr, hit_rate``.
    """
    relevant = truth.groupby("user")["item"].size().sort_index()
    hits = lists[lists["rank"] <= k].merge(truth, on=["user", "item"]).sort_values(["user", "rank"])
    place = hits.groupby("user").cumcount() + 1
    found = pd.DataFrame(
        {
            "user": hits["user"],
            "hits": 1.0,
            "gain": 1 / np.log2(hits["rank"] + 1.0),
            "precisions": place / hits["rank"],
            "first": (place == 1) / hits["rank"],
        }
    )
    sums = found.groupby("user").sum().reindex(relevant.index, fill_value=0.0)
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(1, k + 1) + 1.0))])
    reachable = np.minimum(relevant, k)
    return pd.DataFrame(
        {
            "precision": sums["hits"] / k,
            "recall": sums["hits"] / relevant,
            "ndcg": sums["gain"] / best[reachable],
            "map": sums["precisions"] / reachable,
            "mrr": sums["first"],
            "hit_rate": (sums["hits"] > 0).astype(float),
        }
    )


def measure_recommendation(
    lists: pd.DataFrame, truth: pd.DataFrame, catalogue: set[str], names: list[str]
) -> tuple[list[Measured], list[dict[str, str]]]:
    """Measure metrics such as ``ndcg@10``. Users are resampled for the intervals (BCa); hit_rate has
    Wilson's; coverage has none.
    """
    results: list[Measured] = []
    by_k = {k: user_values(lists, truth, k) for k in {split_name(name)[1] or 1 for name in names}}
    for name in names:
        base, k = split_name(name)
        k = k or 1
        if base == "coverage":
            shown = set(lists.loc[lists["rank"] <= k, "item"]) & catalogue
            results.append(measured(name, len(shown) / len(catalogue), None, "none"))
            continue
        values = by_k[k][base].to_numpy()
        if base == "hit_rate":
            results.append(measured(name, values.mean(), wilson(values.sum(), len(values)), "wilson"))
        elif len(values) < 3:
            results.append(measured(name, values.mean(), None, "none"))
        else:
            generator = data_generator(truth.groupby("user").size().to_numpy())
            ((low, high), method) = intervals_of_sums(
                [(values[:, None], lambda s, n: s[:, 0] / n)], generator
            )[0]
            results.append(measured(name, values.mean(), (max(low, 0.0), min(high, 1.0)), method))
    warnings = []
    unknown = lists.loc[~lists["item"].isin(catalogue), "item"].nunique()
    if unknown:
        text = f"{unknown:,} recommended items are not in train or validation."
        warnings.append({"code": "items_unknown", "message": text})
    return results, warnings
