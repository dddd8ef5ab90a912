"""Arguments of Bayesian quadrature: every kind that is taken, and each that is refused."""

import numpy as np
import pytest

from hasten.quadrature import bayes_quad, bayes_quad_weights

X = np.linspace(0.0, 1.0, 9)
Y = np.exp(X)
UNIT = (0.0, 1.0)
SQUARE = [UNIT, UNIT]


def quad(f_or_y=Y, nodes=X, **options):
    return bayes_quad(f_or_y, nodes, **{"domain": UNIT} | options)


BAD = [
    # Nodes and values.
    ({"nodes": X + 0.5}, ValueError, r"`nodes` must be inside the domain; got 1.125.*index 5"),
    ({"nodes": [np.nan, *X[1:]]}, ValueError, r"`nodes` must be finite; got nan at index 0"),
    ({"nodes": X.reshape(3, 3)}, ValueError, r"`nodes` must have shape \(N,\)"),
    ({"nodes": []}, ValueError, "`nodes` must have at least one"),
    ({"nodes": None}, ValueError, "`nodes` must be given with values"),
    ({"nodes": ["a"] * 9}, TypeError, "`nodes` must hold real numbers"),
    ({"nodes": X.astype(complex)}, TypeError, "`nodes` must hold real numbers"),
    ({"nodes": (X, X)}, ValueError, "`nodes` must have 1 axes"),
    ({"nodes": np.r_[X[:8], 0.0]}, ValueError, r"`nodes` must be distinct.*indices 0 and 8"),
    ({"nodes": (np.r_[X[:8], 0.0],)}, ValueError, "`nodes` must be distinct along each axis"),
    (
        {"nodes": np.r_[X[:8], 0.0][:, None], "domain": [UNIT]},
        ValueError,
        r"`nodes` must be distinct.*indices 0 and 8",
    ),
    ({"f_or_y": Y[:8]}, ValueError, r"`f_or_y` must have shape \(9,\) or \(9, V\).*got \(8,\)"),
    ({"f_or_y": 3.0}, ValueError, r"`f_or_y` must have shape \(9,\)"),
    ({"f_or_y": np.ones((9, 0))}, ValueError, r"`f_or_y` must have shape \(9,\)"),
    ({"f_or_y": Y[:, None, None]}, ValueError, r"`f_or_y` must have shape \(9,\)"),
    ({"f_or_y": Y * 1j}, TypeError, "`f_or_y` must hold real numbers"),
    ({"f_or_y": [*Y[:8], np.inf]}, ValueError, r"`f_or_y` must be finite; got inf at index 8"),
    ({"f_or_y": lambda x: 1.0}, ValueError, r"`f_or_y` must have shape \(9,\)"),
    ({"f_or_y": lambda x: x[:3]}, ValueError, r"`f_or_y` must have shape \(9,\).*got \(3,\)"),
    ({"f_or_y": lambda x: x * 1j}, TypeError, "`f_or_y` must hold real numbers"),
    (
        {"f_or_y": lambda x: np.where(x == 0.25, np.nan, x)},
        ValueError,
        r"`f_or_y` must return finite values; got nan at x = 0.25",
    ),
    ({"n": 9}, ValueError, "`n` must be None"),
    ({"f_or_y": np.exp, "nodes": None, "n": 0}, ValueError, "`n` must be at least 1"),
    ({"f_or_y": np.exp, "nodes": None, "n": 2.5}, TypeError, "`n` must be an integer"),
    ({"f_or_y": np.exp, "nodes": None, "n": (3, 4)}, ValueError, "`n` must have 1 entries"),
    # The measure.
    ({"domain": None}, ValueError, "`domain` must be given"),
    ({"domain": (1.0, 0.0)}, ValueError, "`domain` must have ascending ends"),
    ({"domain": (0.0, 0.0)}, ValueError, "`domain` must have ascending ends"),
    ({"domain": (0.0, np.inf)}, ValueError, "`domain` must be finite"),
    ({"domain": (-1.7e308, 1.7e308)}, ValueError, "`domain` must have ascending ends"),
    ({"domain": 1.0}, ValueError, r"`domain` must have shape \(2,\) or \(d, 2\)"),
    ({"domain": (0.0, 1.0, 2.0)}, ValueError, r"`domain` must have shape"),
    ({"domain": "unit"}, ValueError, "`domain` must have shape"),
    ({"measure": "uniform"}, ValueError, "`measure` must be one of 'lebesgue'"),
    ({"measure": 3}, TypeError, "`measure` must be 'lebesgue' or"),
    ({"measure": ("normal", 0.0, 1.0)}, ValueError, "`domain` must be None"),
    ({"measure": ("cauchy", 0.0, 1.0), "domain": None}, ValueError, "`measure`"),
    ({"measure": ("normal", 0.0, 0.0), "domain": None}, ValueError, "positive variances"),
    ({"measure": ("normal", np.nan, 1.0), "domain": None}, ValueError, "`measure` must be finite"),
    ({"measure": ("normal", [0, 0], np.eye(3)), "domain": None}, ValueError, r"shape \(2, 2\)"),
    (
        {"measure": ("normal", [0, 0], [[1, 0.5], [0.2, 1]]), "domain": None},
        ValueError,
        "symmetric covariance",
    ),
    (
        {"f_or_y": np.exp, "nodes": None, "measure": ("normal", 0, 1), "domain": None},
        ValueError,
        "`nodes` must be given with a normal measure",
    ),
    # The prior.
    ({"kernel": "rfb"}, ValueError, "did you mean 'rbf'"),
    ({"nu": 2.0}, ValueError, "`nu` must be one of 0.5, 1.5, 2.5, 3.5 or 'auto'; got 2.0"),
    ({"nu": "Auto"}, ValueError, "`nu` must be one of"),
    ({"nu": None}, TypeError, "`nu` must be a real number"),
    ({"ell": 0.0}, ValueError, "`ell` must be greater than 0"),
    ({"ell": [0.5, 0.5]}, ValueError, r"`ell` must have shape \(1,\)"),
    ({"ell": [-0.5]}, ValueError, "`ell` must be greater than 0; got -0.5 at index 0"),
    ({"ell": 1e-300}, ValueError, "`ell` must be between"),
    ({"scale": 0.0}, ValueError, "`scale` must be greater than 0"),
    ({"noise": -1.0}, ValueError, "`noise` must be at least 0"),
    ({"noise": 0.1, "nodes": (X,)}, ValueError, "`noise` must be 0 on a grid"),
    ({"confidence_level": 1.0}, ValueError, "`confidence_level` must be strictly between 0 and 1"),
    ({"n_threads": 0}, ValueError, "`n_threads` must be at least 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_what_is_wrong_is_named(options, kind, message):
    with pytest.raises(kind, match=message):
        quad(**options)


def test_correlated_measures_need_points_and_rbf():
    measure = ("normal", [0.0, 0.0], [[1.0, 0.5], [0.5, 1.0]])
    with pytest.raises(ValueError, match="`kernel` must be 'rbf'"):
        bayes_quad([1.0], [[0.0, 0.0]], measure=measure)
    with pytest.raises(ValueError, match="`nodes` must not be a grid"):
        bayes_quad([[1.0]], ([0.0], [0.0]), measure=measure, kernel="rbf")
    with pytest.raises(np.linalg.LinAlgError, match="`measure` is not positive definite"):
        bayes_quad([1.0], [[0.0, 0.0]], measure=("normal", [0, 0], [[1, 2], [2, 1]]), kernel="rbf")


def test_average_on_points_needs_full_rank():
    nodes = np.linspace(0, 1, 40)[:, None]
    with pytest.raises(ValueError, match="`ell` must be short enough"):
        bayes_quad(np.exp(nodes[:, 0]), nodes, measure=("normal", 0, 1), nu="auto", ell=1e15)


def test_weights_refuse_what_they_cannot_use():
    for options, kind, message in [
        ({"nu": "auto"}, ValueError, "`nu` must be one of 0.5, 1.5, 2.5, 3.5; got 'auto'"),
        ({"ell": -1.0}, ValueError, "`ell` must be greater"),
        ({"nodes": 0}, ValueError, "`n` must be at least 1"),
        ({"nodes": True}, ValueError, "`nodes` must have shape"),
        ({"nodes": 5.0}, ValueError, "`nodes` must have shape"),
        ({"domain": None}, ValueError, "`domain` must be given"),
    ]:
        with pytest.raises(kind, match=message):
            bayes_quad_weights(**{"nodes": 5, "domain": UNIT, "ell": 0.3} | options)
    with pytest.raises(TypeError):
        bayes_quad_weights(5, domain=UNIT)


def test_exceptions_of_the_integrand_pass_through():
    def f(x):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        quad(f)


def test_posterior_refuses_other_shapes():
    result = quad()
    for x, message in [
        ([[0.1, 0.2]], r"`x` must have shape \(M,\)"),
        (0.1, r"`x` must have shape"),
        ([np.nan], "`x` must be finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            result.posterior(x)
    with pytest.raises(ValueError, match="`confidence_level`"):
        result.confidence_interval(0.0)
    mean, deviation = result.posterior([])
    assert len(mean) == len(deviation) == 0
    many = bayes_quad(np.exp, domain=UNIT, n=5001, ell=0.3)
    with pytest.raises(ValueError, match="at most 5000 nodes"):
        many.posterior([0.5])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_hold_nodes_and_values(library):
    module = pytest.importorskip(library)
    table = module.DataFrame({"x": X, "y": Y})
    found = bayes_quad(table["y"], table["x"], domain=UNIT)
    assert found.value == quad().value
    table = module.DataFrame({"u": X, "v": X[::-1], "y": Y})
    points = bayes_quad(table["y"], table[["u", "v"]], domain=SQUARE, ell=0.5)
    same = bayes_quad(Y, np.stack([X, X[::-1]], axis=1), domain=SQUARE, ell=0.5)
    assert points.value == same.value


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f8"])
def test_every_precision_is_computed_in_double(dtype):
    x = (np.arange(9) / 8).astype(dtype)
    result = bayes_quad((x * x).astype(dtype), x, domain=UNIT)
    assert result.value == quad(X**2).value
    assert result.weights.dtype == np.float64


def test_integers_and_layouts():
    x = np.arange(5)
    whole = bayes_quad(x**2, x, domain=(0, 4))
    assert whole.value == bayes_quad(x**2.0, x * 1.0, domain=(0.0, 4.0)).value
    wide = np.empty((9, 4))
    wide[:, 0], wide[:, 2] = X, Y
    wide.flags.writeable = False
    assert quad(wide[:, 2], wide[:, 0]).value == quad().value
    assert abs(quad(Y[::-1], X[::-1]).value - quad().value) <= 1e-12
    points = np.asfortranarray(np.stack([X, X[::-1]], axis=1))
    before = points.copy()
    bayes_quad(Y, points, domain=SQUARE, ell=0.5)
    np.testing.assert_array_equal(points, before)
