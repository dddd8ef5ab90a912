"""Rank sets against their definition and by how often they cover."""

import numpy as np
import pytest
from scipy import stats

from hasten.datasets import load_baseball_1987
from hasten.ranking import Comparisons, bradley_terry
from hasten.ranking.datasets import make_power_law, make_uniform

METHODS = ("simultaneous", "marginal", "bonferroni", "arena")


def definition(result, critical, kind):
    """Return the sets for one critical value a pair, straight from their definition."""
    strength = np.asarray(result.strength)
    covariance = result.covariance(kind=kind)
    variance = np.diag(covariance)
    error = np.sqrt(np.maximum(variance[:, None] + variance - 2 * covariance, 0))
    difference = strength[None, :] - strength[:, None]
    above = (difference > critical * error) & ~np.eye(len(strength), dtype=bool)
    below = (-difference > critical * error) & ~np.eye(len(strength), dtype=bool)
    return 1 + above.sum(axis=1), len(strength) - below.sum(axis=1)


@pytest.mark.parametrize("kind", ["model", "sandwich"])
def test_bonferroni_sets_follow_their_definition(kind):
    result = bradley_terry(make_power_law(40, 8000, rng=2).comparisons())
    critical = stats.norm.isf(0.1 / 2 / (40 * 39 / 2))
    low, high = definition(result, critical, kind)
    found = result.rank_sets(0.9, method="bonferroni", kind=kind)
    np.testing.assert_array_equal(found.low, low)
    np.testing.assert_array_equal(found.high, high)


def test_arena_sets_count_intervals_apart():
    result = bradley_terry(make_power_law(40, 8000, rng=2).comparisons())
    low, high = (np.asarray(end) for end in result.confidence_interval(0.9))
    found = result.rank_sets(0.9, method="arena")
    np.testing.assert_array_equal(found.low, 1 + (low[None, :] > high[:, None]).sum(axis=1))
    np.testing.assert_array_equal(found.high, 40 - (high[None, :] < low[:, None]).sum(axis=1))


def test_simultaneous_sets_use_the_quantile_of_the_largest_difference():
    result = bradley_terry(make_power_law(25, 4000, rng=2).comparisons())
    # Another program's draws of the same distribution bracket the quantile of ours.
    rng = np.random.default_rng(0)
    covariance = result.covariance()
    draws = rng.multivariate_normal(np.zeros(25), covariance, 50_000, method="svd")
    i, j = np.triu_indices(25, 1)
    error = np.sqrt(np.diag(covariance)[i] + np.diag(covariance)[j] - 2 * covariance[i, j])
    largest = np.max(np.abs(draws[:, i] - draws[:, j]) / error, axis=1)
    spread = 5.5 * np.sqrt(0.05 * 0.95 / 4000)
    narrow, wide = (
        definition(result, np.quantile(largest, level), "model")
        for level in (0.95 - spread, 0.95 + spread)
    )
    low, high = result.rank_sets(n_samples=4000, rng=1)
    assert (wide[0] <= low).all()
    assert (low <= narrow[0]).all()
    assert (narrow[1] <= high).all()
    assert (high <= wide[1]).all()


def test_sets_hold_the_estimated_rank_and_grow_with_the_level():
    result = bradley_terry(make_uniform(30, 3000, rng=4).comparisons())
    for method in METHODS:
        narrow = result.rank_sets(0.5, method=method, rng=0)
        wide = result.rank_sets(0.99, method=method, rng=0)
        for low, high in (narrow, wide):
            assert (low <= result.rank).all()
            assert (result.rank <= high).all()
            assert low.dtype == high.dtype == np.int64
        assert (wide.low <= narrow.low).all()
        assert (wide.high >= narrow.high).all()
    together = result.rank_sets(method="simultaneous", rng=0)
    alone = result.rank_sets(method="marginal", rng=0)
    assert (together.low <= alone.low).all()
    assert (together.high >= alone.high).all()


@pytest.mark.parametrize("kind", ["model", "sandwich"])
def test_sets_cover_the_true_ranks_at_least_as_often_as_they_say(kind):
    n_items, n_repeats, level = 6, 300, 0.8
    truth = np.linspace(0.6, -0.6, n_items)
    left, right = np.triu_indices(n_items, 1)
    chance = 1 / (1 + np.exp(truth[right] - truth[left]))
    rng = np.random.default_rng(21)
    ranks = np.arange(1, n_items + 1)
    covered = dict.fromkeys(("simultaneous", "marginal", "bonferroni"), 0.0)
    for _ in range(n_repeats):
        wins = rng.binomial(30, chance)
        games = Comparisons.from_arrays(
            np.concatenate([left, right]), np.concatenate([right, left]),
            weight=np.concatenate([wins, 30 - wins]).astype(float), items=np.arange(n_items),
        )  # fmt: skip
        result = bradley_terry(games)
        for method in covered:
            low, high = result.rank_sets(level, method=method, kind=kind, n_samples=200, rng=rng)
            inside = (low <= ranks) & (ranks <= high)
            covered[method] += inside.mean() if method == "marginal" else inside.all()
    # One-in-a-million binomial bound, and two percent for the normal approximation.
    least = stats.binom.ppf(1e-6, n_repeats, level) / n_repeats - 0.02
    assert all(count / n_repeats >= least for count in covered.values()), covered


def test_sets_are_the_same_for_any_number_of_threads_and_take_one_draw_of_the_generator():
    data = make_power_law(150, 20_000, rng=5).comparisons()
    for method in METHODS:
        answers = [
            bradley_terry(data, n_threads=n_threads).rank_sets(method=method, rng=3)
            for n_threads in (1, 2, 5)
        ]
        for answer in answers[1:]:
            np.testing.assert_array_equal(answers[0], answer)
    rng, twin = np.random.default_rng(6), np.random.default_rng(6)
    bradley_terry(data).rank_sets(rng=rng)
    twin.integers(0, 2**64, dtype=np.uint64)
    assert rng.random() == twin.random()


def test_clear_cases():
    games = np.array([[0, 1]] * 500 + [[1, 0]] * 50 + [[1, 2]] * 500 + [[2, 1]] * 50)
    low, high = bradley_terry(games).rank_sets(rng=0)
    np.testing.assert_array_equal(low, [1, 2, 3])
    np.testing.assert_array_equal(high, [1, 2, 3])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "exact"}, ValueError, "`method` must be one of 'simultaneous'"),
        ({"confidence_level": 1.0}, ValueError, "strictly between 0 and 1"),
        ({"kind": "robust"}, ValueError, "`kind` must be one of"),
        ({"n_samples": 0}, ValueError, "`n_samples` must be at least 1"),
        ({"n_samples": 18}, ValueError, "`n_samples` must be at least level"),
        ({"rng": "seed"}, TypeError, "`rng`"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        bradley_terry(load_baseball_1987().comparisons()).rank_sets(**options)


def test_all_pairs_of_very_many_items_are_refused():
    ring = np.arange(20_001)
    games = Comparisons.from_arrays(
        np.concatenate([ring, ring]), np.concatenate([np.roll(ring, 1), np.roll(ring, -1)])
    )
    result = bradley_terry(games)
    with pytest.raises(ValueError, match="`method` must be 'arena' for more than 20000 items"):
        result.rank_sets(rng=0)
    low, high = result.rank_sets(method="arena")
    assert low.min() == 1
    assert high.max() == 20_001
