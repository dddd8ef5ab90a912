"""Calls of `hasten.ot`."""

import numpy as np

from hasten import ot

from . import Case

N, M = 300, 200
REG = 0.02


def _weights(size, seed):
    return np.random.default_rng(seed).dirichlet(np.full(size, 2.0))


def _matrix():
    rng = np.random.default_rng(32)
    return {"a": _weights(N, 30), "b": _weights(M, 31), "cost": rng.random((N, M))}


def _points():
    rng = np.random.default_rng(33)
    return {
        "X": rng.normal(size=(N, 3)),
        "Y": rng.normal(size=(M, 3)),
        "a": _weights(N, 30),
        "b": _weights(M, 31),
    }


def _batch():
    rng = np.random.default_rng(34)
    return {
        "a": rng.dirichlet(np.ones(20), size=30),
        "b": rng.dirichlet(np.ones(15), size=30),
        "cost": rng.random((20, 15)),
        "reg": rng.uniform(0.05, 0.2, 30),
    }


def _histograms():
    x = np.linspace(0.0, 1.0, 64)
    bumps = np.exp(-((x[:, None] - [0.2, 0.45, 0.8]) ** 2) / [0.004, 0.01, 0.002]) + 1e-6
    return {"histograms": bumps / bumps.sum(axis=0), "cost": (x[:, None] - x) ** 2}


def _sinkhorn(a, b, cost, n_threads=None):
    result = ot.sinkhorn(a, b, cost, reg=REG, trace=True, n_threads=n_threads)
    # Computed on first access, so pickles and comparisons include them from here on.
    assert result.exact_lower <= result.exact_upper
    return result


def _sinkhorn_points(X, Y, a, b, n_threads=None):
    return ot.sinkhorn_points(X, Y, a, b, reg=0.5, n_threads=n_threads)


def _plan_sparse(a, b, cost, n_threads=None):
    sparse = ot.sinkhorn(a, b, cost, reg=REG, n_threads=n_threads).plan_sparse(1e-6)
    return ot.SparsePlan(sparse.plan.toarray(), sparse.dropped_mass)


def _divergence(X, Y, a, b, n_threads=None):
    return ot.sinkhorn_divergence(X, Y, a, b, reg=0.5, grad=True, n_threads=n_threads)


def _sinkhorn_batch(a, b, cost, reg, n_threads=None):
    return ot.sinkhorn_batch(a, b, cost, reg=reg, n_threads=n_threads)


def _barycenter(histograms, cost, n_threads=None):
    return ot.barycenter(histograms, cost, reg=0.01, n_threads=n_threads, trace=True)


def _exact_bounds(a, b, cost, f, g, n_threads=None):
    return ot.exact_bounds(a, b, cost, f, g, reg=REG, n_threads=n_threads)


def _potentials():
    rng = np.random.default_rng(36)
    return _matrix() | {"f": 0.1 * rng.normal(size=N), "g": 0.1 * rng.normal(size=M)}


def _transport(X, X_target, n_threads=None):
    return ot.SinkhornTransport(reg=0.5, n_threads=n_threads).fit(X, X_target=X_target)


def _mean(X, n_threads=None):
    return ot.SinkhornBarycenter(n_threads=n_threads).fit(X)


# So small a strength and tolerance that no solve gets there.
_ENDLESS = {"reg": 1e-6, "tol": 1e-300, "max_iter": 10**9}


def _many_points():
    rng = np.random.default_rng(37)
    return rng.random((1000, 2)), rng.random((1000, 2)) + 0.5


def _endless_matrix():
    cost = np.random.default_rng(38).random((1000, 1000))
    return lambda: ot.sinkhorn(None, None, cost, **_ENDLESS, method="log", n_threads=2)


def _endless_points():
    X, Y = _many_points()
    return lambda: ot.sinkhorn_points(X, Y, **_ENDLESS, method="log", n_threads=2)


