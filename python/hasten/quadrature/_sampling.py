"""Determinantal sets of rows, and points for least squares."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import quadrature as _core
from hasten._exceptions import ConvergenceWarning
from hasten._threads import resolve
from hasten._validation import (
    check_array,
    check_choice,
    check_flag,
    check_integer,
    check_real,
    check_rng,
    draw_key,
    refuse_non_finite,
)
from hasten.quadrature._basis import PolynomialBasis
from hasten.quadrature._callable_basis import Source, evaluate, functions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

METHODS = ("auto", "rejection", "sequential")
BASES = ("christoffel", "mu")

_MAX_TRIES = 1000


@dataclass(frozen=True, eq=False, kw_only=True)
class Sample:
    r"""Points for least squares and their weights; unpacks as ``X, weights``.

    Attributes
    ----------
    X : ndarray of shape (n, d)
        The points.
    weights : ndarray of shape (n,)
        Their weights :math:`\omega`, to be passed as `sample_weight`.
    gram_deviation : float or None
        :math:`|G - I|` in the spectral norm, where a `condition` was asked for.
    n_tries : int
        Sets that were drawn until the condition held.
    converged : bool
        Whether the condition holds; True where none was asked for.
    """

    X: NDArray[np.float64]
    weights: NDArray[np.float64]
    gram_deviation: float | None
    n_tries: int
    converged: bool

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        """Yield the points, then the weights."""
        return iter((self.X, self.weights))

    def __str__(self) -> str:
        """Return the size and the condition in one line."""
        text = f"Sample: {len(self.X)} points in {self.X.shape[1]} dimension(s)"
        if self.gram_deviation is None:
            return text
        status = "" if self.converged else ", NOT as asked for"
        return f"{text}, |G - I| = {self.gram_deviation:.2g} after {self.n_tries} tries{status}"


def dpp_sample(
    features: ArrayLike,
    *,
    size: int | None = None,
    orthonormalize: bool = False,
    method: str = "auto",
    rng: Any = None,
    n_threads: int | None = None,
) -> NDArray[np.int64]:
    r"""Draw rows of a matrix from the projection determinantal point process of its columns.

    A set S of m rows of a matrix U with orthonormal columns has the probability
    :math:`\det(U_S)^2`: rows that are alike are seldom drawn together, and row i is drawn with its
    leverage score :math:`|U_i|^2`.

    Parameters
    ----------
    features : array-like of shape (n, m)
        The matrix U, or any matrix of rank m with ``orthonormalize=True``.
    size : int, optional
        Number of independent sets; None for one.
    orthonormalize : bool, default False
        Replace the matrix by an orthonormal basis of its columns first, in O(n m^2).
    method : {"auto", "rejection", "sequential"}, default "auto"
        How the rows are found; the law is the same. "rejection" takes O(m^3 log m) a set in the
        mean, "sequential" O(n m^2); "auto" ends a rejection sequentially when n < m^2.
    rng : None, int or numpy.random.Generator, optional
        Where one 64-bit key is drawn from.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The sets do not depend on
        it.

    Returns
    -------
    ndarray of int of shape (m,) or (size, m)
        Row numbers, ascending within a set.

    Raises
    ------
    ValueError
        When the columns are not orthonormal to 1e-8, the rank is less than m, m is 0 or above n, or
        an entry is not finite.
    TypeError
        When an argument has the wrong type.

    See Also
    --------
    repeated_dpp : Sets of points of a continuum.

    Notes
    -----
    The sampler is exact: no Markov chain, no tolerance. Proposals come from an alias table of the
    leverage scores and are accepted with the share of their squared norm outside the span of the
    rows chosen so far [1]_, about :math:`m\,(\log m + 0.6)` proposals a set; norms are never
    differences of totals, so there is no matrix at which probabilities stop adding up.

    O(n m) once for the scores, then O(m^3 log m) a set; 8 (m^2 + 3 n) bytes beyond the matrix, and
    8 n m more with `orthonormalize`. Rows that are found sequentially, which are all m or with
    "auto" the last :math:`m^2/n` of a set, take 8 n bytes each for each thread. That the columns
    are orthonormal is checked through the norms of their products with four random vectors, and in
    full where these look suspicious.

    References
    ----------
    .. [1] S. Barthelme, N. Tremblay, P.-O. Amblard, "A faster sampler for discrete determinantal
       point processes", AISTATS 2023, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from hasten.quadrature import dpp_sample
    >>> x = np.linspace(-1, 1, 1000)
    >>> rows = dpp_sample(np.vander(x, 5), orthonormalize=True, rng=0)
    >>> rows.shape
    (5,)
    >>> bool(np.diff(rows).min() > 20)  # Points repel each other.
    True
    """
    # The core reads every entry once and would meet what is not finite.
    matrix: Any = check_array(features, "features", ndim=2, dtype="float64", finite=False)
    count = 1 if size is None else min(check_integer(size, "size", minimum=0), sys.maxsize)
    check_choice(method, "method", METHODS)
    threads = resolve(n_threads)
    generator = check_rng(rng)
    check_flag(orthonormalize, "orthonormalize")
    try:
        basis = _core.orthonormalize(matrix, threads) if orthonormalize else matrix
        sets = _core.dpp_sample(basis, count, method, draw_key(generator), threads)
    except ValueError:
        refuse_non_finite(matrix, "features")
        raise
    return sets[0] if size is None else sets


def christoffel_sample(
    basis: Any,
    n: int,
    *,
    condition: float | None = None,
    rng: Any = None,
    n_threads: int | None = None,
) -> Sample:
    r"""Draw independent points from the optimal density of least squares on a basis.

    The density is :math:`K(x)/m` with respect to the measure under which the m functions are
    orthonormal, :math:`K = \sum_j \phi_j^2`; the weights are :math:`\omega = m/K`.

    Parameters
    ----------
    basis : PolynomialBasis or callable
        The basis; see the notes of `PolynomialBasis` for what a callable needs.
    n : int
        Number of points.
    condition : float, optional
        Draw the whole set again until :math:`|G - I| \le` `condition`, at most 1000 times; between
        0 and 1.
    rng : None, int or numpy.random.Generator, optional
        Where one 64-bit key is drawn from.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The points do not depend on
        it.

    Returns
    -------
    Sample
        Points and weights.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.

    Warns
    -----
    ConvergenceWarning
        When no set met the condition; the best one is returned.

    See Also
    --------
    repeated_dpp, volume_sample : Fewer points for the same stability.

    Notes
    -----
    A set of :math:`n \ge (m/d)\log(2m/\eta)` points, :math:`d = (1+\delta)\log(1+\delta)-\delta`,
    meets the condition :math:`\delta` with a probability of at least :math:`1-\eta` [1]_. O(n m)
    time; a condition costs O(n m^2) a try.

    References
    ----------
    .. [1] A. Cohen, G. Migliorati, "Optimal weighted least-squares methods", SMAI Journal of
       Computational Mathematics 3, 2017, theorem 2.1.

    Examples
    --------
    >>> from hasten.quadrature import PolynomialBasis, christoffel_sample
    >>> basis = PolynomialBasis((-1, 1), degree=4)
    >>> X, weights = christoffel_sample(basis, 100, rng=0)
    >>> X.shape, weights.shape
    ((100, 1), (100,))
    """
    count = min(check_integer(n, "n", minimum=0), sys.maxsize)
    request = Request(basis, "christoffel", count, condition, rng, n_threads)
    sample, warning = draw(request)
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return sample


def volume_sample(
    basis: Any,
    n: int,
    *,
    base: str = "christoffel",
    condition: float | None = None,
    rng: Any = None,
    n_threads: int | None = None,
) -> Sample:
    r"""Draw points by volume-rescaled sampling: unbiased least squares with any number of points.

    One determinantal set of m points and n - m independent ones, in random order. The density is
    that of independent points times :math:`\det G`.

    Parameters
    ----------
    basis : PolynomialBasis or callable
        The basis; see the notes of `PolynomialBasis` for what a callable needs.
    n : int
        Number of points, at least the number m of functions.
    base : {"christoffel", "mu"}, default "christoffel"
        Where the independent points come from: the density :math:`K/m`, with weights
        :math:`m/K` [2]_, or the measure itself, with weights 1 [1]_.
    condition : float, optional
        Draw the whole set again until :math:`|G - I| \le` `condition`, at most 1000 times; between
        0 and 1.
    rng : None, int or numpy.random.Generator, optional
        Where one 64-bit key is drawn from.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The points do not depend on
        it.

    Returns
    -------
    Sample
        Points and weights.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid, or n is below m.

    Warns
    -----
    ConvergenceWarning
        When no set met the condition; the best one is returned.

    See Also
    --------
    repeated_dpp : Often better at the same number of points.

    Notes
    -----
    With ``base="christoffel"`` the mean of :math:`G^{-1}` is exactly :math:`n/(n-m+1)` times the
    identity, and the mean of the coefficients is the best approximation's, but for the `condition`.
    At n = m the expected squared error is :math:`1 + m` times the best one. O(m^3 log m + n m)
    time.

    References
    ----------
    .. [1] M. Derezinski, M. Warmuth, D. Hsu, "Leveraged volume sampling for linear regression",
       NeurIPS 2018.
    .. [2] A. Nouy, B. Michel, "Weighted least-squares approximation with determinantal point
       processes and generalized volume sampling", 2023, arXiv 2312.14057.

    Examples
    --------
    >>> from hasten.quadrature import PolynomialBasis, volume_sample
    >>> basis = PolynomialBasis((-1, 1), degree=4)
    >>> X, weights = volume_sample(basis, 8, rng=0)
    >>> X.shape
    (8, 1)
    """
    m = functions(basis)
    count = min(check_integer(n, "n"), sys.maxsize)
    if count < m:
        raise ValueError(f"`n` must be at least {m}, the number of functions; got {count}")
    check_choice(base, "base", BASES)
    scheme = "volume" if base == "christoffel" else "volume-mu"
    sample, warning = draw(Request(basis, scheme, count, condition, rng, n_threads))
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return sample


def repeated_dpp(
    basis: Any,
    r: int,
    *,
    condition: float | None = None,
    rng: Any = None,
    n_threads: int | None = None,
) -> Sample:
    r"""Draw independent determinantal sets, the best points known for least squares on a basis.

    Each of the r sets has as many points as the basis has functions, m, with density in proportion
    to :math:`\det(\phi_j(x_i))^2`: points of a set repel each other. The weights are
    :math:`m/K`, :math:`K = \sum_j \phi_j^2`.

    Parameters
    ----------
    basis : PolynomialBasis or callable
        The basis; see the notes of `PolynomialBasis` for what a callable needs.
    r : int
        Number of sets; 2 or more for stable least squares.
    condition : float, optional
        Draw all sets again until :math:`|G - I| \le` `condition`, at most 1000 times; between 0
        and 1.
    rng : None, int or numpy.random.Generator, optional
        Where one 64-bit key is drawn from.
    n_threads : int, optional
        Threads to use; every core that the process may use by default. The points do not depend on
        it.

    Returns
    -------
    Sample
        The r m points and their weights.

    Raises
    ------
    ValueError, TypeError
        When an argument is not valid.

    Warns
    -----
    ConvergenceWarning
        When no sets met the condition; the best ones are returned.

    See Also
    --------
    volume_sample, christoffel_sample : Other laws.
    dpp_sample : Sets of rows of a matrix.

    Notes
    -----
    The mean of :math:`G` is the identity. Proposals from :math:`K/m` are accepted as in
    `dpp_sample`; O(r m^3 log m) time, 8 (m^2 + 64 m) bytes a thread. The law and its analysis for
    least squares are those of [1]_.

    References
    ----------
    .. [1] A. Nouy, B. Michel, "Weighted least-squares approximation with determinantal point
       processes and generalized volume sampling", 2023, arXiv 2312.14057.

    Examples
    --------
    >>> from hasten.quadrature import PolynomialBasis, repeated_dpp
    >>> basis = PolynomialBasis([(0, 1), (0, 1)], degree=3)
    >>> X, weights = repeated_dpp(basis, 2, rng=0)
    >>> X.shape, len(basis)
    ((20, 2), 10)
    """
    count = min(check_integer(r, "r", minimum=1), sys.maxsize)
    sample, warning = draw(Request(basis, "repeated_dpp", count, condition, rng, n_threads))
    if warning is not None:
        warnings.warn(warning, ConvergenceWarning, stacklevel=2)
    return sample


class Request:
    """What is to be drawn, checked."""

    def __init__(
        self,
        basis: Any,
        scheme: str,
        n: int,
        condition: float | None,
        rng: Any,
        n_threads: int | None,
    ) -> None:
        self.basis, self.scheme, self.n = basis, scheme, n
        m = functions(basis)
        self.n_points = n * m if scheme == "repeated_dpp" else n
        self.condition = None
        if condition is not None:
            self.condition = check_real(
                condition, "condition", minimum=0.0, maximum=1.0, exclusive=True
            )
            if self.n_points < m:
                raise ValueError(
                    f"`n` must be at least {m}, the number of functions, for a `condition`; got {n}"
                )
        self.threads = resolve(n_threads)
        self.key = draw_key(check_rng(rng))


def draw(request: Request) -> tuple[Sample, str | None]:
    """Draw a sample.

    Parameters
    ----------
    request : Request
        What is asked for.

    Returns
    -------
    sample : Sample
        The points and weights.
    warning : str or None
        What to warn of.
    """
    basis = request.basis
    if isinstance(basis, PolynomialBasis):
        X, weights, deviation, n_tries = _core.polynomial_sample(
            basis._polynomials,
            request.scheme,
            request.n,
            request.condition,
            request.key,
            request.threads,
        )
        # The map from the standard range may round past an end.
        np.clip(X, basis.domain[:, 0], basis.domain[:, 1], out=X)
    else:
        X, weights, deviation, n_tries = _draw_callable(request)
    condition = request.condition
    converged = condition is None or deviation is None or deviation <= condition
    sample = Sample(
        X=X, weights=weights, gram_deviation=deviation, n_tries=n_tries, converged=converged
    )
    if converged:
        return sample, None
    return sample, (
        f"no set of {len(X)} points had |G - I| <= {condition:g} in {n_tries} tries; the "
        f"best one has {deviation:.3g}: ask for more points or a weaker condition"
    )


def _draw_callable(
    request: Request,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float | None, int]:
    """Draw for a basis that is any callable."""
    basis, condition = request.basis, request.condition
    best: tuple[NDArray[np.float64], NDArray[np.float64], float | None] | None = None
    for attempt in range(1 if condition is None else _MAX_TRIES):
        X = _points(Source(basis, request.key, attempt), request)
        values = evaluate(basis, X)
        squares = np.einsum("ij,ij->i", values, values)
        weights = np.ones(len(X)) if request.scheme == "volume-mu" else values.shape[1] / squares
        if condition is None:
            return X, weights, None, 1
        matrix = values * np.sqrt(weights / len(X))[:, np.newaxis]
        deviation = float(np.abs(np.linalg.svd(matrix, compute_uv=False) ** 2 - 1.0).max())
        if best is None or best[2] is None or deviation < best[2]:
            best = X, weights, deviation
        if deviation <= condition:
            return X, weights, deviation, attempt + 1
    assert best is not None  # noqa: S101  There was at least one try.
    return (*best, _MAX_TRIES)


def _points(source: Source, request: Request) -> NDArray[np.float64]:
    scheme, n = request.scheme, request.n
    if scheme == "christoffel":
        return source.christoffel(n)
    if scheme == "repeated_dpp":
        return np.concatenate([source.process() for _ in range(n)])
    chosen = source.process()
    others = n - len(chosen)
    rest = source.measure(others) if scheme == "volume-mu" else source.christoffel(others)
    return source.shuffled(np.concatenate([chosen, rest]))
