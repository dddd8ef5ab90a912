"""`plackett_luce` agrees with its definition, and its certificate is never below the true error."""

import itertools
import pickle
import warnings

import numpy as np
import pytest
import scipy.optimize

import hasten
from hasten.ranking import (
    Comparisons,
    Gaussian,
    Logistic,
    Rankings,
    bradley_terry,
    plackett_luce,
)
from hasten.ranking.datasets import make_local_rankings, make_rankings

METHODS = ("auto", "newton", "newman", "zermelo")
PRIORS = (None, 0.5, Gaussian(0.4))


# The model written down from its definition.


def choices(rankings):
    """Yield (winner, set, weight) for each choice that rankings consist of."""
    arrays = rankings._arrays
    for k, weight in enumerate(arrays.weights.tolist()):
        codes = arrays.items[arrays.offsets[k] : arrays.offsets[k + 1]].astype(int)
        for v in range(int(arrays.n_placed[k])):
            yield codes[v], codes[v:], weight


def log_likelihood(rankings, strength):
    return sum(
        weight * (strength[winner] - np.logaddexp.reduce(strength[among]))
        for winner, among, weight in choices(rankings)
    )


def log_prior(prior, strength):
    if prior is None:
        return 0.0
    if isinstance(prior, Gaussian):
        return -prior.precision / 2 * np.sum(strength**2)
    weight = prior.weight if isinstance(prior, Logistic) else prior
    return -weight * np.sum(np.logaddexp(0, strength) + np.logaddexp(0, -strength))


def derivatives(rankings, strength, prior=None):
    n_items = len(strength)
    gradient, information = np.zeros(n_items), np.zeros((n_items, n_items))
    for winner, among, weight in choices(rankings):
        chance = np.exp(strength[among] - np.logaddexp.reduce(strength[among]))
        gradient[winner] += weight
        gradient[among] -= weight * chance
        information[np.ix_(among, among)] += weight * (np.diag(chance) - np.outer(chance, chance))
    if isinstance(prior, Gaussian):
        gradient -= prior.precision * strength
        information += prior.precision * np.eye(n_items)
    elif prior is not None:
        odds = np.exp(strength)
        gradient += prior * (1 - odds) / (1 + odds)
        information += np.diag(2 * prior * odds / (1 + odds) ** 2)
    return gradient, information


def maximise(rankings, prior=None):
    """Return the exact estimate by damped Newton steps."""
    strength = np.zeros(rankings.n_items)
    for _ in range(300):
        gradient, information = derivatives(rankings, strength, prior)
        step = np.linalg.pinv(information) @ gradient
        strength = strength + step / (1 + np.abs(step).max())
        if np.abs(step).max() < 1e-14:
            break
    return strength


def true_error(rankings, strength, prior=None):
    """Return the largest error of a contrast in its standard errors."""
    error = strength - maximise(rankings, prior)
    _, information = derivatives(rankings, strength, prior)
    return float(np.sqrt(error @ information @ error))


def random_rankings(seed, n_items=8, n_rankings=30):
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(n_items)[: rng.integers(2, n_items + 1)] for _ in range(n_rankings)]
    # A cycle, so that an estimate exists.
    rows += [np.array([k, (k + 1) % n_items]) for k in range(n_items)]
    top = [rng.integers(1, len(row) + 1) for row in rows]
    weight = rng.uniform(0.2, 3.0, len(rows))
    return Rankings.from_orderings(rows, top=top, weight=weight)


# The estimate.


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_is_the_exact_maximum(seed, prior):
    rankings = random_rankings(seed)
    result = plackett_luce(rankings, prior=prior, tol=1e-10)
    assert result.converged
    np.testing.assert_allclose(result.strength, maximise(rankings, prior), atol=1e-8)
    np.testing.assert_allclose(
        result.log_likelihood, log_likelihood(rankings, result.strength), rtol=1e-12
    )
    _, information = derivatives(rankings, result.strength, prior)
    np.testing.assert_allclose(result.covariance(), np.linalg.pinv(information), atol=1e-9)
    np.testing.assert_allclose(
        result.standard_error(), np.sqrt(np.diag(np.linalg.pinv(information))), rtol=1e-8
    )


