"""The work of `bradley_terry`: check, choose what is fitted, solve, wrap."""

from __future__ import annotations

import math
import re
import sys
from decimal import ROUND_CEILING, Context
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten import _threads
from hasten._backend import NUMPY, Backend
from hasten._core import ranking as _core
from hasten._exceptions import NotConnectedError
from hasten._progress import progress_bar
from hasten._validation import (
    check_array,
    check_choice,
    check_flag,
    check_integer,
    check_real,
)
from hasten.ranking import _report
from hasten.ranking._components import not_connected_error
from hasten.ranking._disconnected import CHOICES, Fitted, resolve
from hasten.ranking._fit import Fit
from hasten.ranking._pair_table import PairTable, pair_table
from hasten.ranking._paired import ORDER_EFFECT, TIE_PARAMETERS, Specification, paired_cells
from hasten.ranking._result import BradleyTerryResult
from hasten.ranking._specification import specify

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from hasten.ranking._cells import Cells
    from hasten.ranking._comparisons import Comparisons

METHODS = ("auto", "newman", "zermelo", "newton")
COUPLED_METHODS = ("auto", "newton")
TIES = ("half", "davidson", "rao-kupper", "drop", "raise")

_ROUNDED = "; the strengths are rounded to float32, their certificate is of the float64 solution"


def fit(
    comparisons: Comparisons,
    *,
    ties: str,
    method: str,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
    order_effect: bool = False,
    covariates: Any = None,
    prior: Any = None,
    on_disconnected: str = "raise",
    backend: Backend = NUMPY,
    reference: Any = None,
    init: ArrayLike | None = None,
    callback: Callable[[Any], object] | None = None,
    progress: bool = False,
    trace: bool = False,
) -> tuple[BradleyTerryResult, str | None]:
    """Do the work of `bradley_terry`, returning its warning instead of raising it.

    Parameters
    ----------
    comparisons : Comparisons
        The counts.
    ties, method, tol, max_iter, n_threads, order_effect, covariates, prior, on_disconnected
        As in `bradley_terry`; covariates by name.
    reference, init, callback, progress, trace
        As in `bradley_terry`.
    backend : Backend, optional
        The array library of the result.

    Returns
    -------
    result : BradleyTerryResult
        The fit.
    warning : str or None
        What a `ConvergenceWarning` should say, in whichever class the caller's users expect.
    """
    check_choice(ties, "ties", TIES)
    check_choice(method, "method", METHODS)
    check_choice(on_disconnected, "on_disconnected", CHOICES)
    tol = check_real(tol, "tol", minimum=0.0, exclusive=True)
    if max_iter is not None:
        max_iter = min(check_integer(max_iter, "max_iter", minimum=1), sys.maxsize)
    progress, trace = check_flag(progress, "progress"), check_flag(trace, "trace")
    specification = specify(comparisons, ties, order_effect, covariates, prior)
    if specification.is_coupled and method not in COUPLED_METHODS:
        raise ValueError(
            f"`method` must be 'auto' or 'newton' for this model; got {method!r}, which knows "
            "strengths alone"
        )
    items = comparisons.items
    position = None if reference is None else _report.reference_position(reference, items)
    start: NDArray[np.float64] | None = None
    if init is not None:
        checked = check_array(init, "init", shape=(len(items),), dtype="float64")
        start = checked.astype(np.float64, copy=False)
    part = resolve(comparisons, specification, on_disconnected)
    if part.kept is not None:
        start = None if start is None else start[part.kept]
        position = _place_among(part.kept, position, reference)
    with progress_bar(callback, "Bradley-Terry", show=progress) as hook:
        threads = _threads.resolve(n_threads)
        try:
            if specification.is_coupled or part.groups is not None:
                if ties == "raise":
                    pair_table(comparisons, ties)
                cells = paired_cells(part.comparisons, specification, part.groups)
                model, groups = specification.model, part.groups
                answer: dict[str, Any] = {
                    **_core.fit_paired(
                        cells, model, start, tol, max_iter, threads, hook, trace, groups
                    )
                }
                answer["total_weight"] = _weight(cells)
            else:
                table = pair_table(part.comparisons, ties)
                answer = {
                    **_core.bradley_terry(
                        *table, method, start, position, tol, max_iter, threads, hook, trace
                    ),
                    "shared": np.empty(0),
                    "n_parameters": len(part.comparisons.items) - 1,
                    "error_kind": "bound",
                    "total_weight": table.total_weight,
                }
        except NotConnectedError as problem:
            raise not_connected_error(
                items, problem.n_components, problem.largest, problem.offenders
            ) from None
        except ValueError as problem:
            raise _by_name(problem, specification.covariate_names) from None
    return _wrap(
        comparisons, part, specification, answer, position, reference, backend, tol, max_iter,
        n_threads,
    )  # fmt: skip


