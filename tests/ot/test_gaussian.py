"""Transport between normal distributions."""

import mpmath
import numpy as np
import ot
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from hasten.ot import bures_wasserstein


def covariance(rng, d, rank=None):
    factor = rng.normal(size=(d, d if rank is None else rank))
    return factor @ factor.T


@pytest.mark.parametrize("d", [1, 2, 5])
def test_it_is_that_of_pot(d):
    rng = np.random.default_rng(d)
    means, covs = rng.normal(size=(2, d)), [covariance(rng, d) for _ in range(2)]
    theirs = ot.gaussian.bures_wasserstein_distance(*means, *covs) ** 2
    ours = bures_wasserstein(means[0], covs[0], means[1], covs[1])
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert isinstance(ours, float)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_commuting_covariances_in_closed_form(d, seed):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    p, q = rng.uniform(0, 3, size=(2, d))
    covs = [(basis * spectrum) @ basis.T for spectrum in (p, q)]
    value = bures_wasserstein(np.zeros(d), covs[0], np.zeros(d), covs[1])
    assert value == pytest.approx(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(), abs=1e-13 * 3 * d)


def test_equal_distributions_are_at_distance_zero():
    rng = np.random.default_rng(1)
    cov = covariance(rng, 4)
    value = bures_wasserstein(np.ones(4), cov, np.ones(4), cov)
    assert 0 <= value <= 1e-13 * np.trace(cov)


@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_singular_covariances(reg):
    # All mass on one axis each, at right angles: nothing in common.
    one, two = np.diag([4.0, 0.0]), np.diag([0.0, 9.0])
    assert bures_wasserstein([0, 0], one, [0, 0], two, reg=reg) == pytest.approx(13.0, rel=1e-14)
    point = np.zeros((2, 2))
    assert bures_wasserstein([0, 0], one, [1, 1], point, reg=reg) == pytest.approx(6.0, rel=1e-14)


@pytest.mark.parametrize("reg", [1e-3, 0.4, 1e3, 1e12])
def test_the_entropic_value_to_many_digits(reg):
    with mpmath.workdps(60):
        s = mpmath.mpf(reg) / 2
        A, B = mpmath.mpf("0.5"), mpmath.mpf("0.8")
        D = mpmath.sqrt(4 * A * B + s**2)
        value = 1 + A + B - D + s * (1 - mpmath.log(2 * s)) + s * mpmath.log(D + s)
        assert bures_wasserstein([0.0], [[0.5]], [1.0], [[0.8]], reg=reg) == pytest.approx(
            float(value), rel=1e-14
        )


def test_the_entropic_value_between_densities_on_a_grid():
    from hasten.ot import sinkhorn

    rng = np.random.default_rng(2)
    covs = [covariance(rng, 2) / 4 + 0.1 * np.eye(2) for _ in range(2)]
    means = np.array([[0.0, 0.0], [0.4, -0.3]])
    # Six standard deviations of the wider one to each side, in steps below the narrower one's.
    axis = np.linspace(-8.0, 8.0, 41)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = []
    for mean, cov in zip(means, covs, strict=True):
        x = points - mean
        density = np.exp(-0.5 * np.einsum("ik,kl,il->i", x, np.linalg.inv(cov), x))
        weights.append(density / density.sum())
    cost = ((points[:, None] - points) ** 2).sum(axis=-1)
    value = sinkhorn(*weights, cost, reg=2.0).value
    closed = bures_wasserstein(means[0], covs[0], means[1], covs[1], reg=2.0)
    assert value == pytest.approx(closed, abs=1e-7)


def test_a_vanishing_strength():
    rng = np.random.default_rng(3)
    problem = np.zeros(3), covariance(rng, 3), np.ones(3), covariance(rng, 3)
    exact = bures_wasserstein(*problem)
    assert bures_wasserstein(*problem, reg=1e-9) == pytest.approx(exact, abs=1e-6)
    root = scipy.linalg.sqrtm(problem[1])
    expected = 3 + np.trace(problem[1] + problem[3])
    expected -= 2 * np.trace(scipy.linalg.sqrtm(root @ problem[3] @ root).real)
    assert exact == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (([0.0], [[1.0]], [0.0, 1.0], [[1.0]]), ValueError, r"`mean1` must have shape \(1,\)"),
        (([0.0], [[1.0]], [0.0], np.eye(2)), ValueError, r"`cov1` must have shape \(1, 1\)"),
        (([0.0], [[-1.0]], [0.0], [[1.0]]), ValueError, "`cov0` must be positive semi-definite"),
        (([0, 0], [[1, 2], [0, 1]], [0, 0], np.eye(2)), ValueError, "`cov0` must be symmetric"),
        (([np.nan], [[1.0]], [0.0], [[1.0]]), ValueError, "`mean0` must be finite"),
        (([0.0], [["x"]], [0.0], [[1.0]]), TypeError, "`cov0` must hold real numbers"),
        (([], np.ones((0, 0)), [], np.ones((0, 0))), ValueError, "`mean0` must not be empty"),
    ],
)
def test_bad_input(arguments, error, match):
    with pytest.raises(error, match=match):
        bures_wasserstein(*arguments)
    with pytest.raises(ValueError, match="`reg` must be at least 0"):
        bures_wasserstein([0.0], [[1.0]], [0.0], [[1.0]], reg=-1.0)
