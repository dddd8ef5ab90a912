"""What `preference_regression` returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._backend import to_numpy
from hasten._result import Result
from hasten._validation import check_array, check_choice, check_real
from hasten.ranking._estimate import ConfidenceInterval
from hasten.ranking._preference_inputs import check_alternatives
from hasten.ranking._preference_scores import choice_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hasten._backend import Backend

COVARIANCES = ("model", "sandwich")
RADII = ("asymptotic", "theory")


class PreferenceFit(NamedTuple):
    """What a result keeps of its solve.

    Attributes
    ----------
    coef : ndarray of float64, shape (n_features,)
        The coefficients before any rounding to float32.
    model_covariance, sandwich_covariance : ndarray of float64, shape (n_features, n_features)
        Both covariances of the coefficients.
    data_covariance : ndarray of float64, shape (n_features, n_features), or None
        Mean of the outer products of the differences of pairs; None for larger sets.
    backend : Backend
        The array library of everything that is returned.
    """

    coef: NDArray[np.float64]
    model_covariance: NDArray[np.float64]
    sandwich_covariance: NDArray[np.float64]
    data_covariance: NDArray[np.float64] | None
    backend: Backend


@dataclass(frozen=True, eq=False, kw_only=True)
class PreferenceResult(Result):
    r"""Coefficients of a linear reward, how sure they are, and how exactly they were computed.

    Attributes
    ----------
    coef : array of shape (n_features,)
        The coefficients. One more unit of a feature multiplies the odds against any alternative of
        the same set by ``exp(coef)``.
    feature_names : ndarray of str, or None
        Names of the features, where there are any.
    kind : {"plackett-luce", "split"}
        The likelihood that was maximised.
    ridge : float
        Weight of the quadratic penalty.
    log_likelihood : float
        Weighted log-probability of the recorded choices at `coef`, without the ridge; for
        ``kind="split"`` that of all pairs, as if they were independent.
    log_likelihood_gap : float
        Bound of what the log-likelihood, less the ridge, falls short of its maximum.
    n_params : int
        Number of coefficients.
    n_sets : int
        Recorded choices or rankings.
    total_weight : float
        Their weight.
    error : float
        Bound of the numerical error of any combination of coefficients, in units of its standard
        error of kind "model".
    error_kind : str
        "bound": proved from computed quantities.
    converged : bool
        Whether `error` is at most the tolerance.
    n_iter : int
        Passes over the data.
    message : str
        How the solve ended.
    history : dict of ndarray, or None
        "n_iter" and "error" of each Newton step, with ``trace=True``.

    Notes
    -----
    Results pickle; they keep two or three matrices of ``8 * n_features**2`` bytes and none of the
    data.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ranking import preference_regression
    >>> differences = np.array([[1.0, 0.5], [0.3, -1.0], [-0.4, 0.8], [0.9, 0.2], [-0.5, -0.3]])
    >>> result = preference_regression(differences, feature_names=["helpful", "long"])
    >>> result.error < 1e-6
    True
    >>> for name, value in zip(result.feature_names, result.coef):
    ...     print(f"{name:8} {value:.4f}")
    helpful  1.2280
    long     0.1193
    >>> result.predict_proba([[1.0, 0.0]]).round(3)
    array([0.773])
    """

    coef: Any = field(repr=False)
    feature_names: NDArray[Any] | None = field(repr=False)
    kind: str
    ridge: float
    log_likelihood: float
    log_likelihood_gap: float
    n_params: int
    n_sets: int
    total_weight: float
    _fit: PreferenceFit = field(repr=False)

    @property
    def aic(self) -> float:
        r"""Akaike's criterion, ``2 * freedom - 2 * log_likelihood``.

        The freedom is `n_params` for a maximum-likelihood estimate. With a ridge it is
        :math:`\operatorname{tr}(H^{-1} (H - \text{ridge}))`, and for ``kind="split"`` it is
        :math:`\operatorname{tr}(H^{-1} J)` with J the sum of outer products of each ranking's
        gradient (Varin and Vidoni 2005, "A note on composite likelihood inference").
        """
        return 2 * self._freedom - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian criterion of Schwarz, ``freedom * ln(total_weight) - 2 * log_likelihood``."""
        return self._freedom * math.log(self.total_weight) - 2 * self.log_likelihood

    @property
    def _freedom(self) -> float:
        fit = self._fit
        if self.kind == "split":
            return float(np.trace(np.linalg.solve(fit.model_covariance, fit.sandwich_covariance)))
        return self.n_params - self.ridge * float(np.trace(fit.model_covariance))

    def _covariance(self, kind: str | None) -> NDArray[np.float64]:
        if kind is None:
            kind = "sandwich" if self.kind == "split" else "model"
        check_choice(kind, "kind", COVARIANCES)
        fit = self._fit
        return fit.model_covariance if kind == "model" else fit.sandwich_covariance

    def covariance(self, kind: str | None = None) -> Any:
        r"""Return the covariance matrix of the coefficients.

        Parameters
        ----------
        kind : {"model", "sandwich"}, optional
            "model" is the inverse :math:`H^{-1}` of the observed information: right if the
            Plackett-Luce model is (with a ridge, the covariance of the posterior's normal
            approximation). "sandwich" is :math:`H^{-1} J H^{-1}` with J the sum over rankings of
            the outer product of the ranking's gradient: right also where the model is not. The
            default is "model" for ``kind="plackett-luce"`` and "sandwich" for ``kind="split"``,
            for which "model" is **too small**: pairs of one ranking depend on one another.

        Returns
        -------
        array of float64, shape (n_features, n_features)
            The matrix.

        Raises
        ------
        ValueError, TypeError
            When the kind is unknown.
        """
        return self._fit.backend.wrap(self._covariance(kind).copy())

    def standard_error(self, kind: str | None = None) -> Any:
        """Return the standard errors of the coefficients.

        Parameters
        ----------
        kind : {"model", "sandwich"}, optional
            As in `covariance`; "model" is too small for ``kind="split"``.

        Returns
        -------
        array of float64, shape (n_features,)
            Square roots of the diagonal of `covariance`.

        Raises
        ------
        ValueError, TypeError
            When the kind is unknown.
        """
        return self._fit.backend.wrap(self._standard_error(kind))

    def _standard_error(self, kind: str | None) -> NDArray[np.float64]:
        error: NDArray[np.float64] = np.sqrt(np.diagonal(self._covariance(kind)))
        return error

    def confidence_interval(
        self, confidence_level: float = 0.95, *, kind: str | None = None
    ) -> ConfidenceInterval:
        """Return the Wald interval of each coefficient.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Probability, for each coefficient alone, that its interval covers the true one. With a
            positive ridge the estimate is drawn towards 0 and the coverage is not that of the
            level.
        kind : {"model", "sandwich"}, optional
            As in `covariance`.

        Returns
        -------
        ConfidenceInterval
            Named tuple of two float64 arrays ``(low, high)``.

        Raises
        ------
        ValueError, TypeError
            When the level is not strictly between 0 and 1, or the kind is unknown.
        """
        low, high = self._interval(confidence_level, kind)
        return ConfidenceInterval(self._fit.backend.wrap(low), self._fit.backend.wrap(high))

    def _interval(
        self, confidence_level: float, kind: str | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        level = check_real(
            confidence_level, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True
        )
        half = NormalDist().inv_cdf(0.5 + level / 2) * self._standard_error(kind)
        return self._fit.coef - half, self._fit.coef + half

    def predict_proba(self, features: ArrayLike, set_sizes: ArrayLike | None = None) -> Any:
        """Return the probability of choosing each alternative.

        Parameters
        ----------
        features : array-like of shape (n, n_alternatives, n_features) or (n, n_features)
            Sets of alternatives, or differences of pairs.
        set_sizes : array-like of shape (n,), optional
            Number of alternatives of each set, where it varies.

        Returns
        -------
        array of float64, shape (n, n_alternatives) or (n,)
            Probabilities that add up to 1 in each set; for differences the probability that the
            first is preferred.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid.
        """
        alternatives = check_alternatives(features, set_sizes)
        score = self._score(alternatives.values)
        if alternatives.are_differences:
            pair = np.column_stack([score, np.zeros(len(score))])
            return self._fit.backend.wrap(
                np.ascontiguousarray(choice_probability(pair, None)[:, 0])
            )
        return self._fit.backend.wrap(choice_probability(score, alternatives.set_sizes))

    def _score(self, values: NDArray[Any]) -> NDArray[np.float64]:
        if values.shape[-1] != self.n_params:
            raise ValueError(
                f"`features` must have {self.n_params} features; got shape {values.shape}"
            )
        if values.ndim == 3:
            # Differences first: an offset that all alternatives share costs no digits then.
            values = values - values[:, :1].astype(np.float64)
        score: NDArray[np.float64] = values @ self._fit.coef
        return score

    def pessimistic_value(
        self,
        features: ArrayLike,
        delta: float = 0.05,
        *,
        radius: str = "asymptotic",
        coef_bound: float | None = None,
        difference_bound: float | None = None,
        regularization: float | None = None,
        constant: float = 1.0,
    ) -> Any:
        r"""Return lower confidence bounds of values of policies, valid for all of them at once.

        The best of many estimated values is often one that was overestimated; the policy with the
        best *lower bound* is a safer choice [1]_.

        Parameters
        ----------
        features : array-like of shape (n_policies, n_features) or (n_features,)
            For each policy the difference :math:`u = v_\pi - v_{\text{ref}}` of the mean features
            under the policy and under a reference.
        delta : float, default 0.05
            Probability that some bound is above the true value :math:`\theta^T u`.
        radius : {"asymptotic", "theory"}, default "asymptotic"
            "asymptotic": :math:`\hat\theta^T u - \sqrt{\chi^2_{d, 1 - \delta}\, u^T V u}` with V
            the sandwich covariance, for large samples. "theory": the bound of [1]_ for any sample
            of pairs, which is far wider.
        coef_bound : float, optional
            With ``radius="theory"``: a bound B of the norm of the true coefficients.
        difference_bound : float, optional
            With ``radius="theory"``: a bound L of the norm of the difference of two alternatives of
            a set (twice a bound of the norm of their features).
        regularization : float, optional
            With ``radius="theory"``: the :math:`\lambda > 0` below; ``1 / total_weight`` by
            default.
        constant : float, default 1.0
            With ``radius="theory"``: the C below. The theorem says that one exists, not which.

        Returns
        -------
        float or array of float64, shape (n_policies,)
            The bounds; a float for a single policy.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid, or when ``radius="theory"`` is asked of sets of more than
            two alternatives.

        Notes
        -----
        Lemma 3.1 and theorem 3.2 of [1]_: with probability :math:`1 - \delta`,
        :math:`\|\hat\theta - \theta\|_{\Sigma + \lambda I} \le f` for

        .. math:: f = C \sqrt{\frac{d + \ln(1/\delta)}{\gamma^2 n} + \lambda B^2}, \qquad
            \gamma = \frac{1}{2 + e^{-LB} + e^{LB}},

        where :math:`\Sigma` is the mean of :math:`x x^T` over the differences x of the n pairs, so
        that the value of a policy is at least
        :math:`\hat\theta^T u - f \|(\Sigma + \lambda I)^{-1/2} u\|_2`. :math:`\gamma` is the least
        slope of the logistic function over :math:`|\theta^T x| \le LB`.

        References
        ----------
        .. [1] B. Zhu, J. Jiao and M. I. Jordan, "Principled reinforcement learning with human
           feedback from pairwise or K-wise comparisons", arXiv 2301.11270, 2023.
        """
        check_choice(radius, "radius", RADII)
        delta = check_real(delta, "delta", minimum=0.0, maximum=1.0, exclusive=True)
        policies = self._policies(features)
        rows = np.atleast_2d(policies)
        if radius == "asymptotic":
            for name, value in [
                ("coef_bound", coef_bound),
                ("difference_bound", difference_bound),
                ("regularization", regularization),
            ]:
                if value is not None:
                    raise ValueError(f"`{name}` must be None with radius='asymptotic'")
            width = self._asymptotic_width(rows, delta)
        else:
            width = self._theoretical_width(
                rows, delta, coef_bound, difference_bound, regularization, constant
            )
        bound: NDArray[np.float64] = rows @ self._fit.coef - width
        return float(bound[0]) if policies.ndim == 1 else self._fit.backend.wrap(bound)

    def _policies(self, features: ArrayLike) -> NDArray[np.float64]:
        given = np.asarray(to_numpy(features, "features"))
        if given.ndim not in (1, 2) or given.shape[-1] != self.n_params:
            raise ValueError(
                f"`features` must have shape (n_policies, {self.n_params}) or ({self.n_params},); "
                f"got {given.shape}"
            )
        checked = check_array(given, "features", ndim=given.ndim, dtype="float64")
        return checked.astype(np.float64, copy=False)

    def _asymptotic_width(self, rows: NDArray[np.float64], delta: float) -> NDArray[np.float64]:
        from scipy.special import chdtri

        covariance = self._fit.sandwich_covariance
        variance = np.einsum("ij,jk,ik->i", rows, covariance, rows, optimize=True)
        width: NDArray[np.float64] = np.sqrt(
            chdtri(self.n_params, delta) * np.maximum(variance, 0.0)
        )
        return width

    def _theoretical_width(
        self,
        rows: NDArray[np.float64],
        delta: float,
        coef_bound: float | None,
        difference_bound: float | None,
        regularization: float | None,
        constant: float,
    ) -> NDArray[np.float64]:
        moments = self._fit.data_covariance
        if moments is None:
            raise ValueError(
                "`radius` must be 'asymptotic' for sets of more than two alternatives: "
                "the theorem behind 'theory' is about pairs"
            )
        for name, value in [("coef_bound", coef_bound), ("difference_bound", difference_bound)]:
            if value is None:
                raise ValueError(f"`{name}` must be given with radius='theory'")
        bound = check_real(coef_bound, "coef_bound", minimum=0.0, exclusive=True)
        reach = check_real(difference_bound, "difference_bound", minimum=0.0, exclusive=True)
        constant = check_real(constant, "constant", minimum=0.0, exclusive=True)
        if regularization is None:
            regularization = 1 / self.total_weight
        weight = check_real(regularization, "regularization", minimum=0.0, exclusive=True)
        # 1 / gamma = 2 + exp(-LB) + exp(LB) = 4 cosh(LB / 2)^2.
        try:
            steepness = 4 * math.cosh(reach * bound / 2) ** 2
        except OverflowError:
            steepness = math.inf
        d = self.n_params
        square = steepness**2 * (d + math.log(1 / delta)) / self.total_weight + weight * bound**2
        norm = np.linalg.solve(moments + weight * np.eye(d), rows.T)
        width: NDArray[np.float64] = (
            constant * math.sqrt(square) * np.sqrt(np.sum(rows.T * norm, axis=0))
        )
        return width

    @property
    def _names(self) -> list[str]:
        if self.feature_names is None:
            return [f"x{j}" for j in range(self.n_params)]
        return [str(name) for name in self.feature_names]

    def summary(self, confidence_level: float = 0.95, *, kind: str | None = None) -> str:
        """Return a table of the coefficients and the certificate as text.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the intervals.
        kind : {"model", "sandwich"}, optional
            As in `covariance`.

        Returns
        -------
        str
            Several lines: estimate, standard error, z, p-value and interval of each coefficient.
        """
        from hasten.ranking._preference_summary import long_form

        return long_form(self, confidence_level, kind)

    def __str__(self) -> str:
        """Return the short form: status, certificate and the first coefficients."""
        from hasten.ranking._preference_summary import short_form

        return short_form(self)
