"""Rules are those of 40-digit arithmetic, and integrate what they should."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.quadrature import (
    clenshaw_curtis,
    fejer,
    gauss_chebyshev,
    gauss_gegenbauer,
    gauss_hermite,
    gauss_jacobi,
    gauss_kronrod,
    gauss_laguerre,
    gauss_legendre,
    gauss_lobatto,
    gauss_radau,
    golub_welsch,
)
from tests.quadrature.exact_rules import hermite, jacobi, laguerre, node_and_weight


def sampled(n):
    """Say which nodes to compare: the ends, next to them, the middle and between."""
    if n > 500:
        return [0, n // 3, n - 1]
    return sorted({0, min(1, n - 1), n // 4, n // 2, (3 * n) // 4, n - 1})


def assert_exact(rule, family, of_nodes, of_weights, *, relative=False):
    n = len(rule)
    for i in sampled(n):
        x, w = node_and_weight(family, n, rule.nodes[i])
        scale = abs(x) if relative else mpmath.mpf(1)
        assert abs(rule.nodes[i] - x) <= of_nodes * scale, (n, i)
        assert abs(rule.weights[i] / w - 1) <= of_weights, (n, i)
        if rule.log_weights is not None:
            log = mpmath.log(w)
            assert abs(rule.log_weights[i] - log) <= of_weights + 3e-16 * abs(log), (n, i)


@pytest.mark.parametrize("n", [1, 2, 3, 20, 99, 100, 101, 137, 1000])
def test_legendre(n):
    assert_exact(gauss_legendre(n), (jacobi, 0, 0), 4e-16, 6e-16)


def test_three_nodes_of_legendre_are_the_known_ones():
    x, w = gauss_legendre(3)
    np.testing.assert_array_max_ulp(x, np.array([-math.sqrt(0.6), 0.0, math.sqrt(0.6)]), 1)
    np.testing.assert_array_max_ulp(w, np.array([5.0, 8.0, 5.0]) / 9.0, 1)


def test_a_million_nodes_of_legendre():
    rule = gauss_legendre(1_000_000)
    assert abs(math.fsum(rule.weights) - 2.0) <= 4e-16
    exact = 2.0 * math.sinh(1.0)
    assert abs(math.fsum(rule.weights * np.exp(rule.nodes)) / exact - 1.0) <= 4e-16
    assert (np.diff(rule.nodes) > 0.0).all()


def test_weights_are_better_than_those_of_numpy_and_scipy():
    from scipy.special import roots_legendre

    n = 500
    exact = float(node_and_weight((jacobi, 0, 0), n, gauss_legendre(n).nodes[-1])[1])
    ours, numpys, scipys = (
        abs(weights[-1] / exact - 1.0)
        for weights in (
            gauss_legendre(n).weights,
            np.polynomial.legendre.leggauss(n)[1],
            roots_legendre(n)[1],
        )
    )
    assert ours < 6e-16
    assert min(numpys, scipys) > 1e-10


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_chebyshev(n, kind):
    exponents = {1: (-0.5, -0.5), 2: (0.5, 0.5), 3: (-0.5, 0.5), 4: (0.5, -0.5)}[kind]
    assert_exact(gauss_chebyshev(n, kind), (jacobi, *exponents), 3e-16, 3e-15)


@pytest.mark.parametrize(
    ("n", "alpha", "beta"),
    [(1, 3, -0.5), (2, 0, 0), (60, -0.5, 1.5), (60, -0.9, 4), (300, 80, 0.25), (400, 7, 7)],
)
def test_jacobi(n, alpha, beta):
    assert_exact(gauss_jacobi(n, alpha, beta), (jacobi, alpha, beta), 4e-16, 5e-13)


@pytest.mark.parametrize(("n", "lam"), [(1, 2), (60, 0.25), (61, 3.5)])
def test_gegenbauer(n, lam):
    rule = gauss_gegenbauer(n, lam)
    assert_exact(rule, (jacobi, lam - 0.5, lam - 0.5), 4e-16, 5e-13)
    np.testing.assert_array_equal(rule.nodes, -rule.nodes[::-1])
    np.testing.assert_array_equal(rule.weights, rule.weights[::-1])


def test_a_long_jacobi_rule_is_that_of_chebyshev():
    n = 100_000
    rule, exact = gauss_jacobi(n, -0.5, -0.5), gauss_chebyshev(n)
    assert abs(rule.nodes - exact.nodes).max() <= 1e-14
    assert abs(rule.weights / (math.pi / n) - 1.0).max() <= 1e-11


@pytest.mark.parametrize(("weight", "scale"), [("physicist", 1), ("probabilist", 0.5)])
@pytest.mark.parametrize("n", [1, 2, 3, 60, 301])
def test_hermite(n, weight, scale):
    rule = gauss_hermite(n, weight=weight)
    assert_exact(rule, (hermite, scale), 3e-15, 3e-13, relative=True)


@pytest.mark.parametrize(
    ("n", "alpha"), [(1, 2.5), (2, 0), (60, 0.5), (150, -0.9), (150, 30), (180, 0)]
)
def test_laguerre(n, alpha):
    assert_exact(gauss_laguerre(n, alpha), (laguerre, alpha), 1e-13, 4e-13, relative=True)


def test_weights_that_underflow_keep_their_logarithms():
    rule = gauss_hermite(1000)
    assert rule.weights[0] == 0.0
    _, w = node_and_weight((hermite, 1), 1000, rule.nodes[0])
    assert rule.log_weights[0] == pytest.approx(float(mpmath.log(w)), rel=1e-14)


def test_weights_that_overflow_are_announced():
    with pytest.warns(UserWarning, match="Gauss-Laguerre rule .* use `log_weights`") as caught:
        rule = gauss_laguerre(40, 200.0)
    assert caught[0].filename == __file__
    assert np.isinf(rule.weights).any()
    top = rule.log_weights.max()
    total = top + math.log(math.fsum(np.exp(rule.log_weights - top)))
    assert total == pytest.approx(float(mpmath.loggamma(201)), rel=1e-14)
    assert rule.error < 1e-9


@pytest.mark.parametrize("n", [1, 2, 3, 10, 25])
def test_golub_welsch(n):
    # The measure x^2 exp(-x).
    k = np.arange(n)
    rule = golub_welsch(2.0 * k + 3.0, k[1:] * (k[1:] + 2.0), 2.0)
    exact = gauss_laguerre(n, 2.0)
    np.testing.assert_allclose(rule.nodes, exact.nodes, rtol=1e-12)
    np.testing.assert_allclose(rule.weights, exact.weights, rtol=1e-8, atol=4e-15)
    assert rule.error < 1e-11


MONOMIALS = [
    ("lobatto", gauss_lobatto, 2, lambda n: 2 * n - 3),
    ("radau", gauss_radau, 1, lambda n: 2 * n - 2),
    ("clenshaw-curtis", clenshaw_curtis, 1, lambda n: n if n % 2 else n - 1),
    ("fejer-1", fejer, 1, lambda n: n if n % 2 else n - 1),
    ("fejer-2", lambda n: fejer(n, 2), 1, lambda n: n if n % 2 else n - 1),
    ("kronrod", gauss_kronrod, 1, lambda n: 3 * n + 1),
]


@pytest.mark.parametrize(
    ("make", "least", "degree"), [row[1:] for row in MONOMIALS], ids=[row[0] for row in MONOMIALS]
)
def test_polynomials_are_integrated_up_to_the_degree(make, least, degree):
    for n in range(least, 14):
        rule = make(n)
        assert rule.degree == degree(n)
        for k in range(rule.degree + 1):
            exact = 2.0 / (k + 1) if k % 2 == 0 else 0.0
            assert abs(math.fsum(rule.weights * rule.nodes**k) - exact) < 2e-15, (n, k)
        assert rule.error < 1e-13


def test_fixed_nodes_are_where_they_should():
    for n in (2, 5, 40):
        x = gauss_lobatto(n).nodes
        assert (x[0], x[-1]) == (-1.0, 1.0)
        assert gauss_radau(n).nodes[0] == -1.0
        np.testing.assert_array_equal(gauss_kronrod(n).nodes[1::2], gauss_legendre(n).nodes)
        np.testing.assert_allclose(
            clenshaw_curtis(n + 2).nodes[1:-1], fejer(n, 2).nodes, rtol=0, atol=1e-15
        )


EVERY = {
    "legendre": lambda n, k: gauss_legendre(n, n_threads=k),
    "legendre-mapped": lambda n, k: gauss_legendre(n, 0, 3, return_theta=True, n_threads=k),
    "chebyshev": lambda n, k: gauss_chebyshev(n, 4, n_threads=k),
    "jacobi": lambda n, k: gauss_jacobi(n // 20, 0.3, 2, n_threads=k),
    "gegenbauer": lambda n, k: gauss_gegenbauer(n // 20, 2, n_threads=k),
    "hermite": lambda n, k: gauss_hermite(n // 20, n_threads=k),
    "laguerre": lambda n, k: gauss_laguerre(n // 20, 0.5, n_threads=k),
    "lobatto": lambda n, k: gauss_lobatto(n // 20, n_threads=k),
    "radau": lambda n, k: gauss_radau(n // 20, n_threads=k),
    "clenshaw-curtis": lambda n, k: clenshaw_curtis(n // 8, n_threads=k),
    "fejer": lambda n, k: fejer(n // 8, 2, n_threads=k),
}


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY.keys())
def test_threads_do_not_change_a_bit(make):
    # Enough nodes that the doorway uses more than one thread.
    alone = make(1_020_000, 1)
    for n_threads in (2, 3, 7):
        rule = make(1_020_000, n_threads)
        for name in ("nodes", "weights", "theta", "log_weights"):
            np.testing.assert_array_equal(getattr(rule, name), getattr(alone, name))


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 300),
    alpha=st.floats(-0.95, 40.0),
    beta=st.floats(-0.95, 40.0),
)
def test_jacobi_rules_are_sane(n, alpha, beta):
    rule = gauss_jacobi(n, alpha, beta)
    x, w = rule
    assert (np.diff(x) > 0).all()
    assert x[0] >= -1.0
    assert x[-1] <= 1.0
    assert (w > 0).all()
    assert rule.error < 1e-10
    mirror = gauss_jacobi(n, beta, alpha)
    np.testing.assert_allclose(mirror.nodes, -x[::-1], rtol=0, atol=1e-15)
    np.testing.assert_allclose(mirror.log_weights, rule.log_weights[::-1], rtol=1e-11, atol=1e-11)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 400), alpha=st.floats(-0.95, 60.0))
def test_laguerre_rules_are_sane(n, alpha):
    rule = gauss_laguerre(n, alpha)
    assert (np.diff(rule.nodes) > 0).all()
    assert rule.nodes[0] > 0.0
    assert np.isfinite(rule.log_weights).all()
    # The mean of the gamma law.
    mean = math.fsum(rule.weights * rule.nodes) / math.fsum(rule.weights)
    assert mean == pytest.approx(alpha + 1.0, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    n=st.sampled_from([1, 2, 3, 5, 50, 400, 10_001]),
    alpha=st.floats(-1.0, 1e9, exclude_min=True),
    beta=st.floats(-1.0, 1e9, exclude_min=True),
)
def test_strained_parameters_give_a_rule_or_a_refusal(n, alpha, beta):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for make in (lambda: gauss_jacobi(n, alpha, beta), lambda: gauss_laguerre(n, alpha)):
            try:
                rule = make()
            except ValueError as refusal:
                assert "`n`" in str(refusal)  # noqa: PT017  An answer is fine too.
                continue
            assert len(rule) == n
            assert np.isfinite(rule.nodes).all()
            assert (np.diff(rule.nodes) >= 0).all()


WHOLE = [
    gauss_legendre,
    gauss_chebyshev,
    lambda n: gauss_jacobi(n, 0, 0),
    lambda n: gauss_gegenbauer(n, 1),
    gauss_hermite,
    gauss_laguerre,
    gauss_radau,
    gauss_kronrod,
    clenshaw_curtis,
    fejer,
]


@pytest.mark.parametrize("make", WHOLE)
def test_the_number_of_nodes_is_checked(make):
    for bad in (2.0, "3", True, None, [4]):
        with pytest.raises(TypeError, match="`n` must be an integer; got"):
            make(bad)
    for bad in (0, -3):
        with pytest.raises(ValueError, match=f"`n` must be at least 1; got {bad}"):
            make(bad)
    for huge in (2**59, 2**100):
        with pytest.raises(MemoryError):
            make(huge)
    assert len(make(np.int64(2))) >= 2


def test_lobatto_needs_two_nodes():
    with pytest.raises(ValueError, match="`n` must be at least 2; got 1"):
        gauss_lobatto(1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gauss_jacobi(3, -1, 0), ValueError, "`alpha` must be greater than -1; got -1"),
        (lambda: gauss_jacobi(3, 0, -2), ValueError, "`beta` must be greater than -1; got -2"),
        (lambda: gauss_jacobi(3, math.nan, 0), ValueError, "`alpha` must be finite; got nan"),
        (lambda: gauss_jacobi(3, "1", 0), TypeError, "`alpha` must be a real number; got '1'"),
        (lambda: gauss_laguerre(3, -1), ValueError, "`alpha` must be greater than -1"),
        (lambda: gauss_laguerre(3, math.inf), ValueError, "`alpha` must be finite; got inf"),
        (lambda: gauss_gegenbauer(3, -0.5), ValueError, "`lam` must be greater than -0.5"),
        (lambda: gauss_hermite(3, weight="gauss"), ValueError, "`weight` must be one of"),
        (lambda: gauss_chebyshev(3, 5), ValueError, "`kind` must be 1, 2, 3 or 4; got 5"),
        (lambda: gauss_chebyshev(3, 1.0), TypeError, "`kind` must be an integer; got 1.0"),
        (lambda: fejer(3, 3), ValueError, "`kind` must be 1 or 2; got 3"),
        (lambda: gauss_legendre(3, 1, 1), ValueError, "`b` must be greater than `a`"),
        (lambda: gauss_legendre(3, 0, math.inf), ValueError, "`b` must be finite; got inf"),
        (lambda: gauss_legendre(3, math.nan, 1), ValueError, "`a` must be finite; got nan"),
        (lambda: gauss_legendre(3, -1e308, 1e308), ValueError, "`b - a` must be in the range"),
        (lambda: gauss_legendre(3, 0, 5e-324), ValueError, "`b - a` must be in the range"),
        (lambda: gauss_legendre(3, [0], 1), TypeError, "`a` must be a real number"),
        (lambda: gauss_legendre(3, return_theta=1), TypeError, "`return_theta` must be True or"),
        (lambda: gauss_legendre(3, n_threads=0), ValueError, "`n_threads` must be at least 1"),
        (lambda: golub_welsch([], []), ValueError, "`alpha` must have at least 1 entry"),
        (lambda: golub_welsch([0, 0], []), ValueError, r"`beta` must have shape \(1,\)"),
        (lambda: golub_welsch([0, 0], [0]), ValueError, "`beta` must be positive; got 0.0 at"),
        (lambda: golub_welsch([0, math.nan], [1]), ValueError, "`alpha` must be finite; got nan"),
        (lambda: golub_welsch([[0]], []), ValueError, "`alpha` must have 1 dimension"),
        (lambda: golub_welsch(["x"], []), TypeError, "`alpha` must hold real numbers"),
        (lambda: golub_welsch([0], [], 0), ValueError, "`mu0` must be greater than 0"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.longdouble])
def test_coefficients_of_any_dtype_and_layout(dtype):
    alpha = np.zeros((5, 2), dtype)[:, 0]
    beta = np.arange(1, 5).astype(dtype)[::-1]
    expected = golub_welsch(alpha.astype(float).tolist(), beta.astype(float).tolist())
    rule = golub_welsch(alpha, beta)
    np.testing.assert_array_equal(rule.nodes, expected.nodes)
    assert rule.nodes.dtype == np.float64
