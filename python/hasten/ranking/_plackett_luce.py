"""The Plackett-Luce model: `plackett_luce`."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

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
)
from hasten.ranking import _report
from hasten.ranking._components import not_connected_error
from hasten.ranking._orderings import RankingArrays
from hasten.ranking._plackett_luce_result import Fit, PlackettLuceResult
from hasten.ranking._priors import core_prior
from hasten.ranking._rankings import as_rankings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._priors import Gaussian, Logistic
    from hasten.ranking._rankings import Rankings

METHODS = ("auto", "newton", "newman", "zermelo")
ON_DISCONNECTED = ("raise", "largest", "components")


def plackett_luce(
    rankings: Rankings | ArrayLike,
    *,
    prior: float | Logistic | Gaussian | None = None,
    method: str = "auto",
    reference: Any = None,
    on_disconnected: str = "raise",
    init: ArrayLike | None = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> PlackettLuceResult:
    r"""Rank items from rankings of sets, or choices from sets, by the Plackett-Luce model.

    The best of a set :math:`A` is item ``i`` with probability
    :math:`e^{s_i} / \sum_{j \in A} e^{s_j}`, then the next is chosen from what is left. The
    strengths :math:`s` that make the rankings most likely are found, together with a proved bound
    on how far they are from the exact maximum. Rankings of two items are the Bradley-Terry model.

    Parameters
    ----------
    rankings : Rankings, list of sequences, or array-like of shape (n_rankings, width)
        Who came before whom. Rows of a list or an array are labels of any type, best first; partial
        rankings, choices, weights and everything else go through `Rankings`.
    prior : float, Logistic or Gaussian, optional
        What is known of the strengths beforehand; a number is the weight of a `Logistic` prior.
        None or 0: maximum likelihood. A prior makes an estimate exist for any rankings.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        "newton", which is also "auto", solves a linear system of the rankings in each step and
        converges on all of them. "newman" sweeps over all items at once and changes to Newton's
        method where sweeps overshoot or are slow. "zermelo" is the classical iteration (Hunter's
        MM algorithm), for comparison. A Gaussian prior needs "auto" or "newton".
    reference : item, optional
        The item whose strength is 0. By default the strengths have mean 0, or a prior fixes the
        origin.
    on_disconnected : {"raise", "largest", "components"}, default "raise"
        What to do where no finite estimate exists, because some group of items always comes before,
        or never meets, the rest. "largest" fits the largest component and excludes the other items.
        "components" fits each component by what the rankings say inside it, which is the limit of
        a vanishing prior.
    init : array-like of shape (n_items,), optional
        Strengths to start from, in the order of ``rankings.items``; 0 by default.
    tol : float, default 1e-6
        Accept the answer when `error` is at most this: the numerical error of every difference of
        strengths, as a fraction of its statistical standard error.
    max_iter : int, optional
        Largest number of passes over the data: by default 500 Newton steps or 10,000 sweeps.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` once per step with ``info.n_iter``, ``info.error`` and
        ``info.x``, the current strengths. Returning True ends the solve.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep the error of each step in ``result.history``.

    Returns
    -------
    PlackettLuceResult
        Strengths in natural-log units, the certificate, and methods for standard errors,
        intervals, predictions and plots. ``result.strength`` is an array of the library that
        `rankings` or `init` came from.

    Raises
    ------
    hasten.NotConnectedError
        When no finite estimate exists and `on_disconnected` is "raise". A `ValueError`; names the
        items.
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
    Rankings : Ingest of orderings, ranks and choices.
    PlackettLuce : The same as a scikit-learn estimator.
    bradley_terry : For comparisons of pairs.

    Notes
    -----
    **Certificate.** With :math:`H` the Hessian of the negative log-likelihood (with the prior) at
    the returned strengths, ``error`` bounds

    .. math:: |u^T (s - s_{\text{exact}})| \le \text{error} \cdot \text{se}(u), \qquad
        \text{se}(u) = \sqrt{u^T H^+ u}

    for *every* contrast :math:`u` (weights that sum to 0 in each component; with a prior, every
    :math:`u`). It is computed in float64 from the rankings and the returned strengths, and holds
    whatever method found them: ``error_kind`` is "bound". A finite value also proves that a finite
    maximum exists.

    **Existence.** Draw an arrow from each item of a ranking to the next, and from the last that was
    placed to every item left. A finite maximum exists exactly if every item can be reached from
    every other (Hunter 2004, assumption 1). This is tested first, in linear time.

    **Complexity.** A pass costs O(entries) time, the sizes of all different rankings added up. A
    Newton step solves its system by conjugate gradients, at one pass an iteration, or, where these
    are slow and the pairs that share a set are few, by a sparse or dense Cholesky factorisation.

    **Peak memory.** 60 bytes an entry and 100 bytes an item beyond `rankings`; a factor takes 12
    bytes for each of its entries, and 32 bytes for each pair of each ranking while it is built.

    References
    ----------
    .. [1] R. L. Plackett, "The analysis of permutations", Applied Statistics 24(2), 1975.
    .. [2] R. D. Luce, "Individual choice behavior", Wiley, 1959.
    .. [3] D. R. Hunter, "MM algorithms for generalized Bradley-Terry models", Annals of Statistics
       32(1), 2004.
    .. [4] M. E. J. Newman, "Efficient computation of rankings from pairwise comparisons", Journal
       of Machine Learning Research 24(238), 2023.

    Examples
    --------
    >>> from hasten.ranking import plackett_luce
    >>> races = [["ann", "bob", "cem"], ["bob", "ann"], ["cem", "ann", "bob"]]
    >>> result = plackett_luce(races)
    >>> result.converged
    True
    >>> for name, strength, error in zip(result.items, result.strength, result.standard_error()):
    ...     print(f"{name} {strength:+.4f} ({error:.4f})")
    ann +0.2559 (0.7138)
    bob -0.0560 (0.6328)
    cem -0.1999 (0.8391)
    """
    result, warning = fit(
        as_rankings(rankings),
        backend=backend_of(rankings, init),
        prior=prior,
        method=method,
        reference=reference,
        on_disconnected=on_disconnected,
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
    rankings: Rankings,
    *,
    prior: Any,
    method: str,
    on_disconnected: str,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    backend: Backend = NUMPY,
    reference: Any = None,
    init: ArrayLike | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> tuple[PlackettLuceResult, str | None]:
    """Do the work of `plackett_luce`, returning its warning instead of raising it.

    Parameters
    ----------
    rankings : Rankings
        The data.
    prior, method, on_disconnected, tol, max_iter, n_threads, reference, init, callback, progress, \
trace
        As in `plackett_luce`.
    backend : Backend, optional
        The array library of the result.

    Returns
    -------
    result : PlackettLuceResult
        The fit.
    warning : str or None
        What a `ConvergenceWarning` should say, in whichever class the caller's users expect.
    """
    check_choice(method, "method", METHODS)
    check_choice(on_disconnected, "on_disconnected", ON_DISCONNECTED)
    named = core_prior(prior)
    tol = check_real(tol, "tol", minimum=0.0, exclusive=True)
    if max_iter is not None:
        max_iter = min(check_integer(max_iter, "max_iter", minimum=1), sys.maxsize)
    progress, trace = check_flag(progress, "progress"), check_flag(trace, "trace")
    items = rankings.items
    position = None if reference is None else _report.reference_position(reference, items)
    start: NDArray[np.float64] | None = None
    if init is not None:
        checked = check_array(init, "init", shape=(len(items),), dtype="float64")
        start = checked.astype(np.float64, copy=False)
    parts = _separate(rankings, on_disconnected if named is None else "raise")
    if position is not None and parts.n_components > 1:
        raise ValueError(
            f"`reference` must be None, as each of {parts.n_components} components is centred on "
            f"its own mean; got {reference!r}"
        )
    if position is not None and parts.component[position] < 0:
        raise ValueError(f"`reference` must be in the largest component; got {reference!r}")
    with progress_bar(callback, "Plackett-Luce", show=progress) as hook:
        try:
            answer = _core.plackett_luce(
                parts.arrays,
                named,
                parts.groups,
                method,
                start,
                tol,
                max_iter,
                _threads.resolve(n_threads),
                hook,
                trace,
            )
        except NotConnectedError as problem:
            raise not_connected_error(
                items, problem.n_components, problem.largest, problem.offenders, "rankings"
            ) from None
    strength = answer["strength"]
    if position is not None:
        strength = strength - strength[position]
    strength = np.where(parts.component < 0, np.nan, strength)
    fitted = int((parts.component >= 0).sum())
    result = PlackettLuceResult(
        items=items,
        strength=backend.wrap(strength),
        log_likelihood=answer["log_likelihood"],
        n_params=fitted - parts.n_components,
        n_rankings=rankings.n_rankings,
        total_weight=rankings.total_weight,
        reference=reference,
        prior=prior,
        component=parts.component,
        component_order=np.arange(parts.n_components),
        excluded=items[parts.component < 0],
        residual=answer["residual"],
        log_likelihood_gap=answer["log_likelihood_gap"],
        error=answer["error"],
        error_kind="bound",
        converged=answer["status"] == "converged",
        n_iter=answer["n_iter"],
        method=answer["method"],
        message=_report.message(answer, tol, max_iter),
        history=_report.history(answer),
        _fit=Fit(
            recorded=rankings._arrays,
            fitted=parts.arrays,
            prior=named,
            groups=parts.groups,
            strength=strength,
            reference=position,
            backend=backend,
            n_threads=n_threads,
        ),
    )
    if answer["status"] not in ("max_iter", "stalled"):
        return result, None
    return result, _report.warning(result, answer["status"], "plackett_luce")


class _Parts(NamedTuple):
    """What is fitted: rankings within groups, and the component of each item (-1: none)."""

    arrays: RankingArrays
    groups: NDArray[np.uint32] | None
    component: NDArray[np.int64]
    n_components: int


def _separate(rankings: Rankings, on_disconnected: str) -> _Parts:
    """Cut rankings down to the components that are to be fitted."""
    n_items = rankings.n_items
    whole = _Parts(rankings._arrays, None, np.zeros(n_items, dtype=np.int64), 1)
    if on_disconnected == "raise":
        return whole
    report = rankings.components()
    if report.n_components == 1:
        return whole
    if on_disconnected == "components":
        groups = report.labels.astype(np.uint32)
        arrays = RankingArrays(*_core.restrict_rankings(rankings._arrays, groups)[0])
        return _Parts(arrays, groups, report.labels, report.n_components)
    inside = report.labels == np.argmax(report.sizes)
    arrays = RankingArrays(
        *_core.restrict_rankings(
            rankings._arrays, np.where(inside, 0, 2**32 - 1).astype(np.uint32)
        )[0]
    )
    # Each excluded item is a group of its own, of which nothing is asked.
    groups = np.zeros(n_items, dtype=np.uint32)
    groups[~inside] = 1 + np.arange(n_items - int(inside.sum()), dtype=np.uint32)
    return _Parts(arrays, groups, np.where(inside, 0, -1), 1)
