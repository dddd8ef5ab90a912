"""Paired comparisons as the solver of every paired model takes them: cells of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons


class Cells(NamedTuple):
    """Outcomes of pairs: one cell for each pair, or for each way in which a pair met.

    Attributes
    ----------
    n_items : int
        Number of items.
    left, right : ndarray of uint32, shape (n_cells,)
        The two items of each cell.
    wins, losses : ndarray of float64, shape (n_cells,)
        Weight of the games that left won and that right won.
    ties : ndarray of float64, shape (n_cells,), or None
        Weight of the ties; None where nothing was tied.
    covariates : ndarray of float64, shape (n_cells, n_covariates), or None
        What besides the strengths enters the linear predictor.
    """

    n_items: int
    left: NDArray[np.uint32]
    right: NDArray[np.uint32]
    wins: NDArray[np.float64]
    losses: NDArray[np.float64]
    ties: NDArray[np.float64] | None = None
    covariates: NDArray[np.float64] | None = None


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


def paired_cells(comparisons: Comparisons, ties: str = "half") -> Cells:
    """Return the cells of unordered pairs, each pair once with the smaller position on the left.

    Parameters
    ----------
    comparisons : Comparisons
        The counts.
    ties : str, default "half"
        "drop" leaves ties out; everything else keeps them apart from wins and losses.

    Returns
    -------
    Cells
        Copies of half the entries, 24 or 32 bytes a pair.
    """
    ends = comparisons._offsets.astype(np.intp)
    rows = np.repeat(np.arange(len(ends) - 1, dtype=np.uint32), np.diff(ends))
    once = rows < comparisons._opponents
    tied: NDArray[np.float64] | None = None
    if comparisons._ties is not None and ties != "drop":
        tied = comparisons._ties[once].astype(np.float64)
        if not tied.any():
            tied = None
    return Cells(
        comparisons.n_items,
        rows[once],
        comparisons._opponents[once],
        comparisons._wins[once].astype(np.float64),
        comparisons._losses[once].astype(np.float64),
        tied,
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
