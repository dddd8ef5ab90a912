"""Real comparisons, for `hasten.ranking`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.datasets._dataset import FACTS, Dataset, read_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hasten.ranking import Comparisons


@dataclass(frozen=True, eq=False, kw_only=True)
class ComparisonsDataset(Dataset):
    """A dataset of paired comparisons; see `Dataset` for its other attributes.

    Attributes
    ----------
    games : mapping of str to ndarray
        "left", "right" and "outcome" (1 left won, 0 right won, 0.5 tie), one row a game.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> load_baseball_1987().comparisons()
    Comparisons(7 items, 273 games, 21 pairs)
    """

    games: Mapping[str, NDArray[Any]] = field(repr=False)

    def comparisons(self, *, ordered: bool = False) -> Comparisons:
        """Return the games as `hasten.ranking.Comparisons`.

        Parameters
        ----------
        ordered : bool, default False
            Keep which side was left.

        Returns
        -------
        Comparisons
            One comparison a game.
        """
        from hasten.ranking import Comparisons

        return Comparisons.from_arrays(
            self.games["left"], self.games["right"], self.games["outcome"], ordered=ordered
        )


def load_journal_citations() -> ComparisonsDataset:
    """Return the citations among four statistics journals.

    Returns
    -------
    ComparisonsDataset
        Columns cited, citing and citations, 16 rows; 3,727 games, in which a citation counts as a
        win of the cited journal over the citing one. Citations of a journal by itself are in the
        columns, not among the games.

    Notes
    -----
    Facts, published in [1]_ and used in Agresti, "Categorical Data Analysis".

    References
    ----------
    .. [1] S. M. Stigler, "Citation patterns in the journals of statistics and probability",
       Statistical Science 9(1), 1994.

    Examples
    --------
    >>> from hasten.datasets import load_journal_citations
    >>> data = load_journal_citations()
    >>> data.columns["cited"][1], data.columns["citing"][1], data.columns["citations"][1]
    (np.str_('Biometrika'), np.str_('Comm. Statist.'), np.int64(730))
    >>> data.comparisons().n_games
    3727
    """
    columns = read_columns("journal_citations", {"cited": str, "citing": str, "citations": int})
    counted = np.where(columns["cited"] == columns["citing"], 0, columns["citations"])
    return ComparisonsDataset(
        name="journal_citations",
        columns=columns,
        games=_expand([(columns["cited"], columns["citing"], 1.0, counted)]),
        description="Citations among four statistics journals",
        source="S. M. Stigler, Statistical Science 9(1), 1994",
        licence=FACTS,
    )


def load_baseball_1987() -> ComparisonsDataset:
    """Return the games of the American League East in the season of 1987.

    Returns
    -------
    ComparisonsDataset
        Columns home, away, home_wins and away_wins, 42 rows; 273 games with the home team left.

    Notes
    -----
    Facts, tabulated in [1]_.

    References
    ----------
    .. [1] A. Agresti, "Categorical Data Analysis", second edition, Wiley, 2002, table 10.10.

    Examples
    --------
    >>> from hasten.datasets import load_baseball_1987
    >>> load_baseball_1987().comparisons().n_games
    273
    """
    columns = read_columns(
        "baseball_1987", {"home": str, "away": str, "home_wins": int, "away_wins": int}
    )
    home, away = columns["home"], columns["away"]
    return ComparisonsDataset(
        name="baseball_1987",
        columns=columns,
        games=_expand(
            [(home, away, 1.0, columns["home_wins"]), (home, away, 0.0, columns["away_wins"])]
        ),
        description="Games of the American League East, season of 1987",
        source="A. Agresti, Categorical Data Analysis, second edition, 2002, table 10.10",
        licence=FACTS,
    )


def load_puddings() -> ComparisonsDataset:
    """Return tasters' preferences among six brands of chocolate pudding, ties allowed.

    Returns
    -------
    ComparisonsDataset
        Columns left, right, n_tastings, left_wins, right_wins and ties, 15 rows; 745 games.

    Notes
    -----
    Facts, published in [1]_.

    References
    ----------
    .. [1] R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired
       comparison experiments", Journal of the American Statistical Association 65, 1970.

    Examples
    --------
    >>> from hasten.datasets import load_puddings
    >>> data = load_puddings()
    >>> int(data.columns["ties"].sum()), data.comparisons().n_games
    (202, 745)
    """
    columns = read_columns(
        "puddings",
        {"left": int, "right": int, "n_tastings": int}
        | {"left_wins": int, "right_wins": int, "ties": int},
    )
    left, right = columns["left"], columns["right"]
    return ComparisonsDataset(
        name="puddings",
        columns=columns,
        games=_expand(
            [
                (left, right, 1.0, columns["left_wins"]),
                (left, right, 0.0, columns["right_wins"]),
                (left, right, 0.5, columns["ties"]),
            ]
        ),
        description="Preferences among six brands of chocolate pudding",
        source="R. R. Davidson, Journal of the American Statistical Association 65, 1970",
        licence=FACTS,
    )


def _expand(
    groups: list[tuple[NDArray[Any], NDArray[Any], float, NDArray[Any]]],
) -> dict[str, NDArray[Any]]:
    """Turn (left, right, outcome, count) into one row a game."""
    return {
        "left": np.concatenate([np.repeat(left, count) for left, _, _, count in groups]),
        "right": np.concatenate([np.repeat(right, count) for _, right, _, count in groups]),
        "outcome": np.concatenate([np.full(count.sum(), won) for _, _, won, count in groups]),
    }
