"""Make the constants of the Gauss rules in 50-digit arithmetic.

Run beside the sources: `python tables.py` writes `legendre_table.bin` (for n = 1..100 the
non-negative half of the rule, largest node first: node, weight and angle as little-endian
doubles) and prints the tables of `bessel.rs` and `kronrod.rs`.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpmath import acos, besselj, besseljzero, cos, lu_solve, matrix, mp, mpf, pi, polyroots

if TYPE_CHECKING:
    from collections.abc import Iterator

mp.dps = 50


def legendre(n: int, x: Any) -> tuple[Any, Any]:
    """P_n and its derivative at x, |x| < 1."""
    before, value = mpf(1), x
    for k in range(1, n):
        before, value = value, ((2 * k + 1) * x * value - k * before) / (k + 1)
    return value, n * (before - x * value) / (1 - x * x)


def half_rule(n: int) -> Iterator[tuple[Any, Any, Any]]:
    """Node, weight and angle of the non-negative nodes, the largest first."""
    for k in range(1, (n + 1) // 2 + 1):
        if 2 * k == n + 1:
            x = mpf(0)
        else:
            x = cos(pi * (4 * k - 1) / (4 * n + 2)) if n > 1 else mpf(0)
            for _ in range(7):
                value, slope = legendre(n, x)
                x -= value / slope
        slope = legendre(n, x)[1]
        yield x, 2 / ((1 - x * x) * slope**2), acos(x)


def kronrod(n: int) -> list[tuple[Any, Any]]:
    """Nodes and weights of the non-negative half of the (2n+1)-point rule, largest first."""
    half = list(half_rule(n))
    nodes = [x for x, _, _ in half] + [-x for x, _, _ in half if x > 0]
    monic = [mpf(1)]
    for root in nodes:
        monic = [a - root * b for a, b in zip([*monic, 0], [0, *monic], strict=True)]
    monic.reverse()

    def moment(k: int) -> Any:
        return 2 * sum(monic[i] / (i + k + 1) for i in range(n % 2, n + 1, 2) if (i + k) % 2 == 0)

    # Stieltjes' polynomial of degree n + 1: orthogonal to lower degrees under P_n dx.
    columns = range((n + 1) % 2, n + 1, 2)
    rows = range(1, n + 1, 2)
    system = matrix([[moment(i + j) for j in columns] for i in rows])
    solution = lu_solve(system, matrix([-moment(i + n + 1) for i in rows]))
    stieltjes = [mpf(0)] * (n + 1) + [mpf(1)]
    for j, value in zip(columns, solution, strict=True):
        stieltjes[j] = value
    extra = polyroots(stieltjes[::-1], maxsteps=200, extraprec=400)
    points = sorted([*nodes, *(mpf(root.real) for root in extra)])
    size = len(points)
    powers = matrix([[x**i for x in points] for i in range(size)])
    moments = matrix([mpf(2) / (i + 1) if i % 2 == 0 else mpf(0) for i in range(size)])
    weights = lu_solve(powers, moments)
    return [(points[j], weights[j]) for j in reversed(range(n, size))]


if __name__ == "__main__":
    with (Path(__file__).parent / "legendre_table.bin").open("wb") as file:
        for n in range(1, 101):
            for triple in half_rule(n):
                file.write(struct.pack("<3d", *map(float, triple)))
    print("bessel.rs: j_k - pi (k - 1/4), J_1(j_k)^2")
    for k in range(1, 31):
        zero = besseljzero(0, k)
        shift, square = zero - pi * (k - mpf(1) / 4), besselj(1, zero) ** 2
        print(f"({mp.nstr(shift, 25)}, {mp.nstr(square, 25)}),")
    print("kronrod.rs: nodes and weights of the 21-point rule")
    for x, w in kronrod(10):
        print(f"({mp.nstr(x, 34)}, {mp.nstr(w, 34)}),")
