"""The options that `quad` and `cubature` share, checked."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._validation import (
    as_array,
    as_float64,
    check_choice,
    check_flag,
    check_integer,
    check_real,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options; names and meanings are those of `quad`."""

    rtol: float
    atol: float
    limit: int
    max_batch: int
    norm: str
    vectorized: bool
    nonfinite: str
    n_threads: int | None
    callback: Callable[[Any], object] | None
    trace: bool


def check_options(
    *,
    rtol: Any,
    atol: Any,
    limit: Any,
    max_batch: Any,
    norm: Any,
    vectorized: Any,
    nonfinite: Any,
    n_threads: Any,
    callback: Any,
    trace: Any,
) -> Options:
    """Check the options of an adaptive integration.

    Parameters
    ----------
    rtol, atol, limit, max_batch, norm, vectorized, nonfinite, n_threads, callback, trace
        As in `quad`.

    Returns
    -------
    Options
        All of them.

    Raises
    ------
    TypeError, ValueError
        When one is not valid; the message names it.
    """
    rtol, atol = check_real(rtol, "rtol", minimum=0.0), check_real(atol, "atol", minimum=0.0)
    if rtol == atol == 0.0:
        raise ValueError("`rtol` or `atol` must be greater than 0; got 0 for both")
    if callback is not None and not callable(callback):
        raise TypeError(f"`callback` must be callable or None; got {shown(callback)}")
    return Options(
        rtol=rtol,
        atol=atol,
        limit=min(check_integer(limit, "limit", minimum=1), sys.maxsize),
        max_batch=check_integer(max_batch, "max_batch", minimum=1),
        norm=check_choice(norm, "norm", ("max", "2")),
        vectorized=check_flag(vectorized, "vectorized"),
        nonfinite=check_choice(nonfinite, "nonfinite", ("raise", "zero")),
        n_threads=_threads.requested(n_threads),
        callback=callback,
        trace=check_flag(trace, "trace"),
    )


def check_ends(value: Any, name: str) -> NDArray[np.float64]:
    """Return ends of ranges, or break points, as float64; they may be infinite.

    Parameters
    ----------
    value : array-like
        What the caller passed.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    ndarray of float64
        Of the shape that `value` has.

    Raises
    ------
    TypeError
        When `value` does not hold real numbers.
    ValueError
        When one is NaN.
    """
    if isinstance(value, float) and not math.isnan(value):
        return np.array(value)
    array = as_array(value, name)
    if array.dtype.kind not in "buif":
        raise TypeError(f"`{name}` must hold real numbers; got dtype {array.dtype}")
    array = as_float64(array)
    if np.isnan(array.reshape(-1)).any():
        place = tuple(int(k) for k in np.argwhere(np.isnan(array))[0])
        where = f" at index {place[0] if len(place) == 1 else place}" if place else ""
        raise ValueError(f"`{name}` must not be NaN; got nan{where}")
    return array
