"""Recommends ten items to each user by factors of the user-item matrix, and hands the lists in.

A truncated SVD finds tastes that users share; an item's score is how well it fits the user's. Items that the user had
already are left out. Run by the lab (`run_experiment`, `specweave-ml run`), or by hand: `python train.py`.
"""

import numpy as np
import pandas as pd
import specweave
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD


def past_of(seen, user_column, item_column):
    """What each user had: `{user: [item, ...]}`."""
    return seen.groupby(user_column)[item_column].agg(list).to_dict()


def recommend(recommender, wanted):
    """`{user: [item, ...]}`, best first, without what the user had."""
    users, items, length = (
        recommender["users"],
        recommender["items"],
        recommender["length"],
    )
    by_popularity = np.argsort(-recommender["popularity"], kind="stable")
    lists = {}
    for user in wanted:
        out = items.get_indexer(recommender["past"].get(user, []))
        out = set(out[out >= 0].tolist())
        at = users.get_indexer([user])[0]
        # A user without a past gets what is popular.
        order = by_popularity
        if at >= 0:
            order = np.argsort(-(recommender["tastes"][at] @ recommender["factors"]), kind="stable")
        best = [i for i in order[: length + len(out)] if i not in out]
        lists[user] = items[best[:length]].tolist()
    return lists


def predict(recommender, features):
    """Lists for the users of these rows: what the lab asks of the model."""
    return recommend(recommender, features[recommender["user_column"]].unique())


def main():
    # Given by the launcher (`params` of run_experiment); these are what is used where it gives none.
    params = specweave.params(
        factors=24,
        damping=0.0,  # 0: popular items weigh more; up to 0.5: the list holds rarer ones, at the cost of hits
        length=10,
    )
    seed = specweave.seed_everything()

    with specweave.track_experiment("truncated-svd") as exp:
        exp.log_params(params)
        ds = specweave.load_dataset()  # the increment's, at the version that this run is bound to
        user_column, item_column = ds.record["group_column"], ds.target
        train, validation = ds.train.frame, ds.validation.frame

        # The catalogue is what was seen in train: a list cannot hold what nobody had.
        users, items = (
            pd.Index(train[user_column].unique()),
            pd.Index(train[item_column].unique()),
        )
        rows, columns = (
            users.get_indexer(train[user_column]),
            items.get_indexer(train[item_column]),
        )
        # An interaction counts once, whatever its rating: what somebody chose says more than the stars given to it.
        matrix = csr_matrix((np.ones(len(train)), (rows, columns)), shape=(len(users), len(items)))
        matrix.data[:] = 1.0  # also where somebody had it twice
        popularity = np.asarray(matrix.sum(axis=0)).ravel()
        weighted = matrix.multiply(popularity ** -params["damping"]).tocsr()

        factors = min(params["factors"], min(matrix.shape) - 1)
        if factors < 1:
            raise SystemExit(
                f"Train has {len(users)} users and {len(items)} items: too few to find anything in common."
            )
        model = TruncatedSVD(n_components=factors, random_state=seed).fit(weighted)
        tastes = model.transform(weighted)
        exp.log_metric("explained_variance", model.explained_variance_ratio_.sum())

        train_past = past_of(train, user_column, item_column)
        # What recommends is the factors with the catalogue, the users and what they had: it is saved as one.
        recommender = {
            "tastes": tastes,
            "factors": model.components_,
            "popularity": popularity,
            "past": train_past,
        }
        recommender |= {
            "users": users,
            "items": items,
            "length": params["length"],
            "user_column": user_column,
        }

        # Validation follows train; for test, what is known from validation is the past as well.
        lists = recommend(recommender, validation[user_column].unique())
        exp.save_predictions("validation", lists)
        liked = validation.groupby(user_column)[item_column].agg(set)
        hits = [len(liked[user].intersection(best)) / params["length"] for user, best in lists.items()]
        exp.log_metric(
            f"validation_precision@{params['length']}", np.mean(hits)
        )  # `reported`; the lab measures its own

        recommender["past"] = past_of(pd.concat([train, validation]), user_column, item_column)
        exp.save_predictions("test", recommend(recommender, ds.test.frame[user_column].unique()))

        exp.save_model(recommender, predict="train.py:predict")


if __name__ == "__main__":
    main()
