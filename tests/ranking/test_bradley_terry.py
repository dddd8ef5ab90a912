"""`bradley_terry` reproduces published fits, and answers or refuses as it documents."""

import numpy as np
import pytest

import hasten
from hasten import datasets
from hasten.ranking import Comparisons, bradley_terry
from hasten.ranking.datasets import make_uniform

METHODS = ("auto", "newton", "newman", "zermelo")


def random_wins(rng, n_items, scale=5.0):
    wins = rng.poisson(scale, (n_items, n_items)).astype(float)
    wins += np.roll(np.eye(n_items), 1, axis=1)  # a cycle of wins, so that an estimate exists
    np.fill_diagonal(wins, 0)
    return wins


# Published and closed-form results.


def test_citations_of_statistics_journals():
    data = datasets.load_journal_citations().comparisons()
    result = bradley_terry(data, reference="Biometrika")
    assert result.items.tolist() == ["Biometrika", "Comm. Statist.", "JASA", "JRSS-B"]
    np.testing.assert_allclose(result.strength, [0, -2.949072, -0.479570, 0.268954], atol=1e-6)
    np.testing.assert_allclose(
        result.standard_error(), [0, 0.102545, 0.060589, 0.070830], atol=1e-6
    )
    np.testing.assert_allclose(result.log_likelihood, -1622.889809, atol=1e-6)
    centred = bradley_terry(data)
    np.testing.assert_allclose(
        centred.strength, [0.789922, -2.159150, 0.310352, 1.058876], atol=1e-6
    )
    np.testing.assert_allclose(
        centred.standard_error(), [0.043330, 0.072580, 0.041641, 0.053047], atol=1e-6
    )


def test_american_league_east_of_1987():
    data = datasets.load_baseball_1987().comparisons()
    result = bradley_terry(data, reference="Baltimore")
    np.testing.assert_allclose(
        result.strength, [0, 1.1077, 0.6839, 1.4364, 1.5814, 1.2476, 1.2945], atol=5e-5
    )
    np.testing.assert_allclose(
        result.standard_error(), [0, 0.3339, 0.3319, 0.3396, 0.3433, 0.3359, 0.3367], atol=5e-5
    )
    np.testing.assert_allclose(result.log_likelihood, -172.248176, atol=1e-6)
    np.testing.assert_allclose(result.aic, 356.496352, atol=1e-6)
    np.testing.assert_allclose(result.bic, 6 * np.log(273) + 2 * 172.248176, atol=1e-5)
    assert (result.n_params, result.n_games, result.total_weight) == (6, 273, 273.0)
    np.testing.assert_allclose(result.predict_proba("Milwaukee", "Baltimore"), 0.829396, atol=1e-6)


def test_american_league_east_of_1987_centred():
    result = bradley_terry(datasets.load_baseball_1987().comparisons())
    np.testing.assert_allclose(
        result.strength,
        [-1.050203, 0.057495, -0.366350, 0.386206, 0.531153, 0.197415, 0.244283],
        atol=1e-6,
    )
    np.testing.assert_allclose(
        result.standard_error(),
        [0.232462, 0.200919, 0.205044, 0.204157, 0.207419, 0.201604, 0.202062],
        atol=1e-6,
    )


@pytest.mark.parametrize(("a", "b"), [(3, 1), (1, 1), (17, 5), (1, 1000)])
def test_two_items_in_closed_form(a, b):
    result = bradley_terry([("x", "y")] * a + [("y", "x")] * b, tol=1e-12)
    np.testing.assert_allclose(
        result.strength[0] - result.strength[1], np.log(a / b), rtol=1e-12, atol=1e-12
    )
    against_y = bradley_terry([("x", "y")] * a + [("y", "x")] * b, reference="y")
    np.testing.assert_allclose(against_y.standard_error(["x"]), np.sqrt(1 / a + 1 / b), rtol=1e-10)


def chain(n_items, won=3.0, lost=1.0):
    upper = np.arange(n_items - 1)
    return Comparisons.from_arrays(
        np.concatenate([upper, upper + 1]),
        np.concatenate([upper + 1, upper]),
        weight=np.repeat([won, lost], n_items - 1),
    )


