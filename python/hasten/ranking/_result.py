"""What `bradley_terry` returns."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hasten._validation import check_real
from hasten.ranking._inference import RankingResult
from hasten.ranking._items import is_label
from hasten.ranking._pair_table import pair_table
from hasten.ranking._paired import PairedModel, paired_cells, unordered_outcomes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ranking._comparisons import Comparisons
    from hasten.ranking._pair_table import PairTable


@dataclass(frozen=True, eq=False)
class Fit:
    """What a paired result keeps of its solve, for everything that is computed on first access.

    Attributes
    ----------
    comparisons : Comparisons
        The counts that were fitted.
    ties : str
        What became of ties.
    strength : ndarray of float64, shape (n_items,)
        The strengths before any rounding to float32.
    reference : int or None
        Position of the reference item.
    backend : Backend
        The array library of everything that is returned.
    n_threads : int or None
        The argument of the solve.
    """

    comparisons: Comparisons
    ties: str
    strength: NDArray[np.float64]
    reference: int | None
    backend: Backend
    n_threads: int | None

    @functools.cached_property
    def table(self) -> PairTable:
        """Return the wins and losses with the ties shared out or dropped."""
        return pair_table(self.comparisons, self.ties)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be computed again."""
        return {name: value for name, value in self.__dict__.items() if name != "table"}

    def core(self) -> tuple[Any, ...]:
        """Return the fit as the extension module takes it.

        Returns
        -------
        tuple
            ``("paired", cells, model, parameters, groups)``.
        """
        return (
            "paired",
            paired_cells(self.comparisons, self.ties),
            PairedModel(),
            self.strength,
            None,
        )

    def outcomes(self) -> tuple[NDArray[Any], ...]:
        """Return the pairs that met with their counts; halves of a win stand for shared ties.

        Returns
        -------
        tuple of ndarray
            Pairs, counts.
        """
        cells = paired_cells(self.comparisons, self.ties)
        pairs, (up, down, tied) = unordered_outcomes(cells)
        return pairs, np.stack([up + tied / 2, down + tied / 2, np.zeros_like(tied)])

    def terms(self) -> dict[str, bytes]:
        """Return what the model has besides the strengths: nothing.

        Returns
        -------
        dict
            Empty.
        """
        return {}


@dataclass(frozen=True, eq=False, kw_only=True)
class BradleyTerryResult(RankingResult):
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
    residual: float
    log_likelihood_gap: float
    method: str
    _fit: Fit = field(repr=False)

    _model: ClassVar[str] = "Bradley-Terry"

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
        single = is_label(left) and is_label(right)
        first, second = self._pair_positions(left, right, "left", "right")
        difference = self._fit.strength[first] - self._fit.strength[second]
        # One exponential of a negative number gives either tail without cancellation.
        tail = np.exp(-np.abs(difference))
        probability = np.where(difference >= 0, 1.0, tail) / (1.0 + tail)
        return float(probability[0]) if single else self._fit.backend.wrap(probability)

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
        return self._fit.backend.wrap(center + strength * (scale / math.log(base)))

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
            "standard_error": self._item_errors(self._default_kind),
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

    @property
    def _origin(self) -> str:
        return "mean 0" if self.reference is None else f"{self.reference} at 0"

    @property
    def _title(self) -> str:
        return (
            f"Bradley-Terry ranking of {len(self.items):,} items from {self.n_games:,} comparisons"
        )

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
