"""What `sinkhorn` and `sinkhorn_points` return."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ot as _core
from hasten._result import Result
from hasten._validation import check_choice, check_flag, check_real
from hasten.ot import _gradient, _plan
from hasten.ot._rounding import rounded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hasten.ot._plan import SparsePlan
    from hasten.ot._problem import Problem


@dataclass(frozen=True, eq=False, kw_only=True)
class SinkhornResult(Result):
    r"""Potentials of a transport problem, and all that follows from them.

    Attributes
    ----------
    value : float
        :math:`\langle P, C \rangle + \text{reg} \cdot \mathrm{KL}(P \mid a b^T)`, and the
        marginal terms of an unbalanced problem: the dual value of the returned potentials, which
        no exact value is below.
    value_linear : float
        :math:`\langle P, C \rangle` of the returned plan.
    gap : float
        `value` falls short of the exact value by at most this: of a feasible plan that is made from
        the returned one.
    marginal_error : float
        :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1` of the returned plan; in an unbalanced problem
        against the marginals that the potentials ask for, :math:`a e^{-f / \rho_a}` and
        :math:`b e^{-g / \rho_b}`.
    f, g : array of float64, shape (n,) and (m,)
        The potentials, in the units of the cost: :math:`P_{ij} = a_i b_j
        \exp((f_i + g_j - C_{ij}) / \text{reg})`. In a balanced problem they are unique up to a
        constant, which is chosen so that :math:`\langle f, a \rangle = \langle g, b \rangle`.
        Where a weight is zero they are continued by the soft transform.
    row_sums, column_sums : array of float64, shape (n,) and (m,)
        The marginals of the returned plan.
    n_newton : int
        Newton steps.
    n_cg : int
        Steps of conjugate gradients in them.
    density : float
        Share of the plan's entries that the last Newton step kept; NaN without one.
    method_used : str
        The iteration that finished.
    error : float
        `marginal_error`.
    error_kind : str
        "bound": computed in float64 from the returned potentials.
    converged : bool
        Whether `error` is at most the tolerance times the mass.
    n_iter : int
        Passes over the cost until the solve ended, at least one; those of the certificate come on
        top.
    message : str
        How the solve ended.
    history : dict of ndarray, or None
        With ``trace=True``, for each pass that was examined: "n_iter", "marginal_error",
        "dual_value", "eps" (the strength at which the pass was made) and "stage" ("log",
        "scaling", "path" or "newton").

    Notes
    -----
    The plan and everything made of it are computed on access, from the potentials and the cost: the
    result refers to the caller's cost or points, which must not be changed meanwhile. Results
    pickle together with them.

    Examples
    --------
    >>> from hasten.ot import sinkhorn
    >>> result = sinkhorn([0.5, 0.5], [0.25, 0.75], [[0.0, 1.0], [1.0, 0.0]], reg=0.1)
    >>> result.plan.round(4)
    array([[0.25, 0.25],
           [0.  , 0.5 ]])
    >>> print(str(result).splitlines()[0])
    Entropic transport of 2 x 2 costs, reg=0.1: converged
    """

    value: float
    value_linear: float
    gap: float
    marginal_error: float
    f: NDArray[np.float64] = field(repr=False)
    g: NDArray[np.float64] = field(repr=False)
    row_sums: NDArray[np.float64] = field(repr=False)
    column_sums: NDArray[np.float64] = field(repr=False)
    n_newton: int
    n_cg: int
    density: float
    method_used: str
    _problem: Problem = field(repr=False)
    _potentials: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False)

    def __str__(self) -> str:
        """Return the status, the values with their bounds, and the shape."""
        n, m = self._problem.shape
        what = "points" if self._problem.is_cloud else "costs"
        status = "converged" if self.converged else "NOT converged"
        return (
            f"Entropic transport of {n:,} x {m:,} {what}, reg={self._problem.reg:g}: {status}\n"
            f"  value         {self.value:.10g}  (exact one at most {self.gap:.1e} above)\n"
            f"  <P, C>        {self.value_linear:.10g}\n"
            f"  marginals     off by {self.marginal_error:.1e} in all\n"
            f"  passes        {self.n_iter} of {self.method_used}, {self.n_newton} Newton steps"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the dense plan out: it takes less time to compute than to store."""
        return {name: value for name, value in vars(self).items() if name != "_plan"}

    @property
    def value_lower(self) -> float:
        """Lower bound of the exact `value`: the dual value of the potentials."""
        return self.value

    @property
    def value_upper(self) -> float:
        """Upper bound of the exact `value`: that of a feasible plan made from the returned one."""
        return self.value + self.gap

    @cached_property
    def _exact(self) -> tuple[float, float]:
        problem = self._problem
        if not problem.is_balanced:
            raise ValueError("bounds of exact transport need a balanced problem")
        return _core.exact_bounds(
            problem.cost, problem.a, problem.b, *self._potentials, problem.reg, problem.threads()
        )

    @property
    def exact_lower(self) -> float:
        """Lower bound of transport without entropy; its distance to the upper one measures `reg`.

        Raises
        ------
        ValueError
            When the problem is unbalanced.
        """
        return self._exact[0]

    @property
    def exact_upper(self) -> float:
        """Upper bound of transport without entropy: the cost of a feasible plan made from `plan`.

        Raises
        ------
        ValueError
            When the problem is unbalanced.
        """
        return self._exact[1]

    @cached_property
    def _plan(self) -> NDArray[Any]:
        plan = _plan.dense(self._problem, self._potentials, force=False)
        # It is handed out and kept at once.
        plan.flags.writeable = False
        return plan

    @property
    def plan(self) -> Any:
        """The plan as an array of shape (n, m), in the precision of the cost; made once.

        It is read-only; `dense_plan` makes one of the caller's own.

        Raises
        ------
        MemoryError
            When it has more than 2**31 entries; `dense_plan` makes it all the same.
        """
        return self._problem.backend.wrap(self._plan)

    def dense_plan(self, *, force: bool = False) -> Any:
        """Return the plan, however large it is, without keeping it.

        Parameters
        ----------
        force : bool, default False
            Make it even if it has more than 2**31 entries.

        Returns
        -------
        array of shape (n, m)
            In the precision of the cost.

        Raises
        ------
        MemoryError
            When it is that large and not forced.
        """
        force = check_flag(force, "force")
        return self._problem.backend.wrap(_plan.dense(self._problem, self._potentials, force=force))

    def plan_sparse(self, threshold: float) -> SparsePlan:
        """Return the entries of the plan that are at least `threshold`.

        Parameters
        ----------
        threshold : float
            The least entry to keep; at least 0.

        Returns
        -------
        SparsePlan
            A ``csr_array``, and the mass that was dropped.

        Raises
        ------
        ValueError, TypeError
            When the threshold is negative or no number.
        MemoryError
            When the threshold is 0, so that nothing is dropped, and there are more than 2**31
            entries, or when those that are kept do not fit into memory.
        """
        threshold = check_real(threshold, "threshold", minimum=0.0)
        return _plan.sparse(self._problem, self._potentials, threshold)

    def transport(self, V: Any, *, transposed: bool = False) -> Any:
        """Return ``P V``, or ``P.T V``, without making the plan.

        Parameters
        ----------
        V : array-like of shape (m,) or (m, k)
            Values of the columns; of the rows if `transposed`.
        transposed : bool, default False
            Multiply with the transpose of the plan. In a problem given by costs this takes a pass
            for each column of `V`, where all others take one.

        Returns
        -------
        array of shape (n,) or (n, k)
            In the precision of the cost and `V`; (m,) or (m, k) if `transposed`.

        Raises
        ------
        ValueError, TypeError
            When `V` is not valid.
        """
        transposed = check_flag(transposed, "transposed")
        product = _plan.product(self._problem, self._potentials, V, transposed=transposed)
        return self._problem.backend.wrap(product)

    def barycentric_map(self, values: Any = None, *, transposed: bool = False) -> Any:
        r"""Return where the plan sends each row on average: :math:`(P V)_i / (P 1)_i`.

        Parameters
        ----------
        values : array-like of shape (m,) or (m, k), optional
            Values :math:`V` of the columns (of the rows if `transposed`): by default their points,
            which a problem given by costs does not have.
        transposed : bool, default False
            Send columns to rows. In a problem given by costs this takes a pass for each column of
            `values`.

        Returns
        -------
        array of shape (n,) or (n, k)
            The means. Rows of no weight are sent as their potential says.

        Raises
        ------
        ValueError, TypeError
            When `values` are not valid, or are needed.
        """
        transposed = check_flag(transposed, "transposed")
        problem = self._problem
        if values is None:
            if not problem.is_cloud:
                raise ValueError("`values` must be given in a problem that has no points")
            array = problem.cost[0 if transposed else 1]
        else:
            array = _plan.check_values(values, "values", problem.shape[0 if transposed else 1])
        return problem.backend.wrap(
            _plan.conditional_mean(problem, self._potentials, array, columns=transposed)
        )

    def potential_f(self, X_new: Any) -> Any:
        """Return the potential of new rows: the soft transform of `g`.

        Parameters
        ----------
        X_new : array-like of shape (k, d)
            New points; in a problem given by costs, the costs of new rows, of shape (k, m).

        Returns
        -------
        array of float64, shape (k,)
            At the rows of the problem these are `f`, to the tolerance.

        Raises
        ------
        ValueError, TypeError
            When `X_new` is not valid.
        """
        f = _plan.potential(self._problem, self._potentials, X_new, "X_new", columns=False)
        return self._problem.backend.wrap(f)

    def potential_g(self, Y_new: Any) -> Any:
        """Return the potential of new columns: the soft transform of `f`.

        Parameters
        ----------
        Y_new : array-like of shape (k, d)
            New points; in a problem given by costs, the costs of new columns, of shape (n, k).

        Returns
        -------
        array of float64, shape (k,)
            At the columns of the problem these are `g`, to the tolerance.

        Raises
        ------
        ValueError, TypeError
            When `Y_new` is not valid.
        """
        g = _plan.potential(self._problem, self._potentials, Y_new, "Y_new", columns=True)
        return self._problem.backend.wrap(g)

    def grad(self, name: str) -> Any:
        r"""Return the derivative of `value` by one of its arguments.

        By the envelope theorem the potentials may be held fixed, so that it costs at most one pass.
        It is exact at the exact potentials, and off by the order of `marginal_error`.

        Parameters
        ----------
        name : {"a", "b", "cost", "X", "Y"}
            By what: weights, costs (the plan), or points.

        Returns
        -------
        array
            In the shape of the argument. In a balanced problem the derivative by weights is that
            potential, up to a constant; in an unbalanced one it is :math:`(\rho_a + \text{reg})
            (1 - e^{-f / \rho_a}) + \text{reg} (\sum b - 1)`. Where points coincide "euclidean" has
            no derivative, nor has "cityblock" where coordinates do: 0 is returned there.

        Raises
        ------
        ValueError, TypeError
            When there is no such argument.
        """
        check_choice(name, "name", _gradient.KINDS)
        problem = self._problem
        if name == "cost":
            return self.dense_plan()
        if name in ("a", "b"):
            side = int(name == "b")
            gradient = _gradient.of_weights(problem, self._potentials[side], columns=name == "b")
            return problem.backend.wrap(gradient)
        if not problem.is_cloud:
            raise ValueError(f"`name` must be 'a', 'b' or 'cost' without points; got {name!r}")
        return problem.backend.wrap(
            _gradient.of_points(problem, self._potentials, columns=name == "Y")
        )

    def round(self) -> Any:
        """Return the plan moved onto the marginals exactly, by `round_plan`.

        Returns
        -------
        array of float64, shape (n, m)
            A plan with marginals `a` and `b` to rounding, at most twice `marginal_error` away.

        Raises
        ------
        ValueError
            When the problem is unbalanced.
        MemoryError
            As `plan`.
        """
        problem = self._problem
        if not problem.is_balanced:
            raise ValueError("`round` needs a balanced problem: an unbalanced one has no marginals")
        plan = np.asarray(self._plan, np.float64)
        return problem.backend.wrap(rounded(plan, problem.a, problem.b))

    def plot(self, kind: str | None = None, *, ax: Axes | None = None) -> Any:
        """Draw the plan and the convergence.

        Parameters
        ----------
        kind : {"plan", "map", "convergence"}, optional
            "plan" is an image of the plan, averaged over blocks above 500 rows or columns; "map"
            draws points of two dimensions and where they are sent; "convergence" needs
            ``trace=True``. By default the first that applies of "map" and "plan", beside
            "convergence" where there is a history.
        ax : matplotlib.axes.Axes, optional
            Where to draw one kind; by default in a new figure.

        Returns
        -------
        matplotlib.axes.Axes, or ndarray of Axes
            One for a `kind`; all that were drawn without.

        Raises
        ------
        ValueError
            When the kind is unknown or does not apply.
        ImportError
            When matplotlib is not installed.
        """
        from hasten.ot._plot import draw

        return draw(self, kind, ax)
