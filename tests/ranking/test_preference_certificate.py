"""The certificate of `preference_regression` against solutions in 60 digits."""

import mpmath
import numpy as np
import pytest

import hasten
from hasten.ranking import preference_regression

KINDS = ["plackett-luce", "split"]


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
    def test_the_error_is_never_below_the_true_one(self, kind, n_placed, ridge, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(11), 25, 3)
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
    def test_converged_means_that_the_error_is_at_most_tol(self, tol, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(13), 200, 4)
        result = preference_regression(features, ranking, tol=tol)
        assert result.converged
        assert result.error <= tol
        assert result.error_kind == "bound"

    def test_below_rounding_it_says_so_and_stops(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(14), 100, 3)
        with pytest.warns(hasten.ConvergenceWarning, match="more iterations would not help"):
            result = preference_regression(features, ranking, tol=1e-17)
        assert not result.converged
        assert result.error < 1e-10
        assert result.n_iter < 30

    def test_the_gap_bounds_what_the_likelihood_can_still_rise(self, draw_rankings):
        features, ranking = draw_rankings(np.random.default_rng(15), 100, 3)
        best = preference_regression(features, ranking, tol=1e-9).log_likelihood
        for init in ([0.9, -0.5], [1.2, -0.9], [0.0, 0.1]):
            with pytest.warns(hasten.ConvergenceWarning):
                result = preference_regression(features, ranking, init=init, max_iter=2, tol=1e-12)
            missing = best - result.log_likelihood
            assert missing <= result.log_likelihood_gap + 1e-11
