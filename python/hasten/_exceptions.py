"""Exceptions and warnings of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotConnectedError(ValueError):
    """No maximum-likelihood estimate exists: the comparisons do not join all items both ways.

    Attributes
    ----------
    n_components : int
        Number of strongly connected components.
    largest : int
        Number of items in the largest of them.
    offenders : tuple of (item, str)
        Up to ten items outside the largest component, and why each stands outside.
    """

    def __init__(
        self,
        message: str,
        n_components: int,
        largest: int,
        offenders: Sequence[tuple[Any, str]] = (),
    ) -> None:
        super().__init__(message, n_components, largest, tuple(offenders))
        self.n_components = n_components
        self.largest = largest
        self.offenders = tuple(offenders)

    def __str__(self) -> str:
        return str(self.args[0])


class ConvergenceWarning(UserWarning):
    """A solver stopped before its certificate reached the tolerance."""
