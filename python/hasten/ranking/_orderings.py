"""Rankings in the forms in which they come, as columns of codes with row lengths."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten import _labels
from hasten._backend import to_numpy
from hasten._core import ranking as _core

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Ragged(NamedTuple):
    """Rows of different length, one after the other.

    Attributes
    ----------
    column : Column
        Labels of all rows.
    lengths : ndarray of int64, shape (n_rows,)
        Number of labels in each row.
    """

    column: Any
    lengths: NDArray[np.int64]


class RankingArrays(NamedTuple):
    """Rankings as the extension module takes them.

    Attributes
    ----------
    n_items : int
        Number of items.
    offsets : ndarray of uintp, shape (n_rankings + 1,)
        Where each ranking begins.
    items : ndarray of uint32, shape (n_entries,)
        Codes of the items placed, best first, then of the rest of the set.
    n_placed : ndarray of uint32, shape (n_rankings,)
        Number of items placed.
    weights : ndarray of float64, shape (n_rankings,)
        How often each was recorded.
    """

    n_items: int
    offsets: NDArray[np.uintp]
    items: NDArray[np.uint32]
    n_placed: NDArray[np.uint32]
    weights: NDArray[np.float64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the number of entries of each ranking."""
        return lengths_of(self.offsets)

    @property
    def places(self) -> NDArray[np.int64]:
        """Return the place of each entry in its ranking, 0 for the best item."""
        starts = self.offsets[:-1].astype(np.int64)
        return np.arange(len(self.items)) - np.repeat(starts, self.lengths)


def read_rows(value: Any, name: str, lengths: Any = None) -> Ragged:
    """Read a list of sequences, or a two-dimensional array with or without padding.

    Parameters
    ----------
    value : list of sequences, or array_like of shape (n_rows, width)
        Labels. In an array, NaN, None and masked entries at the end of a row are padding.
    name : str
        Name of the argument, for messages.
    lengths : array_like of int, shape (n_rows,), optional
        How many entries of each row of an array count.

    Returns
    -------
    Ragged
        The rows.

    Raises
    ------
    TypeError
        If a row is no sequence, or labels are of different types.
    ValueError
        If a label is missing, or `lengths` does not fit.
    """
    value = to_numpy(value, name)
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == object:
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return _read_array(value, name, lengths)
    if lengths is not None:
        raise ValueError(f"`lengths` must come with a two-dimensional array `{name}`; got a list")
    for row, labels in enumerate(value):
        if isinstance(labels, (str, bytes)) or not hasattr(labels, "__len__"):
            raise TypeError(
                f"`{name}` must hold sequences of labels; got {type(labels).__name__} at row {row}"
            )
    counts = np.fromiter(map(len, value), dtype=np.int64, count=len(value))
    if value and all(isinstance(row, np.ndarray) and row.ndim == 1 for row in value):
        flat: Any = np.concatenate(value)
    else:
        flat = list(chain.from_iterable(value))
    try:
        return Ragged(_labels.read(flat, name), counts)
    except (TypeError, ValueError):
        # Messages name the row where one row alone is at fault.
        for row, labels in enumerate(value):
            _labels.read(list(labels), f"{name}[{row}]")
        raise


def _read_array(value: Any, name: str, lengths: Any) -> Ragged:
    masked = isinstance(value, np.ma.MaskedArray)
    array = value.data if masked else np.asarray(value)
    if array.ndim != 2:
        raise ValueError(
            f"`{name}` must be a list of rankings or have 2 dimensions; got shape {array.shape}"
        )
    n_rows, width = array.shape
    if lengths is not None:
        counts = np.asarray(lengths)
        if counts.dtype.kind not in "iu":
            raise TypeError(f"`lengths` must hold integers; got {counts.dtype}")
        if counts.shape != (n_rows,):
            raise ValueError(f"`lengths` must have shape ({n_rows},); got {counts.shape}")
        outside = (counts < 0) | (counts > width)
        if outside.any():
            row = int(np.argmax(outside))
            raise ValueError(
                f"`lengths` must be between 0 and {width}; got {counts[row]} at index {row}"
            )
        counts = counts.astype(np.int64)
        used = np.arange(width) < counts[:, None]
    else:
        used = ~np.ma.getmaskarray(value) if masked else np.ones(array.shape, dtype=bool)
        if array.dtype.kind == "f":
            used &= ~np.isnan(array)
        elif array.dtype.kind == "O":
            used &= ~np.frompyfunc(_is_missing, 1, 1)(array).astype(bool)
        counts = used.sum(axis=1, dtype=np.int64)
        gaps = (used[:, 1:] & ~used[:, :-1]).any(axis=1)
        if gaps.any():
            row = int(np.argmax(gaps))
            raise ValueError(
                f"`{name}` must have missing labels at the end of rows only; row {row}"
            )
    flat = array.ravel() if used.all() else array[used]
    return Ragged(_labels.read(flat, name), counts)


