"""Probabilities of outcomes under each model of ties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._cells import Cells


def outcome_probabilities(
    ties: str, predictor: NDArray[np.float64], tie: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probabilities that left wins and that neither does.

    Parameters
    ----------
    ties : str
        "davidson", "rao-kupper"; under every other rule nothing is tied.
    predictor : ndarray of float64, shape (n,)
        Linear predictors; may be infinite or NaN.
    tie : float
        ``ln nu`` or ``ln theta``.

    Returns
    -------
    win, tie : ndarray of float64, shape (n,)
        To full relative accuracy.
    """
    if ties == "rao-kupper":
        win, loss = _logistic(predictor - tie), _logistic(-predictor - tie)
        # theta^2 - 1 ties for each product of a win and a loss.
        return win, math.expm1(2 * tie) * win * loss
    if ties == "davidson":
        # Relative to the likelier of the two wins: 1, exp(-|eta|), 2 nu exp(-|eta| / 2).
        distance = np.abs(predictor)
        stronger = np.ones_like(distance)
        weaker = np.exp(-distance)
        level = 2 * math.exp(tie) * np.exp(-distance / 2)
        total = stronger + weaker + level
        win = np.where(predictor >= 0, stronger, weaker) / total
        return np.where(np.isnan(predictor), np.nan, win), level / total
    return _logistic(predictor), np.where(np.isnan(predictor), np.nan, 0.0)


def log_likelihood(ties: str, cells: Cells, predictor: NDArray[np.float64], tie: float) -> float:
    """Return the log-likelihood of recorded outcomes, without binomial coefficients.

    Parameters
    ----------
    ties : str
        The rule for ties; under "half" a tie is half a win for each side.
    cells : Cells
        The outcomes.
    predictor : ndarray of float64, shape (n_cells,)
        Linear predictors.
    tie : float
        ``ln nu`` or ``ln theta``.

    Returns
    -------
    float
        At most 0; minus infinity where a recorded outcome is impossible.
    """
    wins, losses = cells.wins, cells.losses
    ties_of = np.zeros_like(wins) if cells.ties is None else cells.ties
    if ties == "davidson":
        half = predictor / 2
        total = np.logaddexp(np.logaddexp(half, -half), math.log(2) + tie)
        value = float(wins @ (half - total) - losses @ (half + total))
        tied = ties_of > 0
        return value + float(ties_of[tied] @ (math.log(2) + tie - total[tied]))
    if ties == "rao-kupper":
        value = -float((wins + ties_of) @ np.logaddexp(0.0, tie - predictor))
        value -= float((losses + ties_of) @ np.logaddexp(0.0, tie + predictor))
        weight = float(ties_of.sum())
        if weight == 0.0:
            return value
        return value + weight * math.log(math.expm1(2 * tie)) if tie > 0 else -math.inf
    wins, losses = wins + ties_of / 2, losses + ties_of / 2
    return -float(wins @ np.logaddexp(0.0, -predictor) + losses @ np.logaddexp(0.0, predictor))


def _logistic(predictor: NDArray[np.float64]) -> NDArray[np.float64]:
    # One exponential of a negative number gives either tail without cancellation.
    tail = np.exp(-np.abs(predictor))
    return np.where(predictor >= 0, 1.0, tail) / (1.0 + tail)
