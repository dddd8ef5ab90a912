"""Standard errors, covariances, contrasts and intervals against dense linear algebra."""

import math
import pickle

import numpy as np
import pytest
from scipy import stats

from hasten._core import ranking as core
from hasten.datasets import load_baseball_1987, load_journal_citations
from hasten.ranking import Comparisons, bradley_terry
from hasten.ranking._paired import (
    Cells,
    PairedModel,
    Specification,
    paired_cells,
    unordered_outcomes,
)
from hasten.ranking.datasets import make_uniform

# Agresti's data, centred; computed by two independent programs for the specification.
BASEBALL_SANDWICH = [0.228446, 0.193760, 0.214017, 0.207656, 0.207649, 0.205769, 0.195075]
BASEBALL_MODEL = [0.232462, 0.200919, 0.205044, 0.204157, 0.207419, 0.201604, 0.202062]


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def dense_covariance(games, strength, kind):
    """Return ``L^+`` or ``L^+ V L^+`` from one loop over pairs, ties scoring on their own."""
    wins, ties = (matrix.toarray() for matrix in games.to_matrix())
    n = len(wins)
    information, scores = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            chance = sigmoid(strength[i] - strength[j])
            tie = ties[i, j] / 2  # both directions hold the ties of a pair
            edge = np.zeros(n)
            edge[[i, j]] = 1, -1
            square = np.outer(edge, edge)
            information += (wins[i, j] + tie) * chance * (1 - chance) * square
            scores += (wins[i, j] * (1 - chance) ** 2 + tie * (0.5 - chance) ** 2) * square
    inverse = np.linalg.pinv(information, hermitian=True)
    return inverse if kind == "model" else inverse @ scores @ inverse


def draw_davidson(n_items, n_games, nu, rng, scale=1.0):
    """Return the games of a round robin in which ties are outcomes of their own."""
    strength = scale * np.linspace(-1, 1, n_items)
    left, right = np.triu_indices(n_items, 1)
    left, right = np.repeat(left, n_games), np.repeat(right, n_games)
    difference = strength[left] - strength[right]
    weights = np.stack([np.exp(difference / 2), 2 * nu * np.ones_like(difference),
                        np.exp(-difference / 2)])  # fmt: skip
    cut = np.cumsum(weights / weights.sum(axis=0), axis=0)
    outcome = 1 - (rng.random(len(left)) > cut[:2]).sum(axis=0) / 2
    return Comparisons.from_arrays(left, right, outcome, items=np.arange(n_items)), strength


@pytest.mark.parametrize(
    ("kind", "expected"), [("model", BASEBALL_MODEL), ("sandwich", BASEBALL_SANDWICH)]
)
def test_baseball_errors_are_those_of_two_other_programs(kind, expected):
    result = bradley_terry(load_baseball_1987().comparisons())
    np.testing.assert_allclose(result.standard_error(kind=kind), expected, atol=1e-6)
    assert result.standard_error_accuracy(kind=kind) == 0.0


@pytest.mark.parametrize("kind", ["model", "sandwich"])
@pytest.mark.parametrize("reference", [None, 2])
def test_errors_and_covariances_are_those_of_dense_matrices(kind, reference):
    games, _ = draw_davidson(9, 20, 0.7, np.random.default_rng(3))
    result = bradley_terry(games, reference=reference)
    dense = dense_covariance(games, np.asarray(result.strength), kind)
    if reference is not None:
        shift = np.eye(9)
        shift[:, reference] -= 1
        dense = shift @ dense @ shift.T
    covariance = result.covariance(kind=kind)
    np.testing.assert_allclose(covariance, dense, atol=1e-11)
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_allclose(
        result.standard_error(kind=kind), np.sqrt(np.abs(np.diag(dense))), rtol=1e-8, atol=1e-7
    )
    some = result.standard_error([7, 0], kind=kind)
    np.testing.assert_allclose(some, result.standard_error(kind=kind)[[7, 0]], rtol=1e-9)


