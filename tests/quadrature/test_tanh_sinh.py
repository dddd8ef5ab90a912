"""Tanh-sinh integration: singular ends, distances to them, and honest errors."""

import mpmath
import numpy as np
import pytest
from scipy import special

import hasten
from hasten.quadrature import quad

INF = np.inf


def tanh_sinh(f, a, b, args=(), **options):
    return quad(f, a, b, args, method="tanh-sinh", **options)


def power(x, a, p, edge):
    """Return (x - a)^p on ranges of length 1 from a."""
    return np.where(x < a + 0.5, edge, x - a) ** p


def test_the_distance_to_the_end_keeps_its_digits():
    # One singular end at 0, where x itself is the distance: 10 to rounding.
    result = tanh_sinh(lambda x: x**-0.9, 0.0, 1.0, rtol=1e-13)
    assert result.converged
    assert result.value == pytest.approx(10.0, rel=3e-15)
    # An end elsewhere, which x alone does not resolve.
    result = tanh_sinh(power, 3.0, 4.0, (3.0, -0.9), rtol=1e-13)
    assert result.converged
    assert result.value == pytest.approx(10.0, rel=3e-15)


@pytest.mark.parametrize(("exponent", "reached"), [(-0.9, 1e-13), (-0.95, 1e-13), (-0.97, 1e-7)])
def test_strong_singularities_are_reached_as_far_as_doubles_allow(exponent, reached):
    result = tanh_sinh(power, 7.0, 8.0, (7.0, exponent), rtol=reached)
    assert result.converged
    true = abs(result.value - 1 / (1 + exponent))
    assert true <= result.error
    # Doubles end at 1e-308, which leaves out 1e-308^0.03 of the last one.
    assert true * (1 + exponent) <= (1e-9 if exponent == -0.97 else 1e-14)


@pytest.mark.parametrize(
    ("f", "exact"),
    [
        (lambda x: x**-0.99, 100.0),
        (lambda x: (1 - x) ** -0.9, 10.0),
        (lambda x: (1 - x) ** -0.75, 4.0),
    ],
)
def test_what_lies_beyond_the_last_node_is_in_the_error(f, exact):
    with pytest.warns(hasten.ConvergenceWarning, match="does not decay"):
        result = tanh_sinh(f, 0.0, 1.0)
    assert result.status == "ends"
    assert abs(result.value - exact) <= result.error < 0.5 * exact
    # It gives up early: finer levels would not see more.
    assert result.n_evaluations < 1000


