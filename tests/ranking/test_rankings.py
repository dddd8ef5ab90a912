"""`Rankings` reads every form in which rankings come, merges them exactly, and refuses the rest."""

import pickle

import numpy as np
import pytest

from hasten.ranking import Rankings


def events(rankings):
    """Return each different ranking as (placed labels, rest of the set) with its weight."""
    arrays, found = rankings._arrays, {}
    for k, weight in enumerate(arrays.weights.tolist()):
        labels = rankings.items[arrays.items[arrays.offsets[k] : arrays.offsets[k + 1]]].tolist()
        placed = int(arrays.n_placed[k])
        found[tuple(labels[:placed]), frozenset(labels[placed:])] = weight
    return found


# Ingest.


def test_lists_of_labels():
    rankings = Rankings.from_orderings([["b", "a", "c"], ["a", "b"], ("b", "a", "c")])
    assert rankings.items.tolist() == ["a", "b", "c"]
    assert (rankings.n_items, rankings.n_rankings, rankings.n_distinct) == (3, 3, 2)
    assert rankings.total_weight == 3.0
    assert events(rankings) == {
        (("b", "a"), frozenset("c")): 2.0,
        (("a",), frozenset("b")): 1.0,
    }


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, "U3", "S3", object])
def test_arrays_of_any_label_type(dtype):
    array = np.array([[10, 20, 30], [30, 10, 20]]).astype(dtype)
    rankings = Rankings.from_orderings(array)
    expected = Rankings.from_orderings(array.tolist())
    assert rankings.items.tolist() == expected.items.tolist()
    assert events(rankings) == events(expected)


@pytest.mark.parametrize(
    ("array", "lengths"),
    [
        (np.array([[1, 2, 3], [3, 1, 2], [2, 3, 0]]), [3, 3, 2]),
        (np.array([[1, 2, 3], [3, 1, 2], [2, 3, np.nan]]), None),
        (np.array([[1, 2, 3], [3, 1, 2], [2, 3, None]], dtype=object), None),
        (np.array([[1, 2, 3], [3, 1, 2], [2, 3, np.nan]], dtype=object), None),
        (np.ma.masked_equal([[1, 2, 3], [3, 1, 2], [2, 3, 9]], 9), None),
    ],
)
def test_padding_ends_a_row(array, lengths):
    rankings = Rankings.from_orderings(array, lengths)
    assert events(rankings) == events(Rankings.from_orderings([[1, 2, 3], [3, 1, 2], [2, 3]]))


def test_lists_of_arrays_and_object_arrays_of_lists():
    rows = [[1, 2, 3], [3, 1]]
    expected = events(Rankings.from_orderings(rows))
    assert events(Rankings.from_orderings([np.array(row) for row in rows])) == expected
    boxed = np.empty(2, dtype=object)
    boxed[:] = rows
    assert events(Rankings.from_orderings(boxed)) == expected


def test_the_best_of_a_set():
    sets = [["c", "b", "a", "d"], ["a", "b"]]
    rankings = Rankings.from_orderings([["b", "a"], ["a"]], choice_sets=sets)
    assert events(rankings) == {
        (("b", "a"), frozenset("cd")): 1.0,
        (("a",), frozenset("b")): 1.0,
    }
    top = Rankings.from_orderings([["b", "a", "c", "d"], ["a", "b"]], top=[2, 5])
    assert events(top) == events(rankings)
    as_array = Rankings.from_orderings(np.array([[1, 0]]), choice_sets=np.array([[0, 2, 1, 3]]))
    assert events(as_array) == {((1, 0), frozenset([2, 3])): 1.0}


def test_ranks_by_column():
    ranks = [[2, 1, 3], [np.nan, 5, 2], [1, 0, 0]]
    rankings = Rankings.from_ranks(ranks, items=["x", "y", "z"])
    assert events(rankings) == {
        (("y", "x"), frozenset("z")): 1.0,
        (("z",), frozenset("y")): 1.0,
    }
    assert (rankings.n_rankings, rankings.n_ignored) == (2, 1)
    assert Rankings.from_ranks(np.array([[2, 1]])).items.tolist() == [0, 1]


