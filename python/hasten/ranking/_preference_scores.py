"""Probabilities of choices and rankings from the scores of alternatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def existing(n_alternatives: int, set_sizes: NDArray[np.uint32] | None) -> NDArray[np.bool_]:
    """Return which alternatives exist: one row for each set, or one for all of them.

    Parameters
    ----------
    n_alternatives : int
        Most alternatives in a set.
    set_sizes : ndarray of shape (n_sets,), or None
        Alternatives of each set.

    Returns
    -------
    ndarray of bool, shape (n_sets, n_alternatives) or (1, n_alternatives)
        The mask.
    """
    sizes = [n_alternatives] if set_sizes is None else set_sizes
    return np.arange(n_alternatives) < np.asarray(sizes)[:, None]


def choice_probability(
    score: NDArray[np.float64], set_sizes: NDArray[np.uint32] | None
) -> NDArray[np.float64]:
    """Return the probability of choosing each alternative of a set.

    Parameters
    ----------
    score : ndarray of shape (n_sets, n_alternatives)
        The scores.
    set_sizes : ndarray of shape (n_sets,), or None
        Alternatives of each set; the others have probability 0.

    Returns
    -------
    ndarray of shape (n_sets, n_alternatives)
        Rows sum to 1.
    """
    valid = np.where(existing(score.shape[1], set_sizes), score, -np.inf)
    ahead = np.exp(valid - valid.max(axis=1, keepdims=True))
    probability: NDArray[np.float64] = ahead / ahead.sum(axis=1, keepdims=True)
    return probability


def ranking_log_likelihood(
    score: NDArray[np.float64],
    chosen: NDArray[np.uint32],
    set_sizes: NDArray[np.uint32] | None,
) -> NDArray[np.float64]:
    """Return the log-probability of each ranking under the Plackett-Luce model.

    Parameters
    ----------
    score : ndarray of shape (n_sets, n_alternatives)
        The scores.
    chosen : ndarray of shape (n_sets, n_placed)
        Positions, best first; what is no position ends a ranking.
    set_sizes : ndarray of shape (n_sets,), or None
        Alternatives of each set.

    Returns
    -------
    ndarray of shape (n_sets,)
        At most 0.
    """
    n_sets, n_alternatives = score.shape
    left = np.where(existing(n_alternatives, set_sizes), score, -np.inf)
    rows = np.arange(n_sets)
    total = np.zeros(n_sets)
    for column in chosen.T:
        placed = column < n_alternatives
        rows_placed, position = rows[placed], column[placed]
        remaining = left[rows_placed]
        ahead = remaining - remaining[np.arange(len(position)), position][:, None]
        total[placed] -= np.logaddexp.reduce(ahead, axis=1)
        left[rows_placed, position] = -np.inf
    return total
