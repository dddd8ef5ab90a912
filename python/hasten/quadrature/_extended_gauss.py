"""Gauss-Legendre rules with nodes that are given: the ends, or those of another rule."""

from __future__ import annotations

import sys

from hasten._core import quadrature as _core
from hasten._validation import check_integer
from hasten.quadrature._exactness import Exactness
from hasten.quadrature._gauss import check_size
from hasten.quadrature._rule import Rule


def gauss_lobatto(n: int, *, n_threads: int | None = None) -> Rule:
    r"""Gauss-Lobatto rule for :math:`\int_{-1}^1 f(x) \, dx`, with both ends among its nodes.

    Parameters
    ----------
    n : int
        Number of nodes, at least 2.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 3``.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    Notes
    -----
    The inner nodes are those of a Gauss-Jacobi rule, whose accuracy, cost and method it has:
    `gauss_jacobi`.

    Examples
    --------
    >>> from hasten.quadrature import gauss_lobatto
    >>> x, w = gauss_lobatto(3)  # Simpson's rule
    >>> x, w.round(6)
    (array([-1.,  0.,  1.]), array([0.333333, 1.333333, 0.333333]))
    """
    n, threads = check_size(n, n_threads, minimum=2)
    nodes, weights = _core.gauss_lobatto(n, threads)
    exactness = Exactness("Gauss-Lobatto", 2 * n - 3, "jacobi", (0.0, 0.0), 2.0)
    return Rule(nodes=nodes, weights=weights, a=-1.0, b=1.0, _exactness=exactness)


def gauss_radau(n: int, *, n_threads: int | None = None) -> Rule:
    r"""Gauss-Radau rule for :math:`\int_{-1}^1 f(x) \, dx`, with -1 among its nodes.

    Parameters
    ----------
    n : int
        Number of nodes, at least 1.
    n_threads : int, optional
        Threads to use: by default every core. They do not change a bit.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 2``.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When the rule does not fit into memory.

    Notes
    -----
    The inner nodes are those of a Gauss-Jacobi rule, whose accuracy, cost and method it has:
    `gauss_jacobi`. For a rule with 1 among its nodes change signs and order of the nodes.

    Examples
    --------
    >>> from hasten.quadrature import gauss_radau
    >>> x, w = gauss_radau(2)
    >>> x.round(6), w.round(6)
    (array([-1.      ,  0.333333]), array([0.5, 1.5]))
    """
    n, threads = check_size(n, n_threads)
    nodes, weights = _core.gauss_radau(n, threads)
    exactness = Exactness("Gauss-Radau", 2 * n - 2, "jacobi", (0.0, 0.0), 2.0)
    return Rule(nodes=nodes, weights=weights, a=-1.0, b=1.0, _exactness=exactness)


def gauss_kronrod(n: int) -> Rule:
    r"""Gauss-Kronrod rule for :math:`\int_{-1}^1 f(x) \, dx`: a Gauss rule and n + 1 more nodes.

    Parameters
    ----------
    n : int
        Number of nodes of the Gauss-Legendre rule, at least 1.

    Returns
    -------
    Rule
        With ``2 n + 1`` nodes, exact for polynomials of degree ``3 n + 1``. The nodes with odd
        index, ``nodes[1::2]``, are those of ``gauss_legendre(n)``: the difference of the two
        integrals says how far off the smaller rule is.

    Raises
    ------
    ValueError, TypeError
        When n is no integer or less than 1.
    MemoryError
        When the rule does not fit into memory.

    Notes
    -----
    For n = 10 constants made in 50-digit arithmetic; otherwise the matrix of D. P. Laurie,
    "Calculation of Gauss-Kronrod quadrature rules", Math. Comp. 66, 1997, by `golub_welsch`: nodes
    and weights are accurate to about 1e-15. O(n^2) time, O(n) memory.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import gauss_kronrod, gauss_legendre
    >>> rule, inner = gauss_kronrod(7), gauss_legendre(7)
    >>> y = np.exp(rule.nodes)
    >>> bool(abs(rule @ y - inner @ y[1::2]) < 1e-13)
    True
    """
    n = min(check_integer(n, "n", minimum=1), sys.maxsize)
    nodes, weights = _core.gauss_kronrod(n)
    exactness = Exactness("Gauss-Kronrod", 3 * n + 1, "jacobi", (0.0, 0.0), 2.0)
    return Rule(nodes=nodes, weights=weights, a=-1.0, b=1.0, _exactness=exactness)
