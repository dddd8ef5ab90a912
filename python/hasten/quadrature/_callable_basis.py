"""Draws for a basis that is any callable, from draws of its measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import quadrature as _core
from hasten._validation import check_array, check_real, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Least and largest number of draws of the measure in one call; between them, twice the bound.
_BLOCKS = (64, 4096)

#: Draws without one new point after which the functions must be combinations of one another.
_PATIENCE = 10_000_000


def functions(basis: Any) -> int:
    """Count the functions of any basis.

    Parameters
    ----------
    basis : callable
        With a length.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError
        When `basis` is not callable or has no length.
    ValueError
        When it is empty.
    """
    if not callable(basis) or not hasattr(basis, "__len__"):
        raise TypeError(f"`basis` must be callable and have a length; got {shown(basis)}")
    m = len(basis)
    if m < 1:
        raise ValueError("`basis` must have at least one function; got none")
    return m


def evaluate(basis: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate any basis, and check what it returns.

    Parameters
    ----------
    basis : callable
        With a length m.
    X : ndarray of shape (n, d)
        Points.

    Returns
    -------
    ndarray of shape (n, m)
        Values.

    Raises
    ------
    ValueError, TypeError
        When the basis returns something else.
    """
    values: Any = check_array(
        basis(X), "basis(X)", shape=(len(X), functions(basis)), dtype="float64"
    )
    found: NDArray[np.float64] = values
    return found


class Source:
    """Independent points with density in proportion to the sum of squares, by rejection.

    Parameters
    ----------
    basis : callable
        With `sample` and `bound`.
    key : int
        What keys the draws.
    attempt : int
        Number of the try.
    """

    def __init__(self, basis: Any, key: int, attempt: int) -> None:
        self._m = functions(basis)
        if not callable(getattr(basis, "sample", None)) or not hasattr(basis, "bound"):
            raise TypeError(
                "`basis` must be a PolynomialBasis, or have a method `sample` and a number "
                f"`bound`, to draw points for it; got {shown(basis)}"
            )
        self._basis = basis
        self._bound = check_real(basis.bound, "basis.bound", minimum=0.0, exclusive=True)
        self._block = int(np.clip(2.0 * self._bound, *_BLOCKS))
        self._rng = np.random.Generator(np.random.Philox(key=key).jumped(attempt))

    def measure(self, n: int) -> NDArray[np.float64]:
        """Draw points of the measure itself.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        ndarray of shape (n, d)
            The points.
        """
        points: Any = check_array(
            self._basis.sample(n, self._rng), "basis.sample(n, rng)", ndim=2, dtype="float64"
        )
        if len(points) != n:
            raise ValueError(f"`basis.sample(n, rng)` must have {n} rows; got {len(points)}")
        found: NDArray[np.float64] = points
        return found

    def _accepted(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the points of one block that are accepted, and the functions there."""
        points = self.measure(self._block)
        values = evaluate(self._basis, points)
        squares = np.einsum("ij,ij->i", values, values)
        largest = squares.max()
        if largest > self._bound * (1.0 + 1e-9):
            raise ValueError(
                f"`basis.bound` must be at least the sum of squares everywhere; got {self._bound}, "
                f"and a sum of {largest}"
            )
        accepted = self._rng.random(self._block) * self._bound < squares
        return points[accepted], values[accepted]

    def christoffel(self, n: int) -> NDArray[np.float64]:
        """Draw independent points.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        ndarray of shape (n, d)
            The points.
        """
        blocks, count, blocks_tried = [self.measure(0)], 0, 0
        while count < n:
            points, _ = self._accepted()
            blocks.append(points)
            count += len(points)
            blocks_tried += 1
            if count == 0 and blocks_tried * self._block > _PATIENCE:
                raise ValueError(
                    "`basis.bound` must be nearer to the sum of squares; no acceptance"
                )
        return np.concatenate(blocks)[:n]

    def process(self) -> NDArray[np.float64]:
        """Draw one set of the projection process.

        Returns
        -------
        ndarray of shape (m, d)
            The points.
        """
        span = np.empty((0, self._m))
        chosen: list[NDArray[np.float64]] = []
        idle = 0
        while len(span) < self._m:
            points, values = self._accepted()
            uniforms = self._rng.random(len(points))
            span, places = _core.extend_span(span, np.ascontiguousarray(values), uniforms)
            chosen.append(points[places])
            idle = 0 if places else idle + self._block
            if idle > _PATIENCE:
                raise ValueError(
                    f"`basis` must hold functions that are not combinations of one another; got "
                    f"rank {len(span)} of {self._m}"
                )
        return np.concatenate(chosen)

    def shuffled(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Put points in random order.

        Parameters
        ----------
        points : ndarray of shape (n, d)
            The points.

        Returns
        -------
        ndarray of shape (n, d)
            The same points.
        """
        return self._rng.permutation(points)
