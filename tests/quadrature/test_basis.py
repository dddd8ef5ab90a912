"""`PolynomialBasis` against SciPy's polynomials and Gauss rules."""

import copy
import math
import pickle

import numpy as np
import pytest
import scipy.special as sc
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from hasten.quadrature import PolynomialBasis

INF = np.inf

# Kind, arguments, a Gauss rule of the measure on the standard range.
MEASURES = [
    ("legendre", {}, sc.roots_legendre),
    ("chebyshev", {}, sc.roots_chebyt),
    ("hermite", {}, sc.roots_hermitenorm),
    ("laguerre", {}, sc.roots_laguerre),
    ("jacobi", {"alpha": 0.5, "beta": -0.5}, lambda n: sc.roots_jacobi(n, 0.5, -0.5)),
    ("jacobi", {"alpha": -0.3, "beta": 0.1}, lambda n: sc.roots_jacobi(n, -0.3, 0.1)),
]
RANGES = {"hermite": (-INF, INF), "laguerre": (0.0, INF)}


@pytest.mark.parametrize(("kind", "options", "roots"), MEASURES)
def test_functions_are_orthonormal(kind, options, roots):
    basis = PolynomialBasis(RANGES.get(kind, (-1, 1)), 30, kind, **options)
    x, w = roots(40)
    values = basis(x)
    gram = values.T * (w / w.sum()) @ values
    # The rule's own weights are good to about 1e-13.
    assert_allclose(gram, np.eye(31), atol=1e-11)
    assert_array_equal(values[:, 0], 1.0)


@pytest.mark.parametrize(("kind", "options", "roots"), MEASURES)
def test_functions_on_other_ranges(kind, options, roots):
    domain, shift, scale = {
        "hermite": ((-INF, INF), 3.0, 2.0),
        "laguerre": ((3.0, INF), 3.0, 2.0),
    }.get(kind, ((1.0, 5.0), 3.0, 2.0))
    moved = {"hermite": {"loc": 3.0, "scale": 2.0}, "laguerre": {"scale": 2.0}}.get(kind, {})
    t = roots(12)[0]
    standard = PolynomialBasis(RANGES.get(kind, (-1, 1)), 8, kind, **options)
    other = PolynomialBasis(domain, 8, kind, **options, **moved)
    assert_allclose(other(shift + scale * t), standard(t), rtol=1e-9, atol=1e-12)


def test_legendre_is_scipys():
    x = np.linspace(-1, 1, 101)
    expected = [math.sqrt(2 * k + 1) * sc.eval_legendre(k, x) for k in range(101)]
    assert_allclose(PolynomialBasis((-1, 1), 100)(x), np.transpose(expected), atol=1e-12)


@pytest.mark.parametrize(
    ("index", "inside"),
    [
        ("total", lambda k: k.sum(axis=1) <= 4),
        ("tensor", lambda k: k.max(axis=1) <= 4),
        ("hyperbolic", lambda k: (k + 1).prod(axis=1) <= 5),
    ],
)
def test_index_sets(index, inside):
    basis = PolynomialBasis([(0, 1)] * 3, 4, index=index)
    grid = np.indices((5, 5, 5)).reshape(3, -1).T
    expected = {tuple(k) for k in grid[inside(grid)].tolist()}
    assert {tuple(k) for k in basis.indices.tolist()} == expected
    assert len(basis) == len(expected) == len(basis.indices)
    sums = basis.indices.sum(axis=1)
    assert (np.diff(sums.astype(int)) >= 0).all()


def test_a_function_is_the_product_of_its_factors():
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 2, (50, 3))
    basis = PolynomialBasis([(0, 2)] * 3, 5)
    line = PolynomialBasis((0, 2), 5)
    factors = [line(X[:, k]) for k in range(3)]
    expected = np.prod([factors[k][:, basis.indices[:, k].astype(int)] for k in range(3)], axis=0)
    assert_allclose(basis(X), expected, rtol=1e-13, atol=1e-15)


