"""`qmc_quad`: closed forms, coverage of its intervals, doubling, merging, and bad input."""

import pickle
import warnings

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom, t

import hasten
from hasten.quadrature import lattice, lattice_generator, qmc_quad, sobol


def cube(f, d, **options):
    return qmc_quad(f, np.zeros(d), np.ones(d), **options)


def product(x):
    return np.prod(1 + 0.7 * (x - 0.5), axis=1)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize("scramble", ["owen", "lms", "shift"])
@pytest.mark.parametrize("d", [1, 2, 5, 20])
def test_a_closed_form(d, scramble):
    result = cube(lambda x: np.exp(x.sum(axis=1) / d), d, rng=d, scramble=scramble)
    exact = (d * np.expm1(1 / d)) ** d
    assert result.error < 1e-4
    # A t interval of 15 degrees of freedom, widened to miss once in a million runs.
    assert abs(result.value - exact) < result.standard_error * t.ppf(1 - 5e-7, 15) + 1e-15


def test_boxes_are_mapped():
    result = qmc_quad(lambda x: x[:, 0] * x[:, 1] ** 2, [-1.0, 0.0], [2.0, 3.0], rng=0)
    assert result.value == pytest.approx(1.5 * 9, abs=1e-4)
    swapped = qmc_quad(lambda x: x[:, 0] * x[:, 1] ** 2, [2.0, 0.0], [-1.0, 3.0], rng=0)
    assert swapped.value == pytest.approx(-13.5, abs=1e-4)
    assert swapped.error > 0
    assert qmc_quad(lambda x: x[:, 0], 0.0, 2.0, rng=0).value == pytest.approx(2.0, abs=1e-6)
    assert qmc_quad(lambda x: x[:, 0], [0, 0], 2, rng=0).value == pytest.approx(4.0, abs=1e-5)
    assert qmc_quad(product, [0.0, 1.0], [1.0, 1.0], n=64, rng=0).value == 0.0


def test_points_stay_in_a_narrow_box_far_away():
    low, high = 1e8, 1e8 + 1e-6
    seen = []

    def f(x):
        seen.append((x.min(), x.max()))
        return x[:, 0]

    qmc_quad(f, low, high, n=64, rng=0)
    assert low <= seen[0][0] <= seen[0][1] <= high


def test_a_replicate_is_the_mean_over_its_points():
    points = sobol(1024, 3, rng=9)
    result = cube(product, 3, n=1024, rng=9)
    assert result.replicates[0] == pytest.approx(product(points).mean(), rel=1e-15)
    points = lattice(1024, 3, rng=9, baker=True)
    result = cube(product, 3, n=1024, rng=9, sequence="lattice", baker=True)
    assert result.replicates[0] == pytest.approx(product(points).mean(), rel=1e-15)


def test_mean_error_and_interval_follow_from_the_replicates():
    result = cube(product, 4, n=256, n_replicates=10, rng=1, confidence_level=0.9)
    estimates = result.replicates
    assert estimates.shape == (10,)
    assert result.value == pytest.approx(estimates.mean(), rel=1e-15)
    assert result.standard_error == pytest.approx(estimates.std(ddof=1) / np.sqrt(10), rel=1e-12)
    assert result.error == pytest.approx(t.ppf(0.95, 9) * result.standard_error, rel=1e-12)
    low, high = result.confidence_interval()
    assert (high - low) / 2 == pytest.approx(result.error, rel=1e-9)
    wide = result.confidence_interval(0.99)
    assert (wide.high - wide.low) / 2 == pytest.approx(
        t.ppf(0.995, 9) * result.standard_error, rel=1e-9
    )
    assert (result.n_points, result.n_evaluations) == (256, 2560)
    assert result.error_kind == "confidence"
    assert float(result) == result.value


