"""Arguments of Bayesian quadrature: measures, nodes, kernels and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hasten._validation import (
    as_array,
    check_array,
    check_choice,
    check_integer,
    check_real,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

SMOOTHNESSES = (0.5, 1.5, 2.5, 3.5)

#: Evenly spaced nodes of an axis where none are given: halves and quarters of the gaps are nested.
_DEFAULT_N = 33

AxisMeasure = tuple[str, float, float]


def check_doubles(
    value: Any, name: str, *, ndim: int = 1, shape: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Return finite float64 numbers; see `check_array`.

    Parameters
    ----------
    value : array-like
        What the caller passed.
    name : str
        Name of the argument, for messages.
    ndim : int, default 1
        Number of dimensions that is expected.
    shape : tuple of int, optional
        The exact shape that is expected.

    Returns
    -------
    ndarray of float64
        `value` itself where it already is such an array.
    """
    array = check_array(value, name, ndim=ndim, shape=shape, dtype="float64")
    return cast("NDArray[np.float64]", array)


@dataclass(frozen=True)
class Against:
    """What to integrate against.

    Attributes
    ----------
    axes : list of tuple
        For each axis "lebesgue" with the ends, or "normal" with mean and standard deviation.
    joint : pair of ndarray, or None
        Mean and covariance of a normal distribution with correlated axes.
    """

    axes: list[AxisMeasure]
    joint: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def is_interval(self) -> bool:
        """Whether it is the length on an interval."""
        return self.dimension == 1 and self.axes[0][0] == "lebesgue"


