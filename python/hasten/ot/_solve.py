"""The work of `sinkhorn` and `sinkhorn_points`: solve what has weight, and wrap the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ot as _core
from hasten._progress import progress_bar
from hasten._validation import check_array, shown
from hasten.ot import _report
from hasten.ot._result import SinkhornResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ot._options import Options
    from hasten.ot._problem import Problem

# What a pass belonged to, by the numbers of the core.
STAGES = np.array(["log", "scaling", "path", "newton"])

# Statuses of the core at which a user has to be warned.
WARNED = ("max_iter", "stalled")


def solve(
    problem: Problem, options: Options, init: Any, function: str
) -> tuple[SinkhornResult, str | None]:
    """Solve a checked problem, returning its warning instead of raising it.

    Parameters
    ----------
    problem : Problem
        What to solve.
    options : Options
        How.
    init : SinkhornResult, pair of array-like, or None
        As in `sinkhorn`.
    function : str
        Name of the function that was called, for messages.

    Returns
    -------
    result : SinkhornResult
        The answer.
    warning : str or None
        What a `ConvergenceWarning` should say, in whichever class the caller's users expect.
    """
    kept, rows, columns = problem.supported()
    start = check_init(init, problem.shape)
    if start is not None and options.eps_scaling:
        raise ValueError(
            "`init` must be None with eps_scaling=True, which starts at a larger `reg` than the "
            "one that it belongs to"
        )
    if start is not None:
        start = start[0][rows], start[1][columns]
    tol = options.tolerance(problem.dtype)
    with progress_bar(options.callback, function, show=options.progress) as hook:
        answer = _core.sinkhorn(
            kept.cost,
            kept.a,
            kept.b,
            kept.reg,
            kept.reg_marginals,
            options.method,
            options.sns_options,
            start,
            tol,
            options.max_iter,
            options.eps_scaling,
            options.precision,
            options.memory == "low",
            problem.threads(),
            hook,
            options.trace,
        )
    # Newton steps need exact marginals: only then is there a better method to name.
    asked = options.method if problem.is_balanced else None
    return wrap(problem, answer, (rows, columns), tol, options.max_iter, function, asked)


def wrap(
    problem: Problem,
    answer: Any,
    support: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    tol: float,
    max_iter: int,
    function: str,
    asked: str | None = None,
) -> tuple[SinkhornResult, str | None]:
    """Make a result of what the core found where there is weight.

    Parameters
    ----------
    problem : Problem
        The whole problem.
    answer : mapping
        Potentials, certificate and counts, as `_core.ot.sinkhorn` returns them.
    support : tuple of ndarray of bool
        The rows and the columns that were solved.
    tol : float
        The tolerance.
    max_iter : int
        The limit of passes.
    function : str
        Name of the function that was called, for messages.
    asked : str, optional
        The `method` that the caller asked for, where another one could be.

    Returns
    -------
    result : SinkhornResult
        The answer for all rows and columns.
    warning : str or None
        As from `solve`.
    """
    rows, columns = support
    status, error = answer["status"], answer["marginal_error"]
    f, g = problem.extended(answer["f"], answer["g"], rows, columns)
    message = _report.message(status, error, tol, problem.mass, max_iter)
    backend = problem.backend
    result = SinkhornResult(
        value=answer["value"],
        value_linear=answer["value_linear"],
        gap=answer["gap"],
        marginal_error=error,
        f=backend.wrap(f),
        g=backend.wrap(g),
        row_sums=backend.wrap(_spread(answer["row_sums"], rows)),
        column_sums=backend.wrap(_spread(answer["column_sums"], columns)),
        n_newton=answer["n_newton"],
        n_cg=answer["n_cg"],
        density=answer["density"],
        method_used=answer["method"],
        error=error,
        error_kind="bound",
        converged=status == "converged",
        n_iter=answer["n_iter"],
        message=message,
        history=_history(answer, problem.mass),
        _problem=problem,
        # Copies, so that what a caller writes into `f` and `g` does not change the plan.
        _potentials=(f.copy(), g.copy()),
    )
    if status not in WARNED:
        return result, None
    passes, used = result.n_iter, result.method_used
    return result, _report.warning(function, used, passes, message, status, asked)


def check_init(
    init: Any, shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the potentials to start from.

    Parameters
    ----------
    init : SinkhornResult, pair of array-like, or None
        What the caller passed.
    shape : tuple of int
        Numbers of rows and columns.

    Returns
    -------
    tuple of ndarray, or None
        Both potentials.

    Raises
    ------
    TypeError
        When it is neither a result nor a pair.
    ValueError
        When a shape does not match or a potential is not finite.
    """
    if init is None:
        return None
    pair = init._potentials if isinstance(init, SinkhornResult) else init
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(
            f"`init` must be a SinkhornResult or a pair of potentials (f, g); got {shown(init)}"
        )
    f, g = (
        check_array(part, f"init[{k}]", shape=(size,), dtype="float64")
        for k, (part, size) in enumerate(zip(pair, shape, strict=True))
    )
    return f.astype(np.float64, copy=False), g.astype(np.float64, copy=False)


def _spread(values: NDArray[np.float64], places: NDArray[np.bool_]) -> NDArray[np.float64]:
    if places.all():
        return values
    whole = np.zeros(len(places))
    whole[places] = values
    return whole


def _history(answer: Any, mass: float) -> dict[str, NDArray[Any]] | None:
    if answer.get("history_n_iter") is None:
        return None
    return {
        "n_iter": answer["history_n_iter"],
        "marginal_error": answer["history_error"] * mass,
        "dual_value": answer["history_value"],
        "eps": answer["history_reg"],
        "stage": STAGES[answer["history_stage"]],
    }
