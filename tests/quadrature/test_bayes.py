"""Bayesian quadrature: values, variances, posteriors and how they depend on what is given."""

import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from hasten.quadrature import BayesQuadResult, Rule, bayes_quad, bayes_quad_weights

SMOOTHNESSES = (0.5, 1.5, 2.5, 3.5)
# Variance of the integral at unit scale from a dense solve in 90 digits: evenly spaced nodes.
VARIANCES = {
    (9, 1.0): (
        8.532453243887815e-3,
        3.165091779197570e-4,
        3.095807089306552e-5,
        6.9943812687036715e-6,
    ),
    (15, 0.1): (
        2.834306445321285e-6,
        3.3432736731404306e-10,
        1.4472010845266224e-13,
        2.9428795896817646e-16,
    ),
}


def correlation(nu, ell, x, y):
    r = np.sqrt(2 * nu) * np.abs(np.asarray(x) - y) / ell
    powers = {0.5: [1], 1.5: [1, 1], 2.5: [1, 1, 1 / 3], 3.5: [1, 1, 0.4, 1 / 15]}[nu]
    return np.exp(-r) * np.polynomial.polynomial.polyval(r, powers)


@pytest.mark.parametrize(("n", "upper"), VARIANCES)
@pytest.mark.parametrize("p", range(4))
def test_variance_matches_ninety_digits(n, upper, p):
    for nodes in (n, np.linspace(0.0, upper, n)):
        rule = bayes_quad_weights(nodes, domain=(0.0, upper), nu=SMOOTHNESSES[p], ell=0.3)
        np.testing.assert_allclose(rule.variance, VARIANCES[n, upper][p], rtol=1e-12)


def test_exponential_is_integrated_to_rounding():
    rule = bayes_quad_weights(2000, domain=(0.0, 1.0), nu=3.5, ell=0.3)
    assert abs(rule @ np.exp(rule.nodes) - (np.e - 1)) <= 2e-14
    assert (rule.weights > 0).all()
    np.testing.assert_array_equal(rule.weights, rule.weights[::-1])


