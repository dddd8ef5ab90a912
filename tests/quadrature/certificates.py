"""How often the error of `cubature` holds: integrands with closed forms, smooth and not.

``python -m tests.quadrature.certificates`` prints the table of the guide; with ``--quick`` every
family has 40 members instead of 400. A member is drawn from the unit cube at random.
"""

import argparse
import itertools
import math
import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import erf

import hasten
from hasten.quadrature import cubature
from tests.quadrature import genz


class Family(NamedTuple):
    """Members of a family: what to integrate, its parameters, and the integrals."""

    f: Callable
    parameters: tuple
    exact: np.ndarray


def bell(centre, width):
    """Integrate ``exp(-((x - centre) / width)**2)`` from 0 to 1."""
    return width * np.sqrt(np.pi) / 2 * (erf((1 - centre) / width) + erf(centre / width))


def smooth(d, count, rng):
    """All smooth families of Genz, a quarter of the members each."""
    members = [genz.make_members(name, d, count // 4, rng.integers(2**32)) for name in genz.SMOOTH]
    scales, shifts = (np.concatenate(part, axis=-1) for part in zip(*members, strict=True))
    which = np.repeat(np.arange(4), count // 4)
    functions = [genz.integrand(name) for name in genz.SMOOTH]

    def f(x, kind, *parameters):
        values = np.empty(x.shape[:-1])
        kind = np.broadcast_to(kind, values.shape)
        parameters = [np.broadcast_to(p, values.shape) for p in parameters]
        for k, function in enumerate(functions):
            chosen = kind == k
            values[chosen] = function(x[chosen], *(p[chosen] for p in parameters))
        return values

    exact = [
        genz.exact(name, *(part[:, which == k] for part in (scales, shifts)))
        for k, name in enumerate(genz.SMOOTH)
    ]
    return Family(f, (which, *scales, *shifts), np.concatenate(exact))


def kinks(d, count, rng):
    """``exp(-sum a |x - u|)``, with kinks along all axes."""
    scales, shifts = genz.make_members("continuous", d, count, rng.integers(2**32))
    exact = genz.exact("continuous", scales, shifts)
    return Family(genz.integrand("continuous"), (*scales, *shifts), exact)


def kink_on_a_wave(d, count, rng):
    """``|x_1 - u| cos(x_2 + ... + x_d)``."""
    u = rng.random(count)

    def f(x, u):
        return abs(x[..., 0] - u) * np.cos(np.sum(x[..., 1:], axis=-1))

    # The real part of a product of integrals of exp(i x).
    wave = ((np.exp(1j) - 1) / 1j) ** (d - 1)
    return Family(f, (u,), (u**2 + (1 - u) ** 2) / 2 * wave.real)


def hats(d, count, rng):
    """Product of ``max(0, 1 - |x - u| / w)``, three kinks along each axis."""
    u, w = rng.random((d, count)), rng.uniform(0.3, 1.0, (d, count))

    def f(x, *parameters):
        axes = zip(np.moveaxis(x, -1, 0), parameters[:d], parameters[d:], strict=True)
        return math.prod(np.maximum(0.0, 1 - abs(t - u) / w) for t, u, w in axes)

    def half(length):
        reach = np.minimum(length, w)
        return reach - reach**2 / (2 * w)

    return Family(f, (*u, *w), np.prod(half(u) + half(1 - u), axis=0))


def jump(d, count, rng):
    """``exp(x_1 + ... + x_d)`` where ``x_1 < u``, else 0."""
    u = rng.random(count)

    def f(x, u):
        return np.where(x[..., 0] < u, np.exp(np.sum(x, axis=-1)), 0.0)

    return Family(f, (u,), np.expm1(u) * np.expm1(1.0) ** (d - 1))


def steps(d, count, rng):
    """Sum of ``a [x < u]`` over all axes."""
    u, a = rng.random((d, count)), rng.uniform(0.2, 1.2, (d, count))

    def f(x, *parameters):
        axes = zip(np.moveaxis(x, -1, 0), parameters[:d], parameters[d:], strict=True)
        return sum(np.where(t < u, a, 0.0) for t, u, a in axes)

    return Family(f, (*u, *a), np.sum(a * u, axis=0))


def corner(d, count, rng):
    """``exp(a . x)`` where all ``x < u``, else 0: the discontinuous family of Genz on all axes."""
    u, a = rng.random((d, count)), rng.uniform(0.5, 2.0, (d, count))

    def f(x, *parameters):
        u, a = parameters[:d], parameters[d:]
        inside = math.prod(x[..., k] < u[k] for k in range(d))
        return np.where(inside, np.exp(sum(a[k] * x[..., k] for k in range(d))), 0.0)

    return Family(f, (*u, *a), np.prod(np.expm1(a * u) / a, axis=0))


def peaks(d, count, rng):
    """Gaussians with widths from 0.01 to 0.3, each axis its own within a factor of 2."""
    u = rng.random((d, count))
    w = 10 ** rng.uniform(-2, np.log10(0.3), count) * rng.uniform(1, 2, (d, count))

    def f(x, *parameters):
        axes = zip(np.moveaxis(x, -1, 0), parameters[:d], parameters[d:], strict=True)
        return np.exp(-sum(((t - u) / w) ** 2 for t, u, w in axes))

    return Family(f, (*u, *w), np.prod(bell(u, w), axis=0))


def two_peaks(d, count, rng):
    """Two Gaussians in different places, of one height, with widths from 0.01 to 0.3."""
    first, second = (peaks(d, count, rng) for _ in range(2))

    def f(x, *parameters):
        half = len(parameters) // 2
        return first.f(x, *parameters[:half]) + second.f(x, *parameters[half:])

    return Family(f, first.parameters + second.parameters, first.exact + second.exact)


def _below(d, count, rng, power):
    """``max(0, t - a . x)`` to a power: integrals by inclusion and exclusion."""
    a = rng.uniform(0.2, 1.2, (d, count))
    t = a.sum(axis=0) * rng.uniform(0.2, 0.8, count)

    def f(x, t, *a):
        left = t - sum(a[k] * x[..., k] for k in range(d))
        return np.maximum(0.0, left) if power else np.where(left > 0, 1.0, 0.0)

    corners = itertools.product((0, 1), repeat=d)
    total = sum(
        (-1) ** sum(v) * np.maximum(0.0, t - v @ a) ** (d + power) for v in map(np.array, corners)
    )
    return Family(f, (t, *a), total / (math.factorial(d + power) * np.prod(a, axis=0)))


def slanted_kink(d, count, rng):
    """``max(0, t - a . x)``, with a kink across all axes."""
    return _below(d, count, rng, 1)


def slanted_jump(d, count, rng):
    """1 where ``a . x < t``, else 0."""
    return _below(d, count, rng, 0)


def ball(d, count, rng):
    """1 within a distance from 0.1 to 0.35 of a point, else 0."""
    u, r = rng.uniform(0.35, 0.65, (d, count)), rng.uniform(0.1, 0.35, count)

    def f(x, r, *u):
        return np.where(sum((x[..., k] - u[k]) ** 2 for k in range(d)) < r**2, 1.0, 0.0)

    return Family(f, (r, *u), np.pi ** (d / 2) / math.gamma(d / 2 + 1) * r**d)


def needles(d, count, rng):
    """Gaussians a tenth as wide as `peaks`: from 0.001 to 0.01."""
    u, w = rng.random((d, count)), 10 ** rng.uniform(-3, -2, count)
    family = peaks(d, count, rng)
    return family._replace(parameters=(*u, *[w] * d), exact=np.prod(bell(u, w), axis=0))


class Rates(NamedTuple):
    """What a run over a family came to."""

    held: float
    within: float
    worst: float
    median: float
    points: float
    converged: float


def measure(make, d, rtol, count, seed=0, limit=20_000):
    """Integrate the members of a family and compare with the closed forms.

    ``held`` is the part with ``error`` at least the true error, ``within`` that of the converged
    ones whose true error is within the tolerance, ``worst`` the largest true error of a converged
    one over its tolerance, ``median`` that of error over true error.
    """
    family = make(d, count, np.random.default_rng([seed, d]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        found = cubature(
            family.f, np.zeros(d), np.ones(d), family.parameters, rtol=rtol, limit=limit
        )
    exact = abs(family.exact)
    true = abs(found.value - family.exact)
    rounding = 1e-14 * exact
    over = np.where(found.converged, true / (rtol * exact), 0.0)
    return Rates(
        np.mean(true <= np.maximum(found.error, rounding)),
        np.mean(over <= 1 + rtol),
        over.max(),
        np.median(found.error / np.maximum(true, 1e-16 * exact)),
        np.mean(found.n_evaluations),
        np.mean(found.converged),
    )


TWO_TO_FIVE = {2: (1e-2, 1e-3, 1e-5, 1e-8), 3: (1e-2, 1e-3, 1e-5), 4: (1e-2, 1e-3), 5: (1e-2,)}
ROUGH = {2: (1e-2, 1e-3, 1e-5), 3: (1e-2, 1e-3), 4: (1e-2,)}
SLANTED = {2: (1e-2, 1e-3), 3: (1e-2,)}

#: The rows of the table: families that go together, and the tolerances for each number of axes.
ROWS = {
    "smooth families of Genz": ((smooth,), TWO_TO_FIVE),
    "kinks along the axes": ((kinks, kink_on_a_wave, hats), ROUGH),
    "jumps along the axes": ((jump, steps, corner), ROUGH),
    "narrow Gaussians": ((peaks, two_peaks), {**ROUGH, 2: (1e-2, 1e-3, 1e-5, 1e-8)}),
    "kinks across the axes": ((slanted_kink,), ROUGH),
    "jumps across the axes": ((slanted_jump, ball), SLANTED),
    "needles": ((needles,), SLANTED),
}


def main():
    """Print how often the certificate holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    count = 40 if options.quick else 400
    write = sys.stdout.write
    write(
        "family | d | rtol | held % | within tolerance % | worst | median | points | converged %\n"
    )
    for title, (families, tolerances) in ROWS.items():
        write(f"{title}\n")
        for make, d in itertools.product(families, tolerances):
            for rtol in tolerances[d]:
                found = measure(make, d, rtol, count, options.seed)
                write(
                    f"{make.__name__} | {d} | {rtol:.0e} | {100 * found.held:.2f} | "
                    f"{100 * found.within:.2f} | {found.worst:.2g} | {found.median:.0f} | "
                    f"{found.points:.0f} | {100 * found.converged:.0f}\n"
                )


if __name__ == "__main__":
    main()
