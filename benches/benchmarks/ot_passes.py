"""Entropic optimal transport: the time of one pass over the cost, beside peers and bandwidth.

The time of a pass is the difference of two runs of different length over the difference of their
lengths, so that validation, the kernel and the certificate, which each run does once, drop out.
"""

from __future__ import annotations

import functools

import numpy as np

from .common import PROFILE, interleaved, limited_threads, thread_counts
from .ot import INSTALLED, Problem, use_hasten
from .ot import SOLVERS as ALL_SOLVERS

# Nothing converges, in float32 neither, within the longer run at this strength of the entropy; no
# scaling leaves the range of the kernel, and no entry of it is subnormal.
REG = 1 / 100
PASSES = {"quick": (2, 12), "regular": (20, 120), "large": (20, 60)}
SIZES = {"quick": [60], "regular": [1000, 4000], "large": [1000, 4000, 10_000]}
SOLVERS = {
    "hasten-sinkhorn-float32": functools.partial(use_hasten, method="sinkhorn", dtype=np.float32),
    "hasten-log-float32": functools.partial(use_hasten, method="log", dtype=np.float32),
    **{
        name: ALL_SOLVERS[name]
        for name in INSTALLED
        if name in {"hasten-sinkhorn", "hasten-log"} or name.startswith(("pot-", "ott-"))
    },
}
_NEVER = 1e-300


@functools.cache
def make_problem(n):
    """Make one problem, always the same: points in the plane, city-block distance."""
    rng = np.random.default_rng(0)
    X, Y = rng.random((2, n, 2))
    cost = sum(np.abs(X[:, k, None] - Y[:, k]) for k in range(2))
    a, b = rng.uniform(0.1, 1.1, (2, n))
    return Problem(a / a.sum(), b / b.sum(), cost / cost.max(), REG)


def seconds_per_pass(solves, passes, repeats):
    """Time runs of two lengths, all in turns, and return the time that one more pass takes."""
    calls = {
        (name, count): functools.partial(solve, _NEVER, count)
        for name, solve in solves.items()
        for count in passes
    }
    best = interleaved(calls, repeats)
    few, many = passes
    return {name: (best[name, many] - best[name, few]) / (many - few) for name in solves}


def bandwidth_calls(array):
    """Return what reads an array once, in several ways, and what copies it."""
    flat, other = array.ravel(), np.empty_like(array)
    ones = np.ones(array.shape[1], dtype=array.dtype)
    return {
        "sum": array.sum,
        "dot": lambda: flat @ flat,
        "product": lambda: array @ ones,
        "copy": lambda: np.copyto(other, array),
    }


class OnePass:
    """Seconds of one more iteration: two marginals made right."""

    params = (list(SOLVERS), SIZES[PROFILE], list(thread_counts()))
    param_names = ("solver", "n", "threads")
    timeout = 3600
    unit = "s"

    def track_seconds(self, solver, n, threads):
        """Return the time."""
        with limited_threads(threads):
            solve = SOLVERS[solver](make_problem(n), threads)
            repeats = 1 if PROFILE == "quick" else 5
            return seconds_per_pass({solver: solve}, PASSES[PROFILE], repeats)[solver]


class Bandwidth:
    """Reading an array of the size of the kernel once, and copying it."""

    params = (["sum", "dot", "product", "copy"], SIZES[PROFILE])
    param_names = ("how", "n")

    def setup(self, how, n):
        """Make the array."""
        self.call = bandwidth_calls(make_problem(n).cost)[how]

    def time_once(self, *_):
        """Seconds."""
        self.call()
