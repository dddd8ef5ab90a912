"""Derivatives of the value by the envelope theorem: no derivative of the iteration is needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ot as _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ot._problem import Problem

KINDS = ("a", "b", "cost", "X", "Y")


def of_weights(
    problem: Problem, potential: NDArray[np.float64], *, columns: bool
) -> NDArray[np.float64]:
    """Return the derivative of the value by the weights of one side.

    Parameters
    ----------
    problem : Problem
        The problem.
    potential : ndarray of float64
        Of that side.
    columns : bool
        Whether the side is that of the columns.

    Returns
    -------
    ndarray of float64
        In a balanced problem up to a constant, as weights can only change with their sum kept.
    """
    if problem.is_balanced:
        return potential.copy()
    other = problem.a if columns else problem.b
    shift = problem.reg * (float(other.sum()) - 1.0)
    return by_potential(potential, problem.reg_marginals[int(columns)], problem.reg) + shift


def by_potential(potential: NDArray[np.float64], rho: float, reg: float) -> NDArray[np.float64]:
    """Return what a weight adds to the value through its own terms.

    Parameters
    ----------
    potential : ndarray of float64
        Of the side.
    rho : float
        Strength of its marginal term.
    reg : float
        Strength of the entropic term.

    Returns
    -------
    ndarray of float64
        ``(rho + reg) (1 - exp(-f / rho))``, in the limit `potential` itself.
    """
    if math.isinf(rho):
        return potential.copy()
    return -(rho + reg) * np.expm1(-potential / rho)


def of_points(
    problem: Problem, potentials: tuple[NDArray[np.float64], NDArray[np.float64]], *, columns: bool
) -> NDArray[Any]:
    """Return the derivative of the value by the points of one side.

    Parameters
    ----------
    problem : Problem
        The problem, of points.
    potentials : tuple of ndarray
        f and g.
    columns : bool
        Whether the side is that of the columns.

    Returns
    -------
    ndarray of shape (n, d) or (m, d)
        In the precision of the points; 0 where a metric has no derivative.
    """
    side = problem.transposed() if columns else problem
    first, second = potentials[::-1] if columns else potentials
    gradient = _core.point_gradient(
        side.cost, side.a, side.b, first, second, side.reg, side.threads()
    )
    return gradient.astype(problem.dtype, copy=False)
