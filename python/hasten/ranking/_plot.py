"""Pictures of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_choice
from hasten.ranking._paired import paired_cells
from hasten.ranking._probabilities import outcome_probabilities
from hasten.ranking._summary import ranked

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.ranking._result import BradleyTerryResult
    from hasten.ranking._tabular import TabularResult

_BLUE, _ORANGE, _GREY = "#2166ac", "#d95f02", "#8a8f98"
_MOST_ROWS = 40
_MOST_CELLS = 16
_MOST_RANKED = 200
_N_BINS = 10


def draw(result: TabularResult, kind: str, ax: Axes | None) -> Axes:
    """Draw one kind of picture; see `BradleyTerryResult.plot`.

    Parameters
    ----------
    result : TabularResult
        What to draw.
    kind : str
        Which picture.
    ax : Axes or None
        Where; a new figure of fitting size if None.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    check_choice(kind, "kind", tuple(_KINDS))
    if kind == "convergence" and result.history is None:
        raise ValueError("`kind`='convergence' needs the history; solve with trace=True")
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    painter, size = _KINDS[kind]
    if ax is None:
        height = size[1]
        if kind == "caterpillar":
            height = 1.4 + 0.27 * min(len(result.items), _MOST_ROWS)
        _, ax = plt.subplots(figsize=(size[0], height), layout="constrained")
    painter(result, ax)
    return ax