def _endless_divergence():
    X, Y = _many_points()
    return lambda: ot.sinkhorn_divergence(X, Y, **_ENDLESS, method="log", n_threads=2)


def _endless_batch():
    rng = np.random.default_rng(39)
    weights = rng.dirichlet(np.ones(100), size=200)
    cost = rng.random((100, 100))
    return lambda: ot.sinkhorn_batch(weights, weights[::-1], cost, **_ENDLESS, n_threads=2)


def _endless_barycenter():
    rng = np.random.default_rng(40)
    x = np.linspace(0.0, 1.0, 500)
    histograms, cost = rng.dirichlet(np.ones(500), size=5).T, (x[:, None] - x) ** 2
    return lambda: ot.barycenter(histograms, cost, **_ENDLESS, n_threads=2)


def _endless_transport():
    X, Y = _many_points()
    model = ot.SinkhornTransport(**_ENDLESS, n_threads=2)
    return lambda: model.fit(X, X_target=Y)


def _endless_mean():
    rows = np.random.default_rng(40).dirichlet(np.ones(500), size=5)
    model = ot.SinkhornBarycenter(**_ENDLESS, n_threads=2)
    return lambda: model.fit(rows)


CASES = {
    "hasten.ot.BarycenterResult": Case(run=_barycenter, data=_histograms),
    "hasten.ot.BatchResult": Case(run=_sinkhorn_batch, data=_batch),
    "hasten.ot.DivergenceResult": Case(run=_divergence, data=_points),
    "hasten.ot.SinkhornBarycenter": Case(
        run=_mean,
        data=lambda: {"X": _histograms()["histograms"].T.copy()},
        long=_endless_mean,
    ),
    "hasten.ot.SinkhornResult": Case(run=_sinkhorn_points, data=_points),
    "hasten.ot.SinkhornTransport": Case(
        run=_transport,
        data=lambda: {"X": _points()["X"], "X_target": _points()["Y"]},
        long=_endless_transport,
    ),
    "hasten.ot.SparsePlan": Case(run=_plan_sparse, data=_matrix),
    "hasten.ot.barycenter": Case(run=_barycenter, data=_histograms, long=_endless_barycenter),
    "hasten.ot.bures_wasserstein": Case(
        run=ot.bures_wasserstein,
        data=lambda: {
            "mean0": np.zeros(3),
            "cov0": np.diag([1.0, 2.0, 3.0]),
            "mean1": np.ones(3),
            "cov1": np.eye(3) + 0.1,
        },
    ),
    "hasten.ot.datasets.TransportProblem": Case(
        run=ot.datasets.make_translation, data=lambda: {"n": 20, "rng": 0}
    ),
    "hasten.ot.datasets.make_gaussians": Case(
        run=ot.datasets.make_gaussians, data=lambda: {"n": 100}
    ),
    "hasten.ot.datasets.make_random_assignment": Case(
        run=ot.datasets.make_random_assignment, data=lambda: {"n": 30, "rng": 0}
    ),
    "hasten.ot.datasets.make_translation": Case(
        run=ot.datasets.make_translation,
        data=lambda: {"n": 20, "shift": np.array([1.0, 2.0]), "rng": 0},
    ),
    "hasten.ot.exact_bounds": Case(run=_exact_bounds, data=_potentials),
    "hasten.ot.round_plan": Case(
        run=ot.round_plan,
        data=lambda: {
            "plan": np.full((4, 5), 0.04),
            "a": np.full(4, 0.25),
            "b": np.linspace(0.1, 0.3, 5),
        },
    ),
    "hasten.ot.sinkhorn": Case(run=_sinkhorn, data=_matrix, long=_endless_matrix),
    "hasten.ot.sinkhorn_batch": Case(run=_sinkhorn_batch, data=_batch, long=_endless_batch),
    "hasten.ot.sinkhorn_divergence": Case(run=_divergence, data=_points, long=_endless_divergence),
    "hasten.ot.sinkhorn_points": Case(run=_sinkhorn_points, data=_points, long=_endless_points),
}
