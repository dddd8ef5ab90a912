from collections.abc import Callable
from typing import Any, Self, TypeAlias, TypedDict, final

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from . import Info

__all__ = [
    "Levels",
    "Polynomials",
    "Rounds",
    "bayes_certificate",
    "bayes_grid",
    "bayes_grid_rule",
    "bayes_line",
    "bayes_line_rule",
    "bayes_predict",
    "bayes_scattered",
    "bayes_scattered_rule",
    "clenshaw_curtis",
    "dpp_sample",
    "evaluate_compiled",
    "extend_span",
    "fejer",
    "gauss_chebyshev",
    "gauss_gegenbauer",
    "gauss_hermite",
    "gauss_jacobi",
    "gauss_kronrod",
    "gauss_kronrod_rounds",
    "gauss_laguerre",
    "gauss_legendre",
    "gauss_lobatto",
    "gauss_radau",
    "genz_malik_rounds",
    "golub_welsch",
    "integrate_compiled",
    "least_squares",
    "merge_least_squares",
    "multi_indices",
    "orthonormalize",
    "polynomial_integrals",
    "polynomial_sample",
    "polynomial_values",
    "tanh_sinh_levels",
]

# ---------------------------------------------------------------- rules in one variable

# Nodes (n,) and weights (n,).
_Pair: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
# And a third array (n,): angles where they were asked for, or logarithms of the weights.
_Triple: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]

def clenshaw_curtis(n: int, n_threads: int | None, /) -> _Pair: ...
def fejer(n: int, kind: int, n_threads: int | None, /) -> _Pair: ...
def gauss_chebyshev(n: int, kind: int, n_threads: int | None, /) -> _Pair: ...
def gauss_gegenbauer(n: int, lam: float, n_threads: int | None, /) -> _Triple: ...
def gauss_hermite(n: int, weight: str, n_threads: int | None, /) -> _Triple: ...
def gauss_jacobi(n: int, alpha: float, beta: float, n_threads: int | None, /) -> _Triple: ...
def gauss_kronrod(n: int, /) -> _Pair: ...  # (2n + 1,)
def gauss_laguerre(n: int, alpha: float, n_threads: int | None, /) -> _Triple: ...
def gauss_legendre(
    nodes: npt.NDArray[np.float64],  # (n,)
    weights: npt.NDArray[np.float64],  # (n,)
    theta: npt.NDArray[np.float64] | None,  # (n,)
    n_threads: int | None,
    /,
) -> None: ...
def gauss_lobatto(n: int, n_threads: int | None, /) -> _Pair: ...
def gauss_radau(n: int, n_threads: int | None, /) -> _Pair: ...
def golub_welsch(
    alpha: NDArray[np.float64],  # (n,)
    beta: NDArray[np.float64],  # (n - 1,)
    mu0: float,
    /,
) -> _Pair: ...

# ---------------------------------------------------------------- adaptive integration

@final
class Rounds:
    @property
    def is_running(self) -> bool: ...
    @property
    def n_pending(self) -> int: ...
    @property
    def n_points(self) -> int: ...
    def points(
        self, first: int, end: int, n_threads: int | None, /
    ) -> NDArray[np.float64]: ...  # (m, n) or (m, n, d)
    def distances(
        self, first: int, end: int, n_threads: int | None, /
    ) -> NDArray[np.float64]: ...  # (m, n)
    def owners(self, first: int, end: int, /) -> NDArray[np.int64]: ...  # (m,)
    def tell(
        self,
        first: int,
        end: int,
        values: NDArray[np.float64],  # (m, n, v)
        is_complex: bool,
        n_threads: int | None,
        /,
    ) -> None: ...
    def advance(self, n_threads: int | None, /) -> tuple[int, int, float]: ...
    def set_aside(
        self, share: float, distances: bool, n_threads: int | None, /
    ) -> Levels | None: ...
    def settle(self, integrals: Levels, /) -> None: ...
    def stop(self) -> None: ...
    def info(self) -> Info: ...
    def result(self) -> dict[str, Any]: ...
    def regions(self) -> dict[str, NDArray[Any]]: ...

