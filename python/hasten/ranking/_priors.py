"""What is known of strengths beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hasten._validation import check_real


@dataclass(frozen=True)
class Logistic:
    """Each item wins and loses so many fictitious games against an opponent of strength 0.

    Parameters
    ----------
    weight : float
        Number of games won and number of games lost, above 0.

    Attributes
    ----------
    weight : float
        See above.

    Notes
    -----
    The density of a strength is proportional to ``(p / (1 + p)**2)**weight`` with ``p = exp(s)``:
    with weight 1 the logistic distribution, the default of Newman (2023).

    Examples
    --------
    >>> from hasten.ranking import Logistic
    >>> Logistic(0.5)
    Logistic(weight=0.5)
    """

    weight: float

    def __post_init__(self) -> None:
        weight = check_real(self.weight, "weight", minimum=0.0, exclusive=True)
        object.__setattr__(self, "weight", weight)


@dataclass(frozen=True)
class Gaussian:
    """Each strength is normal with mean 0.

    Parameters
    ----------
    precision : float
        Reciprocal of the variance, above 0.

    Attributes
    ----------
    precision : float
        See above.

    Examples
    --------
    >>> from hasten.ranking import Gaussian
    >>> Gaussian(precision=0.25)
    Gaussian(precision=0.25)
    """

    precision: float

    def __post_init__(self) -> None:
        precision = check_real(self.precision, "precision", minimum=0.0, exclusive=True)
        object.__setattr__(self, "precision", precision)


def core_prior(prior: Any) -> tuple[str, float] | None:
    """Return a prior as the extension module takes it.

    Parameters
    ----------
    prior : None, float, Logistic or Gaussian
        What the caller passed; a number is the weight of a logistic prior, and 0 none.

    Returns
    -------
    tuple of (str, float), or None
        Name and weight.

    Raises
    ------
    TypeError
        When it is none of these.
    ValueError
        When a number is negative or not finite.
    """
    if prior is None:
        return None
    if isinstance(prior, Logistic):
        return "logistic", prior.weight
    if isinstance(prior, Gaussian):
        return "gaussian", prior.precision
    if isinstance(prior, (bool, np.bool_)) or not isinstance(prior, (int, float, np.number)):
        raise TypeError(f"`prior` must be None, a number, Logistic or Gaussian; got {prior!r}")
    weight = check_real(prior, "prior", minimum=0.0)
    return ("logistic", weight) if weight > 0 else None
