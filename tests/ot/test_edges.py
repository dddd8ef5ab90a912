"""Degenerate and extreme problems: answers without NaN, or with none at all in the plan."""

import itertools

import numpy as np
import pytest

from hasten.ot import sinkhorn, sinkhorn_points
from tests.ot.quiet import quietly
from tests.subprocesses import run_python

METHODS = ("auto", "sinkhorn", "log", "sns")


def is_sound(result):
    numbers = [result.value, result.value_linear, result.gap, result.marginal_error]
    assert np.isfinite(numbers).all()
    assert np.isfinite(result.f).all()
    assert np.isfinite(result.g).all()
    assert np.isfinite(result.plan).all()
    assert result.gap >= 0
    return result


class TestZeroWeights:
    @pytest.mark.parametrize(
        ("method", "rho"),
        # Newton steps are for balanced problems.
        [(m, rho) for m in METHODS for rho in (np.inf, 0.7) if m != "sns" or rho == np.inf],
    )
    def test_they_are_as_absent(self, draw, method, rho):
        a, b, cost = draw(20, 15, seed=1)
        a[[0, 7]] = b[[3, 14]] = 0.0
        a, b = a / a.sum(), b / b.sum()
        rows, columns = a > 0, b > 0
        options = {"reg": 0.05, "method": method, "reg_marginals": rho, "tol": 1e-12}
        result = is_sound(sinkhorn(a, b, cost, **options))
        without = sinkhorn(a[rows], b[columns], cost[rows][:, columns], **options)
        assert result.value == without.value
        np.testing.assert_array_equal(result.f[rows], without.f)
        np.testing.assert_array_equal(result.g[columns], without.g)
        np.testing.assert_allclose(result.plan[rows][:, columns], without.plan, rtol=1e-13)
        assert not result.plan[~rows].any()
        assert not result.plan[:, ~columns].any()
        if rho == np.inf:
            assert result.exact_lower == pytest.approx(without.exact_lower, rel=1e-12)
            assert result.exact_upper == pytest.approx(without.exact_upper, rel=1e-12)

    @pytest.mark.parametrize("rho", [np.inf, 0.7])
    def test_potentials_go_on_as_a_limit(self, draw, rho):
        """They are what the potentials of a vanishing weight tend to."""
        a, b, cost = draw(6, 5, seed=2)
        a[2] = b[1] = 0.0
        a, b = a / a.sum(), b / b.sum()
        options = {"reg": 0.2, "reg_marginals": rho, "tol": 1e-12}
        zero = sinkhorn(a, b, cost, **options)
        tiny_a, tiny_b = a.copy(), b.copy()
        tiny_a[2] = tiny_b[1] = 1e-11
        tiny_a, tiny_b = tiny_a / tiny_a.sum(), tiny_b / tiny_b.sum()
        tiny = sinkhorn(tiny_a, tiny_b, cost, **options)
        np.testing.assert_allclose(zero.f, tiny.f, atol=1e-9)
        np.testing.assert_allclose(zero.g, tiny.g, atol=1e-9)

    def test_of_points(self):
        rng = np.random.default_rng(3)
        X, Y = rng.normal(size=(10, 2)), rng.normal(size=(8, 2))
        a = np.full(10, 1 / 9)
        a[4] = 0.0
        result = is_sound(sinkhorn_points(X, Y, a, reg=0.5, tol=1e-12))
        without = sinkhorn_points(np.delete(X, 4, axis=0), Y, reg=0.5, tol=1e-12)
        assert result.value == pytest.approx(without.value, rel=1e-13)
        assert result.f[4] == pytest.approx(without.potential_f(X[4:5])[0], rel=1e-12)
        assert not result.grad("X")[4].any()
        # Where it would go if it had weight.
        weight = np.exp((result.g - ((X[4] - Y) ** 2).sum(axis=1)) / 0.5)
        np.testing.assert_allclose(result.barycentric_map()[4], weight @ Y / weight.sum())

    def test_of_a_warm_start(self, draw):
        a, b, cost = draw(9, 9, seed=4)
        a[0] = 0.0
        a /= a.sum()
        first = sinkhorn(a, b, cost, reg=0.05)
        assert sinkhorn(a, b, cost, reg=0.05, init=first).n_iter <= 2


class TestSmallStrength:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("ratio", [1e4, 1e6, 1e7])
    def test_no_nan_and_true_bounds(self, draw, method, dtype, ratio):
        a, b, cost = draw(30, 30, seed=5, dtype=dtype)
        reg = float(cost.max()) / ratio
        result = is_sound(quietly(sinkhorn, a, b, cost, reg=reg, method=method, max_iter=300))
        # Entropy adds at most reg times the smaller entropy to exact transport.
        assert result.value_lower <= result.exact_upper + reg * np.log(1e6) + 1e-6
        assert result.exact_lower <= result.exact_upper + 1e-12

    def test_it_finds_the_optimal_assignment(self):
        from scipy.optimize import linear_sum_assignment

        cost = np.random.default_rng(6).random((25, 25))
        optimal = linear_sum_assignment(cost)
        result = sinkhorn(None, None, cost, reg=1e-4, method="sns", tol=1e-8)
        assert result.converged
        assert (result.plan.argmax(axis=1) == optimal[1]).all()
        assert result.exact_upper == pytest.approx(cost[optimal].mean(), abs=1e-7)
        assert result.exact_upper - result.exact_lower < 5e-4

    def test_integer_costs_with_ties(self):
        cost = np.random.default_rng(7).integers(0, 3, size=(20, 20))
        result = is_sound(quietly(sinkhorn, None, None, cost, reg=1e-3))
        assert result.value_lower <= result.value_upper


