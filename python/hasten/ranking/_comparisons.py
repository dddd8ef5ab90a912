"""Comparisons of items in pairs, aggregated."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from hasten import _labels, _threads
from hasten._core import ranking as _core
from hasten._validation import check_choice
from hasten.ranking import (
    _components,
    _csv,
    _matrices,
    _outcomes,
    _tables,
    _weighted_games,
    _weights,
)
from hasten.ranking._cells import Cells, aggregate_cells, merge_cells, read_covariates
from hasten.ranking._games import Games

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False, repr=False)
class Comparisons:
    """Comparisons of items in pairs: who beat whom, and how often.

    Recorded games are summed by pair, so that size and speed of all that follows depend on the
    number of pairs that met. Make one with `from_arrays`, `from_table`, `from_matrix` or
    `from_csv`. The object cannot be changed; it pickles, and parts merge exactly.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        Labels of the items: in ascending order, or as given.
    n_items : int
        Number of items.
    n_games : int
        Number of recorded games of positive weight. Of a matrix, and of a selection from weighted
        games, the recorded games are not known and this is the total weight, rounded.
    n_pairs : int
        Number of pairs that met.
    total_weight : float
        Sum of the weights of all games.
    ordered : bool
        Whether it is known which item was left, as a model with an order effect needs.
    covariate_names : tuple of str
        Covariates of the games, for models that use them.

    Notes
    -----
    Aggregation of N games takes O(N log n) time and O(n + pairs) memory, beside at most 16 bytes
    (48 with weights) for each game of a chunk of 2^24. The result does not depend on the number
    of threads.

    Examples
    --------
    >>> from hasten.ranking import Comparisons
    >>> games = Comparisons.from_arrays(["ann", "bob", "ann"], ["bob", "cleo", "cleo"], [1, 0, 0.5])
    >>> games
    Comparisons(3 items, 3 games, 3 pairs)
    >>> games.items.tolist()
    ['ann', 'bob', 'cleo']
    """

    items: NDArray[Any]
    n_games: int
    _offsets: NDArray[np.uintp]
    _opponents: NDArray[np.uint32]
    _wins: NDArray[Any]
    _losses: NDArray[Any]
    _ties: NDArray[Any] | None
    #: float32 only where the caller's weights were; the counts above may be narrower.
    _weight_dtype: np.dtype[Any]
    #: Outcomes by order and covariates, where the caller asked for them.
    _cells: Cells | None = None
    covariate_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.items, self._offsets, self._opponents, self._wins, self._losses):
            array.setflags(write=False)
        if self._ties is not None:
            self._ties.setflags(write=False)
        for column in self._cells or ():
            if isinstance(column, np.ndarray):
                column.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Comparisons, tuple(getattr(self, field.name) for field in fields(self))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def n_pairs(self) -> int:
        """Number of pairs that met."""
        return len(self._opponents) // 2

    @property
    def ordered(self) -> bool:
        """Whether it is known which item was left."""
        return self._cells is not None

    @cached_property
    def total_weight(self) -> float:
        """Sum of the weights of all games."""
        decided = self._wins.sum(dtype=np.float64)
        # Both directions of a pair hold its ties.
        tied = 0.0 if self._ties is None else self._ties.sum(dtype=np.float64) / 2
        return float(decided + tied)

    def __repr__(self) -> str:
        weight = self.total_weight
        total = "" if weight == self.n_games else f", total weight {weight:.6g}"
        return (
            f"Comparisons({self.n_items} items, {self.n_games} games, {self.n_pairs} pairs{total})"
        )

    @classmethod
    def from_arrays(
        cls,
        left: Any,
        right: Any,
        outcome: Any = None,
        *,
        weight: Any = None,
        time: Any = None,
        half_life: Any = None,
        outcome_labels: Sequence[Any] | None = None,
        items: Any = None,
        ordered: bool = False,
        covariates: Any = None,
        self_comparisons: str = "raise",
        n_threads: int | None = None,
    ) -> Comparisons:
        """Make comparisons from one entry per recorded game.

        Parameters
        ----------
        left, right : array_like of shape (N,)
            Labels of the two items: integers, strings or bytes, as arrays, sequences, or columns
            of pandas, polars or pyarrow (whose category codes are used as they are).
        outcome : array_like of shape (N,), optional
            1 where left won, 0 where right won, 0.5 for a tie; or booleans; or labels, of which
            left/right/tie, a/b/tie and model_a/model_b/tie, "tie (bothbad)" too, are recognised
            whatever the case. By default left won every game.
        weight : array_like of shape (N,), optional
            Weights at least 0, as frequencies: weight 2 is two games. Games of weight 0 leave no
            trace but their items. Weights in a float32 array or column make the strengths of a
            fit float32; they are summed in float64 all the same.
        time : array_like of shape (N,), optional
            Numbers or dates. Each weight is multiplied by ``2**(-(latest - time) / half_life)``.
        half_life : float or timedelta, optional
            Age at which a game counts half, in the unit of `time`.
        outcome_labels : sequence of two or three labels, optional
            Labels in `outcome` for left won, right won and, if any, tie.
        items : array_like of shape (n_items,), optional
            All items, in the wanted order; items without games may be among them.
        ordered : bool, default False
            Keep which item was left (at home, shown first), for ``order_effect=True``: up to
            twice the memory.
        covariates : array_like of shape (N,) or (N, d), or a table, optional
            What distinguishes the left side from the right in each game beside the items
            themselves (such as the difference in length of two answers), for ``covariates=``.
            Games that agree in items, order and covariates are summed; the others are kept, 40
            bytes and 8 for each covariate. The order is then known, too.
        self_comparisons : {"raise", "drop"}
            What to do with a game of an item against itself.
        n_threads : int, optional
            Number of threads; by default every core the process may use.

        Returns
        -------
        Comparisons

        Raises
        ------
        ValueError
            If lengths differ, there are no games, a label or time is missing, an outcome is not
            recognised, a weight is negative or not finite, all weights are zero, an item meets
            itself, or a label is not among `items`. The message gives the first offending row.
        TypeError
            If labels are of several types (1 and "1"), or an argument is of the wrong type.
        """
        check_choice(self_comparisons, "self_comparisons", ("raise", "drop"))
        columns = _labels.read(left, "left"), _labels.read(right, "right")
        n_games = len(columns[0])
        outcome_codes = _outcomes.encode(outcome, outcome_labels)
        for name, column in (("right", columns[1]), ("outcome", outcome_codes)):
            if column is not None and len(column) != n_games:
                raise ValueError(f"left has {n_games} entries, {name} has {len(column)}")
        if n_games == 0:
            raise ValueError("no comparisons")
        weights, weight_dtype = _weights.read_weight(weight, n_games)
        weights = _weights.apply_half_life(weights, time, half_life, n_games)
        values, names = read_covariates(covariates, n_games)
        items, first, second = _labels.encode_columns(*columns, items=items)
        games = Games(first, second, outcome_codes, weights, weight_dtype, values)
        return cls._from_games(
            items,
            games.without_self(items, drop=self_comparisons == "drop"),
            ordered=ordered,
            covariate_names=names,
            n_threads=n_threads,
        )

    @classmethod
    def from_table(
        cls,
        table: Any,
        left: Hashable,
        right: Hashable,
        outcome: Hashable = None,
        *,
        weight: Hashable = None,
        time: Hashable = None,
        half_life: Any = None,
        outcome_labels: Sequence[Any] | None = None,
        items: Any = None,
        ordered: bool = False,
        covariates: Sequence[Hashable] | None = None,
        self_comparisons: str = "raise",
        n_threads: int | None = None,
    ) -> Comparisons:
        """Make comparisons from a table with one row per recorded game.

        Parameters
        ----------
        table : DataFrame, Table, mapping of arrays, or structured ndarray
            A table of pandas, polars or pyarrow, or a dictionary of columns.
        left, right, outcome, weight, time : hashable
            Names of the columns; those of `outcome`, `weight` and `time` may be left out.
        half_life, outcome_labels, items, ordered : optional
            As in `from_arrays`.
        covariates : sequence of hashable, optional
            Names of the columns of covariates.
        self_comparisons, n_threads : optional
            As in `from_arrays`.

        Returns
        -------
        Comparisons

        Raises
        ------
        ValueError, TypeError
            As `from_arrays`; also where there is no such column.
        """
        named = {"left": left, "right": right, "outcome": outcome, "weight": weight, "time": time}
        columns = {
            argument: None if name is None else _tables.get_column(table, name, argument)
            for argument, name in named.items()
        }
        chosen = _tables.get_columns(table, covariates, "covariates")
        return cls.from_arrays(
            **columns,
            ordered=ordered,
            covariates=chosen,
            half_life=half_life,
            outcome_labels=outcome_labels,
            items=items,
            self_comparisons=self_comparisons,
            n_threads=n_threads,
        )

    @classmethod
    def from_matrix(cls, wins: Any, ties: Any = None, *, items: Any = None) -> Comparisons:
        """Make comparisons from a matrix of wins.

        Parameters
        ----------
        wins : array_like or sparse matrix of shape (n_items, n_items)
            ``wins[i, j]`` is the number of times, or the weight, with which i beat j. Matrices
            that are all float32 make the strengths of a fit float32.
        ties : array_like or sparse matrix of shape (n_items, n_items), optional
            ``ties[i, j] == ties[j, i]`` is the number of ties of i and j.
        items : array_like of shape (n_items,), optional
            Labels of the items; by default 0, 1, ...

        Returns
        -------
        Comparisons

        Raises
        ------
        ValueError
            If a matrix is not square, has a negative or non-finite entry, a total that is not
            finite or a nonzero diagonal, if `ties` is not symmetric, or if shapes differ.

        Notes
        -----
        The matrices are copied in coordinate form, and not changed.
        """
        labels, games = _matrices.read(wins, ties, items)
        return cls._from_games(labels, games, n_games=games.n_weighed)

    @classmethod
    def from_csv(
        cls,
        path_or_file: str | os.PathLike[str] | IO[Any],
        left: str | int | None = None,
        right: str | int | None = None,
        outcome: str | int | None = None,
        *,
        weight: str | int | None = None,
        time: str | int | None = None,
        half_life: float | None = None,
        outcome_labels: Sequence[str] | None = None,
        delimiter: str | None = None,
        header: bool | None = None,
        encoding: str = "utf-8",
        items: Any = None,
        ordered: bool = False,
        self_comparisons: str = "raise",
        n_threads: int | None = None,
    ) -> Comparisons:
        """Make comparisons from a text file with one recorded game per line.

        Parameters
        ----------
        path_or_file : path or file object
            The file; an open file is read from where it stands and not closed.
        left, right, outcome, weight, time : str or int, optional
            Columns, by name or by position from 0. By default the header is searched for
            winner and loser, left and right, home and away, and item, model, player or team with
            _a and _b or 1 and 2; then for an outcome (outcome, result, winner) and a weight.
            Times are numbers.
        half_life : float, optional
            As in `from_arrays`.
        outcome_labels : sequence of two or three str, optional
            Labels for left won, right won and tie.
        delimiter : str, optional
            The character between fields; by default comma, tab, semicolon or bar, whichever cuts
            the first lines most evenly.
        header : bool, optional
            Whether the first line has names. By default it has, unless `left` and `right` are
            positions.
        encoding : str
            Encoding of the text.
        items, ordered, self_comparisons, n_threads : optional
            As in `from_arrays`. Labels are strings, without the blanks around them.

        Returns
        -------
        Comparisons

        Raises
        ------
        ValueError
            As `from_arrays`, with the line in place of the row; also where a row has too few or
            too many fields, or no columns can be found.
        OSError
            If the file cannot be read.
        """
        check_choice(self_comparisons, "self_comparisons", ("raise", "drop"))
        columns = _csv.read(
            path_or_file,
            left=left,
            right=right,
            outcome=outcome,
            weight=weight,
            time=time,
            outcome_labels=outcome_labels,
            delimiter=delimiter,
            header=header,
            encoding=encoding,
            refuse_self=self_comparisons == "raise",
        )
        n_games = len(columns.left)
        weights = _weights.apply_half_life(columns.weight, columns.time, half_life, n_games)
        items, first, second = _labels.encode_columns(columns.left, columns.right, items=items)
        games = Games(first, second, columns.outcome, weights)
        return cls._from_games(
            items,
            games.without_self(items, drop=self_comparisons == "drop"),
            ordered=ordered,
            n_threads=n_threads,
        )

    def merge(self, other: Comparisons) -> Comparisons:
        """Return the comparisons of both, as if all games had been recorded together.

        Parameters
        ----------
        other : Comparisons
            Comparisons whose items have labels of the same type.

        Returns
        -------
        Comparisons
            Its items are those of both: ascending if they were so in both, otherwise those of
            `self` followed by the new ones of `other`. Counts add exactly. The weights count as
            float32 only if those of both do.

        Raises
        ------
        TypeError
            If `other` is not `Comparisons`, or labels differ in type.
        ValueError
            If the weights sum to infinity, only one of both knows the order, or they have different
            covariates.
        """
        if not isinstance(other, Comparisons):
            raise TypeError(f"`other` must be Comparisons; got {type(other).__name__}")
        items, ours, theirs = _labels.unite(self.items, other.items)
        games = _weighted_games.join(
            [
                _weighted_games.of_comparisons(self, ours),
                _weighted_games.of_comparisons(other, theirs),
            ]
        )
        _weighted_games.check_total(games, "the weights, those of `other` included,")
        cells = merge_cells(self, other, len(items), (ours, theirs))
        names, n_games = self.covariate_names, self.n_games + other.n_games
        return self._from_games(items, games, n_games=n_games, cells=cells, covariate_names=names)

    def select(self, items: Any) -> Comparisons:
        """Return the comparisons among some of the items.

        Parameters
        ----------
        items : array_like
            Labels of the items to keep, in the wanted order.

        Returns
        -------
        Comparisons
            The games in which both items are kept.

        Raises
        ------
        ValueError
            If a label is unknown or repeated, or if the items never met.
        """
        labels = _labels.distinct_items(items)
        codes = _labels.find(self.items, labels)
        new_codes = np.full(self.n_items, -1, dtype=np.int64)
        new_codes[codes] = np.arange(len(codes))
        games = _weighted_games.of_comparisons(self, new_codes)
        if len(games.left) == 0:
            raise ValueError("no comparisons among the selected items")
        cells = None if self._cells is None else self._cells.renumber(len(codes), new_codes)
        names, n_games, kept = self.covariate_names, games.n_weighed, self.items[codes]
        return self._from_games(kept, games, n_games=n_games, cells=cells, covariate_names=names)

    def to_matrix(self) -> tuple[csr_array[Any], csr_array[Any]]:
        """Return the wins and the ties as sparse matrices.

        Returns
        -------
        wins, ties : csr_array of float64, shape (n_items, n_items)
            ``wins[i, j]`` is the weight with which i beat j; ``ties`` is symmetric.
        """
        return _matrices.write(self)

    def components(self) -> _components.ComponentReport:
        """Return the groups of items within which each can be compared with each.

        Returns
        -------
        ComponentReport
            A finite maximum-likelihood estimate exists if and only if it has one component. If it
            has more, ``comparisons.select(report.largest)`` has one.
        """
        return _components.find_components(self)

    @classmethod
    def _from_games(
        cls,
        items: NDArray[Any],
        games: Games,
        *,
        n_games: int | None = None,
        ordered: bool = False,
        cells: Cells | None = None,
        covariate_names: tuple[str, ...] = (),
        n_threads: int | None = None,
    ) -> Comparisons:
        """Aggregate games between items given by code; by default they were recorded singly."""
        n_threads = _threads.resolve(n_threads)
        recorded = games.left, games.right, games.outcome, games.weight
        arrays = _core.aggregate(len(items), *recorded, n_threads)
        if cells is None and (ordered or covariate_names):
            cells = aggregate_cells(len(items), games, n_threads)
        n_games = games.n_recorded if n_games is None else n_games
        return cls(items, n_games, *arrays, games.weight_dtype, cells, covariate_names)
