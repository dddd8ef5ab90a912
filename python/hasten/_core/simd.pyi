from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["dot", "exp", "level", "log", "log_sum_exp"]

_Scalar = TypeVar("_Scalar", np.float32, np.float64)

def exp(x: npt.NDArray[_Scalar], /) -> npt.NDArray[_Scalar]: ...  # (n,) -> (n,)
def log(x: npt.NDArray[_Scalar], /) -> npt.NDArray[_Scalar]: ...  # (n,) -> (n,)
def dot(a: npt.NDArray[_Scalar], b: npt.NDArray[_Scalar], /) -> float: ...  # (n,), (n,)
def log_sum_exp(x: npt.NDArray[_Scalar], /) -> float: ...  # (n,)
def level() -> str: ...
