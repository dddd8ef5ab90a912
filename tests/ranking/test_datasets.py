"""Synthetic schedules have the shape that their names promise, and the odds of their strengths."""

import numpy as np
import pytest

from hasten.ranking import bradley_terry, datasets

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


def test_an_arena_has_the_odds_of_davidson_with_position_and_style():
    data = datasets.make_arena(6, 200_000, 4)
    eta = data.strength[data.left] - data.strength[data.right] + data.style @ data.coef
    eta += data.order_effect
    weight = np.stack(
        [np.exp(eta / 2), np.exp(-eta / 2), np.full(len(eta), 2 * data.tie_parameter)]
    )
    chance = weight / weight.sum(axis=0)
    for outcome, p in zip([1.0, 0.0, 0.5], chance, strict=True):
        surplus = ((data.outcome == outcome) - p).sum() / np.sqrt((p * (1 - p)).sum())
        assert abs(surplus) < 5
    # Style by itself is what the habits say: means of 200,000 / 30 draws with deviations below 3.
    for i, j in [(0, 1), (4, 2)]:
        met = (data.left == i) & (data.right == j)
        difference = data.habit[i] - data.habit[j]
        assert (
            np.abs(data.style[met].mean(axis=0) - difference) < 5 * 3 / np.sqrt(met.sum())
        ).all()


def test_an_arena_is_fitted_back_to_its_truth():
    data = datasets.make_arena(8, 100_000, 5)
    games = data.comparisons()
    result = bradley_terry(games, ties="davidson", order_effect=True, covariates=True)
    position = [data.models.tolist().index(name) for name in result.items]
    surplus = (result.strength - data.strength[position]) / result.standard_error()
    assert np.abs(surplus).max() < 5
    found = result.coefficients()
    truth = {
        "ln nu": np.log(data.tie_parameter),
        "order effect": data.order_effect,
        "length": data.coef[0],
        "lists": data.coef[1],
    }
    for name, value in truth.items():
        assert abs(found[name].estimate - value) < 5 * found[name].standard_error


def test_an_arena_without_style_adds_the_habits_to_the_strengths():
    data = datasets.make_arena(8, 100_000, 6, tie_parameter=0.0, order_effect=0.0)
    assert set(np.unique(data.outcome)) == {0.0, 1.0}
    blind = bradley_terry(data.comparisons()).strength
    habit = data.habit @ data.coef
    added = blind - data.strength
    assert np.corrcoef(added, habit)[0, 1] > 0.99


@pytest.mark.parametrize(("n_models", "last"), [(26, "Z"), (27, "BA"), (677, "BAA")])
def test_an_arena_of_any_size_has_names_that_sort(n_models, last):
    models = datasets.make_arena(n_models, 10, 0).models
    assert models[-1] == f"model {last}"
    np.testing.assert_array_equal(models, np.unique(models))


def test_an_arena_is_a_function_of_its_seed():
    a, b, c = (datasets.make_arena(5, 300, seed) for seed in (7, np.random.default_rng(7), 8))
    for name in ("left", "right", "outcome", "style", "strength", "habit"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert not np.array_equal(a.style, c.style)
    games = a.comparisons()
    assert games.ordered
    assert games.covariate_names == a.covariate_names
    assert games.n_games == 300


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
        (lambda: datasets.make_arena(1, 10), "`n_models` must be at least 2"),
        (lambda: datasets.make_arena(5, 0), "`n_votes` must be at least 1"),
        (lambda: datasets.make_arena(5, 10, spread=-1), "`spread` must be at least 0"),
        (lambda: datasets.make_arena(5, 10, tie_parameter=-1), "`tie_parameter` must be at least"),
        (
            lambda: datasets.make_arena(5, 10, length_effect=np.nan),
            "`length_effect` must be finite",
        ),
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
