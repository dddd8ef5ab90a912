"""Plackett-Luce: time to reach a true error, hasten and its peers on the same rankings.

The true error of strengths ``s`` is the largest numerical error of any contrast in units of that
contrast's standard error, ``sqrt((s - s*)^T H (s - s*))`` with ``H`` the information at ``s*``. The
exact ``s*`` comes from the Newton iteration in NumPy and SciPy below: no code of hasten is in it.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg

import hasten
from hasten.ranking import datasets, plackett_luce

from .common import PROFILE
from .race import _Error, _Finish, _Race, race_params
from .ranking import is_installed

# ---------------------------------------------------------------- problems


@dataclass
class Problem:
    """Whole rankings of sets of one size, and the exact estimate found without hasten."""

    orderings: np.ndarray
    n_items: int
    exact: np.ndarray = field(init=False)
    information: scipy.sparse.csr_array = field(init=False)

    def __post_init__(self) -> None:
        """Solve."""
        self.exact = exact_strength(self)
        self.information = self.derivatives(self.exact)[1]

    def gradient(self, strength: np.ndarray) -> np.ndarray:
        """Return observed minus expected choices of each item."""
        gradient = np.zeros(self.n_items)
        for chance in self.chances(strength):
            left = self.orderings[:, -chance.shape[1] :]
            gradient += np.bincount(left[:, 0], minlength=self.n_items)
            gradient -= np.bincount(left.ravel(), chance.ravel(), self.n_items)
        return gradient

    def derivatives(self, strength: np.ndarray) -> tuple[np.ndarray, scipy.sparse.csr_array]:
        """Return the gradient and the information."""
        shape = (self.n_items, self.n_items)
        total = scipy.sparse.csr_array(shape)
        for chance in self.chances(strength):
            left = self.orderings[:, -chance.shape[1] :]
            rows = np.repeat(left, chance.shape[1], axis=1).ravel()
            columns = np.tile(left, chance.shape[1]).ravel()
            joint = (chance[:, :, None] * chance[:, None, :]).ravel()
            total -= scipy.sparse.coo_array((joint, (rows, columns)), shape=shape).tocsr()
            diagonal = np.bincount(left.ravel(), chance.ravel(), self.n_items)
            total += scipy.sparse.diags_array(diagonal).tocsr()
        return self.gradient(strength), total

    def chances(self, strength: np.ndarray) -> list[np.ndarray]:
        """Return the probabilities of each choice, from the first to the last."""
        ranked = strength[self.orderings]
        found = []
        for v in range(ranked.shape[1] - 1):
            worth = np.exp(ranked[:, v:] - ranked[:, v:].max(axis=1, keepdims=True))
            found.append(worth / worth.sum(axis=1, keepdims=True))
        return found

    def residual(self, strength: np.ndarray) -> float:
        """Return the largest difference of observed and expected choices."""
        return float(np.abs(self.gradient(strength)).max())

    def true_error(self, strength: np.ndarray) -> float:
        """Return the largest error of a contrast in its standard errors."""
        error = strength - self.exact
        error -= error.mean()
        return float(np.sqrt(max(error @ (self.information @ error), 0.0)))


def exact_strength(problem: Problem) -> np.ndarray:
    """Solve by damped Newton steps with SciPy until the step is lost in rounding."""
    strength = np.zeros(problem.n_items)
    last = np.inf
    for _ in range(200):
        gradient, information = problem.derivatives(strength)
        step = np.zeros(problem.n_items)
        grounded = information[1:, 1:].tocsc()
        step[1:] = scipy.sparse.linalg.spsolve(grounded, gradient[1:])
        decrement = np.sqrt(abs(gradient @ step))
        if decrement < 1e-8 and decrement > last / 2:
            return strength - strength.mean()
        last = decrement
        reach = np.ptp(step[problem.orderings], axis=1).max()
        full = problem.gradient(strength + step) @ step >= 0
        strength += step if full else np.log1p(reach) / reach * step
    message = "the reference solution did not settle"
    raise RuntimeError(message)


def largest_group(data: datasets.SyntheticRankings) -> Problem:
    """Keep the rankings that lie in the largest group of items that has an estimate."""
    n = len(data.strength)
    upper, lower = data.orderings[:, :-1].ravel(), data.orderings[:, 1:].ravel()
    beats = scipy.sparse.coo_array((np.ones(len(upper)), (upper, lower)), shape=(n, n)).tocsr()
    _, label = scipy.sparse.csgraph.connected_components(beats, connection="strong")
    member = label == np.bincount(label).argmax()
    inside = member[data.orderings].all(axis=1)
    number = np.cumsum(member) - 1
    return Problem(orderings=number[data.orderings[inside]], n_items=int(member.sum()))


SIZES = {
    "quick": {"uniform": (100, 1_000), "local": (100, 2_000)},
    "regular": {"uniform": (2_000, 20_000), "local": (2_000, 40_000)},
    "large": {"uniform": (20_000, 1_000_000), "local": (20_000, 1_000_000)},
}
GENERATORS = {"uniform": datasets.make_rankings, "local": datasets.make_local_rankings}


@functools.cache
def make_problem(schedule: str, profile: str = PROFILE) -> Problem:
    """Make the rankings of one schedule, always the same."""
    n_items, n_rankings = SIZES[profile][schedule]
    return largest_group(GENERATORS[schedule](n_items, n_rankings, rng=20261125))


# ---------------------------------------------------------------- solvers
# Each takes a problem and returns ``solve(tolerance) -> strengths``. What a peer needs to have its
# rankings in the form that it reads fastest is done before, and is not timed.


def use_hasten(problem, n_threads):
    """Measure hasten: ingest, fit and certificate."""
    orderings = problem.orderings.astype(np.int32)

    def solve(tolerance):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            return plackett_luce(orderings, tol=tolerance, n_threads=n_threads).strength

    return solve


def use_choix(problem, iteration):
    """Measure an iteration of choix, which raises where it does not converge in time."""
    rankings = problem.orderings.tolist()

    def solve(tolerance):
        strength = iteration(problem.n_items, rankings, max_iter=100_000, tol=tolerance)
        return strength - strength.mean()

    return solve


def use_choix_mm(problem, _n_threads):
    """Measure choix.mm_rankings."""
    import choix

    return use_choix(problem, choix.mm_rankings)


def use_choix_ilsr(problem, _n_threads):
    """Measure choix.ilsr_rankings."""
    import choix

    return use_choix(problem, choix.ilsr_rankings)


SOLVERS = {"hasten": use_hasten, "choix-mm": use_choix_mm, "choix-ilsr": use_choix_ilsr}
INSTALLED = [name for name in SOLVERS if is_installed(name.split("-")[0])]


# ---------------------------------------------------------------- asv


class _OnRankings(_Race):
    """Rankings and the loosest tolerance at which each solver reaches the true error TARGET."""

    SOLVERS = SOLVERS
    params = race_params(INSTALLED, GENERATORS)

    def make_problem(self, kind):
        """Make the problem of one kind."""
        return make_problem(kind)

    def setup_cache(self):
        """Find the tolerance of each solver once."""
        return self.find(INSTALLED, GENERATORS)


class PlackettLuce(_Finish, _OnRankings):
    """Time and memory to the target."""


class PlackettLuceError(_Error, _OnRankings):
    """Which error each solver reached."""


class PlackettLuceRatio(_OnRankings):
    """The time of hasten over that of a peer, both to the target, interleaved in one process."""

    params = (["hasten"], *_OnRankings.params[1:])

    def track_ratio_vs_choix_mm(self, found, _solver, schedule, threads):
        """Return the ratio to choix.mm_rankings."""
        return self.ratio(found, "choix-mm", schedule, threads)

    def track_ratio_vs_choix_ilsr(self, found, _solver, schedule, threads):
        """Return the ratio to choix.ilsr_rankings."""
        return self.ratio(found, "choix-ilsr", schedule, threads)
