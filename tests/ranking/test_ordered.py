"""Comparisons that know their order, and covariates: nothing is lost on the way to a model."""

import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from hasten.ranking import Comparisons

N = 400


def draw(seed=0, n_items=6, n_covariates=0):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, n_items, N)
    right = (left + rng.integers(1, n_items, N)) % n_items
    outcome = rng.choice([0.0, 0.5, 1.0], N)
    weight = rng.integers(0, 4, N).astype(float)
    covariates = rng.integers(-1, 2, (N, n_covariates)).astype(float)
    return left, right, outcome, weight, covariates


def tally(left, right, outcome, weight, covariates):
    """Sum the weights by left, right, covariates and outcome, one game at a time."""
    counts = Counter()
    for i, j, o, w, z in zip(left, right, outcome, weight, covariates, strict=True):
        counts[(int(i), int(j), *map(float, z), float(o))] += w
    return {key: value for key, value in counts.items() if value > 0}


def listed(comparisons):
    cells = comparisons._cells
    counts = Counter()
    ties = np.zeros(len(cells.left)) if cells.ties is None else cells.ties
    covariates = cells.covariates
    if covariates is None:
        covariates = np.empty((len(cells.left), 0))
    for k in range(len(cells.left)):
        left, right = (comparisons.items[side[k]] for side in (cells.left, cells.right))
        key = (int(left), int(right), *map(float, covariates[k]))
        for outcome, count in ((1.0, cells.wins), (0.0, cells.losses), (0.5, ties)):
            counts[(*key, outcome)] += count[k]
    return {key: value for key, value in counts.items() if value > 0}


@pytest.mark.parametrize("n_covariates", [0, 1, 3])
def test_cells_hold_every_game(n_covariates):
    left, right, outcome, weight, z = draw(n_covariates=n_covariates)
    covariates = z if n_covariates else None
    games = Comparisons.from_arrays(
        left, right, outcome, weight=weight, ordered=True, covariates=covariates
    )
    assert games.ordered
    assert games.covariate_names == tuple(f"x{k}" for k in range(n_covariates))
    assert listed(games) == tally(left, right, outcome, weight, z)
    # One cell for each key, whatever the number of games.
    assert len(games._cells.left) == len({key[:-1] for key in listed(games)})


def test_left_wins_all_without_an_outcome():
    left, right, _, _, z = draw(1, n_covariates=2)
    games = Comparisons.from_arrays(left, right, covariates=z)
    assert listed(games) == tally(left, right, np.ones(N), np.ones(N), z)


def test_the_order_is_forgotten_unless_asked_for():
    left, right, *_ = draw()
    games = Comparisons.from_arrays(left, right)
    assert not games.ordered
    assert games.covariate_names == ()


def test_zeros_of_both_signs_are_one_covariate():
    games = Comparisons.from_arrays(["a", "a"], ["b", "b"], covariates=[0.0, -0.0])
    assert len(games._cells.left) == 1


def test_a_covariate_without_repetition_keeps_every_game():
    left, right, outcome, _, _ = draw(2)
    z = np.random.default_rng(3).standard_normal((N, 1))
    games = Comparisons.from_arrays(left, right, outcome, covariates=z)
    assert listed(games) == tally(left, right, outcome, np.ones(N), z)


@pytest.mark.parametrize("n_covariates", [0, 2])
def test_merged_parts_equal_the_whole(n_covariates):
    left, right, outcome, weight, z = draw(4, n_covariates=n_covariates)

    def part(rows):
        return Comparisons.from_arrays(
            left[rows],
            right[rows],
            outcome[rows],
            weight=weight[rows],
            ordered=True,
            covariates=z[rows] if n_covariates else None,
        )

    merged = part(slice(0, 150)).merge(part(slice(150, N)))
    assert listed(merged) == tally(left, right, outcome, weight, z)
    assert pickle.loads(pickle.dumps(merged)).ordered


def test_a_selection_keeps_the_order_of_its_games():
    left, right, outcome, weight, z = draw(5, n_covariates=1)
    games = Comparisons.from_arrays(left, right, outcome, weight=weight, covariates=z)
    kept = np.isin(left, [4, 1, 2]) & np.isin(right, [4, 1, 2])
    selected = games.select([4, 1, 2])
    assert selected.items.tolist() == [4, 1, 2]
    assert listed(selected) == tally(left[kept], right[kept], outcome[kept], weight[kept], z[kept])


def test_parts_of_different_kinds_do_not_merge():
    plain = Comparisons.from_arrays(["a"], ["b"])
    ordered = Comparisons.from_arrays(["a"], ["b"], ordered=True)
    with pytest.raises(ValueError, match="`other` must be ordered"):
        plain.merge(ordered)
    with pytest.raises(ValueError, match="covariates"):
        ordered.merge(Comparisons.from_arrays(["a"], ["b"], covariates=[1.0]))


def test_columns_of_a_table_name_the_covariates():
    table = pd.DataFrame({"l": ["a", "b"], "r": ["b", "a"], "length": [1, -2], "lists": [0.0, 3.0]})
    games = Comparisons.from_table(table, "l", "r", covariates=["length", "lists"])
    assert games.covariate_names == ("length", "lists")
    mapped = Comparisons.from_arrays(table["l"], table["r"], covariates=table[["length", "lists"]])
    np.testing.assert_array_equal(mapped._cells.covariates, games._cells.covariates)


@pytest.mark.parametrize(
    ("covariates", "error", "message"),
    [
        ([1.0], ValueError, "left has 2 entries, covariates has 1 rows"),
        ([1.0, np.nan], ValueError, "`covariates` must be finite; got nan at index"),
        (["x", "y"], TypeError, "`covariates` must hold real numbers"),
        (np.ones((2, 0)), ValueError, "`covariates` must have at least one column"),
        (np.ones((2, 1, 1)), ValueError, "`covariates` must have 2 dimension"),
        (5.0, ValueError, "`covariates` must have 2 dimension"),
        ({"u": ["x", "y"]}, TypeError, "in column 'u'"),
    ],
)
def test_malformed_covariates_are_refused(covariates, error, message):
    with pytest.raises(error, match=message):
        Comparisons.from_arrays(["a", "b"], ["b", "a"], covariates=covariates)


def test_a_column_name_alone_is_no_sequence_of_names():
    table = {"l": ["a"], "r": ["b"], "x": [1.0]}
    with pytest.raises(TypeError, match="`covariates` must be a sequence of names"):
        Comparisons.from_table(table, "l", "r", covariates="x")
