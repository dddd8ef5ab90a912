"""Gauss rules of the classical weight functions."""

from __future__ import annotations

import math
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._core import quadrature as _core
from hasten._validation import (
    check_choice,
    check_flag,
    check_integer,
    check_real,
)
from hasten.quadrature._exactness import Exactness
from hasten.quadrature._rule import Rule, check_range, from_angles

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INFINITY = float("inf")

_LARGEST_LOG = float(np.log(np.finfo(np.float64).max))


def check_size(n: Any, n_threads: Any, minimum: int = 1) -> tuple[int, int | None]:
    """Return the number of nodes and of threads.

    Parameters
    ----------
    n, n_threads : int or None
        What the caller passed.
    minimum : int, default 1
        The least number of nodes.

    Returns
    -------
    tuple
        Both; None threads where the core is to choose.

    Raises
    ------
    ValueError, TypeError
        When one is not valid.
    """
    n = check_integer(n, "n", minimum=minimum)
    return min(n, sys.maxsize), _threads.requested(n_threads)


def _empty(n: int) -> NDArray[np.float64]:
    try:
        return np.empty(n)
    except ValueError:  # NumPy's, of more than there are addresses.
        raise MemoryError(f"a rule of `n` = {n} nodes does not fit into memory") from None


def _weighted(
    arrays: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None],
    ends: tuple[float, float],
    exactness: Exactness,
) -> Rule:
    """Return a rule with logarithms of weights; warn when a weight is infinite."""
    nodes, weights, logs = arrays
    if logs is not None and logs.max() > _LARGEST_LOG:
        warnings.warn(
            f"weights of the {exactness.name} rule are larger than the largest double, which makes "
            "them infinite: use `log_weights`",
            UserWarning,
            stacklevel=3,
        )
    return Rule(
        nodes=nodes,
        weights=weights,
        a=ends[0],
        b=ends[1],
        log_weights=logs,
        _exactness=exactness,
    )


def gauss_legendre(
    n: int,
    a: float = -1.0,
    b: float = 1.0,
    *,
    return_theta: bool = False,
    n_threads: int | None = None,
) -> Rule:
    r"""Gauss-Legendre rule for :math:`\int_a^b f(x) \, dx`.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    a, b : float, default -1.0 and 1.0
        The ends of the range, ``a < b``.
    return_theta : bool, default False
        Keep the angles of the nodes, which hold small distances to the ends; see `Rule`.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    See Also
    --------
    clenshaw_curtis : Nested points, whose values can be used again.
    gauss_jacobi : Singular ends, by a weight function.

    Notes
    -----
    On [-1, 1] nodes are within 4e-16 and weights within 6e-16 relative of the exact ones, for every
    n; distances of the nodes from `a` and `b` are as accurate as doubles near the ends are dense.
    O(n) time and no memory beyond the rule: about 10 ns a node. Up to n = 100 from a table made in
    50-digit arithmetic, beyond by the iteration-free series of I. Bogaert, "Iteration-free
    computation of Gauss-Legendre quadrature nodes and weights", SIAM J. Sci. Comput. 36(3), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_legendre
    >>> x, w = gauss_legendre(3)
    >>> x.round(6), w.round(6)
    (array([-0.774597,  0.      ,  0.774597]), array([0.555556, 0.888889, 0.555556]))
    >>> rule = gauss_legendre(1_000_000, 0.0, 1.0)
    >>> bool(abs(rule(np.exp) - (np.e - 1.0)) < 1e-14)
    True
    """
    n, threads = check_size(n, n_threads)
    with_theta = check_flag(return_theta, "return_theta")
    is_mapped = not (isinstance(a, float) and isinstance(b, float) and a == -1.0 and b == 1.0)
    if is_mapped:
        a, b = check_range(a, b)
        is_mapped = (a, b) != (-1.0, 1.0)
    nodes, weights = _empty(n), _empty(n)
    theta = _empty(n) if with_theta or is_mapped else None
    _core.gauss_legendre(nodes, weights, theta, threads)
    if is_mapped and theta is not None:
        nodes = from_angles(theta, a, b)
        weights *= 0.5 * (b - a)
    return Rule(
        nodes=nodes,
        weights=weights,
        a=a,
        b=b,
        theta=theta if with_theta else None,
        _exactness=Exactness("Gauss-Legendre", 2 * n - 1, "jacobi", (0.0, 0.0), 2.0),
        _reference=(-1.0, 1.0) if is_mapped else None,
    )


