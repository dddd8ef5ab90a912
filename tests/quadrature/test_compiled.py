"""Compiled integrands give what the same integrand in Python gives, without the interpreter."""

import ctypes
import math
import shutil
import subprocess
import threading

import numpy as np
import pytest
from scipy import LowLevelCallable

import hasten
from hasten.quadrature import cubature, quad
from tests.subprocesses import run_python

DOUBLE, INT, LONG = ctypes.c_double, ctypes.c_int, ctypes.c_int64
ROW, DATA = ctypes.POINTER(DOUBLE), ctypes.c_void_p

SCALAR = ctypes.CFUNCTYPE(DOUBLE, DOUBLE)
SCALAR_DATA = ctypes.CFUNCTYPE(DOUBLE, DOUBLE, DATA)
ROWS = ctypes.CFUNCTYPE(DOUBLE, INT, ROW)
ROWS_DATA = ctypes.CFUNCTYPE(DOUBLE, INT, ROW, DATA)
BATCH = ctypes.CFUNCTYPE(None, LONG, ROW, ROW, DATA)


def library_sin():
    library = ctypes.CDLL(None)
    function = library.sin
    function.restype, function.argtypes = DOUBLE, [DOUBLE]
    return function


def user_number(value):
    number = DOUBLE(value)
    return number, ctypes.cast(ctypes.pointer(number), DATA)


# ---------------------------------------------------------------- the five signatures


def test_a_function_of_a_library():
    result = cubature(library_sin(), [0.0], [np.pi])
    assert result.value == pytest.approx(2.0, rel=1e-14)
    wrapped = cubature(LowLevelCallable(library_sin()), [0.0], [np.pi])
    assert (wrapped.value, wrapped.error) == (result.value, result.error)
    assert (result.n_evaluations, result.n_calls, result.n_iter) == (21, 1, 1)


def test_one_number_and_user_data():
    number, data = user_number(3.0)
    f = SCALAR_DATA(lambda x, data: x ** ctypes.cast(data, ROW)[0])
    result = cubature(LowLevelCallable(f, data), [0.0], [2.0])
    assert result.value == pytest.approx(4.0, rel=1e-14)
    number.value = 1.0
    assert cubature(LowLevelCallable(f, data), [0.0], [2.0]).value == pytest.approx(2.0)


def test_rows_of_coordinates_and_arguments():
    seen = set()

    def f(n, row):
        seen.add(n)
        return row[2] * row[0] * row[1] + row[3]

    scale, shift = np.array([[1.0], [2.0], [3.0]]), np.array([0.0, 1.0])
    result = cubature(ROWS(f), [0, 0], [1, 2], (scale, shift))
    np.testing.assert_allclose(result.value, scale + 2 * shift, rtol=1e-14)
    assert seen == {4}


def test_rows_and_user_data():
    _, data = user_number(0.5)
    f = ROWS_DATA(lambda _, row, data: row[0] * row[1] * row[2] + ctypes.cast(data, ROW)[0])
    result = cubature(LowLevelCallable(f, data), [0, 0, 0], [1, 1, 2])
    assert result.value == pytest.approx(0.5 + 1.0, rel=1e-13)
    assert cubature(
        ROWS_DATA(lambda _, row, data: 1.0 if data is None else math.nan), [0, 0], [1, 1]
    ).value == pytest.approx(1.0)


def test_batches_of_rows():
    counts = []

    def f(n, rows, out, data):
        counts.append(n)
        x = np.ctypeslib.as_array(rows, (n, 3))
        np.ctypeslib.as_array(out, (n,))[:] = np.exp(x[:, 0] * x[:, 2]) * x[:, 1]

    scales = np.array([0.5, 1.0, 1.5])
    result = cubature(BATCH(f), [0, 0], [1, 1], (scales,), rtol=1e-9)
    np.testing.assert_allclose(result.value, np.expm1(scales) / scales / 2, rtol=1e-9)
    assert sum(counts) == result.n_evaluations.sum()
    assert max(counts) <= 64


# ---------------------------------------------------------------- the same as in Python


def peak(n, row):
    x, y, c, s = row[0], row[1], row[2], row[3]
    return 1.0 / (s + (x - c) * (x - c) + (y - c) * (y - c))  # Powers differ in their last bit.


def python_peak(x, c, s):
    x, y = x[..., 0], x[..., 1]
    return 1.0 / (s + (x - c) * (x - c) + (y - c) * (y - c))


