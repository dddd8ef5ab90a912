"""Comparisons in text files with one comparison a line.

Rows pass through the standard library's reader in blocks, and each block is coded column by column,
so that the text of at most one block is in memory.
"""

from __future__ import annotations

import csv
import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from hasten import _labels
from hasten._validation import check_flag, shown
from hasten.ranking import _outcomes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

_BLOCK = 1 << 16
_SAMPLE_LINES = 20
_DELIMITERS = ",\t;|"
_NO_DELIMITERS = '"\n\r'

#: Names of the columns of the two sides, in the order in which they are tried.
_SIDES = (
    ("winner", "loser"),
    ("left", "right"),
    ("item_a", "item_b"),
    ("model_a", "model_b"),
    ("player_a", "player_b"),
    ("team_a", "team_b"),
    ("player1", "player2"),
    ("team1", "team2"),
    ("player_1", "player_2"),
    ("team_1", "team_2"),
    ("home", "away"),
    ("home_team", "away_team"),
)
_OUTCOMES = ("outcome", "result", "winner")
_WEIGHT = "weight"

#: The arguments that name columns.
_COLUMNS = ("left", "right", "outcome", "weight", "time")

ColumnKey = str | int


@dataclass(frozen=True)
class CsvColumns:
    """The columns of a file: labels as dictionaries, outcomes as codes."""

    left: _labels.Dictionary
    right: _labels.Dictionary
    outcome: NDArray[np.uint8] | None
    weight: NDArray[np.float64] | None
    time: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Layout:
    """Positions of the columns in a row of `width` fields."""

    width: int
    left: int
    right: int
    outcome: int | None
    weight: int | None
    time: int | None

    @property
    def needed(self) -> int:
        """Least number of fields that a row must have."""
        columns = (self.left, self.right, self.outcome, self.weight, self.time)
        return 1 + max(column for column in columns if column is not None)


class _Codes(dict[str, int]):
    """Codes of labels in order of appearance, by the text between two delimiters."""

    def __init__(self) -> None:
        super().__init__()
        self.by_label: dict[str, int] = {}

    def __missing__(self, text: str) -> int:
        label = text.strip()
        if not label:
            raise KeyError(text)
        code = self.by_label.setdefault(label, len(self.by_label))
        self[text] = code
        return code


class _OutcomeCodes(dict[str, int]):
    """Codes of outcomes by the text between two delimiters."""

    def __init__(self, names: dict[Any, int] | None) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, text: str) -> int:
        code = _outcomes.code_of(text.strip(), self.names)
        if code is None and self.names is None:
            try:
                code = {1.0: _outcomes.LEFT_WON, 0.0: _outcomes.RIGHT_WON, 0.5: _outcomes.TIE}.get(
                    float(text)
                )
            except ValueError:
                code = None
        if code is None:
            raise KeyError(text)
        self[text] = code
        return code


def read(
    path_or_file: str | os.PathLike[str] | IO[Any],
    *,
    left: ColumnKey | None,
    right: ColumnKey | None,
    outcome: ColumnKey | None,
    weight: ColumnKey | None,
    time: ColumnKey | None,
    outcome_labels: Sequence[Any] | None,
    delimiter: str | None,
    header: bool | None,
    encoding: str,
    refuse_self: bool,
) -> CsvColumns:
    """Read the columns of comparisons; see `Comparisons.from_csv`."""
    if (left is None) != (right is None):
        raise ValueError("`left` and `right` must be named together; got only one of them")
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise ValueError(f"`delimiter` must be one character; got {shown(delimiter)}")
    if delimiter is not None and delimiter in _NO_DELIMITERS:
        raise ValueError(
            f"`delimiter` must not be a quote or an end of line; got {shown(delimiter)}"
        )
    if header is not None:
        header = check_flag(header, "header")
    _check_encoding(encoding)
    names = None if outcome_labels is None else _outcomes.code_names(outcome_labels)
    with _open_text(path_or_file, encoding) as lines:
        try:
            sample = list(islice(lines, _SAMPLE_LINES))
            delimiter = delimiter or _sniff(sample)
            numbered = _NumberedRows(chain(sample, lines), delimiter)
            keys = (left, right, outcome, weight, time)
            wanted = dict(zip(_COLUMNS, keys, strict=True))
            layout = _find_columns(numbered, wanted, header)
            return _read_blocks(numbered, layout, names, refuse_self)
        except UnicodeError as error:
            raise ValueError(
                f"`encoding` must be that of the file; got {shown(encoding)}: {error}"
            ) from None


