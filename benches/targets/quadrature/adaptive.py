"""The targets of `hasten.quadrature`: adaptive integration."""

from __future__ import annotations

import numpy as np
from benchmarks.common import PROFILE
from benchmarks.quadrature_adaptive import KINDS, make_batch, seconds_an_integral

from hasten.quadrature import quad
from targets.report import at_most, verdict

PEERS: tuple[str, ...] = ("numpy", "scipy")
FACTORS = {"scipy-quad-loop": 12, "scipy-quad_vec-loop": 60, "scipy-tanhsinh": 5}


def peaks(count: int) -> list[str]:
    """Count calls and points of ten thousand peaks, and check every error."""
    batch = make_batch("peaks", count)
    result = quad(batch.f, 0.0, 1.0, batch.args, rtol=1e-10)
    true = np.abs(result.value - batch.exact)
    missed = np.count_nonzero(result.error < true - 4e-16 * batch.exact)
    what = f"{count} Lorentz peaks at rtol 1e-10"
    return [
        at_most(f"{what}: calls of f", result.n_calls, 15, "all integrals together"),
        at_most(f"{what}: points an integral", result.n_evaluations.mean(), 330, "mean"),
        at_most(f"{what}: relative error", np.max(true / batch.exact), 1e-10, "largest"),
        at_most(f"{what}: estimates below the true error", missed, 0, "of all"),
    ]


def ratios(kind: str, repeats: int) -> list[str]:
    """Compare the time of an integral with that of SciPy's functions, single-threaded."""
    seconds, errors = seconds_an_integral(kind, ("hasten", *FACTORS), repeats)
    ours = seconds["hasten"]
    rows = []
    for name, factor in FACTORS.items():
        note = (
            f"{1e6 * ours:.3g} against {1e6 * seconds[name]:.3g} microseconds; relative errors "
            f"{errors['hasten']:.1e} and {errors[name]:.1e}"
        )
        limit = factor if kind == "peaks" else None
        rows.append(verdict(f"an integral of {kind} / {name}", ours / seconds[name], limit, note))
    return rows


def quad_peaks(_threads: int, _repeats: int) -> list[str]:
    """Ten thousand peaks in one call of quad: calls, points, errors."""
    return peaks(1000 if PROFILE == "quick" else 10_000)


def quad_time(_threads: int, repeats: int) -> list[str]:
    """Time an integral of a batch by quad, beside SciPy's functions."""
    return [row for kind in KINDS for row in ratios(kind, repeats)]


TARGETS: dict[str, object] = {"quad-peaks": quad_peaks, "quad-time": quad_time}
