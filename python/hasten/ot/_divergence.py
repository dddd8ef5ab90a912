"""A distance between clouds of points: `sinkhorn_divergence`."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hasten._backend import backend_of
from hasten._core import ot as _core
from hasten._exceptions import ConvergenceWarning
from hasten._progress import progress_bar
from hasten._result import Result
from hasten._validation import check_flag
from hasten.ot import _gradient
from hasten.ot._inputs import check_reg_marginal
from hasten.ot._options import check_options
from hasten.ot._problem import points_problem
from hasten.ot._solve import solve, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from hasten.ot._options import Options
    from hasten.ot._problem import Problem
    from hasten.ot._result import SinkhornResult


@dataclass(frozen=True, eq=False, kw_only=True)
class DivergenceResult(Result):
    """The Sinkhorn divergence, its bounds, and the three problems that it is made of.

    Attributes
    ----------
    value : float
        The divergence: the middle of its bounds.
    value_lower, value_upper : float
        Bounds of the exact divergence.
    cross : SinkhornResult
        Transport of `X` to `Y`.
    within_x, within_y : SinkhornResult
        Transport of `X` to itself, and of `Y`; the two potentials of each are equal.
    grad_a, grad_b : array of float64, shape (n,) and (m,), or None
        With ``grad=True``, derivatives by the weights; in a balanced problem up to a constant.
    grad_x, grad_y : array of shape (n, d) and (m, d), or None
        With ``grad=True``, derivatives by the points.
    error : float
        Half the distance of the bounds: `value` is off by at most this.
    error_kind : str
        "bound": proved from the gaps of the three problems.
    converged : bool
        Whether each of the three problems met the tolerance.
    n_iter : int
        Passes over distances in all three.
    message : str
        How the solve that fared worst ended.
    history : dict of ndarray, or None
        Of `cross`, with ``trace=True``.

    Examples
    --------
    >>> from hasten.ot import sinkhorn_divergence
    >>> result = sinkhorn_divergence([[0.0], [1.0]], [[2.0], [3.0]], reg=1.0)
    >>> round(result.value, 6), result.error < 1e-8
    (4.0, True)
    """

    value: float
    value_lower: float
    value_upper: float
    cross: SinkhornResult = field(repr=False)
    within_x: SinkhornResult = field(repr=False)
    within_y: SinkhornResult = field(repr=False)
    grad_a: NDArray[np.float64] | None = field(default=None, repr=False)
    grad_b: NDArray[np.float64] | None = field(default=None, repr=False)
    grad_x: NDArray[Any] | None = field(default=None, repr=False)
    grad_y: NDArray[Any] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the value with its bounds and the status."""
        status = "converged" if self.converged else "NOT converged"
        return (
            f"Sinkhorn divergence {self.value:.10g} +- {self.error:.1e}: {status} after "
            f"{self.n_iter} passes"
        )


