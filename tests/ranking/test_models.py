"""Ties, order effects, covariates and priors through the public functions, on published data."""

import pickle

import numpy as np
import pytest
from scipy import optimize, special

import hasten
from hasten import datasets
from hasten.ranking import Comparisons, Gaussian, Logistic, bradley_terry


@pytest.fixture(scope="module")
def baseball():
    return datasets.load_baseball_1987().comparisons(ordered=True)


@pytest.fixture(scope="module")
def puddings():
    return datasets.load_puddings().comparisons()


# Published estimates.


def test_baseball_with_an_advantage_at_home(baseball):
    result = bradley_terry(baseball, order_effect=True, reference="Baltimore")
    home = result.coefficients()["order effect"]
    np.testing.assert_allclose(result.order_effect, 0.302261, atol=1e-6)
    np.testing.assert_allclose(home[:2], (0.302261, 0.130944), atol=1e-6)
    np.testing.assert_allclose(
        result.strength, [0, 1.1438, 0.7047, 1.4754, 1.6196, 1.2813, 1.3271], atol=5e-5
    )
    np.testing.assert_allclose(
        result.standard_error(), [0, 0.3378, 0.3350, 0.3446, 0.3474, 0.3404, 0.3403], atol=5e-5
    )
    np.testing.assert_allclose(result.log_likelihood, -169.542871, atol=1e-6)
    assert result.n_params == 7
    assert result.converged
    assert result.error_kind == "bound"


def test_an_advantage_at_home_is_worth_a_parameter(baseball):
    plain = bradley_terry(baseball)
    home = bradley_terry(baseball, order_effect=True)
    test = home.compare(plain)
    assert (test.kind, test.df) == ("likelihood-ratio", 1)
    np.testing.assert_allclose(test.statistic, 2 * (172.248176 - 169.542871), atol=1e-5)
    np.testing.assert_allclose(test.pvalue, special.erfc(np.sqrt(test.statistic / 2)), rtol=1e-9)


def test_baseball_under_a_logistic_prior(baseball):
    published = [-1.029821, 0.045371, -0.367385, 0.365655, 0.506755, 0.181728, 0.227397]
    for prior in (1, 1.0, Logistic(1.0)):
        result = bradley_terry(baseball, prior=prior)
        np.testing.assert_allclose(result.strength, published, atol=1e-6)
        assert result.n_params == 7


def test_puddings_by_davidson(puddings):
    result = bradley_terry(puddings, ties="davidson")
    worth = special.softmax(result.strength)
    np.testing.assert_allclose(
        worth, [0.138803, 0.173001, 0.161747, 0.165373, 0.158685, 0.202389], atol=1e-6
    )
    np.testing.assert_allclose(result.tie_parameter, 0.373411, atol=1e-6)
    np.testing.assert_allclose(result.nu_davidson, 0.746823, atol=1e-6)
    np.testing.assert_allclose(result.log_likelihood, -809.709510, atol=1e-6)
    assert result.n_params == 6


def test_puddings_by_rao_and_kupper(puddings):
    result = bradley_terry(puddings, ties="rao-kupper")
    worth = special.softmax(result.strength)
    np.testing.assert_allclose(
        worth, [0.144399, 0.171794, 0.162817, 0.166078, 0.160381, 0.194531], atol=1e-6
    )
    np.testing.assert_allclose(result.tie_parameter, 1.748457, atol=1e-6)
    np.testing.assert_allclose(result.log_likelihood, -809.697133, atol=1e-6)
    assert result.nu_davidson is None


# Predictions.


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_outcomes_share_all_probability(puddings, ties):
    result = bradley_terry(puddings, ties=ties)
    left, right = np.divmod(np.arange(36), 6) + np.array([[1], [1]])
    met = left != right
    left, right = left[met], right[met]
    chance = result.predict_proba(left, right)
    total = chance + result.predict_proba(right, left) + result.predict_tie(left, right)
    np.testing.assert_allclose(total, 1.0, rtol=1e-14)
    p = np.exp(result.strength)
    i, j = left - 1, right - 1
    if ties == "davidson":
        nu = result.tie_parameter
        expected = p[i] / (p[i] + p[j] + 2 * nu * np.sqrt(p[i] * p[j]))
    else:
        expected = p[i] / (p[i] + result.tie_parameter * p[j])
    np.testing.assert_allclose(chance, expected, rtol=1e-12)


