"""Fits of paired models: published numbers, other programs, and the certificate in 40 digits."""

from functools import partial

import mpmath
import numpy as np
import pytest
from scipy import optimize

from hasten import _core, datasets
from hasten.ranking.datasets import make_ladder

TIES = ("half", "davidson", "rao-kupper")
PRIORS = (None, ("logistic", 0.8), ("gaussian", 0.4))


def fit(cells, model, *, init=None, tol=1e-6, max_iter=None, n_threads=1, trace=False, **keywords):
    return _core.ranking.fit_paired(
        cells, model, init, tol, max_iter, n_threads, keywords.get("callback"), trace
    )


def make_cells(n_items, left, right, wins, losses, ties=None, covariates=None):
    items = [np.asarray(x, dtype=np.uint32) for x in (left, right)]
    counts = [None if x is None else np.asarray(x, dtype=float) for x in (wins, losses, ties)]
    return (n_items, *items, *counts, covariates)


def random_cells(rng, n_items, n_cells, *, ties=True, n_covariates=0):
    """Cells that hold a cycle of wins and of ties both ways, so that every estimate exists."""
    left = np.concatenate([np.arange(n_items), rng.integers(n_items, size=n_cells)])
    right = np.concatenate([np.arange(1, n_items + 1), rng.integers(1, n_items, size=n_cells)])
    right = np.where(np.arange(len(left)) < n_items, right, left + right) % n_items
    counts = rng.poisson(1.5, size=(3, len(left))).astype(float)
    counts[:, :n_items] += 1
    covariates = rng.normal(size=(len(left), n_covariates)) if n_covariates else None
    return make_cells(n_items, left, right, *counts[:2], counts[2] if ties else None, covariates)


@pytest.fixture(scope="module")
def baseball():
    games = datasets.load_baseball_1987().columns
    items, codes = np.unique(np.concatenate([games["home"], games["away"]]), return_inverse=True)
    home, away = codes.reshape(2, -1)
    assert items[0] == "Baltimore"
    return make_cells(7, home, away, games["home_wins"], games["away_wins"])


@pytest.fixture(scope="module")
def puddings():
    games = datasets.load_puddings().columns
    items = (games["left"] - 1, games["right"] - 1)
    return make_cells(6, *items, games["left_wins"], games["right_wins"], games["ties"])


# Published results.


def test_baseball_with_a_home_effect(baseball):
    solution = fit(baseball, ("half", True, None))
    assert solution["status"] == "converged"
    assert solution["error"] <= 1e-6
    assert solution["error_kind"] == "bound"
    np.testing.assert_allclose(solution["shared"], [0.302261], atol=1e-6)
    relative = solution["strength"] - solution["strength"][0]
    expected = [0, 1.1438, 0.7047, 1.4754, 1.6196, 1.2813, 1.3271]
    np.testing.assert_allclose(relative, expected, atol=5e-5)
    np.testing.assert_allclose(solution["log_likelihood"], -169.542871, atol=1e-6)
    assert solution["n_parameters"] == 7


def test_baseball_with_a_logistic_prior(baseball):
    solution = fit(baseball, ("half", False, ("logistic", 1.0)))
    expected = [-1.029821, 0.045371, -0.367385, 0.365655, 0.506755, 0.181728, 0.227397]
    np.testing.assert_allclose(solution["strength"], expected, atol=1e-6)


def test_puddings_with_davidson_ties(puddings):
    solution = fit(puddings, ("davidson", False, None))
    worth = np.exp(solution["strength"])
    expected = [0.138803, 0.173001, 0.161747, 0.165373, 0.158685, 0.202389]
    np.testing.assert_allclose(worth / worth.sum(), expected, atol=1e-6)
    np.testing.assert_allclose(np.exp(solution["shared"]), [0.373411], atol=1e-6)
    np.testing.assert_allclose(solution["log_likelihood"], -809.709510, atol=1e-6)
    assert solution["n_parameters"] == 6