def test_scipy_finds_nothing_better():
    rankings = random_rankings(11)
    result = plackett_luce(rankings)
    found = scipy.optimize.minimize(
        lambda s: -log_likelihood(rankings, s),
        np.zeros(rankings.n_items),
        jac=lambda s: -derivatives(rankings, s)[0],
        options={"gtol": 1e-9},
    )
    assert result.log_likelihood >= -found.fun - 1e-9
    np.testing.assert_allclose(result.strength, found.x - found.x.mean(), atol=1e-5)


def test_rankings_of_two_are_bradley_terry():
    rng = np.random.default_rng(2)
    pairs = np.array([rng.permutation(6)[:2] for _ in range(200)])
    ours, theirs = plackett_luce(pairs, tol=1e-10), bradley_terry(pairs, tol=1e-10)
    np.testing.assert_allclose(ours.strength, theirs.strength, atol=1e-9)
    np.testing.assert_allclose(ours.log_likelihood, theirs.log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(ours.standard_error(), theirs.standard_error(), rtol=1e-8)
    np.testing.assert_allclose(
        ours.standard_error(kind="sandwich"), theirs.standard_error(kind="sandwich"), rtol=1e-8
    )
    assert (ours.aic, ours.n_params) == (pytest.approx(theirs.aic), theirs.n_params)
    comparisons = Comparisons.from_arrays(pairs[:, 0], pairs[:, 1])
    assert ours.n_rankings == comparisons.n_games


def test_choices_from_one_set_have_their_shares_as_estimate():
    counts = np.array([5.0, 1.0, 3.0, 11.0])
    rankings = Rankings.from_choices(range(4), [range(4)] * 4, weight=counts)
    result = plackett_luce(rankings, tol=1e-12)
    np.testing.assert_allclose(result.probability, counts / 20, rtol=1e-12)
    np.testing.assert_allclose(result.log_likelihood, counts @ np.log(counts / 20), rtol=1e-14)
    # The multinomial's covariance of the logarithms of shares, up to a constant.
    centre = np.eye(4) - 0.25
    np.testing.assert_allclose(
        result.covariance(), centre @ np.diag(1 / counts) @ centre, rtol=1e-9, atol=1e-12
    )


def test_all_orders_of_three_in_closed_form():
    # The first choice has shares; the second is a comparison of two.
    rankings = Rankings.from_orderings(list(itertools.permutations("abc")))
    result = plackett_luce(rankings)
    np.testing.assert_allclose(result.strength, 0, atol=1e-12)
    np.testing.assert_allclose(result.log_likelihood, -6 * np.log(6), rtol=1e-14)
    # Information: 6 choices of three and 2 of each pair.
    information = 6 * (np.eye(3) / 3 - np.ones((3, 3)) / 9) + 2 / 4 * (3 * np.eye(3) - 1)
    np.testing.assert_allclose(result.covariance(), np.linalg.pinv(information), atol=1e-12)


def test_probabilities_of_all_orders_sum_to_one():
    result = plackett_luce(random_rankings(3, n_items=5))
    total = 0.0
    for order in itertools.permutations(range(5)):
        chance = 1.0
        for v in range(5):
            chance *= result.predict_proba(list(order[v:]))[0]
        total += chance
        one = Rankings.from_orderings([order], items=range(5))
        np.testing.assert_allclose(np.log(chance), log_likelihood(one, result.strength))
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


def test_a_chain_of_sets_may_be_eight_hundred_long():
    upper = np.arange(398)
    sets = np.stack([upper, upper + 1, upper + 2], axis=1)
    orderings = np.concatenate([np.roll(sets, -k, axis=1) for k in range(3)])
    weight = np.repeat([64.0, 8.0, 1.0], len(upper))
    result = plackett_luce(Rankings.from_orderings(orderings, top=1, weight=weight))
    assert result.converged
    np.testing.assert_allclose(-np.diff(result.strength), np.log(8), rtol=1e-6)
    assert np.ptp(result.strength) > 800


def test_methods_agree():
    rankings = random_rankings(5)
    exact = maximise(rankings)
    for method in METHODS:
        result = plackett_luce(rankings, method=method, tol=1e-8)
        assert result.converged
        np.testing.assert_allclose(result.strength, exact, atol=1e-7)
    assert plackett_luce(rankings, method="zermelo").method == "zermelo"
    assert plackett_luce(rankings, method="auto").method == "newton"


def test_sweeps_that_oscillate_give_way_to_newton():
    # Three wins to one: sweeps of all items at once alternate between 9 and 1.
    result = plackett_luce([["a", "b"]] * 3 + [["b", "a"]], method="newman")
    assert result.method == "newton"
    np.testing.assert_allclose(result.strength[0] - result.strength[1], np.log(3), rtol=1e-9)


def test_neighbours_in_skill():
    data = make_local_rankings(300, 6000, 0, window=25)
    result = plackett_luce(data.rankings())
    assert result.error <= 1e-6
    truth = data.strength - data.strength.mean()
    score = (result.strength - truth) / result.standard_error()
    assert np.mean(score**2) < 1.5


# The certificate.


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("max_iter", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("prior", [None, 0.5])
def test_the_error_is_a_bound_at_every_limit(method, max_iter, prior):
    for seed in range(3):
        rankings = random_rankings(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            result = plackett_luce(
                rankings, method=method, max_iter=max_iter, tol=1e-9, prior=prior
            )
        assert true_error(rankings, result.strength, prior) <= result.error + 1e-12
        assert result.converged == (result.error <= 1e-9)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 0.1, 0.5])
def test_the_error_is_a_bound_at_any_start(size):
    for seed in range(5):
        rankings = random_rankings(seed)
        start = maximise(rankings)
        start += size * np.random.default_rng(seed).standard_normal(len(start))
        start -= start.mean()
        with pytest.warns(hasten.ConvergenceWarning, match="max_iter=1"):
            result = plackett_luce(rankings, init=start, max_iter=1, tol=1e-14)
        np.testing.assert_allclose(result.strength, start, atol=1e-14)
        assert true_error(rankings, start) <= result.error
        missing = log_likelihood(rankings, maximise(rankings)) - result.log_likelihood
        assert missing <= result.log_likelihood_gap + 1e-10


def test_strengths_ten_one_one():
    # The two weak items are farthest apart; a path from the strong one misses that.
    weight = np.array([10.0, 1.0, 1.0])
    rankings = Rankings.from_choices(range(3), [range(3)] * 3, weight=weight)
    for shift in ([0.0, 0.3, -0.3], [0.4, -0.2, -0.2], [0.0, 0.01, -0.01]):
        start = maximise(rankings) + np.array(shift)
        with pytest.warns(hasten.ConvergenceWarning):
            result = plackett_luce(rankings, init=start, max_iter=1, tol=1e-14)
        assert true_error(rankings, result.strength) <= result.error


# Existence and components.

PARTED = [
    ["t", "a", "b", "z"],
    ["b", "c", "a", "z"],
    ["a", "c"],
    ["t", "a"],
    ["q", "r"],
    ["r", "q"],
]


def test_items_without_an_estimate_are_named():
    with pytest.raises(hasten.NotConnectedError, match="never won") as caught:
        plackett_luce(PARTED)
    assert caught.value.n_components == 4
    assert dict(caught.value.offenders) == {
        "t": "never lost",
        "z": "never won",
        "q": "no comparisons with the main group",
        "r": "no comparisons with the main group",
    }
    assert "on_disconnected" in str(caught.value)


def test_a_prior_gives_every_ranking_an_estimate():
    for prior in (1.0, Logistic(1.0), Gaussian(1.0)):
        result = plackett_luce(PARTED, prior=prior)
        assert result.converged
        assert np.isfinite(result.strength).all()
    assert plackett_luce(PARTED, prior=1.0).strength.tolist() == pytest.approx(
        plackett_luce(PARTED, prior=Logistic(1.0)).strength.tolist()
    )


def test_the_largest_component_alone():
    result = plackett_luce(PARTED, on_disconnected="largest")
    assert result.excluded.tolist() == ["q", "r", "t", "z"]
    inside = np.isin(result.items, ["a", "b", "c"])
    np.testing.assert_array_equal(np.isnan(result.strength), ~inside)
    np.testing.assert_array_equal(np.isnan(result.standard_error()), ~inside)
    np.testing.assert_array_equal(result.component, np.where(inside, 0, -1))
    alone = plackett_luce(Rankings.from_orderings(PARTED).select(["a", "b", "c"]))
    np.testing.assert_allclose(result.strength[inside], alone.strength, atol=1e-9)
    np.testing.assert_allclose(result.standard_error(["a", "b", "c"]), alone.standard_error())
    np.testing.assert_allclose(result.log_likelihood, alone.log_likelihood)
    assert result.n_params == 2
    assert np.isnan(result.predict_proba(["a", "t"])).all()
    np.testing.assert_allclose(result.predict_proba(["a", "b"]), alone.predict_proba(["a", "b"]))
    assert np.isnan(result.contrast("a", "t").estimate)
    assert np.isnan(result.covariance(["a", "t"])[:, 1]).all()
    assert result.rank.tolist() == [*alone.rank.tolist(), 0, 0, 0, 0]


def test_each_component_is_the_limit_of_a_vanishing_prior():
    result = plackett_luce(PARTED, on_disconnected="components", tol=1e-10)
    limit = plackett_luce(PARTED, prior=1e-8)
    assert len(result.component_order) == 4
    assert result.converged
    for group in range(4):
        members = result.component == group
        np.testing.assert_allclose(result.strength[members].mean(), 0, atol=1e-12)
        ours, theirs = result.strength[members], limit.strength[members]
        np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], atol=1e-6)
        np.testing.assert_allclose(result.probability[members].sum(), 1)
    assert result.n_params == 7 - 4
    assert np.isfinite(result.standard_error()).all()
    np.testing.assert_allclose(result.standard_error(["t", "z"]), 0, atol=1e-12)


