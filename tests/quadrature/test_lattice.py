"""Lattices: the formula, brute-force searches, and what the worst-case error promises."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from hasten.quadrature import korobov_generator, lattice, lattice_generator


def bernoulli(t):
    return 2 * np.pi**2 * (t * t - t + 1 / 6)


def squared_error(n, z, weights):
    """Evaluate the definition in integers and one mean."""
    multiples = np.outer(np.arange(n), z) % n / n
    return np.prod(1 + np.asarray(weights) * bernoulli(multiples), axis=1).mean() - 1


def default_weights(d):
    return 1 / np.arange(1, d + 1) ** 2


# ---------------------------------------------------------------- points


@pytest.mark.parametrize(
    ("n", "z"), [(1, [0]), (12, [1, 5, 17]), (1009, [1, 390, 143, 7, 8, 9, 2, 3, 4])]
)
def test_points_are_multiples_of_the_generator(n, z):
    expected = np.outer(np.arange(n), z) % n / n
    np.testing.assert_array_equal(lattice(n, len(z), generator=z, shift=False), expected)
    single = lattice(n, len(z), generator=z, shift=False, dtype=np.float32)
    np.testing.assert_array_equal(single, expected.astype(np.float32))


def test_the_default_generator_is_built():
    z, _ = lattice_generator(256, 5)
    np.testing.assert_array_equal(
        lattice(256, 5, shift=False), lattice(256, 5, generator=z, shift=False)
    )
    weights = [0.1, 1.0, 1.0, 0.0, 2.0]
    z, _ = lattice_generator(256, 5, weights=weights)
    np.testing.assert_array_equal(
        lattice(256, 5, weights=weights, rng=1), lattice(256, 5, generator=z, rng=1)
    )


def test_a_shift_moves_all_points_alike():
    plain, moved = lattice(64, 3, shift=False), lattice(64, 3, rng=7)
    shift = (moved - plain) % 1
    distance = np.abs(shift - shift[0])
    assert np.minimum(distance, 1 - distance).max() < 1e-15
    assert ((moved > 0) & (moved < 1)).all()


def test_shifts_are_uniform():
    x = np.concatenate([lattice(2, 2, generator=[1, 1], rng=seed) for seed in range(1500)])
    for row, column in itertools.product(range(2), range(2)):
        assert kstest(x[row::2, column], "uniform").pvalue > 1e-6


@pytest.mark.parametrize("shift", [False, True])
def test_bakers_map_folds_the_points(shift):
    plain = lattice(128, 4, shift=shift, rng=2)
    folded = lattice(128, 4, shift=shift, rng=2, baker=True)
    np.testing.assert_allclose(folded, 1 - np.abs(2 * plain - 1), rtol=0, atol=4e-16)


def test_threads_do_not_change_the_bits():
    # Less work than this is not worth several threads.
    options = {"generator": [1, 364981, 245389, 97823, 488939], "rng": 4, "dtype": np.float32}
    alone = lattice(2**21, 5, **options, n_threads=1)
    for n_threads in (2, 3, 7):
        np.testing.assert_array_equal(lattice(2**21, 5, **options, n_threads=n_threads), alone)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_points_are_written_to_the_given_array(dtype):
    out = np.full((64, 3), -1.0, dtype=dtype)
    assert lattice(64, 3, rng=1, out=out) is out
    np.testing.assert_array_equal(out, lattice(64, 3, rng=1, dtype=dtype))


def test_one_number_is_drawn():
    rng = np.random.default_rng(5)
    x = lattice(8, 2, rng=rng)
    other = np.random.default_rng(5)
    other.integers(0, 2**64, dtype=np.uint64)
    assert rng.random() == other.random()
    np.testing.assert_array_equal(lattice(8, 2, rng=5), x)
    state = rng.bit_generator.state
    lattice(8, 2, shift=False, rng=rng)
    assert rng.bit_generator.state == state


# ---------------------------------------------------------------- generating vectors


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 31, 64, 101])
@pytest.mark.parametrize("weights", [None, [1.0, 0.3, 0.9, 0.0, 2.0]])
def test_each_component_is_the_best(n, weights):
    gamma = default_weights(5) if weights is None else np.array(weights)
    z, error = lattice_generator(n, 5, weights=weights)
    assert z[0] == 1
    units = [k for k in range(1, max(n, 2)) if math.gcd(k, n) == 1]
    for j in range(1, 5):
        tried = [squared_error(n, [*z[:j], k], gamma[: j + 1]) for k in units]
        # The sum has n terms of order one.
        assert tried[units.index(z[j])] <= min(tried) * (1 + 1e-9) + 1e-14
    assert error == pytest.approx(math.sqrt(squared_error(n, z, gamma)), rel=1e-10)


@pytest.mark.parametrize("n", [1, 2, 6, 15, 64, 100, 101])
def test_korobovs_multiplier_is_the_best(n):
    gamma = default_weights(4)
    z, error = korobov_generator(n, 4)
    vectors = [[1, a % n, a**2 % n, a**3 % n] for a in range(1, max(n, 2)) if math.gcd(a, n) == 1]
    tried = [squared_error(n, vector, gamma) for vector in vectors]
    first = next(k for k, value in enumerate(tried) if value <= min(tried) * (1 + 1e-10))
    assert z.tolist() == vectors[first]
    assert error == pytest.approx(math.sqrt(tried[first]), rel=1e-10)


def test_threads_do_not_change_the_multiplier():
    z, error = korobov_generator(3001, 5, n_threads=1)
    for n_threads in (2, 3, 7):
        other, other_error = korobov_generator(3001, 5, n_threads=n_threads)
        np.testing.assert_array_equal(other, z)
        assert other_error == error


def test_a_large_construction():
    # An independent program found 3.68e-3, and 9.1e-3 for a random vector.
    z, error = lattice_generator(2**16, 20)
    assert error == pytest.approx(3.68e-3, abs=0.005e-3)
    assert len(z) == 20
    assert (z % 2 == 1).all()


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0), n=st.sampled_from([16, 31, 64]), d=st.integers(1, 4))
def test_the_worst_case_error_bounds_that_of_periodic_functions(seed, n, d):
    rng = np.random.default_rng(seed)
    gamma = rng.uniform(0.1, 2.0, d)
    z, bound = lattice_generator(n, d, weights=gamma)
    # A few cosines; those on the dual lattice are what a lattice gets wrong.
    h = rng.integers(-6, 7, (200, d))
    h = h[(h != 0).any(axis=1)]
    on_dual = h[(h @ z) % n == 0]
    h = np.unique(np.vstack([h[:5], on_dual[:5]]), axis=0)
    # h and -h are one function.
    h = np.array([row for row in h if tuple(row) >= tuple(-row)])
    if len(h) == 0:
        return
    amplitude = rng.normal(size=len(h))
    penalty = np.where(h == 0, 1.0, h**2 / gamma).prod(axis=1)
    # cos = (e^{i..} + e^{-i..}) / 2: two coefficients of half the amplitude.
    norm = np.sqrt((2 * (amplitude / 2) ** 2 * penalty).sum())
    for options in ({"shift": False}, {"rng": seed}):
        x = lattice(n, d, generator=z, **options)
        mean = (np.cos(2 * np.pi * x @ h.T) @ amplitude).mean()
        assert abs(mean) <= bound * norm * (1 + 1e-9) + 1e-13


def test_the_bound_is_attained():
    # The worst function is the error's own representer.
    n, d = 32, 3
    z, bound = lattice_generator(n, d)
    x = lattice(n, d, generator=z, shift=False)
    difference = (x[:, None] - x) % 1
    kernel = np.prod(1 + default_weights(d) * bernoulli(difference), axis=-1)
    worst = kernel.mean(axis=0) - 1
    norm = np.sqrt(kernel.mean() - 1)
    assert worst.mean() / norm == pytest.approx(bound, rel=1e-9)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": 0}, ValueError, "`n` must be at least 1; got 0"),
        ({"n": 6}, ValueError, "`n` must be a power of two or a prime"),
        ({"n": 2**31 + 1}, ValueError, r"`n` must be at most 2\*\*31"),
        ({"n": 8.5}, TypeError, "`n` must be an integer"),
        ({"d": 0}, ValueError, "`d` must be at least 1"),
        ({"d": 2**40}, ValueError, "`d` must be at most"),
        ({"weights": [1.0]}, ValueError, r"`weights` must have shape \(2,\); got \(1,\)"),
        (
            {"weights": [1.0, -1.0]},
            ValueError,
            "`weights` must not be negative; got -1.0 at index 1",
        ),
        ({"weights": [np.nan, 1.0]}, ValueError, "`weights` must be finite"),
        ({"weights": ["a", "b"]}, TypeError, "`weights` must hold real numbers"),
    ],
)
@pytest.mark.parametrize("make", [lattice, lattice_generator])
def test_bad_input_is_named(make, change, error, message):
    with pytest.raises(error, match=message):
        make(**({"n": 8, "d": 2} | change))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"generator": [1]}, ValueError, r"`generator` must have shape \(2,\)"),
        ({"generator": [1.0, 2.0]}, TypeError, "`generator` must hold integers"),
        ({"generator": [1, -2]}, ValueError, "`generator` must hold numbers from 0"),
        ({"generator": [1, 2**31]}, ValueError, "`generator` must hold numbers from 0"),
        (
            {"generator": [1, 3], "weights": [1, 1]},
            ValueError,
            "`weights` must not be given together",
        ),
        ({"shift": 0.5}, TypeError, "`shift` must be True or False"),
        ({"baker": None}, TypeError, "`baker` must be True or False"),
        ({"dtype": int}, TypeError, "`dtype` must be float64 or float32"),
        ({"out": np.empty((2, 8)).T}, ValueError, "`out` must be C-contiguous"),
        ({"rng": 0.5}, TypeError, "`rng` must be"),
    ],
)
def test_bad_input_of_points_is_named(change, error, message):
    with pytest.raises(error, match=message):
        lattice(**({"n": 8, "d": 2} | change))


def test_bad_input_of_korobov_is_named():
    with pytest.raises(ValueError, match="`n` must be at least 1"):
        korobov_generator(0, 2)
    with pytest.raises(ValueError, match="`weights` must not be negative"):
        korobov_generator(8, 2, weights=[1, -1])
    with pytest.raises(ValueError, match="`n_threads` must be at least 1"):
        korobov_generator(8, 2, n_threads=0)
