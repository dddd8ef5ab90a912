"""Calls of `hasten.quadrature`: adaptive integration over boxes."""

import numpy as np

from hasten import quadrature
from tests.hazards import Case


def _peak(x, centre, width):
    return 1 / (width**2 + (x[..., 0] - centre) ** 2 + (x[..., 1] - centre) ** 2)


def _data():
    rng = np.random.default_rng(61)
    return {
        "a": rng.uniform(-1.0, 0.0, (300, 2)),
        "b": rng.uniform(1.0, 2.0, (300, 2)),
        "centre": rng.random(300),
        "width": rng.uniform(0.05, 1.0, 300),
    }


def _cubature(a, b, centre, width, n_threads=None):
    return quadrature.cubature(_peak, a, b, (centre, width), rtol=1e-5, n_threads=n_threads)


def _endless():
    # A kink that no box can follow, to more digits than there are.
    def ridge(x):
        return abs(np.sum(x**2, axis=-1) - 1.0)

    return lambda: quadrature.cubature(
        ridge, [0.0] * 5, [1.0] * 5, rtol=1e-12, limit=10**8, n_threads=2
    )


CASES: dict[str, Case] = {
    "hasten.quadrature.cubature": Case(run=_cubature, data=_data, long=_endless),
}
