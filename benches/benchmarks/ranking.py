"""Bradley-Terry: time to reach a true error, hasten and its peers on the same games.

The true error of strengths ``s`` is the largest numerical error of any contrast in units of that
contrast's standard error, ``sqrt((s - s*)^T L (s - s*))`` with ``L`` the Laplacian at ``s*``. The
exact ``s*`` comes from the Newton iteration in NumPy and SciPy below: no code of hasten is in it.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph
import scipy.sparse.linalg

import hasten
from hasten.ranking import Comparisons, bradley_terry, datasets

from .common import (
    PROFILE,
)
from .race import _Error, _Finish, _Race, race_params

# ---------------------------------------------------------------- problems


@dataclass
class Problem:
    """Games with an estimate, and the exact estimate found without hasten."""

    left: np.ndarray
    right: np.ndarray
    won: np.ndarray
    n_items: int

    def __post_init__(self) -> None:
        """Aggregate the games."""
        key = np.minimum(self.left, self.right) * self.n_items + np.maximum(self.left, self.right)
        low_won = (self.left < self.right) == self.won
        pairs, which = np.unique(key, return_inverse=True)
        self.low, self.high = np.divmod(pairs, self.n_items)
        games = np.bincount(which)
        self.wins = np.bincount(which, weights=low_won)
        self.losses = games - self.wins

    @functools.cached_property
    def exact(self) -> np.ndarray:
        """The exact estimate."""
        return exact_strength(self)

    @functools.cached_property
    def conductance(self) -> np.ndarray:
        """The Laplacian there, by pair."""
        return self.slopes(self.exact)[1]

    def slopes(self, strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each pair's part of the gradient and of the Laplacian."""
        ahead = strength[self.low] - strength[self.high]
        tail = np.exp(-np.abs(ahead))
        small, large = tail / (1 + tail), 1 / (1 + tail)
        chance, other = np.where(ahead > 0, (large, small), (small, large))
        return self.wins * other - self.losses * chance, (self.wins + self.losses) * chance * other

    def gradient(self, strength: np.ndarray) -> np.ndarray:
        """Return observed minus expected wins of each item."""
        excess = self.slopes(strength)[0]
        return np.bincount(self.low, excess, self.n_items) - np.bincount(
            self.high, excess, self.n_items
        )

    def residual(self, strength: np.ndarray) -> float:
        """Return the largest difference of observed and expected wins."""
        return float(np.abs(self.gradient(strength)).max())

    def true_error(self, strength: np.ndarray) -> float:
        """Return the largest error of a contrast in its standard errors."""
        error = strength - self.exact
        energy = self.conductance * (error[self.low] - error[self.high]) ** 2
        return float(np.sqrt(energy.sum()))


def exact_strength(problem: Problem) -> np.ndarray:
    """Solve by damped Newton steps with SciPy until the step is lost in rounding."""
    strength = np.zeros(problem.n_items)
    last = np.inf
    for _ in range(200):
        gradient = problem.gradient(strength)
        step = newton_step(problem, strength, gradient)
        decrement = np.sqrt(abs(gradient @ step))
        if decrement < 1e-8 and decrement > last / 2:
            return strength - strength.mean()
        last = decrement
        reach = np.abs(step[problem.low] - step[problem.high]).max()
        damping = 1.0 if problem.gradient(strength + step) @ step >= 0 else np.log1p(reach) / reach
        strength += damping * step
    message = "the reference solution did not settle"
    raise RuntimeError(message)


