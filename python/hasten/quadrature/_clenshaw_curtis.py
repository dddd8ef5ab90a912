"""Rules of Chebyshev interpolation: Clenshaw-Curtis and Fejer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasten._core import quadrature as _core
from hasten._validation import check_integer
from hasten.quadrature._exactness import Exactness
from hasten.quadrature._gauss import check_size
from hasten.quadrature._rule import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _interpolatory(
    name: str, n: int, arrays: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> Rule:
    # Symmetric, so that odd degrees cost nothing.
    degree = n if n % 2 else n - 1
    exactness = Exactness(name, degree, "jacobi", (0.0, 0.0), 2.0)
    return Rule(nodes=arrays[0], weights=arrays[1], a=-1.0, b=1.0, _exactness=exactness)


def clenshaw_curtis(n: int, *, n_threads: int | None = None) -> Rule:
    r"""Make the Clenshaw-Curtis rule for :math:`\int_{-1}^1 f(x) \, dx`, on both ends and between.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1; for n = 1 the midpoint rule.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        On the extrema of the Chebyshev polynomial of degree ``n - 1``, exact for polynomials of
        degree ``n - 1`` (n, if n is odd).

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    See Also
    --------
    gauss_legendre : Twice the degree, without nesting.

    Notes
    -----
    The rule with ``2 n - 1`` nodes has these among its own, so that values can be used again.
    For functions that are not analytic it is about as accurate as the Gauss rule with as many
    nodes. Nodes are accurate to 6e-16, weights to 1e-14 of their own. O(n log n) time, about ``16
    n`` doubles of memory on the way: J. Waldvogel, "Fast construction of the Fejer and
    Clenshaw-Curtis quadrature rules", BIT 46, 2006, with small weights computed apart.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import clenshaw_curtis
    >>> coarse, fine = clenshaw_curtis(9), clenshaw_curtis(17)
    >>> bool(np.allclose(coarse.nodes, fine.nodes[::2], rtol=0, atol=1e-15))
    True
    >>> float(round(fine(np.exp), 12))
    2.350402387288
    """
    n, threads = check_size(n, n_threads)
    return _interpolatory("Clenshaw-Curtis", n, _core.clenshaw_curtis(n, threads))


def fejer(n: int, kind: int = 1, *, n_threads: int | None = None) -> Rule:
    r"""Fejer rule for :math:`\int_{-1}^1 f(x) \, dx`, without the ends.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    kind : {1, 2}, default 1
        On the zeros of the Chebyshev polynomial of the first or of the second kind; the latter are
        the inner nodes of a Clenshaw-Curtis rule.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``n - 1`` (n, if n is odd), with positive weights.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    See Also
    --------
    clenshaw_curtis : With the ends; accuracy, cost and method are the same.

    Examples
    --------
    >>> from hasten.quadrature import fejer
    >>> rule = fejer(6)
    >>> rule.degree, float(round(rule(lambda x: x**4), 12))
    (5, 0.4)
    """
    n, threads = check_size(n, n_threads)
    kind = check_integer(kind, "kind")
    if kind not in (1, 2):
        raise ValueError(f"`kind` must be 1 or 2; got {kind}")
    return _interpolatory("Fejer", n, _core.fejer(n, kind, threads))
