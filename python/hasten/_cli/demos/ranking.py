"""Paired models on real data: published estimates, possible ranks, and a race against a peer."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hasten._cli.demonstration import Check, Demonstration, Race, best_times

if TYPE_CHECKING:
    from hasten.ranking import BradleyTerryResult

# Printed by the R package BradleyTerry2 (Turner and Firth 2012) for the data of these sources.
_STIGLER = "BradleyTerry2; Stigler 1994"
_CITATIONS = {"Comm. Statist.": -2.9491, "JASA": -0.4796, "JRSS-B": 0.2690}
_AGRESTI = "BradleyTerry2; Agresti 2002"
_BASEBALL = {
    "Boston": (1.1077, 0.3339),
    "Cleveland": (0.6839, 0.3319),
    "Detroit": (1.4364, 0.3396),
    "Milwaukee": (1.5814, 0.3433),
    "New York": (1.2476, 0.3359),
    "Toronto": (1.2945, 0.3367),
}
_HOME = 0.3023
# Printed by the R package PlackettLuce for the data and model of Davidson: worths that sum to 1.
_DAVIDSON = "PlackettLuce; Davidson 1970"
_PUDDINGS = {1: 0.1388, 6: 0.2024}
_NU_DAVIDSON = 0.7468
# Half a unit of the last digit that was printed.
_ROUNDING = 5.1e-5
_N_ITEMS, _N_GAMES = 1000, 100_000

_Strengths = Callable[[], NDArray[np.float64]]


def demonstrate(report: Callable[[str], None]) -> Demonstration:
    """Fit the bundled data sets, compare with published estimates, and race a peer.

    Parameters
    ----------
    report : callable
        Called with a few words before each part.

    Returns
    -------
    Demonstration
        What to print.
    """
    from hasten.datasets import load_baseball_1987, load_journal_citations, load_puddings
    from hasten.ranking import bradley_terry
    from hasten.ranking.datasets import make_power_law

    report("citations among journals")
    citations = bradley_terry(load_journal_citations().comparisons(), reference="Biometrika")
    report("baseball, season of 1987")
    league = load_baseball_1987()
    baseball = bradley_terry(league.comparisons(), reference="Baltimore", trace=True)
    centred = bradley_terry(league.comparisons())
    home = bradley_terry(league.comparisons(ordered=True), order_effect=True)
    report("tastings of puddings, with ties")
    puddings = bradley_terry(load_puddings().comparisons(), ties="davidson")
    report("race on the baseball games")
    small = _race(
        "baseball: 273 games of 7 teams, from arrays of names",
        league.games["left"].tolist(),
        league.games["right"].tolist(),
        league.games["outcome"],
    )
    report(f"race on {_N_GAMES:,} games of {_N_ITEMS:,} items")
    data = make_power_law(_N_ITEMS, _N_GAMES, rng=0, spread=0.5)
    large = _race(
        f"synthetic: {_N_GAMES:,} games of {_N_ITEMS:,} items, from arrays of integers",
        data.left,
        data.right,
        data.outcome.astype(np.float64),
    )
    fits = (citations, baseball, home, puddings)
    return Demonstration(
        family="ranking",
        answer="\n\n".join(
            [citations.summary(), baseball.summary(), _home_lines(home), _pudding_lines(puddings)]
        ),
        certificate=(
            f"Proved: no difference of strengths is further from the exact maximum than "
            f"{max(fit.error for fit in fits):.1e} of its own standard error, in any of these fits."
        ),
        converged=all(fit.converged for fit in fits),
        checks=[
            *_citation_checks(citations),
            *_baseball_checks(baseball),
            *_model_checks(home, puddings),
        ],
        races=[small, large],
        to_compare="evalica or choix",
        plots={
            "ranking-caterpillar": centred.plot,
            "ranking-winmatrix": lambda: centred.plot("winmatrix"),
            "ranking-calibration": lambda: centred.plot("calibration"),
            "ranking-convergence": lambda: baseball.plot("convergence"),
        },
    )


def _citation_checks(result: BradleyTerryResult) -> list[Check]:
    strength = dict(zip(result.items.tolist(), result.strength.tolist(), strict=True))
    return [
        Check(
            what=f"citations: {journal} - Biometrika",
            ours=strength[journal],
            published=value,
            tolerance=_ROUNDING,
            source=_STIGLER,
        )
        for journal, value in _CITATIONS.items()
    ]


def _baseball_checks(result: BradleyTerryResult) -> list[Check]:
    labels = result.items.tolist()
    columns = (result.strength.tolist(), result.standard_error().tolist())
    checks = []
    for team, published in _BASEBALL.items():
        for column, value, kind in zip(columns, published, ("", "standard error of "), strict=True):
            checks.append(
                Check(
                    what=f"baseball: {kind}{team} - Baltimore",
                    ours=column[labels.index(team)],
                    published=value,
                    tolerance=_ROUNDING,
                    source=_AGRESTI,
                )
            )
    return checks


def _home_lines(result: BradleyTerryResult) -> str:
    advantage = result.coefficients()["order effect"]
    low, high = result.rank_sets(rng=0)
    order = np.argsort(-result.strength)
    ranks = ", ".join(f"{result.items[k]} {low[k]}-{high[k]}" for k in order)
    return (
        f"Playing at home adds {advantage.estimate:.4f} (std. error "
        f"{advantage.standard_error:.4f}) to the log-odds.\n"
        f"Ranks that the games leave open, all at once with 95 %:\n  {ranks}"
    )


def _pudding_lines(result: BradleyTerryResult) -> str:
    first, last = (result.items[np.argsort(sign * result.strength)[0]].item() for sign in (-1, 1))
    win, tie = result.predict_proba(first, last), result.predict_tie(first, last)
    return (
        f"Puddings, ties as outcomes (Davidson 1970): brand {first} against brand {last} wins "
        f"{win:.0%}, ties {tie:.0%}, loses {1 - win - tie:.0%}"
    )


def _model_checks(home: BradleyTerryResult, puddings: BradleyTerryResult) -> list[Check]:
    worth = np.exp(puddings.strength) / np.exp(puddings.strength).sum()
    advantage = home.coefficients()["order effect"].estimate
    nu_davidson = 2 * np.exp(puddings.coefficients()["ln nu"].estimate)
    rows = [("baseball: advantage at home", advantage, _HOME, _AGRESTI)]
    rows += [
        (f"puddings: worth of brand {brand}", worth[puddings.items == brand][0], value, _DAVIDSON)
        for brand, value in _PUDDINGS.items()
    ]
    rows += [("puddings: Davidson's nu", nu_davidson, _NU_DAVIDSON, _DAVIDSON)]
    return [
        Check(what=what, ours=float(ours), published=value, tolerance=_ROUNDING, source=source)
        for what, ours, value, source in rows
    ]


def _race(task: str, left: Any, right: Any, outcome: NDArray[np.float64]) -> Race:
    from hasten.ranking import Comparisons, bradley_terry

    def ours() -> NDArray[np.float64]:
        comparisons = Comparisons.from_arrays(left, right, outcome)
        return np.asarray(bradley_terry(comparisons).strength)

    exact = bradley_terry(Comparisons.from_arrays(left, right, outcome), tol=1e-10)
    error = _largest_error(ours(), exact.strength)
    peer = _evalica(left, right, outcome, exact.items) or _choix(left, right, outcome, exact.items)
    if peer is None:
        (seconds,) = best_times(ours)
        return Race(task=task, seconds=seconds, error=error)
    name, theirs = peer
    seconds, peer_seconds = best_times(ours, theirs)
    return Race(
        task=task,
        seconds=seconds,
        error=error,
        peer=name,
        peer_seconds=peer_seconds,
        peer_error=_largest_error(theirs(), exact.strength),
    )


def _largest_error(strength: NDArray[np.float64], exact: NDArray[np.float64]) -> float:
    difference = strength - exact
    return float(np.ptp(difference))


def _evalica(
    left: Any, right: Any, outcome: NDArray[np.float64], items: NDArray[Any]
) -> tuple[str, _Strengths] | None:
    """Return the peer evalica at its own best setting: lists, and enough iterations to converge."""
    try:
        evalica: Any = importlib.import_module("evalica")
    except ImportError:
        return None
    sides = evalica.Winner
    code = {1.0: sides.X, 0.0: sides.Y, 0.5: sides.Draw}
    xs, ys = np.asarray(left).tolist(), np.asarray(right).tolist()
    winners = [code[value] for value in outcome.tolist()]

    def strengths() -> NDArray[np.float64]:
        # A tolerance of 1e-9 on its step brings it to errors like ours; its default does not.
        scores = evalica.bradley_terry(xs, ys, winners, tolerance=1e-9, limit=10_000).scores
        return np.log(np.asarray(scores[items], dtype=np.float64))

    return f"evalica {importlib.metadata.version('evalica')}", strengths


def _choix(
    left: Any, right: Any, outcome: NDArray[np.float64], items: NDArray[Any]
) -> tuple[str, _Strengths] | None:
    """Return the peer choix, which knows no ties."""
    try:
        choix: Any = importlib.import_module("choix")
    except ImportError:
        return None
    if (outcome == 0.5).any():
        return None
    first, second = np.searchsorted(items, left), np.searchsorted(items, right)
    won = outcome == 1.0
    pairs = np.column_stack([np.where(won, first, second), np.where(won, second, first)]).tolist()

    def strengths() -> NDArray[np.float64]:
        return np.asarray(choix.ilsr_pairwise(len(items), pairs), dtype=np.float64)

    return f"choix {importlib.metadata.version('choix')}", strengths
