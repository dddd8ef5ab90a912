"""`cubature` against closed forms, SciPy, and what integrals obey."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

import hasten
from hasten.quadrature import cubature
from tests.quadrature import certificates, genz

INF = np.inf


def dome(x):
    return np.cos(x[..., 0]) * np.cos(x[..., 1])


def gauss(x):
    return np.exp(-np.sum(x**2, axis=-1))


# ---------------------------------------------------------------- values and certificates


@pytest.mark.parametrize("name", genz.SMOOTH)
@pytest.mark.parametrize(("d", "rtol"), [(2, 1e-9), (3, 1e-7), (4, 1e-6), (5, 1e-4), (6, 1e-3)])
def test_smooth_families_of_genz(name, d, rtol):
    scales, shifts = genz.make_members(name, d, 10)
    result = cubature(genz.integrand(name), np.zeros(d), np.ones(d), (*scales, *shifts), rtol=rtol)
    exact = genz.exact(name, scales, shifts)
    true = abs(result.value - exact)
    assert result.converged.all()
    assert (result.error <= rtol * abs(result.value)).all()
    assert (true <= rtol * abs(exact)).all()
    assert (true <= result.error).all()


@pytest.mark.parametrize("d", [2, 3, 4])
def test_how_often_the_estimate_holds_and_how_tight_it_is(d):
    for name in genz.DIFFICULTY:
        scales, shifts = genz.make_members(name, d, 200, seed=d)
        result = cubature(
            genz.integrand(name), np.zeros(d), np.ones(d), (*scales, *shifts), rtol=1e-3
        )
        true = abs(result.value - genz.exact(name, scales, shifts))
        # As documented: for smooth integrands always so far, and nearly so for kinks.
        assert np.mean(true <= result.error) >= (1.0 if name in genz.SMOOTH else 0.99), name
        assert 2 < np.median(result.error / np.maximum(true, 1e-16)) < 1e5, name


def test_the_side_of_a_narrow_peak_is_not_taken_for_smooth():
    # Widths and places are log-uniform and uniform; none of them was used to choose the rule.
    rng = np.random.default_rng(77)
    centre, width = rng.random((2, 400)), 10 ** rng.uniform(-2, 0, 400)

    def peak(p, x, y, w):
        return np.exp(-((p[..., 0] - x) ** 2 + (p[..., 1] - y) ** 2) / w**2)

    along = special.erf((1 - centre) / width) + special.erf(centre / width)
    exact = np.prod(along * width * np.sqrt(np.pi) / 2, axis=0)
    for rtol in (1e-2, 1e-4, 1e-6):
        result = cubature(peak, [0, 0], [1, 1], args=(*centre, width), rtol=rtol)
        true = np.abs(result.value - exact)
        assert np.mean(true > result.error) <= 0.005
        assert (true <= rtol * exact).all()


def test_jumps_along_an_axis_are_seen():
    place = np.random.default_rng(78).random(400)
    result = cubature(
        lambda p, c: np.where(p[..., 0] < c, 1.0, 0.0), [0, 0], [1, 1], (place,), rtol=1e-2
    )
    assert np.mean(np.abs(result.value - place) > result.error) <= 0.01


@pytest.mark.parametrize(
    ("make", "d", "rtol", "held"),
    [
        (certificates.kinks, 2, 1e-5, 0.99),
        (certificates.kinks, 3, 1e-3, 0.99),
        (certificates.kink_on_a_wave, 2, 1e-5, 0.99),
        (certificates.kink_on_a_wave, 3, 1e-3, 0.99),
        (certificates.hats, 2, 1e-5, 0.99),
        (certificates.jump, 2, 1e-5, 0.99),
        (certificates.jump, 3, 1e-3, 0.99),
        (certificates.steps, 2, 1e-3, 0.97),
        (certificates.corner, 2, 1e-3, 0.97),
        (certificates.peaks, 2, 1e-8, 0.995),
        (certificates.peaks, 3, 1e-3, 0.99),
        (certificates.slanted_jump, 2, 1e-2, 0.99),
        (certificates.ball, 2, 1e-2, 0.99),
    ],
)
def test_certificates_of_rough_integrands(make, d, rtol, held):
    found = certificates.measure(make, d, rtol, 200, seed=31)
    assert found.held >= held
    assert found.within >= held
    assert found.converged == 1.0


@pytest.mark.parametrize("d", [2, 3, 4])
def test_a_part_that_all_first_points_miss_is_looked_for_once(d):
    def f(x):
        return np.where(np.max(abs(x - 0.27), axis=-1) < 0.09, 1.0, 0.0)

    result = cubature(f, np.zeros(d), np.ones(d), rtol=0.1, limit=5000)
    first = cubature(f, np.zeros(d), np.ones(d), limit=1)
    assert (first.value, first.status) == (0.0, "converged")
    assert abs(result.value - 0.18**d) <= result.error
    # What is constant indeed costs one cut along each axis.
    flat = cubature(lambda x: np.full(x.shape[:-1], 3.0), np.zeros(d), np.ones(d))
    assert flat.value == pytest.approx(3.0, rel=1e-14)
    assert flat.n_intervals == 2**d
    assert flat.n_evaluations == (2 ** (d + 1) - 1) * first.n_evaluations


def test_kinks_along_no_side_converge_to_what_was_asked():
    result = cubature(lambda x: abs(x[..., 0] - x[..., 1] ** 2), [0, 0], [1, 1], rtol=1e-4)
    exact = 1 / 2 - 1 / 3 + 1 / 5  # Of s^2 - s + 1/2, which is that over x, with s = y^2.
    assert abs(result.value - exact) <= result.error <= 1e-4 * result.value


@pytest.mark.parametrize("d", [2, 3, 4, 5, 6, 7])
def test_polynomials_of_degree_seven_take_one_call(d):
    result = cubature(lambda x: 1 + x[..., 0] ** 3 * x[..., d - 1] ** 2, np.zeros(d), np.ones(d))
    exact = 1 + (1 / 12 if d > 1 else 1 / 6)
    assert result.value == pytest.approx(exact, abs=1e-13)
    assert result.n_calls == 1
    assert result.n_evaluations == 2**d + 2 * d**2 + 4 * d + 1


def test_one_axis_is_gauss_kronrod():
    result = cubature(lambda x: np.exp(x[..., 0]), [0.0], [1.0])
    assert result.value == pytest.approx(np.e - 1, rel=1e-15)
    assert result.n_evaluations == 21


@pytest.mark.parametrize(
    ("low", "high", "f", "exact"),
    [
        ([-INF, -INF], [INF, INF], gauss, np.pi),
        ([0, -INF], [INF, INF], gauss, np.pi / 2),
        ([-INF, 1], [0, 3], lambda x: np.exp(x[..., 0]) * x[..., 1], 4.0),
        ([1, 1], [INF, INF], lambda x: (x[..., 0] * x[..., 1]) ** -2.0, 1.0),
        ([-INF] * 3, [INF] * 3, gauss, np.pi**1.5),
    ],
)
def test_infinite_ranges(low, high, f, exact):
    rtol = 1e-8 if len(low) == 2 else 1e-6
    result = cubature(f, low, high, rtol=rtol)
    assert abs(result.value - exact) <= min(result.error, rtol * exact) * 1.000001


def test_equals_scipy():
    def f(x, y, z):
        return np.sin(1 + y * z) / (0.1 + (x - 0.3) ** 2)

    ours = cubature(lambda p: f(*np.moveaxis(p, -1, 0)), [0, 0, 0], [1, 1, 2], rtol=1e-5)
    options = {"epsrel": 1e-8}
    theirs, _ = integrate.nquad(f, [(0, 1), (0, 1), (0, 2)], opts=options)
    assert abs(ours.value - theirs) <= ours.error + 1e-7 * abs(theirs)
    assert ours.converged
    assert ours.n_calls < 30


# ---------------------------------------------------------------- batches and values


def test_batches_broadcast_ends_and_arguments():
    rng = np.random.default_rng(1)
    low, high = rng.random((3, 1, 2)), 1 + rng.random((4, 2))
    scale = rng.random((3, 4))
    result = cubature(lambda x, s: s * x[..., 0] * x[..., 1] ** 2, low, high, (scale,))
    half = (high**2 - low**2)[..., 0] / 2
    exact = scale * half * (high**3 - low**3)[..., 1] / 3
    assert result.value.shape == result.error.shape == result.n_evaluations.shape == (3, 4)
    np.testing.assert_allclose(result.value, exact, rtol=1e-13)


def test_an_integral_of_a_batch_does_not_depend_on_the_others():
    c = np.array([0.1, 0.5, 0.77])

    def f(x, c):
        return 1 / (1e-3 + (x[..., 0] - c) ** 2 + (x[..., 1] - c) ** 2)

    batch = cubature(f, [0, 0], [1, 1], (c,), rtol=1e-7)
    single = [cubature(f, [0, 0], [1, 1], (value,), rtol=1e-7) for value in c]
    assert [float(result) for result in single] == batch.value.tolist()
    assert [result.n_evaluations for result in single] == batch.n_evaluations.tolist()


def test_vectors_and_complex_values():
    def f(x):
        wave = np.exp(1j * x[..., 0] + x[..., 1])
        return np.stack([wave, wave**2, 0 * wave], axis=-1)

    result = cubature(f, [0, 0], [1, 1])
    one, two = (np.exp(1j) - 1) / 1j * (np.e - 1), (np.exp(2j) - 1) / 2j * (np.e**2 - 1) / 2
    assert result.value.shape == (3,)
    assert result.value.dtype == complex
    np.testing.assert_allclose(result.value, [one, two, 0], rtol=1e-8, atol=1e-12)
    matrix = cubature(lambda x: x[..., None] * x[..., None, :], [0, 0], [1, 1], norm="2")
    np.testing.assert_allclose(matrix.value, [[1 / 3, 1 / 4], [1 / 4, 1 / 3]], rtol=1e-14)


def test_a_scalar_end_goes_for_all_axes():
    assert cubature(dome, 0.0, [1, 1]).value == cubature(dome, [0, 0], [1, 1]).value


def test_functions_of_one_point():
    result = cubature(lambda x: float(x[0] * x[1]), [0, 0], [1, 2], vectorized=False)
    assert result.value == pytest.approx(1.0)
    assert result.n_calls == 21
    result = cubature(lambda x, c: c * x[0], [0], [2], ([1.0, 3.0],), vectorized=False)
    np.testing.assert_allclose(result.value, [2.0, 6.0])


@pytest.mark.parametrize("n_threads", [2, 3, 7])
def test_bits_do_not_depend_on_threads(n_threads):
    scales, shifts = genz.make_members("continuous", 3, 5)

    def run(n_threads):
        f = genz.integrand("continuous")
        return cubature(f, [0] * 3, [1] * 3, (*scales, *shifts), rtol=1e-3, n_threads=n_threads)

    alone, together = run(1), run(n_threads)
    assert alone.value.tobytes() == together.value.tobytes()
    assert alone.error.tobytes() == together.error.tobytes()


# ---------------------------------------------------------------- what integrals obey


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.1, 2)), min_size=1, max_size=4),
    st.integers(0, 15),
)
def test_exchanged_ends_change_the_sign(ranges, flips):
    low = np.array([start for start, _ in ranges])
    high = low + [length for _, length in ranges]
    flip = np.array([flips >> k & 1 for k in range(len(ranges))], dtype=bool)
    a, b = np.where(flip, high, low), np.where(flip, low, high)
    forward, back = cubature(gauss, low, high, rtol=1e-3), cubature(gauss, a, b, rtol=1e-3)
    assert back.value == (-1) ** flip.sum() * forward.value
    assert back.error == forward.error


@settings(deadline=None, max_examples=25)
@given(st.floats(0.05, 0.95), st.floats(-3, 3), st.floats(-3, 3))
def test_integrals_are_linear_and_additive(cut, alpha, beta):
    def second(x):
        return 1 / (1 + x[..., 0] + x[..., 1] ** 2)

    first, both = cubature(gauss, [0, 0], [1, 1]), cubature(second, [0, 0], [1, 1])
    mixed = cubature(
        lambda x: alpha * gauss(x) + beta * second(x), [0, 0], [1, 1], rtol=0, atol=1e-8
    )
    expected = alpha * first.value + beta * both.value
    assert abs(mixed.value - expected) < 1e-8 * (1 + abs(alpha) + abs(beta))
    parts = cubature(gauss, [0, 0], [cut, 1]).merge(cubature(gauss, [cut, 0], [1, 1]))
    assert abs(parts.value - first.value) <= parts.error + first.error


def test_an_empty_range_is_zero_and_an_empty_batch_empty():
    result = cubature(dome, [0, 1], [1, 1])
    assert (result.value, result.error, result.converged) == (0.0, 0.0, True)
    assert cubature(dome, np.empty((0, 2)), np.ones(2)).value.shape == (0,)


# ---------------------------------------------------------------- break points, limits, callbacks


def test_break_points_find_what_is_missed_without_them():
    peak = [0.1234, 0.877]

    def f(x):
        return 1e6 * np.exp(-1e6 * np.sum((x - peak) ** 2, axis=-1))

    assert cubature(f, [0, 0], [1, 1]).value == pytest.approx(0.0)
    # A small box around the peak has it in its middle, where all rules have a point.
    around = np.add(peak, [[-0.01, -0.01], [0.01, 0.01]])
    assert cubature(f, [0, 0], [1, 1], points=around).value == pytest.approx(np.pi, rel=1e-8)
    both = cubature(f, [[0, 0], [0, 0]], [1, 1], points=[around, [[0.5, 0.5], [0.2, 0.2]]])
    np.testing.assert_allclose(both.value, [np.pi, 0], rtol=1e-8, atol=1e-100)


def test_break_points_divide_at_a_kink():
    def f(x):
        return abs(x[..., 0] - 0.3) * x[..., 1]

    exact = (0.3**2 + 0.7**2) / 4
    result = cubature(f, [0, 0], [1, 1], points=[[0.3, 0.0]])
    assert result.n_calls == 1
    assert result.value == pytest.approx(exact, rel=1e-14)
    assert cubature(f, [0, 0], [1, 1], points=[0.3, 0.0]).value == result.value


def test_limits_are_reported_with_the_error():
    with pytest.warns(hasten.ConvergenceWarning, match="cubature: .*`limit`"):
        result = cubature(lambda x: abs(x[..., 0] - x[..., 1]), [0, 0], [1, 1], limit=20)
    assert (result.converged, result.status) == (False, "limit")
    assert result.n_intervals <= 20
    assert abs(result.value - 1 / 3) <= result.error


def test_cancellation_ends_at_rounding():
    with pytest.warns(hasten.ConvergenceWarning, match="rounding"):
        result = cubature(lambda x: 1e8 * x[..., 0] ** 3 + x[..., 1], [-1, -1], [1, 1])
    assert result.status == "roundoff"
    assert abs(result.value) <= result.error < 1e-4


def test_large_batches_are_cut_into_calls():
    sizes = []

    def f(x):
        sizes.append(x.shape)
        return abs(x[..., 0] - x[..., 1])

    whole = cubature(f, [0, 0], [1, 1], rtol=1e-4)
    sizes.clear()
    cut = cubature(f, [0, 0], [1, 1], rtol=1e-4, max_batch=100)
    assert cut.value == whole.value
    assert all(m * k <= 100 and (k, d) == (21, 2) for m, k, d in sizes)
    assert cut.n_calls == len(sizes) > whole.n_calls


def test_callbacks_follow_and_may_stop():
    seen = []

    def watch(info):
        seen.append((info.n_iter, info.error, float(info.x[0])))
        return len(seen) == 3

    result = cubature(lambda x: abs(x[..., 0] - x[..., 1]), [0, 0], [1, 1], callback=watch)
    assert [n for n, _, _ in seen] == [1, 2, 3]
    assert seen[-1][1:] == (result.error, result.value)
    assert (result.status, result.converged) == ("stopped", False)


def test_traces_keep_rounds_and_pickle():
    result = cubature(lambda x: abs(x[..., 0] - x[..., 1]), [0, 0], [1, 1], rtol=1e-3, trace=True)
    assert result.history["n_iter"].tolist() == list(range(1, result.n_iter + 1))
    assert result.history["error"][-1] == result.error
    copy = pickle.loads(pickle.dumps(result))
    assert copy.value == result.value
    assert str(copy) == str(result)


def test_traces_are_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    result = cubature(gauss, [[0, 0], [0, -INF]], [[1, 1], [2, INF]], rtol=1e-4, trace=True)
    for index in (0, 1, None):
        boxes, _ = result.plot(index)
        assert boxes.get_title(loc="left").endswith("boxes")
        plt.close(boxes.figure)
    assert cubature(gauss, [0], [1], trace=True).plot()[0].lines
    plt.close("all")


def test_values_that_are_not_finite():
    def f(x):
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(x[..., 0] == 0.5, 1 / (x[..., 0] - 0.5), 1.0)

    with pytest.raises(ValueError, match=r"`f` must be finite; got inf at x = .*0.5"):
        cubature(f, [0, 0], [1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        result = cubature(f, [0, 0], [1, 1], nonfinite="zero", limit=2000, rtol=1e-2)
    assert abs(result.value - 1.0) < 0.2


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"a": [0] * 8, "b": [1] * 8}, ValueError, "at most 7 axes.*got 8.*qmc_quad"),
        ({"a": [0, 0, 0]}, ValueError, r"got shapes \(3,\) and \(2,\)"),
        ({"a": 0.0, "b": 1.0}, ValueError, r"got shapes \(\) and \(\)"),
        ({"a": [], "b": []}, ValueError, "at least 1"),
        ({"a": [np.nan, 0]}, ValueError, "`a` must not be NaN"),
        ({"b": [1, np.nan]}, ValueError, "`b` must not be NaN.*index 1"),
        ({"a": ["x", "y"]}, TypeError, "`a` must hold real numbers"),
        ({"a": np.zeros((3, 2)), "b": np.ones((4, 2))}, ValueError, "must broadcast to one shape"),
        ({"args": (np.ones(3), np.ones(4))}, ValueError, r"args\[0\].*\(3,\), \(4,\)"),
        ({"rtol": -1.0}, ValueError, "`rtol`"),
        ({"rtol": 0.0, "atol": 0.0}, ValueError, "`rtol` or `atol`"),
        ({"atol": np.nan}, ValueError, "`atol`"),
        ({"limit": 0}, ValueError, "`limit`"),
        ({"limit": 1.5}, TypeError, "`limit`"),
        ({"max_batch": 0}, ValueError, "`max_batch`"),
        ({"norm": "1"}, ValueError, "`norm`"),
        ({"nonfinite": "ignore"}, ValueError, "`nonfinite`"),
        ({"vectorized": 1}, TypeError, "`vectorized`"),
        ({"trace": None}, TypeError, "`trace`"),
        ({"n_threads": 0}, ValueError, "`n_threads`"),
        ({"callback": 3}, TypeError, "`callback`"),
        ({"points": [0.5]}, ValueError, r"`points` must have shape \(k, 2\).*got \(1,\)"),
        ({"points": np.zeros((2, 3, 2))}, ValueError, r"`points` must have shape"),
        ({"points": [[np.nan, 0]]}, ValueError, "`points` must not be NaN"),
        ({"f": 3}, TypeError, "`f` must be callable"),
        ({"f": lambda x: x[..., 0].T}, ValueError, "`f` must return shape"),
        ({"f": lambda x: "no"}, TypeError, "`f` must return real or complex numbers"),
    ],
)
def test_bad_input(arguments, error, message):
    call = {"f": dome, "a": [0, 0], "b": [1, 1]} | arguments
    with pytest.raises(error, match=message):
        cubature(**call)


def test_what_the_integrand_raises_passes_through():
    problem = KeyError("mine")

    def f(x):
        raise problem

    with pytest.raises(KeyError) as raised:
        cubature(f, [0, 0], [1, 1])
    assert raised.value is problem


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float32, np.longdouble])
def test_ends_of_any_real_type_and_layout(dtype):
    a, b = np.zeros(2, dtype), np.ones(2, dtype)
    expected = cubature(dome, [0, 0], [1, 1]).value
    assert cubature(dome, a, b).value == expected
    rows = np.zeros((4, 2))[::-2]
    assert cubature(dome, rows, np.asfortranarray(np.ones((2, 2)))).value.tolist() == [expected] * 2
    a.setflags(write=False)
    assert cubature(dome, a, b).value == expected
