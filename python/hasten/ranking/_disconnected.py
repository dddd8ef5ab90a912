"""What to fit where the comparisons do not connect all items both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._core import ranking as _core
from hasten.ranking._pair_table import pair_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons
    from hasten.ranking._paired import Specification

CHOICES = ("raise", "largest", "components")


class Fitted(NamedTuple):
    """The part of the comparisons that is fitted.

    Attributes
    ----------
    comparisons : Comparisons
        The comparisons of the items that are fitted.
    kept : ndarray of intp, shape (n_fitted,), or None
        Their positions among all items, where some are excluded.
    groups : ndarray of uint32, shape (n_fitted,), or None
        Component of each, where components are fitted apart.
    """

    comparisons: Comparisons
    kept: NDArray[np.intp] | None = None
    groups: NDArray[np.uint32] | None = None


def resolve(comparisons: Comparisons, specification: Specification, on_disconnected: str) -> Fitted:
    """Choose what is fitted.

    Parameters
    ----------
    comparisons : Comparisons
        All comparisons.
    specification : Specification
        The model. With a prior every item has an estimate, and all are fitted.
    on_disconnected : {"raise", "largest", "components"}
        "largest" keeps the items of the largest strong component; "components" fits each alone.
        "raise" leaves the test to the solver.

    Returns
    -------
    Fitted
        The comparisons as they are where they are connected.
    """
    if on_disconnected == "raise" or specification.prior is not None:
        return Fitted(comparisons)
    ties = "drop" if specification.ties == "drop" else "half"
    labels, n_components = _core.components(*pair_table(comparisons, ties))
    if n_components == 1:
        return Fitted(comparisons)
    if on_disconnected == "components":
        return Fitted(comparisons, groups=labels)
    largest = int(np.argmax(np.bincount(labels)))
    kept = np.flatnonzero(labels == largest)
    if len(kept) == 1:
        raise ValueError(
            "`on_disconnected`='largest' needs two items that can be compared both ways; every "
            "item is a component of its own"
        )
    return Fitted(comparisons.select(comparisons.items[kept]), kept=kept)


class Condensation:
    """Which components beat which, directly or along a chain.

    Parameters
    ----------
    comparisons : Comparisons
        All comparisons.
    groups : ndarray of uint32, shape (n_items,)
        Component of each item, numbered so that none is beaten by a later one.
    """

    def __init__(self, comparisons: Comparisons, groups: NDArray[np.uint32]) -> None:
        self._n = int(groups.max()) + 1
        ends = comparisons._offsets.astype(np.intp)
        rows = np.repeat(groups, ends[1:] - ends[:-1]).astype(np.int64)
        columns = groups[comparisons._opponents].astype(np.int64)
        across = (rows != columns) & (comparisons._wins > 0)
        self._arcs = np.unique(rows[across] * self._n + columns[across])

    def above(self, upper: NDArray[Any], lower: NDArray[Any]) -> NDArray[np.bool_]:
        """Say for each pair of components whether the first reaches the second.

        Parameters
        ----------
        upper, lower : ndarray of int, shape (n,)
            Components.

        Returns
        -------
        ndarray of bool, shape (n,)
            One search a distinct component in `upper`.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order

        arcs = (self._arcs // self._n, self._arcs % self._n)
        graph = csr_array((np.ones(len(self._arcs)), arcs), shape=(self._n, self._n))
        found = np.zeros(len(upper), dtype=np.bool_)
        for component in np.unique(upper):
            reached = np.zeros(self._n, dtype=np.bool_)
            reached[breadth_first_order(graph, component, return_predecessors=False)] = True
            rows = upper == component
            found[rows] = reached[lower[rows]]
        return found
