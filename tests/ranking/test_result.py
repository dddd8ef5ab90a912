"""Everything a result offers follows from its strengths and its table."""

import math
import pickle
import sys

import numpy as np
import pytest

from hasten.datasets import load_baseball_1987, load_journal_citations
from hasten.ranking import Comparisons, bradley_terry


@pytest.fixture
def result():
    return bradley_terry(load_baseball_1987().comparisons())


def test_standard_errors_are_the_pseudo_inverse_of_the_information(result, information):
    wins = load_baseball_1987().comparisons().to_matrix()[0].toarray()
    inverse = np.linalg.pinv(information(wins, np.asarray(result.strength)))
    np.testing.assert_allclose(result.covariance(), inverse, atol=1e-12)
    np.testing.assert_allclose(result.standard_error(), np.sqrt(np.diag(inverse)), rtol=1e-10)


def test_a_reference_grounds_the_covariance(information):
    wins = load_baseball_1987().comparisons().to_matrix()[0].toarray()
    result = bradley_terry(load_baseball_1987().comparisons(), reference="Detroit")
    laplacian = information(wins, np.asarray(result.strength))
    others = np.arange(7) != 3
    grounded = np.zeros((7, 7))
    grounded[np.ix_(others, others)] = np.linalg.inv(laplacian[np.ix_(others, others)])
    np.testing.assert_allclose(result.covariance(), grounded, atol=1e-12)
    assert result.strength[3] == 0.0
    assert result.standard_error()[3] == 0.0


def test_some_items_give_the_same_as_all():
    names = ["Toronto", "Boston"]
    for read_all_first in (False, True):
        result = bradley_terry(load_baseball_1987().comparisons())
        if read_all_first:
            result.standard_error()
        some = result.standard_error(names)
        np.testing.assert_allclose(some, result.standard_error()[[6, 1]], rtol=1e-12)
    covariance = result.covariance(names)
    np.testing.assert_allclose(covariance, result.covariance()[np.ix_([6, 1], [6, 1])], rtol=1e-12)
    assert result.standard_error([]).shape == (0,)


def test_intervals_widen_with_the_level_and_are_centred(result):
    narrow, wide = result.confidence_interval(0.5), result.confidence_interval(0.99)
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()
    low, high = result.confidence_interval()
    np.testing.assert_allclose((low + high) / 2, result.strength, atol=1e-12)
    np.testing.assert_allclose((high - low) / 2, 1.959963984540054 * result.standard_error())
    elo = result.confidence_interval(scale="elo")
    np.testing.assert_allclose((elo.low + elo.high) / 2, result.elo())


def test_predictions(result):
    forth = result.predict_proba(result.items, "Boston")
    back = result.predict_proba("Boston", result.items)
    np.testing.assert_allclose(forth + back, 1.0, rtol=1e-15)
    assert forth[1] == 0.5
    assert isinstance(result.predict_proba("Boston", "Toronto"), float)
    expected = 1 / (1 + np.exp(result.strength[1] - result.strength))
    np.testing.assert_allclose(forth, expected, rtol=1e-14)


def test_predictions_of_hopeless_games_keep_their_small_tail():
    upper = np.arange(99)
    games = Comparisons.from_arrays(
        np.r_[upper, upper + 1], np.r_[upper + 1, upper], weight=np.repeat([9.0, 1.0], 99)
    )
    chance = bradley_terry(games).predict_proba(99, 0)
    np.testing.assert_allclose(math.log(chance), -99 * math.log(9), rtol=1e-9)


def test_elo(result):
    np.testing.assert_allclose(
        result.elo(), 1500 + 400 * np.asarray(result.strength) / math.log(10)
    )
    anchored = result.elo(scale=200, base=math.e, center=1000, anchor="Boston")
    assert anchored[1] == 1000
    np.testing.assert_allclose(anchored - 1000, 200 * (result.strength - result.strength[1]))


def test_ranks_count_from_the_strongest(result):
    assert result.items[result.rank == 1].tolist() == ["Milwaukee"]
    assert sorted(result.rank.tolist()) == list(range(1, 8))


def test_frame(result):
    pytest.importorskip("pandas")
    frame = result.to_frame(0.9)
    assert list(frame.columns) == [
        "item",
        "strength",
        "standard_error",
        "low",
        "high",
        "elo",
        "rank",
    ]
    assert frame["item"].iloc[0] == "Milwaukee"
    assert frame["rank"].is_monotonic_increasing


def test_frames_without_pandas_name_the_extra(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install hasten\[table\]"):
        result.to_frame()


def test_text_is_short_and_says_how_exact(result):
    short = str(result)
    assert "7 items from 273 comparisons" in short
    assert "numerical error at most" in short
    assert "... and 2 more" in short
    assert len(short.splitlines()) == 8
    long = result.summary()
    assert "AIC 356.50" in long
    assert all(name in long for name in result.items)
    assert "... and 4 more" in result.summary(max_items=3)
    assert "array" not in repr(result)


def test_text_names_the_reference():
    result = bradley_terry(load_journal_citations().comparisons(), reference="JASA")
    assert "JASA at 0" in result.summary()


def test_results_are_frozen_compare_by_identity_and_pickle(result):
    with pytest.raises(AttributeError):
        result.error = 0.0
    assert result == result  # noqa: PLR0124
    assert result != bradley_terry(load_baseball_1987().comparisons())
    result.standard_error()
    copy = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(copy.strength, result.strength)
    np.testing.assert_array_equal(copy.standard_error(), result.standard_error())
    np.testing.assert_array_equal(copy.covariance(["Boston"]), result.covariance(["Boston"]))
    assert str(copy) == str(result)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: r.predict_proba("Bostom", "Toronto"), ValueError, "did you mean 'Boston'"),
        (lambda r: r.predict_proba(["Boston", "X", "Y"], "Toronto"), ValueError, "'X', 'Y'.*row 1"),
        (lambda r: r.predict_proba(1, 2), TypeError, "`left` must hold labels like those"),
        (lambda r: r.predict_proba(["Boston"] * 2, ["Toronto"] * 3), ValueError, "left has 2"),
        (lambda r: r.standard_error(["X"]), ValueError, "`items` must hold items that were"),
        (lambda r: r.covariance([["Boston"]]), ValueError, "one dimension"),
        (lambda r: r.confidence_interval(1.0), ValueError, "strictly between 0 and 1; got 1.0"),
        (lambda r: r.confidence_interval(scale="log2"), ValueError, "`scale` must be one of"),
        (lambda r: r.elo(scale=0), ValueError, "`scale` must be greater than 0"),
        (lambda r: r.elo(base=1), ValueError, "`base` must be greater than 1"),
        (lambda r: r.elo(anchor="X"), ValueError, "`anchor`"),
    ],
)
def test_bad_arguments(result, call, error, message):
    with pytest.raises(error, match=message):
        call(result)


def test_labels_of_any_kind_are_found_again():
    for labels in (["a", "b", "c"], [3, 1, 2], [b"x", b"y", b"z"], [10**20, 1, 2]):
        a, b, c = labels
        result = bradley_terry([(a, b), (b, c), (c, a), (a, c)])
        assert result.predict_proba(a, c) > 0.5
        with pytest.raises((ValueError, TypeError)):
            result.predict_proba("missing", a)
