"""What `qmc_quad` returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hasten._result import Result
from hasten._validation import check_real, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


class Interval(NamedTuple):
    """The ends of a confidence interval.

    Attributes
    ----------
    low, high : float or ndarray
        The lower and the upper end.
    """

    low: Any
    high: Any


@dataclass(frozen=True, eq=False)
class Task:
    """What was integrated and how: the results of two equal tasks may be merged."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    sequence: str
    scramble: str | None
    generator: tuple[int, ...] | None
    baker: bool
    rtol: float | None
    atol: float | None

    def tolerance(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest half-width that was asked for.

        Parameters
        ----------
        value : ndarray
            The estimate.

        Returns
        -------
        ndarray
            Infinite where no tolerance was given.
        """
        if self.rtol is None and self.atol is None:
            return np.full(np.shape(value), np.inf)
        return np.maximum(self.atol or 0.0, (self.rtol or 0.0) * np.abs(value))

    def is_like(self, other: Task) -> bool:
        """Tell whether another task integrates over the same box with the same points.

        Parameters
        ----------
        other : Task
            The other.

        Returns
        -------
        bool
            Whether replicates of both are alike.
        """
        return (
            np.array_equal(self.a, other.a)
            and np.array_equal(self.b, other.b)
            and (self.sequence, self.scramble, self.generator, self.baker)
            == (other.sequence, other.scramble, other.generator, other.baker)
        )


def summarise(
    replicates: NDArray[np.float64], confidence_level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean, standard error and half-width of the Student-t interval.

    Parameters
    ----------
    replicates : ndarray of shape (R, ...)
        Independent estimates.
    confidence_level : float
        Of the interval.

    Returns
    -------
    value, standard_error, half_width : ndarray
        One of each for every component.
    """
    from scipy.special import stdtrit

    count = len(replicates)
    # In units of the largest power of two: squares near the ends of the range would leave it.
    unit = np.ldexp(1.0, np.maximum(np.frexp(np.abs(replicates).max(axis=0))[1] - 1, -1000))
    scaled = replicates / unit
    value = np.asarray(unit * scaled.mean(axis=0))
    standard_error = np.asarray(unit * (scaled.std(axis=0, ddof=1) / np.sqrt(count)))
    quantile = stdtrit(count - 1, 0.5 + confidence_level / 2)
    return value, standard_error, quantile * standard_error


@dataclass(frozen=True, eq=False, kw_only=True)
class QmcResult(Result):
    """An integral with a confidence interval from independent randomisations.

    Attributes
    ----------
    value : float, or ndarray for a vector-valued integrand
        The integral: the mean over the replicates. It is unbiased where `n` was fixed.
    standard_error : float or ndarray
        Of the value.
    replicates : ndarray of shape (n_replicates, ...)
        The integral by each randomisation alone.
    n_points : int
        Points of each replicate.
    n_evaluations : int
        Points at which the integrand was evaluated, in all.
    n_calls : int
        Calls of the integrand.
    sequence : str
        "sobol", "lattice" or "monte-carlo".
    confidence_level : float
        Level of the interval that `error` is half of.
    worst_case_error : float
        For a lattice without `baker` the largest error for a periodic integrand of unit norm in the
        unit cube, as `lattice_generator` defines it; else NaN.
    error : float or ndarray
        Half the width of the Student-t interval at `confidence_level`.
    error_kind : str
        "confidence".
    converged : bool, or ndarray of bool
        Whether `error` is at most the tolerance; True where none was asked for.
    n_iter : int
        Rounds: the first points, and each doubling.
    message : str
        How the solve ended.
    history : dict of ndarray, or None
        With ``trace=True``, for each round: "n_points", "value", "standard_error", "error".

    See Also
    --------
    qmc_quad : The function that makes it.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import qmc_quad
    >>> result = qmc_quad(lambda x: np.exp(-x.sum(axis=1)), [0, 0], [1, 1], n=1024, rng=0)
    >>> low, high = result.confidence_interval()
    >>> bool(low < (1 - np.exp(-1)) ** 2 < high)
    True
    """

    converged: Any
    error: Any
    value: Any
    standard_error: Any
    replicates: NDArray[np.float64] = field(repr=False)
    n_points: int
    n_evaluations: int
    n_calls: int
    sequence: str
    confidence_level: float
    worst_case_error: float
    _task: Task = field(repr=False)
    _keys: frozenset[int] = field(repr=False)

    def __str__(self) -> str:
        """Return the status, the value with its interval, and the work."""
        converged, error = np.asarray(self.converged), np.asarray(self.error)
        status = "converged" if converged.all() else "NOT converged"
        level = f"{100 * self.confidence_level:g} % interval of {len(self.replicates)} replicates"
        if converged.ndim:
            first = f"  values        {converged.size}, of shape {converged.shape}"
            second = f"  error         at most {error.max():.2g}  ({level})"
        else:
            first = f"  value         {self.value:.10g}"
            second = f"  error         {self.error:.2g}  ({level})"
        return (
            f"Quasi-Monte Carlo integral in {len(self._task.a)} dimensions: {status}\n"
            f"{first}\n{second}\n"
            f"  points        {self.n_points:,} of {self.sequence} a replicate, "
            f"{self.n_evaluations:,} in all"
        )

    def __float__(self) -> float:
        """Return the value of a scalar integrand."""
        return float(self.value)

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval that holds the integral with a given probability.

        Parameters
        ----------
        confidence_level : float, optional
            Between 0 and 1; by default that of the result.

        Returns
        -------
        Interval
            A named tuple ``(low, high)``.

        Raises
        ------
        ValueError, TypeError
            When the level is not between 0 and 1.

        Notes
        -----
        The Student-t interval with one degree of freedom less than there are replicates. What its
        level is worth is in the Notes of `qmc_quad`.
        """
        level = self.confidence_level
        if confidence_level is not None:
            level = check_level(confidence_level)
        half = plain(summarise(self.replicates, level)[2])
        return Interval(self.value - half, self.value + half)

    def merge(self, other: QmcResult) -> QmcResult:
        """Join the replicates of two independent results for the same integral.

        Parameters
        ----------
        other : QmcResult
            A result of the same integrand over the same box with the same number of points, from
            another seed.

        Returns
        -------
        QmcResult
            As if all replicates had been made in one call; the history is dropped.

        Raises
        ------
        TypeError
            When `other` is no QmcResult.
        ValueError
            When the boxes, the sequences, the numbers of points or of components differ, or when
            both hold the same replicates.

        Notes
        -----
        Exact: the replicates are concatenated. Results that stopped at a tolerance may differ in
        their number of points and then do not merge.
        """
        if not isinstance(other, QmcResult):
            raise TypeError(f"`other` must be a QmcResult; got {shown(other)}")
        if not self._task.is_like(other._task):
            raise ValueError("`other` must be over the same box with the same kind of points")
        mine, theirs = self.replicates, other.replicates
        for name, here, there in (
            ("points a replicate", self.n_points, other.n_points),
            ("components", mine.shape[1:], theirs.shape[1:]),
        ):
            if here != there:
                raise ValueError(f"`other` must have {here} {name}; got {there}")
        if self._keys & other._keys:
            raise ValueError("`other` must come from another seed; it holds the same replicates")
        replicates = np.concatenate([mine, theirs])
        value, standard_error, half = summarise(replicates, self.confidence_level)
        return replace(
            self,
            converged=plain(half <= self._task.tolerance(value)),
            error=plain(half),
            value=plain(value),
            standard_error=plain(standard_error),
            replicates=replicates,
            n_iter=max(self.n_iter, other.n_iter),
            n_evaluations=self.n_evaluations + other.n_evaluations,
            n_calls=self.n_calls + other.n_calls,
            message=f"merged from {len(mine)} and {len(theirs)} replicates",
            history=None,
            _keys=self._keys | other._keys,
        )

    def plot(self, kind: str | None = None, ax: Axes | None = None, *, component: int = 0) -> Any:
        """Draw the convergence, and the replicates with their interval.

        Parameters
        ----------
        kind : {"convergence", "replicates"}, optional
            "convergence" (after ``trace=True``): the error against the number of points, with
            slopes -1/2, -1 and -3/2. "replicates": each estimate, their mean and its interval. All
            that apply if not given.
        ax : matplotlib.axes.Axes, optional
            Where to draw one kind; a new figure by default.
        component : int, default 0
            Which component of a vector-valued integrand, counted through the flattened array.

        Returns
        -------
        matplotlib.axes.Axes or ndarray of Axes
            One for a `kind`, else all that were drawn.

        Raises
        ------
        ValueError
            When the kind is unknown or does not apply, `ax` comes without one, or there is no such
            component.
        ImportError
            When matplotlib is not installed.
        """
        from hasten.quadrature._qmc_plot import draw

        return draw(self, kind, ax, component)


def check_level(confidence_level: Any) -> float:
    """Return the level of an interval.

    Parameters
    ----------
    confidence_level : float
        What the caller passed.

    Returns
    -------
    float
        Strictly between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        When it is not.
    """
    return check_real(
        confidence_level, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True
    )


def plain(array: Any) -> Any:
    """Return a number for an array without dimensions.

    Parameters
    ----------
    array : ndarray
        Any.

    Returns
    -------
    float, bool or ndarray
        The array itself where it has dimensions.
    """
    return array.item() if np.ndim(array) == 0 else array
