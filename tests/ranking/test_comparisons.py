"""Aggregation of comparisons: every route against a dictionary of pairs."""

import datetime as dt
import pickle
import re
from collections import defaultdict

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from hasten.ranking import Comparisons


def naive(left, right, outcome=None, weight=None):
    """Sum [wins, losses, ties] by ordered pair, game after game."""
    sums = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row, (i, j) in enumerate(zip(left, right, strict=True)):
        result = 1 if outcome is None else outcome[row]
        amount = 1.0 if weight is None else float(weight[row])
        if amount > 0:
            place = {1: 0, 0: 1, 0.5: 2}[float(result)]
            sums[i, j][place] += amount
            sums[j, i][place if place == 2 else 1 - place] += amount
    return dict(sums)


def listed(comparisons):
    """The same of an aggregated table, after checking its form."""
    offsets, opponents = comparisons._offsets, comparisons._opponents
    wins, losses, ties = comparisons._wins, comparisons._losses, comparisons._ties
    assert offsets.dtype == np.uintp
    assert opponents.dtype == np.uint32
    assert wins.dtype == losses.dtype
    assert len(offsets) == comparisons.n_items + 1
    assert offsets[0] == 0
    assert offsets[-1] == len(opponents) == len(wins) == len(losses) == 2 * comparisons.n_pairs
    items, sums = comparisons.items.tolist(), {}
    for i, item in enumerate(items):
        row = slice(int(offsets[i]), int(offsets[i + 1]))
        assert (np.diff(opponents[row].astype(int)) > 0).all()
        for e in range(row.start, row.stop):
            tied = 0.0 if ties is None else float(ties[e])
            sums[item, items[opponents[e]]] = [float(wins[e]), float(losses[e]), tied]
    return sums


def assert_same(a, b):
    assert a.items.tolist() == b.items.tolist()
    assert a._wins.dtype == b._wins.dtype
    assert listed(a) == listed(b)


def games(rng, n_items, n_games):
    left = rng.integers(0, n_items, n_games)
    right = (left + rng.integers(1, n_items, n_games)) % n_items
    return left, right, rng.choice([0, 1, 0.5], n_games)


# 60 items are counted in a dense table, 6000 are sorted.
@pytest.fixture(params=[60, 6000], ids=["dense", "sorted"])
def columns(request):
    left, right, outcome = games(np.random.default_rng(5), request.param, 20_000)
    return left, right, outcome


def test_counts_equal_a_naive_sum(columns):
    left, right, outcome = columns
    comparisons = Comparisons.from_arrays(left, right, outcome)
    assert listed(comparisons) == naive(left.tolist(), right.tolist(), outcome)
    assert comparisons._wins.dtype == np.float32
    assert comparisons.n_games == comparisons.total_weight == 20_000
    assert comparisons.n_pairs == len({frozenset(p) for p in zip(left, right, strict=True)})
    decided = Comparisons.from_arrays(left, right)
    assert decided._ties is None
    assert listed(decided) == naive(left.tolist(), right.tolist())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, bool])
