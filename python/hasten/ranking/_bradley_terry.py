"""The Bradley-Terry model: `bradley_terry`."""

from __future__ import annotations

import sys
import warnings
from decimal import ROUND_CEILING, Context
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import NUMPY, Backend, backend_of
from hasten._core import ranking as _core
from hasten._exceptions import ConvergenceWarning, NotConnectedError
from hasten._progress import progress_bar
from hasten._validation import (
    check_array,
    check_choice,
    check_flag,
    check_integer,
    check_real,
    did_you_mean,
    shown,
)
from hasten.ranking._components import not_connected_error
from hasten.ranking._pair_table import PairTable, pair_table
from hasten.ranking._pairs import as_comparisons
from hasten.ranking._result import BradleyTerryResult, Fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._comparisons import Comparisons

METHODS = ("auto", "newman", "zermelo", "newton")
TIES = ("half", "drop", "raise")


def bradley_terry(
    comparisons: Comparisons | ArrayLike,
    *,
    ties: str = "half",
    method: str = "auto",
    reference: Any = None,
    init: ArrayLike | None = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> BradleyTerryResult:
    r"""Rank items from paired comparisons by the maximum-likelihood Bradley-Terry model.

    Item ``i`` beats item ``j`` with probability :math:`1 / (1 + e^{-(s_i - s_j)})`. The strengths
    :math:`s` that make the recorded comparisons most likely are found, together with a proved bound
    on how far they are from the exact maximum.

    Parameters
    ----------
    comparisons : Comparisons or array-like of shape (n_games, 2)
        Who beat whom. Rows of an array or of a two-column table are (winner, loser) with labels of
        any type; weights, ties and everything else go through `Comparisons`.
    ties : {"half", "drop", "raise"}, default "half"
        "half" counts a tie as half a win for each side, "drop" leaves ties out, "raise" refuses
        them. Half a win each is a convention and not a model of ties: with many of them the
        standard errors are too large.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        "newton" solves a weighted graph Laplacian in each step and converges on every schedule.
        "newman" sweeps item by item, fastest where everyone meets everyone and slow where items
        meet only their neighbours in strength. "zermelo" is the classical iteration, for
        comparison. "auto" begins with Newman's sweeps and changes to Newton when they are
        predicted to take longer.
    reference : item, optional
        The item whose strength is 0. By default the strengths have mean 0.
    init : array-like of shape (n_items,), optional
        Strengths to start from, in the order of ``comparisons.items`` and at most 1e8 in absolute
        value; 0 by default.
    tol : float, default 1e-6
        Accept the answer when `error` is at most this: the numerical error of every difference of
        strengths, as a fraction of its statistical standard error.
    max_iter : int, optional
        Largest number of passes over the data: by default 500 Newton steps or 10,000 sweeps.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` once per pass with ``info.n_iter``, ``info.error`` and
        ``info.x``, the current strengths. Returning True ends the solve.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep the error of each pass in ``result.history``.

    Returns
    -------
    BradleyTerryResult
        Strengths in natural-log units, the certificate, and methods for standard errors,
        intervals, predictions, Elo ratings and plots. ``result.strength`` is an array of the
        library that `comparisons` or `init` came from, and is float32 only if the weights were.

    Raises
    ------
    hasten.NotConnectedError
        When no finite estimate exists: some group of items always beats, or never meets, the rest.
        A `ValueError`; names the items.
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When `error` is above `tol` at the end, unless the callback asked to stop; the best iterate
        is returned with its certificate.

    See Also
    --------
    Comparisons : Ingest of arrays, tables, matrices and CSV files.
    BradleyTerry : The same as a scikit-learn estimator.

    Notes
    -----
    **Certificate.** With :math:`L` the Hessian of the negative log-likelihood at the returned
    strengths, ``error`` bounds

    .. math:: |u^T (s - s_{\text{exact}})| \le \text{error} \cdot \text{se}(u), \qquad
        \text{se}(u) = \sqrt{u^T L^+ u}

    for *every* contrast :math:`u` (weights that sum to 0, such as a difference of two strengths).
    It is computed in float64 from the data and the returned strengths, and holds whatever method
    found them: ``error_kind`` is "bound". A finite value also proves that a finite maximum exists.
    ``log_likelihood_gap`` bounds what the log-likelihood falls short of its maximum, ``residual``
    is the largest difference between observed and expected wins. With float32 weights the
    certificate is that of the float64 solution; ``message`` says by how many standard errors the
    rounding of the strengths to float32 may move it.

    **Existence.** A finite maximum exists exactly if the directed graph of wins is strongly
    connected [2]_, [3]_. This is tested first, in time linear in the number of pairs.

    **Complexity.** A sweep or a gradient costs O(n_pairs) time. A Newton step adds one solve with
    the Laplacian of the graph of pairs: a sparse Cholesky factorisation where the fill is small,
    else preconditioned conjugate gradients at O(n_pairs) an iteration. Parts of the graph that hang
    on a single item are solved on their own, trees in closed form.

    **Peak memory.** At most 60 bytes a pair and 80 bytes an item beyond `comparisons`, and 12 bytes
    for each entry of a factor where one is made; ties add 24 bytes a pair.

    References
    ----------
    .. [1] M. E. J. Newman, "Efficient computation of rankings from pairwise comparisons", Journal
       of Machine Learning Research 24(238), 2023.
    .. [2] E. Zermelo, "Die Berechnung der Turnier-Ergebnisse als ein Maximumproblem der
       Wahrscheinlichkeitsrechnung", Mathematische Zeitschrift 29, 1929.
    .. [3] L. R. Ford, "Solution of a ranking problem from binary comparisons", American
       Mathematical Monthly 64(8), 1957.
    .. [4] D. R. Hunter, "MM algorithms for generalized Bradley-Terry models", Annals of Statistics
       32(1), 2004.

    Examples
    --------
    Four journals, a citation counting as a win of the cited one:

    >>> from hasten.datasets import load_journal_citations
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_journal_citations().comparisons(), reference="Biometrika")
    >>> result.converged
    True
    >>> for journal, strength, error in zip(result.items, result.strength, result.standard_error()):
    ...     print(f"{journal:<16} {strength:+.4f} ({error:.4f})")
    Biometrika       +0.0000 (0.0000)
    Comm. Statist.   -2.9491 (0.1025)
    JASA             -0.4796 (0.0606)
    JRSS-B           +0.2690 (0.0708)

    Any two columns of labels will do:

    >>> games = [("Ann", "Bob"), ("Bob", "Cem"), ("Cem", "Ann"), ("Ann", "Cem")]
    >>> result = bradley_terry(games)
    >>> round(result.predict_proba("Ann", "Bob"), 4)
    0.6034
    """
    result, warning = fit(
        as_comparisons(comparisons, n_threads=n_threads),
        backend=backend_of(comparisons, init),
        ties=ties,
        method=method,
        reference=reference,
        init=init,
        tol=tol,
        max_iter=max_iter,
        n_threads=n_threads,
        callback=callback,
        progress=progress,
        trace=trace,
    )
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return result


def fit(
    comparisons: Comparisons,
    *,
    ties: str,
    method: str,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    backend: Backend = NUMPY,
    reference: Any = None,
    init: ArrayLike | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> tuple[BradleyTerryResult, str | None]:
    """Do the work of `bradley_terry`, returning its warning instead of raising it.

    Parameters
    ----------
    comparisons : Comparisons
        The counts.
    ties, method, tol, max_iter, n_threads, reference, init, callback, progress, trace
        As in `bradley_terry`.
    backend : Backend, optional
        The array library of the result.

    Returns
    -------
    result : BradleyTerryResult
        The fit.
    warning : str or None
        What a `ConvergenceWarning` should say, in whichever class the caller's users expect.
    """
    check_choice(ties, "ties", TIES)
    check_choice(method, "method", METHODS)
    tol = check_real(tol, "tol", minimum=0.0, exclusive=True)
    if max_iter is not None:
        max_iter = min(check_integer(max_iter, "max_iter", minimum=1), sys.maxsize)
    progress, trace = check_flag(progress, "progress"), check_flag(trace, "trace")
    position = None if reference is None else _reference_position(reference, comparisons.items)
    start: NDArray[np.float64] | None = None
    if init is not None:
        shape = (len(comparisons.items),)
        checked = check_array(init, "init", shape=shape, dtype="float64")
        start = checked.astype(np.float64, copy=False)
    table = pair_table(comparisons, ties)
    with progress_bar(callback, "Bradley-Terry", show=progress) as hook:
        try:
            answer = _core.bradley_terry(
                *table,
                method,
                start,
                position,
                tol,
                max_iter,
                _threads.resolve(n_threads),
                hook,
                trace,
            )
        except NotConnectedError as problem:
            raise not_connected_error(
                comparisons.items, problem.n_components, problem.largest, problem.offenders
            ) from None
    strength = answer["strength"]
    message = _message(answer, tol, max_iter)
    rounded = strength
    if comparisons._weight_dtype == np.float32:
        rounded = strength.astype(np.float32)
        message += _rounding_note(table, strength, rounded)
    result = BradleyTerryResult(
        items=comparisons.items,
        strength=backend.wrap(rounded),
        log_likelihood=answer["log_likelihood"],
        n_params=len(strength) - 1,
        n_games=comparisons.n_games,
        total_weight=table.total_weight,
        reference=reference,
        residual=answer["residual"],
        log_likelihood_gap=answer["log_likelihood_gap"],
        error=answer["error"],
        error_kind="bound",
        converged=answer["status"] == "converged",
        n_iter=answer["n_iter"],
        method=answer["method"],
        message=message,
        history=_history(answer),
        _fit=Fit(table, strength, position, backend, n_threads),
    )
    warned = answer["status"] in ("max_iter", "stalled")
    return result, _warning(result, answer["status"]) if warned else None


def _reference_position(reference: Any, items: NDArray[Any]) -> int:
    names: list[Any] = items.tolist()
    try:
        return {name: position for position, name in enumerate(names)}[reference]
    except (KeyError, TypeError):
        close = did_you_mean(shown(reference).strip("'"), names)
        message = f"`reference` must be one of the items; got {shown(reference)}{close}"
        raise ValueError(message) from None


def _message(answer: Mapping[str, Any], tol: float, max_iter: int | None) -> str:
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


def _warning(result: BradleyTerryResult, status: str) -> str:
    if status == "stalled":
        advice = "more iterations would not help: accept this error, or raise `tol`"
    elif result.method in ("newman", "zermelo"):
        advice = "method='newton' or 'auto' needs far fewer passes where sweeps are slow"
    else:
        advice = "raise `max_iter` or `tol`"
    return (
        f"bradley_terry did not converge in {result.n_iter} iterations of {result.method}: "
        f"{result.message} (standard errors of each difference of strengths); {advice}"
    )


def _rounding_note(table: PairTable, exact: NDArray[Any], rounded: NDArray[Any]) -> str:
    # Cauchy-Schwarz in the Hessian's norm: |u.d| <= sqrt(d.L.d) se(u) for every contrast u.
    rows, columns = table.rows, table.opponents
    shift = rounded.astype(np.float64) - exact
    tail = np.exp(-np.abs(exact[rows] - exact[columns]))
    conductance = (table.wins.astype(np.float64) + table.losses) * tail / (1 + tail) ** 2
    energy = float(np.sum(conductance * (shift[rows] - shift[columns]) ** 2)) / 2
    moved = float(Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(energy**0.5))
    return f"; rounding to float32 moves each difference by at most {moved:g} standard errors"


def _history(answer: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
    if answer["history_n_iter"] is None:
        return None
    return {"n_iter": answer["history_n_iter"], "error": answer["history_error"]}
