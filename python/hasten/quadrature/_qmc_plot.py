"""Pictures of a quasi-Monte Carlo integral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_choice, check_integer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hasten.quadrature._qmc_result import QmcResult

_BLUE, _ORANGE, _GREY = "#2166ac", "#d95f02", "#8a8f98"


def draw(result: QmcResult, kind: str | None, ax: Axes | None, component: int) -> Any:
    """Draw one kind of picture, or all that apply; see `QmcResult.plot`.

    Parameters
    ----------
    result : QmcResult
        What to draw.
    kind : str or None
        Which picture.
    ax : Axes or None
        Where; a new figure if None.
    component : int
        Of a vector-valued integrand.

    Returns
    -------
    Axes, or ndarray of Axes
        One for a `kind`, else all that were drawn.

    Raises
    ------
    ValueError
        When the kind is unknown or does not apply, `ax` comes without one, or there is no such
        component.
    ImportError
        When matplotlib is not installed.
    """
    kinds = ["replicates"] if result.history is None else ["convergence", "replicates"]
    if kind is not None:
        check_choice(kind, "kind", tuple(_KINDS))
        if kind not in kinds:
            raise ValueError("`kind` 'convergence' needs a result of qmc_quad(..., trace=True)")
    elif ax is not None:
        raise ValueError("`ax` needs a `kind`: 'convergence' or 'replicates'")
    component = check_integer(component, "component", minimum=0)
    if component >= np.size(result.value):
        raise ValueError(f"`component` must be below {np.size(result.value)}; got {component}")
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    if kind is not None:
        if ax is None:
            _, ax = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
        _KINDS[kind](result, ax, component)
        return ax
    _, axes = plt.subplots(
        1, len(kinds), figsize=(5.6 * len(kinds), 4.2), layout="constrained", squeeze=False
    )
    for name, place in zip(kinds, axes[0], strict=True):
        _KINDS[name](result, place, component)
    return axes[0]


def _draw_convergence(result: QmcResult, ax: Axes, component: int) -> None:
    history = result.history or {}
    n = history["n_points"]
    error = history["error"].reshape(len(n), -1)[:, component]
    ax.loglog(n, error, "o-", color=_BLUE, label=f"{100 * result.confidence_level:g} % half-width")
    positive = error[error > 0.0]
    if len(positive) and len(n) > 1:
        for slope, style in ((-0.5, ":"), (-1.0, "--"), (-1.5, "-.")):
            line = error[0] * (n / n[0]) ** slope
            ax.loglog(n, line, style, color=_GREY, lw=1, label=f"slope {slope:g}")
    ax.set_xlabel("points of a replicate")
    ax.set_ylabel("error")
    ax.legend(frameon=False)


def _draw_replicates(result: QmcResult, ax: Axes, component: int) -> None:
    estimates = result.replicates.reshape(len(result.replicates), -1)[:, component]
    low, high = (np.ravel(end)[component] for end in result.confidence_interval())
    ax.plot(np.arange(1, len(estimates) + 1), estimates, "o", color=_BLUE, label="replicates")
    ax.axhline(np.ravel(result.value)[component], color=_ORANGE, label="mean")
    label = f"{100 * result.confidence_level:g} % interval"
    ax.axhspan(low, high, color=_ORANGE, alpha=0.2, lw=0, label=label)
    ax.set_xlabel("replicate")
    ax.set_ylabel("integral")
    ax.legend(frameon=False)


_KINDS = {"convergence": _draw_convergence, "replicates": _draw_replicates}
