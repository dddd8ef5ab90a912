"""The certificate against solutions of fifty digits: never below the true error, nor far above it.

Notation: `s` are the strengths that were returned, `L` the Laplacian of the observed information at
`s`, `e` the distance from `s` to the maximum. `sqrt(e'Le)` is the largest `|u'e| / se(u)` of all
contrasts `u`, the number that ``result.error`` bounds. Everything on the left-hand side of an
inequality is computed in mpmath from the float64 numbers that were returned, so no allowance for
rounding is made.
"""

import functools
import itertools
import warnings
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from scipy.sparse.csgraph import minimum_spanning_tree

import hasten
from hasten.ranking import BradleyTerryResult, Comparisons, bradley_terry
from hasten.ranking.datasets import make_bipartite, make_chain, make_ladder

METHODS = ("auto", "newton", "newman", "zermelo")
TOLERANCES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
LIMITS = (1, 2, 3, 5, 10, 100)
STOPS = [(tol, None) for tol in TOLERANCES] + [(1e-12, limit) for limit in LIMITS]
STOPS += [(1e-2, 3), (1e-4, 10), (1e-8, 10)]


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(50):
        yield


# Tables of wins.


def random_wins():
    rng = np.random.default_rng(11)
    wins = rng.poisson(3.0, (10, 10)) + np.roll(np.eye(10), 1, axis=1)
    np.fill_diagonal(wins, 0)
    return wins


def weighted_wins():
    """A sparse table whose weights span six orders of magnitude, also between the two sides."""
    rng = np.random.default_rng(12)
    met = np.triu(rng.random((12, 12)) < 0.3, 1) | np.eye(12, k=1, dtype=bool)
    return (met | met.T) * 10.0 ** rng.uniform(-3, 3, (12, 12))


def two_leagues():
    """Two groups that share one item, so that the solve falls apart into blocks."""
    rng = np.random.default_rng(13)
    wins = np.zeros((13, 13))
    for league in (slice(0, 7), slice(6, 13)):
        wins[league, league] = rng.poisson(4.0, (7, 7)) + np.roll(np.eye(7), 1, axis=1)
    np.fill_diagonal(wins, 0)
    return wins


def connected_wins(data):
    games = data.comparisons()
    return games.select(games.components().largest).to_matrix()[0].toarray()


def distant_wins():
    """A chain whose ends are 300 apart, and a triangle in it; weights of fifty magnitudes."""
    wins = np.diag([1e25, 3e20, 7e18, 2e27], 1) + np.diag([5e-9, 1e-7, 3e-6, 8e-10], -1)
    wins[2, 4], wins[4, 2] = 1e30, 1e-25
    return wins


TABLES = {
    "random": random_wins,
    "weighted": weighted_wins,
    "leagues": two_leagues,
    "ladder": lambda: connected_wins(make_ladder(16, 600, rng=1)),
    "bipartite": lambda: connected_wins(make_bipartite(14, 400, rng=2)),
    "distant": distant_wins,
    "chain": lambda: connected_wins(make_chain(12, 300, rng=3)),
}


@functools.cache
def wins_of(table, dtype):
    return TABLES[table]().astype(dtype)


# The solution, from formulas that share nothing with the solver.


class Pair(NamedTuple):
    i: int
    j: int
    won: mpf
    lost: mpf


@functools.cache
def pairs_of(table, dtype):
    wins = wins_of(table, dtype)
    met = itertools.combinations(range(len(wins)), 2)
    return [
        Pair(i, j, mpf(float(wins[i, j])), mpf(float(wins[j, i])))
        for i, j in met
        if wins[i, j] + wins[j, i] > 0
    ]


def chances(pairs, s):
    """The probabilities that the first and that the second of each pair wins."""
    ratios = [mpmath.exp(s[p.j] - s[p.i]) for p in pairs]
    return [(1 / (1 + ratio), ratio / (1 + ratio)) for ratio in ratios]


def gradient(pairs, s):
    g = [mpf(0)] * len(s)
    for p, (first, second) in zip(pairs, chances(pairs, s), strict=True):
        surplus = p.won * second - p.lost * first
        g[p.i] += surplus
        g[p.j] -= surplus
    return g


def conductances(pairs, s):
    return [
        (p.won + p.lost) * first * second
        for p, (first, second) in zip(pairs, chances(pairs, s), strict=True)
    ]


