"""Synthetic problems have the answers that they claim."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from hasten.ot import sinkhorn, sinkhorn_divergence
from hasten.ot.datasets import make_gaussians, make_random_assignment, make_translation


def test_random_assignment():
    data = make_random_assignment(60, rng=0)
    assert data.exact_value == data.cost[linear_sum_assignment(data.cost)].mean()
    result = sinkhorn(data.a, data.b, data.cost, reg=2e-3)
    assert result.exact_lower <= data.exact_value <= result.exact_upper
    np.testing.assert_array_equal(make_random_assignment(60, rng=0).cost, data.cost)
    # The limit pi^2 / (6 n) of many rows.
    assert make_random_assignment(400, rng=1).exact_value * 400 == pytest.approx(1.645, abs=0.25)


@pytest.mark.parametrize("reg", [0.4, 5.0])
def test_gaussians(reg):
    data = make_gaussians(400, means=(-1.0, 2.0), variances=(1.5, 0.3), reg=reg)
    result = sinkhorn(data.a, data.b, data.cost, reg=reg, tol=1e-11)
    assert result.value == pytest.approx(data.value, abs=1e-9)
    mean = data.a @ data.X[:, 0]
    assert mean == pytest.approx(-1.0, abs=1e-12)
    assert data.a @ (data.X[:, 0] - mean) ** 2 == pytest.approx(1.5, rel=1e-12)
    closed = 9 + (np.sqrt(1.5) - np.sqrt(0.3)) ** 2
    assert data.exact_value == pytest.approx(closed, rel=1e-13)


def test_translation():
    data = make_translation(40, shift=[1.0, 2.0, 2.0], rng=0)
    assert data.exact_value == 9.0
    assert (data.cost[linear_sum_assignment(data.cost)].mean()) == pytest.approx(9.0, rel=1e-13)
    result = sinkhorn_divergence(data.X, data.Y, reg=0.7, tol=1e-12)
    assert result.value == pytest.approx(9.0, rel=1e-10)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: make_random_assignment(0), "`n` must be at least 1"),
        (lambda: make_gaussians(1), "`n` must be at least 2"),
        (lambda: make_gaussians(variances=(1.0, 0.0)), "`variances` must be greater than 0"),
        (lambda: make_gaussians(reg=0.0), "`reg` must be greater than 0"),
        (lambda: make_gaussians(means=(0.0,)), r"`means` must have shape \(2,\)"),
        (lambda: make_translation(shift=[]), "`shift` must have at least 1 entry"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(ValueError, match=match):
        call()