def test_several_components():
    def f(x):
        return np.stack([x, x**2], axis=1)

    result = cube(f, 3, n=1024, rng=0)
    assert result.value.shape == result.error.shape == result.converged.shape == (2, 3)
    assert result.replicates.shape == (16, 2, 3)
    np.testing.assert_allclose(result.value, [[1 / 2] * 3, [1 / 3] * 3], atol=1e-5)
    alone = cube(lambda x: x[:, 1] ** 2, 3, n=1024, rng=0)
    assert result.value[1, 1] == pytest.approx(alone.value, rel=1e-15)
    assert "values        6, of shape (2, 3)" in str(result)


def test_one_point_at_a_time():
    result = cube(lambda x, s: s * x[0] * x[1], 2, n=32, rng=0, args=(3.0,), vectorized=False)
    fast = cube(lambda x, s: s * x[:, 0] * x[:, 1], 2, n=32, rng=0, args=(3.0,))
    assert result.value == pytest.approx(fast.value, rel=1e-15)
    assert result.n_calls == result.n_evaluations == 32 * 16
    assert fast.n_calls == 1


@pytest.mark.parametrize("kind", [np.float32, np.int64, bool, list])
def test_values_of_any_real_type(kind):
    def f(x):
        inside = x[:, 0] < 0.5
        return inside.tolist() if kind is list else inside.astype(kind)

    assert cube(f, 2, n=1024, rng=0).value == pytest.approx(0.5, abs=2e-3)


def test_blocks_are_small_and_few():
    sizes = []

    def f(x):
        sizes.append(x.shape)
        return x[:, 0]

    cube(f, 2, n=2**17, n_replicates=3, rng=0)
    assert sizes == [(2**16, 2)] * 6
    sizes.clear()
    cube(f, 2, n=2**10, n_replicates=100, rng=0)
    assert sizes == [(2**16, 2), (36 * 2**10, 2)]
    sizes.clear()
    cube(f, 10_000, n=2**10, n_replicates=2, rng=0)
    assert max(rows for rows, _ in sizes) * 10_000 <= 2**22
    assert sum(rows for rows, _ in sizes) == 2**11


@pytest.mark.parametrize("sequence", ["sobol", "lattice"])
def test_threads_do_not_change_the_bits(sequence):
    # Blocks of fewer coordinates are not worth several threads.
    options = {"n": 2**14, "n_replicates": 2, "rng": 3, "sequence": sequence}
    if sequence == "lattice":
        options["generator"] = np.arange(1, 512, 2)
    alone = cube(lambda x: x[:, ::50].sum(axis=1), 256, **options, n_threads=1)
    for n_threads in (2, 3, 7):
        other = cube(lambda x: x[:, ::50].sum(axis=1), 256, **options, n_threads=n_threads)
        np.testing.assert_array_equal(other.replicates, alone.replicates)


def test_one_number_is_drawn():
    rng, other = np.random.default_rng(5), np.random.default_rng(5)
    first = cube(product, 2, n=64, rng=rng)
    other.integers(0, 2**64, dtype=np.uint64)
    assert rng.random() == other.random()
    np.testing.assert_array_equal(cube(product, 2, n=64, rng=5).replicates, first.replicates)


# ---------------------------------------------------------------- precision and coverage


@pytest.mark.parametrize(
    ("n", "smooth", "kink"),
    [(256, 4.8e-4, 2.85e-3), (4096, 7.5e-6, 1.7e-4), (65536, 1.9e-7, 1.35e-5)],
)
def test_standard_deviations_over_the_randomisations(n, smooth, kink):
    def f(x):
        return np.stack([product(x), np.maximum(x.sum(axis=1) - 2, 0)], axis=1)

    for scramble in ("owen", "lms") if n < 65536 else ("owen",):
        result = cube(f, 4, n=n, n_replicates=300 if n < 65536 else 60, rng=n, scramble=scramble)
        deviation = result.replicates.std(axis=0, ddof=1)
        np.testing.assert_allclose(deviation, [smooth, kink], rtol=0.35)
        z = (result.value - [1.0, 7 / 30]) / result.standard_error
        assert (np.abs(z) < 5).all()


