"""Checks of arguments, once, at the border: every message names the argument and what came."""

from __future__ import annotations

import difflib
import operator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_REAL_KINDS = "buif"


def check_array(
    value: Any,
    name: str,
    *,
    ndim: int = 1,
    shape: tuple[int, ...] | None = None,
    dtype: Literal["float", "float64"] = "float",
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
    array = np.asarray(value)
    if array.dtype.kind not in _REAL_KINDS:
        raise TypeError(f"`{name}` must hold real numbers; got dtype {array.dtype}")
    if shape is None and array.ndim != ndim:
        raise ValueError(f"`{name}` must have {ndim} dimension(s); got shape {array.shape}")
    if shape is not None and array.shape != shape:
        raise ValueError(f"`{name}` must have shape {shape}; got {array.shape}")
    keep = dtype == "float" and array.dtype in (np.float32, np.float64)
    array = np.require(array, array.dtype if keep else np.float64, ["C", "A"])
    _refuse_non_finite(array, name)
    return array


def _refuse_non_finite(array: NDArray[Any], name: str) -> None:
    # One sum tells whether an element-wise search is needed; it may also overflow, which is fine.
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum(dtype=np.float64)
    if np.isfinite(total):
        return
    offenders = np.argwhere(~np.isfinite(array))
    if offenders.size:
        index = tuple(int(k) for k in offenders[0])
        where = index[0] if len(index) == 1 else index
        raise ValueError(f"`{name}` must be finite; got {array[index]} at index {where}")


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
    if isinstance(value, (str, bytes, complex, np.complexfloating)):
        raise TypeError(f"`{name}` must be a real number; got {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a real number; got {value!r}") from None
    if not np.isfinite(number):
        raise ValueError(f"`{name}` must be finite; got {value!r}")
    above = minimum is None or number > minimum or (number == minimum and not exclusive)
    below = maximum is None or number < maximum or (number == maximum and not exclusive)
    if not (above and below):
        raise ValueError(f"`{name}` must be {_limits(minimum, maximum, exclusive)}; got {value!r}")
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
        raise TypeError(f"`{name}` must be an integer; got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"`{name}` must be an integer; got {value!r}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}; got {number}")
    return number


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
    listed = ", ".join(repr(choice) for choice in accepted)
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be one of {listed}; got {value!r}")
    if value not in accepted:
        close = did_you_mean(value, accepted)
        raise ValueError(f"`{name}` must be one of {listed}; got {value!r}{close}")
    return value


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
        message = f"`{name}` must be None, an integer or a numpy.random.Generator; got {rng!r}"
        raise TypeError(message) from None
    except ValueError:
        raise ValueError(f"`{name}` must be a seed of at least 0; got {rng!r}") from None


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
