"""Arrays of another library are borrowed, and results go back to it."""

import pickle
import sys
import types

import numpy as np
import pytest

from hasten._backend import NUMPY, backend_of, on_gpu, to_numpy
from hasten.ranking import bradley_terry

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


def test_pytorch():
    torch = pytest.importorskip("torch")
    games = torch.tensor([[0, 1], [1, 2], [2, 0]])
    assert isinstance(bradley_terry(games).strength, torch.Tensor)


def test_jax():
    numpy = pytest.importorskip("jax.numpy")
    games = numpy.asarray([[0, 1], [1, 2], [2, 0]])
    assert type(bradley_terry(games).strength) is type(numpy.zeros(1))
