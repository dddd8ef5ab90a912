"""From an almost feasible plan to a feasible one, and to bounds of exact transport."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._backend import backend_of
from hasten._core import ot as _core
from hasten._validation import check_array
from hasten.ot._inputs import check_matrix, check_weights, match_masses
from hasten.ot._problem import matrix_problem

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def rounded(
    plan: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a plan with the marginals `a` and `b`.

    Parameters
    ----------
    plan : ndarray of float64, shape (n, m)
        Non-negative.
    a, b : ndarray of float64
        The marginals, of equal sum.

    Returns
    -------
    ndarray of float64, shape (n, m)
        A new array.
    """
    scaled = plan * _shrinking(a, plan.sum(axis=1))[:, None]
    scaled *= _shrinking(b, scaled.sum(axis=0))
    # Rounding leaves differences of either sign; a negative one would put mass below zero.
    rest_a = np.maximum(a - scaled.sum(axis=1), 0.0)
    rest_b = np.maximum(b - scaled.sum(axis=0), 0.0)
    mass = max(float(rest_a.sum()), float(rest_b.sum()))
    if mass > 0.0:
        scaled += rest_a[:, None] * (rest_b / mass)
    return scaled


def _shrinking(wanted: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    factor = np.ones_like(wanted)
    np.divide(wanted, found, out=factor, where=found > wanted)
    return factor


def round_plan(plan: ArrayLike, a: ArrayLike, b: ArrayLike) -> Any:
    r"""Move a plan onto its marginals exactly, changing it little.

    Rows and then columns that have too much are scaled down, and what is missing is added as a
    matrix of rank one: Algorithm 2 of [1]_.

    Parameters
    ----------
    plan : array-like of shape (n, m)
        Non-negative entries, with roughly the marginals `a` and `b`.
    a : array-like of shape (n,)
        Weights of the rows.
    b : array-like of shape (m,)
        Weights of the columns, with the same sum up to a relative 1e-6 (1e-4 where something is
        float32); they are rescaled to it.

    Returns
    -------
    array of shape (n, m)
        :math:`G \ge 0` with :math:`G 1 = a` and :math:`G^T 1 = b` to rounding; float32 if `plan`
        is.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.

    See Also
    --------
    exact_bounds : What the rounded plan proves about exact transport.

    Notes
    -----
    **Certificate.** :math:`\|G - P\|_1 \le 2 (\|P 1 - a\|_1 + \|P^T 1 - b\|_1)` (Lemma 7 of [1]_).

    **Complexity.** O(nm) time, and one array of float64 of the size of `plan` beside the result.

    References
    ----------
    .. [1] J. Altschuler, J. Niles-Weed, P. Rigollet, "Near-linear time approximation algorithms for
       optimal transport via Sinkhorn iteration", NeurIPS 2017, arXiv 1705.09634.

    Examples
    --------
    >>> from hasten.ot import round_plan
    >>> round_plan([[0.5, 0.1], [0.0, 0.3]], [0.5, 0.5], [0.5, 0.5]).round(4)
    array([[0.4167, 0.0833],
           [0.0833, 0.4167]])
    """
    first, single_a = check_weights(a, "a")
    second, single_b = check_weights(b, "b")
    matrix = check_matrix(plan, "plan", (len(first), len(second)), " to match `a` and `b`")
    if matrix.min() < 0:
        place = np.argwhere(matrix < 0)[0]
        raise ValueError(
            f"`plan` must not be negative; got {matrix[tuple(place)]} at index "
            f"{tuple(int(k) for k in place)}"
        )
    single = single_a or single_b or matrix.dtype == np.float32
    second = match_masses(first, second, is_single=single)
    result = rounded(matrix.astype(np.float64, copy=False), first, second)
    return backend_of(plan, a, b).wrap(result.astype(matrix.dtype, copy=False))


def exact_bounds(
    a: ArrayLike,
    b: ArrayLike,
    cost: ArrayLike,
    f: ArrayLike,
    g: ArrayLike,
    *,
    reg: float,
    n_threads: int | None = None,
) -> tuple[float, float]:
    r"""Bound the cost of exact transport, without entropy, from any pair of potentials.

    Parameters
    ----------
    a : array-like of shape (n,)
        Weights of the rows.
    b : array-like of shape (m,)
        Weights of the columns, of the same sum.
    cost : array-like of shape (n, m)
        The costs.
    f : array-like of shape (n,)
        Potential of the rows, for example from `sinkhorn`.
    g : array-like of shape (m,)
        Potential of the columns.
    reg : float
        Strength of the entropic term that `f` and `g` belong to.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Returns
    -------
    lower : float
        The dual value of the potentials after two hard transforms.
    upper : float
        The cost of a feasible plan that is made from theirs.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.

    See Also
    --------
    sinkhorn : Has the same bounds as `exact_lower` and `exact_upper` of its result.

    Notes
    -----
    **Certificate.** With :math:`g^c_j = \min_{a_i > 0} (C_{ij} - f_i)` and :math:`f^c_i =
    \min_{b_j > 0} (C_{ij} - g^c_j)`,

    .. math:: \langle f^c, a \rangle + \langle g^c, b \rangle \le \min_{P 1 = a, P^T 1 = b}
        \langle P, C \rangle \le \langle G, C \rangle .

    :math:`G` has the marginals `a` and `b` and is made from the plan of `f` and `g` as in
    `round_plan`, except that rows and columns that have too much are scaled down at once. Both
    bounds hold for any `f` and `g`, up to rounding of the sums.

    **Complexity.** Five passes over the cost in O(nm) time, and O(n + m) memory.

    Examples
    --------
    >>> from hasten.ot import exact_bounds, sinkhorn
    >>> a, b, cost = [0.5, 0.5], [0.25, 0.75], [[0.0, 1.0], [1.0, 0.0]]
    >>> result = sinkhorn(a, b, cost, reg=0.1)
    >>> lower, upper = exact_bounds(a, b, cost, result.f, result.g, reg=0.1)
    >>> round(lower, 4), round(upper, 4)
    (0.2327, 0.25)
    """
    problem = matrix_problem(a, b, cost, reg, math.inf, n_threads, backend_of(a, b, cost))
    first, second = (
        check_array(value, name, shape=(size,), dtype="float64").astype(np.float64, copy=False)
        for value, name, size in zip((f, g), "fg", problem.shape, strict=True)
    )
    return _core.exact_bounds(
        problem.cost, problem.a, problem.b, first, second, problem.reg, problem.threads()
    )
