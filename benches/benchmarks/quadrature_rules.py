"""Gauss rules: the time to make one, beside NumPy and SciPy, and how far its weights are off."""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import scipy.special

from hasten import quadrature

from .common import PROFILE, limited_threads, thread_counts

SIZES = {"quick": [20, 100], "regular": [20, 1000, 5000], "large": [20, 1000, 5000, 100_000]}
# Peers take O(n^2) time or O(n^3).
LARGEST_OF_PEERS = 5000


# NumPy has neither a generalised Laguerre rule nor a Jacobi rule.
NUMPY = {
    "legendre": np.polynomial.legendre.leggauss,
    "hermite": np.polynomial.hermite.hermgauss,
}
SCIPY = {
    "legendre": scipy.special.roots_legendre,
    "hermite": scipy.special.roots_hermite,
    "laguerre": lambda n: scipy.special.roots_genlaguerre(n, 0.5),
    "jacobi": lambda n: scipy.special.roots_jacobi(n, -0.5, 1.5),
}
HASTEN = {
    "legendre": lambda n, k: quadrature.gauss_legendre(n, n_threads=k),
    "hermite": lambda n, k: quadrature.gauss_hermite(n, n_threads=k),
    "laguerre": lambda n, k: quadrature.gauss_laguerre(n, 0.5, n_threads=k),
    "jacobi": lambda n, k: quadrature.gauss_jacobi(n, -0.5, 1.5, n_threads=k),
}


def make_solver(solver, kind, n, threads):
    """Return a call that makes a rule, or None where the solver has no such rule."""
    if solver == "hasten":
        return functools.partial(HASTEN[kind], n, threads)
    rules = SCIPY if solver == "scipy" else NUMPY
    if kind not in rules or n > LARGEST_OF_PEERS:
        return None
    return functools.partial(rules[kind], n)


@functools.cache
def end_weight_of_legendre(n):
    """Return the weight of the largest node with 30 digits: the hardest one."""
    with mpmath.workdps(40):
        x = mpmath.mpf(float(quadrature.gauss_legendre(n).nodes[-1]))
        for _ in range(4):
            before, value = mpmath.mpf(1), x
            for k in range(2, n + 1):
                before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
            slope = n * (before - x * value) / (1 - x * x)
            x -= value / slope
        return 2 / ((1 - x * x) * slope**2)


class MakeRule:
    """Seconds to make one rule."""

    params = (
        ["hasten", "numpy", "scipy"],
        ["legendre", "hermite", "laguerre", "jacobi"],
        SIZES[PROFILE],
        list(thread_counts()),
    )
    param_names = ("solver", "kind", "n", "threads")
    timeout = 600

    def setup(self, solver, kind, n, threads):
        """Choose the call."""
        self.call = make_solver(solver, kind, n, threads)
        if self.call is None:
            raise NotImplementedError
        self.threads = threads

    def time_rule(self, *_):
        """Seconds."""
        with limited_threads(self.threads):
            self.call()


class LegendreWeights:
    """Relative error of the weight at the end, the hardest one."""

    params = (["hasten", "numpy", "scipy"], SIZES[PROFILE])
    param_names = ("solver", "n")
    timeout = 600

    def track_error(self, solver, n):
        """Return the error."""
        call = make_solver(solver, "legendre", n, 1)
        if call is None:
            raise NotImplementedError
        weights = list(call())[1]
        return float(abs(weights[-1] / end_weight_of_legendre(n) - 1))
