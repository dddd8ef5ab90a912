"""The CUDA source of Philox and its draws against Rust, as plain C++ and on the GPU."""

import ctypes
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

from hasten import _core, _cuda
from hasten._core import random

HERE = pathlib.Path(__file__).parent
KEY, TASK, PURPOSE = 0x0123_4567_89AB_CDEF, 5, 6
KINDS = pytest.mark.parametrize("kind", ["uniform", "positive_uniform", "normal"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
RANGES = pytest.mark.parametrize(
    ("start", "n"), [(0, 0), (0, 1), (1, 1), (3, 2), (5, 1000), (2**63 + 1, 17)]
)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """The kernels as a library of plain C++."""
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.fail("no C++ compiler on this machine")
    folder = tmp_path_factory.mktemp("random")
    parts = [(HERE / "host.hpp").read_text(), _core.cuda_source("random")]
    parts.append((HERE / "random_host.cpp").read_text())
    (folder / "random.cpp").write_text("\n".join(parts))
    options = ["-std=c++17", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-shared", "-fPIC"]
    subprocess.run(
        [compiler, *options, "random.cpp", "-o", "random.so"], cwd=folder, check=True, timeout=50
    )
    return ctypes.CDLL(str(folder / "random.so"))


def fill(host, kind, dtype, start, n, grid=(3, 32)):
    out = np.full(n + 1, -7, dtype=dtype)
    address = ctypes.c_void_p(out.ctypes.data)
    wide = [ctypes.c_uint64(value) for value in (n, start, KEY)]
    getattr(host, f"{kind}_{dtype}")(address, *wide, TASK, PURPOSE, *grid)
    assert out[n] == -7, "written past the end"
    return out[:n]


def bits(draws):
    return draws.view(np.uint32 if draws.dtype == np.float32 else np.uint64)


def assert_same_bits(draws, expected):
    np.testing.assert_array_equal(bits(draws), bits(expected))


def test_words_as_plain_cpp(host):
    rng = np.random.default_rng(3)
    for key, index in rng.integers(0, 2**64, size=(100, 2), dtype=np.uint64).tolist():
        task, purpose = rng.integers(0, 2**32, size=2).tolist()
        words = (ctypes.c_uint * 4)()
        host.philox(ctypes.c_uint64(key), ctypes.c_uint64(index), task, purpose, words)
        assert tuple(words) == random.philox(key, index, task, purpose)


@KINDS
@DTYPES
def test_a_million_draws_as_plain_cpp(host, kind, dtype):
    """Normals too: both sides use the same plain additions, multiplications and square roots."""
    expected = getattr(random, kind)(KEY, TASK, PURPOSE, 0, 1_000_000, dtype)
    assert_same_bits(fill(host, kind, dtype, 0, 1_000_000), expected)


@KINDS
@DTYPES
@RANGES
def test_any_range_as_plain_cpp(host, kind, dtype, start, n):
    expected = getattr(random, kind)(KEY, TASK, PURPOSE, start, n, dtype)
    for grid in [(1, 1), (2, 3), (40, 32)]:
        assert_same_bits(fill(host, kind, dtype, start, n, grid), expected)


@pytest.fixture
def cupy():
    """CuPy, where it sees a device."""
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f"CuPy sees no device: {error}")
    if n_devices == 0:
        pytest.skip("CuPy sees no device")
    return cupy


@pytest.mark.gpu
@KINDS
@DTYPES
@RANGES
def test_draws_on_the_gpu(cupy, kind, dtype, start, n):
    scalar = "float" if dtype == "float32" else "double"
    kernel = _cuda.module("random").get_function(f"fill_{kind}<{scalar}>")
    out = cupy.empty(n, dtype=dtype)
    integers = [np.uint64(n), np.uint64(start), np.uint64(KEY)]
    kernel((8,), (64,), (out, *integers, np.uint32(TASK), np.uint32(PURPOSE)))
    expected = getattr(random, kind)(KEY, TASK, PURPOSE, start, n, dtype)
    if kind == "normal":
        # What passes through a logarithm is promised to a few ulp only.
        tolerance = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(out.get(), expected, rtol=tolerance, atol=tolerance)
    else:
        assert_same_bits(out.get(), expected)
