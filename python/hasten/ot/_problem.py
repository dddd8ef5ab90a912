"""A checked transport problem: what a solve reads and its result keeps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import NUMPY, Backend
from hasten._core import ot as _core
from hasten.ot._inputs import (
    check_matrix,
    check_points,
    check_reg,
    check_reg_marginals,
    check_weights,
    match_masses,
)
from hasten.ot._range import check_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """Cost, marginals and strengths of one problem.

    Attributes
    ----------
    cost : ndarray of shape (n, m), or tuple of points and metric
        In the form that the core reads.
    a, b : ndarray of float64, shape (n,) and (m,)
        Non-negative weights, of equal sum in a balanced problem.
    reg : float
        Strength of the entropic term.
    reg_marginals : tuple of float
        Strengths of the marginal terms.
    n_threads : int or None
        As the caller gave it.
    backend : Backend
        The array library of the answers.
    """

    cost: Any
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    reg: float
    reg_marginals: tuple[float, float]
    n_threads: int | None = None
    backend: Backend = NUMPY

    @property
    def is_cloud(self) -> bool:
        """Whether the cost is a metric of points."""
        return isinstance(self.cost, tuple)

    @property
    def is_balanced(self) -> bool:
        """Whether both marginals are exact."""
        return math.isinf(self.reg_marginals[0]) and math.isinf(self.reg_marginals[1])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The precision of the cost."""
        kind: np.dtype[Any] = self.cost[0].dtype if self.is_cloud else self.cost.dtype
        return kind

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.a), len(self.b)

    @property
    def mass(self) -> float:
        """What a tolerance is relative to."""
        return math.sqrt(float(self.a.sum())) * math.sqrt(float(self.b.sum()))

    @property
    def damping(self) -> tuple[float, float]:
        """The factors rho / (rho + reg) of the two soft transforms; 1 where a marginal is exact."""
        first, second = (
            1.0 if math.isinf(rho) else rho / (rho + self.reg) for rho in self.reg_marginals
        )
        return first, second

    def threads(self) -> int:
        """Return the number of threads of a call.

        Returns
        -------
        int
            At least 1.
        """
        return _threads.resolve(self.n_threads)

    def transposed(self) -> Problem:
        """Return the problem with rows and columns swapped; points only.

        Returns
        -------
        Problem
            Of the same memory.
        """
        X, Y, metric = self.cost
        return replace(
            self, cost=(Y, X, metric), a=self.b, b=self.a, reg_marginals=self.reg_marginals[::-1]
        )

    def part(self, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> Any:
        """Return the cost of some rows and columns.

        Parameters
        ----------
        rows, columns : ndarray of bool
            Which.

        Returns
        -------
        ndarray or tuple
            A copy where anything is left out.
        """
        if self.is_cloud:
            X, Y, metric = self.cost
            return _rows(X, rows), _rows(Y, columns), metric
        if rows.all() and columns.all():
            return self.cost
        return self.cost[np.ix_(rows, columns)]

    def supported(self) -> tuple[Problem, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return the problem without the rows and columns of no weight.

        Returns
        -------
        problem : Problem
            This one where every weight is positive.
        rows, columns : ndarray of bool
            What was kept.
        """
        rows, columns = self.a > 0, self.b > 0
        if rows.all() and columns.all():
            return self, rows, columns
        kept = replace(self, cost=self.part(rows, columns), a=self.a[rows], b=self.b[columns])
        return kept, rows, columns

    def extended(
        self,
        f: NDArray[np.float64],
        g: NDArray[np.float64],
        rows: NDArray[np.bool_],
        columns: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return potentials of all rows and columns, those without weight by the soft transform.

        Parameters
        ----------
        f, g : ndarray of float64
            Potentials where there is weight.
        rows, columns : ndarray of bool
            Where that is.

        Returns
        -------
        f, g : ndarray of float64, shape (n,) and (m,)
            Finite everywhere.
        """
        whole_f, whole_g = f, g
        if not rows.all():
            whole_f = np.empty(len(rows))
            whole_f[rows] = f
            whole_f[~rows] = self.damping[0] * _core.soft_transform(
                self.part(~rows, columns), self.b[columns], g, self.reg, False, self.threads()
            )
        if not columns.all():
            whole_g = np.empty(len(columns))
            whole_g[columns] = g
            whole_g[~columns] = self.damping[1] * _core.soft_transform(
                self.part(rows, ~columns), self.a[rows], f, self.reg, True, self.threads()
            )
        return whole_f, whole_g


def _rows(points: NDArray[Any], kept: NDArray[np.bool_]) -> NDArray[Any]:
    return points if kept.all() else points[kept]


def matrix_problem(
    a: Any, b: Any, cost: Any, reg: Any, reg_marginals: Any, n_threads: Any, backend: Backend
) -> Problem:
    """Check a problem that is given by a matrix of costs.

    Parameters
    ----------
    a, b, cost, reg, reg_marginals, n_threads
        As in `sinkhorn`.
    backend : Backend
        The array library of the answers.

    Returns
    -------
    Problem
        What was given, checked.
    """
    if a is None or b is None:
        matrix = check_matrix(cost, "cost")
        first, single_a = check_weights(a, "a", matrix.shape[0])
        second, single_b = check_weights(b, "b", matrix.shape[1])
    else:
        first, single_a = check_weights(a, "a")
        second, single_b = check_weights(b, "b")
        matrix = check_matrix(cost, "cost", (len(first), len(second)), " to match `a` and `b`")
    single = single_a or single_b or matrix.dtype == np.float32
    return _problem(matrix, first, second, single, reg, reg_marginals, n_threads, backend)


def points_problem(
    X: Any,
    Y: Any,
    a: Any,
    b: Any,
    metric: Any,
    reg: Any,
    reg_marginals: Any,
    n_threads: Any,
    backend: Backend,
    names: Sequence[str] = ("X", "Y"),
) -> Problem:
    """Check a problem that is given by points.

    Parameters
    ----------
    X, Y, a, b, metric, reg, reg_marginals, n_threads
        As in `sinkhorn_points`.
    backend : Backend
        The array library of the answers.
    names : sequence of str, optional
        Names of the two clouds, for messages.

    Returns
    -------
    Problem
        What was given, checked.
    """
    cost = check_points(X, Y, metric, names)
    first, single_a = check_weights(a, "a", len(cost[0]))
    second, single_b = check_weights(b, "b", len(cost[1]))
    single = single_a or single_b or cost[0].dtype == np.float32
    return _problem(cost, first, second, single, reg, reg_marginals, n_threads, backend, names)


def _problem(
    cost: Any,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    is_single: bool,
    reg: Any,
    reg_marginals: Any,
    n_threads: Any,
    backend: Backend,
    names: Sequence[str] = ("X", "Y"),
) -> Problem:
    strengths = check_reg_marginals(reg_marginals)
    if math.isinf(strengths[0]) and math.isinf(strengths[1]):
        b = match_masses(a, b, is_single=is_single)
    _threads.resolve(n_threads)
    strength = check_reg(reg)
    masses = {"the sum of `a`": a, "the sum of `b`": b}
    check_range(cost, masses, strength, strengths, names)
    return Problem(
        cost=cost,
        # Copies, so that what a caller writes into weights does not change a result.
        a=a.copy(),
        b=b.copy(),
        reg=strength,
        reg_marginals=strengths,
        n_threads=n_threads,
        backend=backend,
    )
