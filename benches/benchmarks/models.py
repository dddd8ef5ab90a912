"""Models of ties and inference: hasten beside evalica's Newman and arena-rank's bootstrap."""

from __future__ import annotations

import functools
import warnings

import numpy as np

import hasten
from hasten.ranking import Comparisons, bradley_terry, datasets

from .common import PROFILE, limited_threads, thread_counts
from .ranking import centred_log, is_installed

SIZES = {
    "quick": (50, 5_000),
    "regular": (1_000, 1_000_000),
    "large": (100_000, 10_000_000),
}


class Votes:
    """Games of which some are tied, drawn from Davidson's model with nu = 0.4."""

    def __init__(self, n_items: int, n_games: int) -> None:
        """Draw the games, always the same."""
        data = datasets.make_power_law(n_items, n_games, rng=20261125)
        self.n_items = n_items
        self.left, self.right = data.left.astype(np.int32), data.right.astype(np.int32)
        half = (data.strength[data.left] - data.strength[data.right]) / 2
        weights = np.stack([np.exp(half), np.exp(-half), np.full(len(half), 0.8)])
        edges = np.cumsum(weights, axis=0) / weights.sum(axis=0)
        uniform = np.random.default_rng(20261126).random(len(half))
        self.outcome = np.select([uniform < edges[0], uniform < edges[1]], [1.0, 0.0], 0.5)

    def comparisons(self, threads: int) -> Comparisons:
        """Aggregate the games of the largest group that has an estimate."""
        games = Comparisons.from_arrays(self.left, self.right, self.outcome, n_threads=threads)
        report = games.components()
        return games if report.n_components == 1 else games.select(report.largest)


@functools.cache
def make_votes(profile: str = PROFILE) -> Votes:
    """Make the games of one size."""
    return Votes(*SIZES[profile])


def use_hasten(votes: Votes, threads: int):
    """Measure hasten: ingest, Davidson's model and certificate."""

    def solve(tolerance):
        games = Comparisons.from_arrays(votes.left, votes.right, votes.outcome, n_threads=threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hasten.ConvergenceWarning)
            return bradley_terry(games, ties="davidson", tol=tolerance, n_threads=threads).strength

    return solve


def use_evalica(votes: Votes, _threads: int):
    """Measure evalica.newman, which models ties in the same way, with arrays and an index."""
    import evalica
    import pandas as pd

    code = {1.0: evalica.Winner.X, 0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw}
    winners = [code[value] for value in votes.outcome.tolist()]
    index = pd.RangeIndex(votes.n_items)

    def solve(tolerance):
        scores = evalica.newman(
            votes.left, votes.right, winners, index=index, tolerance=tolerance, limit=10_000
        ).scores
        return centred_log(scores.reindex(index).to_numpy())

    return solve


SOLVERS = {"hasten": use_hasten, "evalica": use_evalica}


def use_arena_rank_bootstrap(votes: Votes):
    """Return a function that fits one resampled set of counts with arena-rank."""
    import jax
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry, fit_single_bootstrap_sample
    from arena_rank.utils.data_utils import PairDataset

    names = np.select([votes.outcome == 1, votes.outcome == 0], ["model_a", "model_b"], "tie")
    table = pd.DataFrame({"model_a": votes.left, "model_b": votes.right, "winner": names})
    dataset = PairDataset.from_pandas(table)
    model = BradleyTerry(votes.n_items).fit(dataset)
    total = dataset.counts.sum()

    def replicate(number):
        counts = jax.random.multinomial(
            key=jax.random.PRNGKey(number),
            n=int(total),
            p=dataset.counts / total,
            shape=dataset.counts.shape,
            dtype=model.dtype,
        )
        return np.asarray(fit_single_bootstrap_sample(counts, model, dataset)["ratings"])

    return replicate


# ---------------------------------------------------------------- asv


class Davidson:
    """Time of a fit of ties as outcomes of their own, at each solver's tolerance of 1e-6."""

    params = ([name for name in SOLVERS if is_installed(name)], list(thread_counts()))
    param_names = ("solver", "threads")
    timeout = 3600

    def setup(self, solver, threads):
        """Prepare the solver's input."""
        self.limit = limited_threads(threads)
        self.limit.__enter__()
        self.solve = SOLVERS[solver](make_votes(), threads)

    def teardown(self, *_):
        """Give the cores back."""
        self.limit.__exit__(None, None, None)

    def time_fit(self, *_):
        """Seconds from arrays to strengths."""
        self.solve(1e-6)


class Inference:
    """Time of what follows a fit, the fit not included."""

    params = (list(thread_counts()),)
    param_names = ("threads",)
    timeout = 3600

    def setup(self, threads):
        """Fit once."""
        self.limit = limited_threads(threads)
        self.limit.__enter__()
        self.result = bradley_terry(make_votes().comparisons(threads), n_threads=threads)

    def teardown(self, *_):
        """Give the cores back."""
        self.limit.__exit__(None, None, None)

    def time_standard_error(self, *_):
        """Model errors of all items."""
        self.fresh().standard_error()

    def time_sandwich(self, *_):
        """Sandwich errors of all items."""
        self.fresh().standard_error(kind="sandwich")

    def time_bootstrap(self, *_):
        """Ten replicates."""
        self.result.bootstrap(10, rng=0)

    def time_rank_sets(self, *_):
        """Rank sets that cover all items together."""
        self.result.rank_sets(rng=0)

    def fresh(self):
        """Return the result without what it has computed before."""
        self.result.__dict__.pop("_all_errors", None)
        return self.result