def test_a_contrast_is_a_difference_with_its_own_error():
    games = load_baseball_1987().comparisons()
    result = bradley_terry(games)
    grounded = bradley_terry(games, reference="Baltimore")
    for kind in ("model", "sandwich"):
        one = result.contrast("Milwaukee", "Baltimore", kind=kind)
        error = grounded.standard_error(["Milwaukee"], kind=kind)[0]
        np.testing.assert_allclose(one.standard_error, error, rtol=1e-9)
        assert one.statistic == one.estimate / one.standard_error
        np.testing.assert_allclose(one.pvalue, 2 * stats.norm.sf(abs(one.statistic)), rtol=1e-10)
        assert all(isinstance(value, float) for value in one)
        several = result.contrast(["Milwaukee", "Toronto"], "Baltimore", kind=kind)
        np.testing.assert_allclose([part[0] for part in several], one, rtol=1e-9)
    assert result.contrast([], "Boston").estimate.shape == (0,)


def test_errors_of_shared_parameters_are_a_block_of_their_own():
    home = load_baseball_1987()
    cells = paired_cells(home.comparisons(), Specification())
    result = bradley_terry(home.comparisons())
    assert result._shared_covariance("model").shape == (0, 0)
    # With an order effect of 0 the information of the pair is bordered by its weighted sums.
    strength = np.append(np.asarray(result.strength), 0.0)
    fit = ("paired", cells, PairedModel(order_effect=True), strength, None)
    chance = sigmoid(strength[cells.left] - strength[cells.right])
    design = np.zeros((len(cells.left), 8))
    rows = np.arange(len(cells.left))
    design[rows, cells.left] = 1
    design[rows, cells.right] = -1
    design[:, 7] = 1
    weight = (cells.wins + cells.losses) * chance * (1 - chance)
    inverse = np.linalg.pinv(design.T @ (weight[:, None] * design), hermitian=True)
    found = core.covariance(fit, "model", None, np.arange(8, dtype=np.uint32), None)
    np.testing.assert_allclose(found, inverse, atol=1e-11)


def test_a_sketch_is_within_its_stated_accuracy_of_exact_errors():
    # 12,000 items in a graph without small separators have no factor that fits.
    n_items = 12_000
    rng = np.random.default_rng(5)
    left = rng.integers(0, n_items, 200_000)
    right = (left + rng.integers(1, n_items, len(left))) % n_items
    ring = np.arange(n_items)
    games = Comparisons.from_arrays(
        np.concatenate([left, ring, np.roll(ring, -1)]),
        np.concatenate([right, np.roll(ring, -1), ring]),
    )
    result = bradley_terry(games)
    errors = result.standard_error()
    assert result.standard_error_accuracy() == pytest.approx(0.05)
    assert "standard errors from a sketch, good to 5%" in result.summary()
    some = rng.choice(n_items, 12, replace=False)
    exact = result.standard_error(some)
    # The squares of a sketch vary no more than chi-square with 200 degrees of freedom.
    bounds = np.sqrt(stats.chi2.ppf([1e-8, 1 - 1e-8], 200) / 200)
    assert (bounds[0] < errors[some] / exact).all()
    assert (errors[some] / exact < bounds[1]).all()


def test_ties_that_count_half_need_the_sandwich():
    rng = np.random.default_rng(8)
    n_items, n_games, n_repeats = 6, 40, 150
    strengths, errors = [], {"model": [], "sandwich": []}
    for _ in range(n_repeats):
        games, _ = draw_davidson(n_items, n_games, 1.0, rng, scale=0.6)
        result = bradley_terry(games)
        strengths.append(np.asarray(result.strength))
        for kind, found in errors.items():
            found.append(result.standard_error(kind=kind))
    spread = np.sqrt(np.var(strengths, axis=0, ddof=1).mean())
    mean = {kind: np.sqrt(np.mean(np.square(found))) for kind, found in errors.items()}
    # The variance of 150 repeats of five free strengths has some 750 degrees of freedom.
    bounds = np.sqrt(stats.chi2.ppf([1e-6, 1 - 1e-6], n_repeats * (n_items - 1)) / 750)
    assert bounds[0] < spread / mean["sandwich"] < bounds[1]
    assert mean["model"] / spread > 1.2


