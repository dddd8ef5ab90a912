"""`BradleyTerry`, the model as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from hasten._validation import check_array
from hasten.ranking._cells import read_covariates
from hasten.ranking._comparisons import Comparisons
from hasten.ranking._items import ItemIndex
from hasten.ranking._paired import TIE_PARAMETERS, paired_cells
from hasten.ranking._pairs import renamed, split_columns
from hasten.ranking._probabilities import log_likelihood, outcome_probabilities
from hasten.ranking._solve import fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._priors import Gaussian, Logistic
    from hasten.ranking._result import BradleyTerryResult


class BradleyTerry(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Bradley-Terry ranking as a scikit-learn classifier of pairs.

    A sample is a pair of item labels (left, right); its class is 1 when left won and 0 when right
    won. Ties are 0.5.

    Parameters
    ----------
    ties : {"half", "davidson", "rao-kupper", "drop", "raise"}, default "half"
        What to do with ties, see `bradley_terry`.
    order_effect : bool, default False
        Estimate an advantage of the left side.
    prior : float, Logistic or Gaussian, optional
        Prior of the strengths; choose its weight with `GridSearchCV` and `score`.
    method : {"auto", "newton", "newman", "zermelo"}, default "auto"
        The iteration, see `bradley_terry`.
    on_disconnected : {"raise", "largest", "components"}, default "raise"
        What to fit where the comparisons do not connect all items, see `bradley_terry`.
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
    tie_parameter_, order_effect_ : float or None
        As in the result.
    coef_ : ndarray of shape (n_covariates,), or None
        Coefficients of the covariates.
    result_ : BradleyTerryResult
        Everything else: certificate, standard errors, intervals, plots.
    comparisons_ : Comparisons
        All comparisons seen so far.
    n_iter_ : int
        Passes over the data.
    classes_ : ndarray of shape (2,) or (3,)
        0 (right wins) and 1 (left wins); with 0.5 (tie) between them under a model of ties.
    n_features_in_ : int
        Always 2.

    See Also
    --------
    bradley_terry : The function behind it.

    Notes
    -----
    Certificate, complexity and memory are those of `bradley_terry`. scikit-learn's own checks do
    not apply, since X holds labels. Cross-validation needs folds in which every item occurs and the
    comparisons stay connected, or a prior: then an item that was not compared has strength 0.

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
    tie_parameter_: float | None
    order_effect_: float | None
    coef_: NDArray[np.float64] | None
    classes_: NDArray[Any]
    comparisons_: Comparisons
    result_: BradleyTerryResult

    def __init__(
        self,
        ties: str = "half",
        order_effect: bool = False,
        prior: float | Logistic | Gaussian | None = None,
        method: str = "auto",
        on_disconnected: str = "raise",
        tol: float = 1e-6,
        max_iter: int | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.ties = ties
        self.order_effect = order_effect
        self.prior = prior
        self.method = method
        self.on_disconnected = on_disconnected
        self.tol = tol
        self.max_iter = max_iter
        self.n_threads = n_threads

    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        covariates: Any = None,
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
        covariates : array-like of shape (n_games, d), or a table, optional
            Covariates of the games. Those that a `Comparisons` holds are always used.

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
        self._solve(self._read(X, y, sample_weight, covariates), None)
        return self

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        covariates: Any = None,
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
        covariates : array-like of shape (n_games, d), or a table, optional
            Covariates as in `fit`.

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
        comparisons = self._read(X, y, sample_weight, covariates)
        if hasattr(self, "comparisons_"):
            comparisons = self.comparisons_.merge(comparisons)
        start = None
        if hasattr(self, "result_"):
            start = np.zeros(len(comparisons.items))
            known = ItemIndex(comparisons.items).find(self.items_, "items")
            start[known] = np.nan_to_num(self.strength_)
        self.comparisons_ = comparisons
        self._solve(comparisons, start)
        return self

    def predict_proba(self, X: Any, covariates: Any = None) -> NDArray[np.float64]:
        """Return the probabilities of all outcomes.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Pairs of labels (left, right).
        covariates : array-like of shape (n, d), optional
            Covariates of the pairs; 0 by default.

        Returns
        -------
        ndarray of shape (n, 2) or (n, 3)
            Probabilities that right wins, that neither does under a model of ties, and that left
            wins, as in `classes_`.

        Raises
        ------
        ValueError
            When a label was not in the comparisons and there is no prior; the message names it.
        """
        check_is_fitted(self)
        left, right = split_columns(X, "X")
        with renamed(left="X[:, 0]", right="X[:, 1]"):
            predictor = self._strengths(left, "left") - self._strengths(right, "right")
        predictor += self.order_effect_ or 0.0
        if self.coef_ is not None and covariates is not None:
            values, _ = read_covariates(covariates, len(predictor))
            if values is None or values.shape[1] != len(self.coef_):
                raise ValueError(f"`covariates` must have {len(self.coef_)} columns")
            predictor += values @ self.coef_
        win, tie = outcome_probabilities(self.ties, predictor, self.result_._tie)
        loss, _ = outcome_probabilities(self.ties, -predictor, self.result_._tie)
        columns = [loss, tie, win] if len(self.classes_) == 3 else [loss, win]
        return np.column_stack(columns)

    def predict(self, X: Any, covariates: Any = None) -> NDArray[Any]:
        """Return the likeliest outcome; where two are equally likely, the one better for left.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Pairs of labels (left, right).
        covariates : array-like of shape (n, d), optional
            Covariates of the pairs; 0 by default.

        Returns
        -------
        ndarray of shape (n,)
            One of `classes_` each.
        """
        chances = self.predict_proba(X, covariates)[:, ::-1]
        outcomes: NDArray[Any] = self.classes_[::-1][np.argmax(chances, axis=1)]
        return outcomes

    def score(
        self,
        X: Any,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        covariates: Any = None,
    ) -> float:
        """Return the mean log-likelihood of games per unit weight; larger is better.

        Parameters
        ----------
        X : Comparisons or array-like of shape (n_games, 2)
            Pairs of labels (left, right), all known unless there is a prior.
        y : array-like of shape (n_games,), optional
            Outcomes as in `fit`.
        sample_weight : array-like of shape (n_games,), optional
            Weights as in `fit`.
        covariates : array-like of shape (n_games, d), or a table, optional
            Covariates as in `fit`.

        Returns
        -------
        float
            At most 0; ``-ln 2`` is what guessing gives without ties. Ties count by the rule `ties`.
        """
        check_is_fitted(self)
        comparisons = self._read(X, y, sample_weight, covariates)
        specification = self.result_._fit.specification
        if specification.order_effect and not comparisons.ordered:
            raise ValueError("`X` must be ordered comparisons, as the model has an order effect")
        if comparisons.covariate_names != specification.covariate_names:
            raise ValueError(
                f"`covariates` must be {specification.covariate_names}; got "
                f"{comparisons.covariate_names}"
            )
        cells = paired_cells(comparisons, specification)
        strength = self._strengths(comparisons.items, "X")
        predictor = strength[cells.left] - strength[cells.right] + (self.order_effect_ or 0.0)
        if cells.covariates is not None and self.coef_ is not None:
            predictor = predictor + cells.covariates @ self.coef_
        total = log_likelihood(self.ties, cells, predictor, self.result_._tie)
        ties = 0.0 if cells.ties is None else float(cells.ties.sum())
        return total / (float(cells.wins.sum() + cells.losses.sum()) + ties)

    def _strengths(self, labels: Any, name: str) -> NDArray[np.float64]:
        """Return the strengths of items; under a prior 0 for those that were not compared."""
        result = self.result_
        if result._fit.specification.prior is None:
            return result._fit.strength[result._find(labels, name)]
        places = result._index.look_up(labels, name)
        return np.where(places < 0, 0.0, result._fit.strength[places])

    def _read(
        self, X: Any, y: ArrayLike | None, sample_weight: ArrayLike | None, covariates: Any
    ) -> Comparisons:
        if isinstance(X, Comparisons):
            if y is not None or sample_weight is not None or covariates is not None:
                raise ValueError(
                    "`y`, `sample_weight` and `covariates` must be None when X is a Comparisons"
                )
            return X
        left, right = split_columns(X, "X")
        weight = None
        if sample_weight is not None:
            weight = check_array(sample_weight, "sample_weight")
        with renamed(left="X[:, 0]", right="X[:, 1]", outcome="y", weight="sample_weight"):
            return Comparisons.from_arrays(
                left,
                right,
                y,
                weight=weight,
                ordered=self.order_effect,
                covariates=covariates,
                n_threads=self.n_threads,
            )

    def _solve(self, comparisons: Comparisons, start: NDArray[np.float64] | None) -> None:
        result, warning = fit(
            comparisons,
            ties=self.ties,
            order_effect=self.order_effect,
            covariates=comparisons.covariate_names or None,
            prior=self.prior,
            method=self.method,
            on_disconnected=self.on_disconnected,
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
        self.tie_parameter_ = result.tie_parameter
        self.order_effect_ = result.order_effect
        self.coef_ = result.coef
        self.n_iter_ = result.n_iter
        has_ties = self.ties in TIE_PARAMETERS
        self.classes_ = np.array([0, 0.5, 1] if has_ties else [0, 1])
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
