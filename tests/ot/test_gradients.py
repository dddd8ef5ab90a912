"""Derivatives of the value against central differences."""

import numpy as np
import pytest

from hasten.ot import sinkhorn, sinkhorn_divergence, sinkhorn_points

METRICS = ("sqeuclidean", "euclidean", "cosine", "cityblock")
RHOS = (np.inf, 0.6, (0.4, 3.0), (np.inf, 0.8), (0.8, np.inf))
TOL = 1e-13


def agree(gradient, direction, quotient):
    """Compare to 1e-8 of the norms: a step of 1e-5 errs by 1e-10, and rounding by 1e-11 or so."""
    gradient = np.asarray(gradient)
    size = float(np.linalg.norm(gradient) * np.linalg.norm(direction))
    assert np.sum(gradient * direction) == pytest.approx(quotient, rel=0.0, abs=1e-8 * size)


@pytest.fixture
def problem(draw):
    a, b, cost = draw(7, 6, seed=1)
    return 1.2 * a, b, cost


def directions(shape, count=3, *, keep_sum=False):
    rng = np.random.default_rng(2)
    for _ in range(count):
        direction = rng.normal(size=shape)
        yield direction - direction.mean() if keep_sum else direction


@pytest.mark.parametrize("rho", RHOS)
def test_by_weights_and_costs(problem, difference_quotient, rho):
    a, b, cost = problem
    balanced = rho == np.inf
    if balanced:
        a = a / a.sum()
    options = {"reg": 0.15, "reg_marginals": rho, "tol": TOL}
    result = sinkhorn(a, b, cost, **options)
    for direction in directions(7, keep_sum=balanced):
        quotient = difference_quotient(
            lambda x: sinkhorn(x, b, cost, **options).value, a, direction * a.min(), 1e-5
        )
        agree(result.grad("a"), direction * a.min(), quotient)
    for direction in directions(6, keep_sum=balanced):
        quotient = difference_quotient(
            lambda x: sinkhorn(a, x, cost, **options).value, b, direction * b.min(), 1e-5
        )
        agree(result.grad("b"), direction * b.min(), quotient)
    for direction in directions((7, 6)):
        quotient = difference_quotient(
            lambda x: sinkhorn(a, b, x, **options).value, cost, direction, 1e-5
        )
        agree(result.grad("cost"), direction, quotient)
    np.testing.assert_array_equal(result.grad("cost"), result.plan)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rho", RHOS)
def test_by_points(difference_quotient, metric, rho):
    rng = np.random.default_rng(3)
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 0.5
    a, b = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(5))
    a = a if rho == np.inf else 1.4 * a
    options = {"reg": 0.3, "metric": metric, "reg_marginals": rho, "tol": TOL}
    result = sinkhorn_points(X, Y, a, b, **options)
    assert result.grad("X").shape == X.shape
    assert result.grad("Y").shape == Y.shape
    for direction in directions(X.shape):
        quotient = difference_quotient(
            lambda x: sinkhorn_points(x, Y, a, b, **options).value, X, direction, 1e-5
        )
        agree(result.grad("X"), direction, quotient)
    for direction in directions(Y.shape):
        quotient = difference_quotient(
            lambda y: sinkhorn_points(X, y, a, b, **options).value, Y, direction, 1e-5
        )
        agree(result.grad("Y"), direction, quotient)


def test_by_points_is_the_barycentric_formula():
    rng = np.random.default_rng(4)
    X, Y = rng.normal(size=(20, 2)), rng.normal(size=(30, 2))
    result = sinkhorn_points(X, Y, reg=0.5)
    expected = 2 * (result.row_sums[:, None] * X - result.transport(Y))
    np.testing.assert_allclose(result.grad("X"), expected, atol=1e-12)
    expected = 2 * (result.column_sums[:, None] * Y - result.transport(X, transposed=True))
    np.testing.assert_allclose(result.grad("Y"), expected, atol=1e-12)


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "sqeuclidean"])
def test_coincident_points_have_a_finite_derivative(metric):
    X = np.array([[0.0, 0.0], [1.0, 1.0]])
    gradient = sinkhorn_points(X, X.copy(), reg=0.5, metric=metric).grad("X")
    assert np.isfinite(gradient).all()
    # Each point is drawn to the other one alone.
    assert gradient[0, 0] < 0 < gradient[1, 0]


def test_it_is_in_the_precision_of_the_points():
    rng = np.random.default_rng(5)
    X, Y = (rng.normal(size=(9, 2)).astype(np.float32) for _ in range(2))
    result = sinkhorn_points(X, Y, reg=0.5)
    double = sinkhorn_points(X.astype(np.float64), Y.astype(np.float64), reg=0.5)
    assert result.grad("X").dtype == result.grad("Y").dtype == np.float32
    assert result.grad("a").dtype == np.float64
    np.testing.assert_allclose(result.grad("X"), double.grad("X"), atol=1e-4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rho", [np.inf, 0.7])
def test_of_the_divergence(difference_quotient, metric, rho):
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(6, 2)) + 0.3, rng.normal(size=(5, 2)) - 0.2
    a, b = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(5))
    a = a if rho == np.inf else 1.4 * a
    options = {"reg": 0.4, "metric": metric, "reg_marginals": rho, "tol": TOL}

    def value(X, Y, a, b):
        return sinkhorn_divergence(X, Y, a, b, **options).value

    result = sinkhorn_divergence(X, Y, a, b, grad=True, **options)
    whole = rho == np.inf
    for direction in directions(X.shape, 2):
        agree(
            result.grad_x,
            direction,
            difference_quotient(lambda x: value(x, Y, a, b), X, direction, 1e-5),
        )
    for direction in directions(Y.shape, 2):
        agree(
            result.grad_y,
            direction,
            difference_quotient(lambda y: value(X, y, a, b), Y, direction, 1e-5),
        )
    for unit in directions(6, 2, keep_sum=whole):
        direction = unit * a.min()
        agree(
            result.grad_a,
            direction,
            difference_quotient(lambda x: value(X, Y, x, b), a, direction, 1e-5),
        )
    for unit in directions(5, 2, keep_sum=whole):
        direction = unit * b.min()
        agree(
            result.grad_b,
            direction,
            difference_quotient(lambda x: value(X, Y, a, x), b, direction, 1e-5),
        )


def test_the_error_is_of_the_order_of_the_marginal_error(draw):
    a, b, cost = draw(30, 30, seed=8)
    truth = sinkhorn(a, b, cost, reg=0.1, tol=1e-13)
    for tol in (1e-3, 1e-6):
        result = sinkhorn(a, b, cost, reg=0.1, tol=tol)
        assert np.abs(result.grad("cost") - truth.grad("cost")).sum() <= 100 * tol
