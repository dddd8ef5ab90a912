"""Barycenters against POT and closed forms."""

import numpy as np
import ot
import pytest

import hasten
from hasten.ot import SinkhornBarycenter, barycenter


@pytest.fixture
def grid():
    x = np.linspace(0.0, 1.0, 60)
    bumps = np.exp(-((x[:, None] - [0.2, 0.45, 0.8]) ** 2) / [0.004, 0.01, 0.002]) + 1e-6
    return x, bumps / bumps.sum(axis=0), (x[:, None] - x) ** 2


@pytest.mark.parametrize("weights", [None, [0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
def test_it_is_that_of_pot(grid, weights):
    _, histograms, cost = grid
    result = barycenter(histograms, cost, reg=2e-3, weights=weights, debiased=False, tol=1e-14)
    theirs = ot.barycenter(
        histograms, cost, 2e-3, None if weights is None else np.array(weights),
        method="sinkhorn_log", stopThr=0.0, numItermax=400, warn=False,
    )  # fmt: skip
    assert np.abs(result.barycenter - theirs).max() < 1e-12
    assert result.converged


def test_debiased_it_is_the_published_iteration(grid):
    """POT repeats the update of the bias ten times, which takes another way to the same end."""
    _, histograms, cost = grid
    kernel = np.exp(-cost / 2e-3)
    v, d = np.ones((60, 3)), np.ones(60)
    for _ in range(200):
        q = kernel @ (histograms / (kernel @ v))
        p = d * np.exp(np.log(q).mean(axis=1))
        v, d = p[:, None] / q, np.sqrt(d * p / (kernel @ d))
    result = barycenter(
        histograms, cost, reg=2e-3, tol=1e-300, callback=lambda info: info.n_iter >= 200
    )
    assert result.n_iter == 200
    np.testing.assert_allclose(result.barycenter, p, atol=1e-13)


def test_the_debiased_mean_of_one_histogram_is_itself(grid):
    _, histograms, cost = grid
    one = histograms[:, :1]
    sharp = barycenter(one, cost, reg=2e-3, tol=1e-6)
    blurred = barycenter(one, cost, reg=2e-3, debiased=False)
    assert np.abs(sharp.barycenter - one[:, 0]).max() < 1e-5
    assert np.abs(blurred.barycenter - one[:, 0]).max() > 1e-4


def test_normal_densities_meet_in_a_normal_density():
    """The debiased mean of equal bumps has their variance (Theorem 3 of Janati et al. 2020)."""
    x = np.linspace(-4.0, 4.0, 161)
    bumps = np.exp(-((x[:, None] - [-1.0, 1.0]) ** 2) / (2 * 0.3**2))
    result = barycenter(bumps / bumps.sum(axis=0), (x[:, None] - x) ** 2, reg=0.1, tol=1e-5)
    assert x @ result.barycenter == pytest.approx(0.0, abs=1e-9)
    assert x**2 @ result.barycenter == pytest.approx(0.09, rel=1e-4)


def test_symmetries(grid):
    _, histograms, cost = grid
    one = barycenter(histograms, cost, reg=2e-3, weights=[0.5, 0.25, 0.25])
    mirrored = barycenter(histograms[::-1], cost, reg=2e-3, weights=[0.5, 0.25, 0.25])
    np.testing.assert_allclose(mirrored.barycenter[::-1], one.barycenter, atol=1e-9)
    shuffled = barycenter(histograms[:, [2, 0, 1]], cost, reg=2e-3, weights=[0.25, 0.5, 0.25])
    np.testing.assert_allclose(shuffled.barycenter, one.barycenter, atol=1e-9)
    heavy = barycenter(7 * histograms, cost, reg=2e-3, weights=[0.5, 0.25, 0.25], debiased=False)
    light = barycenter(histograms, cost, reg=2e-3, weights=[0.5, 0.25, 0.25], debiased=False)
    np.testing.assert_allclose(heavy.barycenter, 7 * light.barycenter, atol=1e-8)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("mass", [1e-6, 1e6])
def test_the_unit_of_mass_changes_nothing(grid, mass, debiased):
    """The tolerance is relative to the mass, and so is everything else."""
    _, histograms, cost = grid
    options = {"reg": 2e-3, "debiased": debiased, "trace": True}
    one, other = (barycenter(m * histograms, cost, **options) for m in (1.0, mass))
    assert one.converged
    assert other.converged
    assert other.n_iter == one.n_iter
    # Errors are sums of differences of masses, each rounded to 1e-16 of the whole.
    rounding = 1e-14 * mass
    assert other.error == pytest.approx(mass * one.error, rel=1e-9, abs=rounding)
    np.testing.assert_allclose(other.barycenter, mass * one.barycenter, rtol=1e-9)
    errors = mass * one.history["error"]
    np.testing.assert_allclose(other.history["error"], errors, rtol=1e-9, atol=rounding)
    # The barycenter itself has the mass of the histograms, to the tolerance.
    tol = 1e-4 if debiased else 1e-9
    assert other.barycenter.sum() == pytest.approx(mass, rel=tol)


def test_zeros_in_histograms(grid):
    _, _, cost = grid
    spikes = np.zeros((60, 2))
    spikes[10, 0] = spikes[40, 1] = 1.0
    result = barycenter(spikes, cost, reg=2e-3, tol=2e-3)
    assert result.converged
    assert np.isfinite(result.barycenter).all()
    assert result.barycenter.argmax() == 25
    assert result.barycenter.sum() == pytest.approx(1.0, abs=1e-3)


def test_not_converging_warns(grid):
    _, histograms, cost = grid
    with pytest.warns(hasten.ConvergenceWarning, match="barycenter did not converge in 2 passes"):
        result = barycenter(histograms, cost, reg=2e-3, max_iter=2, trace=True)
    assert not result.converged
    assert result.history["n_iter"].tolist() == [1, 2]
    assert result.history["error"].shape == (2,)
    assert "NOT converged" in str(result)


def test_a_callback_may_stop(grid):
    _, histograms, cost = grid
    result = barycenter(histograms, cost, reg=2e-3, callback=lambda info: info.n_iter >= 3)
    assert not result.converged
    assert "stopped by the callback" in result.message


def test_single_precision(grid):
    _, histograms, cost = grid
    result = barycenter(np.float32(histograms), np.float32(cost), reg=2e-3)
    assert result.barycenter.dtype == np.float32
    double = barycenter(histograms, cost, reg=2e-3)
    # Both stop at a residual of 1e-4; the inputs are rounded by 6e-8, a cost by as much of `reg`.
    apart = np.abs(result.barycenter.astype(np.float64) - double.barycenter).sum()
    assert apart <= 2e-4
    sharp = barycenter(np.float32(histograms), np.float32(cost), reg=2e-3, debiased=False, tol=1e-9)
    exact = barycenter(
        np.float32(histograms).astype(np.float64), np.float32(cost).astype(np.float64), reg=2e-3,
        debiased=False, tol=1e-9,
    )  # fmt: skip
    # The same numbers in: what comes out is rounded once.
    np.testing.assert_allclose(sharp.barycenter, exact.barycenter, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"histograms": np.ones(4)}, ValueError, r"`histograms` must have 2 dimension"),
        ({"histograms": np.ones((0, 2))}, ValueError, "`histograms` must not be empty"),
        ({"histograms": [[1.0, 0.0], [0.0, 0.0]]}, ValueError, "column 1 is all zero"),
        ({"histograms": [[1.0, 2.0], [0.0, -1.0]]}, ValueError, r"got -1.0 at index \(1, 1\)"),
        ({"histograms": [[1.0, 2.0], [0.0, 1.0]]}, ValueError, "1 in column 0 and 3 in column 1"),
        ({"cost": np.ones((2, 3))}, ValueError, r"`cost` must have shape \(2, 2\) to match"),
        ({"cost": [[0.0, 1.0], [2.0, 0.0]]}, ValueError, "`cost` must be symmetric"),
        ({"weights": [1.0]}, ValueError, r"`weights` must have shape \(2,\)"),
        ({"weights": [1.0, 1.0]}, ValueError, "`weights` must sum to 1; got 2"),
        ({"weights": [1.5, -0.5]}, ValueError, "`weights` must not be negative; got -0.5 at"),
        ({"reg": 0.0}, ValueError, "`reg` must be greater than 0"),
        ({"debiased": 1}, TypeError, "`debiased` must be True or False"),
        (
            {"histograms": 1e-200 * np.eye(2)},
            ValueError,
            "each sum of `histograms` must be between 1e-100 and 1e\\+100; got 1e-200",
        ),
        ({"cost": np.full((2, 2), -np.inf)}, ValueError, "`cost` must be finite; got -inf at"),
        ({"tol": np.inf}, ValueError, "`tol` must be finite; got inf"),
        ({"tol": 0.0}, ValueError, "`tol` must be greater than 0"),
    ],
)
def test_bad_input(changes, error, match):
    arguments = {"histograms": np.eye(2), "cost": 1.0 - np.eye(2), "reg": 0.1} | changes
    with pytest.raises(error, match=match):
        barycenter(**arguments)


def test_the_estimator_is_the_function(grid):
    _, histograms, cost = grid
    model = SinkhornBarycenter(reg=2e-3).fit(histograms.T)
    # The rows are divided by their sums once more.
    np.testing.assert_allclose(
        model.barycenter_, barycenter(histograms, cost, reg=2e-3).barycenter, rtol=1e-10
    )
    assert model.n_iter_ == model.result_.n_iter
    heavy = SinkhornBarycenter(reg=2e-3, cost=2 * cost, weights=[0.5, 0.5, 0.0], debiased=False)
    heavy.fit(histograms.T * [[1.0], [2.0], [3.0]])
    expected = barycenter(histograms, 2 * cost, reg=2e-3, weights=[0.5, 0.5, 0.0], debiased=False)
    np.testing.assert_allclose(heavy.barycenter_, expected.barycenter, atol=1e-12)
    with pytest.raises(ValueError, match="row 1 is all zero"):
        SinkhornBarycenter().fit([[1.0, 0.0], [0.0, 0.0]])
