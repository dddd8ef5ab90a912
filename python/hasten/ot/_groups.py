"""A checked batch, solved in groups of problems whose zero weights are at the same places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._core import ot as _core
from hasten._progress import progress_bar
from hasten.ot._problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ot._options import Options


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """The checked problems of a batch.

    Attributes
    ----------
    cost : ndarray of shape (n, m) or (B, n, m)
        Costs, shared by all or of each problem.
    a, b : ndarray of float64, shape (B, n) and (B, m)
        Non-negative weights.
    reg : ndarray of float64, shape (B,)
        Strengths of the entropic term.
    reg_marginals : tuple of float
        Strengths of the marginal terms.
    n_threads : int or None
        As the caller gave it.
    backend : Backend
        The array library of the answers.
    method : str
        The iteration.
    tol : float
        The tolerance.
    max_iter : int
        The limit of passes.
    """

    cost: NDArray[Any]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    reg: NDArray[np.float64]
    reg_marginals: tuple[float, float]
    n_threads: int | None
    backend: Backend
    method: str
    tol: float
    max_iter: int

    def problem(self, k: int) -> Problem:
        """Return one problem.

        Parameters
        ----------
        k : int
            Its number.

        Returns
        -------
        Problem
            Of the same memory.
        """
        return Problem(
            cost=self.cost if self.cost.ndim == 2 else self.cost[k],
            a=self.a[k],
            b=self.b[k],
            reg=float(self.reg[k]),
            reg_marginals=self.reg_marginals,
            n_threads=self.n_threads,
            backend=self.backend,
        )


@dataclass(frozen=True, kw_only=True)
class _Info:
    """What a hook hears of a batch."""

    n_iter: int
    error: float
    x: NDArray[np.float64]


class _Hook:
    """The caller's hook as the groups of a batch share it: it hears of the batch as a whole."""

    def __init__(self, listen: Callable[[Any], object]) -> None:
        self.listen = listen
        self.n_before = 0
        self.worst = 0.0
        self.is_stopped = False

    def __call__(self, info: Any) -> bool:
        self.worst = max(self.worst, info.error)
        heard = _Info(n_iter=self.n_before + info.n_iter, error=self.worst, x=info.x)
        wish = self.listen(heard)
        # As the core reads it: what merely counts as true does not end a solve.
        self.is_stopped = isinstance(wish, (bool, np.bool_)) and bool(wish)
        return self.is_stopped


def solve_groups(batch: Batch, options: Options) -> dict[str, Any]:
    """Solve problems with the same zeros together, without them.

    Parameters
    ----------
    batch : Batch
        What to solve.
    options : Options
        How.

    Returns
    -------
    dict of ndarray
        What `_core.ot.sinkhorn_batch` returns, for all problems; NaN after a wish to stop.
    """
    support = np.concatenate([batch.a > 0, batch.b > 0], axis=1)
    patterns, first, members = np.unique(support, axis=0, return_index=True, return_inverse=True)
    members = members.reshape(-1)
    answer = _unsolved(len(batch.a), batch.a.shape[1], batch.b.shape[1])
    with progress_bar(options.callback, "sinkhorn_batch", show=options.progress) as listen:
        hook = None if listen is None else _Hook(listen)
        for k in np.argsort(first):
            chosen = np.flatnonzero(members == k)
            rows, columns = np.split(patterns[k], [batch.a.shape[1]])
            found = _solve_group(batch, options, hook, chosen, rows, columns)
            for name, values in found.items():
                answer[name][chosen] = values
            if hook is not None:
                if hook.is_stopped:
                    break
                hook.n_before += len(chosen)
    return answer


def _unsolved(count: int, n: int, m: int) -> dict[str, Any]:
    """Return the answers of problems that a callback's wish to stop comes before."""
    numbers = ("value", "gap", "value_linear", "marginal_error", "density")
    return {
        "f": np.full((count, n), np.nan),
        "g": np.full((count, m), np.nan),
        **{name: np.full(count, np.nan) for name in numbers},
        **{name: np.zeros(count, np.int64) for name in ("n_iter", "n_newton", "n_cg")},
        "status": np.full(count, "stopped", "U9"),
        "methods": np.full(count, "", "U9"),
    }


def _solve_group(
    batch: Batch,
    options: Options,
    hook: _Hook | None,
    chosen: NDArray[np.intp],
    rows: NDArray[np.bool_],
    columns: NDArray[np.bool_],
) -> dict[str, Any]:
    whole = bool(rows.all() and columns.all())
    cost = batch.cost
    if cost.ndim == 3 and len(chosen) < len(cost):
        cost = cost[chosen]
    if not whole:
        cost = np.ascontiguousarray(cost[..., rows, :][..., columns])
    found: dict[str, Any] = {
        **_core.sinkhorn_batch(
            cost,
            np.ascontiguousarray(batch.a[chosen][:, rows]),
            np.ascontiguousarray(batch.b[chosen][:, columns]),
            batch.reg[chosen],
            batch.reg_marginals,
            batch.method,
            batch.tol,
            batch.max_iter,
            options.precision,
            _threads.resolve(batch.n_threads),
            hook,
        )
    }
    if not whole:
        potentials = zip(found["f"], found["g"], strict=True)
        found["f"] = np.full((len(chosen), len(rows)), np.nan)
        found["g"] = np.full((len(chosen), len(columns)), np.nan)
        for i, (f, g) in enumerate(potentials):
            if not np.isnan(found["value"][i]):
                problem = batch.problem(int(chosen[i]))
                found["f"][i], found["g"][i] = problem.extended(f, g, rows, columns)
    return found
