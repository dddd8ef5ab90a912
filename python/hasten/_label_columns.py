"""Columns of labels, read in the form in which they come.

A column becomes an array that the core codes by itself (integers, texts of fixed width), or a
dictionary of codes and distinct labels (columns of pandas, polars and Arrow, Python objects).
Nowhere is a Python object made for a row that has none.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._backend import to_numpy
from hasten._validation import as_array, as_float64

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INTEGERS = {"i4": np.int32, "i8": np.int64, "u4": np.uint32, "u8": np.uint64}


@dataclass(frozen=True)
class Plain:
    """Labels in an array that the core reads: integers of 32 or 64 bits, ``U`` or ``S``."""

    name: str
    kind: str
    dtype: np.dtype[Any]
    values: NDArray[Any]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def type_name(self) -> str:
        return {"str": "str", "bytes": "bytes"}.get(self.kind, str(self.dtype))


@dataclass(frozen=True)
class Dictionary:
    """Labels as codes into a list of distinct labels."""

    name: str
    kind: str
    codes: NDArray[np.integer[Any]]
    categories: list[Any]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def type_name(self) -> str:
        return self.kind

    def used(self) -> Dictionary:
        """Return the same column without the categories that no row has."""
        present = np.zeros(len(self.categories), dtype=bool)
        present[self.codes] = True
        if present.all():
            return self
        rank = np.cumsum(present) - 1
        kept = [c for c, keep in zip(self.categories, present.tolist(), strict=True) if keep]
        return Dictionary(self.name, self.kind, rank[self.codes], kept)


Column = Plain | Dictionary


def read(value: Any, name: str) -> Column:
    """Read one column of labels.

    Raises
    ------
    TypeError
        If the labels are of different types, or of a type that cannot be a label.
    ValueError
        If a label is missing, or the column is not one-dimensional.
    """
    for module, reader in (("pandas", _read_pandas), ("polars", _read_polars)):
        if (library := sys.modules.get(module)) is not None:
            column = reader(library, value, name)
            if column is not None:
                return column
    if (pyarrow := sys.modules.get("pyarrow")) is not None and isinstance(
        value, (pyarrow.Array, pyarrow.ChunkedArray)
    ):
        return _read_arrow(pyarrow, value, name)
    if isinstance(value, (list, tuple)):
        return _read_objects(list(value), name)
    value = to_numpy(value, name)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        raise TypeError(f"`{name}` must be an array of labels; got {type(value).__name__}")
    if isinstance(value, np.ma.MaskedArray) and value.dtype.names is None:
        _check_present(np.ma.getmaskarray(value), name)
    return _read_array(as_array(value, name), name)


def _check_present(missing: NDArray[np.bool_], name: str) -> None:
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(f"`{name}` must not have missing labels; the first is at index {row}")


# Arrays.


def _read_array(array: NDArray[Any], name: str) -> Column:
    if array.ndim != 1:
        raise ValueError(f"`{name}` must have 1 dimension; got shape {array.shape}")
    kind = array.dtype.kind
    if kind in "iu":
        width = max(array.dtype.itemsize, 4)
        # Integers of 8 and 16 bits, unsigned ones too, fit into 32 bits with sign.
        code = f"{kind if array.dtype.itemsize >= 4 else 'i'}{width}"
        values = np.require(array, _INTEGERS[code], ["C", "A"])
        return Plain(name, "int", array.dtype.newbyteorder("="), values)
    if kind == "b":
        # The byte of a true value may be any but 0 where the array was viewed from other memory.
        return Plain(name, "bool", array.dtype, (array.view(np.uint8) != 0).astype(np.int32))
    if kind in "US":
        dtype = np.dtype((kind, max(array.dtype.itemsize // (4 if kind == "U" else 1), 1)))
        values = np.require(array, dtype, ["C", "A"])
        return Plain(name, "str" if kind == "U" else "bytes", dtype, values)
    if kind == "f":
        return _read_floats(array, name)
    if kind in "OT":
        return _read_objects(array.tolist(), name)
    raise TypeError(f"`{name}` must hold integers, strings or bytes; got {array.dtype}")


def _read_floats(array: NDArray[Any], name: str) -> Plain:
    """Floats are labels where they are whole numbers, as tables make of integers."""
    _check_present(np.isnan(array), name)
    if array.dtype.itemsize < 8:
        array = array.astype(np.float64)
    whole = (array == np.rint(array)) & (np.abs(array) <= 2.0**53)
    if not whole.all():
        row = int(np.argmin(whole))
        raise ValueError(
            f"`{name}` must hold integers, strings or bytes; got {array[row]} at index {row}"
        )
    return Plain(name, "int", np.dtype(np.int64), array.astype(np.int64))


def _read_objects(values: list[Any], name: str) -> Column:
    kind = _kind_of_all(values, name)
    if kind == "float":
        return _read_floats(as_float64(np.array(values)), name)
    if kind == "int":
        try:
            return _read_array(np.array(values, dtype=np.int64), name)
        except OverflowError:
            pass
    codes = {label: code for code, label in enumerate(dict.fromkeys(values))}
    column = np.fromiter(map(codes.__getitem__, values), dtype=np.uint32, count=len(values))
    return Dictionary(name, kind, column, list(codes))


def _kind_of(label_type: type) -> str | None:
    if issubclass(label_type, str):
        return "str"
    if issubclass(label_type, bytes):
        return "bytes"
    if issubclass(label_type, (bool, np.bool_)):
        return "bool"
    # NumPy counts durations as integers.
    if issubclass(label_type, (int, np.integer)) and not issubclass(label_type, np.timedelta64):
        return "int"
    if issubclass(label_type, (float, np.floating)):
        return "float"
    if label_type is type(None) or label_type.__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return "missing"
    return None


def _kind_of_all(values: list[Any], name: str) -> str:
    """Find the one kind of all labels; an empty list counts as strings."""
    types = list(dict.fromkeys(map(type, values)))
    kinds = {label_type: _kind_of(label_type) for label_type in types}
    if "missing" in kinds.values() or "float" in kinds.values():
        missing = (
            kinds[type(label)] == "missing" or (kinds[type(label)] == "float" and math.isnan(label))
            for label in values
        )
        _check_present(np.fromiter(missing, dtype=bool, count=len(values)), name)
    for label_type, kind in kinds.items():
        if kind is None:
            row = next(row for row, label in enumerate(values) if type(label) is label_type)
            raise TypeError(
                f"`{name}` must hold integers, strings or bytes; "
                f"got {label_type.__name__} at index {row}"
            )
    distinct = list(dict.fromkeys(kinds.values()))
    if len(distinct) > 1:
        first, second = (next(t for t in types if kinds[t] == kind) for kind in distinct[:2])
        row = next(row for row, label in enumerate(values) if type(label) is second)
        raise TypeError(
            f"`{name}` must hold labels of one type; got {first.__name__} and {second.__name__} "
            f"(first at index {row})"
        )
    return distinct[0] or "str" if distinct else "str"


# Columns of tables.


def _read_codes(
    codes: NDArray[np.integer[Any]], categories: list[Any], name: str
) -> Dictionary | Plain:
    """Codes with -1 for a missing label."""
    _check_present(codes < 0, name)
    distinct = _read_objects(categories, name)
    if isinstance(distinct, Plain):
        return Plain(name, distinct.kind, distinct.dtype, distinct.values[codes])
    return Dictionary(name, distinct.kind, distinct.codes[codes], distinct.categories)


def _read_pandas(pandas: Any, value: Any, name: str) -> Column | None:
    # A partially imported module has no names yet, and no objects either.
    series = getattr(pandas, "Series", None)
    if series is None or not isinstance(
        value, (series, pandas.Index, pandas.api.extensions.ExtensionArray)
    ):
        return None
    if isinstance(value, pandas.MultiIndex):
        raise TypeError(f"`{name}` must be one column of labels; got a MultiIndex")
    dtype = value.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return _read_array(value.to_numpy(), name)
    if isinstance(dtype, pandas.CategoricalDtype):
        categorical = value.cat if isinstance(value, series) else value
        return _read_codes(np.asarray(categorical.codes), list(dtype.categories), name)
    codes, uniques = pandas.factorize(value)
    return _read_codes(np.asarray(codes), list(uniques), name)


def _read_polars(polars: Any, value: Any, name: str) -> Column | None:
    series = getattr(polars, "Series", None)
    if series is None or not isinstance(value, series):
        return None
    if value.null_count():
        _check_present(value.is_null().to_numpy(), name)
    if value.dtype == polars.String:
        value = value.cast(polars.Categorical)
    if value.dtype in (polars.Categorical, polars.Enum):
        # Physical codes may be shared with other columns, so that some do not occur in this one.
        distinct = value.unique()
        physical = distinct.to_physical().to_numpy()
        rank = np.zeros(int(physical.max(initial=0)) + 1, dtype=np.int64)
        rank[physical] = np.arange(len(physical))
        labels = distinct.cast(polars.String).to_list()
        return Dictionary(name, "str", rank[value.to_physical().to_numpy()], labels)
    if value.dtype.is_numeric() or value.dtype == polars.Boolean:
        return _read_array(value.to_numpy(), name)
    return _read_objects(value.to_list(), name)


def _read_arrow(pyarrow: Any, value: Any, name: str) -> Column:
    if value.null_count:
        _check_present(value.is_null().to_numpy(zero_copy_only=False), name)
    types = pyarrow.types
    if types.is_integer(value.type) or types.is_floating(value.type):
        return _read_array(value.to_numpy(zero_copy_only=False), name)
    if not types.is_dictionary(value.type):
        try:
            value = value.dictionary_encode()
        except pyarrow.ArrowException:
            raise TypeError(
                f"`{name}` must hold integers, strings or bytes; got {value.type}"
            ) from None
    if isinstance(value, pyarrow.ChunkedArray):
        value = value.unify_dictionaries().combine_chunks()
        if isinstance(value, pyarrow.ChunkedArray):
            value = pyarrow.concat_arrays(value.chunks)
    codes = value.indices.to_numpy(zero_copy_only=False)
    return _read_codes(codes, value.dictionary.to_pylist(), name)
