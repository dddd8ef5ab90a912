from typing import Any

import numpy as np
from numpy.typing import NDArray

def aggregate(
    n_items: int,
    left: NDArray[np.uint32],  # [N]
    right: NDArray[np.uint32],  # [N]
    outcome: NDArray[np.uint8] | None,  # [N]; 1 left won, 0 right won, 2 tie
    weight: NDArray[np.float64] | None,  # [N]
    n_threads: int | None,
    /,
) -> tuple[
    NDArray[np.uintp],  # offsets [n_items + 1]
    NDArray[np.uint32],  # opponents [E]
    NDArray[Any],  # wins [E], float32 or float64
    NDArray[Any],  # losses [E], the same dtype
    NDArray[Any] | None,  # ties [E], the same dtype
]: ...
def components(
    offsets: NDArray[np.uintp],  # [n_items + 1]
    opponents: NDArray[np.uint32],  # [E]
    wins: NDArray[Any],  # [E], float32 or float64
    losses: NDArray[Any],  # [E], the same dtype
    /,
) -> tuple[NDArray[np.uint32], int]: ...  # component [n_items], number of components
