"""Outcomes of comparisons, as people write them, as codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _labels
from hasten._validation import as_array, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RIGHT_WON, LEFT_WON, TIE = 0, 1, 2

#: Accepted strings, lower case.
NAMES = {
    "left": LEFT_WON,
    "a": LEFT_WON,
    "model_a": LEFT_WON,
    "right": RIGHT_WON,
    "b": RIGHT_WON,
    "model_b": RIGHT_WON,
    "tie": TIE,
    "tie (bothbad)": TIE,
}

_ACCEPTED = (
    "1 (left won), 0 (right won) or 0.5 (tie), or one of 'left', 'right', 'tie', "
    "'a', 'b', 'model_a', 'model_b', 'tie (bothbad)'"
)


def code_names(outcome_labels: Sequence[Any]) -> dict[Any, int]:
    """Map the caller's labels (left won, right won and, if there is a third, tie) to codes.

    Raises
    ------
    TypeError
        If they are not a sequence of labels.
    ValueError
        If there are not two or three different labels.
    """
    try:
        labels = [] if isinstance(outcome_labels, str) else list(outcome_labels)
        codes = dict(zip(labels, (LEFT_WON, RIGHT_WON, TIE), strict=False))
    except TypeError as problem:
        raise TypeError(
            f"`outcome_labels` must be a sequence of labels, but {problem}; "
            f"got {shown(outcome_labels)}"
        ) from None
    if len(labels) not in (2, 3):
        raise ValueError(
            "`outcome_labels` must be two or three labels (left won, right won, tie); "
            f"got {shown(outcome_labels)}"
        )
    if len(codes) < len(labels):
        raise ValueError(f"`outcome_labels` must be different labels; got {shown(outcome_labels)}")
    return codes


def code_of(label: Any, names: dict[Any, int] | None) -> int | None:
    """Code of one label; by the default names where `names` is None. None if not recognised."""
    if names is not None:
        return names.get(label)
    if isinstance(label, str):
        return NAMES.get(label.strip().casefold())
    return {1: LEFT_WON, 0: RIGHT_WON}.get(label)


def accepted(names: dict[Any, int] | None) -> str:
    """Describe the accepted values, for messages."""
    return _ACCEPTED if names is None else "one of " + ", ".join(map(repr, names))


def encode(outcome: Any, outcome_labels: Sequence[Any] | None = None) -> NDArray[np.uint8] | None:
    """Code a column of outcomes: 1 left won, 0 right won, 2 tie.

    Parameters
    ----------
    outcome : array_like of shape (N,), or None
        Numbers 1, 0 and 0.5, booleans, or labels.
    outcome_labels : sequence of two or three labels, optional
        The labels for left won, right won and tie. By default ``left``/``right``/``tie``,
        ``a``/``b``/``tie`` and ``model_a``/``model_b``/``tie`` are recognised whatever the case.

    Returns
    -------
    codes : ndarray of uint8, shape (N,), or None
        None if `outcome` is None: left won every comparison.

    Raises
    ------
    TypeError
        If outcomes are of different types.
    ValueError
        If an outcome is missing or not recognised; the message gives the first row.
    """
    if outcome is None:
        return None
    names = None if outcome_labels is None else code_names(outcome_labels)
    numbers = _as_numbers(outcome) if names is None else None
    if numbers is not None:
        return _encode_numbers(numbers)
    column = _labels.read_dictionary(outcome, "outcome")
    table = [code_of(label, names) for label in column.categories]
    if None in table:
        unknown = np.array([code is None for code in table])
        row = int(np.argmax(unknown[column.codes]))
        label = column.categories[column.codes[row]]
        raise ValueError(f"`outcome` must be {accepted(names)}; got {label!r} at index {row}")
    codes: NDArray[np.uint8] = np.array(table, dtype=np.uint8)[column.codes]
    return codes


def _as_numbers(outcome: Any) -> NDArray[Any] | None:
    """Return the outcomes as an array of numbers, or None if they are labels."""
    pandas: Any = sys.modules.get("pandas")
    series: Any = getattr(pandas, "Series", ())
    if isinstance(outcome, series):
        if isinstance(outcome.dtype, pandas.CategoricalDtype):
            return None
        if pandas.api.types.is_numeric_dtype(outcome.dtype) and outcome.hasnans:
            # A nullable column: a missing outcome is refused with its row like any other.
            return np.asarray(outcome.to_numpy(dtype=np.float64, na_value=np.nan))
    if isinstance(outcome, (list, tuple)):
        if not all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in outcome):
            return None
        array = np.array(outcome, dtype=np.float64)
    elif isinstance(outcome, _arrow_arrays()):
        try:
            array = outcome.to_numpy(zero_copy_only=False)
        except NotImplementedError:
            return None
    else:
        array = as_array(outcome, "outcome")
    if array.dtype.kind == "O" and array.ndim == 1:
        values = array.tolist()
        if not all(isinstance(value, (bool, int, float)) for value in values):
            return None
        array = np.array(values, dtype=np.float64)
    if array.dtype.kind not in "biuf":
        return None
    if array.ndim != 1:
        raise ValueError(f"`outcome` must have 1 dimension; got shape {array.shape}")
    return array


def _arrow_arrays() -> tuple[Any, ...]:
    """Return the classes of Arrow's arrays; none where it was not imported."""
    arrow: Any = sys.modules.get("pyarrow")
    return (arrow.Array, arrow.ChunkedArray) if hasattr(arrow, "ChunkedArray") else ()


def _encode_numbers(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    if numbers.dtype == bool:
        # The byte of a true value may be any but 0 where the array was viewed from other memory.
        true: NDArray[np.bool_] = np.ascontiguousarray(numbers).view(np.uint8) != 0
        return true.view(np.uint8)
    codes: NDArray[np.uint8] = (numbers == 1).astype(np.uint8)
    known = (codes == 1) | (numbers == 0)
    if numbers.dtype.kind == "f":
        tie = numbers == 0.5
        codes[tie] = TIE
        known |= tie
    if not known.all():
        row = int(np.argmin(known))
        raise ValueError(f"`outcome` must be {_ACCEPTED}; got {numbers[row]:g} at index {row}")
    return codes