def test_chain_of_two_thousand_items_does_not_overflow():
    n_items = 2000
    result = bradley_terry(chain(n_items), reference=n_items - 1)
    assert result.converged
    np.testing.assert_allclose(result.strength[:-1] - result.strength[1:], np.log(3), rtol=1e-9)
    np.testing.assert_allclose(np.ptp(result.strength), 1999 * np.log(3), rtol=1e-9)
    np.testing.assert_allclose(
        result.standard_error([0]), np.sqrt((n_items - 1) * (1 / 3 + 1)), rtol=1e-9
    )


def test_cycle_of_three_is_a_draw():
    result = bradley_terry([(0, 1), (1, 2), (2, 0)])
    np.testing.assert_allclose(result.strength, 0, atol=1e-12)
    assert result.rank.tolist() == [1, 1, 1]


@pytest.mark.parametrize(("n_items", "k"), [(4, 1), (9, 7)])
def test_round_robin_has_the_pseudo_inverse_of_a_complete_graph(n_items, k):
    wins = k * (1 - np.eye(n_items))
    result = bradley_terry(Comparisons.from_matrix(wins))
    per_pair = 2 * k
    np.testing.assert_allclose(result.strength, 0, atol=1e-12)
    np.testing.assert_allclose(
        result.standard_error(),
        np.sqrt(4 * (n_items - 1) / (per_pair * n_items**2)),
        rtol=1e-12,
    )
    covariance = result.covariance()
    difference = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    np.testing.assert_allclose(np.sqrt(difference), np.sqrt(8 / (per_pair * n_items)), rtol=1e-12)


def test_an_item_that_hangs_on_one_opponent_changes_no_other_difference():
    wins = random_wins(np.random.default_rng(0), 12)
    larger = np.zeros((13, 13))
    larger[:12, :12] = wins
    larger[12, 3], larger[3, 12] = 1, 1
    before = bradley_terry(Comparisons.from_matrix(wins), reference=3, tol=1e-10)
    after = bradley_terry(Comparisons.from_matrix(larger), reference=3, tol=1e-10)
    np.testing.assert_allclose(after.strength[:12], before.strength, atol=1e-10)
    np.testing.assert_allclose(after.strength[12], 0, atol=1e-10)


# What is reported beside the strengths.


def test_the_residual_is_observed_minus_expected_wins():
    games = datasets.load_baseball_1987().comparisons()
    with pytest.warns(hasten.ConvergenceWarning):
        early = bradley_terry(games, method="newman", max_iter=1, tol=1e-13)
    wins = games.to_matrix()[0].toarray()
    chance = 1 / (1 + np.exp(early.strength[None, :] - early.strength[:, None]))
    surplus = wins.sum(axis=1) - ((wins + wins.T) * chance).sum(axis=1)
    np.testing.assert_allclose(early.residual, np.abs(surplus).max(), rtol=1e-8)


# Invariance.


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_agree(method):
    games = datasets.load_baseball_1987().comparisons()
    np.testing.assert_allclose(
        bradley_terry(games, method=method, tol=1e-9).strength,
        bradley_terry(games, tol=1e-9).strength,
        atol=1e-8,
    )


def test_the_order_of_items_does_not_matter():
    wins = random_wins(np.random.default_rng(2), 10)
    order = np.random.default_rng(3).permutation(10)
    plain = bradley_terry(Comparisons.from_matrix(wins), tol=1e-10)
    mixed = bradley_terry(Comparisons.from_matrix(wins[np.ix_(order, order)]), tol=1e-10)
    np.testing.assert_allclose(mixed.strength, plain.strength[order], atol=1e-9)


def test_weights_count_games():
    rows = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]
    left, right = zip(*rows, strict=True)
    weighted = bradley_terry(Comparisons.from_arrays(left, right, weight=[2, 1, 1, 3]))
    repeated = bradley_terry([rows[k] for k in (0, 0, 1, 2, 3, 3, 3)])
    np.testing.assert_allclose(weighted.strength, repeated.strength, atol=1e-7)
    np.testing.assert_allclose(weighted.log_likelihood, repeated.log_likelihood, rtol=1e-12)
    assert weighted.total_weight == repeated.total_weight == 7


