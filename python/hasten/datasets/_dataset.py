"""What a loader returns, and how its file is read."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """A table that ships with the package.

    Attributes
    ----------
    name : str
        Name of the file, without its ending.
    columns : mapping of str to ndarray
        The columns, all of the same length.
    description : str
        What the rows are.
    source : str
        Where the numbers were published.
    licence : str
        On what terms they are shared.

    Examples
    --------
    >>> from hasten.datasets import load_puddings
    >>> print(load_puddings())
    Preferences among six brands of chocolate pudding
    15 rows of left, right, n_tastings, left_wins, right_wins, ties
    Source: R. R. Davidson, Journal of the American Statistical Association 65, 1970
    Licence: facts, not subject to copyright; as a table under CC0 1.0
    """

    name: str
    columns: Mapping[str, NDArray[Any]] = field(repr=False)
    description: str
    source: str
    licence: str

    def __str__(self) -> str:
        """Return the description, the source and the shape."""
        n_rows = len(next(iter(self.columns.values())))
        return (
            f"{self.description}\n{n_rows} rows of {', '.join(self.columns)}\n"
            f"Source: {self.source}\nLicence: {self.licence}"
        )


FACTS = "facts, not subject to copyright; as a table under CC0 1.0"


def read_columns(
    name: str, converters: Mapping[str, Callable[[str], object]]
) -> dict[str, NDArray[Any]]:
    """Read a CSV file of this package.

    Parameters
    ----------
    name : str
        Name of the file, without its ending.
    converters : mapping of str to callable
        Columns to read and the type of each.

    Returns
    -------
    dict of str to ndarray
        The columns, read-only.
    """
    file = resources.files("hasten.datasets").joinpath(f"{name}.csv")
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    columns = {key: np.array([kind(row[key]) for row in rows]) for key, kind in converters.items()}
    for column in columns.values():
        column.flags.writeable = False
    return columns
