"""Rankings of sets of items, merged."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _labels
from hasten._core import ranking as _core
from hasten._validation import check_integer
from hasten.ranking import _components, _orderings, _weights
from hasten.ranking._orderings import RankingArrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_LABEL = np.uint32(2**32 - 1)


@dataclass(frozen=True, eq=False, repr=False)
class Rankings:
    """Rankings of whole or partial sets of items, and choices from sets.

    Equal rankings are merged and their weights added, so that speed depends on the number of
    different ones. Make one with `from_orderings`, `from_ranks` or `from_choices`. The object
    cannot be changed; it pickles, and parts merge exactly.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        Labels of the items: in ascending order, or as given.
    n_items : int
        Number of items.
    n_rankings : int
        Number of recorded rankings that say something. Of a selection from weighted rankings it is
        not known, and this is the total weight, rounded.
    n_distinct : int
        Number of different rankings.
    n_ignored : int
        Recorded rankings that say nothing: fewer than two items, none placed, or weight 0.
    total_weight : float
        Sum of the weights of all rankings.

    Notes
    -----
    Merging takes O(entries) time; 4 bytes an entry and 20 bytes a ranking are kept.

    Examples
    --------
    >>> from hasten.ranking import Rankings
    >>> races = Rankings.from_orderings([["ann", "bob", "cem"], ["bob", "ann"], ["cem", "ann"]])
    >>> races
    Rankings(3 items, 3 rankings, 3 distinct)
    >>> races.items.tolist()
    ['ann', 'bob', 'cem']
    """

    items: NDArray[Any]
    n_rankings: int
    n_ignored: int
    _arrays: RankingArrays

    def __post_init__(self) -> None:
        for array in (self.items, *self._arrays[1:]):
            array.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Rankings, tuple(getattr(self, field.name) for field in fields(self))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def n_distinct(self) -> int:
        """Number of different rankings."""
        return len(self._arrays.weights)

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights of all rankings."""
        return float(self._arrays.weights.sum())

    def __repr__(self) -> str:
        weight = self.total_weight
        total = "" if weight == self.n_rankings else f", total weight {weight:.6g}"
        ignored = f", {self.n_ignored} ignored" if self.n_ignored else ""
        return (
            f"Rankings({self.n_items} items, {self.n_rankings} rankings, {self.n_distinct} "
            f"distinct{total}{ignored})"
        )

    @classmethod
    def from_orderings(
        cls,
        orderings: Any,
        lengths: Any = None,
        *,
        choice_sets: Any = None,
        top: Any = None,
        weight: Any = None,
        items: Any = None,
    ) -> Rankings:
        """Make rankings from rows of labels, best first.

        Parameters
        ----------
        orderings : list of sequences, or array_like of shape (n_rankings, width)
            Labels (integers, strings or bytes), the best item first. Rows of an array may be padded
            at their end with NaN, None or masked entries.
        lengths : array_like of int, shape (n_rankings,), optional
            How many entries of each row of an array count.
        choice_sets : list of sequences, or array_like of shape (n_rankings, width), optional
            The whole set that was ranked, where a ranking places only its best items. By default
            a ranking places its whole set.
        top : int or array_like of shape (n_rankings,), optional
            Only so many items of each row are placed; the others came after them, in an order that
            is not known.
        weight : array_like of shape (n_rankings,), optional
            Weights at least 0, as frequencies: weight 2 is two rankings.
        items : array_like of shape (n_items,), optional
            All items, in the wanted order; items without rankings may be among them.

        Returns
        -------
        Rankings

        Raises
        ------
        ValueError
            If there are no rankings of two items or more, lengths differ, a label is missing, not
            among `items`, twice in a ranking or not in its set, or a weight is negative or not
            finite. The message gives the row.
        TypeError
            If labels are of several types (1 and "1"), or an argument is of the wrong type.

        Examples
        --------
        The three best of each race among the same five:

        >>> from hasten.ranking import Rankings
        >>> podiums = [["b", "a", "c"], ["a", "d", "b"]]
        >>> Rankings.from_orderings(podiums, choice_sets=[list("abcde")] * 2)
        Rankings(5 items, 2 rankings, 2 distinct)
        """
        rows = _orderings.read_rows(orderings, "orderings", lengths)
        n_rankings = len(rows.lengths)
        if choice_sets is None:
            labels, codes = _labels.encode_column(rows.column, items)
            sizes = rows.lengths
        else:
            sets = _orderings.read_rows(choice_sets, "choice_sets")
            if len(sets.lengths) != n_rankings:
                raise ValueError(
                    f"orderings has {n_rankings} rows, choice_sets has {len(sets.lengths)}"
                )
            labels, codes, of_sets = _labels.encode_columns(rows.column, sets.column, items=items)
            cls._refuse_repetition(labels, of_sets, sets.lengths, "choice_sets")
            codes, sizes = _orderings.add_unplaced(
                codes, rows.lengths, of_sets, sets.lengths, labels
            )
        n_placed = rows.lengths
        if top is not None:
            n_placed = np.minimum(n_placed, _check_top(top, n_rankings))
        weights, _ = _weights.read_weight(weight, n_rankings, "orderings")
        return cls._from_codes(labels, codes, sizes, n_placed, weights, "orderings")

    @classmethod
    def from_ranks(cls, ranks: Any, *, items: Any = None, weight: Any = None) -> Rankings:
        """Make rankings from a matrix of ranks.

        Parameters
        ----------
        ranks : array_like of shape (n_rankings, n_items)
            One ranking a row and one item a column: 1 is best, larger numbers are worse, 0 and NaN
            mean that the item was not ranked.
        items : array_like of shape (n_items,), optional
            Labels of the columns; by default 0, 1, ...
        weight : array_like of shape (n_rankings,), optional
            Weights at least 0, as frequencies.

        Returns
        -------
        Rankings

        Raises
        ------
        ValueError
            If two ranks of a row are equal (ties inside rankings are not supported), one is
            negative or infinite, or as `from_orderings`.
        TypeError
            If ranks are not real numbers.

        Examples
        --------
        >>> from hasten.ranking import Rankings
        >>> Rankings.from_ranks([[1, 2, 3], [2, 1, 0]], items=["a", "b", "c"])
        Rankings(3 items, 2 rankings, 2 distinct)
        """
        columns, lengths = _orderings.order_ranks(ranks)
        n_items = np.shape(ranks)[1]
        labels = np.arange(n_items) if items is None else _labels.distinct_items(items)
        if len(labels) != n_items:
            raise ValueError(f"ranks has {n_items} columns, items has {len(labels)}")
        weights, _ = _weights.read_weight(weight, len(lengths), "ranks")
        codes = columns.astype(np.uint32)
        return cls._from_codes(labels, codes, lengths, lengths, weights, "ranks")

    @classmethod
    def from_choices(
        cls, chosen: Any, sets: Any, *, weight: Any = None, items: Any = None
    ) -> Rankings:
        """Make rankings from choices of one item out of a set.

        Parameters
        ----------
        chosen : array_like of shape (n_choices,)
            Label of the item that was chosen.
        sets : list of sequences, or array_like of shape (n_choices, width)
            Labels of all items of the set, the chosen one included, in any order. Rows of an array
            may be padded as in `from_orderings`.
        weight : array_like of shape (n_choices,), optional
            Weights at least 0, as frequencies.
        items : array_like of shape (n_items,), optional
            All items, in the wanted order.

        Returns
        -------
        Rankings

        Raises
        ------
        ValueError
            If a choice is not in its set, or as `from_orderings`.
        TypeError
            As `from_orderings`.

        Examples
        --------
        >>> from hasten.ranking import Rankings
        >>> Rankings.from_choices(["b", "a"], [["a", "b", "c"], ["b", "a"]])
        Rankings(3 items, 2 rankings, 2 distinct)
        """
        rows = _orderings.read_rows(sets, "sets")
        column = _labels.read(chosen, "chosen")
        if len(column) != len(rows.lengths):
            raise ValueError(f"chosen has {len(column)} entries, sets has {len(rows.lengths)}")
        labels, winners, codes = _labels.encode_columns(column, rows.column, items=items)
        codes = _orderings.winners_first(winners, codes, rows.lengths, labels)
        n_placed = np.ones(len(winners), dtype=np.int64)
        weights, _ = _weights.read_weight(weight, len(winners), "chosen")
        return cls._from_codes(labels, codes, rows.lengths, n_placed, weights, "sets")

    def merge(self, other: Rankings) -> Rankings:
        """Return the rankings of both, as if all had been recorded together.

        Parameters
        ----------
        other : Rankings
            Rankings whose items have labels of the same type.

        Returns
        -------
        Rankings
            Its items are those of both: ascending if they were so in both, otherwise those of
            `self` followed by the new ones of `other`. Weights add exactly.

        Raises
        ------
        TypeError
            If `other` is not `Rankings`, or labels differ in type.
        """
        if not isinstance(other, Rankings):
            raise TypeError(f"`other` must be Rankings; got {type(other).__name__}")
        items, *codes = _labels.unite(self.items, other.items)
        parts = self._arrays, other._arrays
        ends = [part.offsets[1:] for part in parts]
        both = RankingArrays(
            len(items),
            np.concatenate([parts[0].offsets, ends[1] + parts[0].offsets[-1]]),
            np.concatenate(
                [
                    code[part.items].astype(np.uint32)
                    for code, part in zip(codes, parts, strict=True)
                ]
            ),
            np.concatenate([part.n_placed for part in parts]),
            np.concatenate([part.weights for part in parts]),
        )
        merged, _ = _core.merge_rankings(both)
        return Rankings(
            items,
            self.n_rankings + other.n_rankings,
            self.n_ignored + other.n_ignored,
            RankingArrays(*merged),
        )

    def select(self, items: Any) -> Rankings:
        """Return what the rankings say of some of the items.

        Parameters
        ----------
        items : array_like
            Labels of the items to keep, in the wanted order.

        Returns
        -------
        Rankings
            Each ranking without the other items.

        Raises
        ------
        ValueError
            If a label is unknown or repeated, or no ranking has two of the items.
        """
        labels = _labels.distinct_items(items)
        codes = _labels.find(self.items, labels)
        kept = np.full(self.n_items, _NO_LABEL, dtype=np.uint32)
        kept[codes] = 0
        arrays = RankingArrays(*_core.restrict_rankings(self._arrays, kept)[0])
        kept[codes] = np.arange(len(codes), dtype=np.uint32)
        arrays = arrays._replace(n_items=len(codes), items=kept[arrays.items])
        if not len(arrays.weights):
            raise ValueError("no rankings of two or more of the selected items")
        merged = RankingArrays(*_core.merge_rankings(arrays)[0])
        n_rankings = max(1, round(float(merged.weights.sum())))
        return Rankings(self.items[codes], n_rankings, 0, merged)

    def components(self) -> _components.ComponentReport:
        """Return the groups of items within which each can be compared with each.

        Returns
        -------
        ComponentReport
            A finite maximum-likelihood estimate exists if and only if it has one component. If it
            has more, ``rankings.select(report.largest)`` has one. To be ranked above another item
            is to beat it.
        """
        labels, n_components = _core.comparable_in_rankings(self._arrays)
        arrays = self._arrays
        places = arrays.places
        won, lost, met = (np.zeros(self.n_items, dtype=bool) for _ in range(3))
        won[arrays.items[places < np.repeat(arrays.n_placed, arrays.lengths)]] = True
        lost[arrays.items[places > 0]] = True
        met[arrays.items] = True
        return _components.report(self.items, labels, n_components, won, lost, met)

    @classmethod
    def _refuse_repetition(
        cls,
        items: NDArray[Any],
        codes: NDArray[np.uint32],
        lengths: NDArray[np.int64],
        name: str,
    ) -> None:
        n_rows = len(lengths)
        arrays = RankingArrays(
            len(items),
            _orderings.offsets_of(lengths),
            codes,
            np.zeros(n_rows, dtype=np.uint32),
            np.zeros(n_rows),
        )
        repetition = _core.first_repetition(arrays)
        if repetition is not None:
            row, code = repetition
            label = items[code : code + 1].tolist()[0]
            raise ValueError(
                f"`{name}` must hold an item once a row; {label!r} is twice in row {row}"
            )

    @classmethod
    def _from_codes(
        cls,
        items: NDArray[Any],
        codes: NDArray[np.uint32],
        lengths: NDArray[np.int64],
        n_placed: NDArray[np.int64],
        weights: NDArray[np.float64] | None,
        name: str,
    ) -> Rankings:
        """Merge rankings between items given by code."""
        n_rows = len(lengths)
        if n_rows == 0:
            raise ValueError("no rankings")
        codes = np.ascontiguousarray(codes)
        cls._refuse_repetition(items, codes, lengths, name)
        if weights is None:
            weights = np.ones(n_rows)
        recorded = RankingArrays(
            len(items), _orderings.offsets_of(lengths), codes, n_placed.astype(np.uint32), weights
        )
        merged, n_ignored = _core.merge_rankings(recorded)
        if n_ignored == n_rows:
            if not weights.any():
                raise ValueError("total weight is zero")
            raise ValueError("no rankings: none places an item before another")
        return cls(items, n_rows - n_ignored, n_ignored, RankingArrays(*merged))


def _check_top(top: Any, n_rankings: int) -> NDArray[np.int64]:
    array = np.asarray(top)
    if array.ndim == 0:
        return np.full(n_rankings, check_integer(top, "top", minimum=1), dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"`top` must hold integers; got {array.dtype}")
    if array.shape != (n_rankings,):
        raise ValueError(
            f"`top` must be one number or have shape ({n_rankings},); got {array.shape}"
        )
    if (array < 1).any():
        row = int(np.argmax(array < 1))
        raise ValueError(f"`top` must be at least 1; got {array[row]} at index {row}")
    return array.astype(np.int64)


def as_rankings(rankings: Any) -> Rankings:
    """Return `rankings` as `Rankings`.

    Parameters
    ----------
    rankings : Rankings, list of sequences, or array-like of shape (n_rankings, width)
        Rows are orderings, best first, where it is not yet a `Rankings`.

    Returns
    -------
    Rankings
        The argument itself where it is one.
    """
    return rankings if isinstance(rankings, Rankings) else Rankings.from_orderings(rankings)