class TestSizes:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
    def test_one_row_or_column_is_the_product(self, draw, method, shape):
        a, b, cost = draw(*shape, seed=8)
        result = is_sound(sinkhorn(a, b, cost, reg=0.1, method=method))
        assert result.converged
        np.testing.assert_allclose(result.plan, np.outer(a, b), rtol=1e-12)
        assert result.value == pytest.approx(float((np.outer(a, b) * cost).sum()), rel=1e-12)
        # The first pass makes all rows right; the second finds several columns to be so.
        assert result.n_iter == (2 if shape[1] > 1 else 1)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("constant", [0.0, -3.5, 1e4])
    def test_a_constant_cost_is_the_product(self, draw, method, constant):
        a, b, _ = draw(6, 7, seed=9)
        result = is_sound(sinkhorn(a, b, np.full((6, 7), constant), reg=0.01, method=method))
        assert result.converged
        np.testing.assert_allclose(result.plan, np.outer(a, b), rtol=1e-5, atol=1e-12)
        assert result.value == pytest.approx(constant, rel=1e-12, abs=1e-12)
        assert result.n_iter <= 3


@pytest.mark.parametrize("method", METHODS)
def test_tiny_weights(draw, method):
    a, b, cost = draw(12, 10, seed=10)
    a[3], b[5] = 1e-30, 1e-300
    a, b = a / a.sum(), b / b.sum()
    result = is_sound(sinkhorn(a, b, cost, reg=0.05, method=method, tol=1e-12))
    assert result.converged
    # Relative to their size too: rows are updated last, or to the tolerance of the total.
    assert result.row_sums[3] == pytest.approx(1e-30, rel=1e-3)
    assert (np.delete(result.plan[3], 5) > 0).all()
    assert result.column_sums[5] == pytest.approx(1e-300, rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_masses_of_no_size_survive_single_precision(draw, method):
    """Weights and sums are float64 where the cost is float32: 1e-30 of the mass is not lost."""
    a, b, cost = draw(12, 10, seed=10, dtype=np.float32)
    a[3] = 1e-30
    a /= a.sum()
    result = is_sound(sinkhorn(a, b, cost, reg=0.05, method=method))
    assert result.converged
    assert result.plan.dtype == np.float32
    # A float32 kernel rounds the row by its 6e-8, and what the last update of columns moved by tol.
    assert result.row_sums[3] == pytest.approx(1e-30, rel=1e-3)
    assert result.plan[3].sum() == pytest.approx(1e-30, rel=1e-3)
    expected = sinkhorn(a, b, cost.astype(np.float64), reg=0.05, tol=1e-12)
    np.testing.assert_allclose(result.plan[3], expected.plan[3], rtol=1e-2)
    # All of them: the unit of mass does not matter, down to the smallest float32.
    small = is_sound(sinkhorn(1e-30 * a, 1e-30 * b, cost, reg=0.05, method=method))
    assert small.converged
    np.testing.assert_allclose(1e30 * small.plan.astype(np.float64), result.plan, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("method", METHODS)
def test_a_single_far_outlier(method, dtype):
    rng = np.random.default_rng(11)
    X, Y = rng.normal(size=(30, 2)).astype(dtype), rng.normal(size=(30, 2)).astype(dtype)
    X[0] = 1e3
    cost = ((X[:, None] - Y) ** 2).sum(axis=-1)
    result = is_sound(quietly(sinkhorn, None, None, cost, reg=0.5, method=method, max_iter=500))
    points = is_sound(quietly(sinkhorn_points, X, Y, reg=0.5, method=method, max_iter=500))
    assert result.row_sums[0] == pytest.approx(1 / 30, rel=1e-2)
    # The outlier makes the contraction of plain Sinkhorn slow.
    if method in ("auto", "sns"):
        assert result.converged
        assert points.converged
        assert points.value == pytest.approx(
            result.value, rel=1e-4 if dtype == np.float32 else 1e-9
        )


def test_float32_distances_too_coarse_for_the_tolerance_are_taken_again_in_float64():
    """An outlier's squared distances are rounded by more than `reg`."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).astype(np.float32)
    Y = rng.normal(size=(60, 2)).astype(np.float32)
    X[0] = 1e3
    result = sinkhorn_points(X, Y, reg=1.0, method="log", max_iter=20_000)
    assert result.converged
    exact = sinkhorn_points(X.astype(np.float64), Y.astype(np.float64), reg=1.0)
    assert result.value_lower - 1e-4 <= exact.value <= result.value_upper + 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_identical_rows_share_their_mass(draw, method):
    a, b, cost = draw(8, 9, seed=12)
    double = sinkhorn(np.repeat(a, 2) / 2, b, np.repeat(cost, 2, axis=0), reg=0.05, tol=1e-12,
                      method=method)  # fmt: skip
    single = sinkhorn(a, b, cost, reg=0.05, tol=1e-12)
    np.testing.assert_allclose(double.plan[::2] + double.plan[1::2], single.plan, atol=1e-11)
    assert double.value == pytest.approx(single.value, rel=1e-11)


@pytest.mark.parametrize("method", METHODS)
def test_one_cost_of_a_million(draw, method):
    a, b, cost = draw(20, 20, seed=13)
    cost[2, 3] = 1e6
    result = is_sound(sinkhorn(a, b, cost, reg=0.05, method=method))
    assert result.converged
    assert result.plan[2, 3] == 0.0


@pytest.mark.parametrize("offset", [1e6, -1e9])
def test_a_large_offset(draw, offset):
    a, b, cost = draw(10, 10, seed=14)
    # Potentials of the size of the offset are rounded to its 1e-16, which is divided by reg.
    tol = 1e-15 * abs(offset) / 0.1
    shifted = sinkhorn(a, b, cost + offset, reg=0.1, tol=tol)
    plain = sinkhorn(a, b, cost, reg=0.1)
    np.testing.assert_allclose(shifted.plan, plain.plan, atol=tol)
    assert shifted.value == pytest.approx(offset + plain.value, rel=1e-14, abs=1e-6)


def test_nearly_decoupled_blocks():
    """Two blocks exchange so little mass that each alone looks solved."""
    rng = np.random.default_rng(15)
    cost = rng.random((20, 20)) * 0.1
    cost[:10, 10:] += 1.0
    cost[10:, :10] += 1.0
    a = np.full(20, 0.05)
    b = a.copy()
    b[:10] += 1e-6
    b[10:] -= 1e-6
    result = sinkhorn(a, b, cost, reg=5e-3, tol=1e-12)
    assert result.converged
    assert result.plan[10:, :10].sum() == pytest.approx(1e-5, rel=1e-5)


def test_many_shapes_and_strengths_agree_with_themselves(draw):
    for (n, m), reg in itertools.product([(2, 3), (17, 5), (5, 17), (33, 64)], [0.03, 1.0, 100.0]):
        a, b, cost = draw(n, m, seed=n)
        values = [sinkhorn(a, b, cost, reg=reg, method=method).value for method in METHODS]
        np.testing.assert_allclose(values, values[0], rtol=1e-9)


INTERRUPT = """
    import os, signal, threading, time, warnings
    import numpy as np
    from hasten import ot

    rng = np.random.default_rng(0)
    X = rng.random((1000, 2))
    def solve():
        {call}
    for _ in range(3):
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        start = time.monotonic()
        try:
            solve()
        except KeyboardInterrupt:
            print(time.monotonic() - start - 0.3)
        timer.join()
"""


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("method", [*METHODS, "sns_paper"])
def test_ctrl_c_ends_a_solve_within_half_a_second(method, n_threads):
    call = (
        "ot.sinkhorn_points(X, X[::-1] + 0.5, reg=1e-6, tol=1e-300, max_iter=10**9, "
        f"memory='low', method={method!r}, n_threads={n_threads})"
    )
    delays = [float(line) for line in run_python(INTERRUPT.format(call=call)).split()]
    assert len(delays) == 3
    assert min(delays) < 0.5


LATER = """
    import os, signal, threading, time, warnings
    import numpy as np
    import scipy.sparse  # Not in a call: an import that is interrupted leaves the exit status 130.
    from hasten import ot

    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X, Y = rng.random((2, 12_000, 16), np.float32)
    V = np.ones((12_000, 40))
    result = ot.sinkhorn_points(X, Y, reg=0.1, max_iter=1, memory="low", n_threads=1)
    for name, call in {
        "plan": lambda: result.plan,
        "exact_lower": lambda: result.exact_lower,
        "transport": lambda: result.transport(V),
        "transposed": lambda: result.transport(V, transposed=True),
        "plan_sparse": lambda: result.plan_sparse(1e-3),
        "grad": lambda: result.grad("X"),
    }.items():
        for _ in range(3):
            timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            start = time.monotonic()
            try:
                call()
            except KeyboardInterrupt:
                print(name, time.monotonic() - start - 0.1)
            timer.join()
"""


def test_ctrl_c_ends_what_is_made_of_a_solve_within_half_a_second():
    delays = {}
    for line in run_python(LATER).splitlines():
        name, delay = line.split()
        delays.setdefault(name, []).append(float(delay))
    assert len(delays) == 6
    assert {len(three) for three in delays.values()} == {3}
    assert max(min(three) for three in delays.values()) < 0.5
