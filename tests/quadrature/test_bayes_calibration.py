"""How often truth lies where the posterior and the certificate say."""

import itertools

import numpy as np
import pytest
from scipy import integrate, special

from hasten.quadrature import bayes_quad, bayes_quad_weights

UNIT = (0.0, 1.0)
SIZES = (10, 20, 40, 80)


def design_set():
    """Return the functions that the certificate was designed on, with their integrals."""
    root = np.sqrt(0.001)
    return {
        "exp": (np.exp, np.e - 1),
        "sine": (lambda x: np.sin(20 * x), (1 - np.cos(20)) / 20),
        "Runge": (lambda x: 1 / (1 + 25 * x**2), np.arctan(5) / 5),
        "kink": (lambda x: np.abs(x - 0.37), (0.37**2 + 0.63**2) / 2),
        "root": (np.sqrt, 2 / 3),
        "step": (lambda x: (x > 0.61) * 1.0, 0.39),
        "power": (lambda x: x**2.5, 1 / 3.5),
        "spike": (
            lambda x: 1 / ((x - 0.3) ** 2 + 0.001),
            (np.arctan(0.7 / root) + np.arctan(0.3 / root)) / root,
        ),
    }


def second_set():
    """Return functions that showed why nodes are thinned from both ends, with their integrals."""
    s = np.sqrt
    return {
        "cosine": (lambda x: np.cos(7 * x + 1), (np.sin(8) - np.sin(1)) / 7),
        "rational": (lambda x: 1 / (1 + x), np.log(2)),
        "bump": (
            lambda x: np.exp(-((x - 0.55) ** 2) / 0.005),
            # Tails beyond six deviations are below rounding of the sum.
            s(np.pi * 0.005),
        ),
        "cubic kink": (lambda x: np.abs(x - 0.71) ** 3, (0.71**4 + 0.29**4) / 4),
        "two kinks": (
            lambda x: np.abs(np.abs(x - 0.5) - 0.22),
            2 * (0.22**2 + 0.28**2) / 2,
        ),
        "cube root": (np.cbrt, 0.75),
        "half circle": (lambda x: s(np.maximum(x * (1 - x), 0)), np.pi / 8),
        "logarithm": (lambda x: x * np.log(np.maximum(x, 1e-300)), -0.25),
        "oscillation": (lambda x: np.sin(30 * x) ** 2, 0.5 - np.sin(60) / 120),
        "sigmoid": (
            lambda x: 1 / (1 + np.exp(-60 * (x - 0.4))),
            (np.log1p(np.exp(36)) - np.log1p(np.exp(-24))) / 60,
        ),
        "end power": (lambda x: (1 - x) ** 0.7 * (1 + x), 1 / 1.7 + 1 / (1.7 * 2.7)),
        "polynomial": (lambda x: x**5 - x**3 + 2, 1 / 6 - 1 / 4 + 2),
    }