# None of these played a part in the design, which was done on products, kinks and a box.
HELD_OUT = {
    "corner peak": (lambda x: (1 + x.sum(axis=1)) ** -4.0, 3, 1 / 24),
    "oscillation": (lambda x: np.cos(x @ [3.0, 1.0, 2.0]), 3, None),
    "Gauss peak": (lambda x: np.exp(-9 * ((x - 0.3) ** 2).sum(axis=1)), 4, None),
    "half space": (lambda x: x.sum(axis=1) < 1.2, 5, None),
    "call option": (lambda x: np.maximum(np.exp(0.1 * ndtri(x).sum(axis=1)) - 1, 0), 6, None),
}


@pytest.mark.parametrize("name", HELD_OUT)
@pytest.mark.parametrize("sequence", ["sobol", None])
def test_intervals_cover_at_their_level(name, sequence):
    f, d, exact = HELD_OUT[name]
    if exact is None:
        exact = cube(f, d, n=2**17, n_replicates=8, rng=123).value
    n_runs = 400
    # Replicates are independent: 16 of them are what one call would have had.
    replicates = cube(f, d, n=128, n_replicates=16 * n_runs, rng=4, sequence=sequence).replicates
    runs = replicates.reshape(n_runs, 16)
    value, standard_error = runs.mean(axis=1), runs.std(axis=1, ddof=1) / 4
    covered = (np.abs(value - exact) <= t.ppf(0.975, 15) * standard_error).sum()
    # True coverage of 0.93 or 0.97 falls outside once in a million times.
    assert binom.ppf(1e-6, n_runs, 0.93) <= covered <= binom.ppf(1 - 1e-6, n_runs, 0.97)


def test_stopping_at_a_tolerance_keeps_most_of_the_level():
    n_runs, covered, within = 150, 0, 0
    for seed in range(n_runs):
        result = cube(HELD_OUT["corner peak"][0], 3, n=64, atol=1e-4, rng=seed, n_threads=1)
        error = abs(result.value - 1 / 24)
        covered += error <= result.error
        within += error <= 1e-4
    assert binom.ppf(1e-6, n_runs, 0.9) <= covered
    assert binom.ppf(1e-6, n_runs, 0.95) <= within


# ---------------------------------------------------------------- doubling


