"""Comparisons from tables of every library."""

import re

import numpy as np
import pytest

from hasten.ranking import Comparisons

ROWS = {
    "white": ["ann", "bob", "ann", "cleo"],
    "black": ["bob", "cleo", "cleo", "ann"],
    "result": ["left", "right", "tie", "left"],
    "amount": [1.0, 2.0, 0.5, 3.0],
    "day": [3, 2, 1, 0],
}


def structured(columns):
    array = np.empty(4, dtype=[(name, np.array(values).dtype) for name, values in columns.items()])
    for name, values in columns.items():
        array[name] = values
    return array


TABLES = {
    "dict": dict,
    "structured": structured,
    "pandas": lambda columns: pytest.importorskip("pandas").DataFrame(columns),
    "pandas categories": lambda columns: (
        pytest.importorskip("pandas")
        .DataFrame(columns)
        .astype({"white": "category", "black": "category", "result": "category"})
    ),
    "polars": lambda columns: pytest.importorskip("polars").DataFrame(columns),
    "arrow": lambda columns: pytest.importorskip("pyarrow").table(columns),
    "arrow batch": lambda columns: pytest.importorskip("pyarrow").table(columns).to_batches()[0],
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_equal_arrays(kind):
    expected = Comparisons.from_arrays(
        ROWS["white"],
        ROWS["black"],
        ROWS["result"],
        weight=ROWS["amount"],
        time=ROWS["day"],
        half_life=2,
    )
    table = TABLES[kind](ROWS)
    comparisons = Comparisons.from_table(
        table, "white", "black", "result", weight="amount", time="day", half_life=2
    )
    assert comparisons.items.tolist() == expected.items.tolist()
    for attribute in ("_offsets", "_opponents", "_wins", "_losses", "_ties"):
        np.testing.assert_array_equal(getattr(comparisons, attribute), getattr(expected, attribute))
    assert Comparisons.from_table(table, "white", "black").n_games == 4


@pytest.mark.parametrize("kind", TABLES)
def test_an_unknown_column_is_named_with_what_is_close(kind):
    table = TABLES[kind](ROWS)
    message = "`left` must name a column of the table; got 'whit' (did you mean 'white'?)"
    with pytest.raises(ValueError, match=re.escape(message)):
        Comparisons.from_table(table, "whit", "black")
    with pytest.raises(ValueError, match="`weight` must name a column of the table; got 'zzz'"):
        Comparisons.from_table(table, "white", "black", weight="zzz")


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "arrow batch"])
@pytest.mark.parametrize("numbers", [[1.0, 0.0, 0.5, None], ["left", None, "tie", "left"]])
def test_a_missing_outcome_is_refused_with_its_row(kind, numbers):
    table = TABLES[kind]({**ROWS, "result": numbers})
    with pytest.raises(ValueError, match=f"index {numbers.index(None)}"):
        Comparisons.from_table(table, "white", "black", "result")


def test_outcomes_of_nullable_columns():
    pandas = pytest.importorskip("pandas")
    for dtype in ("Float64", "Int64", "boolean"):
        table = pandas.DataFrame(ROWS)
        table["result"] = pandas.array([1, 0, 1, 1], dtype=dtype)
        assert Comparisons.from_table(table, "white", "black", "result").n_games == 4
        table.loc[2, "result"] = pandas.NA
        with pytest.raises(ValueError, match="nan at index 2"):
            Comparisons.from_table(table, "white", "black", "result")


def test_what_is_no_table_is_refused():
    for table in ([1, 2], np.zeros((3, 2)), None, "games.csv"):
        with pytest.raises(TypeError, match="`table` must be a pandas or polars DataFrame"):
            Comparisons.from_table(table, "left", "right")


def test_a_lazy_table_is_refused_with_advice():
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"call `collect\(\)` first"):
        Comparisons.from_table(polars.LazyFrame(ROWS), "white", "black")


def test_a_name_that_two_columns_have_is_refused():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame([["a", "b"]], columns=["left", "left"])
    with pytest.raises(ValueError, match="`left` must name one column; the table has 2 'left'"):
        Comparisons.from_table(table, "left", "right")
