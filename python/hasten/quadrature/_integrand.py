"""The caller's integrand: batches of points in, checked numbers out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_NUMBERS = "biufc"
_SEQUENCES = (list, tuple, range)


def check_arguments(args: Any) -> tuple[Any, ...]:
    """Return the extra arguments of an integrand, those that hold numbers as arrays.

    Parameters
    ----------
    args : tuple or object
        What the caller passed; anything but a tuple is one argument, as in SciPy.

    Returns
    -------
    tuple
        Arrays with at least one dimension take part in the shape of the batch; everything else is
        handed to the integrand as it is.
    """
    return tuple(
        _argument(arg, k) for k, arg in enumerate(args if type(args) is tuple else (args,))
    )


def _argument(value: Any, k: int) -> Any:
    if type(value) is np.ndarray:  # No masked array.
        return value
    if isinstance(value, (str, bytes)) or np.isscalar(value):
        return value
    if not (isinstance(value, _SEQUENCES) or hasattr(value, "__array__")):
        return value
    try:
        array = as_array(value, f"args[{k}]")
    except ValueError:
        if isinstance(value, _SEQUENCES):
            return value  # Nested in some other way: the integrand may know what it means.
        raise
    return array if array.ndim and array.dtype.kind in _NUMBERS else value


def batch_shape(named: dict[str, NDArray[Any]], args: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape to which ends and arguments broadcast.

    Parameters
    ----------
    named : dict of str to ndarray
        The arrays that take part, by their names in messages.
    args : tuple
        The extra arguments, from `check_arguments`.

    Returns
    -------
    tuple of int
        The shape of the batch.

    Raises
    ------
    ValueError
        When they do not broadcast; the message shows all shapes.
    """
    shapes = {name: array.shape for name, array in named.items()}
    shapes |= {f"args[{k}]": arg.shape for k, arg in enumerate(args) if takes_part(arg)}
    different = {shape for shape in shapes.values() if shape}
    if len(different) <= 1:
        return different.pop() if different else ()
    try:
        return np.broadcast_shapes(*different)
    except ValueError:
        names = ", ".join(f"`{name}`" for name in shapes)
        listed = ", ".join(str(shape) for shape in shapes.values())
        raise ValueError(f"{names} must broadcast to one shape; got {listed}") from None