def test_predictions_across_components():
    result = plackett_luce(PARTED, on_disconnected="components")
    within = result.predict_proba(["a", "b"])
    np.testing.assert_allclose(result.predict_proba(["z", "t"]), [0, 1])
    np.testing.assert_allclose(result.predict_proba(["z", "a", "b"]), [0, *within])
    assert np.isnan(result.predict_proba(["q", "t"])).all()
    np.testing.assert_array_equal(result.predict_proba(["q", "a", "z"]), [np.nan, np.nan, 0])
    assert np.isnan(result.contrast(["a", "a"], ["t", "b"]).estimate).tolist() == [True, False]


def test_a_total_order_has_only_components_of_one():
    result = plackett_luce([["a", "b", "c"]], on_disconnected="components")
    assert result.strength.tolist() == [0, 0, 0]
    assert result.component.tolist() == [0, 1, 2]
    assert result.predict_proba(["c", "a", "b"]).tolist() == [0, 1, 0]
    assert (result.error, result.converged) == (0.0, True)


# Results.


def test_a_reference_is_at_zero():
    rankings = random_rankings(1)
    centred, grounded = plackett_luce(rankings), plackett_luce(rankings, reference=3)
    np.testing.assert_allclose(grounded.strength, centred.strength - centred.strength[3])
    assert grounded.standard_error()[3] == 0
    contrast = centred.contrast(5, 3)
    np.testing.assert_allclose(grounded.strength[5], contrast.estimate)
    np.testing.assert_allclose(grounded.standard_error([5])[0], contrast.standard_error)


