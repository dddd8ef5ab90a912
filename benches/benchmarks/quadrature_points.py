"""Points of low discrepancy and integrals by them, beside SciPy, QMCPy and memory bandwidth."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
from scipy import integrate
from scipy.stats import qmc

from hasten.quadrature import lattice_generator, qmc_quad, sobol, sobol_normal

from .common import PROFILE, limited_threads, thread_counts

SIZES = {
    "quick": [(2**10, 4)],
    "regular": [(2**20, 4), (2**18, 16), (2**16, 64)],
    "large": [(2**24, 4), (2**20, 64), (2**16, 1000)],
}[PROFILE]


# ---------------------------------------------------------------- points


def use_hasten(n, d, threads, **options):
    """Prepare Sobol' points of hasten."""
    return lambda: sobol(n, d, rng=0, n_threads=threads, **options)


def use_scipy(n, d, _threads, *, scramble):
    """Prepare those of SciPy, which uses one thread."""
    return lambda: qmc.Sobol(d, scramble=scramble, rng=0, bits=32).random(n)


def use_qmcpy(n, d, _threads):
    """Prepare those of QMCPy, scrambled by a matrix and a shift."""
    from qmcpy import DigitalNetB2

    return lambda: DigitalNetB2(d, seed=0).gen_samples(n)


MAKERS = {
    "hasten-owen": functools.partial(use_hasten, scramble="owen"),
    "hasten-lms": functools.partial(use_hasten, scramble="lms"),
    "hasten-plain": functools.partial(use_hasten, scramble=False),
    "hasten-owen-float32": functools.partial(use_hasten, scramble="owen", dtype=np.float32),
    "scipy-lms": functools.partial(use_scipy, scramble=True),
    "scipy-plain": functools.partial(use_scipy, scramble=False),
}
if find_spec("qmcpy") is not None:
    MAKERS["qmcpy-lms"] = use_qmcpy


def fill(out, threads):
    """Prepare writing an array once, by as many threads: what no maker of points can beat."""
    parts = np.array_split(out, threads)

    def write():
        if threads == 1:
            np.copyto(out, 0.5)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: np.copyto(part, 0.5), parts))

    return write


class Points:
    """Making Sobol' points."""

    params = (list(MAKERS), SIZES, list(thread_counts()))
    param_names = ("maker", "shape", "threads")
    limit = None

    def setup(self, maker, shape, threads):
        """Hold the cores, and prepare the call."""
        self.limit = limited_threads(threads)
        self.limit.__enter__()
        self.call = MAKERS[maker](*shape, threads)
        self.call()

    def teardown(self, *_):
        """Give the cores back."""
        if self.limit is not None:
            self.limit.__exit__(None, None, None)

    def time_points(self, *_):
        """Seconds."""
        self.call()

    def peakmem_points(self, *_):
        """Peak memory of the process."""
        self.call()


class IntoGivenArray:
    """Writing to an array that is there: Sobol' points, normal points, and a constant."""

    params = (["owen", "plain", "normal", "constant"], SIZES, list(thread_counts()))
    param_names = ("what", "shape", "threads")

    def setup(self, what, shape, threads):
        """Make the array and the call."""
        n, d = shape
        out = np.zeros((n, d))
        self.call = {
            "owen": lambda: sobol(n, d, rng=0, n_threads=threads, out=out),
            "plain": lambda: sobol(n, d, scramble=False, n_threads=threads, out=out),
            "normal": lambda: sobol_normal(n, d, rng=0, n_threads=threads, out=out),
            "constant": fill(out, threads),
        }[what]

    def time_write(self, *_):
        """Seconds."""
        self.call()


class Generator:
    """Building a generating vector of a lattice."""

    params = ({"quick": [2**8], "regular": [2**14, 2**18], "large": [2**22]}[PROFILE],)
    param_names = ("n",)

    def time_component_by_component(self, n):
        """Seconds for 20 components."""
        lattice_generator(n, 20)


# ---------------------------------------------------------------- integrals

REPLICATES = 16
DIMENSION = 8


def smooth(x):
    """Return a product over the coordinates, whose integral is 1."""
    return np.prod(1 + 0.7 * (x - 0.5), axis=-1)


def integrate_hasten(n, threads):
    """Integrate with hasten."""
    zero, one = np.zeros(DIMENSION), np.ones(DIMENSION)
    return qmc_quad(smooth, zero, one, n=n, n_replicates=REPLICATES, rng=0, n_threads=threads).value


def integrate_scipy(n, _threads):
    """Integrate with SciPy, which hands points over as columns."""
    zero, one = np.zeros(DIMENSION), np.ones(DIMENSION)
    engine = qmc.Sobol(DIMENSION, rng=0)
    return integrate.qmc_quad(
        lambda x: smooth(x.T), zero, one, n_estimates=REPLICATES, n_points=n, qrng=engine
    ).integral


INTEGRATORS = {"hasten": integrate_hasten, "scipy": integrate_scipy}


class Integral:
    """Randomised quasi-Monte Carlo with equally many points."""

    params = (
        list(INTEGRATORS),
        {"quick": [2**8], "regular": [2**12, 2**16], "large": [2**20]}[PROFILE],
        list(thread_counts()),
    )
    param_names = ("solver", "n", "threads")

    def time_integral(self, solver, n, threads):
        """Seconds."""
        INTEGRATORS[solver](n, threads)

    def track_error(self, solver, n, threads):
        """Return the true error."""
        return abs(INTEGRATORS[solver](n, threads) - 1.0)
