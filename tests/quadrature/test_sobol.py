"""Sobol' points: SciPy's bits, balance whatever the scramble, and the right law."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, qmc

from hasten.quadrature import sobol, sobol_normal

SCRAMBLES = ["owen", "lms", "shift"]


# ---------------------------------------------------------------- the points


@pytest.mark.parametrize("d", [1, 2, 7, 8, 9, 64, 500])
@pytest.mark.parametrize("bits", [32, 52])
def test_points_are_scipys_plus_half_a_cell(d, bits):
    reference = qmc.Sobol(d, scramble=False, bits=bits).random(512)
    np.testing.assert_array_equal(
        sobol(512, d, scramble=False, bits=bits), reference + 0.5 ** (bits + 1)
    )


def test_the_last_dimension_is_scipys_too():
    reference = qmc.Sobol(21201, scramble=False, bits=32).random(16)
    np.testing.assert_array_equal(sobol(16, 21201, scramble=False), reference + 2.0**-33)


def test_a_start_far_out_is_scipys():
    engine = qmc.Sobol(5, scramble=False, bits=30)
    engine.fast_forward(2**22 - 64)
    reference = np.vstack([engine.random(64), engine.random(64)])
    ours = [sobol(64, 5, scramble=False, bits=30, start=2**22 + k) for k in (-64, 0)]
    np.testing.assert_array_equal(np.vstack(ours), reference + 2.0**-31)


def test_the_last_points_of_all_exist():
    x = sobol(1, 3, start=2**32 - 1, rng=0)
    assert ((x > 0) & (x < 1)).all()
    assert (sobol(1, 3, scramble="lms", bits=52, start=2**52 - 1, rng=0) < 1).all()


@pytest.mark.parametrize("scramble", [*SCRAMBLES, False])
@settings(max_examples=15, deadline=None)
@given(
    d=st.integers(1, 20), begin=st.integers(0, 2**20), cut=st.integers(0, 200), seed=st.integers(0)
)
@pytest.mark.filterwarnings("ignore:.*not balanced")
def test_point_i_depends_on_i_alone(scramble, d, begin, cut, seed):
    options = {"scramble": scramble, "rng": seed}
    whole = sobol(200, d, start=begin, **options)
    parts = [
        sobol(cut, d, start=begin, **options),
        sobol(200 - cut, d, start=begin + cut, **options),
    ]
    np.testing.assert_array_equal(np.vstack(parts), whole)
    np.testing.assert_array_equal(sobol(200, d + 1, start=begin, **options)[:, :d], whole)


@pytest.mark.parametrize("scramble", [*SCRAMBLES, False])
@pytest.mark.parametrize("m", [0, 3, 6, 7, 11])
def test_every_dyadic_interval_holds_one_point(scramble, m):
    for start in (0, 5 * 2**m):
        x = sobol(2**m, 40, scramble=scramble, start=start, rng=m)
        cells = np.sort(np.floor(x * 2**m), axis=0)
        np.testing.assert_array_equal(cells, np.arange(2.0**m)[:, None] * np.ones(40))


@pytest.mark.parametrize("scramble", SCRAMBLES)
def test_elementary_boxes_hold_one_point_in_the_plane(scramble):
    # The first two dimensions are a (0, m, 2)-net.
    x = sobol(1024, 2, scramble=scramble, rng=3)
    for k in range(11):
        cells = np.floor(x * [2**k, 2 ** (10 - k)]) @ [2 ** (10 - k), 1]
        assert len(np.unique(cells)) == 1024


@pytest.mark.parametrize("scramble", [*SCRAMBLES, False])
@pytest.mark.parametrize("bits", [5, 23, 32])
def test_float32_keeps_the_first_digits(scramble, bits):
    double = sobol(4096 if bits > 5 else 32, 3, scramble=scramble, bits=bits, rng=1)
    single = sobol(len(double), 3, scramble=scramble, bits=bits, rng=1, dtype=np.float32)
    assert single.dtype == np.float32
    kept = min(bits, 23)
    assert ((single > 0) & (single < 1)).all()
    np.testing.assert_array_equal(
        np.floor(double * 2.0**kept), np.floor(single * np.float64(2**kept))
    )


@pytest.mark.parametrize("scramble", SCRAMBLES)
def test_each_point_is_uniform_over_the_randomisations(scramble):
    x = np.concatenate([sobol(2, 2, scramble=scramble, rng=seed, start=6) for seed in range(1500)])
    for j in range(2):
        assert kstest(x[::2, j], "uniform").pvalue > 1e-6
        assert kstest(x[1::2, j], "uniform").pvalue > 1e-6


# Less work than this is not worth several threads.
@pytest.mark.parametrize(
    ("make", "n", "dtype"), [(sobol, 2**21, np.float32), (sobol_normal, 2**19, np.float64)]
)
def test_threads_do_not_change_the_bits(make, n, dtype):
    alone = make(n, 5, rng=4, dtype=dtype, n_threads=1)
    for n_threads in (2, 3, 7):
        np.testing.assert_array_equal(make(n, 5, rng=4, dtype=dtype, n_threads=n_threads), alone)


def test_one_number_is_drawn():
    rng, other = np.random.default_rng(5), np.random.default_rng(5)
    x = sobol(8, 2, rng=rng)
    other.integers(0, 2**64, dtype=np.uint64)
    assert rng.random() == other.random()
    np.testing.assert_array_equal(sobol(8, 2, rng=5), x)
    assert (sobol(8, 2, rng=rng) != x).any()
    state = rng.bit_generator.state
    sobol(8, 2, scramble=False, rng=rng)
    assert rng.bit_generator.state == state


# ---------------------------------------------------------------- normal points


@pytest.mark.parametrize("scramble", [*SCRAMBLES, False])
def test_inverse_normals_are_quantiles(scramble):
    uniform = sobol(4096, 5, scramble=scramble, rng=2)
    normal = sobol_normal(4096, 5, scramble=scramble, rng=2)
    # SciPy's inverse is itself accurate to a few units in the last place.
    np.testing.assert_allclose(normal, scipy.special.ndtri(uniform), rtol=4e-15, atol=4e-16)


def test_box_muller_pairs_two_coordinates():
    u, v = np.moveaxis(sobol(1024, 6, rng=2).reshape(1024, 3, 2), -1, 0)
    x, y = np.moveaxis(sobol_normal(1024, 6, rng=2, method="box-muller").reshape(1024, 3, 2), -1, 0)
    radius = np.sqrt(-2 * np.log(u))
    np.testing.assert_allclose(x, radius * np.cos(2 * np.pi * v), rtol=0, atol=1e-14)
    np.testing.assert_allclose(y, radius * np.sin(2 * np.pi * v), rtol=0, atol=1e-14)


def test_moments_of_normal_points():
    x = sobol_normal(2**14, 4, rng=0)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(x.T), np.eye(4), atol=3e-3)


def test_location_and_scale():
    z = sobol_normal(64, 3, rng=0)
    loc, scale = np.array([1.0, -2.0, 0.0]), np.array([0.5, 2.0, 0.0])
    np.testing.assert_array_equal(sobol_normal(64, 3, loc=loc, scale=scale, rng=0), z * scale + loc)
    np.testing.assert_array_equal(sobol_normal(64, 3, loc=2, scale=3, rng=0), z * 3 + 2)
    single = sobol_normal(64, 3, loc=loc, scale=scale, rng=0, dtype=np.float32)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, z * scale + loc, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_all_normals_are_finite(dtype):
    # Without a scramble the first point is next to the origin.
    for method in ("inverse", "box-muller"):
        x = sobol_normal(2**12, 4, scramble=False, method=method, dtype=dtype)
        assert np.isfinite(x).all()


# ---------------------------------------------------------------- arrays to write to


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [sobol, sobol_normal])
def test_points_are_written_to_the_given_array(make, dtype):
    space = np.full((70, 3), -1.0, dtype=dtype)
    out = space[3:67]
    assert make(64, 3, rng=1, out=out) is out
    np.testing.assert_array_equal(out, make(64, 3, rng=1, dtype=dtype))
    assert (space[:3] == -1).all()
    assert (space[67:] == -1).all()


def test_no_points_and_one_point():
    assert sobol(0, 3).shape == (0, 3)
    assert sobol_normal(0, 4).shape == (0, 4)
    assert sobol(1, 1, scramble=False)[0, 0] == 2.0**-33
    assert sobol(0, 3, out=np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.empty((8, 3)), ValueError, r"`out` must have shape \(8, 2\); got \(8, 3\)"),
        (np.empty(16), ValueError, "`out` must have shape"),
        (np.empty((2, 8)).T, ValueError, "`out` must be C-contiguous"),
        (np.empty((16, 2))[::2], ValueError, "`out` must be C-contiguous"),
        (np.empty((8, 2), dtype=np.int64), TypeError, "`out` must be of float64 or float32"),
        (np.empty((8, 2), dtype=">f8"), TypeError, "`out` must be of float64 or float32"),
        ([[0.0, 0.0]] * 8, TypeError, "`out` must be a numpy.ndarray"),
        (np.ma.zeros((8, 2)), TypeError, "`out` must be a numpy.ndarray"),
        (np.broadcast_to(0.0, (8, 2)), ValueError, "`out` must be writeable"),
        (
            np.frombuffer(bytearray(8 * 16 + 1), dtype=np.float64, offset=1, count=16).reshape(
                8, 2
            ),
            ValueError,
            "`out` must be C-contiguous and aligned",
        ),
    ],
)
def test_arrays_that_cannot_be_written_to_are_refused(out, error, message):
    with pytest.raises(error, match=message):
        sobol(8, 2, out=out)


def test_an_array_of_another_precision_than_asked_for_is_refused():
    with pytest.raises(ValueError, match="`out` must be of float32 as `dtype` says"):
        sobol(8, 2, out=np.empty((8, 2)), dtype=np.float32)


# ---------------------------------------------------------------- warnings and bad input


@pytest.mark.parametrize(("n", "start", "name"), [(3, 0, "n"), (1000, 0, "n"), (4, 2, "start")])
@pytest.mark.parametrize("make", [sobol, sobol_normal])
def test_points_without_balance_bring_a_warning(make, n, start, name):
    with pytest.warns(UserWarning, match=f"`{name}` = .* not balanced") as caught:
        make(n, 2, start=start)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": -1}, ValueError, "`n` must be at least 0; got -1"),
        ({"n": 8.0}, TypeError, "`n` must be an integer; got 8.0"),
        ({"n": True}, TypeError, "`n` must be an integer"),
        ({"n": 2**33}, ValueError, r"`n` must be at most 2\*\*bits - start = 4294967296"),
        ({"n": 10**30}, ValueError, "`n` must be at most"),
        ({"d": 0}, ValueError, "`d` must be at least 1; got 0"),
        ({"d": 21202}, ValueError, "`d` must be at most 21201; got 21202"),
        ({"d": "2"}, TypeError, "`d` must be an integer"),
        ({"start": -1}, ValueError, "`start` must be at least 0"),
        ({"start": 2**32 - 7}, ValueError, r"`n` must be at most 2\*\*bits - start = 7; got 8"),
        ({"start": 10**30}, ValueError, r"`n` must be at most 2\*\*bits - start = 0"),
        ({"bits": 2}, ValueError, r"`n` must be at most 2\*\*bits - start = 4"),
        ({"bits": 0}, ValueError, "`bits` must be at least 1"),
        ({"bits": 53, "scramble": "lms"}, ValueError, "`bits` must be at most 52; got 53"),
        ({"bits": 33}, ValueError, "`bits` must be from 1 to 32 with scramble"),
        ({"scramble": "Owen"}, ValueError, "`scramble` must be one of .*did you mean 'owen'"),
        ({"scramble": True}, TypeError, "`scramble` must be 'owen', 'lms', 'shift' or False"),
        ({"scramble": None}, TypeError, "`scramble` must be"),
        ({"dtype": np.float16}, TypeError, "`dtype` must be float64 or float32; got float16"),
        ({"dtype": "nonsense"}, TypeError, "`dtype` must be float64 or float32"),
        ({"rng": -1}, ValueError, "`rng` must be a seed of at least 0"),
        ({"rng": "seed"}, TypeError, "`rng` must be"),
        ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1"),
    ],
)
@pytest.mark.parametrize("make", [sobol, sobol_normal])
def test_bad_input_is_named(make, change, error, message):
    with pytest.raises(error, match=message):
        make(**({"n": 8, "d": 2} | change))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"method": "box-muller", "d": 3}, ValueError, "`d` must be even"),
        ({"method": "ziggurat"}, ValueError, "`method` must be one of"),
        ({"loc": [0.0, 1.0, 2.0]}, ValueError, r"`loc` must be a number or have shape \(2,\)"),
        ({"loc": np.nan}, ValueError, "`loc` must be finite"),
        ({"loc": "far"}, TypeError, "`loc` must hold real numbers"),
        ({"scale": -1.0}, ValueError, "`scale` must not be negative; got -1.0"),
        ({"scale": [1.0, np.inf]}, ValueError, "`scale` must be finite"),
    ],
)
def test_bad_input_of_normal_points_is_named(change, error, message):
    with pytest.raises(error, match=message):
        sobol_normal(**({"n": 8, "d": 2} | change))


def test_more_points_than_memory_are_refused():
    with pytest.raises((MemoryError, ValueError)):
        sobol(2**52, 21201, scramble=False, bits=52)