def test_predictions_of_one_set_and_of_many():
    result = plackett_luce(random_rankings(4, n_items=5))
    worth = np.exp(result.strength)
    np.testing.assert_allclose(result.predict_proba([0, 3]), worth[[0, 3]] / worth[[0, 3]].sum())
    many = result.predict_proba([[0, 3], [4, 1, 2], []])
    assert [len(part) for part in many] == [2, 3, 0]
    np.testing.assert_allclose(many[1], worth[[4, 1, 2]] / worth[[4, 1, 2]].sum())
    table = result.predict_proba(np.array([[0, 1], [2, 3]]))
    assert table.shape == (2, 2)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    padded = result.predict_proba(np.array([[0, 1, 2], [2, 3, np.nan]]))
    np.testing.assert_array_equal(np.isnan(padded), [[False] * 3, [False, False, True]])
    with pytest.raises(ValueError, match="9"):
        result.predict_proba([0, 9])
    with pytest.raises(ValueError, match="1 is twice in row 0"):
        result.predict_proba([1, 1])


def test_sandwich_errors_sum_squared_scores_of_whole_rankings():
    rankings = random_rankings(6)
    result = plackett_luce(rankings, tol=1e-10)
    _, information = derivatives(rankings, result.strength)
    arrays = rankings._arrays
    middle = 0
    for k, weight in enumerate(arrays.weights.tolist()):
        labels = arrays.items[arrays.offsets[k] : arrays.offsets[k + 1]]
        one = Rankings.from_orderings([labels], top=int(arrays.n_placed[k]), items=rankings.items)
        score, _ = derivatives(one, result.strength)
        middle = middle + weight * np.outer(score, score)
    inverse = np.linalg.pinv(information)
    np.testing.assert_allclose(
        result.covariance(kind="sandwich"), inverse @ middle @ inverse, atol=1e-9
    )


