"""Results of `preference_regression` as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hasten.ranking._preference_result import PreferenceResult

_SHORT = 5


def short_form(result: PreferenceResult) -> str:
    """Return the status, the certificate and the first coefficients.

    Parameters
    ----------
    result : PreferenceResult
        The result.

    Returns
    -------
    str
        At most eight lines.
    """
    names = result._names
    width = max(len(name) for name in names[:_SHORT])
    lines = [_head(result), _status(result)]
    lines += [
        f"  {name:<{width}} {value:>z8.4f}"
        for name, value in zip(names[:_SHORT], result._fit.coef.tolist(), strict=False)
    ]
    hidden = len(names) - _SHORT
    return "\n".join(lines + ([f"  ... and {hidden:,} more"] if hidden > 0 else []))


def long_form(result: PreferenceResult, confidence_level: float, kind: str | None) -> str:
    """Return the fit, the certificate and a table of the coefficients.

    Parameters
    ----------
    result : PreferenceResult
        The result.
    confidence_level : float
        Level of the intervals.
    kind : str or None
        Which covariance the table uses.

    Returns
    -------
    str
        The text.
    """
    low, high = result._interval(confidence_level, kind)
    names = result._names
    width = max(len(name) for name in [*names, "feature"])
    fit = (
        f"log-likelihood {result.log_likelihood:.6f} (within {result.log_likelihood_gap:.1e} of "
        f"its maximum), AIC {result.aic:.2f}, BIC {result.bic:.2f}"
    )
    interval = f"{100 * confidence_level:g} % interval"
    header = (
        f"{'feature':<{width}} {'coef':>10} {'std. error':>10} {'z':>8} {'p':>8} {interval:>21}"
    )
    lines = [_head(result), fit, _status(result), "", header]
    errors = result._standard_error(kind)
    for name, value, error, *ends in zip(
        names, result._fit.coef.tolist(), errors.tolist(), low, high, strict=True
    ):
        z = value / error
        pvalue = math.erfc(abs(z) / math.sqrt(2))
        shown = f"{ends[0]:z.4f} to {ends[1]:z.4f}"
        lines.append(
            f"{name:<{width}} {value:>z10.4f} {error:>10.4f} {z:>z8.2f} {pvalue:>8.2g} {shown:>21}"
        )
    used = kind or ("sandwich" if result.kind == "split" else "model")
    note = f"standard errors: {used}"
    if result.kind == "split" and used == "model":
        note += ", too small since pairs of one ranking depend on one another"
    if result.ridge > 0:
        note += f"; ridge {result.ridge:g} draws the coefficients towards 0"
    return "\n".join([*lines, note])


def _head(result: PreferenceResult) -> str:
    return (
        f"Preference regression ({result.kind}) of {result.n_params:,} features on "
        f"{result.n_sets:,} choices"
    )


def _status(result: PreferenceResult) -> str:
    status = "converged" if result.converged else "NOT converged"
    return (
        f"{status} in {result.n_iter} passes: numerical error at most {result.error:.1e} "
        "standard errors"
    )
