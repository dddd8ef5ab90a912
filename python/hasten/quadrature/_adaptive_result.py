"""What `quad` and `cubature` return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hasten._validation import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.quadrature._adaptive_trace import Trace

#: How an integral can end, in one sentence each.
ENDINGS = {
    "converged": "the estimated error is at most the tolerance",
    "roundoff": "rounding errors keep the estimated error above the tolerance",
    "limit": "`limit` allows no further refinement",
    "overflow": "sums of values exceed the range of numbers",
    "ends": "the integrand does not decay before the last number beside an end of the range",
    "stopped": "the callback asked to stop",
    "running": "not ended",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class QuadResult:
    """Integrals with estimates of their errors, for one integral or a batch of them.

    Entries that speak of each integral are arrays with the shape of the batch, and plain numbers
    where there is one integral.

    Attributes
    ----------
    value : float, complex or ndarray
        The integrals: the shape of the batch, followed by that of a value of the integrand.
    error : float or ndarray
        Estimated absolute error of each integral, in the norm over its components that was chosen.
        It is an estimate and not a bound: conservative for smooth integrands, and below the true
        error for some in a hundred integrands with kinks or jumps.
    error_kind : str
        Always "estimate".
    converged : bool or ndarray of bool
        Whether `error` is at most the tolerance.
    status : str or ndarray of str
        How each integral ended: "converged", "roundoff", "limit", "overflow", "ends" or "stopped".
    n_evaluations : int or ndarray of int
        Points at which the integrand was evaluated for each integral.
    n_intervals : int or ndarray of int
        Intervals, or boxes, at the end.
    n_calls : int
        Calls of the integrand, for all integrals together.
    n_iter : int
        Rounds of evaluation and subdivision.
    message : str
        How the integration ended, in one sentence.
    history : mapping of str to ndarray, or None
        What each round found, with ``trace=True``: "n_iter", "error" (the largest of all
        integrals), "n_running" and "n_intervals".

    Notes
    -----
    ``float(result)`` is the value of a single real integral.
    """

    value: Any
    error: Any
    converged: Any
    status: Any
    n_evaluations: Any
    n_intervals: Any
    n_calls: int
    n_iter: int
    message: str
    error_kind: Literal["estimate"] = "estimate"
    history: Mapping[str, NDArray[Any]] | None = field(default=None, repr=False)
    _trace: Trace | None = field(default=None, repr=False)

    def __float__(self) -> float:
        if np.ndim(self.value) or isinstance(self.value, complex):
            raise TypeError(
                f"only a single real integral is a float; got "
                f"{shown(self.value) if np.ndim(self.value) == 0 else f'shape {self.value.shape}'}"
            )
        return float(self.value)

    def __str__(self) -> str:
        """Return the status, the value or how many converged, and the certificate in one line."""
        count = np.size(self.error)
        if count == 1:
            status = "converged" if np.all(self.converged) else "NOT converged"
            value = f", value {self.value:.10g}" if np.ndim(self.value) == 0 else ""
            about = f"{status}{value}, error {np.max(self.error):.2g}"
        elif count:
            done = int(np.count_nonzero(self.converged))
            about = f"{done} of {count} integrals converged, errors up to {np.max(self.error):.2g}"
        else:
            about = "no integrals"
        total = int(np.sum(self.n_evaluations))
        return (
            f"{type(self).__name__}: {about} (estimate), {total} evaluations in {self.n_calls} "
            f"call{'' if self.n_calls == 1 else 's'}"
        )

    def merge(self, other: QuadResult) -> QuadResult:
        """Return the integrals over two domains that do not overlap, taken together.

        Parameters
        ----------
        other : QuadResult
            Integrals of the same integrands over another part of their domain.

        Returns
        -------
        QuadResult
            Values, errors and counts are added up; an integral has converged where both parts have.
            What ``trace=True`` kept is dropped.

        Raises
        ------
        TypeError
            When `other` is no such result.
        ValueError
            When the shapes differ.
        """
        if not isinstance(other, QuadResult):
            raise TypeError(f"`other` must be a QuadResult; got {shown(other)}")
        for name in ("value", "error"):
            ours, theirs = np.shape(getattr(self, name)), np.shape(getattr(other, name))
            if ours != theirs:
                raise ValueError(
                    f"`other` must have a `{name}` of shape {ours}, as here; got {theirs}"
                )
        converged = np.logical_and(self.converged, other.converged)
        status = np.where(self.converged, other.status, self.status)
        return QuadResult(
            value=self.value + other.value,
            error=self.error + other.error,
            converged=plain(converged),
            status=plain(status),
            n_evaluations=self.n_evaluations + other.n_evaluations,
            n_intervals=self.n_intervals + other.n_intervals,
            n_calls=self.n_calls + other.n_calls,
            n_iter=max(self.n_iter, other.n_iter),
            message=describe(status),
        )

    def plot(self, index: int | tuple[int, ...] | None = None, *, ax: Axes | None = None) -> Any:
        """Draw an integrand with its final subdivision, and the errors of all rounds.

        Parameters
        ----------
        index : int or tuple of int, optional
            Which integral of the batch to draw; by default the one with the largest error.
        ax : matplotlib.axes.Axes, optional
            Where to draw the integrand alone; by default it stands in a new figure beside the
            errors.

        Returns
        -------
        matplotlib.axes.Axes, or ndarray of Axes
            The one that was given; both that were made otherwise.

        Raises
        ------
        ValueError
            When the integrals were computed without ``trace=True``, or there is no such integral.
        ImportError
            When matplotlib is not installed.
        """
        from hasten.quadrature._adaptive_plot import draw

        return draw(self, index, ax)


def plain(array: Any) -> Any:
    """Return the entry of an array without dimensions as a Python object, others as they are.

    Parameters
    ----------
    array : ndarray
        Of any shape.

    Returns
    -------
    object or ndarray
        A bool, int, float, complex or str for shape ().
    """
    array = np.asarray(array)
    return array.item() if array.ndim == 0 else array


def has_settled(result: QuadResult) -> bool:
    """Say whether all integrals converged, or were stopped by the callback.

    Parameters
    ----------
    result : QuadResult
        Integrals.

    Returns
    -------
    bool
        False when there is something to warn of.
    """
    if np.asarray(result.converged).all():
        return True
    return bool(np.all(np.isin(result.status, ("converged", "stopped"))))


def describe(status: NDArray[Any]) -> str:
    """Say in one sentence how a batch of integrals ended.

    Parameters
    ----------
    status : ndarray of str
        Names of `ENDINGS`.

    Returns
    -------
    str
        For one integral its sentence; for several how many ended in which way.
    """
    status = np.asarray(status)
    if status.size == 1:
        return ENDINGS[str(status.reshape(-1)[0])]
    done = int(np.count_nonzero(status == "converged"))
    if done == status.size:
        return f"all {status.size} integrals converged"
    names, counts = np.unique(status, return_counts=True)
    parts = [
        f"{count} ended because {ENDINGS[str(name)]}"
        for name, count in zip(names, counts, strict=True)
        if name != "converged"
    ]
    return f"{done} of {status.size} integrals converged; " + "; ".join(parts)