def _wrap(
    comparisons: Comparisons,
    part: Fitted,
    specification: Specification,
    answer: dict[str, Any],
    position: int | None,
    reference: Any,
    backend: Backend,
    tol: float,
    max_iter: int | None,
    n_threads: int | None,
) -> tuple[BradleyTerryResult, str | None]:
    parameters = np.concatenate([answer["strength"], answer["shared"]])
    strength = _relative(answer["strength"], part.groups, position)
    solve = Fit(
        comparisons=part.comparisons,
        specification=specification,
        parameters=parameters,
        strength=strength,
        reference=position,
        backend=backend,
        n_threads=n_threads,
        kept=part.kept,
        groups=part.groups,
    )
    message = _report.message(answer, tol, max_iter)
    rounded = strength
    if comparisons._weight_dtype == np.float32:
        rounded = strength.astype(np.float32)
        plain = not specification.is_coupled
        message += _rounding_note(solve.table, strength, rounded) if plain else _ROUNDED
    items = comparisons.items
    reported: NDArray[Any] = rounded
    excluded = items[:0]
    if part.kept is not None:
        reported = np.full(len(items), np.nan, dtype=rounded.dtype)
        reported[part.kept] = rounded
        excluded = np.delete(items, part.kept)
    shared = solve.shared
    tie = shared.get(TIE_PARAMETERS.get(specification.ties, ""))
    coef = [shared[name] for name in specification.covariate_names]
    component = np.zeros(len(items), dtype=np.int64)
    if part.groups is not None:
        component = part.groups.astype(np.int64)
    elif part.kept is not None:
        component = np.full(len(items), -1)
        component[part.kept] = 0
    result = BradleyTerryResult(
        items=items,
        strength=backend.wrap(reported),
        log_likelihood=answer["log_likelihood"],
        n_params=answer["n_parameters"],
        n_games=part.comparisons.n_games,
        total_weight=answer["total_weight"],
        reference=reference,
        tie_parameter=None if tie is None else math.exp(tie),
        order_effect=shared.get(ORDER_EFFECT),
        coef=np.array(coef) if coef else None,
        covariate_names=specification.covariate_names,
        component=component,
        component_order=np.arange(int(component.max()) + 1),
        excluded=excluded,
        residual=answer["residual"],
        log_likelihood_gap=answer["log_likelihood_gap"],
        error=answer["error"],
        error_kind=answer["error_kind"],
        converged=answer["status"] == "converged",
        n_iter=answer["n_iter"],
        method=answer["method"],
        message=message,
        history=_report.history(answer),
        _fit=solve,
    )
    warned = answer["status"] in ("max_iter", "stalled")
    return result, _report.warning(result, answer["status"], "bradley_terry") if warned else None


def _by_name(problem: ValueError, names: tuple[str, ...]) -> ValueError:
    """Return an error that names the covariate of which the core knows the column."""
    found = re.fullmatch(r"(`covariates` .*) at index (\d+)", str(problem))
    return problem if found is None else ValueError(f"{found[1]}, {names[int(found[2])]!r}")


def _relative(
    strength: NDArray[np.float64], groups: NDArray[np.uint32] | None, position: int | None
) -> NDArray[np.float64]:
    """Return strengths relative to the reference, in its own component."""
    if position is None or strength[position] == 0.0:
        return strength
    near = slice(None) if groups is None else groups == groups[position]
    shifted = strength.copy()
    shifted[near] -= strength[position]
    return shifted


def _place_among(kept: NDArray[np.intp], position: int | None, reference: Any) -> int | None:
    """Return where the reference stands among the items that are fitted."""
    if position is None:
        return None
    place = int(np.searchsorted(kept, position))
    if place == len(kept) or kept[place] != position:
        raise ValueError(
            f"`reference` must be an item of the largest component; got {reference!r}, which "
            "on_disconnected='largest' excluded"
        )
    return place


def _weight(cells: Cells) -> float:
    ties = 0.0 if cells.ties is None else float(cells.ties.sum())
    return float(cells.wins.sum() + cells.losses.sum()) + ties


def _rounding_note(table: PairTable, exact: NDArray[Any], rounded: NDArray[Any]) -> str:
    # Cauchy-Schwarz in the Hessian's norm: |u.d| <= sqrt(d.L.d) se(u) for every contrast u.
    rows, columns = table.rows, table.opponents
    shift = rounded.astype(np.float64) - exact
    tail = np.exp(-np.abs(exact[rows] - exact[columns]))
    conductance = (table.wins.astype(np.float64) + table.losses) * tail / (1 + tail) ** 2
    energy = float(np.sum(conductance * (shift[rows] - shift[columns]) ** 2)) / 2
    moved = float(Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(energy**0.5))
    return f"; rounding to float32 moves each difference by at most {moved:g} standard errors"
