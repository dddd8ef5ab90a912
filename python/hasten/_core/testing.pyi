from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from . import Info

__all__ = ["panic", "parallel_sum", "raise_error", "spin"]

def raise_error(kind: str, /) -> None: ...
def spin(
    seconds: float,
    steps: int,
    n_threads: int | None,
    callback: Callable[[Info], object] | None,
    /,
) -> int: ...
def panic(n_threads: int | None, /) -> None: ...
def parallel_sum(
    values: npt.NDArray[np.float64] | npt.NDArray[np.float32],  # (n,)
    n_threads: int | None,
    /,
) -> float: ...
