"""Streams of random numbers: known answers, layout and the law of the draws."""

import numpy as np
import pytest
from scipy import special, stats

from hasten._core import random

KEY = 0x0123_4567_89AB_CDEF
DTYPES = ["float32", "float64"]
KINDS = [random.uniform, random.positive_uniform, random.normal]


@pytest.mark.parametrize(
    ("key", "counter", "answer"),
    [
        (0, (0, 0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, (2**64 - 1, 2**32 - 1, 2**32 - 1), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            0x299F31D0_A4093822,
            (0x85A308D3_243F6A88, 0x13198A2E, 0x03707344),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_known_answers(key, counter, answer):
    """Random123 publishes these; they also fix which half of the key is which word."""
    words = random.philox(key, *counter)
    assert " ".join(f"{word:08x}" for word in words) == answer


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniforms_are_the_top_bits_of_the_words(dtype):
    words = np.array([random.philox(KEY, i, 7, 9) for i in range(500)], dtype="<u4").ravel()
    if dtype == "float64":
        expected = (words.view("<u8") >> 11) * 2.0**-53
    else:
        expected = (words >> 8).astype(np.float32) * np.float32(2.0**-24)
    uniforms = random.uniform(KEY, 7, 9, 0, expected.size, dtype)
    assert uniforms.dtype == dtype
    np.testing.assert_array_equal(uniforms, expected)
    half_step = 2.0**-54 if dtype == "float64" else np.float32(2.0**-25)
    positive = random.positive_uniform(KEY, 7, 9, 0, expected.size, dtype)
    np.testing.assert_array_equal(positive, expected + half_step)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_draw_is_a_function_of_its_index(kind, dtype):
    whole = kind(KEY, 1, 2, 0, 1000, dtype)
    for start, n in [(0, 0), (0, 1), (1, 1), (3, 5), (17, 64), (998, 2)]:
        np.testing.assert_array_equal(kind(KEY, 1, 2, start, n, dtype), whole[start : start + n])
    far = 2**63 + 1
    np.testing.assert_array_equal(
        kind(KEY, 1, 2, far, 10, dtype)[3:], kind(KEY, 1, 2, far + 3, 7, dtype)
    )


@pytest.mark.parametrize("change", range(3))
def test_key_task_and_purpose_name_different_streams(change):
    name, other = [KEY, 1, 2], [KEY, 1, 2]
    other[change] += 1
    a, b = (random.uniform(*stream, 0, 100_000, "float64") for stream in (name, other))
    # The correlation of independent uniforms has a standard error of n^-1/2.
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(a.size)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("kind", "law"), [(random.uniform, stats.uniform()), (random.normal, stats.norm())]
)
def test_draws_follow_their_law(kind, law, dtype):
    draws = kind(KEY, 0, 0, 0, 1_000_000, dtype).astype(np.float64)
    assert stats.kstest(draws, law.cdf).pvalue > 1e-6
    # Halves of every pair, in case one is right only together with the other.
    assert stats.kstest(draws[::2], law.cdf).pvalue > 1e-6
    assert abs(np.corrcoef(draws[::2], draws[1::2])[0, 1]) < 5 / np.sqrt(draws.size / 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normals_reach_as_far_as_they_should(dtype):
    """Counts beyond 3 and 4 standard deviations, against their binomial law."""
    draws = random.normal(KEY, 0, 1, 0, 4_000_000, dtype)
    for level in (3, 4):
        count = int((np.abs(draws) > level).sum())
        assert stats.binomtest(count, draws.size, 2 * special.ndtr(-level)).pvalue > 1e-6


def test_an_unknown_dtype_is_named():
    with pytest.raises(ValueError, match=r"`dtype` must be 'float64' or 'float32'; got \"int8\""):
        random.uniform(KEY, 0, 0, 0, 1, "int8")


def test_more_draws_than_memory():
    with pytest.raises(MemoryError):
        random.uniform(KEY, 0, 0, 0, 2**61, "float64")
