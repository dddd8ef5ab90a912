"""Calls of `hasten.quadrature`: rules in one variable."""

import numpy as np

from hasten import quadrature
from hasten.quadrature import datasets
from tests.hazards import Case


def _checked(rule):
    """Return a rule whose certificate is computed, so that comparisons include it."""
    assert rule.error < 1e-10
    return rule


def _legendre(n, a, b, n_threads=None):
    return _checked(quadrature.gauss_legendre(n, a, b, return_theta=True, n_threads=n_threads))


def _chebyshev(n, n_threads=None):
    return _checked(quadrature.gauss_chebyshev(n, 3, n_threads=n_threads))


def _jacobi(n, n_threads=None):
    return _checked(quadrature.gauss_jacobi(n, 1.5, -0.25, n_threads=n_threads))


def _gegenbauer(n, n_threads=None):
    return _checked(quadrature.gauss_gegenbauer(n, 2.0, n_threads=n_threads))


def _hermite(n, n_threads=None):
    return _checked(quadrature.gauss_hermite(n, n_threads=n_threads))


def _laguerre(n, n_threads=None):
    return _checked(quadrature.gauss_laguerre(n, 0.5, n_threads=n_threads))


def _lobatto(n, n_threads=None):
    return _checked(quadrature.gauss_lobatto(n, n_threads=n_threads))


def _radau(n, n_threads=None):
    return _checked(quadrature.gauss_radau(n, n_threads=n_threads))


def _clenshaw_curtis(n, n_threads=None):
    return _checked(quadrature.clenshaw_curtis(n, n_threads=n_threads))


def _fejer(n, n_threads=None):
    return _checked(quadrature.fejer(n, 2, n_threads=n_threads))


def _kronrod(n):
    return _checked(quadrature.gauss_kronrod(n))


def _golub_welsch(alpha, beta):
    return _checked(quadrature.golub_welsch(alpha, beta, 2.0))


def _coefficients():
    k = np.arange(1.0, 40.0)
    return {"alpha": np.zeros(40), "beta": k**2 / (4.0 * k**2 - 1.0)}


def _tensor():
    return _checked(
        quadrature.tensor_rule([quadrature.gauss_legendre(5), quadrature.gauss_hermite(6)])
    )


# More than 20 ms of work: closed forms, marches and transforms.
_MANY, _MARCHED, _TRANSFORMED = 1_100_000, 30_000, 120_000

CASES = {
    "hasten.quadrature.Rule": Case(run=_legendre, data=lambda: {"n": 50, "a": 0.0, "b": 2.0}),
    "hasten.quadrature.clenshaw_curtis": Case(
        run=_clenshaw_curtis, data=lambda: {"n": _TRANSFORMED}
    ),
    "hasten.quadrature.datasets.Integral": Case(
        run=datasets.make_integrals, data=lambda: {"kind": "jumps", "n": 5, "rng": 0}
    ),
    "hasten.quadrature.datasets.classic_integrals": Case(run=datasets.classic_integrals),
    "hasten.quadrature.datasets.make_genz": Case(
        run=datasets.make_genz, data=lambda: {"family": "corner-peak", "d": 3, "rng": 0}
    ),
    "hasten.quadrature.datasets.make_integrals": Case(
        run=datasets.make_integrals, data=lambda: {"kind": "peaks", "n": 5, "rng": 0}
    ),
    "hasten.quadrature.fejer": Case(run=_fejer, data=lambda: {"n": _TRANSFORMED}),
    "hasten.quadrature.gauss_chebyshev": Case(run=_chebyshev, data=lambda: {"n": _MANY}),
    "hasten.quadrature.gauss_gegenbauer": Case(run=_gegenbauer, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.gauss_hermite": Case(run=_hermite, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.gauss_jacobi": Case(run=_jacobi, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.gauss_kronrod": Case(run=_kronrod, data=lambda: {"n": 40}),
    "hasten.quadrature.gauss_laguerre": Case(run=_laguerre, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.gauss_legendre": Case(
        run=_legendre, data=lambda: {"n": _MANY, "a": 0.0, "b": 2.0}
    ),
    "hasten.quadrature.gauss_lobatto": Case(run=_lobatto, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.gauss_radau": Case(run=_radau, data=lambda: {"n": _MARCHED}),
    "hasten.quadrature.golub_welsch": Case(run=_golub_welsch, data=_coefficients),
    "hasten.quadrature.tensor_rule": Case(run=_tensor),
}
