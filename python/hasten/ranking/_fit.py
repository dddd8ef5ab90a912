"""What a Bradley-Terry result keeps of its solve."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten.ranking._disconnected import Condensation
from hasten.ranking._pair_table import pair_table
from hasten.ranking._paired import (
    ORDER_EFFECT,
    TIE_PARAMETERS,
    Specification,
    paired_cells,
    unordered_outcomes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten._backend import Backend
    from hasten.ranking._comparisons import Comparisons
    from hasten.ranking._pair_table import PairTable


@dataclass(frozen=True, eq=False)
class Fit:
    """What everything that is computed on first access is computed from.

    Attributes
    ----------
    comparisons : Comparisons
        The counts that were fitted.
    specification : Specification
        The model.
    parameters : ndarray of float64, shape (n_fitted + n_shared,)
        The estimate in the solver's own frame: strengths, then what all items share.
    strength : ndarray of float64, shape (n_fitted,)
        The strengths as they are reported, before any rounding to float32.
    reference : int or None
        Position of the reference item among those that were fitted.
    backend : Backend
        The array library of everything that is returned.
    n_threads : int or None
        The argument of the solve.
    kept : ndarray of intp, shape (n_fitted,), or None
        Positions of the items that were fitted, where some were excluded.
    groups : ndarray of uint32, shape (n_fitted,), or None
        Component of each fitted item, where components were fitted apart.
    """

    comparisons: Comparisons
    specification: Specification
    parameters: NDArray[np.float64]
    strength: NDArray[np.float64]
    reference: int | None
    backend: Backend
    n_threads: int | None
    kept: NDArray[np.intp] | None = None
    groups: NDArray[np.uint32] | None = None

    @property
    def prior(self) -> tuple[str, float] | None:
        """Return the prior as the core takes it."""
        return self.specification.prior

    @property
    def shared(self) -> dict[str, float]:
        """Return the parameters that all items share, by name."""
        values = self.parameters[len(self.strength) :].tolist()
        return dict(zip(self.specification.shared, values, strict=True))

    @functools.cached_property
    def table(self) -> PairTable:
        """Return the wins and losses with the ties shared out or dropped."""
        return pair_table(self.comparisons, "drop" if self.specification.ties == "drop" else "half")

    @functools.cached_property
    def condensation(self) -> Condensation | None:
        """Return which components beat which; None where all were fitted together."""
        return None if self.groups is None else Condensation(self.comparisons, self.groups)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be computed again."""
        computed = ("table", "condensation")
        return {name: value for name, value in self.__dict__.items() if name not in computed}

    def core(self) -> tuple[Any, ...]:
        """Return the fit as the extension module takes it.

        Returns
        -------
        tuple
            ``("paired", cells, model, parameters, groups)``.
        """
        cells = paired_cells(self.comparisons, self.specification, self.groups)
        return ("paired", cells, self.specification.model, self.parameters, self.groups)

    def outcomes(self) -> tuple[NDArray[Any], ...]:
        """Return the pairs that met with their counts; halves of a win stand for shared ties.

        Returns
        -------
        tuple of ndarray
            Pairs, counts.
        """
        cells = paired_cells(self.comparisons, self.specification, self.groups)
        pairs, (up, down, tied) = unordered_outcomes(cells)
        if self.specification.ties in TIE_PARAMETERS:
            return pairs, np.stack([up, down, tied])
        return pairs, np.stack([up + tied / 2, down + tied / 2, np.zeros_like(tied)])

    def terms(self) -> dict[str, bytes]:
        """Return what the model has besides the strengths, each name with what it depends on.

        Returns
        -------
        dict of str to bytes
            The tie model, the order effect, each covariate, the prior.
        """
        specification = self.specification
        terms = {}
        if specification.ties in TIE_PARAMETERS:
            terms["ties"] = specification.ties.encode()
        if specification.order_effect:
            terms[ORDER_EFFECT] = b""
        cells = self.comparisons._cells
        if cells is not None and cells.covariates is not None:
            order = np.lexsort((*cells.covariates.T, cells.right, cells.left))
            for column, name in zip(
                specification.covariates, specification.covariate_names, strict=True
            ):
                terms[f"covariate {name}"] = cells.covariates[order, column].tobytes()
        if specification.prior is not None:
            terms["prior"] = repr(specification.prior).encode()
        return terms