def test_weights_solve_the_equations_in_many_digits():
    rng = np.random.default_rng(0)
    nodes = np.sort(rng.random(12))
    for nu in SMOOTHNESSES:
        rule = bayes_quad_weights(nodes, domain=(0.0, 1.0), nu=nu, ell=0.8)
        with mpmath.workdps(60):
            powers = {0.5: [1], 1.5: [1, 1], 2.5: [1, 1, mpmath.mpf(1) / 3]}
            powers[3.5] = [1, 1, mpmath.mpf(2) / 5, mpmath.mpf(1) / 15]
            rate = mpmath.sqrt(2 * mpmath.mpf(nu)) / mpmath.mpf(0.8)

            def kernel(x, y, rate=rate, c=powers[nu]):
                r = rate * abs(x - y)
                return mpmath.exp(-r) * sum(a * r**k for k, a in enumerate(c))

            x = [mpmath.mpf(float(t)) for t in nodes]
            K = mpmath.matrix(12, 12)
            z = mpmath.matrix(12, 1)
            for i in range(12):
                for side in (x[i], 1 - x[i]):
                    parts = [mpmath.gammainc(k + 1, 0, rate * side) for k in range(len(powers[nu]))]
                    z[i] += sum(a * g for a, g in zip(powers[nu], parts, strict=True)) / rate
                for j in range(12):
                    K[i, j] = kernel(x[i], x[j])
            w = mpmath.lu_solve(K, z)
            expected = np.array([float(v) for v in w])
        scale = np.abs(expected).max()
        np.testing.assert_allclose(rule.weights, expected, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("nu", SMOOTHNESSES)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_line_points_and_grid_agree(nu, noise):
    x = np.array([0.05, 0.9, 0.2, 0.45, 0.6])
    y = np.cos(4 * x)
    prior = {"nu": nu, "ell": 0.4, "domain": (0.0, 1.0), "noise": noise}
    line = bayes_quad(y, x, **prior)
    K = correlation(nu, 0.4, x[:, None], x) + noise * np.eye(5)
    z = [integrate.quad(lambda t, u=u: correlation(nu, 0.4, u, t), 0, 1, points=[u])[0] for u in x]
    weights = np.linalg.solve(K, z)
    np.testing.assert_allclose(line.weights, weights, rtol=1e-9)
    np.testing.assert_allclose(line.value, weights @ y, rtol=1e-10)
    scale = np.sqrt(y @ np.linalg.solve(K, y) / 5)
    np.testing.assert_allclose(line.scale, scale, rtol=1e-10)
    sign, log = np.linalg.slogdet(K)
    evidence = -0.5 * (5 + 5 * np.log(scale**2) + log + 5 * np.log(2 * np.pi))
    assert sign == 1
    np.testing.assert_allclose(line.log_evidence, evidence, rtol=1e-10)
    if not noise:
        grid = bayes_quad(y, (x,), **prior)
        np.testing.assert_allclose(grid.value, line.value, rtol=1e-11)
        np.testing.assert_allclose(grid.log_evidence, line.log_evidence, rtol=1e-11)
        np.testing.assert_allclose(grid.error, line.error, rtol=1e-6)


@pytest.mark.parametrize("kernel", ["matern", "rbf"])
@pytest.mark.parametrize("ell", [None, (0.4, 1.1)])
def test_grid_equals_its_points(kernel, ell):
    axes = (np.array([0.1, 0.9, 0.4, 0.65]), np.linspace(-1.0, 2.0, 6))
    domain = [(0.0, 1.0), (-1.0, 2.0)]
    X = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    y = np.cos(3 * X[:, 0]) * np.exp(0.3 * X[:, 1]) + X[:, 1]
    prior = {"domain": domain, "kernel": kernel, "nu": 1.5, "ell": ell}
    grid = bayes_quad(y.reshape(4, 6), axes, **prior)
    points = bayes_quad(y, X, **prior)
    if grid.rank == points.rank:
        np.testing.assert_allclose(grid.value, points.value, rtol=1e-5)
        np.testing.assert_allclose(grid.ell, points.ell, rtol=2e-3)
        np.testing.assert_allclose(grid.log_evidence, points.log_evidence, rtol=1e-5)
    assert grid.weights.shape == (4, 6)
    np.testing.assert_allclose((grid.weights * y.reshape(4, 6)).sum(), grid.value, rtol=1e-12)
    assert grid.rank == 24 or kernel == "rbf"


@pytest.mark.parametrize("measure", [("normal", 0.3, 0.5), ("normal", [0.3], [[0.5]])])
@pytest.mark.parametrize("kernel", ["matern", "rbf"])
def test_normal_measure_on_a_line(measure, kernel):
    nodes = np.linspace(-4.0, 4.5, 35)
    result = bayes_quad(np.sin, nodes, kernel=kernel, nu=3.5, measure=measure)
    truth = np.sin(0.3) * np.exp(-0.25)
    assert abs(result.value - truth) <= 1e-4
    # The RBF variance is zero to rounding, which the certificate adds.
    assert 0 < result.error < 1e-2
    assert abs(result.value - truth) <= result.error


def test_normal_measure_with_correlated_axes():
    rng = np.random.default_rng(3)
    covariance = np.array([[0.8, 0.3], [0.3, 0.5]])
    X = rng.multivariate_normal([0.2, -0.1], 4 * covariance, size=150)
    result = bayes_quad(
        lambda X: np.cos(X @ [1.0, 0.5]),
        X,
        kernel="rbf",
        measure=("normal", [0.2, -0.1], covariance),
    )
    direction = np.array([1.0, 0.5])
    truth = np.cos(direction @ [0.2, -0.1]) * np.exp(-0.5 * direction @ covariance @ direction)
    assert abs(result.value - truth) <= 1e-3
    # Turned axes: the same numbers.
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = bayes_quad_weights(
        X @ turn.T,
        kernel="rbf",
        ell=1.5,
        measure=("normal", turn @ [0.2, -0.1], _symmetric(turn @ covariance @ turn.T)),
    )
    straight = bayes_quad_weights(
        X, kernel="rbf", ell=1.5, measure=("normal", [0.2, -0.1], covariance)
    )
    values = np.cos(X @ direction)
    np.testing.assert_allclose(turned @ values, straight @ values, atol=1e-6)


def _symmetric(a):
    return (a + a.T) / 2


def test_several_integrals_share_the_nodes():
    x = np.linspace(0.0, 2.0, 15)
    Y = np.stack([np.exp(x), np.zeros_like(x), 1e150 * np.sin(x)], axis=1)
    together = bayes_quad(Y, x, domain=(0.0, 2.0), ell=0.7)
    assert together.value.shape == together.error.shape == together.scale.shape == (3,)
    for v in range(3):
        alone = bayes_quad(Y[:, v], x, domain=(0.0, 2.0), ell=0.7)
        assert alone.value == together.value[v]
        assert alone.standard_deviation == together.standard_deviation[v]
    assert together.value[1] == together.standard_deviation[1] == together.error[1] == 0.0
    called = bayes_quad(lambda t: np.stack([np.exp(t), np.sin(t)], -1), x, domain=(0.0, 2.0))
    assert called.value.shape == (2,)
    low, high = called.confidence_interval(0.99)
    assert (low < called.value).all()
    assert (called.value < high).all()


def test_integrand_is_called_once_with_all_nodes():
    seen = []

    def f(x):
        seen.append(x.shape)
        x *= 2  # A function may work in place: the nodes are a copy.
        return x

    line = bayes_quad(f, domain=(0.0, 1.0))
    assert abs(line.value - 1.0) <= 1e-9
    grid = bayes_quad(lambda X: f(X).sum(axis=1), domain=[(0, 1), (0, 1)], n=(5, 6))
    assert abs(grid.value - 2.0) <= 1e-3
    points = bayes_quad(lambda X: f(X).sum(axis=1), np.eye(2), domain=[(0, 1), (0, 1)])
    assert seen == [(33,), (30, 2), (2, 2)]
    assert points.nodes.tolist() == np.eye(2).tolist()


def test_scale_is_known_or_estimated():
    x = np.linspace(0.0, 1.0, 10)
    free = bayes_quad(np.sin, x, domain=(0.0, 1.0), ell=0.5)
    fixed = bayes_quad(np.sin, x, domain=(0.0, 1.0), ell=0.5, scale=2 * free.scale)
    np.testing.assert_allclose(fixed.standard_deviation, 2 * free.standard_deviation, rtol=1e-12)
    assert fixed.value == free.value
    assert fixed.error == free.error
    half = np.diff(fixed.confidence_interval())[0] / 2
    np.testing.assert_allclose(half, 1.959963984540054 * fixed.standard_deviation, rtol=1e-6)
    half = np.diff(free.confidence_interval())[0] / 2
    # Student's quantile with ten degrees of freedom.
    np.testing.assert_allclose(half, 2.2281388519649385 * free.standard_deviation, rtol=1e-6)


def test_average_over_smoothness():
    x = np.linspace(0.0, 1.0, 21)
    y = np.abs(x - 0.37)
    found = bayes_quad(y, x, domain=(0.0, 1.0), nu="auto")
    each = {nu: bayes_quad(y, x, domain=(0.0, 1.0), nu=nu) for nu in SMOOTHNESSES}
    np.testing.assert_allclose(sum(found.nu_probabilities.values()), 1.0)
    mean = sum(share * each[nu].value for nu, share in found.nu_probabilities.items())
    np.testing.assert_allclose(found.value, mean, rtol=1e-13)
    assert found.nu == max(found.nu_probabilities, key=found.nu_probabilities.get)
    evidence = np.array([each[nu].log_evidence for nu in SMOOTHNESSES])
    shares = np.exp(evidence - evidence.max())
    np.testing.assert_allclose(
        list(found.nu_probabilities.values()), shares / shares.sum(), rtol=1e-9
    )
    points = bayes_quad(y, x[:, None], domain=[(0.0, 1.0)], nu="auto")
    np.testing.assert_allclose(points.value, found.value, rtol=1e-9)
    for other in (bayes_quad(y, (x,), domain=(0.0, 1.0), nu="auto"),):
        np.testing.assert_allclose(other.value, found.value, rtol=1e-4)


@pytest.mark.parametrize("d", [1, 2])
def test_posterior_of_the_integrand(d):
    rng = np.random.default_rng(1)
    X = rng.random((25, d))
    f = lambda X: np.cos(3 * X[:, 0]) + X[:, -1] ** 2  # noqa: E731
    result = bayes_quad(f(X), X, domain=[(0.0, 1.0)] * d)
    mean, deviation = result.posterior(X)
    np.testing.assert_allclose(mean, f(X), atol=1e-7)
    assert (deviation <= 1e-4 * result.scale).all()
    fine = rng.random((200, d))
    mean, deviation = result.posterior(fine)
    assert np.mean(np.abs(mean - f(fine)) <= 3 * deviation) >= 0.9
    # The posterior mean of the integral is the integral of the posterior mean.
    if d == 1:
        x, w = np.polynomial.legendre.leggauss(200)
        mean, _ = result.posterior((x + 1) / 2)
        np.testing.assert_allclose(w @ mean / 2, result.value, atol=1e-6)


def test_rank_is_reported_where_nodes_cannot_be_told_apart():
    result = bayes_quad(np.exp, np.linspace(0, 1, 60), domain=(0, 1), kernel="rbf", ell=0.5)
    assert 8 <= result.rank < 60
    assert np.count_nonzero(result.weights) == result.rank
    assert abs(result.value - (np.e - 1)) <= 1e-6
    assert f"{result.rank} of 60" in str(result)
    assert result.nu == np.inf
    free = bayes_quad(np.exp, np.linspace(0, 1, 12), domain=(0, 1), kernel="rbf")
    assert free.rank == 12


def test_repeated_nodes():
    x = [0.5, 0.1, 0.5]
    for domain in ((0, 1), [(0, 1)]):
        once = bayes_quad([2.0, 1.0, 2.0], x, domain=domain, ell=0.5)
        assert once.n_distinct == 2
        assert once.weights[2] == 0
        noisy = bayes_quad([2.0, 1.0, 2.5], x, domain=domain, ell=0.5, noise=0.1)
        np.testing.assert_allclose(noisy.weights[0], noisy.weights[2], rtol=1e-12)
    points = bayes_quad(
        [1.0, 2.0, 1.0], [[0, 0], [0.5, 0.5], [0, 0]], domain=[(0, 1), (0, 1)], ell=0.5
    )
    assert points.n_distinct == 2


@pytest.mark.parametrize("y", [[0.0] * 9, [2.0]])
def test_no_likelihood_to_maximise(y):
    x = np.linspace(0.0, 2.0, len(y)) if len(y) > 1 else [0.7]
    for nodes in (x, (x,), np.reshape(x, (-1, 1))):
        result = bayes_quad(y, nodes, domain=[(0.0, 2.0)], nu="auto")
        assert result.ell == 2.0
        if not any(y):
            assert result.value == result.standard_deviation == result.error == 0.0
        else:
            assert 1.0 < result.value < 4.0
            assert result.error > 0


@pytest.mark.parametrize("n_threads", [2, 3, 7])
def test_bits_do_not_depend_on_threads(n_threads):
    x = np.linspace(0.0, 1.0, 3000)
    y = np.exp(np.sin(12 * x))
    one, many = (bayes_quad(y, x, domain=(0, 1), nu="auto", n_threads=k) for k in (1, n_threads))
    assert one.value == many.value
    assert one.error == many.error
    X = np.random.default_rng(0).random((300, 2))
    one, many = (
        bayes_quad(X[:, 0], X, domain=[(0, 1), (0, 1)], ell=0.2, n_threads=k)
        for k in (1, n_threads)
    )
    np.testing.assert_array_equal(one.weights, many.weights)


def test_result_prints_pickles_and_draws():
    import matplotlib.pyplot as plt

    result = bayes_quad(np.exp, domain=(0.0, 1.0), n=9)
    assert isinstance(result, BayesQuadResult)
    assert str(result).startswith("Bayesian quadrature on 9 nodes: 1.718")
    assert float(result) == result.value
    again = pickle.loads(pickle.dumps(result))
    assert again.confidence_interval() == result.confidence_interval()
    ax = result.plot()
    assert "Matern 2.5" in ax.get_title(loc="left")
    square = bayes_quad(lambda X: X.sum(axis=1), domain=[(0, 1), (0, 1)], n=4)
    assert square.plot().get_xlabel() == "axis 0"
    pair = bayes_quad(lambda x: np.stack([x, x**2], -1), domain=(0, 1), n=9)
    assert "2 integrals" in str(pair)
    _, ax = plt.subplots()
    assert pair.plot(ax=ax) is ax
    bayes_quad(np.cos, [-1.0, 0.0, 1.0], measure=("normal", 0, 1)).plot()
    with pytest.raises(ValueError, match="one or two variables"):
        bayes_quad(lambda X: X[:, 0], domain=[(0, 1)] * 3, n=2).plot()
    plt.close("all")


def test_rules_are_kept_and_not_shared():
    first = bayes_quad_weights(11, domain=(0.0, 2.0), ell=0.5)
    first.weights[:] = np.nan
    second = bayes_quad_weights(11, domain=(0.0, 2.0), ell=0.5)
    given_nodes = bayes_quad_weights(np.linspace(0.0, 2.0, 11), domain=(0.0, 2.0), ell=0.5)
    assert isinstance(second, Rule)
    np.testing.assert_allclose(second.weights, given_nodes.weights, rtol=1e-13)
    np.testing.assert_allclose(second.variance, given_nodes.variance, rtol=1e-13)
    assert (second.a, second.b) == (0.0, 2.0)
    plane = bayes_quad_weights((3, 4), domain=[(0, 1), (0, 2)], ell=0.5)
    assert plane.nodes.shape == (12, 2)
    assert plane.b.tolist() == [1.0, 2.0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 4096), min_size=1, max_size=30, unique=True),
    st.sampled_from(SMOOTHNESSES),
    st.floats(-5.0, 3.0),
    st.sampled_from([0.0, 1e-3]),
)
def test_variance_is_between_zero_and_the_prior(ticks, nu, log_length, noise):
    nodes = np.array(ticks) / 4096
    rule = bayes_quad_weights(nodes, domain=(0, 1), nu=nu, ell=np.exp(log_length), noise=noise)
    more = np.append(nodes, (nodes.max() + 1) / 2 if nodes.max() < 1 else nodes.min() / 2)
    assert np.isfinite(rule.weights).all()
    assert rule.variance >= 0
    if len(np.unique(more)) == len(more):
        finer = bayes_quad_weights(more, domain=(0, 1), nu=nu, ell=np.exp(log_length), noise=noise)
        # Another value never makes the integral less certain.
        assert finer.variance <= rule.variance * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(-10, 10), st.floats(0.01, 100), st.sampled_from([*SMOOTHNESSES, "auto"]))
