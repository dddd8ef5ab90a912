"""Arguments are accepted as documented, and refused with their name and what came."""

import numpy as np
import pytest

from hasten._validation import (
    as_array,
    check_array,
    check_choice,
    check_flag,
    check_integer,
    check_real,
    check_rng,
    check_text,
    did_you_mean,
    shown,
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_contiguous_float_arrays_are_not_copied(dtype):
    values = np.arange(6, dtype=dtype)
    assert check_array(values, "x") is values


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3),
        np.array([True, False]),
        np.array([1, 2], dtype=np.float16),
        np.array([1, 2], dtype=np.longdouble),
        [1, 2.5],
        np.arange(10.0)[::-2],
        np.array([1.0, 2.0], dtype=">f8"),
    ],
)
def test_other_real_arrays_become_contiguous_native_float64(values):
    array = check_array(values, "x")
    assert array.dtype == np.float64
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    np.testing.assert_array_equal(array, np.asarray(values, dtype=np.float64))


def test_float64_can_be_asked_for():
    assert check_array(np.ones(2, np.float32), "x", dtype="float64").dtype == np.float64


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a"]),
        np.array([1j]),
        np.array([None]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
    ],
)
def test_arrays_of_other_things_are_type_errors(values):
    with pytest.raises(TypeError, match="`x` must hold real numbers; got dtype"):
        check_array(values, "x")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_non_finite_entry_is_named(bad):
    values = np.zeros((3, 4))
    values[1, 2] = bad
    with pytest.raises(ValueError, match=r"`x` must be finite; got -?(nan|inf) at index \(1, 2\)"):
        check_array(values, "x", ndim=2)
    with pytest.raises(ValueError, match="at index 2"):
        check_array([0.0, 0.0, bad], "x")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_single_number_has_no_index(bad):
    for value in (bad, np.float32(bad), np.array(bad)):
        with pytest.raises(ValueError, match=r"`x` must be finite; got (nan|inf)$"):
            check_array(value, "x", ndim=0)


def test_a_sum_that_overflows_is_not_an_offender():
    values = np.full(4, np.finfo(np.float64).max)
    assert check_array(values, "x") is values


def test_shapes_are_named():
    with pytest.raises(ValueError, match=r"1 dimension\(s\); got shape \(2, 2\)"):
        check_array(np.ones((2, 2)), "x")
    with pytest.raises(ValueError, match=r"`x` must have shape \(3,\); got \(2,\)"):
        check_array(np.ones(2), "x", shape=(3,))


def test_real_limits():
    assert check_real(np.float32(0.5), "x", minimum=0, maximum=1) == 0.5
    assert check_real(0, "x", minimum=0) == 0.0
    with pytest.raises(ValueError, match="`x` must be greater than 0; got 0"):
        check_real(0, "x", minimum=0, exclusive=True)
    with pytest.raises(ValueError, match="`x` must be strictly between 0 and 1; got 1"):
        check_real(1, "x", minimum=0, maximum=1, exclusive=True)
    with pytest.raises(ValueError, match="`x` must be at most 3; got 4"):
        check_real(4, "x", maximum=3)
    with pytest.raises(ValueError, match="`x` must be finite"):
        check_real(np.nan, "x")
    with pytest.raises(ValueError, match="`x` must be finite; got 1000"):
        check_real(10**400, "x")


@pytest.mark.parametrize(
    "bad",
    [
        *("1", None, 1j, [1.0, 2.0], np.complex128(1)),
        *(np.array([1.0]), np.array(1j), np.array("1"), np.ma.masked),
    ],
)
def test_what_is_no_real_number(bad):
    with pytest.raises(TypeError, match="`x` must be a real number"):
        check_real(bad, "x")


def test_integers():
    assert check_integer(np.int32(3), "n", minimum=1) == 3
    with pytest.raises(ValueError, match="`n` must be at least 1; got 0"):
        check_integer(0, "n", minimum=1)
    for bad in (1.0, "1", True, None):
        with pytest.raises(TypeError, match="`n` must be an integer"):
            check_integer(bad, "n")


def test_choices_come_with_the_closest():
    assert check_choice("newton", "method", ("newton", "newman")) == "newton"
    with pytest.raises(ValueError, match=r"got 'newtom' \(did you mean 'newton'"):
        check_choice("newtom", "method", ("newton", "zermelo"))
    with pytest.raises(TypeError, match="`method` must be one of"):
        check_choice(3, "method", ("newton",))


def test_no_hint_where_nothing_is_close():
    assert did_you_mean("xyz", ["abc"]) == ""


def test_every_kind_of_rng():
    generator = np.random.default_rng(0)
    assert check_rng(generator) is generator
    assert check_rng(3).random() == np.random.default_rng(3).random()
    state = np.random.RandomState(0)
    assert check_rng(state).bit_generator is state._bit_generator
    assert isinstance(check_rng(None), np.random.Generator)
    with pytest.raises(TypeError, match="`rng` must be None, an integer"):
        check_rng("seed")
    with pytest.raises(ValueError, match="`random_state` must be a seed of at least 0; got -1"):
        check_rng(-1, "random_state")


def test_arrays_are_borrowed():
    values = np.arange(3)
    assert as_array(values, "x") is values
    assert as_array([[1, 2]], "x").shape == (1, 2)
    masked = np.ma.array([1, 2], mask=[False, False])
    assert np.shares_memory(as_array(masked, "x"), masked)
    with pytest.raises(ValueError, match="`x` must not have masked entries; the first is at ind"):
        as_array(np.ma.array([1, 2], mask=[False, True]), "x")
    with pytest.raises(ValueError, match="`x` must be an array; got"):
        as_array([[1], [1, 2]], "x")


def test_flags():
    assert check_flag(np.True_, "x") is True
    for bad in (1, None, "no", np.array([True, False])):
        with pytest.raises(TypeError, match="`x` must be True or False; got"):
            check_flag(bad, "x")


@pytest.mark.parametrize("order", ["<", ">"])
def test_texts_hold_characters(order):
    check_text(np.array(["a", "\U0010ffff", ""]).astype(f"{order}U1"), "x")
    check_text(np.array([b"\xff"]), "x")
    check_text(np.zeros(0, "U3"), "x")
    beyond = np.array([0x41, 0x110000], f"{order}u4").view(f"{order}U1")
    with pytest.raises(ValueError, match="`x` must hold texts; got an entry with no Unicode"):
        check_text(beyond, "x")


class Unprintable:
    def __repr__(self):
        raise RuntimeError


def test_values_are_shown_in_a_line():
    assert shown("a") == "'a'"
    assert shown(Unprintable()) == "<Unprintable>"
    assert shown(10**5000) == "<int>"  # Python refuses to print it.
    assert len(shown(list(range(1000)))) == 200
    with pytest.raises(TypeError, match="`x` must be a real number; got <Unprintable>"):
        check_real(Unprintable(), "x")
