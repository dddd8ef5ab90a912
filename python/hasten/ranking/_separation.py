"""Results in which not every strength can be compared with every other."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.ranking._tabular import TabularResult

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Order:
    """Which groups stand above which, directly or along a chain.

    Parameters
    ----------
    n_groups : int
        Number of groups.
    upper, lower : ndarray of int, shape (n_arcs,)
        Groups of which the first won against the second.
    """

    def __init__(
        self, n_groups: int, upper: NDArray[np.integer[Any]], lower: NDArray[np.integer[Any]]
    ) -> None:
        arcs = np.unique(upper.astype(np.int64) * n_groups + lower.astype(np.int64))
        above, below = np.divmod(arcs, max(n_groups, 1))
        self._below = below[above != below]
        starts = np.searchsorted(above[above != below], np.arange(n_groups + 1))
        self._starts: list[int] = starts.tolist()
        self._found: dict[int, frozenset[int]] = {}

    def below(self, group: int) -> frozenset[int]:
        """Return every group below one.

        Parameters
        ----------
        group : int
            The one.

        Returns
        -------
        frozenset of int
            Without the group itself.
        """
        if group not in self._found:
            seen: set[int] = set()
            stack = [group]
            while stack:
                k = stack.pop()
                reached = self._below[self._starts[k] : self._starts[k + 1]].tolist()
                fresh = [j for j in reached if j not in seen]
                seen.update(fresh)
                stack.extend(fresh)
            self._found[group] = frozenset(seen)
        return self._found[group]


@dataclass(frozen=True, eq=False, kw_only=True)
class SeparatedResult(TabularResult):
    """A ranking in which excluded items keep their place in every array of the fit."""

    @functools.cached_property
    def rank(self) -> Any:
        """Positions within the component, 1 for the strongest; 0 for an excluded item.

        Equal strengths share the smaller position.
        """
        positions = np.zeros(len(self.items), dtype=np.int64)
        order = np.argsort(self.component, kind="stable")
        ends = np.searchsorted(self.component[order], np.arange(self.n_components + 1))
        for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            members = order[start:end]
            descending = -self._fit.strength[members]
            places = np.searchsorted(np.sort(descending), descending, side="left") + 1
            positions[members] = places
        return self._fit.backend.wrap(positions)

    def _item_errors(self, kind: str) -> NDArray[np.float64]:
        errors = super()._item_errors(kind)
        return np.where(self.component < 0, np.nan, errors)

    def standard_error(self, items: Any = None, *, kind: str = "model") -> Any:
        """Return the standard errors of the strengths as they are reported.

        Parameters
        ----------
        items : array-like of items, optional
            Only these; all by default.
        kind : {"model", "sandwich"}, default "model"
            "model" trusts the model: the inverse of the observed information. "sandwich" does not,
            and sums the squared scores of whole rankings.

        Returns
        -------
        array of float64, shape (n_items,) or (len(items),)
            Relative to the mean of the item's component, or to the reference; NaN for an excluded
            item.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or `kind` is unknown.

        Notes
        -----
        Weights count as numbers of rankings. Errors of named items are exact, at one linear solve
        each. Of all items they are exact wherever the information can be factorised, otherwise they
        come from a random sketch with a relative standard deviation of 5 %;
        `standard_error_accuracy` says so.
        """
        errors = np.asarray(super().standard_error(items, kind=kind))
        if items is not None:
            outside = self.component[self._index.find(items, "items")] < 0
            errors = np.where(outside, np.nan, errors)
        return self._fit.backend.wrap(errors)

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
            Symmetric to the bit; one linear solve an item. NaN in rows and columns of excluded
            items.

        Raises
        ------
        ValueError, TypeError
            When a label is none of the items, or `kind` is unknown.
        MemoryError
            When the matrix does not fit.
        """
        matrix = np.asarray(super().covariance(items, kind=kind))
        component = self.component
        if items is not None:
            component = component[self._index.find(items, "items")]
        if (component < 0).any():
            matrix = matrix.copy()
            matrix[component < 0, :] = np.nan
            matrix[:, component < 0] = np.nan
        return self._fit.backend.wrap(matrix)
