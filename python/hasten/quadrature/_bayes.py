"""Bayesian quadrature: integrals from values at given nodes, with a posterior."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import quadrature as _core
from hasten._validation import check_integer, check_real, shown
from hasten.quadrature._bayes_inputs import (
    Against,
    Nodes,
    check_kernel,
    check_lengths,
    check_measure,
    check_nodes,
    check_values,
    evaluate,
    even_nodes,
)
from hasten.quadrature._bayes_result import BayesQuadResult, check_level, quantile
from hasten.quadrature._rule import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

#: Longest evenly spaced rule that is kept for the next call.
_LONGEST_KEPT = 4096

#: Level of the quantile in the certificate; it is part of its definition, not a promise.
_CERTIFICATE_LEVEL = 0.95

#: An extrapolated error falls below the true one half of the time; Roache (1994) asks for this much
#: more where the order was observed on three grids.
_SAFETY = 1.25


def bayes_quad(
    f_or_y: Callable[..., ArrayLike] | ArrayLike,
    nodes: ArrayLike | tuple[ArrayLike, ...] | None = None,
    *,
    domain: ArrayLike | None = None,
    n: int | tuple[int, ...] | None = None,
    kernel: str = "matern",
    nu: float | str = 2.5,
    ell: ArrayLike | None = None,
    scale: float | None = None,
    noise: float = 0.0,
    measure: str | tuple[Any, ...] = "lebesgue",
    confidence_level: float = 0.95,
    n_threads: int | None = None,
) -> BayesQuadResult:
    r"""Integrate a function that is known at some nodes, and say how sure that is.

    With a Gaussian process as prior of the integrand, :math:`f \sim \mathrm{GP}(0, s^2 k)`, the
    integral is a Gaussian variable too. Given the values :math:`y` its mean is :math:`w^T y` and
    its variance :math:`s^2 (\kappa - z^T w)`, with

    .. math:: w = K^{-1} z, \qquad z_i = \int k(x_i, t)\, d\pi(t), \qquad
        \kappa = \iint k\, d\pi\, d\pi .

    Parameters
    ----------
    f_or_y : callable or array-like
        The integrand, called once with all nodes: ``f(x)`` with x of shape (N,) on a line and
        (N, d) otherwise, returning (N,), or (N, V) for V integrals. Or the values themselves; those
        on a grid may have its shape, with or without a last axis V.
    nodes : array-like or tuple of array-like, optional
        Where: (N,) on a line in any order, (N, d), or a tuple of the nodes of each axis of a grid.
        By default evenly spaced nodes of the domain, both ends included.
    domain : array-like of shape (2,) or (d, 2), optional
        Interval, or one for each axis; needed unless the measure is normal.
    n : int or tuple of int, optional
        Number of evenly spaced nodes of each axis, where no nodes are given: 33 by default.
    kernel : {"matern", "rbf"}, default "matern"
        Correlation along an axis; in several dimensions the product.
    nu : {0.5, 1.5, 2.5, 3.5, "auto"}, default 2.5
        Smoothness of the Matern kernel: draws have ``nu - 1/2`` derivatives. "auto" averages over
        all four by their evidence; use it where the smoothness is not known.
    ell : float or array-like of shape (d,), optional
        Length scale. By default the likeliest one that is not shorter than the median gap between
        nodes; in several dimensions the likeliest multiple of the lengths of the domain, or of the
        standard deviations of the measure.
    scale : float, optional
        Standard deviation of the process. By default the likeliest one of each component.
    noise : float, default 0
        Variance of the error of each value in units of ``scale**2``. Must be 0 on a grid.
    measure : {"lebesgue"} or tuple, default "lebesgue"
        What to integrate against: lengths (the integral, not the mean), or
        ``("normal", mean, covariance)``. The covariance may be a number, variances (d,), or a
        matrix, which if it is not diagonal needs the RBF kernel.
    confidence_level : float, default 0.95
        Default of ``result.confidence_interval()``.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.

    Returns
    -------
    BayesQuadResult
        Value, posterior standard deviation, weights, the prior that was found, and `error`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, naming it: nodes outside the domain, values that are not
        finite, equal nodes with different values and no noise.
    MemoryError
        When the dense equations do not fit into memory.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    See Also
    --------
    bayes_quad_weights : The rule alone, for a given length scale.

    Notes
    -----
    **Certificate.** The posterior standard deviation, and ``confidence_interval()``, hold for draws
    of the prior. `error` is there for other functions: an estimate that held in about six of seven
    cases (49 of 56) on functions that were not used to design it, with ``nu="auto"``, and in three
    of four (43 of 56) with the default `nu`. It is not an interval and carries no level.
    On a line and on grids it is the larger of two numbers. The first averages Matern processes of
    all four smoothnesses by their evidence, each at its likeliest length and scale, whatever
    `kernel`, `nu`, `ell` and `scale` are:

    .. math:: t_{N,\,0.975} \Bigl(\sum_p \pi_p \bigl(S_p^2 + (M_p - M)^2\bigr)\Bigr)^{1/2}

    with their means :math:`M_p`, standard deviations :math:`S_p` and the value :math:`M`. The
    second sees ends where no stationary prior fits: with the means on every second and every fourth
    node, counted from either end, the rate :math:`r` of convergence is estimated, and
    :math:`|M_2 - M| / (2^r - 1)` is what is left (Richardson; from eight nodes an axis); it is
    taken 1.25 times [4]_. Rounding is added. For other points, and on a line with a normal measure,
    `error` is the first number over the smoothnesses that `nu` asks for, so prefer ``nu="auto"``
    there.

    **No jitter.** Nothing is added to the diagonal of K. On a line with a Matern kernel K is never
    formed: a square-root Kalman filter with the integral in its state is accurate to rounding where
    the dense equations lose all digits. Elsewhere a pivoted Cholesky factor stops when nodes can no
    longer be told apart; the rule of the nodes so far is exact, and `rank` tells their number.

    **Complexity.** N nodes on a line, Matern: O(N) time and memory for each of at most about 150
    likelihoods. Grids: O(d N) for each, where axes with the RBF kernel or a normal measure of m
    nodes cost O(m^3). Other points: O(N^3) for each of some 30 likelihoods, one if `ell` is given,
    and 8 N^2 bytes.

    References
    ----------
    .. [1] A. O'Hagan, "Bayes-Hermite quadrature", Journal of Statistical Planning and Inference 29,
       1991.
    .. [2] S. Sarkka, A. Solin, "Applied stochastic differential equations", 2019, chapters 10, 12.
    .. [3] N. Kraemer, P. Hennig, "Stable implementation of probabilistic ODE solvers", 2020.
    .. [4] P. J. Roache, "Perspective: a method for uniform reporting of grid refinement studies",
       Journal of Fluids Engineering 116, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import bayes_quad
    >>> result = bayes_quad(lambda x: np.sin(5 * x), domain=(0.0, 1.0), n=20)
    >>> truth = (1 - np.cos(5.0)) / 5
    >>> abs(result.value - truth) <= result.error < 1e-4
    True

    Values at nodes of your own, of unknown smoothness:

    >>> x = np.array([0.0, 0.1, 0.25, 0.3, 0.5, 0.6, 0.8, 0.95])
    >>> kink = bayes_quad(abs(x - 0.37), x, domain=(0.0, 1.0), nu="auto")
    >>> kink.nu
    1.5
    >>> bool(abs(kink.value - 0.2669) <= kink.error)
    True

    An expectation under a normal distribution:

    >>> nodes = np.linspace(-4.0, 4.0, 15)
    >>> mean = bayes_quad(np.cos, nodes, kernel="rbf", measure=("normal", 0.0, 1.0))
    >>> round(mean.value, 4), round(np.exp(-0.5), 4)
    (0.6065, np.float64(0.6065))
    """
    against = check_measure(measure, domain)
    smoothness = check_kernel(kernel, nu)
    where, values, is_single = _data(f_or_y, nodes, n, against)
    lengths = None if ell is None else check_lengths(ell, against.dimension)
    known_scale = None if scale is None else check_real(scale, "scale", minimum=0, exclusive=True)
    noise = check_real(noise, "noise", minimum=0.0)
    level = check_level(confidence_level)
    n_threads = None if n_threads is None else check_integer(n_threads, "n_threads", minimum=1)
    _check_grid(where, against, noise)
    points = where.points
    found: Any
    if against.is_interval and where.axes is None and smoothness != np.inf:
        length = None if lengths is None else lengths[0]
        found = _core.bayes_line(
            points[:, 0], values, _ends(against), smoothness, length, known_scale, noise, n_threads
        )
    elif where.axes is not None:
        found = _core.bayes_grid(
            where.axes, values, against.axes, smoothness, lengths, known_scale, n_threads
        )
    else:
        target = against.joint or against.axes
        found = _core.bayes_scattered(
            points, values, target, smoothness, lengths, known_scale, noise, n_threads
        )
        if against.is_interval:
            # On a line the certificate does not depend on where the value came from.
            found |= _core.bayes_certificate(
                points[:, 0], values, _ends(against), noise, found["value"], n_threads
            )
    best = int(np.argmax(found["probability"]))
    n_distinct, rank = found["n_distinct"], min(found["rank"])
    t = quantile(_CERTIFICATE_LEVEL, n_distinct)
    error = np.maximum(t * found["spread"], _SAFETY * found["richardson"])

    def component(array: NDArray[np.float64]) -> Any:
        return float(array[0]) if is_single else array

    on_line = against.dimension == 1
    return BayesQuadResult(
        value=component(found["value"]),
        standard_deviation=component(found["standard_deviation"]),
        weights=found["weights"].reshape(where.shape),
        nodes=points[:, 0] if on_line else points,
        ell=float(found["ell"][best][0]) if on_line else found["ell"][best],
        nu=found["nu"][best],
        nu_probabilities=dict(zip(found["nu"], found["probability"], strict=True)),
        scale=component(found["scale"][best]),
        log_evidence=found["log_evidence"][best],
        confidence_level=level,
        n_distinct=n_distinct,
        rank=rank,
        error=component(error),
        error_kind="estimate",
        converged=bool(np.isfinite(found["value"]).all() and np.isfinite(error).all()),
        n_iter=1,
        message=_message(rank, n_distinct),
        _values=values,
        _nodes=where,
        _against=against,
        _noise=noise,
        _is_scale_known=known_scale is not None,
    )


def bayes_quad_weights(
    nodes: int | tuple[int, ...] | ArrayLike | tuple[ArrayLike, ...],
    *,
    domain: ArrayLike | None = None,
    kernel: str = "matern",
    nu: float = 2.5,
    ell: ArrayLike,
    noise: float = 0.0,
    measure: str | tuple[Any, ...] = "lebesgue",
    n_threads: int | None = None,
) -> Rule:
    r"""Return the rule of Bayesian quadrature for a prior of given length scale.

    Parameters
    ----------
    nodes : int, tuple of int, array-like, or tuple of array-like
        As in `bayes_quad`; an integer is the number of evenly spaced nodes of each axis, both ends
        included, a tuple of them in several dimensions that of each. Rules of evenly spaced nodes
        on a line are kept for the next call.
    domain : array-like of shape (2,) or (d, 2), optional
        Interval, or one for each axis; needed unless the measure is normal.
    kernel : {"matern", "rbf"}, default "matern"
        Correlation along an axis; in several dimensions the product.
    nu : {0.5, 1.5, 2.5, 3.5}, default 2.5
        Smoothness of the Matern kernel.
    ell : float or array-like of shape (d,)
        Length scale, in the unit of the nodes.
    noise : float, default 0
        Variance of the error of each value in units of the variance of the process. Must be 0 on a
        grid.
    measure : {"lebesgue"} or tuple, default "lebesgue"
        As in `bayes_quad`.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Returns
    -------
    Rule
        Nodes, weights (0 at nodes that were not used), and `variance`, that of the integral given
        the values at scale 1. Those of a grid have the last axis varying fastest.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    MemoryError
        When the dense equations do not fit into memory.

    See Also
    --------
    bayes_quad : Length scale, scale and smoothness from the values, and a certificate.

    Notes
    -----
    Without noise ``sqrt(variance)`` is the largest error among all functions of norm 1 in the
    reproducing kernel Hilbert space of the kernel, and no other weights at these nodes have a
    smaller one. Its functions have square integrable derivatives up to the order ``nu + 1/2``;
    for those the error falls like :math:`N^{-(\nu + 1/2)}`. Time, memory and accuracy are those of
    one solve of `bayes_quad`.

    Examples
    --------
    >>> from hasten.quadrature import bayes_quad_weights
    >>> rule = bayes_quad_weights(9, domain=(0.0, 1.0), nu=3.5, ell=0.3)
    >>> rule.weights.round(4)[:3]
    array([0.0489, 0.1465, 0.1133])
    >>> f"{rule.variance:.4e}"
    '6.9944e-06'
    >>> import numpy as np
    >>> float(rule(np.exp).round(2)), round(np.e - 1, 2)
    (1.72, 1.72)
    """
    against = check_measure(measure, domain)
    smoothness = check_kernel(kernel, nu, average=False)
    lengths = check_lengths(ell, against.dimension)
    noise = check_real(noise, "noise", minimum=0.0)
    n_threads = None if n_threads is None else check_integer(n_threads, "n_threads", minimum=1)
    is_even = _is_count(nodes, against)
    where = even_nodes(nodes, against) if is_even else check_nodes(nodes, against)
    _check_grid(where, against, noise)
    if smoothness is None:
        raise ValueError(f"`nu` must be a number; got {shown(nu)}")
    points = where.points
    if against.is_interval and where.axes is None and smoothness != np.inf:
        lower, upper = _ends(against)
        if is_even and 1 < len(points) <= _LONGEST_KEPT:
            width = upper - lower
            weights, variance = _even_rule(len(points), smoothness, lengths[0] / width, noise)
            weights, variance = width * weights, width * width * variance
        else:
            weights, variance, *_ = _core.bayes_line_rule(
                points[:, 0], (lower, upper), smoothness, lengths[0], noise
            )
    elif where.axes is not None:
        weights, variance, *_ = _core.bayes_grid_rule(
            where.axes, against.axes, smoothness, lengths, n_threads
        )
    else:
        target = against.joint or against.axes
        weights, variance, *_ = _core.bayes_scattered_rule(
            points, target, smoothness, lengths, noise, n_threads
        )
    on_line = against.dimension == 1
    a, b = _range(against)
    return Rule(
        nodes=points[:, 0].copy() if on_line else points.copy(),
        weights=weights,
        a=a,
        b=b,
        variance=variance,
    )


@functools.lru_cache(maxsize=32)
def _even_rule(n: int, nu: float, ell: float, noise: float) -> tuple[NDArray[np.float64], float]:
    """Make the rule of evenly spaced nodes on [0, 1], once."""
    weights, variance, *_ = _core.bayes_line_rule(
        np.linspace(0.0, 1.0, n), (0.0, 1.0), nu, ell, noise
    )
    weights.flags.writeable = False
    return weights, variance


def _data(
    f_or_y: Any, nodes: Any, n: Any, against: Against
) -> tuple[Nodes, NDArray[np.float64], bool]:
    if nodes is not None and n is not None:
        raise ValueError(f"`n` must be None where `nodes` are given; got {shown(n)}")
    if nodes is None and not callable(f_or_y):
        raise ValueError("`nodes` must be given with values; got None")
    where = even_nodes(n, against) if nodes is None else check_nodes(nodes, against)
    if callable(f_or_y):
        return where, *evaluate(f_or_y, where)
    return where, *check_values(f_or_y, where, "f_or_y")


def _is_count(nodes: Any, against: Against) -> bool:
    """Tell numbers of nodes from nodes; on a line a sequence holds nodes."""
    if isinstance(nodes, list | tuple) and against.dimension > 1:
        return all(isinstance(k, int | np.integer) for k in nodes)
    return isinstance(nodes, int | np.integer) and not isinstance(nodes, bool)


def _check_grid(where: Nodes, against: Against, noise: float) -> None:
    if where.axes is None:
        return
    if noise > 0:
        raise ValueError(
            f"`noise` must be 0 on a grid; got {noise} (pass the points as one array instead)"
        )
    if against.joint is not None:
        raise ValueError(
            "`nodes` must not be a grid where axes of the measure are correlated; pass the points "
            "as one array instead"
        )


def _ends(against: Against) -> tuple[float, float]:
    return against.axes[0][1:]


def _range(against: Against) -> tuple[Any, Any]:
    low = [first if name == "lebesgue" else -np.inf for name, first, _ in against.axes]
    high = [second if name == "lebesgue" else np.inf for name, _, second in against.axes]
    return (low[0], high[0]) if len(low) == 1 else (np.array(low), np.array(high))


def _message(rank: int, n_distinct: int) -> str:
    if rank < n_distinct:
        return f"{rank} of {n_distinct} used: double precision cannot tell the others apart"
    return f"all {n_distinct} nodes used"
