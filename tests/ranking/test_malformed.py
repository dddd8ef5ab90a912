"""Ten thousand malformed inputs are answered, or refused by an error that names the argument."""

import datetime as dt
import decimal
import fractions
import io
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import sklearn.exceptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hasten
from hasten.ranking import BradleyTerry, Comparisons, bradley_terry

#: Inputs drawn by each test.
EXAMPLES = {
    "from_arrays": 3000,
    "from_table": 1000,
    "from_matrix": 1500,
    "from_csv": 2000,
    "bradley_terry": 1500,
    "BradleyTerry.fit": 1000,
    "result": 1500,
}


def malformed(name):
    return settings(
        max_examples=EXAMPLES[name],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# The property.

#: Errors in which no single argument is at fault.
NOBODYS_FAULT = re.compile(
    r"no comparisons|total weight is zero|no maximum-likelihood estimate exists|line \d+: "
)


def answer(call, names):
    """Return what `call` returns, or None where it refuses in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # NumPy's own remark; what it then reads as NaN is refused.
        warnings.filterwarnings("ignore", "Warning: converting a masked element to nan")
        for category in (hasten.ConvergenceWarning, sklearn.exceptions.ConvergenceWarning):
            warnings.simplefilter("ignore", category)
        try:
            return call()
        except (ValueError, TypeError) as refusal:
            named = re.compile(rf"`({'|'.join(names)})\b|(^|, )({'|'.join(names)})\S* has \d")
            message = str(refusal)
            assert named.search(message) or NOBODYS_FAULT.match(message), message
            return None


def check_result(result):
    """Strengths are finite, and the certificate is a number, if not a finite one."""
    assert np.isfinite(np.asarray(result.strength, dtype=np.float64)).all()
    certificate = [result.error, result.residual, result.log_likelihood_gap]
    assert not np.isnan([*certificate, result.log_likelihood]).any()
    assert result.converged == (result.error <= TOLERANCE)


TOLERANCE = 1e-6


# Malformed values.

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 6),
    st.integers(-(2**200), 2**200),
    st.sampled_from([2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1]),
    st.floats(),
    st.floats(width=16).map(np.float16),
    st.complex_numbers(),
    st.text(st.characters(), max_size=3),
    st.sampled_from(["\ud800", "a\0", "\0", "é", "left", "tie", "1", "nan"]),
    st.binary(max_size=3),
    st.sampled_from(
        [
            np.int8(-1),
            np.uint64(2**64 - 1),
            np.longdouble("1e4000"),
            np.datetime64("2024-01-01"),
            np.datetime64("NaT"),
            np.timedelta64(3, "D"),
            np.ma.masked,
            pd.NA,
            pd.NaT,
            pd.Timestamp("2024-01-01"),
            dt.datetime(1, 1, 1),  # noqa: DTZ001
            dt.date(2024, 1, 1),
            dt.timedelta(days=2),
            decimal.Decimal("sNaN"),
            decimal.Decimal(1),
            fractions.Fraction(1, 2),
            (),
            [],
            {},
            {1},
            (1, 2),
            [0.5],
            object(),
            NotImplemented,
        ]
    ),
)

sequences = st.one_of(
    st.lists(scalars, max_size=5),
    st.lists(st.lists(scalars, max_size=3), max_size=4),
    st.lists(scalars, max_size=4).map(tuple),
    st.lists(scalars, max_size=4).map(iter),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.builds(range, st.integers(0, 5)),
)


DTYPES = [
    *("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "c8", "c16", "G"),
    *("U2", "S3", "U0", "V3", ">i4", ">f8", ">U1", "M8[D]", "M8[ns]", "M8", "m8[s]", "i4,f8", "O"),
]


@st.composite
def arrays(draw, min_dims=0, max_dims=3):
    """Arrays of any dtype, shape, byte order and layout, filled with any bits at all."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.lists(st.integers(0, 4), min_size=min_dims, max_size=max_dims))
    size = int(np.prod(shape, dtype=int))
    array = np.zeros(shape, dtype)
    if dtype.kind == "O":
        array.reshape(-1)[:] = draw(st.lists(scalars, min_size=size, max_size=size))
    elif draw(st.booleans()):
        bits = draw(st.binary(min_size=array.nbytes, max_size=array.nbytes))
        array = np.frombuffer(bits, array.dtype).reshape(shape) if bits else array
    layout = draw(
        st.sampled_from(["plain", "frozen", "reversed", "strided", "broadcast", "masked"])
    )
    if layout == "frozen":
        array.flags.writeable = False
    elif array.ndim and layout == "reversed":
        array = array[::-1]
    elif array.ndim and layout == "strided":
        array = np.repeat(array, 2, axis=0)[::2]
    elif array.size and array.ndim and layout == "broadcast":
        array = np.broadcast_to(array[:1], (4, *array.shape[1:]))
    elif layout == "masked":
        array = np.ma.array(array, mask=draw(st.booleans()))
    return array


columns_of_tables = st.sampled_from(
    [
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series([1.5, None, 2], dtype="Float32"),
        pd.Series(["a", None, "b"]),
        pd.Series(["a", "b", "c"], dtype="string"),
        pd.Series([True, False, None], dtype="boolean"),
        pd.Series([1, 2, 3], dtype="complex"),
        pd.Series(pd.date_range("2024", periods=3, tz="UTC")),
        pd.Series(pd.period_range("2024", periods=3, freq="D")),
        pd.Series([pd.Timedelta(1), pd.NaT, pd.Timedelta(2)]),
        pd.Series(["a", "b", "a"], dtype="category").cat.add_categories("unused"),
        pd.Series(pd.arrays.SparseArray([0, 0, 1])),
        pd.Series(pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3])),
        pd.MultiIndex.from_tuples([(1, 2), (3, 4), (5, 6)]),
        pd.Index([], dtype=object),
        pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
        pl.Series([1, None, 2]),
        pl.Series([None, None, None]),
        pl.Series([[1], [2], [3]]),
        pl.Series([{"a": 1}, {"a": 2}, {"a": 3}]),
        pl.Series([dt.date(2024, 1, 1)] * 3),
        pl.Series([b"a", b"b", b"c"]),
        pl.Series([decimal.Decimal(1)] * 3),
        pl.Series([object()] * 3, dtype=pl.Object),
        pl.Series(["a", "b", "c"], dtype=pl.Categorical),
        pl.DataFrame({"a": [1, 2], "b": [3, 4]}),
        pa.array([1, None, 2]),
        pa.nulls(3),
        pa.array([[1], [2], [3]]),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.array([dt.timedelta(1)] * 3),
        pa.array([{"a": 1}] * 3),
        pa.array([decimal.Decimal("1.5")] * 3),
        pa.chunked_array([["a"], ["b", "c"]]),
        pa.chunked_array([], pa.string()),
        pa.table({"a": [1, 2], "b": [3, 4]}),
        scipy.sparse.csr_array(np.eye(3)),
        scipy.sparse.coo_array(np.ones(3)),
        np.zeros(3, "V3"),
        memoryview(b"abc"),
        bytearray(b"ab"),
    ]
)

