"""The exact values of the collections, against mpmath and against other formulas."""

from __future__ import annotations

import math
import pickle

import mpmath
import numpy as np
import pytest

from hasten.quadrature.datasets import classic_integrals, make_genz, make_integrals

KINDS = ["smooth", "peaks", "oscillating", "kinks", "cusps", "jumps", "ends"]
FAMILIES = [
    "oscillatory",
    "product-peak",
    "corner-peak",
    "gaussian",
    "continuous",
    "discontinuous",
]

# The integrands once more, in the arithmetic of mpmath.
EXACTLY = {
    "smooth": lambda x, c, s: mpmath.exp(c * x) * mpmath.cos(s * x),
    "peaks": lambda x, c, s: 1 / ((x - c) ** 2 + s**2),
    "oscillating": lambda x, c, s: mpmath.cos(s * x + c),
    "kinks": lambda x, c: abs(x - c),
    "cusps": lambda x, c: mpmath.sqrt(abs(x - c)),
    "jumps": lambda x, c: mpmath.exp(x) if x > c else mpmath.mpf(0),
    "ends": lambda x, p: x**-p,
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_a_batch_are_those_of_mpmath(kind):
    batch = make_integrals(kind, 4, rng=1)
    for i in range(4):
        args = [mpmath.mpf(float(parameter[i])) for parameter in batch.args]
        breaks = [0, args[0], 1] if batch.points is not None or kind == "peaks" else [0, 1]
        if kind == "oscillating":
            breaks = mpmath.linspace(0, 1, 30)
        if kind == "peaks":
            # Cut where the peak has its width.
            c, s = args
            cuts = [c + sign * s * 4**k for k in range(7) for sign in (-1, 1)]
            breaks = sorted({mpmath.mpf(0), c, mpmath.mpf(1), *(x for x in cuts if 0 < x < 1)})
        if kind == "ends":
            # With x = t^20 the singular end is smooth.
            exact = mpmath.quad(lambda t, p=args[0]: 20 * t ** (19 - 20 * p), breaks)
        else:
            exact = mpmath.quad(lambda x, a=args: EXACTLY[kind](x, *a), breaks)
        # A phase of 300 is rounded by 3e-14, its integral divided by 300.
        assert abs(batch.value[i] - exact) < 4e-15 * max(1, abs(exact))
        for x in (0.1, 0.53, 0.9):
            found = batch.f(x, *(float(a) for a in args))
            assert abs(found - EXACTLY[kind](mpmath.mpf(x), *args)) < 1e-13 * max(1, abs(found))


def test_values_of_the_classics_are_those_of_mpmath():
    exactly = [
        mpmath.exp,
        lambda x: mpmath.sin(20 * x),
        lambda x: 1 / (1 + 25 * x**2),
        lambda x: abs(x - mpmath.mpf(0.37)),
        mpmath.sqrt,
        lambda x: mpmath.mpf(x > 0.61),
        lambda x: x ** mpmath.mpf(2.5),
        lambda x: 1 / ((x - mpmath.mpf(0.3)) ** 2 + mpmath.mpf(0.001)),
    ]
    for integral, f in zip(classic_integrals(), exactly, strict=True):
        inner = [] if integral.points is None else integral.points.tolist()
        breaks = [0, *inner, 1] if inner else mpmath.linspace(0, 1, 21)
        assert abs(integral.value - mpmath.quad(f, breaks)) < 1e-14 * max(1, integral.value)
        for x in (0.2, 0.37, 0.8):
            assert abs(integral.f(x) - f(mpmath.mpf(x))) < 1e-13 * max(1, abs(f(mpmath.mpf(x))))


def _brute(integral, n):
    """Integrate by a tensor Gauss rule of NumPy, each axis cut at w."""
    x, weights = np.polynomial.legendre.leggauss(n)
    axes = []
    for at in integral.f.keywords["w"]:
        cuts = np.array([0.0, at, 1.0])
        half = np.diff(cuts) / 2
        nodes = (cuts[:-1, None] + half[:, None] * (x + 1)).ravel()
        axes.append((nodes, (half[:, None] * weights).ravel()))
    grids = np.meshgrid(*(nodes for nodes, _ in axes), indexing="ij")
    product = np.ones(())
    for _, w in axes:
        product = np.multiply.outer(product, w)
    return float((integral.f(np.stack(grids, axis=-1)) * product).sum())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_values_of_genz_are_those_of_a_tensor_rule(family, d):
    integral = make_genz(family, d, rng=d)
    assert integral.a.shape == integral.b.shape == (d,)
    # Product peaks of height c^2 in one variable need the most points.
    assert _brute(integral, 40) == pytest.approx(integral.value, rel=2e-13)


def test_a_corner_peak_loses_no_digits():
    # (1/d!) int_0^inf e^-t prod (1 - e^(-c t)) / c dt has no cancellation.
    integral = make_genz("corner-peak", 9, difficulty=1e-3, rng=5)
    c = [mpmath.mpf(x) for x in integral.f.keywords["c"].tolist()]

    def laplace(t):
        return mpmath.exp(-t) * mpmath.fprod(-mpmath.expm1(-x * t) / x for x in c)

    exact = mpmath.quad(laplace, [0, 5, 10, 20, 40, 80]) / math.factorial(9)
    assert integral.value == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("family", FAMILIES)
def test_difficulty_is_the_sum_of_c(family):
    integral = make_genz(family, 5, difficulty=2.5, rng=0)
    assert integral.f.keywords["c"].sum() == pytest.approx(2.5)


def test_the_same_seed_draws_the_same_problem():
    first, second = (make_integrals("smooth", 5, rng=3) for _ in range(2))
    assert (first.value == second.value).all()
    first, second = (make_genz("continuous", 5, rng=3).value for _ in range(2))
    assert first == second


def test_problems_pickle():
    for integral in (*classic_integrals(), make_integrals("jumps", 3), make_genz("gaussian", 2)):
        again = pickle.loads(pickle.dumps(integral))
        assert again.name == integral.name
        np.testing.assert_array_equal(again.value, integral.value)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_integrals("peak"), ValueError, "`kind` must be one of .*'peaks'"),
        (lambda: make_integrals("peaks", 0), ValueError, "`n` must be at least 1; got 0"),
        (lambda: make_genz("genz", 2), ValueError, "`family` must be one of"),
        (lambda: make_genz("gaussian", 0), ValueError, "`d` must be at least 1; got 0"),
        (lambda: make_genz("corner-peak", 21), ValueError, "`d` must be at most 20"),
        (lambda: make_genz("gaussian", 2.0), TypeError, "`d` must be an integer"),
        (
            lambda: make_genz("gaussian", 2, difficulty=0),
            ValueError,
            "`difficulty` must be greater than 0",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
