"""Bayesian quadrature: weights on a line by the filter, and by a dense solve with jitter."""

from __future__ import annotations

import functools

import numpy as np
import scipy.linalg

from hasten.quadrature import bayes_quad, bayes_quad_weights

from .common import PROFILE, limited_threads, thread_counts

SIZES = {"quick": [200], "regular": [500, 2000, 100_000], "large": [2000, 100_000, 1_000_000]}
#: Beyond these the dense matrix does not fit into memory.
LARGEST_DENSE = 20_000
ELL = 0.3
JITTER = 1e-8
_RATE = np.sqrt(7.0) / ELL


@functools.cache
def make_nodes(n: int, spacing: str) -> np.ndarray:
    """Make nodes on [0, 1], always the same."""
    if spacing == "even":
        return np.linspace(0.0, 1.0, n)
    return np.sort(np.random.default_rng(0).random(n))


def correlation(r: np.ndarray) -> np.ndarray:
    """Return the Matern 7/2 correlation at distances."""
    r = _RATE * np.abs(r)
    return np.exp(-r) * (1 + r * (1 + r * (0.4 + r / 15)))


def half_mean(r: np.ndarray) -> np.ndarray:
    """Integrate the correlation from 0 to a distance."""
    r = _RATE * r
    return (48 - np.exp(-r) * (48 + r * (33 + r * (9 + r)))) / (15 * _RATE)


def use_hasten(nodes: np.ndarray) -> np.ndarray:
    """Return the weights."""
    return bayes_quad_weights(nodes, domain=(0.0, 1.0), nu=3.5, ell=ELL).weights


def use_dense(nodes: np.ndarray) -> np.ndarray:
    """Return the weights as probnum 0.1 computes them: a dense solve with jitter."""
    matrix = correlation(nodes[:, None] - nodes)
    matrix[np.diag_indices_from(matrix)] += JITTER
    means = half_mean(nodes) + half_mean(1.0 - nodes)
    factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    return scipy.linalg.cho_solve(factor, means, check_finite=False)


SOLVERS = {"hasten": use_hasten, "numpy-dense": use_dense}


class Weights:
    """Seconds, peak memory and the true error of the integral of exp."""

    params = (list(SOLVERS), SIZES[PROFILE], ["even", "random"])
    param_names = ("solver", "n", "spacing")
    timeout = 3600

    def setup(self, solver, n, spacing):
        """Make nodes."""
        if solver != "hasten" and n > LARGEST_DENSE:
            raise NotImplementedError
        self.nodes = make_nodes(n, spacing)
        self.solve = SOLVERS[solver]

    def time_weights(self, *_):
        """Time."""
        with limited_threads(1):
            self.solve(self.nodes)

    def peakmem_weights(self, *_):
        """Peak memory."""
        self.solve(self.nodes)

    def track_error(self, *_):
        """Error of the integral of exp."""
        return float(abs(self.solve(self.nodes) @ np.exp(self.nodes) - (np.e - 1)))


class Posterior:
    """Seconds of `bayes_quad`: length scale, four smoothnesses and the certificate."""

    params = (SIZES[PROFILE], ["even", "random"], list(thread_counts()))
    param_names = ("n", "spacing", "threads")
    timeout = 3600

    def setup(self, n, spacing, _):
        """Make values."""
        self.nodes = make_nodes(n, spacing)
        self.values = np.sin(9 * self.nodes) + self.nodes

    def time_posterior(self, _n, _spacing, threads):
        """Time."""
        bayes_quad(self.values, self.nodes, domain=(0.0, 1.0), nu="auto", n_threads=threads)
