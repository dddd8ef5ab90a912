"""`BradleyTerry` behaves like a scikit-learn estimator of pairs of labels."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate

import hasten
from hasten.datasets import load_baseball_1987, load_puddings
from hasten.ranking import BradleyTerry, bradley_terry
from hasten.ranking.datasets import make_uniform


@pytest.fixture
def league():
    games = load_baseball_1987().games
    return np.column_stack([games["left"], games["right"]]), games["outcome"]


def test_it_fits_what_the_function_fits(league):
    pairs, outcome = league
    model = BradleyTerry().fit(pairs, outcome)
    result = bradley_terry(load_baseball_1987().comparisons())
    np.testing.assert_allclose(model.strength_, result.strength, atol=1e-6)
    assert model.items_.tolist() == result.items.tolist()
    assert model.classes_.tolist() == [0, 1]
    assert model.n_features_in_ == 2
    assert model.n_iter_ == model.result_.n_iter
    assert model.result_.converged


def test_without_outcomes_left_won():
    model = BradleyTerry().fit([("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")])
    assert model.items_[np.argmax(model.strength_)] == "a"


def test_comparisons_and_tables_are_accepted(league):
    pandas = pytest.importorskip("pandas")
    pairs, outcome = league
    expected = BradleyTerry().fit(pairs, outcome).strength_
    counted = BradleyTerry().fit(load_baseball_1987().comparisons())
    np.testing.assert_allclose(counted.strength_, expected, atol=1e-6)
    table = pandas.DataFrame(pairs, columns=["home", "away"])
    np.testing.assert_allclose(BradleyTerry().fit(table, outcome).strength_, expected, atol=1e-6)
    with pytest.raises(ValueError, match="must be None when X is a Comparisons"):
        BradleyTerry().fit(load_baseball_1987().comparisons(), outcome)


def test_predictions_agree_with_the_result(league):
    model = BradleyTerry().fit(*league)
    pairs = [("Milwaukee", "Baltimore"), ("Baltimore", "Boston")]
    probability = model.predict_proba(pairs)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_allclose(probability[0, 1], 0.829396, atol=1e-6)
    assert model.predict(pairs).tolist() == [1, 0]


def test_the_score_is_the_mean_log_likelihood(league):
    pairs, outcome = league
    model = BradleyTerry().fit(pairs, outcome)
    np.testing.assert_allclose(
        model.score(pairs, outcome), model.result_.log_likelihood / 273, rtol=1e-12
    )
    weight = np.linspace(0.5, 2.0, len(outcome))
    chance = model.predict_proba(pairs)[np.arange(len(outcome)), outcome.astype(int)]
    np.testing.assert_allclose(
        model.score(pairs, outcome, sample_weight=weight),
        np.average(np.log(chance), weights=weight),
        rtol=1e-12,
    )


def test_weights_count_games(league):
    pairs, outcome = league
    weight = np.random.default_rng(0).integers(1, 4, len(outcome))
    weighted = BradleyTerry().fit(pairs, outcome, sample_weight=weight)
    repeated = BradleyTerry().fit(np.repeat(pairs, weight, axis=0), np.repeat(outcome, weight))
    np.testing.assert_allclose(weighted.strength_, repeated.strength_, atol=1e-6)


def test_ties_follow_the_parameter():
    games = load_puddings().games
    pairs = np.column_stack([games["left"], games["right"]])
    half = BradleyTerry(ties="half").fit(pairs, games["outcome"])
    drop = BradleyTerry(ties="drop").fit(pairs, games["outcome"])
    assert half.result_.total_weight == 745
    assert drop.result_.total_weight == 543
    assert -np.log(2) < half.score(pairs, games["outcome"]) < 0
    with pytest.raises(ValueError, match="no ties with ties='raise'"):
        BradleyTerry(ties="raise").fit(pairs, games["outcome"])


def test_pieces_add_up_to_the_whole():
    data = make_uniform(30, 3000, rng=1, spread=0.5)
    pairs = np.column_stack([data.left, data.right])
    whole = BradleyTerry(tol=1e-9).fit(pairs, data.outcome)
    parts = BradleyTerry(tol=1e-9)
    for part in np.array_split(np.arange(3000), 3):
        parts.partial_fit(pairs[part], data.outcome[part])
    np.testing.assert_allclose(parts.strength_, whole.strength_, atol=1e-8)
    assert parts.comparisons_.n_games == 3000


def test_pieces_may_bring_new_items_and_connect_them_later():
    model = BradleyTerry()
    with pytest.raises(hasten.NotConnectedError):
        model.partial_fit([("a", "b")])
    with pytest.raises(NotFittedError):
        model.predict([("a", "b")])
    model.partial_fit([("b", "a")])
    assert model.items_.tolist() == ["a", "b"]
    model.partial_fit([("c", "a"), ("b", "c")])
    assert model.items_.tolist() == ["a", "b", "c"]
    assert model.comparisons_.n_games == 4


def test_fit_forgets_what_came_before():
    model = BradleyTerry().fit([("a", "b"), ("b", "a")])
    model.fit([("x", "y"), ("y", "x")])
    assert model.items_.tolist() == ["x", "y"]


def test_unknown_items_are_named(league):
    model = BradleyTerry().fit(*league)
    for call in (model.predict, model.predict_proba, model.score):
        with pytest.raises(ValueError, match="Chicago"):
            call([("Chicago", "Boston")])


def test_not_fitted():
    for call in (BradleyTerry().predict, BradleyTerry().predict_proba, BradleyTerry().score):
        with pytest.raises(NotFittedError):
            call([("a", "b")])


def test_no_convergence_is_scikit_learns_warning_at_the_callers_line(league):
    model = BradleyTerry(method="zermelo", max_iter=1)
    with pytest.warns(ConvergenceWarning, match="did not converge") as caught:
        model.fit(*league)
    assert caught[0].filename == __file__
    with pytest.warns(ConvergenceWarning) as caught:
        BradleyTerry(method="zermelo", max_iter=1).partial_fit(*league)
    assert caught[0].filename == __file__


def test_parameters_clones_and_pickles(league):
    model = BradleyTerry(ties="drop", tol=1e-8, max_iter=50)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(method="newton").method == "newton"
    assert "tol=1e-08" in repr(model)
    fitted = pickle.loads(pickle.dumps(model.fit(*league)))
    np.testing.assert_array_equal(fitted.strength_, model.strength_)
    np.testing.assert_array_equal(fitted.predict(league[0]), model.predict(league[0]))


def test_init_stores_and_fit_validates():
    model = BradleyTerry(method="nonsense", tol=-1)
    with pytest.raises(ValueError, match="`method` must be one of"):
        model.fit([("a", "b"), ("b", "a")])


def test_model_selection_and_tags():
    data = make_uniform(12, 2000, rng=3, spread=0.5)
    pairs = np.column_stack([data.left, data.right])
    assert is_classifier(BradleyTerry())
    scores = cross_val_score(BradleyTerry(), pairs, data.outcome, cv=KFold(4))
    assert (scores > -np.log(2)).all()
    search = GridSearchCV(BradleyTerry(), {"ties": ["half", "drop"]}, cv=3)
    search.fit(pairs, data.outcome)
    assert search.best_score_ > -np.log(2)


def test_weights_are_routed():
    data = make_uniform(12, 2000, rng=3, spread=0.5)
    pairs = np.column_stack([data.left, data.right])
    weight = np.where(np.arange(2000) < 1000, 1.0, 2.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = BradleyTerry().set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"tol": [1e-6]}, cv=KFold(2))
        search.fit(pairs, data.outcome, sample_weight=weight)
    direct = BradleyTerry().fit(pairs, data.outcome, sample_weight=weight)
    np.testing.assert_allclose(search.best_estimator_.strength_, direct.strength_, atol=1e-6)


def test_no_warning_where_it_converges(league):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BradleyTerry().fit(*league)


# Models beyond the plain one.


def drawn(seed=0, n_items=6, n_games=600):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, n_items, n_games)
    right = (left + rng.integers(1, n_items, n_games)) % n_items
    z = rng.standard_normal((n_games, 1))
    edge = 0.4 * (left - right) + 0.3 + 0.5 * z[:, 0]
    u = rng.logistic(size=n_games) + edge
    return np.column_stack([left, right]), np.where(u > 0.5, 1.0, np.where(u < -0.5, 0.0, 0.5)), z


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_a_model_of_ties_has_three_classes(ties):
    X, y, z = drawn()
    model = BradleyTerry(ties=ties, order_effect=True).fit(X, y, covariates=z)
    assert model.classes_.tolist() == [0.0, 0.5, 1.0]
    chances = model.predict_proba(X, covariates=z)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(
        chances[:, 2], model.result_.predict_proba(X[:, 0], X[:, 1], covariates=z), rtol=1e-13
    )
    assert set(np.unique(model.predict(X, covariates=z))) <= {0.0, 0.5, 1.0}
    # The score is the mean log-probability of what happened.
    column = np.searchsorted(model.classes_, y)
    expected = np.log(chances[np.arange(len(y)), column]).mean()
    assert model.score(X, y, covariates=z) == pytest.approx(expected, rel=1e-12)
    total = model.result_.log_likelihood
    assert model.score(X, y, covariates=z) * len(y) == pytest.approx(total, rel=1e-10)


def test_the_score_of_half_ties_is_the_mean_log_likelihood():
    X, y, _ = drawn(1)
    model = BradleyTerry().fit(X, y)
    assert model.score(X, y) * len(y) == pytest.approx(model.result_.log_likelihood, rel=1e-10)


def test_a_prior_is_chosen_by_cross_validation():
    X, y, _ = drawn(2, n_items=40, n_games=120)
    search = GridSearchCV(
        BradleyTerry(), {"prior": [0.01, 0.1, 1.0, 10.0]}, cv=5, error_score="raise"
    )
    search.fit(X, y)
    assert search.best_params_["prior"] in (0.1, 1.0)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_an_unknown_item_has_the_mean_of_the_prior():
    X, y, _ = drawn(3)
    model = BradleyTerry(prior=1.0).fit(X, y)
    expected = 1 / (1 + np.exp(-model.strength_[2]))
    np.testing.assert_allclose(model.predict_proba([[2, 99]])[0, 1], expected, rtol=1e-12)
    with pytest.raises(ValueError, match="99"):
        BradleyTerry().fit(X, y).predict_proba([[2, 99]])


def test_parts_fitted_one_after_the_other_equal_the_whole():
    X, y, z = drawn(4)
    options = {"ties": "davidson", "order_effect": True, "tol": 1e-9}
    whole = BradleyTerry(**options).fit(X, y, covariates=z)
    parts = BradleyTerry(**options)
    parts.partial_fit(X[:400], y[:400], covariates=z[:400])
    parts.partial_fit(X[400:], y[400:], covariates=z[400:])
    np.testing.assert_allclose(parts.strength_, whole.strength_, atol=1e-7)
    np.testing.assert_allclose(parts.coef_, whole.coef_, atol=1e-7)
    assert parts.tie_parameter_ == pytest.approx(whole.tie_parameter_, rel=1e-7)
    assert parts.order_effect_ == pytest.approx(whole.order_effect_, rel=1e-6)


def test_metadata_is_routed_to_covariates():
    X, y, z = drawn(5)
    with sklearn.config_context(enable_metadata_routing=True):
        model = BradleyTerry().set_fit_request(covariates=True).set_score_request(covariates=True)
        scores = cross_validate(model, X, y, params={"covariates": z}, error_score="raise")
    assert (scores["test_score"] > -np.log(2)).all()


def test_scoring_needs_what_the_model_needs():
    X, y, z = drawn(6)
    model = BradleyTerry(order_effect=True).fit(X, y, covariates=z)
    with pytest.raises(ValueError, match="`covariates` must be"):
        model.score(X, y)
    with pytest.raises(ValueError, match="must be None when X is a Comparisons"):
        model.fit(model.comparisons_, covariates=z)
