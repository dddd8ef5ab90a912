from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from . import Info

__all__ = [
    "aggregate",
    "bradley_terry",
    "components",
    "covariance",
    "preference_regression",
    "standard_error",
]

class _Solution(TypedDict):
    strength: NDArray[np.float64]  # (n,)
    log_likelihood: float
    residual: float
    log_likelihood_gap: float
    error: float
    status: str
    n_iter: int
    method: str
    message_detail: str
    history_n_iter: NDArray[np.uint64] | None  # (records,), if traced
    history_error: NDArray[np.float64] | None  # (records,), if traced

class _PreferenceSolution(TypedDict):
    coef: NDArray[np.float64]  # (d,)
    log_likelihood: float
    log_likelihood_gap: float
    error: float
    status: str
    n_iter: int
    n_steps: int
    n_damped: int
    model_covariance: NDArray[np.float64]  # (d, d)
    sandwich_covariance: NDArray[np.float64]  # (d, d)
    data_covariance: NDArray[np.float64] | None  # (d, d), for pairs
    history_n_iter: NDArray[np.uint64] | None  # (records,), if traced
    history_error: NDArray[np.float64] | None  # (records,), if traced

def aggregate(
    n_items: int,
    left: NDArray[np.uint32],  # (N,)
    right: NDArray[np.uint32],  # (N,)
    outcome: NDArray[np.uint8] | None,  # (N,); 1 left won, 0 right won, 2 tie
    weight: NDArray[np.float64] | None,  # (N,)
    n_threads: int | None,
    /,
) -> tuple[
    NDArray[np.uintp],  # offsets (n_items + 1,)
    NDArray[np.uint32],  # opponents (E,)
    NDArray[Any],  # wins (E,), float32 or float64
    NDArray[Any],  # losses (E,), the same dtype
    NDArray[Any] | None,  # ties (E,), the same dtype
]: ...
def components(
    offsets: NDArray[np.uintp],  # (n + 1,)
    opponents: NDArray[np.uint32],  # (E,)
    wins: NDArray[Any],  # (E,)
    losses: NDArray[Any],  # (E,)
    /,
) -> tuple[NDArray[np.uint32], int]: ...
def bradley_terry(
    offsets: NDArray[np.uintp],  # (n + 1,)
    opponents: NDArray[np.uint32],  # (E,)
    wins: NDArray[Any],  # (E,)
    losses: NDArray[Any],  # (E,)
    method: str,
    init: NDArray[np.float64] | None,  # (n,)
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _Solution: ...
def standard_error(
    offsets: NDArray[np.uintp],  # (n + 1,)
    opponents: NDArray[np.uint32],  # (E,)
    wins: NDArray[Any],  # (E,)
    losses: NDArray[Any],  # (E,)
    strength: NDArray[np.float64],  # (n,)
    reference: int | None,
    items: NDArray[np.uint32] | None,  # (k,)
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (n,) or (k,)
def covariance(
    offsets: NDArray[np.uintp],  # (n + 1,)
    opponents: NDArray[np.uint32],  # (E,)
    wins: NDArray[Any],  # (E,)
    losses: NDArray[Any],  # (E,)
    strength: NDArray[np.float64],  # (n,)
    reference: int | None,
    items: NDArray[np.uint32],  # (k,)
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (k, k)
def preference_regression(
    features: NDArray[Any],  # (N * n_alternatives, d)
    n_alternatives: int,
    chosen: NDArray[np.uint32] | None,  # (N, L)
    set_sizes: NDArray[np.uint32] | None,  # (N,)
    sample_weight: NDArray[np.float64] | None,  # (N,)
    kind: str,
    ridge: float,
    init: NDArray[np.float64] | None,  # (d,)
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _PreferenceSolution: ...