def log_likelihood(pairs, s):
    differences = [s[p.i] - s[p.j] for p in pairs]
    return -sum(
        (p.won + p.lost) * mpmath.log1p(mpmath.exp(-d)) + p.lost * d
        for p, d in zip(pairs, differences, strict=True)
    )


def laplacian(pairs, h, n_items):
    whole = np.zeros((n_items, n_items), dtype=object) + mpf(0)
    for p, conductance in zip(pairs, h, strict=True):
        whole[p.i, p.i] += conductance
        whole[p.j, p.j] += conductance
        whole[p.i, p.j] -= conductance
        whole[p.j, p.i] -= conductance
    return whole


def inverse(matrix):
    """Gauss and Jordan; the matrices are positive definite, so no pivot is needed."""
    n = len(matrix)
    work = np.hstack([matrix, np.eye(n, dtype=int) * mpf(1)])
    for k in range(n):
        work[k] /= work[k, k]
        for row in (row for row in range(n) if row != k):
            work[row] -= work[row, k] * work[k]
    return work[:, n:]


@functools.cache
def maximum(table, dtype):
    """Strengths with a gradient below 1e-40: damped Newton steps, grounded at the last item."""
    pairs, n_items = pairs_of(table, dtype), len(wins_of(table, dtype))
    s = np.array([mpf(0)] * n_items)
    for _ in range(1000):
        g = np.array(gradient(pairs, s))
        if max(abs(g)) < 1e-40:
            return s
        free = laplacian(pairs, conductances(pairs, s), n_items)[:-1, :-1]
        step = np.append(inverse(free) @ g[:-1], mpf(0))
        reach = max(abs(step[p.i] - step[p.j]) for p in pairs)
        s = s + step * (mpmath.log1p(reach) / reach if reach > 1e-3 else 1)
    raise AssertionError("no maximum within 1000 steps")


# One solve, and the truth about it.


class Audit(NamedTuple):
    result: BradleyTerryResult
    pairs: list[Pair]
    s: list[mpf]
    e: np.ndarray
    h: list[mpf]
    true_error: mpf


