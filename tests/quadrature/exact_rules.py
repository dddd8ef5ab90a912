"""Gauss rules in 40-digit arithmetic, node by node."""

from __future__ import annotations

import mpmath

DIGITS = 40


def jacobi(alpha, beta):
    """Return the recurrence and the mass of (1 - x)^alpha (1 + x)^beta."""
    a, b = mpmath.mpf(alpha), mpmath.mpf(beta)

    def coefficients(k):
        if k == 0:
            return (b - a) / (a + b + 2), None
        twice = 2 * k + a + b
        middle = (b - a) * (b + a) / (twice * (twice + 2))
        # The factor k + a + b cancels for k = 1.
        last = 1 / (twice + 1) if k == 1 else (k + a + b) / ((twice + 1) * (twice - 1))
        return middle, 4 * k * (k + a) * (k + b) * last / twice**2

    mass = 2 ** (a + b + 1) * mpmath.beta(a + 1, b + 1)
    return coefficients, mass


def hermite(scale):
    """Return the recurrence and the mass of exp(-scale x^2)."""
    scale = mpmath.mpf(scale)
    return lambda k: (mpmath.mpf(0), k / (2 * scale)), mpmath.sqrt(mpmath.pi / scale)


def laguerre(alpha):
    """Return the recurrence and the mass of x^alpha exp(-x)."""
    a = mpmath.mpf(alpha)
    return lambda k: (2 * k + 1 + a, k * (k + a)), mpmath.gamma(a + 1)


def node_and_weight(family, n, near):
    """Polish a node by Newton's method and return it with its weight."""
    make, *parameters = family
    with mpmath.workdps(DIGITS):
        coefficients, mass = make(*parameters)
        steps = [coefficients(k) for k in range(n)]
        x = mpmath.mpf(near)
        for _ in range(4):
            before, value = mpmath.mpf(0), mpmath.mpf(1)
            slope_before, slope = mpmath.mpf(0), mpmath.mpf(0)
            norm = mpmath.mpf(1)
            for k, (middle, square) in enumerate(steps):
                square = square if k else mpmath.mpf(0)  # noqa: PLW2901
                new = (x - middle) * value - square * before
                new_slope = value + (x - middle) * slope - square * slope_before
                norm *= square if k else 1
                before, value, slope_before, slope = value, new, slope, new_slope
            shift = value / slope
            x -= shift
            # Converges quadratically: what is left is 20 digits better still.
            if abs(shift) < mpmath.mpf(10) ** (-DIGITS // 2) * min(1, abs(x) + 1e-3):
                break
        # Monic: the norm of p_{n-1} over p_{n-1} p_n'.
        return x, mass * norm / (before * slope)
