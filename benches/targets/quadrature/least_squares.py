"""The targets of `hasten.quadrature`: sampling and least squares."""

from __future__ import annotations

import numpy as np
from benchmarks.common import interleaved, seconds
from benchmarks.quadrature_least_squares import HAS_DPPY, SOLVERS, error_ratios, make_features

from targets.report import at_most, verdict

PEERS: tuple[str, ...] = ("numpy", "dppy")


def projection_dpp(threads: int, repeats: int) -> list[str]:
    """One set of m = 100 of n = 20000 rows: against DPPy, or its algorithm in NumPy."""
    features = make_features(20_000, 100)
    peer = "dppy" if HAS_DPPY else "numpy-chain"
    calls = {
        name: (lambda solve=SOLVERS[name]: solve(features, 0, threads)) for name in ("hasten", peer)
    }
    best = interleaved(calls, repeats)
    ratio = best["hasten"] / best[peer]
    note = f"{best['hasten'] * 1e3:.3g} ms against {best[peer] * 1e3:.4g} ms"
    what = f"one set of 100 of 20000 rows / {peer}"
    # The target is set against DPPy; its algorithm without its overhead is only reported.
    return [verdict(what, ratio, 500 if HAS_DPPY else None, note)]


def large_projection_dpp(threads: int, _repeats: int) -> list[str]:
    """One set of m = 500 of n = 10^6 rows: no failure (4 GB of features)."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1_000_000, 500))
    # Normal columns are nearly orthogonal, so one Cholesky step makes them orthonormal.
    factor = np.linalg.cholesky(features.T @ features)
    features = np.ascontiguousarray(np.linalg.solve(factor, features.T).T)
    found: list[np.ndarray] = []
    spent = seconds(lambda: found.append(SOLVERS["hasten"](features, 0, threads)))
    distinct = len(np.unique(found[0]))
    return [f"one set of 500 of 10^6 rows | {spent:.2f} s, {distinct} distinct rows"]


def samples(_threads: int, _repeats: int) -> list[str]:
    """Quantiles of the error over the best error: repeated sets at n = 2 m and 4 m."""
    rows = []
    for n, limit in ((20, 1.79), (40, 1.23)):
        found = {
            name: np.quantile(error_ratios(name, n), 0.95)
            for name in ("repeated_dpp", "volume", "christoffel")
        }
        note = ", ".join(f"{name} {value:.3g}" for name, value in found.items())
        what = f"95 % quantile of the error over the best, m = 10, n = {n}"
        rows.append(at_most(what, found["repeated_dpp"], 1.2 * limit, note))
    return rows


TARGETS: dict[str, object] = {
    "projection-dpp": projection_dpp,
    "large-projection-dpp": large_projection_dpp,
    "least-squares-samples": samples,
}