KNOWN = {
    "log": (np.log, 0.0, 1.0, -1.0),
    "log squared": (lambda x: np.log(x) ** 2, 0.0, 1.0, 2.0),
    "root": (np.sqrt, 0.0, 1.0, 2 / 3),
    "smooth": (np.exp, -1.0, 2.0, np.exp(2) - np.exp(-1)),
    "circle": (lambda x: np.sqrt(1 - x * x), -1.0, 1.0, np.pi / 2),
    "gamma": (lambda x: x**-0.5 * np.exp(-x), 0.0, INF, np.sqrt(np.pi)),
    "Cauchy": (lambda x: 1 / (1 + x * x), -INF, INF, np.pi),
    "normal": (lambda x: np.exp(-x * x / 2), -INF, INF, np.sqrt(2 * np.pi)),
    "lower": (lambda x: np.exp(x) / np.sqrt(-x), -INF, 0.0, np.sqrt(np.pi)),
    "slow": (lambda x: x**-1.5, 1.0, INF, 2.0),
    "large ends": (lambda x: np.sqrt(x - 1e6), 1e6, 1e6 + 1, 2 / 3),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_integrals(name):
    f, a, b, exact = KNOWN[name]
    # Beside a million, doubles lie 1e-10 apart, and the error says what that leaves out.
    rtol = 1e-7 if name == "large ends" else 1e-9
    result = tanh_sinh(f, a, b, rtol=rtol)
    assert result.converged
    assert abs(result.value - exact) <= result.error
    assert result.error <= rtol * abs(result.value)
    assert tanh_sinh(f, b, a, rtol=rtol).value == -result.value


def test_levels_use_earlier_points_again():
    seen = []

    def f(x):
        seen.append(x.copy())
        return np.log(x)

    result = tanh_sinh(f, 0.0, 1.0, rtol=1e-12)
    points = np.concatenate([x.ravel() for x in seen])
    # Nodes that cannot be told from an end are placed at the middle.
    points = points[points != 0.5]
    assert len(np.unique(points)) == len(points)
    assert result.n_calls == result.n_iter == len(seen)
    assert result.n_evaluations == sum(x.size for x in seen)
    assert np.all((points > 0) & (points < 1))


def test_a_batch_is_what_its_integrals_are_alone():
    a, p = np.array([0.0, 1.0, -2.0]), np.array([-0.5, 0.3, -0.9])
    batch = tanh_sinh(power, a, a + 1, (a, p), rtol=1e-12)
    assert batch.converged.all()
    np.testing.assert_allclose(batch.value, 1 / (p + 1), rtol=1e-14)
    for k in range(3):
        alone = tanh_sinh(power, a[k], a[k] + 1, (a[k], p[k]), rtol=1e-12)
        assert (alone.value, alone.error) == (batch.value[k], batch.error[k])


def test_break_points_are_ends():
    def f(x, edge):
        return np.log(np.where(np.abs(x - 1) < 0.5, edge, np.abs(x - 1)))

    result = tanh_sinh(f, 0.0, 2.0, points=[1.0], rtol=1e-12)
    assert result.n_intervals == 2
    assert result.value == pytest.approx(-2.0, rel=1e-13)
    result = tanh_sinh(lambda x: np.abs(x - 1) ** -0.5, 0.0, 3.0, points=1.0, rtol=1e-6)
    assert result.value == pytest.approx(2 + 2 * np.sqrt(2), rel=1e-6)


def test_vector_and_complex_values():
    p = np.array([-0.5, 0.0, 0.5])
    result = tanh_sinh(lambda x: x[..., None] ** p, 0.0, 1.0, rtol=1e-12)
    np.testing.assert_allclose(result.value, 1 / (p + 1), rtol=1e-13)
    result = tanh_sinh(lambda x: np.exp(1j * x) / np.sqrt(x), 0.0, 1.0, rtol=1e-12)
    exact = mpmath.quad(lambda x: 2 * mpmath.exp(1j * x**2), [0, 1])
    assert abs(result.value - complex(exact)) <= result.error


def test_scalar_functions_get_single_distances():
    result = tanh_sinh(
        lambda x, edge: (edge if x < 1.5 else x - 1) ** -0.5, 1.0, 2.0, vectorized=False
    )
    assert result.value == pytest.approx(2.0, rel=1e-9)


def test_limits_and_rounding_end_the_levels():
    with pytest.warns(hasten.ConvergenceWarning, match="limit"):
        result = tanh_sinh(lambda x: np.sign(x - 0.3), 0.0, 1.0, rtol=1e-10, limit=20)
    assert result.status == "limit"
    assert result.n_evaluations <= 21 * 20
    with pytest.warns(hasten.ConvergenceWarning, match="rounding"):
        result = tanh_sinh(lambda x: np.sqrt(x) - 2 / 3, 0.0, 1.0)
    assert abs(result.value) <= result.error < 1e-14
    stopped = tanh_sinh(np.sqrt, 0.0, 1.0, rtol=1e-14, callback=lambda info: info.n_iter == 1)
    assert stopped.status == "stopped"


def test_errors_hold_for_singular_ends():
    # Beta functions: two singular ends of random strength.
    rng = np.random.default_rng(5)
    p, q = rng.uniform(-0.85, 1.5, (2, 1000))

    def f(x, p, q, edge):
        left, right = np.where(x < 0.5, edge, x), np.where(x < 0.5, 1 - x, edge)
        return left**p * right**q

    exact = special.beta(p + 1, q + 1)
    for rtol in (1e-6, 1e-10):
        result = tanh_sinh(f, 0.0, 1.0, (p, q), rtol=rtol)
        true = np.abs(result.value - exact)
        assert result.converged.all()
        assert np.all(true <= result.error + 4e-15 * exact)
        assert np.all(true <= rtol * exact)
        assert np.median(result.n_evaluations) < 300
    auto = quad(f, 0.0, 1.0, (p, q))
    true = np.abs(auto.value - exact)
    assert auto.converged.all()
    assert np.mean(true <= auto.error + 4e-15 * exact) >= 0.99
    assert np.all(true <= 1e-7 * exact)
