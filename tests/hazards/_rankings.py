"""Calls of `hasten.ranking` that take rankings of sets."""

import numpy as np

from hasten import ranking

from . import Case


def _orderings():
    rng = np.random.default_rng(23)
    orderings = np.argsort(rng.random((20_000, 40)), axis=1)[:, :6]
    return {"orderings": orderings, "weight": rng.uniform(0.5, 2.0, len(orderings))}


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


CASES = {
    "hasten.ranking.Gaussian": Case(run=lambda: ranking.Gaussian(0.25)),
    "hasten.ranking.Logistic": Case(run=lambda: ranking.Logistic(0.5)),
    "hasten.ranking.PlackettLuce": Case(
        run=_rankings_estimator, data=_rankings_estimator_data, long=_endless_rankings_estimator
    ),
    "hasten.ranking.PlackettLuceResult": Case(
        run=lambda: ranking.plackett_luce([["a", "b", "c"], ["b", "c", "a"], ["c", "a"]])
    ),
    "hasten.ranking.Rankings": Case(run=ranking.Rankings.from_orderings, data=_orderings),
    "hasten.ranking.plackett_luce": Case(
        run=_plackett_luce, data=_plackett_luce_data, long=_endless_plackett_luce
    ),
} | {
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
