"""The targets of `hasten.quadrature`: rules in one variable."""

from __future__ import annotations

from benchmarks.common import interleaved, limited_threads
from benchmarks.quadrature_rules import end_weight_of_legendre, make_solver

from targets.report import at_most, verdict

PEERS: tuple[str, ...] = ("numpy", "scipy")


def against(
    peer: str, kind: str, n: int, factor: float | None, threads: int, repeats: int
) -> list[str]:
    """Compare the time to make one rule."""
    ours, theirs = make_solver("hasten", kind, n, threads), make_solver(peer, kind, n, threads)
    # Ours is repeated until a clock sees it.
    count = max(1, 200_000 // n if kind == "legendre" else 20_000 // n)
    with limited_threads(threads):
        best = interleaved({"ours": lambda: [ours() for _ in range(count)]}, max(repeats, 3))
        best |= interleaved({"theirs": theirs}, repeats)
    spent = best["ours"] / count
    note = f"{1e3 * spent:.3g} ms against {1e3 * best['theirs']:.4g} ms"
    return [verdict(f"{kind}, n = {n} / {peer}", spent / best["theirs"], factor, note)]


def leggauss(threads: int, repeats: int) -> list[str]:
    """Legendre, n = 1000: against numpy.polynomial.legendre.leggauss, and the weights."""
    rows = against("numpy", "legendre", 1000, 2000, threads, repeats)
    return [*rows, *weights("numpy", 1000)]


def roots_legendre(threads: int, repeats: int) -> list[str]:
    """Legendre, n = 1000 and 5000: against scipy.special.roots_legendre, and the weights."""
    rows = [
        row for n in (1000, 5000) for row in against("scipy", "legendre", n, 2000, threads, repeats)
    ]
    return [*rows, *weights("scipy", 1000)]


def weights(peer: str, n: int) -> list[str]:
    """Compare the weight at the end with the exact one."""
    exact = end_weight_of_legendre(n)
    errors = {
        solver: float(abs(list(make_solver(solver, "legendre", n, 1)())[1][-1] / exact - 1))
        for solver in ("hasten", peer)
    }
    what = f"relative error of the last weight of Legendre, n = {n}"
    return [at_most(what, errors["hasten"], 5e-16, f"{peer}: {errors[peer]:.1e}")]


def million(threads: int, repeats: int) -> list[str]:
    """Legendre, a million nodes: milliseconds."""
    call = make_solver("hasten", "legendre", 1_000_000, threads)
    with limited_threads(threads):
        best = interleaved({"ours": call}, max(repeats, 5))["ours"]
    return [at_most("milliseconds for Legendre, n = 1e6", 1e3 * best, 15.0, f"{threads} threads")]


def small(_threads: int, repeats: int) -> list[str]:
    """Legendre, twenty nodes, called in a loop: microseconds."""
    call = make_solver("hasten", "legendre", 20, None)
    best = interleaved({"ours": lambda: [call() for _ in range(1000)]}, max(repeats, 5))["ours"]
    return [at_most("microseconds for Legendre, n = 20", 1e3 * best, 10.0, "one call")]


def marched(threads: int, repeats: int) -> list[str]:
    """Hermite, Laguerre and Jacobi: n = 5000 against SciPy, and seconds for n = 1e5."""
    rows = []
    for kind in ("hermite", "laguerre", "jacobi"):
        rows += against("scipy", kind, 5000, 100, threads, repeats)
        call = make_solver("hasten", kind, 100_000, threads)
        with limited_threads(threads):
            best = interleaved({"ours": call}, max(repeats, 3))["ours"]
        rows.append(at_most(f"seconds for {kind}, n = 1e5", best, 0.3, f"{threads} threads"))
    return rows


TARGETS = {
    "rules-leggauss": leggauss,
    "rules-roots-legendre": roots_legendre,
    "rules-million": million,
    "rules-small": small,
    "rules-marched": marched,
}