def test_equals_the_integrand_in_python_in_all_bits():
    c, s = np.linspace(0, 1, 7), 10.0 ** -(np.arange(1, 8) ** 0.5)
    ours = cubature(ROWS(peak), [0, 0], [1, 1], (c, s), rtol=1e-5)
    theirs = cubature(python_peak, [0, 0], [1, 1], (c, s), rtol=1e-5)
    for name in ("value", "error", "n_evaluations", "n_intervals", "status"):
        assert (getattr(ours, name) == getattr(theirs, name)).all(), name
    assert ours.n_iter == theirs.n_iter
    traced = cubature(ROWS(peak), [0, 0], [1, 1], (c, s), rtol=1e-5, trace=True)
    assert (traced.value == ours.value).all()
    assert traced.history["n_iter"][-1] == ours.n_iter


@pytest.mark.parametrize("n_threads", [2, 3, 7])
def test_bits_do_not_depend_on_threads(n_threads):
    c = np.linspace(0, 1, 10)
    alone = cubature(ROWS(peak), [0, 0], [1, 1], (c, 1e-2), rtol=1e-4, n_threads=1)
    together = cubature(ROWS(peak), [0, 0], [1, 1], (c, 1e-2), rtol=1e-4, n_threads=n_threads)
    assert alone.value.tobytes() == together.value.tobytes()
    assert alone.error.tobytes() == together.error.tobytes()


def test_functions_are_called_on_several_threads():
    names = set()

    def f(n, row):
        names.add(threading.get_ident())
        return abs(row[0] - row[1])

    cubature(ROWS(f), [0, 0], [1, 1], rtol=1e-3, n_threads=2)
    assert names - {threading.get_ident()}


def test_infinite_ranges_signs_and_break_points():
    gauss = ROWS(lambda n, row: math.exp(-(row[0] ** 2) - row[1] ** 2))
    result = cubature(gauss, [np.inf, -np.inf], [-np.inf, np.inf], points=[[0.5, 0.1]], rtol=1e-6)
    assert result.value == pytest.approx(-np.pi, rel=1e-6)


def test_callbacks_follow_and_may_stop():
    seen = []

    def watch(info):
        seen.append((info.n_iter, info.error, float(info.x[0])))
        return len(seen) == 3

    kink = ROWS(lambda n, row: abs(row[0] - row[1]))
    result = cubature(kink, [0, 0], [1, 1], callback=watch)
    assert [n for n, _, _ in seen] == [1, 2, 3]
    assert seen[-1][1:] == (result.error, result.value)
    assert (result.status, result.n_iter) == ("stopped", 3)

    def fail(info):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cubature(kink, [0, 0], [1, 1], callback=fail)


def test_limits_are_reported():
    kink = ROWS(lambda n, row: abs(row[0] - row[1]))
    with pytest.warns(hasten.ConvergenceWarning, match="cubature: "):
        result = cubature(kink, [0, 0], [1, 1], limit=10)
    assert result.status == "limit"
    assert abs(result.value - 1 / 3) <= result.error


def test_user_data_lives_as_long_as_the_call():
    def make():
        number, data = user_number(2.0)
        f = ROWS_DATA(lambda _, row, data: ctypes.cast(data, ROW)[0])
        return LowLevelCallable(f, data), number

    assert cubature(make()[0], [0, 0], [1, 1]).value == pytest.approx(2.0)


# ---------------------------------------------------------------- one variable


def lorentz(n, row):
    return 1.0 / ((row[0] - row[1]) * (row[0] - row[1]) + row[2] * row[2])


@pytest.mark.parametrize("method", ["auto", "gauss-kronrod", "tanh-sinh"])
def test_quad_equals_the_integrand_in_python_in_all_bits(method):
    c, s = np.linspace(0.0, 1.0, 9), np.geomspace(0.3, 1.0, 9)
    call = {"args": (c, s), "method": method}
    ours = quad(ROWS(lorentz), 0.0, 1.0, **call)
    theirs = quad(lambda x, c, s: 1.0 / ((x - c) * (x - c) + s * s), 0.0, 1.0, **call)
    exact = (np.arctan((1 - c) / s) + np.arctan(c / s)) / s
    assert ours.converged.all()
    np.testing.assert_allclose(ours.value, exact, rtol=1e-8)
    for name in ("value", "error", "n_evaluations", "n_intervals", "status"):
        assert (getattr(ours, name) == getattr(theirs, name)).all(), name
    assert ours.n_iter == theirs.n_iter
    traced = quad(ROWS(lorentz), 0.0, 1.0, **call, trace=True)
    assert (traced.value == ours.value).all()


def test_quad_goes_to_tanh_sinh_at_singular_ends():
    root = SCALAR(lambda x: x**-0.75)
    result = quad(root, 0.0, [1.0, 16.0])
    np.testing.assert_allclose(result.value, [4.0, 8.0], rtol=1e-8)
    python = quad(lambda x: x**-0.75, 0.0, [1.0, 16.0])
    np.testing.assert_allclose(result.value, python.value, rtol=1e-12)
    assert result.converged.all()