@final
class Levels:
    @property
    def is_running(self) -> bool: ...
    @property
    def n_pending(self) -> int: ...
    @property
    def n_points(self) -> int: ...
    def points(
        self, first: int, end: int, n_threads: int | None, /
    ) -> NDArray[np.float64]: ...  # (m, n)
    def distances(
        self, first: int, end: int, n_threads: int | None, /
    ) -> NDArray[np.float64]: ...  # (m, n)
    def owners(self, first: int, end: int, /) -> NDArray[np.int64]: ...  # (m,)
    def tell(
        self,
        first: int,
        end: int,
        values: NDArray[np.float64],  # (m, n, v)
        is_complex: bool,
        n_threads: int | None,
        /,
    ) -> None: ...
    def advance(self, n_threads: int | None, /) -> tuple[int, int, float]: ...
    def stop(self) -> None: ...
    def info(self) -> Info: ...
    def result(self) -> dict[str, Any]: ...
    def regions(self) -> dict[str, NDArray[Any]]: ...

def gauss_kronrod_rounds(
    a: NDArray[np.float64],  # (p,), may be infinite
    b: NDArray[np.float64],  # (p,)
    points: NDArray[np.float64],  # (k,), or (p * k,) with `each`
    each: bool,
    rtol: float,
    atol: float,
    limit: int,
    norm: str,
    set_aside: bool,
    keep: bool,
    /,
) -> Rounds: ...
def tanh_sinh_levels(
    a: NDArray[np.float64],  # (p,), may be infinite
    b: NDArray[np.float64],  # (p,)
    points: NDArray[np.float64],  # (k,), or (p * k,) with `each`
    each: bool,
    rtol: float,
    atol: float,
    limit: int,
    norm: str,
    distances: bool,
    n_threads: int | None,
    /,
) -> Levels: ...

# ---------------------------------------------------------------- cubature

def genz_malik_rounds(
    n_axes: int,  # d
    a: NDArray[np.float64],  # (p * d,), may be infinite
    b: NDArray[np.float64],  # (p * d,)
    points: NDArray[np.float64],  # (k * d,), or (p * k * d,) with `each`
    each: bool,
    rtol: float,
    atol: float,
    limit: int,
    norm: str,
    keep: bool,
    /,
) -> Rounds: ...
def integrate_compiled(
    rounds: Rounds,
    function: tuple[str, int, int],  # form, address, address of user data
    parameters: NDArray[np.float64],  # (p * q,)
    zero_nonfinite: bool,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    /,
) -> list[tuple[int, int, float]]: ...  # running, regions and error of each round
def evaluate_compiled(
    function: tuple[str, int, int],
    rows: NDArray[np.float64],  # (n * width,)
    width: int,
    n_threads: int | None,
    /,
) -> NDArray[np.float64]: ...  # (n,)

# ---------------------------------------------------------------- Bayesian quadrature

class _BayesCertificate(TypedDict):
    spread: NDArray[np.float64]  # (V,)
    richardson: NDArray[np.float64]  # (V,)

class _BayesEstimate(_BayesCertificate):
    value: NDArray[np.float64]  # (V,)
    standard_deviation: NDArray[np.float64]  # (V,)
    weights: NDArray[np.float64]  # (N,)
    n_distinct: int
    # Of each model, from rough to smooth.
    nu: list[float]
    probability: list[float]
    log_evidence: list[float]
    rank: list[int]
    ell: list[NDArray[np.float64]]  # (d,)
    scale: list[NDArray[np.float64]]  # (V,)