def test_expected_wins_and_ties_equal_the_observed_ones(puddings):
    # At the maximum of an exponential family the means of its statistics are the observed ones.
    result = bradley_terry(puddings, ties="davidson", tol=1e-10)
    wins, ties = (matrix.toarray() for matrix in puddings.to_matrix())
    games = wins + wins.T + ties
    items = np.arange(1, 7)
    left, right = (side.ravel() for side in np.meshgrid(items, items, indexing="ij"))
    tie = result.predict_tie(left, right).reshape(6, 6) * (left != right).reshape(6, 6)
    win = result.predict_proba(left, right).reshape(6, 6)
    np.fill_diagonal(win, 0)
    np.testing.assert_allclose(
        (games * (win + tie / 2)).sum(axis=1), (wins + ties / 2).sum(axis=1), rtol=1e-9
    )
    np.testing.assert_allclose((games * tie).sum(), ties.sum(), rtol=1e-9)


def test_the_left_side_has_the_advantage(baseball):
    result = bradley_terry(baseball, order_effect=True)
    difference = result.strength[0] - result.strength[1]
    expected = special.expit(difference + result.order_effect)
    np.testing.assert_allclose(result.predict_proba("Baltimore", "Boston"), expected, rtol=1e-12)
    away = special.expit(-difference + result.order_effect)
    np.testing.assert_allclose(result.predict_proba("Boston", "Baltimore"), away, rtol=1e-12)


# Covariates.


def styled(seed=0, n_items=8, n_games=3000, n_covariates=2):
    rng = np.random.default_rng(seed)
    strength = rng.standard_normal(n_items)
    left = rng.integers(0, n_items, n_games)
    right = (left + rng.integers(1, n_items, n_games)) % n_items
    z = rng.standard_normal((n_games, n_covariates)) * [1.0, 100.0][:n_covariates]
    beta = np.array([0.7, -0.004])[:n_covariates]
    won = rng.random(n_games) < special.expit(strength[left] - strength[right] + z @ beta + 0.3)
    return left, right, won, z


def logistic_regression(left, right, won, z, *, order_effect):
    """Maximise the likelihood of single games by another program."""
    n_items = max(left.max(), right.max()) + 1
    design = np.zeros((len(left), n_items - 1))
    for side, sign in ((left, 1.0), (right, -1.0)):
        inner = side > 0
        design[np.flatnonzero(inner), side[inner] - 1] += sign
    scale = np.sqrt(np.mean(z**2, axis=0))
    columns = [design, z / scale] + ([np.ones((len(left), 1))] if order_effect else [])
    design = np.hstack(columns)
    sign = np.where(won, 1.0, -1.0)

    def objective(x):
        margin = sign * (design @ x)
        return np.logaddexp(0, -margin).sum(), -design.T @ (sign * special.expit(-margin))

    def curvature(x):
        weight = special.expit(design @ x) * special.expit(-design @ x)
        return design.T @ (weight[:, None] * design)

    start = np.zeros(design.shape[1])
    found = optimize.minimize(objective, start, jac=True, hess=curvature, method="trust-exact")
    errors = np.sqrt(np.diag(np.linalg.inv(curvature(found.x))))
    strength = np.append(0.0, found.x[: n_items - 1])
    k = n_items - 1
    coef = found.x[k : k + z.shape[1]] / scale
    return strength - strength.mean(), coef, errors[k : k + z.shape[1]] / scale, found.x, -found.fun


@pytest.mark.parametrize("order_effect", [False, True])
def test_covariates_equal_a_logistic_regression(order_effect):
    left, right, won, z = styled()
    games = Comparisons.from_arrays(left, right, won, covariates=z)
    result = bradley_terry(games, covariates=True, order_effect=order_effect, tol=1e-9)
    strength, coef, errors, x, best = logistic_regression(
        left, right, won, z, order_effect=order_effect
    )
    np.testing.assert_allclose(result.strength, strength, atol=1e-6)
    np.testing.assert_allclose(result.coef, coef, rtol=1e-5)
    np.testing.assert_allclose(result.log_likelihood, best, rtol=1e-10)
    table = result.coefficients()
    np.testing.assert_allclose([table[f"x{k}"].standard_error for k in range(2)], errors, rtol=1e-5)
    if order_effect:
        np.testing.assert_allclose(result.order_effect, x[-1], atol=1e-6)


