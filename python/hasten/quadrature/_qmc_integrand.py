"""The integrand of `qmc_quad`: a block of points in, sums over runs of points out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


class Integrand:
    """A Python function that is called with whole blocks of points.

    Parameters
    ----------
    f : callable
        Called as ``f(x, *args)`` with points (m, d), or with one point (d,).
    args : tuple
        Passed on as they are.
    vectorized : bool
        Whether `f` takes all points of a block at once.

    Attributes
    ----------
    shape : tuple of int
        Shape of the value at one point, as the first call showed it.
    n_calls : int
        Calls of `f`.
    n_evaluations : int
        Points in them.
    """

    shape: tuple[int, ...]

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], *, vectorized: bool) -> None:
        self._f, self._args, self._vectorized = f, args, vectorized
        self.shape = ()
        self.n_calls = self.n_evaluations = 0

    def sums(self, x: NDArray[np.float64], counts: Sequence[int]) -> NDArray[np.float64]:
        """Sum the values at consecutive runs of points.

        Parameters
        ----------
        x : ndarray of shape (m, d)
            A block of points.
        counts : sequence of int
            Points of each run; together m.

        Returns
        -------
        ndarray of float64, shape (len(counts), n_components)
            One row a run, summed pairwise.

        Raises
        ------
        TypeError
            When the values are no real numbers.
        ValueError
            When they have another shape than the points, or than before, or are not finite.
        """
        if self._vectorized:
            values = self._checked(self._f(x, *self._args), x)
            self.n_calls += 1
        else:
            values = self._checked([self._f(point, *self._args) for point in x], x)
            self.n_calls += len(x)
        self.n_evaluations += len(x)
        # Along the last axis NumPy sums pairwise.
        components = np.ascontiguousarray(values.reshape(len(x), -1).T)
        ends = np.cumsum(counts)
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.stack(
                [
                    components[:, end - count : end].sum(axis=1)
                    for end, count in zip(ends, counts, strict=True)
                ]
            )
        if not np.isfinite(sums).all():
            self._refuse(values, x)
        return sums

    def _checked(self, result: Any, x: NDArray[np.float64]) -> NDArray[np.float64]:
        values = as_array(result, "f(x)")
        if values.dtype.kind not in "buif":
            raise TypeError(f"`f` must return real numbers; got dtype {values.dtype}")
        n, d = x.shape
        is_first = self.n_calls == 0
        if is_first:
            expected = f"({n},) or ({n}, ...)"
            is_valid = values.ndim > 0 and len(values) == n and values.size > 0
        else:
            expected = f"{(n, *self.shape)}"
            is_valid = values.shape == (n, *self.shape)
        if not is_valid:
            hint = (
                "; points are rows, so `x.T` is what scipy.integrate.qmc_quad hands over"
                if is_first and self._vectorized
                else ""
            )
            raise ValueError(
                f"`f` must return values of shape {expected} for {n} points of shape {(n, d)}; "
                f"got shape {values.shape}{hint}"
            )
        self.shape = values.shape[1:]
        return values.astype(np.float64, copy=False)

    def _refuse(self, values: NDArray[np.float64], x: NDArray[np.float64]) -> None:
        offenders = np.argwhere(~np.isfinite(values))
        if not len(offenders):
            raise ValueError("`f` must return values with a finite sum; it overflows")
        point, *component = (int(k) for k in offenders[0])
        where = f" in component {component[0] if len(component) == 1 else tuple(component)}"
        raise ValueError(
            f"`f` must return finite values; got {values[tuple(offenders[0])]}"
            f"{where if component else ''} at x = {shown(x[point].tolist())}"
        )
