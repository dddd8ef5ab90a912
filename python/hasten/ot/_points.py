"""Entropic optimal transport between clouds of points: `sinkhorn_points`."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from hasten._backend import backend_of
from hasten._exceptions import ConvergenceWarning
from hasten.ot._options import check_options
from hasten.ot._problem import points_problem
from hasten.ot._solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from hasten.ot._result import SinkhornResult


def sinkhorn_points(
    X: ArrayLike,
    Y: ArrayLike,
    a: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    reg: float,
    metric: str = "sqeuclidean",
    method: str = "auto",
    reg_marginals: float | tuple[float, float] = math.inf,
    tol: float | None = None,
    max_iter: int = 10_000,
    init: SinkhornResult | tuple[ArrayLike, ArrayLike] | None = None,
    eps_scaling: bool | str = "auto",
    precision: str = "auto",
    memory: str = "auto",
    sns_options: dict[str, Any] | None = None,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> SinkhornResult:
    r"""Transport points `X` to points `Y`, computing distances as they are needed.

    The problem is that of `sinkhorn` with :math:`C_{ij} = d(x_i, y_j)`. No matrix of distances has
    to be stored, so that memory can grow with the number of points and not with its square.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Points; a table will do.
    Y : array-like of shape (m, d)
        Points to transport to.
    a : array-like of shape (n,), optional
        Non-negative weights of `X`; equal weights that sum to 1 by default.
    b : array-like of shape (m,), optional
        Non-negative weights of `Y`, as in `sinkhorn`.
    reg : float
        Strength of the entropic term, in the units of the metric: squared lengths for
        "sqeuclidean".
    metric : {"sqeuclidean", "euclidean", "cosine", "cityblock"}, default "sqeuclidean"
        :math:`|x - y|^2` (without a factor 1/2), :math:`|x - y|`, :math:`1 - \cos(x, y)`, or
        :math:`\sum_k |x_k - y_k|`.
    method : {"auto", "sinkhorn", "log", "sns", "sns_paper"}, default "auto"
        As in `sinkhorn`; "sns" and "sns_paper" need infinite `reg_marginals`.
    reg_marginals : float or pair of float, default inf
        As in `sinkhorn`.
    tol : float, optional
        As in `sinkhorn`: by default 1e-9, or 1e-5 if both `X` and `Y` are float32 unless
        `precision` is "float64".
    max_iter : int, default 10,000
        Largest number of passes over the distances, as in `sinkhorn`.
    init : SinkhornResult or pair of array-like, optional
        A result of a similar problem, or potentials (f, g), to start from; as in `sinkhorn`.
    eps_scaling : {"auto", True, False}, default "auto"
        As in `sinkhorn`.
    precision : {"auto", "float64", "mixed"}, default "auto"
        As in `sinkhorn`.
    memory : {"auto", "low"}, default "auto"
        "auto" stores the kernel up to four million entries (32 MB), "low" never does.
    sns_options : dict, optional
        As in `sinkhorn`.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        As in `sinkhorn`.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep what each pass found in ``result.history``.

    Returns
    -------
    SinkhornResult
        As from `sinkhorn`, with ``grad("X")``, ``grad("Y")``, `barycentric_map` and potentials at
        new points.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        As `sinkhorn`.

    See Also
    --------
    sinkhorn : The same by a matrix of costs; certificate, algorithm and references stand there.
    sinkhorn_divergence : A distance between clouds that is zero only if they are equal.
    SinkhornTransport : The map as a scikit-learn estimator.

    Notes
    -----
    **Certificate.** That of `sinkhorn`, with distances recomputed in float64 from the points.
    Coordinates are subtracted before they are squared, so that clouds far from the origin lose no
    digits.

    **Complexity.** O(nm d) time a pass.

    **Peak memory.** A copy of the points, 60 (n + m) bytes, and partial sums of 16 bytes times m
    for each of at most 64 blocks of rows (16 for more than 65,536 columns); nm numbers more where
    the kernel is stored, and what Newton steps take, as in `sinkhorn`.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.ot import sinkhorn_points
    >>> rng = np.random.default_rng(0)
    >>> X, shift = rng.normal(size=(200, 2)), np.array([3.0, 4.0])
    >>> result = sinkhorn_points(X, X + shift, reg=0.1)
    >>> result.converged
    True

    The map that the plan makes of a translation is the translation, blurred:

    >>> bool(abs(result.barycentric_map() - X - shift).max() < 0.6)
    True
    >>> bool(result.exact_lower <= 25.0 <= result.exact_upper)
    True
    """
    options = check_options(
        tol=tol,
        max_iter=max_iter,
        method=method,
        sns_options=sns_options,
        eps_scaling=eps_scaling,
        precision=precision,
        memory=memory,
        callback=callback,
        progress=progress,
        trace=trace,
    )
    problem = points_problem(
        X, Y, a, b, metric, reg, reg_marginals, n_threads, backend_of(X, Y, a, b)
    )
    result, warning = solve(problem, options, init, "sinkhorn_points")
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return result
