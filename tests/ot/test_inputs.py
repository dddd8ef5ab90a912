"""What comes in: every row of bad input, dtypes, layouts, tables, other libraries."""

import re
import warnings

import array_api_strict as strict
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hasten
from hasten.ot import (
    barycenter,
    sinkhorn,
    sinkhorn_batch,
    sinkhorn_divergence,
    sinkhorn_points,
)
from tests.hazards.ot import CASES as HAZARDS

GOOD = {
    "a": np.array([0.2, 0.3, 0.5]),
    "b": np.array([0.1, 0.2, 0.3, 0.4]),
    "cost": np.arange(12.0).reshape(3, 4),
    "reg": 2.0,
}
CLOUDS = {
    "X": np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 2.0]]),
    "Y": np.array([[1.0, 1.0], [0.5, 0.5]]),
    "reg": 1.0,
}


def with_entry(array, place, value):
    array = np.array(array)
    array[place] = value
    return array


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"cost": np.ones(12)}, ValueError, "`cost` must have 2 dimension(s); got shape (12,)"),
        (
            {"cost": np.ones((4, 3))},
            ValueError,
            "`cost` must have shape (3, 4) to match `a` and `b`; got (4, 3) (transposed?)",
        ),
        (
            {"cost": np.ones((2, 3))},
            ValueError,
            "`cost` must have shape (3, 4) to match `a` and `b`; got (2, 3)",
        ),
        (
            {"cost": with_entry(GOOD["cost"], (1, 2), np.nan)},
            ValueError,
            "`cost` must be finite; got nan at index (1, 2)",
        ),
        (
            {"cost": with_entry(GOOD["cost"], (2, 0), np.inf)},
            ValueError,
            "`cost` must be finite; got inf at index (2, 0)",
        ),
        (
            {"cost": with_entry(GOOD["cost"], (2, 0), -np.inf)},
            ValueError,
            "`cost` must be finite; got -inf at index (2, 0)",
        ),
        (
            {"cost": GOOD["cost"].astype("datetime64[s]")},
            TypeError,
            "`cost` must hold real numbers; got dtype datetime64[s]",
        ),
        ({"b": [-np.inf, 1, 1, 1]}, ValueError, "`b` must be finite; got -inf at index 0"),
        (
            {"cost": GOOD["cost"] + 0j},
            TypeError,
            "`cost` must hold real numbers; got dtype complex",
        ),
        ({"cost": GOOD["cost"].astype(object)}, TypeError, "`cost` must hold real numbers"),
        ({"cost": GOOD["cost"].astype(str)}, TypeError, "`cost` must hold real numbers"),
        (
            {"cost": scipy.sparse.csr_array(GOOD["cost"])},
            TypeError,
            "`cost` must be a dense array; got csr_array, whose missing entries would count as 0",
        ),
        ({"a": [0.2, np.nan, 0.5]}, ValueError, "`a` must be finite; got nan at index 1"),
        ({"b": [0.2, np.inf, 0.5, 1]}, ValueError, "`b` must be finite; got inf at index 1"),
        ({"a": [0.2, 0.9, -0.1]}, ValueError, "`a` must not be negative; got -0.1 at index 2"),
        ({"b": [-1, 0.9, 0.1, 1]}, ValueError, "`b` must not be negative; got -1.0 at index 0"),
        (
            {"a": [1.0, 2.0, 3.0]},
            ValueError,
            "`a` and `b` must have the same sum; got 6 and 1 (unequal masses need a finite",
        ),
        ({"a": [0.2, 0.3, 0.500003]}, ValueError, "`a` and `b` must have the same sum"),
        ({"a": np.zeros(3)}, ValueError, "`a` must have a positive sum; got 0.0"),
        ({"b": np.zeros(4)}, ValueError, "`b` must have a positive sum; got 0.0"),
        ({"a": np.full(3, 1e308)}, ValueError, "`a` must have a finite sum; got inf"),
        ({"a": []}, ValueError, "`a` must not be empty; got shape (0,)"),
        ({"b": []}, ValueError, "`b` must not be empty; got shape (0,)"),
        ({"a": None, "cost": np.ones((0, 4))}, ValueError, "`cost` must not be empty"),
        ({"a": np.eye(3)}, ValueError, "`a` must have 1 dimension(s); got shape (3, 3)"),
        ({"a": ["x", "y", "z"]}, TypeError, "`a` must hold real numbers"),
        ({"a": [1j, 0, 0]}, TypeError, "`a` must hold real numbers; got dtype complex128"),
        ({"a": None, "b": [1.0]}, ValueError, "`b` must have shape (4,); got (1,)"),
        ({"reg": 0.0}, ValueError, "`reg` must be greater than 0; got 0.0"),
        ({"reg": -1}, ValueError, "`reg` must be greater than 0; got -1"),
        ({"reg": np.nan}, ValueError, "`reg` must be finite; got nan"),
        ({"reg": np.inf}, ValueError, "`reg` must be finite; got inf"),
        ({"reg": 1e-101}, ValueError, "`reg` must be between 1e-100 and 1e+100; got 1e-101"),
        (
            {"reg": 1e-15},
            ValueError,
            "`reg` must be at least 1e-15 of the largest cost, 11, for plans to have any digits",
        ),
        (
            {"a": [1e-300] * 3, "b": [7.5e-301] * 4},
            ValueError,
            "the sum of `a` must be between 1e-100 and 1e+100; got 3e-300",
        ),
        (
            {"cost": np.full((3, 4), 1e200), "reg": 1e99},
            ValueError,
            "entries of `cost` must be at most 1e+100 in size; got 1e+200",
        ),
        ({"reg_marginals": 1e-200}, ValueError, "`reg_marginals` must be between 1e-100 and"),
        ({"reg": "small"}, TypeError, "`reg` must be a real number; got 'small'"),
        ({"reg": None}, TypeError, "`reg` must be a real number; got None"),
        ({"reg_marginals": 0.0}, ValueError, "`reg_marginals` must be greater than 0; got 0.0"),
        ({"reg_marginals": (1.0, -2.0)}, ValueError, "`reg_marginals` must be greater than 0"),
        ({"reg_marginals": (1.0,)}, ValueError, "`reg_marginals` must be a number or a pair"),
        ({"reg_marginals": np.ones(3)}, ValueError, "`reg_marginals` must be a number or a pair"),
        ({"reg_marginals": np.ones((2, 2))}, TypeError, "`reg_marginals` must be a real number"),
        ({"reg_marginals": "inf"}, TypeError, "`reg_marginals` must be a real number; got 'inf'"),
        ({"reg_marginals": -np.inf}, ValueError, "`reg_marginals` must be finite; got -inf"),
        ({"init": np.zeros(7)}, TypeError, "`init` must be a SinkhornResult or a pair"),
        ({"init": ([0, 0], np.zeros(4))}, ValueError, "`init[0]` must have shape (3,); got (2,)"),
        ({"init": (np.zeros(3), np.zeros(3))}, ValueError, "`init[1]` must have shape (4,)"),
        (
            {"init": (np.zeros(3), np.full(4, np.nan))},
            ValueError,
            "`init[1]` must be finite; got nan at index 0",
        ),
        (
            {"method": "newton"},
            ValueError,
            "`method` must be one of 'auto', 'sinkhorn', 'log', 'sns', 'sns_paper'; got 'newton'",
        ),
        ({"method": 3}, TypeError, "`method` must be one of"),
        ({"precision": "float16"}, ValueError, "`precision` must be one of 'auto', 'float64'"),
        ({"memory": "high"}, ValueError, "`memory` must be one of 'auto', 'low'; got 'high'"),
        ({"eps_scaling": "yes"}, ValueError, "`eps_scaling` must be 'auto', True or False"),
        ({"eps_scaling": 1}, TypeError, "`eps_scaling` must be 'auto', True or False; got 1"),
        ({"tol": 0.0}, ValueError, "`tol` must be greater than 0; got 0.0"),
        ({"tol": -1e-9}, ValueError, "`tol` must be greater than 0; got -1e-09"),
        ({"tol": np.inf}, ValueError, "`tol` must be finite; got inf"),
        ({"tol": np.nan}, ValueError, "`tol` must be finite; got nan"),
        ({"max_iter": 0}, ValueError, "`max_iter` must be at least 1; got 0"),
        ({"max_iter": 1.5}, TypeError, "`max_iter` must be an integer; got 1.5"),
        ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1; got 0"),
        ({"callback": 3}, TypeError, "`callback` must be callable or None; got 3"),
        ({"progress": 1}, TypeError, "`progress` must be True or False; got 1"),
        ({"trace": "yes"}, TypeError, "`trace` must be True or False; got 'yes'"),
    ],
)
def test_bad_input(changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        sinkhorn(**(GOOD | changes))


@pytest.mark.parametrize("function", [sinkhorn_points, sinkhorn_divergence])
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"Y": np.ones((2, 3))}, ValueError, "`Y` must have 2 columns to match `X`; got shape"),
        ({"X": np.ones(3)}, ValueError, "`X` must have 2 dimension(s); got shape (3,)"),
        ({"X": np.ones((0, 2))}, ValueError, "`X` must not be empty; got shape (0, 2)"),
        ({"X": np.ones((3, 0)), "Y": np.ones((3, 0))}, ValueError, "`X` must not be empty"),
        ({"X": with_entry(CLOUDS["X"], (1, 1), np.nan)}, ValueError, "got nan at index (1, 1)"),
        ({"metric": "hamming"}, ValueError, "`metric` must be one of 'sqeuclidean', 'euclidean'"),
        ({"metric": None}, TypeError, "`metric` must be one of"),
        (
            {"X": with_entry(CLOUDS["X"], 0, 0.0), "metric": "cosine"},
            ValueError,
            "`X` must not hold zero vectors with metric='cosine'; row 0 is one",
        ),
        (
            {"Y": with_entry(CLOUDS["Y"], 1, 0.0), "metric": "cosine"},
            ValueError,
            "`Y` must not hold zero vectors with metric='cosine'; row 1 is one",
        ),
        ({"X": CLOUDS["X"].astype(str)}, TypeError, "`X` must hold real numbers"),
        ({"X": scipy.sparse.csr_array(CLOUDS["X"])}, TypeError, "`X` must be a dense array"),
        ({"a": [0.5, 0.5]}, ValueError, "`a` must have shape (3,); got (2,)"),
        ({"b": [0.5, 0.6]}, ValueError, "`a` and `b` must have the same sum; got 1 and 1.1"),
        ({"reg": -1.0}, ValueError, "`reg` must be greater than 0"),
        ({"X": 1e60 * CLOUDS["X"]}, ValueError, "distances of `X` and `Y` must be at most 1e+100"),
        ({"X": 1e200 * CLOUDS["X"]}, ValueError, "distances of `X` and `Y` must be at most"),
        ({"X": 1e10 * CLOUDS["X"]}, ValueError, "`reg` must be at least 1e-15 of the largest"),
        ({"tol": "tight"}, TypeError, "`tol` must be a real number"),
    ],
)
def test_bad_points(function, changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        function(**(CLOUDS | changes))


@pytest.mark.parametrize("pair", [np.array([1.0, 2.0]), [1, 2.0], pd.Series([1.0, 2.0])])
def test_any_pair_of_strengths_will_do(pair):
    expected = sinkhorn(**GOOD, reg_marginals=(1.0, 2.0))
    np.testing.assert_array_equal(sinkhorn(**GOOD, reg_marginals=pair).f, expected.f)
    one = sinkhorn(**GOOD, reg_marginals=np.array(np.inf))
    np.testing.assert_array_equal(one.f, sinkhorn(**GOOD).f)


@pytest.mark.parametrize("name", [name for name in HAZARDS if "datasets" not in name])
def test_an_empty_array_is_refused_by_its_name(name):
    case = HAZARDS[name]
    data = case.data()
    for argument, value in data.items():
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match=f"`{argument}`|Found array with 0 sample"):
                case.run(**(data | {argument: value[:0]}))


