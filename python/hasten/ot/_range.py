"""Magnitudes that leave double precision room for products, squares and exponentials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST, _LARGEST = 1e-100, 1e100

# A cost of so many times the strength is rounded by more than the strength itself.
_MOST_DIGITS = 1e15


def check_range(
    cost: Any,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    reg: float | NDArray[np.float64],
    reg_marginals: tuple[float, float],
) -> None:
    """Refuse numbers so large or so small, or so far apart, that answers would have no digits.

    Parameters
    ----------
    cost : ndarray of shape (..., n, m), or tuple of points and metric
        In the form that the core reads.
    a, b : ndarray of float64, shape (..., n) and (..., m)
        Weights.
    reg : float or ndarray
        Strength of the entropic term.
    reg_marginals : tuple of float
        Strengths of the marginal terms.

    Raises
    ------
    ValueError
        When a number is out of range; the message names it.
    """
    for name, weights in (("a", a), ("b", b)):
        mass = weights.sum(axis=-1)
        _check(f"the sum of `{name}`", float(mass.min()), float(mass.max()))
    least, most = float(np.min(reg)), float(np.max(reg))
    _check("`reg`", least, most)
    for strength in reg_marginals:
        if not math.isinf(strength):
            _check("`reg_marginals`", strength, strength)
    largest = _largest(cost)
    if largest > _LARGEST:
        name = "distances of `X` and `Y`" if isinstance(cost, tuple) else "entries of `cost`"
        raise ValueError(f"{name} must be at most {_LARGEST:g} in size; got {largest:g}")
    if largest > _MOST_DIGITS * least:
        raise ValueError(
            f"`reg` must be at least {1 / _MOST_DIGITS:g} of the largest cost, {largest:g}, for "
            f"plans to have any digits; got {least:g}"
        )


def _check(name: str, least: float, largest: float) -> None:
    if least < _LEAST or largest > _LARGEST:
        offender = least if least < _LEAST else largest
        raise ValueError(f"{name} must be between {_LEAST:g} and {_LARGEST:g}; got {offender:g}")


def _largest(cost: Any) -> float:
    """Return the largest absolute cost, or a bound of it for points."""
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
