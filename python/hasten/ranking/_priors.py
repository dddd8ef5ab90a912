"""Priors of strengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hasten._validation import check_real


@dataclass(frozen=True)
class Logistic:
    """Each item wins and loses `weight` games against an opponent of strength 0.

    Parameters
    ----------
    weight : float
        Greater than 0; 1 is the choice of Newman (2023).

    Notes
    -----
    Adds ``weight * (log sigma(s) + log sigma(-s))`` to the log-likelihood for every strength ``s``:
    Newman, "Efficient computation of rankings from pairwise comparisons", Journal of Machine
    Learning Research 24(238), 2023.

    Examples
    --------
    >>> from hasten.ranking import Logistic, bradley_terry
    >>> result = bradley_terry([("ann", "bob")], prior=Logistic(1.0))
    >>> result.strength.round(4)
    array([ 0.528, -0.528])
    """

    weight: float

    def __post_init__(self) -> None:
        check_real(self.weight, "weight", minimum=0.0, exclusive=True)


@dataclass(frozen=True)
class Gaussian:
    """Each strength is normal with mean 0 and variance ``1 / precision``.

    Parameters
    ----------
    precision : float
        Greater than 0.

    Notes
    -----
    Subtracts ``precision * s**2 / 2`` from the log-likelihood for every strength ``s``.

    Examples
    --------
    >>> from hasten.ranking import Gaussian, bradley_terry
    >>> result = bradley_terry([("ann", "bob")], prior=Gaussian(1.0))
    >>> result.strength.round(4)
    array([ 0.3374, -0.3374])
    """

    precision: float

    def __post_init__(self) -> None:
        check_real(self.precision, "precision", minimum=0.0, exclusive=True)


def read_prior(prior: Any) -> tuple[str, float] | None:
    """Return a prior as the core takes it.

    Parameters
    ----------
    prior : None, float, Logistic or Gaussian
        A number is the weight of a logistic prior.

    Returns
    -------
    tuple of (str, float), or None
        Kind and weight.

    Raises
    ------
    TypeError, ValueError
        When `prior` is none of these, or not positive.
    """
    if prior is None:
        return None
    if isinstance(prior, Logistic):
        return ("logistic", float(prior.weight))
    if isinstance(prior, Gaussian):
        return ("gaussian", float(prior.precision))
    if isinstance(prior, (bool, np.bool_, str, bytes)):
        raise TypeError(f"`prior` must be None, a number, Logistic or Gaussian; got {prior!r}")
    return ("logistic", check_real(prior, "prior", minimum=0.0, exclusive=True))
