"""Calls of `hasten.quadrature`: sampling and least squares."""

import numpy as np

from hasten import quadrature
from tests.hazards import Case

SQUARE = ((0.0, 1.0), (-1.0, 1.0))


def _basis(domain):
    return quadrature.PolynomialBasis(domain, 8)


def _rows(features, n_threads=None):
    return quadrature.dpp_sample(features, size=80, orthonormalize=True, rng=0, n_threads=n_threads)


def _christoffel(domain, n_threads=None):
    return quadrature.christoffel_sample(_basis(domain), 60_000, rng=0, n_threads=n_threads)


def _volume(domain, n_threads=None):
    return quadrature.volume_sample(_basis(domain), 60_000, rng=0, n_threads=n_threads)


def _repeated(domain, n_threads=None):
    return quadrature.repeated_dpp(_basis(domain), 80, condition=0.5, rng=0, n_threads=n_threads)


def _fit(X, y, sample_weight, n_threads=None):
    basis = quadrature.PolynomialBasis(SQUARE, 6)
    model = quadrature.WeightedLeastSquares(basis, n_threads=n_threads)
    return model.fit(X, y, sample_weight=sample_weight)


def _matrix():
    return {"features": np.random.default_rng(50).normal(size=(3000, 60))}


def _box():
    return {"domain": np.array(SQUARE)}


def _values():
    rng = np.random.default_rng(51)
    X = np.column_stack([rng.uniform(0, 1, 30_000), rng.uniform(-1, 1, 30_000)])
    return {"X": X, "y": np.exp(X[:, 0]) * X[:, 1], "sample_weight": rng.random(30_000)}


def _endless_rows():
    # Some 7 sets a second.
    features = np.random.default_rng(52).normal(size=(2000, 200))
    return lambda: quadrature.dpp_sample(
        features, size=100_000, orthonormalize=True, rng=0, n_threads=2
    )


def _endless_sets():
    basis = quadrature.PolynomialBasis(SQUARE, 20)
    return lambda: quadrature.repeated_dpp(basis, 20_000, rng=0, n_threads=2)


def _fit_result(X, y, sample_weight, n_threads=None):
    return _fit(X, y, sample_weight, n_threads).result_


CASES: dict[str, Case] = {
    "hasten.quadrature.LeastSquaresResult": Case(run=_fit_result, data=_values),
    "hasten.quadrature.PolynomialBasis": Case(run=_basis, data=_box),
    "hasten.quadrature.Sample": Case(run=_repeated, data=_box),
    "hasten.quadrature.WeightedLeastSquares": Case(run=_fit, data=_values),
    "hasten.quadrature.christoffel_sample": Case(run=_christoffel, data=_box),
    "hasten.quadrature.dpp_sample": Case(run=_rows, data=_matrix, long=_endless_rows),
    "hasten.quadrature.repeated_dpp": Case(run=_repeated, data=_box, long=_endless_sets),
    "hasten.quadrature.volume_sample": Case(run=_volume, data=_box),
}