def _caterpillar(result: TabularResult, ax: Axes) -> None:
    strength = np.asarray(result.strength)
    low, high = (np.asarray(end) for end in result.confidence_interval())
    order = ranked(result)
    n_ranked = len(order)
    order = order[:_MOST_ROWS]
    rows = np.arange(len(order))
    ax.axvline(0.0, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    ax.hlines(rows, low[order], high[order], color=_BLUE, alpha=0.45, linewidth=3.5)
    ax.plot(strength[order], rows, "o", color=_BLUE, markersize=5.5, markeredgecolor="white")
    ax.set_yticks(rows, [str(result.items[k]) for k in order])
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(f"log-strength ({result._origin}), 95 % intervals")
    if n_ranked <= _MOST_RANKED:
        _write_rank_sets(result, order, ax)
    _finish(
        ax,
        f"Strongest {len(order)} of {n_ranked:,} items"
        if n_ranked > len(order)
        else f"{result._model} strengths",
    )
    ax.grid(axis="x", color="0.92", linewidth=0.8)
    ax.spines["left"].set_visible(False)
    elo = ax.secondary_xaxis(
        "top",
        functions=(
            lambda s: 1500 + 400 * np.asarray(s) / np.log(10),
            lambda r: (np.asarray(r) - 1500) * np.log(10) / 400,
        ),
    )
    elo.set_xlabel("Elo", color=_GREY)
    elo.tick_params(colors=_GREY)
    elo.spines["top"].set_visible(False)


def _write_rank_sets(result: TabularResult, order: NDArray[Any], ax: Axes) -> None:
    # Fixed draws: the same result gives the same picture.
    low, high = (np.asarray(end) for end in result.rank_sets(rng=0))
    beside = ax.get_yaxis_transform()
    for row, k in enumerate(order):
        ranks = f"{low[k]}" if low[k] == high[k] else f"{low[k]}\N{EN DASH}{high[k]}"
        ax.text(1.02, row, ranks, transform=beside, va="center", color=_GREY, fontsize="small")
    ax.text(1.02, -0.9, "rank", transform=beside, color=_GREY, fontsize="small")


def _calibration(result: BradleyTerryResult, ax: Axes) -> None:
    predicted, observed, weight = _deciles(result)
    ax.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    spread = 1.96 * np.sqrt(predicted * (1 - predicted) / weight)
    ax.errorbar(
        predicted, observed, yerr=spread, fmt="none", ecolor=_BLUE, alpha=0.45, elinewidth=3
    )
    area = 25 + 90 * weight / weight.max()
    ax.scatter(predicted, observed, s=area, color=_BLUE, edgecolor="white", zorder=3)
    ax.set(
        xlabel="predicted share of the stronger side's wins, bars 1.96 binomial errors",
        ylabel="observed share",
    )
    edge = max(0.03, 0.04 * float(np.ptp(predicted)))
    limits = (
        max(0.0, min(predicted.min(), (observed - spread).min()) - edge),
        min(1.0, max(predicted.max(), (observed + spread).max()) + edge),
    )
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    _finish(ax, "Calibration by decile")
    ax.grid(color="0.92", linewidth=0.8)


def _deciles(
    result: BradleyTerryResult,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    # Each cell is seen from its stronger side: both sides would count every game twice.
    fit = result._fit
    cells = paired_cells(fit.comparisons, fit.specification, fit.groups)
    predictor = fit.strength[cells.left] - fit.strength[cells.right]
    if result.order_effect is not None:
        predictor += result.order_effect
    if cells.covariates is not None and result.coef is not None:
        predictor += cells.covariates @ result.coef
    chance, tie = outcome_probabilities(fit.specification.ties, predictor, result._tie)
    chance += tie / 2
    tied = 0.0 if cells.ties is None else cells.ties
    games = cells.wins + cells.losses + tied
    weaker = chance < 0.5
    wins = np.where(weaker, cells.losses, cells.wins) + tied / 2
    chance = np.where(weaker, 1 - chance, chance)
    order = np.argsort(chance, kind="stable")
    wins, games, chance = wins[order], games[order], chance[order]
    share = (np.cumsum(games) - games / 2) / games.sum()
    _, bins = np.unique(np.minimum((share * _N_BINS).astype(int), _N_BINS - 1), return_inverse=True)
    weight = np.bincount(bins, games).astype(np.float64)
    return np.bincount(bins, chance * games) / weight, np.bincount(bins, wins) / weight, weight


def _winmatrix(result: BradleyTerryResult, ax: Axes) -> None:
    items = result._fitted_items
    order = np.argsort(-result._fit.strength, kind="stable")[:_MOST_CELLS]
    share = _observed_shares(result, order)
    image = ax.imshow(share, cmap="RdBu", vmin=0, vmax=1)
    names = [str(items[k]) for k in order]
    ax.set_xticks(range(len(order)), names, rotation=45, ha="left", rotation_mode="anchor")
    ax.set_yticks(range(len(order)), names)
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    ax.set_facecolor("0.95")
    ax.set_xticks(np.arange(len(order) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(order) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=2)
    ax.tick_params(which="minor", length=0)
    for i, j in np.argwhere(np.isfinite(share)):
        ink = "white" if abs(share[i, j] - 0.5) > 0.3 else "0.15"
        ax.text(j, i, f"{share[i, j]:.2f}".lstrip("0"), ha="center", va="center", color=ink)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set(ylabel="winner")
    ax.set_title("Observed share of wins, row against column", loc="left", weight="bold", pad=12)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.75, pad=0.03)
    bar.outline.set_visible(False)


def _observed_shares(result: BradleyTerryResult, order: NDArray[Any]) -> NDArray[np.float64]:
    table = result._fit.table
    place = np.full(len(result._fit.strength), -1)
    place[order] = np.arange(len(order))
    rows, columns = place[table.rows], place[table.opponents]
    shown = (rows >= 0) & (columns >= 0)
    share = np.full((len(order), len(order)), np.nan)
    wins = table.wins[shown].astype(np.float64)
    share[rows[shown], columns[shown]] = wins / (wins + table.losses[shown])
    return share


def _convergence(result: TabularResult, ax: Axes) -> None:
    history = result.history or {}
    passes = np.append(history.get("n_iter", ()), result.n_iter)
    error = np.append(history.get("error", ()), result.error)
    drawn = np.isfinite(error) & (error > 0)
    ax.semilogy(passes[drawn], error[drawn], "-", color=_BLUE, linewidth=1.6)
    ax.semilogy(passes[drawn], error[drawn], "o", color=_BLUE, markersize=5, markeredgecolor="w")
    ax.semilogy([result.n_iter], [result.error], "o", color=_ORANGE, markersize=8)
    ax.annotate(
        f"certificate {result.error:.1e}",
        (result.n_iter, result.error),
        xytext=(-10, 4),
        textcoords="offset points",
        ha="right",
        color=_ORANGE,
    )
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel="passes over the data", ylabel="error, in standard errors")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(ax, f"Convergence of {result.method}")
    ax.grid(color="0.92", linewidth=0.8)


def _finish(ax: Axes, title: str) -> None:
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(title, loc="left", weight="bold")


_KINDS: dict[str, tuple[Callable[[Any, Axes], None], tuple[float, float]]] = {
    "caterpillar": (_caterpillar, (6.4, 4.8)),
    "calibration": (_calibration, (5.6, 5.2)),
    "winmatrix": (_winmatrix, (6.8, 5.6)),
    "convergence": (_convergence, (6.0, 4.2)),
}
