"""Transport between normal distributions in closed form: `bures_wasserstein`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hasten._validation import check_array, check_real
from hasten.ot._inputs import check_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Asymmetry, and eigenvalues below zero, that pass for rounding of a covariance.
_ROUNDING = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-5}


def bures_wasserstein(
    mean0: ArrayLike,
    cov0: ArrayLike,
    mean1: ArrayLike,
    cov1: ArrayLike,
    *,
    reg: float = 0.0,
) -> float:
    r"""Return the squared 2-Wasserstein distance of two normal distributions, or its entropic form.

    Parameters
    ----------
    mean0 : array-like of shape (d,)
        Mean of the first.
    cov0 : array-like of shape (d, d)
        Its covariance: symmetric and positive semi-definite; singular ones are allowed.
    mean1 : array-like of shape (d,)
        Mean of the second.
    cov1 : array-like of shape (d, d)
        Its covariance.
    reg : float, default 0.0
        Strength of the entropic term, as in `sinkhorn_points` with squared Euclidean cost.

    Returns
    -------
    float
        :math:`W_2^2` for ``reg=0``; else the value of entropic transport between the densities.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it. Also when a covariance is not
        symmetric, or has a negative eigenvalue, beyond rounding (a relative 1e-10, or 1e-5 in
        float32).

    See Also
    --------
    sinkhorn_points : Transport between samples.

    Notes
    -----
    With :math:`\sigma` the singular values of :math:`A^{1/2} B^{1/2}`,

    .. math:: W_2^2 = |m_0 - m_1|^2 + \mathrm{tr} A + \mathrm{tr} B - 2 \sum_k \sigma_k ,

    and with :math:`s = \text{reg} / 2`, :math:`D_k = \sqrt{4 \sigma_k^2 + s^2}` [1]_

    .. math:: \mathrm{OT} = |m_0 - m_1|^2 + \mathrm{tr} A + \mathrm{tr} B
        + \sum_k \Bigl( s - D_k + s \log \frac{D_k + s}{2 s} \Bigr) .

    Singular values of the product, rather than eigenvalues of its square, keep all digits. Results
    below zero by rounding are returned as 0 for ``reg=0``. The error is of the order of the
    machine precision times the traces. O(d^3) time, O(d^2) memory.

    References
    ----------
    .. [1] H. Janati, B. Muzellec, G. Peyre, M. Cuturi, "Entropic optimal transport between
       unbalanced Gaussian measures has a closed form", NeurIPS 2020, arXiv 2006.02572.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import bures_wasserstein
    >>> bures_wasserstein([0.0, 0.0], np.eye(2), [3.0, 4.0], 4 * np.eye(2))
    27.0
    >>> round(bures_wasserstein([0.0], [[0.5]], [1.0], [[0.8]], reg=0.4), 12)
    1.481126137473
    """
    reg = check_real(reg, "reg", minimum=0.0)
    first = check_array(mean0, "mean0", dtype="float64")
    size = len(first)
    if size == 0:
        raise ValueError(f"`mean0` must not be empty; got shape {first.shape}")
    second = check_array(mean1, "mean1", shape=(size,), dtype="float64")
    root0, trace0 = _square_root(cov0, "cov0", size)
    root1, trace1 = _square_root(cov1, "cov1", size)
    sigma = np.linalg.svd(root0.T @ root1, compute_uv=False)
    value = float(np.sum((first - second) ** 2)) + trace0 + trace1
    if reg == 0.0:
        return max(0.0, value - 2.0 * float(sigma.sum()))
    s = reg / 2.0
    spread = np.hypot(2.0 * sigma, s)
    # log((D + s) / 2 s) without the 1 that a large reg would lose digits to.
    excess = 4.0 * sigma**2 / (spread + s)
    return value + math.fsum(s * np.log1p(excess / (2.0 * s)) - excess)


def _square_root(covariance: ArrayLike, name: str, size: int) -> tuple[NDArray[np.float64], float]:
    """Return R with R R' = covariance, and the trace."""
    given = check_matrix(covariance, name, (size, size), " to match `mean0`")
    allowed = _ROUNDING[given.dtype] * float(np.abs(given).max())
    matrix = given.astype(np.float64)
    if np.abs(matrix - matrix.T).max() > allowed:
        raise ValueError(f"`{name}` must be symmetric")
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] < -size * allowed:
        raise ValueError(
            f"`{name}` must be positive semi-definite; got the eigenvalue {values[0]:.3g}"
        )
    return vectors * np.sqrt(np.maximum(values, 0.0)), float(np.trace(matrix))