def test_degrees_by_variable():
    basis = PolynomialBasis([(0, 1), (0, 1)], (3, 1), index="tensor")
    assert len(basis) == 8
    assert basis.degree == (3, 1)
    assert basis.indices.max(axis=0).tolist() == [3, 1]


@pytest.mark.parametrize(("kind", "options", "roots"), MEASURES)
def test_integrals(kind, options, roots):
    if kind in RANGES:
        basis = PolynomialBasis([RANGES[kind]] * 2, 3, kind)
        assert_array_equal(basis.integrals, np.eye(len(basis))[0])
        return
    basis = PolynomialBasis([(0.0, 3.0), (-1.0, 1.0)], 6, kind, **options)
    x, w = np.polynomial.legendre.leggauss(10)
    X = np.stack(np.meshgrid(1.5 + 1.5 * x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    expected = np.outer(1.5 * w, w).ravel() @ basis(X)
    assert_allclose(basis.integrals, expected, atol=1e-13)


def test_layouts_and_dtypes_give_the_same_bits():
    basis = PolynomialBasis([(0, 1), (0, 1)], 4)
    X = np.linspace(0.1, 0.9, 20).reshape(10, 2).astype(np.float32)
    expected = basis(X.astype(np.float64))
    for variant in (X, np.asfortranarray(X), X[::-1].copy()[::-1], X.tolist()):
        assert_array_equal(basis(variant), expected)
    assert basis(np.array([[0, 1]])).dtype == np.float64
    assert basis(np.empty((0, 2))).shape == (0, 15)


def test_copies_and_equality():
    basis = PolynomialBasis([(0, 1), (0, 1)], 2)
    for other in (pickle.loads(pickle.dumps(basis)), copy.deepcopy(basis)):
        assert other == basis
        assert hash(other) == hash(basis)
        assert_array_equal(other([[0.2, 0.3]]), basis([[0.2, 0.3]]))
    assert basis != PolynomialBasis([(0, 1), (0, 2)], 2)
    assert basis != PolynomialBasis([(0, 1), (0, 1)], 2, "chebyshev")
    assert basis != "basis"
    assert repr(PolynomialBasis((0, 1), 3)) == (
        "PolynomialBasis((0.0, 1.0), degree=3, kind='legendre', index='total')"
    )
    with pytest.raises(ValueError, match="read-only"):
        basis.indices[0] = 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"domain": (1, 0)}, ValueError, r"`domain` must have lower ends below .*\(1.0, 0.0\)"),
        ({"domain": (1, 1)}, ValueError, "`domain` must have lower ends below"),
        ({"domain": (np.nan, 1)}, ValueError, "`domain` must have lower ends below"),
        ({"domain": (1, 1 + 1e-15)}, ValueError, "`domain` must be so wide that doubles tell"),
        ({"domain": (-1e-320, 1e-320)}, ValueError, "`domain` must be so wide that doubles tell"),
        ({"domain": (0, INF)}, ValueError, "`domain` must be two finite ends"),
        ({"domain": [(0, 1, 2)]}, ValueError, r"`domain` must be a pair.*\(1, 3\)"),
        ({"domain": np.empty((0, 2))}, ValueError, "`domain` must be a pair"),
        ({"domain": "ab"}, TypeError, "`domain` must hold real numbers"),
        ({"domain": (0, 1), "kind": "hermite"}, ValueError, r"`domain` must be \(-inf, inf\)"),
        ({"domain": (-INF, INF), "kind": "laguerre"}, ValueError, r"`domain` must be \(a, inf\)"),
        ({"degree": -1}, ValueError, "`degree` must be at least 0; got -1"),
        ({"degree": 1.5}, TypeError, "`degree` must be an integer; got 1.5"),
        ({"degree": True}, TypeError, "`degree` must be an integer"),
        ({"degree": 10**30}, ValueError, "`degree` must be at most"),
        ({"degree": (2,)}, ValueError, "`degree` must be one integer for index 'total'"),
        ({"degree": (2, 3), "index": "tensor"}, ValueError, "`degree` must have 1 entries"),
        ({"domain": [(0, 1)] * 6, "degree": 40}, ValueError, "at most 1048576 functions"),
        ({"domain": (-INF, INF), "kind": "hermite", "degree": 301}, ValueError, "at most 300"),
        ({"domain": (0, INF), "kind": "laguerre", "degree": 151}, ValueError, "at most 150"),
        ({"kind": "bessel"}, ValueError, "`kind` must be one of 'legendre'"),
        ({"kind": 3}, TypeError, "`kind` must be one of"),
        ({"index": "sparse"}, ValueError, "`index` must be one of 'total'"),
        ({"kind": "jacobi", "alpha": 0.6}, ValueError, "`alpha` must be between -0.5 and 0.5"),
        ({"kind": "jacobi", "beta": np.nan}, ValueError, "`beta` must be finite"),
        ({"loc": 1.0}, ValueError, "`loc` must be 0 for kind 'legendre'; got 1.0"),
        ({"scale": 2.0}, ValueError, "`scale` must be 1 for kind 'legendre'; got 2.0"),
        ({"scale": 0.0}, ValueError, "`scale` must be greater than 0"),
    ],
)
def test_bad_arguments(changes, error, message):
    with pytest.raises(error, match=message):
        PolynomialBasis(**({"domain": (0, 1), "degree": 2} | changes))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones(3), ValueError, r"`X` must have 2 dimension\(s\); got shape \(3,\)"),
        (np.ones((3, 3)), ValueError, r"`X` must have 2 columns.*\(3, 3\)"),
        ([[0.0, np.nan]], ValueError, r"`X` must be finite; got nan at index \(0, 1\)"),
        ([["a", "b"]], TypeError, "`X` must hold real numbers"),
        ([[1e200, 0.0]], ValueError, "`X` must be so near the domain"),
    ],
)
def test_bad_points(X, error, message):
    with pytest.raises(error, match=message):
        PolynomialBasis([(0, 1), (0, 1)], 2)(X)


