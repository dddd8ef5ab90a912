"""Adaptive cubature beside that of SciPy, and compiled integrands, at equal true error.

The integrand is Genz's product peak, whose integral is known; compiled functions are made by the C
compiler of the machine, and what needs them is left out where there is none.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy import LowLevelCallable, integrate

from hasten.quadrature import cubature, quad

from .common import PROFILE, limited_threads, loosest_tolerance, thread_counts

AXES = {"quick": [2], "regular": [2, 3, 4], "large": [2, 3, 4, 5]}
#: Relative error that is to be reached, by the number of axes.
ERRORS = {2: 1e-9, 3: 1e-7, 4: 1e-6, 5: 1e-5}
LOOPS = {"quick": [50], "regular": [1000, 10_000], "large": [10_000, 100_000]}
DIFFICULTY = 7.25
TIME_LIMIT = 600

SOURCE = """
double peak(int n, double *x) {
    int d = n / 3;
    double product = 1.0;
    for (int k = 0; k < d; k++) {
        double a = x[d + k], t = x[k] - x[2 * d + k];
        product /= 1.0 / (a * a) + t * t;
    }
    return product;
}
double lorentz(int n, double *x) { return 1.0 / ((x[0] - x[1]) * (x[0] - x[1]) + x[2] * x[2]); }
"""


COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


@functools.cache
def compiled():
    """Compile the integrands and load them."""
    folder = Path(tempfile.mkdtemp())
    (folder / "integrands.c").write_text(SOURCE)
    target = folder / "integrands.so"
    flags = ["-O2", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, folder / "integrands.c", "-o", target], check=True)
    library = ctypes.CDLL(str(target))
    row = ctypes.POINTER(ctypes.c_double)
    for function in (library.peak, library.lorentz):
        function.restype, function.argtypes = ctypes.c_double, [ctypes.c_int, row]
    return library


@functools.cache
def make_peak(d):
    """Return scales, shifts and the integral of one product peak."""
    rng = np.random.default_rng(d)
    a, u = rng.uniform(0.2, 1.2, d), rng.random(d)
    a *= DIFFICULTY / a.sum()
    return a, u, float(np.prod(a * (np.arctan(a * (1 - u)) + np.arctan(a * u))))


def product_peak(x, *parameters):
    """Evaluate the peak; the last axis of `x` has the coordinates."""
    d = x.shape[-1]
    product = 1.0
    for k in range(d):
        product = product / (parameters[k] ** -2.0 + (x[..., k] - parameters[d + k]) ** 2)
    return product


def use_hasten(d, threads, rtol):
    """Integrate by `cubature` with a NumPy integrand."""
    a, u, _ = make_peak(d)
    f = functools.partial(cubature, product_peak, np.zeros(d), np.ones(d), (*a, *u))
    return f(rtol=rtol, n_threads=threads, limit=10**7).value


def use_hasten_compiled(d, threads, rtol):
    """Integrate by `cubature` with a compiled integrand."""
    a, u, _ = make_peak(d)
    f = functools.partial(cubature, compiled().peak, np.zeros(d), np.ones(d), (*a, *u))
    return f(rtol=rtol, n_threads=threads, limit=10**7).value


def use_scipy(d, threads, rtol):  # noqa: ARG001  One thread is all it has.
    """Integrate by `scipy.integrate.cubature`."""
    a, u, _ = make_peak(d)
    found = integrate.cubature(
        lambda x: product_peak(x, *a, *u),
        np.zeros(d),
        np.ones(d),
        rule="genz-malik",
        rtol=rtol,
        max_subdivisions=10**6,
    )
    return found.estimate


SOLVERS = {"hasten": use_hasten, "hasten-compiled": use_hasten_compiled, "scipy": use_scipy}
SOLVERS = {name: f for name, f in SOLVERS.items() if COMPILER or "compiled" not in name}


@functools.cache
def equal_accuracy(solver, d):
    """Find the loosest tolerance at which a solver reaches the error, and that error."""
    exact = make_peak(d)[2]
    return loosest_tolerance(
        lambda rtol: abs(SOLVERS[solver](d, 1, rtol) / exact - 1), ERRORS[d], TIME_LIMIT
    )


def make_loop(count):
    """Return centres and widths of Lorentz peaks on [0, 1]."""
    rng = np.random.default_rng(0)
    return rng.random(count), 10.0 ** rng.uniform(-3, 0, count)


def loop_hasten(count, threads):
    """Integrate all peaks in one call, compiled."""
    return quad(compiled().lorentz, 0.0, 1.0, make_loop(count), rtol=1e-10, n_threads=threads).value


def loop_hasten_numpy(count, threads):
    """Integrate all peaks in one call of NumPy functions."""
    return quad(
        lambda x, c, s: 1 / ((x - c) ** 2 + s**2),
        0.0,
        1.0,
        make_loop(count),
        rtol=1e-10,
        n_threads=threads,
    ).value


def loop_scipy(count, threads):  # noqa: ARG001  One thread is all it has.
    """Integrate peak after peak by `scipy.integrate.quad`, compiled."""
    f = LowLevelCallable(compiled().lorentz)
    values = [
        integrate.quad(f, 0.0, 1.0, args=pair, epsabs=0, epsrel=1e-10, limit=200)[0]
        for pair in zip(*make_loop(count), strict=True)
    ]
    return np.array(values)


LOOP_SOLVERS = {"hasten": loop_hasten, "hasten-numpy": loop_hasten_numpy, "scipy": loop_scipy}
LOOP_SOLVERS = {name: f for name, f in LOOP_SOLVERS.items() if COMPILER or "numpy" in name}


class ProductPeak:
    """Time to a true error of an integral over a box."""

    params = (list(SOLVERS), AXES[PROFILE], list(thread_counts()))
    param_names = ("solver", "d", "threads")
    timeout = 3600

    def setup(self, solver, d, _):
        """Find the tolerance that is needed."""
        self.rtol, self.error = equal_accuracy(solver, d)

    def time_integral(self, solver, d, threads):
        """Seconds."""
        with limited_threads(threads):
            SOLVERS[solver](d, threads, self.rtol)

    def track_error(self, *_):
        """Return the true relative error."""
        return self.error


class LorentzPeaks:
    """Many integrals in one variable of a compiled function."""

    params = (list(LOOP_SOLVERS), LOOPS[PROFILE], list(thread_counts()))
    param_names = ("solver", "count", "threads")
    timeout = 3600

    def time_all(self, solver, count, threads):
        """Seconds."""
        with limited_threads(threads):
            LOOP_SOLVERS[solver](count, threads)

    def track_error(self, solver, count, threads):
        """Return the largest relative error."""
        c, s = make_loop(count)
        exact = (np.arctan((1 - c) / s) + np.arctan(c / s)) / s
        return float(np.max(abs(LOOP_SOLVERS[solver](count, threads) / exact - 1)))
