"""Bootstrap replicates: what they draw, how exactly they are fitted, and what follows."""

import pickle
import sys

import numpy as np
import pytest
from scipy import stats

from hasten._core import ranking as core
from hasten.datasets import load_baseball_1987
from hasten.ranking import Comparisons, bradley_terry
from hasten.ranking._paired import Cells, PairedModel
from hasten.ranking.datasets import make_ladder, make_power_law

KINDS = ("games", "parametric")


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def replicate_outcomes(result, kind, key, replicate):
    """Return the replicate's outcomes as comparisons."""
    low, high, counts = core.resampled_outcomes(result._fit.core(), kind, key, replicate)
    return Comparisons.from_arrays(
        np.concatenate([low, high, low]), np.concatenate([high, low, high]),
        np.repeat([1.0, 1.0, 0.5], len(low)), weight=counts.T.ravel(),
        items=np.arange(len(result.items)),
    )  # fmt: skip


def tied_games(seed, n_items=8, n_games=30):
    rng = np.random.default_rng(seed)
    left, right = np.triu_indices(n_items, 1)
    left, right = np.repeat(left, n_games), np.repeat(right, n_games)
    chance = sigmoid((left - right) * -0.2)
    outcome = np.where(rng.random(len(left)) < 0.3, 0.5, rng.random(len(left)) < chance)
    return Comparisons.from_arrays(left, right, outcome, items=np.arange(n_items))


def test_games_are_drawn_from_the_multinomial_of_recorded_outcomes():
    result = bradley_terry(tied_games(1, 4, 12))
    cells = result._fit.core()[1]
    weight = np.stack([cells.wins, cells.losses, cells.ties], axis=1).ravel()
    total, n = weight.sum(), 4000
    drawn = np.stack(
        [core.resampled_outcomes(result._fit.core(), "games", 5, r)[2].ravel() for r in range(n)]
    )
    assert (drawn.sum(axis=1) == total).all()
    assert (drawn == np.round(drawn)).all()
    assert (drawn[:, weight == 0] == 0).all()
    chance = weight / total
    expected = total * (np.diag(chance) - np.outer(chance, chance))
    spread = np.sqrt(np.diag(expected) / n)
    assert (np.abs(drawn.mean(axis=0) - weight) <= 5.5 * spread).all()
    covariance = np.cov(drawn.T)
    # Fourth moments of binomials are near the normal's; one count in a thousand is allowed for.
    noise = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / n)
    assert (np.abs(covariance - expected) <= 6 * noise + 1e-3 * total).all()


def test_large_counts_are_drawn_with_the_right_spread():
    games = Comparisons.from_arrays([0, 1, 0], [1, 0, 2], weight=[4e6, 1e6, 3.0])
    games = games.merge(Comparisons.from_arrays([2], [0], weight=[5.0]))
    fit = bradley_terry(games)._fit.core()
    drawn = np.stack([core.resampled_outcomes(fit, "games", 2, r)[2][0] for r in range(2000)])
    chance = 4e6 / 5000008
    spread = np.sqrt(5000008 * chance * (1 - chance))
    assert abs(drawn[:, 0].mean() - 4e6) < 5.5 * spread / np.sqrt(2000)
    ratio = drawn[:, 0].var(ddof=1) / spread**2
    low, high = stats.chi2.ppf([1e-7, 1 - 1e-7], 1999) / 1999
    assert low < ratio < high


def test_parametric_outcomes_keep_the_games_of_each_pair_and_follow_the_model():
    result = bradley_terry(make_power_law(12, 900, rng=3).comparisons())
    cells = result._fit.core()[1]
    games = cells.wins + cells.losses
    strength = np.asarray(result.strength)
    chance = sigmoid(strength[cells.left] - strength[cells.right])
    n = 2000
    drawn = np.stack(
        [core.resampled_outcomes(result._fit.core(), "parametric", 5, r)[2] for r in range(n)]
    )
    assert (drawn.sum(axis=2) == games).all()
    spread = np.sqrt(games * chance * (1 - chance) / n)
    assert (np.abs(drawn[:, :, 0].mean(axis=0) - games * chance) <= 5.5 * spread + 1e-12).all()


