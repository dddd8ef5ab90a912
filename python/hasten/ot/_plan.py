"""What can be had of a plan: all of it, its large entries, its products, and its maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._core import ot as _core
from hasten._validation import as_array, check_array
from hasten.ot._inputs import check_matrix, check_points
from hasten.ot._range import largest_cost, most_cost

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ot._problem import Problem

    Potentials = tuple[NDArray[np.float64], NDArray[np.float64]]

#: The largest plan that is made without being forced.
MOST_ENTRIES = 2**31


class SparsePlan(NamedTuple):
    """The large entries of a plan.

    Attributes
    ----------
    plan : scipy.sparse.csr_array of shape (n, m)
        The entries that were kept.
    dropped_mass : float
        The sum of those that were not.

    Examples
    --------
    >>> from hasten.ot import sinkhorn
    >>> result = sinkhorn([0.5, 0.5], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], reg=0.1)
    >>> kept = result.plan_sparse(1e-3)
    >>> kept.plan.nnz, f"{kept.dropped_mass:.2e}"
    (2, '4.54e-05')
    """

    plan: Any
    dropped_mass: float


def dense(problem: Problem, potentials: Potentials, *, force: bool) -> NDArray[Any]:
    """Return the whole plan.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    force : bool
        Whether to make it however large it is.

    Returns
    -------
    ndarray of shape (n, m)
        In the precision of the cost.

    Raises
    ------
    MemoryError
        When it is larger than `MOST_ENTRIES` and not forced.
    """
    n, m = problem.shape
    if n * m > MOST_ENTRIES and not force:
        raise MemoryError(
            f"the plan would have {n} x {m} entries: use `plan_sparse`, `transport` or "
            "`barycentric_map`, or dense_plan(force=True)"
        )
    return _core.plan(
        problem.cost, problem.a, problem.b, *potentials, problem.reg, problem.threads()
    )


def plan_rows(problem: Problem, potentials: Potentials, first: int, end: int) -> NDArray[Any]:
    """Return some rows of the plan.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    first, end : int
        The first of the rows, and the one after the last.

    Returns
    -------
    ndarray of shape (end - first, m)
        In the precision of the cost.
    """
    f, g = potentials
    rows = slice(first, end)
    if problem.is_cloud:
        X, Y, metric = problem.cost
        some = replace(problem, cost=(X[rows], Y, metric), a=problem.a[rows])
    else:
        some = replace(problem, cost=problem.cost[rows], a=problem.a[rows])
    return dense(some, (f[rows], g), force=True)


def sparse(problem: Problem, potentials: Potentials, threshold: float) -> SparsePlan:
    """Return the entries of a plan that are at least `threshold`.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    threshold : float
        The least entry that is kept.

    Returns
    -------
    SparsePlan
        The entries, and what was dropped.

    Raises
    ------
    MemoryError
        When nothing would be dropped of more than `MOST_ENTRIES`.
    """
    from scipy.sparse import csr_array

    n, m = problem.shape
    if threshold == 0.0 and n * m > MOST_ENTRIES:
        raise MemoryError(
            f"the plan would have {n} x {m} entries: give a positive `threshold`, or use "
            "`transport` or `barycentric_map`"
        )
    pointers, columns, values, dropped = _core.plan_sparse(
        problem.cost, problem.a, problem.b, *potentials, problem.reg, threshold, problem.threads()
    )
    data = values.astype(problem.dtype, copy=False)
    return SparsePlan(csr_array((data, columns, pointers), shape=problem.shape), dropped)


def product(
    problem: Problem, potentials: Potentials, values: Any, *, transposed: bool
) -> NDArray[Any]:
    """Return the plan, or its transpose, times values.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    values : array-like of shape (m,) or (m, k); (n,) or (n, k) if `transposed`
        What to multiply.
    transposed : bool
        Whether to multiply with the transpose.

    Returns
    -------
    ndarray of shape (n,) or (n, k); (m,) or (m, k) if `transposed`
        The product.
    """
    array = check_values(values, "V", problem.shape[0 if transposed else 1])
    return _multiplied(problem, potentials, array, columns=transposed)


def _multiplied(
    problem: Problem, potentials: Potentials, values: NDArray[Any], *, columns: bool
) -> NDArray[Any]:
    """Return the plan times values of the columns, or its transpose times values of the rows."""
    if columns and problem.is_cloud:
        # The core takes a pass for each column of `values` of a transpose; swapping points is free.
        problem, potentials, columns = problem.transposed(), potentials[::-1], False
    result = _core.apply_plan(
        problem.cost,
        problem.a,
        problem.b,
        *potentials,
        problem.reg,
        np.ascontiguousarray(values.reshape(len(values), -1), np.float64),
        columns,
        problem.threads(),
    )
    # In the shape and precision that the factors have.
    shape = (len(result), *values.shape[1:])
    dtype = np.result_type(problem.dtype, values.dtype)
    return result.reshape(shape).astype(dtype, copy=False)


def check_values(values: Any, name: str, size: int) -> NDArray[Any]:
    """Return values of rows or columns: numbers or vectors.

    Parameters
    ----------
    values : array-like of shape (size,) or (size, k)
        What the caller passed.
    name : str
        Name of the argument, for messages.
    size : int
        How many there should be.

    Returns
    -------
    ndarray of shape (size,) or (size, k)
        float32 or float64.

    Raises
    ------
    TypeError
        When they are not numbers.
    ValueError
        When the shape is wrong or one is not finite.
    """
    array = as_array(values, name)
    if array.ndim not in (1, 2) or len(array) != size:
        raise ValueError(f"`{name}` must have shape ({size},) or ({size}, k); got {array.shape}")
    return check_array(array, name, ndim=array.ndim)


def new_cost(problem: Problem, new: Any, name: str, *, columns: bool) -> Any:
    """Return the cost between new rows and the columns, or between the rows and new columns.

    Parameters
    ----------
    problem : Problem
        The problem.
    new : array-like
        Points of shape (k, d); without points the costs, of shape (k, m), or (n, k) if `columns`.
    name : str
        Name of the argument, for messages.
    columns : bool
        Whether it is the columns that are new.

    Returns
    -------
    ndarray or tuple
        In the form that the core reads.

    Raises
    ------
    TypeError
        When they are not numbers.
    ValueError
        When the shape is wrong, one is not finite, or costs are out of range.
    """
    cost: Any
    if problem.is_cloud:
        known, metric = problem.cost[0 if columns else 1], problem.cost[2]
        points = check_matrix(new, name)
        if points.shape[1] != known.shape[1]:
            raise ValueError(
                f"`{name}` must have {known.shape[1]} columns, as the points of the problem; got "
                f"shape {points.shape}"
            )
        if columns:
            cost = check_points(known, points, metric, ("X", name))
        else:
            cost = check_points(points, known, metric, (name, "Y"))
    else:
        cost = _new_matrix(problem, new, name, columns=columns)
    largest = largest_cost(cost)
    most = most_cost(problem.reg)
    if largest > most:
        raise ValueError(
            f"`{name}` must have costs of at most {most:g}, for answers to have any digits with "
            f"reg={problem.reg:g}; got {largest:g}"
        )
    return cost


def _new_matrix(problem: Problem, new: Any, name: str, *, columns: bool) -> NDArray[Any]:
    matrix = check_matrix(new, name)
    size = problem.shape[0 if columns else 1]
    if matrix.shape[0 if columns else 1] != size:
        expected = f"({size}, k)" if columns else f"(k, {size})"
        raise ValueError(f"`{name}` must be costs of shape {expected}; got {matrix.shape}")
    return matrix.astype(np.result_type(matrix, problem.dtype), copy=False)


def potential(
    problem: Problem, potentials: Potentials, new: Any, name: str, *, columns: bool
) -> NDArray[np.float64]:
    """Return a potential at new points by the soft transform of the other one.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    new : array-like
        As in `new_cost`.
    name : str
        Name of the argument, for messages.
    columns : bool
        Whether the potential of the columns is wanted.

    Returns
    -------
    ndarray of float64, shape (k,)
        f at new rows, or g at new columns.
    """
    cost = new_cost(problem, new, name, columns=columns)
    return problem.damping[int(columns)] * _soft(problem, potentials, cost, columns=columns)


def conditional_mean(
    problem: Problem,
    potentials: Potentials,
    values: NDArray[Any],
    cost: Any = None,
    *,
    columns: bool,
) -> NDArray[Any]:
    """Return, for each row, the mean of values of the columns under the plan given the row.

    The soft transform makes the conditional weights sum to 1 to rounding, so that rows of no weight
    and new rows have a mean as well.

    Parameters
    ----------
    problem : Problem
        The problem.
    potentials : tuple of ndarray
        f and g.
    values : ndarray of shape (m,) or (m, k); (n,) or (n, k) if `columns`
        Of the side that is averaged.
    cost : ndarray or tuple, optional
        From `new_cost`; that of the problem by default.
    columns : bool
        Whether the mean is given a column.

    Returns
    -------
    ndarray of shape (n,) or (n, k), or of the columns
        The means.
    """
    if cost is None:
        cost = problem.cost
    soft = _soft(problem, potentials, cost, columns=columns)
    ones = np.ones(len(soft))
    if columns:
        given, potentials = replace(problem, cost=cost, b=ones), (potentials[0], soft)
    else:
        given, potentials = replace(problem, cost=cost, a=ones), (soft, potentials[1])
    means = _multiplied(given, potentials, values, columns=columns)
    # Whatever the precision of new points is.
    return means.astype(np.result_type(problem.dtype, values.dtype), copy=False)


def _soft(
    problem: Problem, potentials: Potentials, cost: Any, *, columns: bool
) -> NDArray[np.float64]:
    weights, given = (problem.a, potentials[0]) if columns else (problem.b, potentials[1])
    return _core.soft_transform(cost, weights, given, problem.reg, columns, problem.threads())
