"""The mean of histograms under transport: `barycenter`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import backend_of
from hasten._core import ot as _core
from hasten._exceptions import ConvergenceWarning
from hasten._progress import progress_bar
from hasten._result import Result
from hasten._validation import check_array, check_flag
from hasten.ot import _report
from hasten.ot._inputs import check_masses, check_matrix, check_reg, match_masses
from hasten.ot._options import check_options
from hasten.ot._range import check_range
from hasten.ot._solve import WARNED

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from hasten.ot._options import Options

# The debiased iteration converges sublinearly: a smaller residual takes thousands of passes.
_TOL_DEBIASED = 1e-4

# Weights of histograms that sum to 1 up to this are rescaled to it.
_SUM_TO_ONE = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class BarycenterResult(Result):
    """The barycenter of histograms.

    Attributes
    ----------
    barycenter : array of shape (n,)
        The mean histogram, in the precision of the histograms. It has their mass at the exact
        barycenter; debiased, up to `error` at any other.
    error : float
        How far the plans from the histograms are from having the barycenter as their common
        marginal: the largest of the L1 distances, and if `debiased` at least twice the mass that
        the correction of the bias moved in the last pass.
    error_kind : str
        "estimate": it vanishes at the exact barycenter, but does not bound the distance to it.
    converged : bool
        Whether `error` is at most the tolerance times the mass.
    n_iter : int
        Passes over all histograms.
    message : str
        How the solve ended.
    history : dict of ndarray, or None
        "n_iter" and "error" of each pass, with ``trace=True``.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import barycenter
    >>> x = np.linspace(0.0, 1.0, 5)
    >>> histograms = np.eye(5)[:, [0, 4]]
    >>> result = barycenter(histograms, (x[:, None] - x) ** 2, reg=0.01)
    >>> int(result.barycenter.argmax())
    2
    """

    barycenter: NDArray[Any] = field(repr=False)

    def __str__(self) -> str:
        """Return the size, the status and the residual."""
        status = "converged" if self.converged else "NOT converged"
        return (
            f"Barycenter on {len(self.barycenter)} bins: {status} after {self.n_iter} passes, "
            f"marginals off by {self.error:.1e}"
        )


def barycenter(
    histograms: ArrayLike,
    cost: ArrayLike,
    *,
    reg: float,
    weights: ArrayLike | None = None,
    debiased: bool = True,
    tol: float | None = None,
    max_iter: int = 10_000,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> BarycenterResult:
    r"""Find the histogram that is closest to all `histograms` under entropic transport.

    .. math:: \min_p \sum_k w_k \mathrm{OT}(p, h_k) \qquad \text{or, debiased,} \qquad
        \min_p \sum_k w_k S(p, h_k)

    with the transport value of `sinkhorn` (its entropy relative to the uniform measure) and the
    divergence of `sinkhorn_divergence`.

    Parameters
    ----------
    histograms : array-like of shape (n, K)
        Non-negative weights, one histogram a column, all with the same sum up to a relative 1e-6
        (1e-4 in float32); they are rescaled to that of the first.
    cost : array-like of shape (n, n)
        Costs between bins; symmetric if `debiased`.
    reg : float
        Strength of the entropic term, in the units of `cost`.
    weights : array-like of shape (K,), optional
        Non-negative weights of the histograms that sum to 1; equal ones by default.
    debiased : bool, default True
        Take off the blur that entropy adds [2]_.
    tol : float, optional
        Accept the answer when `error` is at most this times the mass: by default 1e-9, or 1e-5 if
        `cost` is float32; and 1e-4 if `debiased`, where `error` falls with the number of passes
        rather than geometrically.
    max_iter : int, default 10,000
        Largest number of passes.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` with ``info.n_iter``, ``info.error`` as in the result, and
        ``info.x``, the current barycenter. Returning True ends the solve.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep the error of each pass.

    Returns
    -------
    BarycenterResult
        The histogram and how it was found.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When the tolerance was not met, unless the callback asked to stop.

    See Also
    --------
    SinkhornBarycenter : The same as a scikit-learn estimator.

    Notes
    -----
    **Certificate.** `error` is the residual of the fixed point, an estimate and no bound of the
    distance to the exact barycenter. Debiased, the residual falls faster than that distance: of
    histograms that differ much, mass may still move after ten thousand passes, and a smaller `tol`
    shows whether it does.

    **Algorithm.** Iterated Bregman projections in the log domain (Section 3.2 of [1]_); debiased,
    Algorithm 1 of [2]_.

    **Complexity.** O(n^2 K) time a pass; debiased, O(n^2 (K + 1)).

    **Peak memory.** 32 n K bytes beside the inputs.

    References
    ----------
    .. [1] J.-D. Benamou, G. Carlier, M. Cuturi, L. Nenna, G. Peyre, "Iterative Bregman projections
       for regularized transportation problems", SIAM Journal on Scientific Computing 37(2), 2015.
    .. [2] H. Janati, M. Cuturi, A. Gramfort, "Debiased Sinkhorn barycenters", ICML 2020,
       arXiv 2006.02575.

    Examples
    --------
    The mean of two bumps is one bump between them:

    >>> import numpy as np
    >>> from hasten.ot import barycenter
    >>> x = np.linspace(0.0, 1.0, 51)
    >>> bumps = np.exp(-((x[:, None] - [0.25, 0.65]) ** 2) / 0.005)
    >>> result = barycenter(bumps / bumps.sum(axis=0), (x[:, None] - x) ** 2, reg=0.002)
    >>> result.converged, round(float(x @ result.barycenter), 4)
    (True, 0.45)
    """
    options = check_options(
        tol=tol, max_iter=max_iter, callback=callback, progress=progress, trace=trace
    )
    result, warning = fit(
        histograms, cost, reg, weights, options, debiased=debiased, n_threads=n_threads
    )
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return result


def fit(
    histograms: Any,
    cost: Any,
    reg: Any,
    weights: Any,
    options: Options,
    *,
    debiased: Any,
    n_threads: int | None,
) -> tuple[BarycenterResult, str | None]:
    """Do the work of `barycenter`, returning its warning instead of raising it.

    Parameters
    ----------
    histograms, cost, reg, weights, debiased, n_threads
        As in `barycenter`.
    options : Options
        The others.

    Returns
    -------
    result : BarycenterResult
        The answer.
    warning : str or None
        What a `ConvergenceWarning` should say.
    """
    debiased, reg = check_flag(debiased, "debiased"), check_reg(reg)
    columns = check_matrix(histograms, "histograms")
    n, count = columns.shape
    rows = np.ascontiguousarray(columns.T, np.float64)
    _check_histograms(rows)
    matrix = check_matrix(cost, "cost", (n, n), " to match `histograms`")
    if debiased and not np.array_equal(matrix, matrix.T):
        _refuse_asymmetric(matrix)
    single = np.float32 in (columns.dtype, matrix.dtype)
    rows = _same_mass(rows, is_single=single)
    check_range(matrix, {"each sum of `histograms`": rows}, reg, (np.inf, np.inf))
    by_default = _TOL_DEBIASED if debiased else options.tolerance(matrix.dtype)
    tol = by_default if options.tol is None else options.tol
    mass = float(rows[0].sum())
    with progress_bar(options.callback, "barycenter", show=options.progress) as hook:
        answer = _core.barycenter(
            matrix,
            rows,
            _check_mixture(weights, count),
            reg,
            debiased,
            tol,
            options.max_iter,
            _threads.resolve(n_threads),
            hook,
            options.trace,
        )
    status, error = answer["status"], answer["error"]
    history = None
    if answer["history_n_iter"] is not None:
        history = {"n_iter": answer["history_n_iter"], "error": answer["history_error"]}
    message = _report.message(status, error, tol, mass, options.max_iter)
    result = BarycenterResult(
        barycenter=backend_of(histograms, cost).wrap(
            answer["weights"].astype(columns.dtype, copy=False)
        ),
        error=error,
        error_kind="estimate",
        converged=status == "converged",
        n_iter=answer["n_iter"],
        message=message,
        history=history,  # type: ignore[arg-type]
    )
    if status not in WARNED:
        return result, None
    return result, _report.warning("barycenter", "projections", result.n_iter, message, status)


def _check_histograms(rows: NDArray[np.float64]) -> None:
    """Check weights, naming columns as the caller wrote them."""
    if rows.min() < 0:
        column, place = np.argwhere(rows < 0)[0].tolist()
        raise ValueError(
            f"`histograms` must not be negative; got {rows[column, place]} at index "
            f"{(place, column)}"
        )
    empty = np.flatnonzero(~rows.any(axis=1))
    if empty.size:
        raise ValueError(f"`histograms` must have positive sums; column {empty[0]} is all zero")
    check_masses(rows, "histograms")


def _same_mass(rows: NDArray[np.float64], *, is_single: bool) -> NDArray[np.float64]:
    first = np.broadcast_to(rows[:1], rows.shape)
    try:
        return np.ascontiguousarray(match_masses(first, rows, is_single=is_single))
    except ValueError:
        mass = rows.sum(axis=1)
        k = int(np.abs(mass / mass[0] - 1).argmax())
        raise ValueError(
            f"`histograms` must have the same sum in each column; got {mass[0]:.9g} in column 0 "
            f"and {mass[k]:.9g} in column {k}"
        ) from None


def _refuse_asymmetric(matrix: NDArray[Any]) -> None:
    apart = np.abs(matrix - matrix.T)
    scale = float(np.abs(matrix).max())
    if float(apart.max()) > 16 * np.finfo(matrix.dtype).eps * scale:
        i, j = np.unravel_index(int(apart.argmax()), apart.shape)
        raise ValueError(
            f"`cost` must be symmetric with debiased=True; got {matrix[i, j]} at index "
            f"{(int(i), int(j))} and {matrix[j, i]} at {(int(j), int(i))}"
        )


def _check_mixture(weights: Any, count: int) -> NDArray[np.float64]:
    if weights is None:
        return np.full(count, 1.0 / count)
    given = check_array(weights, "weights", shape=(count,), dtype="float64")
    mixture = given.astype(np.float64, copy=False)
    check_masses(mixture, "weights")
    total = float(mixture.sum())
    if abs(total - 1.0) > _SUM_TO_ONE:
        raise ValueError(f"`weights` must sum to 1; got {total:.9g}")
    return mixture / total