def solve(table, method, dtype, tol, max_iter=None, **options):
    games = Comparisons.from_matrix(wins_of(table, dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        return bradley_terry(games, method=method, tol=tol, max_iter=max_iter, **options)


@functools.cache
def audit(table, method, dtype, tol, max_iter=None, reference=None):
    result = solve(table, method, dtype, tol, max_iter, reference=reference)
    # The certificate is that of these; `strength` is their rounding where weights are float32.
    s = [mpf(x) for x in result._fit.strength.tolist()]
    pairs = pairs_of(table, dtype)
    e, h = maximum(table, dtype) - np.array(s), conductances(pairs, s)
    return Audit(result, pairs, s, e, h, length(pairs, h, e))


def length(pairs, h, e):
    """`sqrt(e'Le)`."""
    return mpmath.sqrt(sum(c * (e[p.i] - e[p.j]) ** 2 for p, c in zip(pairs, h, strict=True)))


every_table = pytest.mark.parametrize("table", TABLES)
every_method = pytest.mark.parametrize("method", METHODS)
both_precisions = pytest.mark.parametrize("dtype", ["float64", "float32"])


@every_table
def test_the_reference_solution_maximises_the_likelihood(table):
    pairs, s = pairs_of(table, "float64"), maximum(table, "float64")
    best = log_likelihood(pairs, s)
    scale = sum(p.won + p.lost for p in pairs)
    for item in range(len(s)):
        for step in (mpf("1e-10"), mpf("-1e-10")):
            moved = s.copy()
            moved[item] += step
            # The second-order loss is at most h / 2 step^2 and h at most a quarter of the weight.
            assert 0 < best - log_likelihood(pairs, moved) <= scale * step**2 / 8 + mpf("1e-35")


@every_table
@every_method
@both_precisions
def test_the_error_is_at_least_the_true_one(table, method, dtype):
    for stop in STOPS:
        found = audit(table, method, dtype, *stop)
        assert found.true_error <= found.result.error, stop


@every_table
@every_method
@pytest.mark.parametrize("reference", [0, -1])
def test_the_error_is_at_least_the_true_one_for_strengths_relative_to_an_item(
    table, method, reference
):
    item = range(len(wins_of(table, "float64")))[reference]
    for stop in STOPS:
        found = audit(table, method, "float64", *stop, reference=item)
        assert found.result.strength[item] == 0
        assert found.true_error <= found.result.error, stop


@every_table
@every_method
@both_precisions
def test_converged_means_that_the_error_is_at_most_the_tolerance(table, method, dtype):
    for tol, max_iter in STOPS:
        result = audit(table, method, dtype, tol, max_iter).result
        assert result.converged == (result.error <= tol)
        if method in ("auto", "newton") and max_iter is None and tol >= 1e-10:
            assert result.converged


@pytest.mark.parametrize("reference", [None, 0, -1])
@pytest.mark.parametrize(
    ("won", "lost"),
    [
        ([6e20, 7e58, 2e28, 5e38], [9e-11, 9e-6, 6e-14, 8e-19]),
        ([7e32, 4e57, 4e52], [3e-12, 5e-4, 9e-19]),
        ([6e37, 4e57, 9e37], [3e-9, 3e-3, 2e-5]),
    ],
)
def test_differences_of_distant_strengths_are_rounded_and_the_error_counts_it(won, lost, reference):
    n_items = len(won) + 1
    games = Comparisons.from_matrix(np.diag(won, 1) + np.diag(lost, -1))
    item = None if reference is None else range(n_items)[reference]
    result = bradley_terry(games, reference=item)
    pairs = [
        Pair(i, i + 1, *map(mpf, weights)) for i, weights in enumerate(zip(won, lost, strict=True))
    ]
    steps = [mpmath.log(p.won / p.lost) for p in pairs]
    s = [mpf(x) for x in result.strength.tolist()]
    e = np.array([-sum(steps[:k], mpf(0)) for k in range(n_items)]) - np.array(s)
    assert 0 < length(pairs, conductances(pairs, s), e) <= result.error


@every_method
def test_the_default_tolerance_is_reached(method):
    games = Comparisons.from_matrix(random_wins())
    result = bradley_terry(games, method=method)
    assert result.converged
    assert result.error <= 1e-6
    assert result.error_kind == "bound"


@every_table
@every_method
@both_precisions
def test_every_difference_obeys_the_bound(table, method, dtype):
    for stop in STOPS:
        found = audit(table, method, dtype, *stop)
        if found.result.error == np.inf:
            continue  # Nothing is claimed so far from the maximum.
        n_items, error = len(found.s), mpf(found.result.error)
        covariance = inverse(laplacian(found.pairs, found.h, n_items)[:-1, :-1])
        covariance = np.pad(covariance, (0, 1), constant_values=mpf(0))
        reported = found.result.covariance()
        for i, j in itertools.combinations(range(n_items), 2):
            variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
            assert abs(found.e[i] - found.e[j]) <= error * mpmath.sqrt(variance)
            # The standard errors that a user multiplies with are these, to their own rounding.
            stated = reported[i, i] + reported[j, j] - 2 * reported[i, j]
            spread = max(reported[i, i], reported[j, j])
            assert abs(stated - variance) <= 1e-12 * spread


@every_table
@every_method
@both_precisions
def test_the_gap_bounds_the_missing_log_likelihood(table, method, dtype):
    pairs = pairs_of(table, dtype)
    best = log_likelihood(pairs, maximum(table, dtype))
    for stop in STOPS:
        found = audit(table, method, dtype, *stop)
        value = log_likelihood(pairs, found.s)
        assert best - value <= found.result.log_likelihood_gap, stop
        # Each pair adds three rounded terms of one sign, and 2 ** 5 pairs and more are added up.
        rounding = 2.0**-53 * (6 + len(pairs)) * abs(value)
        assert abs(value - found.result.log_likelihood) <= rounding


@every_table
@every_method
def test_the_error_is_not_far_above_the_true_one(table, method):
    """How far it may be.

    Let `T` be the Laplacian of the maximum spanning tree, `g` the gradient, `d = sqrt(g'L^+g)`,
    and `r` the largest difference of `e` over a pair that met. The bound of `d` is the energy of
    the flow along the tree, `g'T^+g <= k d^2` with `k` the largest eigenvalue of `T^+ L`. Along
    the line to the maximum the information changes by factors up to `exp(r)`, so
    `d <= (exp(r) - 1) / r` times the true error. The error is `-ln(1 - c d) / c`, which is
    `d x / (1 - exp(-x))` with `x = c * error`, where `c^2` is at most the largest resistance of a
    tree path. The rounding of the gradient may count twice, once in `g` and once as what is added
    for it: 6 + degree / 16 units of the sums that it is a difference of, and as many again for
    each 8 of a rounded difference of strengths. All of it may have to flow along every edge.
    """
    for tol in TOLERANCES:
        found = audit(table, method, "float64", tol)
        result, n_items = found.result, len(found.s)
        if not result.converged:
            continue
        resistances = np.zeros((n_items, n_items))
        for p, conductance in zip(found.pairs, found.h, strict=True):
            resistances[p.i, p.j] = 1 / conductance
        edges = minimum_spanning_tree(resistances).toarray()
        conducting = np.divide(1, edges, where=edges > 0, out=np.zeros_like(edges))
        tree = inverse(grounded_laplacian(conducting))
        whole = grounded_laplacian(np.divide(1, resistances, where=resistances > 0, out=edges * 0))
        looseness = np.abs(np.linalg.eigvals((tree @ whole).astype(float))).max()
        tree = np.pad(tree.astype(float), (0, 1))
        paths = np.diag(tree)[:, None] + np.diag(tree) - 2 * tree
        x = np.sqrt(paths.max()) * result.error
        r = max(abs(float(found.e[p.i] - found.e[p.j])) for p in found.pairs)
        second_order = x / -np.expm1(-x) * (np.expm1(r) / r if r > 0 else 1)
        sums = sum(
            (p.won * second + p.lost * first) * (1 + abs(found.s[p.i] - found.s[p.j]) / 8)
            for p, (first, second) in zip(found.pairs, chances(found.pairs, found.s), strict=True)
        )
        units = 2.0**-52 * (6 + n_items / 16)
        rounding = 2 * units * float(2 * sums) * np.sqrt(edges.sum())
        allowed = second_order * (np.sqrt(looseness) * float(found.true_error) + rounding)
        assert result.error <= allowed


def grounded_laplacian(weights):
    weights = weights + weights.T
    return (np.diag(weights.sum(axis=0)) - weights)[:-1, :-1] + mpf(0)


# Where double precision ends, nothing is claimed.


@every_method
@pytest.mark.parametrize("distance", [800.0, 1e5, 1e8])
@pytest.mark.parametrize("max_iter", [1, 2, None])
def test_a_start_at_which_every_chance_underflows_proves_nothing(method, distance, max_iter):
    init = distance * np.linspace(-1, 1, 10) ** 3
    result = solve("random", method, "float64", 1e-6, max_iter, init=init)
    assert np.isfinite(result.strength).all()
    s = [mpf(x) for x in result.strength.tolist()]
    pairs = pairs_of("random", "float64")
    e = maximum("random", "float64") - np.array(s)
    assert length(pairs, conductances(pairs, s), e) <= result.error
    assert result.converged == (result.error <= 1e-6)
    assert result.converged or max_iter is not None or distance > 800


@every_method
def test_a_maximum_beyond_double_precision_is_not_taken_for_found(method):
    # The odds of neighbours are 1e600 to 1, and so are those of the ends: the chances underflow.
    wins = 1e300 * np.eye(4, k=1) + 1e-300 * np.eye(4, k=-1)
    wins[0, 3], wins[3, 0] = 1e300, 1e-300
    with pytest.warns(hasten.ConvergenceWarning):
        result = bradley_terry(Comparisons.from_matrix(wins), method=method, max_iter=50)
    assert np.isfinite(result.strength).all()
    assert result.error == result.log_likelihood_gap == np.inf
    assert not result.converged


def test_a_tree_beyond_double_precision_is_still_solved():
    wins = np.array([[0, 1e300, 0], [1e-300, 0, 1.0], [0, 1.0, 0]])
    with pytest.warns(hasten.ConvergenceWarning):
        result = bradley_terry(Comparisons.from_matrix(wins), reference=1)
    np.testing.assert_allclose(result.strength, [600 * np.log(10), 0, 0], rtol=1e-14)
    assert result.error == np.inf
    with pytest.raises(np.linalg.LinAlgError, match="standard errors"):
        result.standard_error()
