"""Many problems at once are the same as one after the other."""

import numpy as np
import pytest

import hasten
from hasten.ot import sinkhorn, sinkhorn_batch


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    a, b = rng.dirichlet(np.ones(9), size=5), rng.dirichlet(np.ones(7), size=5)
    return a, b, rng.random((5, 9, 7)), np.array([0.05, 0.1, 0.2, 0.5, 3.0])


def check_same(result, problems, **options):
    assert len(result) == len(problems)
    for k, (a, b, cost, reg) in enumerate(problems):
        alone = sinkhorn(a, b, cost, reg=reg, tol=1e-12, **options)
        assert result.value[k] == pytest.approx(alone.value, rel=1e-10)
        assert result.value_linear[k] == pytest.approx(alone.value_linear, rel=1e-8)
        np.testing.assert_allclose(result.f[k], alone.f, atol=1e-8)
        np.testing.assert_allclose(result.g[k], alone.g, atol=1e-8)
        np.testing.assert_allclose(result[k].plan, alone.plan, rtol=1e-8, atol=1e-12)
        assert result[k].value == pytest.approx(result.value[k], rel=1e-12)
        assert result[k].marginal_error == pytest.approx(result.error[k], rel=1e-3, abs=1e-14)


@pytest.mark.parametrize("method", ["auto", "sinkhorn", "log"])
@pytest.mark.parametrize("rho", [np.inf, 0.5])
def test_each_problem_is_solved_as_alone(batch, method, rho):
    a, b, cost, reg = batch
    result = sinkhorn_batch(a, b, cost, reg=reg, method=method, reg_marginals=rho, tol=1e-12)
    assert result.converged.all()
    check_same(result, list(zip(a, b, cost, reg, strict=True)), reg_marginals=rho)


def test_costs_weights_and_strengths_may_be_shared(batch):
    a, b, cost, reg = batch
    check_same(
        sinkhorn_batch(a, b, cost[0], reg=0.1, tol=1e-12),
        [(x, y, cost[0], 0.1) for x, y in zip(a, b, strict=True)],
    )
    check_same(
        sinkhorn_batch(a[0], b, cost[0], reg=reg, tol=1e-12),
        [(a[0], y, cost[0], r) for y, r in zip(b, reg, strict=True)],
    )
    check_same(
        sinkhorn_batch(a[0], b[0], cost[0], reg=reg, tol=1e-12),
        [(a[0], b[0], cost[0], r) for r in reg],
    )
    check_same(
        sinkhorn_batch(a[0], b[0], cost[0], reg=0.1, tol=1e-12), [(a[0], b[0], cost[0], 0.1)]
    )


@pytest.mark.parametrize("shared", [True, False])
def test_zero_weights_at_different_places(batch, shared):
    a, b, cost, reg = batch
    a[1, [0, 4]] = a[3, 2] = b[3, 6] = b[4, [1, 2]] = 0.0
    a, b = a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True)
    costs = [cost[0]] * 5 if shared else cost
    result = sinkhorn_batch(a, b, cost[0] if shared else cost, reg=reg, tol=1e-12)
    check_same(result, list(zip(a, b, costs, reg, strict=True)))
    assert np.isfinite(result.f).all()
    assert np.isfinite(result.g).all()


def test_bounds_are_in_order(batch):
    a, b, cost, reg = batch
    loose = sinkhorn_batch(a, b, cost, reg=reg, tol=1e-3)
    tight = sinkhorn_batch(a, b, cost, reg=reg, tol=1e-13)
    assert (loose.value_lower <= tight.value + 1e-13).all()
    assert (loose.value_upper >= tight.value - 1e-13).all()


def test_one_that_does_not_converge_warns(batch):
    a, b, cost, _ = batch
    reg = np.array([0.001, 10.0, 10.0, 10.0, 10.0])
    with pytest.warns(hasten.ConvergenceWarning, match="sinkhorn_batch did not converge: 4 of 5"):
        result = sinkhorn_batch(a, b, cost, reg=reg, max_iter=20)
    assert result.converged.tolist() == [False, True, True, True, True]
    assert (result.error > 1e-9).tolist() == [True, False, False, False, False]
    assert not result[0].converged
    assert "4 of 5 converged" in str(result)
    assert [one.converged for one in result] == result.converged.tolist()
    with pytest.raises(IndexError):
        result[5]
    assert result[-1].value == result[4].value
    assert result[np.int32(2)].value == result[2].value
    for place in (slice(2), 1.0, "1", None, (0, 1)):
        with pytest.raises(TypeError, match="a batch must be indexed by one integer"):
            result[place]


