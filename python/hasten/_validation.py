"""Checks of arguments, once, at the border: every message names the argument and what came."""

from __future__ import annotations

import difflib
import math
import operator
import sys
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hasten._backend import to_numpy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_REAL_KINDS = "buif"

#: Longest form of a value in a message.
_SHOWN = 200


def shown(value: Any) -> str:
    """Return what a message shows of a value: its `repr`, if it has one, cut to a line or two.

    Parameters
    ----------
    value : object
        What the caller passed.

    Returns
    -------
    str
        At most 200 characters.
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  The error that is being reported must not turn into another.
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def as_array(value: Any, name: str) -> NDArray[Any]:
    """Return anything array-like as an ndarray, borrowed where that is possible.

    Parameters
    ----------
    value : array-like
        What the caller passed: numbers, nested sequences, an array of any library.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    ndarray
        Of whatever dtype and shape `value` has.

    Raises
    ------
    TypeError
        When an array of another library cannot be read.
    ValueError
        When nested sequences differ in length, or entries of a masked array are masked.
    """
    value = to_numpy(value, name)
    if isinstance(value, np.ma.MaskedArray):
        # Records have a mask for each field; no caller takes them for numbers or labels.
        mask = np.ma.getmaskarray(value)
        masked = np.argwhere(mask) if mask.dtype == bool else np.empty(0)
        if masked.size:
            raise ValueError(
                f"`{name}` must not have masked entries; the first is at index {_place(masked[0])}"
            )
        return np.asarray(value.data)
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError, np.ma.MaskError) as problem:
        raise ValueError(f"`{name}` must be an array; got {problem}") from None


def as_float64(array: NDArray[Any]) -> NDArray[np.float64]:
    """Return real numbers as C-contiguous float64; longdouble beyond its range is infinite.

    Parameters
    ----------
    array : ndarray
        Real numbers of any precision.

    Returns
    -------
    ndarray of float64
        `array` itself where it already is such an array.
    """
    if array.dtype == np.float64 and array.flags.c_contiguous and array.flags.aligned:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        return np.require(array, np.float64, ["C", "A"])


def check_text(array: NDArray[Any], name: str) -> None:
    """Refuse texts of fixed width that hold numbers which are no characters.

    Parameters
    ----------
    array : ndarray
        Labels of any dtype.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    ValueError
        When NumPy could not make a `str` of an entry.
    """
    if array.dtype.kind != "U" or array.dtype.itemsize == 0 or array.size == 0:
        return
    native = np.require(array.reshape(-1), array.dtype.newbyteorder("="), ["C", "A"])
    if native.view(np.uint32).max() > sys.maxunicode:
        raise ValueError(f"`{name}` must hold texts; got an entry with no Unicode characters")


def _place(index: NDArray[Any]) -> int | tuple[int, ...]:
    place = tuple(int(k) for k in index)
    return place[0] if len(place) == 1 else place


def check_array(
    value: Any,
    name: str,
    *,
    ndim: int = 1,
    shape: tuple[int, ...] | None = None,
    dtype: Literal["float", "float64"] = "float",
    finite: bool = True,
) -> NDArray[np.float32] | NDArray[np.float64]:
    """Return `value` as a finite, C-contiguous array of real numbers.

    Parameters
    ----------
    value : array-like
        What the caller passed.
    name : str
        Name of the argument, for messages.
    ndim : int, default 1
        Number of dimensions that is expected; ignored when `shape` is given.
    shape : tuple of int, optional
        The exact shape that is expected.
    dtype : {"float", "float64"}, default "float"
        "float" keeps float32 and float64 and turns bool, integers, float16 and longdouble into
        float64; "float64" turns all of them into float64.
    finite : bool, default True
        Whether to look for entries that are not finite; False where the core meets them anyway and
        `refuse_non_finite` then names the first.

    Returns
    -------
    ndarray of float32 or float64
        `value` itself where it already is such an array, else a converted copy.

    Raises
    ------
    TypeError
        When `value` does not hold real numbers.
    ValueError
        When the shape is wrong or an entry is NaN or infinite.
    """
    array = as_array(value, name)
    if array.dtype.kind not in _REAL_KINDS:
        raise TypeError(f"`{name}` must hold real numbers; got dtype {array.dtype}")
    if shape is None and array.ndim != ndim:
        raise ValueError(f"`{name}` must have {ndim} dimension(s); got shape {array.shape}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"`{name}` must have shape {shape}; got {array.shape}")
    keep = dtype == "float" and array.dtype in (np.float32, np.float64)
    array = np.require(array, requirements=["C", "A"]) if keep else as_float64(array)
    if finite:
        refuse_non_finite(array, name)
    return array


def refuse_non_finite(array: NDArray[Any], name: str) -> None:
    """Refuse NaN and infinities.

    Parameters
    ----------
    array : ndarray
        Real numbers.
    name : str
        Name of the argument, for messages.

    Raises
    ------
    ValueError
        When there is one, with the place of the first.
    """
    # One sum tells whether an element-wise search is needed; it may also overflow, which is fine.
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum(dtype=np.float64)
    if np.isfinite(total):
        return
    offenders = np.argwhere(~np.isfinite(array))
    if len(offenders):
        value = array[tuple(offenders[0])]
        where = f" at index {_place(offenders[0])}" if array.ndim else ""
        raise ValueError(f"`{name}` must be finite; got {value}{where}")


def check_real(
    value: Any,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    exclusive: bool = False,
) -> float:
    """Return `value` as a finite float inside its limits.

    Parameters
    ----------
    value : float
        What the caller passed.
    name : str
        Name of the argument, for messages.
    minimum, maximum : float, optional
        The limits.
    exclusive : bool, default False
        Whether the limits themselves are refused.

    Returns
    -------
    float
        The number.

    Raises
    ------
    TypeError
        When `value` is not a real number.
    ValueError
        When it is not finite or outside the limits.
    """
    refused = (str, bytes, complex, np.complexfloating, np.ma.MaskedArray)
    is_array = isinstance(value, np.ndarray)
    if isinstance(value, refused) or (
        is_array and (value.ndim or value.dtype.kind not in _REAL_KINDS)
    ):
        raise TypeError(f"`{name}` must be a real number; got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:  # An integer beyond double precision.
        number = np.inf
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a real number; got {shown(value)}") from None
    if not math.isfinite(number):
        raise ValueError(f"`{name}` must be finite; got {shown(value)}")
    above = minimum is None or number > minimum or (number == minimum and not exclusive)
    below = maximum is None or number < maximum or (number == maximum and not exclusive)
    if not (above and below):
        raise ValueError(
            f"`{name}` must be {_limits(minimum, maximum, exclusive)}; got {shown(value)}"
        )
    return number


def _limits(minimum: float | None, maximum: float | None, exclusive: bool) -> str:
    if minimum is not None and maximum is not None:
        between = "strictly between" if exclusive else "between"
        return f"{between} {minimum:g} and {maximum:g}"
    if minimum is not None:
        return f"{'greater than' if exclusive else 'at least'} {minimum:g}"
    return f"{'less than' if exclusive else 'at most'} {maximum:g}"


def check_integer(value: Any, name: str, *, minimum: int | None = None) -> int:
    """Return `value` as an int of at least `minimum`.

    Parameters
    ----------
    value : int
        What the caller passed.
    name : str
        Name of the argument, for messages.
    minimum : int, optional
        The least value that is accepted.

    Returns
    -------
    int
        The number.

    Raises
    ------
    TypeError
        When `value` is not an integer (a bool is none).
    ValueError
        When it is below `minimum`.
    """
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be an integer; got {shown(value)}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"`{name}` must be an integer; got {shown(value)}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}; got {shown(number)}")
    return number


def check_flag(value: Any, name: str) -> bool:
    """Return `value` as a bool.

    Parameters
    ----------
    value : bool
        What the caller passed.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    bool
        The flag.

    Raises
    ------
    TypeError
        When `value` is neither True nor False.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be True or False; got {shown(value)}")
    return bool(value)


