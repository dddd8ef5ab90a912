"""How a solve ended, in words; the same for every ranking model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hasten._validation import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hasten.ranking._tabular import TabularResult


def reference_position(reference: Any, items: NDArray[Any]) -> int:
    """Return the position of the reference item.

    Parameters
    ----------
    reference : item
        What the caller passed.
    items : ndarray
        The labels.

    Returns
    -------
    int
        The position.

    Raises
    ------
    ValueError
        When it is none of the items; the message names close ones.
    """
    names: list[Any] = items.tolist()
    try:
        return {name: position for position, name in enumerate(names)}[reference]
    except (KeyError, TypeError):
        close = did_you_mean(shown(reference).strip("'"), names)
        text = f"`reference` must be one of the items; got {shown(reference)}{close}"
        raise ValueError(text) from None


def message(answer: Mapping[str, Any], tol: float, max_iter: int | None) -> str:
    """Say in one sentence how a solve ended.

    Parameters
    ----------
    answer : mapping
        What the extension module returned.
    tol : float
        The tolerance.
    max_iter : int or None
        The limit.

    Returns
    -------
    str
        The sentence.
    """
    error = answer["error"]
    limit = "its limit" if max_iter is None else f"max_iter={max_iter}"
    text = {
        "converged": f"the error bound {error:.2g} is at most tol={tol:g}",
        "max_iter": f"reached {limit} with an error of {error:.2g}, above tol={tol:g}",
        "stalled": f"rounding keeps the error at {error:.2g}, above tol={tol:g}",
        "stopped": f"stopped by the callback with an error of {error:.2g}",
    }[answer["status"]]
    detail = answer["message_detail"]
    return f"{text}; {detail}" if detail else text


def warning(result: TabularResult, status: str, function: str) -> str:
    """Say what a `ConvergenceWarning` should.

    Parameters
    ----------
    result : TabularResult
        The result that did not converge.
    status : str
        "max_iter" or "stalled".
    function : str
        Name of the function that was called.

    Returns
    -------
    str
        The message with advice.
    """
    if status == "stalled":
        advice = "more iterations would not help: accept this error, or raise `tol`"
    elif result.method in ("newman", "zermelo"):
        advice = "method='newton' or 'auto' needs far fewer passes where sweeps are slow"
    else:
        advice = "raise `max_iter` or `tol`"
    return (
        f"{function} did not converge in {result.n_iter} iterations of {result.method}: "
        f"{result.message} (standard errors of each difference of strengths); {advice}"
    )


def history(answer: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
    """Return the history of a traced solve.

    Parameters
    ----------
    answer : mapping
        What the extension module returned.

    Returns
    -------
    dict of ndarray, or None
        "n_iter" and "error" of each pass.
    """
    if answer["history_n_iter"] is None:
        return None
    return {"n_iter": answer["history_n_iter"], "error": answer["history_error"]}