def integrals(functions):
    """Add the integrals over [0, 1] to functions with their inner singular points."""

    def truth(f, points):
        ends = itertools.pairwise((0.0, *points, 1.0))
        return sum(integrate.quad(f, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in ends)

    return {name: (f, truth(f, points)) for name, (f, points) in functions.items()}


def third_set():
    """Return functions that showed how close to the error an extrapolation comes."""
    functions = {
        "damped": (lambda x: np.exp(-3 * x) * np.cos(11 * x), ()),
        "periodic": (lambda x: 1 / (2 + np.cos(9 * x)), ()),
        "front": (lambda x: np.tanh(15 * (x - 0.27)), ()),
        "cusp": (lambda x: np.abs(x - 0.5**0.5) ** 1.5, (0.5**0.5,)),
        "power 0.8": (lambda x: x**0.8, ()),
        "quarter circle": (lambda x: np.sqrt(np.maximum(1 - x**2, 0)), ()),
        "one-sided": (lambda x: np.maximum(x - 0.45, 0) ** 2, (0.45,)),
        "near pole": (lambda x: np.log(x + 0.05), ()),
        "chirp": (lambda x: x * np.sin(1 / (x + 0.1)), ()),
        "jump": (lambda x: (x < 0.23) + x, (0.23,)),
        "peak": (lambda x: np.exp(-8 * np.abs(x - 0.6)), (0.6,)),
        "Bessel": (lambda x: special.j0(25 * x), ()),
        "bell on a slope": (lambda x: x + np.exp(-(((x - 0.7) / 0.08) ** 2)), (0.7,)),
        "Chebyshev": (lambda x: np.cos(9 * np.arccos(2 * x - 1)), ()),
    }

    return integrals(functions)


def judging_set():
    """Return functions that had no part in the design, with their integrals."""

    def bump(x):
        inner = np.maximum(1 - (2 * x - 1) ** 2, 1e-3)
        return np.exp(-1 / inner)

    functions = {
        "faster and faster": (lambda x: np.cos(20 * x**2), ()),
        "arctangent": (lambda x: np.arctan(40 * (x - 0.35)), ()),
        "folded sine": (lambda x: np.abs(np.sin(7 * x)), (np.pi / 7, 2 * np.pi / 7)),
        "both ends": (lambda x: x**0.3 * (1 - x) ** 0.4, ()),
        "root times cosine": (lambda x: np.sqrt(x) * np.cos(3 * x), ()),
        "ramp": (lambda x: np.minimum(x, 0.3), (0.3,)),
        "half exponential": (lambda x: np.exp(x) * (x > 0.5), (0.5,)),
        "logarithm": (lambda x: np.log1p(30 * x), ()),
        "far end": (lambda x: (1 - x) ** 1.5 * np.exp(x), ()),
        "two sines": (lambda x: np.sin(5 * x) + 0.2 * np.sin(33 * x), ()),
        "pole": (lambda x: 1 / (x + 0.02), ()),
        "inner root": (lambda x: np.sqrt(np.abs(x - 0.62)), (0.62,)),
        "bump": (bump, (0.5,)),
        "cubic logarithm": (lambda x: x**3 * np.log(np.maximum(x, 1e-300)), ()),
    }
    return integrals(functions)


def hits(functions, **options):
    held, tightness, misses = 0, [], []
    for name, (f, truth) in functions.items():
        for n in SIZES:
            result = bayes_quad(f, domain=UNIT, n=n, **options)
            error = abs(result.value - truth)
            held += error <= result.error
            tightness.append(result.error / max(error, 1e-16))
            if error > result.error:
                misses.append((name, n, error / result.error))
    return held, float(np.median(tightness)), misses


def test_certificate_holds_for_most_of_the_design_set():
    held, median, misses = hits(design_set(), nu="auto")
    assert held >= 27, misses
    # Median overestimate: published 2.9.
    assert 1 < median < 10


@pytest.mark.parametrize(("nu", "found"), [("auto", 49), (2.5, 43)])
def test_certificate_holds_for_most_functions_of_the_judging_set(nu, found):
    held, median, misses = hits(judging_set(), nu=nu)
    # What the documentation says, but for two that other minimisers of flat likelihoods may move.
    assert held >= found - 2, misses
    assert 1 < median < 4


@pytest.mark.parametrize(("functions", "found"), [(second_set, 43), (third_set, 51)])
def test_certificate_holds_for_most_of_the_sets_that_changed_it(functions, found):
    held, _, misses = hits(functions(), nu="auto")
    assert held >= found - 2, misses


def test_both_ends_are_seen_alike():
    for n in (10, 20, 33):
        left, right = (
            bayes_quad(f, domain=UNIT, n=n, nu="auto") for f in (np.sqrt, lambda x: np.sqrt(1 - x))
        )
        np.testing.assert_allclose(left.error, right.error, rtol=1e-3)


def test_rbf_is_judged_by_the_same_certificate():
    held, _, misses = hits(
        {name: second_set()[name] for name in ("cosine", "rational", "cube root", "two kinks")},
        kernel="rbf",
    )
    assert held >= 11, misses


def test_posterior_deviation_alone_is_no_certificate():
    """A smooth kernel on functions that are not: the reason for `error`."""
    missed = held = 0
    for f, truth in design_set().values():
        for n in SIZES:
            result = bayes_quad(f, domain=UNIT, n=n, nu=3.5)
            low, high = result.confidence_interval()
            missed += not low <= truth <= high
            held += abs(result.value - truth) <= result.error
    assert missed >= 10
    assert held >= 25


def test_certificate_on_grids():
    exp, sine = design_set()["exp"], design_set()["sine"]
    root, kink = design_set()["root"], design_set()["kink"]
    held = total = 0
    for f, a in (exp, sine, root, kink):
        for g, b in (exp, root, kink):
            for n in (9, 17):
                result = bayes_quad(
                    lambda X, f=f, g=g: f(X[:, 0]) * g(X[:, 1]), domain=[UNIT, UNIT], n=n, nu="auto"
                )
                held += abs(result.value - a * b) <= result.error
                total += 1
    # All of them when this was written.
    assert held >= total - 2, (held, total)


def test_certificate_at_scattered_points():
    rng = np.random.default_rng(5)
    functions, held = design_set(), 0
    for first in ("exp", "sine", "kink", "Runge"):
        for second in ("exp", "root", "kink"):
            (f, a), (g, b) = functions[first], functions[second]
            for n in (40, 100):
                X = rng.random((n, 2))
                y = f(X[:, 0]) * g(X[:, 1])
                result = bayes_quad(y, X, domain=[UNIT, UNIT], nu="auto")
                held += abs(result.value - a * b) <= result.error
    # 21 of 24 when this was written.
    assert held >= 19


def test_draws_of_the_prior_are_covered_as_often_as_promised():
    """Section 8.3: standard deviation 1 of z, coverage 95 %."""
    rng = np.random.default_rng(20)
    n, n_draws, ell = 12, 400, 0.2
    nodes = np.linspace(0, 1, n)
    fine = np.linspace(0, 1, 20 * (n - 1) + 1)
    r = np.sqrt(3) * np.abs(fine[:, None] - fine) / ell
    factor = np.linalg.cholesky(np.exp(-r) * (1 + r) + 1e-12 * np.eye(len(fine)))
    draws = factor @ rng.normal(size=(len(fine), n_draws))
    truth = (draws.sum(axis=0) - (draws[0] + draws[-1]) / 2) / (len(fine) - 1)
    values = draws[::20]
    rule = bayes_quad_weights(nodes, domain=UNIT, nu=1.5, ell=ell)
    z = (rule @ values - truth) / np.sqrt(rule.variance)
    # Four standard deviations of a standard deviation, and of a share.
    assert abs(z.std() - 1) <= 4 / np.sqrt(2 * n_draws)
    known = bayes_quad(values, nodes, domain=UNIT, nu=1.5, ell=ell, scale=1.0)
    free = bayes_quad(values, nodes, domain=UNIT, nu=1.5, ell=ell)
    for result in (known, free):
        low, high = result.confidence_interval()
        coverage = np.mean((low <= truth) & (truth <= high))
        assert abs(coverage - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / n_draws)
    low, high = free.confidence_interval(0.5)
    coverage = np.mean((low <= truth) & (truth <= high))
    assert abs(coverage - 0.5) <= 4 * np.sqrt(0.25 / n_draws)


def test_noise_is_accounted_for():
    rng = np.random.default_rng(21)
    x = np.sort(rng.random(200))
    f = np.sin(6 * x)
    truth = (1 - np.cos(6)) / 6
    values = f[:, None] + 0.05 * rng.normal(size=(len(x), 200))
    result = bayes_quad(values, x, domain=UNIT, noise=0.01, ell=0.4, scale=0.5)
    low, high = result.confidence_interval()
    coverage = np.mean((low <= truth) & (truth <= high))
    # The truth is no draw of the prior, but smooth: the noise dominates.
    assert abs(coverage - 0.95) <= 4 * np.sqrt(0.95 * 0.05 / 200)
    assert (np.abs(result.value - truth) <= result.error).mean() >= 6 / 7
