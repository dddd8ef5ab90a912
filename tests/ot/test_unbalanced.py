"""Marginals that need not be met: against POT, limits, and symmetries."""

import numpy as np
import ot
import pytest

from hasten.ot import sinkhorn

METHODS = ("auto", "sinkhorn", "log")


@pytest.mark.parametrize("method", METHODS)
def test_the_plan_is_that_of_pot(draw, method):
    a, b, cost = draw(50, 40, seed=1)
    a = 1.3 * a
    result = sinkhorn(a, b, cost, reg=0.1, reg_marginals=0.5, method=method, tol=1e-14)
    theirs = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost, 0.1, 0.5, reg_type="kl", stopThr=1e-15, numItermax=100_000
    )
    assert np.abs(result.plan - theirs).max() < 1e-12


def test_two_strengths_are_of_rows_and_of_columns(draw):
    a, b, cost = draw(30, 20, seed=2)
    result = sinkhorn(2 * a, b, cost, reg=0.1, reg_marginals=(0.3, 2.0), tol=1e-13)
    theirs = ot.unbalanced.sinkhorn_unbalanced(
        2 * a, b, cost, 0.1, (0.3, 2.0), reg_type="kl", stopThr=1e-15, numItermax=100_000
    )
    assert np.abs(result.plan - theirs).max() < 1e-11
    np.testing.assert_allclose(result.row_sums, 2 * a * np.exp(-result.f / 0.3), rtol=1e-9)
    np.testing.assert_allclose(result.column_sums, b * np.exp(-result.g / 2.0), rtol=1e-9)


@pytest.mark.parametrize("rho", [(np.inf, 0.5), (0.5, np.inf)])
def test_one_marginal_may_be_exact(draw, rho):
    a, b, cost = draw(30, 20, seed=3)
    result = sinkhorn(2 * a, b, cost, reg=0.1, reg_marginals=rho, tol=1e-12)
    assert result.converged
    sums, wanted = (result.row_sums, 2 * a) if np.isinf(rho[0]) else (result.column_sums, b)
    np.testing.assert_allclose(sums, wanted, rtol=1e-9)
    loose = result.column_sums if np.isinf(rho[0]) else result.row_sums
    assert abs(loose.sum() - wanted.sum()) < 1e-9


def test_a_large_strength_tends_to_exact_marginals(draw):
    a, b, cost = draw(20, 25, seed=4)
    balanced = sinkhorn(a, b, cost, reg=0.1)
    errors = []
    for rho in (1.0, 100.0, 10_000.0):
        result = sinkhorn(a, b, cost, reg=0.1, reg_marginals=rho)
        assert result.converged
        errors.append(abs(result.value - balanced.value))
    # The difference is of first order in 1 / rho.
    assert errors[0] > 50 * errors[1] > 2500 * errors[2] > 0


def test_a_slow_strength_needs_few_passes(draw):
    """Without moving mass between the potentials this takes ten thousand passes and more."""
    a, b, cost = draw(50, 40, seed=5)
    result = sinkhorn(1.3 * a, b, cost, reg=0.1, reg_marginals=100.0)
    assert result.converged
    assert result.n_iter < 3000


def test_rows_and_columns_swapped(draw):
    a, b, cost = draw(12, 9, seed=6)
    one = sinkhorn(1.5 * a, b, cost, reg=0.1, reg_marginals=(0.4, 3.0), tol=1e-12)
    two = sinkhorn(b, 1.5 * a, cost.T, reg=0.1, reg_marginals=(3.0, 0.4), tol=1e-12)
    np.testing.assert_allclose(two.plan, one.plan.T, rtol=1e-8)
    np.testing.assert_allclose(two.f, one.g, atol=1e-9)
    assert two.value == pytest.approx(one.value, rel=1e-11)


def test_one_point_each_in_closed_form():
    # m log m - type equation: m = (a^rho b^rho (a b)^reg e^-C)^(1 / (2 rho + reg)).
    a, b, cost, reg, rho = 2.0, 0.7, 1.3, 0.2, 0.9
    result = sinkhorn([a], [b], [[cost]], reg=reg, reg_marginals=rho, tol=1e-14)
    mass = np.exp((rho * np.log(a * b) + reg * np.log(a * b) - cost) / (2 * rho + reg))
    assert result.plan[0, 0] == pytest.approx(mass, rel=1e-12)


def test_what_needs_marginals_refuses_their_absence(draw):
    a, b, cost = draw(4, 5, seed=7)
    result = sinkhorn(a, b, cost, reg=0.1, reg_marginals=1.0)
    with pytest.raises(ValueError, match="`round` needs a balanced problem"):
        result.round()
    with pytest.raises(ValueError, match="bounds of exact transport need a balanced problem"):
        _ = result.exact_lower