def bayes_line(
    nodes: NDArray[np.float64],  # (N,)
    values: NDArray[np.float64],  # (N, V)
    domain: tuple[float, float],
    nu: float | None,  # None averages
    ell: float | None,
    scale: float | None,
    noise: float,
    n_threads: int | None,
    /,
) -> _BayesEstimate: ...
def bayes_certificate(
    nodes: NDArray[np.float64],  # (N,)
    values: NDArray[np.float64],  # (N, V)
    domain: tuple[float, float],
    noise: float,
    value: NDArray[np.float64],  # (V,)
    n_threads: int | None,
    /,
) -> _BayesCertificate: ...
def bayes_grid(
    nodes: list[NDArray[np.float64]],  # (N_k,)
    values: NDArray[np.float64],  # (N, V), last axis varying fastest
    measures: list[tuple[str, float, float]],
    nu: float | None,  # infinite for RBF
    ell: list[float] | None,
    scale: float | None,
    n_threads: int | None,
    /,
) -> _BayesEstimate: ...
def bayes_scattered(
    nodes: NDArray[np.float64],  # (N, d)
    values: NDArray[np.float64],  # (N, V)
    measure: list[tuple[str, float, float]] | tuple[NDArray[np.float64], NDArray[np.float64]],
    nu: float | None,
    ell: list[float] | None,
    scale: float | None,
    noise: float,
    n_threads: int | None,
    /,
) -> _BayesEstimate: ...
def bayes_line_rule(
    nodes: NDArray[np.float64],  # (N,)
    domain: tuple[float, float],
    nu: float,
    ell: float,
    noise: float,
    /,
) -> tuple[NDArray[np.float64], float, float, int]: ...  # weights, variance, prior variance, rank
def bayes_grid_rule(
    nodes: list[NDArray[np.float64]],  # (N_k,)
    measures: list[tuple[str, float, float]],
    nu: float,
    ell: list[float],
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.float64], float, float, int]: ...
def bayes_scattered_rule(
    nodes: NDArray[np.float64],  # (N, d)
    measure: list[tuple[str, float, float]] | tuple[NDArray[np.float64], NDArray[np.float64]],
    nu: float,
    ell: list[float],
    noise: float,
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.float64], float, float, int]: ...
def bayes_predict(
    nodes: NDArray[np.float64],  # (N, d)
    values: NDArray[np.float64],  # (N, V)
    nu: float,
    ell: list[float],
    noise: float,
    points: NDArray[np.float64],  # (M, d)
    n_threads: int | None,
    /,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...  # (M, V), (M,)

# ---------------------------------------------------------------- determinantal sampling

@final
class Polynomials:
    def __new__(
        cls,
        kind: str,
        exponents: tuple[float, float],
        shift: npt.NDArray[np.float64],  # (d,)
        scale: npt.NDArray[np.float64],  # (d,)
        indices: npt.NDArray[np.uint32],  # (m, d)
        /,
    ) -> Self: ...

# Columns of the triangle (m, m), projections (v, m), norms of residuals (v,).
_Reduced: TypeAlias = tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]
]

class _Fit(TypedDict):
    coefficients: npt.NDArray[np.float64]  # (m, v)
    eigenvalues: npt.NDArray[np.float64]  # (m,)
    residual_norms: npt.NDArray[np.float64]  # (v,)
    leave_one_out: npt.NDArray[np.float64]  # (v,)
    reduced: _Reduced

def multi_indices(index: str, degrees: list[int], /) -> npt.NDArray[np.uint32]: ...  # (m, d)
def polynomial_values(
    basis: Polynomials, points: npt.NDArray[np.float64], n_threads: int | None, /
) -> npt.NDArray[np.float64]: ...  # (n, m)
def polynomial_integrals(basis: Polynomials, /) -> npt.NDArray[np.float64]: ...  # (m,)
def polynomial_sample(
    basis: Polynomials,
    scheme: str,
    n: int,
    condition: float | None,
    key: int,
    n_threads: int | None,
    /,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float | None, int]: ...
def dpp_sample(
    features: npt.NDArray[np.float64],
    size: int,
    method: str,
    key: int,
    n_threads: int | None,
    /,
) -> npt.NDArray[np.int64]: ...  # (size, m)
def orthonormalize(
    features: npt.NDArray[np.float64], n_threads: int | None, /
) -> npt.NDArray[np.float64]: ...  # (n, m)
def extend_span(
    span: npt.NDArray[np.float64],
    candidates: npt.NDArray[np.float64],
    uniforms: npt.NDArray[np.float64],
    /,
) -> tuple[npt.NDArray[np.float64], list[int]]: ...
def least_squares(
    features: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64] | None,
    n_threads: int | None,
    /,
) -> _Fit: ...
def merge_least_squares(first: _Reduced, second: _Reduced, n: int, /) -> _Fit: ...