def test_value_follows_a_change_of_units(shift, width, nu):
    t = np.array([0.0, 0.13, 0.2, 0.46, 0.6, 0.77, 0.9, 1.0])
    y = np.exp(t) + np.sin(9 * t)
    base = bayes_quad(y, t, domain=(0.0, 1.0), nu=nu)
    moved = bayes_quad(3 * y, shift + width * t, domain=(shift, shift + width), nu=nu)
    np.testing.assert_allclose(moved.value, 3 * width * base.value, rtol=1e-3)
    np.testing.assert_allclose(moved.error, 3 * width * base.error, rtol=0.05)


@pytest.mark.parametrize("gap", [1.1e-16, 1e-12, 1e-6])
def test_nodes_that_nearly_coincide_do_not_shorten_the_length(gap):
    # Measured values differ a little where nodes nearly coincide: the error must tell, and the
    # value not fall back to that of the prior.
    nodes = np.array([0.0, 0.3, 0.6, 0.6 + 2 * gap, 1.0])
    result = bayes_quad([1.0, 1.0, 1.0, 1.001, 1.0], nodes, domain=(0.0, 1.0))
    assert result.ell >= 0.3 * (1 - 1e-12)
    assert abs(result.value - 1.0) <= max(result.error, 1e-3)


@pytest.mark.parametrize("unit", [2.0**995, 2.0**-995])
@pytest.mark.parametrize(
    "options",
    [
        {"nodes": np.linspace(0, 1, 21), "domain": (0, 1), "nu": "auto"},
        {"nodes": np.linspace(0, 1, 21), "domain": (0, 1), "kernel": "rbf"},
        {"nodes": (np.linspace(0, 1, 9),) * 2, "domain": [(0, 1)] * 2},
        {"nodes": np.linspace(-3, 3, 15), "measure": ("normal", 0.0, 1.0), "nu": "auto"},
    ],
)
def test_the_unit_of_the_values_does_not_matter(unit, options):
    nodes = options["nodes"]
    shape = (9, 9) if isinstance(nodes, tuple) else nodes.shape
    values = np.sin(7 * np.linspace(0, 1, np.prod(shape))).reshape(shape) + 2
    plain = bayes_quad(values, **options)
    scaled = bayes_quad(unit * values, **options)
    assert scaled.converged
    # The logarithm of the unit rounds the likelihood, whose maximum is flat: lengths differ.
    np.testing.assert_allclose(scaled.value, unit * plain.value, rtol=1e-9)
    np.testing.assert_allclose(scaled.scale, unit * plain.scale, rtol=1e-6)
    deviation = unit * plain.standard_deviation
    np.testing.assert_allclose(scaled.standard_deviation, deviation, rtol=1e-6)
    np.testing.assert_allclose(scaled.error, unit * plain.error, rtol=1e-5)
