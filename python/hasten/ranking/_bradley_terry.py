"""The Bradley-Terry model: `bradley_terry`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from hasten._backend import backend_of
from hasten._exceptions import ConvergenceWarning
from hasten.ranking._comparisons import Comparisons
from hasten.ranking._pairs import as_comparisons
from hasten.ranking._solve import fit
from hasten.ranking._specification import is_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from hasten.ranking._priors import Gaussian, Logistic
    from hasten.ranking._result import BradleyTerryResult


def bradley_terry(
    comparisons: Comparisons | ArrayLike,
    *,
    ties: str = "half",
    order_effect: bool = False,
    covariates: bool | Sequence[str] | ArrayLike | None = None,
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
) -> BradleyTerryResult:
    r"""Rank items from paired comparisons by the Bradley-Terry model and its extensions.

    Item ``i`` beats item ``j`` with probability :math:`1 / (1 + e^{-(s_i - s_j)})`. The strengths
    :math:`s` that make the recorded comparisons most likely are found, together with a proved bound
    on how far they are from the exact maximum. Ties may be outcomes of their own, the left side may
    have an advantage, covariates of a comparison may matter, and strengths may have a prior.

    Parameters
    ----------
    comparisons : Comparisons or array-like of shape (n_games, 2)
        Who beat whom. Rows of an array or of a two-column table are (winner, loser) with labels of
        any type; weights, ties and everything else go through `Comparisons`.
    ties : {"half", "davidson", "rao-kupper", "drop", "raise"}, default "half"
        "half" counts a tie as half a win for each side, "drop" leaves ties out, "raise" refuses
        them. Half a win each is a convention and not a model of ties: with many of them the
        model's standard errors are too large, and ``kind="sandwich"`` gives the right ones.
        "davidson" [5]_ and "rao-kupper" [6]_ model ties with one parameter.
    order_effect : bool, default False
        Estimate an advantage :math:`\gamma` of the left side (at home, shown first):
        :math:`P(\text{left wins}) = 1 / (1 + e^{-(s_i - s_j + \gamma)})`. The comparisons must be
        ``ordered``.
    covariates : bool, sequence of str, or array-like of shape (n_games, d), optional
        Covariates :math:`z` of the comparisons, which add :math:`z^T \beta`: True for all that
        `comparisons` holds, names for some of them. An array goes with `comparisons` that are an
        array of pairs. None and False use none.
    prior : float, Logistic or Gaussian, optional
        Prior of the strengths, whose maximum a posteriori is then found; a number is the weight of
        `Logistic`, and 0 no prior. By default there is none.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        "newton" solves a weighted graph Laplacian in each step and converges on every schedule.
        "newman" sweeps item by item, fastest where everyone meets everyone and slow where items
        meet only their neighbours in strength. "zermelo" is the classical iteration, for
        comparison. "auto" begins with Newman's sweeps and changes to Newton when they are
        predicted to take longer. Where anything but the games of two items couples their strengths
        (a tie parameter, an order effect, covariates, a prior) the method is Newton's.
    reference : item, optional
        The item whose strength is 0. By default the strengths have mean 0, or the prior fixes their
        origin.
    on_disconnected : {"raise", "largest", "components"}, default "raise"
        What to do where no finite estimate exists for all items because the comparisons do not
        connect them both ways. "largest" fits the largest group that is connected; the others have
        strength NaN and are listed in ``result.excluded``. "components" fits each such group on its
        own games, with a mean of its own, and what all items share jointly: the limit of estimates
        under a vanishing prior. With a `prior` all items are fitted together.
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
        When an argument is not valid; the message names it. Also when the tie parameter, the order
        effect or a coefficient has no finite estimate, or covariates are collinear.
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

    The bound covers every linear function of the parameters, those that all items share included,
    and needs no exact solve: what a linear solve left over is bounded too.

    **Existence.** A finite maximum exists exactly if the directed graph of wins is strongly
    connected [2]_, [3]_. This is tested first, in time linear in the number of pairs. A tie
    parameter needs in addition a closed walk, from winners to losers and along ties either way,
    with more wins than ties; an order effect closed walks with more wins on the left than on the
    right and with fewer. With covariates the certificate decides.

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
    .. [5] R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired
       comparison experiments", Journal of the American Statistical Association 65, 1970.
    .. [6] P. V. Rao and L. L. Kupper, "Ties in paired-comparison experiments: a generalization of
       the Bradley-Terry model", Journal of the American Statistical Association 62, 1967.

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

    Baseball teams and the advantage of playing at home, in log-odds:

    >>> from hasten.datasets import load_baseball_1987
    >>> games = load_baseball_1987().comparisons(ordered=True)
    >>> round(bradley_terry(games, order_effect=True).order_effect, 4)
    0.3023
    """
    if not isinstance(comparisons, Comparisons) and is_matrix(covariates):
        rows, covariates = covariates, True
    else:
        rows = None
    result, warning = fit(
        as_comparisons(comparisons, covariates=rows, n_threads=n_threads),
        backend=backend_of(comparisons, init),
        ties=ties,
        order_effect=order_effect,
        covariates=covariates,
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