@dataclass(frozen=True)
class Nodes:
    """Where the integrand is known.

    Attributes
    ----------
    points : ndarray of shape (N, d)
        All points; those of a grid with the last axis varying fastest.
    axes : list of ndarray, or None
        The nodes of each axis of a grid.
    """

    points: NDArray[np.float64]
    axes: list[NDArray[np.float64]] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one component of the values."""
        return tuple(map(len, self.axes)) if self.axes is not None else (len(self.points),)


def check_measure(measure: Any, domain: Any) -> Against:
    """Return what to integrate against.

    Parameters
    ----------
    measure : {"lebesgue"} or tuple
        The tuple is ("normal", mean, covariance).
    domain : array-like or None
        An interval (2,) or one for each axis (d, 2); None with a normal measure.

    Returns
    -------
    Against
        The measure.

    Raises
    ------
    ValueError, TypeError
        When one of them is not valid, naming it.
    """
    if isinstance(measure, tuple | list) and len(measure) == 3 and isinstance(measure[0], str):
        check_choice(measure[0], "measure", ["normal"])
        if domain is not None:
            raise ValueError(f"`domain` must be None with a normal measure; got {shown(domain)}")
        return _normal(*measure[1:])
    if not isinstance(measure, str):
        raise TypeError(
            f"`measure` must be 'lebesgue' or ('normal', mean, covariance); got {shown(measure)}"
        )
    check_choice(measure, "measure", ["lebesgue"])
    if domain is None:
        raise ValueError("`domain` must be given with the Lebesgue measure; got None")
    array = as_array(domain, "domain")
    if array.ndim not in (1, 2) or array.shape[-1] != 2 or array.size == 0:
        raise ValueError(f"`domain` must have shape (2,) or (d, 2); got {array.shape}")
    ends = check_doubles(array, "domain", ndim=array.ndim).reshape(-1, 2)
    intervals = [(float(lower), float(upper)) for lower, upper in ends]
    for k, (lower, upper) in enumerate(intervals):
        if not (lower < upper and np.isfinite(upper - lower)):
            where = f" on axis {k}" if array.ndim == 2 else ""
            raise ValueError(f"`domain` must have ascending ends{where}; got {lower}, {upper}")
    return Against([("lebesgue", lower, upper) for lower, upper in intervals])


def _normal(mean: Any, covariance: Any) -> Against:
    center = as_array(mean, "measure")
    center = check_doubles(center, "measure", ndim=min(center.ndim, 1)).reshape(-1)
    d = len(center)
    array = as_array(covariance, "measure")
    array = check_doubles(array, "measure", ndim=min(array.ndim, 2))
    if array.ndim == 0:
        array = np.full(d, array)
    if array.ndim == 1:
        array = np.diag(array)
    if d == 0 or array.shape != (d, d):
        raise ValueError(
            f"`measure` must have a covariance of shape ({d}, {d}) to match its mean; "
            f"got {np.shape(covariance)}"
        )
    variances = np.diagonal(array)
    if not (variances > 0).all():
        k = int(np.argmin(variances > 0))
        raise ValueError(f"`measure` must have positive variances; got {variances[k]} on axis {k}")
    if not np.array_equal(array, array.T):
        raise ValueError("`measure` must have a symmetric covariance")
    axes = [("normal", float(m), float(s)) for m, s in zip(center, np.sqrt(variances), strict=True)]
    is_diagonal = not (array - np.diag(variances)).any()
    return Against(axes, None if is_diagonal else (center, np.ascontiguousarray(array)))


def check_nodes(nodes: Any, against: Against) -> Nodes:
    """Return nodes that were given.

    Parameters
    ----------
    nodes : array-like, or tuple of array-like
        (N,) on a line, (N, d), or a tuple of the nodes of each axis of a grid.
    against : Against
        What to integrate against.

    Returns
    -------
    Nodes
        The nodes.

    Raises
    ------
    ValueError, TypeError
        When they are not valid.
    """
    d = against.dimension
    if isinstance(nodes, tuple) and nodes and all(_is_axis(axis) for axis in nodes):
        axes = [check_doubles(axis, f"nodes[{k}]") for k, axis in enumerate(nodes)]
        if len(axes) != d:
            raise ValueError(f"`nodes` must have {d} axes to match the measure; got {len(axes)}")
        for k, axis in enumerate(axes):
            _check_count(axis, f"nodes[{k}]")
        return _grid(axes)
    array = as_array(nodes, "nodes")
    if array.ndim == 1 and d == 1:
        points = check_doubles(array, "nodes").reshape(-1, 1)
    elif array.ndim == 2 and array.shape[1] == d:
        points = check_doubles(array, "nodes", ndim=2)
    else:
        wanted = "(N,)" if d == 1 else f"(N, {d}), or be a tuple of {d} axes"
        raise ValueError(f"`nodes` must have shape {wanted}; got {array.shape}")
    _check_count(points, "nodes")
    return Nodes(points)


def _is_axis(value: Any) -> bool:
    try:
        return np.ndim(value) == 1
    except ValueError:  # Ragged sequences are no axis; the message comes from `check_array`.
        return False


def _check_count(points: NDArray[Any], name: str) -> None:
    if len(points) == 0:
        raise ValueError(f"`{name}` must have at least one entry; got shape {points.shape}")


def even_nodes(n: Any, against: Against) -> Nodes:
    """Return evenly spaced nodes, both ends included.

    Parameters
    ----------
    n : int, sequence of int, or None
        Number of nodes of every axis, or of each.
    against : Against
        What to integrate against.

    Returns
    -------
    Nodes
        On a line, or a grid.

    Raises
    ------
    ValueError, TypeError
        When `n` is not valid, or the measure has no ends.
    """
    if against.axes[0][0] != "lebesgue":
        raise ValueError("`nodes` must be given with a normal measure; got None")
    d = against.dimension
    if isinstance(n, list | tuple):
        if len(n) != d:
            raise ValueError(f"`n` must have {d} entries, one for each axis; got {len(n)}")
        counts = [check_integer(k, "n", minimum=1) for k in n]
    else:
        counts = [check_integer(_DEFAULT_N if n is None else n, "n", minimum=1)] * d
    ends = [(lower, upper) for _, lower, upper in against.axes]
    axes = [
        np.linspace(lower, upper, k) if k > 1 else np.array([0.5 * lower + 0.5 * upper])
        for (lower, upper), k in zip(ends, counts, strict=True)
    ]
    return Nodes(axes[0].reshape(-1, 1)) if d == 1 else _grid(axes)


def _grid(axes: list[NDArray[np.float64]]) -> Nodes:
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    return Nodes(points, axes)


def check_kernel(kernel: Any, nu: Any, *, average: bool = True) -> float | None:
    """Return the smoothness of a kernel.

    Parameters
    ----------
    kernel : {"matern", "rbf"}
        Its name.
    nu : float or "auto"
        Smoothness of a Matern kernel.
    average : bool, default True
        Whether "auto" is allowed.

    Returns
    -------
    float or None
        Infinite for RBF; None for an average.

    Raises
    ------
    ValueError, TypeError
        When one of them is none of the choices.
    """
    if check_choice(kernel, "kernel", ["matern", "rbf"]) == "rbf":
        return float("inf")
    if average and isinstance(nu, str) and nu == "auto":
        return None
    allowed = ", ".join(map(str, SMOOTHNESSES)) + (" or 'auto'" if average else "")
    if not isinstance(nu, str):
        nu = check_real(nu, "nu")
    if nu not in SMOOTHNESSES:
        raise ValueError(f"`nu` must be one of {allowed}; got {shown(nu)}")
    return float(nu)


def check_lengths(ell: Any, d: int) -> list[float]:
    """Return a length scale for each axis.

    Parameters
    ----------
    ell : float or array-like of shape (d,)
        What the caller passed.
    d : int
        Number of axes.

    Returns
    -------
    list of float
        Positive numbers.

    Raises
    ------
    ValueError, TypeError
        When it is not valid.
    """
    if np.ndim(ell) == 0:
        return [check_real(ell, "ell", minimum=0.0, exclusive=True)] * d
    lengths = check_doubles(ell, "ell", shape=(d,))
    for k, length in enumerate(lengths):
        if length <= 0:
            raise ValueError(f"`ell` must be greater than 0; got {length} at index {k}")
    return [float(length) for length in lengths]


def check_values(values: Any, nodes: Nodes, name: str) -> tuple[NDArray[np.float64], bool]:
    """Return values as (N, V), and whether there is a single component.

    Parameters
    ----------
    values : array-like
        One value a node, or V of them; on a grid also in its shape.
    nodes : Nodes
        Where.
    name : str
        What a message calls them.

    Returns
    -------
    ndarray of shape (N, V), bool
        The values, and whether their last axis was added.

    Raises
    ------
    ValueError, TypeError
        When they are not valid.
    """
    array = as_array(values, name)
    count, shape = len(nodes.points), nodes.shape
    for leading in dict.fromkeys([shape, (count,)]):
        k = len(leading)
        if array.shape[:k] == leading and array.ndim in (k, k + 1) and array.size:
            checked = check_doubles(array, name, ndim=array.ndim)
            return checked.reshape(count, -1), array.ndim == k
    listed = ", ".join(map(str, shape))
    raise ValueError(
        f"`{name}` must have shape ({listed}{',' if len(shape) == 1 else ''}) or ({listed}, V), "
        f"a value at each node; got {array.shape}"
    )


def evaluate(f: Callable[..., ArrayLike], nodes: Nodes) -> tuple[NDArray[np.float64], bool]:
    """Call a function once with all nodes.

    Parameters
    ----------
    f : callable
        Given (N,) on a line and (N, d) otherwise.
    nodes : Nodes
        Where.

    Returns
    -------
    ndarray of shape (N, V), bool
        As `check_values`.

    Raises
    ------
    ValueError, TypeError
        When what it returns is not valid.
    """
    points = nodes.points
    # A copy, so that a function that works in place does not move the nodes.
    values = as_array(f(points[:, 0].copy() if points.shape[1] == 1 else points.copy()), "f_or_y")
    if values.dtype.kind in "buif" and values.shape[:1] == (len(points),):
        offenders = np.argwhere(~np.isfinite(values))
        if len(offenders):
            where = points[offenders[0][0]]
            place = float(where[0]) if len(where) == 1 else where.tolist()
            raise ValueError(
                f"`f_or_y` must return finite values; got {values[tuple(offenders[0])]} at x = "
                f"{place}"
            )
    return check_values(values, nodes, "f_or_y")