def sinkhorn_divergence(
    X: ArrayLike,
    Y: ArrayLike,
    a: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    reg: float,
    metric: str = "sqeuclidean",
    grad: bool = False,
    method: str = "auto",
    reg_marginals: float = math.inf,
    tol: float | None = None,
    max_iter: int = 10_000,
    eps_scaling: bool | str = "auto",
    precision: str = "auto",
    memory: str = "auto",
    sns_options: dict[str, Any] | None = None,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> DivergenceResult:
    r"""Measure how far two clouds of points are apart, with zero between equal ones.

    .. math:: S(a, b) = \mathrm{OT}(a, b) - \tfrac12 \mathrm{OT}(a, a) - \tfrac12 \mathrm{OT}(b, b)
        + \tfrac{\text{reg}}{2} \Bigl(\sum a - \sum b\Bigr)^2

    Entropic transport of a measure to itself is not free; the divergence takes that bias off. It is
    non-negative and zero only between equal measures for the metrics "sqeuclidean", "euclidean" and
    "cityblock" [1]_, and lies between a maximum mean discrepancy (large `reg`) and exact transport
    (small `reg`).

    Parameters
    ----------
    X : array-like of shape (n, d)
        Points.
    Y : array-like of shape (m, d)
        Points.
    a, b : array-like of shape (n,) and (m,), optional
        Non-negative weights, as in `sinkhorn_points`.
    reg : float
        Strength of the entropic term, in the units of the metric.
    metric : {"sqeuclidean", "euclidean", "cosine", "cityblock"}, default "sqeuclidean"
        As in `sinkhorn_points`.
    grad : bool, default False
        Compute derivatives by weights and points.
    method : {"auto", "sinkhorn", "log", "sns", "sns_paper"}, default "auto"
        Of the transport from `X` to `Y`, as in `sinkhorn`; Newton steps need infinite
        `reg_marginals`.
    reg_marginals : float, default inf
        As in `sinkhorn`, one strength for both sides.
    tol : float, optional
        As in `sinkhorn_points`, for each of the three problems.
    max_iter : int, default 10,000
        Largest number of passes in each of the three problems.
    eps_scaling : {"auto", True, False}, default "auto"
        As in `sinkhorn`.
    precision : {"auto", "float64", "mixed"}, default "auto"
        As in `sinkhorn`.
    memory : {"auto", "low"}, default "auto"
        As in `sinkhorn_points`.
    sns_options : dict, optional
        As in `sinkhorn`.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        As in `sinkhorn`; it hears of the three solves one after the other, and ends the one that
        runs.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep the history of the transport from `X` to `Y`.

    Returns
    -------
    DivergenceResult
        Value with bounds, derivatives, and the results of the three problems.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When one of the problems did not meet the tolerance, unless the callback asked to stop.

    See Also
    --------
    sinkhorn_points : The transport problem itself.

    Notes
    -----
    **Certificate.** With lower and upper bounds of the three values, :math:`S` is at least lower -
    (upper + upper)/2 and at most upper - (lower + lower)/2; ``error`` is half the difference.

    **Algorithm.** The problems of a cloud with itself have one potential, found by :math:`f \gets
    (f + T f) / 2` with the soft transform :math:`T` in a few passes (Section 3.1 of [1]_).

    **Gradients.** By the envelope theorem, :math:`\partial S / \partial a = f_{ab} - f_{aa}`
    (unbalanced: of :math:`(\rho + \text{reg})(1 - e^{-f/\rho})`), and the derivative by a point is
    the difference of those of the two transport terms. They are off by the order of the marginal
    errors.

    **Complexity.** O((n + m)^2 d) time a pass over all three.

    **Peak memory.** That of `sinkhorn_points` for each problem, one after the other.

    References
    ----------
    .. [1] J. Feydy, T. Sejourne, F.-X. Vialard, S. Amari, A. Trouve, G. Peyre, "Interpolating
       between optimal transport and MMD using Sinkhorn divergences", AISTATS 2019,
       arXiv 1810.08278.

    Examples
    --------
    The divergence of a translation is its squared length, whatever `reg`:

    >>> import numpy as np
    >>> from hasten.ot import sinkhorn_divergence
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> result = sinkhorn_divergence(X, X + [3.0, 4.0], reg=1.0, grad=True)
    >>> round(result.value, 6)
    25.0
    >>> (100 * result.grad_y).round(4)[0]
    array([6., 8.])
    """
    options = check_options(
        tol=tol,
        max_iter=max_iter,
        method=method,
        sns_options=sns_options,
        eps_scaling=eps_scaling,
        precision=precision,
        memory=memory,
        callback=callback,
        progress=progress,
        trace=trace,
    )
    grad = check_flag(grad, "grad")
    rho = check_reg_marginal(reg_marginals)
    problem = points_problem(X, Y, a, b, metric, reg, rho, n_threads, backend_of(X, Y, a, b))
    result, warning = _divergence(problem, options, grad=grad)
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return result


def _divergence(
    problem: Problem, options: Options, *, grad: bool
) -> tuple[DivergenceResult, str | None]:
    cross, warning = solve(problem, options, None, "sinkhorn_divergence")
    X, Y, metric = problem.cost
    within_x, warning_x = _within(replace(problem, cost=(X, X, metric), b=problem.a), options)
    within_y, warning_y = _within(replace(problem, cost=(Y, Y, metric), a=problem.b), options)
    parts = (cross, within_x, within_y)
    lower = cross.value_lower - (within_x.value_upper + within_y.value_upper) / 2
    upper = cross.value_upper - (within_x.value_lower + within_y.value_lower) / 2
    if not problem.is_balanced:
        extra = problem.reg / 2 * float(problem.a.sum() - problem.b.sum()) ** 2
        lower, upper = lower + extra, upper + extra
    worst = max(parts, key=lambda part: (not part.converged, part.error))
    result = DivergenceResult(
        value=lower + (upper - lower) / 2,
        value_lower=lower,
        value_upper=upper,
        cross=cross,
        within_x=within_x,
        within_y=within_y,
        error=(upper - lower) / 2,
        error_kind="bound",
        converged=all(part.converged for part in parts),
        n_iter=sum(part.n_iter for part in parts),
        message=worst.message,
        history=cross.history,
        **(_gradients(problem, cross, within_x, within_y) if grad else {}),
    )
    return result, warning or warning_x or warning_y


def _within(problem: Problem, options: Options) -> tuple[SinkhornResult, str | None]:
    """Solve the problem of a cloud with itself, which has one potential."""
    kept, rows, columns = problem.supported()
    tol, rho = options.tolerance(problem.dtype), problem.reg_marginals[0]
    with progress_bar(options.callback, "within one cloud", show=options.progress) as hook:
        found = _core.symmetric(
            kept.cost, kept.a, kept.reg, rho, tol, options.max_iter, options.precision,
            problem.threads(), hook,
        )  # fmt: skip
    answer = {
        **found,
        "g": found["f"].copy(),
        "n_newton": 0,
        "n_cg": 0,
        "density": math.nan,
        "method": "symmetric",
    }
    support = (rows, columns)
    return wrap(problem, answer, support, tol, options.max_iter, "sinkhorn_divergence")


def _gradients(
    problem: Problem, cross: SinkhornResult, within_x: SinkhornResult, within_y: SinkhornResult
) -> dict[str, Any]:
    gradients = {}
    wrap_array = problem.backend.wrap
    for side, (weights, points, within) in enumerate(
        [("grad_a", "grad_x", within_x), ("grad_b", "grad_y", within_y)]
    ):
        rho = problem.reg_marginals[side]
        apart, alone = (
            _gradient.by_potential(part._potentials[side], rho, problem.reg)
            for part in (cross, within)
        )
        gradients[weights] = wrap_array(apart - alone)
        # Both sides of `within` move with the points, and half of it is taken off.
        moved = _gradient.of_points(problem, cross._potentials, columns=side == 1)
        gradients[points] = wrap_array(
            moved - _gradient.of_points(within._problem, within._potentials, columns=False)
        )
    return gradients