def check_choice(value: Any, name: str, choices: Iterable[str]) -> str:
    """Return `value` if it is one of `choices`.

    Parameters
    ----------
    value : str
        What the caller passed.
    name : str
        Name of the argument, for messages.
    choices : iterable of str
        What is accepted.

    Returns
    -------
    str
        The choice.

    Raises
    ------
    TypeError
        When `value` is not a string.
    ValueError
        When it is none of the choices; the message names the closest one.
    """
    accepted = list(choices)
    if isinstance(value, str) and value in accepted:
        return value
    listed = ", ".join(repr(choice) for choice in accepted)
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be one of {listed}; got {shown(value)}")
    close = did_you_mean(value, accepted)
    raise ValueError(f"`{name}` must be one of {listed}; got {shown(value)}{close}")


def did_you_mean(value: Any, names: Iterable[Any]) -> str:
    """Return a hint that names the closest of `names`, or an empty string.

    Parameters
    ----------
    value : object
        What the caller wrote.
    names : iterable
        What exists.

    Returns
    -------
    str
        For example `` (did you mean 'newton'?)``.
    """
    close = difflib.get_close_matches(str(value), [str(name) for name in names], n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(repr(name) for name in close)}?)" if close else ""


def check_rng(rng: Any, name: str = "rng") -> np.random.Generator:
    """Turn an `rng` or a `random_state` argument into a Generator (SPEC 7).

    Parameters
    ----------
    rng : None, int, SeedSequence, BitGenerator, Generator or RandomState
        A Generator is returned as it is, so that its state advances; a RandomState shares its bit
        generator.
    name : str, default "rng"
        Name of the argument, for messages.

    Returns
    -------
    numpy.random.Generator
        The generator to draw from.

    Raises
    ------
    TypeError
        When `rng` is none of these.
    ValueError
        When it is a negative seed.
    """
    if isinstance(rng, np.random.RandomState):
        return np.random.Generator(rng._bit_generator)
    try:
        return np.random.default_rng(rng)
    except TypeError:
        message = f"`{name}` must be None, an integer or a numpy.random.Generator; got {shown(rng)}"
        raise TypeError(message) from None
    except ValueError:
        raise ValueError(f"`{name}` must be a seed of at least 0; got {shown(rng)}") from None


def draw_key(rng: Any) -> int:
    """Take the one 64-bit number that keys all streams of a call.

    Parameters
    ----------
    rng : None, int, Generator or RandomState
        What the caller passed.

    Returns
    -------
    int
        At least 0 and below 2**64.
    """
    return int(check_rng(rng).integers(0, 2**64, dtype=np.uint64))
