"""How many threads a call may use."""

from __future__ import annotations

import operator
import sys
from typing import SupportsIndex

import numpy as np

from hasten._core import threads
from hasten._validation import shown

_chosen: int | None = None


def _check(value: SupportsIndex, name: str) -> int:
    """Return `value` as a positive int.

    Parameters
    ----------
    value : int
        The number to check; booleans are refused.
    name : str
        Its name in error messages.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    TypeError
        When it is not an integer.
    ValueError
        When it is less than 1.
    """
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:  # Arrays have the method, whatever they hold.
        number = None
    if number is None:
        raise TypeError(f"`{name}` must be an integer or None; got {shown(value)}")
    if number < 1:
        raise ValueError(f"`{name}` must be at least 1; got {shown(number)}")
    return number


def set_num_threads(n_threads: SupportsIndex | None) -> None:
    """Choose how many threads a call uses when it is not told.

    Parameters
    ----------
    n_threads : int or None
        At least 1; None goes back to what the environment says. Calls that run at the same time
        share the cores: together they hold at most twice as many threads, and one call never
        gets more.

    Raises
    ------
    TypeError
        When `n_threads` is not an integer.
    ValueError
        When `n_threads` is less than 1.

    See Also
    --------
    get_num_threads : The number in force.

    Notes
    -----
    An argument ``n_threads`` of a call wins over this; the environment variables
    ``RAYON_NUM_THREADS`` and ``OMP_NUM_THREADS``, in this order, come after it; last come the
    cores that CPU affinity and container limits leave to the process. Answers have the same bits
    for every number of threads.

    Examples
    --------
    >>> import hasten
    >>> hasten.set_num_threads(2)
    >>> hasten.get_num_threads()
    2
    >>> hasten.set_num_threads(None)
    """
    global _chosen  # noqa: PLW0603  The one setting of the process, as in BLAS libraries.
    _chosen = None if n_threads is None else _check(n_threads, "n_threads")


def get_num_threads() -> int:
    """Tell how many threads a call uses when it is not told.

    Returns
    -------
    int
        The number set with `set_num_threads`, or what the environment says.

    See Also
    --------
    set_num_threads : Choose the number, and the order of the sources.

    Examples
    --------
    >>> import hasten
    >>> hasten.get_num_threads() >= 1
    True
    """
    return threads.default_threads() if _chosen is None else _chosen


def resolve(n_threads: SupportsIndex | None) -> int:
    """Turn the argument `n_threads` of a call into a number of threads.

    Parameters
    ----------
    n_threads : int or None
        As the user gave it.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    TypeError
        When `n_threads` is not an integer.
    ValueError
        When `n_threads` is less than 1.
    """
    wish = requested(n_threads)
    return min(threads.default_threads(), sys.maxsize) if wish is None else wish


def requested(n_threads: SupportsIndex | None) -> int | None:
    """Check the argument `n_threads` of a call that may be too short for more than one thread.

    Parameters
    ----------
    n_threads : int or None
        As the user gave it.

    Returns
    -------
    int or None
        At least 1; None leaves the choice to the core, which asks the environment only when there
        is work for several threads, since that takes longer than many a call.

    Raises
    ------
    TypeError
        When `n_threads` is not an integer.
    ValueError
        When `n_threads` is less than 1.
    """
    number = _chosen if n_threads is None else _check(n_threads, "n_threads")
    return None if number is None else min(number, sys.maxsize)
