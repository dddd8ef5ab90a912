"""Labels as codes: every kind of column against sets and dictionaries of Python."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hasten import _labels

NAMES = ["beta", "alpha", "beta", "Zoë", "", "alpha2"]
OTHERS = ["alpha", "beta", "gamma", "alpha", "Zoë", "日本"]


def naive(left, right):
    items = sorted(set(left) | set(right))
    return items, [items.index(x) for x in left], [items.index(x) for x in right]


def check(left, right, expected, items=None):
    labels, left_codes, right_codes = _labels.encode(left, right, items)
    assert labels.tolist() == expected[0]
    assert left_codes.dtype == right_codes.dtype == np.uint32
    assert left_codes.tolist() == expected[1]
    assert right_codes.tolist() == expected[2]
    return labels


def pandas_column(dtype):
    return lambda values: pytest.importorskip("pandas").Series(values, dtype=dtype)


def polars_column(dtype):
    def make(values):
        polars = pytest.importorskip("polars")
        chosen = {"enum": polars.Enum(sorted(set(NAMES + OTHERS))[::-1])}
        return polars.Series(values, dtype=chosen.get(dtype) or getattr(polars, dtype))

    return make


def arrow_column(*, dictionary, chunks=1, large=False):
    def make(values):
        pyarrow = pytest.importorskip("pyarrow")
        parts = [
            pyarrow.array(part.tolist(), pyarrow.large_string() if large else pyarrow.string())
            for part in np.array_split(np.array(values, dtype=object), chunks)
        ]
        if dictionary:
            parts = [part.dictionary_encode() for part in parts]
        return pyarrow.chunked_array(parts) if chunks > 1 else parts[0]

    return make


TEXT_COLUMNS = {
    "list": list,
    "tuple": tuple,
    "U": np.array,
    "wide U": lambda values: np.array(values, dtype="<U40"),
    "byte-swapped U": lambda values: np.array(values).astype(">U9"),
    "strided U": lambda values: np.repeat(np.array(values), 3)[::3],
    "reversed U": lambda values: np.array(values[::-1])[::-1],
    "object": lambda values: np.array(values, dtype=object),
    "StringDType": lambda values: np.array(values, dtype=np.dtypes.StringDType()),
    "pandas object": pandas_column("object"),
    "pandas str": pandas_column("str"),
    "pandas string": pandas_column("string"),
    "pandas category": pandas_column("category"),
    "pandas Categorical": lambda values: pytest.importorskip("pandas").Categorical(
        values, categories=[*OTHERS[:3], *sorted(set(NAMES + OTHERS) - set(OTHERS[:3])), "unused"]
    ),
    "pandas Index": lambda values: pytest.importorskip("pandas").Index(values),
    "polars String": polars_column("String"),
    "polars Categorical": polars_column("Categorical"),
    "polars Enum": polars_column("enum"),
    "arrow": arrow_column(dictionary=False),
    "arrow large": arrow_column(dictionary=False, large=True),
    "arrow dictionary": arrow_column(dictionary=True),
    "arrow chunks": arrow_column(dictionary=False, chunks=3),
    "arrow dictionary chunks": arrow_column(dictionary=True, chunks=3),
}


@pytest.mark.parametrize("name", TEXT_COLUMNS)
def test_text_columns_are_coded_alike(name):
    make = TEXT_COLUMNS[name]
    labels = check(make(NAMES), make(OTHERS), naive(NAMES, OTHERS))
    assert labels.dtype.kind == "U"
    check(make(NAMES), np.array(OTHERS), naive(NAMES, OTHERS))


@pytest.mark.parametrize("name", TEXT_COLUMNS)
def test_text_columns_follow_the_given_items(name):
    make = TEXT_COLUMNS[name]
    items = ["none", *sorted(set(NAMES + OTHERS))[::-1]]
    expected = items, [items.index(x) for x in NAMES], [items.index(x) for x in OTHERS]
    check(make(NAMES), make(OTHERS), expected, items)
    with pytest.raises(ValueError, match=r"`right` must be one of `items`; got '日本' at index 5"):
        _labels.encode(make(NAMES), make(OTHERS), [item for item in items if item != "日本"])


INTEGER_COLUMNS = {
    **{
        dtype: lambda values, dtype=dtype: np.array(values, dtype=dtype)
        for dtype in ("i1", "i2", "<i4", ">i4", "i8", ">i8", "u1", "u2", "u4", "u8", "f4", "f8")
    },
    "list": list,
    "object": lambda values: np.array(values, dtype=object),
    "NumPy scalars": lambda values: list(np.array(values)),
    "read-only": lambda values: np.frombuffer(np.array(values).tobytes(), dtype=np.int64),
    "strided": lambda values: np.repeat(np.array(values), 2)[::2],
    "Fortran column": lambda values: np.asfortranarray(np.array([values, values]))[0],
    "masked": np.ma.array,
    "pandas": pandas_column("int32"),
    "pandas Int64": pandas_column("Int64"),
    "pandas category": pandas_column("category"),
    "polars": polars_column("UInt16"),
    "arrow": lambda values: pytest.importorskip("pyarrow").array(values),
    "arrow chunks": lambda values: pytest.importorskip("pyarrow").chunked_array(
        [values[:2], values[2:]]
    ),
}


@pytest.mark.parametrize("name", INTEGER_COLUMNS)
@pytest.mark.parametrize(
    ("left", "right"), [([5, 9, 5, 100], [9, 7, 7, 5]), ([0, 1, 2, 3], [3, 2, 0, 1])]
)
def test_integer_columns_are_coded_alike(name, left, right):
    make = INTEGER_COLUMNS[name]
    expected = naive(left, right)
    labels = check(make(left), make(right), expected)
    assert labels.dtype.kind in "iu"
    check(make(left), make(right), expected, expected[0])


def test_integers_that_are_codes_are_not_copied():
    left, right = np.array([0, 2, 1], dtype=np.int32), np.array([1, 0, 0], dtype=np.int32)
    items, left_codes, right_codes = _labels.encode(left, right)
    assert items.dtype == np.int32
    assert np.shares_memory(left, left_codes)
    assert np.shares_memory(right, right_codes)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "u8", "bool"])
def test_items_keep_the_dtype_of_the_labels(dtype):
    left, right = np.array([0, 1], dtype=dtype), np.array([1, 0], dtype=dtype)
    assert _labels.encode(left, right)[0].dtype == np.dtype(dtype)
    assert _labels.encode(left, right, left)[0].dtype == np.dtype(dtype)


def test_unsigned_and_signed_integers_meet():
    top = 2**64 - 1
    left, right = np.array([top, 3], dtype=np.uint64), np.array([-1, 3], dtype=np.int64)
    check(left, right, ([-1, 3, top], [2, 1], [0, 1]))
    check(left[1:], right[:1], ([-1, 3], [1], [0]))
    check([2**70, 5], [5, -(2**80)], ([-(2**80), 5, 2**70], [2, 1], [1, 0]))


def test_bytes_and_booleans_are_labels():
    check([b"x", b"yy"], [b"yy", b"a"], ([b"a", b"x", b"yy"], [1, 2], [2, 0]))
    check(np.array([b"x", b"yy"]), np.array([b"yy", b"a"]), ([b"a", b"x", b"yy"], [1, 2], [2, 0]))
    check([True, False], [False, True], ([False, True], [1, 0], [0, 1]))


def test_long_texts_and_final_zeros_stay_objects():
    long = "x" * 100_000
    labels = check([long, "a"], ["a", "b"], (["a", "b", long], [2, 0], [0, 1]))
    assert labels.dtype == object
    check(["a\0", "a"], ["a", "b"], (["a", "a\0", "b"], [1, 0], [0, 2]))


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ([1, "1"], [2, 3], "`left` must hold labels of one type; got int and str"),
        ([1, True], [2, 3], "`left` must hold labels of one type; got int and bool"),
        (["a", b"a"], ["b", "c"], "`left` must hold labels of one type; got str and bytes"),
        ([1, 2], ["1", "2"], "`left` and `right` must hold labels of one type; got int64 and str"),
        ([1, 2], [b"1", b"2"], "got int64 and bytes"),
        ([(1, 2), (3, 4)], ["a", "b"], "integers, strings or bytes; got tuple at index 0"),
        (["a", object()], ["a", "b"], "integers, strings or bytes; got object at index 1"),
        (np.array([1j, 2]), [1, 2], "integers, strings or bytes; got complex128"),
        (np.array(["2020-01-01"], "M8[D]"), [1], "integers, strings or bytes; got datetime64"),
        ("ab", "cd", "must be an array of labels; got str"),
        (3, 4, "must be an array of labels; got int"),
        (iter([1]), [1], "must be an array of labels"),
    ],
)
def test_labels_of_wrong_type_are_refused(left, right, message):
    with pytest.raises(TypeError, match=message.replace("(", r"\(").replace("[", r"\[")):
        _labels.encode(left, right)


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda values: np.array(values, dtype=object),
        pandas_column("object"),
        pandas_column("string"),
        pandas_column("category"),
        polars_column("String"),
        polars_column("Categorical"),
        lambda values: pytest.importorskip("pyarrow").array(values),
        lambda values: pytest.importorskip("pyarrow").array(values).dictionary_encode(),
    ],
)
def test_the_first_missing_label_is_named(make):
    with pytest.raises(ValueError, match=r"`right` must not have missing labels.*index 2"):
        _labels.encode(["a", "b", "c", "d"], make(["b", "a", None, None]))


@pytest.mark.parametrize(
    "column",
    [
        [1.0, float("nan")],
        np.array([1.0, np.nan]),
        np.array([1, np.nan], dtype=object),
        np.ma.array([1, 2], mask=[False, True]),
    ],
)
def test_nan_is_a_missing_label(column):
    with pytest.raises(ValueError, match=r"`left` must not have missing labels.*index 1"):
        _labels.encode(column, [2, 2])


def test_labels_of_wrong_shape_or_value_are_refused():
    with pytest.raises(ValueError, match="left has 2 entries, right has 1"):
        _labels.encode([1, 2], [1])
    with pytest.raises(ValueError, match=r"`left` must have 1 dimension; got shape \(1, 2\)"):
        _labels.encode(np.array([[1, 2]]), [1])
    with pytest.raises(ValueError, match=r"got 0\.5 at index 1"):
        _labels.encode([1.0, 0.5], [1.0, 2.0])
    for items in (["a", "b", "a"], np.array(["a", "b", "a"])):
        with pytest.raises(
            ValueError, match="`items` must be without repetitions; got 'a' at index 2"
        ):
            _labels.encode(["a"], ["b"], items)
    with pytest.raises(TypeError, match="`items` and `left` must hold labels of one type"):
        _labels.encode(["a"], ["b"], [1, 2])
    with pytest.raises(ValueError, match="`left` must be one of `items`; got 7 at index 1"):
        _labels.encode([1, 7], [2, 2], [1, 2])


def test_unite_keeps_an_order_that_was_given():
    items, a, b = _labels.unite(np.array(["a", "c"]), np.array(["b", "c"]))
    assert (items.tolist(), a.tolist(), b.tolist()) == (["a", "b", "c"], [0, 2], [1, 2])
    items, a, b = _labels.unite(np.array(["c", "a"]), np.array(["b", "c"]))
    assert (items.tolist(), a.tolist(), b.tolist()) == (["c", "a", "b"], [0, 1], [2, 0])


def test_table_libraries_are_not_imported():
    # In this process they may have been; the module must not name them as imports.
    source = sys.modules["hasten._label_columns"].__dict__
    assert not {"pandas", "polars", "pyarrow"} & set(source)


label_lists = st.one_of(
    st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1, max_size=30),
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    st.lists(st.text(max_size=4), min_size=1, max_size=30),
    st.lists(st.binary(max_size=4), min_size=1, max_size=30),
)


@given(st.tuples(label_lists, label_lists))
def test_any_labels_are_coded_or_refused(sides):
    left, right = (side[: min(map(len, sides))] for side in sides)
    if type(left[0]) is type(right[0]):
        check(left, right, naive(left, right))
    else:
        with pytest.raises(TypeError):
            _labels.encode(left, right)


@given(
    st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
        max_size=6,
    )
)
def test_anything_else_raises_only_documented_errors(values):
    for column in (values, np.array(values, dtype=object)):
        try:
            _, left, right = _labels.encode(column, column)
        except (ValueError, TypeError):
            continue
        assert left.tolist() == right.tolist()
