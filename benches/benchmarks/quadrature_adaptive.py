"""Adaptive integration in one variable: many integrals, beside SciPy's functions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from scipy import integrate

from hasten.quadrature import quad

from .common import PROFILE, interleaved, limited_threads, thread_counts

if TYPE_CHECKING:
    from collections.abc import Callable

RTOL = 1e-8
COUNTS = {"quick": 50, "regular": 2000, "large": 10_000}
# A loop of SciPy's takes so few of the integrals of a batch, and its time is scaled.
LOOP = {"quick": 10, "regular": 200, "large": 1000}


@dataclasses.dataclass(frozen=True)
class Batch:
    """Integrals over [0, 1] of one function with parameters, and their values."""

    f: Callable[..., np.ndarray]
    args: tuple[np.ndarray, ...]
    exact: np.ndarray

    def true_error(self, value):
        """Return the largest error of values, relative to those of the integrals."""
        exact = self.exact[: len(value)]
        return np.max(np.abs(value - exact) / np.abs(exact))


def lorentz(x, c, s):
    """Return a peak of width s."""
    return 1.0 / ((x - c) ** 2 + s**2)


def root(x, p, s):
    """Return what is singular at 0 and smooth elsewhere."""
    return x**p * (1.0 + s * x)


def make_batch(kind, count):
    """Make integrals, always the same."""
    rng = np.random.default_rng(0)
    c, s = rng.random(count), 10.0 ** rng.uniform(-3, 0, count)
    if kind == "peaks":
        exact = (np.arctan((1 - c) / s) + np.arctan(c / s)) / s
        return Batch(lorentz, (c, s), exact)
    if kind == "oscillations":
        w = 10.0 * (1 + c) / s**0.5
        return Batch(lambda x, w: 2.0 + np.cos(w * x), (w,), 2.0 + np.sin(w) / w)
    p = -0.8 * c
    return Batch(root, (p, s), 1 / (p + 1) + s / (p + 2))


def use_hasten(batch, threads, rtol=RTOL, method="auto"):
    """Return a solve by `hasten.quadrature.quad`."""
    return lambda: (
        quad(batch.f, 0.0, 1.0, batch.args, rtol=rtol, method=method, n_threads=threads).value
    )


def _loop(batch, one):
    rows = np.stack(batch.args, axis=1)[: LOOP[PROFILE]]
    return np.array([one(tuple(row)) for row in rows])


def use_quad(batch, _threads, rtol=RTOL):
    """Return a solve by a loop over `scipy.integrate.quad`."""
    return lambda: _loop(
        batch,
        lambda args: integrate.quad(
            batch.f, 0.0, 1.0, args=args, epsabs=0.0, epsrel=rtol, limit=200
        )[0],
    )


def use_quad_vec(batch, _threads, rtol=RTOL):
    """Return a solve by a loop over `scipy.integrate.quad_vec`."""
    return lambda: _loop(
        batch,
        lambda args: integrate.quad_vec(
            batch.f, 0.0, 1.0, args=args, epsabs=1e-300, epsrel=rtol, quadrature="gk21"
        )[0],
    )


def use_tanhsinh(batch, _threads, rtol=RTOL):
    """Return a solve by `scipy.integrate.tanhsinh`, which takes a batch."""
    return lambda: integrate.tanhsinh(batch.f, 0.0, 1.0, args=batch.args, rtol=rtol).integral


SOLVERS = {
    "hasten": use_hasten,
    "scipy-quad-loop": use_quad,
    "scipy-quad_vec-loop": use_quad_vec,
    "scipy-tanhsinh": use_tanhsinh,
}
LOOPS = {"scipy-quad-loop", "scipy-quad_vec-loop"}
KINDS = ("peaks", "oscillations", "singular")


class BatchOfIntegrals:
    """Time of a batch; SciPy's loops take a part of it."""

    params = (list(SOLVERS), KINDS, list(thread_counts()))
    param_names = ("solver", "kind", "threads")
    timeout = 600

    def setup(self, solver, kind, threads):
        """Make the batch."""
        self.limit = limited_threads(threads)
        self.limit.__enter__()
        self.batch = make_batch(kind, COUNTS[PROFILE])
        self.solve = SOLVERS[solver](self.batch, threads)

    def teardown(self, *_):
        """Give the cores back."""
        self.limit.__exit__(None, None, None)

    def time_batch(self, *_):
        """Seconds."""
        self.solve()

    def track_relative_error(self, *_):
        """Return the largest relative error."""
        return float(self.batch.true_error(self.solve()))


def seconds_an_integral(kind, names, repeats, rtol=RTOL):
    """Time solvers in turns, and return the seconds an integral and the errors of each."""
    batch = make_batch(kind, COUNTS[PROFILE])
    solves = {name: SOLVERS[name](batch, 1, rtol) for name in names}
    best = interleaved(solves, repeats)
    part = min(LOOP[PROFILE], COUNTS[PROFILE])
    counts = {name: part if name in LOOPS else COUNTS[PROFILE] for name in names}
    errors = {name: batch.true_error(solve()) for name, solve in solves.items()}
    return {name: best[name] / counts[name] for name in names}, errors
