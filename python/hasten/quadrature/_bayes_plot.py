"""Pictures of Bayesian quadrature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hasten.quadrature._bayes_result import quantile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hasten.quadrature._bayes_result import BayesQuadResult

_COLORS = ("#2166ac", "#d95f02", "#1b7837", "#762a83")
_MOST_MARKS = 200
_N_POINTS = 400


def draw(result: BayesQuadResult, ax: Axes | None) -> Axes:
    """Draw the posterior of the integrand; see `BayesQuadResult.plot`.

    Parameters
    ----------
    result : BayesQuadResult
        What to draw.
    ax : Axes or None
        Where; a new figure if None.

    Returns
    -------
    Axes
        The picture.

    Raises
    ------
    ValueError
        When there are more than two dimensions.
    ImportError
        When matplotlib is not installed.
    """
    d = result._nodes.points.shape[1]
    if d > 2:
        raise ValueError(f"`plot` draws integrands of one or two variables; got {d}")
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    (_line if d == 1 else _plane)(result, ax)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _line(result: BayesQuadResult, ax: Axes) -> None:
    nodes = result._nodes.points[:, 0]
    name, first, second = result._against.axes[0]
    lower, upper = nodes.min(), nodes.max()
    if name == "lebesgue":
        lower, upper = first, second
    else:
        lower, upper = min(lower, first - 3 * second), max(upper, first + 3 * second)
    x = np.linspace(lower, upper, _N_POINTS)
    mean, deviation = (a.reshape(len(x), -1) for a in result.posterior(x))
    degrees = None if result._is_scale_known else result.n_distinct
    width = quantile(result.confidence_level, degrees)
    values = result._values
    for v in range(min(values.shape[1], len(_COLORS))):
        color = _COLORS[v]
        low, high = mean[:, v] - width * deviation[:, v], mean[:, v] + width * deviation[:, v]
        ax.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(x, mean[:, v], color=color, linewidth=1.4)
        if len(nodes) <= _MOST_MARKS:
            ax.plot(nodes, values[:, v], "o", color=color, markersize=4)
    ax.set(xlabel="x", ylabel="integrand")
    kind = "RBF" if np.isinf(result.nu) else f"Matern {result.nu:g}"
    title = f"Posterior under {kind}, {100 * result.confidence_level:g} % band"
    ax.set_title(title, loc="left", weight="bold")


def _plane(result: BayesQuadResult, ax: Axes) -> None:
    points, weights = result._nodes.points, result.weights.ravel()
    largest = np.abs(weights).max() or 1.0
    drawn = ax.scatter(
        points[:, 0], points[:, 1], c=weights, cmap="RdBu", vmin=-largest, vmax=largest,
        s=25, edgecolor="0.6", linewidth=0.4,
    )  # fmt: skip
    ax.figure.colorbar(drawn, ax=ax, label="weight")
    ax.set(xlabel="axis 0", ylabel="axis 1")
    ax.set_title("Nodes and weights", loc="left", weight="bold")
