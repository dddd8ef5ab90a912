"""A synthetic arena of language models; public as part of `hasten.ranking.datasets`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import check_integer, check_real, check_rng
from hasten.ranking._comparisons import Comparisons
from hasten.ranking._probabilities import outcome_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COVARIATES = ("length", "lists")
# Logarithms of lengths, of answers of a model and among models; largest mean number of lists.
_SPREAD_OF_LENGTH, _MOST_LISTS = 0.4, 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class SyntheticArena:
    """Votes between answers of language models, with ties, positions and style.

    Attributes
    ----------
    models : ndarray of str, shape (n_models,)
        Names of the models.
    left, right : ndarray of int64, shape (n_votes,)
        The models of each vote, as positions in `models`; left was shown first.
    outcome : ndarray of float64, shape (n_votes,)
        1 where left won, 0 where right won, 0.5 for a tie.
    style : ndarray of float64, shape (n_votes, 2)
        How the answer of left differs from that of right, in the order of `covariate_names`.
    covariate_names : tuple of str
        "length", the logarithm of the ratio of lengths, and "lists", the difference of their
        numbers of lists.
    strength : ndarray of float64, shape (n_models,)
        The true log-strengths of the answers' content, with mean 0.
    habit : ndarray of float64, shape (n_models, 2)
        The mean style of each model's answers: what a ranking without style adds to its strength is
        about ``habit @ coef``.
    coef : ndarray of float64, shape (2,)
        The true effects of style.
    order_effect : float
        The true advantage of being shown first.
    tie_parameter : float
        The true ``nu`` of Davidson's model of ties.

    Examples
    --------
    >>> from hasten.ranking import bradley_terry
    >>> from hasten.ranking.datasets import make_arena
    >>> data = make_arena(n_models=10, n_votes=100_000, rng=0)
    >>> result = bradley_terry(
    ...     data.comparisons(), ties="davidson", order_effect=True, covariates=True
    ... )
    >>> result.covariate_names
    ('length', 'lists')
    >>> bool(abs(result.coef - data.coef).max() < 0.05)
    True
    """

    models: NDArray[np.str_] = field(repr=False)
    left: NDArray[np.int64] = field(repr=False)
    right: NDArray[np.int64] = field(repr=False)
    outcome: NDArray[np.float64] = field(repr=False)
    style: NDArray[np.float64] = field(repr=False)
    covariate_names: tuple[str, ...]
    strength: NDArray[np.float64] = field(repr=False)
    habit: NDArray[np.float64] = field(repr=False)
    coef: NDArray[np.float64]
    order_effect: float
    tie_parameter: float

    def comparisons(self) -> Comparisons:
        """Return the votes as ordered `Comparisons` with the style as covariates.

        Returns
        -------
        Comparisons
            One comparison a vote, between the models that were shown.
        """
        return Comparisons.from_arrays(
            self.models[self.left],
            self.models[self.right],
            self.outcome,
            ordered=True,
            covariates=dict(zip(self.covariate_names, self.style.T, strict=True)),
        )


def make_arena(
    n_models: int = 20,
    n_votes: int = 20_000,
    rng: Any = None,
    *,
    spread: float = 0.5,
    length_effect: float = 0.6,
    lists_effect: float = 0.15,
    order_effect: float = 0.1,
    tie_parameter: float = 0.4,
) -> SyntheticArena:
    r"""Let people vote between two answers of language models, content and style both counting.

    Models are paired uniformly. Each has a habit of its own, to write at length or to make lists,
    which has nothing to do with its strength, and people like both: the votes alone rank models by
    content and habit together, and the covariates take the two apart.

    Parameters
    ----------
    n_models : int, default 20
        Number of models.
    n_votes : int, default 20,000
        Number of votes.
    rng : None, int or numpy.random.Generator
        Source of randomness (SPEC 7).
    spread : float, default 0.5
        Standard deviation of the normal strengths.
    length_effect : float, default 0.6
        What a unit of the logarithm of the ratio of lengths adds to the log-odds.
    lists_effect : float, default 0.15
        What each list more adds to them.
    order_effect : float, default 0.1
        What being shown first adds to them.
    tie_parameter : float, default 0.4
        ``nu`` of Davidson's model: two equal answers tie with probability ``nu / (1 + nu)``. At
        least 0.

    Returns
    -------
    SyntheticArena
        The votes and the truth.

    Notes
    -----
    With :math:`\eta = s_i - s_j + \gamma + z^T \beta` an outcome is drawn from
    :math:`e^{\eta/2} : e^{-\eta/2} : 2 \nu` for left, right and a tie. Lengths are log-normal and
    numbers of lists are Poisson; 56 bytes a vote.

    Examples
    --------
    >>> from hasten.ranking.datasets import make_arena
    >>> data = make_arena(n_models=4, n_votes=1000, rng=0)
    >>> data.models.tolist()
    ['model A', 'model B', 'model C', 'model D']
    >>> data.comparisons()
    Comparisons(4 items, 1000 games, 6 pairs)
    """
    n_models = check_integer(n_models, "n_models", minimum=2)
    n_votes = check_integer(n_votes, "n_votes", minimum=1)
    generator = check_rng(rng)
    spread = check_real(spread, "spread", minimum=0.0)
    coef = np.array(
        [check_real(length_effect, "length_effect"), check_real(lists_effect, "lists_effect")]
    )
    order_effect = check_real(order_effect, "order_effect")
    tie_parameter = check_real(tie_parameter, "tie_parameter", minimum=0.0)
    strength = spread * generator.standard_normal(n_models)
    strength -= strength.mean()
    habit = np.column_stack(
        [
            _SPREAD_OF_LENGTH * generator.standard_normal(n_models),
            _MOST_LISTS * generator.random(n_models),
        ]
    )
    left = generator.integers(0, n_models, n_votes)
    right = (left + generator.integers(1, n_models, n_votes)) % n_models
    shown = habit[np.stack([left, right])]
    lengths = shown[..., 0] + _SPREAD_OF_LENGTH * generator.standard_normal((2, n_votes))
    lists = generator.poisson(shown[..., 1]).astype(np.float64)
    style = np.column_stack([lengths[0] - lengths[1], lists[0] - lists[1]])
    predictor = strength[left] - strength[right] + order_effect + style @ coef
    # The logarithm of nu = 0 is minus infinity, which is right: no ties.
    with np.errstate(divide="ignore"):
        win, tie = outcome_probabilities("davidson", predictor, float(np.log(tie_parameter)))
    draw = generator.random(n_votes)
    return SyntheticArena(
        models=np.array([f"model {_letters(k, n_models)}" for k in range(n_models)]),
        left=left,
        right=right,
        outcome=np.where(draw < win, 1.0, np.where(draw < win + tie, 0.5, 0.0)),
        style=style,
        covariate_names=_COVARIATES,
        strength=strength,
        habit=habit,
        coef=coef,
        order_effect=order_effect,
        tie_parameter=tie_parameter,
    )


def _letters(k: int, n_names: int) -> str:
    """Return the k-th of n_names words of letters, all of one length so that they sort."""
    word = chr(ord("A") + k % 26)
    while n_names > 26:
        k, n_names = k // 26, -(-n_names // 26)
        word = chr(ord("A") + k % 26) + word
    return word