def test_weights_equal_a_naive_sum(columns, dtype):
    left, right, outcome = columns
    weight = np.random.default_rng(6).uniform(0, 3, len(left)).astype(dtype)
    weight[::7] = 0
    comparisons = Comparisons.from_arrays(left, right, outcome, weight=weight)
    # Summed in the order of the games, in double precision, both ways give the same bits.
    assert listed(comparisons) == naive(left.tolist(), right.tolist(), outcome, weight.tolist())
    assert comparisons.n_games == np.count_nonzero(weight)
    exact = np.issubdtype(dtype, np.integer) or dtype is bool
    assert comparisons._wins.dtype == (np.float32 if exact else np.float64)
    np.testing.assert_allclose(comparisons.total_weight, weight.sum(dtype=float), rtol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_threads_do_not_change_a_bit(columns, n_threads):
    left, right, outcome = columns
    weight = np.random.default_rng(6).uniform(0, 3, len(left))
    one = Comparisons.from_arrays(left, right, outcome, weight=weight, n_threads=1)
    assert_same(
        one, Comparisons.from_arrays(left, right, outcome, weight=weight, n_threads=n_threads)
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda a: a.astype(np.int32),
        lambda a: a.astype(">i8"),
        lambda a: np.repeat(a, 2)[::2],
        lambda a: np.ascontiguousarray(a[::-1])[::-1],
        lambda a: np.asfortranarray(np.array([a, a]))[1],
        lambda a: np.frombuffer(a.tobytes(), dtype=a.dtype),
    ],
    ids=["int32", "byte-swapped", "strided", "reversed", "Fortran", "read-only"],
)
def test_memory_layout_does_not_matter(columns, make):
    left, right, outcome = columns
    weight = np.arange(len(left), dtype=float)
    expected = Comparisons.from_arrays(left, right, outcome, weight=weight)
    laid_out = [make(left), make(right)]
    floats = [np.repeat(outcome, 2)[::2], np.asfortranarray([weight, weight])[0]]
    before = [array.copy() for array in (*laid_out, *floats)]
    assert_same(expected, Comparisons.from_arrays(*laid_out, floats[0], weight=floats[1]))
    for array, copy in zip((*laid_out, *floats), before, strict=True):
        assert (array == copy).all()


def test_strings_equal_integers(columns):
    left, right, outcome = columns
    names = np.array([f"player {k:05d}" for k in range(6000)])
    named = Comparisons.from_arrays(names[left], names[right], outcome)
    plain = Comparisons.from_arrays(left, right, outcome)
    assert named.items.tolist() == names[plain.items].tolist()
    for attribute in ("_offsets", "_opponents", "_wins", "_losses", "_ties"):
        np.testing.assert_array_equal(getattr(named, attribute), getattr(plain, attribute))


def test_huge_and_tiny_weights_are_kept():
    weight = [1e300, 5e-324, 1e15, 1e-12]
    comparisons = Comparisons.from_arrays([0, 0, 2, 2], [1, 2, 1, 0], weight=weight)
    assert listed(comparisons) == naive([0, 0, 2, 2], [1, 2, 1, 0], weight=weight)
    assert comparisons.total_weight == 1e300


def test_items_without_games_and_their_order_are_kept():
    comparisons = Comparisons.from_arrays(["b"], ["a"], items=["z", "b", "a"])
    assert comparisons.items.tolist() == ["z", "b", "a"]
    assert comparisons._offsets.tolist() == [0, 0, 1, 2]
    # A game of weight zero leaves its items, but no pair.
    comparisons = Comparisons.from_arrays(["a", "c"], ["b", "a"], weight=[1, 0])
    assert comparisons.items.tolist() == ["a", "b", "c"]
    assert comparisons.n_pairs == comparisons.n_games == 1


