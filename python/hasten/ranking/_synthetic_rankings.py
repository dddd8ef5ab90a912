"""Synthetic rankings with known strengths; public as part of `hasten.ranking.datasets`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_integer, check_real, check_rng
from hasten.ranking._rankings import Rankings

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class SyntheticRankings:
    """Rankings drawn from a Plackett-Luce model.

    Attributes
    ----------
    orderings : ndarray of int64, shape (n_rankings, size)
        The items of each ranking, best first.
    strength : ndarray of float64, shape (n_items,)
        The true log-strengths, with mean 0.

    Examples
    --------
    >>> from hasten.ranking import plackett_luce
    >>> from hasten.ranking.datasets import make_rankings
    >>> data = make_rankings(n_items=10, n_rankings=20_000, rng=0)
    >>> result = plackett_luce(data.rankings())
    >>> bool(abs(result.strength - data.strength).max() < 0.1)
    True
    """

    orderings: NDArray[np.int64] = field(repr=False)
    strength: NDArray[np.float64] = field(repr=False)

    def rankings(self) -> Rankings:
        """Return the rankings of the items that took part.

        Returns
        -------
        Rankings
            One a row of `orderings`.
        """
        return Rankings.from_orderings(self.orderings)


def make_rankings(
    n_items: int = 1000,
    n_rankings: int = 10_000,
    rng: Any = None,
    *,
    size: int = 5,
    spread: float = 1.0,
) -> SyntheticRankings:
    """Draw the set of each ranking uniformly.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items.
    n_rankings : int, default 10,000
        Number of rankings.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    size : int, default 5
        Number of items in a set.
    spread : float, default 1.0
        Standard deviation of the normal strengths.

    Returns
    -------
    SyntheticRankings
        The rankings and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_rankings
    >>> make_rankings(n_items=100, n_rankings=1000, rng=0, size=4).rankings()
    Rankings(100 items, 1000 rankings, 1000 distinct)
    """
    n_items, n_rankings, size, generator = _sizes(n_items, n_rankings, size, rng)
    spread = check_real(spread, "spread", minimum=0.0)
    strength: NDArray[np.float64] = spread * generator.standard_normal(n_items)
    sets = _distinct(n_items, n_rankings, size, generator)
    return _rank(sets, strength - strength.mean(), generator)


def make_local_rankings(
    n_items: int = 1000,
    n_rankings: int = 10_000,
    rng: Any = None,
    *,
    size: int = 5,
    window: int = 50,
    step: float = 0.01,
) -> SyntheticRankings:
    """Draw each set from a window of items of about the same skill, as in matchmaking.

    Iterative methods need a number of sweeps that grows with ``(n_items / window)**2`` here.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items, in the order of strength.
    n_rankings : int, default 10,000
        Number of rankings.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    size : int, default 5
        Number of items in a set.
    window : int, default 50
        Number of neighbours from which a set is drawn, at most all items.
    step : float, default 0.01
        Difference in strength between neighbours.

    Returns
    -------
    SyntheticRankings
        The rankings and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_local_rankings
    >>> data = make_local_rankings(n_items=100, n_rankings=1000, rng=0, window=8)
    >>> int((data.orderings.max(axis=1) - data.orderings.min(axis=1)).max())
    7
    """
    n_items, n_rankings, size, generator = _sizes(n_items, n_rankings, size, rng)
    window = min(check_integer(window, "window", minimum=size), n_items)
    step = check_real(step, "step")
    strength = np.asarray(step * (np.arange(n_items) - (n_items - 1) / 2), dtype=np.float64)
    # Windows that reach over an end are pushed back, so that its items take part as often.
    start = generator.integers(-window, n_items, n_rankings).clip(0, n_items - window)
    sets = start[:, None] + _distinct(window, n_rankings, size, generator)
    return _rank(sets, strength, generator)


def _sizes(
    n_items: Any, n_rankings: Any, size: Any, rng: Any
) -> tuple[int, int, int, np.random.Generator]:
    n_items = check_integer(n_items, "n_items", minimum=2)
    size = check_integer(size, "size", minimum=2)
    if size > n_items:
        raise ValueError(f"`size` must be at most n_items={n_items}; got {size}")
    n_rankings = check_integer(n_rankings, "n_rankings", minimum=1)
    return n_items, n_rankings, size, check_rng(rng)


def _distinct(
    n_items: int, n_rankings: int, size: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw rows of `size` different numbers below `n_items`."""
    if size * size > n_items:
        rows = generator.permuted(np.tile(np.arange(n_items), (n_rankings, 1)), axis=1)
        return np.ascontiguousarray(rows[:, :size])
    # Few rows repeat a number, and those are drawn again.
    rows = generator.integers(0, n_items, (n_rankings, size))
    pending = np.arange(n_rankings)
    while len(pending):
        ordered = np.sort(rows[pending], axis=1)
        pending = pending[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        rows[pending] = generator.integers(0, n_items, (len(pending), size))
    return rows


def _rank(
    sets: NDArray[np.int64], strength: NDArray[np.float64], generator: np.random.Generator
) -> SyntheticRankings:
    # Utilities with Gumbel noise fall in the order of the model.
    utility = strength[sets] + generator.gumbel(size=sets.shape)
    order = np.argsort(-utility, axis=1)
    return SyntheticRankings(orderings=np.take_along_axis(sets, order, axis=1), strength=strength)
