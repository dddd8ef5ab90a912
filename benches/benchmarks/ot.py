"""Entropic optimal transport: time to reach a true error, hasten and its peers on one cost.

The true error is the L1 error of both marginals relative to the mass, recomputed in float64 with
NumPy from the potentials or the plan that a solver returns: no solver's own figure is in it.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

import hasten
from hasten.ot import sinkhorn, sinkhorn_points

from .common import PROFILE
from .race import _Error, _Finish, _Race, race_params

# ---------------------------------------------------------------- problems


@dataclass
class Problem:
    """Weights, a cost and the strength of the entropy."""

    a: np.ndarray
    b: np.ndarray
    cost: np.ndarray
    reg: float

    def true_error(self, answer: np.ndarray | tuple[np.ndarray, np.ndarray]) -> float:
        """Return the L1 error of both marginals over the mass.

        An answer is a plan, or a pair of potentials in log units: the plan is then
        ``exp(phi_i + psi_j - cost_ij / reg)``.
        """
        plan = answer
        if isinstance(answer, tuple):
            phi, psi = (np.asarray(part, dtype=np.float64) for part in answer)
            plan = np.exp(phi[:, None] + psi - self.cost / self.reg)
        error = np.abs(plan.sum(axis=1) - self.a).sum() + np.abs(plan.sum(axis=0) - self.b).sum()
        return float(error / self.a.sum()) if np.isfinite(error) else np.inf


def make_assignment(n: int, reg: float) -> Problem:
    """Make a random assignment problem (Tang et al. 2024): uniform costs, equal weights."""
    cost = np.random.default_rng(0).random((n, n))
    return Problem(np.full(n, 1 / n), np.full(n, 1 / n), cost, reg)


def make_digits(side: int, power: int, reg: float) -> Problem:
    """Make two images of digits on a grid; the cost is a power of the L1 or L2 distance."""
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    weights = []
    for image in load_digits().images[:2]:
        grey = np.clip(zoom(image, side / 8, order=1), 0, None) + 0.16
        weights.append((grey / grey.sum()).ravel())
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1)
    grid = grid.reshape(-1, 2) / (side - 1)
    difference = np.abs(grid[:, None] - grid)
    cost = (difference**power).sum(axis=-1)
    return Problem(*weights, cost / cost.max(), reg)


def make_points(n: int, d: int, reg: float) -> Problem:
    """Make two clouds of normal points; the cost is the squared distance over its maximum."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    cost = ((X[:, None] - Y) ** 2).sum(axis=-1)
    return Problem(np.full(n, 1 / n), np.full(n, 1 / n), cost / cost.max(), reg)


# The published strength of the entropy is 1/1200; quick runs are only to see that they run.
PROBLEMS = {
    "quick": {
        "lap": lambda: make_assignment(60, 1 / 20),
        "digits-w1": lambda: make_digits(8, 1, 1 / 10),
    },
    "regular": {
        "lap": lambda: make_assignment(500, 1 / 1200),
        "digits-w2": lambda: make_digits(28, 2, 1 / 1200),
        "digits-w1": lambda: make_digits(28, 1, 1 / 1200),
        "empirical": lambda: make_points(500, 5, 1 / 1200),
    },
    "large": {
        "lap": lambda: make_assignment(4000, 1 / 1200),
        "digits-w2": lambda: make_digits(64, 2, 1 / 1200),
        "digits-w1": lambda: make_digits(64, 1, 1 / 1200),
        "empirical": lambda: make_points(4000, 5, 1 / 1200),
    },
}


@functools.cache
def make_problem(kind: str, profile: str = PROFILE) -> Problem:
    """Make one problem, always the same."""
    return PROBLEMS[profile][kind]()


# ---------------------------------------------------------------- solvers
# Each takes a problem and returns ``solve(tolerance, max_iter) -> answer``. What a peer needs to
# have its arrays in the form that it reads fastest is done before, and is not timed.

MAX_ITER = {"quick": 500, "regular": 10_000, "large": 1000}[PROFILE]


def use_hasten(problem, n_threads, *, method="auto", dtype=np.float64):
    """Measure hasten: validation, solve and certificate."""
    cost = problem.cost.astype(dtype)

    def solve(tolerance, max_iter=MAX_ITER):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            result = sinkhorn(
                problem.a,
                problem.b,
                cost,
                reg=problem.reg,
                method=method,
                tol=tolerance,
                max_iter=max_iter,
                n_threads=n_threads,
            )
        return log_potentials(problem, result.f / problem.reg, result.g / problem.reg)

    return solve


def log_potentials(problem, f, g):
    """Turn potentials relative to the product of the weights, over ``reg``, into log units."""
    with np.errstate(divide="ignore"):
        return f + np.log(problem.a), g + np.log(problem.b)


def use_pot(problem, _n_threads, *, method="sinkhorn"):
    """Measure a solver of POT."""
    import ot

    keys = {"sinkhorn": ("u", "v"), "sinkhorn_log": ("log_u", "log_v")}.get(method)

    def solve(tolerance, max_iter=MAX_ITER):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            plan, log = ot.sinkhorn(
                problem.a,
                problem.b,
                problem.cost,
                problem.reg,
                method=method,
                numItermax=max_iter,
                stopThr=tolerance,
                log=True,
            )
            if keys is None:
                return plan
            left, right = (log[key] for key in keys)
            return (np.log(left), np.log(right)) if method == "sinkhorn" else (left, right)

    return solve


