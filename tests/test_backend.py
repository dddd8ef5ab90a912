"""Arrays of another library are borrowed, and results go back to it."""

import pickle
import sys
import types

import array_api_strict as strict
import numpy as np
import pytest

from hasten._backend import NUMPY, backend_of, on_gpu, to_numpy
from hasten.ranking import Comparisons, bradley_terry

CPU, CUDA = 1, 2


class ForeignArray:
    """An array of a library that speaks DLPack and nothing else."""

    def __init__(self, data, device=CPU):
        self.data = data
        self.device = device

    def __dlpack__(self, **options):
        return self.data.__dlpack__(**options)

    def __dlpack_device__(self):
        return (self.device, 0)


ForeignArray.__module__ = "foreign_arrays.core"


@pytest.fixture
def foreign(monkeypatch):
    module = types.ModuleType("foreign_arrays")
    module.from_dlpack = lambda array: ForeignArray(np.from_dlpack(array))
    monkeypatch.setitem(sys.modules, "foreign_arrays", module)
    return module


def test_numpy_and_plain_values_stay_numpy():
    assert backend_of(np.ones(2), [1, 2], None, "abc", np.float64(1)) is NUMPY
    array = np.ones(3)
    assert NUMPY.wrap(array) is array
    assert to_numpy(array, "x") is array


def test_a_foreign_array_is_borrowed_without_a_copy(foreign):
    data = np.arange(4.0)
    view = to_numpy(ForeignArray(data), "x")
    assert np.shares_memory(view, data)


def test_results_go_back_through_its_own_from_dlpack(foreign):
    backend = backend_of(None, ForeignArray(np.ones(2)))
    result = np.arange(3.0)
    wrapped = backend.wrap(result)
    assert isinstance(wrapped, ForeignArray)
    assert np.shares_memory(wrapped.data, result)


def test_read_only_results_are_copied_for_it(foreign):
    result = np.arange(3.0)
    result.flags.writeable = False
    wrapped = backend_of(ForeignArray(np.ones(2))).wrap(result)
    assert np.array_equal(wrapped.data, result)
    assert not np.shares_memory(wrapped.data, result)


def test_a_library_without_from_dlpack_counts_as_numpy():
    assert backend_of(ForeignArray(np.ones(2))) is NUMPY


def test_device_arrays_are_refused_by_name(foreign):
    array = ForeignArray(np.ones(2), device=CUDA)
    assert on_gpu(array)
    assert not on_gpu(ForeignArray(np.ones(2)))
    assert not on_gpu([1, 2])
    with pytest.raises(TypeError, match=r"`x` must be an array in host memory; got foreign_arrays"):
        to_numpy(array, "x")


def test_types_that_numpy_cannot_read_are_refused_by_name(foreign):
    class Unreadable(ForeignArray):
        def __dlpack__(self, **_options):
            raise BufferError("bfloat16")

    Unreadable.__module__ = ForeignArray.__module__
    with pytest.raises(TypeError, match="`x` must be an array that NumPy can read; got bfloat16"):
        to_numpy(Unreadable(np.ones(2)), "x")


def test_what_cannot_be_exported_is_read_as_an_array(foreign):
    class ReadOnly(ForeignArray):
        def __dlpack__(self, **_options):
            raise BufferError("read-only")

        def __array__(self, dtype=None, copy=None):
            return self.data

    ReadOnly.__module__ = ForeignArray.__module__
    data = np.arange(3.0)
    assert to_numpy(ReadOnly(data), "x") is data


def test_a_ranking_comes_back_as_it_came(foreign):
    games = np.array([[0, 1], [1, 2], [2, 0], [0, 2]])
    plain = bradley_terry(games)
    result = bradley_terry(ForeignArray(games))
    for made, expected in [
        (result.strength, plain.strength),
        (result.standard_error(), plain.standard_error()),
        (result.elo(), plain.elo()),
        (result.rank, plain.rank),
        (result.covariance(), plain.covariance()),
        (result.confidence_interval().low, plain.confidence_interval().low),
        (result.predict_proba([0, 1], [1, 2]), plain.predict_proba([0, 1], [1, 2])),
    ]:
        assert isinstance(made, ForeignArray)
        np.testing.assert_array_equal(made.data, expected)
    assert isinstance(result.items, np.ndarray)
    assert isinstance(bradley_terry(games, init=ForeignArray(np.zeros(3))).strength, ForeignArray)


def test_backends_pickle(foreign):
    backend = backend_of(ForeignArray(np.ones(2)))
    assert pickle.loads(pickle.dumps(backend)) == backend


# A library that keeps strictly to the array API standard, as PyTorch, JAX and CuPy mostly do.

GAMES = np.array([[0, 1], [1, 2], [2, 0], [0, 2]])


def test_a_strict_library_makes_the_round_trip():
    result = bradley_terry(strict.asarray(GAMES))
    plain = bradley_terry(GAMES)
    interval, expected_interval = result.confidence_interval(0.9), plain.confidence_interval(0.9)
    for made, expected in [
        (result.strength, plain.strength),
        (result.standard_error(), plain.standard_error()),
        (result.covariance(strict.asarray([2, 0])), plain.covariance([2, 0])),
        (result.elo(), plain.elo()),
        (result.rank, plain.rank),
        (interval.low, expected_interval.low),
        (interval.high, expected_interval.high),
        (
            result.predict_proba(strict.asarray([0, 1]), strict.asarray([1, 2])),
            plain.predict_proba([0, 1], [1, 2]),
        ),
    ]:
        assert type(made) is type(strict.asarray(1))
        assert made.dtype == getattr(strict, expected.dtype.name)
        np.testing.assert_array_equal(np.asarray(made), expected)
    assert np.shares_memory(np.asarray(result.strength), result._fit.strength)
    again = bradley_terry(strict.asarray(GAMES), init=result.strength)
    # Both are within the tolerance of the exact strengths, in standard errors.
    allowed = 2 * 1e-6 * plain.standard_error().max()
    np.testing.assert_allclose(np.asarray(again.strength), plain.strength, atol=allowed)


def test_a_start_in_a_strict_library_decides_too():
    result = bradley_terry(GAMES, init=strict.asarray([0.0, 1.0, 2.0]))
    assert type(result.strength) is type(strict.asarray(1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_columns_of_a_strict_library_are_read(dtype):
    left, right = GAMES.T
    outcome, weight = np.array([1.0, 0.5, 1.0, 1.0]), np.array([1, 2, 3, 4], dtype)
    expected = Comparisons.from_arrays(left, right, outcome, weight=weight)
    made = Comparisons.from_arrays(
        *map(strict.asarray, (left.copy(), right.copy(), outcome)),
        weight=strict.asarray(weight),
        items=strict.asarray([0, 1, 2]),
    )
    assert made.items.tolist() == expected.items.tolist()
    for ours, theirs in zip(made.to_matrix(), expected.to_matrix(), strict=True):
        np.testing.assert_array_equal(ours.toarray(), theirs.toarray())
    assert bradley_terry(made).strength.dtype == dtype
    wins = 3 * (1 - np.eye(3, dtype=dtype))
    matrix = Comparisons.from_matrix(strict.asarray(wins))
    assert bradley_terry(matrix).strength.dtype == dtype
    assert matrix.total_weight == 18


def test_results_in_a_strict_library_pickle():
    result = bradley_terry(strict.asarray(GAMES))
    again = pickle.loads(pickle.dumps(result))
    assert type(again.strength) is type(result.strength)
    np.testing.assert_array_equal(np.asarray(again.elo()), np.asarray(result.elo()))
