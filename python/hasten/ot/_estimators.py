"""`SinkhornTransport` and `SinkhornBarycenter`, the family as scikit-learn estimators."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from hasten._backend import NUMPY
from hasten._validation import check_choice
from hasten.ot import _barycenter, _plan
from hasten.ot._domain import NORMS, PENALTY, check_labels, distances, mismatched, scale_of
from hasten.ot._inputs import (
    check_columns,
    check_matrix,
    check_points,
    check_reg,
    check_reg_marginals,
)
from hasten.ot._options import check_options
from hasten.ot._problem import points_problem
from hasten.ot._solve import solve

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten.ot._barycenter import BarycenterResult
    from hasten.ot._problem import Problem
    from hasten.ot._result import SinkhornResult

_FLOATS = (np.float64, np.float32)
OUT_OF_SAMPLE = ("barycentric", "nearest")


def _numbers(value: Any, name: str) -> Any:
    """Make numbers of an array of objects that holds them, as scikit-learn does for `X`."""
    if getattr(getattr(value, "dtype", None), "kind", "") != "O":
        return value
    try:
        return np.asarray(value).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{name}` must hold real numbers; got {error}") from error


class SinkhornTransport(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    r"""Entropic transport of samples to the samples of a target, as a scikit-learn transformer.

    `fit` transports the samples to a target, and `transform` sends a sample to the mean of where
    its mass goes. With labels it is the domain adaptation of [1]_.

    Parameters
    ----------
    reg : float, default 1.0
        Strength of the entropic term, see `sinkhorn_points`.
    metric : {"sqeuclidean", "euclidean", "cosine", "cityblock"}, default "sqeuclidean"
        The cost between samples.
    reg_marginals : float or pair of float, default inf
        Strength of the marginals, see `sinkhorn`: finite where some samples have no counterpart.
    norm : {None, "max", "median"}, default None
        Divide the cost by its maximum or median, so that `reg` and `reg_marginals` do not depend on
        the units.
    tol : float, optional
        Tolerance of the marginals, see `sinkhorn`.
    max_iter : int, default 10,000
        Largest number of passes over the cost.
    out_of_sample : {"barycentric", "nearest"}, default "barycentric"
        Where new samples go: "barycentric" extends the map by the soft transform of the potential,
        "nearest" moves a sample as far as the nearest training sample moves, as POT does.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Attributes
    ----------
    result_ : SinkhornResult
        Potentials, certificate, plan, gradients. Its costs are the distances as they are; a `norm`
        multiplies its strengths instead.
    coupling_ : ndarray of shape (n_samples, n_samples_target)
        The plan, made on first access.
    X_, X_target_ : ndarray
        The samples and those of the target.
    n_iter_ : int
        Passes over the cost.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, when `X` has them.

    See Also
    --------
    sinkhorn_points : The function behind it.

    Notes
    -----
    Certificate, complexity and memory are those of `sinkhorn_points`. With labels, and with
    ``norm="median"``, a matrix of costs is made.

    References
    ----------
    .. [1] N. Courty, R. Flamary, D. Tuia, A. Rakotomamonjy, "Optimal transport for domain
       adaptation", IEEE Transactions on Pattern Analysis and Machine Intelligence 39(9), 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import SinkhornTransport
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> model = SinkhornTransport(reg=0.01).fit(X, X_target=X + 5.0)
    >>> model.transform(X).round(3)
    array([[5., 5.],
           [6., 5.],
           [5., 6.]])
    """

    result_: SinkhornResult
    X_: NDArray[Any]
    X_target_: NDArray[Any]
    n_iter_: int
    _points: Problem

    def __init__(
        self,
        reg: float = 1.0,
        metric: str = "sqeuclidean",
        reg_marginals: float | tuple[float, float] = math.inf,
        norm: str | None = None,
        tol: float | None = None,
        max_iter: int = 10_000,
        out_of_sample: str = "barycentric",
        n_threads: int | None = None,
    ) -> None:
        self.reg = reg
        self.metric = metric
        self.reg_marginals = reg_marginals
        self.norm = norm
        self.tol = tol
        self.max_iter = max_iter
        self.out_of_sample = out_of_sample
        self.n_threads = n_threads

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        X_target: ArrayLike | None = None,
        y_target: ArrayLike | None = None,
    ) -> Self:
        """Transport the samples to the target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,), optional
            Their labels, -1 where unknown; they count only together with `y_target`.
        X_target : array-like of shape (n_samples_target, n_features)
            Samples of the target. Required.
        y_target : array-like of shape (n_samples_target,), optional
            Their labels, -1 where unknown: numbers if `y` are, else texts. Pairs of samples with
            different known labels cost ten times the largest cost on top of their own.

        Returns
        -------
        SinkhornTransport
            The estimator itself.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid, or `X_target` is missing.
        """
        if X_target is None:
            raise ValueError("`X_target` must be given to fit: the samples to transport to")
        check_choice(self.out_of_sample, "out_of_sample", OUT_OF_SAMPLE)
        options = check_options(tol=self.tol, max_iter=self.max_iter)
        samples = validate_data(self, X, dtype=_FLOATS)
        names = ("X", "X_target")
        check_columns(X, X_target, names)
        target = check_matrix(_numbers(X_target, names[1]), names[1])
        reg, rho = check_reg(self.reg), check_reg_marginals(self.reg_marginals)
        if self.norm is not None:
            norm = check_choice(self.norm, "norm", NORMS)
            scale = scale_of(check_points(samples, target, self.metric, names), norm)
            reg, rho = reg * scale, (rho[0] * scale, rho[1] * scale)
        points = points_problem(
            samples, target, None, None, self.metric, reg, rho, self.n_threads, NUMPY, names
        )
        problem = points
        if y is not None and y_target is not None:
            cost = distances(points.cost)
            labels = check_labels(y, "y", len(samples))
            unlike = mismatched(labels, check_labels(y_target, "y_target", len(target)))
            cost[unlike] += PENALTY * cost.max()
            problem = replace(points, cost=cost)
        result, warning = solve(problem, options, None, type(self).__name__)
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        self.result_ = result
        self.X_, self.X_target_ = points.cost[:2]
        self.n_iter_ = result.n_iter
        self._points = points
        return self

    @property
    def coupling_(self) -> NDArray[Any]:
        """The plan between the samples and the target."""
        check_is_fitted(self)
        plan: NDArray[Any] = self.result_.plan
        return plan

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Send samples to the target.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            The samples of `fit`, which go to the means of their plan, or new ones.

        Returns
        -------
        ndarray of shape (n, n_features)
            Where they go.

        Raises
        ------
        ValueError, TypeError
            When `X` is not valid, or so far away that its costs are more than 1e15 times `reg`.

        Notes
        -----
        After a `fit` with labels only all samples of the fit together, in their order, go by their
        labels. Others have none, even if they are some of them: they go by their places alone.
        """
        return self._send(X, self._sides()[0])

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Send samples of the target back.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            The samples of the target of `fit`, or new ones.

        Returns
        -------
        ndarray of shape (n, n_features)
            Where they go.

        Raises
        ------
        ValueError, TypeError
            When `X` is not valid, as in `transform`.

        Notes
        -----
        Labels count as in `transform`, and it takes a pass for each feature then.
        """
        return self._send(X, self._sides()[1])

    def _sides(self) -> tuple[_Side, _Side]:
        check_is_fitted(self)
        return (
            _Side(self.X_, self.X_target_, columns=False),
            _Side(self.X_target_, self.X_, columns=True),
        )

    def _send(self, X: ArrayLike, side: _Side) -> NDArray[Any]:
        samples = validate_data(self, X, dtype=_FLOATS, reset=False)
        result, points = self.result_, self._points
        columns = side.columns
        if samples.shape == side.known.shape and np.array_equal(samples, side.known):
            return _plan.conditional_mean(
                result._problem, result._potentials, side.images, columns=columns
            )
        if self.out_of_sample == "nearest":
            from scipy.spatial import KDTree

            nearest = KDTree(side.known).query(samples)[1]
            sent = _plan.conditional_mean(
                result._problem, result._potentials, side.images, columns=columns
            )
            moved: NDArray[Any] = samples + (sent - side.known)[nearest]
            return moved
        # New samples have no label, so that their costs are plain distances.
        cost = _plan.new_cost(points, samples, "X", columns=columns)
        return _plan.conditional_mean(
            points, result._potentials, side.images, cost, columns=columns
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class _Side(NamedTuple):
    """Samples that are sent, and those that they are sent to."""

    known: NDArray[Any]
    images: NDArray[Any]
    columns: bool


class SinkhornBarycenter(BaseEstimator):  # type: ignore[misc]
    """Barycenter of histograms under entropic transport, as a scikit-learn estimator.

    Parameters
    ----------
    reg : float, default 0.01
        Strength of the entropic term, see `barycenter`.
    weights : array-like of shape (n_samples,), optional
        Weights of the histograms that sum to 1; equal ones by default.
    debiased : bool, default True
        Take off the blur that entropy adds.
    cost : array-like of shape (n_features, n_features), optional
        Costs between bins: by default squared distances of bins at equal steps on [0, 1].
    tol : float, optional
        Tolerance, see `barycenter`.
    max_iter : int, default 10,000
        Largest number of passes.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Attributes
    ----------
    barycenter_ : ndarray of shape (n_features,)
        The mean histogram. Its sum is 1; if `debiased`, up to the tolerance.
    result_ : BarycenterResult
        How it was found.
    n_iter_ : int
        Passes over the histograms.
    n_features_in_ : int
        Number of bins.
    feature_names_in_ : ndarray of str
        Names of the bins, when `X` has them.

    See Also
    --------
    barycenter : The function behind it.

    Notes
    -----
    Certificate, complexity and memory are those of `barycenter`.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import SinkhornBarycenter
    >>> SinkhornBarycenter(reg=0.01).fit(np.eye(5)[[0, 4]]).barycenter_.argmax().item()
    2
    """

    barycenter_: NDArray[Any]
    result_: BarycenterResult
    n_iter_: int

    def __init__(
        self,
        reg: float = 0.01,
        weights: ArrayLike | None = None,
        debiased: bool = True,
        cost: ArrayLike | None = None,
        tol: float | None = None,
        max_iter: int = 10_000,
        n_threads: int | None = None,
    ) -> None:
        self.reg = reg
        self.weights = weights
        self.debiased = debiased
        self.cost = cost
        self.tol = tol
        self.max_iter = max_iter
        self.n_threads = n_threads

    def fit(self, X: ArrayLike, y: None = None) -> Self:  # noqa: ARG002
        """Find the barycenter.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Histograms, one a row: non-negative; each is divided by its sum first.
        y : None
            Not used; scikit-learn passes it.

        Returns
        -------
        SinkhornBarycenter
            The estimator itself.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid.
        """
        # In one order of memory, so that sums have the same bits for any.
        rows = np.ascontiguousarray(validate_data(self, X, dtype=_FLOATS))
        check_non_negative(rows, type(self).__name__)
        mass = rows.sum(axis=1, dtype=np.float64, keepdims=True)
        if not mass.all():
            raise ValueError(f"`X` must have positive sums; row {np.argmin(mass)} is all zero")
        cost = self.cost
        if cost is None:
            place = np.linspace(0.0, 1.0, rows.shape[1]).astype(rows.dtype)
            cost = (place[:, None] - place) ** 2
        result, warning = _barycenter.fit(
            (rows / mass).astype(rows.dtype).T,
            cost,
            self.reg,
            self.weights,
            check_options(tol=self.tol, max_iter=self.max_iter),
            debiased=self.debiased,
            n_threads=self.n_threads,
        )
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        self.result_ = result
        self.barycenter_ = result.barycenter
        self.n_iter_ = result.n_iter
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
