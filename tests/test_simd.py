"""Vector kernels against references in many digits."""

import mpmath
import numpy as np
import pytest

from hasten._core import simd

DTYPES = [np.float32, np.float64]

# The promise of exp and log, in units in the last place of the exact result.
LIMIT = 2.0


def ulp_error(values, x, function):
    """Largest error of `values` against `function` of each `x` evaluated in 40 digits."""
    tiny, digits = np.finfo(values.dtype).smallest_subnormal, np.finfo(values.dtype).nmant
    smallest = mpmath.mpf(float(tiny))
    worst = 0.0
    with mpmath.workdps(40):
        for value, argument in zip(values.tolist(), x.tolist(), strict=True):
            exact = function(mpmath.mpf(argument))
            if exact == 0:
                error = 0.0 if value == 0 else np.inf
            else:
                place = mpmath.ldexp(1, mpmath.frexp(exact)[1] - 1 - digits)
                error = float(abs(mpmath.mpf(value) - exact) / max(place, smallest))
            worst = max(worst, error)
    return worst


def samples(kind, dtype):
    """Arguments on which a result is neither infinite nor NaN, in many magnitudes."""
    rng = np.random.default_rng(20)
    info = np.finfo(dtype)
    bits = np.uint32 if dtype is np.float32 else np.uint64
    top = int(np.array(np.inf, dtype=dtype).view(bits))
    smallest = float(np.log(np.float64(info.smallest_subnormal))) - 1
    # Subnormal and normal positive numbers alike: every exponent is equally likely.
    spread = rng.integers(1, top, size=4000, dtype=bits).view(dtype)
    near_zero = (rng.uniform(-1, 1, size=1000) * 2.0 ** rng.integers(-60, 1, 1000)).astype(dtype)
    if kind == "exp":
        largest = float(np.log(info.max))
        wide = rng.uniform(smallest, largest, size=4000).astype(dtype)
        below = rng.uniform(smallest, float(np.log(info.tiny)), size=1000).astype(dtype)
        return np.concatenate([wide, below, near_zero, np.array([0, -0.0], dtype=dtype)])
    subnormal = rng.integers(1, int(info.tiny.view(bits)), size=1000, dtype=bits).view(dtype)
    edges = np.array([info.max, info.tiny, info.smallest_subnormal, 1, 0.5, np.sqrt(0.5)], dtype)
    around_one = (1 + near_zero / 2).astype(dtype)
    return np.concatenate([spread, subnormal, around_one, edges])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["exp", "log"])
def test_within_two_ulp_of_many_digits(kind, dtype, record_property):
    x = samples(kind, dtype)
    values = getattr(simd, kind)(x)
    assert values.dtype == dtype
    worst = ulp_error(values, x, getattr(mpmath, kind))
    record_property("ulp", worst)
    assert worst <= LIMIT


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_where_it_leaves_the_range(dtype):
    info = np.finfo(dtype)
    x = np.array([np.inf, info.max, -np.inf, info.min, 0, -0.0, np.nan], dtype=dtype)
    np.testing.assert_array_equal(simd.exp(x), [np.inf, np.inf, 0, 0, 1, 1, np.nan])


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_where_it_leaves_the_range(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0, -0.0, np.inf, -np.inf, -1, -tiny, np.nan], dtype=dtype)
    expected = [-np.inf, -np.inf, np.inf, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(simd.log(x), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_element_does_not_depend_on_its_place(dtype):
    x = np.random.default_rng(1).normal(size=37).astype(dtype)
    whole = simd.exp(x)
    for i in range(x.size):
        np.testing.assert_array_equal(simd.exp(x[i:]), whole[i:])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1000, 100_003])
def test_dot_against_an_exact_sum(n, dtype):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(2, n)).astype(dtype)
    products = a.astype(np.longdouble) * b.astype(np.longdouble)
    # Sixteen lanes: each adds n / 16 numbers, then four pairwise steps.
    tolerance = np.finfo(np.float64).eps * (n / 16 + 5) * float(np.abs(products).sum())
    assert abs(simd.dot(a, b) - float(products.sum())) <= tolerance


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 15, 16, 17, 1000])
@pytest.mark.parametrize("shift", [0.0, -1000.0, 1000.0])
def test_log_sum_exp_against_many_digits(n, shift, dtype):
    x = (3 * np.random.default_rng(n).normal(size=n) + shift).astype(dtype)
    with mpmath.workdps(40):
        exact = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(value)) for value in x.tolist()))
        error = float(abs(simd.log_sum_exp(x) - exact))
    # The terms carry 2 ulp of `dtype`, and the rounding of x - max, at most 16 here.
    eps = float(np.finfo(dtype).eps)
    assert error <= 10 * eps + np.finfo(np.float64).eps * (n / 16 + abs(float(exact)))


def test_log_sum_exp_where_it_leaves_the_range():
    inf, nan = np.inf, np.nan
    for x, expected in [
        ([], -inf),
        ([-inf] * 3, -inf),
        ([-inf, 2.0], 2.0),
        ([inf, -inf], inf),
        ([inf, nan], nan),
        ([-inf, nan], nan),
        ([1e308, 1e308], 1e308),
    ]:
        np.testing.assert_array_equal(simd.log_sum_exp(np.array(x, dtype=float)), expected)


def test_arguments_that_do_not_fit():
    with pytest.raises(TypeError, match="`x` must be a 1-dimensional array of float64 or float32"):
        simd.exp(np.arange(3))
    with pytest.raises(TypeError, match="C-contiguous"):
        simd.log(np.ones(6)[::2])
    with pytest.raises(ValueError, match="same length"):
        simd.dot(np.ones(3), np.ones(4))
