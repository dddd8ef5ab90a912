"""What an estimate offers to inference, and the small records that inference returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from hasten._validation import check_real

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hasten._backend import Backend

_T = TypeVar("_T")


class ConfidenceInterval(NamedTuple):
    """The two ends of an interval, one entry an item.

    Attributes
    ----------
    low, high : array of shape (n_items,)
        The ends.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_baseball_1987().comparisons(), reference="Baltimore")
    >>> low, high = result.confidence_interval(0.9)
    >>> result.items[low > 0].tolist()
    ['Boston', 'Cleveland', 'Detroit', 'Milwaukee', 'New York', 'Toronto']
    """

    low: Any
    high: Any


class RankSets(NamedTuple):
    """The smallest and the largest rank that the data leave open, one entry an item.

    Attributes
    ----------
    low, high : array of int64, shape (n_items,)
        Ranks, 1 for the strongest.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> low, high = bradley_terry(load_baseball_1987().comparisons()).rank_sets(rng=0)
    >>> low.tolist(), high.tolist()
    ([6, 1, 1, 1, 1, 1, 1], [7, 6, 7, 6, 6, 6, 6])
    """

    low: Any
    high: Any


class Contrast(NamedTuple):
    """A difference of strengths and its test against 0.

    Attributes
    ----------
    estimate : float or array
        Strength of the first item less that of the second.
    standard_error : float or array
        Its standard error.
    statistic : float or array
        Their ratio.
    pvalue : float or array
        Two-sided, from the normal distribution.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_baseball_1987().comparisons())
    >>> contrast = result.contrast("Milwaukee", "Baltimore")
    >>> round(contrast.estimate, 4), round(contrast.standard_error, 4)
    (1.5814, 0.3433)
    """

    estimate: Any
    standard_error: Any
    statistic: Any
    pvalue: Any


class Coefficient(NamedTuple):
    """A parameter that all items share, and its test against 0.

    Attributes
    ----------
    estimate : float
        Its value.
    standard_error : float
        Its standard error; NaN where the parameter is at a limit of its range.
    statistic : float
        Their ratio.
    pvalue : float
        Two-sided, from the normal distribution.
    low, high : float
        Ends of the Wald interval.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> games = load_baseball_1987().comparisons(ordered=True)
    >>> result = bradley_terry(games, order_effect=True)
    >>> home = result.coefficients()["order effect"]
    >>> round(home.estimate, 4), round(home.standard_error, 4)
    (0.3023, 0.1309)
    """

    estimate: float
    standard_error: float
    statistic: float
    pvalue: float
    low: float
    high: float


class Estimate(Protocol):
    """What a result keeps of its solve, for everything that is computed on first access.

    Attributes
    ----------
    strength : ndarray of float64, shape (n_items,)
        The strengths before any rounding to float32.
    reference : int or None
        Position of the reference item.
    backend : Backend
        The array library of everything that is returned.
    n_threads : int or None
        The argument of the solve.
    kept : ndarray of intp, shape (n_fitted,), or None
        Positions of the items that were fitted, where some were excluded.
    groups : ndarray of uint32, shape (n_fitted,), or None
        Component of each fitted item, where components were fitted apart.
    prior : tuple of (str, float), or None
        The prior.
    """

    @property
    def strength(self) -> NDArray[np.float64]: ...  # numpydoc ignore=GL08
    @property
    def reference(self) -> int | None: ...  # numpydoc ignore=GL08
    @property
    def backend(self) -> Backend: ...  # numpydoc ignore=GL08
    @property
    def n_threads(self) -> int | None: ...  # numpydoc ignore=GL08
    @property
    def kept(self) -> NDArray[np.intp] | None: ...  # numpydoc ignore=GL08
    @property
    def prior(self) -> tuple[str, float] | None: ...  # numpydoc ignore=GL08
    @property
    def groups(self) -> NDArray[np.uint32] | None: ...  # numpydoc ignore=GL08

    def core(self) -> tuple[Any, ...]:
        """Return the fit as the extension module takes it: a tag, the data, the parameters.

        Returns
        -------
        tuple
            For example ``("paired", cells, model, parameters, groups)``.
        """
        ...

    def outcomes(self) -> tuple[NDArray[Any], ...]:
        """Return the recorded outcomes in an order that does not depend on the model.

        Returns
        -------
        tuple of ndarray
            Equal for two fits exactly when they saw the same data.
        """
        ...

    def terms(self) -> Mapping[str, bytes]:
        """Return what the model has besides the strengths, each name with what it depends on.

        Returns
        -------
        mapping of str to bytes
            A model is nested in another one when its items are among the other's.
        """
        ...


def check_level(confidence_level: Any) -> float:
    """Return a confidence level strictly between 0 and 1.

    Parameters
    ----------
    confidence_level : float
        What the caller passed.

    Returns
    -------
    float
        The level.
    """
    return check_real(
        confidence_level, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True
    )


def infer(function: Callable[..., _T], *arguments: Any) -> _T:
    """Call the core, and say what it means where the information matrix is singular.

    Parameters
    ----------
    function : callable
        A function of the extension module.
    *arguments : object
        Its arguments.

    Returns
    -------
    object
        Its answer.
    """
    try:
        return function(*arguments)
    except np.linalg.LinAlgError:
        raise np.linalg.LinAlgError(
            "no standard errors can be computed: the `comparisons` leave some item with no "
            "outcome that double precision takes for uncertain"
        ) from None


def members_of(groups: NDArray[np.uint32]) -> list[NDArray[np.intp]]:
    """Return the positions of the members of each group.

    Parameters
    ----------
    groups : ndarray of uint32, shape (n_items,)
        Group of each item.

    Returns
    -------
    list of ndarray of intp
        One array a group.
    """
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