def test_covariates_may_come_with_the_pairs():
    left, right, won, z = styled(1)
    pairs = np.column_stack([np.where(won, left, right), np.where(won, right, left)])
    turned = np.where(won, 1.0, -1.0)[:, None] * z
    direct = bradley_terry(pairs, covariates=turned, tol=1e-9)
    games = Comparisons.from_arrays(left, right, won, covariates=z)
    np.testing.assert_allclose(
        direct.strength, bradley_terry(games, covariates=True, tol=1e-9).strength, atol=1e-8
    )


def test_covariates_are_chosen_by_name():
    left, right, won, z = styled(2)
    games = Comparisons.from_arrays(
        left, right, won, covariates={"length": z[:, 0], "lists": z[:, 1]}
    )
    result = bradley_terry(games, covariates=["lists"], tol=1e-9)
    alone = Comparisons.from_arrays(left, right, won, covariates=z[:, 1])
    np.testing.assert_allclose(
        result.coef, bradley_terry(alone, covariates=True, tol=1e-9).coef, rtol=1e-7
    )
    assert result.covariate_names == ("lists",)
    assert bradley_terry(games).coef is None
    both = bradley_terry(games, covariates=True)
    assert both.compare(result).df == 1
    np.testing.assert_allclose(
        both.predict_proba(0, 1, covariates=[[1.0, 2.0]]),
        special.expit(both.strength[0] - both.strength[1] + both.coef @ [1.0, 2.0]),
        rtol=1e-12,
    )


# Priors.


def test_a_gaussian_prior_equals_a_penalised_likelihood(baseball):
    wins = baseball.to_matrix()[0].toarray()

    def gradient(s):
        chance = special.expit(s[:, None] - s[None, :])
        return (wins * (1 - chance) - wins.T * chance).sum(axis=1) - 0.7 * s

    found = optimize.root(gradient, np.zeros(7), tol=1e-12)
    result = bradley_terry(baseball, prior=Gaussian(0.7), tol=1e-9)
    np.testing.assert_allclose(result.strength, found.x, atol=1e-6)


def test_a_prior_gives_everyone_a_strength():
    games = Comparisons.from_arrays(["a", "b"], ["b", "c"], items=["a", "b", "c", "d"])
    result = bradley_terry(games, prior=0.5, on_disconnected="largest")
    assert np.isfinite(result.strength).all()
    assert result.strength[3] == pytest.approx(0.0, abs=1e-9)
    assert result.excluded.size == 0


# Disconnected comparisons.


@pytest.fixture(scope="module")
def leagues():
    """Two leagues; the first beats the second, and "x" beats "y", whom nobody else meets."""
    rng = np.random.default_rng(3)
    games = []
    for names in ("abcd", "uvw"):
        for i in names:
            games += [(i, j) for j in names if i != j for _ in range(1 + rng.poisson(4))]
    games += [("a", "u"), ("x", "y")]
    return Comparisons.from_arrays(*zip(*games, strict=True))


def test_the_largest_component_alone(leagues):
    result = bradley_terry(leagues, on_disconnected="largest")
    alone = bradley_terry(leagues.select(list("abcd")))
    names = result.items.tolist()
    kept = [names.index(name) for name in "abcd"]
    np.testing.assert_array_equal(result.strength[kept], alone.strength)
    assert np.isnan(np.delete(result.strength, kept)).all()
    assert result.excluded.tolist() == ["u", "v", "w", "x", "y"]
    np.testing.assert_array_equal(result.standard_error()[kept], alone.standard_error())
    assert np.isnan(result.standard_error()[names.index("x")])
    np.testing.assert_array_equal(result.rank[kept], alone.rank)
    assert result.predict_proba("a", "b") == alone.predict_proba("a", "b")
    low, high = result.confidence_interval()
    assert np.isnan(low[names.index("u")])
    assert high[kept[0]] == alone.confidence_interval().high[0]
    with pytest.raises(ValueError, match="got 'x' at row 0, which on_disconnected='largest'"):
        result.predict_proba("x", "a")
    assert "a" in result.summary()
    assert result.to_frame()["strength"].isna().sum() == 5


