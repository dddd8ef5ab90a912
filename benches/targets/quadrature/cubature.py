"""The targets of `hasten.quadrature`: cubature and compiled integrands."""

from __future__ import annotations

import functools

from benchmarks.common import interleaved
from benchmarks.quadrature_cubature import COMPILER, LOOP_SOLVERS, SOLVERS, equal_accuracy

from targets.report import verdict

PEERS = ("numpy", "scipy")
#: How many times faster with compiled integrands, from so many threads on.
_COMPILED, _MANY = 200, 16


def cubature_peak(threads: int, repeats: int) -> list[str]:
    """Product peak in 2, 3, 4 axes: against scipy.integrate.cubature at equal true error."""
    rows = []
    for d in (2, 3, 4):
        rtol = {name: equal_accuracy(name, d)[0] for name in SOLVERS}
        calls = {
            name: functools.partial(solve, d, threads, rtol[name])
            for name, solve in SOLVERS.items()
        }
        best = interleaved(calls, repeats)
        factors = {"hasten": 30, "hasten-compiled": _COMPILED if threads >= _MANY else None}
        for name, factor in factors.items():
            if name in best:
                what = f"product peak / scipy cubature (genz-malik), d = {d}, {name}"
                note = f"{milliseconds(best[name])} against {milliseconds(best['scipy'])}"
                rows.append(verdict(what, best[name] / best["scipy"], factor, note))
    return rows


def compiled_loop(threads: int, repeats: int) -> list[str]:
    """10,000 integrals of a compiled function: against a loop over scipy.integrate.quad."""
    if COMPILER is None:
        return ["compiled integrands | there is no C compiler"]
    count = 10_000
    calls = {
        name: functools.partial(LOOP_SOLVERS[name], count, threads) for name in ("hasten", "scipy")
    }
    best = interleaved(calls, repeats)
    what = f"quad of {count} compiled integrals / loop of scipy quad"
    note = f"{milliseconds(best['hasten'])} against {milliseconds(best['scipy'])}"
    factor = 100 if threads >= _MANY else None
    return [verdict(what, best["hasten"] / best["scipy"], factor, note)]


def milliseconds(seconds: float) -> str:
    """Write a time."""
    return f"{1e3 * seconds:.3g} ms"


TARGETS = {"cubature-peak": cubature_peak, "compiled-loop": compiled_loop}
