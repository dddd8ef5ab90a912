from typing import Literal, overload

import numpy as np
import numpy.typing as npt

__all__ = ["normal", "philox", "positive_uniform", "uniform"]

def philox(key: int, index: int, task: int, purpose: int, /) -> tuple[int, int, int, int]: ...
@overload
def uniform(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float64"], /
) -> npt.NDArray[np.float64]: ...  # (n,)
@overload
def uniform(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float32"], /
) -> npt.NDArray[np.float32]: ...  # (n,)
@overload
def positive_uniform(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float64"], /
) -> npt.NDArray[np.float64]: ...  # (n,)
@overload
def positive_uniform(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float32"], /
) -> npt.NDArray[np.float32]: ...  # (n,)
@overload
def normal(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float64"], /
) -> npt.NDArray[np.float64]: ...  # (n,)
@overload
def normal(
    key: int, task: int, purpose: int, start: int, n: int, dtype: Literal["float32"], /
) -> npt.NDArray[np.float32]: ...  # (n,)
