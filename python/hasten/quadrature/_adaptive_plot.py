"""Pictures of adaptive integrations."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hasten.quadrature._adaptive_result import QuadResult
    from hasten.quadrature._adaptive_trace import Trace

_BLUE, _ORANGE, _GREY = "#2166ac", "#d95f02", "#8a8f98"


def draw(result: QuadResult, index: int | tuple[int, ...] | None, ax: Axes | None) -> Any:
    """Draw one integral of a batch; see `QuadResult.plot`.

    Parameters
    ----------
    result : QuadResult
        What to draw.
    index : int, tuple of int or None
        Which integral; the one with the largest error if None.
    ax : Axes or None
        Where to draw the integrand alone.

    Returns
    -------
    Axes, or ndarray of Axes
        The one that was given, or both of a new figure.

    Raises
    ------
    ValueError
        When there is no trace or no such integral.
    ImportError
        When matplotlib is not installed.
    """
    trace = result._trace
    if trace is None or result.history is None:
        raise ValueError("plot() needs what trace=True keeps; integrate again with it")
    owner = _owner(result, trace, index)
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    picture = _integrand if trace.bounds.shape[-1] == 1 else _boxes
    if ax is not None:
        picture(trace, owner, ax)
        return ax
    _, axes = plt.subplots(1, 2, figsize=(11.2, 4.6), layout="constrained")
    picture(trace, owner, axes[0])
    _rounds(result, axes[1])
    return axes


def _owner(result: QuadResult, trace: Trace, index: int | tuple[int, ...] | None) -> int:
    if index is None:
        return int(np.argmax(result.error)) if np.size(result.error) else 0
    places = index if isinstance(index, tuple) else (index,)
    try:
        places = tuple(operator.index(place) for place in places)
        return int(np.arange(np.size(result.error)).reshape(trace.shape)[places])
    except (TypeError, IndexError):
        raise ValueError(
            f"`index` must be the place of an integral in a batch of shape {trace.shape}; "
            f"got {shown(index)}"
        ) from None


def _integrand(trace: Trace, owner: int, ax: Axes) -> None:
    own = trace.owner == owner
    order = np.argsort(trace.x[own], kind="stable")
    x, f = trace.x[own][order], trace.f[own][order]
    bounds = trace.bounds[trace.region_owner == owner][..., 0]
    # An infinite range is drawn as far as points reach that matter.
    weight = np.abs(f) > 1e-3 * np.max(np.abs(f), initial=0.0)
    infinite = np.isinf(bounds).any()
    limits = (x[weight].min(), x[weight].max()) if infinite and weight.any() else None
    ax.plot(x, f, color=_BLUE, linewidth=1.2)
    ax.plot(x, f, ".", color=_BLUE, markersize=3.0)
    edges = np.unique(bounds[np.isfinite(bounds)])
    ax.vlines(
        edges, 0.0, 0.04, color=_ORANGE, linewidth=0.8, transform=ax.get_xaxis_transform(),
        label=f"ends of {len(bounds)} intervals",
    )  # fmt: skip
    if limits is not None and limits[0] < limits[1]:
        ax.set_xlim(limits)
    ax.set(xlabel="x", ylabel="f(x)")
    ax.set_title("Integrand and subdivision", loc="left", weight="bold")
    ax.legend(frameon=False, loc="best")


def _boxes(trace: Trace, owner: int, ax: Axes) -> None:
    from matplotlib.collections import PolyCollection

    own = trace.region_owner == owner
    low, high = trace.bounds[own, 0, :2], trace.bounds[own, 1, :2]
    corners = np.stack(
        [low, np.stack([high[:, 0], low[:, 1]], 1), high, np.stack([low[:, 0], high[:, 1]], 1)], 1
    )
    finite = np.isfinite(corners).all(axis=(1, 2))
    ax.add_collection(
        PolyCollection(list(corners[finite]), facecolors="none", edgecolors=_BLUE, linewidths=0.5)
    )
    ax.autoscale_view()
    ax.set(xlabel="first axis", ylabel="second axis")
    ax.set_title(f"{len(low)} boxes", loc="left", weight="bold")


def _rounds(result: QuadResult, ax: Axes) -> None:
    history = result.history
    assert history is not None  # noqa: S101  Was asked before.
    positive = history["error"] > 0
    ax.semilogy(
        history["n_iter"][positive], history["error"][positive], "o-", color=_BLUE, markersize=4
    )
    ax.set(xlabel="round", ylabel="largest estimated error")
    ax.set_title("Convergence", loc="left", weight="bold")
    twin = ax.twinx()
    twin.plot(history["n_iter"], history["n_intervals"], color=_GREY, linewidth=1.0)
    twin.set_ylabel("open intervals", color=_GREY)
