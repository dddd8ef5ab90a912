"""Weights, costs and points, read in the forms in which they come."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import (
    as_array,
    check_array,
    check_choice,
    check_real,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

METRICS = ("sqeuclidean", "euclidean", "cosine", "cityblock")

# Sums of marginals that agree so well are taken for equal.
_SAME_MASS = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-4}


def check_dense(value: Any, name: str) -> None:
    """Refuse a sparse matrix.

    Parameters
    ----------
    value : object
        What the caller passed.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    TypeError
        When it is sparse.
    """
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(value):
        raise TypeError(
            f"`{name}` must be a dense array; got {type(value).__name__}, whose missing entries "
            "would count as 0"
        )


def check_matrix(
    value: Any, name: str, shape: tuple[int, int] | None = None, match: str = ""
) -> NDArray[Any]:
    """Return a matrix as a finite, C-contiguous array of float32 or float64.

    Parameters
    ----------
    value : array-like
        What the caller passed.
    name : str
        Name of the argument, for messages.
    shape : tuple of int, optional
        The shape that is expected.
    match : str, optional
        What the shape has to match, for messages.

    Returns
    -------
    ndarray of shape (n, m)
        `value` itself where it already is such an array.

    Raises
    ------
    TypeError
        When it does not hold real numbers, or is sparse.
    ValueError
        When its shape is wrong, it is empty, or an entry is not finite.
    """
    check_dense(value, name)
    matrix = check_array(value, name, ndim=2)
    if shape is not None and matrix.shape != shape:
        hint = " (transposed?)" if matrix.shape == shape[::-1] else ""
        raise ValueError(f"`{name}` must have shape {shape}{match}; got {matrix.shape}{hint}")
    if matrix.size == 0:
        raise ValueError(f"`{name}` must not be empty; got shape {matrix.shape}")
    return matrix


def check_points(X: Any, Y: Any, metric: str, names: Sequence[str] = ("X", "Y")) -> Any:
    """Return two clouds of points as arrays of one dtype.

    Parameters
    ----------
    X : array-like of shape (n, d)
        What the caller passed.
    Y : array-like of shape (m, d)
        What the caller passed.
    metric : str
        What the caller passed.
    names : sequence of str, optional
        Names of the two arguments, for messages.

    Returns
    -------
    tuple of ndarray, ndarray and str
        The cost in the form that the core reads.

    Raises
    ------
    TypeError
        When they do not hold real numbers.
    ValueError
        When shapes do not match, the metric is unknown, or a point has no direction under "cosine".
    """
    check_choice(metric, "metric", METRICS)
    check_columns(X, Y, names)
    first, second = check_matrix(X, names[0]), check_matrix(Y, names[1])
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"`{names[1]}` must have {first.shape[1]} columns to match `{names[0]}`; got shape "
            f"{second.shape}"
        )
    dtype = np.result_type(first, second)
    if metric == "cosine":
        for points, name in zip((first, second), names, strict=True):
            _refuse_zero_vectors(points, name)
    return first.astype(dtype, copy=False), second.astype(dtype, copy=False), metric


def check_columns(X: Any, Y: Any, names: Sequence[str]) -> None:
    """Refuse two tables whose columns are not the same, in the same order.

    Parameters
    ----------
    X : array-like
        What the caller passed.
    Y : array-like
        What the caller passed.
    names : sequence of str
        Names of the two arguments, for messages.

    Raises
    ------
    ValueError
        When both have named columns that differ.
    """
    first, second = (getattr(points, "columns", None) for points in (X, Y))
    if first is None or second is None or list(first) == list(second):
        return
    raise ValueError(
        f"`{names[1]}` must have the columns of `{names[0]}`, in their order, "
        f"{_listed(first)}; got {_listed(second)}"
    )


def _listed(columns: Any) -> str:
    shown = [str(column) for column in columns]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:7], f"... ({len(shown)} in all)"])


def _refuse_zero_vectors(points: NDArray[Any], name: str) -> None:
    zero = np.flatnonzero(~points.any(axis=1))
    if zero.size:
        raise ValueError(
            f"`{name}` must not hold zero vectors with metric='cosine'; row {zero[0]} is one"
        )


def check_weights(value: Any, name: str, size: int | None = None) -> tuple[NDArray[Any], bool]:
    """Return the weights of one side.

    Parameters
    ----------
    value : array-like of shape (n,), or None
        What the caller passed; None for equal weights that sum to 1.
    name : str
        Name of the argument, for messages.
    size : int, optional
        How many there should be.

    Returns
    -------
    weights : ndarray of float64, shape (n,)
        Non-negative, with a positive and finite sum.
    is_single : bool
        Whether they came in single precision.

    Raises
    ------
    TypeError
        When they are not real numbers.
    ValueError
        When their number is wrong, one is negative or not finite, or all are zero.
    """
    if value is None and size is not None:
        return np.full(size, 1.0 / size), False
    check_dense(value, name)
    given = check_array(value, name, ndim=1)
    if size is not None and len(given) != size:
        raise ValueError(f"`{name}` must have shape ({size},); got {given.shape}")
    weights = given.astype(np.float64, copy=False)
    check_masses(weights, name)
    return weights, given.dtype == np.float32


def check_masses(weights: NDArray[np.float64], name: str) -> None:
    """Refuse weights that are negative or have no positive, finite sum in each row.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,) or (B, n)
        Finite numbers.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    ValueError
        When they are no weights; the message names the first offender.
    """
    if weights.size == 0:
        raise ValueError(f"`{name}` must not be empty; got shape {weights.shape}")
    if weights.min() < 0:
        place = np.argwhere(weights < 0)[0]
        index = int(place[0]) if weights.ndim == 1 else tuple(int(k) for k in place)
        raise ValueError(
            f"`{name}` must not be negative; got {weights[tuple(place)]} at index {index}"
        )
    with np.errstate(over="ignore"):
        mass = np.atleast_1d(weights.sum(axis=-1))
    for text, bad in (("positive", mass == 0.0), ("finite", np.isinf(mass))):
        if bad.any():
            row = "" if weights.ndim == 1 else f" in row {np.flatnonzero(bad)[0]}"
            raise ValueError(f"`{name}` must have a {text} sum; got {mass[bad][0]}{row}")


def check_reg(value: Any) -> float:
    """Return the strength of the entropic term.

    Parameters
    ----------
    value : float
        What the caller passed.

    Returns
    -------
    float
        A positive number.
    """
    return check_real(value, "reg", minimum=0.0, exclusive=True)


def check_reg_marginals(value: Any) -> tuple[float, float]:
    """Return the strengths of the two marginal terms; infinite where the marginal is exact.

    Parameters
    ----------
    value : float or pair of float
        What the caller passed; a pair may be any sequence or array.

    Returns
    -------
    tuple of float
        Of the rows and of the columns.

    Raises
    ------
    TypeError
        When it is neither a number nor a pair of numbers.
    ValueError
        When one is not positive.
    """
    has_entries = hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict))
    pair = as_array(value, "reg_marginals").tolist() if has_entries else value
    if not isinstance(pair, list):
        strength = check_reg_marginal(pair)
        return strength, strength
    if len(pair) != 2:
        raise ValueError(f"`reg_marginals` must be a number or a pair; got {shown(value)}")
    first, second = (check_reg_marginal(entry) for entry in pair)
    return first, second


def check_reg_marginal(value: Any) -> float:
    """Return one strength of a marginal term, or of both.

    Parameters
    ----------
    value : float
        What the caller passed.

    Returns
    -------
    float
        A positive number, infinite where the marginal is exact.

    Raises
    ------
    TypeError
        When it is no number.
    ValueError
        When it is not positive.
    """
    if isinstance(value, (float, np.floating)) and value == math.inf:
        return math.inf
    return check_real(value, "reg_marginals", minimum=0.0, exclusive=True)


def match_masses(
    a: NDArray[np.float64], b: NDArray[np.float64], *, is_single: bool
) -> NDArray[np.float64]:
    """Return `b` with the sum of `a`, where the two differ by no more than rounding.

    Parameters
    ----------
    a, b : ndarray of float64, shape (..., n) and (..., m)
        Weights.
    is_single : bool
        Whether an input came in single precision, so that sums are less exact.

    Returns
    -------
    ndarray of float64, shape (..., m)
        `b` itself where the sums are equal.

    Raises
    ------
    ValueError
        When the sums differ by more.
    """
    mass, other = a.sum(axis=-1), b.sum(axis=-1)
    allowed = _SAME_MASS[np.dtype(np.float32 if is_single else np.float64)]
    apart = np.atleast_1d(np.abs(mass - other) > allowed * np.maximum(mass, other))
    if apart.any():
        k = int(np.flatnonzero(apart)[0])
        row = "" if a.ndim == 1 else f" in row {k}"
        raise ValueError(
            f"`a` and `b` must have the same sum; got {np.atleast_1d(mass)[k]:.9g} and "
            f"{np.atleast_1d(other)[k]:.9g}{row} (unequal masses need a finite `reg_marginals`)"
        )
    if (mass == other).all():
        return b
    scaled: NDArray[np.float64] = b * (mass / other)[..., None]
    return scaled
