"""`BradleyTerry`, the model as a scikit-learn estimator; the only file here that imports it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from hasten._validation import check_array
from hasten.ranking._bradley_terry import fit
from hasten.ranking._comparisons import Comparisons
from hasten.ranking._items import ItemIndex
from hasten.ranking._pairs import renamed, split_columns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._result import BradleyTerryResult


class BradleyTerry(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Bradley-Terry ranking as a scikit-learn classifier of pairs.

    A sample is a pair of item labels (left, right); its class is 1 when left won and 0 when right
    won. Ties are 0.5.

    Parameters
    ----------
    ties : {"half", "drop", "raise"}, default "half"
        What to do with ties, see `bradley_terry`.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        The iteration, see `bradley_terry`.
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
        Log-strengths with mean 0.
    result_ : BradleyTerryResult
        Everything else: certificate, standard errors, intervals, plots.
    comparisons_ : Comparisons
        All comparisons seen so far.
    n_iter_ : int
        Passes over the data.
    classes_ : ndarray of shape (2,)
        0 (right wins) and 1 (left wins).
    n_features_in_ : int
        Always 2.

    See Also
    --------
    bradley_terry : The function behind it.

    Notes
    -----
    Certificate, complexity and memory are those of `bradley_terry`. scikit-learn's own checks do
    not apply, since X holds labels. Cross-validation needs folds in which every item occurs and the
    comparisons stay connected.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ranking import BradleyTerry
    >>> X = np.array([["Ann", "Bob"], ["Bob", "Cem"], ["Cem", "Ann"], ["Ann", "Cem"]])
    >>> model = BradleyTerry().fit(X)
    >>> model.items_
    array(['Ann', 'Bob', 'Cem'], dtype='<U3')
    >>> model.predict([["Ann", "Bob"], ["Cem", "Ann"]])
    array([1, 0])
    """

    items_: NDArray[Any]
    strength_: NDArray[Any]
    comparisons_: Comparisons
    result_: BradleyTerryResult

    def __init__(
        self,
        ties: str = "half",
        method: str = "auto",
        tol: float = 1e-6,
        max_iter: int | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.ties = ties
        self.method = method
        self.tol = tol
        self.max_iter = max_iter
        self.n_threads = n_threads

    def fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Rank the items from scratch.

        Parameters
        ----------
        X : Comparisons or array-like of shape (n_games, 2)
            Pairs of labels (left, right), of any dtype; a table of two columns will do.
        y : array-like of shape (n_games,), optional
            1 where left won, 0 where right won, 0.5 for a tie; left won every game by default.
        sample_weight : array-like of shape (n_games,), optional
            Non-negative weights, counted as numbers of games.

        Returns
        -------
        BradleyTerry
            The estimator itself.

        Raises
        ------
        hasten.NotConnectedError
            When no finite estimate exists.
        ValueError, TypeError
            When an argument is not valid.
        """
        self._solve(self._read(X, y, sample_weight), None)
        return self

    def partial_fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Add comparisons to those seen before and rank again, starting from the last strengths.

        The answer equals that of one `fit` on all of them, to the tolerance.

        Parameters
        ----------
        X : Comparisons or array-like of shape (n_games, 2)
            Pairs of labels (left, right), of any dtype; new labels are new items.
        y : array-like of shape (n_games,), optional
            Outcomes as in `fit`.
        sample_weight : array-like of shape (n_games,), optional
            Weights as in `fit`.

        Returns
        -------
        BradleyTerry
            The estimator itself.

        Raises
        ------
        hasten.NotConnectedError
            While no finite estimate exists; the comparisons are kept, and later ones may connect
            the items.
        ValueError, TypeError
            When an argument is not valid.
        """
        comparisons = self._read(X, y, sample_weight)
        if hasattr(self, "comparisons_"):
            comparisons = self.comparisons_.merge(comparisons)
        start = None
        if hasattr(self, "result_"):
            start = np.zeros(len(comparisons.items))
            start[ItemIndex(comparisons.items).find(self.items_, "items")] = self.strength_
        self.comparisons_ = comparisons
        self._solve(comparisons, start)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of both outcomes.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Pairs of labels (left, right).

        Returns
        -------
        ndarray of shape (n, 2)
            Probabilities that right wins and that left wins, as in `classes_`.

        Raises
        ------
        ValueError
            When a label was not in the comparisons; the message names it.
        """
        check_is_fitted(self)
        left, right = split_columns(X, "X")
        with renamed(left="X[:, 0]", right="X[:, 1]"):
            wins = self.result_.predict_proba(left, right)
        return np.column_stack([self.result_.predict_proba(right, left), wins])

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the likelier outcome, 1 where left is at least as strong.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Pairs of labels (left, right).

        Returns
        -------
        ndarray of int64, shape (n,)
            1 for left, 0 for right.
        """
        probability = self.predict_proba(X)
        return (probability[:, 1] >= probability[:, 0]).astype(np.int64)

    def score(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the mean log-likelihood of games per unit weight; larger is better.

        Parameters
        ----------
        X : Comparisons or array-like of shape (n_games, 2)
            Pairs of labels (left, right), all known.
        y : array-like of shape (n_games,), optional
            Outcomes as in `fit`.
        sample_weight : array-like of shape (n_games,), optional
            Weights as in `fit`.

        Returns
        -------
        float
            At most 0; ``-ln 2`` is what guessing gives. Ties count by the rule `ties`.
        """
        from hasten.ranking._pair_table import pair_table

        check_is_fitted(self)
        comparisons = self._read(X, y, sample_weight)
        table = pair_table(comparisons, self.ties)
        known = self.result_._index.find(comparisons.items, "X")
        strength = self.result_._fit.strength[known]
        difference = strength[table.rows] - strength[table.opponents]
        log_likelihood = -np.sum(table.wins * np.logaddexp(0.0, -difference), dtype=np.float64)
        return float(log_likelihood / table.total_weight)

    def _read(self, X: Any, y: ArrayLike | None, sample_weight: ArrayLike | None) -> Comparisons:
        if isinstance(X, Comparisons):
            if y is not None or sample_weight is not None:
                raise ValueError("`y` and `sample_weight` must be None when X is a Comparisons")
            return X
        left, right = split_columns(X, "X")
        weight = None
        if sample_weight is not None:
            weight = check_array(sample_weight, "sample_weight")
        with renamed(left="X[:, 0]", right="X[:, 1]", outcome="y", weight="sample_weight"):
            return Comparisons.from_arrays(left, right, y, weight=weight, n_threads=self.n_threads)

    def _solve(self, comparisons: Comparisons, start: NDArray[np.float64] | None) -> None:
        result, warning = fit(
            comparisons,
            ties=self.ties,
            method=self.method,
            tol=self.tol,
            max_iter=self.max_iter,
            n_threads=self.n_threads,
            init=start,
        )
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=3)
        self.comparisons_ = comparisons
        self.result_ = result
        self.items_ = result.items
        self.strength_ = result.strength
        self.n_iter_ = result.n_iter
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = 2

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = False
        tags.classifier_tags.multi_class = False
        return tags
