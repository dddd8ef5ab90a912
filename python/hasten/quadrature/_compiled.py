"""Integrands that are compiled functions: evaluated by the core on all threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._callbacks import compiled_function
from hasten._core import quadrature as _core
from hasten._validation import as_float64, shown
from hasten.quadrature._integrand import Integrand, takes_part

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hasten._callbacks import CompiledFunction
    from hasten._core.quadrature import Rounds
    from hasten.quadrature._adaptive_options import Options


class CompiledIntegrand:
    """A compiled function with the parameters of a batch, called as an `Integrand` is.

    Parameters
    ----------
    function : CompiledFunction
        Given the coordinates of a point and then the parameters of its integral.
    args : tuple
        Extra arguments, from `check_arguments`.
    shape : tuple of int
        Shape of the batch.
    n_axes : int
        Coordinates of a point.
    nonfinite : {"raise", "zero"}
        What to do with values that are not finite.
    max_batch : int
        Most values of one call.
    n_threads : int or None
        Threads to evaluate on.

    Attributes
    ----------
    components : tuple of int
        Always (): a value is one number.
    n_components : int
        Always 1.
    is_complex : bool
        Always False.
    n_calls : int
        How many batches of points were evaluated.

    Raises
    ------
    TypeError
        When an argument is no real number, or no array of them.
    ValueError
        When the function takes fewer numbers.
    """

    components: tuple[int, ...] = ()
    n_components = 1
    is_complex = False

    def __init__(
        self,
        function: CompiledFunction,
        args: tuple[Any, ...],
        shape: tuple[int, ...],
        *,
        n_axes: int,
        nonfinite: str,
        max_batch: int,
        n_threads: int | None,
    ) -> None:
        function.check_width(n_axes, len(args))
        columns = [_numbers(arg, k) for k, arg in enumerate(args)]
        #: Parameters of each integral, shape (p, q).
        self.parameters = np.ones((int(np.prod(shape)), len(columns)))
        for column, numbers in zip(self.parameters.T, columns, strict=True):
            column[:] = np.broadcast_to(numbers, shape).reshape(-1)
        self.function = function
        self.zero_nonfinite = nonfinite == "zero"
        self._max_batch = max_batch
        self._n_threads = n_threads
        self.n_calls = 0

    def rows(self, n_points: int) -> int:
        """Return how many regions one call may hold.

        Parameters
        ----------
        n_points : int
            Points of a region.

        Returns
        -------
        int
            At least 1.
        """
        return max(1, self._max_batch // n_points)

    def __call__(
        self,
        x: NDArray[np.float64],
        owners: NDArray[Any],
        edge: NDArray[np.float64] | None = None,  # noqa: ARG002  Never asked for.
    ) -> NDArray[np.float64]:
        """Evaluate the points of some regions.

        Parameters
        ----------
        x : ndarray of shape (m, n) or (m, n, d)
            The points.
        owners : ndarray of int, shape (m,)
            The integral of each region.
        edge : None
            Compiled functions are not told distances.

        Returns
        -------
        ndarray of float64, shape (m, n, 1)
            The values.

        Raises
        ------
        ValueError
            When a value is not finite.
        """
        m, n = x.shape[:2]
        points = x.reshape(m, n, -1)
        own = np.broadcast_to(self.parameters[owners][:, None, :], (m, n, self.parameters.shape[1]))
        rows = np.concatenate([points, own], axis=2)
        values = _core.evaluate_compiled(
            self.function.handle, rows.reshape(-1), rows.shape[2], self._n_threads
        )
        self.n_calls += 1
        finite = np.isfinite(values)
        if not finite.all():
            if not self.zero_nonfinite:
                first = int(np.argmin(finite))
                place = points.reshape(m * n, -1)[first].tolist()
                raise ValueError(
                    f"`f` must be finite; got {values[first]} at x = "
                    f"{place if len(place) > 1 else place[0]} of integral {int(owners[first // n])}"
                )
            values[~finite] = 0.0
        return values.reshape(m, n, 1)

    def probe(self, x: float | NDArray[np.float64], *, edge: bool) -> None:
        """Do nothing: what a value looks like is known.

        Parameters
        ----------
        x : float or ndarray of shape (d,)
            A point.
        edge : bool
            Whether the integrand takes distances to the ends.
        """

    def refine(self, state: Rounds, callback: Callable[[Any], object] | None) -> None:
        """Refine integrals without coming back to the interpreter between rounds.

        Parameters
        ----------
        state : Rounds
            The integrals: afterwards all ended, or some have intervals set aside.
        callback : callable or None
            Called with an `Info` after each round but the last; returning True ends all integrals.
        """
        rounds = _core.integrate_compiled(
            state,
            self.function.handle,
            self.parameters.reshape(-1),
            self.zero_nonfinite,
            self._n_threads,
            callback,
        )
        self.n_calls += len(rounds)


def as_integrand(
    f: Any, args: tuple[Any, ...], shape: tuple[int, ...], options: Options, *, n_axes: int = 1
) -> Integrand | CompiledIntegrand:
    """Return what evaluates the integrand that the caller passed.

    Parameters
    ----------
    f : callable or compiled function
        The integrand.
    args : tuple
        Extra arguments, from `check_arguments`.
    shape : tuple of int
        Shape of the batch.
    options : Options
        Checked options.
    n_axes : int, default 1
        Coordinates of a point.

    Returns
    -------
    Integrand or CompiledIntegrand
        A `CompiledIntegrand` for a compiled function.

    Raises
    ------
    TypeError, ValueError
        When `f` is not callable, or a compiled function of another signature.
    """
    function = compiled_function(f)
    if function is None:
        return Integrand(
            f,
            args,
            shape,
            vectorized=options.vectorized,
            nonfinite=options.nonfinite,
            max_batch=options.max_batch,
        )
    return CompiledIntegrand(
        function,
        args,
        shape,
        n_axes=n_axes,
        nonfinite=options.nonfinite,
        max_batch=options.max_batch,
        n_threads=options.n_threads,
    )


def _numbers(arg: Any, k: int) -> NDArray[np.float64]:
    array = np.asarray(arg)
    if not (takes_part(arg) or array.ndim == 0) or array.dtype.kind not in "buif":
        raise TypeError(f"`args[{k}]` must hold real numbers for a compiled `f`; got {shown(arg)}")
    return as_float64(array)