@pytest.mark.parametrize("sequence", ["sobol", "lattice", None])
def test_doubling_continues_the_same_points(sequence):
    options = {"sequence": sequence, "rng": 4, "n_replicates": 4}
    if sequence == "lattice":
        options["generator"] = lattice_generator(2**12, 5)[0]
    fixed = cube(product, 5, n=2**12, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        doubled = cube(product, 5, n=2**8, atol=1e-300, max_points=2**14, **options)
    assert doubled.n_points == 2**12
    assert doubled.n_iter == 5
    assert doubled.n_evaluations == 2**14
    np.testing.assert_allclose(doubled.replicates, fixed.replicates, rtol=1e-14)


def test_doubling_stops_at_the_tolerance():
    result = cube(product, 4, n=64, rtol=1e-6, atol=0.0, rng=1)
    assert result.converged
    assert result.error <= 1e-6 * abs(result.value)
    assert result.n_points > 64
    assert "the tolerance was met" in result.message
    assert str(result).startswith("Quasi-Monte Carlo integral in 4 dimensions: converged")


def test_a_missed_tolerance_is_not_silent():
    with pytest.warns(
        hasten.ConvergenceWarning, match="tolerance was missed.*max_points"
    ) as caught:
        result = cube(product, 4, n=64, atol=1e-12, max_points=5000, rng=1)
    assert caught[0].filename == __file__
    assert not result.converged
    assert result.n_points == 256
    assert "NOT converged" in str(result)


def test_each_component_has_to_converge():
    def f(x):
        return np.stack([x[:, 0], 100 * product(x)], axis=1)

    with pytest.warns(hasten.ConvergenceWarning, match="in 1 of 2 components"):
        result = cube(f, 4, n=64, atol=1e-3, max_points=2**11, rng=1)
    assert result.converged.tolist() == [True, False]


def test_a_trace_keeps_each_round():
    result = cube(product, 3, n=1024, rng=2, trace=True)
    history = result.history
    assert history["n_points"].tolist() == [64, 128, 256, 512, 1024]
    assert history["value"][-1] == result.value
    assert history["error"][-1] == result.error
    plain = cube(product, 3, n=1024, rng=2)
    assert plain.history is None
    np.testing.assert_allclose(result.replicates, plain.replicates, rtol=1e-14)
    early = cube(product, 3, n=128, rng=2)
    assert history["value"][1] == pytest.approx(early.value, rel=1e-14)


def test_a_callback_listens_and_stops():
    seen = []

    def listen(info):
        seen.append((info.n_iter, info.error, float(info.x)))
        return info.n_iter == 3

    result = cube(product, 3, n=64, atol=1e-300, rng=2, callback=listen)
    assert [n_iter for n_iter, _, _ in seen] == [1, 2, 3]
    assert seen[-1][1:] == (result.error, result.value)
    assert "stopped by the callback" in result.message
    assert not result.converged


def test_a_progress_bar_shows(capsys):
    cube(product, 3, n=64, rng=2, progress=True)
    assert "qmc_quad" in capsys.readouterr().err


# ---------------------------------------------------------------- lattices


def test_the_worst_case_error_of_a_lattice():
    z, error = lattice_generator(512, 3)
    result = cube(product, 3, n=512, sequence="lattice", rng=0)
    assert result.worst_case_error == pytest.approx(error, rel=1e-10)
    given = cube(product, 3, n=512, sequence="lattice", generator=z, weights=[1, 1, 1], rng=0)
    assert given.worst_case_error > error
    assert np.isnan(cube(product, 3, n=512, sequence="lattice", baker=True, rng=0).worst_case_error)
    assert np.isnan(cube(product, 3, n=512, rng=0).worst_case_error)


def test_a_lattice_is_best_for_periodic_functions():
    def f(x):
        return np.prod(1 + np.sin(2 * np.pi * x) / 4 + x**2 * (1 - x) ** 2 - 1 / 30, axis=1)

    periodic = cube(f, 4, n=4096, sequence="lattice", rng=0)
    other = cube(f, 4, n=4096, rng=0)
    assert abs(periodic.value - 1) <= 3 * periodic.error
    assert periodic.error < other.error / 3


# ---------------------------------------------------------------- results


def test_merging_is_making_all_replicates_at_once():
    first, second = (cube(product, 3, n=256, rng=seed, n_replicates=8) for seed in (1, 2))
    both = first.merge(second)
    replicates = np.concatenate([first.replicates, second.replicates])
    np.testing.assert_array_equal(both.replicates, replicates)
    assert both.value == replicates.mean()
    assert both.standard_error == pytest.approx(replicates.std(ddof=1) / 4, rel=1e-12)
    assert both.n_evaluations == 2 * 8 * 256
    third = cube(product, 3, n=256, rng=3)
    assert len(both.merge(third).replicates) == 32
    with pytest.raises(ValueError, match="another seed"):
        both.merge(second)


def test_what_differs_does_not_merge():
    result = cube(product, 3, n=256, rng=1)
    with pytest.raises(TypeError, match="`other` must be a QmcResult"):
        result.merge(1.0)
    with pytest.raises(ValueError, match="256 points a replicate; got 512"):
        result.merge(cube(product, 3, n=512, rng=2))
    with pytest.raises(ValueError, match=r"\(\) components; got \(3,\)"):
        result.merge(cube(lambda x: x, 3, n=256, rng=2))
    with pytest.raises(ValueError, match="same box"):
        result.merge(cube(product, 4, n=256, rng=2))
    with pytest.raises(ValueError, match="same box"):
        result.merge(cube(product, 3, n=256, rng=2, scramble="lms"))


def test_results_pickle():
    result = cube(product, 3, n=256, rng=1, trace=True)
    other = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(other.replicates, result.replicates)
    assert str(other) == str(result)
    assert other.confidence_interval() == result.confidence_interval()


def test_pictures():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    traced = cube(lambda x: x**2, 2, n=256, rng=1, trace=True)
    plain = cube(product, 2, n=256, rng=1)
    assert len(traced.plot(component=1)) == 2
    assert len(plain.plot()) == 1
    _, ax = plt.subplots()
    assert plain.plot("replicates", ax) is ax
    line = traced.plot("convergence", component=1).get_lines()[0]
    np.testing.assert_array_equal(line.get_ydata(), traced.history["error"][:, 1])
    for options, message in (
        ({"kind": "convergence"}, "needs a result of"),
        ({"kind": "histogram"}, "`kind` must be one of"),
        ({"ax": ax}, "`ax` needs a `kind`"),
        ({"component": 1}, "`component` must be below 1"),
    ):
        with pytest.raises(ValueError, match=message):
            plain.plot(**options)
    plt.close("all")


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"f": 3}, TypeError, "`f` must be callable"),
        ({"b": np.inf}, ValueError, "`b` must be finite; got inf .*sobol_normal"),
        ({"a": [-np.inf, 0.0]}, ValueError, "`a` must be finite"),
        ({"a": np.nan}, ValueError, "`a` must be finite"),
        ({"a": "zero"}, TypeError, "`a` must hold real numbers"),
        ({"a": [0.0] * 2, "b": [1.0] * 3}, ValueError, r"got \(2,\) and \(3,\)"),
        ({"a": [[0.0]]}, ValueError, "`a` must have 1 dimension"),
        ({"a": [], "b": []}, ValueError, "at least one coordinate"),
        ({"a": -1e308, "b": 1e308}, ValueError, "volume is finite"),
        ({"n": 0}, ValueError, "`n` must be at least 1"),
        ({"n": 2.5}, TypeError, "`n` must be an integer"),
        ({"n": 2**33}, ValueError, "`n` must be at most 4294967296"),
        ({"n_replicates": 1}, ValueError, "`n_replicates` must be at least 2; got 1"),
        ({"n_replicates": 2**40}, ValueError, r"`n_replicates` must be at most 2\*\*20"),
        ({"sequence": "halton"}, ValueError, "`sequence` must be one of 'sobol', 'lattice'"),
        ({"scramble": "none"}, ValueError, "`scramble` must be one of"),
        ({"scramble": False}, TypeError, "`scramble` must be one of"),
        ({"baker": True}, ValueError, "`baker` is an option of sequence='lattice'"),
        ({"generator": [1]}, ValueError, "`generator` is an option of sequence='lattice'"),
        (
            {"weights": [1], "sequence": None},
            ValueError,
            "`weights` is an option of sequence='lattice'",
        ),
        ({"sequence": "lattice", "n": 6}, ValueError, "`n` must be a power of two or a prime"),
        ({"rtol": -1e-3}, ValueError, "`rtol` must be at least 0"),
        ({"rtol": 0.0}, ValueError, "`rtol` and `atol` must not both be 0"),
        ({"rtol": 0.0, "atol": 0.0}, ValueError, "`rtol` and `atol` must not both be 0"),
        ({"atol": np.nan}, ValueError, "`atol` must be finite"),
        ({"max_points": 0}, ValueError, "`max_points` must be at least 1"),
        ({"confidence_level": 1.0}, ValueError, "`confidence_level` must be strictly between"),
        ({"confidence_level": 95}, ValueError, "`confidence_level` must be strictly between"),
        ({"vectorized": 1}, TypeError, "`vectorized` must be True or False"),
        ({"rng": -3}, ValueError, "`rng` must be a seed"),
        ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1"),
        ({"callback": 3}, TypeError, "`callback` must be callable or None"),
        ({"progress": "yes"}, TypeError, "`progress` must be True or False"),
        ({"trace": 1}, TypeError, "`trace` must be True or False"),
    ],
)
def test_bad_input_is_named(change, error, message):
    with pytest.raises(error, match=message):
        qmc_quad(**({"f": lambda x: x[:, 0], "a": 0.0, "b": 1.0, "n": 64} | change))


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x.sum(), ValueError, r"shape \(1024,\) or \(1024, ...\) .* got shape \(\)"),
        (
            lambda x: x[0],
            ValueError,
            r"1024 points of shape \(1024, 2\); got shape \(2,\); points are rows",
        ),
        (lambda x: x[:, :0], ValueError, r"got shape \(1024, 0\)"),
        (lambda x: x[:, 0] + 1j, TypeError, "`f` must return real numbers; got dtype complex128"),
        (lambda x: np.array(["a"] * len(x)), TypeError, "`f` must return real numbers"),
        (lambda x: None, TypeError, "`f` must return real numbers; got dtype object"),
        (lambda x: [[1.0], [1.0, 2.0]], ValueError, "must be an array"),
        (lambda x: np.full(len(x), np.nan), ValueError, r"finite values; got nan at x = \[0\."),
        (lambda x: np.full(len(x), 1e308), ValueError, "finite sum; it overflows"),
    ],
)
def test_bad_values_are_named(f, error, message):
    with pytest.raises(error, match=message):
        cube(f, 2, n=64, rng=0)


