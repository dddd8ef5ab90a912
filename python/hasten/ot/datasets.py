"""Synthetic transport problems with known answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_array, check_integer, check_real, check_rng
from hasten.ot._gaussian import bures_wasserstein

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "TransportProblem",
    "make_gaussians",
    "make_random_assignment",
    "make_translation",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class TransportProblem:
    """A transport problem and what is known of its answer.

    Attributes
    ----------
    a, b : ndarray of float64, shape (n,) and (m,)
        Weights that sum to 1.
    cost : ndarray of float64, shape (n, m)
        Costs.
    X, Y : ndarray of float64, shape (n, d) and (m, d), or None
        Points whose squared distances are `cost`, where there are any.
    exact_value : float
        The cost of exact transport, without entropy.
    reg : float or None
        The strength that `value` belongs to.
    value : float or None
        The value of entropic transport, where it is known.

    Examples
    --------
    >>> from hasten.ot import sinkhorn
    >>> from hasten.ot.datasets import make_gaussians
    >>> data = make_gaussians(reg=0.4)
    >>> result = sinkhorn(data.a, data.b, data.cost, reg=data.reg)
    >>> bool(abs(result.value - data.value) < 1e-9)
    True
    """

    a: NDArray[np.float64] = field(repr=False)
    b: NDArray[np.float64] = field(repr=False)
    cost: NDArray[np.float64] = field(repr=False)
    X: NDArray[np.float64] | None = field(default=None, repr=False)
    Y: NDArray[np.float64] | None = field(default=None, repr=False)
    exact_value: float
    reg: float | None = None
    value: float | None = None


def make_random_assignment(n: int = 500, rng: Any = None) -> TransportProblem:
    r"""Draw costs of an assignment problem uniformly from [0, 1].

    The plan of least cost is a permutation, and its cost is close to :math:`\pi^2 / (6 n)`: hard
    for a small `reg`, since near-optimal permutations abound.

    Parameters
    ----------
    n : int, default 500
        Number of rows and of columns.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).

    Returns
    -------
    TransportProblem
        With equal weights; ``exact_value`` is the optimal assignment's, by SciPy.

    Examples
    --------
    >>> from hasten.ot import sinkhorn
    >>> from hasten.ot.datasets import make_random_assignment
    >>> data = make_random_assignment(50, rng=0)
    >>> result = sinkhorn(data.a, data.b, data.cost, reg=0.01)
    >>> result.exact_lower <= data.exact_value <= result.exact_upper
    True
    """
    from scipy.optimize import linear_sum_assignment

    n = check_integer(n, "n", minimum=1)
    cost = check_rng(rng).random((n, n))
    weights = np.full(n, 1.0 / n)
    optimal = float(cost[linear_sum_assignment(cost)].sum()) / n
    return TransportProblem(a=weights, b=weights.copy(), cost=cost, exact_value=optimal)


def make_gaussians(
    n: int = 1200,
    *,
    means: tuple[float, float] = (0.0, 1.0),
    variances: tuple[float, float] = (0.5, 0.8),
    reg: float = 0.4,
) -> TransportProblem:
    """Put two normal densities on one grid, with the value of entropic transport in closed form.

    The sum over a grid of equal steps approximates integrals of smooth densities to rounding once
    the steps are shorter than their widths.

    Parameters
    ----------
    n : int, default 1200
        Number of grid points, which span 11 standard deviations beyond the means.
    means : tuple of float, default (0.0, 1.0)
        Means of the two densities.
    variances : tuple of float, default (0.5, 0.8)
        Their variances.
    reg : float, default 0.4
        Strength of the entropic term.

    Returns
    -------
    TransportProblem
        ``value`` and ``exact_value`` are those of `bures_wasserstein`.

    Examples
    --------
    >>> from hasten.ot.datasets import make_gaussians
    >>> data = make_gaussians(reg=0.4)
    >>> data.cost.shape, round(data.value, 12)
    ((1200, 1200), 1.481126137473)
    """
    n = check_integer(n, "n", minimum=2)
    reg = check_real(reg, "reg", minimum=0.0, exclusive=True)
    mean = check_array(means, "means", shape=(2,), dtype="float64")
    variance = check_array(variances, "variances", shape=(2,), dtype="float64")
    if variance.min() <= 0:
        raise ValueError(f"`variances` must be greater than 0; got {variances!r}")
    reach = 11.0 * np.sqrt(variance)
    x = np.linspace((mean - reach).min(), (mean + reach).max(), n)
    density = np.exp(-((x[:, None] - mean) ** 2) / (2.0 * variance))
    a, b = (density / density.sum(axis=0)).T.copy()
    moments = mean[:1], variance[:1, None], mean[1:], variance[1:, None]
    return TransportProblem(
        a=a,
        b=b,
        cost=(x[:, None] - x) ** 2,
        X=x[:, None],
        Y=x[:, None].copy(),
        exact_value=bures_wasserstein(*moments),
        reg=reg,
        value=bures_wasserstein(*moments, reg=reg),
    )


def make_translation(
    n: int = 500, shift: ArrayLike = (3.0, 4.0), rng: Any = None
) -> TransportProblem:
    """Draw normal points and move all of them by one vector.

    Exact transport under the squared distance is that translation, and its cost the squared length;
    so is the Sinkhorn divergence, for every `reg`.

    Parameters
    ----------
    n : int, default 500
        Number of points.
    shift : array-like of shape (d,), default (3.0, 4.0)
        The vector.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).

    Returns
    -------
    TransportProblem
        With points `X` and `Y` and equal weights.

    Examples
    --------
    >>> from hasten.ot import sinkhorn_divergence
    >>> from hasten.ot.datasets import make_translation
    >>> data = make_translation(50, rng=0)
    >>> round(sinkhorn_divergence(data.X, data.Y, reg=0.5).value, 6), data.exact_value
    (25.0, 25.0)
    """
    n = check_integer(n, "n", minimum=1)
    vector = check_array(shift, "shift", dtype="float64").astype(np.float64, copy=False)
    if vector.size == 0:
        raise ValueError("`shift` must have at least 1 entry; got shape (0,)")
    X = check_rng(rng).normal(size=(n, len(vector)))
    Y = X + vector
    weights = np.full(n, 1.0 / n)
    return TransportProblem(
        a=weights,
        b=weights.copy(),
        cost=((X[:, None] - Y) ** 2).sum(axis=-1),
        X=X,
        Y=Y,
        exact_value=float(vector @ vector),
    )
