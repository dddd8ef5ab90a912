"""`PreferenceRegression`, the model as a scikit-learn estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from hasten.ranking._preference import fit
from hasten.ranking._preference_inputs import (
    Alternatives,
    check_alternatives,
    check_chosen,
    check_feature_names,
)
from hasten.ranking._preference_scores import ranking_log_likelihood

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._preference_result import PreferenceResult


class PreferenceRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Linear rewards from preferences as a scikit-learn classifier.

    A sample is a set of alternatives, and its class the position of the one that was chosen; or a
    sample is the difference of the features of a pair, and its class says whether the first was
    preferred.

    Parameters
    ----------
    kind : {"plackett-luce", "split"}, default "plackett-luce"
        Which likelihood to maximise, see `preference_regression`.
    ridge : float, default 0.0
        Weight of the quadratic penalty, see `preference_regression`.
    tol : float, default 1e-6
        Largest numerical error that is accepted, in units of the standard error.
    max_iter : int, optional
        Largest number of passes over the data.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        The coefficients.
    classes_ : ndarray
        The two labels of differences, the second of which means that the first alternative was
        preferred; the positions 0, 1, ... of sets.
    covariance_ : ndarray of shape (n_features, n_features)
        Covariance of the coefficients: of the model, or the sandwich for ``kind="split"``.
    result_ : PreferenceResult
        Everything else: certificate, standard errors, intervals.
    n_iter_ : int
        Passes over the data.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where X was a table of differences.

    See Also
    --------
    preference_regression : The function behind it.

    Notes
    -----
    Certificate, complexity and memory are those of `preference_regression`. There is no intercept:
    swapping the two alternatives of a pair swaps the probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from hasten.ranking import PreferenceRegression
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3, 2))
    >>> y = (X @ [1.0, -0.5] + rng.gumbel(size=(200, 3))).argmax(axis=1)
    >>> search = GridSearchCV(PreferenceRegression(), {"ridge": [0.1, 1.0, 10.0]}).fit(X, y)
    >>> search.best_estimator_.coef_.round(2)
    array([ 0.92, -0.51])
    """

    coef_: NDArray[Any]
    classes_: NDArray[Any]
    covariance_: NDArray[np.float64]
    result_: PreferenceResult
    n_iter_: int
    n_features_in_: int

    def __init__(
        self,
        kind: str = "plackett-luce",
        ridge: float = 0.0,
        tol: float = 1e-6,
        max_iter: int | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.kind = kind
        self.ridge = ridge
        self.tol = tol
        self.max_iter = max_iter
        self.n_threads = n_threads

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_sets, n_alternatives, n_features) or (n_sets, n_features)
            Features of sets of alternatives, or differences of pairs.
        y : array-like of shape (n_sets,) or (n_sets, n_placed)
            For sets: positions of the chosen alternatives, or rankings of positions, best first.
            For differences: two labels, of which the one that sorts last says that the first
            alternative was preferred.
        sample_weight : array-like of shape (n_sets,), optional
            Non-negative weights, counted as numbers of identical rankings.

        Returns
        -------
        PreferenceRegression
            The estimator itself.

        Raises
        ------
        ValueError
            When an argument is not valid or no finite estimate exists.
        TypeError
            When an argument has the wrong type.
        """
        names = None
        if _n_dimensions(X) == 3:
            alternatives = check_alternatives(X)
            self.n_features_in_ = alternatives.values.shape[2]
            classes, chosen = np.arange(alternatives.n_alternatives), np.asarray(y)
        else:
            dtype = [np.float64, np.float32]
            values, labels = validate_data(self, X, y, dtype=dtype, order="C")
            if sample_weight is not None:
                sample_weight = _check_sample_weight(
                    sample_weight, values, dtype=np.float64, ensure_non_negative=True
                )
            alternatives = Alternatives(values, None)
            classes, chosen = _two_classes(labels, sample_weight)
            names = check_feature_names(
                getattr(self, "feature_names_in_", None), None, self.n_features_in_
            )
        result, warning = fit(
            alternatives,
            chosen,
            kind=self.kind,
            ridge=self.ridge,
            sample_weight=sample_weight,
            feature_names=names,
            tol=self.tol,
            max_iter=self.max_iter,
            n_threads=self.n_threads,
        )
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        self.result_ = result
        self.classes_ = classes
        self.coef_ = result.coef
        self.covariance_ = result.covariance()
        self.n_iter_ = result.n_iter
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the rewards of alternatives, or by how much the first of a pair is ahead.

        Parameters
        ----------
        X : array-like of shape (n, n_alternatives, n_features) or (n, n_features)
            Sets of alternatives, or differences of pairs.

        Returns
        -------
        ndarray of shape (n, n_alternatives) or (n,)
            Log-odds: for sets relative to the first alternative.
        """
        values = self._read(X).values
        return self.result_._score(values)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, n_alternatives, n_features) or (n, n_features)
            Sets of alternatives, or differences of pairs.

        Returns
        -------
        ndarray of shape (n, n_alternatives) or (n, 2)
            Columns as in `classes_`.
        """
        values = self._read(X).values
        if values.ndim == 3:
            return np.asarray(self.result_.predict_proba(values))
        return np.column_stack(
            [self.result_.predict_proba(-values), self.result_.predict_proba(values)]
        )

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the likeliest class, the first of equals.

        Parameters
        ----------
        X : array-like of shape (n, n_alternatives, n_features) or (n, n_features)
            Sets of alternatives, or differences of pairs.

        Returns
        -------
        ndarray of shape (n,)
            Positions for sets, labels for differences.
        """
        score = self.decision_function(X)
        labels: NDArray[Any]
        if score.ndim == 2:
            labels = np.argmax(score, axis=1)
            return labels
        labels = self.classes_[(score > 0).astype(np.intp)]
        return labels

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean Plackett-Luce log-likelihood of rankings; larger is better.

        It is the same measure for both kinds, so that they compare.

        Parameters
        ----------
        X : array-like of shape (n_sets, n_alternatives, n_features) or (n_sets, n_features)
            Sets of alternatives, or differences of pairs.
        y : array-like of shape (n_sets,) or (n_sets, n_placed)
            Choices or rankings as in `fit`.
        sample_weight : array-like of shape (n_sets,), optional
            Weights as in `fit`.

        Returns
        -------
        float
            At most 0; ``-ln(n_alternatives)`` is what guessing a choice gives.
        """
        alternatives = self._read(X)
        score = self.result_._score(alternatives.values)
        if alternatives.are_differences:
            score = np.column_stack([score, np.zeros(len(score))])
            chosen = check_chosen(_known_classes(y, self.classes_), alternatives)
        else:
            chosen = check_chosen(y, alternatives)
        # Positions are None only where no labels were given.
        value = ranking_log_likelihood(score, cast("NDArray[np.uint32]", chosen), None)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        return float(np.average(value, weights=weight))

    def pessimistic_value(
        self, features: ArrayLike, delta: float = 0.05, **options: Any
    ) -> float | NDArray[np.float64]:
        """Return lower confidence bounds of values of policies, valid for all of them at once.

        Parameters
        ----------
        features : array-like of shape (n_policies, n_features) or (n_features,)
            For each policy its mean features less those of a reference.
        delta : float, default 0.05
            Probability that some bound is above the true value.
        **options : object
            As in `PreferenceResult.pessimistic_value`.

        Returns
        -------
        float or ndarray of shape (n_policies,)
            The bounds.
        """
        check_is_fitted(self)
        value: float | NDArray[np.float64] = self.result_.pessimistic_value(
            features, delta, **options
        )
        return value

    def _read(self, X: ArrayLike) -> Alternatives:
        check_is_fitted(self)
        if _n_dimensions(X) == 3:
            return check_alternatives(X)
        values = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return Alternatives(values, None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.classifier_tags.multi_class = False
        return tags


def _n_dimensions(X: Any) -> int:
    return int(X.ndim) if hasattr(X, "ndim") else np.asarray(X).ndim


def _two_classes(y: NDArray[Any], weight: Any) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the labels of differences and, for each row, whether it is the second."""
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    classes, chosen = np.unique(y, return_inverse=True)
    if kind != "binary" or len(classes) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {kind}."
        )
    present = np.bincount(chosen, weights=weight, minlength=2)
    if not (present > 0).all():
        raise ValueError(
            "`y` must have two classes (of positive weight) for differences of pairs; "
            f"got one class, {classes[present[: len(classes)] > 0].tolist()}"
        )
    return classes, chosen


def _known_classes(y: ArrayLike, classes: NDArray[Any]) -> NDArray[np.intp]:
    labels = np.asarray(y)
    unknown = ~np.isin(labels, classes)
    if unknown.any():
        first = labels[unknown][0]
        raise ValueError(f"`y` must hold the classes {classes.tolist()}; got {first!r}")
    return np.searchsorted(classes, labels)
