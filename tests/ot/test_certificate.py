"""Bounds hold against a solution of many digits, converged or not, in both precisions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from hasten.ot import exact_bounds, sinkhorn, sinkhorn_points
from tests.ot.quiet import quietly

EPS = np.finfo(np.float64).eps


def check(result, truth, a, b, cost, reg):
    """Compare every promise of a balanced result with the exact solution."""
    mass = a.sum()
    # Rounding of the dual value: units of <f, a> + <g, b>, and of the sums of the plan.
    slack = 32 * EPS * (np.abs(result.f).max() + np.abs(result.g).max() + reg) * mass
    value = float(truth.value)
    assert result.gap >= 0
    assert result.value == result.value_lower <= value + slack
    assert result.value_upper >= value - slack
    assert result.value_upper == result.value + result.gap
    # The plan itself, as the documented formula gives it.
    log_plan = np.log(a)[:, None] + np.log(b) + (result.f[:, None] + result.g - cost) / reg
    plan = np.exp(log_plan)
    single = result.plan.dtype == np.float32
    rounding = (1e-6 if single else 1e-11) * mass
    assert np.abs(result.plan - plan).sum() <= rounding
    error = np.abs(plan.sum(axis=1) - a).sum() + np.abs(plan.sum(axis=0) - b).sum()
    assert result.marginal_error == pytest.approx(error, rel=1e-6, abs=1e-13 * mass)
    assert result.value_linear == pytest.approx(float((plan * cost).sum()), rel=1e-10)
    np.testing.assert_allclose(result.row_sums, plan.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(result.column_sums, plan.sum(axis=0), rtol=1e-10)
    # Pinsker's inequality for the rounded plan, and how far rounding moved it.
    apart = np.abs(plan - truth.plan).sum()
    bound = np.sqrt(2 * mass * (result.gap + slack) / reg) + 2 * result.marginal_error
    assert apart <= bound + 1e-12 * mass
    assert result.converged == (result.marginal_error <= 1e-5 * mass)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("max_iter", [1, 2, 5, 10_000])
@pytest.mark.parametrize("reg", [0.02, 0.3])
@pytest.mark.parametrize("seed", range(3))
def test_bounds_hold_at_every_stage_of_a_solve(exact, draw, dtype, max_iter, reg, seed):
    a, b, cost = draw(8, 8, seed, dtype)
    result = quietly(sinkhorn, a, b, cost, reg=reg, max_iter=max_iter, tol=1e-5)
    cost = cost.astype(np.float64)
    check(result, exact(a, b, cost, reg), a, b, cost, reg)


@given(
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.05, 0.2, 1.0]),
    st.sampled_from([1e-3, 1.0, 20.0]),
    st.integers(1, 30),
)
@settings(max_examples=20, deadline=None)
def test_bounds_hold_for_any_problem(exact, draw, n, m, seed, reg, mass, max_iter):
    a, b, cost = draw(n, m, seed)
    a, b = mass * a, mass * b
    b *= a.sum() / b.sum()
    rng = np.random.default_rng(seed)
    cost = cost + rng.normal(size=n)[:, None]
    result = quietly(sinkhorn, a, b, cost, reg=reg, max_iter=max_iter, tol=1e-5)
    check(result, exact(a, b, cost, reg), a, b, cost, reg)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 1.0]), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_bounds_hold_far_from_a_solution(exact, draw, seed, reg, max_iter):
    """Where the iteration starts does not matter to what is proved of where it ends."""
    a, b, cost = draw(5, 4, seed)
    rng = np.random.default_rng(seed)
    init = rng.normal(size=5), 3 * rng.normal(size=4)
    result = quietly(
        sinkhorn, a, b, cost, reg=reg, init=init, max_iter=max_iter, method="log", tol=1e-5
    )
    check(result, exact(a, b, cost, reg), a, b, cost, reg)


RHOS = [(0.5, 0.5), (0.3, 4.0), (50.0, 50.0), (np.inf, 0.7), (0.7, np.inf)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize("max_iter", [1, 4, 10_000])
def test_bounds_hold_for_unbalanced_problems(exact, draw, dtype, rho, max_iter):
    a, b, cost = draw(6, 7, 5, dtype)
    a = 1.3 * a
    result = quietly(sinkhorn, a, b, cost, reg=0.1, reg_marginals=rho, max_iter=max_iter, tol=1e-6)
    truth = exact(a, b, cost, 0.1, rho)
    value = float(truth.value)
    slack = 1e-13
    assert result.gap >= 0
    assert result.value_lower <= value + slack
    assert result.value_upper >= value - slack
    cost = cost.astype(np.float64)
    plan = np.outer(a, b) * np.exp((result.f[:, None] + result.g - cost) / 0.1)
    error = np.abs(plan.sum(axis=1) - a * np.exp(-result.f / rho[0])).sum()
    error += np.abs(plan.sum(axis=0) - b * np.exp(-result.g / rho[1])).sum()
    assert result.marginal_error == pytest.approx(error, rel=1e-6, abs=1e-13)
    assert result.converged == (error <= 1e-6 * np.sqrt(1.3))


def exact_transport(a, b, cost):
    n, m = cost.shape
    rows = np.kron(np.eye(n), np.ones(m))
    columns = np.kron(np.ones(n), np.eye(m))
    solved = linprog(cost.ravel(), A_eq=np.vstack([rows, columns])[:-1], b_eq=np.append(a, b)[:-1])
    assert solved.status == 0
    return solved.fun


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("reg", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("max_iter", [2, 10_000])
def test_exact_transport_lies_in_its_bounds(draw, dtype, reg, max_iter):
    a, b, cost = draw(15, 12, 6, dtype)
    optimal = exact_transport(a, b, cost.astype(np.float64))
    result = quietly(sinkhorn, a, b, cost, reg=reg, max_iter=max_iter, tol=1e-6)
    # The linear program is solved to 1e-9 or so.
    assert result.exact_lower <= optimal + 1e-8
    assert result.exact_upper >= optimal - 1e-8
    same = exact_bounds(a, b, cost, result.f, result.g, reg=reg)
    assert same == (result.exact_lower, result.exact_upper)


def test_exact_bounds_close_as_the_strength_falls(draw):
    a, b, cost = draw(30, 30, 7)
    widths = []
    for reg in (0.3, 0.03, 0.003):
        result = sinkhorn(a, b, cost, reg=reg)
        widths.append(result.exact_upper - result.exact_lower)
    assert widths[0] > 3 * widths[1] > 9 * widths[2] > 0


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 10.0), st.floats(0.0, 20.0))
@settings(max_examples=25, deadline=None)
def test_exact_bounds_hold_for_any_potentials(seed, reg, size):
    rng = np.random.default_rng(seed)
    cost = rng.random((6, 6))
    weights = np.full(6, 1 / 6)
    optimal = cost[linear_sum_assignment(cost)].sum() / 6
    f, g = size * rng.normal(size=6), size * rng.normal(size=6)
    lower, upper = exact_bounds(weights, weights, cost, f, g, reg=reg)
    slack = 1e-13 * (1 + size)
    assert lower <= optimal + slack
    assert upper >= optimal - slack


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 10.0), st.floats(0.0, 2.0))
@settings(max_examples=25, deadline=None)
def test_the_upper_bound_is_the_cost_of_a_feasible_plan(seed, reg, size):
    """Of the plan scaled by rows and columns at once, with what is missing added."""
    rng = np.random.default_rng(seed)
    cost, a, b = rng.random((5, 7)), rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(7))
    f, g = size * rng.normal(size=5), size * rng.normal(size=7)
    plan = np.outer(a, b) * np.exp((f[:, None] + g - cost) / reg)
    rows, columns = plan.sum(axis=1), plan.sum(axis=0)
    feasible = plan * np.minimum(a / rows, 1)[:, None] * np.minimum(b / columns, 1)
    rest_a, rest_b = a - feasible.sum(axis=1), b - feasible.sum(axis=0)
    feasible += np.outer(rest_a, rest_b) / rest_a.sum()
    np.testing.assert_allclose(feasible.sum(axis=1), a, rtol=1e-10)
    np.testing.assert_allclose(feasible.sum(axis=0), b, rtol=1e-10)
    _, upper = exact_bounds(a, b, cost, f, g, reg=reg)
    assert upper == pytest.approx(float((feasible * cost).sum()), rel=1e-9)


def test_the_certificate_of_points_is_of_the_distances(exact):
    rng = np.random.default_rng(8)
    for dtype in (np.float64, np.float32):
        # Far from the origin: squares of the coordinates hold few digits of the distances.
        X = (rng.normal(size=(6, 2)) + 1000).astype(dtype)
        Y = (rng.normal(size=(5, 2)) + 1000).astype(dtype)
        result = sinkhorn_points(X, Y, reg=0.5, tol=1e-6)
        cost = ((X.astype(np.float64)[:, None] - Y.astype(np.float64)) ** 2).sum(axis=-1)
        truth = exact(np.full(6, 1 / 6), np.full(5, 1 / 5), cost, 0.5)
        slack = 1e-12
        assert result.value_lower <= float(truth.value) + slack
        assert result.value_upper >= float(truth.value) - slack
        assert np.abs(result.plan - truth.plan).sum() <= 1e-4