@pytest.mark.parametrize("one_cost", [True, False])
def test_no_weights_are_equal_weights(batch, one_cost):
    _, b, cost, _ = batch
    cost = cost[0] if one_cost else cost
    equal_a, equal_b = np.full(9, 1 / 9), np.full(7, 1 / 7)
    for first, second, same_b in [(None, None, equal_b), (None, b, b)]:
        result = sinkhorn_batch(first, second, cost, reg=0.1)
        same = sinkhorn_batch(equal_a, same_b, cost, reg=0.1)
        assert len(result) == (1 if one_cost and second is None else 5)
        np.testing.assert_array_equal(result.f, same.f)
    columns = sinkhorn_batch(np.tile(equal_a, (5, 1)), None, cost, reg=0.1)
    shared = sinkhorn_batch(equal_a, equal_b, cost, reg=0.1)
    np.testing.assert_array_equal(columns.g, np.broadcast_to(shared.g, (5, 7)))


def test_newton_steps_are_counted(draw):
    """Each problem takes the way that it takes alone."""
    a, b, cost = draw(120, 130, seed=4)
    regs = np.array([0.002, 1.0])
    result = sinkhorn_batch(a, b, cost, reg=regs)
    hard, easy = result
    for one, reg in [(hard, 0.002), (easy, 1.0)]:
        alone = sinkhorn(a, b, cost, reg=reg, n_threads=1)
        assert one.method_used == alone.method_used
        assert (one.n_newton, one.n_cg, one.n_iter) == (alone.n_newton, alone.n_cg, alone.n_iter)
        np.testing.assert_equal(one.density, alone.density)
    assert hard.n_newton > 0 == easy.n_newton
    assert hard.method_used == "sns" != easy.method_used
    assert 0 < hard.density < 1
    assert np.isnan(easy.density)


def test_writing_to_what_is_returned_or_was_given_changes_nothing(batch):
    a, b, cost, reg = batch
    result = sinkhorn_batch(a, b, cost, reg=reg)
    plan, error = result[1].plan.copy(), result.error.copy()
    a[...], b[...], reg[...] = 0.5, 0.25, 7.0
    arrays = ("f", "g", "value", "value_linear", "gap", "marginal_error", "n_iter", "converged")
    for name in arrays:
        getattr(result, name)[...] = 0
    result[1].f[...] = 0.0
    np.testing.assert_array_equal(result[1].plan, plan)
    np.testing.assert_array_equal(result.error, error)
    assert result[1].converged


def test_precision_pairs_of_strengths_and_a_bar(batch, capsys):
    a, b, cost, reg = batch
    mixed = sinkhorn_batch(a, b, cost, reg=reg, precision="mixed", progress=True)
    assert "sinkhorn_batch" in capsys.readouterr().err
    assert mixed.converged.all()
    assert (mixed.error <= 1e-9).all()
    single = np.float32(cost)
    assert sinkhorn_batch(a, b, single, reg=reg).error.max() > 1e-9
    assert sinkhorn_batch(a, b, single, reg=reg, precision="float64").error.max() <= 1e-9
    for pair in ((0.3, 2.0), np.array([0.3, 2.0]), (np.inf, 0.5)):
        result = sinkhorn_batch(a, b, cost, reg=reg, reg_marginals=pair, tol=1e-12)
        check_same(result, list(zip(a, b, cost, reg, strict=True)), reg_marginals=tuple(pair))


def test_a_callback_may_end_a_batch_before_all_is_solved(draw):
    a, b, cost = draw(4, 5, seed=1)
    rows = np.tile(a, (2000, 1))
    heard = []

    def enough(info):
        heard.append(info.n_iter)
        return True

    result = sinkhorn_batch(rows, b, cost, reg=0.5, callback=enough, n_threads=1)
    (solved,) = heard
    assert 0 < solved < 2000
    assert result.converged[:solved].all()
    assert not result.converged[solved:].any()
    assert np.isnan(result.value[solved:]).all()
    assert f"{solved} of 2000 converged" in str(result)
    with pytest.raises(ValueError, match="problem 1999 was not solved: the callback ended"):
        result[1999]
    # The same where weights are zero, which are filled in afterwards.
    rows[:, 1] = 0.0
    rows /= rows.sum(axis=1, keepdims=True)
    result = sinkhorn_batch(rows, b, cost, reg=0.5, callback=enough, n_threads=1)
    assert np.isfinite(result.f[: heard[-1]]).all()
    assert np.isnan(result.f[heard[-1] :]).all()


