"""Entropic optimal transport between weights, by a matrix of costs: `sinkhorn`."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from hasten._backend import backend_of
from hasten._exceptions import ConvergenceWarning
from hasten.ot._options import check_options
from hasten.ot._problem import matrix_problem
from hasten.ot._solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from hasten.ot._result import SinkhornResult


def sinkhorn(
    a: ArrayLike | None,
    b: ArrayLike | None,
    cost: ArrayLike,
    *,
    reg: float,
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
    r"""Transport weights `a` to weights `b` at least cost and a price on low entropy.

    .. math:: \mathrm{OT}(a, b) = \min_{P 1 = a,\; P^T 1 = b} \langle P, C \rangle
        + \text{reg} \cdot \mathrm{KL}(P \mid a b^T), \qquad
        \mathrm{KL}(p \mid q) = \sum p \log \frac{p}{q} - p + q

    The plan is :math:`P_{ij} = a_i b_j e^{(f_i + g_j - C_{ij}) / \text{reg}}` with two potentials,
    which are found together with proved bounds on the value.

    Parameters
    ----------
    a : array-like of shape (n,), or None
        Non-negative weights of the rows; None for equal weights that sum to 1. Zeros are allowed.
    b : array-like of shape (m,), or None
        Non-negative weights of the columns. In a balanced problem the sums must agree to a relative
        1e-6 (1e-4 where an input is float32); `b` is then rescaled to the sum of `a`.
    cost : array-like of shape (n, m)
        Finite costs of any sign. float32 is computed with and stored as such.
    reg : float
        Strength of the entropic term, in the units of `cost`, and at least 1e-15 of the largest.
        Halving it halves the distance to exact transport at most, and the number of passes of a
        plain iteration doubles.
    method : {"auto", "sinkhorn", "log", "sns", "sns_paper"}, default "auto"
        "auto" scales rows and columns, over-relaxed where that pays, and changes to sparse Newton
        steps when they are predicted to take less time. "sinkhorn" never does; "log" is the same
        iteration in the log domain, without a copy of the cost. "sns" takes Newton steps from the
        start, along a path of decreasing `reg`. "sns_paper" is the algorithm as published [1]_,
        for comparison. These two need infinite `reg_marginals`.
    reg_marginals : float or pair of float, default inf
        With a finite :math:`\rho` the marginals need not be met: :math:`\rho \mathrm{KL}(P 1 \mid
        a) + \rho \mathrm{KL}(P^T 1 \mid b)` is added to the objective [5]_. A pair holds the
        strength of the rows and that of the columns.
    tol : float, optional
        Accept the answer when `marginal_error` is at most this times the mass,
        :math:`\sqrt{\sum a \sum b}`: by default 1e-9, or 1e-5 for a float32 `cost` unless
        `precision` is "float64".
    max_iter : int, default 10,000
        Largest number of passes over the cost until the solve ends; those of the certificate come
        on top.
    init : SinkhornResult or pair of array-like, optional
        A result of a similar problem, or potentials (f, g), to start from; not with
        ``eps_scaling=True``, which starts elsewhere.
    eps_scaling : {"auto", True, False}, default "auto"
        Whether to solve with larger `reg` first. "auto" does where Newton steps alone fail.
        "sns_paper" never does.
    precision : {"auto", "float64", "mixed"}, default "auto"
        Of the stored kernel: "auto" that of `cost`. "mixed" iterates with a float32 kernel and
        finishes in float64. Sums, potentials and the certificate are always float64.
    memory : {"auto", "low"}, default "auto"
        "low" does without the kernel: every pass is in the log domain.
    sns_options : dict, optional
        For experts. "sns_paper" reads "n_sinkhorn" (20, passes before the first Newton step) and
        "sparsity" (2 / n, share of entries that are kept, as far as the limit of peak memory below
        allows). "auto" and "sns" read "delta" (0.01, share of the error that may be dropped from
        the Hessian), and for the path of decreasing `reg` "stage_tol" (1e-3, tolerance on the way)
        and "ratio" (4, of one `reg` to the next; 1.1 to 1000). An option that the method does not
        read is refused.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The answer does not depend
        on it.
    callback : callable, optional
        Called as ``callback(info)`` with ``info.n_iter``, ``info.error`` (relative to the mass) and
        ``info.x``, the current `g` of the columns that have weight. Returning True ends the solve.
    progress : bool, default False
        Show a tqdm bar.
    trace : bool, default False
        Keep what each pass found in ``result.history``.

    Returns
    -------
    SinkhornResult
        Value with bounds, potentials, and on access the plan, its products, gradients and pictures.
        Arrays are of the library that `a`, `b` or `cost` came from.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid; the message names it.
    KeyboardInterrupt
        On Ctrl-C, within half a second.

    Warns
    -----
    hasten.ConvergenceWarning
        When the tolerance was not met, unless the callback asked to stop; the best iterate is
        returned with its certificate.

    See Also
    --------
    sinkhorn_points : Costs that are distances of points, never stored.
    sinkhorn_batch : Many small problems at once.
    sinkhorn_divergence : A distance that is zero between equal measures.

    Notes
    -----
    **Certificate.** For any potentials, the distance of their dual value :math:`\langle f, a
    \rangle + \langle g, b \rangle - \text{reg} (\sum P - \sum a \sum b)` to the objective of a
    feasible plan :math:`G` is :math:`\text{reg} \cdot \mathrm{KL}(G \mid P)`. With a plan that is
    made from :math:`P` as in `round_plan`, but scaling rows and columns at once, this is `gap`, and

    .. math:: \text{value} \le \mathrm{OT}(a, b) \le \text{value} + \text{gap} .

    By Pinsker's inequality the plan is within :math:`\sqrt{2 M \text{gap} / \text{reg}} + 2\,
    \text{marginal\_error}` of the exact one in total, :math:`M = \sum a`. All of this is computed
    in float64 from the cost and the potentials that are returned, and holds up to rounding of the
    dual value. ``exact_lower`` and ``exact_upper`` bound transport without entropy: where they are
    far apart, `reg` is large.

    **Conventions.** The entropy is relative to :math:`a b^T`. POT's ``ot.sinkhorn`` has the same
    plan; its potentials are :math:`\text{reg} \log u = f + \text{reg} \log a`, and the value with
    plain entropy is :math:`\langle P, C \rangle + \text{reg} \sum P \log P = \text{value} +
    \text{reg} (\sum a \log a + \sum b \log b)` at mass 1.

    **Algorithm.** A pass reads the cost once: rows are updated, and the column sums of the new plan
    follow from the same exponentials (Algorithm 1 of [2]_, absorbed into potentials as in [3]_,
    over-relaxed as in [4]_). Newton steps maximise the dual after the row potentials are
    eliminated; entries of the plan that are small against the error are dropped from the Hessian
    and their mass is kept as a matrix of rank one, after [1]_.

    **Complexity.** O(nm) time a pass; a Newton step adds conjugate gradients on the kept entries.

    **Peak memory.** nm numbers of the precision beside the `cost`; with ``memory="low"`` 60 (n + m)
    bytes, and partial sums of 16 bytes times m for each of at most 64 blocks of rows. Newton steps
    take, in place of the kernel, 36 bytes for each entry that is kept: of at most a third of all,
    with ``memory="low"`` of 64 (n + m) or a million. Zero weights cost a copy of the cost of the
    rest.

    References
    ----------
    .. [1] X. Tang, M. Shavlovsky, H. Rahmanian, E. Tardini, K. K. Thekumparampil, T. Xiao, L. Ying,
       "Accelerating Sinkhorn algorithm with sparse Newton iterations", ICLR 2024,
       arXiv 2401.12253.
    .. [2] M. Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", NeurIPS
       2013.
    .. [3] B. Schmitzer, "Stabilized sparse scaling algorithms for entropy regularized transport
       problems", SIAM Journal on Scientific Computing 41(3), 2019.
    .. [4] A. Thibault, L. Chizat, C. Dossal, N. Papadakis, "Overrelaxed Sinkhorn-Knopp algorithm
       for regularized optimal transport", Algorithms 14(5), 2021.
    .. [5] L. Chizat, G. Peyre, B. Schmitzer, F.-X. Vialard, "Scaling algorithms for unbalanced
       optimal transport problems", Mathematics of Computation 87, 2018.

    Examples
    --------
    Two heaps of sand and two holes:

    >>> from hasten.ot import sinkhorn
    >>> result = sinkhorn([0.5, 0.5], [0.25, 0.75], [[0.0, 1.0], [1.0, 0.0]], reg=0.1)
    >>> result.converged
    True
    >>> result.plan.round(4)
    array([[0.25, 0.25],
           [0.  , 0.5 ]])
    >>> round(result.value, 4), round(result.exact_lower, 4), round(result.exact_upper, 4)
    (0.2716, 0.2327, 0.25)

    The derivative of the value by each cost is the plan, and by each weight a potential:

    >>> result.grad("b").round(3)
    array([-0.532,  0.358])

    Marginals that need not be met, here because the masses differ:

    >>> unbalanced = sinkhorn([1.0, 1.0], [1.0], [[0.0], [2.0]], reg=0.1, reg_marginals=0.5)
    >>> unbalanced.row_sums.round(3)
    array([0.984, 0.035])
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
    problem = matrix_problem(a, b, cost, reg, reg_marginals, n_threads, backend_of(a, b, cost))
    result, warning = solve(problem, options, init, "sinkhorn")
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return result