class TestMasses:
    """Sums that differ by rounding are taken for equal, and `b` is rescaled."""

    def test_double_precision(self):
        result = sinkhorn(GOOD["a"], GOOD["b"] * (1 + 5e-7), GOOD["cost"], reg=2.0)
        assert result.column_sums.sum() == pytest.approx(1.0, abs=1e-9)
        assert result.converged

    def test_single_precision(self):
        b = (GOOD["b"] * (1 + 5e-5)).astype(np.float32)
        assert sinkhorn(GOOD["a"], b, GOOD["cost"], reg=2.0).converged
        single = np.float32(GOOD["cost"])
        assert sinkhorn(GOOD["a"], GOOD["b"] * (1 + 5e-5), single, reg=2.0).converged
        with pytest.raises(ValueError, match="`a` and `b` must have the same sum"):
            sinkhorn(GOOD["a"], GOOD["b"] * (1 + 5e-5), GOOD["cost"], reg=2.0)
        with pytest.raises(ValueError, match="`a` and `b` must have the same sum"):
            sinkhorn(GOOD["a"], GOOD["b"] * (1 + 5e-4), single, reg=2.0)

    def test_none_is_equal_weights(self):
        none = sinkhorn(None, None, GOOD["cost"], reg=2.0)
        equal = sinkhorn(np.full(3, 1 / 3), np.full(4, 1 / 4), GOOD["cost"], reg=2.0)
        np.testing.assert_array_equal(none.f, equal.f)