def gauss_chebyshev(n: int, kind: int = 1, *, n_threads: int | None = None) -> Rule:
    r"""Gauss rule of a Chebyshev weight on [-1, 1].

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    kind : {1, 2, 3, 4}, default 1
        The weight: :math:`1 / \sqrt{1 - x^2}`, :math:`\sqrt{1 - x^2}`,
        :math:`\sqrt{(1 + x) / (1 - x)}` or :math:`\sqrt{(1 - x) / (1 + x)}`.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    Notes
    -----
    Closed forms: nodes and weights are accurate to 2e-15 of their own, those near 0 and the ends
    included. O(n) time and no memory beyond the rule.

    Examples
    --------
    >>> from hasten.quadrature import gauss_chebyshev
    >>> float(round(gauss_chebyshev(3)(lambda x: x**2), 12))  # pi / 2
    1.570796326795
    """
    n, threads = check_size(n, n_threads)
    kind = check_integer(kind, "kind")
    if kind not in _CHEBYSHEV:
        raise ValueError(f"`kind` must be 1, 2, 3 or 4; got {kind}")
    parameters, mass = _CHEBYSHEV[kind]
    nodes, weights = _core.gauss_chebyshev(n, kind, threads)
    exactness = Exactness("Gauss-Chebyshev", 2 * n - 1, "jacobi", parameters, mass)
    return Rule(nodes=nodes, weights=weights, a=-1.0, b=1.0, _exactness=exactness)


# Exponents of 1 - x and 1 + x, and the integral of 1.
_CHEBYSHEV = {
    1: ((-0.5, -0.5), math.pi),
    2: ((0.5, 0.5), 0.5 * math.pi),
    3: ((-0.5, 0.5), math.pi),
    4: ((0.5, -0.5), math.pi),
}


def gauss_jacobi(n: int, alpha: float, beta: float, *, n_threads: int | None = None) -> Rule:
    r"""Gauss-Jacobi rule for :math:`\int_{-1}^1 f(x) (1 - x)^\alpha (1 + x)^\beta \, dx`.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    alpha, beta : float
        Exponents, greater than -1.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``, with `log_weights`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or exponents are too large for n to find all nodes.
    MemoryError
        When the rule does not fit into memory.

    Warns
    -----
    UserWarning
        When weights are larger than the largest double; `log_weights` stay finite.

    Notes
    -----
    For exponents up to 80 nodes are accurate to 3e-16 and weights to 4e-13 of their own up to
    n = 400; where an exponent is close to -1 weights lose up to 8e-16 n / (1 + exponent).
    `Rule.error` tells what was reached. O(n) time, about 0.1 us a node, and 64 bytes a node on the
    way: marching from root to root by Taylor series, A. Glaser, X. Liu and V. Rokhlin, "A fast
    algorithm for the calculation of the roots of special functions", SIAM J. Sci. Comput. 29, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_jacobi
    >>> rule = gauss_jacobi(12, 0.0, -0.5)  # int exp(x) / sqrt(1 + x)
    >>> float(round(rule(np.exp), 12))
    2.460262013896
    """
    n, threads = check_size(n, n_threads)
    alpha = check_real(alpha, "alpha", minimum=-1.0, exclusive=True)
    beta = check_real(beta, "beta", minimum=-1.0, exclusive=True)
    exactness = Exactness("Gauss-Jacobi", 2 * n - 1, "jacobi", (alpha, beta))
    return _weighted(_core.gauss_jacobi(n, alpha, beta, threads), (-1.0, 1.0), exactness)