def davidson_fit():
    """Return cells and parameters at which ties are outcomes of their own."""
    cells = Cells(
        3, np.array([0, 0, 1], np.uint32), np.array([1, 2, 2], np.uint32),
        np.array([30.0, 40.0, 20.0]), np.array([20.0, 10.0, 15.0]), np.array([25.0, 25.0, 40.0]),
    )  # fmt: skip
    return cells, np.array([0.4, 0.0, -0.4])


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_parametric_ties_follow_their_model(ties):
    cells, strength = davidson_fit()
    parameter = 0.3
    fit = ("paired", cells, PairedModel(ties=ties), np.append(strength, parameter), None)
    difference = strength[cells.left] - strength[cells.right]
    if ties == "davidson":
        weights = np.exp([difference / 2, -difference / 2, np.full(3, np.log(2) + parameter)])
        chance = weights / weights.sum(axis=0)
    else:
        theta = np.exp(parameter)
        win = 1 / (1 + theta * np.exp(-difference))
        loss = 1 / (1 + theta * np.exp(difference))
        chance = np.stack([win, loss, 1 - win - loss])
    n = 3000
    drawn = np.stack([core.resampled_outcomes(fit, "parametric", 1, r)[2] for r in range(n)])
    games = cells.wins + cells.losses + cells.ties
    expected = games[:, None] * chance.T
    spread = np.sqrt(expected * (1 - chance.T) / n)
    assert (np.abs(drawn.mean(axis=0) - expected) < 5.5 * spread).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "games",
    [
        load_baseball_1987().comparisons(),
        tied_games(2),
        make_power_law(60, 3000, rng=1, spread=0.5).comparisons(),
        make_ladder(80, 4000, rng=2).comparisons(),
    ],
    ids=["baseball", "ties", "power-law", "ladder"],
)
def test_each_replicate_is_a_full_fit_of_its_outcomes(games, kind):
    result = bradley_terry(games)
    replicates = result.bootstrap(30, kind=kind, rng=7)
    covariance = result.covariance()
    eigenvalues, vectors = np.linalg.eigh(covariance)
    kept = eigenvalues > eigenvalues.max() * 1e-12
    for r, strength in enumerate(np.asarray(replicates.strengths)):
        outcomes = replicate_outcomes(result, kind, replicates.key, r)
        if np.isnan(strength).any():
            assert outcomes.components().n_components > 1
            continue
        exact = bradley_terry(outcomes, tol=1e-10).strength
        scaled = vectors[:, kept].T @ (strength - exact) / np.sqrt(eigenvalues[kept])
        # The norm bounds every contrast's error in units of its standard error.
        assert np.linalg.norm(scaled) < 2e-3


def test_replicates_have_the_same_bits_for_any_threads_processes_and_splits():
    games = make_power_law(40, 2000, rng=1).comparisons()
    whole = bradley_terry(games, n_threads=1).bootstrap(24, rng=3)
    for n_threads in (2, 5):
        other = bradley_terry(games, n_threads=n_threads).bootstrap(24, rng=3)
        np.testing.assert_array_equal(other.strengths, whole.strengths)
    spread = bradley_terry(games).bootstrap(24, rng=3, n_jobs=2)
    np.testing.assert_array_equal(spread.strengths, whole.strengths)
    result = bradley_terry(games)
    parts = [result.bootstrap(size, rng=3, first=first) for first, size in ((0, 5), (5, 19))]
    merged = parts[0].merge(parts[1])
    np.testing.assert_array_equal(merged.strengths, whole.strengths)
    assert merged.n_failed == whole.n_failed
    assert (merged.first, merged.n_resamples) == (0, 24)


def test_one_number_is_taken_from_the_generator():
    result = bradley_terry(load_baseball_1987().comparisons())
    rng, twin = np.random.default_rng(6), np.random.default_rng(6)
    first = result.bootstrap(3, rng=rng)
    assert first.key == int(twin.integers(0, 2**64, dtype=np.uint64))
    assert rng.random() == twin.random()
    assert not np.array_equal(first.strengths, result.bootstrap(3, rng=rng).strengths)


@pytest.mark.parametrize("kind", KINDS)
def test_standard_errors_agree_with_those_of_large_samples(kind):
    # 2,000 games a pair: the replicates' errors are those of the estimate up to a few thousandths.
    games = tied_games(4, 6, 2000)
    result = bradley_terry(games, ties="half" if kind == "games" else "drop")
    n = 4000
    found = result.bootstrap(n, kind=kind, rng=1).standard_error()
    expected = result.standard_error(kind="sandwich" if kind == "games" else "model")
    low, high = np.sqrt(stats.chi2.ppf([1e-7, 1 - 1e-7], n - 1) / (n - 1))
    assert (low - 0.01 < found / expected).all()
    assert (found / expected < high + 0.01).all()


@pytest.mark.parametrize("kind", ["games", "parametric"])
def test_percentile_intervals_cover_as_often_as_they_say(kind):
    n_items, n_sets, n_resamples, level = 5, 300, 200, 0.9
    truth = np.linspace(-0.8, 0.8, n_items)
    rng = np.random.default_rng(31)
    low, high = np.triu_indices(n_items, 1)
    covered = 0
    for _ in range(n_sets):
        wins = np.zeros((n_items, n_items))
        wins[low, high] = rng.binomial(150, 1 / (1 + np.exp(truth[high] - truth[low])))
        wins[high, low] = 150 - wins[low, high]
        result = bradley_terry(Comparisons.from_matrix(wins))
        interval = result.bootstrap(n_resamples, kind=kind, rng=rng).confidence_interval(level)
        covered += bool(interval.low[0] <= truth[0] <= interval.high[0])
    # Quantiles of 200 draws lie 1/201 beside their level at each end; one item a set, so that the
    # sets are independent.
    slack = 2 / (n_resamples + 1)
    least = stats.binom.ppf(1e-7, n_sets, level - slack)
    most = stats.binom.ppf(1 - 1e-7, n_sets, level + slack)
    assert least <= covered <= most


