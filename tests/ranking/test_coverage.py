"""Wald intervals cover the truth as often as they say, within Monte-Carlo error."""

import functools
import itertools
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from hasten.ranking import Comparisons, bradley_terry

N_ITEMS, GAMES_PER_PAIR, N_DATA_SETS = 12, 60, 4000
LEVELS = (0.8, 0.95)

#: Probability that any one of all the checks below fails although every level is exact.
FAMILY_WISE = 1e-6
TRUTH = np.linspace(-1.0, 1.0, N_ITEMS)
PAIRS = np.array(list(itertools.combinations(range(N_ITEMS), 2)))
#: One check for each level, side, and contrast: each centred strength, each difference to item 0,
#: and each difference of two.
N_CHECKS = len(LEVELS) * 2 * (2 * N_ITEMS + len(PAIRS))


class Coverage(NamedTuple):
    """How many data sets' intervals cover the truth, by level and contrast."""

    centred: dict[float, np.ndarray]
    to_first: dict[float, np.ndarray]
    pairs: dict[float, np.ndarray]


@functools.cache
def coverage():
    rng = np.random.default_rng(2026)
    chance = 1 / (1 + np.exp(TRUTH[PAIRS[:, 1]] - TRUTH[PAIRS[:, 0]]))
    hits = Coverage(*(dict.fromkeys(LEVELS, 0) for _ in range(3)))
    for _ in range(N_DATA_SETS):
        won = rng.binomial(GAMES_PER_PAIR, chance)
        wins = np.zeros((N_ITEMS, N_ITEMS))
        wins[PAIRS[:, 0], PAIRS[:, 1]] = won
        wins[PAIRS[:, 1], PAIRS[:, 0]] = GAMES_PER_PAIR - won
        games = Comparisons.from_matrix(wins)
        centred, to_first = bradley_terry(games), bradley_terry(games, reference=0)
        covariance = centred.covariance()
        i, j = PAIRS.T
        difference = centred.strength[i] - centred.strength[j]
        variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
        score = np.abs(difference - (TRUTH[i] - TRUTH[j])) / np.sqrt(variance)
        for level in LEVELS:
            low, high = centred.confidence_interval(level)
            hits.centred[level] += (low <= TRUTH) & (high >= TRUTH)
            low, high = to_first.confidence_interval(level)
            hits.to_first[level] += (low <= TRUTH - TRUTH[0]) & (high >= TRUTH - TRUTH[0])
            hits.pairs[level] += score <= stats.norm.ppf(0.5 + level / 2)
    return hits


def assert_binomial(counts, level):
    """Fail if a count is improbable.

    The data sets are independent, so the count of one contrast is binomial. Those of several
    contrasts depend on each other: Bonferroni's inequality shares the family-wise probability out
    among all of them, whatever the dependence. Wald's interval has its level only up to
    O(1 / games) of an item, here 1 / 660, a tenth of what these quantiles leave on either side of
    0.95; intervals a tenth too short cover 0.922 and fail.
    """
    low, high = stats.binom.interval(1 - 2 * FAMILY_WISE / N_CHECKS, N_DATA_SETS, level)
    assert ((low <= counts) & (counts <= high)).all(), (low, counts, high)


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_centred_strengths(level):
    assert_binomial(coverage().centred[level], level)


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_differences_to_a_reference(level):
    counts = coverage().to_first[level]
    assert counts[0] == N_DATA_SETS  # The reference is 0 by definition.
    assert_binomial(counts[1:], level)


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_of_all_differences_from_the_covariance(level):
    assert_binomial(coverage().pairs[level], level)
