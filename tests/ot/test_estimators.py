"""`SinkhornTransport` behaves like a scikit-learn transformer."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hasten.ot import SinkhornBarycenter, SinkhornTransport, sinkhorn, sinkhorn_points


class ToOwnMirrorImage(SinkhornTransport):
    """A transport whose target is made of the samples, as scikit-learn's checks give none."""

    def fit(self, X, y=None, *, X_target=None, y_target=None):
        if X_target is None:
            # What is no array of numbers is refused by `fit` itself.
            X_target = X if np.asarray(X).dtype.kind == "O" else -np.asarray(X)
        return super().fit(X, y, X_target=X_target, y_target=y_target)


def checks_of_empty_histograms(estimator):
    if not isinstance(estimator, SinkhornBarycenter):
        return {}
    # Their data are moved until the least entry is 0, which with one bin leaves a row of nothing.
    reason = "one row is all zero, which is no histogram"
    return {"check_fit2d_1feature": reason, "check_estimators_dtypes": reason}


@parametrize_with_checks(
    [
        ToOwnMirrorImage(),
        ToOwnMirrorImage(reg=0.1, norm="max", out_of_sample="nearest"),
        SinkhornBarycenter(reg=1.0),
        SinkhornBarycenter(reg=1.0, debiased=False),
    ],
    expected_failed_checks=checks_of_empty_histograms,
)
def test_scikit_learns_own_checks_hold(estimator, check):
    check(estimator)


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 1.0


def test_samples_go_to_the_means_of_their_plan(samples):
    X, target = samples
    model = SinkhornTransport(reg=0.5).fit(X, X_target=target)
    result = sinkhorn_points(X, target, reg=0.5)
    np.testing.assert_array_equal(model.coupling_, result.plan)
    expected = result.plan @ target / result.plan.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-9)
    back = result.plan.T @ X / result.plan.sum(axis=0)[:, None]
    np.testing.assert_allclose(model.inverse_transform(target), back, atol=1e-9)
    assert model.n_iter_ == model.result_.n_iter == result.n_iter
    assert model.n_features_in_ == 3


def test_new_samples_go_on_smoothly(samples):
    X, target = samples
    model = SinkhornTransport(reg=0.5, tol=1e-12).fit(X, X_target=target)
    near = model.transform(X[:5] + 1e-7)
    np.testing.assert_allclose(near, model.transform(X)[:5], atol=1e-5)
    new = np.random.default_rng(1).normal(size=(6, 3))
    z = (model.result_.g - cdist(new, target, "sqeuclidean")) / 0.5
    weight = np.exp(z - z.max(axis=1, keepdims=True))
    expected = weight @ target / weight.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(new), expected, atol=1e-12)
    assert model.inverse_transform(new).shape == (6, 3)


def test_new_samples_move_as_the_nearest_one(samples):
    X, target = samples
    model = SinkhornTransport(reg=0.5, out_of_sample="nearest").fit(X, X_target=target)
    new = np.random.default_rng(1).normal(size=(6, 3))
    nearest = cdist(new, X).argmin(axis=1)
    expected = new + (model.transform(X) - X)[nearest]
    np.testing.assert_allclose(model.transform(new), expected, atol=1e-12)


@pytest.mark.parametrize("metric", ["sqeuclidean", "cosine"])
@pytest.mark.parametrize("norm", ["max", "median"])
def test_the_norm_divides_the_cost(samples, metric, norm):
    X, target = samples
    model = SinkhornTransport(reg=0.05, metric=metric, norm=norm, reg_marginals=2.0, tol=1e-12)
    model.fit(X, X_target=target)
    cost = cdist(X, target, metric)
    cost /= cost.max() if norm == "max" else np.median(cost)
    plan = sinkhorn(None, None, cost, reg=0.05, reg_marginals=2.0, tol=1e-12).plan
    np.testing.assert_allclose(model.coupling_, plan, rtol=1e-7)
    # The unit of the samples no longer matters to distances of this kind.
    for unit in (1000.0, 1e7, 1e-7):
        scaled = clone(model).fit(unit * X, X_target=unit * target)
        np.testing.assert_allclose(scaled.coupling_, plan, rtol=1e-7)


def test_a_norm_that_no_number_holds_is_refused_with_the_distances(samples):
    X, target = samples
    with pytest.raises(ValueError, match="distances of `X` and `X_target` must be at most 1e"):
        SinkhornTransport(norm="max").fit(1e200 * X, X_target=target)
    equal = SinkhornTransport(norm="max", reg=0.1).fit(X[:1], X_target=X[:1])
    assert equal.coupling_ == pytest.approx(1.0)


def test_labels_keep_unlike_samples_apart(samples):
    X, target = samples
    y, y_target = np.arange(40) % 2, np.arange(30) % 2
    y_target[:5] = -1
    model = SinkhornTransport(reg=0.3).fit(X, y, X_target=target, y_target=y_target)
    unlike = (y[:, None] != y_target) & (y_target != -1)
    assert model.coupling_[unlike].sum() < 1e-12
    assert model.coupling_[:, :5].sum() == pytest.approx(5 / 30)
    # Samples of the fit go by their labels, as new ones by the potentials alone.
    expected = model.coupling_ @ target / model.coupling_.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-8)
    unsupervised = SinkhornTransport(reg=0.3).fit(X, y, X_target=target)
    assert unsupervised.coupling_[unlike].sum() > 0.1
    with pytest.raises(ValueError, match=r"`y_target` must have shape \(30,\); got \(29,\)"):
        model.fit(X, y, X_target=target, y_target=y_target[1:])


