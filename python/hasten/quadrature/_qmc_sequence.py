"""The replicated point sets of `qmc_quad`: independent randomisations that can be doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hasten._core import qmc as _core
from hasten._core import random as _random

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

#: Most points that the integrand is given at once, and most coordinates.
BLOCK_POINTS = 2**16
BLOCK_COORDINATES = 2**22

#: Purpose of the stream of plain uniforms; those of the randomisations are listed in the core.
_UNIFORMS = 0x514D0005

#: Binary digits of a Sobol' coordinate: so many a nested scramble has.
_BITS = 32

#: Most points of one replicate.
MAX_POINTS = {"sobol": 2**_BITS, "lattice": 2**31, "monte-carlo": 2**48}


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """Independent randomisations of one sequence of points in the unit cube."""

    kind: str
    dimension: int
    key: int
    n_threads: int | None
    scramble: str | None = None
    generator: NDArray[np.uint32] | None = None
    baker: bool = False

    def write(self, out: NDArray[np.float64], replicate: int, start: int, size: int) -> None:
        """Write points of one replicate.

        Parameters
        ----------
        out : ndarray of float64, shape (m, d)
            Filled with points `start`, `start` + 1, ... of the sequence.
        replicate : int
            Which randomisation.
        start : int
            Index of the first point.
        size : int
            Number of points of the round that they belong to, of which the first is either 0 or
            `size`: a lattice is doubled by the odd multiples of a finer one.
        """
        if self.kind == "sobol":
            _core.sobol(
                out, self.dimension, start, _BITS, self.scramble, self.key, replicate, None,
                self.n_threads,
            )  # fmt: skip
        elif self.generator is not None:
            is_refinement = start >= size
            _core.lattice(
                out, size, self.generator, start - size if is_refinement else start, self.key,
                replicate, self.baker, is_refinement, self.n_threads,
            )  # fmt: skip
        else:
            first = start * self.dimension
            draws = _random.positive_uniform(
                self.key, replicate, _UNIFORMS, first, out.size, "float64"
            )
            out[:] = draws.reshape(out.shape)


def blocks(
    n_replicates: int, start: int, size: int, capacity: int
) -> Iterator[list[tuple[int, int, int]]]:
    """Cut a round into blocks of at most `capacity` points.

    Parameters
    ----------
    n_replicates : int
        Number of randomisations.
    start, size : int
        Points of each of them that are due.
    capacity : int
        Most points of a block.

    Yields
    ------
    list of (replicate, first point, number of points)
        The runs that fill one block: several replicates where they are short.
    """
    if size > capacity:
        for replicate in range(n_replicates):
            for first in range(start, start + size, capacity):
                yield [(replicate, first, min(capacity, start + size - first))]
        return
    together = capacity // size
    for begin in range(0, n_replicates, together):
        end = min(begin + together, n_replicates)
        yield [(replicate, start, size) for replicate in range(begin, end)]


def block_capacity(dimension: int) -> int:
    """Return how many points the integrand is given at once.

    Parameters
    ----------
    dimension : int
        Number of coordinates.

    Returns
    -------
    int
        A power of two, at most 2**16, so that a block takes at most 32 MB.
    """
    return min(BLOCK_POINTS, 1 << max(BLOCK_COORDINATES // dimension, 1).bit_length() - 1)