def test_the_first_point_where_a_value_is_not_finite_is_named():
    points = []

    def f(x):
        points.append(x.copy())
        values = np.stack([x[:, 0], x[:, 1]], axis=1)
        values[[700, 900], 1] = [-np.inf, np.nan]
        return values

    with pytest.raises(ValueError, match="got -inf in component 1 at x = ") as caught:
        cube(f, 2, n=64, rng=0)
    assert str(points[0][700].tolist()) in str(caught.value)


def test_a_shape_may_not_change():
    calls = []

    def f(x):
        calls.append(len(x))
        return x if len(calls) < 3 else x[:, 0]

    with pytest.raises(
        ValueError, match=r"shape \(2048, 2\) for 2048 points .* got shape \(2048,\)"
    ):
        cube(f, 2, n=64, atol=1e-9, rng=0)


def test_an_exception_of_the_integrand_passes_through():
    class MineError(Exception):
        pass

    def f(x):
        raise MineError("as it was")

    with pytest.raises(MineError, match="as it was"):
        cube(f, 2, rng=0)


def test_points_without_balance_bring_a_warning():
    with pytest.warns(UserWarning, match="`n` = 100 is not a power of two") as caught:
        cube(product, 2, n=100, rng=0)
    assert caught[0].filename == __file__
    # Random points have no balance to lose.
    cube(product, 2, n=100, rng=0, sequence=None)


def test_inputs_are_not_modified():
    a, b = np.zeros(3), np.ones(3)
    qmc_quad(product, a, b, n=64, rng=0)
    assert (a == 0).all()
    assert (b == 1).all()


def test_one_argument_needs_no_tuple():
    def scaled(x, factor):
        return factor * x[:, 0]

    found = [qmc_quad(scaled, [0, 0], [1, 1], args, n=64, rng=0).value for args in (2.0, (2.0,))]
    assert found[0] == found[1]


def test_values_and_sides_near_the_ends_of_the_range():
    def large(x):
        return 1e300 * np.exp(x[:, 0])

    result = qmc_quad(large, [0, 0], [1, 1], n=256, rng=0)
    assert abs(result.value / 1e300 - (np.e - 1)) <= result.error / 1e300 < 1e-2
    box = [1e200, 1e200, 1e-200, 1e-200]
    assert qmc_quad(
        lambda x: np.ones(len(x)), np.zeros(4), box, n=64, rng=0
    ).value == pytest.approx(1)
