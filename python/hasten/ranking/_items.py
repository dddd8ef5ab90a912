"""From item labels to their positions in the list of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._validation import as_array, check_text, did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 5


class ItemIndex:
    """Finds labels in a list of items.

    Parameters
    ----------
    items : ndarray of shape (n_items,)
        The items, each once, of any dtype.

    Notes
    -----
    Numbers and fixed-width strings are found by binary search, O(log n_items) a label; objects
    through a dict.
    """

    def __init__(self, items: NDArray[Any]) -> None:
        self.items = items
        self._positions: dict[Any, int] | None = None
        if items.dtype.kind == "O":
            self._positions = {item: k for k, item in enumerate(items.tolist())}
        else:
            self._order = np.argsort(items, kind="stable")
            self._sorted = items[self._order]

    def find(self, labels: Any, name: str) -> NDArray[np.uint32]:
        """Return the position of each label.

        Parameters
        ----------
        labels : array-like of shape (n_labels,)
            Labels of items.
        name : str
            Name of the argument, for messages.

        Returns
        -------
        ndarray of uint32, shape (n_labels,)
            Positions in the list of items.

        Raises
        ------
        TypeError
            When labels and items are of different kinds, such as 1 and "1".
        ValueError
            When a label is none of the items; the message names the first ones.
        """
        wanted, found = self._look_up(labels, name)
        unknown = found < 0
        if unknown.any():
            self._refuse(wanted[unknown].tolist(), int(np.argmax(unknown)), name)
        return found.astype(np.uint32)

    def look_up(self, labels: Any, name: str) -> NDArray[np.int64]:
        """Return the position of each label, -1 for one that is none of the items.

        Parameters
        ----------
        labels : array-like of shape (n_labels,)
            Labels of items.
        name : str
            Name of the argument, for messages.

        Returns
        -------
        ndarray of int64, shape (n_labels,)
            Positions in the list of items.

        Raises
        ------
        TypeError
            When labels and items are of different kinds, such as 1 and "1".
        """
        return self._look_up(labels, name)[1]

    def _look_up(self, labels: Any, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        wanted = as_array(labels, name)
        check_text(wanted, name)
        if wanted.ndim != 1:
            raise ValueError(f"`{name}` must have one dimension; got shape {wanted.shape}")
        if wanted.size == 0:
            return wanted, np.zeros(0, dtype=np.int64)
        if self._positions is not None:
            try:
                places = [self._positions.get(label, -1) for label in wanted.tolist()]
            except TypeError as problem:
                raise TypeError(f"`{name}` must hold labels of items; got {problem}") from None
            return wanted, np.asarray(places, dtype=np.int64)
        if wanted.dtype.kind == "O":
            wanted = as_array(wanted.tolist(), name)
        if _family(wanted.dtype) != _family(self.items.dtype):
            raise TypeError(
                f"`{name}` must hold labels like those of the items, {self.items.dtype}; "
                f"got {wanted.dtype}"
            )
        place = np.minimum(np.searchsorted(self._sorted, wanted), len(self.items) - 1)
        return wanted, np.where(self._sorted[place] == wanted, self._order[place], -1)

    def _refuse(self, missing: list[Any], row: int, name: str) -> None:
        distinct = list(dict.fromkeys(missing))
        listed = ", ".join(repr(label) for label in distinct[:_SHOWN])
        more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
        close = did_you_mean(distinct[0], self.items.tolist()) if len(distinct) == 1 else ""
        raise ValueError(
            f"`{name}` must hold items that were compared; got {listed}{more}{close}, "
            f"first at row {row}"
        )


def is_label(value: Any, name: str) -> bool:
    """Say whether a value is one label rather than an array of them.

    Parameters
    ----------
    value : object
        What the caller passed.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    bool
        True for scalars, strings and bytes.

    Raises
    ------
    TypeError, ValueError
        When NumPy cannot read the value.
    """
    return isinstance(value, (str, bytes)) or as_array(value, name).ndim == 0


def labels(value: Any, name: str) -> Any:
    """Return labels as a sequence.

    Parameters
    ----------
    value : item or array-like of items
        What the caller passed.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    array-like
        A list of one for a single label.
    """
    return [value] if is_label(value, name) else value


def _family(dtype: np.dtype[Any]) -> str:
    return "number" if dtype.kind in "buif" else dtype.kind
