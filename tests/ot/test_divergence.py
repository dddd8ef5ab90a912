"""The Sinkhorn divergence: a distance, with bounds."""

import warnings

import numpy as np
import pytest

import hasten
from hasten.ot import sinkhorn_divergence, sinkhorn_points

METRICS = ("sqeuclidean", "euclidean", "cityblock")


def clouds(seed=0, n=25, m=20, d=2):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.4,
        rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m)),
    )  # fmt: skip


@pytest.mark.parametrize("reg", [0.1, 1.0, 10.0])
def test_a_translation_has_its_squared_length(reg):
    X, _, a, _ = clouds()
    result = sinkhorn_divergence(X, X + np.array([3.0, -4.0]), a, a, reg=reg, tol=1e-12)
    assert result.value == pytest.approx(25.0, rel=1e-11)
    assert result.error < 1e-9


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rho", [np.inf, 0.5])
def test_it_is_zero_between_equal_measures_and_positive_otherwise(metric, rho):
    X, Y, a, b = clouds()
    options = {"metric": metric, "reg": 0.5, "reg_marginals": rho}
    same = sinkhorn_divergence(X, X[::-1], a, a[::-1], **options)
    assert abs(same.value) <= same.error + 1e-12
    assert sinkhorn_divergence(X, Y, a, b, **options).value_lower > 1e-3
    one, two = (
        sinkhorn_divergence(*sides, **options).value for sides in [(X, Y, a, b), (Y, X, b, a)]
    )
    assert one == pytest.approx(two, rel=1e-8)


@pytest.mark.parametrize("rho", [np.inf, 0.5])
def test_it_is_made_of_three_transports(rho):
    X, Y, a, b = clouds()
    a = a if rho == np.inf else 1.5 * a
    options = {"reg": 0.3, "reg_marginals": rho, "tol": 1e-12}
    result = sinkhorn_divergence(X, Y, a, b, **options)
    cross, within_x, within_y = (
        sinkhorn_points(*sides, **options) for sides in [(X, Y, a, b), (X, X, a, a), (Y, Y, b, b)]
    )
    extra = 0.15 * (a.sum() - b.sum()) ** 2
    value = cross.value - (within_x.value + within_y.value) / 2 + extra
    assert result.value == pytest.approx(value, rel=1e-10)
    for part, alone in [
        (result.cross, cross), (result.within_x, within_x), (result.within_y, within_y)
    ]:  # fmt: skip
        assert part.value == pytest.approx(alone.value, rel=1e-10)
        assert part.value_linear == pytest.approx(alone.value_linear, rel=1e-8)
        np.testing.assert_allclose(part.plan, alone.plan, atol=1e-11)
    np.testing.assert_array_equal(result.within_x.f, result.within_x.g)
    assert result.n_iter == result.cross.n_iter + result.within_x.n_iter + result.within_y.n_iter
    assert result.converged


def test_its_bounds_hold_at_every_stage():
    X, Y, a, b = clouds()
    truth = sinkhorn_divergence(X, Y, a, b, reg=0.1, tol=1e-13).value
    for max_iter in (1, 2, 5, 20):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            result = sinkhorn_divergence(X, Y, a, b, reg=0.1, max_iter=max_iter)
        assert result.value_lower - 1e-12 <= truth <= result.value_upper + 1e-12
        assert abs(result.value - truth) <= result.error + 1e-12
        assert result.value == pytest.approx((result.value_lower + result.value_upper) / 2)
        assert result.error == pytest.approx((result.value_upper - result.value_lower) / 2)
        assert result.error_kind == "bound"


def test_a_single_cloud_that_does_not_converge_warns():
    X, Y, a, b = clouds()
    with pytest.warns(hasten.ConvergenceWarning, match="sinkhorn_divergence did not converge"):
        result = sinkhorn_divergence(X, Y, a, b, reg=0.05, max_iter=2)
    assert not result.converged
    assert "max_iter=2" in result.message


def test_zero_weights_are_as_absent():
    X, Y, a, b = clouds()
    a[3], b[5] = 0.0, 0.0
    a, b = a / a.sum(), b / b.sum()
    result = sinkhorn_divergence(X, Y, a, b, reg=0.3, grad=True)
    kept_a, kept_b = a > 0, b > 0
    without = sinkhorn_divergence(X[kept_a], Y[kept_b], a[kept_a], b[kept_b], reg=0.3)
    assert result.value == pytest.approx(without.value, rel=1e-12)
    assert np.isfinite(result.grad_a).all()
    assert (result.grad_x[3] == 0).all()


def test_without_grad_there_are_no_gradients():
    result = sinkhorn_divergence(*clouds()[:2], reg=0.5)
    assert result.grad_a is result.grad_b is result.grad_x is result.grad_y is None
    assert result.history is None
    assert sinkhorn_divergence(*clouds()[:2], reg=0.5, trace=True).history is not None


def test_two_strengths_are_refused():
    for pair in ((1.0, 2.0), np.array([1.0, 2.0])):
        with pytest.raises(TypeError, match="`reg_marginals` must be a real number"):
            sinkhorn_divergence(*clouds()[:2], reg=0.5, reg_marginals=pair)


def test_single_precision():
    X, Y, _, _ = clouds()
    single = sinkhorn_divergence(np.float32(X), np.float32(Y), reg=0.5, grad=True)
    double = sinkhorn_divergence(X, Y, reg=0.5, grad=True)
    assert single.value == pytest.approx(double.value, abs=1e-4)
    assert single.grad_x.dtype == np.float32
    np.testing.assert_allclose(single.grad_x, double.grad_x, atol=1e-4)


def test_it_prints_its_value_and_error():
    text = str(sinkhorn_divergence(*clouds()[:2], reg=0.5))
    assert text.startswith("Sinkhorn divergence 0.")
    assert "converged after" in text
