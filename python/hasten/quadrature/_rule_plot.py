"""Pictures of a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hasten.quadrature._rule import Rule

_BLUE = "#2166ac"
_MOST_STEMS = 200
_LARGEST_AREA = 120.0


def draw(rule: Rule, ax: Axes | None) -> Axes:
    """Draw a rule; see `Rule.plot`.

    Parameters
    ----------
    rule : Rule
        What to draw.
    ax : Axes or None
        Where; a new figure if None.

    Returns
    -------
    Axes
        Where it was drawn.

    Raises
    ------
    ValueError
        When the rule has more than two variables.
    ImportError
        When matplotlib is not installed.
    """
    d = 1 if rule.nodes.ndim == 1 else rule.nodes.shape[1]
    if d > 2:
        raise ValueError(f"plot() draws rules in one or two variables; this one has {d}")
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    if ax is None:
        ax = plt.subplots(layout="constrained")[1]
    x = rule.nodes.reshape(len(rule), d)
    if d == 1:
        if len(rule) <= _MOST_STEMS:
            ax.vlines(x[:, 0], 0.0, rule.weights, colors=_BLUE, linewidth=1.0)
        ax.plot(x[:, 0], rule.weights, ".", color=_BLUE, markersize=4)
        ax.set_xlabel("node")
        ax.set_ylabel("weight")
    else:
        area = np.abs(rule.weights)
        largest = area.max()
        sizes = _LARGEST_AREA * area / largest if largest > 0.0 else area
        ax.scatter(x[:, 0], x[:, 1], s=sizes, color=_BLUE, linewidth=0)
        ax.set_xlabel("first variable")
        ax.set_ylabel("second variable")
    ax.set_title(str(rule).split(", exact")[0])
    return ax
