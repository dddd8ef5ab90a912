"""Inputs at the edge of what is accepted are read exactly, or refused by name."""

import datetime as dt
import decimal
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hasten.ranking import BradleyTerry, Comparisons, bradley_terry

LEFT, RIGHT = [0, 1, 2], [1, 2, 0]


def games(**options):
    return Comparisons.from_arrays(LEFT, RIGHT, **options)


def weights(comparisons):
    wins = comparisons.to_matrix()[0].toarray()
    return [wins[i, j] for i, j in zip(LEFT, RIGHT, strict=True)]


def refuses(error, message):
    return pytest.raises(error, match=re.escape(message))


# Numbers.


def test_masked_entries_are_missing():
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    assert weights(games(weight=np.ma.array([1.0, 2.0, 3.0]))) == [1, 2, 3]
    for argument in ("weight", "outcome"):
        with refuses(ValueError, f"`{argument}` must not have masked entries; the first is at"):
            games(**{argument: masked})
    with refuses(ValueError, "`time` must not have masked entries; the first is at index 1"):
        games(time=masked, half_life=1)
    with refuses(ValueError, "`wins` must not have masked entries; the first is at index (0, 1)"):
        Comparisons.from_matrix(np.ma.masked_equal([[0, 7], [1, 0]], 7))
    with refuses(ValueError, "`init` must not have masked entries; the first is at index 1"):
        bradley_terry(games(), init=masked)


def test_a_long_double_beyond_double_precision_is_infinite():
    huge = np.array([1, 1, "1e4000"], np.longdouble)
    with refuses(ValueError, "`weight` must be finite; got +inf at index 2"):
        games(weight=huge)
    with refuses(ValueError, "`time` must be finite; got inf at index 2"):
        games(time=huge, half_life=1)
    with refuses(ValueError, "`wins` must have finite entries at least 0; got inf at index (1, 2)"):
        Comparisons.from_matrix(np.diag(huge[1:], 1) + np.eye(3, k=-1))
    with refuses(ValueError, "`init` must be finite; got inf at index 2"):
        bradley_terry(games(), init=huge)


def test_ragged_lists_are_refused():
    ragged = [[1], [1, 2], [3]]
    with refuses(ValueError, "`weight` must be an array; got"):
        games(weight=ragged)
    with refuses(TypeError, "`outcome` must hold integers, strings or bytes; got list at index 0"):
        games(outcome=ragged)
    with refuses(ValueError, "`wins` must be an array; got"):
        Comparisons.from_matrix([[0, 1], [1]])


def test_weights_must_be_finite_in_total():
    half = np.finfo(float).max / 2
    assert games(weight=[half, half / 2, half / 4]).total_weight < np.inf
    pair = half * (1 - np.eye(2))
    with refuses(ValueError, "`wins` must be finite in total; got a sum of inf"):
        Comparisons.from_matrix(1.5 * pair)
    with refuses(ValueError, "`wins` and `ties` must be finite in total"):
        Comparisons.from_matrix(0.75 * pair, 0.75 * pair)
    with refuses(ValueError, "the weights, those of `other` included, must be finite in total"):
        Comparisons.from_matrix(0.75 * pair).merge(Comparisons.from_matrix(0.75 * pair))


def test_integers_of_any_size_are_limits():
    exact = bradley_terry(games(n_threads=2**70), tol=1e-9)
    result = bradley_terry(games(), tol=1e-9, max_iter=2**70, n_threads=2**70)
    np.testing.assert_array_equal(result.strength, exact.strength)
    with refuses(ValueError, "`n_threads` must be at least 1; got -118059"):
        games(n_threads=-(2**70))


# Labels.


def test_true_is_any_byte_but_zero():
    odd = np.frombuffer(b"\x02\x00\x07", bool)
    assert Comparisons.from_arrays(odd, ~odd).items.tolist() == [False, True]
    expected = games(outcome=[True, False, True])
    np.testing.assert_array_equal(games(outcome=odd)._wins, expected._wins)
    assert games(outcome=odd)._ties is None


def test_texts_that_are_none_are_refused():
    broken = np.frombuffer(b"\xff" * 12, "U1")
    for arguments in [(broken, ["a", "b", "c"]), (["a", "b", "c"], broken)]:
        with refuses(ValueError, "must hold texts; got an entry with no Unicode characters"):
            Comparisons.from_arrays(np.array(arguments[0]), np.array(arguments[1]))
    with refuses(ValueError, "`items` must hold texts"):
        Comparisons.from_arrays(np.array(["a"]), np.array(["b"]), items=broken)
    with refuses(ValueError, "`left` must hold texts"):
        bradley_terry([("a", "b"), ("b", "a")]).predict_proba(broken, "a")


def test_half_precision_numbers_are_labels_where_they_are_whole():
    half = np.float16([1, 2, 3])
    assert Comparisons.from_arrays(half, half[::-1], self_comparisons="drop").n_pairs == 1
    with refuses(ValueError, "`left` must hold integers, strings or bytes; got inf at index 0"):
        Comparisons.from_arrays([np.longdouble("1e4000")], [1.0])


def test_durations_are_no_labels():
    with refuses(TypeError, "`left` must hold integers, strings or bytes; got timedelta64"):
        Comparisons.from_arrays([np.timedelta64(1, "D")], [1])


def test_records_and_nested_columns_are_no_labels():
    records = np.ma.zeros(3, "i4,f8")
    with refuses(TypeError, "`left` must hold integers, strings or bytes; got [('f0'"):
        Comparisons.from_arrays(records, RIGHT)
    with refuses(TypeError, "`left` must hold integers, strings or bytes; got struct<a: int64>"):
        Comparisons.from_arrays(pa.array([{"a": 1}] * 3), RIGHT)