class TestDtypes:
    @pytest.mark.parametrize(
        "dtype", ["?", "i1", "i4", "i8", "u1", "u8", "f2", "f8", ">f8", "g", ">i4"]
    )
    def test_other_numbers_are_computed_in_double(self, dtype):
        # Ones and twos have the same value in each; a bool makes ones of both.
        cost = (np.arange(12).reshape(3, 4) % 3).astype(dtype)
        result = sinkhorn(np.ones(3), np.full(4, 0.75), cost, reg=1.0)
        same = sinkhorn(np.ones(3), np.full(4, 0.75), cost.astype(np.float64), reg=1.0)
        assert result.plan.dtype == np.float64
        np.testing.assert_array_equal(result.f, same.f)

    @pytest.mark.parametrize("dtype", ["?", "i8", "f4", "f2", "g"])
    def test_weights_of_any_dtype(self, dtype):
        ones = np.ones(4, dtype)
        result = sinkhorn(ones, ones, np.arange(16.0).reshape(4, 4), reg=1.0)
        assert result.plan.dtype == np.float64
        assert result.row_sums.sum() == pytest.approx(4.0)

    def test_single_precision_stays(self):
        result = sinkhorn(GOOD["a"], GOOD["b"], np.float32(GOOD["cost"]), reg=2.0)
        double = sinkhorn(GOOD["a"], GOOD["b"], GOOD["cost"], reg=2.0)
        assert result.plan.dtype == np.float32
        assert result.f.dtype == np.float64
        assert result.converged
        assert result.value == pytest.approx(double.value, rel=1e-5)
        # What was asked for in double is reached in double, from the same numbers.
        tight = sinkhorn(
            GOOD["a"], GOOD["b"], np.float32(GOOD["cost"]), reg=2.0, precision="float64"
        )
        assert tight.marginal_error <= 1e-9
        np.testing.assert_allclose(tight.f, double.f, atol=1e-8)