@pytest.mark.parametrize("kind", ["games", "parametric"])
def test_the_bootstrap_spreads_as_the_errors_say(kind):
    data = make_rankings(6, 400, 1, size=4, spread=0.7)
    result = plackett_luce(data.rankings())
    replicates = result.bootstrap(300, kind=kind, rng=0)
    assert replicates.n_failed == 0
    # A standard deviation of 300 draws is known to 4 %.
    np.testing.assert_allclose(replicates.standard_error(), result.standard_error(), rtol=0.25)


def test_intervals_rank_sets_and_tables():
    pytest.importorskip("pandas")
    data = make_rankings(10, 2000, 1)
    result = plackett_luce(data.rankings())
    low, high = result.confidence_interval()
    assert ((low < result.strength) & (result.strength < high)).all()
    first, last = result.rank_sets(rng=0)
    assert ((first <= result.rank) & (result.rank <= last)).all()
    frame = result.to_frame()
    assert frame["rank"].tolist() == list(range(1, 11))
    np.testing.assert_allclose(frame["probability"].sum(), 1)
    assert "worth" in result.summary()
    assert "Plackett-Luce ranking of 10 items from 2,000 rankings" in str(result)
    parts = plackett_luce(PARTED, on_disconnected="components").to_frame()
    assert parts["component"].is_monotonic_increasing


def test_pictures():
    pytest.importorskip("matplotlib").use("agg")
    result = plackett_luce(random_rankings(0), trace=True)
    for kind in ("caterpillar", "convergence"):
        assert result.plot(kind).get_title(loc="left")
    with pytest.raises(ValueError, match="kind"):
        result.plot("winmatrix")
    assert plackett_luce(PARTED, on_disconnected="largest").plot() is not None


def test_results_pickle_and_still_infer():
    result = plackett_luce(PARTED, on_disconnected="components", trace=True)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.strength, result.strength)
    np.testing.assert_array_equal(again.standard_error(), result.standard_error())
    assert str(again) == str(result)


def test_nested_models_are_not_compared_across_data():
    a, b = plackett_luce(random_rankings(0)), plackett_luce(random_rankings(1))
    assert a.compare(a).aic_difference == 0.0
    with pytest.raises(ValueError, match="same outcomes"):
        a.compare(b)
    with pytest.raises(ValueError, match="has a prior"):
        a.compare(plackett_luce(random_rankings(0), prior=1.0))


def test_a_callback_sees_the_strengths_and_may_stop():
    seen = []

    def watch(info):
        seen.append((info.n_iter, info.error, info.x))
        return len(seen) == 2

    result = plackett_luce(random_rankings(0), callback=watch, tol=1e-14)
    assert len(seen) == 2
    assert "stopped by the callback" in result.message
    np.testing.assert_array_equal(seen[-1][2], result.strength)


def test_the_number_of_threads_changes_no_bit():
    rankings = make_local_rankings(400, 20_000, 0).rankings()
    alone = plackett_luce(rankings, n_threads=1)
    several = plackett_luce(rankings, n_threads=3)
    np.testing.assert_array_equal(alone.strength, several.strength)
    assert (alone.error, alone.log_likelihood) == (several.error, several.log_likelihood)


def test_references_that_cannot_be():
    with pytest.raises(ValueError, match="4 components"):
        plackett_luce(PARTED, on_disconnected="components", reference="a")
    with pytest.raises(ValueError, match="largest component"):
        plackett_luce(PARTED, on_disconnected="largest", reference="t")
