"""Intervals and pessimistic values of `preference_regression`: coverage and formulas."""

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats

from hasten.ranking import preference_regression

KINDS = ["plackett-luce", "split"]
TRUE_COEF = np.array([1.0, -0.6])


class TestInference:
    # A share of n events of probability p is within 5 standard deviations of p, but for less than
    # one in a million; the extra hundredth is what 300 sets leave to the normal approximation.
    N_SIMULATIONS = 1000

    @staticmethod
    def allowance(p, n):
        return 5 * np.sqrt(p * (1 - p) / n) + 0.01

    def simulate(self, draw_rankings, kind):
        rng = np.random.default_rng(21)
        for _ in range(self.N_SIMULATIONS):
            yield preference_regression(*draw_rankings(rng, 300, 4), kind=kind, n_threads=1)

    def test_intervals_of_the_model_cover(self, draw_rankings):
        covered = []
        for result in self.simulate(draw_rankings, "plackett-luce"):
            low, high = result.confidence_interval(0.9)
            covered.append(low[0] < TRUE_COEF[0] < high[0])
        share = np.mean(covered)
        assert abs(share - 0.9) < self.allowance(0.9, len(covered))

    def test_splitting_needs_the_sandwich(self, draw_rankings):
        covered, naive = [], []
        for result in self.simulate(draw_rankings, "split"):
            low, high = result.confidence_interval(0.9)
            covered.append(low[0] < TRUE_COEF[0] < high[0])
            low, high = result.confidence_interval(0.9, kind="model")
            naive.append(low[0] < TRUE_COEF[0] < high[0])
        assert abs(np.mean(covered) - 0.9) < self.allowance(0.9, len(covered))
        assert np.mean(naive) < 0.9 - self.allowance(0.9, len(naive))

    @pytest.mark.parametrize("kind", KINDS)
    def test_pessimistic_values_hold_for_all_policies_at_once(self, draw_rankings, kind):
        delta, failed, loose = 0.1, [], []
        for result in self.simulate(draw_rankings, kind):
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

    def test_the_asymptotic_bound_is_its_formula(self, draw_rankings):
        result = preference_regression(*draw_rankings(np.random.default_rng(22), 200, 3))
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

    def test_the_freedom_of_the_criteria(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(24), 400, 3)
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
