"""Areas under the ROC and the precision-recall curve, with what each row contributes to their variance."""

from __future__ import annotations

import numpy as np
from scipy import stats

from specweave_lab.intervals import Interval, logit_normal, newcombe_auc, wilson
from specweave_lab.resampling import jackknife_error


def auc_parts(positive: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Area under the ROC curve and the influence of each row on it.

    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837-845: the variance is S10 / m + S01 / n over
    the structural components, computed from mid-ranks as Sun and Xu (2014), IEEE Signal Process.
    Lett. 21:1389-1393.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
    scores : ndarray of float, shape (n,)

    Returns
    -------
    auc : float
    influence : ndarray, shape (n,)
        Scaled so that the sum of squares is DeLong's variance; differences of two models give their paired
        variance.
    """
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = stats.rankdata(scores)
    above = (ranks[positive] - stats.rankdata(scores[positive])) / n
    below = 1.0 - (ranks[~positive] - stats.rankdata(scores[~positive])) / m
    auc = float(above.mean())
    influence = np.empty(len(scores))
    influence[positive] = (above - auc) / np.sqrt(m * max(m - 1, 1))
    influence[~positive] = (below - auc) / np.sqrt(n * max(n - 1, 1))
    return auc, influence


def macro_auc_parts(true: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean one-vs-rest area over the classes, and the influence of each row; scores of shape (n, K)."""
    parts = [auc_parts(true == code, scores[:, code]) for code in range(scores.shape[1])]
    return float(np.mean([auc for auc, _ in parts])), np.mean([influence for _, influence in parts], axis=0)


def auc_interval(auc: float, influence: np.ndarray, positives: int, negatives: int) -> tuple[Interval, str]:
    """DeLong's interval on the logit scale; Newcombe's where its variance is zero."""
    error = float(np.sqrt(np.sum(influence**2)))
    if error > 0 and 0 < auc < 1:
        return logit_normal(auc, error), "delong_logit"
    return newcombe_auc(auc, positives, negatives), "newcombe"


def average_precision_parts(positive: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Average precision, sum over thresholds of (R_t - R_(t-1)) P_t, and its value without each row in turn.

    Leaving a row out changes the precision of the thresholds at and below its score alone, so all n values
    come from cumulative sums, in O(n log n). Ties share a threshold, as in scikit-learn.

    Returns
    -------
    value : float
    left_out : ndarray, shape (n,)
        NaN for the only positive, where it is one.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order].astype(np.float64)
    ends = np.r_[np.flatnonzero(np.diff(ranked)), len(ranked) - 1]
    group = np.zeros(len(ranked), np.int64)
    group[ends[:-1] + 1] = 1
    group = np.cumsum(group)
    found, seen, total = np.cumsum(hits)[ends], ends + 1.0, hits.sum()
    new = np.diff(found, prepend=0.0)

    def later(terms: np.ndarray) -> np.ndarray:
        return np.cumsum(terms[::-1])[::-1] - terms  # the sum over the groups behind

    with np.errstate(divide="ignore", invalid="ignore"):
        own = new * found / seen
        before = np.cumsum(own) - own
        no_negative = np.where(seen > 1, new * found / (seen - 1), 0.0)
        no_positive = np.where(seen > 1, new * (found - 1) / (seen - 1), 0.0)
        at_positive = np.where(seen > 1, (new - 1) * (found - 1) / (seen - 1), 0.0)
        without_negative = (before + no_negative + later(no_negative)) / total
        without_positive = (before + at_positive + later(no_positive)) / (total - 1 if total > 1 else np.nan)
    left_out = np.empty(len(ranked))
    left_out[order] = np.where(hits > 0, without_positive[group], without_negative[group])
    return float(own.sum() / total), left_out


def macro_average_precision_parts(true: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean one-vs-rest average precision over the classes, and its value without each row in turn."""
    parts = [average_precision_parts(true == code, scores[:, code]) for code in range(scores.shape[1])]
    return float(np.mean([value for value, _ in parts])), np.mean([left for _, left in parts], axis=0)


def average_precision_interval(
    value: float, left_out: np.ndarray, positives: int
) -> tuple[Interval | None, str]:
    """Jackknife error on the logit scale; where no row changes it (a perfect ranking), Wilson's over the
    positives.
    """
    if not np.isfinite(left_out).all():
        return None, "none"
    error = jackknife_error(left_out)
    if error > 0 and 0 < value < 1:
        return logit_normal(value, error), "jackknife_logit"
    return wilson(value * positives, positives), "wilson_positives"
