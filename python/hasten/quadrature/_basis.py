"""Orthonormal polynomials of several variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from hasten._core import quadrature as _core
from hasten._validation import (
    as_array,
    as_float64,
    check_array,
    check_choice,
    check_integer,
    check_real,
    shown,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

KINDS = ("legendre", "chebyshev", "hermite", "laguerre", "jacobi")
INDEX_SETS = ("total", "tensor", "hyperbolic")

_PARAMETERS = ("domain", "degree", "kind", "index", "alpha", "beta", "loc", "scale")

#: Largest degree that is asked for; the core says when a basis has too many functions.
_MAX_DEGREE = 2**20

#: Least half width of a range over the distance of its centre from 0, and the least such distance.
_NARROWEST, _SMALLEST = 1e-12, 1e-290


class PolynomialBasis:
    r"""Products of orthonormal polynomials on a box or an unbounded range.

    Parameters
    ----------
    domain : (float, float) or array-like of shape (d, 2)
        Ends of the range of each variable; one pair stands for one variable. For "hermite" both
        ends are infinite, for "laguerre" the upper one.
    degree : int or sequence of int
        Largest degree; for ``index="tensor"`` it may differ by variable. At most 300 for "hermite",
        150 for "laguerre": squares of higher ones overflow.
    kind : {"legendre", "chebyshev", "hermite", "laguerre", "jacobi"}, default "legendre"
        The probability measure of each variable, under which the functions are orthonormal:
        uniform; :math:`1/(\pi\sqrt{1-t^2})`; standard normal; :math:`e^{-t}`; in proportion to
        :math:`(1-t)^\alpha(1+t)^\beta`, with t the variable on its standard range.
    index : {"total", "tensor", "hyperbolic"}, default "total"
        Which products: degrees that sum to at most `degree`, each at most `degree`, or
        :math:`\prod_i(k_i+1)\le` ``degree + 1`` (hyperbolic cross).
    alpha, beta : float, default 0
        Exponents of "jacobi", between -1/2 and 1/2.
    loc, scale : float, default 0 and 1
        Mean and standard deviation of the normal measure of "hermite"; `scale` is also the mean of
        the exponential one of "laguerre", which starts at the lower end of `domain`.

    Attributes
    ----------
    domain : ndarray of shape (d, 2)
        Ends of the ranges.
    degree : int or tuple of int
        As given.
    kind, index : str
        As given.
    indices : ndarray of shape (m, d)
        The degrees of each function, sorted by their sums; the first function is 1.
    alpha, beta, loc, scale : float
        As given.
    integrals : ndarray of shape (m,)
        The integral of each function: Lebesgue's over a box, under the measure for "hermite" and
        "laguerre".
    n_dimensions : int
        Number of variables d.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or there are more than 2^20 functions.

    See Also
    --------
    WeightedLeastSquares : Approximation on such a basis.
    repeated_dpp, volume_sample, christoffel_sample : Points for it.

    Notes
    -----
    ``basis(X)`` evaluates all m functions at n points in O(n (m + d k)) time for degree k: one
    three-term recurrence a variable and one multiplication a function. It takes 8 n m bytes.

    Any callable with ``__len__`` that returns an array of shape (n, m) may take the place of a
    `PolynomialBasis` in `WeightedLeastSquares`. To draw points for it, it also needs the methods
    and attributes ``sample(n, rng)``, which returns n points of the measure under which it is
    orthonormal as an array of shape (n, d), and ``bound``, a number that its sum of squares never
    exceeds.

    Examples
    --------
    >>> from hasten.quadrature import PolynomialBasis
    >>> basis = PolynomialBasis([(0, 1), (0, 1)], degree=2)
    >>> len(basis)
    6
    >>> basis.indices.tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
    >>> basis([[0.5, 1.0]]).round(3)
    array([[ 1.   ,  0.   ,  1.732, -1.118,  0.   ,  2.236]])
    """

    domain: NDArray[np.float64]
    degree: int | tuple[int, ...]
    kind: str
    index: str
    indices: NDArray[np.uint32]

    def __init__(
        self,
        domain: ArrayLike,
        degree: int | tuple[int, ...],
        kind: str = "legendre",
        index: str = "total",
        *,
        alpha: float = 0.0,
        beta: float = 0.0,
        loc: float = 0.0,
        scale: float = 1.0,
    ) -> None:
        self.kind = check_choice(kind, "kind", KINDS)
        self.index = check_choice(index, "index", INDEX_SETS)
        ends = _ends(domain)
        self.alpha = check_real(alpha, "alpha", minimum=-0.5, maximum=0.5)
        self.beta = check_real(beta, "beta", minimum=-0.5, maximum=0.5)
        self.loc = check_real(loc, "loc")
        self.scale = check_real(scale, "scale", minimum=0.0, exclusive=True)
        shift, width = _map(ends, self.kind, self.loc, self.scale)
        narrow = np.flatnonzero(is_narrow(shift, width))
        if narrow.size:
            low, high = ends[narrow[0]]
            raise ValueError(
                f"`domain` must be so wide that doubles tell its points apart; got ({low}, {high}) "
                f"for variable {narrow[0]}"
            )
        self.degree, degrees = _degrees(degree, len(ends), self.index)
        self.indices = _core.multi_indices(self.index, degrees)
        self.domain = ends
        self._shift, self._scale = shift, width
        for array in (self.indices, self.domain, self._shift, self._scale):
            array.flags.writeable = False
        # Refuses a degree that is too large here, not at the first use.
        self._polynomials = self._make()
        self.integrals = _core.polynomial_integrals(self._polynomials)
        self.integrals.flags.writeable = False

    def _make(self) -> _core.Polynomials:
        """Make what the core evaluates and draws from."""
        return _core.Polynomials(
            self.kind, (self.alpha, self.beta), self._shift, self._scale, self.indices
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: all but the object of the core."""
        return {name: value for name, value in vars(self).items() if name != "_polynomials"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled."""
        vars(self).update(state)
        self._polynomials = self._make()

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002  scikit-learn's.
        """Return the arguments that make this basis, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool, default True
            Makes no difference: no argument has parameters of its own.

        Returns
        -------
        dict
            By name.
        """
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: Any) -> Self:
        """Change arguments in place, as scikit-learn does for ``basis__degree``.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        PolynomialBasis
            The basis itself, which is a different one from now on, also where it is a key of a
            dictionary. A fitted `WeightedLeastSquares` keeps the one of its fit.

        Raises
        ------
        ValueError, TypeError
            When there is no such argument or its value is not valid; nothing is changed then.
        """
        for name in params:
            check_choice(name, "params", _PARAMETERS)
        changed = type(self)(**(self.get_params() | params))
        vars(self).update(vars(changed))
        return self

    def __sklearn_clone__(self) -> Self:
        """Return an equal basis whose parameters may be set on its own."""
        other = object.__new__(type(self))
        # Arrays are never written to, so they may be shared.
        vars(other).update(vars(self))
        return other

    @property
    def n_dimensions(self) -> int:
        """Number of variables."""
        return len(self.domain)

    def __len__(self) -> int:
        """Return the number of functions m."""
        return len(self.indices)

    def __call__(self, X: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the functions.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Points; for one variable also of shape (n,). They may lie outside the domain, where
            polynomials grow fast.

        Returns
        -------
        ndarray of shape (n, m)
            The values.

        Raises
        ------
        ValueError, TypeError
            When `X` is not valid, or a value overflows.
        """
        return _core.polynomial_values(self._polynomials, self._points(X), None)

    def _points(self, X: ArrayLike) -> NDArray[np.float64]:
        array = as_array(X, "X")
        if array.ndim == 1 and self.n_dimensions == 1:
            array = array[:, np.newaxis]
        points = check_array(array, "X", ndim=2, dtype="float64")
        if points.shape[1] != self.n_dimensions:
            raise ValueError(
                f"`X` must have {self.n_dimensions} columns, one for each variable of the basis; "
                f"got shape {points.shape}"
            )
        return as_float64(points)

    def __eq__(self, other: object) -> bool:
        """Say whether another object is the same basis."""
        if not isinstance(other, PolynomialBasis):
            return NotImplemented
        same_kind = (self.kind, self.alpha, self.beta) == (other.kind, other.alpha, other.beta)
        pairs = (
            (self._shift, other._shift),
            (self._scale, other._scale),
            (self.indices, other.indices),
        )
        return same_kind and all(np.array_equal(a, b) for a, b in pairs)

    def __hash__(self) -> int:
        """Hash what makes two bases equal."""
        return hash((self.kind, self.alpha, self.beta, self.indices.tobytes()))

    def __repr__(self) -> str:
        """Return the call that makes the basis, but for the parameters of its measure."""
        ends = [(float(low), float(high)) for low, high in self.domain]
        domain = ends[0] if len(ends) == 1 else ends
        return (
            f"PolynomialBasis({domain}, degree={self.degree}, kind={self.kind!r}, "
            f"index={self.index!r})"
        )


def is_narrow(centre: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which ranges have too few doubles in them to draw points.

    Parameters
    ----------
    centre, half : ndarray of shape (d,)
        Centres and half widths.

    Returns
    -------
    ndarray of bool of shape (d,)
        True where the range is too narrow.
    """
    narrow: NDArray[np.bool_] = half < _NARROWEST * np.maximum(np.abs(centre), _SMALLEST)
    return narrow


def _ends(domain: ArrayLike) -> NDArray[np.float64]:
    array = as_array(domain, "domain")
    if array.dtype.kind not in "buif":
        raise TypeError(f"`domain` must hold real numbers; got dtype {array.dtype}")
    ends = np.atleast_2d(as_float64(array)).copy()
    if ends.ndim != 2 or ends.shape[1] != 2 or len(ends) == 0:
        raise ValueError(
            f"`domain` must be a pair of ends, or have shape (d, 2); got shape {array.shape}"
        )
    # Written so that NaN is refused.
    wrong = np.flatnonzero(~(ends[:, 0] < ends[:, 1]))
    if wrong.size:
        low, high = ends[wrong[0]]
        raise ValueError(
            f"`domain` must have lower ends below the upper ones; got ({low}, {high}) "
            f"for variable {wrong[0]}"
        )
    return ends


def _map(
    ends: NDArray[np.float64], kind: str, loc: float, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shift and scale of the standard range."""
    d = len(ends)
    finite = {"hermite": (False, False), "laguerre": (True, False)}.get(kind, (True, True))
    if not (np.isfinite(ends) == finite).all():
        shape = {"hermite": "(-inf, inf)", "laguerre": "(a, inf)"}.get(kind, "two finite ends")
        raise ValueError(
            f"`domain` must be {shape} in each variable for kind {kind!r}; "
            f"got {shown(ends.tolist())}"
        )
    if kind != "hermite" and loc != 0.0:
        raise ValueError(f"`loc` must be 0 for kind {kind!r}; got {loc}")
    if kind == "hermite":
        return np.full(d, loc), np.full(d, scale)
    if kind == "laguerre":
        return ends[:, 0].copy(), np.full(d, scale)
    if scale != 1.0:
        raise ValueError(f"`scale` must be 1 for kind {kind!r}; got {scale}")
    # Halved first, so that no range overflows.
    half = 0.5 * ends[:, 1] - 0.5 * ends[:, 0]
    return 0.5 * ends[:, 0] + 0.5 * ends[:, 1], half


def _degrees(degree: Any, d: int, index: str) -> tuple[int | tuple[int, ...], list[int]]:
    if isinstance(degree, (list, tuple, np.ndarray)):
        several = tuple(_degree(k) for k in degree)
        if len(several) != d:
            raise ValueError(
                f"`degree` must have {d} entries, one for each variable; got {len(several)}"
            )
        if index != "tensor":
            raise ValueError(f"`degree` must be one integer for index {index!r}; got {several}")
        return several, list(several)
    one = _degree(degree)
    return one, [one] * d


def _degree(value: Any) -> int:
    degree = check_integer(value, "degree", minimum=0)
    if degree > _MAX_DEGREE:
        raise ValueError(f"`degree` must be at most {_MAX_DEGREE}; got {degree}")
    return degree
