"""Outcomes of ordered pairs, with covariates where there are any: finer than `Comparisons` needs.

A model with an effect of the order, or of covariates, sees more than who beat whom. `Cells` keeps
one row for each ordered pair, or for each combination of an ordered pair with covariates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._backend import to_numpy
from hasten._core import ranking as _core
from hasten._validation import check_array
from hasten.ranking import _outcomes, _tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons
    from hasten.ranking._games import Games


class Cells(NamedTuple):
    """How often left won, right won and neither did.

    Attributes
    ----------
    n_items : int
        Number of items.
    left, right : ndarray of uint32, shape (n_cells,)
        The two sides.
    wins, losses : ndarray of float64, shape (n_cells,)
        Weight of the games that left won and that right won.
    ties : ndarray of float64, shape (n_cells,), or None
        Weight of the ties; None where there are none.
    covariates : ndarray of float64, shape (n_cells, n_covariates), or None
        Covariates of the games of a cell.
    """

    n_items: int
    left: NDArray[np.uint32]
    right: NDArray[np.uint32]
    wins: NDArray[np.float64]
    losses: NDArray[np.float64]
    ties: NDArray[np.float64] | None = None
    covariates: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[Any]) -> Cells:
        """Return the cells that `rows` selects."""
        return Cells(
            self.n_items,
            np.ascontiguousarray(self.left[rows]),
            np.ascontiguousarray(self.right[rows]),
            np.ascontiguousarray(self.wins[rows]),
            np.ascontiguousarray(self.losses[rows]),
            None if self.ties is None else np.ascontiguousarray(self.ties[rows]),
            None if self.covariates is None else np.ascontiguousarray(self.covariates[rows]),
        )

    def renumber(self, n_items: int, new_codes: NDArray[np.int64]) -> Cells:
        """Return the cells between items whose new code is not negative, under the new codes."""
        left, right = new_codes[self.left], new_codes[self.right]
        kept = (left >= 0) & (right >= 0)
        coded = self._replace(
            n_items=n_items, left=left.astype(np.uint32), right=right.astype(np.uint32)
        )
        return coded if kept.all() else coded.take(kept)


def read_covariates(
    covariates: Any, n_games: int
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Return covariates as a matrix, and their names.

    Parameters
    ----------
    covariates : array-like of shape (n_games,) or (n_games, d), table, or None
        One row a game.
    n_games : int
        Rows that are expected.

    Returns
    -------
    values : ndarray of float64, shape (n_games, d), or None
        None where there are none.
    names : tuple of str
        Those of the columns of a table; else x0, x1, ...

    Raises
    ------
    TypeError
        When they are not real numbers.
    ValueError
        When there is not one finite row a game, or a name stands twice.
    """
    if covariates is None:
        return None, ()
    columns = _tables.columns_of(covariates)
    if columns is None:
        array = np.asarray(to_numpy(covariates, "covariates"))
        matrix = array[:, None] if array.ndim == 1 else array
        names = [f"x{k}" for k in range(matrix.shape[1])] if matrix.ndim == 2 else []
    else:
        names = list(columns)
        arrays = [np.asarray(to_numpy(column, "covariates")) for column in columns.values()]
        for name, column in zip(names, arrays, strict=True):
            if column.dtype.kind not in "biuf":
                raise TypeError(
                    f"`covariates` must hold real numbers; got {column.dtype} in column {name!r}"
                )
        matrix = np.column_stack(arrays) if arrays else np.empty((n_games, 0))
    if matrix.ndim == 2 and matrix.shape[1] == 0:
        raise ValueError("`covariates` must have at least one column; got none")
    values = check_array(matrix, "covariates", ndim=2, dtype="float64")
    if len(values) != n_games:
        raise ValueError(f"left has {n_games} entries, covariates has {len(values)} rows")
    if len(set(names)) < len(names):
        raise ValueError(f"`covariates` must have different names; got {names}")
    return values.astype(np.float64, copy=False), tuple(map(str, names))


