"""What a rule integrates exactly, and how far off it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Degrees whose norms are checked: where errors of nodes and of weights show.
_DEGREES = (1, 8, 64)

#: Coefficients of a recurrence that are needed.
MOST = _DEGREES[-1]


class Exactness(NamedTuple):
    """The degree up to which a rule is exact, and orthogonal polynomials of its measure.

    Attributes
    ----------
    name : str
        Name of the rule.
    degree : int
        Polynomials up to this degree are integrated exactly.
    kind : {"jacobi", "hermite", "laguerre", "given"}
        The family of polynomials.
    parameters : tuple
        Those of the family; for "given" the arrays alpha and beta.
    mass : float or None
        The integral of 1, where the rule was not made to have it.
    """

    name: str
    degree: int
    kind: str
    parameters: tuple[Any, ...] = ()
    mass: float | None = None

    def recurrence(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the first coefficients of ``p_{k+1} = (x - alpha_k) p_k - beta_k p_{k-1}``.

        Parameters
        ----------
        count : int
            How many.

        Returns
        -------
        tuple of ndarray of float64, shape (count,)
            ``alpha_0, ...`` and ``beta_1, ...``.
        """
        k = np.arange(count, dtype=np.float64)
        if self.kind == "given":
            alpha, beta = self.parameters
            return np.asarray(alpha)[:count], np.asarray(beta)[:count]
        if self.kind == "hermite":
            # exp(-scale x^2)
            (scale,) = self.parameters
            return np.zeros(count), (k + 1.0) / (2.0 * scale)
        if self.kind == "laguerre":
            (a,) = self.parameters
            return 2.0 * k + 1.0 + a, (k + 1.0) * (k + 1.0 + a)
        a, b = self.parameters
        # The general term is 0/0 for k = 0 where a + b is 0 or -1.
        twice = 2.0 * k[1:] + a + b
        rest = (b - a) * (b + a) / (twice * (twice + 2.0))
        alpha = np.concatenate(([(b - a) / (a + b + 2.0)], rest))
        first = 4.0 * (1.0 + a) * (1.0 + b) / ((2.0 + a + b) ** 2 * (3.0 + a + b))
        k, twice = k[1:] + 1.0, 2.0 * (k[1:] + 1.0) + a + b
        beta = 4.0 * k * (k + a) * (k + b) * (k + a + b)
        beta /= twice * twice * (twice + 1.0) * (twice - 1.0)
        return alpha, np.concatenate(([first], beta))

    def error(
        self,
        nodes: NDArray[np.float64],
        weights: NDArray[np.float64],
        log_weights: NDArray[np.float64] | None,
    ) -> float:
        """Return by how much the orthonormal polynomials miss their norm of 1, at most.

        Parameters
        ----------
        nodes : ndarray of float64, shape (n,)
            Nodes on the range of the measure itself.
        weights : ndarray of float64, shape (n,)
            Weights for it.
        log_weights : ndarray of float64, shape (n,), or None
            Their logarithms, where they were kept.

        Returns
        -------
        float
            The largest ``abs(sum w p_k^2 - 1)`` over k = 1, 8, 64 as far as the rule is exact.
        """
        if log_weights is not None and not np.isfinite(weights).all():
            weights = np.exp(log_weights - log_weights.max())
        total = float(weights.sum())
        worst = 0.0 if self.mass is None else abs(total / self.mass - 1.0)
        # A weight that underflowed may belong to a polynomial that overflows.
        used = weights > 0.0
        x, shares = nodes[used], weights[used] / (total if self.mass is None else self.mass)
        degrees = [k for k in _DEGREES if 2 * k <= self.degree]
        if not degrees:
            return worst
        alpha, beta = self.recurrence(degrees[-1])
        roots = np.sqrt(beta)
        before, value = np.zeros_like(x), np.ones_like(x)
        for k in range(degrees[-1]):
            carried = before * roots[k - 1] if k else 0.0
            before, value = value, ((x - alpha[k]) * value - carried) / roots[k]
            if k + 1 in degrees:
                worst = max(worst, abs(float((shares * value * value).sum()) - 1.0))
        return worst
