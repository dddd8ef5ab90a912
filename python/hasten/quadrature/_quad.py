"""Adaptive integration of many integrals in one variable: `quad`."""

from __future__ import annotations

import inspect
import warnings
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import quadrature as _core
from hasten._exceptions import ConvergenceWarning
from hasten._validation import check_choice
from hasten.quadrature._adaptive_options import check_ends, check_options
from hasten.quadrature._adaptive_result import has_settled
from hasten.quadrature._compiled import as_integrand
from hasten.quadrature._integrand import Integrand, as_row, batch_shape, check_arguments
from hasten.quadrature._rounds import integrate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from hasten.quadrature._adaptive_result import QuadResult

METHODS = ("auto", "gauss-kronrod", "tanh-sinh")


def quad(
    f: Callable[..., Any],
    a: ArrayLike,
    b: ArrayLike,
    args: Any = (),
    *,
    rtol: float = 1e-8,
    atol: float = 0.0,
    points: ArrayLike | None = None,
    method: str = "auto",
    vectorized: bool = True,
    limit: int = 200,
    max_batch: int = 2**20,
    norm: str = "max",
    nonfinite: str = "raise",
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    trace: bool = False,
) -> QuadResult:
    r"""Integrate a function of one variable, over one range or over a batch of them at once.

    .. math:: I_i = \int_{a_i}^{b_i} f(x, \text{args}_i) \, dx

    All integrals of the batch share each call of `f`: what `scipy.integrate.quad` asks one point at
    a time comes here as an array with a row for each interval that is still open.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``. `x` has a row for each interval and a column for each node, and each of
        `args` that is an array comes with one column: what is written for numbers works unchanged
        if it is made of NumPy functions. The result has the shape of `x`, followed by that of a
        value if values are vectors or matrices; real or complex. A parameter named `edge` is
        given the distance of each point to the nearer end of its range (or break point), which
        near an end other than 0 is known better than ``x - a``.
    a, b : float or array-like
        Ends of the ranges, which may be infinite. The sign changes with the order of the ends.
    args : tuple, optional
        Extra arguments of `f`. Arrays of numbers broadcast with `a` and `b` to the shape of the
        batch; all else is handed on as it is.
    rtol, atol : float, default 1e-8 and 0
        An integral has converged when its estimated error is at most ``max(atol, rtol * |I|)``.
    points : array-like, optional
        Break points, where `f` has kinks, jumps, singularities or narrow peaks: of shape (k,) for
        all integrals, or the shape of the batch followed by k for each of them. Points outside a
        range are passed over.
    method : {"auto", "gauss-kronrod", "tanh-sinh"}, default "auto"
        "gauss-kronrod" subdivides. "tanh-sinh" is made for ends at which `f` or its derivatives are
        infinite. "auto" subdivides, and integrates by tanh-sinh the interval at an end or break
        point once its error falls as it does towards a singularity.
    vectorized : bool, default True
        If False, `f` takes and returns single points; this is slow.
    limit : int, default 200
        Most intervals of an integral; by tanh-sinh, most points divided by 21.
    max_batch : int, default 2**20
        Most values that `f` is asked for in one call; more are asked for in several calls. In the
        first call a vector counts as one value, since its length is not yet known.
    norm : {"max", "2"}, default "max"
        Of vector-valued integrands: the error of an integral is that of its worst component, or the
        root of the sum of squares.
    nonfinite : {"raise", "zero"}, default "raise"
        What to do where `f` returns NaN or an infinity. Ends are evaluated by no method, as long
        as numbers lie between them.
    n_threads : int, optional
        Threads that place points and sum up values; `f` is called on the thread of the caller.
        Every core that the process may use by default. The answer does not depend on it.
    callback : callable, optional
        Called after each round as ``callback(info)`` with ``info.n_iter``, ``info.error`` (the
        largest of all integrals) and ``info.x``, the values so far as one array of real numbers.
        Returning True ends the integration.
    trace : bool, default False
        Keep what each round found in ``result.history``, and all points for ``result.plot()``.

    Returns
    -------
    QuadResult
        Values, errors and counts, in the shape of the batch.

    Raises
    ------
    ValueError, TypeError
        When an argument, or what `f` returns, is not valid; the message names it.

    Warns
    -----
    hasten.ConvergenceWarning
        When an integral did not converge, unless the callback asked to stop; its best value is
        returned with its error.

    See Also
    --------
    cubature : The same over boxes.

    Notes
    -----
    **Certificate.** ``error`` is the sum of estimates over the intervals: on each the larger of two
    differences, between rules of 21 and 10 points [1]_ (which sees what is even about the midpoint)
    and that of a null rule (which sees what is odd), scaled as in QUADPACK [2]_, and never less
    than 50 units of rounding of the integral of ``|f|``. It is an estimate: too large by orders of
    magnitude for smooth integrands, and too small for 2 to 3 in a hundred with a kink at an unknown
    place and 4 to 7 with a jump. With each bisection there is a chance of 0.4 % that such a place
    falls between an end and the outermost node, where it cannot be seen: name it in `points`. An
    integrand that is zero wherever it was evaluated has the value 0 and the error 0; rounding in
    float32 by `f` itself is not counted.

    By tanh-sinh ``error`` is the difference of the last two levels, or the square of the one before
    over the integral of ``|f|`` where that is larger (as a halved step squares it), and what the
    outermost nodes contribute, since beyond them nothing is known. It is meant for integrands that
    are smooth inside the range; of kinks there it may be too small. Where "auto" takes tanh-sinh on
    a guess, that difference counts a hundred times.

    **Algorithm.** In a round all open intervals of all integrals are evaluated. An integral that is
    within its tolerance is left alone from then on; of the others, those intervals with the largest
    errors are halved that leave at most half of the tolerance to the rest. An interval whose error
    is only that of rounding is not halved. Infinite ranges are mapped by :math:`x = t / (1 - t^2)`
    and :math:`x = a + t / (1 - t)`. Tanh-sinh is that of [3]_, with all nodes that differ from the
    ends. "auto" tries it where four bisections in a row towards an end divided the error by the
    same factor within 3 %, as they do for powers and logarithms, and four more are not enough;
    the interval goes back to bisection where halving the step of tanh-sinh leaves more than a tenth
    of the difference. After 20 bisections towards an end it is taken in any case.

    **Complexity.** About ``2 + log2(range / scale)`` rounds for a feature of that scale. 21 values
    an interval, of which those at the end are about half of all. The core takes some tens of
    nanoseconds an interval and value. Peak memory is `max_batch` values of `f` and its temporaries,
    and 100 bytes an interval.

    References
    ----------
    .. [1] A. S. Kronrod, "Nodes and weights of quadrature formulas", Consultants Bureau, 1965.
    .. [2] R. Piessens, E. de Doncker-Kapenga, C. W. Ueberhuber, D. K. Kahaner, "QUADPACK: a
       subroutine package for automatic integration", Springer, 1983.
    .. [3] H. Takahasi, M. Mori, "Double exponential formulas for numerical integration",
       Publications of the RIMS 9, 1974.

    Examples
    --------
    One integral, as in SciPy:

    >>> import numpy as np
    >>> from hasten.quadrature import quad
    >>> result = quad(lambda x: np.exp(-(x**2)), -np.inf, np.inf)
    >>> round(float(result) ** 2, 10)
    3.1415926536
    >>> bool(result.error < 1e-8)
    True

    Many integrals with one parameter each, in a few calls:

    >>> widths = np.array([0.001, 0.01, 0.1, 1.0])
    >>> peaks = quad(lambda x, s: s / (x**2 + s**2), 0.0, 1.0, args=(widths,))
    >>> bool(np.allclose(peaks.value, np.arctan(1 / widths)))
    True
    >>> peaks.n_calls < 15
    True

    A strong singularity at an end other than 0, where only `edge` keeps its digits:

    >>> def f(x, edge):
    ...     return np.where(x < 1.5, edge, x - 1) ** -0.9
    >>> result = quad(f, 1.0, 2.0, method="tanh-sinh")
    >>> round(float(result), 10)
    10.0
    """
    method = check_choice(method, "method", METHODS)
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
    low, high = check_ends(a, "a"), check_ends(b, "b")
    arguments = check_arguments(args)
    shape = batch_shape({"a": low, "b": high}, arguments)
    breaks, each = _check_points(points, shape)
    integrand = as_integrand(f, arguments, shape, options)
    # Compiled functions know no keywords, whatever the Python function that they were made from.
    edge = isinstance(integrand, Integrand) and _takes_edge(f)
    low, high = as_row(low, shape), as_row(high, shape)
    limits = (options.rtol, options.atol, options.limit, options.norm)
    if low.size and (low == high).all():
        # The integrals are 0: one call tells what kind of 0.
        integrand.probe(low[0] if np.isfinite(low[0]) else 0.0, edge=edge)
    state: _core.Rounds | _core.Levels
    if method == "tanh-sinh":
        state = _core.tanh_sinh_levels(low, high, breaks, each, *limits, edge, options.n_threads)
    else:
        state = _core.gauss_kronrod_rounds(
            low, high, breaks, each, *limits, method == "auto", options.trace
        )
    result = integrate(
        state,
        integrand,
        shape,
        edge=edge,
        ends=method == "auto",
        n_threads=options.n_threads,
        callback=options.callback,
        trace=options.trace,
    )
    if not has_settled(result):
        warnings.warn(f"quad: {result.message}", ConvergenceWarning, stacklevel=2)
    return result


def _takes_edge(f: Callable[..., Any]) -> bool:
    if isinstance(f, FunctionType) and not f.__dict__:
        # What `inspect` finds, in a fraction of the time of a short integration.
        code = f.__code__
        last = code.co_argcount + code.co_kwonlyargcount
        return "edge" in code.co_varnames[code.co_posonlyargcount : last]
    if isinstance(f, np.ufunc):
        return False
    try:
        parameter = inspect.signature(f).parameters.get("edge")
    except (TypeError, ValueError):  # Of some callables made in C nothing is known.
        return False
    return parameter is not None and parameter.kind in (
        parameter.KEYWORD_ONLY,
        parameter.POSITIONAL_OR_KEYWORD,
    )


def _check_points(points: Any, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], bool]:
    """Return break points as one row, and whether each integral has its own."""
    if points is None:
        return np.empty(0), False
    array = check_ends(points, "points")
    if array.ndim < 2:
        return array.reshape(-1), False
    if array.shape[:-1] != shape:
        raise ValueError(
            f"`points` must have shape (k,), or {shape} followed by k; got {array.shape}"
        )
    return array.reshape(-1), True
