"""`preference_regression` against enumeration, SciPy, linear programs and its own variants."""

import itertools
import pickle

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

import hasten
from hasten.ranking import PreferenceResult, preference_regression

KINDS = ["plackett-luce", "split"]
TRUE_COEF = np.array([1.0, -0.6])


def comparisons(features, ranking):
    """Return the difference of features of every pair that rankings put in order."""
    n_alternatives = features.shape[1]
    rows = []
    for alternatives, order in zip(features, np.atleast_2d(ranking.T).T, strict=True):
        rest = [k for k in range(n_alternatives) if k not in order]
        full = [*order, *rest]
        for v in range(min(len(order), n_alternatives - 1)):
            rows += [alternatives[full[v]] - alternatives[k] for k in full[v + 1 :]]
    return np.array(rows)


def log_likelihood(kind, features, ranking, coef):
    """Return the log-probability of rankings, from its definition."""
    if kind == "split":
        return -np.sum(np.logaddexp(0, -comparisons(features, ranking) @ coef))
    total = 0.0
    for alternatives, order in zip(features, np.atleast_2d(ranking.T).T, strict=True):
        score = alternatives @ coef
        left = list(range(len(score)))
        for k in order:
            total += score[k] - scipy.special.logsumexp(score[left])
            left.remove(k)
    return total


