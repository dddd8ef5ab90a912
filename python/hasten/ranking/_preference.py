"""Linear rewards from preferences: `preference_regression`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import NUMPY, Backend, backend_of, to_numpy
from hasten._core import ranking as _core
from hasten._exceptions import ConvergenceWarning, UndeterminedError
from hasten._progress import progress_bar
from hasten._validation import check_array, check_choice, check_integer, check_real
from hasten.ranking._preference_inputs import (
    Alternatives,
    check_alternatives,
    check_chosen,
    check_feature_names,
)
from hasten.ranking._preference_result import PreferenceFit, PreferenceResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

KINDS = ("plackett-luce", "split")


def preference_regression(
    features: ArrayLike,
    chosen: ArrayLike | None = None,
    *,
    kind: str = "plackett-luce",
    ridge: float = 0.0,
    sample_weight: ArrayLike | None = None,
    set_sizes: ArrayLike | None = None,
    feature_names: Any = None,
    init: ArrayLike | None = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> PreferenceResult:
    r"""Learn a linear reward from choices or rankings by maximum likelihood.

    An alternative with features :math:`\varphi` has the reward :math:`\theta^T \varphi`, and is
    chosen from a set with probability proportional to :math:`e^{\theta^T \varphi}`; a ranking is a
    sequence of such choices, each from what the earlier ones left (Plackett and Luce). For pairs
    this is logistic regression on the difference of the features, without intercept. The
    coefficients :math:`\theta` that make the recorded choices most likely are found, together with
    a proved bound on how far they are from the exact maximum.

    Parameters
    ----------
    features : array-like of shape (n_sets, n_alternatives, n_features) or (n_sets, n_features)
        Features of the alternatives of each set; or, in two dimensions, the differences of the
        features of pairs, first minus second.
    chosen : array-like of shape (n_sets,) or (n_sets, n_placed), optional
        The position in its set, counted from 0, of the alternative that was chosen; or positions in
        the order of a ranking, best first, where -1 fills up a ranking that is shorter than the
        longest. Alternatives that are not placed are known to be worse. For differences of pairs:
        1 (or True) where the first was preferred and 0 where the second was; all 1 by default.
    kind : {"plackett-luce", "split"}, default "plackett-luce"
        Which likelihood to maximise. "split" takes every pair of alternatives that a ranking puts
        in order as an independent comparison: the estimate is consistent too, but less accurate
        [1]_. The two agree for pairs.
    ridge : float, default 0.0
        Subtract ``ridge / 2 * sum(coef ** 2)`` from the log-likelihood. A positive ridge makes the
        estimate the mode of a posterior under a Gaussian prior of variance ``1 / ridge``, drawn
        towards 0; it always exists.
    sample_weight : array-like of shape (n_sets,), optional
        Non-negative weights, counted as numbers of identical rankings.
    set_sizes : array-like of shape (n_sets,), optional
        Number of alternatives of each set where it varies; further rows of `features` are ignored
        (but must be finite).
    feature_names : array-like of str, shape (n_features,), optional
        Names for messages and tables; by default those of the columns of a table.
    init : array-like of shape (n_features,), optional
        Coefficients to start from; 0 by default.
    tol : float, default 1e-6
        Accept the answer when `error` is at most this: the numerical error of every combination of
        coefficients, as a fraction of its standard error.
    max_iter : int, optional
        Largest number of passes over the data; 500 by default.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` once per Newton step with ``info.n_iter``, ``info.error`` and
        ``info.x``, the current coefficients. Returning True ends the solve.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep the error of each step in ``result.history``.

    Returns
    -------
    PreferenceResult
        Coefficients, the certificate, and methods for covariances, intervals, predictions and
        pessimistic values. ``result.coef`` is an array of the library that `features`, `chosen` or
        `init` came from, and is float32 only if the features were.

    Raises
    ------
    ValueError
        When an argument is not valid; when features are linear combinations of one another within
        the sets, naming them; or when no finite estimate exists because some direction of the
        coefficients makes no recorded choice less likely (separated data), naming the features that
        weigh most in it. A positive `ridge` is the remedy for both.
    TypeError
        When an argument has the wrong type.
    KeyboardInterrupt
        On Ctrl-C, within half a second while there are up to about 2,000 features.

    Warns
    -----
    hasten.ConvergenceWarning
        When `error` is above `tol` at the end, unless the callback asked to stop; the best iterate
        is returned with its certificate.

    See Also
    --------
    PreferenceRegression : The same as a scikit-learn estimator.
    bradley_terry : Strengths of items that have no features.

    Notes
    -----
    **Certificate.** With :math:`g` the gradient and :math:`H` minus the Hessian at the returned
    coefficients (the ridge included), ``error`` bounds

    .. math:: |u^T (\theta - \theta_{\text{exact}})| \le \text{error} \cdot \text{se}(u), \qquad
        \text{se}(u) = \sqrt{u^T H^{-1} u}

    for *every* :math:`u`: it is :math:`-\ln(1 - c \lambda) / c` with
    :math:`\lambda = \sqrt{g^T H^{-1} g}` and :math:`c` a bound of :math:`\text{se}` over the
    differences of two alternatives of one set [2]_, what rounding can contribute included
    (``error_kind`` is "bound"). A finite value also proves that a finite maximum exists. For
    ``kind="split"`` the unit is the standard error ``kind="model"``, not the sandwich's. With
    float32 features the certificate is that of the float64 solution; ``message`` says by how many
    standard errors the rounding of the coefficients to float32 may move it.

    **Complexity.** Newton's method, damped where the full step would overshoot; 5 to 15 passes over
    the data. A pass costs O(rows * n_features**2) time, where a set of K alternatives counts as
    K - 1 rows, or as one row for each pair with ``kind="split"``; a step adds O(n_features**3).

    **Peak memory.** The data are read in place. Beyond them about ``n_threads + 8`` matrices of
    ``8 * n_features**2`` bytes, and less than 20 megabytes a thread.

    References
    ----------
    .. [1] B. Zhu, J. Jiao and M. I. Jordan, "Principled reinforcement learning with human feedback
       from pairwise or K-wise comparisons", arXiv 2301.11270, 2023.
    .. [2] F. Bach, "Self-concordant analysis for logistic regression", Electronic Journal of
       Statistics 4, 2010.

    Examples
    --------
    Choices among three alternatives with two features each:

    >>> import numpy as np
    >>> from hasten.ranking import preference_regression
    >>> rng = np.random.default_rng(0)
    >>> features = rng.normal(size=(500, 3, 2))
    >>> reward = features @ [1.0, -0.5] + rng.gumbel(size=(500, 3))
    >>> result = preference_regression(features, reward.argmax(axis=1))
    >>> result.converged
    True
    >>> result.coef.round(2), result.standard_error().round(2)
    (array([ 1.  , -0.46]), array([0.08, 0.07]))

    The whole ranking says more than its winner:

    >>> ranking = np.argsort(-reward, axis=1)
    >>> preference_regression(features, ranking).standard_error().round(2)
    array([0.07, 0.05])
    """
    alternatives = check_alternatives(features, set_sizes)
    n_features = alternatives.values.shape[-1]
    result, warning = fit(
        alternatives,
        chosen,
        backend=backend_of(features, chosen, init),
        kind=kind,
        ridge=ridge,
        sample_weight=sample_weight,
        feature_names=check_feature_names(feature_names, features, n_features),
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
    alternatives: Alternatives,
    chosen: Any,
    *,
    kind: str,
    ridge: float,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    sample_weight: ArrayLike | None = None,
    feature_names: NDArray[Any] | None = None,
    backend: Backend = NUMPY,
    init: ArrayLike | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> tuple[PreferenceResult, str | None]:
    """Do the work of `preference_regression`, returning its warning instead of raising it.

    Parameters
    ----------
    alternatives : Alternatives
        The features.
    chosen, kind, ridge, tol, max_iter, n_threads, sample_weight, init, callback, progress, trace
        As in `preference_regression`.
    feature_names : ndarray of str, or None
        Names, checked.
    backend : Backend, optional
        The array library of the result.

    Returns
    -------
    result : PreferenceResult
        The fit.
    warning : str or None
        What a `ConvergenceWarning` should say, in whichever class the caller's users expect.
    """
    check_choice(kind, "kind", KINDS)
    ridge = check_real(ridge, "ridge", minimum=0.0)
    tol = check_real(tol, "tol", minimum=0.0, exclusive=True)
    if max_iter is not None:
        max_iter = check_integer(max_iter, "max_iter", minimum=1)
    values = alternatives.values
    n_sets, n_features = len(values), values.shape[-1]
    positions = check_chosen(chosen, alternatives)
    weight = _float64(sample_weight, "sample_weight", n_sets)
    start = _float64(init, "init", n_features)
    rows = values.reshape(-1, n_features)
    with progress_bar(callback, "Preference regression", show=progress) as hook:
        try:
            answer = _core.preference_regression(
                rows,
                1 if alternatives.are_differences else alternatives.n_alternatives,
                positions,
                alternatives.set_sizes,
                weight,
                kind,
                ridge,
                start,
                tol,
                max_iter,
                _threads.resolve(n_threads),
                hook,
                trace,
            )
        except UndeterminedError as problem:
            raise ValueError(_undetermined(problem, feature_names, ridge)) from None
    coef = answer["coef"]
    message = _message(answer, tol, max_iter)
    rounded: NDArray[Any] = coef
    if values.dtype == np.float32:
        rounded = coef.astype(np.float32)
        message += _rounding_note(answer, rounded)
    result = PreferenceResult(
        coef=backend.wrap(rounded),
        feature_names=feature_names,
        kind=kind,
        ridge=ridge,
        log_likelihood=answer["log_likelihood"],
        log_likelihood_gap=answer["log_likelihood_gap"],
        n_params=n_features,
        n_sets=n_sets,
        total_weight=float(n_sets) if weight is None else float(weight.sum()),
        error=answer["error"],
        error_kind="bound",
        converged=answer["status"] == "converged",
        n_iter=answer["n_iter"],
        message=message,
        history=_history(answer),
        _fit=PreferenceFit(
            coef,
            answer["model_covariance"],
            answer["sandwich_covariance"],
            answer["data_covariance"],
            backend,
        ),
    )
    warned = answer["status"] in ("max_iter", "stalled")
    return result, _warning(result, answer["status"]) if warned else None


def _float64(value: Any, name: str, length: int) -> NDArray[np.float64] | None:
    if value is None:
        return None
    checked = check_array(to_numpy(value, name), name, shape=(length,), dtype="float64")
    return checked.astype(np.float64, copy=False)


def _undetermined(
    problem: UndeterminedError, feature_names: NDArray[Any] | None, ridge: float
) -> str:
    shown = [
        str(column) if feature_names is None else repr(feature_names[column])
        for column in problem.columns[:10]
    ]
    listed = ", ".join(shown) + (", ..." if len(problem.columns) > 10 else "")
    if problem.reason == "unbounded":
        return (
            "no maximum-likelihood estimate exists: some coefficient is infinite, because along a "
            f"direction in which the features {listed} weigh most no choice becomes less likely "
            "(the data are separated); a positive `ridge` gives a finite estimate"
        )
    more = "a larger" if ridge > 0 else "a positive"
    remedy = f"leave one out, or give {more} `ridge`"
    if len(problem.columns) == 1:
        return (
            f"the coefficient of feature {listed} is not determined: the feature is the same for "
            f"all alternatives of every set; {remedy}"
        )
    return (
        f"the coefficients of the features {listed} are not determined: within the sets the last "
        f"is a linear combination of the others; {remedy}"
    )


def _message(answer: Mapping[str, Any], tol: float, max_iter: int | None) -> str:
    error = answer["error"]
    limit = "its limit" if max_iter is None else f"max_iter={max_iter}"
    text = {
        "converged": f"the error bound {error:.2g} is at most tol={tol:g}",
        "max_iter": f"reached {limit} with an error of {error:.2g}, above tol={tol:g}",
        "stalled": f"rounding keeps the error at {error:.2g}, above tol={tol:g}",
        "stopped": f"stopped by the callback with an error of {error:.2g}",
    }[answer["status"]]
    steps, damped = answer["n_steps"], answer["n_damped"]
    return f"{text}; {steps} Newton steps" + (f", {damped} of them damped" if damped else "")


def _warning(result: PreferenceResult, status: str) -> str:
    advice = "raise `max_iter` or `tol`"
    if status == "stalled":
        advice = "more iterations would not help: accept this error, or raise `tol`"
    return (
        f"preference_regression did not converge in {result.n_iter} passes over the data: "
        f"{result.message} (standard errors of each combination of coefficients); {advice}"
    )


def _rounding_note(answer: Mapping[str, Any], rounded: NDArray[Any]) -> str:
    # Cauchy-Schwarz in the Hessian's norm: |u.d| <= sqrt(d.H.d) se(u) for every u.
    covariance = answer["model_covariance"]
    unit = np.sqrt(np.diagonal(covariance))
    shift = (rounded.astype(np.float64) - answer["coef"]) / unit
    moved = np.sqrt(shift @ np.linalg.solve(covariance / unit / unit[:, None], shift))
    return f"; rounding to float32 moves each combination by at most {moved:.2g} standard errors"


def _history(answer: Mapping[str, Any]) -> dict[str, NDArray[Any]] | None:
    if answer["history_n_iter"] is None:
        return None
    return {"n_iter": answer["history_n_iter"], "error": answer["history_error"]}