def newton_step(problem: Problem, strength: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solve with the Laplacian: directly where it is small or banded, else by CG."""
    n = problem.n_items
    conductance = problem.slopes(strength)[1]
    off = scipy.sparse.coo_array((conductance, (problem.low, problem.high)), shape=(n, n))
    adjacency = (off + off.T).tocsr()
    laplacian = (scipy.sparse.diags_array(adjacency.sum(axis=1)) - adjacency).tocsr()
    step = np.zeros(n)
    if n <= 3000:
        step[1:] = np.linalg.solve(laplacian[1:, 1:].toarray(), gradient[1:])
    elif n * (problem.high - problem.low).max() < 1e8:
        step[1:] = scipy.sparse.linalg.spsolve(laplacian[1:, 1:].tocsc(), gradient[1:])
    else:
        scale = scipy.sparse.diags_array(1 / laplacian.diagonal())
        step, _ = scipy.sparse.linalg.cg(laplacian, gradient, rtol=1e-12, maxiter=2000, M=scale)
    return step - step.mean()


def largest_group(data: datasets.SyntheticComparisons) -> Problem:
    """Keep the games of the largest group of items that has an estimate."""
    winner = np.where(data.outcome == 1, data.left, data.right)
    loser = np.where(data.outcome == 1, data.right, data.left)
    n = len(data.strength)
    beats = scipy.sparse.coo_array((np.ones(len(winner)), (winner, loser)), shape=(n, n)).tocsr()
    _, label = scipy.sparse.csgraph.connected_components(beats, connection="strong")
    member = label == np.bincount(label).argmax()
    inside = member[data.left] & member[data.right]
    number = np.cumsum(member) - 1
    return Problem(
        left=number[data.left[inside]],
        right=number[data.right[inside]],
        won=data.outcome[inside] == 1,
        n_items=int(member.sum()),
    )


SIZES = {
    "quick": {"power-law": (100, 5_000), "ladder": (100, 10_000)},
    "regular": {"power-law": (1_000, 1_000_000), "ladder": (10_000, 1_000_000)},
    "large": {"power-law": (100_000, 10_000_000), "ladder": (10_000, 1_000_000)},
}
GENERATORS = {"power-law": datasets.make_power_law, "ladder": datasets.make_ladder}


@functools.cache
def make_problem(schedule: str, profile: str = PROFILE) -> Problem:
    """Make the games of one schedule, always the same."""
    n_items, n_games = SIZES[profile][schedule]
    return largest_group(GENERATORS[schedule](n_items, n_games, rng=20261124))


# ---------------------------------------------------------------- solvers
# Each takes a problem and returns ``solve(tolerance) -> strengths``. What a peer needs to have its
# games in the form that it reads fastest is done before, and is not timed.


def use_hasten(problem, n_threads, *, method="auto", names=None, max_iter=None):
    """Measure hasten: ingest, fit and certificate."""
    left = problem.left.astype(np.int32) if names is None else names[problem.left]
    right = problem.right.astype(np.int32) if names is None else names[problem.right]

    def solve(tolerance):
        comparisons = Comparisons.from_arrays(left, right, problem.won, n_threads=n_threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            result = bradley_terry(
                comparisons, method=method, tol=tolerance, max_iter=max_iter, n_threads=n_threads
            )
        # The benchmark's items are 0 .. n-1 and names sort like them.
        return result.strength[np.argsort(result.items)]

    return solve


def use_evalica(problem, _n_threads, *, names=None):
    """Measure evalica.bradley_terry; arrays and a given index were faster than lists."""
    import evalica
    import pandas as pd

    winners = [evalica.Winner.X if won else evalica.Winner.Y for won in problem.won]
    items = np.arange(problem.n_items) if names is None else names
    left, right = items[problem.left], items[problem.right]
    index = pd.RangeIndex(problem.n_items) if names is None else None

    def solve(tolerance):
        scores = evalica.bradley_terry(
            left, right, winners, index=index, tolerance=tolerance, limit=100_000
        ).scores
        return centred_log(scores.reindex(items).to_numpy())

    return solve


def use_choix(problem, _n_threads):
    """Measure choix.ilsr_pairwise."""
    import choix

    winner = np.where(problem.won, problem.left, problem.right).tolist()
    loser = np.where(problem.won, problem.right, problem.left).tolist()
    games = list(zip(winner, loser, strict=True))

    def solve(tolerance):
        strength = choix.ilsr_pairwise(problem.n_items, games, max_iter=1000, tol=tolerance)
        return strength - strength.mean()

    return solve


def use_sklearn(problem, _n_threads):
    """Measure scikit-learn's LogisticRegression on one row a game."""
    from sklearn.linear_model import LogisticRegression

    n_games = len(problem.left)
    columns = np.column_stack([problem.left, problem.right]).ravel()
    signs = np.tile([1.0, -1.0], n_games)
    design = scipy.sparse.csr_array(
        (signs, columns, np.arange(0, 2 * n_games + 1, 2)), shape=(n_games, problem.n_items)
    )

    def solve(tolerance):
        model = LogisticRegression(
            C=np.inf, fit_intercept=False, solver="newton-cg", tol=tolerance, max_iter=1000
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            strength = model.fit(design, problem.won).coef_[0]
        return strength - strength.mean()

    return solve


def use_arena_rank(problem, _n_threads):
    """Measure arena-rank's fit, which compiles in each call; its aggregation is not timed."""
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    games = pd.DataFrame(
        {
            "model_a": problem.left,
            "model_b": problem.right,
            "winner": np.where(problem.won, "model_a", "model_b"),
        }
    )
    dataset = PairDataset.from_pandas(games)

    def solve(tolerance):
        model = BradleyTerry(problem.n_items, gtol=tolerance, ftol=0.0).fit(dataset)
        strength = np.asarray(model.params["ratings"])
        return strength - strength.mean()

    solve(1e-3)
    return solve


def use_scipy(problem, _n_threads):
    """Measure the plain way: numpy.unique on packed keys, then L-BFGS-B on the pairs."""
    import scipy.optimize

    def solve(tolerance):
        low, high, wins, losses = aggregate_with_numpy(problem)

        def objective(strength):
            ahead = strength[low] - strength[high]
            value = wins @ np.logaddexp(0, -ahead) + losses @ np.logaddexp(0, ahead)
            excess = losses - (wins + losses) / (1 + np.exp(ahead))
            gradient = np.bincount(low, excess, problem.n_items)
            return value, gradient - np.bincount(high, excess, problem.n_items)

        options = {"maxiter": 10_000, "maxfun": 20_000, "gtol": tolerance, "ftol": 0.0}
        found = scipy.optimize.minimize(
            objective, np.zeros(problem.n_items), jac=True, method="L-BFGS-B", options=options
        )
        return found.x - found.x.mean()

    return solve


def aggregate_with_numpy(problem):
    """Count wins and losses of each pair that met."""
    low, high = np.minimum(problem.left, problem.right), np.maximum(problem.left, problem.right)
    pairs, which = np.unique(low * problem.n_items + high, return_inverse=True)
    wins = np.bincount(which, weights=(problem.left < problem.right) == problem.won)
    return *np.divmod(pairs, problem.n_items), wins, np.bincount(which) - wins


def centred_log(scores):
    """Turn scores with products of odds into centred strengths."""
    with np.errstate(divide="ignore"):
        strength = np.log(scores)
    return strength - strength.mean()


SOLVERS = {
    "hasten": use_hasten,
    "evalica": use_evalica,
    "choix": use_choix,
    "scikit-learn": use_sklearn,
    "arena-rank": use_arena_rank,
    "scipy": use_scipy,
}
MODULES = {"scikit-learn": "sklearn", "arena-rank": "arena_rank"}


def is_installed(solver: str) -> bool:
    """Say whether a solver can be measured here."""
    return find_spec(MODULES.get(solver, solver)) is not None


INSTALLED = [name for name in SOLVERS if is_installed(name)]


# ---------------------------------------------------------------- asv


class _OnGames(_Race):
    """Games and the loosest tolerance at which each solver reaches the true error TARGET."""

    SOLVERS = SOLVERS
    params = race_params(INSTALLED, GENERATORS)

    def make_problem(self, kind):
        """Make the problem of one kind."""
        return make_problem(kind)

    def setup_cache(self):
        """Find the tolerance of each solver once."""
        return self.find(INSTALLED, GENERATORS)


class BradleyTerry(_Finish, _OnGames):
    """Time and memory to the target."""


class BradleyTerryError(_Error, _OnGames):
    """Which error each solver reached."""


class BradleyTerryRatio(_OnGames):
    """The time of hasten over that of a peer, both to the target, interleaved in one process."""

    params = (["hasten"], *_OnGames.params[1:])

    def track_ratio_vs_evalica(self, found, _solver, schedule, threads):
        """Return the ratio to evalica."""
        return self.ratio(found, "evalica", schedule, threads)

    def track_ratio_vs_choix(self, found, _solver, schedule, threads):
        """Return the ratio to choix."""
        return self.ratio(found, "choix", schedule, threads)

    def track_ratio_vs_sklearn(self, found, _solver, schedule, threads):
        """Return the ratio to scikit-learn."""
        return self.ratio(found, "scikit-learn", schedule, threads)

    def track_ratio_vs_arena_rank(self, found, _solver, schedule, threads):
        """Return the ratio to arena-rank."""
        return self.ratio(found, "arena-rank", schedule, threads)