@pytest.mark.parametrize(
    ("outcome", "labels"),
    [
        ([1, 0, 0.5], None),
        (np.array([1, 0, 0.5], dtype=np.float32), None),
        (np.array([1, 0, 0.5], dtype=object), None),
        (["left", "RIGHT", " Tie "], None),
        (["A", "b", "tie"], None),
        (["model_a", "model_b", "tie (bothbad)"], None),
        (np.array(["model_a", "model_b", "Tie (BothBad)"], dtype=object), None),
        (["+", "-", "="], ("+", "-", "=")),
        ([7, 8, 9], (7, 8, 9)),
    ],
)
def test_outcomes_as_people_write_them(outcome, labels):
    comparisons = Comparisons.from_arrays([0] * 3, [1] * 3, outcome, outcome_labels=labels)
    assert listed(comparisons)[0, 1] == [1, 1, 1]


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16])
def test_outcomes_without_ties(dtype):
    outcome = np.array([1, 0, 0], dtype=dtype)
    comparisons = Comparisons.from_arrays([0] * 3, [1] * 3, outcome)
    assert listed(comparisons)[0, 1] == [1, 2, 0]
    assert comparisons._ties is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"right": [1]}, "left has 2 entries, right has 1"),
        ({"left": [], "right": []}, "no comparisons"),
        ({"outcome": [1]}, "left has 2 entries, outcome has 1"),
        ({"weight": [1]}, "left has 2 entries, weight has 1"),
        ({"weight": [[1, 2]]}, "`weight` must have 1 dimension; got shape (1, 2)"),
        ({"left": ["a", None], "right": ["b", "c"]}, "missing labels; the first is at index 1"),
        ({"left": [0, float("nan")]}, "missing labels; the first is at index 1"),
        ({"outcome": [1, 2]}, "`outcome` must be 1 (left won), 0 (right won) or 0.5 (tie)"),
        ({"outcome": [1, 2]}, "got 2 at index 1"),
        ({"outcome": [1, 0.25]}, "got 0.25 at index 1"),
        ({"outcome": [1, float("nan")]}, "got nan at index 1"),
        ({"outcome": ["left", "Left wins"]}, "got 'Left wins' at index 1"),
        ({"outcome": ["left", "Left wins"]}, "'model_a', 'model_b', 'tie (bothbad)'"),
        ({"outcome": ["x", "y"], "outcome_labels": ("x", "z")}, "one of 'x', 'z'; got 'y'"),
        ({"outcome": ["x", "y"], "outcome_labels": "x"}, "two or three labels"),
        ({"outcome": ["x", "y"], "outcome_labels": ("x", "x")}, "must be different labels"),
        ({"outcome": np.array([[1, 0]])}, "`outcome` must have 1 dimension; got shape (1, 2)"),
        ({"weight": [1, -2]}, "`weight` must be at least 0; got -2 at index 1"),
        ({"weight": [1, np.nan]}, "`weight` must be finite; got NaN at index 1"),
        ({"weight": [np.inf, 1]}, "`weight` must be finite; got +inf at index 0"),
        ({"weight": [0, 0]}, "total weight is zero"),
        ({"weight": [1.5e308, 1.5e308]}, "`weight` must be finite in total"),
        ({"left": [2, 1], "right": [1, 1]}, "got 1 twice at index 1"),
        ({"items": [0, 1]}, "`right` must be one of `items`; got 2 at index 1"),
        ({"items": [0, 1, 2, 0]}, "`items` must be without repetitions; got 0 at index 3"),
        ({"self_comparisons": "keep"}, "`self_comparisons` must be one of 'raise', 'drop'"),
        ({"n_threads": 0}, "`n_threads` must be at least 1; got 0"),
        ({"time": [0, 1]}, "`time` must come together with `half_life`"),
        ({"half_life": 1}, "`half_life` must come together with `time`"),
        ({"time": [0, np.inf], "half_life": 1}, "`time` must be finite; got inf at index 1"),
        ({"time": [0, 1, 2], "half_life": 1}, "left has 2 entries, time has 3"),
        ({"time": [0, 1], "half_life": 0}, "`half_life` must be positive and finite; got 0"),
        ({"time": [0, 1], "half_life": np.nan}, "`half_life` must be positive and finite"),
    ],
)
def test_bad_values_are_refused_with_the_row(arguments, message):
    good = {"left": [0, 1], "right": [1, 2]}
    with pytest.raises(ValueError, match=re.escape(message)):
        Comparisons.from_arrays(**{**good, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"left": [1, "1"]}, "one type; got int and str"),
        ({"left": ["0", "1"]}, "one type; got str and int64"),
        ({"outcome": ["left", 1]}, "`outcome` must hold labels of one type; got str and int"),
        ({"weight": ["1", "2"]}, "`weight` must hold real numbers; got <U1"),
        ({"weight": [1j, 2]}, "`weight` must hold real numbers; got complex128"),
        ({"n_threads": 1.5}, "`n_threads` must be an integer or None; got 1.5"),
        ({"time": ["a", "b"], "half_life": 1}, "`time` must hold numbers or dates"),
        ({"time": [0, 1], "half_life": "week"}, "`half_life` must be a number"),
        (
            {"time": np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "half_life": 3},
            "`half_life` must be a timedelta",
        ),
    ],
)
def test_wrong_types_are_refused(arguments, message):
    good = {"left": [0, 1], "right": [1, 2]}
    with pytest.raises(TypeError, match=re.escape(message)):
        Comparisons.from_arrays(**{**good, **arguments})