def test_puddings_with_rao_kupper_ties(puddings):
    solution = fit(puddings, ("rao-kupper", False, None))
    worth = np.exp(solution["strength"])
    expected = [0.144399, 0.171794, 0.162817, 0.166078, 0.160381, 0.194531]
    np.testing.assert_allclose(worth / worth.sum(), expected, atol=1e-6)
    np.testing.assert_allclose(np.exp(solution["shared"]), [1.748457], atol=1e-6)
    np.testing.assert_allclose(solution["log_likelihood"], -809.697133, atol=1e-6)


def test_two_items_with_ties_in_closed_form():
    # P(left) : P(right) : P(tie) as observed.
    wins, losses, ties = 5.0, 2.0, 3.0
    cells = make_cells(2, [0, 1], [1, 0], [wins, 0], [losses, 0], [ties, 0])
    solution = fit(cells, ("davidson", False, None), tol=1e-12)
    difference = solution["strength"][0] - solution["strength"][1]
    np.testing.assert_allclose(difference, np.log(wins / losses), rtol=1e-11)
    nu = ties / (2 * np.sqrt(wins * losses))
    np.testing.assert_allclose(np.exp(solution["shared"]), [nu], rtol=1e-11)


# Other programs.


def log_density(cells, model, x, xp=np):
    """The penalised log-likelihood, written from the probabilities; `xp` is NumPy or mpmath."""
    n_items, left, right, wins, losses, tied, covariates = cells
    ties, order_effect, prior = model
    log, exp = (np.log, np.exp) if xp is np else (mpmath.log, mpmath.exp)
    shared = list(x[n_items:])
    tie = shared.pop(0) if ties != "half" else None
    order = shared.pop(0) if order_effect else 0
    total = 0
    for k in range(len(left)):
        eta = x[int(left[k])] - x[int(right[k])] + order
        if covariates is not None:
            eta += sum(float(z) * b for z, b in zip(covariates[k], shared, strict=True))
        if ties == "half":
            win, loss = -log(1 + exp(-eta)), -log(1 + exp(eta))
            level = (win + loss) / 2
        elif ties == "davidson":
            norm = log(exp(eta / 2) + exp(-eta / 2) + 2 * exp(tie))
            win, loss, level = eta / 2 - norm, -eta / 2 - norm, log(2) + tie - norm
        else:
            win, loss = -log(1 + exp(tie - eta)), -log(1 + exp(tie + eta))
            level = log(exp(2 * tie) - 1) + win + loss
        total += float(wins[k]) * win + float(losses[k]) * loss
        if tied is not None and tied[k] > 0:
            total += float(tied[k]) * level
    for s in x[:n_items]:
        if prior and prior[0] == "logistic":
            total -= prior[1] * (log(1 + exp(-s)) + log(1 + exp(s)))
        elif prior:
            total -= prior[1] * s * s / 2
    return total


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("order_effect", [False, True])
@pytest.mark.parametrize("ties", TIES)
def test_every_model_agrees_with_a_general_optimiser(ties, order_effect, prior):
    model = (ties, order_effect, prior)
    cells = random_cells(np.random.default_rng(1), 5, 12)
    solution = fit(cells, model)
    x = np.concatenate([solution["strength"], solution["shared"]])
    objective = partial(log_density, cells, model)
    # Half of the mean is subtracted, so that without a prior the optimum is a point.
    level = 0.0 if prior else 0.5
    start = np.full(len(x), 0.1)
    found = optimize.minimize(
        lambda x: -objective(x) + level * x[:5].mean() ** 2,
        start,
        method="BFGS",
        options={"gtol": 1e-7, "xrtol": 1e-12},
    ).x
    np.testing.assert_allclose(x, found, atol=2e-5)
    assert objective(x) >= objective(found) - 1e-9


