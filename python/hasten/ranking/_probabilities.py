"""Probabilities of outcomes under each model of ties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


def _logistic(predictor: NDArray[np.float64]) -> NDArray[np.float64]:
    # One exponential of a negative number gives either tail without cancellation.
    tail = np.exp(-np.abs(predictor))
    return np.where(predictor >= 0, 1.0, tail) / (1.0 + tail)