class TestLayouts:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_any_layout_gives_the_same_bits(self, dtype):
        cost = np.random.default_rng(0).random((3, 4)).astype(dtype)
        expected = sinkhorn(GOOD["a"], GOOD["b"], cost, reg=0.5)
        frozen = cost.copy()
        frozen.flags.writeable = False
        padded = np.zeros((6, 9), dtype)
        padded[::2, 1::2] = cost
        for variant in (
            frozen,
            np.asfortranarray(cost),
            padded[::2, 1::2],
            cost[::-1].copy()[::-1],
        ):
            np.testing.assert_array_equal(variant, cost)
            result = sinkhorn(GOOD["a"], GOOD["b"], variant, reg=0.5)
            np.testing.assert_array_equal(result.f, expected.f)
            np.testing.assert_array_equal(result.plan, expected.plan)
        weights = np.repeat(GOOD["a"], 2)[::2]
        np.testing.assert_array_equal(sinkhorn(weights, GOOD["b"], cost, reg=0.5).f, expected.f)

    def test_nothing_is_modified(self):
        arguments = {name: np.array(value) for name, value in GOOD.items() if name != "reg"}
        init = np.ones(3), np.ones(4)
        result = sinkhorn(**arguments, reg=2.0, init=init)
        result.round()
        for name, value in arguments.items():
            np.testing.assert_array_equal(value, GOOD[name])
        assert all((part == 1).all() for part in init)

    def test_a_contiguous_cost_is_not_copied(self):
        cost = GOOD["cost"].copy()
        assert sinkhorn(None, None, cost, reg=2.0)._problem.cost is cost


