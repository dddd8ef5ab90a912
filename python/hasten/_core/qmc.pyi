import numpy as np
import numpy.typing as npt

__all__ = [
    "MAX_DIMENSION",
    "component_by_component",
    "korobov_search",
    "lattice",
    "sobol",
    "worst_case_error",
]

MAX_DIMENSION: int

def sobol(
    out: npt.NDArray[np.float64] | npt.NDArray[np.float32],  # (n, d), written
    d: int,
    start: int,
    bits: int,
    scrambling: str | None,
    key: int,
    task: int,
    method: str | None,
    n_threads: int | None,
    /,
) -> None: ...
def lattice(
    out: npt.NDArray[np.float64] | npt.NDArray[np.float32],  # (n, d), written
    n: int,
    generator: npt.NDArray[np.uint32],  # (d,)
    start: int,
    key: int | None,
    task: int,
    baker: bool,
    odd: bool,
    n_threads: int | None,
    /,
) -> None: ...
def component_by_component(
    n: int,
    weights: npt.NDArray[np.float64],  # (d,)
    /,
) -> tuple[npt.NDArray[np.uint32], float]: ...  # (d,)
def korobov_search(
    n: int,
    weights: npt.NDArray[np.float64],  # (d,)
    n_threads: int | None,
    /,
) -> tuple[npt.NDArray[np.uint32], float]: ...  # (d,)
def worst_case_error(
    n: int,
    generator: npt.NDArray[np.uint32],  # (d,)
    weights: npt.NDArray[np.float64],  # (d,)
    n_threads: int | None,
    /,
) -> float: ...