def test_a_part_of_the_labelled_samples_goes_by_its_places(samples):
    """As documented: labels belong to all samples of the fit together."""
    X, target = samples
    y, y_target = np.arange(40) % 2, np.arange(30) % 2
    model = SinkhornTransport(reg=0.3).fit(X, y, X_target=target, y_target=y_target)
    z = (model.result_.g - cdist(X[:4], target, "sqeuclidean")) / 0.3
    weight = np.exp(z - z.max(axis=1, keepdims=True))
    expected = weight @ target / weight.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.transform(X[:4]), expected, atol=1e-12)
    assert np.abs(model.transform(X)[:4] - expected).max() > 0.1
    # Without labels each row goes where it goes, whatever comes along.
    plain = SinkhornTransport(reg=0.3, tol=1e-12).fit(X, X_target=target)
    np.testing.assert_allclose(plain.transform(X[:4]), plain.transform(X)[:4], atol=1e-9)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (np.array(["0", "1"] * 15), np.arange(40) % 2),
        (np.array(["0", "1"] * 15, object), np.arange(40) % 2),
        (np.array([-1, "1"] * 15, object), np.arange(40) % 2 + 0.5),
    ],
)
def test_texts_are_no_numbers(samples, texts, numbers):
    X, target = samples
    with pytest.raises(TypeError, match="`y_target` must hold numbers, as `y` does; got texts"):
        SinkhornTransport().fit(X, numbers, X_target=target, y_target=texts)
    with pytest.raises(TypeError, match="`y_target` must hold texts, as `y` does; got numbers"):
        SinkhornTransport().fit(target, texts, X_target=X, y_target=numbers)
    unknown = np.full(40, -1)
    assert SinkhornTransport().fit(target, texts, X_target=X, y_target=unknown).n_iter_ > 0


def test_texts_are_labels_too(samples):
    X, target = samples
    y, y_target = np.array(["a", "b"] * 20), np.array(["b", "a"] * 15)
    model = SinkhornTransport(reg=0.3).fit(X, y, X_target=target, y_target=y_target)
    assert model.coupling_[y[:, None] != y_target].sum() < 1e-12


def test_domain_adaptation_undoes_a_drift_of_the_sensor():
    X, y = load_digits(n_class=5, return_X_y=True)
    drift = 8.0 * np.random.default_rng(0).normal(size=64)
    target, y_target = 0.7 * X[450:] + drift, y[450:]
    without = KNeighborsClassifier(1).fit(X[:450], y[:450]).score(target, y_target)
    model = SinkhornTransport(reg=0.02, norm="max")
    moved = model.fit(X[:450], X_target=target).transform(X[:450])
    adapted = KNeighborsClassifier(1).fit(moved, y[:450]).score(target, y_target)
    assert without < 0.7
    assert adapted > 0.97


def test_without_a_target_it_refuses(samples):
    with pytest.raises(ValueError, match="`X_target` must be given to fit"):
        SinkhornTransport().fit(samples[0])
    with pytest.raises(ValueError, match="`X_target` must have 3 columns to match `X`"):
        SinkhornTransport().fit(samples[0], X_target=samples[1][:, :2])
    with pytest.raises(NotFittedError):
        SinkhornTransport().transform(samples[0])
    with pytest.raises(NotFittedError):
        _ = SinkhornTransport().coupling_
    for name, value in [("norm", "min"), ("out_of_sample", "zero"), ("metric", "hamming")]:
        with pytest.raises(ValueError, match=f"`{name}` must be one of"):
            SinkhornTransport(**{name: value}).fit(samples[0], X_target=samples[1])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"reg": 0.0}, ValueError, "`reg` must be greater than 0; got 0.0"),
        ({"reg": "small"}, TypeError, "`reg` must be a real number; got 'small'"),
        ({"reg": 1e-17}, ValueError, "`reg` must be at least 1e-15 of the largest cost"),
        ({"reg_marginals": -1.0}, ValueError, "`reg_marginals` must be greater than 0; got -1.0"),
        ({"reg_marginals": (1.0, 1.0, 1.0)}, ValueError, "`reg_marginals` must be a number or a"),
        ({"tol": 0.0}, ValueError, "`tol` must be greater than 0; got 0.0"),
        ({"max_iter": 0}, ValueError, "`max_iter` must be at least 1; got 0"),
        ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1; got 0"),
        ({"metric": 3}, TypeError, "`metric` must be one of"),
        ({"norm": 3}, TypeError, "`norm` must be one of"),
        ({"norm": "max", "metric": "hamming"}, ValueError, "`metric` must be one of"),
        ({"norm": "max", "reg": -1.0}, ValueError, "`reg` must be greater than 0; got -1.0"),
    ],
)
def test_bad_parameters(samples, changes, error, message):
    with pytest.raises(error, match=message):
        SinkhornTransport(**changes).fit(samples[0], X_target=samples[1])


