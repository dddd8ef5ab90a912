"""Labels of items as integer codes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import labels as _core
from hasten._label_columns import Column, Dictionary, Plain, read
from hasten._validation import check_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Dictionary",
    "distinct_items",
    "encode",
    "encode_column",
    "encode_columns",
    "find",
    "read",
    "read_dictionary",
    "unite",
]

#: Texts longer than this are kept as Python objects rather than padded to equal width.
_MAX_WIDTH = 256


def encode(
    left: Any, right: Any, items: Any = None
) -> tuple[NDArray[Any], NDArray[np.uint32], NDArray[np.uint32]]:
    """Code two columns of labels together.

    Parameters
    ----------
    left, right : array_like of shape (N,)
        Integers, strings or bytes (also booleans, and floats that are whole numbers): arrays,
        sequences, columns of pandas or polars, pyarrow arrays.
    items : array_like of shape (n,), optional
        The labels in the wanted order. By default the distinct labels, ascending.

    Returns
    -------
    items : ndarray of shape (n,)
        The labels by code.
    left_codes, right_codes : ndarray of uint32, shape (N,)
        Codes of both columns; they may share memory with the input.

    Raises
    ------
    TypeError
        If labels are of different types (1 and "1"), or of a type that cannot be a label.
    ValueError
        If the lengths differ, a label is missing or not among `items`, or `items` repeats one.

    Notes
    -----
    Integers in a range not wider than their number cost O(N) without hashing, and nothing is
    copied if they are exactly 0..n-1 in 32 bits. Other labels cost O(N + n log n).
    """
    columns = read(left, "left"), read(right, "right")
    if len(columns[0]) != len(columns[1]):
        raise ValueError(f"left has {len(columns[0])} entries, right has {len(columns[1])}")
    return encode_columns(*columns, items=items)


def encode_column(column: Column, items: Any = None) -> tuple[NDArray[Any], NDArray[np.uint32]]:
    """Code one column that was read; see `encode`."""
    if isinstance(column, Plain):
        nothing: Column = Plain(column.name, column.kind, column.dtype, column.values[:0])
    else:
        nothing = Dictionary(column.name, column.kind, column.codes[:0], [])
    found, codes, _ = encode_columns(column, nothing, items=items)
    return found, codes


def encode_columns(
    left: Column, right: Column, items: Any = None
) -> tuple[NDArray[Any], NDArray[np.uint32], NDArray[np.uint32]]:
    """Code two columns that were read, possibly of different length; see `encode`."""
    _check_same_kind(left, right)
    listed = None if items is None else read(items, "items")
    if listed is not None:
        _check_same_kind(listed, left)
    plain = _aligned([column for column in (left, right, listed) if column is not None])
    if plain is None:
        return _encode_dictionaries(left, right, listed)
    if listed is None:
        dtype = np.result_type(left.dtype, right.dtype)  # type: ignore[union-attr]
        return _encode_plain(plain[0], plain[1], dtype, f"{left.name}` and `{right.name}")
    check_text(plain[2], "items")
    left_codes, right_codes = _find_plain(plain[2], plain[0], plain[1])
    return listed.values.astype(listed.dtype), left_codes, right_codes  # type: ignore[union-attr]


def read_dictionary(value: Any, name: str) -> Dictionary:
    """Read one column of labels as codes and the distinct labels that occur."""
    return _as_dictionary(read(value, name)).used()


def distinct_items(items: Any) -> NDArray[Any]:
    """Read labels that must all differ.

    Raises
    ------
    ValueError
        If a label is repeated; also as `read`.
    """
    column = read(items, "items")
    nothing = Dictionary("items", column.kind, np.empty(0, dtype=np.int64), [])
    return encode_columns(column, nothing, items)[0]


def find(items: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.int64]:
    """Codes of labels that must be among `items`.

    Raises
    ------
    ValueError
        If one is not; the message names close matches.
    """
    known = {label: code for code, label in enumerate(items.tolist())}
    wanted = labels.tolist()
    for row, label in enumerate(wanted):
        if label not in known:
            close = difflib.get_close_matches(str(label), map(str, known), n=3)
            hint = f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
            raise ValueError(f"no item has the label {label!r}, at index {row}{hint}")
    return np.array([known[label] for label in wanted], dtype=np.int64)


def unite(
    a: NDArray[Any], b: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Unite two arrays of items.

    Returns
    -------
    items : ndarray
        All labels, ascending if both arrays are; otherwise `a` followed by what only `b` has.
    codes_a, codes_b : ndarray of int64
        Places of the labels of both arrays in `items`.
    """
    items, in_a, in_b = encode_columns(read(a, "items"), read(b, "other.items"))
    codes_a, codes_b = in_a.astype(np.int64), in_b.astype(np.int64)
    if (np.diff(codes_a) > 0).all() and (np.diff(codes_b) > 0).all():
        return items, codes_a, codes_b
    order = np.concatenate([codes_a, codes_b[~np.isin(codes_b, codes_a)]])
    place = np.empty(len(items), dtype=np.int64)
    place[order] = np.arange(len(items))
    return items[order], place[codes_a], place[codes_b]


