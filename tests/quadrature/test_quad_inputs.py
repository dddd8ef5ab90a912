"""What `quad` refuses, and in which words; and what it takes in any form."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import hasten
from hasten.quadrature import quad


@pytest.mark.parametrize(
    ("a", "b", "args", "message"),
    [
        (np.nan, 1.0, (), r"`a` must not be NaN; got nan$"),
        (0.0, [1.0, np.nan], (), r"`b` must not be NaN; got nan at index 1"),
        (0.0, [[1.0], [np.nan]], (), r"`b` must not be NaN; got nan at index \(1, 0\)"),
        (np.zeros(3), np.ones(2), (), r"`a`, `b` must broadcast to one shape; got \(3,\), \(2,\)"),
        (np.zeros(3), 1.0, (np.ones((2, 2)),), r"`args\[0\]` must .* \(3,\), \(\), \(2, 2\)"),
        (np.ma.masked_array([0.0], [True]), 1.0, (), r"`a` must not have masked entries"),
    ],
)
def test_ends_that_are_refused(a, b, args, message):
    with pytest.raises(ValueError, match=message):
        quad(lambda x, *_: x, a, b, args)


@pytest.mark.parametrize("bad", ["0", 1j, [None], {}])
def test_ends_of_a_wrong_type(bad):
    with pytest.raises(TypeError, match="`a` must hold real numbers"):
        quad(np.exp, bad, 1.0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rtol": -1e-3}, ValueError, r"`rtol` must be at least 0; got -0.001"),
        ({"rtol": np.nan}, ValueError, r"`rtol` must be finite"),
        ({"atol": -1.0}, ValueError, r"`atol` must be at least 0"),
        ({"rtol": 0.0}, ValueError, r"`rtol` or `atol` must be greater than 0; got 0 for both"),
        ({"rtol": "1e-3"}, TypeError, r"`rtol` must be a real number"),
        ({"limit": 0}, ValueError, r"`limit` must be at least 1; got 0"),
        ({"limit": 1.5}, TypeError, r"`limit` must be an integer"),
        ({"max_batch": 0}, ValueError, r"`max_batch` must be at least 1"),
        ({"method": "simpson"}, ValueError, r"`method` must be one of 'auto', 'gauss-kronrod'"),
        ({"norm": 2}, TypeError, r"`norm` must be one of 'max', '2'"),
        ({"nonfinite": "ignore"}, ValueError, r"`nonfinite` must be one of 'raise', 'zero'"),
        ({"vectorized": 1}, TypeError, r"`vectorized` must be True or False"),
        ({"trace": "yes"}, TypeError, r"`trace` must be True or False"),
        ({"callback": 3}, TypeError, r"`callback` must be callable or None"),
        ({"n_threads": 0}, ValueError, r"`n_threads` must be at least 1"),
        ({"points": [0.5, np.nan]}, ValueError, r"`points` must not be NaN; got nan at index 1"),
        ({"points": np.zeros((2, 3))}, ValueError, r"`points` must have shape \(k,\)"),
        ({"points": "half"}, TypeError, r"`points` must hold real numbers"),
    ],
)
def test_options_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        quad(np.exp, 0.0, 1.0, **options)


@pytest.mark.parametrize("f", [None, 3.0, "exp"])
def test_integrands_that_cannot_be_called(f):
    with pytest.raises(TypeError, match="`f` must be callable"):
        quad(f, 0.0, 1.0)


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: 1.0, ValueError, r"`f` must return shape \(1, 21\).*; got shape \(\)"),
        (lambda x: x[:, :20], ValueError, r"points of shape \(1, 21\); got shape \(1, 20\)"),
        (lambda x: x.T, ValueError, r"got shape \(21, 1\)"),
        (lambda x: x[..., None][..., :0], ValueError, r"at least one component"),
        (lambda x: x > 0.5, None, None),
        (lambda x: x.astype(str), TypeError, r"real or complex numbers; got dtype <U"),
        (lambda x: None, TypeError, r"real or complex numbers; got dtype object"),
        (lambda x: [[1.0], [2.0, 3.0]], ValueError, r"ragged"),
        (lambda x: x / (x - x), ValueError, r"`f` must be finite; got inf at x = 0\.00"),
        (lambda x: np.where(x > 0.9, np.nan, x), ValueError, r"got nan at x = 0\.93"),
    ],
)
def test_what_the_integrand_returns_is_checked(f, error, message):
    with np.errstate(all="ignore"):
        if error is None:
            assert quad(f, 0.0, 1.0).value == pytest.approx(0.5)
            return
        with pytest.raises(error, match=message):
            quad(f, 0.0, 1.0)


def test_the_offending_integral_is_named():
    def f(x, p):
        return np.where((p == 3) & (x > 0.2), np.inf, x)

    p = np.arange(6.0)
    with pytest.raises(ValueError, match=r"got inf at x = 0\.2\d+ of integral 3 "):
        quad(f, 0.0, 1.0, (p,))
    with pytest.raises(ValueError, match=r"of integral \(1, 0\) "):
        quad(f, 0.0, 1.0, (p.reshape(2, 3),))
    with pytest.raises(ValueError, match=r"of integral 3 "):
        quad(math_or_inf, 0.0, 1.0, (p,), vectorized=False)


def math_or_inf(x, p):
    return np.inf if p == 3 and x > 0.2 else x


def test_later_calls_must_return_what_the_first_did():
    def changing(second):
        calls = []

        def f(x):
            calls.append(1)
            return np.abs(x - 0.3) if len(calls) == 1 else second(x)

        return f

    with pytest.raises(ValueError, match=r"must return shape \(2, 21\), for .* \(2, 21, 2\)"):
        quad(changing(lambda x: np.stack([x, x], -1)), 0.0, 1.0)
    with pytest.raises(ValueError, match="`f` must return real numbers, as its first call did"):
        quad(changing(lambda x: x * 1j), 0.0, 1.0)
    with pytest.raises(ValueError, match="values of one shape"):
        quad(lambda x: [x] if x < 0.5 else [x, x], 0.0, 1.0, vectorized=False)


def test_arguments_of_all_kinds_reach_the_integrand():
    seen = {}

    def f(x, scale, name, table, numbers, scalar):
        seen.update(scale=scale, name=name, table=table, numbers=numbers, scalar=scalar)
        return x * scale

    result = quad(f, 0.0, 1.0, ([1.0, 2.0], "label", {"k": 1}, (3, 4), np.float64(5)))
    np.testing.assert_allclose(result.value, [0.5, 1.0])
    assert seen["scale"].shape == seen["numbers"].shape == (2, 1)
    assert (seen["name"], seen["table"], seen["scalar"]) == ("label", {"k": 1}, 5.0)
    # Anything but a tuple is one argument.
    assert quad(lambda x, p: x**p, 0.0, 1.0, 2).value == pytest.approx(1 / 3)
    assert quad(lambda x, p: x**p, 0.0, 1.0, np.array([2, 3])).value.shape == (2,)


def test_callables_of_all_kinds():
    class Bound:
        def method(self, x, edge):
            return edge * 0 + x

        def __call__(self, x):
            return x

    assert quad(Bound(), 0.0, 1.0).value == pytest.approx(0.5)
    assert quad(Bound().method, 0.0, 1.0).value == pytest.approx(0.5)
    assert quad(functools.partial(np.multiply, 2.0), 0.0, 1.0).value == pytest.approx(1.0)
    assert quad(np.exp, 0.0, 1.0).value == pytest.approx(np.e - 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8, bool, np.longdouble])
def test_dtypes_of_ends_and_values(dtype):
    result = quad(lambda x: np.ones_like(x).astype(dtype), np.array([0, 0], dtype=dtype), dtype(1))
    np.testing.assert_allclose(result.value, [1.0, 1.0], rtol=3e-16)
    assert result.value.dtype == np.float64


def test_layouts_of_arguments_and_values():
    a = np.asfortranarray(np.zeros((3, 4)))
    b = np.arange(24.0).reshape(6, 4)[::2]
    frozen = b.copy()
    frozen.flags.writeable = False
    expected = quad(np.cos, a, b).value
    np.testing.assert_array_equal(quad(lambda x: np.asfortranarray(np.cos(x)), a, frozen).value,
                                  expected)  # fmt: skip
    np.testing.assert_array_equal(quad(np.cos, a.tolist(), b.tolist()).value, expected)
    np.testing.assert_array_equal(b, np.arange(24.0).reshape(6, 4)[::2])


def test_the_points_belong_to_the_integrand():
    # What an integrand does to its points changes nothing but its own values.
    def f(x):
        y = np.exp(x)
        x[:] = np.nan
        return y

    assert quad(f, 0.0, 1.0).value == quad(np.exp, 0.0, 1.0).value


@pytest.mark.filterwarnings("ignore::hasten.ConvergenceWarning")
@pytest.mark.parametrize("method", ["auto", "gauss-kronrod", "tanh-sinh"])
@pytest.mark.parametrize(
    ("a", "b"), [(5.444517870735016e39, np.inf), (1.0, 1.0000000000000004), (1e-310, 2e-310)]
)
def test_ranges_that_hold_few_doubles(a, b, method):
    with np.errstate(over="ignore"):
        result = quad(lambda x: 1 / (1 + x**2), a, b, method=method, limit=22)
    exact = 1 / a if b == np.inf else (b - a) / (1 + a * a)
    # The half-line is mapped at the scale 1, where next to nothing of this integrand is left.
    holds = abs(result.value - exact) <= max(result.error, 1e-14 * exact, 5e-324)
    assert holds or (b == np.inf and not result.converged)


finite = st.floats(allow_nan=False, allow_infinity=True)


@settings(max_examples=150, deadline=None)
@given(
    a=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), elements=finite),
    b=finite,
    points=st.lists(finite, max_size=3),
    method=st.sampled_from(["auto", "gauss-kronrod", "tanh-sinh"]),
    limit=st.integers(1, 30),
)
@pytest.mark.filterwarnings("ignore::hasten.ConvergenceWarning")
def test_any_range_gives_an_answer(a, b, points, method, limit):
    with np.errstate(over="ignore", invalid="ignore"):
        result = quad(lambda x: 1 / (1 + x**2), a, b, points=points, method=method, limit=limit)
    assert np.shape(result.value) == a.shape
    exact = np.arctan(b) - np.arctan(a)
    status = np.asarray(result.status)
    true = np.abs(result.value - exact)
    # A narrow peak in a wide range may be missed altogether, which no estimate can know.
    with np.errstate(over="ignore"):
        wide = (a != b) & (np.abs(np.nextafter(a, 0) - np.nextafter(b, 0)) > 50)
    assert np.all((true <= np.asarray(result.error) + 1e-14) | wide | (status == "overflow"))


@settings(max_examples=60, deadline=None)
@given(
    values=hnp.arrays(np.float64, 21, elements=st.floats(width=64)),
    nonfinite=st.sampled_from(["raise", "zero"]),
)
@pytest.mark.filterwarnings("ignore::hasten.ConvergenceWarning")
def test_any_values_give_an_answer_or_a_refusal(values, nonfinite):
    def f(x):
        return np.broadcast_to(values, x.shape)

    try:
        result = quad(f, 0.0, 1.0, limit=20, nonfinite=nonfinite, method="gauss-kronrod")
    except ValueError as refusal:
        assert "finite" in str(refusal)  # noqa: PT017
        assert nonfinite == "raise"
        return
    assert isinstance(result.status, str)
    if result.status != "overflow":
        assert np.isfinite(result.value)


def test_warnings_point_at_the_caller():
    with pytest.warns(hasten.ConvergenceWarning) as caught:
        quad(np.sin, -1.0, 1.0)
    assert caught[0].filename == __file__


def test_functions_of_single_numbers_are_told_what_they_need():
    with pytest.raises(ValueError, match=r"numpy.full_like\(x, c\); vectorized=False"):
        quad(lambda _: 3.0, 0.0, 1.0)
    with pytest.raises(TypeError) as raised:
        quad(math.sin, 0.0, 1.0)
    assert "vectorized=False" in raised.value.__notes__[0]
    assert quad(math.sin, 0.0, 1.0, vectorized=False).converged
