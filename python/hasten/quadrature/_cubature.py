"""Adaptive integration over boxes: `cubature`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._callbacks import compiled_function
from hasten._core import quadrature as _core
from hasten._exceptions import ConvergenceWarning
from hasten._validation import shown
from hasten.quadrature._adaptive_options import check_ends, check_options
from hasten.quadrature._adaptive_result import has_settled
from hasten.quadrature._compiled import as_integrand
from hasten.quadrature._integrand import batch_shape, check_arguments
from hasten.quadrature._rounds import integrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from hasten.quadrature._adaptive_result import QuadResult

#: The points of the rule grow like 2 to this power.
_MAX_AXES = 7


def cubature(
    f: Callable[..., Any],
    a: ArrayLike,
    b: ArrayLike,
    args: Any = (),
    *,
    rtol: float = 1e-8,
    atol: float = 0.0,
    points: ArrayLike | None = None,
    vectorized: bool = True,
    limit: int = 100_000,
    max_batch: int = 2**20,
    norm: str = "max",
    nonfinite: str = "raise",
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    trace: bool = False,
) -> QuadResult:
    r"""Integrate over boxes of up to seven axes, many integrals at once.

    .. math:: I = \int_{a_1}^{b_1} \cdots \int_{a_d}^{b_d} f(x_1, \dots, x_d)\, dx_d \cdots dx_1

    The boxes of all integrals are refined together: in each round the integrand is called with all
    points of all boxes that matter.

    Parameters
    ----------
    f : callable or compiled function
        Called as ``f(x, *args)`` with `x` of shape (m, k, d): k points of m boxes, so that
        ``x[..., 0]`` is the first coordinate. It returns numbers of shape (m, k), real or complex,
        with any further axes for components. A `scipy.LowLevelCallable`, a numba ``cfunc`` or a
        function pointer of ctypes is evaluated on all threads without the interpreter: see Notes.
    a, b : array-like of shape (..., d)
        Ends of the ranges, finite or infinite, in either order: each exchange changes the sign. The
        axes before the last are those of a batch of integrals.
    args : tuple, default ()
        Further arguments of `f`. Arrays broadcast with the axes of the batch, and `f` gets the
        entries that belong to its points, of shape (m, 1); everything else is handed on as it is.
    rtol, atol : float, default 1e-8 and 0
        An integral is finished when its estimated error is at most ``max(atol, rtol * |value|)``.
    points : array-like of shape (k, d) or (..., k, d), optional
        Break points on kinks or jumps, or corners of a small box around a peak: the same for all
        integrals, or some for each. A point divides the box that holds it along every axis on which
        it lies inside; one on the edge divides the other axes only, and one outside is passed over.
    vectorized : bool, default True
        With False, `f` is called for one point of shape (d,) at a time. This is slow.
    limit : int, default 100,000
        The most boxes of one integral.
    max_batch : int, default 1,048,576
        The most values that one call of `f` returns.
    norm : {"max", "2"}, default "max"
        How the errors of the components of a value become one.
    nonfinite : {"raise", "zero"}, default "raise"
        What to do with values that are not finite.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it. `f` is called by one thread unless it is compiled.
    callback : callable, optional
        Called as ``callback(info)`` after each round but the last, with ``info.n_iter``,
        ``info.error`` (the largest of all integrals) and ``info.x``, the values so far. Returning
        True ends the integration.
    trace : bool, default False
        Keep points, boxes and rounds, for ``result.plot()`` and ``result.history``.

    Returns
    -------
    QuadResult
        Values with estimated errors, of the shape of the batch.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or `f` returns what is no number, not finite or of the wrong
        shape. What `f` raises is passed on unchanged.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When an integral missed its tolerance, unless the callback asked to stop; the best values
        are returned with their errors.

    See Also
    --------
    quad : One variable, singular ends.
    qmc_quad : Any number of axes, with a confidence interval.

    Notes
    -----
    **Certificate.** `error` is an estimate, no bound: on each box half of the difference of rules
    of degree 7 and 5, and what points beside the sides of the box show of jumps and kinks along the
    axes; or the square of null rules of degree 3 [2]_ over the deviation of the integrand from its
    mean where that is larger; and at least 50 units of rounding. Boxes that touch one whose value
    changed by more than a tenth of its error when it was divided count with 1/32 of the change or
    more, and an integrand that is constant at all points is cut once along each axis before it is
    believed. On 400 members each of smooth families in 2 to 5 axes the error was never too small,
    and by 23 to 7,000 times too large; on kinks and jumps along the axes and Gaussians of widths
    from 0.01 on it held in 98 to 100 % of cases, and in 94 to 97 % of the hardest (the guide has
    the table). It is far too small where no point sees what is there: a small part of an integrand
    that is 0 elsewhere, or a second, narrower peak. Name such places in `points`, or use
    `qmc_quad`.

    **Algorithm.** The rule of Genz and Malik [1]_ with :math:`2^d + 2 d^2 + 2 d + 1` points, and 2
    more for each axis; for one axis Gauss-Kronrod with 21, as in `quad`. Every round splits the
    boxes of an integral with the largest errors, so that the rest carries at most half of the
    tolerance, each along the axis with the largest fourth difference, or across jumps and kinks.
    Infinite ranges are mapped by :math:`x = t / (1 - t^2)` and :math:`x = a + t / (1 - t)`, and
    begin in two halves.

    **Complexity.** A box costs its points, and some ten operations a point beside `f`. The number
    of boxes for an error :math:`\varepsilon` grows like :math:`\varepsilon^{-d/6}` for smooth
    integrands.

    **Peak memory.** 16 d + 8 v + 21 bytes for each box with v components, four times, and the
    points and values of one call: 8 (d / v + 1) bytes times `max_batch`.

    **Compiled integrands.** These signatures are accepted:

    - ``double (double)`` and ``double (double, void *)``, for one axis without `args`;
    - ``double (int, double *)`` and ``double (int, double *, void *)``, as `scipy.integrate.nquad`
      has them: the numbers are the coordinates followed by `args`;
    - ``void (int64, double *, double *, void *)``: the number of points, their coordinates and
      `args` row by row, and where the values go.

    The last argument is the user data of `scipy.LowLevelCallable`. The function is called by
    several threads at once and must not touch Python objects. `vectorized` and `max_batch` have no
    meaning for it, and `n_calls` counts rounds.

    References
    ----------
    .. [1] A. C. Genz, A. A. Malik, "Remarks on algorithm 006: an adaptive algorithm for numerical
       integration over an N-dimensional rectangular region", Journal of Computational and Applied
       Mathematics 6(4), 1980.
    .. [2] J. Berntsen, T. O. Espelid, "Error estimation in automatic quadrature routines", ACM
       Transactions on Mathematical Software 17(2), 1991.

    Examples
    --------
    The volume under a dome:

    >>> import numpy as np
    >>> from hasten.quadrature import cubature
    >>> result = cubature(lambda x: np.cos(x[..., 0]) * np.cos(x[..., 1]), [0, 0], [1, 1])
    >>> print(f"{result.value:.10f}")
    0.7080734183
    >>> bool(abs(result.value - np.sin(1.0) ** 2) <= result.error <= 1e-8 * result.value)
    True

    A thousand normal probabilities in one call, each with its own covariance:

    >>> rho = np.linspace(-0.9, 0.9, 1000)
    >>> def density(x, rho):
    ...     x, y = x[..., 0], x[..., 1]
    ...     form = (x**2 - 2 * rho * x * y + y**2) / (1 - rho**2)
    ...     return np.exp(-form / 2) / (2 * np.pi * np.sqrt(1 - rho**2))
    >>> result = cubature(density, [0, 0], [np.inf, np.inf], args=(rho,), rtol=1e-6)
    >>> result.value.shape, result.n_calls < 40
    ((1000,), True)
    >>> exact = 1 / 4 + np.arcsin(rho) / (2 * np.pi)
    >>> bool(np.all(abs(result.value - exact) < 1e-6 * exact))
    True
    """
    options = check_options(
        rtol=rtol,
        atol=atol,
        limit=limit,
        max_batch=max_batch,
        norm=norm,
        vectorized=vectorized,
        nonfinite=nonfinite,
        n_threads=n_threads,
        callback=callback,
        trace=trace,
    )
    low, high = _ends(a, b)
    d = low.shape[-1]
    arguments = check_arguments(args)
    shape = batch_shape({"a": low[..., 0], "b": high[..., 0]}, arguments)
    breaks, each = _points(points, shape, d)
    if d == 1 and compiled_function(f) is None:
        f = _with_axis(f)
    integrand = as_integrand(f, arguments, shape, options, n_axes=d)
    low, high = (np.broadcast_to(ends, (*shape, d)).reshape(-1, d) for ends in (low, high))
    if len(low) and np.all(np.any(low == high, axis=1)):
        # The integrals are 0: one call tells what kind of 0.
        point = np.where(np.isfinite(low[0]), low[0], 0.0)
        integrand.probe(point if d > 1 else point[0], edge=False)
    state = _core.genz_malik_rounds(
        d,
        low.flatten(),
        high.flatten(),
        breaks,
        each,
        options.rtol,
        options.atol,
        options.limit,
        options.norm,
        options.trace,
    )
    result = integrate(
        state,
        integrand,
        shape,
        n_threads=options.n_threads,
        callback=options.callback,
        trace=options.trace,
    )
    if not has_settled(result):
        warnings.warn(f"cubature: {result.message}", ConvergenceWarning, stacklevel=2)
    return result


def _ends(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends with the same last axis."""
    low, high = check_ends(a, "a"), check_ends(b, "b")
    lengths = {ends.shape[-1] for ends in (low, high) if ends.ndim}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            "`a` and `b` must have the same number of axes to integrate over, at least 1, last; "
            f"got shapes {low.shape} and {high.shape}"
        )
    d = lengths.pop()
    if d > _MAX_AXES:
        raise ValueError(
            f"`a` and `b` must have at most {_MAX_AXES} axes to integrate over; got {d}, which is "
            "for hasten.quadrature.qmc_quad"
        )
    return np.broadcast_to(low, low.shape or (d,)), np.broadcast_to(high, high.shape or (d,))


def _points(
    points: ArrayLike | None, shape: tuple[int, ...], d: int
) -> tuple[NDArray[np.float64], bool]:
    """Return break points in a row, and whether each integral has its own."""
    if points is None:
        return np.empty(0), False
    array = check_ends(points, "points")
    if array.size == 0:
        return np.empty(0), False
    shared = array.ndim in (1, 2) and array.shape[-1] == d
    own = array.ndim == len(shape) + 2 and array.shape[-1] == d and array.shape[:-2] == shape
    if not (shared or own):
        raise ValueError(
            f"`points` must have shape (k, {d}) or {(*shape, 'k', d)}; got {array.shape}"
        )
    return array.reshape(-1), not shared


def _with_axis(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of points with one coordinate take numbers."""
    if not callable(f):
        raise TypeError(f"`f` must be callable; got {shown(f)}")
    return lambda x, *args: f(np.asarray(x)[..., None], *args)
