"""Arguments of `plackett_luce` are checked, and its estimator keeps to scikit-learn's rules."""

import numpy as np
import pytest

from hasten.ranking import Gaussian, Logistic, PlackettLuce, plackett_luce
from hasten.ranking.datasets import make_rankings


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"prior": -1.0}, ValueError, "`prior`"),
        ({"prior": np.nan}, ValueError, "`prior`"),
        ({"prior": "strong"}, TypeError, "`prior`"),
        ({"prior": Gaussian(1.0), "method": "newman"}, ValueError, "`method`"),
        ({"method": "mm"}, ValueError, "`method`"),
        ({"on_disconnected": "drop"}, ValueError, "`on_disconnected`"),
        ({"tol": 0.0}, ValueError, "`tol`"),
        ({"max_iter": 0}, ValueError, "`max_iter`"),
        ({"init": [0.0, 1.0]}, ValueError, "`init`"),
        ({"init": [0.0, np.inf, 0.0]}, ValueError, "`init`"),
        ({"reference": "d"}, ValueError, "`reference`"),
        ({"callback": 3}, TypeError, "`callback`"),
        ({"n_threads": 0}, ValueError, "n_threads"),
    ],
)
def test_bad_input_is_named(options, kind, message):
    with pytest.raises(kind, match=message):
        plackett_luce([["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]], **options)


def test_the_estimator_fits_predicts_and_scores():
    data = make_rankings(8, 500, 0, size=4)
    model = PlackettLuce().fit(data.orderings)
    result = plackett_luce(data.orderings)
    np.testing.assert_array_equal(model.strength_, result.strength)
    np.testing.assert_allclose(model.score(data.orderings), result.log_likelihood / 500)
    np.testing.assert_allclose(model.predict_proba([[0, 1]])[0], result.predict_proba([[0, 1]])[0])
    assert model.score(data.orderings) > -np.log(24)
    weighted = PlackettLuce().fit(data.orderings, sample_weight=np.full(500, 2.0))
    np.testing.assert_allclose(weighted.result_.log_likelihood, 2 * result.log_likelihood)
    with pytest.raises(ValueError, match="must hold items"):
        model.score([[0, 99]])
    with pytest.raises(ValueError, match="components"):
        PlackettLuce(on_disconnected="components").fit([[0, 1, 2]]).score([[0, 1]])
    with pytest.raises(ValueError, match="`sample_weight`"):
        model.fit(data.rankings(), sample_weight=[1.0])


def test_an_estimator_that_does_not_converge_warns():
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="did not converge"):
        PlackettLuce(max_iter=1, tol=1e-12).fit(make_rankings(8, 500, 0).orderings)


@pytest.mark.parametrize("as_list", [False, True])
def test_a_grid_search_chooses_the_prior(as_list):
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV

    data = make_rankings(30, 120, 0, size=4, spread=0.5)
    samples = data.orderings.tolist() if as_list else data.orderings
    search = GridSearchCV(PlackettLuce(), {"prior": [0.01, 1.0, Gaussian(4.0), 100.0]}, cv=4)
    search.fit(samples)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["prior"] != 0.01
    assert clone(search.best_estimator_).get_params() == search.best_estimator_.get_params()


@pytest.mark.parametrize("make", [Logistic, Gaussian])
def test_priors_are_positive(make):
    assert make(2).__dict__ == make(2.0).__dict__
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="must be"):
            make(bad)
    with pytest.raises(TypeError):
        make("a")
