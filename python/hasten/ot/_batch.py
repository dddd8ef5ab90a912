"""Many small problems at once: `sinkhorn_batch`."""

from __future__ import annotations

import math
import operator
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import backend_of
from hasten._core import ot as _core
from hasten._exceptions import ConvergenceWarning
from hasten._result import Result
from hasten._validation import as_array, check_array, check_choice, shown
from hasten.ot._groups import Batch, solve_groups
from hasten.ot._inputs import (
    check_dense,
    check_masses,
    check_reg_marginals,
    match_masses,
)
from hasten.ot._options import check_options
from hasten.ot._range import check_range
from hasten.ot._solve import WARNED, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from hasten.ot._result import SinkhornResult

METHODS = ("auto", "sinkhorn", "log")


@dataclass(frozen=True, eq=False, kw_only=True)
class BatchResult(Result):
    """Answers of many transport problems, one an entry.

    Attributes
    ----------
    value, value_linear, gap, marginal_error : array of float64, shape (B,)
        As in `SinkhornResult`, for each problem.
    f, g : array of float64, shape (B, n) and (B, m)
        The potentials.
    error : array of float64, shape (B,)
        `marginal_error`.
    error_kind : str
        "bound": computed in float64 from the returned potentials.
    converged : array of bool, shape (B,)
        Whether `error` is at most the tolerance times the mass.
    n_iter : array of int64, shape (B,)
        Passes over the cost.
    message : str
        How many problems converged.
    history : None
        Batches keep none.

    Notes
    -----
    ``result[k]`` is the `SinkhornResult` of problem k, with its plan and gradients; making it takes
    one pass over that cost.

    Examples
    --------
    >>> from hasten.ot import sinkhorn_batch
    >>> result = sinkhorn_batch(
    ...     [[0.5, 0.5], [1.0, 0.0]], [0.5, 0.5], [[0.0, 1.0], [1.0, 0.0]], reg=0.1
    ... )
    >>> result.value.round(4)
    array([0.0693, 0.5   ])
    >>> result[1].plan.round(4)
    array([[0.5, 0.5],
           [0. , 0. ]])
    """

    converged: NDArray[np.bool_]  # type: ignore[assignment]
    n_iter: NDArray[np.int64]  # type: ignore[assignment]
    error: NDArray[np.float64] = field(repr=False)  # type: ignore[assignment]
    value: NDArray[np.float64]
    value_linear: NDArray[np.float64] = field(repr=False)
    gap: NDArray[np.float64] = field(repr=False)
    marginal_error: NDArray[np.float64] = field(repr=False)
    f: NDArray[np.float64] = field(repr=False)
    g: NDArray[np.float64] = field(repr=False)
    _batch: Batch = field(repr=False)
    _answer: dict[str, Any] = field(repr=False)

    @property
    def value_lower(self) -> NDArray[np.float64]:
        """Lower bounds of the exact values."""
        return self.value

    @property
    def value_upper(self) -> NDArray[np.float64]:
        """Upper bounds of the exact values."""
        return self.value + self.gap

    def __len__(self) -> int:
        """Return the number of problems."""
        return len(self._answer["value"])

    def __getitem__(self, k: int) -> SinkhornResult:
        """Return the result of one problem."""
        try:
            k = range(len(self))[operator.index(k)]
        except TypeError:
            raise TypeError(
                f"a batch must be indexed by one integer, the number of a problem; got {shown(k)}"
            ) from None
        if np.isnan(self._answer["value"][k]):
            raise ValueError(f"problem {k} was not solved: the callback ended the solve before it")
        problem = self._batch.problem(k)
        f, g = self._answer["f"][k].copy(), self._answer["g"][k].copy()
        found = _core.certificate(
            problem.cost, problem.a, problem.b, f, g, problem.reg, problem.reg_marginals,
            problem.threads(),
        )  # fmt: skip
        answer = {
            **found,
            "f": f,
            "g": g,
            "status": str(self._answer["status"][k]),
            "n_iter": int(self._answer["n_iter"][k]),
            "n_newton": int(self._answer["n_newton"][k]),
            "n_cg": int(self._answer["n_cg"][k]),
            "density": float(self._answer["density"][k]),
            "method": str(self._answer["methods"][k]),
        }
        everything = (np.ones(len(f), bool), np.ones(len(g), bool))
        tol, max_iter = self._batch.tol, self._batch.max_iter
        return wrap(problem, answer, everything, tol, max_iter, "sinkhorn_batch")[0]

    def __iter__(self) -> Iterator[SinkhornResult]:
        """Yield the result of each problem."""
        return (self[k] for k in range(len(self)))

    def __str__(self) -> str:
        """Return how many problems there are, and how far the worst is."""
        error, passes = np.asarray(self.error), np.asarray(self.n_iter)
        return (
            f"{len(self)} transport problems: {self.message}, worst marginal error "
            f"{np.nanmax(error):.1e}, {passes.min()} to {passes.max()} passes"
        )


