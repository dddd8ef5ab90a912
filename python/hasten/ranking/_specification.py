"""From the arguments of `bradley_terry` to the model that is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import did_you_mean
from hasten.ranking._paired import Specification
from hasten.ranking._priors import core_prior

if TYPE_CHECKING:
    from hasten.ranking._comparisons import Comparisons


def specify(
    comparisons: Comparisons, ties: str, order_effect: Any, covariates: Any, prior: Any
) -> Specification:
    """Check the parts of a model against the comparisons.

    Parameters
    ----------
    comparisons : Comparisons
        What the model is fitted to.
    ties : str
        The rule for ties, checked before.
    order_effect, covariates, prior
        As in `bradley_terry`; covariates by name.

    Returns
    -------
    Specification
        The model.

    Raises
    ------
    TypeError, ValueError
        When an argument is not valid, or the comparisons lack what it needs.
    """
    if not isinstance(order_effect, (bool, np.bool_)):
        raise TypeError(f"`order_effect` must be True or False; got {order_effect!r}")
    if order_effect and not comparisons.ordered:
        raise ValueError(
            "`order_effect` needs comparisons that know which item was left; make them with "
            "ordered=True"
        )
    columns, names = _columns(comparisons, covariates)
    return Specification(ties, bool(order_effect), columns, names, core_prior(prior))


def is_matrix(covariates: Any) -> bool:
    """Say whether `covariates` holds values rather than names or a switch.

    Parameters
    ----------
    covariates : object
        The argument of `bradley_terry`.

    Returns
    -------
    bool
        False for None, booleans and sequences of names.
    """
    if covariates is None or isinstance(covariates, (bool, np.bool_, str)):
        return False
    if isinstance(covariates, (list, tuple)):
        return not all(isinstance(name, str) for name in covariates)
    return True


def _columns(comparisons: Comparisons, covariates: Any) -> tuple[tuple[int, ...], tuple[str, ...]]:
    known = comparisons.covariate_names
    if covariates is None or (isinstance(covariates, (bool, np.bool_)) and not covariates):
        return (), ()
    if isinstance(covariates, str) or is_matrix(covariates):
        raise TypeError(
            "`covariates` must be True, False or names of covariates of `comparisons`; got "
            f"{type(covariates).__name__} (values go into Comparisons.from_arrays, or with an "
            "array of pairs)"
        )
    if not known:
        raise ValueError("`covariates` must be None: `comparisons` holds none")
    if isinstance(covariates, (bool, np.bool_)):
        return tuple(range(len(known))), known
    names = tuple(covariates)
    for name in names:
        if name not in known:
            close = did_you_mean(name, known)
            raise ValueError(f"`covariates` must be among {list(known)}; got {name!r}{close}")
    if len(set(names)) < len(names):
        raise ValueError(f"`covariates` must be different; got {list(names)}")
    return tuple(known.index(name) for name in names), names
