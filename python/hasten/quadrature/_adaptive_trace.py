"""What `trace=True` keeps of an adaptive integration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace:
    """Every point that was evaluated, and the regions at the end."""

    shape: tuple[int, ...]  # of the batch
    x: NDArray[np.float64]  # (n,) or (n, d)
    f: NDArray[np.float64]  # (n,): the first component, its modulus if complex
    owner: NDArray[np.int64]  # (n,): the integral of each point
    bounds: NDArray[np.float64]  # (r, 2) or (r, 2, d): lower and upper ends of regions
    errors: NDArray[np.float64]  # (r,)
    region_owner: NDArray[np.int64]  # (r,)


class Recorder:
    """Collects points and rounds while the integration goes on.

    Parameters
    ----------
    shape : tuple of int
        Shape of the batch.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._points: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._rounds: list[tuple[int, float, int, int]] = []

    def points(
        self,
        x: NDArray[np.float64],
        values: NDArray[np.float64],
        owners: NDArray[np.int64],
        *,
        is_complex: bool,
    ) -> None:
        """Keep the values at the points of some regions.

        Parameters
        ----------
        x : ndarray of shape (m, n) or (m, n, d)
            The points.
        values : ndarray of shape (m, n, v)
            What the integrand returned.
        owners : ndarray of int, shape (m,)
            The integral of each region.
        is_complex : bool
            Whether values are pairs of real numbers.
        """
        m, n = x.shape[:2]
        first = np.hypot(values[..., 0], values[..., 1]) if is_complex else values[..., 0].copy()
        self._points.append((x.reshape(m * n, *x.shape[2:]), first.ravel(), np.repeat(owners, n)))

    def round(self, error: float, n_running: int, n_regions: int) -> None:
        """Keep what a round came to.

        Parameters
        ----------
        error : float
            The largest error of an integral.
        n_running : int
            Integrals that go on.
        n_regions : int
            Regions of integrals that were running.
        """
        self._rounds.append((len(self._rounds) + 1, error, n_running, n_regions))

    def history(self) -> dict[str, NDArray[Any]]:
        """Return the rounds as arrays.

        Returns
        -------
        dict of str to ndarray
            As `QuadResult.history` documents.
        """
        names = ("n_iter", "error", "n_running", "n_intervals")
        columns = zip(*self._rounds, strict=True) if self._rounds else ((),) * 4
        return {name: np.array(column) for name, column in zip(names, columns, strict=True)}

    def trace(
        self, bounds: NDArray[np.float64], errors: NDArray[np.float64], owner: NDArray[np.int64]
    ) -> Trace:
        """Return everything that was kept.

        Parameters
        ----------
        bounds : ndarray of shape (r, 2) or (r, 2, d)
            The regions at the end.
        errors : ndarray of shape (r,)
            Their errors.
        owner : ndarray of int, shape (r,)
            Their integrals.

        Returns
        -------
        Trace
            All points and regions.
        """
        columns = zip(*self._points, strict=True) if self._points else ([np.empty(0)],) * 3
        x, f, point_owner = (np.concatenate(list(column)) for column in columns)
        return Trace(
            shape=self._shape,
            x=x,
            f=f,
            owner=point_owner.astype(np.int64),
            bounds=bounds,
            errors=errors,
            region_owner=owner,
        )
