"""Ask the core where to evaluate, call the integrand, tell the core what it returned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hasten._core.quadrature import Levels, Rounds
from hasten.quadrature._adaptive_result import QuadResult, describe, plain
from hasten.quadrature._adaptive_trace import Recorder
from hasten.quadrature._compiled import CompiledIntegrand

if TYPE_CHECKING:
    from collections.abc import Callable

    from hasten.quadrature._integrand import Integrand

# What an interval at a singular end may keep of the tolerance of its integral.
_SHARE = 0.1


def integrate(
    state: Rounds | Levels,
    integrand: Integrand | CompiledIntegrand,
    shape: tuple[int, ...],
    *,
    edge: bool = False,
    ends: bool = False,
    n_threads: int | None = None,
    callback: Callable[[Any], object] | None = None,
    trace: bool = False,
) -> QuadResult:
    """Refine all integrals until they end.

    Parameters
    ----------
    state : Rounds or Levels
        The integrals, from the core.
    integrand : Integrand or CompiledIntegrand
        Their integrand.
    shape : tuple of int
        Shape of the batch.
    edge : bool, default False
        Whether the integrand is given distances to the ends.
    ends : bool, default False
        Whether `state` sets aside intervals at singular ends, which tanh-sinh then integrates.
    n_threads : int, optional
        Threads of the core.
    callback : callable, optional
        Called with an `Info` after each round; returning True ends the integration.
    trace : bool, default False
        Whether to keep points and rounds.

    Returns
    -------
    QuadResult
        All integrals.
    """
    recorder = Recorder(shape) if trace else None
    while state.is_running:
        if isinstance(integrand, CompiledIntegrand) and isinstance(state, Rounds) and not trace:
            integrand.refine(state, callback)
            if ends and state.is_running:
                _settle_ends(state, integrand, edge, n_threads, recorder)
            continue
        _evaluate(state, integrand, edge, n_threads, recorder)
        n_running, n_regions, error = state.advance(n_threads)
        if ends and n_running and isinstance(state, Rounds):
            _settle_ends(state, integrand, edge, n_threads, recorder)
        if recorder is not None:
            recorder.round(error, n_running, n_regions)
        # Only a boolean is an answer: other values are what a one-line lambda happens to give.
        if callback is not None and n_running:
            answer = callback(state.info())
            if isinstance(answer, (bool, np.bool_)) and answer:
                state.stop()
    return _result(state, integrand, shape, recorder)


def _evaluate(
    state: Rounds | Levels,
    integrand: Integrand | CompiledIntegrand,
    edge: bool,
    n_threads: int | None,
    recorder: Recorder | None,
) -> None:
    """Tell the values at all points that wait."""
    first, n_pending = 0, state.n_pending
    while first < n_pending:
        end = min(first + integrand.rows(state.n_points), n_pending)
        x = state.points(first, end, n_threads)
        owners = state.owners(first, end)
        distances = state.distances(first, end, n_threads) if edge else None
        values = integrand(x, owners, distances)
        state.tell(first, end, values, integrand.is_complex, n_threads)
        if recorder is not None:
            recorder.points(x, values, owners, is_complex=integrand.is_complex)
        first = end


def _settle_ends(
    state: Rounds,
    integrand: Integrand | CompiledIntegrand,
    edge: bool,
    n_threads: int | None,
    recorder: Recorder | None,
) -> None:
    """Integrate what lies at singular ends by tanh-sinh."""
    levels = state.set_aside(_SHARE, edge, n_threads)
    if levels is None:
        return
    while levels.is_running:
        _evaluate(levels, integrand, edge, n_threads, recorder)
        levels.advance(n_threads)
    state.settle(levels)


def _result(
    state: Rounds | Levels,
    integrand: Integrand | CompiledIntegrand,
    shape: tuple[int, ...],
    recorder: Recorder | None,
) -> QuadResult:
    found = state.result()
    components = integrand.components or ()
    value = found["value"]
    if not value.size:  # Nothing had to be evaluated: all ranges are without length.
        value = np.zeros(math.prod(shape) * integrand.n_components)
    if integrand.is_complex:
        value = value.view(np.complex128)
    status = np.array(found["status"], dtype=str).reshape(shape)
    trace = None
    if recorder is not None:
        regions = state.regions()
        trace = recorder.trace(regions["bounds"], regions["errors"], regions["owners"])
    return QuadResult(
        value=plain(value.reshape(shape + components)),
        error=plain(found["error"].reshape(shape)),
        converged=plain(status == "converged"),
        status=plain(status),
        n_evaluations=plain(found["n_evaluations"].reshape(shape)),
        n_intervals=plain(found["n_intervals"].reshape(shape)),
        n_calls=integrand.n_calls,
        n_iter=found["n_iter"],
        message=describe(status),
        history=None if recorder is None else recorder.history(),
        _trace=trace,
    )
