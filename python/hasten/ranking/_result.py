"""What `bradley_terry` returns."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten import _threads
from hasten._core import ranking as _core
from hasten._result import Result
from hasten._validation import as_array, check_choice, check_real
from hasten.ranking._items import ItemIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ranking._pair_table import PairTable


class ConfidenceInterval(NamedTuple):
    """The two ends of an interval, one entry an item.

    Attributes
    ----------
    low, high : array of shape (n_items,)
        The ends.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_baseball_1987().comparisons(), reference="Baltimore")
    >>> low, high = result.confidence_interval(0.9)
    >>> result.items[low > 0].tolist()
    ['Boston', 'Cleveland', 'Detroit', 'Milwaukee', 'New York', 'Toronto']
    """

    low: Any
    high: Any


class Fit(NamedTuple):
    """What a result keeps of its solve, for everything that is computed on first access.

    Attributes
    ----------
    table : PairTable
        The wins and losses that were fitted.
    strength : ndarray of float64, shape (n_items,)
        The strengths before any rounding to float32.
    reference : int or None
        Position of the reference item.
    backend : Backend
        The array library of everything that is returned.
    n_threads : int or None
        The argument of the solve.
    """

    table: PairTable
    strength: NDArray[np.float64]
    reference: int | None
    backend: Backend
    n_threads: int | None


@dataclass(frozen=True, eq=False, kw_only=True)
class BradleyTerryResult(Result):
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
        Free parameters, ``n_items - 1``.
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
    error : float
        Bound of the numerical error of any contrast of strengths, in units of its standard error.
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
    access. Results pickle; they keep the table of wins, 12 or 20 bytes for each of its entries.

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

    items: NDArray[Any] = field(repr=False)
    strength: Any = field(repr=False)
    log_likelihood: float
    n_params: int
    n_games: int
    total_weight: float
    reference: Any
    residual: float
    log_likelihood_gap: float
    method: str
    _fit: Fit = field(repr=False)

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``2 n_params - 2 log_likelihood``."""
        return 2 * self.n_params - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Bayesian criterion of Schwarz, ``n_params ln(total_weight) - 2 log_likelihood``."""
        return self.n_params * math.log(self.total_weight) - 2 * self.log_likelihood

    @functools.cached_property
    def rank(self) -> Any:
        """Positions, 1 for the strongest; equal strengths share the smaller position."""
        descending = -self._fit.strength
        positions = np.searchsorted(np.sort(descending), descending, side="left") + 1
        return self._fit.backend.wrap(positions)

    @functools.cached_property
    def _index(self) -> ItemIndex:
        return ItemIndex(self.items)

    @functools.cached_property
    def _standard_error(self) -> NDArray[np.float64]:
        return self._infer(_core.standard_error, None)

    def _infer(
        self, infer: Callable[..., NDArray[np.float64]], positions: NDArray[np.uint32] | None
    ) -> NDArray[np.float64]:
        fit = self._fit
        n_threads = _threads.resolve(fit.n_threads)
        try:
            return infer(*fit.table, fit.strength, fit.reference, positions, n_threads)
        except np.linalg.LinAlgError:
            raise np.linalg.LinAlgError(
                "no standard errors can be computed: the `comparisons` leave some item with no "
                "outcome that double precision takes for uncertain"
            ) from None

    def standard_error(self, items: Any = None) -> Any:
        r"""Return the standard errors of the strengths as they are reported.

        Parameters
        ----------
        items : array-like of items, optional
            Only these; all by default.

        Returns
        -------
        array of float64, shape (n_items,) or (len(items),)
            Those of :math:`s_i - \bar s`, or of :math:`s_i - s_{\text{ref}}` where a reference was
            named (its own is 0).

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items.

        Notes
        -----
        The square roots of the diagonal of :math:`L^+`, the pseudo-inverse of the observed
        information. All of them from one sparse factorisation where its fill is small, by the
        selected inverse of Takahashi, Fagan and Chen (1973); else one linear solve an item, so name
        the items that matter when there are very many. Weights count as numbers of games.
        """
        fit = self._fit
        if items is None:
            return fit.backend.wrap(self._standard_error)
        positions = self._index.find(items, "items")
        if "_standard_error" in self.__dict__:
            return fit.backend.wrap(self._standard_error[positions])
        return fit.backend.wrap(self._infer(_core.standard_error, positions))

    def covariance(self, items: Any = None) -> Any:
        """Return the covariance matrix of the strengths as they are reported.

        Parameters
        ----------
        items : array-like of items, optional
            Only these; all by default, which takes ``8 n_items**2`` bytes.

        Returns
        -------
        array of float64, shape (n_items, n_items) or (len(items), len(items))
            Entries of the pseudo-inverse of the observed information, or of its version grounded at
            the reference.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items.
        MemoryError
            When the matrix does not fit.
        """
        fit = self._fit
        if items is None:
            positions = np.arange(len(self.items), dtype=np.uint32)
        else:
            positions = self._index.find(items, "items")
        return fit.backend.wrap(self._infer(_core.covariance, positions))

    def confidence_interval(
        self, confidence_level: float = 0.95, *, scale: str = "log"
    ) -> ConfidenceInterval:
        """Return the Wald interval of each strength.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Probability, for each item alone, that its interval covers the true strength.
        scale : {"log", "elo"}, default "log"
            Natural-log units as in `strength`, or Elo points as in `elo()`.

        Returns
        -------
        ConfidenceInterval
            Named tuple of two float64 arrays ``(low, high)``.

        Raises
        ------
        ValueError, TypeError
            When the level is not strictly between 0 and 1, or the scale is unknown.
        """
        level = check_real(
            confidence_level, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True
        )
        check_choice(scale, "scale", ("log", "elo"))
        # The lower tail, since 0.5 + level / 2 can be 1.
        half = -NormalDist().inv_cdf((1 - level) / 2) * self._standard_error
        low, high = self._fit.strength - half, self._fit.strength + half
        if scale == "elo":
            low, high = 1500 + low * 400 / math.log(10), 1500 + high * 400 / math.log(10)
        return ConfidenceInterval(self._fit.backend.wrap(low), self._fit.backend.wrap(high))

    def predict_proba(self, left: Any, right: Any) -> Any:
        """Return the probability that `left` beats `right`.

        Parameters
        ----------
        left, right : item or array-like of items
            Two items, two arrays of the same length, or one of each.

        Returns
        -------
        float or array of float64
            Probabilities; a float for two items.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items or the lengths differ.

        Examples
        --------
        >>> from hasten.datasets import load_baseball_1987
        >>> from hasten.ranking import bradley_terry
        >>> result = bradley_terry(load_baseball_1987().comparisons())
        >>> round(result.predict_proba("Milwaukee", "Baltimore"), 6)
        0.829396
        """
        lefts, one_left = _labels(left, "left")
        rights, one_right = _labels(right, "right")
        first, second = self._index.find(lefts, "left"), self._index.find(rights, "right")
        if len(first) != len(second) and 1 not in (len(first), len(second)):
            raise ValueError(f"left has {len(first)} entries, right has {len(second)}")
        difference = self._fit.strength[first] - self._fit.strength[second]
        # One exponential of a negative number gives either tail without cancellation.
        tail = np.exp(-np.abs(difference))
        probability = np.where(difference >= 0, 1.0, tail) / (1.0 + tail)
        if one_left and one_right:
            return float(probability[0])
        return self._fit.backend.wrap(probability)

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
            strength = strength - strength[self._index.find([anchor], "anchor")]
        with np.errstate(over="ignore", invalid="ignore"):
            rating = center + strength * (scale / math.log(base))
        if not np.isfinite(rating).all():
            raise ValueError(
                f"`scale` must give finite ratings with base {base!r} and center {center!r}; "
                f"got {scale!r}"
            )
        return self._fit.backend.wrap(rating)

    def to_frame(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the ranking as a pandas table, strongest first.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the interval in the columns "low" and "high".

        Returns
        -------
        pandas.DataFrame
            Columns item, strength, standard_error, low, high, elo and rank.

        Raises
        ------
        ImportError
            When pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as problem:
            raise ImportError("to_frame() needs pandas: pip install hasten[table]") from problem
        return pd.DataFrame(self.columns(confidence_level)).sort_values(
            "rank", kind="stable", ignore_index=True
        )

    def columns(self, confidence_level: float = 0.95) -> dict[str, NDArray[Any]]:
        """Return the columns of `to_frame` as NumPy arrays, in the order of `items`.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the interval.

        Returns
        -------
        dict of str to ndarray
            The keys are item, strength, standard_error, low, high, elo and rank.
        """
        low, high = self.confidence_interval(confidence_level)
        return {
            "item": self.items,
            "strength": self._fit.strength,
            "standard_error": self._standard_error,
            "low": np.asarray(low),
            "high": np.asarray(high),
            "elo": np.asarray(self.elo()),
            "rank": np.asarray(self.rank),
        }

    def summary(self, max_items: int = 20) -> str:
        """Return a table of the strongest items and the certificate as text.

        Parameters
        ----------
        max_items : int, default 20
            Rows to show.

        Returns
        -------
        str
            Several lines.
        """
        from hasten.ranking._summary import long_form

        return long_form(self, max_items)

    def __str__(self) -> str:
        """Return the short form: status, certificate and the strongest items."""
        from hasten.ranking._summary import short_form

        return short_form(self)

    def plot(self, kind: str = "caterpillar", ax: Axes | None = None) -> Axes:
        """Draw the result with matplotlib.

        Parameters
        ----------
        kind : {"caterpillar", "calibration", "winmatrix", "convergence"}, default "caterpillar"
            "caterpillar": strengths with 95 % intervals, strongest on top. "calibration": observed
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


def _labels(value: Any, name: str) -> tuple[Any, bool]:
    """Return labels, and whether `value` is a single one."""
    single = isinstance(value, (str, bytes)) or as_array(value, name).ndim == 0
    return ([value] if single else value), single
