"""Recorded games between items given by code, before they are aggregated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.ranking._weights import DOUBLE

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Games:
    """One entry a game; `outcome` None: left won all, `weight` None: all weigh 1.

    `weight_dtype` is that of the caller's weights: answers are float32 only where it is.
    """

    left: NDArray[np.uint32]
    right: NDArray[np.uint32]
    outcome: NDArray[np.uint8] | None
    weight: NDArray[np.float64] | None
    weight_dtype: np.dtype[Any] = DOUBLE
    covariates: NDArray[np.float64] | None = None

    @property
    def n_recorded(self) -> int:
        """Number of games of positive weight."""
        return len(self.left) if self.weight is None else int(np.count_nonzero(self.weight))

    @property
    def n_weighed(self) -> int:
        """Total weight, rounded: the number of games where one row stands for several."""
        return len(self.left) if self.weight is None else max(1, round(float(self.weight.sum())))

    def take(self, rows: NDArray[np.bool_]) -> Games:
        """Return the games that `rows` selects."""
        return Games(
            self.left[rows],
            self.right[rows],
            None if self.outcome is None else self.outcome[rows],
            None if self.weight is None else self.weight[rows],
            self.weight_dtype,
            None if self.covariates is None else self.covariates[rows],
        )

    def without_self(self, items: NDArray[Any], *, drop: bool) -> Games:
        """Return the games of two different items.

        Raises
        ------
        ValueError
            If an item meets itself and `drop` is false, or if nothing is left.
        """
        same = self.left == self.right
        if not same.any():
            return self
        if not drop:
            row = int(np.argmax(same))
            item = items[self.left[row] : self.left[row] + 1].tolist()[0]
            raise ValueError(
                f"`left` and `right` must differ in every row; got {item!r} twice at index "
                f'{row} (self_comparisons="drop" leaves such rows out)'
            )
        if same.all():
            raise ValueError("no comparisons: in every row an item meets itself")
        return self.take(~same)
