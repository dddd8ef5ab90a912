"""Determinantal sampling and weighted least squares: time and errors beside peers.

A set of rows costs rejection O(m^3 log m) and the Gram-Schmidt chain, which DPPy's projection
sampler is, O(n m^2). DPPy raises "probabilities do not sum to 1" on some matrices; a chain of NumPy
is the stand-in where it is not installed.
"""

from __future__ import annotations

import functools
import importlib.util

import numpy as np

from hasten.quadrature import (
    PolynomialBasis,
    WeightedLeastSquares,
    christoffel_sample,
    dpp_sample,
    repeated_dpp,
)

from .common import PROFILE, limited_threads, thread_counts

SHAPES = {
    "quick": [(200, 10)],
    "regular": [(2_000, 20), (20_000, 100)],
    "large": [(20_000, 100), (1_000_000, 500)],
}
HAS_DPPY = importlib.util.find_spec("dppy") is not None


@functools.cache
def make_features(n: int, m: int) -> np.ndarray:
    """Make the columns of a polynomial basis in the plane, orthonormal on n random points."""
    rng = np.random.default_rng(0)
    degree = int(np.ceil(np.sqrt(2.0 * m)))
    X = rng.uniform(-1, 1, (n, 2))
    values = PolynomialBasis([(-1, 1)] * 2, degree)(X)[:, :m]
    return np.ascontiguousarray(np.linalg.qr(values)[0])


def use_hasten(features: np.ndarray, seed: int, threads: int) -> np.ndarray:
    """Draw by rejection."""
    return dpp_sample(features, rng=seed, n_threads=threads)


def use_numpy_chain(features: np.ndarray, seed: int, _threads: int) -> np.ndarray:
    """Draw by the chain rule with one Gram-Schmidt vector a pick, as DPPy does."""
    rng = np.random.default_rng(seed)
    n, m = features.shape
    norms = np.einsum("ij,ij->i", features, features)
    basis = np.empty((n, m))
    chosen = np.empty(m, dtype=int)
    for k in range(m):
        probability = np.clip(norms, 0.0, None)
        probability[chosen[:k]] = 0.0
        pick = rng.choice(n, p=probability / probability.sum())
        chosen[k] = pick
        column = features @ features[pick] - basis[:, :k] @ basis[pick, :k]
        basis[:, k] = column / np.sqrt(norms[pick])
        norms -= basis[:, k] ** 2
    return chosen


def use_dppy(features: np.ndarray, seed: int, _threads: int) -> np.ndarray:
    """Draw with DPPy's projection sampler in its default mode."""
    from dppy.finite_dpps import FiniteDPP

    process = FiniteDPP("correlation", projection=True, A_zono=features.T)
    process.sample_exact(mode="GS", random_state=seed)
    return np.asarray(process.list_of_samples[-1])


SOLVERS = {"hasten": use_hasten, "numpy-chain": use_numpy_chain}
if HAS_DPPY:
    SOLVERS["dppy"] = use_dppy


class RowSelection:
    """Seconds of one set of rows, scores included."""

    params = (list(SOLVERS), SHAPES[PROFILE], list(thread_counts()))
    param_names = ("solver", "shape", "threads")
    timeout = 3600

    def setup(self, _solver, shape, _threads):
        """Make the features; the chain takes hours on the largest."""
        if _solver != "hasten" and shape[0] * shape[1] ** 2 > 1e9:
            raise NotImplementedError
        self.features = make_features(*shape)

    def time_one_set(self, solver, _shape, threads):
        """Seconds."""
        with limited_threads(threads):
            SOLVERS[solver](self.features, 0, threads)


class Points:
    """Seconds to draw 2 m points for least squares on a basis of two variables."""

    params = (["repeated_dpp", "christoffel"], {"quick": [4]}.get(PROFILE, [8, 20]))
    param_names = ("scheme", "degree")

    def setup(self, _scheme, degree):
        """Make the basis."""
        self.basis = PolynomialBasis([(-1, 1)] * 2, degree)

    def time_points(self, scheme, _degree):
        """Seconds."""
        if scheme == "repeated_dpp":
            repeated_dpp(self.basis, 2, rng=0)
        else:
            christoffel_sample(self.basis, 2 * len(self.basis), rng=0)


class Approximation:
    """The 95 % quantile of the error over the best error, 1 / (1 + 5 x^2), m = 10 functions."""

    params = (["repeated_dpp", "volume", "christoffel"], [20, 40])
    param_names = ("sampling", "n_samples")
    unit = "ratio"

    def track_error(self, sampling, n_samples):
        """Return the quantile."""
        return np.quantile(error_ratios(sampling, n_samples), 0.95)


def error_ratios(sampling: str, n_samples: int) -> np.ndarray:
    """Return true errors over the best error for many samples."""
    basis = PolynomialBasis((-1, 1), 9)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    values, exact = basis(nodes), 1 / (1 + 5 * nodes**2)
    best = values.T @ (weights / 2 * exact)
    floor = weights / 2 @ (exact - values @ best) ** 2
    model = WeightedLeastSquares(basis, sampling, n_samples)
    ratios = []
    for seed in range({"quick": 20}.get(PROFILE, 1000)):
        model.set_params(random_state=seed)
        coef = model.fit_function(lambda X: 1 / (1 + 5 * X[:, 0] ** 2)).coef_
        ratios.append(np.sqrt(1 + np.sum((coef - best) ** 2) / floor))
    return np.array(ratios)
