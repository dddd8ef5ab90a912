"""The targets of `hasten.ranking`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from benchmarks import models, preference, ranking
from benchmarks import plackett_luce as rankings
from benchmarks.common import TOLERANCES, interleaved, loosest_tolerance, seconds
from benchmarks.ranking import Problem, is_installed, make_problem

from hasten.ranking import Comparisons, Rankings, bradley_terry, datasets, plackett_luce

from .report import in_fresh_process, peak_bytes, verdict

PEERS = ("numpy", "scipy", "scikit-learn", "evalica", "choix", "arena-rank")


def power_law_thousand(threads: int, repeats: int) -> list[str]:
    """1, 2: a thousand items, a million games from integer arrays: whole fit against each peer."""
    problem = make_problem("power-law", "regular")
    limits = {"evalica": 20, "choix": 150, "arena-rank": 100, "scikit-learn": None, "scipy": None}
    return [
        against(problem, use_ours(problem, threads), peer, factor, threads, repeats)
        for peer, factor in limits.items()
    ]


def power_law_strings(threads: int, repeats: int) -> list[str]:
    """1: the same games with string labels, against evalica."""
    problem = make_problem("power-law", "regular")
    names = np.array([f"player {k:04d}" for k in range(problem.n_items)])
    ours = ranking.use_hasten(problem, threads, names=names)
    peer = ranking.use_evalica(problem, threads, names=names)
    return [compare_at_residual(problem, ours, peer, "evalica, strings", 8, repeats)]


def power_law_large(threads: int, repeats: int) -> list[str]:
    """3: a hundred thousand items, ten million games: against numpy.unique, and memory."""
    problem = make_problem("power-law", "large")
    ours = use_ours(problem, threads)
    best = interleaved(
        {"ours": lambda: ours(1e-6), "unique": lambda: ranking.aggregate_with_numpy(problem)},
        repeats,
    )
    ratio = best["ours"] / best["unique"]
    rows = [
        verdict("whole fit / numpy.unique aggregation alone", ratio, 3, f"{best['ours']:.2f} s")
    ]
    return [*rows, *peak_memory(problem, threads)]


def power_law_lbfgs(threads: int, repeats: int) -> list[str]:
    """3: the same against numpy.unique and L-BFGS to the same residual; takes most of an hour."""
    problem = make_problem("power-law", "large")
    return [against(problem, use_ours(problem, threads), "scipy", 20, threads, min(repeats, 1))]


def ladder(threads: int, repeats: int) -> list[str]:
    """4: a ladder of ten thousand items, a million games: against pure Newman sweeps."""
    problem = make_problem("ladder", "regular")
    ours = use_ours(problem, threads)
    # Sweeps are doubled until the residual is small enough or they have cost fifty whole fits.
    limit = 50 * seconds(lambda: ours(1e-6))
    sweeps, spent, residual = 125, 0.0, np.inf
    while residual > 1e-2 and spent < limit:
        sweeps *= 2
        newman = ranking.use_hasten(problem, threads, method="newman", max_iter=sweeps)
        begin = seconds(lambda solve=newman: solve(1e-12))
        spent += begin
        residual = problem.residual(newman(1e-12))
    best = interleaved({"ours": lambda: ours(1e-6), "newman": lambda: newman(1e-12)}, repeats)
    note = (
        f"{sweeps} sweeps leave residual {residual:.0e}; true error of ours {error(problem, ours)}"
    )
    return [verdict("error 1e-6 / Newman sweeps", best["ours"] / best["newman"], 20, note)]


def chain(threads: int, repeats: int) -> list[str]:
    """5: a chain of 2,000 items at 3:1, whose answer is known in closed form."""
    n = 2000
    left = np.repeat(np.arange(n - 1), 4).astype(np.int32)
    won = np.tile([True, True, True, False], n - 1)

    def fit():
        comparisons = Comparisons.from_arrays(left, left + 1, won, n_threads=threads)
        return bradley_terry(comparisons, n_threads=threads)

    step = -np.diff(np.asarray(fit().strength))
    worst = np.abs(step / np.log(3) - 1).max()
    best = interleaved({"ours": fit}, max(repeats, 5))["ours"]
    is_met = best < 0.010 and worst < 1e-9
    text = f"{1e3 * best:.2f} ms, relative error {worst:.0e}"
    return [f"closed form to 1e-9 in < 10 ms | {text}: {'met' if is_met else '**missed**'}"]


def preference_pairs(threads: int, repeats: int) -> list[str]:
    """7: a million pairs with ten features, to the same true error: against scikit-learn."""
    return preferences("pairs", "regular", threads, repeats)


def preference_choices(threads: int, repeats: int) -> list[str]:
    """7: a million choices among five, ten features: against L-BFGS, and a Bradley-Terry fit."""
    rows = preferences("choices", "large", threads, repeats)
    problem = preference.make_problem("choices", "large")
    # A set of five has four rows: as many games between pairs of a thousand items.
    rng = np.random.default_rng(0)
    left = rng.integers(0, 1000, 4 * len(problem.chosen))
    games = np.stack([left, (left + rng.integers(1, 1000, len(left))) % 1000])
    ours = preference.use_hasten(problem, threads)

    def rank():
        bradley_terry(Comparisons.from_arrays(*games, n_threads=threads), n_threads=threads)

    best = interleaved({"ours": lambda: ours(1e-6), "games": rank}, repeats)
    note = f"{best['ours']:.3g} s against {best['games']:.3g} s"
    return [*rows, verdict("total / Bradley-Terry", best["ours"] / best["games"], None, note)]


def preferences(kind: str, profile: str, threads: int, repeats: int) -> list[str]:
    """Compare with every peer at its loosest tolerance for a true error of 1e-4."""
    problem = preference.make_problem(kind, profile)
    solve, found = {}, {}
    for name in preference.INSTALLED:
        try:
            solve[name] = preference.SOLVERS[name](problem, threads)
        except NotImplementedError:
            continue
        found[name] = loosest_tolerance(
            lambda tolerance, s=solve[name]: problem.true_error(s(tolerance)), 1e-4, 600.0
        )
    rows = []
    for name in list(solve)[1:]:
        best = interleaved(
            {key: lambda k=key: solve[k](found[k][0]) for key in ("hasten", name)}, repeats
        )
        note = (
            f"true error {found['hasten'][1]:.0e} against {found[name][1]:.0e}; "
            f"{best['hasten']:.3g} s against {best[name]:.3g} s"
        )
        rows.append(verdict(f"total / {name}, {kind}", best["hasten"] / best[name], None, note))
    return rows


def local_rankings(threads: int, repeats: int) -> list[str]:
    """7: rankings of five neighbours in skill, 2,000 items, 40,000 rankings: against choix."""
    problem = rankings.make_problem("local", "regular")
    ours = rankings.use_hasten(problem, threads)
    rows = []
    for name, solver, factor in (
        ("choix.mm_rankings", rankings.use_choix_mm, 50),
        ("choix.ilsr_rankings", rankings.use_choix_ilsr, None),
    ):
        if not is_installed("choix"):
            return ["choix | not installed"]
        peer = solver(problem, threads)
        # As exact as the peer gets in a minute: its sweeps need hours to the end.
        tolerance = 0.1
        while seconds(lambda t=tolerance, p=peer: p(t)) < 60 / 10 and tolerance > 1e-8:
            tolerance /= 10
        rows.append(compare_at_residual(problem, ours, peer, name, factor, repeats, tolerance))
    return rows


def choices(threads: int, repeats: int) -> list[str]:
    """7: a million choices from sets of five: against a Bradley-Terry fit of as many entries."""
    data = datasets.make_rankings(1000, 1_000_000, rng=20261125, size=5)
    pairs = datasets.make_uniform(1000, 2_500_000, rng=20261125)
    sets = data.orderings.astype(np.int32)
    left, right = (side.astype(np.int32) for side in (pairs.left, pairs.right))

    def choose():
        recorded = Rankings.from_orderings(sets, top=1)
        return plackett_luce(recorded, n_threads=threads)

    def play():
        recorded = Comparisons.from_arrays(left, right, pairs.outcome, n_threads=threads)
        return bradley_terry(recorded, n_threads=threads)

    best = interleaved({"ours": choose, "pairs": play}, repeats)
    note = f"{best['ours']:.3g} s against {best['pairs']:.3g} s, ingest included"
    return [verdict("total / bradley_terry", best["ours"] / best["pairs"], 1, note)]


def davidson(threads: int, repeats: int) -> list[str]:
    """Ties as outcomes of their own, a thousand items, a million games: against evalica.newman."""
    votes = models.make_votes("regular")
    ours = models.use_hasten(votes, threads)
    if not is_installed("evalica"):
        return ["evalica.newman | not installed"]
    peer = models.use_evalica(votes, threads)
    exact = ours(1e-10)
    best = interleaved({"ours": lambda: ours(1e-6), "peer": lambda: peer(1e-6)}, repeats)
    note = (
        f"largest difference from the answer at 1e-10: {np.ptp(ours(1e-6) - exact):.0e} against "
        f"{np.ptp(peer(1e-6) - exact):.0e}; {best['ours']:.3g} s against {best['peer']:.3g} s"
    )
    return [verdict("total / evalica.newman", best["ours"] / best["peer"], None, note)]


def bootstrap(threads: int, repeats: int) -> list[str]:
    """6: one replicate at a thousand items, a million games, ties half: against arena-rank."""
    votes = models.make_votes("regular")
    result = bradley_terry(votes.comparisons(threads), n_threads=threads)
    n_replicates = 100
    ours = interleaved({"ours": lambda: result.bootstrap(n_replicates, rng=0)}, repeats)["ours"]
    ours /= n_replicates
    if not is_installed("arena-rank"):
        return [f"arena-rank | not installed; {ours:.3g} s a replicate"]
    replicate = models.use_arena_rank_bootstrap(votes)
    peer = interleaved({"peer": lambda: replicate(1)}, repeats)["peer"]
    note = f"{1e3 * ours:.3g} ms against {1e3 * peer:.3g} ms a replicate"
    return [verdict("bootstrap replicate / arena-rank", ours / peer, 30, note)]


def errors_of_all(threads: int, repeats: int) -> list[str]:
    """6: standard errors of a hundred thousand items by the sketch, in whole fits."""
    votes = models.make_votes("large")

    def fit():
        return bradley_terry(votes.comparisons(threads), n_threads=threads)

    result = fit()

    def infer():
        result.__dict__.pop("_all_errors", None)
        result.standard_error()

    best = interleaved({"fit": fit, "errors": infer}, max(repeats // 2, 1))
    ratio = best["errors"] / best["fit"]
    accuracy = result.standard_error_accuracy()
    is_met = "met" if ratio <= 20 else "**missed**"
    note = f"{best['errors']:.3g} s to {accuracy:.0%}, fit with ingest {best['fit']:.3g} s"
    return [f"errors of {len(result.items):,} items <= 20 fits | {ratio:.3g}: {is_met} ({note})"]


def use_ours(problem: Problem, threads: int):
    """Measure hasten with the number of threads that was asked for."""
    return ranking.use_hasten(problem, threads)


def against(problem, ours, peer, factor, threads, repeats) -> str:
    """Compare with a peer at its own default accuracy, where it is installed."""
    if not is_installed(peer):
        return f"{peer} | not installed"
    return compare_at_residual(
        problem, ours, ranking.SOLVERS[peer](problem, threads), peer, factor, repeats
    )


def compare_at_residual(problem, ours, peer, name, factor, repeats, at=1e-6) -> str:
    """Run a peer at one tolerance and hasten at the loosest that leaves no larger residual."""
    goal = problem.residual(peer(at))
    for tolerance in TOLERANCES:
        residual = problem.residual(ours(tolerance))
        if residual <= goal:
            break
    best = interleaved({"ours": lambda: ours(tolerance), "peer": lambda: peer(at)}, repeats)
    note = (
        f"residual {residual:.0e} against {goal:.0e}, true error {error(problem, ours, tolerance)} "
        f"against {error(problem, peer, at)}; {best['ours']:.3g} s against {best['peer']:.3g} s"
    )
    return verdict(f"total / {name}", best["ours"] / best["peer"], factor, note)


def error(problem: Problem, solve, tolerance: float = 1e-6) -> str:
    """Write the true error of a solver."""
    return f"{problem.true_error(solve(tolerance)):.0e}"


# ---------------------------------------------------------------- memory


def peak_memory(problem: Problem, threads: int) -> list[str]:
    """3: peak memory of a fit in a fresh process, beyond the games themselves."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("left", "right", "won"):
            kind = np.uint8 if name == "won" else np.int32
            np.save(Path(folder, f"{name}.npy"), getattr(problem, name).astype(kind))
        used = in_fresh_process(memory_of_fit, folder, threads)
    limit = 60 * len(problem.low) + 16 * min(len(problem.left), 2**24)
    is_met = "met" if used <= limit else "**missed**"
    return [f"peak memory <= {limit / 1e6:.0f} MB | {used / 1e6:.0f} MB: {is_met}"]


def memory_of_fit(folder: str, threads: int) -> int:
    """Fit saved games and return by how many bytes the peak rose."""
    left, right, won = (np.load(Path(folder, f"{name}.npy")) for name in ("left", "right", "won"))
    bradley_terry(Comparisons.from_arrays(["a", "b"], ["b", "a"]), n_threads=threads)
    before = peak_bytes()
    bradley_terry(Comparisons.from_arrays(left, right, won, n_threads=threads), n_threads=threads)
    return peak_bytes() - before


TARGETS = {
    "power-law-thousand": power_law_thousand,
    "power-law-strings": power_law_strings,
    "power-law-large": power_law_large,
    "power-law-lbfgs": power_law_lbfgs,
    "ladder": ladder,
    "chain": chain,
    "preference-pairs": preference_pairs,
    "preference-choices": preference_choices,
    "local-rankings": local_rankings,
    "choices": choices,
    "davidson": davidson,
    "bootstrap": bootstrap,
    "errors-of-all": errors_of_all,
}
