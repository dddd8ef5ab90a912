"""Data without a finite estimate are refused: compared with a linear program on random data.

A concave log-likelihood has a maximum if and only if every direction along which no outcome becomes
less probable is one along which nothing changes. Those directions form a cone, and a linear program
finds out whether it holds anything else.
"""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from hasten import _core

fit_paired = _core.ranking.fit_paired


def make_cells(n_items, games, covariates=None):
    """Cells of one game each; a game is (left, right, outcome) with outcome 1, 0 or 0.5."""
    left, right, outcome = map(np.array, zip(*games, strict=True))
    wins, losses, ties = ((outcome == value).astype(float) for value in (1, 0, 0.5))
    items = left.astype(np.uint32), right.astype(np.uint32)
    return (n_items, *items, wins, losses, ties, covariates)


def estimate_exists(n_items, games, ties, order_effect, prior, covariates=None):
    """Whether nothing but adding a constant to all strengths keeps every outcome as probable."""
    any_ties = any(outcome == 0.5 for _, _, outcome in games)
    free_ties = ties != "half" and any_ties
    n_covariates = 0 if covariates is None else covariates.shape[1]
    n_shared = free_ties + order_effect + n_covariates
    rows = []
    for k, (left, right, outcome) in enumerate(games):
        eta = np.zeros(n_items + n_shared)
        if not prior:
            eta[left] += 1
            eta[right] -= 1
        if order_effect:
            eta[n_items + free_ties] = 1
        if covariates is not None:
            eta[n_items + n_shared - n_covariates :] = covariates[k]
        # The tie parameter weighs as much as half a difference.
        tie = np.zeros_like(eta)
        if free_ties:
            tie[n_items] = 2
        if outcome == 0.5:
            rows += [tie - eta, tie + eta]
        else:
            won = eta if outcome == 1 else -eta
            rows += [won, won - tie]
    rows = np.array(rows)
    solution = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
    assert solution.status == 0
    n_determined = n_shared + (0 if prior else n_items - 1)
    return -solution.fun < 1e-9 and np.linalg.matrix_rank(rows) == n_determined


def fit_exists(n_items, games, ties, order_effect, prior, covariates=None):
    """Whether the fit finds an estimate, and proves it."""
    cells = make_cells(n_items, games, covariates)
    model = (ties, order_effect, ("logistic", 1.0) if prior else None)
    try:
        solution = fit_paired(cells, model, None, 1e-6, None, 1, None, False)
    except ValueError as error:
        if "no maximum-likelihood estimate exists" in str(error):
            return False
        raise
    assert solution["status"] == "converged"
    return True


def random_games(rng, n_items, n_games, outcomes):
    pairs = list(itertools.permutations(range(n_items), 2))
    chosen = rng.integers(len(pairs), size=n_games)
    return [(*pairs[k], outcomes[rng.integers(len(outcomes))]) for k in chosen]


def compare(rng, n_sets, outcomes, ties, order_effect, prior, max_items=4):
    """Compare on random data sets; both answers must be among them."""
    seen = {True: 0, False: 0}
    for _ in range(n_sets):
        n_items = int(rng.integers(2, max_items + 1))
        games = random_games(rng, n_items, int(rng.integers(1, 4 * n_items)), outcomes)
        expected = estimate_exists(n_items, games, ties, order_effect, prior)
        found = fit_exists(n_items, games, ties, order_effect, prior)
        assert found == expected, (n_items, games)
        seen[expected] += 1
    assert min(seen.values()) >= n_sets // 20, seen


@pytest.mark.parametrize("prior", [False, True])
@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_a_free_tie_parameter(ties, prior):
    rng = np.random.default_rng(1)
    compare(rng, 300, (1, 0, 0.5, 0.5), ties, order_effect=False, prior=prior)


@pytest.mark.parametrize("prior", [False, True])
@pytest.mark.parametrize("outcomes", [(1, 0), (1, 1, 1, 0), (1, 1, 1, 0.5)])
def test_an_order_effect(outcomes, prior):
    rng = np.random.default_rng(2)
    max_items = 2 if prior else 4
    compare(rng, 300, outcomes, "half", order_effect=True, prior=prior, max_items=max_items)


@pytest.mark.parametrize("prior", [False, True])
@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_ties_and_an_order_effect_together(ties, prior):
    rng = np.random.default_rng(3)
    compare(rng, 300, (1, 1, 0, 0.5), ties, order_effect=True, prior=prior)


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
def test_covariates(ties):
    rng = np.random.default_rng(4)
    seen = {True: 0, False: 0}
    for _ in range(200):
        n_items = int(rng.integers(2, 4))
        n_games = int(rng.integers(6, 14))
        games = random_games(rng, n_items, n_games, (1, 0, 0.5))
        covariates = rng.normal(size=(n_games, 2))
        expected = estimate_exists(n_items, games, ties, False, False, covariates)
        assert fit_exists(n_items, games, ties, False, False, covariates) == expected, games
        seen[expected] += 1
    assert min(seen.values()) >= 10, seen


def test_long_cycles_decide_where_short_ones_do_not():
    # Round a cycle every item beat the next, and one chord of ties leads back all the way.
    for n_ties, exists in [(1, True), (7, False)]:
        games = [(i, i + 1, 1) for i in range(6)]
        games += [(6 - k * 6 // n_ties, 6 - (k + 1) * 6 // n_ties, 0.5) for k in range(n_ties - 1)]
        games += [(6, 0, 0.5)] if n_ties == 1 else []
        games = [game for game in games if game[0] != game[1]]
        assert estimate_exists(7, games, "davidson", False, False) == exists
        assert fit_exists(7, games, "davidson", False, False) == exists


def test_messages_name_the_parameter_and_a_remedy():
    def message(games, ties="half", order_effect=False, prior=None):
        model = (ties, order_effect, prior)
        with pytest.raises(ValueError, match="no maximum-likelihood estimate") as raised:
            fit_paired(make_cells(2, games), model, None, 1e-6, None, 1, None, False)
        return str(raised.value)

    lopsided = [(0, 1, 1), (0, 1, 1), (0, 1, 0.5)]
    assert "the tie parameter is infinite" in message(lopsided, "davidson")
    assert "half wins" in message(lopsided, "davidson")
    only_left = [(0, 1, 1), (1, 0, 1)]
    assert "wins on the right" in message(only_left, order_effect=True)
    assert "fit without an order effect" in message(only_left, order_effect=True)
    prior = ("logistic", 1.0)
    assert "every game was tied" in message([(0, 1, 0.5)], "rao-kupper", prior=prior)
    assert "left side always won" in message(only_left, order_effect=True, prior=prior)
