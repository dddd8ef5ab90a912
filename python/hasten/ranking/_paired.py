"""Models of paired comparisons, and the cells of outcomes that they are fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten.ranking._cells import Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons

#: What each tie model calls its parameter, in which the log-likelihood is concave.
TIE_PARAMETERS = {"davidson": "ln nu", "rao-kupper": "ln theta"}

ORDER_EFFECT = "order effect"


class PairedModel(NamedTuple):
    """A model of paired comparisons.

    Attributes
    ----------
    ties : str
        "half", "davidson" or "rao-kupper".
    order_effect : bool
        Whether the left side has an advantage of its own.
    prior : tuple of (str, float), or None
        ("logistic", weight) or ("gaussian", precision); None for maximum likelihood.
    """

    ties: str = "half"
    order_effect: bool = False
    prior: tuple[str, float] | None = None


class Specification(NamedTuple):
    """What is fitted to comparisons: the caller's choices, checked.

    Attributes
    ----------
    ties : str
        "half", "davidson", "rao-kupper", "drop" or "raise".
    order_effect : bool
        Whether the left side has an advantage of its own.
    covariates : tuple of int
        Columns of the covariates that enter the linear predictor.
    covariate_names : tuple of str
        Their names.
    prior : tuple of (str, float), or None
        As in `PairedModel`.
    """

    ties: str = "half"
    order_effect: bool = False
    covariates: tuple[int, ...] = ()
    covariate_names: tuple[str, ...] = ()
    prior: tuple[str, float] | None = None

    @property
    def model(self) -> PairedModel:
        """Return the model, for which ties that were dropped or refused do not exist."""
        ties = self.ties if self.ties in TIE_PARAMETERS else "half"
        return PairedModel(ties, self.order_effect, self.prior)

    @property
    def is_coupled(self) -> bool:
        """Return whether anything but the games of two items couples their strengths."""
        return bool(self.model != PairedModel() or self.covariates)

    @property
    def shared(self) -> tuple[str, ...]:
        """Return the names of the parameters that all items share, in the core's order."""
        tie = (TIE_PARAMETERS[self.ties],) if self.ties in TIE_PARAMETERS else ()
        return (*tie, *((ORDER_EFFECT,) if self.order_effect else ()), *self.covariate_names)


def paired_cells(
    comparisons: Comparisons,
    specification: Specification,
    groups: NDArray[np.uint32] | None = None,
) -> Cells:
    """Return the cells that a model is fitted to.

    Parameters
    ----------
    comparisons : Comparisons
        The counts.
    specification : Specification
        The model: it decides what must be told apart.
    groups : ndarray of uint32, shape (n_items,), optional
        Component of each item; comparisons across components are left out.

    Returns
    -------
    Cells
        One cell a pair, the smaller position on the left, where order and covariates do not
        matter: copies of half the entries, 24 or 32 bytes a pair.
    """
    if comparisons._cells is None or not (specification.order_effect or specification.covariates):
        cells = _unordered(comparisons)
    else:
        cells = comparisons._cells
        chosen = None
        if cells.covariates is not None and specification.covariates:
            chosen = np.ascontiguousarray(cells.covariates[:, list(specification.covariates)])
        cells = cells._replace(covariates=chosen)
    if cells.ties is not None and (specification.ties == "drop" or not cells.ties.any()):
        cells = cells._replace(ties=None)
        cells = cells.take(np.flatnonzero(cells.wins + cells.losses > 0))
    if groups is not None:
        cells = cells.take(np.flatnonzero(groups[cells.left] == groups[cells.right]))
    return cells


def _unordered(comparisons: Comparisons) -> Cells:
    ends = comparisons._offsets.astype(np.intp)
    rows = np.repeat(np.arange(len(ends) - 1, dtype=np.uint32), ends[1:] - ends[:-1])
    once = rows < comparisons._opponents
    ties = comparisons._ties
    return Cells(
        comparisons.n_items,
        rows[once],
        comparisons._opponents[once],
        comparisons._wins[once].astype(np.float64),
        comparisons._losses[once].astype(np.float64),
        None if ties is None else ties[once].astype(np.float64),
    )


def unordered_outcomes(cells: Cells) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return which pairs met and how often each side won and tied, whoever stood on the left.

    Parameters
    ----------
    cells : Cells
        Cells of any order, with repeated pairs or without.

    Returns
    -------
    pairs : ndarray of uint64, shape (n_pairs,)
        The smaller item times the number of items plus the larger one, ascending.
    counts : ndarray of float64, shape (3, n_pairs)
        Wins of the smaller item, wins of the larger one, ties.
    """
    turned = cells.left > cells.right
    low = np.where(turned, cells.right, cells.left).astype(np.uint64)
    high = np.where(turned, cells.left, cells.right).astype(np.uint64)
    up = np.where(turned, cells.losses, cells.wins)
    down = np.where(turned, cells.wins, cells.losses)
    tied = np.zeros_like(up) if cells.ties is None else cells.ties
    met = up + down + tied > 0
    pairs, place = np.unique((low * np.uint64(cells.n_items) + high)[met], return_inverse=True)
    counts = [np.bincount(place, weight[met], len(pairs)) for weight in (up, down, tied)]
    return pairs, np.stack(counts)