anything = st.one_of(scalars, sequences, arrays(), columns_of_tables)


@st.composite
def mostly(draw, good):
    """Three times out of four what is good, and otherwise anything."""
    return draw(good if draw(st.integers(0, 3)) else anything)


#: Arguments that are refused without each other.
COMPANIONS = {"time": "half_life", "half_life": "time", "left": "right", "right": "left"}


@st.composite
def calls(draw, required=(), *, bad=anything, **good):
    """Keyword arguments of which at most two are malformed, so that the good ones are read too."""
    names = st.sampled_from(sorted(good))
    malformed = draw(st.lists(names, max_size=2))
    kept = {*required, *malformed, *draw(st.lists(names, max_size=3))}
    kept |= {COMPANIONS.get(name, name) for name in kept} & set(good)
    arguments = {}
    for name in sorted(kept):
        values = good[name]
        values = values if isinstance(values, st.SearchStrategy) else st.sampled_from(values)
        arguments[name] = draw(bad if name in malformed else values)
    return arguments


# Ingest.

LABELS = (["a", "b", "c"], [0, 1, 2], np.array([0, 1, 2]), np.array(["x", "y", "z"]), (b"p", b"q"))
NEXT = (["b", "c", "a"], [1, 2, 0], np.array([1, 2, 0]), np.array(["y", "z", "x"]), (b"q", b"p"))
SQUARE = np.ones((3, 3)) - np.eye(3)

GAME_OPTIONS = {
    "weight": ([1.0, 2.0, 3.0], np.float32([1, 1e38, 1e-40]), [1e300, 1e-300, 1e-320], [0, 0, 1]),
    "time": ([1.0, 2.0, 3.0], [-1e308, 1e308, 0], np.array(["2024"] * 3, "M8[Y]")),
    "half_life": (1, 1e-308, dt.timedelta(1), np.timedelta64(5, "ns")),
    "outcome_labels": (("w", "l"), ["left", "right", "tie"]),
    "items": (["c", "b", "a"], [2, 1, 0]),
    "self_comparisons": ("raise", "drop"),
    "n_threads": (None, 1, 2),
}
OUTCOMES = ([1, 0, 0.5], [True, False, True], ["left", "right", "tie"])
ARRAY_NAMES = ["left", "right", "outcome", *GAME_OPTIONS]


