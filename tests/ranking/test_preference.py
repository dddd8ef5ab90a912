"""`preference_regression` against enumeration, SciPy, linear programs, mpmath and simulation."""

import itertools
import pickle

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

import hasten
from hasten.ranking import PreferenceResult, preference_regression

KINDS = ["plackett-luce", "split"]
TRUE_COEF = np.array([1.0, -0.6])


def draw(rng, n_sets, n_alternatives, coef=TRUE_COEF):
    """Draw features, and rankings by the Plackett-Luce model."""
    features = rng.normal(size=(n_sets, n_alternatives, len(coef)))
    noise = rng.gumbel(size=(n_sets, n_alternatives))
    return features, np.argsort(-(features @ coef + noise), axis=1)


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
    def test_it_is_what_scipy_finds(self, kind, n_placed):
        features, ranking = draw(np.random.default_rng(1), 60, 4)
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

    def test_differences_of_pairs_are_sets_of_two(self):
        features, ranking = draw(np.random.default_rng(2), 100, 2)
        sets = preference_regression(features, ranking[:, 0])
        first = ranking[:, 0] == 0
        differences = features[:, 0] - features[:, 1]
        np.testing.assert_array_equal(preference_regression(differences, first).coef, sets.coef)
        turned = np.where(first[:, None], differences, -differences)
        np.testing.assert_array_equal(preference_regression(turned).coef, sets.coef)

    @pytest.mark.parametrize("kind", KINDS)
    def test_sets_may_differ_in_size(self, kind):
        features, ranking = draw(np.random.default_rng(3), 80, 3)
        padded = np.concatenate([features, np.full((80, 2, 2), 1e6)], axis=1)
        padded[40:, 3:] = draw(np.random.default_rng(4), 40, 2)[0]
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
    def test_weights_count_rankings(self, kind):
        features, ranking = draw(np.random.default_rng(5), 60, 3)
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
    def test_a_ridge_is_the_penalty_that_it_says(self, kind):
        features, ranking = draw(np.random.default_rng(7), 40, 3)
        found = scipy.optimize.minimize(
            lambda c: 1.5 * c @ c - log_likelihood(kind, features, ranking, c), np.zeros(2)
        )
        result = preference_regression(features, ranking, kind=kind, ridge=3.0)
        np.testing.assert_allclose(result.coef, found.x, atol=1e-5)

    def test_a_start_changes_the_path_and_not_the_answer(self):
        features, ranking = draw(np.random.default_rng(8), 300, 3)
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