def test_self_comparisons_are_dropped_on_request():
    arrays = [3, 1, 2], [3, 2, 2], [1, 0.5, 0]
    comparisons = Comparisons.from_arrays(*arrays, weight=[9, 2, 9], self_comparisons="drop")
    assert listed(comparisons) == {(1, 2): [0, 0, 2], (2, 1): [0, 0, 2]}
    assert comparisons.n_games == 1
    with pytest.raises(ValueError, match="no comparisons: in every row an item meets itself"):
        Comparisons.from_arrays(["a"], ["a"], self_comparisons="drop")


def test_half_life_halves_the_weight():
    time = [10.0, 8.0, 6.0]
    comparisons = Comparisons.from_arrays(
        [0, 1, 2], [1, 2, 0], weight=[1, 1, 3], time=time, half_life=2
    )
    assert listed(comparisons) == naive([0, 1, 2], [1, 2, 0], weight=[1, 0.5, 0.75])


@pytest.mark.parametrize("unit", ["D", "ns"])
def test_half_life_of_dates(unit):
    time = np.array(["2024-01-09", "2024-01-02"]).astype(f"M8[{unit}]")
    for half_life in (np.timedelta64(7, "D"), dt.timedelta(days=7)):
        comparisons = Comparisons.from_arrays([0, 1], [1, 2], time=time, half_life=half_life)
        assert listed(comparisons)[1, 2] == [0.5, 0, 0]
    days = [dt.datetime(2024, 1, day) for day in (9, 2)]  # noqa: DTZ001
    assert_same(
        comparisons,
        Comparisons.from_arrays([0, 1], [1, 2], time=days, half_life=half_life),
    )
    with pytest.raises(ValueError, match="`half_life` must be a positive timedelta"):
        Comparisons.from_arrays([0, 1], [1, 2], time=time, half_life=np.timedelta64(-7, "D"))
    with pytest.raises(ValueError, match="`time` must be finite; got NaT at index 1"):
        Comparisons.from_arrays(
            [0, 1], [1, 2], time=np.array(["2024-01-09", "NaT"], "M8[D]"), half_life=half_life
        )


def matrices(left, right, outcome, n_items):
    wins, ties = np.zeros((n_items, n_items)), np.zeros((n_items, n_items))
    for i, j, result in zip(left, right, outcome, strict=True):
        if result == 0.5:
            ties[i, j] += 1
            ties[j, i] += 1
        else:
            wins[(i, j) if result == 1 else (j, i)] += 1
    return wins, ties


@pytest.mark.parametrize(
    "make",
    [
        np.asarray,
        np.asfortranarray,
        lambda a: a.astype(np.int32),
        lambda a: a.tolist(),
        scipy.sparse.csr_array,
        scipy.sparse.csc_matrix,
        scipy.sparse.coo_array,
    ],
)
def test_matrices_equal_arrays(make):
    left, right, outcome = games(np.random.default_rng(2), 12, 400)
    wins, ties = matrices(left, right, outcome, 12)
    expected = Comparisons.from_arrays(left, right, outcome)
    comparisons = Comparisons.from_matrix(make(wins), make(ties))
    assert_same(expected, comparisons)
    assert comparisons.n_games == 400
    again = comparisons.to_matrix()
    np.testing.assert_array_equal(again[0].toarray(), wins)
    np.testing.assert_array_equal(again[1].toarray(), ties)
    assert again[0].nnz == np.count_nonzero(wins)
    named = Comparisons.from_matrix(make(wins), items=list("abcdefghijkl"))
    assert named.items.tolist() == list("abcdefghijkl")
    assert named._ties is None