def test_covariates_agree_with_logistic_regression_on_single_games():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    n_items, n_games = 6, 400
    left = rng.integers(n_items, size=n_games)
    right = (left + rng.integers(1, n_items, size=n_games)) % n_items
    covariates = rng.normal(size=(n_games, 2)) * [1.0, 100.0]
    strength = rng.normal(size=n_items)
    eta = strength[left] - strength[right] + 0.4 + covariates @ [0.5, -0.01]
    won = rng.random(n_games) < 1 / (1 + np.exp(-eta))
    cells = make_cells(n_items, left, right, won, ~won, covariates=covariates)
    solution = fit(cells, ("half", True, None))

    design = np.zeros((n_games, n_items - 1))
    for items, sign in [(left, 1), (right, -1)]:
        rows = np.flatnonzero(items > 0)
        design[rows, items[rows] - 1] += sign
    regression = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    regression.fit(np.column_stack([design, covariates / [1.0, 100.0]]), won)
    relative = solution["strength"] - solution["strength"][0]
    np.testing.assert_allclose(relative[1:], regression.coef_[0, :5], atol=1e-6)
    np.testing.assert_allclose(solution["shared"][0], regression.intercept_[0], atol=1e-6)
    slopes = regression.coef_[0, 5:] / [1.0, 100.0]
    np.testing.assert_allclose(solution["shared"][1:], slopes, rtol=1e-5)


def test_cells_may_come_in_any_order_and_in_parts():
    rng = np.random.default_rng(5)
    n_items, *arrays = random_cells(rng, 8, 60, n_covariates=1)
    for model in [("half", False, None), ("davidson", True, None), ("rao-kupper", False, None)]:
        whole = (n_items, *arrays[:5], None)
        order = rng.permutation(len(arrays[0]))
        left, right, wins, losses, ties = (array[order] for array in arrays[:5])
        parts = make_cells(
            n_items,
            *(np.concatenate([side, side]) for side in (left, right)),
            *(np.concatenate([count / 4, 3 * count / 4]) for count in (wins, losses, ties)),
        )
        a, b = fit(whole, model, tol=1e-10), fit(parts, model, tol=1e-10)
        np.testing.assert_allclose(a["strength"], b["strength"], atol=1e-10)
        np.testing.assert_allclose(a["shared"], b["shared"], atol=1e-10)
        if not model[1]:
            swapped = (n_items, arrays[1], arrays[0], arrays[3], arrays[2], arrays[4], None)
            np.testing.assert_array_equal(a["strength"], fit(swapped, model, tol=1e-10)["strength"])


# The certificate.


def exact_maximum(cells, model, start):
    """Newton's iteration in 40 digits from a point near the maximum; derivatives by differences."""
    n_items, prior = cells[0], model[2]
    size = len(start)
    f = partial(log_density, cells, model, xp=mpmath)

    def derivatives(x):
        step = mpmath.mpf(10) ** -10

        def at(*moves):
            return f([x[i] + step * sum(s for k, s in moves if k == i) for i in range(size)])

        gradient = mpmath.matrix([(at((a, 1)) - at((a, -1))) / (2 * step) for a in range(size)])
        hessian = mpmath.matrix(size)
        for a in range(size):
            for b in range(a + 1):
                corners = [s * t * at((a, s), (b, t)) for s in (1, -1) for t in (1, -1)]
                hessian[a, b] = hessian[b, a] = -sum(corners) / (4 * step**2)
        return gradient, hessian

    x = [mpmath.mpf(float(value)) for value in start]
    for _ in range(3):
        gradient, hessian = derivatives(x)
        shifted = hessian.copy()
        if not prior:
            for i in range(n_items):
                for j in range(n_items):
                    shifted[i, j] += 1
        step = mpmath.lu_solve(shifted, gradient)
        x = [a + b for a, b in zip(x, step, strict=True)]
    return x, lambda x: derivatives(x)[1]


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(
    ("ties", "order_effect", "n_covariates"),
    [("half", True, 1), ("davidson", False, 0), ("davidson", True, 0), ("rao-kupper", True, 1)],
)
def test_the_certificate_is_not_below_the_error_in_forty_digits(
    ties, order_effect, n_covariates, prior
):
    cells = random_cells(np.random.default_rng(7), 3, 4, n_covariates=n_covariates)
    model = (ties, order_effect, prior)
    with mpmath.workdps(40):
        best = fit(cells, model, tol=1e-12)
        start = np.concatenate([best["strength"], best["shared"]])
        exact, information = exact_maximum(cells, model, start)
        maximum = log_density(cells, model, exact, xp=mpmath)
        for tol, max_iter in [(1e-12, None), (1e-6, None), (1e-2, None), (1e-9, 4), (1e-9, 7)]:
            solution = fit(cells, model, tol=tol, max_iter=max_iter)
            assert solution["error"] <= tol or solution["status"] != "converged"
            values = np.concatenate([solution["strength"], solution["shared"]])
            x = [mpmath.mpf(float(value)) for value in values]
            e = mpmath.matrix([a - b for a, b in zip(x, exact, strict=True)])
            error = mpmath.sqrt((e.T * information(x) * e)[0])
            assert error <= solution["error"]
            gap = maximum - log_density(cells, model, x, xp=mpmath)
            assert gap <= solution["log_likelihood_gap"]


