"""Alternatives, choices and names of features, read in the forms in which they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._backend import to_numpy
from hasten._validation import check_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# What the core reads as "no further alternative".
_NOT_PLACED = np.iinfo(np.uint32).max


class Alternatives(NamedTuple):
    """Features of sets of alternatives, or of the differences of pairs.

    Attributes
    ----------
    values : ndarray of shape (n_sets, n_alternatives, n_features) or (n_sets, n_features)
        float32 or float64.
    set_sizes : ndarray of uint32, shape (n_sets,), or None
        Alternatives of each set.
    """

    values: NDArray[Any]
    set_sizes: NDArray[np.uint32] | None

    @property
    def are_differences(self) -> bool:
        return self.values.ndim == 2

    @property
    def n_alternatives(self) -> int:
        return 2 if self.are_differences else int(self.values.shape[1])


def check_alternatives(features: Any, set_sizes: ArrayLike | None = None) -> Alternatives:
    """Check features and the sizes of sets.

    Parameters
    ----------
    features : array-like of shape (n_sets, n_alternatives, n_features) or (n_sets, n_features)
        What the caller passed.
    set_sizes : array-like of shape (n_sets,), optional
        What the caller passed.

    Returns
    -------
    Alternatives
        Both, ready for the core.

    Raises
    ------
    TypeError
        When they do not hold numbers.
    ValueError
        When a shape or a value is wrong.
    """
    given = np.asarray(to_numpy(features, "features"))
    if given.ndim not in (2, 3):
        raise ValueError(
            "`features` must have shape (n_sets, n_alternatives, n_features), or "
            f"(n_sets, n_features) for differences of pairs; got shape {given.shape}"
        )
    values = check_array(given, "features", ndim=given.ndim)
    if values.shape[0] == 0:
        raise ValueError(f"`features` must hold at least 1 set; got shape {values.shape}")
    if values.shape[-1] == 0:
        raise ValueError(f"`features` must hold at least 1 feature; got shape {values.shape}")
    if values.ndim == 3 and values.shape[1] < 2:
        raise ValueError(f"`features` must hold sets of at least 2; got shape {values.shape}")
    if set_sizes is None:
        return Alternatives(values, None)
    if values.ndim == 2:
        raise ValueError("`set_sizes` must be None for differences of pairs")
    sizes = _integers(to_numpy(set_sizes, "set_sizes"), "set_sizes")
    if sizes.shape != (len(values),):
        raise ValueError(f"`set_sizes` must have shape ({len(values)},); got {sizes.shape}")
    _refuse(sizes, (sizes < 1) | (sizes > values.shape[1]), "set_sizes", f"1 to {values.shape[1]}")
    return Alternatives(values, np.ascontiguousarray(sizes, np.uint32))


def check_chosen(chosen: Any, alternatives: Alternatives) -> NDArray[np.uint32] | None:
    """Return the positions of the chosen alternatives, best first.

    Parameters
    ----------
    chosen : array-like of shape (n_sets,) or (n_sets, n_placed), or None
        What the caller passed.
    alternatives : Alternatives
        What was chosen from.

    Returns
    -------
    ndarray of uint32, shape (n_sets, n_placed), or None
        None where the first of every pair was preferred.

    Raises
    ------
    TypeError
        When it does not hold integers.
    ValueError
        When a shape or a position is wrong.
    """
    n_sets = len(alternatives.values)
    if chosen is None:
        if alternatives.are_differences:
            return None
        raise ValueError("`chosen` must be given with sets of alternatives; got None")
    array = _integers(to_numpy(chosen, "chosen"), "chosen")
    if alternatives.are_differences:
        if array.shape != (n_sets,):
            raise ValueError(f"`chosen` must have shape ({n_sets},); got {array.shape}")
        _refuse(array, (array != 0) & (array != 1), "chosen", "0 or 1 for differences of pairs")
        return np.ascontiguousarray(1 - array.astype(np.int8), np.uint32)[:, None]
    if array.ndim not in (1, 2) or len(array) != n_sets:
        expected = f"({n_sets},) or ({n_sets}, n_placed)"
        raise ValueError(f"`chosen` must have shape {expected}; got {array.shape}")
    table = array[:, None] if array.ndim == 1 else array
    if not 1 <= table.shape[1] <= alternatives.n_alternatives:
        raise ValueError(
            f"`chosen` must place 1 to {alternatives.n_alternatives} alternatives of each set; "
            f"got shape {array.shape}"
        )
    largest: Any = alternatives.n_alternatives
    if alternatives.set_sizes is not None:
        largest = alternatives.set_sizes.astype(np.int64)[:, None]
    wrong = (table < -1) | (table >= largest)
    wrong[:, 0] |= table[:, 0] == -1
    _refuse(
        array,
        wrong.reshape(array.shape),
        "chosen",
        "a position in its set, counted from 0 (or -1 behind the end of a short ranking)",
    )
    return np.ascontiguousarray(np.where(table < 0, _NOT_PLACED, table), np.uint32)


def check_feature_names(
    names: Any, features: Any, n_features: int, name: str = "feature_names"
) -> NDArray[Any] | None:
    """Return the names of the features: those given, or those of the columns of a table.

    Parameters
    ----------
    names : array-like of str, or None
        What the caller passed.
    features : object
        Perhaps a table of pandas or polars.
    n_features : int
        How many there must be.
    name : str, default "feature_names"
        Name of the argument, for messages.

    Returns
    -------
    ndarray of object, shape (n_features,), or None
        The names; None where nobody gave any.

    Raises
    ------
    TypeError
        When they are not strings.
    ValueError
        When their number is wrong or one occurs twice.
    """
    if names is None:
        columns = list(getattr(features, "columns", []))
        if len(columns) != n_features or not all(isinstance(column, str) for column in columns):
            return None
        return np.array(columns, dtype=object)
    given = [names] if isinstance(names, str) else list(names)
    if not all(isinstance(entry, str) for entry in given):
        raise TypeError(f"`{name}` must hold strings; got {given!r}")
    if len(given) != n_features:
        raise ValueError(f"`{name}` must have {n_features} entries; got {len(given)}")
    if len(set(given)) != len(given):
        twice = next(entry for entry in given if given.count(entry) > 1)
        raise ValueError(f"`{name}` must be different from one another; got {twice!r} twice")
    return np.array(given, dtype=object)


def _integers(value: Any, name: str) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        whole = (np.abs(array) < 2.0**53) & (array == np.rint(array))
        _refuse(array, ~whole, name, "a whole number")
        array = array.astype(np.int64)
    if array.dtype.kind not in "biu":
        raise TypeError(f"`{name}` must hold integers; got dtype {array.dtype}")
    return array


def _refuse(array: NDArray[Any], wrong: NDArray[Any], name: str, rule: str) -> None:
    if wrong.any():
        index = tuple(int(k) for k in np.argwhere(wrong)[0])
        where = index[0] if len(index) == 1 else index
        raise ValueError(f"`{name}` must be {rule}; got {array[index]} at index {where}")
