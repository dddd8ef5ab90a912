"""Calls of `hasten.quadrature`: adaptive integration."""

import time

import numpy as np

from hasten import quadrature
from tests.hazards import Case


def _peaks():
    rng = np.random.default_rng(60)
    return {"a": np.zeros(3000), "centre": rng.random(3000), "width": rng.uniform(1e-3, 1.0, 3000)}


def _peak(x, centre, width):
    return 1.0 / ((x - centre) ** 2 + width**2)


def _quad(a, centre, width, n_threads=None):
    return quadrature.quad(_peak, a, 1.0, (centre, width), trace=True, n_threads=n_threads)


def _endless_quad():
    # Noise, which no subdivision makes smooth, a few intervals at a time.
    rng = np.random.default_rng(61)

    def noise(x):
        time.sleep(1e-3)
        return rng.random(x.shape)

    return lambda: quadrature.quad(noise, 0.0, 1.0, limit=10**9, max_batch=1000, n_threads=2)


CASES: dict[str, Case] = {
    "hasten.quadrature.QuadResult": Case(run=_quad, data=_peaks),
    "hasten.quadrature.quad": Case(run=_quad, data=_peaks, long=_endless_quad),
}
