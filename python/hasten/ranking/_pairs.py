"""From whatever holds one comparison a row to `Comparisons`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._backend import to_numpy
from hasten._validation import as_array, shown
from hasten.ranking._comparisons import Comparisons

if TYPE_CHECKING:
    from collections.abc import Iterator


def as_comparisons(
    comparisons: Any, *, covariates: Any = None, n_threads: int | None = None
) -> Comparisons:
    """Return `comparisons` as `Comparisons`.

    Parameters
    ----------
    comparisons : Comparisons or array-like of shape (n_games, 2)
        Rows are (winner, loser) where it is not yet a `Comparisons`.
    covariates : array-like of shape (n_games, d), optional
        Covariates of the rows.
    n_threads : int, optional
        Threads for counting.

    Returns
    -------
    Comparisons
        The argument itself where it is one.

    Raises
    ------
    ValueError
        When there are not two columns, or the labels are not valid.
    """
    if isinstance(comparisons, Comparisons):
        return comparisons
    winner, loser = split_columns(comparisons, "comparisons")
    with renamed(left="comparisons[:, 0]", right="comparisons[:, 1]"):
        return Comparisons.from_arrays(winner, loser, covariates=covariates, n_threads=n_threads)


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Give arguments the names that the caller knows them by in the messages of errors.

    Parameters
    ----------
    **names : str
        The caller's name of each argument.

    Raises
    ------
    ValueError, TypeError
        As in the body, reworded.
    """
    try:
        yield
    except (ValueError, TypeError) as problem:
        listed = "|".join(names)
        quoted = rf"`({listed})`"
        lengths = rf"(?<![^ ])({listed})(?= has \d)"
        message = re.sub(quoted, lambda found: f"`{names[found[1]]}`", str(problem))
        message = re.sub(lengths, lambda found: names[found[1]], message)
        raise type(problem)(message) from None


def split_columns(pairs: Any, name: str) -> tuple[Any, Any]:
    """Return the two columns of a table or array of pairs.

    Parameters
    ----------
    pairs : array-like of shape (n, 2), or a table of two columns
        A NumPy array, an array of another library, a list of pairs, or a pandas, polars or Arrow
        table.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    left, right : array-like of shape (n,)
        Views of the columns; lists where `pairs` is a list, so that labels keep their types.

    Raises
    ------
    ValueError
        When there are not two columns.
    """
    columns = getattr(pairs, "column_names", None)
    if columns is None:
        columns = getattr(pairs, "columns", None)
    if columns is not None:
        if len(columns) != 2:
            raise ValueError(f"`{name}` must have 2 columns; got {len(columns)}: {list(columns)}")
        return pairs[columns[0]], pairs[columns[1]]
    pairs = to_numpy(pairs, name)
    if isinstance(pairs, (list, tuple)) and not any(isinstance(row, np.ndarray) for row in pairs):
        return _split_rows(pairs, name)
    array = as_array(pairs, name)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(
            f"`{name}` must have shape (n_games, 2), one pair of items a row; got shape "
            f"{array.shape}"
        )
    return array[:, 0], array[:, 1]


def _split_rows(rows: list[Any] | tuple[Any, ...], name: str) -> tuple[list[Any], list[Any]]:
    for k, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != 2:
            raise ValueError(f"`{name}` must hold pairs of items; got {shown(row)} at row {k}")
    return [row[0] for row in rows], [row[1] for row in rows]
