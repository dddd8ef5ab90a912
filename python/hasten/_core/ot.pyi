from collections.abc import Callable
from typing import Any, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from . import Info

__all__ = [
    "apply_plan",
    "barycenter",
    "certificate",
    "exact_bounds",
    "plan",
    "plan_sparse",
    "point_gradient",
    "sinkhorn",
    "sinkhorn_batch",
    "soft_transform",
    "symmetric",
]

# A cost matrix (n, m), or points (n, d) and (m, d) with the name of a metric.
_Cost: TypeAlias = NDArray[Any] | tuple[NDArray[Any], NDArray[Any], str]

class _Certificate(TypedDict):
    value: float  # of the dual at (f, g): a lower bound
    gap: float  # value + gap is an upper bound
    value_linear: float  # <P, C>
    marginal_error: float  # absolute
    row_sums: NDArray[np.float64]  # (n,)
    column_sums: NDArray[np.float64]  # (m,)

class _Solution(_Certificate):
    f: NDArray[np.float64]  # (n,)
    g: NDArray[np.float64]  # (m,)
    status: str
    n_iter: int
    n_newton: int
    n_cg: int
    density: float
    method: str
    history_n_iter: NDArray[np.uint64] | None  # (records,), if traced
    history_error: NDArray[np.float64] | None
    history_value: NDArray[np.float64] | None
    history_reg: NDArray[np.float64] | None
    history_stage: NDArray[np.uint8] | None  # 0 log, 1 scaling, 2 path, 3 newton

class _Batch(TypedDict):
    f: NDArray[np.float64]  # (B, n)
    g: NDArray[np.float64]  # (B, m)
    value: NDArray[np.float64]  # (B,)
    gap: NDArray[np.float64]  # (B,)
    value_linear: NDArray[np.float64]  # (B,)
    marginal_error: NDArray[np.float64]  # (B,)
    status: list[str]  # (B,)
    n_iter: NDArray[np.uint64]  # (B,)
    n_newton: NDArray[np.int64]  # (B,)
    n_cg: NDArray[np.int64]  # (B,)
    density: NDArray[np.float64]  # (B,)
    methods: list[str]  # (B,)

class _Symmetric(_Certificate):
    f: NDArray[np.float64]  # (n,)
    status: str
    n_iter: int

class _Barycenter(TypedDict):
    weights: NDArray[np.float64]  # (n,)
    error: float
    status: str
    n_iter: int
    history_n_iter: NDArray[np.uint64] | None
    history_error: NDArray[np.float64] | None

def sinkhorn(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,), positive
    b: NDArray[np.float64],  # (m,), positive
    reg: float,
    reg_marginals: tuple[float, float],
    method: str,
    options: tuple[int, float | None, float, float, float],
    init: tuple[NDArray[np.float64], NDArray[np.float64]] | None,  # (n,), (m,)
    tol: float,
    max_iter: int,
    eps_scaling: bool | None,
    precision: str,
    low_memory: bool,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _Solution: ...
def certificate(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    reg_marginals: tuple[float, float],
    n_threads: int | None,
    /,
) -> _Certificate: ...
def exact_bounds(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    n_threads: int | None,
    /,
) -> tuple[float, float]: ...
def soft_transform(
    cost: _Cost,
    weights: NDArray[np.float64],  # (m,), or (n,) if `columns`
    potential: NDArray[np.float64],  # (m,), or (n,) if `columns`
    reg: float,
    columns: bool,
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (n,), or (m,) if `columns`
def plan(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    n_threads: int | None,
    /,
) -> NDArray[Any]: ...  # (n, m), dtype of the cost
def plan_sparse(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    threshold: float,
    n_threads: int | None,
    /,
) -> tuple[
    NDArray[np.int64],  # row pointers (n + 1,)
    NDArray[np.int32],  # columns (entries,)
    NDArray[np.float64],  # values (entries,)
    float,  # dropped mass
]: ...
def apply_plan(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    values: NDArray[np.float64],  # (m, k), or (n, k) if `transposed`
    transposed: bool,
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (n, k), or (m, k) if `transposed`
def point_gradient(
    cost: tuple[NDArray[Any], NDArray[Any], str],
    a: NDArray[np.float64],  # (n,)
    b: NDArray[np.float64],  # (m,)
    f: NDArray[np.float64],  # (n,)
    g: NDArray[np.float64],  # (m,)
    reg: float,
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (n, d)
def sinkhorn_batch(
    cost: NDArray[Any],  # (n, m) or (B, n, m)
    a: NDArray[np.float64],  # (B, n), positive
    b: NDArray[np.float64],  # (B, m), positive
    reg: NDArray[np.float64],  # (B,)
    reg_marginals: tuple[float, float],
    method: str,
    tol: float,
    max_iter: int,
    precision: str,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    /,
) -> _Batch: ...
def symmetric(
    cost: _Cost,
    a: NDArray[np.float64],  # (n,), positive
    reg: float,
    reg_marginal: float,
    tol: float,
    max_iter: int,
    precision: str,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    /,
) -> _Symmetric: ...
def barycenter(
    cost: NDArray[Any],  # (n, n)
    histograms: NDArray[np.float64],  # (K, n), non-negative
    weights: NDArray[np.float64],  # (K,)
    reg: float,
    debiased: bool,
    tol: float,
    max_iter: int,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _Barycenter: ...