@pytest.mark.parametrize("scale", [1e-6, 1e12])
def test_scaling_all_weights_changes_only_the_standard_errors(scale):
    wins = random_wins(np.random.default_rng(4), 6)
    one = bradley_terry(Comparisons.from_matrix(wins))
    other = bradley_terry(Comparisons.from_matrix(scale * wins))
    # Each solve may be off by 1e-6 of its own standard errors, and no more.
    allowed = 1e-6 * (one.standard_error().max() + other.standard_error().max())
    np.testing.assert_allclose(other.strength, one.strength, atol=allowed)
    # The logarithm of a conductance changes no faster than the difference of strengths.
    np.testing.assert_allclose(
        other.standard_error(), one.standard_error() / scale**0.5, rtol=2 * allowed
    )


def test_a_start_at_the_answer_converges_to_it_at_once():
    games = datasets.load_baseball_1987().comparisons()
    cold = bradley_terry(games, method="newton", tol=1e-9)
    warm = bradley_terry(games, method="newton", tol=1e-6, init=cold.strength + 5.0)
    assert warm.n_iter < cold.n_iter
    np.testing.assert_allclose(warm.strength, cold.strength, atol=1e-6)


# Ties.


def test_half_a_win_each():
    games = datasets.load_puddings().comparisons()
    wins, ties = (matrix.toarray() for matrix in games.to_matrix())
    shared = bradley_terry(Comparisons.from_matrix(wins + ties / 2), tol=1e-10)
    result = bradley_terry(games, tol=1e-10)
    np.testing.assert_allclose(result.strength, shared.strength, atol=1e-9)
    assert result.total_weight == 745


def test_dropped_ties_leave_no_trace():
    games = Comparisons.from_arrays(
        ["a", "b", "c", "a", "b"], ["b", "c", "a", "d", "a"], [1, 1, 1, 0.5, 0.5]
    )
    # The only game of "d" is a tie: without it nothing connects "d".
    with pytest.raises(hasten.NotConnectedError, match=r"'d' \(no comparisons"):
        bradley_terry(games, ties="drop")
    kept = Comparisons.from_arrays(["a", "b", "c", "b"], ["b", "c", "a", "a"], [1, 1, 1, 0.5])
    result = bradley_terry(kept, ties="drop")
    np.testing.assert_allclose(result.strength, 0, atol=1e-9)
    assert result.total_weight == 3


def test_refused_ties_are_named():
    games = Comparisons.from_arrays(["a", "b", "c"], ["b", "a", "b"], [1, 1, 0.5])
    with pytest.raises(ValueError, match="total weight of 1, first between 'b' and 'c'"):
        bradley_terry(games, ties="raise")


def test_nothing_is_left_of_ties_alone():
    with pytest.raises(ValueError, match="total weight is zero"):
        bradley_terry(Comparisons.from_arrays(["a"], ["b"], [0.5]), ties="drop")


# Bad input.


def test_items_that_nobody_beat_are_named():
    group = [("a", "b"), ("b", "c"), ("c", "a")]
    games = [("top", "a"), *group, ("b", "last"), ("x", "y"), ("y", "x")]
    with pytest.raises(hasten.NotConnectedError) as caught:
        bradley_terry(games)
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.n_components == 4
    assert error.largest == 3
    reasons = dict(error.offenders)
    assert reasons["top"] == "never lost"
    assert reasons["last"] == "never won"
    assert "'top' (never lost)" in str(error)
    assert "`prior`" in str(error)
    assert "`on_disconnected`='largest'" in str(error)