class TestCertificate:
    @staticmethod
    def exact(kind, features, ranking, ridge):
        """Solve in 60 digits."""
        with mpmath.workdps(60):
            sets = []
            for alternatives, order in zip(features, ranking, strict=True):
                left = list(range(len(alternatives)))
                for k in order:
                    rest = [i for i in left if i != k]
                    groups = [[i] for i in rest] if kind == "split" else [rest]
                    for group in groups:
                        rows = [[mpmath.mpf(float(x)) for x in alternatives[i]] for i in group]
                        best = [mpmath.mpf(float(x)) for x in alternatives[k]]
                        sets.append([[a - b for a, b in zip(r, best, strict=True)] for r in rows])
                    left = rest
            d = features.shape[2]
            coef = mpmath.matrix(d, 1)
            for _ in range(60):
                gradient = -ridge * coef
                hessian = ridge * mpmath.eye(d)
                for rows in sets:
                    odds = [mpmath.exp(sum(r[j] * coef[j] for j in range(d))) for r in rows]
                    share = [x / (1 + sum(odds)) for x in odds]
                    mean = [
                        sum(p * r[j] for p, r in zip(share, rows, strict=True)) for j in range(d)
                    ]
                    for i in range(d):
                        gradient[i] -= mean[i]
                        for j in range(d):
                            second = sum(p * r[i] * r[j] for p, r in zip(share, rows, strict=True))
                            hessian[i, j] += second - mean[i] * mean[j]
                step = mpmath.lu_solve(hessian, gradient)
                size = max(abs(x) for x in step)
                coef += step / (1 + size)
                if size < mpmath.mpf(10) ** -50:
                    break
            return coef

    @pytest.mark.parametrize("ridge", [0.0, 0.7])
    @pytest.mark.parametrize("n_placed", [1, 3])
    @pytest.mark.parametrize("kind", KINDS)
    def test_the_error_is_never_below_the_true_one(self, kind, n_placed, ridge):
        features, ranking = draw(np.random.default_rng(11), 25, 3)
        ranking = ranking[:, :n_placed]
        exact = self.exact(kind, features, ranking, ridge)
        rng = np.random.default_rng(12)
        worst = 0.0
        for attempt in range(60):
            init = np.array(exact, dtype=float).ravel() + rng.normal(size=2) * 10.0 ** rng.uniform(
                -12, 0.5
            )
            limits = {"tol": 1e-15, "max_iter": 2 + attempt % 4}
            with pytest.warns(hasten.ConvergenceWarning):
                result = preference_regression(
                    features, ranking, kind=kind, ridge=ridge, init=init, **limits
                )
            with mpmath.workdps(60):
                e = mpmath.matrix([mpmath.mpf(float(x)) for x in result.coef]) - exact
                # Standard errors are those at the returned coefficients.
                covariance = mpmath.matrix(result.covariance("model").tolist())
                true = float(mpmath.sqrt((e.T * mpmath.lu_solve(covariance, e))[0]))
            assert true <= result.error
            worst = max(worst, true / result.error)
        assert worst > 0.3, "the bound should not be far from the truth either"

    @pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6, 1e-8, 1e-10])
    def test_converged_means_that_the_error_is_at_most_tol(self, tol):
        features, ranking = draw(np.random.default_rng(13), 200, 4)
        result = preference_regression(features, ranking, tol=tol)
        assert result.converged
        assert result.error <= tol
        assert result.error_kind == "bound"

    def test_below_rounding_it_says_so_and_stops(self):
        features, ranking = draw(np.random.default_rng(14), 100, 3)
        with pytest.warns(hasten.ConvergenceWarning, match="more iterations would not help"):
            result = preference_regression(features, ranking, tol=1e-17)
        assert not result.converged
        assert result.error < 1e-10
        assert result.n_iter < 30

    def test_the_gap_bounds_what_the_likelihood_can_still_rise(self):
        features, ranking = draw(np.random.default_rng(15), 100, 3)
        best = preference_regression(features, ranking, tol=1e-9).log_likelihood
        for init in ([0.9, -0.5], [1.2, -0.9], [0.0, 0.1]):
            with pytest.warns(hasten.ConvergenceWarning):
                result = preference_regression(features, ranking, init=init, max_iter=2, tol=1e-12)
            missing = best - result.log_likelihood
            assert missing <= result.log_likelihood_gap + 1e-11


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

    def test_features_far_from_zero_are_no_obstacle(self):
        features, ranking = draw(np.random.default_rng(18), 100, 3)
        plain = preference_regression(features, ranking)
        shift = np.random.default_rng(19).integers(-1000, 1000, (100, 1, 2)) * 1024.0
        moved = preference_regression(features + shift, ranking)
        # Rounding to multiples of 2^-32 moves features by 1e-10.
        np.testing.assert_allclose(moved.coef, plain.coef, atol=1e-8)

    def test_features_of_different_units(self):
        features, ranking = draw(np.random.default_rng(20), 100, 3)
        unit = np.array([1e-80, 1e90])
        plain = preference_regression(features, ranking)
        scaled = preference_regression(features * unit, ranking)
        assert scaled.converged
        np.testing.assert_allclose(scaled.coef * unit, plain.coef, rtol=1e-9)
        np.testing.assert_allclose(
            scaled.standard_error() * unit, plain.standard_error(), rtol=1e-9
        )


