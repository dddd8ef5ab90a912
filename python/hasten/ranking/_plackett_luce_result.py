"""What `plackett_luce` returns."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hasten import _labels
from hasten._validation import check_choice
from hasten.ranking import _orderings
from hasten.ranking._items import ItemIndex, is_label
from hasten.ranking._separation import Order, SeparatedResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ranking._orderings import RankingArrays

PLOTS = ("caterpillar", "convergence")


@dataclass(frozen=True, eq=False)
class Fit:
    """What a result keeps of its solve, for everything that is computed on first access.

    Attributes
    ----------
    recorded : RankingArrays
        All rankings.
    fitted : RankingArrays
        What was fitted: the rankings within each component.
    prior : tuple of (str, float), or None
        The prior.
    groups : ndarray of uint32, shape (n_items,), or None
        The component of each item, with one of its own for each excluded item; None for one.
    strength : ndarray of float64, shape (n_items,)
        The strengths; NaN for an excluded item.
    reference : int or None
        Position of the reference item.
    backend : Backend
        The array library of everything that is returned.
    n_threads : int or None
        The argument of the solve.
    """

    recorded: RankingArrays
    fitted: RankingArrays
    prior: tuple[str, float] | None
    groups: NDArray[np.uint32] | None
    strength: NDArray[np.float64]
    reference: int | None
    backend: Backend
    n_threads: int | None

    @property
    def kept(self) -> None:
        """Return None: excluded items keep their place in every array."""

    def core(self) -> tuple[Any, ...]:
        """Return the fit as the extension module takes it.

        Returns
        -------
        tuple
            ``("plackett-luce", rankings, prior, parameters, groups)``.
        """
        parameters = np.nan_to_num(self.strength, nan=0.0)
        return "plackett-luce", tuple(self.fitted), self.prior, parameters, self.groups

    def outcomes(self) -> tuple[NDArray[Any], ...]:
        """Return the different rankings with their weights.

        Returns
        -------
        tuple of ndarray
            Offsets, items, numbers of items placed, weights.
        """
        return tuple(self.fitted[1:])

    def terms(self) -> dict[str, bytes]:
        """Return what the model has besides the strengths: a prior, or nothing.

        Returns
        -------
        dict
            Empty without a prior.
        """
        return {} if self.prior is None else {"prior": repr(self.prior).encode()}


@dataclass(frozen=True, eq=False, kw_only=True)
class PlackettLuceResult(SeparatedResult):
    r"""Strengths of items, how sure they are, and how exactly they were computed.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        The labels; every other array is in this order.
    strength : array of shape (n_items,)
        Log-strengths in natural-log units: their mean is 0 in each component, `reference` has 0, or
        a prior fixes the origin. NaN for an excluded item.
    log_likelihood : float
        The weighted log-probability of the rankings that were fitted, without the prior.
    n_params : int
        Free parameters: items less components.
    n_rankings : int
        Recorded rankings.
    total_weight : float
        Weight of the rankings.
    reference : item or None
        The item whose strength is 0.
    prior : Logistic, Gaussian, float or None
        The prior, as it was given.
    component : ndarray of int64, shape (n_items,)
        The component of each item: strengths of two items can be compared exactly when they share
        one. -1 for an item that was excluded.
    component_order : ndarray of int64, shape (n_components,)
        Components from the top: no item of one was ranked below an item of a later one.
    excluded : ndarray
        Items outside the component that was fitted, with ``on_disconnected="largest"``.
    residual : float
        Largest difference between observed and expected choices of an item.
    log_likelihood_gap : float
        Bound of what the log-likelihood, or log-posterior, falls short of its maximum.
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
    Results pickle; they keep the rankings, 4 bytes for each entry and 20 for each different one.

    Examples
    --------
    >>> from hasten.ranking import plackett_luce
    >>> races = [["ann", "bob", "cem"], ["bob", "ann"], ["cem", "ann", "bob"]]
    >>> result = plackett_luce(races)
    >>> result.predict_proba(["ann", "bob", "cem"]).round(4)
    array([0.4226, 0.3094, 0.2679])
    >>> result.items[result.rank == 1].item()
    'ann'
    """

    n_rankings: int
    prior: Any
    _fit: Fit = field(repr=False)

    _model: ClassVar[str] = "Plackett-Luce"
    _data: ClassVar[str] = "rankings"
    _scale: ClassVar[str] = "probability"

    @functools.cached_property
    def probability(self) -> Any:
        """Probability of each item to be chosen from all items of its component.

        The worths ``exp(strength)``, normalised to sum to 1 in each component.
        """
        strength, component = self._fit.strength, self.component
        fitted = component >= 0
        largest = np.full(self.n_components, -np.inf)
        np.maximum.at(largest, component[fitted], strength[fitted])
        worth = np.exp(strength[fitted] - largest[component[fitted]])
        sums = np.bincount(component[fitted], worth, self.n_components)
        probability = np.full(len(strength), np.nan)
        probability[fitted] = worth / sums[component[fitted]]
        return self._fit.backend.wrap(probability)

    def predict_proba(self, sets: Any) -> Any:
        """Return the probability of each item to be chosen from a set.

        Parameters
        ----------
        sets : sequence of items, list of sequences, or array-like of shape (n_sets, width)
            One set, or many.

        Returns
        -------
        array of float64, or list of arrays
            Probabilities in the order of the items: one array for one set, an array of the same
            shape for a two-dimensional array, a list of arrays for a list. Across components they
            are 0 where another item of the set stands above, directly or along a chain of rankings,
            and NaN where nothing tells which of two components is better.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or stands twice in a set.

        Examples
        --------
        >>> from hasten.ranking import plackett_luce
        >>> result = plackett_luce([["a", "b", "c"], ["b", "c", "a"], ["c", "a"]])
        >>> [chances.round(3).tolist() for chances in result.predict_proba([["a", "b"], ["c"]])]
        [[0.174, 0.826], [1.0]]
        """
        wrap = self._fit.backend.wrap
        if _is_one_set(sets):
            codes = self._index.find(sets, "sets")
            return wrap(self._choice(codes, np.array([len(codes)])))
        rows = _orderings.read_rows(sets, "sets")
        codes = _codes_of(rows.column, self._index, "sets")
        chances = self._choice(codes, rows.lengths)
        if isinstance(sets, (list, tuple)):
            ends = np.cumsum(rows.lengths)[:-1]
            return [wrap(part) for part in np.split(chances, ends)]
        shape = np.shape(sets)
        used = np.arange(shape[1]) < rows.lengths[:, None]
        table = np.full(shape, np.nan)
        table[used] = chances
        return wrap(table)

    def _choice(
        self, codes: NDArray[np.uint32], lengths: NDArray[np.integer[Any]]
    ) -> NDArray[np.float64]:
        """Return the probability of each entry of sets, row by row."""
        rows = _orderings.rows_of(lengths)
        _refuse_repetition(self.items, codes, rows)
        strength, component = self._fit.strength[codes], self.component[codes]
        possible = component >= 0
        chances = np.where(possible, 0.0, np.nan)
        low = np.full(len(lengths), self.n_components)
        high = np.full(len(lengths), -1)
        np.minimum.at(low, rows, component)
        np.maximum.at(high, rows, component)
        offsets = _orderings.offsets_of(lengths).astype(np.intp)
        for row in np.flatnonzero(low < high).tolist():
            entries = slice(offsets[row], offsets[row + 1])
            possible[entries], chances[entries] = self._may_win(component[entries])
        largest = np.full(len(lengths), -np.inf)
        np.maximum.at(largest, rows[possible], strength[possible])
        worth = np.exp(strength[possible] - largest[rows[possible]])
        total = np.bincount(rows[possible], worth, len(lengths))
        chances[possible] = worth / total[rows[possible]]
        return chances

    def _may_win(
        self, component: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Say which items of a set share its one highest component, and the chances of the others.

        Where several components of the set have none above them, nothing tells theirs.
        """
        present = set(component[component >= 0].tolist())
        beaten = frozenset[int]().union(*(self._order.below(k) & present for k in present))
        chances = np.where(np.isin(component, list(beaten)), 0.0, np.nan)
        highest = present - beaten
        # An excluded item might win or not.
        if len(highest) != 1 or (component < 0).any():
            return np.zeros(len(component), dtype=bool), chances
        return component == highest.pop(), chances

    @functools.cached_property
    def _order(self) -> Order:
        arrays = self._fit.recorded
        places = arrays.places
        below = np.flatnonzero(places > 0)
        placed = np.repeat(arrays.n_placed.astype(np.int64), arrays.lengths)
        # The item before, or for what is left of the set the last one placed.
        above = below - places[below] + np.minimum(places[below], placed[below]) - 1
        upper, lower = (self.component[arrays.items[entries]] for entries in (above, below))
        known = (upper >= 0) & (lower >= 0)
        return Order(self.n_components, upper[known], lower[known])

    def _scaled(self) -> Any:
        return self.probability

    def _n_data(self) -> int:
        return self.n_rankings

    def plot(self, kind: str = "caterpillar", ax: Axes | None = None) -> Axes:
        """Draw the result with matplotlib.

        Parameters
        ----------
        kind : {"caterpillar", "convergence"}, default "caterpillar"
            "caterpillar": strengths with 95 % intervals, strongest on top. "convergence": the error
            of each pass, of a solve with ``trace=True``.
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

        return _plot.draw(self, check_choice(kind, "kind", PLOTS), ax)


def _is_one_set(sets: Any) -> bool:
    """Say whether the elements are labels rather than sets of them."""
    if isinstance(sets, (list, tuple)):
        return all(is_label(label, "sets") for label in sets)
    return np.ndim(sets) == 1 and not (
        np.asarray(sets).dtype == object and not all(is_label(label, "sets") for label in sets)
    )


def _codes_of(column: Any, index: ItemIndex, name: str) -> NDArray[np.uint32]:
    """Return the codes of a column of labels, each distinct one looked up once."""
    labels, codes = _labels.encode_column(column)
    return index.find(labels, name)[codes] if len(labels) else np.zeros(0, dtype=np.uint32)


def _refuse_repetition(
    items: NDArray[Any], codes: NDArray[np.uint32], rows: NDArray[np.int64]
) -> None:
    order = np.lexsort(np.stack([codes.astype(np.int64), rows]))
    again = (codes[order][1:] == codes[order][:-1]) & (rows[order][1:] == rows[order][:-1])
    if again.any():
        entry = order[1:][again][0]
        label = items[codes[entry] : codes[entry] + 1].tolist()[0]
        raise ValueError(
            f"`sets` must hold an item once a row; {label!r} is twice in row {rows[entry]}"
        )
