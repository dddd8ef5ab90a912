"""Rank-1 lattices: their points and their generating vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._core import qmc as _core
from hasten._validation import (
    as_array,
    as_float64,
    check_array,
    check_flag,
    check_integer,
    check_rng,
)
from hasten.quadrature._points import check_dimension, target

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from hasten.quadrature._points import Points

#: Most points of a lattice, and most coordinates.
MAX_POINTS = 2**31
MAX_DIMENSION = 2**20


def lattice(
    n: int,
    d: int,
    *,
    generator: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    shift: bool = True,
    baker: bool = False,
    dtype: DTypeLike | None = None,
    rng: Any = None,
    n_threads: int | None = None,
    out: NDArray[Any] | None = None,
) -> Points:
    r"""Make the points of a rank-1 lattice, :math:`x_i = \operatorname{frac}(i z / n + \Delta)`.

    Parameters
    ----------
    n : int
        Number of points, from 1 to 2**31; a power of two or a prime unless `generator` is given.
    d : int
        Number of coordinates.
    generator : array-like of int, shape (d,), optional
        The generating vector :math:`z`; by default that of `lattice_generator`.
    weights : array-like of shape (d,), optional
        The weights that `lattice_generator` is to build with; not with a `generator`.
    shift : bool, default True
        Whether to move all points by one random :math:`\Delta`, modulo 1: each point is then
        uniform in the cube, and no coordinate is 0 or 1. Without, the first point is the origin.
    baker : bool, default False
        Fold the cube by :math:`x \to 1 - |2 x - 1|` in each coordinate, for functions that are not
        periodic.
    dtype : {float64, float32}, optional
        Precision of the points: by default that of `out`, or float64.
    rng : int, numpy.random.Generator or None, optional
        Source of the shift; one 64-bit number is drawn, and none without a shift.
    n_threads : int, optional
        Threads to use; the points do not depend on it.
    out : ndarray of shape (n, d), optional
        A C-contiguous array of float64 or float32 to write to, and to return.

    Returns
    -------
    ndarray of shape (n, d)
        The points, in the order of `i`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    See Also
    --------
    lattice_generator : Build a generating vector once and use it often.
    korobov_generator : One of a simple form, for any `n`.
    qmc_quad : Integrals with error bars.
    sobol : Points that need no periodic function.

    Notes
    -----
    Means over a lattice converge as the function's Fourier coefficients decay: for smooth functions
    of period 1 in each coordinate far faster than with any other points, for others as :math:`1/n`,
    with `baker` as :math:`1/n^2`, up to logarithms [1]_.

    **Complexity.** O(n d) time, nothing but the result in memory; without a `generator` also what
    `lattice_generator` takes.

    References
    ----------
    .. [1] F. J. Hickernell, "Obtaining O(N^(-2+eps)) convergence for lattice quadrature rules",
       MCQMC 2000.

    Examples
    --------
    >>> from hasten.quadrature import lattice
    >>> lattice(5, 2, generator=[1, 2], shift=False)
    array([[0. , 0. ],
           [0.2, 0.4],
           [0.4, 0.8],
           [0.6, 0.2],
           [0.8, 0.6]])
    """
    n, d = check_size(n), check_dimension(d, maximum=MAX_DIMENSION)
    shift, baker = check_flag(shift, "shift"), check_flag(baker, "baker")
    source, threads = check_rng(rng), _threads.requested(n_threads)
    if generator is not None and weights is not None:
        raise ValueError("`weights` must not be given together with `generator`: they build one")
    points = target(n, d, dtype, out)
    if generator is None:
        z, _ = _core.component_by_component(n, check_weights(weights, d))
    else:
        z = check_generator(generator, d)
    key = int(source.integers(0, 2**64, dtype=np.uint64)) if shift else None
    _core.lattice(points, n, z, 0, key, 0, baker, False, threads)
    return points


def lattice_generator(
    n: int, d: int, *, weights: ArrayLike | None = None
) -> tuple[NDArray[np.int64], float]:
    r"""Build a good generating vector of a lattice, component by component.

    Parameters
    ----------
    n : int
        Number of points, a power of two or a prime, at most 2**31.
    d : int
        Number of coordinates.
    weights : array-like of shape (d,), optional
        How much each coordinate matters, :math:`\gamma_j \ge 0`; by default :math:`1 / j^2`.

    Returns
    -------
    generator : ndarray of int64, shape (d,)
        The vector :math:`z`, with :math:`z_1 = 1`.
    worst_case_error : float
        The largest error that the mean over the lattice makes for a function of unit norm.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C.

    See Also
    --------
    korobov_generator : One of a simple form, for any `n`.
    lattice : The points.

    Notes
    -----
    **Certificate.** `worst_case_error` is :math:`\sqrt P`,

    .. math:: P = -1 + \frac1n \sum_{k=0}^{n-1} \prod_{j=1}^d \bigl(1 + 2 \pi^2 \gamma_j
        B_2(\operatorname{frac}(k z_j / n))\bigr), \qquad B_2(t) = t^2 - t + \tfrac16 .

    The mean of :math:`f` over the lattice, shifted or not, is within :math:`\sqrt P \|f\|` of the
    integral for every periodic :math:`f` with :math:`\|f\|^2 = \sum_h |\hat f(h)|^2 \prod_{h_j \ne
    0} h_j^2 / \gamma_j` finite; this is exact, not an estimate, and says nothing about functions
    that are not periodic.

    The first component is 1 and each further one minimises :math:`P` of the components so far, by
    cyclic correlations [1]_, [2]_. Of candidates that tie, to a relative 1e-10, the smallest is
    taken, so that the vector is the same on every machine.

    **Complexity.** O(d n log n) time, about 40 n bytes of memory.

    References
    ----------
    .. [1] D. Nuyens, R. Cools, "Fast algorithms for component-by-component construction of rank-1
       lattice rules in shift-invariant reproducing kernel Hilbert spaces", Mathematics of
       Computation 75, 2006.
    .. [2] D. Nuyens, R. Cools, "Fast component-by-component construction of rank-1 lattice rules
       with a non-prime number of points", Journal of Complexity 22, 2006.

    Examples
    --------
    >>> from hasten.quadrature import lattice_generator
    >>> z, worst_case_error = lattice_generator(1024, 4)
    >>> z
    array([  1, 275, 167, 403])
    >>> round(worst_case_error, 4)
    0.0234
    """
    n, d = check_size(n), check_dimension(d, maximum=MAX_DIMENSION)
    generator, error = _core.component_by_component(n, check_weights(weights, d))
    return generator.astype(np.int64), error


def korobov_generator(
    n: int, d: int, *, weights: ArrayLike | None = None, n_threads: int | None = None
) -> tuple[NDArray[np.int64], float]:
    r"""Find the best generating vector of the form :math:`(1, a, a^2, \dots)` modulo `n`.

    Parameters
    ----------
    n : int
        Number of points, any from 1 to 2**31.
    d : int
        Number of coordinates.
    weights : array-like of shape (d,), optional
        How much each coordinate matters, :math:`\gamma_j \ge 0`; by default :math:`1 / j^2`.
    n_threads : int, optional
        Threads to use; the vector does not depend on it.

    Returns
    -------
    generator : ndarray of int64, shape (d,)
        The vector.
    worst_case_error : float
        As in `lattice_generator`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    See Also
    --------
    lattice_generator : Better vectors in less time, where `n` is a power of two or a prime.

    Notes
    -----
    All :math:`a` without a common divisor with `n` are tried [1]_; of those that tie, to a
    relative 1e-10, the smallest is taken.

    **Complexity.** O(n^2 d / 4) time: a second of one core for n = 16384 and d = 20. O(n) memory.

    References
    ----------
    .. [1] N. M. Korobov, "The approximate computation of multiple integrals", Doklady Akademii Nauk
       SSSR 124, 1959.

    Examples
    --------
    >>> from hasten.quadrature import korobov_generator
    >>> z, worst_case_error = korobov_generator(1000, 4)
    >>> bool(z[2] == z[1] ** 2 % 1000)
    True
    """
    n, d = check_size(n), check_dimension(d, maximum=MAX_DIMENSION)
    threads = _threads.requested(n_threads)
    generator, error = _core.korobov_search(n, check_weights(weights, d), threads)
    return generator.astype(np.int64), error


def check_size(n: Any) -> int:
    """Return the number of points of a lattice.

    Parameters
    ----------
    n : int
        What the caller passed.

    Returns
    -------
    int
        From 1 to 2**31.

    Raises
    ------
    TypeError, ValueError
        When it is not.
    """
    number = check_integer(n, "n", minimum=1)
    if number > MAX_POINTS:
        raise ValueError(f"`n` must be at most 2**31 for a lattice; got {number}")
    return number


def check_weights(weights: Any, d: int) -> NDArray[np.float64]:
    """Return the weights of the coordinates.

    Parameters
    ----------
    weights : array-like or None
        What the caller passed.
    d : int
        Number of coordinates.

    Returns
    -------
    ndarray of float64, shape (d,)
        One over the squares 1, 4, 9, ... for None.

    Raises
    ------
    TypeError, ValueError
        When they are not `d` numbers, finite and not negative.
    """
    if weights is None:
        return 1.0 / np.arange(1.0, d + 1.0) ** 2
    array = as_float64(check_array(weights, "weights", shape=(d,)))
    if (array < 0.0).any():
        first = int(np.argmax(array < 0.0))
        raise ValueError(f"`weights` must not be negative; got {array[first]} at index {first}")
    return array


def check_generator(generator: Any, d: int) -> NDArray[np.uint32]:
    """Return a generating vector.

    Parameters
    ----------
    generator : array-like of int
        What the caller passed.
    d : int
        Number of coordinates.

    Returns
    -------
    ndarray of uint32, shape (d,)
        Components from 0 to 2**31 - 1, which count modulo the number of points.

    Raises
    ------
    TypeError, ValueError
        When it does not hold `d` such integers.
    """
    array = as_array(generator, "generator")
    if array.dtype.kind not in "iu":
        raise TypeError(f"`generator` must hold integers; got dtype {array.dtype}")
    if array.shape != (d,):
        raise ValueError(f"`generator` must have shape {(d,)}; got {array.shape}")
    if array.min() < 0 or array.max() >= MAX_POINTS:
        raise ValueError(
            f"`generator` must hold numbers from 0 to 2**31 - 1; got {array.min()} to {array.max()}"
        )
    return np.ascontiguousarray(array, dtype=np.uint32)
