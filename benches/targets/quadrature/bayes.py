"""The targets of `hasten.quadrature`: Bayesian quadrature."""

from __future__ import annotations

import numpy as np
from benchmarks.common import interleaved, limited_threads
from benchmarks.quadrature_bayes import make_nodes, use_dense, use_hasten

from hasten.quadrature import bayes_quad
from targets.report import at_most, verdict

PEERS: tuple[str, ...] = ("numpy", "scipy")

#: Target of the specification: seconds for 1e5 nodes, where a dense matrix would take 80 GB.
SECONDS = 0.1


def large_line(threads: int, repeats: int) -> list[str]:
    """Weights of 1e5 nodes, evenly spaced and random, one thread: under 0.1 s."""
    rows = []
    with limited_threads(1):
        for spacing in ("even", "random"):
            nodes = make_nodes(100_000, spacing)
            best = interleaved({"hasten": lambda nodes=nodes: use_hasten(nodes)}, repeats)
            what = f"seconds of the weights of 1e5 {spacing} nodes"
            rows.append(at_most(what, best["hasten"], SECONDS, _error(use_hasten, nodes)))
    for spacing in ("even", "random"):
        nodes = make_nodes(100_000, spacing)
        values = np.sin(9 * nodes) + nodes
        calls = {
            "free": lambda x=nodes, y=values: bayes_quad(
                y, x, domain=(0.0, 1.0), nu="auto", n_threads=threads
            )
        }
        best = interleaved(calls, min(repeats, 2))
        what = f"seconds of bayes_quad with its certificate, 1e5 {spacing} nodes"
        rows.append(at_most(what, best["free"], None, f"{threads} threads"))
    return rows


def dense(_threads: int, repeats: int) -> list[str]:
    """Weights of 2000 nodes: against a dense solve with jitter in SciPy."""
    rows = []
    with limited_threads(1):
        for spacing in ("even", "random"):
            nodes = make_nodes(2000, spacing)
            calls = {
                "ours": lambda nodes=nodes: use_hasten(nodes),
                "dense": lambda nodes=nodes: use_dense(nodes),
            }
            best = interleaved(calls, repeats)
            note = (
                f"{1e3 * best['ours']:.3g} ms, {_error(use_hasten, nodes)}, against "
                f"{1e3 * best['dense']:.3g} ms, {_error(use_dense, nodes)}"
            )
            what = f"filter / dense solve with jitter, 2000 {spacing} nodes"
            rows.append(verdict(what, best["ours"] / best["dense"], 4, note))
    return rows


def _error(solve, nodes: np.ndarray) -> str:
    return f"error of int exp {abs(solve(nodes) @ np.exp(nodes) - (np.e - 1)):.0e}"


TARGETS: dict[str, object] = {"bayes-line": large_line, "bayes-dense": dense}