@malformed("from_arrays")
@given(
    st.sampled_from(list(zip(LABELS, NEXT, strict=True))),
    calls(left=LABELS, right=NEXT, outcome=OUTCOMES, **GAME_OPTIONS),
)
def test_arrays(columns, options):
    arguments = dict(zip(("left", "right"), columns, strict=True)) | options
    comparisons = answer(lambda: Comparisons.from_arrays(**arguments), ARRAY_NAMES)
    if comparisons is not None:
        repr(comparisons)
        str(comparisons.components())


cells = st.one_of(sequences, arrays(1, 1), columns_of_tables, st.sampled_from([*LABELS, *NEXT]))
tables = st.one_of(
    st.dictionaries(st.sampled_from(["l", "r", "o", 3, None]), cells, max_size=4),
    st.fixed_dictionaries({"l": cells, "r": st.just([1, 2, 0])}),
    st.sampled_from(
        [
            {"l": [0, 1], "r": [1, 0], "o": [1, 0]},
            pd.DataFrame([[0, 1], [1, 0]], columns=["l", "l"]),
            pd.DataFrame({"l": ["a", "b"], "r": ["b", "a"], "o": [1, 0]}),
            pd.DataFrame({("l", 1): ["a"], ("r", 2): ["b"]}),
            pl.DataFrame({"l": ["a", "b"], "r": ["b", "a"], "o": ["a", "tie"]}),
            pl.LazyFrame({"l": ["a", "b"], "r": ["b", "a"]}),
            pa.table({"l": [0, 1], "r": [1, 0], "o": [0.5, None]}),
            np.array([(0, 1, 1), (1, 0, 2)], dtype=[("l", int), ("r", int), ("o", int)]),
        ]
    ),
)
NAMES = ("l", "r", "o", 3)


@malformed("from_table")
@given(
    mostly(tables),
    calls(
        ("left", "right"),
        left=("l",),
        right=("r",),
        **(GAME_OPTIONS | {"outcome": NAMES, "weight": NAMES, "time": NAMES}),
    ),
)
def test_tables(table, options):
    answer(lambda: Comparisons.from_table(table, **options), ["table", *ARRAY_NAMES])


@malformed("from_matrix")
@given(
    calls(
        ("wins",),
        bad=arrays(2, 2) | anything,
        wins=(SQUARE, scipy.sparse.coo_array(np.eye(3, k=1)), SQUARE.tolist(), SQUARE * 1e308),
        ties=(SQUARE, np.float32(SQUARE), scipy.sparse.csr_array(SQUARE), [[0, 1], [1, 0]]),
        items=LABELS,
    )
)
def test_matrices(arguments):
    comparisons = answer(lambda: Comparisons.from_matrix(**arguments), ["wins", "ties", "items"])
    if comparisons is not None:
        repr(comparisons)
        comparisons.to_matrix()


words = st.sampled_from(
    [
        *("left", "right", "winner", "loser", "outcome", "weight", "a", "b", "1", "0.5", "-1"),
        *("nan", "1e999", "", " ", '"', '""', "\0", "é", "\ud800", ",", ";", "\t", "|", "\n"),
        *("\r", "\r\n"),
    ]
)
texts = st.one_of(
    st.lists(words, max_size=30).map("".join),
    st.lists(st.tuples(words, words, words).map(",".join), max_size=6).map(
        lambda rows: "left,right,outcome\n" + "\n".join(rows)
    ),
    st.just("left,right,outcome,weight\na,b,1,2\nb,a,0,3\n"),
    st.text(st.characters(), max_size=20),
)
files = st.one_of(
    texts.map(io.StringIO),
    texts.map(lambda text: io.BytesIO(text.encode("utf-8", "surrogatepass"))),
    st.binary(max_size=20).map(io.BytesIO),
)


@malformed("from_csv")
@given(
    # A text is a path: those that cannot be read have a test of their own.
    mostly(files).filter(lambda file: not isinstance(file, (str, bytes))),
    calls(
        left=(0, "left"),
        right=(1, "right"),
        outcome=(2, "outcome"),
        weight=(3, "weight"),
        time=(3, "weight"),
        half_life=(1.0,),
        outcome_labels=(("1", "0"),),
        delimiter=(",", ";", "|", "", "\n", '"', " ", "é", "ab"),
        header=(True, False),
        encoding=("utf-8", "latin-1", "utf-16", "ascii", "utf-99", "idna", "rot13", "hex", "utf-7"),
        items=LABELS,
        self_comparisons=("raise", "drop"),
        n_threads=(None, 1),
    ),
)
def test_text_files(file, options):
    names = ["path_or_file", "delimiter", "header", "encoding", *ARRAY_NAMES]
    comparisons = answer(lambda: Comparisons.from_csv(file, **options), names)
    if comparisons is not None:
        repr(comparisons)


