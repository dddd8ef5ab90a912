"""Calls of `hasten.quadrature`: Bayesian quadrature."""

import numpy as np

from hasten import quadrature
from tests.hazards import Case


def _series():
    nodes = np.sort(np.random.default_rng(50).random(300))
    return {"f_or_y": np.sin(np.outer(nodes, [9.0, 4.0, 1.0])), "nodes": nodes}


def _bayes_quad(f_or_y, nodes, n_threads=None):
    return quadrature.bayes_quad(f_or_y, nodes, domain=(0, 1), nu="auto", n_threads=n_threads)


def _points():
    rng = np.random.default_rng(51)
    return {"nodes": rng.random((500, 2))}


def _bayes_quad_weights(nodes, n_threads=None):
    square = [(0, 1), (0, 1)]
    return quadrature.bayes_quad_weights(nodes, domain=square, ell=0.2, n_threads=n_threads)


def _endless_series():
    rng = np.random.default_rng(52)
    nodes = np.sort(rng.random(400_000))
    values = rng.normal(size=len(nodes))
    return lambda: quadrature.bayes_quad(values, nodes, domain=(0, 1), nu="auto", n_threads=2)


def _endless_points():
    nodes = np.random.default_rng(53).random((7000, 2))
    square = [(0, 1), (0, 1)]
    return lambda: quadrature.bayes_quad_weights(nodes, domain=square, ell=0.01, n_threads=2)


CASES: dict[str, Case] = {
    "hasten.quadrature.BayesQuadResult": Case(run=_bayes_quad, data=_series),
    "hasten.quadrature.bayes_quad": Case(run=_bayes_quad, data=_series, long=_endless_series),
    "hasten.quadrature.bayes_quad_weights": Case(
        run=_bayes_quad_weights, data=_points, long=_endless_points
    ),
}
