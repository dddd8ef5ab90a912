"""What every solver returns: how it ended and how close it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """The part that the results of all solvers share.

    Attributes
    ----------
    converged : bool
        Whether `error` is at most the tolerance that was asked for.
    n_iter : int
        Passes over the data.
    message : str
        How the solve ended, in one sentence.
    error : float
        The certificate's scalar; what it measures is documented per solver.
    error_kind : {"bound", "confidence", "estimate"}
        How far to trust `error`: "bound" is proved from computed quantities.
    history : mapping of str to ndarray, or None
        What was measured along the way; only with ``trace=True``.
    """

    converged: bool
    n_iter: int
    message: str
    error: float
    error_kind: Literal["bound", "confidence", "estimate"]
    history: Mapping[str, NDArray[Any]] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Return the status, the iterations and the certificate in one line."""
        status = "converged" if self.converged else "NOT converged"
        return (
            f"{type(self).__name__}: {status} after {self.n_iter} iterations, "
            f"error {self.error:.2g} ({self.error_kind})"
        )
