"""How a solve ended, in words; the same for every solver of the family."""

from __future__ import annotations


def message(status: str, error: float, tol: float, mass: float, max_iter: int) -> str:
    """Say in one sentence how a solve ended.

    Parameters
    ----------
    status : str
        As the core says.
    error : float
        The marginal error.
    tol : float
        The tolerance.
    mass : float
        What it is relative to.
    max_iter : int
        The limit of passes.

    Returns
    -------
    str
        The sentence.
    """
    shown = f"{mass:.4g}"
    limit = f"tol={tol:g}" if shown == "1" else f"tol={tol:g} times the mass {shown}"
    return {
        "converged": f"the marginal error {error:.2g} is at most {limit}",
        "max_iter": f"reached max_iter={max_iter} with a marginal error of {error:.2g}, above "
        f"{limit}",
        "stalled": f"the marginal error fell no further than {error:.2g}, above {limit}",
        "stopped": f"stopped by the callback with a marginal error of {error:.2g}",
    }[status]


def warning(
    function: str, method: str, n_iter: int, message: str, status: str, asked: str | None = None
) -> str:
    """Say what a `ConvergenceWarning` should.

    Parameters
    ----------
    function : str
        Name of the function that was called.
    method : str
        The iteration that was used.
    n_iter : int
        Passes over the cost.
    message : str
        How the solve ended.
    status : str
        As the core says.
    asked : str, optional
        The `method` that the caller asked for, where another one could be.

    Returns
    -------
    str
        The message with advice.
    """
    if status == "stalled":
        advice = "more passes would hardly help: accept this error, or raise `tol` or `reg`"
    elif asked in ("sinkhorn", "log"):
        advice = "method='auto' or 'sns' needs far fewer passes at a small `reg`"
    else:
        advice = "raise `max_iter`, `tol` or `reg`"
    return f"{function} did not converge in {n_iter} passes of {method}: {message}; {advice}"
