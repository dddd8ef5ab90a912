from typing import final

import numpy as np
import numpy.typing as npt

from . import labels as labels
from . import ot as ot
from . import qmc as qmc
from . import quadrature as quadrature
from . import random as random
from . import ranking as ranking
from . import simd as simd
from . import testing as testing
from . import threads as threads

__all__ = [
    "Info",
    "__version__",
    "cuda_source",
    "labels",
    "ot",
    "qmc",
    "quadrature",
    "random",
    "ranking",
    "simd",
    "testing",
    "threads",
]

__version__: str

def cuda_source(family: str, /) -> str: ...

@final
class Info:
    @property
    def n_iter(self) -> int: ...
    @property
    def error(self) -> float: ...
    @property
    def x(self) -> npt.NDArray[np.float64]: ...  # (n,)
