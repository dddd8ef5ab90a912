"""Determinantal, volume and Christoffel samples against their laws."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.datasets import load_diabetes

import hasten
from hasten.quadrature import (
    PolynomialBasis,
    Sample,
    christoffel_sample,
    dpp_sample,
    repeated_dpp,
    volume_sample,
)

#: A correct sampler fails a test of this level once in a million runs.
LEVEL = 1e-6


def orthonormal(n, m, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n, m)))[0]


def gram(basis, sample):
    values = basis(sample.X)
    return values.T * (sample.weights / len(sample.X)) @ values


class TestRows:
    @pytest.mark.parametrize("method", ["auto", "rejection", "sequential"])
    @pytest.mark.parametrize(("n", "m"), [(6, 2), (7, 4)])
    def test_every_subset_has_its_probability(self, method, n, m):
        U = orthonormal(n, m)
        subsets = list(itertools.combinations(range(n), m))
        probability = np.array([np.linalg.det(U[list(s)]) ** 2 for s in subsets])
        assert_allclose(probability.sum(), 1.0, rtol=1e-12)
        draws = dpp_sample(U, size=20_000, method=method, rng=1)
        found = dict.fromkeys(subsets, 0)
        for row in draws.tolist():
            found[tuple(row)] += 1
        likely = probability * 20_000 >= 5
        observed = np.array(list(found.values()))[likely]
        expected = probability[likely] * 20_000
        expected *= observed.sum() / expected.sum()
        assert stats.chisquare(observed, expected).pvalue > LEVEL

    def test_all_rows_of_a_square_matrix_and_one_of_a_vector(self):
        assert_array_equal(dpp_sample(orthonormal(5, 5), rng=0), np.arange(5))
        weights = np.sqrt([0.5, 0.0, 0.25, 0.25])[:, np.newaxis]
        draws = dpp_sample(weights, size=8000, rng=0)[:, 0]
        counts = np.bincount(draws, minlength=4)
        assert counts[1] == 0
        assert stats.chisquare(counts[[0, 2, 3]], [4000, 2000, 2000]).pvalue > LEVEL

    def test_leverage_scores_of_real_data(self):
        X = load_diabetes().data
        U = np.linalg.qr(np.column_stack([np.ones(len(X)), X]))[0]
        draws = dpp_sample(U, size=3000, rng=2)
        scores = (U**2).sum(axis=1)
        order = np.argsort(scores)
        groups = np.array_split(order, 20)
        counts = np.bincount(draws.ravel(), minlength=len(X))
        found = np.array([counts[g].sum() for g in groups])
        mean = np.array([scores[g].sum() for g in groups]) * 3000
        # Counts of a determinantal process vary less than independent ones.
        assert ((found - mean) ** 2 / mean).sum() < stats.chi2.isf(LEVEL, 20)
        assert (found - mean).var() < 1.1 * mean.mean()

    def test_rows_repel_each_other(self):
        x = np.linspace(-1, 1, 400)
        draws = dpp_sample(np.vander(x, 10), orthonormalize=True, size=200, rng=3)
        closest = np.diff(x[draws], axis=1).min(axis=1)
        uniform = np.sort(x[np.random.default_rng(0).integers(0, 400, draws.shape)], axis=1)
        assert np.median(closest) > 3 * np.median(np.diff(uniform, axis=1).min(axis=1))

    def test_draws_are_reproducible_whatever_the_threads(self):
        U = orthonormal(300, 25)
        expected = dpp_sample(U, size=7, rng=4)
        for n_threads in (1, 2, 3, 7):
            assert_array_equal(dpp_sample(U, size=7, rng=4, n_threads=n_threads), expected)
        assert_array_equal(dpp_sample(U, rng=4), expected[0])
        assert (np.diff(expected, axis=1) > 0).all()
        generator = np.random.default_rng(4)
        assert_array_equal(dpp_sample(U, size=7, rng=generator), expected)
        other = np.random.default_rng(4)
        other.integers(0, 2**64, dtype=np.uint64)
        assert generator.random() == other.random()
        assert not np.array_equal(dpp_sample(U, size=7, rng=5), expected)

    def test_inputs_are_left_alone_in_any_layout(self):
        U = orthonormal(40, 6)
        expected = dpp_sample(U, rng=0)
        for variant in (np.asfortranarray(U), U[::-1].copy()[::-1], U.tolist()):
            assert_array_equal(dpp_sample(variant, rng=0), expected)
        frozen = 3.0 * U
        frozen.flags.writeable = False
        before = frozen.copy()
        dpp_sample(frozen, orthonormalize=True, rng=0)
        assert_array_equal(frozen, before)
        single = U.astype(np.float32)
        assert dpp_sample(single, orthonormalize=True, rng=0).shape == (6,)

    @pytest.mark.parametrize(
        ("features", "options", "error", "message"),
        [
            (np.eye(3) * 1.1, {}, ValueError, "`features` must have orthonormal columns.*2.100e-1"),
            (np.ones((4, 2)), {"orthonormalize": True}, ValueError, "rank 2, .*got rank 1"),
            (np.eye(3)[:2], {}, ValueError, r"at least as many rows.*\(2, 3\)"),
            (np.empty((3, 0)), {}, ValueError, "`features` must have at least one column"),
            (np.empty((0, 3)), {}, ValueError, "`features` must have at least"),
            ([[1.0], [np.nan]], {}, ValueError, r"`features` must be finite; got nan.*\(1, 0\)"),
            (np.ones(3), {}, ValueError, r"`features` must have 2 dimension\(s\)"),
            ([["a"]], {}, TypeError, "`features` must hold real numbers"),
            (np.eye(2) * 1j, {}, TypeError, "`features` must hold real numbers"),
            (np.eye(2), {"size": -1}, ValueError, "`size` must be at least 0; got -1"),
            (np.eye(2), {"size": 1.5}, TypeError, "`size` must be an integer"),
            (np.eye(2), {"method": "mcmc"}, ValueError, "`method` must be one of 'auto'"),
            (np.eye(2), {"rng": "seed"}, TypeError, "`rng` must be None"),
            (np.eye(2), {"rng": -1}, ValueError, "`rng` must be a seed"),
            (np.eye(2), {"orthonormalize": 1}, TypeError, "`orthonormalize` must be True or"),
            (np.eye(2), {"n_threads": 0}, ValueError, "`n_threads` must be at least 1"),
        ],
    )
    def test_bad_input(self, features, options, error, message):
        with pytest.raises(error, match=message):
            dpp_sample(features, **options)

    def test_deviations_just_above_the_limit_are_seen(self):
        U = orthonormal(500, 30)
        for scale in (1e-7, 1e-6, 1e-3):
            V = U.copy()
            V[:, 0] += scale * U[:, 1]
            with pytest.raises(ValueError, match="orthonormal"):
                dpp_sample(V, rng=0)
        V = U.copy()
        V[:, 0] += 5e-9 * U[:, 1]
        assert dpp_sample(V, rng=0).shape == (30,)

    def test_no_sets(self):
        assert dpp_sample(np.eye(3), size=0).shape == (0, 3)

    @settings(deadline=None, max_examples=80)
    @given(
        arrays(
            np.float64,
            st.tuples(st.integers(0, 8), st.integers(0, 4)),
            elements=st.floats(width=64) | st.sampled_from([0.0, 1.0, -1.0, 5e-324, 1e308]),
        ),
        st.booleans(),
    )
    def test_any_matrix_is_answered_or_refused(self, features, orthonormalize):
        try:
            rows = dpp_sample(features, orthonormalize=orthonormalize, rng=0)
        except ValueError:
            return
        assert rows.shape == (features.shape[1],)
        assert len(set(rows.tolist())) == features.shape[1]
        assert np.linalg.matrix_rank(features[rows] / np.abs(features).max(axis=0)) > 0


class TestPoints:
    @pytest.mark.parametrize(
        ("kind", "domain", "density", "ends"),
        [
            ("legendre", (0.0, 2.0), stats.uniform(0, 2), (0, 2)),
            ("chebyshev", (0.0, 2.0), stats.arcsine(0, 2), (0, 2)),
            ("hermite", (-np.inf, np.inf), stats.norm(), (-12, 12)),
            ("laguerre", (1.0, np.inf), stats.expon(1), (1, 90)),
        ],
    )
    def test_christoffel_points_have_the_density_k_over_m(self, kind, domain, density, ends):
        basis = PolynomialBasis(domain, 6, kind)
        X, weights = christoffel_sample(basis, 20_000, rng=0)
        assert_allclose(weights, 7 / (basis(X) ** 2).sum(axis=1), rtol=1e-12)
        # The distribution function by the midpoint rule, over an angle that tames infinite ends.
        angle = np.linspace(0, np.pi, 100_001)
        edges = np.mean(ends) - np.ptp(ends) / 2 * np.cos(angle)
        x = np.mean(ends) - np.ptp(ends) / 2 * np.cos((angle[1:] + angle[:-1]) / 2)
        K = (basis(x) ** 2).sum(axis=1)
        mass = np.concatenate([[0.0], np.cumsum(np.diff(density.cdf(edges)) * K)]) / 7
        assert_allclose(mass[-1], 1.0, rtol=1e-5)
        assert stats.ks_1samp(X[:, 0], lambda t: np.interp(t, edges, mass)).pvalue > LEVEL

    def test_weights_make_means_of_the_measure(self):
        basis = PolynomialBasis([(0, 1), (0, 1)], 4)
        X, weights = christoffel_sample(basis, 40_000, rng=1)
        values = weights * np.exp(X[:, 0] - X[:, 1])
        exact = (np.e - 1) * (1 - 1 / np.e)
        assert abs(values.mean() - exact) < 5 * values.std() / 200

    @pytest.mark.parametrize("kind", ["legendre", "chebyshev", "jacobi"])
    def test_the_mean_gram_matrix_is_the_identity(self, kind):
        basis = PolynomialBasis([(-1, 1), (0, 1)], 2, kind)
        grams = np.array([gram(basis, repeated_dpp(basis, 2, rng=k)) for k in range(400)])
        error = grams.std(axis=0) / np.sqrt(400)
        assert (np.abs(grams.mean(axis=0) - np.eye(6)) <= 5 * error).all()

    def test_the_mean_inverse_of_volume_sampling(self):
        basis = PolynomialBasis((-1, 1), 3)
        inverses = np.array(
            [np.linalg.inv(gram(basis, volume_sample(basis, 12, rng=k))) for k in range(1500)]
        )
        error = inverses.std(axis=0) / np.sqrt(1500)
        assert (np.abs(inverses.mean(axis=0) - 12 / 9 * np.eye(4)) <= 5 * error).all()
        assert error.max() < 0.035  # The test can tell 4/3 from 1.1 and 1.6.

    def test_volume_sampling_with_the_measure_has_unit_weights(self):
        basis = PolynomialBasis((-1, 1), 3)
        sample = volume_sample(basis, 6, base="mu", rng=0)
        assert_array_equal(sample.weights, 1.0)
        assert sample.X.shape == (6, 1)

    def test_repelling_points_are_spread_out(self):
        """Numbers of points in intervals vary less than independent ones, and sets interleave."""
        basis = PolynomialBasis((-1, 1), 19)
        counts = [(repeated_dpp(basis, 1, rng=k).X < 0).sum() for k in range(300)]
        independent = [(christoffel_sample(basis, 20, rng=k).X < 0).sum() for k in range(300)]
        assert np.var(counts) < 0.2 * np.var(independent)
        assert abs(np.mean(counts) - 10) < 0.2

    @pytest.mark.parametrize("draw", [christoffel_sample, volume_sample, repeated_dpp])
    def test_points_are_reproducible_and_inside(self, draw):
        basis = PolynomialBasis([(0.1, 0.3), (-5, 1e9)], 4)
        n = 3 if draw is repeated_dpp else 45
        expected = draw(basis, n, rng=6)
        assert expected.X.shape == (45, 2)
        assert (basis.domain[:, 0] <= expected.X).all()
        assert (basis.domain[:, 1] >= expected.X).all()
        for n_threads in (1, 2, 3, 7):
            again = draw(basis, n, rng=6, n_threads=n_threads)
            assert_array_equal(again.X, expected.X)
            assert_array_equal(again.weights, expected.weights)
        assert not np.array_equal(draw(basis, n, rng=7).X, expected.X)

    def test_a_sample_unpacks_prints_and_pickles(self):
        sample = repeated_dpp(PolynomialBasis((0, 1), 3), 2, rng=0)
        assert isinstance(sample, Sample)
        X, weights = sample
        assert X is sample.X
        assert weights is sample.weights
        assert str(sample) == "Sample: 8 points in 1 dimension(s)"
        assert_array_equal(pickle.loads(pickle.dumps(sample)).X, X)

    @pytest.mark.parametrize("draw", [christoffel_sample, volume_sample, repeated_dpp])
    def test_conditions(self, draw):
        basis = PolynomialBasis((-1, 1), 4)
        n = 4 if draw is repeated_dpp else 20
        sample = draw(basis, n, condition=0.6, rng=0)
        assert_allclose(
            sample.gram_deviation, np.linalg.norm(gram(basis, sample) - np.eye(5), 2), rtol=1e-9
        )
        assert sample.converged
        assert sample.gram_deviation <= 0.6
        assert "|G - I| = 0." in str(sample)

    def test_a_condition_that_cannot_be_met(self):
        basis = PolynomialBasis((-1, 1), 4)
        with pytest.warns(hasten.ConvergenceWarning, match="no set of 5 points had .* in 1000 tri"):
            sample = repeated_dpp(basis, 1, condition=1e-3, rng=0)
        assert not sample.converged
        assert sample.n_tries == 1000
        assert sample.gram_deviation < 0.9  # The best of many.
        assert str(sample).endswith("NOT as asked for")

    def test_cohen_and_migliorati_promise_enough(self):
        basis = PolynomialBasis((-1, 1), 9)
        d = 1.9 * np.log(1.9) - 0.9
        n = int(np.ceil(10 / d * np.log(2 * 10 / 0.01)))
        deviations = [
            np.linalg.norm(gram(basis, christoffel_sample(basis, n, rng=k)) - np.eye(10), 2)
            for k in range(300)
        ]
        assert np.mean(np.array(deviations) <= 0.9) >= 0.99

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda b: christoffel_sample(b, -1), ValueError, "`n` must be at least 0; got -1"),
            (lambda b: christoffel_sample(b, 2.0), TypeError, "`n` must be an integer"),
            (lambda b: volume_sample(b, 3), ValueError, "`n` must be at least 4, the number"),
            (lambda b: volume_sample(b, 5, base="pi"), ValueError, "`base` must be one of"),
            (lambda b: repeated_dpp(b, 0), ValueError, "`r` must be at least 1; got 0"),
            (lambda b: repeated_dpp(b, True), TypeError, "`r` must be an integer"),
            (lambda b: repeated_dpp(b, 1, condition=0.0), ValueError, "`condition` must be strict"),
            (lambda b: repeated_dpp(b, 1, condition=1.0), ValueError, "`condition` must be strict"),
            (lambda b: christoffel_sample(b, 3, condition=0.5), ValueError, "`n` must be at least"),
            (lambda b: repeated_dpp(b, 1, rng="x"), TypeError, "`rng` must be None"),
            (lambda b: repeated_dpp(3, 1), TypeError, "`basis` must be callable"),
            (lambda b: repeated_dpp(len, 1), TypeError, "`basis` must be callable and have"),
            (lambda b: repeated_dpp(b, 1, n_threads=0), ValueError, "`n_threads` must be"),
        ],
    )
    def test_bad_input(self, call, error, message):
        with pytest.raises(error, match=message):
            call(PolynomialBasis((0, 1), 3))

    @pytest.mark.parametrize(
        ("kind", "domain", "degree"),
        [("hermite", (-np.inf, np.inf), 300), ("laguerre", (0, np.inf), 150)],
    )
    def test_high_degrees_on_unbounded_ranges(self, kind, domain, degree):
        basis = PolynomialBasis(domain, degree, kind)
        sample = christoffel_sample(basis, 2000, rng=0)
        assert (sample.weights > 0).all()
        assert np.isfinite(sample.X).all()
        # Points reach as far as the last zeros of the highest function.
        last = {"hermite": 2 * np.sqrt(degree), "laguerre": 4 * degree}[kind]
        assert 0.9 * last < np.abs(sample.X).max() < 1.2 * last

    def test_squares_that_overflow_are_named(self):
        # A point of the second variable lies at 600 and more in one of a hundred draws.
        basis = PolynomialBasis([(0, np.inf)] * 2, (150, 150), "laguerre", "tensor")
        with pytest.raises(ValueError, match="`degree` must be so low that no square"):
            christoffel_sample(basis, 500, rng=0)

    def test_no_points(self):
        assert christoffel_sample(PolynomialBasis([(0, 1)] * 2, 3), 0).X.shape == (0, 2)


class Waves:
    """1 and cosines, orthonormal under the uniform measure on [0, 1]."""

    def __init__(self, m=4, bound=None):
        self.m = m
        self.bound = 2 * m - 1 if bound is None else bound

    def __len__(self):
        return self.m

    def __call__(self, X):
        k = np.arange(self.m)
        return np.where(k > 0, np.sqrt(2), 1.0) * np.cos(np.pi * k * X[:, :1])

    def sample(self, n, rng):
        return rng.random((n, 1))


class TestCallableBases:
    @pytest.mark.parametrize(
        "draw",
        [
            lambda basis, k: christoffel_sample(basis, 8, rng=k),
            lambda basis, k: repeated_dpp(basis, 2, rng=k),
        ],
    )
    def test_the_mean_gram_matrix_is_the_identity(self, draw):
        basis = Waves()
        grams = np.array([gram(basis, draw(basis, k)) for k in range(300)])
        error = grams.std(axis=0) / np.sqrt(300)
        assert (np.abs(grams.mean(axis=0) - np.eye(4)) <= 5 * error + 1e-12).all()

    def test_the_mean_inverse_of_volume_sampling(self):
        basis = Waves(3)
        inverses = np.array(
            [np.linalg.inv(gram(basis, volume_sample(basis, 9, rng=k))) for k in range(500)]
        )
        error = inverses.std(axis=0) / np.sqrt(500)
        assert (np.abs(inverses.mean(axis=0) - 9 / 7 * np.eye(3)) <= 5 * error).all()
        assert_array_equal(volume_sample(basis, 9, base="mu", rng=0).weights, 1.0)

    def test_they_are_reproducible_and_meet_conditions(self):
        basis = Waves()
        assert_array_equal(repeated_dpp(basis, 2, rng=1).X, repeated_dpp(basis, 2, rng=1).X)
        sample = repeated_dpp(basis, 4, condition=0.5, rng=1)
        assert sample.gram_deviation <= 0.5
        with pytest.warns(hasten.ConvergenceWarning, match="no set of 4 points"):
            repeated_dpp(basis, 1, condition=1e-6, rng=1)

    @pytest.mark.parametrize(
        ("basis", "error", "message"),
        [
            (Waves(bound=1.5), ValueError, "`basis.bound` must be at least the sum of squares"),
            (Waves(bound=-1.0), ValueError, "`basis.bound` must be greater than 0"),
            (Waves(0), ValueError, "`basis` must have at least one function; got none"),
        ],
    )
    def test_bad_bases(self, basis, error, message):
        with pytest.raises(error, match=message):
            repeated_dpp(basis, 1, rng=0)

    def test_wrong_returns_are_named(self):
        basis = Waves()
        basis.sample = lambda n, rng: rng.random((n + 1, 1))
        with pytest.raises(ValueError, match=r"`basis.sample\(n, rng\)` must have 64 rows"):
            repeated_dpp(basis, 1, rng=0)

        class Short(Waves):
            def __call__(self, X):
                return super().__call__(X)[:, :2]

        with pytest.raises(ValueError, match=r"`basis\(X\)` must have shape \(64, 4\)"):
            repeated_dpp(Short(), 1, rng=0)

        class Plain:
            def __len__(self):
                return 1

            def __call__(self, X):
                return np.ones((len(X), 1))

        with pytest.raises(TypeError, match="have a method `sample` and a number `bound`"):
            repeated_dpp(Plain(), 1, rng=0)
