"""Calls of `hasten.ranking`."""

import numpy as np

from hasten import ranking

from . import Case

N_ITEMS, N_GAMES = 2000, 200_000


def _pairs():
    """Return pairs of different items that connect everybody both ways, winner first."""
    rng = np.random.default_rng(20)
    left = rng.integers(0, N_ITEMS, N_GAMES)
    right = (left + rng.integers(1, N_ITEMS, N_GAMES)) % N_ITEMS
    ring = np.arange(N_ITEMS)
    return np.stack(
        [np.concatenate([left, ring]), np.concatenate([right, np.roll(ring, -1)])], axis=1
    )


def _games():
    pairs = _pairs()
    rng = np.random.default_rng(21)
    # The ring of wins stays whole; before it, draws among wins, losses and ties.
    outcome = np.append(rng.choice([0.0, 0.5, 1.0], N_GAMES), np.ones(N_ITEMS))
    return {
        "left": pairs[:, 0],
        "right": pairs[:, 1],
        "outcome": outcome,
        "weight": rng.uniform(0.5, 2.0, len(outcome)),
    }


def _comparisons():
    return ranking.Comparisons.from_arrays(**_games())


def _bradley_terry(comparisons, init, n_threads=None):
    result = ranking.bradley_terry(comparisons, init=init, trace=True, n_threads=n_threads)
    # Computed on first access, so pickles and comparisons include them from here on.
    result.standard_error()
    return result


def _standard_error(comparisons, n_threads=None):
    return ranking.bradley_terry(comparisons, n_threads=n_threads).confidence_interval()


def _estimator(X, y, sample_weight, n_threads=None):
    model = ranking.BradleyTerry(n_threads=n_threads)
    return model.fit(X, y, sample_weight=sample_weight)


def _estimator_data():
    games = _games()
    X = np.stack([games["left"], games["right"]], axis=1)
    return {"X": X, "y": games["outcome"], "sample_weight": games["weight"]}


def _endless_games():
    """Return a ring on which sweeps need millions of passes, because news travels hand to hand."""
    n_items = 100_000
    ring = np.arange(n_items)
    games = [(ring, (ring + step) % n_items) for step in (1, 2, n_items - 1, n_items - 2)]
    left, right = (np.concatenate(side) for side in zip(*games, strict=True))
    weight = np.random.default_rng(22).uniform(0.5, 2.0, len(left))
    return left, right, weight


def _endless_function():
    left, right, weight = _endless_games()
    comparisons = ranking.Comparisons.from_arrays(left, right, weight=weight)
    return lambda: ranking.bradley_terry(
        comparisons, method="newman", tol=1e-9, max_iter=10**9, n_threads=2
    )


def _endless_estimator():
    left, right, weight = _endless_games()
    comparisons = ranking.Comparisons.from_arrays(left, right, weight=weight)
    model = ranking.BradleyTerry(method="newman", tol=1e-9, max_iter=10**9, n_threads=1)
    return lambda: model.fit(comparisons)


def _orderings():
    rng = np.random.default_rng(23)
    orderings = np.argsort(rng.random((20_000, 40)), axis=1)[:, :6]
    return {"orderings": orderings, "weight": rng.uniform(0.5, 2.0, len(orderings))}


def _rankings():
    return ranking.Rankings.from_orderings(**_orderings())


def _plackett_luce(rankings, init, n_threads=None):
    result = ranking.plackett_luce(rankings, init=init, trace=True, n_threads=n_threads)
    # Computed on first access, so pickles and comparisons include them from here on.
    result.standard_error()
    return result


def _plackett_luce_data():
    return {"rankings": _orderings()["orderings"], "init": np.linspace(-1.0, 1.0, 40)}


def _rankings_estimator(rankings, sample_weight, n_threads=None):
    model = ranking.PlackettLuce(n_threads=n_threads)
    return model.fit(rankings, sample_weight=sample_weight)


def _rankings_estimator_data():
    data = _orderings()
    return {"rankings": data["orderings"], "sample_weight": data["weight"]}


def _endless_rankings():
    """Return choices on a ring, on which sweeps need millions of passes."""
    n_items = 100_000
    ring = np.arange(n_items)
    triples = np.stack([ring, (ring + 1) % n_items, (ring + 2) % n_items], axis=1)
    orderings = np.concatenate([np.roll(triples, k, axis=1) for k in range(3)])
    weight = np.random.default_rng(24).uniform(0.5, 2.0, len(orderings))
    return ranking.Rankings.from_orderings(orderings, top=1, weight=weight)


def _endless_plackett_luce():
    rankings = _endless_rankings()
    return lambda: ranking.plackett_luce(
        rankings, method="zermelo", tol=1e-9, max_iter=10**9, n_threads=2
    )


def _endless_rankings_estimator():
    rankings = _endless_rankings()
    model = ranking.PlackettLuce(method="zermelo", tol=1e-9, max_iter=10**9, n_threads=1)
    return lambda: model.fit(rankings)


CASES = (
    {
        "hasten.ranking.BradleyTerry": Case(
            run=_estimator, data=_estimator_data, long=_endless_estimator
        ),
        "hasten.ranking.BradleyTerryResult": Case(
            run=lambda: ranking.bradley_terry(np.array([["a", "b"], ["b", "a"], ["a", "b"]]))
        ),
        "hasten.ranking.Comparisons": Case(run=ranking.Comparisons.from_arrays, data=_games),
        "hasten.ranking.ComponentReport": Case(run=lambda: _comparisons().components()),
        "hasten.ranking.ConfidenceInterval": Case(
            run=_standard_error, data=lambda: {"comparisons": _pairs()}
        ),
        "hasten.ranking.Gaussian": Case(run=lambda: ranking.Gaussian(0.25)),
        "hasten.ranking.Logistic": Case(run=lambda: ranking.Logistic(0.5)),
        "hasten.ranking.PlackettLuce": Case(
            run=_rankings_estimator, data=_rankings_estimator_data, long=_endless_rankings_estimator
        ),
        "hasten.ranking.PlackettLuceResult": Case(
            run=lambda: ranking.plackett_luce([["a", "b", "c"], ["b", "c", "a"], ["c", "a"]])
        ),
        "hasten.ranking.Rankings": Case(run=ranking.Rankings.from_orderings, data=_orderings),
        "hasten.ranking.bradley_terry": Case(
            run=_bradley_terry,
            data=lambda: {"comparisons": _pairs(), "init": np.linspace(-1.0, 1.0, N_ITEMS)},
            long=_endless_function,
        ),
        "hasten.ranking.plackett_luce": Case(
            run=_plackett_luce, data=_plackett_luce_data, long=_endless_plackett_luce
        ),
    }
    | {
        f"hasten.ranking.datasets.{name}": Case(
            run=getattr(ranking.datasets, maker),
            data=lambda: {"n_items": 50, "n_rankings": 1000, "rng": 0},
        )
        for name, maker in [
            ("SyntheticRankings", "make_rankings"),
            ("make_local_rankings", "make_local_rankings"),
            ("make_rankings", "make_rankings"),
        ]
    }
    | {
        f"hasten.ranking.datasets.{name}": Case(
            run=getattr(ranking.datasets, maker),
            data=lambda: {"n_items": 50, "n_games": 1000, "rng": 0},
        )
        for name, maker in [
            ("SyntheticComparisons", "make_uniform"),
            ("make_bipartite", "make_bipartite"),
            ("make_chain", "make_chain"),
            ("make_ladder", "make_ladder"),
            ("make_leagues", "make_leagues"),
            ("make_power_law", "make_power_law"),
            ("make_uniform", "make_uniform"),
        ]
    }
)
