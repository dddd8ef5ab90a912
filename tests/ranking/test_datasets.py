"""Synthetic schedules have the shape that their names promise, and the odds of their strengths."""

import numpy as np
import pytest

from hasten.ranking import datasets

MAKERS = [
    datasets.make_power_law,
    datasets.make_uniform,
    datasets.make_ladder,
    datasets.make_leagues,
    datasets.make_chain,
    datasets.make_bipartite,
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_items", [4, 5, 101])
def test_games_are_between_two_of_the_items(make, n_items):
    options = {"n_leagues": 2} if make is datasets.make_leagues else {}
    data = make(n_items, 2000, 0, **options)
    assert data.left.shape == data.right.shape == data.outcome.shape == (2000,)
    for side in (data.left, data.right):
        assert side.min() >= 0
        assert side.max() < n_items
    assert (data.left != data.right).all()
    assert set(np.unique(data.outcome)) <= {0, 1}
    np.testing.assert_allclose(data.strength.mean(), 0, atol=1e-12)


@pytest.mark.parametrize("make", MAKERS)
def test_one_seed_one_data_set(make):
    a, b, c = make(50, 500, 7), make(50, 500, np.random.default_rng(7)), make(50, 500, 8)
    for name in ("left", "right", "outcome", "strength"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.outcome, c.outcome)


@pytest.mark.parametrize("make", MAKERS)
def test_outcomes_follow_the_model(make):
    data = make(50, 200_000, 3)
    chance = 1 / (1 + np.exp(data.strength[data.right] - data.strength[data.left]))
    surplus = (data.outcome - chance).sum() / np.sqrt((chance * (1 - chance)).sum())
    # A standard normal exceeds 5 less than once in a million runs; the seed is fixed besides.
    assert abs(surplus) < 5


def test_schedules():
    ladder = datasets.make_ladder(100, 5000, 0, window=4)
    assert np.abs(ladder.left - ladder.right).max() == 4
    chain = datasets.make_chain(100, 990, 0)
    np.testing.assert_array_equal(chain.right, chain.left + 1)
    np.testing.assert_array_equal(np.bincount(chain.left), np.full(99, 10))
    np.testing.assert_allclose(-np.diff(chain.strength), np.log(3))
    sides = datasets.make_bipartite(101, 5000, 0)
    assert sides.left.max() == 49
    assert sides.right.min() == 50
    popular = datasets.make_power_law(100, 100_000, 0)
    plays = np.bincount(np.r_[popular.left, popular.right], minlength=100)
    assert plays[:10].sum() > 3 * plays[-10:].sum()


@pytest.mark.parametrize(("n_items", "n_leagues"), [(100, 7), (10, 5), (50, 1)])
def test_leagues_meet_only_their_neighbours(n_items, n_leagues):
    data = datasets.make_leagues(n_items, 20_000, 0, n_leagues=n_leagues, bridge_share=0.05)
    distance = np.abs(data.left * n_leagues // n_items - data.right * n_leagues // n_items)
    assert distance.max() <= 1
    assert abs((distance == 1).mean() - 0.05 * (n_leagues > 1)) < 0.01


def test_comparisons():
    games = datasets.make_uniform(20, 300, 0).comparisons()
    assert games.n_games == 300
    assert games.n_items == 20


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: datasets.make_uniform(1, 10), "`n_items` must be at least 2"),
        (lambda: datasets.make_uniform(10, 0), "`n_games` must be at least 1"),
        (lambda: datasets.make_uniform(10, 10, spread=-1), "`spread` must be at least 0"),
        (lambda: datasets.make_leagues(10, 10, n_leagues=6), "`n_leagues` must be at most 5"),
        (lambda: datasets.make_chain(10, 10, odds=0), "`odds` must be greater than 0"),
        (lambda: datasets.make_ladder(10, 10, window=0), "`window` must be at least 1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("make", [datasets.make_rankings, datasets.make_local_rankings])
def test_rankings_are_of_different_items(make):
    for size in (2, 5, 12):
        data = make(12, 300, 0, size=size)
        assert data.orderings.shape == (300, size)
        ordered = np.sort(data.orderings, axis=1)
        assert (ordered[:, 1:] > ordered[:, :-1]).all()
        assert ordered.min() >= 0
        assert ordered.max() < 12
    again = make(12, 300, np.random.default_rng(0), size=12)
    np.testing.assert_array_equal(again.orderings, data.orderings)
    np.testing.assert_array_equal(again.strength, data.strength)
    np.testing.assert_allclose(data.strength.mean(), 0, atol=1e-12)
    with pytest.raises(ValueError, match="`size`"):
        make(3, 10, 0, size=4)


@pytest.mark.parametrize("make", [datasets.make_rankings, datasets.make_local_rankings])
def test_rankings_follow_the_model(make):
    data = make(60, 100_000, 3, size=4)
    worth = np.exp(data.strength[data.orderings])
    for place in range(3):
        # The strengths of the items that were chosen exceed what the model expects by noise only.
        left, strength = worth[:, place:], data.strength[data.orderings[:, place:]]
        chance = left / left.sum(axis=1, keepdims=True)
        mean = (chance * strength).sum(axis=1)
        variance = (chance * strength**2).sum(axis=1) - mean**2
        surplus = (strength[:, 0] - mean).sum() / np.sqrt(variance.sum())
        assert abs(surplus) < 5


def test_local_sets_lie_in_a_window_and_reach_both_ends():
    data = datasets.make_local_rankings(200, 20_000, 0, window=20)
    assert np.ptp(data.orderings, axis=1).max() == 19
    counts = np.bincount(data.orderings.ravel(), minlength=200)
    assert counts.min() > 0.3 * counts.mean()
