"""Calls of `hasten.ranking`."""

import numpy as np

from hasten import ranking

from . import Case, _rankings

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


def _fit(comparisons, n_threads=None):
    return ranking.bradley_terry(comparisons, n_threads=n_threads)


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


def _contrast(comparisons, n_threads=None):
    return _fit(comparisons, n_threads).contrast(0, 1, kind="sandwich")


def _compare(comparisons):
    return _fit(comparisons).compare(ranking.bradley_terry(comparisons, reference=0))


def _rank_sets(comparisons, n_threads=None):
    return _fit(comparisons, n_threads).rank_sets(n_samples=100, rng=0)


def _some_pairs():
    """Return the games among the first items only: fewer for what looks at all pairs of them."""
    pairs = _pairs()
    ring = np.arange(200)
    some = pairs[(pairs < 200).all(axis=1)]
    return np.concatenate([some, np.stack([ring, np.roll(ring, -1)], axis=1)])


def _coefficients(left, right, outcome, weight, n_threads=None):
    games = ranking.Comparisons.from_arrays(
        left, right, outcome, weight=weight, ordered=True, n_threads=n_threads
    )
    model = ranking.bradley_terry(games, ties="davidson", order_effect=True, n_threads=n_threads)
    return model.coefficients()["ln nu"]


def _sets_of_features():
    """Return enough rankings of four alternatives to occupy several threads."""
    rng = np.random.default_rng(23)
    features = rng.normal(size=(20_000, 4, 5))
    return {
        "features": features,
        "chosen": np.argsort(-(features[..., 0] + rng.gumbel(size=(20_000, 4))), axis=1),
        "sample_weight": rng.uniform(0.5, 2.0, 20_000),
        "init": np.linspace(-0.5, 0.5, 5),
    }


def _preference_regression(features, chosen, sample_weight, init, n_threads=None):
    return ranking.preference_regression(
        features, chosen, sample_weight=sample_weight, init=init, n_threads=n_threads, trace=True
    )


def _preference_estimator(X, y, n_threads=None):
    return ranking.PreferenceRegression(kind="split", n_threads=n_threads).fit(X, y)


def _preference_estimator_data():
    data = _sets_of_features()
    return {"X": data["features"], "y": data["chosen"]}


# Separated data whose ridge stops the coefficient only after hundreds of steps.
_ENDLESS = {"ridge": 1e-300, "tol": 1e-300, "max_iter": 10**9, "n_threads": 2}


def _endless_preference():
    differences = np.ones((3_000_000, 1))
    return lambda: ranking.preference_regression(differences, **_ENDLESS)


def _endless_preference_estimator():
    sets = np.tile([[1.0], [0.0], [0.5]], (1_000_000, 1, 1))
    chosen = np.zeros(1_000_000, dtype=np.int64)
    model = ranking.PreferenceRegression(**_ENDLESS)
    return lambda: model.fit(sets, chosen)


def _arena():
    return {"n_models": 6, "n_votes": 1000, "rng": 0}


CASES = (
    {
        "hasten.ranking.BradleyTerry": Case(
            run=_estimator, data=_estimator_data, long=_endless_estimator
        ),
        "hasten.ranking.BradleyTerryResult": Case(
            run=lambda: ranking.bradley_terry(np.array([["a", "b"], ["b", "a"], ["a", "b"]]))
        ),
        "hasten.ranking.BootstrapResult": Case(
            run=lambda comparisons, n_threads=None: _fit(comparisons, n_threads).bootstrap(
                6, rng=0
            ),
            data=lambda: {"comparisons": _some_pairs()},
        ),
        "hasten.ranking.Coefficient": Case(run=_coefficients, data=_games),
        "hasten.ranking.Comparisons": Case(run=ranking.Comparisons.from_arrays, data=_games),
        "hasten.ranking.ComponentReport": Case(run=lambda: _comparisons().components()),
        "hasten.ranking.ConfidenceInterval": Case(
            run=_standard_error, data=lambda: {"comparisons": _pairs()}
        ),
        "hasten.ranking.Contrast": Case(run=_contrast, data=lambda: {"comparisons": _pairs()}),
        "hasten.ranking.Gaussian": Case(run=lambda: ranking.Gaussian(0.5)),
        "hasten.ranking.Logistic": Case(run=lambda: ranking.Logistic(0.5)),
        "hasten.ranking.ModelComparison": Case(
            run=_compare, data=lambda: {"comparisons": _pairs()}
        ),
        "hasten.ranking.RankSets": Case(
            run=_rank_sets, data=lambda: {"comparisons": _some_pairs()}
        ),
        "hasten.ranking.PreferenceRegression": Case(
            run=_preference_estimator,
            data=_preference_estimator_data,
            long=_endless_preference_estimator,
        ),
        "hasten.ranking.PreferenceResult": Case(
            run=lambda: ranking.preference_regression([[1.0], [-0.5]], [1, 1])
        ),
        "hasten.ranking.preference_regression": Case(
            run=_preference_regression, data=_sets_of_features, long=_endless_preference
        ),
        "hasten.ranking.bradley_terry": Case(
            run=_bradley_terry,
            data=lambda: {"comparisons": _pairs(), "init": np.linspace(-1.0, 1.0, N_ITEMS)},
            long=_endless_function,
        ),
        "hasten.ranking.datasets.SyntheticArena": Case(
            run=ranking.datasets.make_arena, data=_arena
        ),
        "hasten.ranking.datasets.make_arena": Case(run=ranking.datasets.make_arena, data=_arena),
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
    | _rankings.CASES
)
