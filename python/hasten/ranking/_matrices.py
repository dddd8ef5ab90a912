"""Matrices of wins and ties as weighted games."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.ranking import _outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class WeightedGames:
    """Games between items given by code."""

    n_items: int
    left: NDArray[np.uint32]
    right: NDArray[np.uint32]
    outcome: NDArray[np.uint8]
    weight: NDArray[np.float64]


def collect(
    n_items: int, parts: Iterable[tuple[NDArray[Any], NDArray[Any], int, NDArray[Any]]]
) -> WeightedGames:
    """Put parts (left, right, the one outcome of all, weights) one after the other."""
    return join(
        n_items,
        [
            WeightedGames(
                n_items,
                left.astype(np.uint32),
                right.astype(np.uint32),
                np.full(len(left), outcome, dtype=np.uint8),
                weight.astype(np.float64),
            )
            for left, right, outcome, weight in parts
        ],
    )


def join(n_items: int, parts: Sequence[WeightedGames]) -> WeightedGames:
    """Put games one after the other."""
    return WeightedGames(
        n_items,
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.outcome for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def read(wins: Any, ties: Any) -> WeightedGames:
    """Read matrices of wins and ties, dense or sparse; see `Comparisons.from_matrix`."""
    n_items, winners, losers, weights = _entries(wins, "wins")
    parts = [(winners, losers, _outcomes.LEFT_WON, weights)]
    if ties is not None:
        n_tied, rows, columns, tied = _entries(ties, "ties")
        if n_tied != n_items:
            raise ValueError(
                f"`ties` must have shape {(n_items, n_items)}, as `wins` has; "
                f"got {(n_tied, n_tied)}"
            )
        rows, columns, tied = _sum_repeated(n_items, rows, columns, tied)
        _check_symmetric(n_items, rows, columns, tied)
        upper = rows < columns
        parts.append((rows[upper], columns[upper], _outcomes.TIE, tied[upper]))
    return collect(n_items, parts)


def _entries(
    matrix: Any, name: str
) -> tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Size, rows, columns and values of the nonzero entries."""
    sparse = sys.modules.get("scipy.sparse")
    is_sparse = sparse is not None and sparse.issparse(matrix)
    array: Any = matrix if is_sparse else np.asarray(matrix)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`{name}` must hold real numbers; got {array.dtype}")
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"`{name}` must be a square matrix; got shape {array.shape}")
    if is_sparse:
        coordinates = array.tocoo(copy=True)
        stored = np.flatnonzero(coordinates.data)
        rows, columns = coordinates.row[stored], coordinates.col[stored]
        values = coordinates.data[stored].astype(np.float64)
    else:
        rows, columns = np.nonzero(array)
        values = array[rows, columns].astype(np.float64)
    rows, columns = rows.astype(np.int64), columns.astype(np.int64)
    allowed = (values > 0) & np.isfinite(values)
    _refuse_first(~allowed, rows, columns, values, f"`{name}` must have finite entries at least 0")
    _refuse_first(rows == columns, rows, columns, values, f"`{name}` must have a zero diagonal")
    return array.shape[0], rows, columns, values


def _refuse_first(
    bad: NDArray[np.bool_],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    values: NDArray[np.float64],
    rule: str,
) -> None:
    if bad.any():
        k = int(np.argmax(bad))
        raise ValueError(f"{rule}; got {values[k]:g} at index ({rows[k]}, {columns[k]})")


def _sum_repeated(
    n_items: int, rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sum the entries that a sparse matrix stores several times, and sort all by place."""
    places, inverse = np.unique(rows * n_items + columns, return_inverse=True)
    sums = np.bincount(inverse, values, len(places)).astype(np.float64, copy=False)
    return places // n_items, places % n_items, sums


def _check_symmetric(
    n_items: int, rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float64]
) -> None:
    """Compare each entry with its mirror; entries are distinct and sorted by place."""
    places, mirrors = rows * n_items + columns, columns * n_items + rows
    nearest = np.minimum(np.searchsorted(places, mirrors), max(len(places) - 1, 0))
    mirrored = np.where(places[nearest] == mirrors, values[nearest], 0.0) if len(places) else values
    if (values != mirrored).any():
        k = int(np.argmax(values != mirrored))
        i, j = int(rows[k]), int(columns[k])
        raise ValueError(
            f"`ties` must be symmetric; got {values[k]:g} at index ({i}, {j}) "
            f"and {mirrored[k]:g} at index ({j}, {i})"
        )
