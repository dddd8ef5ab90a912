"""The bundled tables hold the published totals and cannot be changed by accident."""

import numpy as np
import pytest

from hasten import datasets

LOADERS = [
    datasets.load_journal_citations,
    datasets.load_baseball_1987,
    datasets.load_puddings,
]


def test_citations_have_the_published_marginals():
    data = datasets.load_journal_citations()
    table = data.columns["citations"].reshape(4, 4)
    np.testing.assert_array_equal(table.sum(axis=1), [2163, 543, 2347, 1073])
    np.testing.assert_array_equal(np.diag(table), [714, 425, 1072, 188])
    games = data.comparisons()
    assert (games.n_items, games.n_games, games.n_pairs) == (4, 3727, 6)


def test_every_two_teams_played_thirteen_games():
    data = datasets.load_baseball_1987()
    games = data.comparisons()
    assert (games.n_items, games.n_games, games.n_pairs) == (7, 273, 21)
    wins = games.to_matrix()[0].toarray()
    np.testing.assert_array_equal(wins + wins.T, 13 * (1 - np.eye(7)))


def test_tastings_add_up():
    data = datasets.load_puddings()
    columns = data.columns
    outcomes = columns["left_wins"] + columns["right_wins"] + columns["ties"]
    np.testing.assert_array_equal(outcomes, columns["n_tastings"])
    assert outcomes.sum() == 745
    wins, ties = data.comparisons().to_matrix()
    assert wins.sum() == 543
    assert ties.sum() == 2 * 202


@pytest.mark.parametrize("load", LOADERS)
def test_source_and_licence_are_stated_and_columns_are_read_only(load):
    data = load()
    assert data.source in str(data)
    assert data.licence in str(data)
    assert len({len(column) for column in data.columns.values()}) == 1
    for column in data.columns.values():
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]
    with pytest.raises(AttributeError):
        data.name = "other"
