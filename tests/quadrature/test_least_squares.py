"""`WeightedLeastSquares`: the published comparison, certificates, scikit-learn's conventions."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from hasten.quadrature import (
    PolynomialBasis,
    WeightedLeastSquares,
    christoffel_sample,
    repeated_dpp,
    volume_sample,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)
WEIGHTS = WEIGHTS / 2


#: This check has 27 rows of 30 columns: fewer points than affine functions are refused.
TOO_FEW = {
    "check_sample_weight_equivalence_on_dense_data": "27 points do not determine 31 functions"
}


@parametrize_with_checks([WeightedLeastSquares()], expected_failed_checks=lambda _: TOO_FEW)
def test_scikit_learns_conventions(estimator, check):
    check(estimator)


class Approximation:
    """A function of one variable on [-1, 1], its best approximation and true errors."""

    def __init__(self, m, f):
        self.basis, self.f = PolynomialBasis((-1, 1), m - 1), f
        values, exact = self.basis(NODES), f(NODES)
        self.best_coef = values.T @ (WEIGHTS * exact)
        self.best = np.sqrt(WEIGHTS @ (exact - values @ self.best_coef) ** 2)

    def fit(self, sample):
        y = self.f(sample.X[:, 0])
        return WeightedLeastSquares(self.basis, n_threads=1).fit(sample.X, y, sample.weights)

    def ratio(self, model):
        """Return the true error over the best one."""
        return np.sqrt(1 + np.sum((model.coef_ - self.best_coef) ** 2) / self.best**2)


def runge(x):
    return 1 / (1 + 5 * x**2)


def sampled(scheme, basis, n, key):
    if scheme == "repeated":
        return repeated_dpp(basis, n // len(basis), rng=key, n_threads=1)
    if scheme == "christoffel":
        return christoffel_sample(basis, n, rng=key, n_threads=1)
    base = "mu" if scheme == "volume-mu" else "christoffel"
    return volume_sample(basis, n, base=base, rng=key, n_threads=1)


#: m, n, scheme: root mean square and 95 % quantile of the error over the best error, by NumPy
#: prototypes with other random numbers, 300 samples.
COMPARISON = [
    (10, 20, "volume-mu", 1.80, 2.63),
    (10, 20, "volume", 1.64, 2.59),
    (10, 20, "repeated", 1.35, 1.79),
    (10, 40, "volume-mu", 1.28, 1.70),
    (10, 40, "volume", 1.22, 1.58),
    (10, 40, "repeated", 1.10, 1.23),
    (20, 40, "repeated", 1.37, 1.91),
]


@pytest.mark.parametrize(("m", "n", "scheme", "rms", "quantile"), COMPARISON)
def test_the_comparison_of_samples(m, n, scheme, rms, quantile):
    case = Approximation(m, runge)
    ratios = [case.ratio(case.fit(sampled(scheme, case.basis, n, k))) for k in range(300)]
    assert_allclose(np.quantile(ratios, 0.95), quantile, rtol=0.2)
    # Means of heavy tails vary more where n is near m.
    assert_allclose(np.sqrt(np.mean(np.square(ratios))), rms, rtol=0.15 if n > m else 0.3)


def test_repeated_sets_are_better_than_independent_points():
    case = Approximation(10, runge)
    quantiles = {
        scheme: np.quantile(
            [case.ratio(case.fit(sampled(scheme, case.basis, 20, k))) for k in range(150)], 0.95
        )
        for scheme in ("christoffel", "volume", "repeated")
    }
    assert quantiles["repeated"] < quantiles["volume"] < quantiles["christoffel"]
    assert quantiles["christoffel"] > 4 * quantiles["repeated"]


@pytest.mark.parametrize(
    ("n", "scheme", "median", "low"),
    [
        (20, "volume", 0.248, 0.056),
        (20, "repeated", 0.372, 0.131),
        (40, "christoffel", 0.313, 0.085),
        (40, "volume", 0.370, 0.170),
        (40, "repeated", 0.553, 0.368),
    ],
)
def test_smallest_eigenvalues(n, scheme, median, low):
    basis = PolynomialBasis((-1, 1), 9)
    smallest = []
    for k in range(300):
        X, weights = sampled(scheme, basis, n, k)
        model = WeightedLeastSquares(basis, n_threads=1).fit(X, X[:, 0], weights)
        smallest.append(model.gram_eigenvalues_[0])
        assert model.stability_ == 1 / smallest[-1]
    assert_allclose(np.median(smallest), median, rtol=0.15)
    # The 5 % quantile of 300 draws, of which some 15 lie below, varies by a tenth and more.
    assert_allclose(np.quantile(smallest, 0.05), low, rtol=0.4)


def test_interpolation_has_an_expected_squared_error_of_1_plus_m_times_the_best():
    case = Approximation(6, runge)
    fits = (case.fit(sampled("volume", case.basis, 6, k)) for k in range(1500))
    squares = [case.ratio(fit) ** 2 for fit in fits]
    error = np.std(squares) / np.sqrt(1500)
    assert abs(np.mean(squares) - 7) < 5 * error
    assert error < 1.2  # The test can tell 7 from 1 and 13: squares have heavy tails.


#: Scheme, n, then for smooth functions and for those with a kink or jump: the least 5 % quantile,
#: the largest 95 % quantile and the least share of estimates that are not below the true error.
ESTIMATES = [
    ("repeated", 20, (0.6, 3.3, 0.8), (0.3, 3.0, 0.6)),
    ("repeated", 40, (0.85, 1.45, 0.75), (0.45, 1.6, 0.6)),
    ("christoffel", 40, (0.4, 1.9, 0.55), (0.25, 1.9, 0.45)),
]


@pytest.mark.parametrize(
    ("f", "is_smooth"),
    [
        (runge, True),
        (lambda x: np.sin(8 * x), True),
        (lambda x: np.abs(x - 0.3), False),
        (lambda x: 1.0 * (x > 0.2), False),
    ],
)
@pytest.mark.parametrize(("scheme", "n", "smooth", "rough"), ESTIMATES)
def test_the_error_estimate_beside_the_true_error(f, is_smooth, scheme, n, smooth, rough):
    case = Approximation(10, f)
    low, high, share = smooth if is_smooth else rough
    ratios = []
    for k in range(120):
        model = case.fit(sampled(scheme, case.basis, n, k))
        ratios.append(model.loo_error_ / (case.best * case.ratio(model)))
    assert low < np.quantile(ratios, 0.05)
    assert np.quantile(ratios, 0.95) < high
    assert 0.9 < np.median(ratios) < 2.0
    assert np.mean(np.array(ratios) >= 1) > share


def test_the_coefficient_error_is_bounded_by_stability_times_residuals():
    """The theorem behind `stability_`, with the best approximation known."""
    case = Approximation(8, np.abs)
    for k in range(50):
        X, weights = sample = sampled("repeated", case.basis, 16, k)
        model = case.fit(sample)
        residual = case.f(X[:, 0]) - case.basis(X) @ case.best_coef
        bound = model.stability_ * np.mean(weights * residual**2)
        assert np.sum((model.coef_ - case.best_coef) ** 2) <= bound * (1 + 1e-9)


class TestFit:
    @staticmethod
    def data(n=60, outputs=0):
        rng = np.random.default_rng(0)
        X = rng.uniform(-1, 1, (n, 2))
        y = rng.normal(size=(n, outputs) if outputs else n)
        return X, y, rng.uniform(0.1, 3, n)

    def test_it_is_numpys_least_squares(self):
        X, y, w = self.data()
        basis = PolynomialBasis([(-1, 1)] * 2, 3)
        model = WeightedLeastSquares(basis).fit(X, y, w)
        A = basis(X) * np.sqrt(w)[:, np.newaxis]
        expected, residual, _, singular = np.linalg.lstsq(A, y * np.sqrt(w))
        assert_allclose(model.coef_, expected, atol=1e-12)
        assert_allclose(model.gram_eigenvalues_, singular[::-1] ** 2 / 60, rtol=1e-11)
        assert_allclose(model.result_.residual, np.sqrt(residual[0] / 60), rtol=1e-12)
        hat = A @ np.linalg.solve(A.T @ A, A.T)
        left_out = (y - basis(X) @ expected) / (1 - np.diag(hat))
        assert_allclose(model.loo_error_, np.sqrt(np.mean(w * left_out**2)), rtol=1e-10)
        assert_allclose(model.predict(X), basis(X) @ expected, atol=1e-12)

    def test_integer_weights_are_repetitions(self):
        X, y, _ = self.data()
        counts = np.random.default_rng(1).integers(0, 4, 60)
        weighted = WeightedLeastSquares().fit(X, y, counts)
        repeated = WeightedLeastSquares().fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
        assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-12)

    def test_several_outputs(self):
        X, y, w = self.data(outputs=3)
        basis = PolynomialBasis([(-1, 1)] * 2, 2)
        model = WeightedLeastSquares(basis).fit(X, y, w)
        assert model.coef_.shape == (6, 3)
        assert model.predict(X).shape == (60, 3)
        assert model.integral().shape == (3,)
        for k in range(3):
            alone = WeightedLeastSquares(basis).fit(X, y[:, k], w)
            assert_allclose(model.coef_[:, k], alone.coef_, atol=1e-12)
            assert_allclose(model.loo_error_[k], alone.loo_error_, rtol=1e-11)

    def test_polynomials_are_found_exactly(self):
        def f(X):
            return 1 + X[:, 0] ** 3 - 2 * X[:, 0] * X[:, 1] ** 2

        for kind, domain in [("legendre", (0, 2)), ("chebyshev", (-3, 1)), ("jacobi", (0, 1))]:
            basis = PolynomialBasis([domain] * 2, 3, kind)
            model = WeightedLeastSquares(basis, random_state=0).fit_function(f)
            X = np.random.default_rng(0).uniform(*domain, (30, 2))
            assert_allclose(model.predict(X), f(X), atol=1e-10)
            assert model.loo_error_ < 1e-10

    def test_integrals(self):
        basis = PolynomialBasis([(0, 1), (0, 2)], 10)
        model = WeightedLeastSquares(basis, random_state=0)
        model.fit_function(lambda X: np.exp(X[:, 0] - X[:, 1]))
        assert_allclose(model.integral(), (np.e - 1) * (1 - np.exp(-2)), rtol=1e-8)
        normal = PolynomialBasis((-np.inf, np.inf), 12, "hermite", loc=1.0, scale=0.5)
        model = WeightedLeastSquares(normal, random_state=0)
        model.fit_function(lambda X: np.exp(X[:, 0]))
        assert_allclose(model.integral(), np.exp(1.125), rtol=1e-6)

    @pytest.mark.parametrize("sampling", ["repeated_dpp", "volume", "christoffel"])
    def test_samples(self, sampling):
        basis = PolynomialBasis((-1, 1), 4)
        model = WeightedLeastSquares(basis, sampling, random_state=3)
        X, weights = model.sample()
        expected = {"repeated_dpp": 10, "volume": 10, "christoffel": 109}[sampling]
        assert len(X) == len(weights) == expected
        X, _ = model.set_params(n_samples=12).sample()
        assert len(X) == (15 if sampling == "repeated_dpp" else 12)
        assert_array_equal(model.sample().X, X)
        twice = clone(model).set_params(random_state=np.random.RandomState(0))
        assert not np.array_equal(twice.sample().X, twice.sample().X)
        fitted = model.fit_function(lambda X: X[:, 0])
        assert_array_equal(fitted.result_.X, X)
        assert fitted.result_.converged

    def test_one_and_two_steps_are_the_same(self):
        basis = PolynomialBasis([(0, 1)] * 2, 4)
        model = WeightedLeastSquares(basis, random_state=1)
        X, weights = model.sample()
        y = np.sin(X.sum(axis=1))
        first = clone(model).fit(X, y, sample_weight=weights)
        second = model.fit_function(lambda X: np.sin(X.sum(axis=1)))
        assert_array_equal(first.coef_, second.coef_)
        assert first.loo_error_ == second.loo_error_

    def test_conditions_are_warned_of(self):
        basis = PolynomialBasis((-1, 1), 4)
        model = WeightedLeastSquares(basis, n_samples=5, condition=1e-3, random_state=0)
        with pytest.warns(ConvergenceWarning, match="no set of 5 points"):
            model.sample()
        with pytest.warns(ConvergenceWarning, match="no set of 5 points"):
            model.fit_function(lambda X: X[:, 0])
        assert not model.result_.converged
        assert "condition NOT met" in str(model.result_)
        good = model.set_params(n_samples=40, condition=0.5).fit_function(lambda X: X[:, 0])
        assert good.result_.converged
        assert np.abs(good.gram_eigenvalues_ - 1).max() <= 0.5

    def test_fits_merge(self):
        X, y, w = self.data(200)
        basis = PolynomialBasis([(-1, 1)] * 2, 3)
        whole = WeightedLeastSquares(basis).fit(X, y, w)
        parts = [WeightedLeastSquares(basis).fit(X[k::3], y[k::3], w[k::3]) for k in range(3)]
        merged = parts[0].merge(parts[1]).merge(parts[2])
        assert_allclose(merged.coef_, whole.coef_, atol=1e-12)
        assert_allclose(merged.gram_eigenvalues_, whole.gram_eigenvalues_, rtol=1e-11)
        assert_allclose(merged.result_.residual, whole.result_.residual, rtol=1e-12)
        assert_allclose(merged.predict(X), whole.predict(X), atol=1e-12)
        # Generalised cross-validation takes the mean leverage for each.
        assert_allclose(merged.loo_error_, whole.loo_error_, rtol=0.05)
        assert_allclose(merged.loo_error_, whole.result_.residual / (1 - 10 / 200), rtol=1e-12)
        assert merged.result_.n_samples == 200
        assert "cross-validation" in merged.result_.message
        other = WeightedLeastSquares(PolynomialBasis([(-1, 1)] * 2, 2)).fit(X, y)
        with pytest.raises(ValueError, match="`other` must have an equal basis"):
            whole.merge(other)
        with pytest.raises(ValueError, match="`other` must have coefficients of shape"):
            whole.merge(WeightedLeastSquares(basis).fit(X, X))
        with pytest.raises(TypeError, match="`other` must be a WeightedLeastSquares"):
            whole.merge(3)
        with pytest.raises(TypeError, match="`other` must be a LeastSquaresResult"):
            whole.result_.merge(whole)
        with pytest.raises(NotFittedError):
            whole.merge(WeightedLeastSquares(basis))

    def test_many_outputs_merge_and_take_memory_in_proportion(self):
        X, _, w = self.data(200)
        y = np.random.default_rng(3).normal(size=(200, 300))
        basis = PolynomialBasis([(-1, 1)] * 2, 3)
        whole = WeightedLeastSquares(basis).fit(X, y, w)
        parts = [WeightedLeastSquares(basis).fit(X[k::2], y[k::2], w[k::2]) for k in range(2)]
        merged = parts[0].merge(parts[1])
        assert_allclose(merged.coef_, whole.coef_, atol=1e-12)
        assert_allclose(merged.result_.residual, whole.result_.residual, rtol=1e-12)
        assert_allclose(merged.loo_error_, whole.result_.residual / (1 - 10 / 200), rtol=1e-12)
        # A factor of features and values side by side would take 310^2 numbers.
        assert len(pickle.dumps(whole.result_._reduced)) < 8 * 300 * 15

    @pytest.mark.parametrize("unit", [2.0**1000, 2.0**-1000])
    def test_the_unit_of_the_values_does_not_matter(self, unit):
        X, y, w = self.data(outputs=2)
        basis = PolynomialBasis([(-1, 1)] * 2, 2)
        plain = WeightedLeastSquares(basis).fit(X, y, w)
        scaled = WeightedLeastSquares(basis).fit(X, unit * y, w)
        assert_allclose(scaled.coef_, unit * plain.coef_, rtol=1e-13)
        assert_allclose(scaled.loo_error_, unit * plain.loo_error_, rtol=1e-13)
        assert_allclose(scaled.result_.residual, unit * plain.result_.residual, rtol=1e-13)
        twice = scaled.merge(scaled)
        assert_allclose(twice.loo_error_, unit * plain.merge(plain).loo_error_, rtol=1e-13)

    def test_as_many_points_as_functions(self):
        basis = PolynomialBasis((-1, 1), 4)
        model = WeightedLeastSquares(basis, n_samples=5, random_state=0)
        model.fit_function(lambda X: X[:, 0])
        assert np.isnan(model.loo_error_)
        assert model.result_.message == "no error estimate: as many points as functions"

    def test_a_point_that_cannot_be_left_out(self):
        X = np.array([[-1.0], [-1.0], [-1.0], [1.0]])
        model = WeightedLeastSquares(PolynomialBasis((-1, 1), 1)).fit(X, [1.0, 2.0, 3.0, 4.0])
        assert np.isinf(model.loo_error_)

    def test_threads_do_not_change_a_bit(self):
        rng = np.random.default_rng(1)
        X = rng.uniform(-1, 1, (20_000, 2))
        y = np.exp(X[:, 0])
        basis = PolynomialBasis([(-1, 1)] * 2, 6)
        expected = WeightedLeastSquares(basis, n_threads=1).fit(X, y)
        for n_threads in (2, 3, 7):
            model = WeightedLeastSquares(basis, n_threads=n_threads).fit(X, y)
            assert_array_equal(model.coef_, expected.coef_)
            assert model.loo_error_ == expected.loo_error_

    def test_the_default_basis_holds_affine_functions(self):
        X, y = load_diabetes(return_X_y=True)
        model = WeightedLeastSquares().fit(X, y)
        A = np.column_stack([np.ones(len(X)), X])
        assert_allclose(model.predict(X), A @ np.linalg.lstsq(A, y)[0], rtol=1e-9)
        assert len(model.basis_) == 11
        with pytest.raises(ValueError, match="tell the 3 functions of the basis apart; got rank 2"):
            WeightedLeastSquares().fit(np.column_stack([X[:, 0], np.ones(len(X))]), y)

    def test_any_callable_is_a_basis(self):
        class Lines:
            def __len__(self):
                return 2

            def __call__(self, X):
                return np.column_stack([np.ones(len(X)), X[:, 0]])

        X, y, _ = self.data()
        model = WeightedLeastSquares(Lines()).fit(X, y)
        assert_allclose(model.coef_, np.polyfit(X[:, 0], y, 1)[::-1], atol=1e-12)
        with pytest.raises(ValueError, match="`basis` must have an attribute `integrals`"):
            model.integral()
        with pytest.raises(TypeError, match="have a method `sample` and a number `bound`"):
            model.sample()


class TestConventions:
    def test_weights_are_routed_through_a_search(self):
        X, y, w = TestFit.data(90)
        with config_context(enable_metadata_routing=True):
            model = WeightedLeastSquares().set_fit_request(sample_weight=True)
            model.set_score_request(sample_weight=True)
            bases = [PolynomialBasis([(-1, 1)] * 2, k) for k in (1, 2, 3)]
            search = GridSearchCV(model, {"basis": bases}, cv=3).fit(X, y, sample_weight=w)
        assert search.best_params_["basis"] in bases
        pipeline = make_pipeline(StandardScaler(), WeightedLeastSquares()).fit(X, y)
        assert pipeline.predict(X).shape == (90,)

    def test_parameters_of_the_basis_are_searched(self):
        rng = np.random.default_rng(2)
        X = rng.uniform(-1, 1, (80, 2))
        y = X[:, 0] ** 3 - X[:, 1]
        basis = PolynomialBasis([(-1, 1)] * 2, 1)
        model = WeightedLeastSquares(basis)
        search = GridSearchCV(model, {"basis__degree": [1, 2, 3]}, cv=3).fit(X, y)
        assert search.best_params_ == {"basis__degree": 3}
        assert search.best_score_ > 1 - 1e-12
        assert basis.degree == 1
        assert clone(model).basis == basis
        assert clone(model).basis is not basis

    def test_a_fit_keeps_its_basis(self):
        X, y, _ = TestFit.data()
        model = WeightedLeastSquares(PolynomialBasis([(-1, 1)] * 2, 2)).fit(X, y)
        expected = model.predict(X)
        model.set_params(basis__degree=3)
        assert model.basis.degree == 3
        assert model.basis_.degree == 2
        assert_array_equal(model.predict(X), expected)
        assert model.fit(X, y).coef_.shape == (10,)

    def test_fit_refuses_an_unknown_sampling(self):
        X, y, _ = TestFit.data()
        with pytest.raises(ValueError, match="`sampling` must be one of 'repeated_dpp'"):
            WeightedLeastSquares(sampling="mcmc").fit(X, y)

    def test_tables(self):
        X, y, _ = TestFit.data()
        table = pd.DataFrame(X, columns=["u", "v"])
        model = WeightedLeastSquares().fit(table, y)
        assert model.feature_names_in_.tolist() == ["u", "v"]
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(table[["v", "u"]])

    def test_it_pickles_and_prints(self):
        model = WeightedLeastSquares(PolynomialBasis((-1, 1), 5), random_state=0)
        model.fit_function(lambda X: np.abs(X[:, 0]))
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict([[0.3]]), model.predict([[0.3]]))
        text = str(model.result_)
        assert text.startswith("LeastSquaresResult: 6 functions, 12 points, 1 / lambda_min(G) = ")
        assert text.endswith("(estimate)")
        with pytest.raises(NotFittedError):
            WeightedLeastSquares().predict([[0.0]])
        with pytest.raises(NotFittedError):
            WeightedLeastSquares().integral()

    def test_plots(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        plt.switch_backend("Agg")
        for d in (1, 2, 3):
            basis = PolynomialBasis([(0, 1)] * d, 2)
            model = WeightedLeastSquares(basis, random_state=0).fit_function(lambda X: X[:, 0])
            axes = np.atleast_1d(model.result_.plot())
            assert len(axes) == (2 if d < 3 else 1)
            assert_array_equal(axes[0].lines[0].get_ydata(), model.gram_eigenvalues_)
        _, ax = plt.subplots()
        assert model.result_.plot(ax=ax) is ax
        assert np.atleast_1d(model.merge(model).result_.plot()).size == 1
        plt.close("all")

    @pytest.mark.parametrize(
        ("parameters", "error", "message"),
        [
            ({"basis": None}, ValueError, "`basis` must be given to draw a sample"),
            ({"basis": 3}, TypeError, "`basis` must be callable"),
            ({"sampling": "mcmc"}, ValueError, "`sampling` must be one of 'repeated_dpp'"),
            ({"n_samples": 3}, ValueError, "`n_samples` must be at least 5, the number"),
            ({"n_samples": "many"}, ValueError, "`n_samples` must be one of 'auto'"),
            ({"n_samples": 7.5}, TypeError, "`n_samples` must be an integer"),
            ({"condition": 2.0}, ValueError, "`condition` must be strictly between 0 and 1"),
            ({"random_state": "x"}, TypeError, "must be None, an integer"),
            ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1"),
        ],
    )
    def test_bad_parameters(self, parameters, error, message):
        model = WeightedLeastSquares(PolynomialBasis((-1, 1), 4)).set_params(**parameters)
        with pytest.raises(error, match=message):
            model.sample()
        with pytest.raises(error, match=message):
            model.fit_function(lambda X: X[:, 0])

    @pytest.mark.parametrize(
        ("f", "error", "message"),
        [
            (3, TypeError, "`f` must be callable; got 3"),
            (lambda X: 1.0, ValueError, r"`f` must return values of shape \(10,\).*shape \(\)"),
            (lambda X: X[:3, 0], ValueError, r"`f` must return values.*got shape \(3,\)"),
            (lambda X: X[:, 0] * np.nan, ValueError, r"`f\(X\)` must be finite; got nan at"),
            (lambda X: X[:, 0] * 1j, TypeError, r"`f\(X\)` must hold real numbers"),
        ],
    )
    def test_bad_functions(self, f, error, message):
        with pytest.raises(error, match=message):
            WeightedLeastSquares(PolynomialBasis((-1, 1), 4), random_state=0).fit_function(f)

    def test_what_a_function_raises_passes_through(self):
        def f(X):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            WeightedLeastSquares(PolynomialBasis((-1, 1), 4)).fit_function(f)

    @pytest.mark.parametrize(
        ("X", "y", "weight", "message"),
        [
            (np.zeros((3, 1)), np.zeros(3), None, "`X` must have at least 5 points.*n_samples = 3"),
            (np.zeros((9, 1)), np.zeros(9), None, "tell the 5 functions of the basis apart"),
            (np.zeros((9, 2)), np.zeros(9), None, "`X` must have 1 columns, one for each variable"),
            (np.zeros((9, 1)), np.zeros(8), None, "inconsistent numbers of samples"),
            (np.zeros((9, 1)), np.full(9, np.nan), None, "contains NaN"),
            (np.eye(9)[:, :1], np.zeros(9), -np.ones(9), "`sample_weight` must be at least 0"),
            (np.eye(9)[:, :1], np.zeros(9), np.zeros(9), "`sample_weight` must not be zero"),
            (np.eye(9)[:, :1], np.zeros(9), np.ones(8), r"`sample_weight` must have shape \(9,\)"),
            (np.eye(9)[:, :1], np.zeros(9), np.full(9, np.inf), "`sample_weight` must be finite"),
        ],
    )
    def test_bad_data(self, X, y, weight, message):
        with pytest.raises(ValueError, match=message):
            WeightedLeastSquares(PolynomialBasis((-1, 1), 4)).fit(X, y, weight)

    def test_nothing_is_warned_of_in_ordinary_use(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            WeightedLeastSquares(PolynomialBasis((-1, 1), 4)).fit_function(lambda X: X[:, 0])
