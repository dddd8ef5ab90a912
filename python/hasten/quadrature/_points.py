"""What the makers of points have in common: dimensions, precisions, and arrays to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import qmc as _core
from hasten._validation import check_integer, shown

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Points = NDArray[np.float64] | NDArray[np.float32]

_DTYPES = (np.dtype(np.float64), np.dtype(np.float32))


def check_dimension(d: Any, *, maximum: int = _core.MAX_DIMENSION) -> int:
    """Return the number of coordinates of a point.

    Parameters
    ----------
    d : int
        What the caller passed.
    maximum : int, optional
        The most that is accepted; as many as Sobol' points have by default.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        When `d` is not an integer from 1 to `maximum`.
    """
    number = check_integer(d, "d", minimum=1)
    if number > maximum:
        raise ValueError(f"`d` must be at most {maximum}; got {number}")
    return number


def target(n: int, d: int, dtype: DTypeLike | None, out: Any) -> Points:
    """Return the array that points are written to: the caller's, or a new one.

    Parameters
    ----------
    n, d : int
        Its shape.
    dtype : dtype or None
        float64 or float32; None for that of `out`, or float64.
    out : ndarray or None
        The caller's array.

    Returns
    -------
    ndarray of float64 or float32, shape (n, d)
        `out` itself where it is given.

    Raises
    ------
    TypeError
        When `dtype` is neither float64 nor float32, or `out` is no such array of NumPy.
    ValueError
        When `out` has another shape or dtype, is not C-contiguous and aligned, or is read-only.
    """
    chosen = None if dtype is None else _check_dtype(dtype)
    if out is None:
        return np.empty((n, d), dtype=chosen or np.float64)
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray):
        raise TypeError(f"`out` must be a numpy.ndarray; got {shown(out)}")
    if out.dtype not in _DTYPES:
        raise TypeError(f"`out` must be of float64 or float32; got {out.dtype}")
    if chosen is not None and out.dtype != chosen:
        raise ValueError(f"`out` must be of {chosen} as `dtype` says; got {out.dtype}")
    if out.shape != (n, d):
        raise ValueError(f"`out` must have shape {(n, d)}; got {out.shape}")
    if not out.flags.writeable:
        raise ValueError("`out` must be writeable; got a read-only array")
    if not (out.flags.c_contiguous and out.flags.aligned):
        raise ValueError(
            "`out` must be C-contiguous and aligned; got an array with strides "
            f"{out.strides} of itemsize {out.itemsize}"
        )
    return out


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        chosen = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"`dtype` must be float64 or float32; got {shown(dtype)}") from None
    if chosen not in _DTYPES:
        raise TypeError(f"`dtype` must be float64 or float32; got {chosen}")
    return chosen