class TestInference:
    # A share of n events of probability p is within 5 standard deviations of p, but for less than
    # one in a million; the extra hundredth is what 300 sets leave to the normal approximation.
    N_SIMULATIONS = 1000

    @staticmethod
    def allowance(p, n):
        return 5 * np.sqrt(p * (1 - p) / n) + 0.01

    def simulate(self, kind, n_sets=300):
        rng = np.random.default_rng(21)
        for _ in range(self.N_SIMULATIONS):
            yield preference_regression(*draw(rng, n_sets, 4), kind=kind, n_threads=1)

    def test_intervals_of_the_model_cover(self):
        covered = []
        for result in self.simulate("plackett-luce"):
            low, high = result.confidence_interval(0.9)
            covered.append(low[0] < TRUE_COEF[0] < high[0])
        share = np.mean(covered)
        assert abs(share - 0.9) < self.allowance(0.9, len(covered))

    def test_splitting_needs_the_sandwich(self):
        covered, naive = [], []
        for result in self.simulate("split"):
            low, high = result.confidence_interval(0.9)
            covered.append(low[0] < TRUE_COEF[0] < high[0])
            low, high = result.confidence_interval(0.9, kind="model")
            naive.append(low[0] < TRUE_COEF[0] < high[0])
        assert abs(np.mean(covered) - 0.9) < self.allowance(0.9, len(covered))
        assert np.mean(naive) < 0.9 - self.allowance(0.9, len(naive))

    @pytest.mark.parametrize("kind", KINDS)
    def test_pessimistic_values_hold_for_all_policies_at_once(self, kind):
        delta, failed, loose = 0.1, [], []
        for result in self.simulate(kind):
            error = result.coef - TRUE_COEF
            # The policy for which the estimate is most too high, in its standard errors.
            worst = np.linalg.solve(result.covariance("sandwich"), error)
            policies = np.concatenate([np.eye(2), -np.eye(2), [worst]])
            value = result.pessimistic_value(policies, delta)
            failed.append((value > policies @ TRUE_COEF).any())
            loose.append((result.pessimistic_value(np.eye(2), delta) > TRUE_COEF).any())
        assert np.mean(failed) < delta + self.allowance(delta, len(failed))
        # The bound is no wider than it must be for the worst policy, and is for a few fixed ones.
        assert np.mean(failed) > delta - self.allowance(delta, len(failed))
        assert np.mean(loose) < np.mean(failed)

    def test_the_asymptotic_bound_is_its_formula(self):
        result = preference_regression(*draw(np.random.default_rng(22), 200, 3))
        u = np.array([0.3, -2.0])
        variance = u @ result.covariance("sandwich") @ u
        expected = u @ result.coef - np.sqrt(scipy.stats.chi2.ppf(0.95, 2) * variance)
        np.testing.assert_allclose(result.pessimistic_value(u), expected, rtol=1e-12)
        assert isinstance(result.pessimistic_value(u), float)
        np.testing.assert_allclose(result.pessimistic_value([u, u]), [expected] * 2, rtol=1e-12)

    def test_the_theoretical_bound_is_its_formula(self):
        rng = np.random.default_rng(23)
        x = rng.uniform(-1, 1, (500, 2))
        y = rng.random(500) < scipy.special.expit(x @ TRUE_COEF)
        weight = rng.uniform(0.5, 2.0, 500)
        result = preference_regression(x, y, sample_weight=weight)
        n, delta, B, L, C, regularization = weight.sum(), 0.02, 1.5, 1.4, 0.7, 0.05
        moments = (x.T * weight) @ x / n
        gamma = 1 / (2 + np.exp(-L * B) + np.exp(L * B))
        f = C * np.sqrt((2 + np.log(1 / delta)) / (gamma**2 * n) + regularization * B**2)
        u = np.array([[0.3, -2.0], [1.0, 1.0]])
        root = scipy.linalg.fractional_matrix_power(moments + regularization * np.eye(2), -0.5)
        expected = u @ result.coef - f * np.linalg.norm(u @ root, axis=1)
        value = result.pessimistic_value(
            u,
            delta,
            radius="theory",
            coef_bound=B,
            difference_bound=L,
            constant=C,
            regularization=regularization,
        )
        np.testing.assert_allclose(value, expected, rtol=1e-10)
        default = result.pessimistic_value(
            u, delta, radius="theory", coef_bound=B, difference_bound=L
        )
        assert (default < result.pessimistic_value(u, delta)).all()
        # So steep a logistic function says nothing, and says so without overflowing.
        endless = result.pessimistic_value(u, radius="theory", coef_bound=1e4, difference_bound=1e4)
        assert (endless == -np.inf).all()

    def test_the_freedom_of_the_criteria(self):
        features, ranking = draw(np.random.default_rng(24), 400, 3)
        plain = preference_regression(features, ranking)
        np.testing.assert_allclose(plain.aic, 4 - 2 * plain.log_likelihood)
        ridged = preference_regression(features, ranking, ridge=30.0)
        information = np.linalg.inv(ridged.covariance("model"))
        freedom = np.trace(np.linalg.solve(information, information - 30 * np.eye(2)))
        np.testing.assert_allclose(ridged.aic, 2 * freedom - 2 * ridged.log_likelihood)
        split = preference_regression(features, ranking, kind="split")
        freedom = split.aic / 2 + split.log_likelihood
        # Pairs of one ranking depend on one another, so that there is less to learn from them.
        assert 2 < freedom < 6