def use_regot(problem, _n_threads, *, solver="sinkhorn_ssns"):
    """Measure a solver of regot, which wants column-major costs and returns plans."""
    import regot

    cost = np.asfortranarray(problem.cost)

    def solve(tolerance, max_iter=MAX_ITER):
        found = getattr(regot, solver)(
            cost, problem.a, problem.b, problem.reg, tol=tolerance, max_iter=max_iter
        )
        return found.plan

    return solve


def use_ott(problem, _n_threads):
    """Measure OTT-JAX in the log domain, on the CPU in float64; compiling is not timed."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    from ott.geometry.geometry import Geometry
    from ott.solvers import linear

    arrays = [jax.numpy.asarray(part) for part in (problem.cost, problem.a, problem.b)]

    @functools.cache
    def compiled(tolerance, max_iter):
        @jax.jit
        def run(cost, a, b):
            geometry = Geometry(cost_matrix=cost, epsilon=problem.reg)
            found = linear.solve(
                geometry, a, b, lse_mode=True, threshold=tolerance, max_iterations=max_iter
            )
            return found.f / problem.reg, found.g / problem.reg

        run(*arrays)[0].block_until_ready()
        return run

    def solve(tolerance, max_iter=MAX_ITER):
        f, g = compiled(tolerance, max_iter)(*arrays)
        return np.asarray(f), np.asarray(g)

    return solve


SOLVERS = {
    "hasten": use_hasten,
    "hasten-sns": functools.partial(use_hasten, method="sns"),
    "hasten-sinkhorn": functools.partial(use_hasten, method="sinkhorn"),
    "hasten-log": functools.partial(use_hasten, method="log"),
    "hasten-float32": functools.partial(use_hasten, dtype=np.float32),
    "pot-sinkhorn": use_pot,
    "pot-sinkhorn_log": functools.partial(use_pot, method="sinkhorn_log"),
    "pot-sinkhorn_stabilized": functools.partial(use_pot, method="sinkhorn_stabilized"),
    "regot-ssns": use_regot,
    "regot-splr": functools.partial(use_regot, solver="sinkhorn_splr"),
    "ott-lse": use_ott,
}
MODULES = {"hasten": "hasten", "pot": "ot", "regot": "regot", "ott": "ott"}


def is_installed(solver: str) -> bool:
    """Say whether a solver can be measured here."""
    return find_spec(MODULES[solver.partition("-")[0]]) is not None


INSTALLED = [name for name in SOLVERS if is_installed(name)]


# ---------------------------------------------------------------- points


def make_clouds(n: int, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Make two clouds of uniform points in the unit cube, the second one shifted."""
    rng = np.random.default_rng(0)
    return rng.random((n, d)), rng.random((n, d)) + 0.1


def use_hasten_points(X, Y, reg, n_threads, *, method="log"):
    """Measure hasten without a stored cost."""

    def solve(max_iter):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            return sinkhorn_points(
                X, Y, reg=reg, method=method, tol=1e-300, max_iter=max_iter, n_threads=n_threads
            )

    return solve


def use_pot_points(X, Y, reg, _n_threads):
    """Measure POT's lazy solver at the fastest of the block sizes that were tried."""
    import ot

    def solve(max_iter):
        return ot.bregman.empirical_sinkhorn(
            X, Y, reg, isLazy=True, batchSize=500, numIterMax=max_iter, stopThr=0.0, warn=False
        )

    return solve


# ---------------------------------------------------------------- asv


class _OnCosts(_Race):
    """Costs and the loosest tolerance at which each solver reaches the true error TARGET."""

    SOLVERS = SOLVERS
    TARGET = 1e-9
    params = race_params(INSTALLED, PROBLEMS[PROFILE])

    def make_problem(self, kind):
        """Make the problem of one kind."""
        return make_problem(kind)

    def setup_cache(self):
        """Find the tolerance of each solver once."""
        return self.find(INSTALLED, PROBLEMS[PROFILE])


class Sinkhorn(_Finish, _OnCosts):
    """Time and memory to the target."""


class SinkhornError(_Error, _OnCosts):
    """Which error each solver reached."""

    unit = "L1 marginal error over the mass"


class SinkhornRatio(_OnCosts):
    """The time of hasten over that of a peer, both to the target, interleaved in one process."""

    params = (["hasten"], *_OnCosts.params[1:])

    def track_ratio_vs_pot(self, found, _solver, kind, threads):
        """Return the ratio to POT's `sinkhorn`."""
        return self.ratio(found, "pot-sinkhorn", kind, threads)

    def track_ratio_vs_regot(self, found, _solver, kind, threads):
        """Return the ratio to regot's `sinkhorn_ssns`."""
        return self.ratio(found, "regot-ssns", kind, threads)

    def track_ratio_vs_ott(self, found, _solver, kind, threads):
        """Return the ratio to OTT-JAX in the log domain."""
        return self.ratio(found, "ott-lse", kind, threads)


class PointClouds:
    """Passes over two clouds of points whose cost is never stored."""

    params = ({"quick": [500], "regular": [20_000], "large": [20_000, 100_000]}[PROFILE],)
    param_names = ("n",)
    timeout = 3600

    def setup(self, n):
        """Make the clouds."""
        self.solve = use_hasten_points(*make_clouds(n), 0.01, 1)

    def time_one_pass(self, _n):
        """Seconds of one pass, with validation and certificate."""
        self.solve(1)

    def peakmem_one_pass(self, _n):
        """Peak memory of the process, the clouds included."""
        self.solve(1)
