"""What domain adaptation adds to distances: a unit of their own, and labels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

NORMS = ("max", "median")

#: A pair of samples with different labels costs this many times the largest cost more.
PENALTY = 10.0

# Distances are made for so many rows at a time where not all have to be kept.
_ROWS = 256


def distances(cost: tuple[NDArray[Any], NDArray[Any], str]) -> NDArray[Any]:
    """Return all distances between two clouds of points.

    Parameters
    ----------
    cost : tuple of points and metric
        In the form that the core reads.

    Returns
    -------
    ndarray of shape (n, m)
        In the precision of the points.
    """
    return np.concatenate(list(_blocks(cost))).astype(cost[0].dtype, copy=False)


def _blocks(cost: tuple[NDArray[Any], NDArray[Any], str]) -> Iterator[NDArray[np.float64]]:
    from scipy.spatial.distance import cdist

    X, Y = cost[:2]
    metric: Any = cost[2]
    for start in range(0, len(X), _ROWS):
        yield cdist(X[start : start + _ROWS], Y, metric)


def scale_of(cost: tuple[NDArray[Any], NDArray[Any], str], norm: str) -> float:
    """Return the unit of distances.

    Parameters
    ----------
    cost : tuple of points and metric
        In the form that the core reads.
    norm : {"max", "median"}
        Which one.

    Returns
    -------
    float
        1 where the norm is 0, or beyond all numbers.
    """
    if norm == "max":
        scale = max(float(block.max()) for block in _blocks(cost))
    else:
        scale = float(np.median(distances(cost)))
    return scale if 0.0 < scale < math.inf else 1.0


def check_labels(labels: ArrayLike, name: str, size: int) -> NDArray[Any]:
    """Return the labels of samples.

    Parameters
    ----------
    labels : array-like of shape (size,)
        What the caller passed.
    name : str
        Name of the argument, for messages.
    size : int
        How many there should be.

    Returns
    -------
    ndarray of shape (size,)
        The labels.

    Raises
    ------
    ValueError
        When the shape is wrong.
    """
    array = as_array(labels, name)
    if array.shape != (size,):
        raise ValueError(f"`{name}` must have shape ({size},); got {array.shape}")
    return array


def mismatched(y: NDArray[Any], y_target: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell for each pair of samples whether both labels are known and differ.

    Parameters
    ----------
    y, y_target : ndarray of shape (n,) and (m,)
        Labels, -1 where unknown.

    Returns
    -------
    ndarray of bool, shape (n, m)
        True for a mismatch.

    Raises
    ------
    TypeError
        When one holds texts and the other numbers, so that no two could be equal.
    """
    known, known_target = _known(y), _known(y_target)
    kinds = _kinds(y[known]), _kinds(y_target[known_target])
    if {"texts", "numbers"} == kinds[0] | kinds[1] and not kinds[0] & kinds[1]:
        raise TypeError(f"`y_target` must hold {kinds[0].pop()}, as `y` does; got {kinds[1].pop()}")
    unequal: NDArray[np.bool_] = y[:, None] != y_target
    return unequal & known[:, None] & known_target


def _kinds(labels: NDArray[Any]) -> set[str]:
    if labels.dtype.kind != "O":
        return {"texts" if labels.dtype.kind in "USTV" else "numbers"} if labels.size else set()
    return {"texts" if isinstance(label, (str, bytes)) else "numbers" for label in labels}


def _known(labels: NDArray[Any]) -> NDArray[np.bool_]:
    if labels.dtype.kind in "iufO":
        known: NDArray[np.bool_] = np.asarray(labels != -1, bool)
        return known
    return np.ones(len(labels), bool)
