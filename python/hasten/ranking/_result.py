"""What `bradley_terry` returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hasten._validation import check_real
from hasten.ranking._cells import read_covariates
from hasten.ranking._estimate import Coefficient, check_level
from hasten.ranking._items import is_label
from hasten.ranking._paired import TIE_PARAMETERS
from hasten.ranking._probabilities import outcome_probabilities
from hasten.ranking._tabular import TabularResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.ranking._fit import Fit


@dataclass(frozen=True, eq=False, kw_only=True)
class BradleyTerryResult(TabularResult):
    r"""Strengths of items, how sure they are, and how exactly they were computed.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        The labels; every other array is in this order.
    strength : array of shape (n_items,)
        Log-strengths in natural-log units: their mean is 0, or `reference` has 0. Differences of
        1 mean odds of e to 1.
    log_likelihood : float
        The weighted log-probability of the recorded outcomes, without binomial coefficients, so
        that it agrees with a logistic regression on single games.
    n_params : int
        Free parameters: strengths less one a component (none less with a prior), and what all items
        share.
    n_games : int
        Recorded comparisons.
    total_weight : float
        Weight of the comparisons that were fitted.
    reference : item or None
        The item whose strength is 0.
    residual : float
        Largest difference between observed and expected wins of an item.
    log_likelihood_gap : float
        Bound of what `log_likelihood` falls short of its maximum.
    tie_parameter : float or None
        ``nu`` of Davidson's model or ``theta`` of Rao and Kupper's.
    order_effect : float or None
        Advantage of the left side, in the units of the strengths.
    coef : ndarray of shape (n_covariates,), or None
        Coefficients of the covariates.
    covariate_names : tuple of str
        Their names.
    component : ndarray of int64, shape (n_items,)
        The component of each item: strengths of two items can be compared exactly when they share
        one. -1 for an item that was excluded.
    component_order : ndarray of int64, shape (n_components,)
        Components from the top: none was beaten by a later one.
    excluded : ndarray
        Items without a strength (NaN), with ``on_disconnected="largest"``.
    error : float
        Bound of the numerical error of any contrast of strengths, and of any other linear function
        of the parameters, in units of its standard error.
    error_kind : str
        "bound": proved from computed quantities.
    converged : bool
        Whether `error` is at most the tolerance.
    n_iter : int
        Passes over the data.
    method : str
        The iteration that was used.
    message : str
        How the solve ended.
    history : dict of ndarray, or None
        "n_iter" and "error" of each pass, with ``trace=True``.

    Notes
    -----
    Standard errors come from the inverse of the observed information and are computed on first
    access. Results pickle; they keep the comparisons, 12 to 28 bytes for each entry of their table.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_baseball_1987().comparisons(), reference="Baltimore")
    >>> result.items[result.rank == 1].item(), round(result.aic, 2)
    ('Milwaukee', 356.5)
    >>> result.standard_error(["Milwaukee", "Detroit"]).round(4)
    array([0.3433, 0.3396])
    """

    n_games: int
    tie_parameter: float | None = None
    order_effect: float | None = None
    coef: NDArray[np.float64] | None = None
    covariate_names: tuple[str, ...] = ()
    _fit: Fit = field(repr=False)

    _model: ClassVar[str] = "Bradley-Terry"
    _data: ClassVar[str] = "comparisons"
    _scale: ClassVar[str] = "elo"

    @property
    def nu_davidson(self) -> float | None:
        """Davidson's own parameter, twice `tie_parameter`; None for other models of ties."""
        if self.tie_parameter is None or self._fit.specification.ties != "davidson":
            return None
        return 2 * self.tie_parameter

    def coefficients(
        self, confidence_level: float = 0.95, *, kind: str | None = None
    ) -> dict[str, Coefficient]:
        """Return what all items share: tie parameter, order effect and coefficients.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the Wald intervals.
        kind : {"model", "sandwich"}, optional
            As in `standard_error`.

        Returns
        -------
        dict of str to Coefficient
            By name; a tie parameter by its logarithm, "ln nu" or "ln theta". Empty for the plain
            model.

        Raises
        ------
        ValueError, TypeError
            When the level is not strictly between 0 and 1, or `kind` is unknown.
        """
        level = check_level(confidence_level)
        kind = self._kind(kind)
        shared = self._fit.shared
        if not shared:
            return {}
        # The lower tail, since 0.5 + level / 2 can be 1.
        half = -NormalDist().inv_cdf((1 - level) / 2)
        errors = np.sqrt(np.diag(self._shared_covariance(kind)))
        # A tie parameter at its limit, where nothing was tied, has no error that is known.
        errors[errors == 0.0] = np.nan
        return {
            name: Coefficient(
                value,
                error,
                value / error,
                math.erfc(abs(value / error) / math.sqrt(2)),
                value - half * error,
                value + half * error,
            )
            for (name, value), error in zip(shared.items(), errors.tolist(), strict=True)
        }

    def _predictor(self, left: Any, right: Any, covariates: Any) -> NDArray[np.float64]:
        """Return the linear predictor of comparisons; infinite or NaN across components."""
        fit = self._fit
        first, second = self._pair_positions(left, right, "left", "right")
        predictor = fit.strength[first] - fit.strength[second]
        if fit.condensation is not None and fit.groups is not None:
            upper, lower = fit.groups[first], fit.groups[second]
            predictor[upper != lower] = np.nan
            # Components are numbered from the top, so only an earlier one can reach a later one.
            predictor[fit.condensation.above(upper, lower) & (upper < lower)] = np.inf
            predictor[fit.condensation.above(lower, upper) & (upper > lower)] = -np.inf
        if self.order_effect is not None:
            predictor = predictor + self.order_effect
        if self.coef is None and covariates is not None:
            raise ValueError("`covariates` must be None: the model has none")
        if self.coef is not None and covariates is not None:
            values, _ = read_covariates(covariates, len(predictor))
            if values is None or values.shape[1] != len(self.coef):
                raise ValueError(f"`covariates` must have {len(self.coef)} columns")
            predictor = predictor + values @ self.coef
        return predictor

    def predict_proba(self, left: Any, right: Any, *, covariates: Any = None) -> Any:
        """Return the probability that `left` beats `right`.

        Parameters
        ----------
        left, right : item or array-like of items
            Two items, two arrays of the same length, or one of each. With an order effect, `left`
            is the side that has it.
        covariates : array-like of shape (n,) or (n, n_covariates), optional
            Covariates of each comparison; 0 by default.

        Returns
        -------
        float or array of float64
            Probabilities; a float for two items. Under a model of ties the rest is shared by
            `right` and a tie (`predict_tie`). Across components 1 or 0 where one reaches the other,
            else NaN.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or shapes do not match.

        Examples
        --------
        >>> from hasten.datasets import load_baseball_1987
        >>> from hasten.ranking import bradley_terry
        >>> result = bradley_terry(load_baseball_1987().comparisons())
        >>> round(result.predict_proba("Milwaukee", "Baltimore"), 6)
        0.829396
        """
        chance = outcome_probabilities(
            self._fit.specification.ties, self._predictor(left, right, covariates), self._tie
        )[0]
        single = is_label(left, "left") and is_label(right, "right")
        return float(chance[0]) if single else self._fit.backend.wrap(chance)

    def predict_tie(self, left: Any, right: Any, *, covariates: Any = None) -> Any:
        """Return the probability of a tie, under a model of ties; else 0.

        Parameters
        ----------
        left, right : item or array-like of items
            As in `predict_proba`.
        covariates : array-like of shape (n,) or (n, n_covariates), optional
            As in `predict_proba`.

        Returns
        -------
        float or array of float64
            Probabilities; a float for two items.

        Raises
        ------
        ValueError, TypeError
            As `predict_proba`.
        """
        chance = outcome_probabilities(
            self._fit.specification.ties, self._predictor(left, right, covariates), self._tie
        )[1]
        single = is_label(left, "left") and is_label(right, "right")
        return float(chance[0]) if single else self._fit.backend.wrap(chance)

    @property
    def _tie(self) -> float:
        """The tie parameter as the solver has it: its logarithm."""
        name = TIE_PARAMETERS.get(self._fit.specification.ties)
        return 0.0 if name is None else self._fit.shared[name]

    def elo(
        self, scale: float = 400, base: float = 10, center: float = 1500, anchor: Any = None
    ) -> Any:
        """Return the strengths as Elo ratings.

        Parameters
        ----------
        scale : float, default 400
            Rating difference that means odds of `base` to 1.
        base : float, default 10
            See `scale`.
        center : float, default 1500
            Rating of strength 0, or of the `anchor`.
        anchor : item, optional
            The item whose rating is `center`.

        Returns
        -------
        array of float64, shape (n_items,)
            ``center + scale * strength / ln(base)``.

        Raises
        ------
        ValueError, TypeError
            When a number is out of range or the anchor is none of the items.
        """
        scale = check_real(scale, "scale", minimum=0.0, exclusive=True)
        base = check_real(base, "base", minimum=1.0, exclusive=True)
        center = check_real(center, "center")
        strength = self._fit.strength
        if anchor is not None:
            strength = strength - strength[self._find([anchor], "anchor")]
        with np.errstate(over="ignore", invalid="ignore"):
            rating = center + strength * (scale / math.log(base))
        if not np.isfinite(rating).all():
            raise ValueError(
                f"`scale` must give finite ratings with base {base!r} and center {center!r}; "
                f"got {scale!r}"
            )
        return self._spread(rating)

    def _scaled(self) -> Any:
        return self.elo()

    def _n_data(self) -> int:
        return self.n_games

    def plot(self, kind: str = "caterpillar", ax: Axes | None = None) -> Axes:
        """Draw the result with matplotlib.

        Parameters
        ----------
        kind : {"caterpillar", "calibration", "winmatrix", "convergence"}, default "caterpillar"
            "caterpillar": strengths with 95 % intervals, strongest on top, and the ranks that stay
            open at that level for all items together (of up to 200). "calibration": observed
            against predicted share of wins, by decile. "winmatrix": observed shares of wins between
            the strongest items. "convergence": the error of each pass, of a solve with
            ``trace=True``.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.

        Raises
        ------
        ImportError
            When matplotlib is not installed.
        ValueError
            When `kind` is unknown, or is "convergence" and there is no history.
        """
        from hasten.ranking import _plot

        return _plot.draw(self, kind, ax)
