"""Results as tables and text, with what there is to say of components; the same for every model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hasten.ranking._inference import RankingResult

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, kw_only=True)
class TabularResult(RankingResult):
    """A ranking of items, all of them or within components.

    Attributes
    ----------
    component : ndarray of int64, shape (n_items,)
        The component of each item: strengths of two items can be compared exactly when they share
        one. -1 for an item that was excluded.
    component_order : ndarray of int64, shape (n_components,)
        Components from the top: no item of one was beaten by an item of a later one.
    excluded : ndarray
        Items outside the component that was fitted; their strengths are NaN.
    residual : float
        Largest difference between what was observed and expected of an item.
    log_likelihood_gap : float
        Bound of what `log_likelihood` falls short of its maximum.
    method : str
        The iteration that was used.
    """

    component: NDArray[np.int64] = field(repr=False)
    component_order: NDArray[np.int64] = field(repr=False)
    excluded: NDArray[Any] = field(repr=False)
    residual: float
    log_likelihood_gap: float
    method: str

    #: Name of the model, of its data, and of the scale that its tables show beside strengths.
    _model: ClassVar[str]
    _data: ClassVar[str]
    _scale: ClassVar[str]

    @property
    def n_components(self) -> int:
        """Number of components that were fitted."""
        return len(self.component_order)

    def to_frame(self, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the ranking as a pandas table, strongest first.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the interval in the columns "low" and "high".

        Returns
        -------
        pandas.DataFrame
            The columns of `columns`. Excluded items come last.

        Raises
        ------
        ImportError
            When pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as problem:
            raise ImportError("to_frame() needs pandas: pip install hasten[table]") from problem
        frame = pd.DataFrame(self.columns(confidence_level))
        excluded = (self.component < 0).astype(np.int64)
        place = np.lexsort(np.stack([np.asarray(self.rank), self.component, excluded]))
        return frame.iloc[place].reset_index(drop=True)

    def columns(self, confidence_level: float = 0.95) -> dict[str, NDArray[Any]]:
        """Return the columns of `to_frame` as NumPy arrays, in the order of `items`.

        Parameters
        ----------
        confidence_level : float, default 0.95
            Level of the interval.

        Returns
        -------
        dict of str to ndarray
            The keys are item, strength, standard_error, low, high, "elo" (of comparisons of pairs)
            or "probability" (of rankings of sets), rank and, where there are several, component.
        """
        low, high = self.confidence_interval(confidence_level)
        columns = {
            "item": self.items,
            "strength": np.asarray(self._spread(self._fit.strength)),
            "standard_error": np.asarray(self.standard_error(kind=self._default_kind)),
            "low": np.asarray(low),
            "high": np.asarray(high),
            self._scale: np.asarray(self._scaled()),
            "rank": np.asarray(self.rank),
        }
        return columns if self.n_components == 1 else columns | {"component": self.component}

    def _scaled(self) -> Any:
        """Return the strengths on the scale that the model's users know."""
        raise NotImplementedError

    def _n_data(self) -> int:
        """Return the number of records."""
        raise NotImplementedError

    def summary(self, max_items: int = 20) -> str:
        """Return a table of the strongest items and the certificate as text.

        Parameters
        ----------
        max_items : int, default 20
            Rows to show.

        Returns
        -------
        str
            Several lines.
        """
        from hasten.ranking._summary import long_form

        return long_form(self, max_items)

    def __str__(self) -> str:
        """Return the short form: status, certificate and the strongest items."""
        from hasten.ranking._summary import short_form

        return short_form(self)

    @property
    def _origin(self) -> str:
        if self.reference is not None:
            return f"{self.reference} at 0"
        if self._fit.prior is not None:
            return "origin from the prior"
        return "mean 0 in each component" if self.n_components > 1 else "mean 0"

    @property
    def _title(self) -> str:
        parts = f" in {self.n_components:,} components" if self.n_components > 1 else ""
        left_out = f" ({len(self.excluded):,} excluded)" if len(self.excluded) else ""
        return (
            f"{self._model} ranking of {len(self.items):,} items{left_out}{parts} from "
            f"{self._n_data():,} {self._data}"
        )