@pytest.mark.parametrize("labels", [5, True, 1j, [[1], [2]], iter([{}, {}])])
def test_outcome_labels_must_be_a_sequence_of_labels(labels):
    with refuses(TypeError, "`outcome_labels` must be a sequence of labels, but"):
        games(outcome=[1, 0, 1], outcome_labels=labels)


@pytest.mark.parametrize("name", [[], np.arange(2), {}])
def test_columns_have_names_that_can_be_looked_up(name):
    with refuses(TypeError, "`outcome` must be the name of a column; got"):
        Comparisons.from_table({"l": LEFT, "r": RIGHT}, "l", "r", name)
    with refuses(ValueError, "`outcome` must name a column of the table; got <NA>"):
        Comparisons.from_table({"l": LEFT, "r": RIGHT}, "l", "r", pd.NA)


# Times.


def test_times_far_apart_leave_the_latest_alone():
    assert weights(games(time=[-1e308, 1e308, 0.0], half_life=1)) == [0, 1, 0]
    assert weights(games(time=[1.0, 1.0, 0.0], half_life=1e-308)) == [1, 1, 0]


def test_dates_with_a_time_zone_decay_by_the_time_between_them():
    zones = [dt.timezone(dt.timedelta(hours=hours)) for hours in (0, 5, -7)]
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    moments = [start + dt.timedelta(days=days) for days in (2, 0, 1)]
    local = [moment.astimezone(zone) for moment, zone in zip(moments, zones, strict=True)]
    for time in (moments, local, pd.Series(moments), pd.to_datetime(moments)):
        assert weights(games(time=time, half_life=dt.timedelta(days=1))) == [1, 0.25, 0.5]
    with refuses(TypeError, "`time` must hold dates with a time zone throughout, or none"):
        games(time=[*local[:2], dt.datetime(2024, 1, 1)], half_life=dt.timedelta(1))  # noqa: DTZ001


def test_years_are_dates_but_no_durations():
    years = np.array(["2023", "2021", "2022"], "M8[Y]")
    decayed = weights(games(time=years, half_life=np.timedelta64(365, "D")))
    assert decayed == [1, 0.25, 0.5]
    with refuses(ValueError, "`half_life` must be a positive timedelta; got np.timedelta64(1,'Y')"):
        games(time=years, half_life=np.timedelta64(1, "Y"))


def test_dates_that_span_more_than_their_unit_are_refused():
    ends = np.array([-(2**63) + 1, 2**63 - 1, 0]).view("M8[ns]")
    with refuses(ValueError, "`time` must span no more than datetime64[ns] can count"):
        games(time=ends, half_life=np.timedelta64(1, "D"))
    with refuses(TypeError, "`time` must hold numbers or dates"):
        games(time=[2**70, 0, 1], half_life=dt.timedelta(1))


# Solves and results.


def test_flags_are_true_or_false():
    for flag in ("trace", "progress"):
        for value in (None, 1, "yes", np.ones(2)):
            with refuses(TypeError, f"`{flag}` must be True or False; got {value!r}"):
                bradley_terry(games(), **{flag: value})
    assert bradley_terry(games(), trace=np.True_).history is not None


@pytest.mark.parametrize("reference", [[0], {}, np.arange(3), pd.Series([0, 1]), float("nan")])
def test_a_reference_is_one_item(reference):
    with refuses(ValueError, "`reference` must be one of the items; got"):
        bradley_terry(games(), reference=reference)


def test_messages_use_the_callers_names():
    with refuses(ValueError, "`comparisons[:, 0]` and `comparisons[:, 1]` must differ in every"):
        bradley_terry([(1, 1)])
    with refuses(ValueError, "X[:, 0] has 2 entries, y has 1"):
        BradleyTerry().fit([(0, 1), (1, 0)], [1])
    with refuses(ValueError, "X[:, 0] has 2 entries, sample_weight has 1"):
        BradleyTerry().fit([(0, 1), (1, 0)], sample_weight=[1])
    with refuses(ValueError, "`y` must be 1 (left won), 0 (right won) or 0.5 (tie)"):
        BradleyTerry().fit([(0, 1), (1, 0)], [1, 7])
    with refuses(ValueError, "`X[:, 1]` must hold items that were compared; got 5"):
        BradleyTerry().fit([(0, 1), (1, 0)]).predict_proba([(0, 5)])


def test_levels_next_to_one_have_intervals():
    result = bradley_terry(games())
    low, high = result.confidence_interval(1 - 2.0**-53)
    # The normal quantile of 1 - 2 ** -54, from its tail.
    np.testing.assert_allclose((high - low) / 2, 8.292361075813595 * result.standard_error())


def test_ratings_are_finite_or_refused():
    result = bradley_terry([(0, 1), (0, 1), (1, 0)])
    assert np.isfinite(result.elo(scale=1e300)).all()
    with refuses(ValueError, "`scale` must give finite ratings with base 1.000001 and center"):
        result.elo(scale=1e308, base=1.000001)


@pytest.mark.parametrize(
    ("label", "error"),
    [([[1], [1, 2]], ValueError), ({}, TypeError), ([decimal.Decimal("sNaN"), {}], TypeError)],
)
def test_what_cannot_be_a_label_is_refused(label, error):
    result = bradley_terry([(2**70, 1), (1, 2**70)])
    with refuses(error, "`left` must"):
        result.predict_proba(label, 1)