class TestPrediction:
    def test_probabilities_are_a_softmax_of_rewards(self):
        features, ranking = draw(np.random.default_rng(25), 100, 4)
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

    def test_no_overflow_for_rewards_far_apart(self):
        result = preference_regression(*draw(np.random.default_rng(26), 100, 3))
        probability = result.predict_proba([[[1e6, 0.0], [0.0, 0.0], [1e6, 0.0]]])
        np.testing.assert_array_equal(probability, [[0.5, 0.0, 0.5]])
        np.testing.assert_array_equal(result.predict_proba([[1e5, 0.0], [-1e5, 0.0]]), [1.0, 0.0])


class TestBehaviour:
    def test_float32_stays_float32(self):
        features, ranking = draw(np.random.default_rng(27), 200, 3)
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
    def test_bits_do_not_depend_on_threads(self, kind):
        features, ranking = draw(np.random.default_rng(28), 30_000, 4)
        alone = preference_regression(features, ranking, kind=kind, n_threads=1)
        for n_threads in (2, 3):
            other = preference_regression(features, ranking, kind=kind, n_threads=n_threads)
            assert (other.coef == alone.coef).all()
            assert (other.covariance() == alone.covariance()).all()
            assert other.error == alone.error

    def test_results_pickle_without_the_data(self):
        features, ranking = draw(np.random.default_rng(29), 5000, 3)
        result = preference_regression(features, ranking, trace=True)
        text = pickle.dumps(result)
        assert len(text) < 10_000
        again = pickle.loads(text)
        assert str(again) == str(result)
        assert again.summary() == result.summary()
        np.testing.assert_array_equal(again.coef, result.coef)
        np.testing.assert_array_equal(again.history["error"], result.history["error"])

    def test_a_callback_sees_the_coefficients_and_may_stop(self):
        features, ranking = draw(np.random.default_rng(30), 300, 3)
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

    def test_no_convergence_is_a_warning(self):
        features, ranking = draw(np.random.default_rng(31), 300, 3)
        with pytest.warns(hasten.ConvergenceWarning, match="raise `max_iter` or `tol`") as caught:
            result = preference_regression(features, ranking, max_iter=1)
        assert caught[0].filename == __file__
        assert not result.converged
        assert result.n_iter == 1

    def test_texts(self):
        features, ranking = draw(np.random.default_rng(32), 300, 3)
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
        many = preference_regression(*draw(np.random.default_rng(33), 300, 3, np.zeros(8)))
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
