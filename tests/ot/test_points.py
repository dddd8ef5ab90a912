"""Costs that are distances of points."""

import re

import numpy as np
import ot
import pytest
from scipy.spatial.distance import cdist

from hasten.ot import sinkhorn, sinkhorn_points

METRICS = ("sqeuclidean", "euclidean", "cosine", "cityblock")


def clouds(n=40, m=30, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.5


@pytest.mark.parametrize("memory", ["auto", "low"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [1, 2, 3, 7, 40])
def test_it_is_the_problem_of_the_distances(metric, d, memory):
    X, Y = clouds(d=d)
    if metric == "cosine" and d == 1:
        X, Y = np.abs(X), np.abs(Y) * [[-1.0]]
    cost = cdist(X, Y, metric)
    reg = 0.1 * max(cost.max(), 1.0)
    points = sinkhorn_points(X, Y, reg=reg, metric=metric, memory=memory, tol=1e-12)
    matrix = sinkhorn(None, None, cost, reg=reg, tol=1e-12)
    assert points.converged
    assert points.value == pytest.approx(matrix.value, rel=1e-11)
    np.testing.assert_allclose(points.plan, matrix.plan, rtol=1e-7, atol=1e-13)
    assert points.exact_lower == pytest.approx(matrix.exact_lower, abs=1e-9)
    assert points.exact_upper == pytest.approx(matrix.exact_upper, abs=1e-9)


def test_weights_go_with_points():
    X, Y = clouds()
    rng = np.random.default_rng(1)
    a, b = rng.dirichlet(np.ones(40)), rng.dirichlet(np.ones(30))
    result = sinkhorn_points(X, Y, a, b, reg=0.5)
    theirs = ot.sinkhorn(a, b, ot.dist(X, Y), 0.5, stopThr=1e-12, numItermax=10_000)
    assert np.abs(result.plan - theirs).max() < 1e-9


@pytest.mark.parametrize("metric", ["sqeuclidean", "euclidean", "cityblock"])
@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_a_common_offset_changes_nothing(metric, offset):
    X, Y = clouds(d=2)
    one = sinkhorn_points(X, Y, reg=0.3, metric=metric)
    # The offset itself rounds the coordinates by offset * 1e-16.
    two = sinkhorn_points(X + offset, Y + offset, reg=0.3, metric=metric)
    assert two.value == pytest.approx(one.value, abs=1e-14 * offset)
    np.testing.assert_allclose(two.plan, one.plan, atol=1e-12 * offset / 1e3)


def test_a_common_offset_in_single_precision():
    X, Y = (points.astype(np.float32) for points in clouds(d=2))
    offset = np.float32(4096.0)
    shifted = X + offset, Y + offset
    exact = sinkhorn_points(*(p.astype(np.float64) for p in shifted), reg=0.3)
    result = sinkhorn_points(*shifted, reg=0.3)
    assert result.converged
    assert result.value == pytest.approx(exact.value, abs=1e-4)


def test_two_precisions_meet_in_double():
    X, Y = clouds()
    result = sinkhorn_points(X.astype(np.float32), Y, reg=0.5)
    assert result.plan.dtype == np.float64
    assert result.marginal_error <= 1e-9


def test_a_potential_goes_on_beyond_the_points():
    X, Y = clouds(d=2)
    result = sinkhorn_points(X, Y, reg=0.3, tol=1e-12)
    np.testing.assert_allclose(result.potential_f(X), result.f, atol=1e-10)
    np.testing.assert_allclose(result.potential_g(Y), result.g, atol=1e-10)
    new = np.random.default_rng(2).normal(size=(7, 2))
    z = -np.log(30) + (result.g - cdist(new, Y, "sqeuclidean")) / 0.3
    expected = -0.3 * np.log(np.exp(z).sum(axis=1))
    np.testing.assert_allclose(result.potential_f(new), expected, rtol=1e-12)
    assert result.potential_g(new.astype(np.float32)).dtype == np.float64


def test_an_unbalanced_potential_goes_on_too():
    X, Y = clouds(d=2)
    result = sinkhorn_points(X, Y, reg=0.3, reg_marginals=(0.7, 2.0), tol=1e-13)
    np.testing.assert_allclose(result.potential_f(X), result.f, atol=1e-10)
    np.testing.assert_allclose(result.potential_g(Y), result.g, atol=1e-10)


def test_a_potential_of_costs_takes_costs():
    X, Y = clouds(d=2)
    cost = cdist(X, Y)
    result = sinkhorn(None, None, cost, reg=0.3, tol=1e-12)
    np.testing.assert_allclose(result.potential_f(cost[:5]), result.f[:5], atol=1e-10)
    np.testing.assert_allclose(result.potential_g(cost[:, 3:6]), result.g[3:6], atol=1e-10)
    with pytest.raises(ValueError, match=r"`X_new` must be costs of shape \(k, 30\); got \(5, 3\)"):
        result.potential_f(cost[:5, :3])
    with pytest.raises(
        ValueError, match=r"`Y_new` must be costs of shape \(40, k\); got \(5, 30\)"
    ):
        result.potential_g(cost[:5])


def test_the_barycentric_map():
    X, Y = clouds(d=2)
    result = sinkhorn_points(X, Y, reg=0.3, tol=1e-12)
    plan = result.plan
    expected = plan @ Y / plan.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(result.barycentric_map(), expected, atol=1e-10)
    backwards = plan.T @ X / plan.sum(axis=0)[:, None]
    np.testing.assert_allclose(result.barycentric_map(transposed=True), backwards, atol=1e-10)
    height = Y[:, 0] ** 2
    np.testing.assert_allclose(
        result.barycentric_map(height), plan @ height / plan.sum(axis=1), atol=1e-10
    )
    costs = sinkhorn(None, None, cdist(X, Y), reg=0.3)
    assert costs.barycentric_map(Y).shape == (40, 2)
    with pytest.raises(ValueError, match="`values` must be given"):
        costs.barycentric_map()


FEW = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 2.0]]), np.array([[1.0, 1.0], [0.5, 0.5]])