def make_items(categories: Sequence[Any], kind: str) -> NDArray[Any]:
    """Make an array of labels of one kind."""
    if kind in ("str", "bytes"):
        padding = "\0" if kind == "str" else b"\0"
        if any(len(text) > _MAX_WIDTH or text.endswith(padding) for text in categories):
            return _as_objects(categories)
        return np.array(categories, dtype=np.str_ if kind == "str" else np.bytes_)
    if kind == "bool":
        return np.array(categories, dtype=bool)
    for dtype in (np.int64, np.uint64):
        try:
            return np.array(categories, dtype=dtype)
        except OverflowError:
            continue
    return _as_objects(categories)


def _as_objects(values: Sequence[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _check_same_kind(a: Column, b: Column) -> None:
    if a.kind != b.kind:
        raise TypeError(
            f"`{a.name}` and `{b.name}` must hold labels of one type; "
            f"got {a.type_name} and {b.type_name}"
        )


def _aligned(columns: list[Column]) -> list[NDArray[Any]] | None:
    """Return arrays that the core can read together, brought to one integer type."""
    plain = [column.values for column in columns if isinstance(column, Plain)]
    if len(plain) < len(columns):
        return None
    if plain[0].dtype.kind in "US":
        return plain
    dtype = np.result_type(*plain)
    if dtype.kind == "f":
        # int64 and uint64 have no common integer type; small values fit the former.
        if any(a.dtype.kind == "u" and a.size and a.max() > np.int64(2**63 - 1) for a in plain):
            return None
        dtype = np.dtype(np.int64)
    return [values.astype(dtype, copy=False) for values in plain]


def _characters(texts: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return the characters of texts, one after the other, and the width of a text."""
    character = np.uint32 if texts.dtype.kind == "U" else np.uint8
    return texts.view(character), texts.dtype.itemsize // np.dtype(character).itemsize


def _encode_plain(
    left: NDArray[Any], right: NDArray[Any], dtype: np.dtype[Any], name: str
) -> tuple[NDArray[Any], NDArray[np.uint32], NDArray[np.uint32]]:
    if left.dtype.kind in "US":
        items, width, left_codes, right_codes = _core.encode_texts(
            *_characters(left), *_characters(right)
        )
        texts = items.view(np.dtype((left.dtype.kind, width)))
        check_text(texts, name)
        return texts, left_codes, right_codes
    items, coded_left, coded_right = _core.encode_integers(left, right)
    if coded_left is None or coded_right is None:
        coded_left, coded_right = left.view(np.uint32), right.view(np.uint32)
    # Columns int64 and uint64 together have no integer dtype; their values fit the former.
    return items.astype(dtype if dtype.kind in "iub" else np.int64), coded_left, coded_right


def _find_plain(
    items: NDArray[Any], left: NDArray[Any], right: NDArray[Any]
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    if left.dtype.kind in "US":
        return _core.find_texts(*_characters(items), *_characters(left), *_characters(right))
    return _core.find_integers(items, left, right)


def _as_dictionary(column: Column) -> Dictionary:
    if isinstance(column, Dictionary):
        return column
    nothing = np.empty(0, dtype=column.values.dtype)
    items, codes, _ = _encode_plain(column.values, nothing, column.dtype, column.name)
    return Dictionary(column.name, column.kind, codes, items.tolist())


def _encode_dictionaries(
    left: Column, right: Column, listed: Column | None
) -> tuple[NDArray[Any], NDArray[np.uint32], NDArray[np.uint32]]:
    sides = [_as_dictionary(column).used() for column in (left, right)]
    if listed is None:
        labels = sorted(set(sides[0].categories).union(sides[1].categories))
        items = make_items(labels, left.kind)
    else:
        listed = _as_dictionary(listed)
        labels = [listed.categories[code] for code in listed.codes.tolist()]
        items = make_items(labels, left.kind)
    codes = {label: code for code, label in enumerate(labels)}
    if len(codes) < len(labels):
        row = next(row for row, label in enumerate(labels) if codes[label] != row)
        label = labels[row]
        row = labels.index(label, row + 1)
        raise ValueError(f"`items` must be without repetitions; got {label!r} at index {row}")
    coded = []
    for side in sides:
        table = np.array([codes.get(label, -1) for label in side.categories], dtype=np.int64)
        column = table[side.codes]
        if (table < 0).any():
            row = int(np.argmax(column < 0))
            label = side.categories[side.codes[row]]
            raise ValueError(f"`{side.name}` must be one of `items`; got {label!r} at index {row}")
        coded.append(column.astype(np.uint32))
    return items, coded[0], coded[1]