def test_choices_and_their_sets():
    rankings = Rankings.from_choices(
        ["b", "a", "b"], [["a", "b", "c"], ["a", "b"], ["c", "b", "a"]]
    )
    assert events(rankings) == {(("b",), frozenset("ac")): 2.0, (("a",), frozenset("b")): 1.0}
    array = Rankings.from_choices([2, 0], np.array([[0, 1, 2], [2, 1, 0]]))
    assert events(array) == {((2,), frozenset([0, 1])): 1.0, ((0,), frozenset([1, 2])): 1.0}


def test_what_says_nothing_is_counted():
    rankings = Rankings.from_orderings([[1, 2], [3], [], [2, 1]], weight=[1, 1, 1, 0])
    assert (rankings.n_rankings, rankings.n_ignored) == (1, 3)
    assert rankings.items.tolist() == [1, 2, 3]
    assert str(rankings) == "Rankings(3 items, 1 rankings, 1 distinct, 3 ignored)"


def test_listed_items_keep_their_order():
    rankings = Rankings.from_orderings([["b", "a"]], items=["b", "z", "a"])
    assert rankings.items.tolist() == ["b", "z", "a"]
    assert events(rankings) == {(("b",), frozenset("a")): 1.0}


# Merging, selecting, groups.


def test_parts_merge_as_if_recorded_together():
    rng = np.random.default_rng(1)
    rows = [rng.permutation(6)[: rng.integers(2, 7)].tolist() for _ in range(60)]
    weight = rng.uniform(0.5, 2, 60)
    whole = events(Rankings.from_orderings(rows, weight=weight))
    merged = Rankings.from_orderings(rows[:25], weight=weight[:25]).merge(
        Rankings.from_orderings(rows[25:], weight=weight[25:])
    )
    found = events(merged)
    assert found.keys() == whole.keys()
    for event, total in found.items():
        np.testing.assert_allclose(total, whole[event], rtol=1e-15)
    assert merged.n_rankings == 60
    named = Rankings.from_orderings([["b", "a"]]).merge(Rankings.from_orderings([["c", "b"]]))
    assert named.items.tolist() == ["a", "b", "c"]
    with pytest.raises(TypeError, match="must be Rankings"):
        named.merge([["a", "b"]])
    with pytest.raises(TypeError, match="one type"):
        named.merge(Rankings.from_orderings([[1, 2]]))


def test_a_selection_leaves_the_others_out():
    rankings = Rankings.from_orderings(
        [["a", "b", "c", "d"], ["c", "a"], ["d", "b", "a"]], top=[2, 2, 1]
    )
    chosen = rankings.select(["d", "b", "a"])
    assert chosen.items.tolist() == ["d", "b", "a"]
    assert events(chosen) == {
        (("a", "b"), frozenset("d")): 1.0,
        (("d",), frozenset("ab")): 1.0,
    }
    with pytest.raises(ValueError, match="did you mean"):
        rankings.select(["a", "bb"])
    with pytest.raises(ValueError, match="no rankings of two"):
        rankings.select(["a"])


def test_groups_are_found_from_the_top():
    rankings = Rankings.from_orderings(
        [["t", "a", "b", "z"], ["b", "a"], ["t", "z"]], items=["a", "b", "t", "z", "q"]
    )
    report = rankings.components()
    assert report.n_components == 4
    assert report.largest.tolist() == ["a", "b"]
    assert report.never_won.tolist() == ["z"]
    assert report.never_lost.tolist() == ["t"]
    assert report.isolated.tolist() == ["q"]
    top, middle, bottom = (report.labels["abtzq".index(name)] for name in "taz")
    assert top < middle < bottom
    assert "never won: 'z'" in str(report)


def test_the_rest_of_a_set_lost_to_the_last_placed():
    rankings = Rankings.from_choices(["a", "b", "c"], [["a", "b", "c"]] * 3)
    assert rankings.components().n_components == 1
    assert Rankings.from_choices(["a", "b"], [["a", "b", "c"]] * 2).components().n_components == 2


def test_it_is_immutable_and_pickles():
    rankings = Rankings.from_orderings([["a", "b"], ["b", "a"]], weight=[1, 2.5])
    with pytest.raises(AttributeError):
        rankings.items = None
    with pytest.raises(ValueError, match="read-only"):
        rankings._arrays.weights[0] = 3
    again = pickle.loads(pickle.dumps(rankings))
    assert events(again) == events(rankings)
    assert str(again) == str(rankings)