def sinkhorn_batch(
    a: ArrayLike | None,
    b: ArrayLike | None,
    cost: ArrayLike,
    *,
    reg: float | ArrayLike,
    method: str = "auto",
    reg_marginals: float | tuple[float, float] = math.inf,
    tol: float | None = None,
    max_iter: int = 10_000,
    precision: str = "auto",
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
) -> BatchResult:
    """Solve many transport problems of one size together.

    Each problem is that of `sinkhorn`. A thread solves one problem at a time, so that small ones
    stay in its cache.

    Parameters
    ----------
    a : array-like of shape (B, n) or (n,), or None
        Non-negative weights of the rows, of each problem or shared by all; None for equal weights
        that sum to 1.
    b : array-like of shape (B, m) or (m,), or None
        Non-negative weights of the columns; sums as in `sinkhorn`.
    cost : array-like of shape (n, m) or (B, n, m)
        Costs, shared by all or of each problem.
    reg : float or array-like of shape (B,)
        Strength of the entropic term.
    method : {"auto", "sinkhorn", "log"}, default "auto"
        As in `sinkhorn`: "auto" changes to Newton steps where they are predicted to take less
        time, for each problem on its own.
    reg_marginals : float or pair of float, default inf
        As in `sinkhorn`, for all problems.
    tol : float, optional
        As in `sinkhorn`, for each problem.
    max_iter : int, default 10,000
        Largest number of passes over each cost.
    precision : {"auto", "float64", "mixed"}, default "auto"
        As in `sinkhorn`.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` after each group of problems, with their number so far as
        ``info.n_iter`` and the worst marginal error as ``info.error``. Returning True ends the
        solve; what was not reached has the value NaN. Problems are taken in their order, except
        that those whose zero weights are at the same places come together.
    progress : bool, default False
        Show a tqdm bar.

    Returns
    -------
    BatchResult
        Arrays with one entry a problem.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When a problem did not meet the tolerance, unless the callback asked to stop.

    See Also
    --------
    sinkhorn : One problem; certificate and references stand there.

    Notes
    -----
    **Certificate.** That of `sinkhorn`, for each problem.

    **Complexity.** O(nm) time a pass and problem. Problems with zero weights are solved together
    only with those that have them at the same places.

    **Peak memory.** The results, 8 (n + m) B bytes, and for each thread nm numbers and what a
    Newton step of `sinkhorn` needs.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import sinkhorn_batch
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.dirichlet(np.ones(5), size=3), rng.dirichlet(np.ones(4), size=3)
    >>> result = sinkhorn_batch(a, b, rng.random((5, 4)), reg=[0.1, 0.2, 0.3])
    >>> result.converged
    array([ True,  True,  True])
    >>> result.f.shape, result.g.shape
    ((3, 5), (3, 4))
    """
    check_choice(method, "method", METHODS)
    options = check_options(
        tol=tol,
        max_iter=max_iter,
        method=method,
        precision=precision,
        callback=callback,
        progress=progress,
    )
    _threads.resolve(n_threads)
    strengths = check_reg_marginals(reg_marginals)
    costs = None if a is not None and b is not None else _check_costs(cost)
    weights_a, single_a = _check_weights(a, "a", costs, 0)
    weights_b, single_b = _check_weights(b, "b", costs, 1)
    costs = _check_costs(cost, (weights_a.shape[-1], weights_b.shape[-1]))
    regs = _check_regs(reg)
    size = _batch_size(a=weights_a[..., 0], b=weights_b[..., 0], cost=costs[..., 0, 0], reg=regs)
    # Copies, so that what a caller writes into weights does not change a result.
    weights_a, weights_b = (
        np.array(np.broadcast_to(weights, (size, weights.shape[-1])), order="C")
        for weights in (weights_a, weights_b)
    )
    if math.isinf(strengths[0]) and math.isinf(strengths[1]):
        single = single_a or single_b or costs.dtype == np.float32
        weights_b = match_masses(weights_a, weights_b, is_single=single)
    masses = {"the sum of `a`": weights_a, "the sum of `b`": weights_b}
    check_range(costs, masses, regs, strengths)
    batch = Batch(
        cost=costs,
        a=weights_a,
        b=weights_b,
        reg=np.array(np.broadcast_to(regs, (size,)), order="C"),
        reg_marginals=strengths,
        n_threads=n_threads,
        backend=backend_of(a, b, cost, reg),
        method=method,
        tol=options.tolerance(costs.dtype),
        max_iter=options.max_iter,
    )
    answer = solve_groups(batch, options)
    result = _wrap(batch, answer)
    short = sum(status in WARNED for status in answer["status"])
    if short:
        warnings.warn(
            f"sinkhorn_batch did not converge: {result.message}; raise `max_iter`, `tol` or `reg`",
            ConvergenceWarning,
            stacklevel=2,
        )
    return result


