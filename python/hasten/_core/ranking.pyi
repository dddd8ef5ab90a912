from collections.abc import Callable
from typing import Any, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from . import Info

__all__ = [
    "aggregate",
    "bootstrap",
    "bradley_terry",
    "comparable_in_rankings",
    "complete_rankings",
    "components",
    "covariance",
    "draws",
    "first_repetition",
    "fit_paired",
    "merge_rankings",
    "plackett_luce",
    "preference_regression",
    "rank_sets",
    "rankings_log_likelihood",
    "resampled_outcomes",
    "restrict_rankings",
    "simultaneous_critical_value",
    "standard_error",
]

_Rankings: TypeAlias = tuple[
    int,  # n_items
    NDArray[np.uintp],  # offsets (N + 1,)
    NDArray[np.uint32],  # items (entries,)
    NDArray[np.uint32],  # n_placed (N,)
    NDArray[np.float64],  # weights (N,)
]
# The named tuples of `hasten.ranking._paired`, which is read field by field.
_Cells: TypeAlias = tuple[
    int,  # items
    NDArray[np.uint32],  # left (N,)
    NDArray[np.uint32],  # right (N,)
    NDArray[np.float64],  # wins of the left item (N,)
    NDArray[np.float64],  # losses of the left item (N,)
    NDArray[np.float64] | None,  # ties (N,)
    NDArray[np.float64] | None,  # covariates (N, d)
]
_PairedModel: TypeAlias = tuple[
    str,  # ties: "half", "davidson", "rao-kupper"
    bool,  # order effect
    tuple[str, float] | None,  # prior: "logistic" or "gaussian", and its weight
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

class _PairedSolution(_Solution):
    shared: NDArray[np.float64]  # (k,): tie parameter, order effect, coefficients
    n_parameters: int
    error_kind: str

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
    reference: int | None,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _Solution: ...
def fit_paired(
    cells: _Cells,
    model: _PairedModel,
    init: NDArray[np.float64] | None,  # (n,) or (n + k,)
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    groups: NDArray[np.uint32] | None = None,  # (n,)
    /,
) -> _PairedSolution: ...
def standard_error(
    fit: tuple[Any, ...],
    kind: str,
    reference: int | None,
    items: NDArray[np.uint32] | None,  # (k,)
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.float64], float]: ...  # (p,) or (k,), relative accuracy
def covariance(
    fit: tuple[Any, ...],
    kind: str,
    reference: int | None,
    items: NDArray[np.uint32],  # (k,)
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (k, k)
def draws(
    fit: tuple[Any, ...],
    kind: str,
    key: int,
    start: int,
    stop: int,
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (stop - start, p)
def rank_sets(
    fit: tuple[Any, ...],
    kind: str,
    method: str,
    level: float,
    critical: float,
    n_samples: int,
    key: int,
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]: ...  # low (n,), high (n,)
def simultaneous_critical_value(
    fit: tuple[Any, ...],
    kind: str,
    errors: NDArray[np.float64],  # (n,)
    reference: int | None,
    level: float,
    n_samples: int,
    key: int,
    n_threads: int | None,
    /,
) -> float: ...
def bootstrap(
    fit: tuple[Any, ...],
    kind: str,
    key: int,
    start: int,
    stop: int,
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.float64], int]: ...  # (stop - start, p), number of failures
def resampled_outcomes(
    fit: tuple[Any, ...],
    kind: str,
    key: int,
    replicate: int,
    /,
) -> tuple[
    NDArray[np.uint32],  # smaller item (N,)
    NDArray[np.uint32],  # larger item (N,)
    NDArray[np.float64],  # wins of the smaller, of the larger, ties (N, 3)
]: ...
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
def first_repetition(rankings: _Rankings, /) -> tuple[int, int] | None: ...  # ranking, item
def complete_rankings(
    n_items: int,
    offsets: NDArray[np.uintp],  # (N + 1,)
    placed: NDArray[np.uint32],  # (entries,)
    set_offsets: NDArray[np.uintp],  # (N + 1,)
    sets: NDArray[np.uint32],  # (entries of the sets,)
    /,
) -> tuple[
    NDArray[np.uintp],  # offsets (N + 1,)
    NDArray[np.uint32],  # items (completed entries,)
    tuple[int, int] | None,  # ranking and item from outside its set
]: ...
def merge_rankings(rankings: _Rankings, /) -> tuple[_Rankings, int]: ...  # number left out
def restrict_rankings(
    rankings: _Rankings,
    labels: NDArray[np.uint32],  # (n_items,); 2**32 - 1 leaves an item out
    /,
) -> tuple[_Rankings, int]: ...
def rankings_log_likelihood(
    rankings: _Rankings,
    strength: NDArray[np.float64],  # (n_items,)
    n_threads: int | None,
    /,
) -> float: ...
def comparable_in_rankings(rankings: _Rankings, /) -> tuple[NDArray[np.uint32], int]: ...
def plackett_luce(
    rankings: _Rankings,
    prior: tuple[str, float] | None,
    groups: NDArray[np.uint32] | None,  # (n_items,)
    method: str,
    init: NDArray[np.float64] | None,  # (n_items,)
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    trace: bool,
    /,
) -> _Solution: ...
