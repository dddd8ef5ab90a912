"""What an estimate offers to inference, and the small records that inference returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from hasten._backend import Backend


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
    """

    @property
    def strength(self) -> NDArray[np.float64]: ...  # numpydoc ignore=GL08
    @property
    def reference(self) -> int | None: ...  # numpydoc ignore=GL08
    @property
    def backend(self) -> Backend: ...  # numpydoc ignore=GL08
    @property
    def n_threads(self) -> int | None: ...  # numpydoc ignore=GL08

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
