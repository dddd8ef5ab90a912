"""Gauss rules of any measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hasten._core import quadrature as _core
from hasten._validation import check_array, check_real
from hasten.quadrature._exactness import MOST, Exactness
from hasten.quadrature._rule import Rule

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_INFINITY = float("inf")


def golub_welsch(alpha: ArrayLike, beta: ArrayLike, mu0: float = 1.0) -> Rule:
    r"""Gauss rule of any measure, from the recurrence of its orthogonal polynomials.

    Parameters
    ----------
    alpha : array-like of shape (n,)
        Coefficients of the monic polynomials :math:`p_{k+1} = (x - \alpha_k) p_k - \beta_k
        p_{k-1}`, from :math:`\alpha_0` on.
    beta : array-like of shape (n - 1,)
        :math:`\beta_1, \dots, \beta_{n-1}`, positive.
    mu0 : float, default 1.0
        The mass of the measure, positive.

    Returns
    -------
    Rule
        Exact for polynomials of degree ``2 n - 1``. The support of the measure is not known: the
        range is the line.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.
    MemoryError
        When there is not enough memory.

    Notes
    -----
    Nodes are accurate to a few units in the last place of the largest, weights to that of the mass:
    the smallest weights may have no correct digit. O(n^2) time, O(n) memory: the implicit QL
    iteration of G. H. Golub and J. H. Welsch, "Calculation of Gauss quadrature rules", Math. Comp.
    23, 1969, on the first components of the eigenvectors alone.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import golub_welsch
    >>> k = np.arange(1, 4)
    >>> rule = golub_welsch(np.zeros(4), k**2 / (4 * k**2 - 1), 2.0)  # Gauss-Legendre
    >>> rule.nodes.round(6)
    array([-0.861136, -0.339981,  0.339981,  0.861136])
    """
    diagonal = check_array(alpha, "alpha", dtype="float64").astype(np.float64, copy=False)
    if diagonal.size == 0:
        raise ValueError("`alpha` must have at least 1 entry; got shape (0,)")
    shape = (len(diagonal) - 1,)
    squares = check_array(beta, "beta", shape=shape, dtype="float64").astype(np.float64, copy=False)
    if not (squares > 0.0).all():
        index = int(np.argmin(squares > 0.0))
        raise ValueError(f"`beta` must be positive; got {squares[index]} at index {index}")
    mu0 = check_real(mu0, "mu0", minimum=0.0, exclusive=True)
    nodes, weights = _core.golub_welsch(diagonal, squares, mu0)
    n = len(nodes)
    kept = diagonal[:MOST].copy(), squares[:MOST].copy()
    exactness = Exactness("Gauss", 2 * n - 1, "given", kept, mu0)
    return Rule(nodes=nodes, weights=weights, a=-_INFINITY, b=_INFINITY, _exactness=exactness)
