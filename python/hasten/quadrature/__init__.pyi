from . import datasets as datasets
from ._adaptive_result import QuadResult as QuadResult
from ._basis import PolynomialBasis as PolynomialBasis
from ._bayes import bayes_quad as bayes_quad
from ._bayes import bayes_quad_weights as bayes_quad_weights
from ._bayes_result import BayesQuadResult as BayesQuadResult
from ._clenshaw_curtis import clenshaw_curtis as clenshaw_curtis
from ._clenshaw_curtis import fejer as fejer
from ._cubature import cubature as cubature
from ._extended_gauss import gauss_kronrod as gauss_kronrod
from ._extended_gauss import gauss_lobatto as gauss_lobatto
from ._extended_gauss import gauss_radau as gauss_radau
from ._gauss import gauss_chebyshev as gauss_chebyshev
from ._gauss import gauss_gegenbauer as gauss_gegenbauer
from ._gauss import gauss_hermite as gauss_hermite
from ._gauss import gauss_jacobi as gauss_jacobi
from ._gauss import gauss_laguerre as gauss_laguerre
from ._gauss import gauss_legendre as gauss_legendre
from ._golub_welsch import golub_welsch as golub_welsch
from ._lattice import korobov_generator as korobov_generator
from ._lattice import lattice as lattice
from ._lattice import lattice_generator as lattice_generator
from ._least_squares import WeightedLeastSquares as WeightedLeastSquares
from ._least_squares_result import LeastSquaresResult as LeastSquaresResult
from ._qmc_quad import qmc_quad as qmc_quad
from ._qmc_result import QmcResult as QmcResult
from ._quad import quad as quad
from ._rule import Rule as Rule
from ._rule import tensor_rule as tensor_rule
from ._sampling import Sample as Sample
from ._sampling import christoffel_sample as christoffel_sample
from ._sampling import dpp_sample as dpp_sample
from ._sampling import repeated_dpp as repeated_dpp
from ._sampling import volume_sample as volume_sample
from ._sobol import sobol as sobol
from ._sobol import sobol_normal as sobol_normal

__all__ = [
    "BayesQuadResult",
    "LeastSquaresResult",
    "PolynomialBasis",
    "QmcResult",
    "QuadResult",
    "Rule",
    "Sample",
    "WeightedLeastSquares",
    "bayes_quad",
    "bayes_quad_weights",
    "christoffel_sample",
    "clenshaw_curtis",
    "cubature",
    "datasets",
    "dpp_sample",
    "fejer",
    "gauss_chebyshev",
    "gauss_gegenbauer",
    "gauss_hermite",
    "gauss_jacobi",
    "gauss_kronrod",
    "gauss_laguerre",
    "gauss_legendre",
    "gauss_lobatto",
    "gauss_radau",
    "golub_welsch",
    "korobov_generator",
    "lattice",
    "lattice_generator",
    "qmc_quad",
    "quad",
    "repeated_dpp",
    "sobol",
    "sobol_normal",
    "tensor_rule",
    "volume_sample",
]