class TestNewRows:
    """What potentials at new places and maps of new samples refuse."""

    @pytest.mark.parametrize(
        ("new", "error", "message"),
        [
            ([[1e200, 0.0]], ValueError, "must have costs of at most 1e+15, for answers to have"),
            ([[1e9, 0.0]], ValueError, "with reg=1; got 1e+18"),
            ([[np.nan, 0.0]], ValueError, "must be finite; got nan at index (0, 0)"),
            ([[0.0]], ValueError, "must have 2 columns, as the points of the problem; got shape"),
            ([0.0, 0.0], ValueError, "must have 2 dimension(s); got shape (2,)"),
            (np.ones((0, 2)), ValueError, "must not be empty; got shape (0, 2)"),
            ([["x", "y"]], TypeError, "must hold real numbers"),
        ],
    )
    def test_points(self, new, error, message):
        result = sinkhorn_points(*FEW, reg=1.0)
        for name, potential in [("X_new", result.potential_f), ("Y_new", result.potential_g)]:
            with pytest.raises(error, match=f"`{name}` .*{re.escape(message)}"):
                potential(new)

    def test_no_direction(self):
        result = sinkhorn_points(*FEW, reg=1.0, metric="cosine")
        with pytest.raises(ValueError, match="`X_new` must not hold zero vectors"):
            result.potential_f([[0.0, 0.0]])
        with pytest.raises(ValueError, match="`Y_new` must not hold zero vectors"):
            result.potential_g([[0.0, 0.0]])

    def test_costs(self):
        result = sinkhorn(
            [0.2, 0.3, 0.5], [0.1, 0.2, 0.3, 0.4], np.arange(12.0).reshape(3, 4), reg=2.0
        )
        with pytest.raises(
            ValueError, match=r"`X_new` must have costs of at most 2e\+15, .*1e\+16"
        ):
            result.potential_f(np.full((1, 4), 1e16))
        with pytest.raises(ValueError, match=r"`Y_new` must have costs of at most 2e\+15"):
            result.potential_g(np.full((3, 1), -1e16))

    def test_as_far_as_numbers_go(self):
        result = sinkhorn_points(*FEW, reg=1.0)
        far = result.potential_f([[3e7, 0.0]])
        np.testing.assert_allclose(far, 9e14, rtol=1e-6)