@settings(deadline=None, max_examples=60)
@given(
    domain=st.tuples(st.floats(), st.floats()),
    degree=st.integers(-2, 400),
    kind=st.sampled_from(["legendre", "chebyshev", "hermite", "laguerre", "jacobi"]),
    x=st.floats(),
)
def test_anything_is_answered_or_refused(domain, degree, kind, x):
    try:
        values = PolynomialBasis(domain, degree, kind)([x])
    except ValueError:
        return
    assert values.shape == (1, degree + 1)
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (((0, 2), 3), {}),
        (([(0, 1), (-1, 1)], (2, 3)), {"index": "tensor"}),
        (((-INF, INF), 4, "hermite"), {"loc": 1.5, "scale": 2.0}),
        (((0, 1), 2, "jacobi"), {"alpha": 0.25, "beta": -0.5}),
    ],
)
def test_parameters_make_the_basis_again(args, options):
    basis = PolynomialBasis(*args, **options)
    again = PolynomialBasis(**basis.get_params())
    X = np.full((1, basis.n_dimensions), 0.3)
    assert again == basis
    assert_array_equal(again(X), basis(X))
    assert repr(again) == repr(basis)
    for other in (clone(basis), copy.deepcopy(basis), pickle.loads(pickle.dumps(basis))):
        assert other == basis
        assert_array_equal(other(X), basis(X))
        assert_array_equal(other.integrals, basis.integrals)


def test_parameters_are_set_all_or_none():
    basis = PolynomialBasis((0, 1), 3)
    other = clone(basis)
    assert basis.set_params(degree=4, domain=(0, 2)) is basis
    assert basis == PolynomialBasis((0, 2), 4)
    assert other == PolynomialBasis((0, 1), 3)
    with pytest.raises(ValueError, match="`alpha` must be"):
        basis.set_params(degree=2, alpha=3.0)
    with pytest.raises(ValueError, match="`params` must be one of 'domain'"):
        basis.set_params(order=2)
    assert basis == PolynomialBasis((0, 2), 4)
    assert len(basis([[0.5]])[0]) == 5