def test_a_callback_may_end_a_batch_with_zeros_at_many_places(draw):
    """Each pattern of zeros is a solve of its own; the caller hears of one batch."""
    _, b, cost = draw(12, 5, seed=1)
    rng = np.random.default_rng(2)
    rows = rng.dirichlet(np.ones(12), size=40)
    rows[np.arange(40), np.arange(40) % 12] = 0.0
    rows /= rows.sum(axis=1, keepdims=True)
    heard = []

    def listen(info):
        heard.append((info.n_iter, info.error))
        return info.n_iter >= 15

    whole = sinkhorn_batch(rows, b, cost, reg=0.5, callback=lambda info: heard.append(info.n_iter))
    assert heard == sorted(set(heard))
    assert heard[-1] == 40
    heard.clear()
    result = sinkhorn_batch(rows, b, cost, reg=0.5, callback=listen, n_threads=1)
    numbers, errors = zip(*heard, strict=True)
    assert list(numbers) == sorted(set(numbers))
    assert list(errors) == sorted(errors)
    assert numbers[-2] < 15 <= numbers[-1] < 40
    solved = ~np.isnan(result.value)
    assert solved.sum() == numbers[-1] == result.converged.sum()
    assert errors[-1] == result.error[solved].max()
    np.testing.assert_array_equal(result.f[solved], whole.f[solved])
    assert np.isnan(result.f[~solved]).all()
    assert np.isnan(result.g[~solved]).all()
    assert (result.n_iter[~solved] == 0).all()
    with pytest.raises(ValueError, match="was not solved: the callback ended the solve before it"):
        result[int(np.flatnonzero(~solved)[0])]


def test_only_true_ends_a_batch(draw):
    a, b, cost = draw(4, 5, seed=1)
    rows = np.stack([a, a])
    rows[0, 0] = 0.0
    rows /= rows.sum(axis=1, keepdims=True)
    for answer, is_end in [(1, False), ("yes", False), (None, False), (np.True_, True)]:
        result = sinkhorn_batch(rows, b, cost, reg=0.5, callback=lambda info, a=answer: a)
        assert result.converged.all() != is_end


def test_single_precision(batch):
    a, b, cost, reg = batch
    result = sinkhorn_batch(a, b, np.float32(cost), reg=reg)
    assert result.converged.all()
    assert result[0].plan.dtype == np.float32
    assert result.f.dtype == np.float64
    np.testing.assert_allclose(result.value, sinkhorn_batch(a, b, cost, reg=reg).value, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"a": np.ones((5, 8)) / 8}, ValueError, r"`cost` must have shape \(8, 7\) or"),
        ({"a": np.ones((4, 9)) / 9}, ValueError, "`a` 4, `b` 5, `cost` 5, `reg` 5: numbers of"),
        ({"cost": np.ones((9, 8))}, ValueError, r"`cost` must have shape \(9, 7\) or \(B, 9, 7\)"),
        ({"cost": np.ones(9)}, ValueError, "`cost` must have shape"),
        ({"cost": np.full((9, 7), np.nan)}, ValueError, r"`cost` must be finite; got nan at index"),
        ({"a": np.zeros((5, 9))}, ValueError, "`a` must have a positive sum; got 0.0 in row 0"),
        ({"a": -np.ones((5, 9))}, ValueError, r"`a` must not be negative; got -1.0 at index \(0"),
        ({"a": np.ones((5, 9))}, ValueError, "`a` and `b` must have the same sum; got 9 and 1"),
        ({"a": np.ones((1, 5, 9))}, ValueError, "`a` must have 1 or 2 dimensions"),
        ({"a": np.ones((5, 0))}, ValueError, "`a` must not be empty"),
        ({"reg": 0.0}, ValueError, "`reg` must be greater than 0; got 0.0"),
        ({"reg": [0.1, 0.1, -1.0, 0.1, 0.1]}, ValueError, "greater than 0; got -1.0 at index 2"),
        ({"reg": "low"}, TypeError, "`reg` must hold real numbers"),
        ({"reg": []}, ValueError, r"`reg` must not be empty; got shape \(0,\)"),
        ({"reg": [0.1, 0.1, np.nan, 0.1, 0.1]}, ValueError, "`reg` must be finite; got nan at in"),
        ({"reg": np.nan}, ValueError, "`reg` must be finite; got nan"),
        ({"cost": np.ones((0, 9, 7))}, ValueError, r"`cost` must not be empty; got shape \(0, 9"),
        ({"a": None, "cost": np.ones((0, 9, 7))}, ValueError, "`cost` must not be empty"),
        ({"a": None, "cost": np.ones(7)}, ValueError, "`cost` must have 2 or 3 dimensions; got"),
        ({"cost": np.full((9, 7), -np.inf)}, ValueError, "`cost` must be finite; got -inf at"),
        ({"reg": np.ones((5, 1))}, ValueError, "`reg` must be a number or have 1 dimension"),
        ({"method": "sns"}, ValueError, "`method` must be one of 'auto', 'sinkhorn', 'log'"),
    ],
)
def test_bad_input(batch, changes, error, match):
    arguments = dict(zip(("a", "b", "cost", "reg"), batch, strict=True)) | changes
    with pytest.raises(error, match=match):
        sinkhorn_batch(**arguments)


def test_threads_do_not_change_a_bit(batch):
    a, b, cost, reg = batch
    results = [sinkhorn_batch(a, b, cost, reg=reg, n_threads=k) for k in (1, 2, 5)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.f, results[0].f)
        np.testing.assert_array_equal(result.gap, results[0].gap)
