"""Comparison of models of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from hasten.ranking._inference import RankingResult


class ModelComparison(NamedTuple):
    """Two fits of the same data, side by side.

    Attributes
    ----------
    kind : str
        "likelihood-ratio" where one model is nested in the other, else "aic".
    statistic : float
        Twice the log-likelihood that the larger model gains; NaN for "aic".
    df : int
        Its additional parameters; 0 for "aic".
    pvalue : float
        Probability of such a gain if the smaller model is true; NaN for "aic".
    aic_difference : float
        Akaike's criterion of the first fit less that of the other: negative favours the first.

    Examples
    --------
    Of the same model there is nothing to test:

    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> games = load_baseball_1987().comparisons()
    >>> comparison = bradley_terry(games).compare(bradley_terry(games, reference="Boston"))
    >>> comparison.kind, comparison.df, comparison.aic_difference
    ('aic', 0, 0.0)
    """

    kind: str
    statistic: float
    df: int
    pvalue: float
    aic_difference: float


def compare(first: RankingResult, other: RankingResult) -> ModelComparison:
    """Do the work of `RankingResult.compare`.

    Parameters
    ----------
    first, other : RankingResult
        The fits.

    Returns
    -------
    ModelComparison
        The test or the difference.
    """
    from hasten.ranking._inference import RankingResult

    if not isinstance(other, RankingResult):
        raise TypeError(f"`other` must be a ranking result; got {type(other).__name__}")
    terms = [dict(result._fit.terms()) for result in (first, other)]
    if any("prior" in term for term in terms):
        raise ValueError("`other` and this result must be maximum-likelihood fits: one has a prior")
    outcomes = [result._fit.outcomes() for result in (first, other)]
    same = len(outcomes[0]) == len(outcomes[1]) and all(
        np.array_equal(a, b) for a, b in zip(*outcomes, strict=True)
    )
    if not (same and np.array_equal(first.items, other.items)):
        raise ValueError(
            "`other` must be a fit of the same outcomes of the same items (ties that are shared or "
            "dropped are no outcomes)"
        )
    aic_difference = float(first.aic - other.aic)
    small, large = sorted((first, other), key=lambda result: result.n_params)
    df = large.n_params - small.n_params
    nested = terms[0].items() <= terms[1].items() or terms[1].items() <= terms[0].items()
    if df == 0 or not nested:
        return ModelComparison("aic", float("nan"), 0, float("nan"), aic_difference)
    from scipy.special import gammaincc

    statistic = max(2 * (large.log_likelihood - small.log_likelihood), 0.0)
    pvalue = float(gammaincc(df / 2, statistic / 2))
    return ModelComparison("likelihood-ratio", statistic, df, pvalue, aic_difference)