def as_row(array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return an array with an entry for each integral as a row.

    Parameters
    ----------
    array : ndarray
        Of a shape that broadcasts to that of the batch.
    shape : tuple of int
        The shape of the batch.

    Returns
    -------
    ndarray
        C-contiguous, a view where that is possible.
    """
    if array.shape != shape:
        array = np.broadcast_to(array, shape)
    return np.ascontiguousarray(array).reshape(-1)


def takes_part(arg: Any) -> bool:
    """Say whether an argument has an entry for each integral.

    Parameters
    ----------
    arg : object
        From `check_arguments`.

    Returns
    -------
    bool
        False for what is handed on as it is.
    """
    return isinstance(arg, np.ndarray) and arg.ndim > 0 and arg.dtype.kind in _NUMBERS


class Integrand:
    """An integrand that is called with many points of many integrals at once.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, with ``edge=`` where a call passes distances.
    args : tuple
        Extra arguments, from `check_arguments`.
    shape : tuple of int
        Shape of the batch.
    vectorized : bool
        Whether `f` takes arrays; otherwise it is called point by point.
    nonfinite : {"raise", "zero"}
        What to do with values that are not finite.
    max_batch : int
        Most values of one call.

    Attributes
    ----------
    components : tuple of int or None
        Shape of a value; None before the first call.
    is_complex : bool
        Whether values are complex: they come as pairs of real numbers.
    n_calls : int
        How often `f` was called.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        shape: tuple[int, ...],
        *,
        vectorized: bool,
        nonfinite: str,
        max_batch: int,
    ) -> None:
        if not callable(f):
            raise TypeError(f"`f` must be callable; got {shown(f)}")
        self._f = f
        self._args = tuple(as_row(arg, shape) if takes_part(arg) else arg for arg in args)
        self._varies = tuple(takes_part(arg) for arg in args)
        self._shape = shape
        self._vectorized = vectorized
        self._zero = nonfinite == "zero"
        self._max_batch = max_batch
        self.components: tuple[int, ...] | None = None
        self.is_complex = False
        self.n_calls = 0

    @property
    def n_components(self) -> int:
        """Real numbers in a value."""
        return math.prod(self.components or ()) * (1 + self.is_complex)

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
        return max(1, self._max_batch // (n_points * max(1, self.n_components)))

    def __call__(
        self, x: NDArray[np.float64], owners: NDArray[Any], edge: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Evaluate the points of some regions.

        Parameters
        ----------
        x : ndarray of shape (m, n) or (m, n, d)
            The points: coordinates follow for integrals of several variables.
        owners : ndarray of int, shape (m,)
            The integral of each region.
        edge : ndarray of shape (m, n), optional
            The distance of each point to the nearer end, for integrands that take it.

        Returns
        -------
        ndarray of float64, C-contiguous, shape (m, n, v)
            v real numbers a point: 1 for scalars, pairs for complex numbers.

        Raises
        ------
        ValueError, TypeError
            When `f` does not return an array of numbers in the right shape, or one is not finite.
        """
        leading = x.shape[:2]
        values = self._vector(x, owners, edge) if self._vectorized else self._point(x, owners, edge)
        values = self._check_shape(values, x.shape)
        numbers = self._numbers(values).reshape(*leading, -1)
        finite = np.isfinite(numbers)
        if finite.all():
            return numbers
        if self._zero:
            return np.where(finite, numbers, 0.0)
        raise ValueError(self._complaint(x, owners, values, np.argwhere(~finite)[0]))

    def probe(self, x: float | NDArray[np.float64], *, edge: bool) -> None:
        """Learn the shape of a value from one point of the first integral.

        Parameters
        ----------
        x : float or ndarray of shape (d,)
            The point.
        edge : bool
            Whether the integrand takes distances to the ends.
        """
        point, owners = np.full((1, 1, *np.shape(x)), x), np.zeros(1, dtype=np.int64)
        distance = np.zeros((1, 1)) if edge else None
        call = self._vector if self._vectorized else self._point
        # The point is an end, where the value may be infinite and is not used.
        with np.errstate(all="ignore"):
            self._check_shape(call(point, owners, distance), point.shape)

    def _vector(
        self, x: NDArray[np.float64], owners: NDArray[Any], edge: NDArray[np.float64] | None
    ) -> Any:
        args = [
            arg.take(owners)[:, None] if varies else arg
            for arg, varies in zip(self._args, self._varies, strict=True)
        ]
        self.n_calls += 1
        try:
            return self._f(x, *args) if edge is None else self._f(x, *args, edge=edge)
        except (TypeError, ValueError) as problem:
            if self.components is None:
                problem.add_note(
                    f"`f` was called with an array of points of shape {x.shape}; if it takes one "
                    "point at a time, pass vectorized=False"
                )
            raise

    def _point(
        self, x: NDArray[np.float64], owners: NDArray[Any], edge: NDArray[np.float64] | None
    ) -> Any:
        values = []
        for row, owner in enumerate(owners):
            args = [
                arg[owner] if varies else arg
                for arg, varies in zip(self._args, self._varies, strict=True)
            ]
            # Plain floats are what a scalar function expects.
            points: Sequence[Any] = x[row].tolist() if x.ndim == 2 else list(x[row])
            if edge is None:
                values += [self._f(point, *args) for point in points]
            else:
                pairs = zip(points, edge[row].tolist(), strict=True)
                values += [self._f(point, *args, edge=distance) for point, distance in pairs]
            self.n_calls += len(points)
        try:
            array = np.asarray(values)
        except ValueError:
            raise ValueError("`f` must return values of one shape; got several shapes") from None
        return array.reshape(x.shape[:2] + array.shape[1:])

    def _check_shape(self, returned: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        try:
            values: NDArray[Any] = np.asarray(returned)
        except ValueError:
            raise ValueError("`f` must return an array of numbers; got a ragged sequence") from None
        if values.dtype.kind not in _NUMBERS:
            raise TypeError(f"`f` must return real or complex numbers; got dtype {values.dtype}")
        leading = shape[:2]
        expected = leading if self.components is None else leading + self.components
        found = values.shape
        if found[:2] != leading or (self.components is not None and found != expected):
            further = ", with any further axes for components" if self.components is None else ""
            raise ValueError(
                f"`f` must return shape {expected}{further}, for points of shape {shape}; "
                f"got shape {found}{_hint(found, vectorized=self._vectorized)}"
            )
        if values.size == 0:
            raise ValueError(f"`f` must return at least one component; got shape {found}")
        is_complex = values.dtype.kind == "c"
        if self.components is None:
            self.components, self.is_complex = found[2:], is_complex
        elif is_complex and not self.is_complex:
            raise ValueError(
                "`f` must return real numbers, as its first call did; got complex ones"
            )
        return values

    def _numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        dtype = np.complex128 if self.is_complex else np.float64
        if not (values.dtype == dtype and values.flags.c_contiguous and values.flags.aligned):
            with np.errstate(over="ignore"):  # Of longdouble; infinities are dealt with next.
                values = np.require(values, dtype, ["C", "A"])
        return values.view(np.float64)

    def _complaint(
        self,
        x: NDArray[np.float64],
        owners: NDArray[Any],
        values: NDArray[Any],
        offender: NDArray[Any],
    ) -> str:
        region, point = int(offender[0]), int(offender[1])
        found = values[region, point]
        where = x[region, point]
        shown_x = f"{where!r}" if where.ndim else f"{float(where)!r}"
        place = [int(k) for k in np.unravel_index(int(owners[region]), self._shape)]
        index = f" of integral {place[0] if len(place) == 1 else tuple(place)}" if place else ""
        return (
            f"`f` must be finite; got {shown(found.tolist())} at x = {shown_x}{index} "
            f"(nonfinite='zero' takes 0 for it)"
        )


def _hint(shape: tuple[int, ...], *, vectorized: bool) -> str:
    if shape or not vectorized:
        return ""
    return " (a constant c is numpy.full_like(x, c); vectorized=False passes single points)"
