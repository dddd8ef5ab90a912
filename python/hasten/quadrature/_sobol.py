"""Sobol' points, uniform and normal: `sobol`, `sobol_normal`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._core import qmc as _core
from hasten._validation import (
    as_array,
    as_float64,
    check_array,
    check_choice,
    check_integer,
    check_rng,
    shown,
)
from hasten.quadrature._points import check_dimension, target

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from hasten.quadrature._points import Points

SCRAMBLES = ("owen", "lms", "shift")

#: The most binary digits of a coordinate that float64 can tell apart.
MAX_BITS = 52


def sobol(
    n: int,
    d: int,
    *,
    scramble: str | bool = "owen",
    start: int = 0,
    bits: int = 32,
    dtype: DTypeLike | None = None,
    rng: Any = None,
    n_threads: int | None = None,
    out: NDArray[Any] | None = None,
) -> Points:
    r"""Make Sobol' points: uniform in the unit cube, and far more even than random points.

    Parameters
    ----------
    n : int
        Number of points, at least 0. Powers of two are balanced; others bring a warning.
    d : int
        Number of coordinates, from 1 to 21201.
    scramble : {"owen", "lms", "shift", False}, default "owen"
        How the points are made random. "owen": nested uniform scrambling, by hashing. "lms": a
        random lower triangular matrix and a digital shift, as in SciPy. "shift": a digital shift.
        False: not at all; these points are good for comparisons, and give no error bars.
    start : int, default 0
        Index of the first point. Point `i` depends on `i` only: with the same integer `rng`, calls
        that begin where others ended continue one sequence.
    bits : int, default 32
        Binary digits of a coordinate, from 1 to 52, or 32 with "owen". There are ``2**bits``
        points. float32 keeps the first 23.
    dtype : {float64, float32}, optional
        Precision of the points: by default that of `out`, or float64.
    rng : int, numpy.random.Generator or None, optional
        Source of the randomisation; one 64-bit number is drawn, and none without a scramble.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The points do not depend
        on it.
    out : ndarray of shape (n, d), optional
        A C-contiguous array of float64 or float32 to write to, and to return.

    Returns
    -------
    ndarray of shape (n, d)
        The points; no coordinate is 0 or 1.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    UserWarning
        When `n` is not a power of two, or `start` not a multiple of it: such points are not
        balanced, and integrals are the less accurate for it.

    See Also
    --------
    sobol_normal : The same with normal coordinates.
    lattice : Points of a lattice, for periodic functions.
    qmc_quad : Integrals with error bars.

    Notes
    -----
    Direction numbers are those of Joe and Kuo [1]_, in the Gray-code order of SciPy's
    ``qmc.Sobol``. A coordinate is the middle of its cell, :math:`(k + 1/2) 2^{-\text{bits}}`, so
    that without a scramble points are SciPy's plus :math:`2^{-(\text{bits} + 1)}`, and the inverse
    of a distribution function is finite at each. For the same reason nothing is gained from leaving
    out the first point, and balance would be lost [2]_.

    Each randomised point is uniform in the cube, so means over the points are unbiased estimates.
    "owen" is the hash of [3]_ with the constants of [4]_; it has the variance of Owen's nested
    scrambling, :math:`O(n^{-3} (\log n)^{d - 1})` for smooth functions.

    **Complexity.** O(n d) time, nothing but the result in memory, and ``4 bits d`` bytes.

    References
    ----------
    .. [1] S. Joe, F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional
       projections", SIAM Journal on Scientific Computing 30, 2008.
    .. [2] A. B. Owen, "On dropping the first Sobol' point", MCQMC 2020.
    .. [3] B. Burley, "Practical hash-based Owen scrambling", Journal of Computer Graphics
       Techniques 9(4), 2020.
    .. [4] N. Vegdahl, "Building a better LK hash", 2021.

    Examples
    --------
    >>> from hasten.quadrature import sobol
    >>> x = sobol(1024, 2, rng=0)
    >>> bool(abs((x[:, 0] * x[:, 1]).mean() - 1 / 4) < 1e-4)
    True

    The next points of the same sequence:

    >>> y = sobol(1024, 2, rng=0, start=1024)

    Without a scramble:

    >>> sobol(4, 2, scramble=False, bits=2)
    array([[0.125, 0.125],
           [0.625, 0.625],
           [0.875, 0.375],
           [0.375, 0.875]])
    """
    points = _make(n, d, scramble, start, bits, dtype, rng, n_threads, out, method=None)
    _warn_balance(len(points), int(start))
    return points


def sobol_normal(
    n: int,
    d: int,
    *,
    method: str = "inverse",
    loc: ArrayLike = 0.0,
    scale: ArrayLike = 1.0,
    scramble: str | bool = "owen",
    start: int = 0,
    bits: int = 32,
    dtype: DTypeLike | None = None,
    rng: Any = None,
    n_threads: int | None = None,
    out: NDArray[Any] | None = None,
) -> Points:
    """Make normal points of low discrepancy: Sobol' points with independent normal coordinates.

    Parameters
    ----------
    n : int
        Number of points, at least 0. Powers of two are balanced; others bring a warning.
    d : int
        Number of coordinates, from 1 to 21201.
    method : {"inverse", "box-muller"}, default "inverse"
        "inverse" applies the inverse of the distribution function to each coordinate, and keeps the
        order of the points and so their balance. "box-muller" makes two coordinates of two others;
        it needs an even `d`, and is there because others use it.
    loc : float or array-like of shape (d,), default 0
        The mean.
    scale : float or array-like of shape (d,), default 1
        The standard deviation, not negative.
    scramble : {"owen", "lms", "shift", False}, default "owen"
        As in `sobol`.
    start : int, default 0
        Index of the first point.
    bits : int, default 32
        Binary digits of the uniform coordinate. With 32 no normal coordinate is beyond 6.4, with
        52 (not with "owen") none beyond 8.2.
    dtype : {float64, float32}, optional
        Precision of the points: by default that of `out`, or float64.
    rng : int, numpy.random.Generator or None, optional
        Source of the randomisation.
    n_threads : int, optional
        Threads to use; the points do not depend on it.
    out : ndarray of shape (n, d), optional
        A C-contiguous array of float64 or float32 to write to, and to return.

    Returns
    -------
    ndarray of shape (n, d)
        The points; all are finite.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    UserWarning
        When `n` is not a power of two, or `start` not a multiple of it.

    See Also
    --------
    sobol : The uniform points that these are made from.
    qmc_quad : Integrals with error bars.

    Notes
    -----
    The inverse is Wichura's algorithm AS 241 [1]_, with a relative error below 1e-15. The points
    have the same bits on every CPU.

    References
    ----------
    .. [1] M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution",
       Applied Statistics 37, 1988.

    Examples
    --------
    >>> from hasten.quadrature import sobol_normal
    >>> x = sobol_normal(2**14, 3, rng=0)
    >>> bool(abs(x.mean(axis=0)).max() < 1e-3)
    True
    """
    check_choice(method, "method", ("inverse", "box-muller"))
    d = check_dimension(d)
    location, spread = _per_coordinate(loc, "loc", d), _per_coordinate(scale, "scale", d)
    if (spread < 0.0).any():
        raise ValueError(f"`scale` must not be negative; got {spread.min()}")
    points = _make(n, d, scramble, start, bits, dtype, rng, n_threads, out, method=method)
    _warn_balance(len(points), int(start))
    if (spread != 1.0).any():
        points *= spread
    if (location != 0.0).any():
        points += location
    return points


def _make(
    n: Any,
    d: Any,
    scramble: Any,
    start: Any,
    bits: Any,
    dtype: DTypeLike | None,
    rng: Any,
    n_threads: int | None,
    out: Any,
    *,
    method: str | None,
) -> Points:
    n, start = check_integer(n, "n", minimum=0), check_integer(start, "start", minimum=0)
    d, bits = check_dimension(d), check_integer(bits, "bits", minimum=1)
    if bits > MAX_BITS:
        raise ValueError(f"`bits` must be at most {MAX_BITS}; got {bits}")
    if n + start > 2**bits:
        raise ValueError(
            f"`n` must be at most 2**bits - start = {max(2**bits - start, 0)}; got {n}"
        )
    scrambling = check_scramble(scramble)
    generator, threads = check_rng(rng), _threads.requested(n_threads)
    points = target(n, d, dtype, out)
    key = 0 if scrambling is None else int(generator.integers(0, 2**64, dtype=np.uint64))
    _core.sobol(points, d, start, bits, scrambling, key, 0, method, threads)
    return points


def check_scramble(scramble: Any) -> str | None:
    """Return the name of a randomisation, or None for none.

    Parameters
    ----------
    scramble : str or False
        What the caller passed.

    Returns
    -------
    str or None
        One of "owen", "lms", "shift".

    Raises
    ------
    TypeError, ValueError
        When it is neither a name nor False.
    """
    if isinstance(scramble, str):
        return check_choice(scramble, "scramble", SCRAMBLES)
    if isinstance(scramble, (bool, np.bool_)) and not scramble:
        return None
    raise TypeError(f"`scramble` must be 'owen', 'lms', 'shift' or False; got {shown(scramble)}")


def _per_coordinate(value: ArrayLike, name: str, d: int) -> NDArray[np.float64]:
    array = as_array(value, name)
    if array.shape not in {(), (d,)}:
        raise ValueError(f"`{name}` must be a number or have shape {(d,)}; got {array.shape}")
    return as_float64(check_array(array, name, shape=array.shape))


def _warn_balance(n: int, start: int) -> None:
    if n & (n - 1):
        message = f"`n` = {n} is not a power of two, so the points are not balanced"
    elif n and start % n:
        message = f"`start` = {start} is not a multiple of `n` = {n}, so they are not balanced"
    else:
        return
    warnings.warn(message, UserWarning, stacklevel=3)
