"""`PreferenceRegression` behaves like a scikit-learn classifier of differences and of sets."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hasten.ranking import PreferenceRegression, preference_regression

TRUE_COEF = np.array([1.0, -0.5, 0.3])


def checks_of_other_labels(_estimator):
    # Before 1.9 this check turns three labels into two by the first one of each sample, after it
    # has shuffled one of the samples: where both classes are all there may be, it compares fits of
    # different labels. `test_weights_count_pairs` is the check with labels that stay.
    is_mended = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 9)
    reason = "compares fits of different labels"
    return {} if is_mended else {"check_sample_weight_equivalence_on_dense_data": reason}


# The data of many checks are separated, so that only a ridge gives a finite estimate.
@parametrize_with_checks(
    [PreferenceRegression(ridge=0.1), PreferenceRegression(kind="split", ridge=0.1)],
    expected_failed_checks=checks_of_other_labels,
)
def test_scikit_learns_own_checks_hold_on_differences(estimator, check):
    check(estimator)


@pytest.fixture
def pairs():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 3))
    first = rng.random(400) < 1 / (1 + np.exp(-X @ TRUE_COEF))
    return X, np.where(first, "first", "other")


@pytest.fixture
def sets():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(300, 4, 3))
    return X, np.argsort(-(X @ TRUE_COEF + rng.gumbel(size=(300, 4))), axis=1)


def test_differences_are_fitted_as_the_function_does(pairs):
    X, y = pairs
    model = PreferenceRegression().fit(X, y)
    # "other" sorts last, so it is the label of a first alternative that was preferred.
    result = preference_regression(X, y == "other")
    assert model.classes_.tolist() == ["first", "other"]
    np.testing.assert_array_equal(model.coef_, result.coef)
    np.testing.assert_array_equal(model.covariance_, result.covariance())
    assert model.n_iter_ == result.n_iter
    assert model.n_features_in_ == 3
    assert set(model.predict(X)) == {"first", "other"}


def test_it_agrees_with_logistic_regression(pairs):
    X, y = pairs
    for ridge, C in [(0.0, np.inf), (2.0, 0.5)]:
        ours = PreferenceRegression(ridge=ridge).fit(X, y)
        theirs = LogisticRegression(C=C, fit_intercept=False, tol=1e-12, max_iter=1000).fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_[0], atol=1e-6)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
        np.testing.assert_allclose(
            ours.decision_function(X), theirs.decision_function(X), atol=1e-5
        )
        assert (ours.predict(X) == theirs.predict(X)).all()


def test_swapping_the_alternatives_swaps_the_probabilities(pairs):
    model = PreferenceRegression().fit(*pairs)
    probability = model.predict_proba(pairs[0])
    np.testing.assert_array_equal(model.predict_proba(-pairs[0]), probability[:, ::-1])
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)


def test_choices_and_rankings_of_sets(sets):
    X, ranking = sets
    choice = PreferenceRegression().fit(X, ranking[:, 0])
    full = PreferenceRegression().fit(X, ranking)
    assert choice.classes_.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(choice.coef_, preference_regression(X, ranking[:, 0]).coef)
    np.testing.assert_array_equal(full.coef_, preference_regression(X, ranking).coef)
    assert (np.diagonal(full.covariance_) < np.diagonal(choice.covariance_)).all()
    probability = full.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_array_equal(full.predict(X), probability.argmax(axis=1))
    np.testing.assert_allclose(
        np.log(probability[:, 1] / probability[:, 0]), full.decision_function(X)[:, 1]
    )


def test_split_reports_the_sandwich(sets):
    model = PreferenceRegression(kind="split").fit(*sets)
    np.testing.assert_array_equal(model.covariance_, model.result_.covariance("sandwich"))
    assert (np.diagonal(model.covariance_) > np.diagonal(model.result_.covariance("model"))).all()


def test_the_score_is_the_mean_log_likelihood(pairs, sets):
    for X, y in [pairs, sets]:
        model = PreferenceRegression(tol=1e-9).fit(X, y)
        np.testing.assert_allclose(
            model.score(X, y), model.result_.log_likelihood / len(X), rtol=1e-12
        )
        weight = np.linspace(0.5, 2.0, len(X))
        weighted = PreferenceRegression(tol=1e-9).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(
            weighted.score(X, y, sample_weight=weight),
            weighted.result_.log_likelihood / weight.sum(),
            rtol=1e-12,
        )


def test_the_ridge_is_chosen_by_cross_validation(pairs, sets):
    for X, y in [pairs, sets]:
        search = GridSearchCV(PreferenceRegression(), {"ridge": [0.0, 1.0, 1e4]}, cv=3).fit(X, y)
        # So large a ridge is no better than guessing.
        assert search.best_params_["ridge"] < 1e4
        assert search.best_score_ > search.cv_results_["mean_test_score"][-1]
    scores = cross_val_score(PreferenceRegression(kind="split"), *sets, cv=KFold(4))
    assert (scores > -np.log(24)).all()


def test_names_come_from_tables(pairs):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(pairs[0], columns=["helpful", "long", "polite"])
    model = PreferenceRegression().fit(table, pairs[1])
    assert model.feature_names_in_.tolist() == ["helpful", "long", "polite"]
    assert "polite" in model.result_.summary()
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table.rename(columns={"long": "short"}))


def test_collinear_columns_of_a_table_are_named(pairs):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(pairs[0], columns=["helpful", "long", "polite"])
    table["kind"] = table["helpful"] - 2 * table["polite"]
    with pytest.raises(ValueError, match="'helpful', 'polite', 'kind' are not determined"):
        PreferenceRegression().fit(table, pairs[1])


def test_a_pipeline_scales_differences(pairs):
    X, y = pairs
    model = make_pipeline(StandardScaler(with_mean=False), PreferenceRegression()).fit(X, y)
    np.testing.assert_allclose(
        model.predict_proba(X), PreferenceRegression().fit(X, y).predict_proba(X), atol=1e-8
    )


@pytest.mark.parametrize("kind", ["plackett-luce", "split"])
def test_weights_count_pairs(pairs, kind):
    X, y = pairs
    weight = np.random.default_rng(8).integers(0, 5, len(X))
    order = np.random.default_rng(9).permutation(len(X))
    model = PreferenceRegression(kind=kind, ridge=0.1, tol=1e-10)
    weighted = clone(model).fit(X[order], y[order], sample_weight=weight[order])
    repeated = clone(model).fit(X.repeat(weight, axis=0), y.repeat(weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7)


def test_weights_are_routed(pairs):
    X, y = pairs
    weight = np.where(np.arange(400) < 200, 1.0, 2.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = PreferenceRegression().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"ridge": [0.0]}, cv=KFold(2))
        search.fit(X, y, sample_weight=weight)
    direct = PreferenceRegression().fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(search.best_estimator_.coef_, direct.coef_)


def test_pessimistic_values_are_those_of_the_result(pairs):
    model = PreferenceRegression().fit(*pairs)
    policies = np.eye(3)
    np.testing.assert_array_equal(
        model.pessimistic_value(policies), model.result_.pessimistic_value(policies)
    )
    assert model.pessimistic_value([1, 0, 0], 0.5) > model.pessimistic_value([1, 0, 0], 0.01)


def test_parameters_clones_and_pickles(pairs):
    model = PreferenceRegression(kind="split", ridge=0.5, tol=1e-8, max_iter=50)
    assert is_classifier(model)
    assert clone(model).get_params() == model.get_params()
    assert "ridge=0.5" in repr(model)
    fitted = pickle.loads(pickle.dumps(model.fit(*pairs)))
    np.testing.assert_array_equal(fitted.coef_, model.coef_)
    np.testing.assert_array_equal(fitted.predict(pairs[0]), model.predict(pairs[0]))


def test_init_stores_and_fit_validates(pairs):
    model = PreferenceRegression(kind="nonsense", ridge=-1)
    with pytest.raises(ValueError, match="`kind` must be one of"):
        model.fit(*pairs)
    with pytest.raises(ValueError, match="`ridge` must be at least 0"):
        PreferenceRegression(ridge=-1).fit(*pairs)


def test_not_fitted(pairs):
    model = PreferenceRegression()
    for call in (model.predict, model.predict_proba, model.decision_function):
        with pytest.raises(NotFittedError):
            call(pairs[0])
    with pytest.raises(NotFittedError):
        model.score(*pairs)
    with pytest.raises(NotFittedError):
        model.pessimistic_value(np.eye(3))


def test_no_convergence_is_scikit_learns_warning_at_the_callers_line(pairs):
    with pytest.warns(ConvergenceWarning, match="did not converge") as caught:
        PreferenceRegression(max_iter=1).fit(*pairs)
    assert caught[0].filename == __file__


def test_labels_of_differences_are_two(pairs):
    X, y = pairs
    with pytest.raises(ValueError, match="must have two classes"):
        PreferenceRegression().fit(X, np.full(400, "first"))
    weight = np.where(y == "first", 1.0, 0.0)
    with pytest.raises(ValueError, match="two classes \\(of positive weight\\)"):
        PreferenceRegression().fit(X, y, sample_weight=weight)
    model = PreferenceRegression().fit(X, y)
    with pytest.raises(ValueError, match="`y` must hold the classes"):
        model.score(X, np.full(400, "neither"))