def gauss_gegenbauer(n: int, lam: float, *, n_threads: int | None = None) -> Rule:
    r"""Gauss-Gegenbauer rule for :math:`\int_{-1}^1 f(x) (1 - x^2)^{\lambda - 1/2} \, dx`.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    lam : float
        Greater than -1/2.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``, with `log_weights`; symmetric to the last bit.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or `lam` is too large for n to find all nodes.
    MemoryError
        When the rule does not fit into memory.

    Warns
    -----
    UserWarning
        When weights are larger than the largest double; `log_weights` stay finite.

    See Also
    --------
    gauss_jacobi : The rule with two exponents; accuracy and cost are the same.

    Examples
    --------
    >>> from hasten.quadrature import gauss_gegenbauer
    >>> float(round(gauss_gegenbauer(5, 1.5)(lambda x: x**2), 12))  # 4 / 15
    0.266666666667
    """
    n, threads = check_size(n, n_threads)
    lam = check_real(lam, "lam", minimum=-0.5, exclusive=True)
    exponent = lam - 0.5
    exactness = Exactness("Gauss-Gegenbauer", 2 * n - 1, "jacobi", (exponent, exponent))
    return _weighted(_core.gauss_gegenbauer(n, lam, threads), (-1.0, 1.0), exactness)


def gauss_hermite(n: int, *, weight: str = "physicist", n_threads: int | None = None) -> Rule:
    r"""Gauss-Hermite rule for :math:`\int_{-\infty}^\infty f(x) e^{-x^2} \, dx`.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    weight : {"physicist", "probabilist"}, default "physicist"
        The weight function: :math:`e^{-x^2}`, or :math:`e^{-x^2 / 2}`, under which
        ``rule(f) / sqrt(2 pi)`` is the mean of f under the standard normal law.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``, with `log_weights`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    Notes
    -----
    Nodes are accurate to 3e-15 and weights to 2e-13 of their own. From n = 370 on weights at the
    outer nodes underflow: they are 0, and `log_weights` keep them. O(n) time, about 0.1 us a node,
    and 64 bytes a node on the way; the method is that of `gauss_jacobi`, on
    :math:`u = e^{-x^2 / 2} H_n`.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_hermite
    >>> rule = gauss_hermite(20, weight="probabilist")
    >>> mean = rule(np.cos) / np.sqrt(2 * np.pi)
    >>> bool(abs(mean - np.exp(-0.5)) < 1e-14)
    True
    """
    n, threads = check_size(n, n_threads)
    weight = check_choice(weight, "weight", ("physicist", "probabilist"))
    scale = 1.0 if weight == "physicist" else 0.5
    exactness = Exactness("Gauss-Hermite", 2 * n - 1, "hermite", (scale,))
    return _weighted(_core.gauss_hermite(n, weight, threads), (-_INFINITY, _INFINITY), exactness)


def gauss_laguerre(n: int, alpha: float = 0.0, *, n_threads: int | None = None) -> Rule:
    r"""Gauss-Laguerre rule for :math:`\int_0^\infty f(x) x^\alpha e^{-x} \, dx`.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    alpha : float, default 0.0
        Exponent, greater than -1.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``, with `log_weights`.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or `alpha` is too large for n to find all nodes.
    MemoryError
        When the rule does not fit into memory.

    Warns
    -----
    UserWarning
        When weights are larger than the largest double (`alpha` above 170); `log_weights` stay
        finite.

    Notes
    -----
    For `alpha` up to 30 nodes are accurate to 2e-14 of their own (the smallest to 1e-13 where
    `alpha` is near -1), weights to 2e-13. Above, logarithms of weights keep 15 digits up to n = 59,
    and lose some where `alpha` is larger than n (12 digits at n = 60, `alpha` = 300). `Rule.error`
    tells what was reached. Weights that underflow are 0, and `log_weights` keep them. O(n) time,
    about 0.1 us a node, and 64 bytes a node on the way; the method is that of `gauss_jacobi`, on
    :math:`u = e^{-x / 2} L_n^{(\alpha)}`.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_laguerre
    >>> rule = gauss_laguerre(40, 0.5)
    >>> bool(abs(rule(np.sin) - np.sqrt(np.pi) / 2 * 2**-0.75 * np.sin(3 * np.pi / 8)) < 1e-9)
    True
    """
    n, threads = check_size(n, n_threads)
    alpha = check_real(alpha, "alpha", minimum=-1.0, exclusive=True)
    exactness = Exactness("Gauss-Laguerre", 2 * n - 1, "laguerre", (alpha,))
    return _weighted(_core.gauss_laguerre(n, alpha, threads), (0.0, _INFINITY), exactness)