def aggregate_cells(n_items: int, games: Games, n_threads: int | None) -> Cells:
    """Sum games by ordered pair, and by covariates where there are any.

    Parameters
    ----------
    n_items : int
        Number of items.
    games : Games
        As checked before.
    n_threads : int or None
        Threads for counting.

    Returns
    -------
    Cells
        In the order of left and right; with covariates in no order that means anything.
    """
    if games.covariates is not None:
        return _by_covariates(n_items, games, games.covariates)
    # With the right side numbered apart, an unordered pair is an ordered one.
    right = games.right + np.uint32(n_items)
    offsets, opponents, wins, losses, ties = _core.aggregate(
        2 * n_items, games.left, right, games.outcome, games.weight, n_threads
    )
    starts = offsets[: n_items + 1].astype(np.intp)
    n_cells = int(starts[-1])
    return Cells(
        n_items,
        _rows(starts),
        opponents[:n_cells] - np.uint32(n_items),
        wins[:n_cells].astype(np.float64),
        losses[:n_cells].astype(np.float64),
        None if ties is None else ties[:n_cells].astype(np.float64),
        None,
    )


def _rows(offsets: NDArray[np.intp]) -> NDArray[np.uint32]:
    """Return the row of each entry."""
    lengths = offsets[1:] - offsets[:-1]
    return np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)


def merge_cells(
    ours: Comparisons,
    theirs: Comparisons,
    n_items: int,
    codes: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Cells | None:
    """Return the cells of two `Comparisons` together, given the new code of each item.

    Raises
    ------
    ValueError
        When only one of both knows the order, or they have different covariates.
    """
    if (ours.ordered, ours.covariate_names) != (theirs.ordered, theirs.covariate_names):
        raise ValueError(
            "`other` must be ordered and have covariates as these comparisons; got "
            f"ordered={theirs.ordered}, covariates {theirs.covariate_names} in place of "
            f"ordered={ours.ordered}, covariates {ours.covariate_names}"
        )
    if ours._cells is None or theirs._cells is None:
        return None
    first = ours._cells.renumber(n_items, codes[0])
    second = theirs._cells.renumber(n_items, codes[1])
    parts = (first, second)
    left, right = (np.concatenate([getattr(p, side) for p in parts]) for side in ("left", "right"))
    covariates = np.empty((len(left), 0))
    if first.covariates is not None and second.covariates is not None:
        covariates = np.concatenate([first.covariates, second.covariates])
    representative, cell = _same_rows(left, right, covariates)
    wins, losses, ties = (
        np.bincount(cell, np.concatenate(counts), len(representative)).astype(np.float64)
        for counts in zip(_counts(first), _counts(second), strict=True)
    )
    return Cells(
        n_items,
        left[representative],
        right[representative],
        wins,
        losses,
        ties if ties.any() else None,
        None if first.covariates is None else covariates[representative],
    )


def _counts(cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    ties = np.zeros(len(cells.left)) if cells.ties is None else cells.ties
    return cells.wins, cells.losses, ties


def _by_covariates(n_items: int, games: Games, covariates: NDArray[np.float64]) -> Cells:
    representative, cell = _same_rows(games.left, games.right, covariates)
    n_cells = len(representative)

    def count(code: int) -> NDArray[np.float64]:
        if games.outcome is None:
            if code != _outcomes.LEFT_WON:
                return np.zeros(n_cells)
            return np.bincount(cell, games.weight, n_cells).astype(np.float64)
        chosen = games.outcome == code
        weight = None if games.weight is None else games.weight[chosen]
        return np.bincount(cell[chosen], weight, n_cells).astype(np.float64)

    wins, losses, ties = map(count, (_outcomes.LEFT_WON, _outcomes.RIGHT_WON, _outcomes.TIE))
    cells = Cells(
        n_items,
        games.left[representative],
        games.right[representative],
        wins,
        losses,
        ties if ties.any() else None,
        covariates[representative],
    )
    # Games of weight zero leave no trace.
    return cells.take(np.flatnonzero(wins + losses + ties > 0))


def _same_rows(
    left: NDArray[np.uint32], right: NDArray[np.uint32], covariates: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each distinct (left, right, covariates), and the distinct one of each row."""
    # Adding zero turns -0.0 into 0.0, which are one value with two patterns of bits.
    bits = (covariates + 0.0).view(np.uint64)
    # A multiplicative hash, so that one sort of integers finds equal rows.
    odd = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        key = (left.astype(np.uint64) << np.uint64(32)) | right
        for column in bits.T:
            key = (key ^ (key >> np.uint64(29))) * odd ^ column
        key = (key ^ (key >> np.uint64(32))) * odd
    _, representative, cell = np.unique(key, return_index=True, return_inverse=True)
    first = representative[cell]
    same = (left == left[first]) & (right == right[first])
    same &= (bits == bits[first]).all(axis=1)
    if not same.all():
        # Two rows of one hash: each row stays a cell of its own, which is as right and larger.
        rows = np.arange(len(left))
        return rows, rows
    return representative, cell
