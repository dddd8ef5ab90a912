"""The table of wins and losses that the solver works on, with the ties already shared out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hasten.ranking._comparisons import Comparisons

Weights = NDArray[np.float32] | NDArray[np.float64]


class PairTable(NamedTuple):
    """Who met whom and how often each side won: a symmetric pattern in compressed rows.

    Attributes
    ----------
    offsets : ndarray of uintp, shape (n_items + 1,)
        Where the entries of each item begin.
    opponents : ndarray of uint32, shape (2 * n_pairs,)
        The other side of each entry.
    wins, losses : ndarray of float32 or float64, shape (2 * n_pairs,)
        Weight of the row item's wins and losses against that opponent.
    """

    offsets: NDArray[np.uintp]
    opponents: NDArray[np.uint32]
    wins: Weights
    losses: Weights

    @property
    def rows(self) -> NDArray[np.intp]:
        """Return the row item of each entry."""
        ends = self.offsets.astype(np.intp)
        counts = ends[1:] - ends[:-1]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def total_weight(self) -> float:
        """Return the weight of all comparisons, each counted once."""
        return float(self.wins.sum(dtype=np.float64))


def pair_table(comparisons: Comparisons, ties: str) -> PairTable:
    """Return the wins and losses of `comparisons` under a rule for ties.

    Parameters
    ----------
    comparisons : Comparisons
        The counts.
    ties : {"half", "drop", "raise"}
        "half" adds half of each tie to both sides; "drop" leaves ties out, and with them the pairs
        that only ever tied; "raise" refuses them.

    Returns
    -------
    PairTable
        Shares the arrays of `comparisons` where there are no ties.

    Raises
    ------
    ValueError
        When ties are refused, or nothing is left without them.
    """
    offsets, opponents = comparisons._offsets, comparisons._opponents
    wins, losses, tied = comparisons._wins, comparisons._losses, comparisons._ties
    table = PairTable(offsets, opponents, wins, losses)
    if tied is None or not tied.any():
        return table
    if ties == "raise":
        _refuse_ties(comparisons, table, tied)
    return _without(table) if ties == "drop" else _shared(table, tied)


def _refuse_ties(comparisons: Comparisons, table: PairTable, tied: NDArray[Any]) -> None:
    first = int(np.argmax(tied > 0))
    row = int(np.searchsorted(table.offsets, first, side="right")) - 1
    left = comparisons.items.tolist()[row]
    right = comparisons.items.tolist()[int(table.opponents[first])]
    raise ValueError(
        f"`comparisons` must hold no ties with ties='raise'; got a total weight of "
        f"{tied.sum(dtype=np.float64) / 2:g}, first between {left!r} and {right!r} "
        f"(ties='half' shares them, ties='drop' leaves them out)"
    )


def _shared(table: PairTable, tied: NDArray[Any]) -> PairTable:
    half = tied.astype(np.float64) / 2
    wins, losses = table.wins + half, table.losses + half
    # Single precision only where it holds every count exactly: the answer must not depend on it.
    if table.wins.dtype == np.float32 and _exact_in_float32(wins, losses):
        return PairTable(
            table.offsets,
            table.opponents,
            wins.astype(np.float32),
            losses.astype(np.float32),
        )
    return PairTable(table.offsets, table.opponents, wins, losses)


def _exact_in_float32(*weights: NDArray[np.float64]) -> bool:
    return all(np.array_equal(w, w.astype(np.float32)) for w in weights)


def _without(table: PairTable) -> PairTable:
    met = (table.wins > 0) | (table.losses > 0)
    if not met.any():
        raise ValueError("total weight is zero: every comparison is a tie, and ties='drop'")
    if met.all():
        return table
    kept = np.concatenate(([0], np.cumsum(met)))
    return PairTable(
        kept[table.offsets].astype(np.uintp),
        table.opponents[met],
        table.wins[met],
        table.losses[met],
    )
