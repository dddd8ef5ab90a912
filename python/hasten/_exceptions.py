"""Exceptions and warnings of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotConnectedError(ValueError):
    """No maximum-likelihood estimate exists: the comparisons do not join all items both ways.

    Parameters
    ----------
    message : str
        What to print.
    n_components : int
        Number of strongly connected components.
    largest : int
        Number of items in the largest one.
    offenders : iterable of (item, str), optional
        Items outside the largest component (at most ten), and why each stands outside.

    Attributes
    ----------
    n_components : int
        Number of strongly connected components.
    largest : int
        Number of items in the largest one.
    offenders : tuple of (item, str)
        Items outside the largest component (at most ten), and why each stands outside.
    """

    n_components: int
    largest: int
    offenders: tuple[tuple[Any, str], ...]

    def __init__(
        self,
        message: str,
        n_components: int,
        largest: int,
        offenders: Iterable[tuple[Any, str]] = (),
    ) -> None:
        # An exception is pickled by its `args`, so all of them go there.
        super().__init__(message, n_components, largest, tuple(offenders))
        self.n_components = n_components
        self.largest = largest
        self.offenders = self.args[3]

    def __str__(self) -> str:
        return str(self.args[0])


class UndeterminedError(ValueError):
    """Data that do not determine every coefficient; a family says which by their names.

    Parameters
    ----------
    message : str
        What to print.
    reason : {"collinear", "unbounded"}
        Whether columns are combinations of one another, or the likelihood has no maximum.
    columns : sequence of int
        The columns concerned.

    Attributes
    ----------
    reason : str
        Whether columns are combinations of one another, or the likelihood has no maximum.
    columns : tuple of int
        The columns concerned.
    """

    reason: str
    columns: tuple[int, ...]

    def __init__(self, message: str, reason: str, columns: Iterable[int]) -> None:
        super().__init__(message, reason, tuple(columns))
        self.reason = reason
        self.columns = self.args[2]

    def __str__(self) -> str:
        return str(self.args[0])


class ConvergenceWarning(UserWarning):
    """A solver ended before its certificate reached the tolerance."""