# Bad input.


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Rankings.from_orderings([]), ValueError, "no rankings"),
        (lambda: Rankings.from_orderings([[1], []]), ValueError, "no rankings"),
        (lambda: Rankings.from_orderings("abc"), ValueError, "2 dimensions"),
        (lambda: Rankings.from_orderings([1, 2]), TypeError, "got int at row 0"),
        (lambda: Rankings.from_orderings([["a", "b"], "ab"]), TypeError, "got str at row 1"),
        (lambda: Rankings.from_orderings(np.zeros(3, int)), ValueError, r"got shape \(3,\)"),
        (lambda: Rankings.from_orderings([[1, 2], [2, 1, 2]]), ValueError, "2 is twice in row 1"),
        (lambda: Rankings.from_orderings([["a", None]]), ValueError, r"orderings\[0\].*missing"),
        (lambda: Rankings.from_orderings([["a", 1]]), TypeError, r"orderings\[0\].*str and int"),
        (lambda: Rankings.from_orderings([["a", "b"], [1, 2]]), TypeError, "one type"),
        (lambda: Rankings.from_orderings([[1.5, 2.0]]), ValueError, "1.5"),
        (
            lambda: Rankings.from_orderings(np.array([[1, np.nan, 2.0]])),
            ValueError,
            "at the end of rows only",
        ),
        (lambda: Rankings.from_orderings([[1, 2]], [2]), ValueError, "`lengths` must come with"),
        (lambda: Rankings.from_orderings(np.eye(2, dtype=int), [2]), ValueError, "`lengths`"),
        (lambda: Rankings.from_orderings(np.eye(2, dtype=int), [2, 3]), ValueError, "3 at index 1"),
        (lambda: Rankings.from_orderings(np.eye(2, dtype=int), [2.0, 1]), TypeError, "`lengths`"),
        (lambda: Rankings.from_orderings([[1, 2]], top=0), ValueError, "`top`"),
        (lambda: Rankings.from_orderings([[1, 2]], top=[1, 1]), ValueError, "`top`"),
        (lambda: Rankings.from_orderings([[1, 2]], top=1.5), TypeError, "`top`"),
        (lambda: Rankings.from_orderings([[1, 2]], weight=[1, 1]), ValueError, "weight has 2"),
        (lambda: Rankings.from_orderings([[1, 2]], weight=[-1]), ValueError, "-1 at index 0"),
        (lambda: Rankings.from_orderings([[1, 2]], weight=[np.nan]), ValueError, "NaN at index 0"),
        (lambda: Rankings.from_orderings([[1, 2]], weight=["x"]), TypeError, "real numbers"),
        (lambda: Rankings.from_orderings([[1, 2]], weight=[0]), ValueError, "total weight is zero"),
        (lambda: Rankings.from_orderings([[1, 2]], items=[1]), ValueError, "got 2"),
        (
            lambda: Rankings.from_orderings([[1, 2]], choice_sets=[[1, 3]]),
            ValueError,
            "2 of row 0 is not in its set",
        ),
        (
            lambda: Rankings.from_orderings([[1, 2]], choice_sets=[[1, 2, 1]]),
            ValueError,
            "1 is twice in row 0",
        ),
        (
            lambda: Rankings.from_orderings([[1, 2]], choice_sets=[[1, 2]] * 2),
            ValueError,
            "choice_sets has 2",
        ),
        (lambda: Rankings.from_choices([3], [[1, 2]]), ValueError, "3 is not, at row 0"),
        (lambda: Rankings.from_choices([1, 2], [[1, 2]]), ValueError, "sets has 1"),
        (lambda: Rankings.from_choices([1], [[1, 1]]), ValueError, "1 is twice in row 0"),
        (lambda: Rankings.from_ranks([[1, 1, 2]]), ValueError, "ties inside rankings are not"),
        (lambda: Rankings.from_ranks([[1, 2], [1, -2]]), ValueError, r"-2 at \(1, 1\)"),
        (lambda: Rankings.from_ranks([[1, np.inf]]), ValueError, "inf"),
        (lambda: Rankings.from_ranks([["a", "b"]]), TypeError, "real numbers"),
        (lambda: Rankings.from_ranks([1, 2]), ValueError, "2 dimensions"),
        (lambda: Rankings.from_ranks([[1, 2]], items=["a"]), ValueError, "items has 1"),
    ],
)
def test_bad_input_is_named(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