def _check_encoding(encoding: Any) -> None:
    if not isinstance(encoding, str):
        raise TypeError(f"`encoding` must be the name of an encoding; got {shown(encoding)}")
    try:
        # Some codecs do not make text, and only this says so.
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    except (LookupError, ValueError) as problem:
        raise ValueError(f"`encoding` must be the name of an encoding; {problem}") from None


@contextmanager
def _open_text(path_or_file: Any, encoding: str) -> Iterator[Iterator[str]]:
    # A byte-order mark would become part of the first column's name.
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    if isinstance(path_or_file, (str, os.PathLike)):
        with Path(path_or_file).open(encoding=encoding, newline="") as file:
            yield iter(file)
    elif isinstance(path_or_file, (io.RawIOBase, io.BufferedIOBase)):
        wrapper = io.TextIOWrapper(path_or_file, encoding=encoding, newline="")  # type: ignore[type-var]
        try:
            yield iter(wrapper)
        finally:
            # The file is the caller's to close.
            wrapper.detach()
    elif hasattr(path_or_file, "read") and hasattr(path_or_file, "__iter__"):
        yield iter(path_or_file)
    else:
        raise TypeError(
            f"`path_or_file` must be a path or an open file; got {type(path_or_file).__name__}"
        )


def _sniff(sample: list[str]) -> str:
    """Find the delimiter that cuts the sample's lines most evenly; a comma where none does."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _try_reader(sample, delimiter) if row]
        if widths and widths[0] > 1:
            even = sum(width == widths[0] for width in widths) / len(widths)
            if (even, widths[0]) > best_score:
                best, best_score = delimiter, (even, widths[0])
    return best


def _try_reader(sample: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(sample, delimiter=delimiter))
    except csv.Error:
        return []


class _NumberedRows:
    """Rows that are not blank, in blocks, with the line on which each starts."""

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self._reader = csv.reader(
            lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " "
        )
        self._pushed: list[list[str]] = []
        self._lines_before = 0
        self._block: list[list[str]] = []

    def next_block(self, size: int = _BLOCK) -> list[list[str]]:
        """Read the next rows; empty at the end of the file."""
        while True:
            self._lines_before = self._reader.line_num
            self._block = []
            try:
                # Row by row, so that the rows before a malformed one are kept.
                self._block.extend(islice(self._reader, size))
            except csv.Error as error:
                raise ValueError(f"line {self._reader.line_num}: {error}") from None
            rows = [row for row in self._block if row]
            if rows or not self._block:
                return rows

    def line_of(self, place: int) -> int:
        """Find the line on which row `place` of the last block starts."""
        line = self._lines_before + 1
        for row in self._block:
            if row:
                if place == 0:
                    break
                place -= 1
            line += 1 + sum(field.count("\n") for field in row)
        return line


def _find_columns(
    rows: _NumberedRows, wanted: Mapping[str, ColumnKey | None], header: bool | None
) -> _Layout:
    """Find the columns; consumes the header, if there is one, and nothing else."""
    named = [argument for argument, key in wanted.items() if isinstance(key, str)]
    if header is False and named:
        raise ValueError(
            f"`{named[0]}` must be a position where `header=False`; got {shown(wanted[named[0]])}"
        )
    numbers_only = not named and wanted["left"] is not None
    if header is False or (header is None and numbers_only):
        return _Layout(0, *_positions(wanted))
    first = rows.next_block(1)
    if not first:
        return _Layout(0, *_positions(dict.fromkeys(wanted)))
    names = [name.strip() for name in first[0]]
    left, right, outcome, weight, time = (
        _position(names, key, argument) for argument, key in wanted.items()
    )
    if left is None or right is None:
        detected = _detect([name.casefold() for name in names])
        if detected is None:
            raise ValueError(
                f"line {rows.line_of(0)}: no columns of comparisons among {names!r}; name them "
                "with `left`, `right` and `outcome`, or pass `header=False` if there is no header"
            )
        left, right, found_outcome, found_weight = detected
        outcome = found_outcome if outcome is None else outcome
        weight = found_weight if weight is None else weight
    return _Layout(len(names), left, right, outcome, weight, time)


def _positions(
    wanted: Mapping[str, ColumnKey | None],
) -> tuple[int, int, int | None, int | None, int | None]:
    """Return the columns of a file without a header: by default its first two."""
    for argument, key in wanted.items():
        if key is not None and (not isinstance(key, int) or key < 0):
            raise ValueError(f"`{argument}` must be a name or a position from 0; got {shown(key)}")
    left, right, outcome, weight, time = (
        None if key is None else int(key) for key in wanted.values()
    )
    if left is None or right is None:
        left, right = 0, 1
    return left, right, outcome, weight, time


def _position(names: list[str], key: ColumnKey | None, argument: str) -> int | None:
    if key is None:
        return None
    if isinstance(key, str):
        if names.count(key) != 1:
            raise ValueError(
                f"`{argument}` must be named once in the header {names!r}; got {shown(key)}"
            )
        return names.index(key)
    if not isinstance(key, int) or not 0 <= key < len(names):
        raise ValueError(
            f"`{argument}` must be a name or a position in the header {names!r}; got {shown(key)}"
        )
    return int(key)


def _detect(names: list[str]) -> tuple[int, int, int | None, int | None] | None:
    """Find left, right, outcome and weight by the names in lower case."""
    for left, right in _SIDES:
        if left in names and right in names:
            outcome = None
            if left != "winner":
                found = [names.index(name) for name in _OUTCOMES if name in names]
                outcome = found[0] if found else None
            weight = names.index(_WEIGHT) if _WEIGHT in names else None
            return names.index(left), names.index(right), outcome, weight
    return None


def _read_blocks(
    rows: _NumberedRows, layout: _Layout, names: dict[Any, int] | None, refuse_self: bool
) -> CsvColumns:
    labels, outcomes = _Codes(), _OutcomeCodes(names)
    blocks: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("left", "right", "outcome", "weight", "time")
    }
    while block := rows.next_block():
        if layout.width == 0:
            layout = replace(layout, width=len(block[0]))
        _check_widths(rows, block, layout)
        left = _code(rows, block, layout.left, labels, "a label")
        right = _code(rows, block, layout.right, labels, "a label")
        if refuse_self and (left == right).any():
            place = int(np.argmax(left == right))
            label = block[place][layout.left].strip()
            raise ValueError(
                f"line {rows.line_of(place)}: the two sides must differ; got {label!r} twice"
            )
        blocks["left"].append(left)
        blocks["right"].append(right)
        if layout.outcome is not None:
            codes = _code(rows, block, layout.outcome, outcomes, _outcomes.accepted(names))
            blocks["outcome"].append(codes.astype(np.uint8))
        if layout.weight is not None:
            blocks["weight"].append(_floats(rows, block, layout.weight, "a weight at least 0", 0.0))
        if layout.time is not None:
            blocks["time"].append(_floats(rows, block, layout.time, "a time", -np.inf))
    if not blocks["left"]:
        raise ValueError("no comparisons")

    def joined(name: str) -> NDArray[Any] | None:
        return np.concatenate(blocks[name]) if blocks[name] else None

    categories = list(labels.by_label)
    return CsvColumns(
        left=_labels.Dictionary("left", "str", np.concatenate(blocks["left"]), categories),
        right=_labels.Dictionary("right", "str", np.concatenate(blocks["right"]), categories),
        outcome=joined("outcome"),
        weight=joined("weight"),
        time=joined("time"),
    )


def _check_widths(rows: _NumberedRows, block: list[list[str]], layout: _Layout) -> None:
    widths = set(map(len, block))
    if widths == {layout.width} and layout.width >= layout.needed:
        return
    expected = max(layout.width, layout.needed)
    place = next(place for place, row in enumerate(block) if len(row) != expected)
    raise ValueError(
        f"line {rows.line_of(place)}: a row must have {expected} fields; got {len(block[place])}"
    )


def _code(
    rows: _NumberedRows,
    block: list[list[str]],
    column: int,
    codes: dict[str, int],
    expected: str,
) -> NDArray[np.uint32]:
    try:
        found = map(codes.__getitem__, map(itemgetter(column), block))
        return np.fromiter(found, dtype=np.uint32, count=len(block))
    except KeyError:
        place = next(place for place, row in enumerate(block) if not _known(codes, row[column]))
    raise ValueError(
        f"line {rows.line_of(place)}: field {column + 1} must be {expected}; "
        f"got {block[place][column]!r}"
    )


def _known(codes: dict[str, int], text: str) -> bool:
    try:
        codes[text]
    except KeyError:
        return False
    return True


def _floats(
    rows: _NumberedRows, block: list[list[str]], column: int, expected: str, least: float
) -> NDArray[np.float64]:
    texts = [row[column] for row in block]
    try:
        values = np.array(list(map(float, texts)))
        if ((values >= least) & np.isfinite(values)).all():
            return values
    except ValueError:
        pass
    place = next(place for place, text in enumerate(texts) if not _finite(text, least))
    raise ValueError(
        f"line {rows.line_of(place)}: field {column + 1} must be {expected}; got {texts[place]!r}"
    )


def _finite(text: str, least: float) -> bool:
    try:
        return least <= float(text) < float("inf") and float(text) > -float("inf")
    except ValueError:
        return False
