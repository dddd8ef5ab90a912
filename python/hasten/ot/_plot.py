"""Pictures of a transport."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_choice
from hasten.ot._plan import plan_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.ot._result import SinkhornResult

_BLUE, _ORANGE, _GREY = "#2166ac", "#d95f02", "#8a8f98"
_MOST_CELLS = 500
_MOST_ARROWS = 400


def draw(result: SinkhornResult, kind: str | None, ax: Axes | None) -> Any:
    """Draw one kind of picture, or all that apply; see `SinkhornResult.plot`.

    Parameters
    ----------
    result : SinkhornResult
        What to draw.
    kind : str or None
        Which picture.
    ax : Axes or None
        Where; a new figure if None.

    Returns
    -------
    Axes, or ndarray of Axes
        One for a `kind`, else all that were drawn.

    Raises
    ------
    ValueError
        When the kind is unknown or does not apply, or `ax` comes without one.
    ImportError
        When matplotlib is not installed.
    """
    if kind is not None:
        check_choice(kind, "kind", tuple(_KINDS))
        _check_applies(result, kind)
    elif ax is not None:
        raise ValueError("`ax` needs a `kind`: 'plan', 'map' or 'convergence'")
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    if kind is not None:
        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
        _KINDS[kind](result, ax)
        return ax
    kinds = ["map" if _is_flat(result) else "plan"]
    if result.history is not None:
        kinds.insert(0, "convergence")
    _, axes = plt.subplots(
        1, len(kinds), figsize=(5.6 * len(kinds), 4.6), layout="constrained", squeeze=False
    )
    for name, place in zip(kinds, axes[0], strict=True):
        _KINDS[name](result, place)
    return axes[0]


def _is_flat(result: SinkhornResult) -> bool:
    problem = result._problem
    return problem.is_cloud and problem.cost[0].shape[1] == 2


def _check_applies(result: SinkhornResult, kind: str) -> None:
    if kind == "convergence" and result.history is None:
        raise ValueError("`kind`='convergence' needs the history; solve with trace=True")
    if kind == "map" and not _is_flat(result):
        raise ValueError("`kind`='map' needs points of two dimensions")


def _plan(result: SinkhornResult, ax: Axes) -> None:
    n, m = result._problem.shape
    image = ax.imshow(
        _image(result), cmap="Blues", vmin=0.0, aspect="auto", interpolation="nearest",
        extent=(-0.5, m - 0.5, n - 0.5, -0.5),
    )  # fmt: skip
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.75, pad=0.03)
    bar.outline.set_visible(False)
    ax.set(xlabel="column", ylabel="row")
    averaged = max(n, m) > _MOST_CELLS
    ax.set_title("Plan, averaged over blocks" if averaged else "Plan", loc="left", weight="bold")


def _image(result: SinkhornResult) -> NDArray[np.float64]:
    """Return the plan, or its means over blocks: some rows at a time, so that it is never whole."""
    n, m = result._problem.shape
    if max(n, m) <= _MOST_CELLS:
        return np.asarray(result._plan, np.float64)
    rows, columns = (_bounds(size) for size in (n, m))
    cells = np.empty((len(rows) - 1, len(columns) - 1))
    for k, (first, end) in enumerate(itertools.pairwise(rows)):
        sums = plan_rows(result._problem, result._potentials, first, end).sum(axis=0, dtype=float)
        cells[k] = np.add.reduceat(sums, columns[:-1])
    means: NDArray[np.float64] = cells / np.outer(np.diff(rows), np.diff(columns))
    return means


def _bounds(size: int) -> NDArray[np.intp]:
    """Return where blocks begin, and the end of the last."""
    count = min(size, _MOST_CELLS)
    return -(-np.arange(count + 1) * size // count)


def _map(result: SinkhornResult, ax: Axes) -> None:
    X, Y, _ = result._problem.cost
    a, b = result._problem.a, result._problem.b
    sent = np.asarray(result.barycentric_map())
    step = -(-len(X) // _MOST_ARROWS)
    moved = sent - X
    ax.quiver(
        X[::step, 0], X[::step, 1], moved[::step, 0], moved[::step, 1],
        angles="xy", scale_units="xy", scale=1.0, width=0.003, color=_GREY, alpha=0.7,
    )  # fmt: skip
    for points, weights, color, name in ((X, a, _BLUE, "X"), (Y, b, _ORANGE, "Y")):
        area = 6.0 + 24.0 * weights / weights.max()
        ax.scatter(points[:, 0], points[:, 1], s=area, color=color, label=name, edgecolor="none")
    ax.legend(frameon=False)
    ax.set_aspect("equal", adjustable="datalim")
    _finish(ax, "Barycentric map")


def _convergence(result: SinkhornResult, ax: Axes) -> None:
    history = result.history or {}
    passes, error = history["n_iter"], history["marginal_error"]
    drawn = np.isfinite(error) & (error > 0)
    newton = drawn & (history["stage"] == "newton")
    ax.semilogy(passes[drawn], error[drawn], "-", color=_BLUE, linewidth=1.4)
    plain = drawn & ~newton
    ax.semilogy(passes[plain], error[plain], "o", color=_BLUE, markersize=3, label="Sinkhorn")
    if newton.any():
        ax.semilogy(passes[newton], error[newton], "o", color=_ORANGE, markersize=5, label="Newton")
        ax.legend(frameon=False)
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel="passes over the cost", ylabel="marginal error")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(ax, f"Convergence of {result.method_used}")
    ax.grid(color="0.92", linewidth=0.8)


def _finish(ax: Axes, title: str) -> None:
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(title, loc="left", weight="bold")


_KINDS: dict[str, Callable[[Any, Axes], None]] = {
    "plan": _plan,
    "map": _map,
    "convergence": _convergence,
}