def test_the_number_of_threads_does_not_change_a_bit():
    rng = np.random.default_rng(2)
    cells = random_cells(rng, 300, 60_000, n_covariates=2)
    for model in [("davidson", True, ("logistic", 1.0)), ("rao-kupper", True, None)]:
        alone = fit(cells, model, n_threads=1)
        for n_threads in [2, 4]:
            other = fit(cells, model, n_threads=n_threads)
            for key in ("strength", "shared", "error", "log_likelihood", "n_iter"):
                np.testing.assert_array_equal(alone[key], other[key])


def test_a_ladder_with_ties_is_solved_by_a_sparse_factor():
    rng = np.random.default_rng(4)
    data = make_ladder(n_items=10_000, n_games=200_000, rng=rng)
    outcome = np.where(rng.random(len(data.left)) < 0.3, 0.5, data.outcome)
    counts = [(outcome == value).astype(float) for value in (1, 0, 0.5)]
    cells = make_cells(10_000, data.left, data.right, *counts)
    solution = fit(cells, ("davidson", False, None))
    assert solution["status"] == "converged"
    assert "sparse Cholesky" in solution["message_detail"]


def test_the_iteration_can_be_watched_and_stopped():
    cells = random_cells(np.random.default_rng(6), 6, 30)
    seen = []

    def watch(info):
        seen.append(info)
        return len(seen) == 2

    solution = fit(cells, ("davidson", False, None), tol=1e-12, callback=watch, trace=True)
    assert solution["status"] == "stopped"
    assert solution["history_n_iter"].tolist()[0] == seen[0].n_iter
    assert solution["history_error"][-1] == solution["error"]
    assert solution["error"] > 0
    with pytest.raises(ZeroDivisionError):
        fit(cells, ("half", False, None), callback=lambda _: 1 / 0)


def test_a_start_near_the_maximum_saves_passes():
    cells = random_cells(np.random.default_rng(6), 30, 300)
    model = ("davidson", True, None)
    first = fit(cells, model)
    again = fit(cells, model, init=np.concatenate([first["strength"], first["shared"]]))
    assert again["n_iter"] < first["n_iter"]
    assert again["status"] == "converged"


# Malformed input.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({2: np.array([1, 1], dtype=np.uint32)}, "`right` must be another item"),
        ({1: np.array([0, 9], dtype=np.uint32)}, "`left` must hold indices below 2"),
        ({3: np.array([1.0, -1.0])}, "`wins` must be at least 0; got -1 at index 1"),
        ({4: np.array([1.0, np.nan])}, "`losses` must be finite"),
        ({5: np.array([1.0])}, "`ties` must have 2 entries"),
        ({3: np.zeros(2), 4: np.zeros(2)}, "`comparisons` must be of positive total weight"),
        ({6: np.array([[1.0], [np.inf]])}, "`covariates` must be finite"),
        ({6: np.array([[1.0, 2.0], [2.0, 4.0]])}, "`covariates` must be linearly independent"),
    ],
)
def test_malformed_cells_are_named(change, message):
    cells = list(make_cells(2, [0, 1], [1, 0], [3, 2], [1, 2]))
    for field, value in change.items():
        cells[field] = value
    with pytest.raises(ValueError, match=message):
        fit(tuple(cells), ("half", False, None))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (("thirds", False, None), "`ties` must be one of"),
        (("half", False, ("cauchy", 1.0)), "`prior` must be one of"),
        (("half", False, ("logistic", 0.0)), "`prior` must be positive and finite"),
    ],
)
def test_malformed_models_are_named(model, message):
    cells = make_cells(2, [0, 1], [1, 0], [3, 2], [1, 2])
    with pytest.raises(ValueError, match=message):
        fit(cells, model)
