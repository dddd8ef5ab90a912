"""Weighted games: the form in which matrices, and parts of `Comparisons`, are aggregated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.ranking import _outcomes, _weights
from hasten.ranking._games import Games

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons


def collect(
    weight_dtype: np.dtype[Any],
    parts: Iterable[tuple[NDArray[Any], NDArray[Any], int, NDArray[Any]]],
) -> Games:
    """Put parts (left, right, the one outcome of all, weights) one after the other."""
    return join(
        [
            Games(
                left.astype(np.uint32),
                right.astype(np.uint32),
                np.full(len(left), outcome, dtype=np.uint8),
                weight.astype(np.float64),
                weight_dtype,
            )
            for left, right, outcome, weight in parts
        ]
    )


def check_total(games: Games, source: str) -> None:
    """Refuse games whose weights, of which `source` tells where they came from, sum to infinity."""
    with np.errstate(over="ignore"):
        total = 0.0 if games.weight is None else games.weight.sum()
    if not np.isfinite(total):
        raise ValueError(f"{source} must be finite in total; got a sum of {total}")


def join(parts: Sequence[Games]) -> Games:
    """Put games one after the other; their weights are float32 only if those of all parts are."""
    return Games(
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.outcome for part in parts if part.outcome is not None]),
        np.concatenate([part.weight for part in parts if part.weight is not None]),
        _weights.common_dtype(part.weight_dtype for part in parts),
    )


def of_comparisons(comparisons: Comparisons, new_codes: NDArray[np.int64]) -> Games:
    """One weighted game per pair and outcome, between items whose new code is not negative."""
    offsets, opponents = comparisons._offsets, comparisons._opponents
    wins, ties = comparisons._wins, comparisons._ties
    row_items = np.repeat(np.arange(comparisons.n_items), np.diff(offsets).astype(np.intp))
    rows, columns = new_codes[row_items], new_codes[opponents]
    kept = (rows >= 0) & (columns >= 0)
    won = kept & (wins > 0)
    parts = [(rows[won], columns[won], _outcomes.LEFT_WON, wins[won])]
    if ties is not None:
        tied = kept & (row_items < opponents) & (ties > 0)
        parts.append((rows[tied], columns[tied], _outcomes.TIE, ties[tied]))
    return collect(comparisons._weight_dtype, parts)
