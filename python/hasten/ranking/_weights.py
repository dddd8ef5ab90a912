"""Weights of comparisons, and their decay with age."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array, as_float64, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


#: The precision of weights that the caller did not give in single precision.
DOUBLE: np.dtype[Any] = np.dtype(np.float64)


def precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the precision of answers from weights of `dtype`: float32 from float32 alone."""
    single = dtype.kind == "f" and dtype.itemsize == 4
    return np.dtype(np.float32) if single else DOUBLE


def common_dtype(dtypes: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """Return the precision of answers from several sets of weights together."""
    return np.result_type(*dtypes)


def read_weight(
    weight: Any, n_games: int, counterpart: str = "left"
) -> tuple[NDArray[np.float64] | None, np.dtype[Any]]:
    """Return weights as contiguous float64, whose values the core checks, and their precision.

    Parameters
    ----------
    weight : array_like of shape (n_games,), or None
        What the caller passed.
    n_games : int
        Number of weights that is expected.
    counterpart : str
        Name of the argument that has so many entries.

    Raises
    ------
    TypeError
        If the weights are not real numbers.
    ValueError
        If there is not one for each comparison.
    """
    if weight is None:
        return None, DOUBLE
    array = as_array(weight, "weight")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"`weight` must hold real numbers; got {array.dtype}")
    _check_length(array, n_games, "weight", counterpart)
    return as_float64(array), precision(array.dtype)


def apply_half_life(
    weight: NDArray[np.float64] | None, time: Any, half_life: Any, n_games: int
) -> NDArray[np.float64] | None:
    """Multiply weights by ``2 ** ((time - latest) / half_life)``.

    Parameters
    ----------
    weight : ndarray of shape (N,), or None
        The weights before decay; None for ones.
    time : array_like of shape (N,), or None
        Numbers, or dates (``datetime64``).
    half_life : float or timedelta, or None
        Age at which a comparison counts half, in the unit of `time`; a timedelta for dates.

    Raises
    ------
    TypeError
        If `time` holds neither numbers nor dates, or `half_life` does not match it.
    ValueError
        If only one of the two is given, a time is not finite, or `half_life` is not positive.
    """
    if time is None and half_life is None:
        return weight
    if time is None or half_life is None:
        given, absent = ("time", "half_life") if half_life is None else ("half_life", "time")
        raise ValueError(f"`{given}` must come together with `{absent}`; got no `{absent}`")
    array = as_array(time, "time")
    if array.dtype.kind == "O":
        # Columns of Python's datetime objects.
        array = _as_dates(array)
    if array.dtype.kind not in "iufM":
        raise TypeError(f"`time` must hold numbers or dates; got {array.dtype}")
    _check_length(array, n_games, "time")
    if array.dtype.kind != "M":
        array = as_float64(array)
    finite = ~np.isnat(array) if array.dtype.kind == "M" else np.isfinite(array)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ValueError(f"`time` must be finite; got {array[row]} at index {row}")
    if array.size == 0:
        return weight
    ages = _ages(array, half_life)
    decay = np.exp2(-ages)
    return decay if weight is None else decay * weight


def _check_length(array: NDArray[Any], n_games: int, name: str, counterpart: str = "left") -> None:
    if array.ndim != 1:
        raise ValueError(f"`{name}` must have 1 dimension; got shape {array.shape}")
    if len(array) != n_games:
        raise ValueError(f"{counterpart} has {n_games} entries, {name} has {len(array)}")


def _as_dates(array: NDArray[Any]) -> NDArray[Any]:
    """Dates from Python's or pandas' objects; those with a time zone in universal time."""
    values = [value for value in array.ravel().tolist() if type(value).__name__ != "NaTType"]
    zoned = {getattr(value, "tzinfo", None) is not None for value in values}
    if zoned == {True, False}:
        raise TypeError("`time` must hold dates with a time zone throughout, or none")
    try:
        if zoned == {True}:
            array = np.array([_in_universal_time(value) for value in array.tolist()], dtype=object)
        return array.astype("datetime64[us]")
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"`time` must hold numbers or dates; {error}") from None


def _in_universal_time(value: Any) -> Any:
    return value.astimezone(dt.UTC).replace(tzinfo=None)


def _ages(time: NDArray[Any], half_life: Any) -> NDArray[np.float64]:
    """Ages in half-lives."""
    of_dates = time.dtype.kind == "M"
    return _ages_of_dates(time, half_life) if of_dates else _ages_of_numbers(time, half_life)


def _ages_of_dates(time: NDArray[Any], half_life: Any) -> NDArray[np.float64]:
    number = isinstance(half_life, (int, float, np.number))
    if number and not isinstance(half_life, np.timedelta64):
        raise TypeError(
            f"`half_life` must be a timedelta, as `time` holds dates; got {shown(half_life)}"
        )
    if np.datetime_data(time.dtype)[0] in ("Y", "M", "generic"):
        # Years and months are dates but no durations.
        time = time.astype("datetime64[D]")
    try:
        unit = np.timedelta64(half_life)
        positive = bool(unit > np.timedelta64(0, "D"))
        ages = np.asarray((time.max() - time) / unit if positive else (), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        positive, ages = False, np.zeros(0)
    if not positive:
        raise ValueError(f"`half_life` must be a positive timedelta; got {shown(half_life)}")
    if not (ages >= 0).all():
        raise ValueError(f"`time` must span no more than {time.dtype} can count")
    return ages


def _ages_of_numbers(time: NDArray[Any], half_life: Any) -> NDArray[np.float64]:
    try:
        period = None if np.ndim(half_life) else float(half_life)
    except OverflowError:  # An integer beyond double precision.
        period = np.inf
    except (TypeError, ValueError):
        period = None
    if period is None:
        raise TypeError(
            f"`half_life` must be a number, as `time` holds numbers; got {shown(half_life)}"
        )
    if not 0 < period < np.inf:
        raise ValueError(f"`half_life` must be positive and finite; got {shown(half_life)}")
    with np.errstate(over="ignore"):  # At an infinite age nothing is left of a weight.
        ages: NDArray[np.float64] = (time.max() - time) / period
    return ages