def test_quad_takes_infinite_ranges_signs_and_break_points():
    gauss = SCALAR(lambda x: math.exp(-x * x))
    result = quad(gauss, np.inf, [-np.inf, 0.0], points=[0.3])
    np.testing.assert_allclose(result.value, [-(np.pi**0.5), -(np.pi**0.5) / 2], rtol=1e-8)
    assert quad(gauss, 1.0, 1.0).value == 0.0
    assert cubature(gauss, [1.0], [1.0]).value == 0.0


def test_quad_refuses_what_cubature_refuses():
    with pytest.raises(ValueError, match=r"`f` must be finite; got inf at x = 0\.5 of integral 0"):
        quad(SCALAR(lambda x: math.inf if x == 0.5 else 1.0), 0.0, 1.0)
    with pytest.raises(ValueError, match="for 1 axes and 1 args"):
        quad(SCALAR(lambda x: x), 0.0, 1.0, args=(2.0,))
    with pytest.raises(ValueError, match="one of the signatures"):
        quad(ctypes.CFUNCTYPE(INT, INT)(lambda x: x), 0.0, 1.0)


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize("trace", [False, True])
def test_values_that_are_not_finite(trace):
    f = ROWS(lambda n, row: math.inf if row[2] > 1 and row[0] == 0.5 else 1.0)
    call = {"args": ([1.0, 2.0],), "trace": trace}
    with pytest.raises(ValueError, match=r"`f` must be finite; got inf at x = \[0\.5.*integral 1"):
        cubature(f, [0, 0], [1, 1], **call)
    result = cubature(f, [0, 0], [1, 1], **call, nonfinite="zero")
    np.testing.assert_allclose(result.value, 1.0, rtol=1e-8)


def test_other_signatures_and_widths_are_refused():
    with pytest.raises(ValueError, match=r"one of the signatures double \(double\); .*float"):
        cubature(ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)(lambda x: x), [0], [1])
    with pytest.raises(ValueError, match=r"for 2 axes and 0 args; got double \(double\)"):
        cubature(library_sin(), [0, 0], [1, 1])
    with pytest.raises(ValueError, match=r"for 1 axes and 1 args"):
        cubature(library_sin(), [0], [1], (3.0,))


@pytest.mark.parametrize("arg", ["text", 1j, object(), None, np.array(["a"])])
def test_arguments_must_be_numbers(arg):
    with pytest.raises(TypeError, match=r"`args\[0\]` must hold real numbers"):
        cubature(ROWS(peak), [0, 0], [1, 1], (arg,))


# ---------------------------------------------------------------- without the interpreter


SOURCE = """
#include <math.h>
#include <stdint.h>
double ridge(int n, double *x) {
    double square = -1.0;
    for (int k = 0; k < n; k++) square += x[k] * x[k];
    return fabs(square);
}
double product(int n, double *x) { return x[0] * x[1] * x[2]; }
void sums(int64_t n, double *x, double *out, void *data) {
    for (int64_t i = 0; i < n; i++) out[i] = x[2*i] + *(double *)data * x[2*i + 1];
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.fail("the tests need a C compiler, as the README says")
    folder = tmp_path_factory.mktemp("integrands")
    (folder / "integrands.c").write_text(SOURCE)
    target = folder / "integrands.so"
    sources = [str(folder / "integrands.c"), "-o", str(target), "-lm"]
    command = [compiler, "-O2", "-shared", "-fPIC", *sources]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def test_functions_in_c(library):
    library.product.restype, library.product.argtypes = DOUBLE, [INT, ROW]
    result = cubature(library.product, [0, 0], [1, 1], (np.arange(1.0, 2000.0),))
    np.testing.assert_allclose(result.value, np.arange(1.0, 2000.0) / 4, rtol=1e-14)
    library.sums.restype, library.sums.argtypes = None, [LONG, ROW, ROW, DATA]
    _, data = user_number(10.0)
    result = cubature(LowLevelCallable(library.sums, data), [0, 0], [1, 1])
    assert result.value == pytest.approx(5.5, rel=1e-14)


INTERRUPT = """
import ctypes, os, signal, sys, threading, time
from hasten.quadrature import cubature

f = ctypes.CDLL(sys.argv[1]).ridge
f.restype, f.argtypes = ctypes.c_double, [ctypes.c_int, ctypes.POINTER(ctypes.c_double)]
for _ in range(5):
    sent = []
    def interrupt():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)
    threading.Timer(0.3, interrupt).start()
    try:
        cubature(f, [0] * 5, [1] * 5, rtol=1e-13, limit=10**8, n_threads=int(sys.argv[2]))
    except KeyboardInterrupt:
        print(time.perf_counter() - sent[0])
    else:
        raise AssertionError("not interrupted")
"""


@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_is_heard_between_calls(library, n_threads):
    delays = [float(line) for line in run_python(INTERRUPT, library._name, n_threads).split()]
    assert min(delays) < 0.5