def _is_missing(label: Any) -> bool:
    return label is None or (isinstance(label, (float, np.floating)) and bool(np.isnan(label)))


def offsets_of(lengths: NDArray[np.integer[Any]]) -> NDArray[np.uintp]:
    """Return where rows of these lengths begin, and the end of the last."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.uintp)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def lengths_of(offsets: NDArray[np.uintp]) -> NDArray[np.int64]:
    """Return the lengths of rows that begin and end at offsets."""
    ends = offsets.astype(np.int64)
    return ends[1:] - ends[:-1]


def rows_of(lengths: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return the row of each entry."""
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def add_unplaced(
    placed: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    sets: NDArray[np.uint32],
    set_lengths: NDArray[np.int64],
    items: NDArray[Any],
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Append to each ranking the items of its set that it does not place.

    Parameters
    ----------
    placed, sets : ndarray of uint32
        Codes of the rankings and of the sets, row by row.
    lengths, set_lengths : ndarray of int64, shape (n_rankings,)
        Lengths of the rows.
    items : ndarray
        Labels by code, for messages.

    Returns
    -------
    codes : ndarray of uint32
        The completed rankings.
    lengths : ndarray of int64
        Their lengths.

    Raises
    ------
    ValueError
        If a ranking places an item that is not in its set.
    """
    offsets, set_offsets = offsets_of(lengths), offsets_of(set_lengths)
    ends, codes, outside = _core.complete_rankings(len(items), offsets, placed, set_offsets, sets)
    if outside is not None:
        row, code = outside
        label = items[code : code + 1].tolist()[0]
        raise ValueError(
            f"`choice_sets` must hold every item that is placed; {label!r} of row {row} is not in "
            "its set"
        )
    return codes, lengths_of(ends)


def winners_first(
    chosen: NDArray[np.uint32],
    sets: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    items: NDArray[Any],
) -> NDArray[np.uint32]:
    """Exchange in each set the first item and the chosen one.

    Parameters
    ----------
    chosen : ndarray of uint32, shape (n_sets,)
        Codes of the choices.
    sets : ndarray of uint32
        Codes of the sets, row by row.
    lengths : ndarray of int64, shape (n_sets,)
        Sizes of the sets.
    items : ndarray
        Labels by code, for messages.

    Returns
    -------
    ndarray of uint32
        The sets with their winners first.

    Raises
    ------
    ValueError
        If a choice is not in its set.
    """
    rows = rows_of(lengths)
    found = np.flatnonzero(sets == chosen[rows])
    place = np.full(len(chosen), -1, dtype=np.int64)
    # Of a repeated item the first stays, to be refused later.
    place[rows[found[::-1]]] = found[::-1]
    if (place < 0).any():
        row = int(np.argmax(place < 0))
        label = items[chosen[row] : chosen[row] + 1].tolist()[0]
        raise ValueError(f"`chosen` must be one of its set; {label!r} is not, at row {row}")
    first = offsets_of(lengths)[:-1].astype(np.int64)
    swapped = sets.copy()
    swapped[place] = sets[first]
    swapped[first] = chosen
    return swapped


def order_ranks(ranks: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turn rows of ranks into rows of columns, best first.

    Parameters
    ----------
    ranks : array_like of shape (n_rankings, n_items)
        1 is best; 0 and NaN mean that the item was not ranked.

    Returns
    -------
    columns : ndarray of int64
        Columns of the ranked items, row by row.
    lengths : ndarray of int64, shape (n_rankings,)
        Number of ranked items.

    Raises
    ------
    TypeError
        If ranks are not real numbers.
    ValueError
        If a rank is negative or infinite, or two of a row are equal.
    """
    array = np.ma.filled(ranks.astype(np.float64), np.nan) if np.ma.isMaskedArray(ranks) else ranks
    array = np.asarray(to_numpy(array, "ranks"))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`ranks` must hold real numbers; got {array.dtype}")
    if array.ndim != 2:
        raise ValueError(f"`ranks` must have 2 dimensions; got shape {array.shape}")
    values = array.astype(np.float64)
    absent = np.isnan(values) | (values == 0)
    bad = (values < 0) | np.isinf(values)
    if bad.any():
        row, column = (int(k) for k in np.argwhere(bad)[0])
        raise ValueError(
            f"`ranks` must be finite and at least 0; got {array[row, column]} at ({row}, {column})"
        )
    values[absent] = np.inf
    order = np.argsort(values, axis=1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=1)
    tied = (ascending[:, 1:] == ascending[:, :-1]) & np.isfinite(ascending[:, 1:])
    if tied.any():
        row, place = (int(k) for k in np.argwhere(tied)[0])
        raise ValueError(
            f"`ranks` must differ within a row, as ties inside rankings are not supported; row "
            f"{row} has rank {ascending[row, place]:g} twice"
        )
    lengths = (~absent).sum(axis=1, dtype=np.int64)
    used = np.arange(array.shape[1]) < lengths[:, None]
    return order[used].astype(np.int64), lengths
