"""`round_plan`: feasible to rounding, and near."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.ot import exact_bounds, round_plan, sinkhorn


@given(
    st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.01, 1.0]), st.sampled_from([1e-200, 1.0, 1e100]),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_marginals_are_exact_and_the_plan_is_near(n, m, seed, noise, mass):
    rng = np.random.default_rng(seed)
    plan = mass * rng.random((n, m)) * (rng.random((n, m)) < 0.7)
    a = plan.sum(axis=1) * (1 + noise * rng.random(n)) + mass * noise * rng.random(n)
    b = plan.sum(axis=0) * (1 + noise * rng.random(m)) + mass * noise * rng.random(m)
    if not a.any() or not b.any():
        a, b = np.full(n, mass / n), np.full(m, mass / m)
    b *= a.sum() / b.sum()
    rounded = round_plan(plan, a, b)
    assert (rounded >= 0).all()
    rounding = 1e-14 * a.sum()
    assert np.abs(rounded.sum(axis=1) - a).sum() <= rounding
    assert np.abs(rounded.sum(axis=0) - b).sum() <= rounding
    error = np.abs(plan.sum(axis=1) - a).sum() + np.abs(plan.sum(axis=0) - b).sum()
    assert np.abs(rounded - plan).sum() <= 2 * error + rounding


def test_by_hand():
    # Row 1 is cut to 0.5, then no column is too full, and 0.2 is missing in the other corner.
    rounded = round_plan([[0.5, 0.1], [0.0, 0.3]], [0.5, 0.5], [0.5, 0.5])
    kept = np.array([[5 / 12, 1 / 12], [0.0, 0.3]])
    missing = np.outer([0.0, 0.2], [1 / 12, 0.5 - 1 / 12 - 0.3]) / 0.2
    np.testing.assert_allclose(rounded, kept + missing, atol=1e-15)


def test_a_feasible_plan_stays():
    a, b = np.array([0.3, 0.7]), np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(round_plan(np.outer(a, b), a, b), np.outer(a, b), atol=1e-16)


def test_an_empty_plan_becomes_the_product():
    a, b = np.array([0.3, 0.7]), np.array([0.5, 0.25, 0.25])
    np.testing.assert_allclose(round_plan(np.zeros((2, 3)), a, b), np.outer(a, b), atol=1e-16)


def test_of_a_result(draw):
    a, b, cost = draw(20, 30, seed=1)
    result = sinkhorn(a, b, cost, reg=0.02, tol=1e-3)
    assert result.marginal_error > 1e-12
    rounded = result.round()
    np.testing.assert_allclose(rounded.sum(axis=1), a, rtol=1e-12)
    np.testing.assert_allclose(rounded.sum(axis=0), b, rtol=1e-12)
    assert (rounded * cost).sum() == pytest.approx(result.exact_upper, rel=1e-12)
    np.testing.assert_array_equal(rounded, round_plan(result.plan, a, b))


def test_precision_goes_with_the_plan(draw):
    a, b, cost = draw(5, 6)
    assert round_plan(np.full((5, 6), 1 / 30, np.float32), a, b).dtype == np.float32
    assert sinkhorn(a, b, np.float32(cost), reg=0.1).round().dtype == np.float64


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([[-0.5, 1.0]], [0.5], [0.0, 0.5]), r"`plan` must not be negative; got -0.5 at index \(0"),
        (([[0.5, 0.5]], [1.0, 1.0], [1.0, 1.0]), r"`plan` must have shape \(2, 2\) to match"),
        (([[0.5, 0.5]], [1.0], [1.0, 1.0]), "`a` and `b` must have the same sum; got 1 and 2"),
        (([[0.5, np.inf]], [1.0], [0.5, 0.5]), "`plan` must be finite"),
    ],
)
def test_bad_input(arguments, match):
    with pytest.raises(ValueError, match=match):
        round_plan(*arguments)


def test_bad_potentials(draw):
    a, b, cost = draw(3, 4)
    with pytest.raises(ValueError, match=r"`f` must have shape \(3,\); got \(4,\)"):
        exact_bounds(a, b, cost, np.zeros(4), np.zeros(4), reg=0.1)
    with pytest.raises(ValueError, match="`g` must be finite"):
        exact_bounds(a, b, cost, np.zeros(3), np.full(4, np.inf), reg=0.1)