@pytest.mark.parametrize(
    ("argument", "value", "error", "message"),
    [
        ("tol", 0, ValueError, "`tol` must be greater than 0; got 0"),
        ("tol", np.nan, ValueError, "`tol` must be finite"),
        ("max_iter", 0, ValueError, "`max_iter` must be at least 1; got 0"),
        ("max_iter", 1.5, TypeError, "`max_iter` must be an integer"),
        ("method", "newtown", ValueError, "did you mean 'newton'"),
        ("ties", "ignore", ValueError, "`ties` must be one of 'half', 'davidson'"),
        ("reference", "Bostom", ValueError, r"got 'Bostom' \(did you mean 'Boston'\?\)"),
        ("init", [0.0], ValueError, r"`init` must have shape \(7,\); got \(1,\)"),
        ("init", [np.nan] * 7, ValueError, "`init` must be finite; got nan at index 0"),
        ("init", ["a"] * 7, TypeError, "`init` must hold real numbers"),
        ("callback", 3, TypeError, "`callback` must be callable or None; got 3"),
        ("n_threads", 0, ValueError, "`n_threads` must be at least 1"),
    ],
)
def test_bad_arguments(argument, value, error, message):
    games = datasets.load_baseball_1987().comparisons()
    with pytest.raises(error, match=message):
        bradley_terry(games, **{argument: value})


@pytest.mark.parametrize(
    ("games", "error", "message"),
    [
        ([], ValueError, "no comparisons"),
        (np.zeros((0, 2), dtype=int), ValueError, "no comparisons"),
        (np.zeros((3, 3), dtype=int), ValueError, r"shape \(n_games, 2\).*got shape \(3, 3\)"),
        (np.arange(4), ValueError, r"got shape \(4,\)"),
        ([("a", "b"), ("c",)], ValueError, r"pairs of items; got \('c',\) at row 1"),
        ([("a", 1), ("b", 2)], TypeError, "str"),
        ([("a", "a")], ValueError, "a"),
        ([("a", None)], ValueError, "missing|None"),
        (3, ValueError, "shape"),
    ],
)
def test_bad_games(games, error, message):
    with pytest.raises(error, match=message):
        bradley_terry(games)


def test_tables_of_two_columns():
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    rows = {"w": ["a", "b", "c"], "l": ["b", "c", "a"]}
    for table in (pandas.DataFrame(rows), polars.DataFrame(rows)):
        assert bradley_terry(table).items.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="`comparisons` must have 2 columns; got 1"):
        bradley_terry(pandas.DataFrame({"w": ["a"]}))


# Running and stopping.


def test_running_out_of_iterations_warns_with_advice_at_the_callers_line():
    data = make_uniform(40, 400, rng=0, spread=0.3)
    with pytest.warns(hasten.ConvergenceWarning, match="method='newton'") as caught:
        result = bradley_terry(data.comparisons(), method="zermelo", max_iter=3)
    assert caught[0].filename == __file__
    assert not result.converged
    assert result.error > 1e-6
    assert result.n_iter == 3
    assert "max_iter=3" in result.message


def test_a_callback_sees_the_solve_and_can_stop_it():
    games = datasets.load_baseball_1987().comparisons()
    seen = []

    def watch(info):
        seen.append((info.n_iter, info.error, info.x.shape))
        return len(seen) == 2

    result = bradley_terry(games, method="newman", callback=watch, tol=1e-12)
    assert len(seen) == 2
    assert all(shape == (7,) for _, _, shape in seen)
    assert not result.converged
    assert "stopped by the callback" in result.message


def test_a_trace_is_kept_only_when_asked_for():
    games = datasets.load_baseball_1987().comparisons()
    assert bradley_terry(games).history is None
    result = bradley_terry(games, trace=True, method="newman")
    assert set(result.history) == {"n_iter", "error"}
    assert (np.diff(result.history["n_iter"]) > 0).all()


def test_a_bar_is_drawn_when_asked_for(capsys):
    bradley_terry(datasets.load_baseball_1987().comparisons(), progress=True, method="newman")
    assert "Bradley-Terry" in capsys.readouterr().err


def test_inputs_are_not_changed_and_may_be_read_only():
    games = np.array([[0, 1], [1, 2], [2, 0], [0, 2]])
    start = np.array([0.1, 0.2, 0.3])
    copies = games.copy(), start.copy()
    games.flags.writeable = start.flags.writeable = False
    bradley_terry(games, init=start)
    np.testing.assert_array_equal(games, copies[0])
    np.testing.assert_array_equal(start, copies[1])
    bradley_terry(np.asfortranarray(games)[::-1])