class TestEstimate:
    @pytest.mark.parametrize("n_placed", [1, 2, 4])
    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_what_scipy_finds(self, kind, n_placed, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(1), 60, 4)
        ranking = ranking[:, :n_placed]
        found = scipy.optimize.minimize(
            lambda coef: -log_likelihood(kind, features, ranking, coef),
            np.zeros(2),
            method="BFGS",
            options={"gtol": 1e-7},
        )
        result = preference_regression(features, ranking, kind=kind)
        # BFGS differentiates numerically, to about the root of machine precision.
        np.testing.assert_allclose(result.coef, found.x, atol=1e-5)
        np.testing.assert_allclose(result.log_likelihood, -found.fun, rtol=1e-12)
        assert result.converged
        assert result.error <= 1e-6

    @pytest.mark.parametrize("kind", KINDS)
    def test_one_choice_among_two_has_a_closed_form(self, kind):
        # One feature: the alternative with more of it was chosen 30 times out of 40.
        features = np.tile([[0.5], [-1.5]], (40, 1, 1))
        chosen = np.repeat([0, 1], [30, 10])
        result = preference_regression(features, chosen, kind=kind)
        np.testing.assert_allclose(result.coef, [np.log(3) / 2], rtol=1e-12)
        np.testing.assert_allclose(
            result.standard_error("model"), [np.sqrt(1 / 30 + 1 / 10) / 2], rtol=1e-9
        )
        np.testing.assert_allclose(result.log_likelihood, 30 * np.log(0.75) + 10 * np.log(0.25))
        np.testing.assert_allclose(result.aic, 2 - 2 * result.log_likelihood)
        np.testing.assert_allclose(result.bic, np.log(40) - 2 * result.log_likelihood)

    def test_differences_of_pairs_are_sets_of_two(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(2), 100, 2)
        sets = preference_regression(features, ranking[:, 0])
        first = ranking[:, 0] == 0
        differences = features[:, 0] - features[:, 1]
        np.testing.assert_array_equal(preference_regression(differences, first).coef, sets.coef)
        turned = np.where(first[:, None], differences, -differences)
        np.testing.assert_array_equal(preference_regression(turned).coef, sets.coef)

    @pytest.mark.parametrize("kind", KINDS)
    def test_sets_may_differ_in_size(self, kind, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(3), 80, 3)
        padded = np.concatenate([features, np.full((80, 2, 2), 1e6)], axis=1)
        padded[40:, 3:] = draw_rankings(np.random.default_rng(4), 40, 2)[0]
        longer = np.argsort(-(padded[40:] @ TRUE_COEF), axis=1)
        # Shorter rankings are filled up; a third of the pairs are turned so that nothing separates.
        table = np.full((80, 5), -1)
        table[:40, :3] = ranking[:40]
        table[40:] = longer
        table[60:] = np.flip(table[60:], axis=1)
        sizes = np.repeat([3, 5], 40)
        ragged = preference_regression(padded, table, kind=kind, set_sizes=sizes)

        def objective(coef):
            short = log_likelihood(kind, features[:40], ranking[:40], coef)
            return -short - log_likelihood(kind, padded[40:], table[40:], coef)

        found = scipy.optimize.minimize(objective, np.zeros(2), method="BFGS")
        np.testing.assert_allclose(ragged.coef, found.x, atol=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_weights_count_rankings(self, kind, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(5), 60, 3)
        weight = np.random.default_rng(6).integers(0, 4, 60)
        weighted = preference_regression(features, ranking, kind=kind, sample_weight=weight)
        repeated = preference_regression(
            np.repeat(features, weight, axis=0), np.repeat(ranking, weight, axis=0), kind=kind
        )
        np.testing.assert_allclose(weighted.coef, repeated.coef, rtol=1e-9)
        np.testing.assert_allclose(weighted.log_likelihood, repeated.log_likelihood)
        assert weighted.total_weight == repeated.total_weight == weight.sum()
        for covariance in ("model", "sandwich"):
            np.testing.assert_allclose(
                weighted.covariance(covariance), repeated.covariance(covariance), rtol=1e-8
            )

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_ridge_is_the_penalty_that_it_says(self, kind, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(7), 40, 3)
        found = scipy.optimize.minimize(
            lambda c: 1.5 * c @ c - log_likelihood(kind, features, ranking, c), np.zeros(2)
        )
        result = preference_regression(features, ranking, kind=kind, ridge=3.0)
        np.testing.assert_allclose(result.coef, found.x, atol=1e-5)

    def test_a_start_changes_the_path_and_not_the_answer(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(8), 300, 3)
        cold = preference_regression(features, ranking)
        warm = preference_regression(features, ranking, init=cold.coef)
        assert warm.n_iter < cold.n_iter
        np.testing.assert_allclose(warm.coef, cold.coef, atol=1e-6)


class TestEfficiency:
    """The table of asymptotic covariances, with every ranking weighted by its probability."""

    @staticmethod
    def enumerate_rankings(n_alternatives):
        q, k, j = np.ogrid[1:51, 1 : n_alternatives + 1, 1:4]
        features = np.sin(0.7 * q * k * j)
        orders = np.array(list(itertools.permutations(range(n_alternatives))))
        exponential = np.exp(features.sum(axis=2))[:, orders]
        left = np.flip(np.cumsum(np.flip(exponential, axis=2), axis=2), axis=2)
        probability = np.prod(exponential / left, axis=2)
        np.testing.assert_allclose(probability.sum(axis=1), 1.0)
        n = len(orders)
        return np.repeat(features, n, axis=0), np.tile(orders, (50, 1)), probability.ravel()

    # The last column is the naive covariance of the split estimate over its true one.
    @pytest.mark.parametrize(
        ("n_alternatives", "true_trace", "ratio", "naive_share"),
        [
            (2, 26.267068, 1.000000, 1.0),
            (3, 10.552513, 1.053547, 0.797),
            (4, 5.840854, 1.101175, 0.666),
            (5, 3.860055, 1.146629, 0.570),
        ],
    )
    def test_splitting_costs_accuracy_and_its_naive_errors_are_too_small(
        self, n_alternatives, true_trace, ratio, naive_share
    ):
        features, orders, probability = self.enumerate_rankings(n_alternatives)
        true, split = (
            preference_regression(features, orders, kind=kind, sample_weight=probability, tol=1e-9)
            for kind in KINDS
        )
        # In expectation both likelihoods are largest at the true coefficients.
        np.testing.assert_allclose(true.coef, 1.0, atol=1e-8)
        np.testing.assert_allclose(split.coef, 1.0, atol=1e-8)
        # Under the model the two covariances of the true estimate are one and the same.
        trace = np.trace(true.covariance())
        # The table is for one set, of which there are 50 here.
        np.testing.assert_allclose(50 * trace, true_trace, atol=1e-6)
        np.testing.assert_allclose(np.trace(true.covariance("sandwich")), trace, rtol=1e-8)
        sandwich = np.trace(split.covariance())
        np.testing.assert_allclose(sandwich / trace, ratio, atol=1e-6)
        naive = np.trace(split.covariance("model"))
        np.testing.assert_allclose(naive / sandwich, naive_share, atol=5e-4)


class TestExistence:
    @staticmethod
    def is_separated(rows):
        """Ask a linear program for a direction in which no comparison loses and one gains."""
        d = rows.shape[1]
        found = scipy.optimize.linprog(
            -rows.sum(axis=0),
            A_ub=np.concatenate([-rows, rows]),
            b_ub=np.concatenate([np.zeros(len(rows)), np.ones(len(rows))]),
            bounds=[(None, None)] * d,
        )
        assert found.status == 0
        return -found.fun > 1e-7

    @pytest.mark.parametrize("n_placed", [1, 2, 3])
    @pytest.mark.parametrize("kind", KINDS)
    def test_refusals_agree_with_a_linear_program(self, kind, n_placed):
        rng = np.random.default_rng(16)
        refused = 0
        for _ in range(150):
            # Few small integers: separated and half separated data are common.
            features = rng.integers(-2, 3, (rng.integers(1, 5), 3, 2)).astype(float)
            ranking = np.argsort(rng.random(features.shape[:2]), axis=1)[:, :n_placed]
            rows = comparisons(features, ranking)
            varying = features - features[:, :1]
            if np.linalg.matrix_rank(varying.reshape(-1, 2)) < 2:
                with pytest.raises(ValueError, match="not determined"):
                    preference_regression(features, ranking, kind=kind)
            elif np.linalg.matrix_rank(rows) < 2 or self.is_separated(rows):
                refused += 1
                with pytest.raises(ValueError, match=r"coefficient is infinite|not determined"):
                    preference_regression(features, ranking, kind=kind)
            else:
                assert preference_regression(features, ranking, kind=kind).converged
        assert 30 < refused < 140

    def test_a_ridge_helps_where_no_estimate_exists(self):
        features = np.array([[1.0, 2.0], [0.5, 1.0], [2.0, -1.0]])
        with pytest.raises(ValueError, match=r"the data are separated\); a positive `ridge`"):
            preference_regression(features)
        result = preference_regression(features, ridge=0.1)
        assert result.converged
        # The gradient vanishes: 0.1 theta = sum of (1 - P) x.
        against = 1 - result.predict_proba(features)
        np.testing.assert_allclose(0.1 * result.coef, against @ features, atol=1e-6)

    def test_infinite_and_collinear_features_are_named(self):
        rng = np.random.default_rng(17)
        features = rng.normal(size=(50, 3, 2))
        chosen = rng.integers(0, 3, 50)
        names = ["age", "price", "extra"]
        best = np.eye(3)[chosen][:, :, None]
        with pytest.raises(ValueError, match="in which the features 'extra' weigh most"):
            preference_regression(
                np.concatenate([features, best], axis=2), chosen, feature_names=names
            )
        total = features.sum(axis=2, keepdims=True)
        with pytest.raises(ValueError, match="'age', 'price', 'extra' are not determined"):
            preference_regression(
                np.concatenate([features, total], axis=2), chosen, feature_names=names
            )
        same = np.broadcast_to(rng.normal(size=(50, 1, 1)), (50, 3, 1))
        with pytest.raises(ValueError, match="feature 2 is not determined: the feature is"):
            preference_regression(np.concatenate([features, same], axis=2), chosen)
        fit = preference_regression(np.concatenate([features, same], axis=2), chosen, ridge=1.0)
        assert fit.coef[2] == 0

    def test_features_far_from_zero_are_no_obstacle(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(18), 100, 3)
        plain = preference_regression(features, ranking)
        shift = np.random.default_rng(19).integers(-1000, 1000, (100, 1, 2)) * 1024.0
        moved = preference_regression(features + shift, ranking)
        # Rounding to multiples of 2^-32 moves features by 1e-10.
        np.testing.assert_allclose(moved.coef, plain.coef, atol=1e-8)

    def test_features_of_different_units(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(20), 100, 3)
        unit = np.array([1e-80, 1e90])
        plain = preference_regression(features, ranking)
        scaled = preference_regression(features * unit, ranking)
        assert scaled.converged
        np.testing.assert_allclose(scaled.coef * unit, plain.coef, rtol=1e-9)
        np.testing.assert_allclose(
            scaled.standard_error() * unit, plain.standard_error(), rtol=1e-9
        )


class TestPrediction:
    def test_probabilities_are_a_softmax_of_rewards(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(25), 100, 4)
        result = preference_regression(features, ranking)
        probability = result.predict_proba(features)
        np.testing.assert_allclose(
            probability, scipy.special.softmax(features @ result.coef, axis=1), rtol=1e-12
        )
        sizes = np.tile([2, 4], 50)
        ragged = result.predict_proba(features, sizes)
        assert (ragged[::2, 2:] == 0).all()
        np.testing.assert_allclose(ragged.sum(axis=1), 1.0)
        difference = features[:, 0] - features[:, 1]
        np.testing.assert_allclose(
            result.predict_proba(difference)[::2], ragged[::2, 0], rtol=1e-12
        )

    def test_no_overflow_for_rewards_far_apart(self, draw_rankings):
        result = preference_regression(*draw_rankings(np.random.default_rng(26), 100, 3))
        probability = result.predict_proba([[[1e6, 0.0], [0.0, 0.0], [1e6, 0.0]]])
        np.testing.assert_array_equal(probability, [[0.5, 0.0, 0.5]])
        np.testing.assert_array_equal(result.predict_proba([[1e5, 0.0], [-1e5, 0.0]]), [1.0, 0.0])


class TestBehaviour:
    def test_float32_stays_float32(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(27), 200, 3)
        single = preference_regression(features.astype(np.float32), ranking)
        double = preference_regression(features.astype(np.float32).astype(float), ranking)
        assert single.coef.dtype == np.float32
        assert double.coef.dtype == np.float64
        np.testing.assert_array_equal(single.coef, double.coef.astype(np.float32))
        np.testing.assert_array_equal(single.standard_error(), double.standard_error())
        assert "rounding to float32 moves" in single.message
        shift = single.coef.astype(float) - double.coef
        moved = np.sqrt(shift @ np.linalg.solve(double.covariance(), shift))
        assert f"at most {moved:.2g} standard errors" in single.message

    @pytest.mark.parametrize("kind", KINDS)
    def test_bits_do_not_depend_on_threads(self, kind, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(28), 30_000, 4)
        alone = preference_regression(features, ranking, kind=kind, n_threads=1)
        for n_threads in (2, 3):
            other = preference_regression(features, ranking, kind=kind, n_threads=n_threads)
            assert (other.coef == alone.coef).all()
            assert (other.covariance() == alone.covariance()).all()
            assert other.error == alone.error

    def test_results_pickle_without_the_data(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(29), 5000, 3)
        result = preference_regression(features, ranking, trace=True)
        text = pickle.dumps(result)
        assert len(text) < 10_000
        again = pickle.loads(text)
        assert str(again) == str(result)
        assert again.summary() == result.summary()
        np.testing.assert_array_equal(again.coef, result.coef)
        np.testing.assert_array_equal(again.history["error"], result.history["error"])

    def test_a_callback_sees_the_coefficients_and_may_stop(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(30), 300, 3)
        seen = []
        result = preference_regression(features, ranking, callback=seen.append, trace=True)
        assert seen[0].x.tolist() == [0.0, 0.0]
        np.testing.assert_array_equal(seen[-1].x, result.coef)
        assert [info.n_iter for info in seen] == result.history["n_iter"].tolist()
        assert result.history["error"][-1] == result.error
        assert (np.diff(result.history["error"]) < 0).all()
        stopped = preference_regression(features, ranking, callback=lambda info: info.n_iter >= 2)
        assert stopped.n_iter == 2
        assert not stopped.converged
        assert "stopped by the callback" in stopped.message

    def test_no_convergence_is_a_warning(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(31), 300, 3)
        with pytest.warns(hasten.ConvergenceWarning, match="raise `max_iter` or `tol`") as caught:
            result = preference_regression(features, ranking, max_iter=1)
        assert caught[0].filename == __file__
        assert not result.converged
        assert result.n_iter == 1

    def test_texts(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(32), 300, 3)
        result = preference_regression(features, ranking, feature_names=["taste", "price"])
        assert isinstance(result, PreferenceResult)
        short, long = str(result), result.summary(0.9)
        assert "of 2 features on 300 choices" in short
        assert "taste" in short
        row = next(line for line in long.splitlines() if line.startswith("price"))
        name, coef, error, z, pvalue, low, _, high = row.split()
        assert name == "price"
        assert float(coef) == round(float(result.coef[1]), 4)
        assert float(error) == round(float(result.standard_error()[1]), 4)
        ends = result.confidence_interval(0.9)
        assert (float(low), float(high)) == (round(ends.low[1], 4), round(ends.high[1], 4))
        statistic = result.coef[1] / result.standard_error()[1]
        assert float(z) == pytest.approx(statistic, abs=0.005)
        assert float(pvalue) == pytest.approx(2 * scipy.stats.norm.sf(abs(statistic)), rel=0.05)
        assert "90 % interval" in long
        split = preference_regression(features, ranking, kind="split", ridge=0.1)
        assert "standard errors: sandwich; ridge 0.1" in split.summary()
        assert "too small" in split.summary(kind="model")
        many = preference_regression(*draw_rankings(np.random.default_rng(33), 300, 3, np.zeros(8)))
        assert "... and 3 more" in str(many)

    def test_names_of_a_table_of_differences_are_kept(self):
        pandas = pytest.importorskip("pandas")
        polars = pytest.importorskip("polars")
        values = np.random.default_rng(34).normal(size=(100, 2))
        chosen = np.random.default_rng(35).integers(0, 2, 100)
        for library in (pandas, polars):
            table = library.DataFrame({"taste": values[:, 0], "price": values[:, 1]})
            result = preference_regression(table, chosen)
            assert result.feature_names.tolist() == ["taste", "price"]
            np.testing.assert_array_equal(result.coef, preference_regression(values, chosen).coef)
