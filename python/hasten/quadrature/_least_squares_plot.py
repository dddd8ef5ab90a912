"""The picture of a least squares fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from hasten.quadrature._least_squares_result import LeastSquaresResult

_BLUE, _ORANGE, _GREY = "#2166ac", "#d95f02", "#8a8f98"


def draw(result: LeastSquaresResult, ax: Any) -> Any:
    """Draw eigenvalues and points; see `LeastSquaresResult.plot`.

    Parameters
    ----------
    result : LeastSquaresResult
        What to draw.
    ax : Axes or None
        Where the eigenvalues go; a new figure if None.

    Returns
    -------
    Axes, or ndarray of Axes
        What was drawn on.

    Raises
    ------
    ImportError
        When matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as problem:
        raise ImportError("plot() needs matplotlib: pip install hasten[plot]") from problem
    if ax is not None:
        _eigenvalues(result, ax)
        return ax
    if result.X is None or result.X.shape[1] > 2:
        _, ax = plt.subplots()
        _eigenvalues(result, ax)
        return ax
    _, axes = plt.subplots(1, 2, figsize=(9.0, 4.0), layout="constrained")
    _eigenvalues(result, axes[0])
    _points(result.X, result.weights, axes[1])
    return axes


def _eigenvalues(result: LeastSquaresResult, ax: Any) -> None:
    values = result.gram_eigenvalues
    ax.plot(np.arange(1, len(values) + 1), values, "o", color=_BLUE)
    ax.axhline(1.0, color=_GREY, linewidth=1.0)
    ax.set_yscale("log")
    ax.set(xlabel="number", ylabel="eigenvalue of G", title=f"{result.n_samples} points")


def _points(X: Any, weights: Any, ax: Any) -> None:
    weights = np.ones(len(X)) if weights is None else weights
    if X.shape[1] == 1:
        ax.vlines(X[:, 0], 0.0, weights, color=_ORANGE)
        ax.set(xlabel="x", ylabel="weight", title="sample")
    else:
        largest = weights.max() if weights.max() > 0.0 else 1.0
        ax.scatter(X[:, 0], X[:, 1], s=60.0 * weights / largest, color=_ORANGE)
        ax.set(xlabel="first variable", ylabel="second variable", title="sample, area = weight")