def test_messages_name_the_argument_of_the_method(samples):
    X, target = samples
    cosine = SinkhornTransport(metric="cosine")
    for first, second, name in [(X, 0 * target, "X_target"), (0 * X, target, "X")]:
        with pytest.raises(ValueError, match=f"`{name}` must not hold zero vectors"):
            cosine.fit(first, X_target=second)
    with pytest.raises(ValueError, match="distances of `X` and `X_target` must be at most"):
        SinkhornTransport().fit(1e200 * X, X_target=target)
    cosine.fit(X, X_target=target)
    for send in (cosine.transform, cosine.inverse_transform):
        with pytest.raises(ValueError, match="`X` must not hold zero vectors"):
            send(np.zeros((1, 3)))
    model = SinkhornTransport(reg=1.0).fit(X, X_target=target)
    for send in (model.transform, model.inverse_transform):
        with pytest.raises(ValueError, match=r"`X` must have costs of at most 1e\+15, for answers"):
            send([[1e200, 0.0, 0.0]])
        with pytest.raises(ValueError, match=r"`X` must have costs of at most .* got 1e\+20"):
            send([[1e10, 0.0, 0.0]])
        with pytest.raises(ValueError, match="contains NaN"):
            send([[np.nan, 0.0, 0.0]])
        with pytest.raises(ValueError, match="X has 2 features"):
            send([[0.0, 0.0]])


def test_not_converging_is_scikit_learns_warning(samples):
    model = SinkhornTransport(reg=0.01, max_iter=2)
    with pytest.warns(ConvergenceWarning, match="SinkhornTransport did not converge in 2 passes"):
        model.fit(samples[0], X_target=samples[1])
    assert not model.result_.converged
    with pytest.warns(ConvergenceWarning, match="barycenter did not converge"):
        SinkhornBarycenter(max_iter=1, reg=0.01).fit(np.eye(4))


def test_tables_have_names_and_come_back_as_tables(samples):
    columns = ["red", "green", "blue"]
    X, target = (pd.DataFrame(part, columns=columns) for part in samples)
    model = SinkhornTransport(reg=0.5).set_output(transform="pandas").fit(X, X_target=target)
    moved = model.transform(X)
    assert list(moved.columns) == columns
    assert model.feature_names_in_.tolist() == columns
    with pytest.raises(ValueError, match="feature names should match"):
        model.transform(X[["blue", "green", "red"]])


def test_it_takes_its_target_through_a_pipeline(samples):
    X, target = samples
    with config_context(enable_metadata_routing=True):
        transport = SinkhornTransport(reg=0.5).set_fit_request(X_target=True)
        pipeline = make_pipeline(StandardScaler(), transport)
        moved = pipeline.fit(X, X_target=target).transform(X)
    scaled = StandardScaler().fit_transform(X)
    alone = SinkhornTransport(reg=0.5).fit(scaled, X_target=target)
    np.testing.assert_allclose(moved, alone.transform(scaled), atol=1e-12)
    fitted_at_once = SinkhornTransport(reg=0.5).fit_transform(X, X_target=target)
    np.testing.assert_allclose(
        fitted_at_once, SinkhornTransport(reg=0.5).fit(X, X_target=target).transform(X)
    )


def test_it_pickles(samples):
    model = SinkhornTransport(reg=0.5).fit(samples[0], X_target=samples[1])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(samples[0]), model.transform(samples[0]))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (np.full((4, 3), np.nan), r"`X_target` must be finite; got nan at index \(0, 0\)"),
        (np.ones((4, 2)), r"`X_target` must have 3 columns to match `X`; got shape \(4, 2\)"),
        (np.ones(4), r"`X_target` must .*2.*; got shape \(4,\)"),
        (np.ones((0, 2)), r"`X_target` must .*; got shape \(0, 2\)"),
        (np.array([["a", "b", "c"]]), "`X_target` must hold real numbers"),
        (np.array([["a", 1.0, 2.0]], dtype=object), "`X_target` must hold real numbers"),
    ],
)
def test_a_bad_target_is_named(samples, target, message):
    with pytest.raises((TypeError, ValueError), match=message):
        SinkhornTransport(reg=0.5).fit(samples[0], X_target=target)


def test_columns_in_another_order_are_no_match(samples):
    X, target = (pd.DataFrame(part, columns=["u", "v", "w"]) for part in samples)
    message = "`{}` must have the columns of `X`, in their order, u, v, w; got v, u, w"
    with pytest.raises(ValueError, match=message.format("X_target")):
        SinkhornTransport(reg=0.5).fit(X, X_target=target[["v", "u", "w"]])
    with pytest.raises(ValueError, match=message.format("Y")):
        sinkhorn_points(X, target[["v", "u", "w"]], reg=0.5)
    # One table and one array go together by place.
    model = SinkhornTransport(reg=0.5).fit(samples[0], X_target=target)
    np.testing.assert_array_equal(model.X_target_, samples[1])