# Solve.

CYCLE = [0, 1, 2, 0], [1, 2, 0, 2]
TRIANGLE = Comparisons.from_arrays(*CYCLE, weight=[3.0, 1.0, 2.0, 5.0])
EXTREME = Comparisons.from_arrays(*CYCLE, weight=[1e300, 1e-300, 1e-320, 1e300])
NAMED = Comparisons.from_arrays(["a", "b", "c", "a"], ["b", "c", "a", "b"], [1, 1, 1, 0.5])
games = st.one_of(
    st.sampled_from([TRIANGLE, EXTREME, NAMED, [("a", "b"), ("b", "a")]]),
    st.lists(st.sampled_from([(0, 1), (1, 2), (2, 0), (0, 2), (2, 1)]), min_size=4, max_size=8),
    st.lists(st.tuples(scalars, scalars), max_size=3),
    arrays(2, 2),
)


def enough(info):
    """Stop a solve that would run for as long as it was told to."""
    return info.n_iter > 200


@malformed("bradley_terry")
@given(
    mostly(games),
    calls(
        ties=("half", "drop", "raise"),
        method=("auto", "newton", "newman", "zermelo"),
        reference=(0, 1, "a"),
        init=st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3),
        max_iter=(1, 2, 5, 10**30),
        n_threads=(None, 1, 10**9),
        callback=(enough, lambda info: info.n_iter > 2),
        progress=(False,),
        trace=(True, False),
    ),
)
def test_solves(comparisons, options):
    names = ["comparisons", "callback", *options]
    options = {"callback": enough} | options
    result = answer(lambda: bradley_terry(comparisons, tol=TOLERANCE, **options), names)
    if result is not None:
        check_result(result)
        str(result)
        answer(result.standard_error, ["comparisons"])


@malformed("BradleyTerry.fit")
@given(
    mostly(games),
    calls(
        y=([1, 0, 1, 0.5], ["left", "right", "left", "left"]),
        sample_weight=([1, 2, 3, 4], [1e300, 1e-300, 1, 1]),
    ),
    calls(
        ties=("half", "drop"),
        method=("auto", "newton"),
        tol=(1e-6, 1e-3, 1e-300),
        max_iter=(1, 100),
        n_threads=(None, 1),
    ),
)
def test_fits(X, arguments, parameters):
    if isinstance(parameters.get("max_iter"), int):
        parameters["max_iter"] = min(parameters["max_iter"], 200)
    model = BradleyTerry(**parameters)
    names = ["X", *arguments, *parameters]
    if answer(lambda: model.fit(X, **arguments), names) is not None:
        assert np.isfinite(model.strength_).all()


# Results.

RESULTS = [
    bradley_terry([(a, b), (b, a), (a, c), (c, b)])
    for a, b, c in [
        (0, 1, 2),
        ("a", "b", "c"),
        (b"a", b"b", b"c"),
        (2**70, -1, 3),
        (2**64 - 1, 0, 1),
    ]
]
ITEMS = (0, 1, "a", b"a", 2**70, 2**64 - 1, ["a", "b"], [2, 0, 1], np.array([1, 2]))


@malformed("result")
@given(
    st.sampled_from(RESULTS),
    st.one_of(
        st.tuples(st.just("standard_error"), calls(("items",), items=ITEMS)),
        st.tuples(st.just("covariance"), calls(("items",), items=ITEMS)),
        st.tuples(st.just("predict_proba"), calls(("left", "right"), left=ITEMS, right=ITEMS)),
        st.tuples(
            st.just("confidence_interval"),
            calls(confidence_level=(0.9, 1e-300, 1 - 1e-16), scale=("log", "elo")),
        ),
        st.tuples(
            st.just("elo"),
            calls(scale=(400, 1e308), base=(10, 1 + 1e-15), center=(1500, -1e308), anchor=ITEMS),
        ),
    ),
)
def test_results(result, call):
    name, arguments = call
    answer(lambda: getattr(result, name)(**arguments), arguments or ["items"])


def test_they_are_ten_thousand():
    assert sum(EXAMPLES.values()) >= 10_000


@pytest.mark.parametrize("path", ["absent.csv", "a\0b.csv", "\ud800.csv", "", "x" * 10_000, "."])
def test_paths_that_cannot_be_read(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OSError, ValueError)):
        Comparisons.from_csv(path)