def test_each_component_alone(leagues):
    result = bradley_terry(leagues, on_disconnected="components", tol=1e-9)
    names = result.items.tolist()
    assert result.converged
    assert len(result.component_order) == 4
    for members in ("abcd", "uvw"):
        places = [names.index(name) for name in members]
        alone = bradley_terry(leagues.select(list(members)), tol=1e-9)
        np.testing.assert_allclose(result.strength[places], alone.strength, atol=1e-8)
        np.testing.assert_allclose(
            result.standard_error()[places], alone.standard_error(), rtol=1e-7
        )
        np.testing.assert_array_equal(result.rank[places], alone.rank)
        assert len(set(result.component[places])) == 1
    assert result.predict_proba("b", "w") == 1.0
    assert result.predict_proba("w", "b") == 0.0
    assert np.isnan(result.predict_proba("a", "x"))
    assert result.predict_proba("x", "y") == 1.0
    np.testing.assert_allclose(
        result.predict_proba("u", "v"), special.expit(np.subtract(*result.strength[4:6])), rtol=1e-9
    )
    assert np.isnan(result.contrast("a", "u")).all()
    assert np.isnan(result.contrast(["a", "a"], ["u", "b"]).estimate).tolist() == [True, False]


def test_components_are_the_limit_of_a_vanishing_prior(leagues):
    apart = bradley_terry(leagues, on_disconnected="components")
    weak = bradley_terry(leagues, prior=1e-8)
    places = slice(0, 4)
    np.testing.assert_allclose(
        weak.strength[places] - weak.strength[places].mean(), apart.strength[places], atol=1e-6
    )


def test_a_tie_parameter_is_fitted_jointly_over_components():
    rng = np.random.default_rng(4)
    left, right, outcome = [], [], []
    for names in ("abc", "uvw"):
        for i in names:
            for j in names:
                if i < j:
                    left += [i] * 12
                    right += [j] * 12
                    outcome += rng.permutation([0.0] * 4 + [0.5] * 3 + [1.0] * 5).tolist()
    games = Comparisons.from_arrays(left, right, outcome)
    result = bradley_terry(games, ties="davidson", on_disconnected="components", tol=1e-9)
    wins, ties = (matrix.toarray() for matrix in games.to_matrix())

    def objective(x):
        s, log_nu = x[:6], x[6]
        half = (s[:, None] - s[None, :]) / 2
        total = np.logaddexp(np.logaddexp(half, -half), np.log(2) + log_nu)
        games_of = wins + wins.T + ties
        value = np.sum(wins * half) + np.sum(np.triu(ties)) * (np.log(2) + log_nu)
        return -value + np.sum(np.triu(games_of) * total) + np.sum(s[:3]) ** 2 + np.sum(s[3:]) ** 2

    found = optimize.minimize(objective, np.zeros(7), method="BFGS", options={"gtol": 1e-8})
    np.testing.assert_allclose(result.strength, found.x[:6], atol=1e-5)
    np.testing.assert_allclose(np.log(result.tie_parameter), found.x[6], atol=1e-5)


# Data that leave a parameter infinite, and other bad input.


def test_ties_without_a_closed_walk_of_more_wins_have_no_estimate():
    games = Comparisons.from_arrays(["a"] * 5, ["b"] * 5, [1, 1, 1, 0.5, 0.5])
    for ties in ("davidson", "rao-kupper"):
        with pytest.raises(ValueError, match="tie parameter"):
            bradley_terry(games, ties=ties)


def test_an_order_effect_that_is_never_contradicted_is_infinite():
    games = Comparisons.from_arrays(["a", "b"], ["b", "a"], ordered=True)
    with pytest.raises(ValueError, match="order effect"):
        bradley_terry(games, order_effect=True)


def test_no_ties_are_a_limit_and_not_an_iteration(baseball):
    result = bradley_terry(baseball, ties="davidson")
    assert result.tie_parameter == 0.0
    assert bradley_terry(baseball, ties="rao-kupper").tie_parameter == 1.0
    assert result.n_params == 6
    np.testing.assert_allclose(result.strength, bradley_terry(baseball).strength, atol=1e-6)
    assert np.isnan(result.coefficients()["ln nu"].standard_error)
    assert result.predict_tie("Boston", "Toronto") == 0.0


