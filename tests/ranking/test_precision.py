"""Strengths are float32 exactly where the caller's weights were; the message states the cost."""

import io
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from hasten import datasets
from hasten.ranking import BradleyTerry, Comparisons, bradley_terry

LEFT, RIGHT, WEIGHT = [0, 1, 2, 0], [1, 2, 0, 2], [1.0, 2.0, 3.0, 4.0]
WINS = np.array([[0, 3, 1], [2, 0, 2], [1, 1, 0]])


def weighted(weight, **options):
    return Comparisons.from_arrays(LEFT, RIGHT, weight=weight, **options)


def precision(comparisons):
    return bradley_terry(comparisons).strength.dtype


SINGLE = weighted(np.float32(WEIGHT))
DOUBLE = weighted(np.float64(WEIGHT))


@pytest.mark.parametrize(
    "weight",
    [
        np.float32(WEIGHT),
        np.float32(WEIGHT).astype(">f4"),
        np.repeat(np.float32(WEIGHT), 2)[::2],
        pd.Series(WEIGHT, dtype="float32"),
        pd.Series(WEIGHT, dtype="Float32"),
        pl.Series(WEIGHT, dtype=pl.Float32),
        pa.array(WEIGHT, pa.float32()),
    ],
)
def test_from_float32_columns(weight):
    assert precision(weighted(weight)) == np.float32
    table = {"left": LEFT, "right": RIGHT, "weight": weight}
    assert precision(Comparisons.from_table(table, "left", "right", weight="weight")) == np.float32


@pytest.mark.parametrize(
    "weight",
    [
        None,
        WEIGHT,
        np.float64(WEIGHT),
        np.float16(WEIGHT),
        np.longdouble(WEIGHT),
        np.int32(WEIGHT),
        pl.Series(WEIGHT),
    ],
)
def test_but_from_nothing_else(weight):
    # The counts are held in single precision here too: what decides is what the caller gave.
    comparisons = weighted(weight)
    assert comparisons._wins.dtype == np.float32
    assert precision(comparisons) == np.float64


def test_decay_does_not_change_the_precision():
    ages = {"time": [3, 2, 1, 0], "half_life": 1}
    assert precision(weighted(np.float32(WEIGHT), **ages)) == np.float32
    assert precision(weighted(None, **ages)) == np.float64


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array])
def test_matrices_must_all_be_float32(make):
    single, double = make(WINS.astype(np.float32)), make(WINS.astype(np.float64))
    ties = make((WINS + WINS.T).astype(np.float32))
    assert precision(Comparisons.from_matrix(single)) == np.float32
    assert precision(Comparisons.from_matrix(single, ties)) == np.float32
    assert precision(Comparisons.from_matrix(single, ties.astype(np.float64))) == np.float64
    assert precision(Comparisons.from_matrix(double, ties)) == np.float64
    assert precision(Comparisons.from_matrix(make(WINS))) == np.float64


def test_text_files_hold_float64():
    text = "left,right,weight\na,b,1\nb,a,2\n"
    assert precision(Comparisons.from_csv(io.StringIO(text))) == np.float64


def test_parts_merge_to_float32_only_if_both_are():
    assert precision(SINGLE.merge(SINGLE)) == np.float32
    assert precision(SINGLE.merge(DOUBLE)) == np.float64
    assert precision(DOUBLE.merge(SINGLE)) == np.float64


def test_selections_and_pickles_keep_it():
    for comparisons in (SINGLE, DOUBLE):
        kept = precision(comparisons)
        assert precision(comparisons.select([2, 0, 1])) == kept
        assert precision(pickle.loads(pickle.dumps(comparisons))) == kept


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_estimator_follows_its_weights(dtype):
    X = np.column_stack([LEFT, RIGHT])
    model = BradleyTerry().fit(X, sample_weight=dtype(WEIGHT))
    assert model.strength_.dtype == dtype
    assert model.partial_fit(X, sample_weight=dtype(WEIGHT)).strength_.dtype == dtype


def test_only_the_strengths_are_rounded_and_the_message_says_what_that_costs(information):
    wins = datasets.load_journal_citations().comparisons().to_matrix()[0].toarray()
    exact = bradley_terry(Comparisons.from_matrix(wins))
    result = bradley_terry(Comparisons.from_matrix(wins.astype(np.float32)))
    assert exact.strength.dtype == np.float64
    assert result.strength.dtype == np.float32
    np.testing.assert_array_equal(result.strength, exact.strength.astype(np.float32))
    np.testing.assert_array_equal(result.standard_error(), exact.standard_error())
    assert result.error == exact.error
    assert "float32" not in exact.message
    stated = float(result.message.split("at most ")[-1].split()[0])
    shift = result.strength.astype(np.float64) - exact.strength
    moved = np.sqrt(shift @ information(wins, exact.strength) @ shift)
    # Two digits, rounded upwards.
    assert moved <= stated <= 1.1 * moved
