"""What every ranking result says of its own accuracy: errors, intervals, ranks, resampling."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hasten import _threads
from hasten._core import ranking as _core
from hasten._result import Result
from hasten._validation import check_choice
from hasten.ranking._estimate import (
    ConfidenceInterval,
    Contrast,
    RankSets,
    infer,
    members_of,
)
from hasten.ranking._items import ItemIndex, is_label, labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._bootstrap import BootstrapResult
    from hasten.ranking._compare import ModelComparison
    from hasten.ranking._estimate import Estimate

KINDS = ("model", "sandwich")


@dataclass(frozen=True, eq=False, kw_only=True)
class RankingResult(Result):
    """The part that the results of all ranking models share.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        The labels; every other array is in this order.
    strength : array of shape (n_items,)
        Log-strengths.
    log_likelihood : float
        Of the recorded outcomes.
    n_params : int
        Free parameters.
    total_weight : float
        Weight of what was fitted.
    reference : item or None
        The item whose strength is 0.
    """

    items: NDArray[Any] = field(repr=False)
    strength: Any = field(repr=False)
    log_likelihood: float
    n_params: int
    total_weight: float
    reference: Any
    _fit: Estimate = field(repr=False)

    _default_kind: ClassVar[str] = "model"

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
        """Positions within a component, 1 for the strongest; equal strengths share the smaller."""
        groups, strength = self._fit.groups, self._fit.strength
        positions = np.empty(len(strength), dtype=np.int64)
        for members in [slice(None)] if groups is None else members_of(groups):
            descending = -strength[members]
            positions[members] = np.searchsorted(np.sort(descending), descending, side="left") + 1
        return self._spread(positions)

    @functools.cached_property
    def _index(self) -> ItemIndex:
        return ItemIndex(self.items)

    @property
    def _fitted_items(self) -> NDArray[Any]:
        """Return the labels of the items that were fitted."""
        kept = self._fit.kept
        return self.items if kept is None else self.items[kept]

    def _find(self, items: Any, name: str) -> NDArray[np.uint32]:
        """Return the positions of items among those that were fitted."""
        positions = self._index.find(items, name)
        kept = self._fit.kept
        if kept is None:
            return positions
        place = np.minimum(np.searchsorted(kept, positions), len(kept) - 1)
        excluded = kept[place] != positions
        if excluded.any():
            row = int(np.argmax(excluded))
            item = self.items[positions[row] : positions[row] + 1].tolist()[0]
            raise ValueError(
                f"`{name}` must hold items that were fitted; got {item!r} at row {row}, which "
                "on_disconnected='largest' excluded"
            )
        return place.astype(np.uint32)

    def _spread(self, values: NDArray[Any]) -> Any:
        """Return one value an item in the caller's library, none for those that were excluded."""
        kept = self._fit.kept
        if kept is not None:
            # Whole numbers are ranks, of which what has no strength has none.
            missing: float = 0 if values.dtype.kind == "i" else np.nan
            whole = np.full(len(self.items), missing, dtype=values.dtype)
            whole[kept] = values
            values = whole
        return self._fit.backend.wrap(values)

    @property
    def _n_threads(self) -> int | None:
        return _threads.resolve(self._fit.n_threads)

    @functools.cached_property
    def _all_errors(self) -> dict[str, tuple[NDArray[np.float64], float]]:
        return {}

    def _errors(self, kind: str) -> tuple[NDArray[np.float64], float]:
        if kind not in self._all_errors:
            fit = self._fit
            self._all_errors[kind] = infer(
                _core.standard_error, fit.core(), kind, fit.reference, None, self._n_threads
            )
        return self._all_errors[kind]

    def _item_errors(self, kind: str) -> NDArray[np.float64]:
        return self._errors(kind)[0][: len(self._fit.strength)]

    def standard_error(self, items: Any = None, *, kind: str = "model") -> Any:
        r"""Return the standard errors of the strengths as they are reported.

        Parameters
        ----------
        items : array-like of items, optional
            Only these; all by default.
        kind : {"model", "sandwich"}, default "model"
            "model" trusts the model: the inverse of the observed information. "sandwich" holds
            also where the model describes the data only in the mean, such as ties that count half.

        Returns
        -------
        array of float64, shape (n_items,) or (len(items),)
            Those of :math:`s_i - \bar s`, or of :math:`s_i - s_{\text{ref}}` where a reference was
            named (its own is 0).

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or `kind` is unknown.

        Notes
        -----
        The square roots of the diagonal of :math:`H^+`, the pseudo-inverse of the observed
        information, or of the sandwich :math:`H^+ V H^+`, in which :math:`V` sums the squared
        scores of the games: each win, loss and tie keeps its own score. Weights count as numbers of
        games.

        Errors of named items are exact, at one linear solve each. Of all items the model's are
        exact wherever the information can be factorised (by the selected inverse of Takahashi,
        Fagan and Chen 1973); the sandwich's where besides ``n_items * (n_items + n_pairs)`` is at
        most 4e9. Otherwise they come from a random sketch with a relative standard deviation of
        5 %; `standard_error_accuracy` says so.
        """
        check_choice(kind, "kind", KINDS)
        fit = self._fit
        if items is None:
            return self._spread(self._item_errors(kind))
        positions = self._find(items, "items")
        if kind in self._all_errors and self._all_errors[kind][1] == 0.0:
            return fit.backend.wrap(self._all_errors[kind][0][positions])
        errors, _ = infer(
            _core.standard_error, fit.core(), kind, fit.reference, positions, self._n_threads
        )
        return fit.backend.wrap(errors)

    def standard_error_accuracy(self, *, kind: str = "model") -> float:
        """Return how far the standard errors of all items are from exact ones.

        Parameters
        ----------
        kind : {"model", "sandwich"}, default "model"
            As in `standard_error`.

        Returns
        -------
        float
            Relative standard deviation: 0 where they are exact, 0.05 where a sketch was needed.

        Raises
        ------
        ValueError, TypeError
            When `kind` is unknown.
        """
        check_choice(kind, "kind", KINDS)
        return self._errors(kind)[1]

    def covariance(self, items: Any = None, *, kind: str = "model") -> Any:
        """Return the covariance matrix of the strengths as they are reported.

        Parameters
        ----------
        items : array-like of items, optional
            Only these; all by default, which takes ``8 n_items**2`` bytes.
        kind : {"model", "sandwich"}, default "model"
            As in `standard_error`.

        Returns
        -------
        array of float64, shape (n_items, n_items) or (len(items), len(items))
            Symmetric to the bit; one linear solve an item.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or `kind` is unknown.
        MemoryError
            When the matrix does not fit.
        """
        check_choice(kind, "kind", KINDS)
        fit = self._fit
        if items is None:
            positions = np.arange(len(fit.strength), dtype=np.uint32)
        else:
            positions = self._find(items, "items")
        return fit.backend.wrap(
            infer(_core.covariance, fit.core(), kind, fit.reference, positions, self._n_threads)
        )

    def _shared_covariance(self, kind: str) -> NDArray[np.float64]:
        """Return the covariance of the parameters that all items share, in the core's order."""
        core = self._fit.core()
        n_items, n_parameters = len(self._fit.strength), len(core[-2])
        positions = np.arange(n_items, n_parameters, dtype=np.uint32)
        return infer(_core.covariance, core, kind, None, positions, self._n_threads)

    def contrast(self, a: Any, b: Any, *, kind: str = "model") -> Contrast:
        """Return the difference of two strengths with its standard error and test.

        Parameters
        ----------
        a, b : item or array-like of items
            Two items, two arrays of the same length, or one of each.
        kind : {"model", "sandwich"}, default "model"
            As in `standard_error`.

        Returns
        -------
        Contrast
            Named tuple ``(estimate, standard_error, statistic, pvalue)``: floats for two items,
            else arrays. NaN for items that do not share a component.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, the lengths differ, or an item stands on both sides.
        MemoryError
            When the covariance of all items that are named does not fit.
        """
        check_choice(kind, "kind", KINDS)
        single = is_label(a, "a") and is_label(b, "b")
        first, second = self._pair_positions(a, b, "a", "b")
        if (first == second).any():
            row = int(np.argmax(first == second))
            raise ValueError(f"`b` must be another item than `a`; got the same at row {row}")
        core = self._fit.core()
        if single:
            errors, _ = infer(
                _core.standard_error, core, kind, int(second[0]), first, self._n_threads
            )
        else:
            named, place = np.unique(np.concatenate([first, second]), return_inverse=True)
            matrix = infer(_core.covariance, core, kind, None, named, self._n_threads)
            i, j = place[: len(first)], place[len(first) :]
            variance = matrix[i, i] + matrix[j, j] - 2 * matrix[i, j]
            errors = np.sqrt(np.maximum(variance, 0.0))
        estimate = self._fit.strength[first] - self._fit.strength[second]
        groups = self._fit.groups
        if groups is not None:
            apart = groups[first] != groups[second]
            estimate, errors = np.where(apart, np.nan, estimate), np.where(apart, np.nan, errors)
        statistic = estimate / errors
        pvalue = np.array([math.erfc(abs(z) / math.sqrt(2)) for z in statistic.tolist()])
        parts = (estimate, errors, statistic, pvalue)
        if single:
            return Contrast(*(float(part[0]) for part in parts))
        return Contrast(*(self._fit.backend.wrap(part) for part in parts))

    def _pair_positions(
        self, left: Any, right: Any, left_name: str, right_name: str
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        first = self._find(labels(left, left_name), left_name)
        second = self._find(labels(right, right_name), right_name)
        if len(first) != len(second) and 1 not in (len(first), len(second)):
            raise ValueError(
                f"{left_name} has {len(first)} entries, {right_name} has {len(second)}"
            )
        length = max(len(first), len(second)) if min(len(first), len(second)) else 0
        return (
            np.broadcast_to(first[:length], length).copy(),
            np.broadcast_to(second[:length], length).copy(),
        )

    def confidence_interval(
        self,
        confidence_level: float = 0.95,
        *,
        kind: str | None = None,
        scale: str = "log",
        method: str = "marginal",
        n_samples: int = 1000,
        rng: Any = None,
    ) -> ConfidenceInterval:
        """Return an interval for each strength.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Probability of covering.
        kind : {"model", "sandwich"}, optional
            As in `standard_error`; "model" by default.
        scale : {"log", "elo"}, default "log"
            Natural-log units as in `strength`, or Elo points as in `elo()`.
        method : {"marginal", "simultaneous"}, default "marginal"
            "marginal": Wald intervals, each of which covers with the level for its item alone.
            "simultaneous": all of them cover together with the level, by the quantile of the
            largest studentised error of any item over normal draws.
        n_samples : int, default 1000
            Draws for "simultaneous".
        rng : None, int or numpy.random.Generator, optional
            Randomness of the draws for "simultaneous"; one 64-bit number is taken from it.

        Returns
        -------
        ConfidenceInterval
            Named tuple of two float64 arrays ``(low, high)``.

        Raises
        ------
        ValueError, TypeError
            When the level is not strictly between 0 and 1, or another argument is not valid.
        """
        from hasten.ranking import _rank_sets

        kind = self._kind(kind)
        check_choice(scale, "scale", ("log", "elo"))
        errors = self._item_errors(kind)
        critical = _rank_sets.critical_value(
            self, confidence_level, method, kind, errors, n_samples, rng
        )
        low, high = self._fit.strength - critical * errors, self._fit.strength + critical * errors
        if scale == "elo":
            low, high = 1500 + low * 400 / math.log(10), 1500 + high * 400 / math.log(10)
        return ConfidenceInterval(self._spread(low), self._spread(high))

    def rank_sets(
        self,
        confidence_level: float = 0.95,
        *,
        method: str = "simultaneous",
        kind: str | None = None,
        n_samples: int = 1000,
        rng: Any = None,
    ) -> RankSets:
        r"""Return the ranks that the data leave open for each item.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Probability of covering the true ranks.
        method : {"simultaneous", "marginal", "bonferroni", "arena"}, default "simultaneous"
            "simultaneous": the sets of all items cover together. "marginal": each set covers by
            itself, and is smaller. "bonferroni": as "simultaneous", from the normal quantile for
            the number of pairs instead of draws, and larger. "arena": counts items whose interval
            lies wholly above or below the item's own, as public leaderboards do; no statement about
            ranks follows from it.
        kind : {"model", "sandwich"}, optional
            As in `standard_error`; "model" by default.
        n_samples : int, default 1000
            Normal draws behind the quantiles.
        rng : None, int or numpy.random.Generator, optional
            Randomness of the draws; one 64-bit number is taken from it.

        Returns
        -------
        RankSets
            Named tuple of two integer arrays ``(low, high)``; ranks count within a component, and
            an item that was excluded has 0.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid, `n_samples` is below ``level / (1 - level)``, or there
            are more than 20,000 items and `method` is not "arena".

        Notes
        -----
        The sets of Mogstad, Romano, Shaikh and Wilhelm, "Inference for ranks", Review of Economic
        Studies 91, 2024: ``[1 + #{j significantly above i}, n - #{j significantly below i}]``,
        where a difference is significant when it passes the critical value times its standard
        error. The critical value is the quantile of the largest studentised difference over pairs
        with ``i``, or over all pairs. O(n_items**2 n_samples) time and ``8 n_items n_samples``
        bytes; standard errors of differences are exact up to 2,000 items, beyond that the root
        mean squares of the draws.
        """
        from hasten.ranking import _rank_sets

        return _rank_sets.run(self, confidence_level, method, self._kind(kind), n_samples, rng)

    def bootstrap(
        self,
        n_resamples: int = 1000,
        *,
        kind: str = "games",
        rng: Any = None,
        n_jobs: int | None = None,
        first: int = 0,
    ) -> BootstrapResult:
        """Fit resampled data again and again.

        Parameters
        ----------
        n_resamples : int, default 1000
            Number of replicates.
        kind : {"games", "parametric"}, default "games"
            "games": recorded games are drawn with replacement, as many as there were. "parametric":
            as many games of each pair as there were get new outcomes from the fitted model.
        rng : None, int or numpy.random.Generator, optional
            Randomness; one 64-bit number is taken from it.
        n_jobs : int, optional
            Processes to spread replicates over with joblib, -1 for all cores; by default one call
            with the threads of the fit, or what ``joblib.parallel_config`` says. The answer does
            not depend on it.
        first : int, default 0
            Number of the first replicate: with the same seed, ranges computed apart fit together
            with ``merge``.

        Returns
        -------
        BootstrapResult
            The estimates of all replicates, and how many of them have none.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid.
        MemoryError
            When ``8 n_resamples n_items`` bytes do not fit.

        Notes
        -----
        Resampling inside the aggregated counts is exact: a multinomial of the total weight, rounded
        to a whole number of games, over outcomes of pairs. "parametric" rounds the weight of each
        pair to whole games, at least one, that share it; where ties count half, each gets a winner.
        Each replicate starts at the original estimate and is solved with its information until the
        error of any contrast is about 0.001 of its standard error.
        """
        from hasten.ranking import _bootstrap

        return _bootstrap.run(self, n_resamples, kind, rng, n_jobs, first)

    def compare(self, other: RankingResult) -> ModelComparison:
        """Compare with another model of the same data.

        Parameters
        ----------
        other : RankingResult
            A maximum-likelihood fit of the same comparisons.

        Returns
        -------
        ModelComparison
            The likelihood-ratio test where one model is nested in the other, and the difference of
            Akaike's criteria in any case.

        Raises
        ------
        TypeError
            When `other` is no ranking result.
        ValueError
            When the two were not fitted to the same outcomes of the same items, or have a prior.
        """
        from hasten.ranking import _compare

        return _compare.compare(self, other)

    def _kind(self, kind: str | None) -> str:
        return check_choice(self._default_kind if kind is None else kind, "kind", KINDS)
