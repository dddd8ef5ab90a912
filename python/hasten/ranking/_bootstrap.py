"""Bootstrap of ranking results."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ranking as _core
from hasten._validation import check_choice, check_integer, check_real, draw_key
from hasten.ranking._estimate import ConfidenceInterval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ranking._inference import RankingResult

KINDS = ("games", "parametric")
_MOST_REPLICATES = 2**32


@dataclass(frozen=True, eq=False, kw_only=True)
class BootstrapResult:
    """Estimates of resampled data.

    Attributes
    ----------
    items : ndarray of shape (n_items,)
        The labels; columns of `strengths` are in this order.
    strengths : array of float64, shape (n_resamples, n_items)
        Log-strengths of each replicate, in the frame of the original result; NaN in replicates
        whose data have no finite estimate.
    shared : ndarray of float64, shape (n_resamples, n_shared)
        Parameters that all items share, in the order of the model.
    estimate : ndarray of float64, shape (n_items,)
        The original strengths.
    n_failed : int
        Replicates without an estimate: left out of everything below.
    kind : str
        "games" or "parametric".
    first : int
        Number of the first replicate in the sequence of the key.
    key : int
        The 64-bit number that the replicates are functions of.

    Notes
    -----
    A replicate is a function of `key` and of its number: the same bits for any number of threads
    and processes. Items that won, or lost, only a game or two make replicates without an estimate;
    leaving those out makes the rest too narrow, so look at `n_failed` and give such data a prior.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> from hasten.ranking import bradley_terry
    >>> result = bradley_terry(load_baseball_1987().comparisons())
    >>> replicates = result.bootstrap(200, rng=0)
    >>> replicates.strengths.shape, replicates.n_failed
    ((200, 7), 0)
    """

    items: NDArray[Any] = field(repr=False)
    strengths: Any = field(repr=False)
    shared: NDArray[np.float64] = field(repr=False)
    estimate: NDArray[np.float64] = field(repr=False)
    n_failed: int
    kind: str
    first: int
    key: int
    _backend: Backend = field(repr=False)

    @property
    def n_resamples(self) -> int:
        """Number of replicates, those without an estimate included."""
        return len(self.shared)

    @functools.cached_property
    def _found(self) -> NDArray[np.float64]:
        strengths = np.asarray(self.strengths)
        found: NDArray[np.float64] = strengths[np.isfinite(strengths).all(axis=1)]
        if len(found) < 2:
            raise ValueError(
                f"at least 2 replicates must have an estimate; {self.n_failed} of "
                f"{self.n_resamples} have none (a prior would give every replicate one)"
            )
        return found

    def standard_error(self) -> Any:
        """Return the standard deviation of the replicates.

        Returns
        -------
        array of float64, shape (n_items,)
            One an item, with divisor ``n - 1``.

        Raises
        ------
        ValueError
            When fewer than two replicates have an estimate.
        """
        return self._backend.wrap(self._found.std(axis=0, ddof=1))

    def confidence_interval(
        self, confidence_level: float = 0.95, *, method: str = "percentile"
    ) -> ConfidenceInterval:
        """Return an interval for each strength.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Probability, for each item alone, that its interval covers the true strength.
        method : {"percentile", "basic"}, default "percentile"
            "percentile": quantiles of the replicates. "basic": those quantiles reflected at the
            original estimate.

        Returns
        -------
        ConfidenceInterval
            Named tuple of two float64 arrays ``(low, high)``.

        Raises
        ------
        ValueError, TypeError
            When an argument is not valid, or fewer than two replicates have an estimate.
        """
        level = check_real(
            confidence_level, "confidence_level", minimum=0.0, maximum=1.0, exclusive=True
        )
        check_choice(method, "method", ("percentile", "basic"))
        low, high = np.quantile(self._found, [(1 - level) / 2, (1 + level) / 2], axis=0)
        if method == "basic":
            low, high = 2 * self.estimate - high, 2 * self.estimate - low
        return ConfidenceInterval(self._backend.wrap(low), self._backend.wrap(high))

    def merge(self, other: BootstrapResult) -> BootstrapResult:
        """Join replicates that follow on these.

        Parameters
        ----------
        other : BootstrapResult
            Made from the same result with the same kind and seed, with `first` equal to the end of
            this one.

        Returns
        -------
        BootstrapResult
            Exactly what one call would have returned.

        Raises
        ------
        TypeError
            When `other` is no bootstrap result.
        ValueError
            When the two do not fit together.
        """
        if not isinstance(other, BootstrapResult):
            raise TypeError(f"`other` must be a BootstrapResult; got {type(other).__name__}")
        if (self.key, self.kind) != (other.key, other.kind):
            raise ValueError("`other` must have the same key and kind: pass the same `rng` seed")
        if not (
            np.array_equal(self.items, other.items)
            and np.array_equal(self.estimate, other.estimate)
        ):
            raise ValueError("`other` must come from the same result")
        if other.first != self.first + self.n_resamples:
            raise ValueError(
                f"`other` must begin with replicate {self.first + self.n_resamples}, where this "
                f"one ends; got first={other.first}"
            )
        both = [np.asarray(self.strengths), np.asarray(other.strengths)]
        return BootstrapResult(
            items=self.items,
            strengths=self._backend.wrap(np.concatenate(both)),
            shared=np.concatenate([self.shared, other.shared]),
            estimate=self.estimate,
            n_failed=self.n_failed + other.n_failed,
            kind=self.kind,
            first=self.first,
            key=self.key,
            _backend=self._backend,
        )

    def to_frame(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return a pandas table with one row an item.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the percentile interval in the columns "low" and "high".

        Returns
        -------
        pandas.DataFrame
            Columns item, strength, standard_error, low and high, in the order of `items`.

        Raises
        ------
        ImportError
            When pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as problem:
            raise ImportError("to_frame() needs pandas: pip install hasten[table]") from problem
        low, high = self.confidence_interval(confidence_level)
        return pd.DataFrame(
            {
                "item": self.items,
                "strength": self.estimate,
                "standard_error": np.asarray(self.standard_error()),
                "low": np.asarray(low),
                "high": np.asarray(high),
            }
        )

    def __str__(self) -> str:
        """Return the number of replicates and of failures in one line."""
        return (
            f"Bootstrap of {len(self.items):,} items: {self.n_resamples:,} {self.kind} replicates, "
            f"{self.n_failed:,} without an estimate"
        )


def run(
    result: RankingResult, n_resamples: Any, kind: str, rng: Any, n_jobs: int | None, first: Any
) -> BootstrapResult:
    """Do the work of `RankingResult.bootstrap`.

    Parameters
    ----------
    result : RankingResult
        The original fit.
    n_resamples, kind, rng, n_jobs, first
        As in the method.

    Returns
    -------
    BootstrapResult
        The replicates.
    """
    n_resamples = check_integer(n_resamples, "n_resamples", minimum=1)
    first = check_integer(first, "first", minimum=0)
    if first + n_resamples > _MOST_REPLICATES:
        raise ValueError(
            f"`first` + `n_resamples` must be at most 2**32; got {first + n_resamples}"
        )
    check_choice(kind, "kind", KINDS)
    key = draw_key(rng)
    core = result._fit.core()
    ranges = _ranges(first, n_resamples, n_jobs)
    if len(ranges) == 1:
        parts = [replicates(core, kind, key, first, first + n_resamples, result._n_threads)]
    else:
        from joblib import Parallel, delayed

        work = delayed(replicates)
        parts = Parallel(n_jobs=n_jobs)(
            work(core, kind, key, start, stop, 1) for start, stop in ranges
        )
    estimates = parts[0][0] if len(parts) == 1 else np.concatenate([part[0] for part in parts])
    n_items = len(result._fit.strength)
    strengths = estimates[:, :n_items]
    if result._fit.reference is not None:
        strengths = strengths - strengths[:, result._fit.reference, None]
    # Excluded items have no strength to resample.
    known = ~np.isnan(result._fit.strength)
    return BootstrapResult(
        items=result._fitted_items[known],
        strengths=result._fit.backend.wrap(np.ascontiguousarray(strengths[:, known])),
        shared=estimates[:, n_items:].copy(),
        estimate=result._fit.strength[known],
        n_failed=sum(part[1] for part in parts),
        kind=kind,
        first=first,
        key=key,
        _backend=result._fit.backend,
    )


def replicates(
    core: tuple[Any, ...], kind: str, key: int, start: int, stop: int, n_threads: int | None
) -> tuple[NDArray[np.float64], int]:
    """Return a range of replicates: a function that other processes find by its name.

    Parameters
    ----------
    core : tuple
        The fit as the extension module takes it.
    kind : str
        "games" or "parametric".
    key : int
        Key of the streams.
    start, stop : int
        The range.
    n_threads : int or None
        Threads to use.

    Returns
    -------
    estimates : ndarray of float64, shape (stop - start, n_parameters)
        One row a replicate.
    n_failed : int
        Rows that are NaN.
    """
    return _core.bootstrap(core, kind, key, start, stop, n_threads)


def _ranges(first: int, n_resamples: int, n_jobs: int | None) -> list[tuple[int, int]]:
    from joblib import effective_n_jobs

    n_parts = min(effective_n_jobs(n_jobs), n_resamples)
    ends = [first + n_resamples * k // n_parts for k in range(n_parts + 1)]
    return list(itertools.pairwise(ends))
