"""Matrices of wins and ties, from and to weighted games."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _labels
from hasten._validation import as_array, as_float64
from hasten.ranking import _outcomes, _weighted_games, _weights

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from hasten.ranking._comparisons import Comparisons
    from hasten.ranking._games import Games


def read(wins: Any, ties: Any, items: Any) -> tuple[NDArray[Any], Games]:
    """Read matrices of wins and ties, dense or sparse; see `Comparisons.from_matrix`."""
    n_items, winners, losers, weights, dtype = _entries(wins, "wins")
    parts = [(winners, losers, _outcomes.LEFT_WON, weights)]
    if ties is not None:
        n_tied, rows, columns, tied, tied_dtype = _entries(ties, "ties")
        if n_tied != n_items:
            raise ValueError(
                f"`ties` must have shape {(n_items, n_items)}, as `wins` has; "
                f"got {(n_tied, n_tied)}"
            )
        rows, columns, tied = _sum_repeated(n_items, rows, columns, tied)
        _check_symmetric(n_items, rows, columns, tied)
        upper = rows < columns
        parts.append((rows[upper], columns[upper], _outcomes.TIE, tied[upper]))
        dtype = _weights.common_dtype((dtype, tied_dtype))
    labels = np.arange(n_items) if items is None else _labels.distinct_items(items)
    if len(labels) != n_items:
        raise ValueError(f"wins has {n_items} rows, items has {len(labels)}")
    games = _weighted_games.collect(dtype, parts)
    _weighted_games.check_total(games, "`wins`" if ties is None else "`wins` and `ties`")
    if len(games.left) == 0:
        raise ValueError("no comparisons")
    return labels, games


def write(comparisons: Comparisons) -> tuple[csr_array[Any], csr_array[Any]]:
    """Make sparse matrices of wins and ties; see `Comparisons.to_matrix`."""
    from scipy.sparse import csr_array

    n_items, wins, ties = comparisons.n_items, comparisons._wins, comparisons._ties

    def matrix(weights: NDArray[Any]) -> csr_array[Any]:
        data: NDArray[np.float64] = weights.astype(np.float64)
        opponents, offsets = comparisons._opponents, comparisons._offsets
        pattern = opponents.astype(np.int64), offsets.astype(np.int64)
        whole = csr_array((data, *pattern), shape=(n_items, n_items))
        whole.eliminate_zeros()
        return whole

    return matrix(wins), matrix(np.zeros_like(wins) if ties is None else ties)


def _entries(
    matrix: Any, name: str
) -> tuple[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], np.dtype[Any]]:
    """Size; rows, columns and values of the nonzero entries; and the precision of the values."""
    sparse = sys.modules.get("scipy.sparse")
    is_sparse = sparse is not None and sparse.issparse(matrix)
    array: Any = matrix if is_sparse else as_array(matrix, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`{name}` must hold real numbers; got {array.dtype}")
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"`{name}` must be a square matrix; got shape {array.shape}")
    if is_sparse:
        coordinates = array.tocoo(copy=True)
        stored = np.flatnonzero(coordinates.data)
        rows, columns = coordinates.row[stored], coordinates.col[stored]
        values = as_float64(coordinates.data[stored])
    else:
        rows, columns = np.nonzero(array)
        values = as_float64(array[rows, columns])
    rows, columns = rows.astype(np.int64), columns.astype(np.int64)
    allowed = (values > 0) & np.isfinite(values)
    _refuse_first(~allowed, rows, columns, values, f"`{name}` must have finite entries at least 0")
    _refuse_first(rows == columns, rows, columns, values, f"`{name}` must have a zero diagonal")
    return array.shape[0], rows, columns, values, _weights.precision(array.dtype)


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