def test_a_sparse_matrix_is_not_changed():
    # Unsorted indices, a repeated entry and a stored zero.
    arrays = np.array([1.0, 2.0, 3.0, 0.0]), np.array([2, 1, 1, 0]), np.array([0, 3, 4, 4])
    wins = scipy.sparse.csr_array(tuple(array.copy() for array in arrays), shape=(3, 3))
    ties = scipy.sparse.coo_array(([1.0, 1.0, 2.0], ([0, 0, 1], [1, 1, 0])), shape=(3, 3))
    comparisons = Comparisons.from_matrix(wins, ties)
    assert listed(comparisons)[0, 1] == [5, 0, 2]
    for array, stored in zip(arrays, (wins.data, wins.indices, wins.indptr), strict=True):
        np.testing.assert_array_equal(array, stored)
    assert ties.nnz == 3


@pytest.mark.parametrize(
    ("wins", "ties", "error", "message"),
    [
        (np.zeros((2, 3)), None, ValueError, "`wins` must be a square matrix; got shape (2, 3)"),
        ([1, 2], None, ValueError, "`wins` must be a square matrix; got shape (2,)"),
        ([[0, -1], [1, 0]], None, ValueError, "at least 0; got -1 at index (0, 1)"),
        ([[0, 1], [np.nan, 0]], None, ValueError, "at least 0; got nan at index (1, 0)"),
        ([[0, 1], [1, 2]], None, ValueError, "a zero diagonal; got 2 at index (1, 1)"),
        ([["a", "b"], ["c", "d"]], None, TypeError, "`wins` must hold real numbers; got <U1"),
        ([[0, 0], [0, 0]], None, ValueError, "no comparisons"),
        (np.zeros((0, 0)), None, ValueError, "no comparisons"),
        ([[0, 1], [1, 0]], [[0]], ValueError, "`ties` must have shape (2, 2), as `wins` has"),
        (
            [[0, 1], [1, 0]],
            [[0, 1], [2, 0]],
            ValueError,
            "`ties` must be symmetric; got 1 at index (0, 1) and 2 at index (1, 0)",
        ),
        ([[0, 1], [1, 0]], [[0, 1], [0, 0]], ValueError, "got 1 at index (0, 1) and 0 at index"),
    ],
)
def test_bad_matrices_are_refused(wins, ties, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Comparisons.from_matrix(wins, ties)
    if np.ndim(wins) == 2 and error is ValueError:
        sparse = scipy.sparse.csr_array(np.asarray(wins, dtype=float))
        with pytest.raises(error, match=re.escape(message)):
            Comparisons.from_matrix(sparse, ties and scipy.sparse.csr_array(np.array(ties)))


def test_matrix_items_must_fit():
    with pytest.raises(ValueError, match="wins has 2 rows, items has 3"):
        Comparisons.from_matrix([[0, 1], [1, 0]], items=["a", "b", "c"])
    with pytest.raises(ValueError, match="`items` must be without repetitions"):
        Comparisons.from_matrix([[0, 1], [1, 0]], items=["a", "a"])


@given(st.integers(1, 199), st.integers(0, 2**32))
def test_parts_merge_to_the_whole(cut, seed):
    left, right, outcome = games(np.random.default_rng(seed), 9, 200)
    whole = Comparisons.from_arrays(left, right, outcome)
    parts = [
        Comparisons.from_arrays(left[rows], right[rows], outcome[rows])
        for rows in (slice(cut), slice(cut, None))
    ]
    assert_same(parts[0].merge(parts[1]), whole)
    assert parts[1].merge(parts[0]).n_games == whole.n_games == 200


def test_merging_counts_is_exact_and_keeps_given_orders():
    half = 2**23
    a = Comparisons.from_arrays(["x"], ["y"], weight=[half], items=["y", "x"])
    b = Comparisons.from_arrays(["x", "z"], ["y", "y"], weight=[half + 1, 1])
    merged = a.merge(b)
    assert merged.items.tolist() == ["y", "x", "z"]
    assert listed(merged)["x", "y"] == [2.0**24 + 1, 0, 0]
    assert merged._wins.dtype == np.float64
    with pytest.raises(TypeError, match="`other` must be Comparisons; got list"):
        a.merge([])
    with pytest.raises(TypeError, match="must hold labels of one type"):
        a.merge(Comparisons.from_arrays([1], [2]))


def test_selection_keeps_the_games_among_the_items():
    left, right, outcome = games(np.random.default_rng(3), 8, 300)
    whole = Comparisons.from_arrays(left, right, outcome)
    kept = [6, 1, 3]
    inside = np.isin(left, kept) & np.isin(right, kept)
    expected = Comparisons.from_arrays(left[inside], right[inside], outcome[inside], items=kept)
    assert_same(whole.select(kept), expected)
    assert whole.select(np.array(kept)).n_games == expected.n_games
    with pytest.raises(ValueError, match="no item has the label 9, at index 1"):
        whole.select([1, 9])
    with pytest.raises(ValueError, match="`items` must be without repetitions; got 1 at index 1"):
        whole.select([1, 1])
    with pytest.raises(ValueError, match="no comparisons among the selected items"):
        whole.select([1])
    named = Comparisons.from_arrays(["Anna"], ["Bert"])
    with pytest.raises(ValueError, match=r"did you mean 'Anna'\?"):
        named.select(["Ana"])


def test_the_object_is_immutable_and_pickles():
    comparisons = Comparisons.from_arrays([0, 1], [1, 2], [1, 0.5])
    again = pickle.loads(pickle.dumps(comparisons))
    assert_same(comparisons, again)
    assert again.n_games == 2
    for one in (comparisons, again):
        with pytest.raises(AttributeError):
            one.items = np.arange(3)
        for array in (one.items, one._wins, one._ties, one._opponents, one._offsets):
            assert not array.flags.writeable


def test_the_callers_arrays_stay_writeable():
    left, right = np.array([0, 2, 1]), np.array([1, 0, 0])
    items = np.array([2, 1, 0])
    comparisons = Comparisons.from_arrays(left, right, items=items)
    items[0] = left[0] = 7
    assert comparisons.items.tolist() == [2, 1, 0]


def test_the_representation_is_short():
    comparisons = Comparisons.from_arrays(["a", "b"], ["b", "c"])
    assert repr(comparisons) == "Comparisons(3 items, 2 games, 2 pairs)"
    weighted = Comparisons.from_arrays(["a", "b"], ["b", "c"], weight=[0.5, 3])
    assert repr(weighted) == "Comparisons(3 items, 2 games, 2 pairs, total weight 3.5)"


game = st.tuples(st.integers(0, 6), st.integers(1, 6), st.sampled_from([0, 0.5, 1]))


@given(st.lists(st.tuples(game, st.floats(0, 1e300)), min_size=1, max_size=60))
def test_any_games_equal_a_naive_sum(rows):
    left = [row[0][0] for row in rows]
    right = [(row[0][0] + row[0][1]) % 7 for row in rows]
    outcome, weight = [row[0][2] for row in rows], [row[1] for row in rows]
    assert listed(Comparisons.from_arrays(left, right, outcome)) == naive(left, right, outcome)
    if any(weight):
        weighted = Comparisons.from_arrays(left, right, outcome, weight=weight)
        assert listed(weighted) == naive(left, right, outcome, weight)


anything = st.lists(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.floats(), st.text(max_size=1)),
    max_size=4,
)


@given(anything, anything, st.none() | anything, st.none() | anything)
def test_anything_else_raises_only_documented_errors(left, right, outcome, weight):
    try:
        comparisons = Comparisons.from_arrays(left, right, outcome, weight=weight)
    except (ValueError, TypeError):
        return
    listed(comparisons)
