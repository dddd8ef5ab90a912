"""Synthetic comparisons and rankings with known strengths, from easy to what separates solvers.

Every generator draws with NumPy's `Generator` only; those of schedules a fixed number of draws per
game, and they keep 17 bytes a game. Outcomes follow the model of the strengths that are returned,
Bradley-Terry's unless a docstring names another. A sparse schedule may leave items that never won
or never lost: `Comparisons.components` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_integer, check_real, check_rng
from hasten.ranking._comparisons import Comparisons
from hasten.ranking._synthetic_arena import SyntheticArena, make_arena
from hasten.ranking._synthetic_rankings import (
    SyntheticRankings,
    make_local_rankings,
    make_rankings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "SyntheticArena",
    "SyntheticComparisons",
    "SyntheticRankings",
    "make_arena",
    "make_bipartite",
    "make_chain",
    "make_ladder",
    "make_leagues",
    "make_local_rankings",
    "make_power_law",
    "make_rankings",
    "make_uniform",
]

# Draws are turned into games in pieces of this size, which keeps the temporary arrays in cache.
_CHUNK = 1 << 18


@dataclass(frozen=True, eq=False, kw_only=True)
class SyntheticComparisons:
    """Games drawn from a Bradley-Terry model.

    Attributes
    ----------
    left, right : ndarray of int64, shape (n_games,)
        The items of each game, ``0 .. n_items - 1``.
    outcome : ndarray of uint8, shape (n_games,)
        1 where left won, 0 where right won.
    strength : ndarray of float64, shape (n_items,)
        The true log-strengths, with mean 0.

    Examples
    --------
    >>> from hasten.ranking import bradley_terry
    >>> from hasten.ranking.datasets import make_uniform
    >>> data = make_uniform(n_items=10, n_games=100_000, rng=0)
    >>> result = bradley_terry(data.comparisons())
    >>> bool(abs(result.strength - data.strength).max() < 0.1)
    True
    """

    left: NDArray[np.int64] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    outcome: NDArray[np.uint8] = field(repr=False)
    strength: NDArray[np.float64] = field(repr=False)

    def comparisons(self) -> Comparisons:
        """Return the games as `Comparisons` of the items that played.

        Returns
        -------
        Comparisons
            One comparison a game.
        """
        return Comparisons.from_arrays(self.left, self.right, self.outcome)


def make_power_law(
    n_items: int = 1000, n_games: int = 100_000, rng: Any = None, *, spread: float = 1.0
) -> SyntheticComparisons:
    """Draw opponents by popularity: item k plays with probability proportional to (k + 1)^(-3/4).

    Parameters
    ----------
    n_items : int, default 1000
        Number of items.
    n_games : int, default 100,000
        Number of games.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    spread : float, default 1.0
        Standard deviation of the normal strengths.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_power_law
    >>> data = make_power_law(n_items=100, n_games=5000, rng=0)
    >>> data.left.shape, data.strength.shape
    ((5000,), (100,))
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    strength = _normal_strengths(n_items, spread, generator)
    left = _popular(n_items, n_games, generator)
    right = _popular(n_items, n_games, generator)
    # A game of an item against itself goes to a uniform opponent, which keeps the draws fixed.
    step = generator.integers(1, n_items, n_games)
    right = np.where(left == right, (right + step) % n_items, right)
    return _play(left, right, strength, generator)