class TestLibraries:
    def test_tables_and_columns(self):
        expected = sinkhorn(**GOOD)
        for a, cost in [
            (pd.Series(GOOD["a"]), pd.DataFrame(GOOD["cost"])),
            (pl.Series(GOOD["a"]), pl.DataFrame(GOOD["cost"])),
            (GOOD["a"].tolist(), GOOD["cost"].tolist()),
        ]:
            result = sinkhorn(a, GOOD["b"], cost, reg=2.0)
            np.testing.assert_array_equal(result.f, expected.f)
            assert isinstance(result.f, np.ndarray)

    def test_arrays_of_another_library_come_back_as_such(self):
        result = sinkhorn(
            strict.asarray(GOOD["a"]), strict.asarray(GOOD["b"]), strict.asarray(GOOD["cost"]),
            reg=2.0,
        )  # fmt: skip
        expected = sinkhorn(**GOOD)
        kind = type(strict.asarray([1.0]))
        for mine, theirs in [
            (result.f, expected.f),
            (result.plan, expected.plan),
            (result.row_sums, expected.row_sums),
            (result.round(), expected.round()),
            (result.grad("b"), expected.grad("b")),
            (result.transport(GOOD["b"]), expected.transport(GOOD["b"])),
            (result.potential_f(GOOD["cost"]), expected.potential_f(GOOD["cost"])),
        ]:
            assert isinstance(mine, kind)
            np.testing.assert_array_equal(np.asarray(mine), theirs)
        warm = sinkhorn(**GOOD, init=(result.f, result.g))
        assert warm.n_iter <= 2

    def test_points_histograms_and_batches_too(self):
        kind = type(strict.asarray([1.0]))
        clouds = {name: strict.asarray(CLOUDS[name]) for name in "XY"}
        divergence = sinkhorn_divergence(**clouds, reg=1.0, grad=True)
        assert isinstance(divergence.grad_x, kind)
        assert isinstance(sinkhorn_points(**clouds, reg=1.0).barycentric_map(), kind)
        batch = sinkhorn_batch(strict.asarray([[1.0]]), strict.asarray([[1.0]]), [[0.0]], reg=1.0)
        assert isinstance(batch.value, kind)
        mean = barycenter(strict.asarray(np.eye(3)), 1.0 - np.eye(3), reg=0.5)
        assert isinstance(mean.barycenter, kind)

    def test_arrays_on_a_device_are_refused(self):
        class OnDevice:
            def __dlpack_device__(self):
                return (2, 0)

        for name in ("a", "b", "cost"):
            with pytest.raises(TypeError, match=f"`{name}` must be an array in host memory"):
                sinkhorn(**(GOOD | {name: OnDevice()}))
        for name in ("X", "Y"):
            with pytest.raises(TypeError, match=f"`{name}` must be an array in host memory"):
                sinkhorn_points(**(CLOUDS | {name: OnDevice()}))


numbers = st.one_of(
    st.floats(), st.integers(-3, 3), st.sampled_from([1e-320, 1e-30, 1e30, 1e300, -0.0, 1e-5])
)


@st.composite
def arrays(draw, dims=(0, 1, 2, 3)):
    shape = draw(st.lists(st.integers(0, 4), min_size=min(dims), max_size=max(dims)))
    size = int(np.prod(shape, dtype=int))
    values = draw(st.lists(numbers, min_size=size, max_size=size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(values).astype(draw(st.sampled_from(["f8", "f4", "i8", "c16", "U3"]))) \
            .reshape(shape)  # fmt: skip


def some(good, bad=None):
    return st.one_of(
        st.just(good), arrays() if bad is None else bad, numbers, st.none(), st.text(max_size=2)
    )


weights_like = st.one_of(
    st.lists(st.sampled_from([0.0, 1e-320, 1e-30, 0.25, 1.0, 1e30, 1e300]), min_size=1, max_size=4)
)


@settings(max_examples=600, derandomize=True, deadline=None, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(
    st.data(),
    st.sampled_from(["auto", "sinkhorn", "log", "sns", "sns_paper"]),
    st.sampled_from([np.inf, 1.0, 1e-300, 1e300]),
)
def test_anything_at_all_is_answered_or_refused(data, method, rho):
    a, b = data.draw(st.one_of(some(None), weights_like)), data.draw(weights_like)
    size = (len(a) if isinstance(a, list) else 3), len(b)
    entries = st.lists(numbers, min_size=size[0] * size[1], max_size=size[0] * size[1])
    cost = data.draw(some(GOOD["cost"], entries.map(lambda values: np.reshape(values, size))))
    reg = data.draw(st.one_of(st.sampled_from([1e-320, 1e-8, 0.1, 1.0, 1e300]), numbers))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        try:
            result = sinkhorn(
                a, b, cost, reg=reg, method=method, reg_marginals=rho, max_iter=50, n_threads=1
            )
        except (ValueError, TypeError) as refusal:
            assert re.search(r"`(a|b|cost|reg|reg_marginals)`", str(refusal))  # noqa: PT017
            return
    check_answer(result)


def check_answer(result):
    """Whatever the numbers were, an answer is no NaN and does not claim what is not so."""
    assert np.isfinite(result.f).all()
    assert np.isfinite(result.g).all()
    assert not np.isnan([result.value, result.gap, result.marginal_error]).any()
    assert result.gap >= 0
    if result.converged:
        assert result.marginal_error <= 1e-9 * result._problem.mass * (1 + 1e-12)
