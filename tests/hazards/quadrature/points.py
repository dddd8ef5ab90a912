"""Calls of `hasten.quadrature`: points of low discrepancy."""

import itertools

import numpy as np

from hasten import quadrature
from tests.hazards import Case

_D = 3


def _product(x):
    return np.prod(1 + 0.7 * (x - 0.5), axis=1)


def _qmc_quad(a, b, n_threads=None):
    return quadrature.qmc_quad(_product, a, b, n=2**14, rng=1, trace=True, n_threads=n_threads)


def _box():
    return {"a": np.array([0.0, -1.0, 2.0]), "b": np.array([1.0, 1.0, 3.0])}


def _digest(points):
    """Tell arrays apart that are too large to keep sixteen of."""
    words = points.view(f"u{points.itemsize}")
    return {"size": points.shape, "some": points[::1001].copy(), "all": words.sum(axis=0)}


def _sobol(n_threads=None):
    # Fewer points are not worth several threads.
    return _digest(quadrature.sobol(2**21, 5, dtype=np.float32, rng=1, n_threads=n_threads))


def _sobol_normal(loc, scale, n_threads=None):
    return _digest(
        quadrature.sobol_normal(2**20, 2, loc=loc, scale=scale, rng=1, n_threads=n_threads)
    )


def _lattice(generator, n_threads=None):
    options = {"dtype": np.float32, "rng": 1, "n_threads": n_threads}
    return _digest(quadrature.lattice(2**21, 5, generator=generator, **options))


def _korobov_generator(weights, n_threads=None):
    return quadrature.korobov_generator(4001, _D, weights=weights, n_threads=n_threads)


def _weights():
    return {"weights": np.array([1.0, 0.5, 0.25])}


def _endless_sobol():
    """Make points over and over: no single call that fits in memory lasts so long."""
    out = np.empty((2**20, 8))

    def call():
        for k in itertools.count():
            quadrature.sobol(2**20, 8, start=k % 4096 * 2**20, rng=0, out=out, n_threads=2)

    return call


def _endless_generator():
    return lambda: quadrature.lattice_generator(2**26, 1000)


def _endless_korobov():
    return lambda: quadrature.korobov_generator(2**20, 100, n_threads=2)


def _endless_integral():
    a, b = np.zeros(_D), np.ones(_D)
    return lambda: quadrature.qmc_quad(
        _product, a, b, atol=1e-300, max_points=2**40, n_threads=2, rng=0
    )


CASES: dict[str, Case] = {
    "hasten.quadrature.QmcResult": Case(run=_qmc_quad, data=_box),
    "hasten.quadrature.korobov_generator": Case(
        run=_korobov_generator, data=_weights, long=_endless_korobov
    ),
    "hasten.quadrature.lattice": Case(
        run=_lattice,
        data=lambda: {"generator": np.array([1, 364981, 245389, 97823, 488939])},
    ),
    "hasten.quadrature.lattice_generator": Case(
        run=lambda weights: quadrature.lattice_generator(1009, _D, weights=weights),
        data=_weights,
        long=_endless_generator,
    ),
    "hasten.quadrature.qmc_quad": Case(run=_qmc_quad, data=_box, long=_endless_integral),
    "hasten.quadrature.sobol": Case(run=_sobol, long=_endless_sobol),
    "hasten.quadrature.sobol_normal": Case(
        run=_sobol_normal,
        data=lambda: {"loc": np.array([0.0, 1.0]), "scale": np.array([2.0, 0.5])},
    ),
}