def test_collinear_covariates_are_named():
    left, right, won, z = styled(5)
    twice = np.column_stack([z[:, 0], 2 * z[:, 0]])
    games = Comparisons.from_arrays(left, right, won, covariates=twice)
    with pytest.raises(ValueError, match=r"`covariates` must be linearly independent .*, 'x1'"):
        bradley_terry(games, covariates=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"order_effect": True}, ValueError, "`order_effect` needs comparisons that know"),
        ({"order_effect": 1}, TypeError, "`order_effect` must be True or False"),
        ({"covariates": True}, ValueError, "`comparisons` holds none"),
        ({"covariates": "x0"}, TypeError, "`covariates` must be True, False or names"),
        ({"covariates": np.ones((3, 1))}, TypeError, "`covariates` must be True, False or names"),
        ({"prior": -1}, ValueError, "`prior` must be at least 0"),
        ({"prior": np.inf}, ValueError, "`prior` must be finite"),
        ({"prior": "flat"}, TypeError, "`prior` must be None, a number, Logistic or Gaussian"),
        ({"prior": True}, TypeError, "`prior` must be None, a number, Logistic or Gaussian"),
        ({"prior": 1.0, "method": "newman"}, ValueError, "`method` must be 'auto' or 'newton'"),
        ({"on_disconnected": "drop"}, ValueError, "`on_disconnected` must be one of 'raise'"),
    ],
)
def test_bad_arguments(puddings, arguments, error, message):
    with pytest.raises(error, match=message):
        bradley_terry(puddings, **arguments)


def test_unknown_covariates_are_refused_with_a_close_name():
    games = Comparisons.from_arrays(
        ["a", "b", "a"], ["b", "a", "b"], covariates={"length": [1.0, -1.0, 0.5]}
    )
    with pytest.raises(ValueError, match=r"got 'lengths' \(did you mean 'length'\?\)"):
        bradley_terry(games, covariates=["lengths"])


@pytest.mark.parametrize("prior", [Logistic, Gaussian])
@pytest.mark.parametrize("value", [0, -1.0, np.nan])
def test_priors_are_positive(prior, value):
    with pytest.raises(ValueError, match="must be"):
        prior(value)


# The result.


@pytest.mark.parametrize(
    "arguments",
    [
        {"ties": "davidson"},
        {"ties": "rao-kupper", "order_effect": True},
        {"prior": 0.5, "order_effect": True},
        {"on_disconnected": "components"},
    ],
)
def test_results_pickle_and_print(arguments):
    rng = np.random.default_rng(6)
    left = rng.integers(0, 5, 200)
    right = (left + rng.integers(1, 5, 200)) % 5
    games = Comparisons.from_arrays(left, right, rng.choice([0, 0.5, 1], 200), ordered=True)
    result = bradley_terry(games, **arguments)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.standard_error(), result.standard_error())
    assert str(again) == str(result)
    assert all(name in result.summary() for name in result.coefficients())


def test_float32_weights_give_float32_strengths():
    rng = np.random.default_rng(7)
    left = rng.integers(0, 4, 100)
    right = (left + rng.integers(1, 4, 100)) % 4
    weight = np.ones(100, dtype=np.float32)
    outcome = rng.choice([0, 0.5, 1], 100)
    single = Comparisons.from_arrays(left, right, outcome, weight=weight)
    result = bradley_terry(single, ties="davidson")
    double = bradley_terry(Comparisons.from_arrays(left, right, outcome), ties="davidson")
    assert result.strength.dtype == np.float32
    np.testing.assert_array_equal(result.strength, double.strength.astype(np.float32))
    assert "rounded to float32" in result.message


@pytest.mark.parametrize("n_threads", [2, 4])
def test_the_number_of_threads_changes_no_bit(n_threads):
    left, right, won, z = styled(8, n_items=40, n_games=30_000)
    one = Comparisons.from_arrays(left, right, won, covariates=z, n_threads=1)
    many = Comparisons.from_arrays(left, right, won, covariates=z, n_threads=n_threads)
    options = {"covariates": True, "order_effect": True}
    a = bradley_terry(one, n_threads=1, **options)
    b = bradley_terry(many, n_threads=n_threads, **options)
    assert a.strength.tobytes() == b.strength.tobytes()
    assert a.error == b.error
    for kind in ("model", "sandwich"):
        assert a.standard_error(kind=kind).tobytes() == b.standard_error(kind=kind).tobytes()


def test_an_early_end_is_announced_with_its_certificate(puddings):
    with pytest.warns(hasten.ConvergenceWarning, match="did not converge"):
        result = bradley_terry(puddings, ties="davidson", max_iter=2, tol=1e-12)
    assert not result.converged
    assert result.error > 1e-12
