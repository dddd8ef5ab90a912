"""`WeightedLeastSquares`: approximation of functions from few values, as a regressor."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from hasten._core import quadrature as _core
from hasten._threads import resolve
from hasten._validation import as_float64, check_array, check_choice, check_integer, shown
from hasten.quadrature._basis import PolynomialBasis, is_narrow
from hasten.quadrature._callable_basis import evaluate, functions
from hasten.quadrature._least_squares_result import (
    BY_LEAVING_ONE_OUT,
    NO_POINT_TO_SPARE,
    LeastSquaresResult,
    from_fit,
)
from hasten.quadrature._sampling import Request, Sample, draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

SAMPLINGS = ("repeated_dpp", "volume", "christoffel")

#: Cohen and Migliorati's number of points for a condition of 0.9 that holds in 99 of 100 cases.
_SPREAD = 1.9 * np.log(1.9) - 0.9
_FAILURE = 0.01


class WeightedLeastSquares(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    r"""Weighted least squares on a basis, from determinantal, volume or Christoffel samples.

    Approximates a function from few values that it chooses itself (`sample`, then `fit`, or
    `fit_function`), or from values at given points (`fit`).

    Parameters
    ----------
    basis : PolynomialBasis or callable, optional
        The functions; see the notes of `PolynomialBasis` for what a callable needs. None stands for
        the affine functions, `PolynomialBasis` of total degree 1 on the box of the data of `fit`.
    sampling : {"repeated_dpp", "volume", "christoffel"}, default "repeated_dpp"
        How `sample` draws: see the functions `repeated_dpp`, `volume_sample`, `christoffel_sample`.
    n_samples : int or "auto", default "auto"
        Number of points of `sample`, rounded up to a multiple of the number m of functions for
        "repeated_dpp". "auto" is 2 m, for "christoffel" :math:`3.13\,m\log(200 m)`.
    condition : float, optional
        Draw again until :math:`|G - I| \le` `condition`; between 0 and 1.
    random_state : None, int, numpy.random.Generator or RandomState, optional
        Where `sample` draws one 64-bit key from.
    n_threads : int, optional
        Threads to use; every core that the process may use by default.

    Attributes
    ----------
    coef_ : ndarray of shape (m,) or (m, n_outputs)
        Coefficients.
    basis_ : PolynomialBasis or callable
        The functions.
    gram_eigenvalues_ : ndarray of shape (m,)
        Eigenvalues of :math:`G = \frac1n\sum_i\omega_i\phi(x_i)\phi(x_i)^T`, ascending.
    stability_ : float
        :math:`1/\lambda_{\min}(G)`.
    loo_error_ : float or ndarray of shape (n_outputs,)
        Estimated L2 error, by leaving one out; NaN when there are as many points as functions.
    result_ : LeastSquaresResult
        All of this, with `merge` and `plot`.
    n_features_in_ : int
        Number of variables.
    feature_names_in_ : ndarray of str
        Names of the variables, when `X` has them.

    See Also
    --------
    repeated_dpp, volume_sample, christoffel_sample : The samples alone.
    PolynomialBasis : The usual basis.

    Notes
    -----
    Minimises :math:`\sum_i\omega_i(y_i - \sum_j c_j\phi_j(x_i))^2` by a QR factorisation in blocks,
    never by normal equations: O(n m (m + n_outputs)) time, 8 n m bytes for the features and a
    hundred times 8 m (m + n_outputs) at most for factors of blocks, one of which is kept.

    Parameters of a `PolynomialBasis` are set through this estimator, as in
    ``set_params(basis__degree=3)`` or a grid search over ``basis__degree``.

    The error is :math:`\sqrt{\frac1n\sum_i\omega_i(r_i/(1-h_i))^2}` with residuals r and leverages
    h, an estimate of :math:`\|f-\hat f\|` under the measure of the basis when points and weights
    come from `sample`. Over its true value it had a median of 1.5 at n = 2 m and 1.15 at n = 4 m
    for repeated determinantal sets, and was too small for smooth functions in one case of six, for
    those with a kink or jump in one of three. `stability_` is exact: it bounds the growth of
    residuals in the coefficients, as in [1]_, but bounds no error alone.

    A failed `condition` gives scikit-learn's ``ConvergenceWarning`` and the best sample.

    References
    ----------
    .. [1] A. Nouy, B. Michel, "Weighted least-squares approximation with determinantal point
       processes and generalized volume sampling", 2023, arXiv 2312.14057.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import PolynomialBasis, WeightedLeastSquares
    >>> basis = PolynomialBasis([(-1, 1), (-1, 1)], degree=8)
    >>> model = WeightedLeastSquares(basis, random_state=0)
    >>> model.fit_function(lambda X: np.exp(X[:, 0] + X[:, 1] / 2)).result_.n_samples
    90
    >>> model.loo_error_ < 1e-6
    True
    >>> model.predict([[0.5, 0.5]]).round(5)  # exp(0.75)
    array([2.117])
    >>> exact = 2 * np.sinh(1) * 4 * np.sinh(0.5)
    >>> abs(model.integral() / exact - 1) < 1e-6
    True
    """

    coef_: NDArray[np.float64]
    basis_: Any
    gram_eigenvalues_: NDArray[np.float64]
    stability_: float
    loo_error_: Any
    result_: LeastSquaresResult

    def __init__(
        self,
        basis: Any = None,
        sampling: str = "repeated_dpp",
        n_samples: int | str = "auto",
        condition: float | None = None,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> None:
        self.basis = basis
        self.sampling = sampling
        self.n_samples = n_samples
        self.condition = condition
        self.random_state = random_state
        self.n_threads = n_threads

    def sample(self) -> Sample:
        """Draw points at which to evaluate a function.

        Returns
        -------
        Sample
            Unpacks as points (n, d) and weights (n,), which are the `sample_weight` of `fit`.

        Raises
        ------
        ValueError, TypeError
            When a parameter is not valid, or there is no basis.

        Warns
        -----
        ConvergenceWarning
            When no sample met the condition; the best one is returned.
        """
        sample, warning = draw(self._request())
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        return sample

    def fit_function(self, f: Callable[[NDArray[np.float64]], ArrayLike]) -> Self:
        """Draw a sample, evaluate a function there, and fit.

        Parameters
        ----------
        f : callable
            Takes points (n, d) and returns values (n,) or (n, n_outputs).

        Returns
        -------
        WeightedLeastSquares
            The estimator itself.

        Raises
        ------
        ValueError, TypeError
            When a parameter is not valid, or values have the wrong shape or are not finite. What
            `f` raises passes through.

        Warns
        -----
        ConvergenceWarning
            When no sample met the condition; the best one is used.
        """
        if not callable(f):
            raise TypeError(f"`f` must be callable; got {shown(f)}")
        sample, warning = draw(self._request())
        if warning is not None:
            warnings.warn(warning, ConvergenceWarning, stacklevel=2)
        values = np.asarray(f(sample.X.copy()))
        if values.ndim not in (1, 2) or len(values) != len(sample.X):
            raise ValueError(
                f"`f` must return values of shape ({len(sample.X)},) or ({len(sample.X)}, "
                f"n_outputs); got shape {values.shape}"
            )
        checked = check_array(values, "f(X)", ndim=values.ndim, dtype="float64")
        self.n_features_in_ = sample.X.shape[1]
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self._fit(self.basis, sample.X, checked, sample.weights, sample.converged)

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        r"""Fit values at points.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Points, at least as many as there are functions.
        y : array-like of shape (n,) or (n, n_outputs)
            Values.
        sample_weight : array-like of shape (n,), optional
            The weights :math:`\omega`, at least 0: those of `sample`, or any; all 1 by default.

        Returns
        -------
        WeightedLeastSquares
            The estimator itself.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid, or the points do not determine the coefficients.
        """
        points, values = validate_data(
            self, X, y, dtype=np.float64, order="C", multi_output=True, y_numeric=True
        )
        # Contiguous is not yet aligned.
        points, values = as_float64(points), as_float64(values)
        weights: Any = None
        if sample_weight is not None:
            weights = np.asarray(sample_weight)
            weights = np.full(len(points), weights) if weights.ndim == 0 else weights
            weights = check_array(weights, "sample_weight", shape=(len(points),), dtype="float64")
            if not weights.any():
                raise ValueError("`sample_weight` must not be zero everywhere")
        basis = self.basis
        if basis is None:
            # Before a basis of as many functions is made.
            _require_points(len(points), points.shape[1] + 1)
            basis = _affine(points)
        return self._fit(basis, points, values, weights, converged=True)

    def _fit(self, basis: Any, X: Any, y: Any, weights: Any, converged: bool) -> Self:
        check_choice(self.sampling, "sampling", SAMPLINGS)
        m = functions(basis)
        features = evaluate(basis, X)
        n = len(X)
        _require_points(n, m)
        single = y.ndim == 1
        fit = _core.least_squares(features, y.reshape(n, -1), weights, resolve(self.n_threads))
        error = fit["leave_one_out"]
        self.result_ = from_fit(
            fit,
            # Parameters of the one that was given may be set anew after the fit.
            basis=clone(basis) if hasattr(basis, "get_params") else basis,
            error=error,
            message=NO_POINT_TO_SPARE if np.isnan(error).any() else BY_LEAVING_ONE_OUT,
            n_samples=n,
            single=single,
            converged=converged,
            X=X,
            weights=weights,
        )
        return self._take()

    def _take(self) -> Self:
        """Copy what the result holds into the attributes that scikit-learn's users expect."""
        result = self.result_
        self.coef_, self.basis_ = result.coef, result.basis
        self.gram_eigenvalues_, self.stability_ = result.gram_eigenvalues, result.stability
        self.loo_error_ = result.error
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the approximation.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Points. Outside the domain of the basis polynomials grow fast.

        Returns
        -------
        ndarray of shape (n,) or (n, n_outputs)
            The values.

        Raises
        ------
        ValueError, TypeError
            When `X` is not valid, or a value overflows.
        """
        check_is_fitted(self)
        points = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        values: NDArray[np.float64] = evaluate(self.basis_, points) @ self.coef_
        return values

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the coefficient of determination of the predictions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Points.
        y : array-like of shape (n,) or (n, n_outputs)
            Values there.
        sample_weight : array-like of shape (n,), optional
            Weights of the points.

        Returns
        -------
        float
            1 for a perfect fit, 0 for one that is no better than the mean; averaged over outputs.
        """
        return float(super().score(X, y, sample_weight))

    def integral(self) -> Any:
        """Integrate the approximation over the domain of the basis.

        Returns
        -------
        float, or ndarray of shape (n_outputs,)
            Lebesgue's integral over a box, that under the measure for "hermite" and "laguerre".

        Raises
        ------
        ValueError
            When the basis is a callable without `integrals`.
        """
        check_is_fitted(self)
        integrals = getattr(self.basis_, "integrals", None)
        if integrals is None:
            raise ValueError(
                f"`basis` must have an attribute `integrals` to integrate; got {shown(self.basis_)}"
            )
        weights = check_array(
            integrals, "basis.integrals", shape=(len(self.coef_),), dtype="float64"
        )
        total = weights @ self.coef_
        return float(total) if self.coef_.ndim == 1 else total

    def merge(self, other: WeightedLeastSquares) -> WeightedLeastSquares:
        """Return the estimator fitted on the data of two, without the data.

        Parameters
        ----------
        other : WeightedLeastSquares
            Fitted on an equal basis.

        Returns
        -------
        WeightedLeastSquares
            A new estimator with the parameters of this one; see `LeastSquaresResult.merge`.

        Raises
        ------
        ValueError, TypeError
            When `other` does not match or is not fitted.
        """
        if not isinstance(other, WeightedLeastSquares):
            raise TypeError(f"`other` must be a WeightedLeastSquares; got {shown(other)}")
        check_is_fitted(self)
        check_is_fitted(other)
        merged = type(self)(**self.get_params(deep=False))
        merged.result_ = self.result_.merge(other.result_)
        merged.n_features_in_ = self.n_features_in_
        if hasattr(self, "feature_names_in_"):
            merged.feature_names_in_ = self.feature_names_in_
        return merged._take()

    def _request(self) -> Request:
        if self.basis is None:
            raise ValueError("`basis` must be given to draw a sample; got None")
        check_choice(self.sampling, "sampling", SAMPLINGS)
        m = functions(self.basis)
        if isinstance(self.n_samples, str):
            check_choice(self.n_samples, "n_samples", ("auto",))
            n = 2 * m
            if self.sampling == "christoffel":
                n = int(np.ceil(m / _SPREAD * np.log(2.0 * m / _FAILURE)))
        else:
            n = check_integer(self.n_samples, "n_samples")
            if n < m:
                raise ValueError(
                    f"`n_samples` must be at least {m}, the number of functions; got {n}"
                )
        count = -(-n // m) if self.sampling == "repeated_dpp" else n
        return Request(
            self.basis, self.sampling, count, self.condition, self.random_state, self.n_threads
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _require_points(n: int, m: int) -> None:
    if n < m:
        raise ValueError(
            f"`X` must have at least {m} points, one for each function of the basis; got "
            f"n_samples = {n}"
        )


def _affine(X: NDArray[np.float64]) -> PolynomialBasis:
    """Return the affine functions on the box of the data."""
    low, high = X.min(axis=0), X.max(axis=0)
    centre, half = 0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low
    # A constant column has no box: its function will be found to be a combination of others.
    half = np.where(is_narrow(centre, half), np.maximum(np.abs(centre), 1.0) / 2, half)
    return PolynomialBasis(np.column_stack([centre - half, centre + half]), degree=1)
