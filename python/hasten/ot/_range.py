"""Magnitudes that leave double precision room for products, squares and exponentials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LEAST, _LARGEST = 1e-100, 1e100

# A cost of so many times the strength is rounded by more than the strength itself.
_MOST_DIGITS = 1e15


def check_range(
    cost: Any,
    masses: dict[str, NDArray[np.float64]],
    reg: float | NDArray[np.float64],
    reg_marginals: tuple[float, float],
    names: Sequence[str] = ("X", "Y"),
) -> None:
    """Refuse numbers so large or so small, or so far apart, that answers would have no digits.

    Parameters
    ----------
    cost : ndarray of shape (..., n, m), or tuple of points and metric
        In the form that the core reads.
    masses : dict of ndarray
        Weights of shape (..., n), by what their sum is called in messages.
    reg : float or ndarray
        Strength of the entropic term.
    reg_marginals : tuple of float
        Strengths of the marginal terms.
    names : sequence of str, optional
        Names of the two clouds of points, for messages.

    Raises
    ------
    ValueError
        When a number is out of range; the message names it.
    """
    for name, weights in masses.items():
        mass = weights.sum(axis=-1)
        _check(name, float(mass.min()), float(mass.max()))
    least, most = float(np.min(reg)), float(np.max(reg))
    _check("`reg`", least, most)
    for strength in reg_marginals:
        if not math.isinf(strength):
            _check("`reg_marginals`", strength, strength)
    largest = largest_cost(cost)
    if largest > _LARGEST:
        name = "entries of `cost`"
        if isinstance(cost, tuple):
            name = f"distances of `{names[0]}` and `{names[1]}`"
        raise ValueError(f"{name} must be at most {_LARGEST:g} in size; got {largest:g}")
    if largest > most_cost(least):
        raise ValueError(
            f"`reg` must be at least {1 / _MOST_DIGITS:g} of the largest cost, {largest:g}, for "
            f"plans to have any digits; got {least:g}"
        )


def most_cost(reg: float) -> float:
    """Return the largest cost that goes with a strength.

    Parameters
    ----------
    reg : float
        Strength of the entropic term.

    Returns
    -------
    float
        Beyond it an answer has no digits.
    """
    return min(_LARGEST, _MOST_DIGITS * reg)


def _check(name: str, least: float, largest: float) -> None:
    if least < _LEAST or largest > _LARGEST:
        offender = least if least < _LEAST else largest
        raise ValueError(f"{name} must be between {_LEAST:g} and {_LARGEST:g}; got {offender:g}")


def largest_cost(cost: Any) -> float:
    """Return the largest absolute cost, or a bound of it for points.

    Parameters
    ----------
    cost : ndarray of shape (..., n, m), or tuple of points and metric
        In the form that the core reads.

    Returns
    -------
    float
        Infinite where it overflows.
    """
    if not isinstance(cost, tuple):
        return max(abs(float(cost.min())), abs(float(cost.max())))
    X, Y, metric = cost
    if metric == "cosine":
        return 2.0
    low, high = np.minimum(X.min(axis=0), Y.min(axis=0)), np.maximum(X.max(axis=0), Y.max(axis=0))
    with np.errstate(over="ignore"):
        sides = high.astype(np.float64) - low.astype(np.float64)
        if metric == "cityblock":
            return float(sides.sum())
        squared = float(sides @ sides)
    return squared if metric == "sqeuclidean" else math.sqrt(squared)