def make_uniform(
    n_items: int = 1000, n_games: int = 100_000, rng: Any = None, *, spread: float = 1.0
) -> SyntheticComparisons:
    """Draw both sides of each game uniformly.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items.
    n_games : int, default 100,000
        Number of games.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    spread : float, default 1.0
        Standard deviation of the normal strengths.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_uniform
    >>> make_uniform(n_items=100, n_games=5000, rng=0).comparisons()
    Comparisons(100 items, 5000 games, 3120 pairs)
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    strength = _normal_strengths(n_items, spread, generator)
    left = generator.integers(0, n_items, n_games)
    right = (left + generator.integers(1, n_items, n_games)) % n_items
    return _play(left, right, strength, generator)


def make_ladder(
    n_items: int = 1000,
    n_games: int = 100_000,
    rng: Any = None,
    *,
    window: int = 10,
    step: float = 0.01,
) -> SyntheticComparisons:
    """Let items meet only those within a window of their own skill, as in matchmaking.

    Iterative methods need a number of sweeps that grows with ``(n_items / window)**2`` here.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items, in the order of strength.
    n_games : int, default 100,000
        Number of games.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    window : int, default 10
        Largest difference in position between opponents, at most half the ladder.
    step : float, default 0.01
        Difference in strength between neighbours.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_ladder
    >>> data = make_ladder(n_items=100, n_games=5000, rng=0, window=3)
    >>> int(abs(data.left - data.right).max())
    3
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    # Up to half the ladder, reflecting at the top cannot fall off the bottom.
    window = min(check_integer(window, "window", minimum=1), max(n_items // 2, 1))
    strength = _steps(n_items, step)
    left = generator.integers(0, n_items, n_games)
    right = left + generator.integers(1, window + 1, n_games)
    right = np.where(right >= n_items, 2 * left - right, right)
    return _play(left, right, strength, generator)


def make_leagues(
    n_items: int = 1000,
    n_games: int = 100_000,
    rng: Any = None,
    *,
    n_leagues: int = 10,
    bridge_share: float = 0.01,
    spread: float = 1.0,
) -> SyntheticComparisons:
    """Let items meet within their league, but for a few games between neighbouring leagues.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items; item k plays in league ``k * n_leagues // n_items``.
    n_games : int, default 100,000
        Number of games.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    n_leagues : int, default 10
        Number of leagues, each of two items or more.
    bridge_share : float, default 0.01
        Share of the games that cross between neighbouring leagues.
    spread : float, default 1.0
        Standard deviation of the normal strengths.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_leagues
    >>> data = make_leagues(n_items=100, n_games=5000, rng=0, n_leagues=10, bridge_share=0.01)
    >>> float((data.left // 10 != data.right // 10).mean())
    0.008
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    n_leagues = check_integer(n_leagues, "n_leagues", minimum=1)
    if n_leagues > n_items // 2:
        raise ValueError(f"`n_leagues` must be at most {n_items // 2}; got {n_leagues}")
    share = check_real(bridge_share, "bridge_share", minimum=0.0, maximum=1.0)
    strength = _normal_strengths(n_items, spread, generator)
    starts = -(-np.arange(n_leagues + 1) * n_items // n_leagues)
    left = generator.integers(0, n_items, n_games)
    home = left * n_leagues // n_items
    bridge = (generator.random(n_games) < share) & (n_leagues > 1)
    away = np.where(home + 1 < n_leagues, home + 1, home - 1)
    league = np.where(bridge, away, home)
    size = starts[league + 1] - starts[league]
    # A guest may meet everyone of the other league; at home everyone but oneself.
    choices = np.where(bridge, size, size - 1)
    jump = (generator.random(n_games) * choices).astype(np.int64)
    at_home = starts[home] + (left - starts[home] + 1 + jump) % size
    right = np.where(bridge, starts[league] + jump, at_home)
    return _play(left, right, strength, generator)


def make_chain(
    n_items: int = 1000, n_games: int = 100_000, rng: Any = None, *, odds: float = 3.0
) -> SyntheticComparisons:
    """Let each item meet only its two neighbours; the strengths span ``n_items * ln(odds)``.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items, in the order of strength.
    n_games : int, default 100,000
        Number of games, spread evenly over the ``n_items - 1`` pairs.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    odds : float, default 3.0
        Odds with which an item beats its weaker neighbour.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_chain
    >>> make_chain(n_items=4, n_games=300, rng=0).strength.round(4).tolist()
    [1.6479, 0.5493, -0.5493, -1.6479]
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    odds = check_real(odds, "odds", minimum=0.0, exclusive=True)
    left = np.arange(n_games, dtype=np.int64) % (n_items - 1)
    return _play(left, left + 1, _steps(n_items, -np.log(odds)), generator)


def make_bipartite(
    n_items: int = 1000, n_games: int = 100_000, rng: Any = None, *, spread: float = 1.0
) -> SyntheticComparisons:
    """Let the first half of the items meet only the second: users against questions.

    Iterations that update all items at once oscillate for ever on such data.

    Parameters
    ----------
    n_items : int, default 1000
        Number of items; the first ``n_items // 2`` are one side.
    n_games : int, default 100,000
        Number of games.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    spread : float, default 1.0
        Standard deviation of the normal strengths.

    Returns
    -------
    SyntheticComparisons
        The games and the truth.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_bipartite
    >>> data = make_bipartite(n_items=10, n_games=100, rng=0)
    >>> int(data.left.max()), int(data.right.min())
    (4, 5)
    """
    n_items, n_games, generator = _sizes(n_items, n_games, rng)
    strength = _normal_strengths(n_items, spread, generator)
    left = generator.integers(0, n_items // 2, n_games)
    right = generator.integers(n_items // 2, n_items, n_games)
    return _play(left, right, strength, generator)


def _sizes(n_items: Any, n_games: Any, rng: Any) -> tuple[int, int, np.random.Generator]:
    return (
        check_integer(n_items, "n_items", minimum=2),
        check_integer(n_games, "n_games", minimum=1),
        check_rng(rng),
    )


def _normal_strengths(
    n_items: int, spread: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    spread = check_real(spread, "spread", minimum=0.0)
    strength: NDArray[np.float64] = spread * generator.standard_normal(n_items)
    strength -= strength.mean()
    return strength


def _popular(n_items: int, n_games: int, generator: np.random.Generator) -> NDArray[np.int64]:
    # The fourth power of a uniform variable has the density x^(-3/4) / 4.
    position = np.square(np.square(generator.random(n_games)))
    return (n_items * position).astype(np.int64)


def _steps(n_items: int, step: float) -> NDArray[np.float64]:
    step = check_real(step, "step")
    return np.asarray(step * (np.arange(n_items) - (n_items - 1) / 2), dtype=np.float64)


def _play(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    strength: NDArray[np.float64],
    generator: np.random.Generator,
) -> SyntheticComparisons:
    outcome = np.empty(len(left), dtype=np.uint8)
    for start in range(0, len(left), _CHUNK):
        part = slice(start, start + _CHUNK)
        behind = strength[right[part]] - strength[left[part]]
        # Overflow to infinity means a chance of 0, which is right.
        with np.errstate(over="ignore"):
            chance = 1.0 / (1.0 + np.exp(behind))
        outcome[part] = generator.random(len(behind)) < chance
    return SyntheticComparisons(left=left, right=right, outcome=outcome, strength=strength)
