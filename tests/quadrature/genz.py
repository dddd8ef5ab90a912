"""The families of Genz on the unit cube, with closed forms: vectorised over members.

A. Genz, "Testing multidimensional integration routines", in "Tools, methods and languages for
scientific and engineering computation", 1984.
"""

import itertools
import math

import numpy as np
from scipy.special import erf

#: Sum of the scales of each family.
DIFFICULTY = {
    "oscillatory": 9.0,
    "product peak": 7.25,
    "corner peak": 1.85,
    "Gaussian": 7.03,
    "continuous": 2.04,
}
SMOOTH = ("oscillatory", "product peak", "corner peak", "Gaussian")


def make_members(name, d, count, seed=0):
    """Return scales and shifts, each of shape (d, count)."""
    rng = np.random.default_rng(seed)
    scales = rng.uniform(0.2, 1.2, (d, count))
    return scales * DIFFICULTY[name] / scales.sum(axis=0), rng.random((d, count))


def integrand(name):
    """Return ``f(x, *scales, *shifts)``; the last axis of `x` has the coordinates."""

    def f(x, *parameters):
        d = x.shape[-1]
        scales, shifts = parameters[:d], parameters[d:]
        axes = [(x[..., k], scales[k], shifts[k]) for k in range(d)]
        if name == "oscillatory":
            return np.cos(2 * np.pi * shifts[0] + sum(a * t for t, a, _ in axes))
        if name == "product peak":
            return math.prod(1 / (a**-2.0 + (t - u) ** 2) for t, a, u in axes)
        if name == "corner peak":
            return (1 + sum(a * t for t, a, _ in axes)) ** -(d + 1.0)
        if name == "Gaussian":
            return np.exp(-sum((a * (t - u)) ** 2 for t, a, u in axes))
        return np.exp(-sum(a * abs(t - u) for t, a, u in axes))

    return f


def exact(name, scales, shifts):
    """Return the integrals over the unit cube, of shape (count,)."""
    a, u = scales, shifts
    d = len(a)
    if name == "oscillatory":
        return np.prod(np.sin(a / 2) / (a / 2), axis=0) * np.cos(
            2 * np.pi * u[0] + a.sum(axis=0) / 2
        )
    if name == "product peak":
        return np.prod(a * (np.arctan(a * (1 - u)) + np.arctan(a * u)), axis=0)
    if name == "corner peak":
        corners = itertools.product((0, 1), repeat=d)
        total = sum((-1) ** sum(v) / (1 + np.asarray(v) @ a) for v in corners)
        return total / (math.factorial(d) * np.prod(a, axis=0))
    if name == "Gaussian":
        return np.prod(np.sqrt(np.pi) / (2 * a) * (erf(a * (1 - u)) + erf(a * u)), axis=0)
    return np.prod((2 - np.exp(-a * u) - np.exp(-a * (1 - u))) / a, axis=0)
