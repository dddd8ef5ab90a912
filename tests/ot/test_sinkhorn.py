"""`sinkhorn` against closed forms, known values, POT, and what must not change an answer."""

import math

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hasten
from hasten.ot import sinkhorn

METHODS = ("auto", "sinkhorn", "log", "sns", "sns_paper")


def entropy(weights):
    return float(np.sum(weights * np.log(weights)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reg", [0.05, 0.5, 5.0])
def test_two_by_two_in_closed_form(method, reg):
    # Equal weights, cost 0 on the diagonal and 1 off it: P = k / 2 there and (1 - k) / 2 here.
    result = sinkhorn(None, None, [[0.0, 1.0], [1.0, 0.0]], reg=reg, method=method, tol=1e-14)
    stay = 1 / (1 + math.exp(-1 / reg))
    expected = np.array([[stay, 1 - stay], [1 - stay, stay]]) / 2
    # A marginal of 1/2 is met to a unit of rounding, whatever the size of an entry.
    np.testing.assert_allclose(result.plan, expected, rtol=1e-13, atol=1e-15)
    value = (1 - stay) + reg * sum(p * math.log(4 * p) for p in expected.ravel())
    assert result.value == pytest.approx(value, rel=1e-12)
    assert result.value_linear == pytest.approx(1 - stay, rel=1e-12)
    # Equal potentials by symmetry, once the free constant is fixed.
    np.testing.assert_allclose(result.f, np.full(2, value / 2), rtol=1e-11)
    np.testing.assert_allclose(result.g, np.full(2, value / 2), rtol=1e-11)


@pytest.mark.parametrize(
    ("name", "value", "with_plain_entropy", "most_passes"),
    [
        ("LAP500", 0.007981155797, -0.002376524367, 60),
        ("digW2", 0.010997187057, 0.000689338343, 70),
        ("digW1", 0.065299317063, 0.054991468349, 120),
    ],
)
def test_published_problems(published, name, value, with_plain_entropy, most_passes):
    a, b, cost = published[name]
    result = sinkhorn(a, b, cost, reg=1 / 1200, method="sns")
    assert result.converged
    assert result.n_newton > 0
    assert result.n_iter <= most_passes
    assert result.value == pytest.approx(value, abs=1e-10)
    assert result.value_lower <= value + 1e-10
    assert result.value_upper >= value - 1e-10
    a = np.full(len(cost), 1 / len(cost)) if a is None else a
    b = np.full(len(cost), 1 / len(cost)) if b is None else b
    plain = result.value + (entropy(a) + entropy(b)) / 1200
    assert plain == pytest.approx(with_plain_entropy, abs=1e-10)


def test_normal_densities_on_a_grid():
    x = np.linspace(-8, 9, 1200)
    a, b = (np.exp(-((x - mean) ** 2) / (2 * variance)) for mean, variance in [(0, 0.5), (1, 0.8)])
    result = sinkhorn(a / a.sum(), b / b.sum(), (x[:, None] - x) ** 2, reg=0.4)
    assert result.converged
    assert result.value == pytest.approx(1.481126137473, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_plan_is_that_of_pot(draw, method):
    a, b, cost = draw(100, 100, seed=1)
    reg = 0.05 * cost.max()
    result = sinkhorn(a, b, cost, reg=reg, method=method, tol=1e-13)
    theirs = ot.sinkhorn(a, b, cost, reg, stopThr=1e-12, numItermax=100_000)
    assert np.abs(result.plan - theirs).max() < 1e-10
    assert result.value == pytest.approx(ot.solve(cost, a, b, reg=reg, reg_type="KL").value)
    # Their potentials, as the docstring converts them; each is unique up to a constant.
    _, log = ot.sinkhorn(a, b, cost, reg, stopThr=1e-13, numItermax=100_000, log=True)
    apart = reg * np.log(log["u"]) - (result.f + reg * np.log(a))
    assert np.ptp(apart) < 1e-8


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(7, 7), (3, 11), (11, 3)])
def test_every_method_finds_the_exact_solution(exact, draw, method, shape):
    a, b, cost = draw(*shape, seed=2)
    result = sinkhorn(a, b, cost, reg=0.05, method=method, tol=1e-13)
    truth = exact(a, b, cost, 0.05)
    assert result.converged
    assert result.value == pytest.approx(float(truth.value), rel=1e-13)
    np.testing.assert_allclose(result.plan, truth.plan, rtol=1e-10, atol=1e-14)


def test_the_potentials_are_normalised(draw):
    a, b, cost = draw(20, 30, seed=4)
    result = sinkhorn(3 * a, 3 * b, cost - 5.0, reg=0.1)
    assert 3 * a @ result.f == pytest.approx(3 * b @ result.g, rel=1e-12)


def test_mass_is_not_one(exact, draw):
    a, b, cost = draw(5, 6, seed=5)
    for mass in (1e-3, 7.0):
        result = sinkhorn(mass * a, mass * b, cost, reg=0.1, tol=1e-12)
        truth = exact(mass * a, mass * b, cost, 0.1)
        assert result.value == pytest.approx(float(truth.value), rel=1e-12)
        np.testing.assert_allclose(result.plan, truth.plan, rtol=1e-9)
        assert result.marginal_error <= 1e-12 * mass


class TestInvariance:
    """What maps one problem to another maps the answers too, to rounding."""

    CASES = st.tuples(
        st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.02, 0.1, 1.0]),
        st.integers(0, 2**32 - 1),
    )  # fmt: skip

    @staticmethod
    def both(first, second, reg, second_reg=None):
        return (
            sinkhorn(*first, reg=reg, tol=1e-12),
            sinkhorn(*second, reg=reg if second_reg is None else second_reg, tol=1e-12),
        )

    @given(CASES)
    @settings(max_examples=25, deadline=None)
    def test_permutation(self, draw, case):
        n, m, reg, seed = case
        a, b, cost = draw(n, m, seed)
        rng = np.random.default_rng(seed)
        rows, columns = rng.permutation(n), rng.permutation(m)
        one, two = self.both((a, b, cost), (a[rows], b[columns], cost[rows][:, columns]), reg)
        np.testing.assert_allclose(two.plan, one.plan[rows][:, columns], rtol=1e-8, atol=1e-12)
        assert two.value == pytest.approx(one.value, rel=1e-11)

    @given(CASES)
    @settings(max_examples=25, deadline=None)
    def test_constants_of_rows_and_columns(self, draw, case):
        n, m, reg, seed = case
        a, b, cost = draw(n, m, seed)
        rng = np.random.default_rng(seed)
        rows, columns = rng.normal(size=n), rng.normal(size=m)
        one, two = self.both((a, b, cost), (a, b, cost + rows[:, None] + columns), reg)
        np.testing.assert_allclose(two.plan, one.plan, rtol=1e-8, atol=1e-12)
        assert two.value == pytest.approx(one.value + a @ rows + b @ columns, abs=1e-11)

    @given(CASES, st.floats(-30, 30))
    @settings(max_examples=25, deadline=None)
    def test_the_unit_of_the_cost(self, draw, case, exponent):
        n, m, reg, seed = case
        a, b, cost = draw(n, m, seed)
        unit = 10.0**exponent
        one, two = self.both((a, b, cost), (a, b, unit * cost), reg, unit * reg)
        np.testing.assert_allclose(two.plan, one.plan, rtol=1e-8, atol=1e-12)
        assert two.value == pytest.approx(unit * one.value, rel=1e-10)

    @given(CASES)
    @settings(max_examples=25, deadline=None)
    def test_rows_and_columns_swapped(self, draw, case):
        n, m, reg, seed = case
        a, b, cost = draw(n, m, seed)
        one, two = self.both((a, b, cost), (b, a, cost.T), reg)
        np.testing.assert_allclose(two.plan, one.plan.T, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(two.f, one.g, atol=1e-8)
        np.testing.assert_allclose(two.g, one.f, atol=1e-8)


def test_a_warm_start_takes_one_or_two_passes(draw):
    a, b, cost = draw(60, 70, seed=6)
    cold = sinkhorn(a, b, cost, reg=0.02)
    assert cold.n_iter > 2
    for init in (cold, (cold.f, cold.g), [list(cold.f), list(cold.g)]):
        warm = sinkhorn(a, b, cost, reg=0.02, init=init)
        assert warm.converged
        assert warm.n_iter <= 2
        assert warm.value == pytest.approx(cold.value, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_not_converging_warns_and_tells_the_true_error(draw, method):
    a, b, cost = draw(40, 40, seed=7)
    with pytest.warns(hasten.ConvergenceWarning, match="sinkhorn did not converge in 3 passes"):
        result = sinkhorn(a, b, cost, reg=0.01, max_iter=3, method=method)
    assert not result.converged
    assert result.n_iter == 3
    plan = result.plan
    error = np.abs(plan.sum(axis=1) - a).sum() + np.abs(plan.sum(axis=0) - b).sum()
    assert result.marginal_error == result.error == pytest.approx(error, rel=1e-9)
    assert error > 1e-9
    assert "max_iter=3" in result.message


def test_the_warning_points_at_the_line_of_the_caller(draw):
    with pytest.warns(hasten.ConvergenceWarning) as caught:
        sinkhorn(*draw(9, 9), reg=0.01, max_iter=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("method", METHODS)
def test_threads_do_not_change_a_bit(draw, method):
    a, b, cost = draw(300, 200, seed=9)
    bits = set()
    for n_threads in (1, 2, 3, 7):
        result = sinkhorn(a, b, cost, reg=0.02, method=method, n_threads=n_threads)
        products = (
            result.transport(np.arange(200.0)),
            result.plan,
            result.plan_sparse(1e-6).plan.data,
        )
        numbers = result.value, result.gap, result.exact_lower, result.exact_upper
        bits.add(b"".join(np.asarray(x).tobytes() for x in (result.f, *products, *numbers)))
    assert len(bits) == 1


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("reg", [1e-2, 1e-3, 1e-4, 1e-5])
def test_the_default_finishes_at_small_reg(reg, equal):
    """Scalings that leave the range of one kernel after the other are no reason to go on."""
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(300, 2)), rng.normal(size=(250, 2)) + 1
    a, b = (None, None) if equal else (rng.dirichlet(np.ones(300)), rng.dirichlet(np.ones(250)))
    cost = ((X[:, None] - Y) ** 2).sum(axis=-1)
    result = sinkhorn(a, b, cost, reg=reg)
    assert result.converged
    assert result.method_used == "sns"
    assert result.n_iter <= 600