def covers(low, high, truth):
    return (low <= truth) & (truth <= high)


@pytest.mark.parametrize("kind", ["model", "sandwich"])
def test_intervals_cover_as_often_as_they_say(kind):
    n_items, n_repeats, level = 6, 400, 0.9
    rng = np.random.default_rng(13)
    truth = np.linspace(-1, 1, n_items)
    left, right = np.triu_indices(n_items, 1)
    chance = sigmoid(truth[left] - truth[right])
    marginal, together = 0, 0
    for _ in range(n_repeats):
        wins = rng.binomial(60, chance)
        games = Comparisons.from_arrays(
            np.concatenate([left, right]), np.concatenate([right, left]),
            weight=np.concatenate([wins, 60 - wins]).astype(float), items=np.arange(n_items),
        )  # fmt: skip
        result = bradley_terry(games)
        marginal += covers(*result.confidence_interval(level, kind=kind), truth).mean()
        band = result.confidence_interval(level, kind=kind, method="simultaneous", rng=rng)
        together += covers(*band, truth).all()
    # Binomial bounds of a one-in-a-million event, and two percent for the normal approximation.
    low, high = stats.binom.ppf([5e-7, 1 - 5e-7], n_repeats, level) / n_repeats
    assert low - 0.02 < marginal / n_repeats < high + 0.02
    assert low - 0.02 < together / n_repeats < high + 0.02


def test_a_simultaneous_band_has_the_quantile_of_the_largest_error():
    result = bradley_terry(load_baseball_1987().comparisons())
    half = [
        np.asarray(interval.high - interval.low) / 2 / result.standard_error()
        for interval in (
            result.confidence_interval(),
            result.confidence_interval(method="simultaneous", n_samples=20_000, rng=0),
        )
    ]
    np.testing.assert_allclose(half[1], half[1][0], rtol=1e-10)
    assert half[1][0] > half[0][0]
    # Independent draws of the same distribution, by NumPy.
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(np.zeros(7), result.covariance(), 200_000, method="svd")
    largest = np.abs(draws / result.standard_error()).max(axis=1)
    spread = np.sqrt(0.95 * 0.05 / 20_000) * 5.5
    low, high = np.quantile(largest, [0.95 - spread, 0.95 + spread])
    assert low < half[1][0] < high


def test_draws_are_numbered_and_have_the_covariance():
    games, _ = draw_davidson(5, 30, 0.5, np.random.default_rng(2))
    result = bradley_terry(games)
    fit = result._fit.core()
    for kind in ("model", "sandwich"):
        draws = core.draws(fit, kind, 3, 0, 20_000, None)
        np.testing.assert_array_equal(draws[7:19], core.draws(fit, kind, 3, 7, 19, 1))
        dense = result.covariance(kind=kind)
        found = draws.T @ draws / len(draws)
        spread = np.sqrt((np.outer(np.diag(dense), np.diag(dense)) + dense**2) / len(draws))
        assert (np.abs(found - dense) < 5.5 * spread).all()


def test_dropped_ties_leave_no_scores():
    games, _ = draw_davidson(5, 30, 0.8, np.random.default_rng(4))
    wins, _ = games.to_matrix()
    dropped = bradley_terry(games, ties="drop").standard_error(kind="sandwich")
    without = bradley_terry(Comparisons.from_matrix(wins)).standard_error(kind="sandwich")
    np.testing.assert_allclose(dropped, without, rtol=1e-12)