def _check_weights(
    value: Any, name: str, costs: NDArray[Any] | None, axis: int
) -> tuple[NDArray[np.float64], bool]:
    if value is None and costs is not None:
        size = costs.shape[costs.ndim - 2 + axis]
        return np.full(size, 1.0 / size), False
    check_dense(value, name)
    given = as_array(value, name)
    if given.ndim not in (1, 2):
        raise ValueError(f"`{name}` must have 1 or 2 dimensions; got shape {given.shape}")
    array = check_array(given, name, ndim=given.ndim)
    weights = array.astype(np.float64, copy=False)
    check_masses(weights, name)
    return weights, array.dtype == np.float32


def _check_costs(value: Any, shape: tuple[int, int] | None = None) -> NDArray[Any]:
    check_dense(value, "cost")
    given = as_array(value, "cost")
    is_matrix = given.ndim in (2, 3)
    if shape is None and not is_matrix:
        raise ValueError(f"`cost` must have 2 or 3 dimensions; got shape {given.shape}")
    if shape is not None and not (is_matrix and given.shape[-2:] == shape):
        n, m = shape
        raise ValueError(
            f"`cost` must have shape ({n}, {m}) or (B, {n}, {m}) to match `a` and `b`; got "
            f"{given.shape}"
        )
    if given.size == 0:
        raise ValueError(f"`cost` must not be empty; got shape {given.shape}")
    return check_array(given, "cost", ndim=given.ndim)


def _check_regs(value: Any) -> NDArray[np.float64]:
    given = as_array(value, "reg")
    if given.ndim > 1:
        raise ValueError(f"`reg` must be a number or have 1 dimension; got shape {given.shape}")
    if given.size == 0:
        raise ValueError(f"`reg` must not be empty; got shape {given.shape}")
    regs = check_array(given, "reg", ndim=given.ndim, dtype="float64")
    bad = np.flatnonzero(regs <= 0)
    if bad.size:
        raise ValueError(
            f"`reg` must be greater than 0; got {regs.reshape(-1)[bad[0]]} at index {bad[0]}"
        )
    return regs.astype(np.float64, copy=False)


def _batch_size(**first_entries: NDArray[Any]) -> int:
    sizes = {name: len(array) for name, array in first_entries.items() if array.ndim}
    if not sizes:
        return 1
    found = {*sizes.values()}
    if len(found) > 1:
        listed = ", ".join(f"`{name}` {size}" for name, size in sizes.items())
        raise ValueError(f"{listed}: numbers of problems must agree")
    return found.pop()


def _wrap(batch: Batch, answer: dict[str, Any]) -> BatchResult:
    def own(values: NDArray[Any]) -> Any:
        # A copy, so that what a caller writes into it does not change another answer.
        return batch.backend.wrap(values.copy())

    converged = answer["status"] == "converged"
    n_converged = int(converged.sum())
    return BatchResult(
        value=own(answer["value"]),
        value_linear=own(answer["value_linear"]),
        gap=own(answer["gap"]),
        marginal_error=own(answer["marginal_error"]),
        f=own(answer["f"]),
        g=own(answer["g"]),
        error=own(answer["marginal_error"]),
        error_kind="bound",
        converged=own(converged),
        n_iter=own(answer["n_iter"]),
        message=f"{n_converged} of {len(converged)} converged to tol={batch.tol:g}",
        _batch=batch,
        _answer=answer,
    )
