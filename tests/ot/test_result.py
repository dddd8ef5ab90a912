"""What a result offers beyond its numbers."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

import hasten.ot._plan
from hasten.ot import SinkhornResult, SparsePlan, sinkhorn, sinkhorn_points


@pytest.fixture
def result(draw):
    return sinkhorn(*draw(12, 15, seed=1), reg=0.03, trace=True)


def test_the_plan_is_the_formula(result, draw):
    a, b, cost = draw(12, 15, seed=1)
    expected = np.outer(a, b) * np.exp((result.f[:, None] + result.g - cost) / 0.03)
    np.testing.assert_allclose(result.plan, expected, rtol=1e-11)
    assert result.plan is result.plan
    assert result.dense_plan() is not result.plan
    np.testing.assert_array_equal(result.dense_plan(), result.plan)


def test_a_huge_plan_is_refused_unless_forced(result, monkeypatch):
    monkeypatch.setattr(hasten.ot._plan, "MOST_ENTRIES", 100)
    with pytest.raises(MemoryError, match="the plan would have 12 x 15 entries: use `plan_sparse`"):
        _ = result.plan
    with pytest.raises(MemoryError):
        result.dense_plan()
    with pytest.raises(MemoryError, match="12 x 15 entries: give a positive `threshold`"):
        result.plan_sparse(0.0)
    with pytest.raises(MemoryError):
        result.grad("cost")
    assert result.plan_sparse(1e-9).plan.shape == (12, 15)
    assert result.dense_plan(force=True).shape == (12, 15)
    assert result.transport(np.ones(15)).shape == (12,)


@pytest.mark.parametrize("threshold", [0.0, 1e-8, 1e-3, 1.0])
def test_the_sparse_plan_says_what_it_dropped(result, threshold):
    sparse = result.plan_sparse(threshold)
    assert isinstance(sparse, SparsePlan)
    assert isinstance(sparse.plan, scipy.sparse.csr_array)
    kept = np.where(result.plan >= threshold, result.plan, 0.0)
    np.testing.assert_allclose(sparse.plan.toarray(), kept, rtol=1e-12)
    assert sparse.dropped_mass == pytest.approx(result.plan.sum() - kept.sum(), abs=1e-14)
    assert sparse.plan.has_sorted_indices
    with pytest.raises(ValueError, match="`threshold` must be at least 0"):
        result.plan_sparse(-1.0)


def test_transport_multiplies_with_the_plan(result):
    rng = np.random.default_rng(2)
    for shape in [(15,), (15, 1), (15, 4)]:
        V = rng.normal(size=shape)
        np.testing.assert_allclose(result.transport(V), result.plan @ V, atol=1e-14)
    for shape in [(12,), (12, 3)]:
        V = rng.normal(size=shape)
        np.testing.assert_allclose(
            result.transport(V, transposed=True), result.plan.T @ V, atol=1e-14
        )
    np.testing.assert_allclose(result.transport(np.ones(15)), result.row_sums, rtol=1e-12)
    assert result.transport(np.zeros((15, 0))).shape == (12, 0)
    with pytest.raises(ValueError, match=r"`V` must have shape \(15,\) or \(15, k\); got \(12,\)"):
        result.transport(np.ones(12))
    with pytest.raises(ValueError, match="`V` must be finite"):
        result.transport(np.full(15, np.nan))
    with pytest.raises(TypeError, match="`V` must hold real numbers"):
        result.transport(["x"] * 15)
    with pytest.raises(TypeError, match="`transposed` must be True or False"):
        result.transport(np.ones(15), transposed=1)


def test_products_are_in_the_common_precision(draw):
    a, b, cost = draw(5, 6)
    single = sinkhorn(a, b, np.float32(cost), reg=0.1)
    assert single.plan.dtype == single.plan_sparse(0.0).plan.dtype == np.float32
    assert single.transport(np.ones(6, np.float32)).dtype == np.float32
    assert single.transport(np.ones(6)).dtype == np.float64
    assert single.f.dtype == single.row_sums.dtype == np.float64


def test_the_history_tells_the_whole_way(result):
    history = result.history
    assert list(history) == ["n_iter", "marginal_error", "dual_value", "eps", "stage"]
    assert len({len(column) for column in history.values()}) == 1
    assert (np.diff(history["n_iter"].astype(int)) > 0).all()
    assert history["n_iter"][-1] <= result.n_iter
    assert history["marginal_error"][-1] <= 1e-9
    assert history["eps"][-1] == 0.03
    assert set(history["stage"]) == {"log", "scaling"}
    last = history["dual_value"][history["eps"] == 0.03][-1]
    assert last == pytest.approx(result.value, rel=1e-6)


def test_without_trace_there_is_none(draw):
    assert sinkhorn(*draw(3, 4), reg=0.1).history is None


def test_it_prints_what_matters(result):
    text = str(result)
    assert "12 x 15 costs, reg=0.03: converged" in text
    assert f"{result.value:.10g}" in text
    assert "Newton steps" in text
    assert len(repr(result)) < 1000
    cloud = sinkhorn_points([[0.0], [1.0]], [[1.0]], reg=1.0)
    assert "2 x 1 points" in str(cloud)


def test_it_pickles_without_the_plan(result):
    plan = result.plan
    again = pickle.loads(pickle.dumps(result))
    assert isinstance(again, SinkhornResult)
    assert "_plan" not in vars(again)
    np.testing.assert_array_equal(again.plan, plan)
    np.testing.assert_array_equal(again.f, result.f)
    assert again.exact_upper == result.exact_upper
    assert str(again) == str(result)
    assert str(copy.deepcopy(result)) == str(result)


def test_it_is_frozen_and_compares_by_identity(result):
    with pytest.raises(AttributeError):
        result.value = 1.0
    assert result == result  # noqa: PLR0124
    assert result != copy.copy(result)


def test_a_result_of_another_size_is_no_start(result, draw):
    with pytest.raises(ValueError, match=r"`init\[0\]` must have shape \(3,\); got \(12,\)"):
        sinkhorn(*draw(3, 4), reg=0.1, init=result)


def test_there_is_no_such_derivative(result):
    with pytest.raises(ValueError, match="`name` must be one of 'a', 'b', 'cost', 'X', 'Y'"):
        result.grad("reg")
    with pytest.raises(ValueError, match="`name` must be 'a', 'b' or 'cost' without points"):
        result.grad("X")


def test_writing_to_what_is_returned_does_not_change_the_plan(result):
    before, plan = result.transport(np.ones(15)), result.plan.copy()
    for array in (
        *(result.f, result.g, result.row_sums, result.column_sums, result.dense_plan()),
        *(result.grad("a"), result.grad("b"), result.grad("cost"), result.round()),
        *(result.barycentric_map(np.ones(15)), result.plan_sparse(0.0).plan.data),
    ):
        array[...] = 0.0
    # The plan is kept, and does not let itself be written to.
    with pytest.raises(ValueError, match="read-only"):
        result.plan[...] = 0.0
    np.testing.assert_array_equal(result.transport(np.ones(15)), before)
    np.testing.assert_array_equal(result.plan, plan)
    np.testing.assert_array_equal(result.grad("cost"), plan)


@pytest.mark.parametrize("of_points", [True, False])
def test_weights_belong_to_the_caller(draw, of_points):
    """A step of gradient descent in place leaves the result as it was."""
    a, b, cost = draw(6, 7, seed=2)
    X, Y = np.random.default_rng(0).random((6, 2)), np.random.default_rng(1).random((7, 2))

    def solve():
        if of_points:
            return sinkhorn_points(X, Y, a, b, reg=0.5)
        return sinkhorn(a, b, cost, reg=0.1)

    before, result = solve(), solve()
    plan, bounds = before.plan, (before.exact_lower, before.exact_upper)
    a -= 0.01 * result.grad("a") * a
    b *= 2.0
    np.testing.assert_array_equal(result.plan, plan)
    assert (result.exact_lower, result.exact_upper) == bounds