def test_comparison_of_a_model_with_itself_tests_nothing():
    games = load_baseball_1987().comparisons()
    comparison = bradley_terry(games).compare(bradley_terry(games, reference="Boston"))
    assert comparison.kind == "aic"
    assert comparison.df == 0
    assert comparison.aic_difference == 0.0
    assert math.isnan(comparison.pvalue)


def test_nested_models_are_compared_by_their_likelihoods():
    games = load_baseball_1987().comparisons(ordered=True)
    small, large = bradley_terry(games), bradley_terry(games, order_effect=True)
    for comparison in (small.compare(large), large.compare(small)):
        assert (comparison.kind, comparison.df) == ("likelihood-ratio", 1)
        np.testing.assert_allclose(comparison.statistic, 2 * (172.248176 - 169.542871), atol=2e-6)
        np.testing.assert_allclose(comparison.pvalue, stats.chi2.sf(comparison.statistic, 1))
    assert small.compare(large).aic_difference == -large.compare(small).aic_difference
    assert small.compare(large).aic_difference == pytest.approx(small.aic - large.aic)


def test_comparison_refuses_other_data():
    baseball = bradley_terry(load_baseball_1987().comparisons())
    with pytest.raises(ValueError, match="same outcomes of the same items"):
        baseball.compare(bradley_terry(load_journal_citations().comparisons()))
    games, _ = draw_davidson(5, 30, 0.8, np.random.default_rng(4))
    with pytest.raises(ValueError, match="ties that are shared or dropped"):
        bradley_terry(games).compare(bradley_terry(games, ties="drop"))
    with pytest.raises(TypeError, match="`other` must be a ranking result; got int"):
        baseball.compare(3)


def test_outcomes_do_not_depend_on_who_stood_on_the_left():
    cells = Cells(
        4, np.array([2, 0, 3], np.uint32), np.array([0, 2, 1], np.uint32),
        np.array([1.0, 4.0, 2.0]), np.array([3.0, 5.0, 0.0]), np.array([0.5, 0.0, 1.0]),
    )  # fmt: skip
    pairs, counts = unordered_outcomes(cells)
    assert pairs.tolist() == [2, 7]
    assert counts.tolist() == [[7.0, 0.0], [6.0, 2.0], [0.5, 1.0]]


def test_errors_survive_pickling_and_threads():
    data = make_uniform(200, 20_000, rng=3)
    answers = [
        bradley_terry(data.comparisons(), n_threads=n_threads).standard_error(kind="sandwich")
        for n_threads in (1, 2, 4)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])
    result = bradley_terry(data.comparisons())
    copy = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(copy.standard_error(kind="sandwich"), answers[0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.standard_error(kind="robust"), ValueError, "`kind` must be one of 'model'"),
        (lambda r: r.standard_error(kind=1), TypeError, "`kind` must be one of"),
        (lambda r: r.covariance(kind="x"), ValueError, "`kind`"),
        (lambda r: r.standard_error_accuracy(kind="x"), ValueError, "`kind`"),
        (lambda r: r.contrast("Boston", "Boston"), ValueError, "another item than `a`.*row 0"),
        (lambda r: r.contrast("Bostom", "Toronto"), ValueError, "did you mean 'Boston'"),
        (lambda r: r.contrast(["Boston"] * 2, ["Toronto"] * 3), ValueError, "a has 2 entries"),
        (lambda r: r.confidence_interval(method="exact"), ValueError, "`method` must be one of"),
        (lambda r: r.confidence_interval(0.0), ValueError, "strictly between 0 and 1; got 0.0"),
        (
            lambda r: r.confidence_interval(method="simultaneous", n_samples=10),
            ValueError,
            "`n_samples` must be at least level",
        ),
        (
            lambda r: r.confidence_interval(method="simultaneous", rng="x"),
            TypeError,
            "`rng` must be None, an integer",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(bradley_terry(load_baseball_1987().comparisons()))
