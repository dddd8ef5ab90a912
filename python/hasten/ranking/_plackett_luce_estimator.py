"""`PlackettLuce`, the model as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from hasten import _threads
from hasten._core import ranking as _core
from hasten.ranking import _plackett_luce
from hasten.ranking._priors import core_prior
from hasten.ranking._rankings import Rankings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._plackett_luce_result import PlackettLuceResult
    from hasten.ranking._priors import Gaussian, Logistic


class PlackettLuce(BaseEstimator):  # type: ignore[misc]
    """Plackett-Luce ranking as a scikit-learn estimator.

    A sample is a ranking: labels of items, best first.

    Parameters
    ----------
    prior : float, Logistic or Gaussian, optional
        What is known of the strengths beforehand, see `plackett_luce`.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        The iteration, see `plackett_luce`.
    on_disconnected : {"raise", "largest", "components"}, default "raise"
        What to do where no finite estimate exists, see `plackett_luce`.
    tol : float, default 1e-6
        Largest numerical error that is accepted, in units of the standard error.
    max_iter : int, optional
        Largest number of passes over the data.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Attributes
    ----------
    items_ : ndarray of shape (n_items,)
        The labels.
    strength_ : ndarray of shape (n_items,)
        Log-strengths.
    result_ : PlackettLuceResult
        Everything else: certificate, standard errors, intervals, plots.
    n_iter_ : int
        Passes over the data.

    See Also
    --------
    plackett_luce : The function behind it.
    Rankings : Partial rankings and choices.

    Notes
    -----
    Certificate, complexity and memory are those of `plackett_luce`. scikit-learn's own checks do
    not apply, since samples are rankings of labels. `GridSearchCV` may choose the `prior` on an
    array or a list of rankings: with a prior every fold has an estimate, and items that occur in no
    training ranking have the prior's mean.

    Examples
    --------
    >>> from hasten.ranking import PlackettLuce
    >>> model = PlackettLuce().fit([["ann", "bob", "cem"], ["bob", "ann"], ["cem", "ann"]])
    >>> model.items_
    array(['ann', 'bob', 'cem'], dtype='<U3')
    >>> model.predict_proba([["ann", "bob"]])[0].round(3)
    array([0.281, 0.719])
    """

    items_: NDArray[Any]
    strength_: NDArray[Any]
    result_: PlackettLuceResult

    def __init__(
        self,
        prior: float | Logistic | Gaussian | None = None,
        method: str = "auto",
        on_disconnected: str = "raise",
        tol: float = 1e-6,
        max_iter: int | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.prior = prior
        self.method = method
        self.on_disconnected = on_disconnected
        self.tol = tol
        self.max_iter = max_iter
        self.n_threads = n_threads

    def fit(
        self,
        rankings: Any,
        y: None = None,  # noqa: ARG002
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Rank the items.

        Parameters
        ----------
        rankings : Rankings, list of sequences, or array-like of shape (n_rankings, width)
            Labels, best first.
        y : None
            Not used; scikit-learn passes it.
        sample_weight : array-like of shape (n_rankings,), optional
            Non-negative weights, counted as numbers of rankings.

        Returns
        -------
        PlackettLuce
            The estimator itself.

        Raises
        ------
        hasten.NotConnectedError
            When no finite estimate exists and `on_disconnected` is "raise".
        ValueError, TypeError
            When an argument is not valid.
        """
        result, warning = _plackett_luce.fit(
            self._read(rankings, sample_weight),
            prior=self.prior,
            method=self.method,
            on_disconnected=self.on_disconnected,
            tol=self.tol,
            max_iter=self.max_iter,
            n_threads=self.n_threads,
        )
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        self.result_ = result
        self.items_ = result.items
        self.strength_ = result.strength
        self.n_iter_ = result.n_iter
        return self

    def predict_proba(self, sets: Any) -> Any:
        """Return the probability of each item to be chosen from a set.

        Parameters
        ----------
        sets : list of sequences, or array-like of shape (n_sets, width)
            Labels of items.

        Returns
        -------
        list of ndarray, or ndarray of shape (n_sets, width)
            As in `PlackettLuceResult.predict_proba`.

        Raises
        ------
        ValueError
            When a label was in no ranking; the message names it.
        """
        check_is_fitted(self)
        return self.result_.predict_proba(sets)

    def score(
        self,
        rankings: Any,
        y: None = None,  # noqa: ARG002
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the mean log-likelihood of rankings per unit weight; larger is better.

        Parameters
        ----------
        rankings : Rankings, list of sequences, or array-like of shape (n_rankings, width)
            Labels, best first.
        y : None
            Not used; scikit-learn passes it.
        sample_weight : array-like of shape (n_rankings,), optional
            Weights as in `fit`.

        Returns
        -------
        float
            At most 0; ``-ln K!`` is what guessing gives for whole rankings of K items. Rankings of
            fewer than two items say nothing and do not count.

        Raises
        ------
        ValueError
            When an item was in no ranking that was fitted and there is no prior, or when the fit
            left items without a strength that can be compared.
        """
        check_is_fitted(self)
        if len(self.result_.component_order) > 1 or len(self.result_.excluded):
            raise ValueError(
                "`score` needs strengths that can all be compared; the fit has "
                f"{len(self.result_.component_order)} components and "
                f"{len(self.result_.excluded)} excluded items"
            )
        data = self._read(rankings, sample_weight)
        strength = np.zeros(data.n_items)
        # With a prior, what was never seen has its mean.
        known = np.ones(data.n_items, dtype=bool)
        if core_prior(self.prior) is not None:
            known = np.isin(data.items, self.items_)
        positions = self.result_._index.find(data.items[known], "rankings")
        strength[known] = self.result_._fit.strength[positions]
        n_threads = _threads.resolve(self.n_threads)
        total = _core.rankings_log_likelihood(data._arrays, strength, n_threads)
        return total / data.total_weight

    def _read(self, rankings: Any, sample_weight: ArrayLike | None) -> Rankings:
        if not isinstance(rankings, Rankings):
            return Rankings.from_orderings(rankings, weight=sample_weight)
        if sample_weight is not None:
            raise ValueError("`sample_weight` must be None when `rankings` is a Rankings")
        return rankings

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags
