"""What can be done with a rule."""

from __future__ import annotations

import dataclasses
import math
import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.quadrature import (
    Rule,
    clenshaw_curtis,
    gauss_chebyshev,
    gauss_gegenbauer,
    gauss_hermite,
    gauss_jacobi,
    gauss_laguerre,
    gauss_legendre,
    golub_welsch,
    tensor_rule,
)
from tests.quadrature.exact_rules import hermite, jacobi, laguerre, node_and_weight


def test_a_rule_unpacks_and_has_a_length():
    rule = gauss_legendre(5)
    x, w = rule
    assert x is rule.nodes
    assert w is rule.weights
    assert len(rule) == 5
    assert x.dtype == w.dtype == np.float64


def test_functions_and_values_are_integrated():
    rule = gauss_legendre(20, 0.0, 1.0)
    assert rule(np.exp) == pytest.approx(math.e - 1.0, rel=1e-15)
    assert isinstance(rule(np.exp), float)
    assert rule(lambda x, c: np.cos(c * x), 2.0) == pytest.approx(math.sin(2.0) / 2.0, rel=1e-15)
    assert rule @ np.exp(rule.nodes) == rule(np.exp)
    assert rule @ rule.nodes.tolist() == pytest.approx(0.5)
    assert rule(lambda x: np.exp(1j * x)) == pytest.approx(complex(math.sin(1), 1 - math.cos(1)))
    powers = rule(lambda x: x[:, None] ** np.arange(4))
    np.testing.assert_allclose(powers, 1.0 / np.arange(1, 5), rtol=1e-15)
    assert rule(lambda x: np.ones((20, 2, 3))).shape == (2, 3)
    assert rule @ np.ones(20, np.float32) == pytest.approx(1.0, rel=1e-15)
    assert rule @ np.ones(20, bool) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (1.0, ValueError, r"must have 3 values, .* got shape \(\)"),
        (np.ones(4), ValueError, r"must have 3 values, .* got shape \(4,\)"),
        (np.ones((1, 3)), ValueError, r"must have 3 values, .* got shape \(1, 3\)"),
        ([1.0, math.nan, 2.0], ValueError, "must be finite; got nan at x = 0.0"),
        ([[1.0], [2.0], [math.inf]], ValueError, "must be finite; got inf at x = 0.77"),
        (["a", "b", "c"], TypeError, "must hold numbers; got dtype"),
        ([[1], [2, 3], [4]], ValueError, "must be an array"),
    ],
)
def test_values_are_checked(values, error, message):
    rule = gauss_legendre(3)
    with pytest.raises(error, match="`y` " + message):
        rule @ values
    with pytest.raises(error, match=r"`f\(x\)` " + message):
        rule(lambda x: values)


def test_what_is_no_function_is_refused_and_what_a_function_raises_passes():
    rule = gauss_legendre(3)
    with pytest.raises(TypeError, match="`f` must be callable"):
        rule(np.ones(3))
    with pytest.raises(ZeroDivisionError):
        rule(lambda x: 1 / 0)


def test_sums_may_overflow():
    assert gauss_legendre(3) @ np.full(3, 1e308) == math.inf


# ---------------------------------------------------------------- ranges


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(1, 200),
    a=st.floats(-1e6, 1e6),
    length=st.floats(1e-3, 1e6),
)
def test_any_range_has_its_length_and_its_nodes_in_order(n, a, length):
    b = a + length
    rule = gauss_legendre(n, a, b)
    assert math.fsum(rule.weights) == pytest.approx(b - a, rel=1e-15)
    assert (np.diff(rule.nodes) >= 0).all()
    assert rule.nodes[0] >= a
    assert rule.nodes[-1] <= b
    middle = 0.5 * (a + b)
    # Nodes are rounded once where they lie.
    assert abs(rule.nodes - middle + (rule.nodes[::-1] - middle)).max() <= 4e-16 * (
        abs(a) + abs(b) + length
    )


def test_distances_to_the_ends_keep_their_accuracy():
    n = 600
    rule = gauss_legendre(n, 0.0, 3.0, return_theta=True)
    for i in (0, 7, n - 2):
        exact, _ = node_and_weight((jacobi, 0, 0), n, gauss_legendre(n).nodes[i])
        with mpmath.workdps(40):
            left, right = 3 * (1 + exact) / 2, 3 * (1 - exact) / 2
        # In a range that starts at 0 the nodes themselves have it.
        if i < n // 2:
            assert abs(rule.nodes[i] / left - 1) < 1e-15
        angle = rule.theta[i] if i >= n // 2 else rule.theta[::-1][i]
        near = right if i >= n // 2 else left
        assert abs(3.0 * math.sin(angle / 2) ** 2 / near - 1) < 1e-15


def test_angles_are_those_of_the_nodes():
    rule = gauss_legendre(31, return_theta=True)
    np.testing.assert_allclose(np.cos(rule.theta), rule.nodes, atol=2e-16)
    assert gauss_legendre(31).theta is None
    assert gauss_legendre(31, 0, 1).theta is None


@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-1, 1), (np.float32(-1), np.int8(1))])
def test_the_standard_range_needs_no_mapping(ends):
    np.testing.assert_array_equal(gauss_legendre(50, *ends).nodes, gauss_legendre(50).nodes)


def test_a_rule_is_mapped():
    direct, mapped = gauss_legendre(40, 2.0, 7.0), gauss_legendre(40).map(2.0, 7.0)
    np.testing.assert_allclose(mapped.nodes, direct.nodes, rtol=3e-16)
    np.testing.assert_allclose(mapped.weights, direct.weights, rtol=3e-16)
    again = mapped.map(0, 1).map(2, 7)
    np.testing.assert_allclose(again.nodes, direct.nodes, rtol=1e-15)
    assert again.error < 1e-13
    with_angles = gauss_legendre(40, return_theta=True).map(2.0, 7.0)
    np.testing.assert_array_equal(with_angles.nodes, direct.nodes)
    # The weight function goes along: int_0^2 x^-1/2 dx, twice the length 1 to the power 1/2.
    rule = gauss_jacobi(10, 0.0, -0.5).map(0.0, 2.0)
    assert rule(lambda x: x) == pytest.approx(2**1.5 / 1.5, rel=1e-13)
    np.testing.assert_allclose(np.exp(rule.log_weights), rule.weights, rtol=1e-14)
    ends = clenshaw_curtis(9).map(0.1, 0.7).nodes
    assert (ends[0], ends[-1]) == (0.1, 0.7)


def test_what_cannot_be_mapped_is_refused():
    for rule in (gauss_hermite(3), gauss_laguerre(3), tensor_rule([gauss_legendre(2)] * 2)):
        with pytest.raises(ValueError, match="only from a finite range of one variable"):
            rule.map(0, 1)
    bayesian = Rule(nodes=np.zeros(1), weights=np.ones(1), a=0.0, b=1.0, variance=0.1)
    with pytest.raises(ValueError, match="a Bayesian rule belongs to its range"):
        bayesian.map(0, 2)
    with pytest.raises(ValueError, match="`b` must be greater than `a`; got a=1"):
        gauss_legendre(3).map(1, 0)


# ---------------------------------------------------------------- tensor rules


def test_a_tensor_rule_integrates_products():
    factors = [gauss_legendre(6, 0, 1), gauss_hermite(7), gauss_laguerre(5, 1.0)]
    rule = tensor_rule(factors)
    assert rule.nodes.shape == (210, 3)
    assert len(rule) == 210
    value = rule(lambda x: x[:, 0] ** 3 * x[:, 1] ** 4 * x[:, 2] ** 2)
    assert value == pytest.approx(0.25 * 0.75 * math.sqrt(math.pi) * 6.0, rel=1e-13)
    np.testing.assert_array_equal(rule.a, [0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(rule.b, [1.0, np.inf, np.inf])
    # The last variable is the fastest.
    np.testing.assert_array_equal(rule.nodes[:5, 2], factors[2].nodes)
    np.testing.assert_allclose(np.exp(rule.log_weights), rule.weights, rtol=1e-13)
    assert max(f.error for f in factors) <= rule.error <= 1.01 * sum(f.error for f in factors)
    assert tensor_rule(iter(factors[:1])).nodes.shape == (6, 1)


def test_tensor_rules_are_checked():
    with pytest.raises(ValueError, match="`rules` must hold at least 1 rule"):
        tensor_rule([])
    with pytest.raises(TypeError, match="`rules` must hold rules; got 3 at index 1"):
        tensor_rule([gauss_legendre(2), 3])
    with pytest.raises(ValueError, match="rules of one variable; got 2 variables at index 0"):
        tensor_rule([tensor_rule([gauss_legendre(2)] * 2)])
    with pytest.raises(TypeError):
        tensor_rule(3)
    with pytest.raises(MemoryError):
        tensor_rule([gauss_legendre(1000)] * 7)


# ---------------------------------------------------------------- the certificate


CHECKED = [
    ("legendre", lambda: gauss_legendre(70), (jacobi, 0, 0)),
    ("jacobi", lambda: gauss_jacobi(80, 0.5, -0.75), (jacobi, 0.5, -0.75)),
    ("jacobi-steep", lambda: gauss_jacobi(70, 60, 2), (jacobi, 60, 2)),
    ("hermite", lambda: gauss_hermite(70), (hermite, 1)),
    ("laguerre", lambda: gauss_laguerre(70, 2), (laguerre, 2)),
    ("chebyshev", lambda: gauss_chebyshev(70, 2), (jacobi, 0.5, 0.5)),
]


def exact_error(rule, family, *, of_mass):
    """Evaluate the certificate with 40 digits, for the exact mass or that of the rule."""
    make, *parameters = family
    degrees = (0, 1, 8, 64) if of_mass else (1, 8, 64)
    with mpmath.workdps(40):
        coefficients, mass = make(*parameters)
        x, w = ([mpmath.mpf(value) for value in values.tolist()] for values in rule)
        if not of_mass:
            mass = mpmath.fsum(w)
        before, value = [mpmath.mpf(0)] * len(x), [1 / mpmath.sqrt(mass)] * len(x)
        worst = mpmath.mpf(0)
        root = mpmath.mpf(0)
        for k in range(65):
            if k in degrees:
                norm = mpmath.fsum(w * v**2 for w, v in zip(w, value, strict=True))
                worst = max(worst, abs(norm - 1))
            middle, root_before, root = (
                coefficients(k)[0],
                root,
                mpmath.sqrt(coefficients(k + 1)[1]),
            )
            following = [
                ((at - middle) * v - root_before * u) / root
                for at, v, u in zip(x, value, before, strict=True)
            ]
            before, value = value, following
        return float(worst)


@pytest.mark.parametrize(("make", "family"), [c[1:] for c in CHECKED], ids=[c[0] for c in CHECKED])
def test_the_error_is_that_of_many_digits(make, family):
    rule = make()
    # Marched weights are scaled to the mass.
    of_mass = rule.log_weights is None
    exact = exact_error(rule, family, of_mass=of_mass)
    # Each of 64 steps of the recurrence rounds, and a node that is rounded has another value.
    assert abs(rule.error - exact) < 64 * 64 * 2.3e-16
    # One weight that is off by a millionth of all, and one node that is off by a millionth.
    middle = len(rule) // 2
    for name, by in (("weights", 1e-6 * rule.weights.sum()), ("nodes", 1e-6)):
        changed = getattr(rule, name).copy()
        changed[middle] += by
        damaged = dataclasses.replace(rule, **{name: changed})
        exact = exact_error(damaged, family, of_mass=of_mass)
        assert exact > 1e-9
        assert damaged.error == pytest.approx(exact, rel=1e-3)


def test_the_error_tells_numpys_weights_from_ours():
    n = 500
    x, w = np.polynomial.legendre.leggauss(n)
    theirs = dataclasses.replace(gauss_legendre(n), nodes=x, weights=w)
    assert gauss_legendre(n).error < 3e-14 < theirs.error


def test_rules_without_a_promise_have_no_error():
    rule = Rule(nodes=np.zeros(1), weights=np.ones(1), a=0.0, b=1.0)
    assert math.isnan(rule.error)
    assert rule.degree is None
    assert rule.error_kind == "estimate"


@pytest.mark.parametrize("n", [1, 2, 3, 16, 17, 129])
def test_small_rules_have_an_error_too(n):
    # p_k is integrated exactly with its square from n = k + 1 on.
    for rule in (
        gauss_legendre(n, 1, 4),
        gauss_hermite(n),
        gauss_gegenbauer(n, 0.0),
        gauss_jacobi(n, -0.5, -0.5),
        gauss_laguerre(n),
        clenshaw_curtis(n),
        golub_welsch(np.zeros(n), np.full(max(n - 1, 0), 0.25)),
    ):
        assert 0.0 <= rule.error < 2e-12


# ---------------------------------------------------------------- the object


def test_it_prints_in_one_line():
    assert str(gauss_legendre(1)) == "Gauss-Legendre rule of 1 node on [-1, 1], exact to degree 1"
    assert str(gauss_hermite(2000)) == (
        "Gauss-Hermite rule of 2,000 nodes on [-inf, inf], exact to degree 3999"
    )
    assert str(tensor_rule([gauss_legendre(3)] * 2)) == "Tensor rule of 9 nodes in 2 variables"
    plain = Rule(nodes=np.zeros(1), weights=np.ones(1), a=0.0, b=1.0)
    assert str(plain) == "Rule of 1 node on [0, 1]"
    assert repr(plain) == "Rule(a=0.0, b=1.0, variance=None)"


def test_it_is_frozen_and_pickles():
    rule = gauss_laguerre(6, 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.nodes = np.zeros(6)
    again = pickle.loads(pickle.dumps(rule))
    np.testing.assert_array_equal(again.log_weights, rule.log_weights)
    assert (again.error, str(again)) == (rule.error, str(rule))


def test_it_draws_itself():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    ax = gauss_legendre(20).plot()
    assert len(ax.lines[0].get_xdata()) == 20
    assert ax.get_title() == "Gauss-Legendre rule of 20 nodes on [-1, 1]"
    assert gauss_chebyshev(900).plot(ax=ax) is ax
    plane = tensor_rule([gauss_legendre(3), gauss_hermite(4)]).plot()
    assert len(plane.collections[0].get_offsets()) == 12
    with pytest.raises(ValueError, match="in one or two variables; this one has 3"):
        tensor_rule([gauss_legendre(2)] * 3).plot()
    plt.close("all")
