"""What `bayes_quad` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._core import quadrature as _core
from hasten._result import Result
from hasten._validation import as_array, check_integer, check_real
from hasten.quadrature._bayes_inputs import check_doubles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from hasten.quadrature._bayes_inputs import Against, Nodes

#: Nodes beyond which the posterior of the integrand is not computed: 200 MB.
_MOST_NODES = 5000


class ConfidenceInterval(NamedTuple):
    """A confidence interval.

    Attributes
    ----------
    low : float or ndarray
        Lower ends.
    high : float or ndarray
        Upper ends.
    """

    low: float | NDArray[np.float64]
    high: float | NDArray[np.float64]


def quantile(confidence_level: float, degrees: int | None) -> float:
    """Return how many standard deviations reach from the middle of an interval to its ends.

    Parameters
    ----------
    confidence_level : float
        Probability of the interval.
    degrees : int or None
        Degrees of freedom of Student's distribution; None for the normal one.

    Returns
    -------
    float
        The quantile.
    """
    from scipy.special import ndtri, stdtrit

    upper = 0.5 + 0.5 * confidence_level
    return float(ndtri(upper) if degrees is None else stdtrit(degrees, upper))


@dataclass(frozen=True, eq=False, kw_only=True)
class BayesQuadResult(Result):
    r"""Integrals with the posterior that they came from.

    Attributes
    ----------
    value : float, or array of shape (V,)
        Posterior mean of the integral: the sum of `weights` times values.
    standard_deviation : float, or array of shape (V,)
        Posterior standard deviation of the integral. It is conditional on the prior.
    weights : array
        A weight for each node, in the shape of the grid where the nodes are one. 0 at nodes that
        were not used.
    nodes : array of shape (N,) or (N, d)
        Where the integrand was evaluated; those of a grid with the last axis varying fastest.
    ell : float, or array of shape (d,)
        Length scale of each axis; of the likeliest smoothness where several were averaged.
    nu : float
        Smoothness: the likeliest where several were averaged, infinite for the RBF kernel.
    nu_probabilities : dict of float to float
        Share of each smoothness in the average, proportional to its evidence.
    scale : float, or array of shape (V,)
        Standard deviation of the process.
    log_evidence : float
        Logarithm of the marginal likelihood of all components, of the likeliest smoothness.
    confidence_level : float
        Default level of `confidence_interval`.
    n_distinct : int
        Number of distinct nodes.
    rank : int
        Number of nodes that were used: less than `n_distinct` where double precision cannot tell
        them apart. The rule of the used ones is exact.
    error : float, or array of shape (V,)
        How far off `value` may be without trust in the prior; see `bayes_quad`. With ``nu="auto"``
        it held in about six of seven cases; it carries no level.
    error_kind : str
        "estimate".
    converged : bool
        Whether value and error are finite; there is no iteration.
    n_iter : int
        1: the integrand is evaluated once.
    message : str
        How many nodes were used.
    history : None
        There is none.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import bayes_quad
    >>> result = bayes_quad(np.exp, domain=(0.0, 1.0))
    >>> print(str(result).splitlines()[0])
    Bayesian quadrature on 33 nodes: 1.718281855 +- 5e-08 (estimate)
    >>> low, high = result.confidence_interval()
    >>> low < result.value < high
    True
    """

    value: float | NDArray[np.float64]
    standard_deviation: float | NDArray[np.float64]
    weights: NDArray[np.float64] = field(repr=False)
    nodes: NDArray[np.float64] = field(repr=False)
    ell: float | NDArray[np.float64]
    nu: float
    nu_probabilities: dict[float, float]
    scale: float | NDArray[np.float64]
    log_evidence: float
    confidence_level: float
    n_distinct: int
    rank: int
    error: float | NDArray[np.float64]  # type: ignore[assignment]
    _values: NDArray[np.float64] = field(repr=False)
    _nodes: Nodes = field(repr=False)
    _against: Against = field(repr=False)
    _noise: float = field(repr=False)
    _is_scale_known: bool = field(repr=False)

    def __str__(self) -> str:
        """Return the integral, its uncertainty and the prior in a few lines."""
        count = len(self._nodes.points)
        head = f"Bayesian quadrature on {count:,} nodes: "
        if isinstance(self.value, float):
            lines = [f"{head}{self.value:.10g} +- {self.error:.1g} (estimate)"]
            lines.append(f"  standard deviation {self.standard_deviation:.2g} under the prior")
        else:
            worst = float(np.max(self.error))
            lines = [f"{head}{len(self.value)} integrals +- at most {worst:.1g} (estimate)"]
            spread = float(np.max(self.standard_deviation))
            lines.append(f"  standard deviation at most {spread:.2g} under the prior")
        kernel = "RBF" if np.isinf(self.nu) else f"Matern, nu={self.nu:g}"
        lengths = ", ".join(f"{length:.3g}" for length in np.atleast_1d(self.ell))
        lines.append(f"  kernel             {kernel}, ell={lengths}")
        if self.rank < self.n_distinct:
            lines.append(f"  nodes              {self.message}")
        return "\n".join(lines)

    def __float__(self) -> float:
        """Return the value of a single integral."""
        return float(self.value)

    def confidence_interval(self, confidence_level: float | None = None) -> ConfidenceInterval:
        """Return the central interval of the posterior: one under the prior.

        Where the scale was estimated the quantiles are those of Student's distribution with
        `n_distinct` degrees of freedom, otherwise normal ones. Its level holds for draws of the
        prior; `error` is there for other functions.

        Parameters
        ----------
        confidence_level : float, optional
            Probability of the interval; that of the call by default.

        Returns
        -------
        ConfidenceInterval
            The ends `low` and `high`.

        Raises
        ------
        ValueError, TypeError
            When the level is not between 0 and 1.
        """
        level = check_level(self.confidence_level if confidence_level is None else confidence_level)
        degrees = None if self._is_scale_known else self.n_distinct
        half = quantile(level, degrees) * self.standard_deviation
        return ConfidenceInterval(self.value - half, self.value + half)

    def posterior(
        self, x: ArrayLike, *, n_threads: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation of the integrand between the nodes.

        Of the likeliest smoothness where several were averaged. O(N^2 (N + M)) time for M points
        and 8 N^2 bytes, by dense equations: nodes that double precision cannot tell apart are left
        out.

        Parameters
        ----------
        x : array-like of shape (M,) or (M, d)
            Where; also outside the domain.
        n_threads : int, optional
            Threads to use; every core that the process may use by default.

        Returns
        -------
        mean : array of shape (M,) or (M, V)
            Posterior mean of the integrand.
        standard_deviation : array of the same shape
            Its standard deviation, given scale and length scale.

        Raises
        ------
        ValueError, TypeError
            When `x` is not valid, or there are more than 5000 nodes.
        """
        known = self._nodes.points
        if len(known) > _MOST_NODES:
            raise ValueError(
                f"the posterior of the integrand takes at most {_MOST_NODES} nodes; "
                f"got {len(known)}"
            )
        d = known.shape[1]
        array = as_array(x, "x")
        if array.ndim == 1 and d == 1:
            array = array.reshape(-1, 1)
        if array.ndim != 2 or array.shape[1] != d:
            wanted = "(M,)" if d == 1 else f"(M, {d})"
            raise ValueError(f"`x` must have shape {wanted}; got {array.shape}")
        points = check_doubles(array, "x", ndim=2)
        n_threads = None if n_threads is None else check_integer(n_threads, "n_threads", minimum=1)
        lengths = [float(length) for length in np.atleast_1d(self.ell)]
        mean, unit = _core.bayes_predict(
            known, self._values, self.nu, lengths, self._noise, points, n_threads
        )
        deviation = unit[:, None] * np.atleast_1d(self.scale)
        if isinstance(self.value, float):
            return mean[:, 0], deviation[:, 0]
        return mean, deviation

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the posterior of the integrand with its band and the nodes.

        In two dimensions the nodes are drawn with their weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
            The picture.

        Raises
        ------
        ValueError
            When there are more than two dimensions.
        ImportError
            When matplotlib is not installed.
        """
        from hasten.quadrature._bayes_plot import draw

        return draw(self, ax)


def check_level(value: Any) -> float:
    """Return a confidence level.

    Parameters
    ----------
    value : float
        What the caller passed.

    Returns
    -------
    float
        Strictly between 0 and 1.
    """
    return check_real(value, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True)
