"""Statements about many items at once: rank sets and simultaneous intervals."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ranking as _core
from hasten._validation import check_choice, check_integer, draw_key
from hasten.ranking._estimate import RankSets, check_level, infer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._inference import RankingResult

METHODS = ("simultaneous", "marginal", "bonferroni", "arena")


def critical_value(
    result: RankingResult,
    confidence_level: Any,
    method: str,
    kind: str,
    errors: NDArray[np.float64],
    n_samples: Any,
    rng: Any,
) -> float:
    """Return how many standard errors an interval reaches to each side.

    Parameters
    ----------
    result : RankingResult
        The fit.
    confidence_level, method, kind, n_samples, rng
        As in `RankingResult.confidence_interval`.
    errors : ndarray of shape (n_items,)
        Standard errors of the strengths.

    Returns
    -------
    float
        The quantile.
    """
    level = check_level(confidence_level)
    check_choice(method, "method", ("marginal", "simultaneous"))
    n_samples = check_integer(n_samples, "n_samples", minimum=1)
    if method == "marginal":
        # The lower tail, since 0.5 + level / 2 can be 1.
        return -NormalDist().inv_cdf((1 - level) / 2)
    fit = result._fit
    options = (fit.reference, level, n_samples, draw_key(rng), result._n_threads)
    return infer(_core.simultaneous_critical_value, fit.core(), kind, errors, *options)


def run(
    result: RankingResult, confidence_level: Any, method: str, kind: str, n_samples: Any, rng: Any
) -> RankSets:
    """Do the work of `RankingResult.rank_sets`.

    Parameters
    ----------
    result : RankingResult
        The fit.
    confidence_level, method, kind, n_samples, rng
        As in the method.

    Returns
    -------
    RankSets
        The sets.
    """
    level = check_level(confidence_level)
    check_choice(method, "method", METHODS)
    n_samples = check_integer(n_samples, "n_samples", minimum=1)
    key = draw_key(rng)
    n_pairs = max(math.comb(len(result._fit.strength), 2), 1)
    critical = {
        "bonferroni": -NormalDist().inv_cdf((1 - level) / (2 * n_pairs)),
        "arena": -NormalDist().inv_cdf((1 - level) / 2),
    }.get(method, math.nan)
    options = (method, level, critical, n_samples, key, result._n_threads)
    low, high = infer(_core.rank_sets, result._fit.core(), kind, *options)
    # What has no strength has no rank.
    known = ~np.isnan(result._fit.strength)
    return RankSets(
        *(result._spread(np.where(known, end, 0).astype(np.int64)) for end in (low, high))
    )
