"""Columns of tables: pandas, polars, Arrow, dictionaries and structured arrays.

Table libraries are recognised through ``sys.modules`` and never imported: where one was not
imported, no argument can come from it.
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from hasten._validation import shown


def get_column(table: Any, column: Hashable, argument: str) -> Any:
    """Return one column of a table as its library gives it.

    Parameters
    ----------
    table : DataFrame, Table, mapping of str to array_like, or structured ndarray
    column : hashable
        Its name.
    argument : str
        The argument that holds the name, for messages.

    Raises
    ------
    TypeError
        If `table` is not a table, or `column` cannot be a name.
    ValueError
        If it has no such column, or several.
    """
    names, get = _open(table)
    try:
        matches = Counter(names)[column]
    except TypeError:
        raise TypeError(f"`{argument}` must be the name of a column; got {shown(column)}") from None
    if matches == 0:
        close = difflib.get_close_matches(str(column), [str(name) for name in names], n=3)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {names!r}"
        raise ValueError(
            f"`{argument}` must name a column of the table; got {shown(column)} ({hint})"
        )
    if matches > 1:
        raise ValueError(
            f"`{argument}` must name one column; the table has {matches} {shown(column)}"
        )
    return get(column)


def get_columns(table: Any, columns: Any, argument: str) -> dict[Hashable, Any] | None:
    """Return several columns of a table by name, or None where none are asked for.

    Raises
    ------
    TypeError, ValueError
        As `get_column`; also where `columns` is a single string.
    """
    if columns is None:
        return None
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise TypeError(f"`{argument}` must be a sequence of names; got {columns!r}")
    return {name: get_column(table, name, argument) for name in columns}


def columns_of(table: Any) -> dict[Any, Any] | None:
    """Return all columns of a table by name, or None where `table` is not one.

    Parameters
    ----------
    table : object
        A table as in `get_column`, or anything else.
    """
    try:
        names, get = _open(table)
    except TypeError:
        return None
    return {name: get(name) for name in names}


def _open(table: Any) -> tuple[list[Any], Any]:
    """Names of the columns, and a function from a name to the column."""
    if isinstance(table, _class("pandas", "DataFrame")):
        return list(table.columns), table.__getitem__
    if isinstance(table, _class("polars", "DataFrame")):
        return table.columns, table.get_column
    if isinstance(table, _class("polars", "LazyFrame")):
        raise TypeError("`table` must be in memory; got a LazyFrame, call `collect()` first")
    if isinstance(table, (_class("pyarrow", "Table"), _class("pyarrow", "RecordBatch"))):
        return table.schema.names, table.column
    if isinstance(table, Mapping):
        return list(table), table.__getitem__
    if isinstance(table, np.ndarray) and table.dtype.names:
        return list(table.dtype.names), table.__getitem__
    raise TypeError(
        "`table` must be a pandas or polars DataFrame, an Arrow table, a mapping of columns or a "
        f"structured array; got {type(table).__name__}"
    )


def _class(module: str, name: str) -> Any:
    """Return a class of a module that may not have been imported, or else a class of nothing."""
    return getattr(sys.modules.get(module), name, ())
