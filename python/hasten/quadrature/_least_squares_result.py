"""What a weighted least squares fit returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hasten._core import quadrature as _core
from hasten._result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

BY_LEAVING_ONE_OUT = "error estimated by leaving one point out"
BY_CROSS_VALIDATION = "error estimated by generalised cross-validation of the merged factors"
NO_POINT_TO_SPARE = "no error estimate: as many points as functions"


@dataclass(frozen=True, eq=False, kw_only=True)
class LeastSquaresResult(Result):
    r"""Coefficients on a basis, how stable they are, and how far off the approximation may be.

    Attributes
    ----------
    coef : ndarray of shape (m,) or (m, n_outputs)
        Coefficients.
    basis : PolynomialBasis or callable
        The functions.
    gram_eigenvalues : ndarray of shape (m,)
        Eigenvalues of :math:`G = \frac1n\sum_i\omega_i\phi(x_i)\phi(x_i)^T`, ascending.
    stability : float
        :math:`1/\lambda_{\min}(G)`: how much residuals of the best approximation may grow in the
        coefficients.
    residual : float or ndarray of shape (n_outputs,)
        Weighted root mean square of the residuals.
    n_samples : int
        Number of points n.
    X, weights : ndarray or None
        The points and their weights; None after a merge.
    converged : bool
        Whether the sample met its condition; True where none was asked for.
    n_iter : int
        Passes over the data.
    message : str
        Where the error estimate comes from.
    error : float or ndarray of shape (n_outputs,)
        Estimated L2 distance to the function.
    error_kind : {"estimate"}
        No bound: it held in 52 to 91 of 100 cases, by function and sample; see the guide.
    history : None
        Nothing is traced.
    """

    error: Any
    error_kind: Literal["bound", "confidence", "estimate"] = "estimate"
    coef: NDArray[np.float64] = field(repr=False)
    basis: Any = field(repr=False)
    gram_eigenvalues: NDArray[np.float64] = field(repr=False)
    stability: float
    residual: Any = field(repr=False)
    n_samples: int
    X: NDArray[np.float64] | None = field(default=None, repr=False)
    weights: NDArray[np.float64] | None = field(default=None, repr=False)
    _reduced: Any = field(repr=False)

    def __str__(self) -> str:
        """Return sizes, stability and the estimated error."""
        m = len(self.gram_eigenvalues)
        error = np.atleast_1d(self.error)
        shown = f"{error[0]:.2g}" if len(error) == 1 else f"up to {error.max():.2g}"
        status = "" if self.converged else ", condition NOT met"
        return (
            f"{type(self).__name__}: {m} functions, {self.n_samples} points{status}, "
            f"1 / lambda_min(G) = {self.stability:.3g}, error {shown} (estimate)"
        )

    def merge(self, other: LeastSquaresResult) -> LeastSquaresResult:
        """Return the fit of the points of two fits together, without their data.

        Parameters
        ----------
        other : LeastSquaresResult
            A fit on an equal basis, with as many outputs.

        Returns
        -------
        LeastSquaresResult
            Coefficients and eigenvalues are exactly those of one fit of all points, to rounding.
            The error is that of generalised cross-validation, as the points are not kept.

        Raises
        ------
        TypeError
            When `other` is no such result.
        ValueError
            When bases or numbers of outputs differ.
        """
        if not isinstance(other, LeastSquaresResult):
            raise TypeError(f"`other` must be a LeastSquaresResult; got {type(other).__name__}")
        if self.basis != other.basis:
            raise ValueError(
                f"`other` must have an equal basis, {self.basis!r}; got {other.basis!r}"
            )
        if self.coef.shape != other.coef.shape:
            raise ValueError(
                f"`other` must have coefficients of shape {self.coef.shape}; got {other.coef.shape}"
            )
        n, m = self.n_samples + other.n_samples, len(self.gram_eigenvalues)
        fit = _core.merge_least_squares(self._reduced, other._reduced, n)
        residual = fit["residual_norms"] / np.sqrt(n)
        error = residual / (1.0 - m / n) if n > m else np.full_like(residual, np.nan)
        return from_fit(
            fit,
            basis=self.basis,
            error=error,
            message=BY_CROSS_VALIDATION if n > m else NO_POINT_TO_SPARE,
            n_samples=n,
            single=self.coef.ndim == 1,
            converged=self.converged and other.converged,
        )

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the eigenvalues of G and, in one or two variables, the points.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw the eigenvalues alone; by default a new figure for both.

        Returns
        -------
        matplotlib.axes.Axes, or ndarray of Axes
            What was drawn on.

        Raises
        ------
        ImportError
            When matplotlib is not installed.
        """
        from hasten.quadrature._least_squares_plot import draw

        axes: Axes = draw(self, ax)
        return axes


def from_fit(
    fit: Any,
    *,
    basis: Any,
    error: NDArray[np.float64],
    message: str,
    n_samples: int,
    single: bool,
    converged: bool,
    X: NDArray[np.float64] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> LeastSquaresResult:
    """Turn what the core returns into a result.

    Parameters
    ----------
    fit : dict
        From the core.
    basis : callable
        The functions.
    error : ndarray of shape (n_outputs,)
        Estimated errors.
    message : str
        Where they come from.
    n_samples : int
        Number of points.
    single : bool
        Whether there is one output, given as a vector.
    converged : bool
        Whether the sample met its condition.
    X, weights : ndarray, optional
        The points and their weights.

    Returns
    -------
    LeastSquaresResult
        The result.
    """
    residual = fit["residual_norms"] / np.sqrt(n_samples)
    eigenvalues = fit["eigenvalues"]
    with np.errstate(over="ignore", divide="ignore"):
        # Infinite where weights are near the end of the range of doubles.
        stability = float(np.float64(1.0) / eigenvalues[0])
    return LeastSquaresResult(
        converged=converged,
        n_iter=1,
        message=message,
        error=float(error[0]) if single else error,
        coef=fit["coefficients"][:, 0].copy() if single else fit["coefficients"],
        basis=basis,
        gram_eigenvalues=eigenvalues,
        stability=stability,
        residual=float(residual[0]) if single else residual,
        n_samples=n_samples,
        X=X,
        weights=weights,
        _reduced=fit["reduced"],
    )