def test_replicates_in_which_an_item_never_wins_are_counted():
    strong = [(a, b) for a in range(4) for b in range(4) if a != b] * 5
    games = np.array([*strong, (4, 0), *[(a, 4) for a in range(4)] * 5])
    result = bradley_terry(games)
    n = 2000
    replicates = result.bootstrap(n, rng=1)
    failed = np.isnan(replicates.strengths).any(axis=1)
    assert replicates.n_failed == failed.sum()
    assert np.isnan(replicates.strengths[failed]).all()
    # The one win is left out of all draws with about this chance; all else is drawn often enough.
    chance = (1 - 1 / len(games)) ** len(games)
    low, high = stats.binom.ppf([1e-7, 1 - 1e-7], n, chance)
    assert low <= replicates.n_failed <= high + 0.01 * n
    assert np.isfinite(replicates.standard_error()).all()
    assert f"{replicates.n_failed:,} without an estimate" in str(replicates)


def test_intervals_and_table():
    pytest.importorskip("pandas")
    result = bradley_terry(load_baseball_1987().comparisons(), reference="Baltimore")
    replicates = result.bootstrap(500, rng=0)
    strengths = np.asarray(replicates.strengths)
    assert (strengths[:, 0] == 0).all()
    low, high = replicates.confidence_interval(0.8)
    np.testing.assert_array_equal(low, np.quantile(strengths, (1 - 0.8) / 2, axis=0))
    basic = replicates.confidence_interval(0.8, method="basic")
    np.testing.assert_allclose(basic.low, 2 * np.asarray(result.strength) - high)
    np.testing.assert_allclose(basic.high, 2 * np.asarray(result.strength) - low)
    frame = replicates.to_frame(0.8)
    assert list(frame.columns) == ["item", "strength", "standard_error", "low", "high"]
    np.testing.assert_array_equal(frame["low"], low)
    np.testing.assert_allclose(frame["standard_error"], strengths.std(axis=0, ddof=1))
    copy = pickle.loads(pickle.dumps(replicates))
    np.testing.assert_array_equal(copy.strengths, strengths)


def test_frames_without_pandas_name_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install hasten\[table\]"):
        bradley_terry(load_baseball_1987().comparisons()).bootstrap(3, rng=0).to_frame()


def test_weights_count_as_numbers_of_games():
    rows = np.array([[0, 1], [1, 2], [2, 0], [0, 2]])
    weight = np.array([3.0, 2.0, 2.0, 1.0])
    counted = Comparisons.from_arrays(*np.repeat(rows, weight.astype(int), axis=0).T)
    weighted = Comparisons.from_arrays(*rows.T, weight=weight)
    np.testing.assert_array_equal(
        bradley_terry(counted).bootstrap(20, rng=2).strengths,
        bradley_terry(weighted).bootstrap(20, rng=2).strengths,
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.bootstrap(0), ValueError, "`n_resamples` must be at least 1; got 0"),
        (lambda r: r.bootstrap(2.5), TypeError, "`n_resamples` must be an integer"),
        (lambda r: r.bootstrap(2**33), ValueError, "at most 2\\*\\*32"),
        (lambda r: r.bootstrap(3, first=-1), ValueError, "`first` must be at least 0"),
        (lambda r: r.bootstrap(3, kind="pairs"), ValueError, "`kind` must be one of 'games'"),
        (lambda r: r.bootstrap(3, rng=-1), ValueError, "`rng` must be a seed of at least 0"),
        (
            lambda r: r.bootstrap(3, rng=0).confidence_interval(method="bca"),
            ValueError,
            "`method` must be one of 'percentile'",
        ),
        (lambda r: r.bootstrap(1, rng=0).standard_error(), ValueError, "at least 2 replicates"),
        (lambda r: r.bootstrap(3, rng=0).merge(r), TypeError, "`other` must be a Bootstrap"),
        (
            lambda r: r.bootstrap(3, rng=0).merge(r.bootstrap(3, rng=1, first=3)),
            ValueError,
            "same key and kind",
        ),
        (
            lambda r: r.bootstrap(3, rng=0).merge(r.bootstrap(3, rng=0, first=4)),
            ValueError,
            "must begin with replicate 3",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(bradley_terry(load_baseball_1987().comparisons()))


def test_too_little_weight_is_refused():
    games = Comparisons.from_arrays([0, 1], [1, 0], weight=[0.1, 0.2])
    with pytest.raises(ValueError, match="`comparisons` must be of a total weight between 1 and"):
        bradley_terry(games).bootstrap(3, rng=0)
