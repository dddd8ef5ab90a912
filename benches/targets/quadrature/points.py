"""The targets of `hasten.quadrature`: points of low discrepancy."""

from __future__ import annotations

import functools

import numpy as np
from benchmarks.common import interleaved
from benchmarks.quadrature_points import INTEGRATORS, MAKERS, fill

from hasten.quadrature import sobol
from targets.report import verdict

PEERS: tuple[str, ...] = ("numpy", "scipy", "qmcpy")

SHAPES = ((2**20, 4), (2**18, 16), (2**16, 64))


def milliseconds(value: float) -> str:
    """Write a time."""
    return f"{1e3 * value:.3g} ms"


def against_peer(
    peer: str, ours: str, factor: float | None, threads: int, repeats: int
) -> list[str]:
    """Compare one maker of points with another, for three shapes; the limit is writing them."""
    if peer not in MAKERS:
        return [f"{ours} points / {peer} | {peer.partition('-')[0]} is not installed"]
    rows = []
    for n, d in SHAPES:
        calls = {name: MAKERS[name](n, d, threads) for name in (ours, peer)}
        calls["constant"] = functools.partial(np.full, (n, d), 0.5)
        best = interleaved(calls, repeats)
        note = (
            f"{milliseconds(best[ours])} against {milliseconds(best[peer])}; a new array of a "
            f"constant {milliseconds(best['constant'])}"
        )
        what = f"{ours} points / {peer}, n = {n}, d = {d}"
        rows.append(verdict(what, best[ours] / best[peer], factor, note))
    return rows


def against_scipy(threads: int, repeats: int) -> list[str]:
    """Sobol' points: against scipy.stats.qmc.Sobol with the same scramble, with Owen's, plain."""
    return [
        row
        for ours, peer in (
            ("hasten-lms", "scipy-lms"),
            ("hasten-owen", "scipy-lms"),
            ("hasten-plain", "scipy-plain"),
        )
        for row in against_peer(peer, ours, 6, threads, repeats)
    ]


def against_qmcpy(threads: int, repeats: int) -> list[str]:
    """Sobol' points: against the digital net of QMCPy with the same scramble."""
    return against_peer("qmcpy-lms", "hasten-lms", 4, threads, repeats)


def bandwidth(threads: int, repeats: int) -> list[str]:
    """Sobol' points into a given array: against writing a constant with as many threads."""
    rows = []
    for n, d in ((2**23, 4), (2**21, 16), (2**19, 64)):
        out = np.zeros((n, d))
        calls = {
            "constant": fill(out, threads),
            "plain": functools.partial(sobol, n, d, scramble=False, n_threads=threads, out=out),
            "owen": functools.partial(sobol, n, d, rng=0, n_threads=threads, out=out),
        }
        best = interleaved(calls, repeats)
        for kind, factor in (("plain", 0.8), ("owen", 0.5)):
            note = (
                f"{milliseconds(best[kind])} against {milliseconds(best['constant'])} "
                f"({out.nbytes / best['constant'] / 1e9:.1f} GB/s)"
            )
            what = f"{kind} points / writing a constant, n = {n}, d = {d}"
            rows.append(verdict(what, best[kind] / best["constant"], factor, note))
    return rows


def integral(threads: int, repeats: int) -> list[str]:
    """`qmc_quad` against scipy.integrate.qmc_quad with equally many points."""
    rows = []
    for n in (2**10, 2**14, 2**18):
        calls = {name: functools.partial(run, n, threads) for name, run in INTEGRATORS.items()}
        best = interleaved(calls, repeats)
        errors = {name: abs(call() - 1.0) for name, call in calls.items()}
        note = (
            f"{milliseconds(best['hasten'])} against {milliseconds(best['scipy'])}, true errors "
            f"{errors['hasten']:.1e} and {errors['scipy']:.1e}"
        )
        what = f"qmc_quad / scipy.integrate.qmc_quad, d = 8, 16 replicates of {n} points"
        rows.append(verdict(what, best["hasten"] / best["scipy"], None, note))
    return rows


TARGETS: dict[str, object] = {
    "sobol-scipy": against_scipy,
    "sobol-qmcpy": against_qmcpy,
    "sobol-bandwidth": bandwidth,
    "qmc-quad-scipy": integral,
}
