"""Which items can be compared with which: the strong components of a set of comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core import ranking as _core
from hasten._exceptions import NotConnectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hasten.ranking._comparisons import Comparisons

#: Items named in a message, at most.
_MAX_NAMED = 10

NEVER_WON = "never won"
NEVER_LOST = "never lost"

_REMEDIES = (
    "Give a `prior`, or fit groups alone with `on_disconnected`='largest' or 'components'; "
    "`components()` of the {data} lists them."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class ComponentReport:
    """Groups of items within which each beat each other, directly or along a chain of wins.

    A finite maximum-likelihood estimate exists if and only if there is one group (Ford 1957,
    "Solution of a ranking problem from binary comparisons"). A tie joins its two items both ways.

    Attributes
    ----------
    n_components : int
        Number of groups.
    labels : ndarray of int64, shape (n_items,)
        Group of each item.
    order : ndarray of int64, shape (n_components,)
        Groups from the top: no item of a group was beaten by one of a later group.
    sizes : ndarray of int64, shape (n_components,)
        Number of items in each group.
    never_won, never_lost, isolated : ndarray
        Items that lost all their comparisons, won all of them, and have none.
    largest : ndarray
        Items of the largest group, the first such group in `order`.
    """

    n_components: int
    labels: NDArray[np.int64] = field(repr=False)
    order: NDArray[np.int64] = field(repr=False)
    sizes: NDArray[np.int64] = field(repr=False)
    never_won: NDArray[Any] = field(repr=False)
    never_lost: NDArray[Any] = field(repr=False)
    isolated: NDArray[Any] = field(repr=False)
    largest: NDArray[Any] = field(repr=False)

    def __str__(self) -> str:
        n_items = len(self.labels)
        if self.n_components == 1:
            return f"one group of {n_items} items: a maximum-likelihood estimate exists"
        title = (
            f"{self.n_components} groups of {n_items} items; the largest has {len(self.largest)}"
        )
        lines = [f"{title}: no maximum-likelihood estimate exists"]
        for title, items in (
            (NEVER_WON, self.never_won),
            (NEVER_LOST, self.never_lost),
            ("no comparisons", self.isolated),
        ):
            if len(items):
                more = f" and {len(items) - _MAX_NAMED} more" if len(items) > _MAX_NAMED else ""
                names = ", ".join(repr(item) for item in items[:_MAX_NAMED].tolist())
                lines.append(f"  {title}: {names}{more}")
        return "\n".join(lines)


def find_components(comparisons: Comparisons) -> ComponentReport:
    """Find the strong components of `comparisons`; O(n_items + n_pairs) time and memory."""
    offsets, opponents = comparisons._offsets, comparisons._opponents
    wins, losses = _with_ties(comparisons)
    codes, n_components = _core.components(offsets, opponents, wins, losses)
    won, lost, met = (
        _reached(comparisons, wins),
        _reached(comparisons, losses),
        np.diff(offsets) > 0,
    )
    return report(comparisons.items, codes, n_components, won, lost, met)


def report(
    items: NDArray[Any],
    codes: NDArray[np.uint32],
    n_components: int,
    won: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    met: NDArray[np.bool_],
) -> ComponentReport:
    """Describe groups that were found.

    Parameters
    ----------
    items : ndarray of shape (n_items,)
        Labels by code.
    codes : ndarray of uint32, shape (n_items,)
        Group of each item, winners' groups first.
    n_components : int
        Number of groups.
    won, lost, met : ndarray of bool, shape (n_items,)
        Whether each item won, lost and met anything.

    Returns
    -------
    ComponentReport
        The description.
    """
    labels = codes.astype(np.int64)
    sizes = np.bincount(labels, minlength=n_components)
    return ComponentReport(
        n_components=n_components,
        labels=labels,
        order=np.arange(n_components),
        sizes=sizes,
        never_won=items[met & ~won],
        never_lost=items[met & ~lost],
        isolated=items[~met],
        largest=items[labels == np.argmax(sizes)],
    )


def not_connected_error(
    items: NDArray[Any],
    n_components: int,
    largest: int,
    offenders: Sequence[tuple[int, str]],
    data: str = "comparisons",
) -> NotConnectedError:
    """Make the error for items outside the largest group.

    Parameters
    ----------
    items : ndarray of shape (n_items,)
        Labels by code.
    n_components, largest : int
        Number of groups, and of items in the largest.
    offenders : sequence of (int, str)
        Codes of items outside the largest group, and why each stands outside.
    data : {"comparisons", "rankings"}
        What was fitted.
    """
    named = [(items[code : code + 1].tolist()[0], reason) for code, reason in offenders]
    named = named[:_MAX_NAMED]
    outside = len(items) - largest
    more = f" and {outside - len(named)} more" if outside > len(named) else ""
    listed = ", ".join(f"{item!r} ({reason})" for item, reason in named)
    message = (
        f"no maximum-likelihood estimate exists: the {len(items)} items fall into {n_components} "
        f"strong components (groups in which each item beat each other along a chain of wins), "
        f"the largest of {largest} items. Outside it: {listed}{more}. {_REMEDIES.format(data=data)}"
    )
    return NotConnectedError(message, n_components, largest, tuple(named))


def _with_ties(comparisons: Comparisons) -> tuple[NDArray[Any], NDArray[Any]]:
    """Wins and losses in which a tie counts on both sides; only their signs matter here."""
    wins, losses, ties = comparisons._wins, comparisons._losses, comparisons._ties
    return (wins, losses) if ties is None else (wins + ties, losses + ties)


def _reached(comparisons: Comparisons, weight: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether any entry of each row has positive weight."""
    before = np.concatenate([[0], np.cumsum(weight > 0)])
    return np.diff(before[comparisons._offsets.astype(np.intp)]) > 0
