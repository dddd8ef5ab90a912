"""Each row of the table of bad input of `preference_regression`."""

import numpy as np
import pytest

from hasten.ranking import preference_regression

FEATURES = np.random.default_rng(36).normal(size=(20, 3, 2))
CHOSEN = np.random.default_rng(37).integers(0, 3, 20)


def changed(array, index, value):
    """Return a copy with another entry."""
    array = np.array(array, dtype=float if isinstance(value, float) else None)
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "`features` must have shape", {"features": FEATURES[0, 0]}),
        (ValueError, "at least 1 set", {"features": FEATURES[:0]}),
        (ValueError, "at least 1 feature", {"features": FEATURES[:, :, :0]}),
        (ValueError, "sets of at least 2", {"features": FEATURES[:, :1]}),
        (
            ValueError,
            r"`features` must be finite; got nan at index \(3, 1, 0\)",
            {"features": changed(FEATURES, (3, 1, 0), np.nan)},
        ),
        (TypeError, "`features` must hold real numbers", {"features": FEATURES.astype(str)}),
        (TypeError, "`features` must hold real numbers", {"features": FEATURES + 1j}),
        (ValueError, "`chosen` must be given", {"chosen": None}),
        (ValueError, "`chosen` must have shape", {"chosen": CHOSEN[:-1]}),
        (ValueError, "must place 1 to 3 alternatives", {"chosen": np.zeros((20, 4), int)}),
        (
            ValueError,
            "`chosen` must be a position in its set.*; got 3 at index 4",
            {"chosen": changed(CHOSEN, 4, 3)},
        ),
        (
            ValueError,
            "`chosen` must be a position in its set.*; got -1 at index 5",
            {"chosen": changed(CHOSEN, 5, -1)},
        ),
        (
            ValueError,
            r"got 2 at index \(7, 0\)",
            {"chosen": np.tile([2, 1], (20, 1)), "set_sizes": changed(np.full(20, 3), 7, 2)},
        ),
        (ValueError, "whole number; got 0.5 at index 6", {"chosen": changed(CHOSEN, 6, 0.5)}),
        (TypeError, "`chosen` must hold integers", {"chosen": CHOSEN.astype(str)}),
        (
            ValueError,
            "named twice in one ranking; got 1 at index 8",
            {"chosen": changed(np.tile([2, 1], (20, 1)), (8, 0), 1)},
        ),
        (
            ValueError,
            "behind the end of a ranking; got 0 at index 9",
            {"chosen": changed(np.tile([2, 1, 0], (20, 1)), (9, 1), -1)},
        ),
        (
            ValueError,
            "0 or 1 for differences of pairs; got 2 at index 0",
            {"features": FEATURES[:, 0], "chosen": np.full(20, 2)},
        ),
        (ValueError, r"`set_sizes` must have shape \(20,\)", {"set_sizes": [3]}),
        (
            ValueError,
            "`set_sizes` must be 1 to 3; got 4 at index 2",
            {"set_sizes": changed(np.full(20, 3), 2, 4)},
        ),
        (
            ValueError,
            "`set_sizes` must be None for differences",
            {"features": FEATURES[:, 0], "chosen": None, "set_sizes": np.full(20, 2)},
        ),
        (ValueError, r"`sample_weight` must have shape \(20,\)", {"sample_weight": np.ones(19)}),
        (
            ValueError,
            "`sample_weight` must be at least 0; got -1 at index 3",
            {"sample_weight": changed(np.ones(20), 3, -1.0)},
        ),
        (
            ValueError,
            "`sample_weight` must be finite; got inf at index 3",
            {"sample_weight": changed(np.ones(20), 3, np.inf)},
        ),
        (ValueError, "positive and finite sum; got 0", {"sample_weight": np.zeros(20)}),
        (ValueError, "`kind` must be one of", {"kind": "bradley"}),
        (ValueError, "`ridge` must be at least 0; got -1", {"ridge": -1}),
        (ValueError, "`ridge` must be finite", {"ridge": np.nan}),
        (ValueError, "`tol` must be greater than 0; got 0", {"tol": 0}),
        (ValueError, "`max_iter` must be at least 1; got 0", {"max_iter": 0}),
        (ValueError, r"`init` must have shape \(2,\)", {"init": [0.0]}),
        (ValueError, "`init` must be finite", {"init": [0.0, np.inf]}),
        (ValueError, "`feature_names` must have 2 entries; got 1", {"feature_names": ["a"]}),
        (ValueError, "'a' twice", {"feature_names": ["a", "a"]}),
        (TypeError, "`feature_names` must hold strings", {"feature_names": [1, 2]}),
        (TypeError, "`callback` must be callable", {"callback": 3}),
    ],
)
def test_bad_input_is_refused_by_name(error, message, arguments):
    with pytest.raises(error, match=message):
        preference_regression(**({"features": FEATURES, "chosen": CHOSEN} | arguments))


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (r"`features` must have shape \(n_policies, 2\)", {"features": [1.0, 2.0, 3.0]}),
        ("`features` must be finite", {"features": [1.0, np.nan]}),
        ("`delta` must be strictly between 0 and 1; got 0", {"delta": 0}),
        ("`radius` must be one of", {"radius": "wide"}),
        ("`coef_bound` must be None with radius='asymptotic'", {"coef_bound": 1.0}),
        ("`coef_bound` must be given with radius='theory'", {"radius": "theory"}),
        (
            "`difference_bound` must be greater than 0",
            {"radius": "theory", "coef_bound": 1, "difference_bound": 0},
        ),
        (
            "`regularization` must be greater than 0",
            {
                "radius": "theory",
                "coef_bound": 1,
                "difference_bound": 1,
                "regularization": 0,
            },
        ),
    ],
)
def test_bad_arguments_of_pessimistic_values(message, arguments):
    pairs = preference_regression(FEATURES[:, :2], CHOSEN % 2)
    with pytest.raises(ValueError, match=message):
        pairs.pessimistic_value(**({"features": [1.0, 2.0]} | arguments))


def test_bad_arguments_of_other_methods():
    result = preference_regression(FEATURES, CHOSEN)
    with pytest.raises(ValueError, match="`radius` must be 'asymptotic' for sets of more than two"):
        result.pessimistic_value([1.0, 2.0], radius="theory", coef_bound=1, difference_bound=1)
    with pytest.raises(ValueError, match="`kind` must be one of 'model', 'sandwich'"):
        result.covariance("bootstrap")
    with pytest.raises(ValueError, match="`confidence_level` must be strictly between"):
        result.confidence_interval(1.0)
    with pytest.raises(ValueError, match="`features` must have 2 features"):
        result.predict_proba(np.zeros((4, 3, 5)))
