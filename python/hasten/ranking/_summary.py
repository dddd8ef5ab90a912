"""Results of ranking models as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hasten.ranking._tabular import TabularResult

_SHORT = 5
#: The last column of the table: its key, title and format.
_SCALES = {"elo": ("Elo", ".1f"), "probability": ("worth", ".4f")}


def short_form(result: TabularResult) -> str:
    """Return the status, the certificate and the strongest items; costs no standard errors.

    Parameters
    ----------
    result : TabularResult
        The result.

    Returns
    -------
    str
        At most nine lines.
    """
    order, names, width = _top(result, _SHORT)
    strength, rank = np.asarray(result.strength), np.asarray(result.rank)
    lines = [result._title, _status(result)]
    lines += [
        f"  {rank[i]:>3.0f}  {name:<{width}} {strength[i]:>z9.4f}"
        for i, name in zip(order, names, strict=True)
    ]
    return "\n".join(lines + _more(result, len(order)))


def long_form(result: TabularResult, max_items: int) -> str:
    """Return the fit, the certificate and a table with standard errors and intervals.

    Parameters
    ----------
    result : TabularResult
        The result.
    max_items : int
        Rows of the table.

    Returns
    -------
    str
        The text.
    """
    order, names, width = _top(result, max_items)
    columns = result.columns()
    origin = result._origin
    fit = (
        f"log-likelihood {result.log_likelihood:.6f} (within {result.log_likelihood_gap:.1e} of "
        f"its maximum), AIC {result.aic:.2f}, BIC {result.bic:.2f}"
    )
    title, form = _SCALES[result._scale]
    scaled = columns[result._scale]
    header = (
        f"{'rank':>5}  {'item':<{width}} {'strength':>9} {'std. error':>10} "
        f"{'95 % interval':>19} {title:>8}"
    )
    lines = [result._title, fit, _status(result), *_shared(result), "", header]
    for i, name in zip(order, names, strict=True):
        interval = f"{columns['low'][i]:z.4f} to {columns['high'][i]:z.4f}"
        lines.append(
            f"{columns['rank'][i]:>5}  {name:<{width}} {columns['strength'][i]:>z9.4f} "
            f"{columns['standard_error'][i]:>z10.4f} {interval:>19} {scaled[i]:>8{form}}"
        )
    note = f"strengths in log units, {origin}"
    accuracy = result.standard_error_accuracy(kind=result._default_kind)
    if accuracy > 0:
        note += f"; standard errors from a sketch, good to {accuracy:.0%}"
    return "\n".join([*lines, *_more(result, len(order)), note])


def _top(result: TabularResult, count: int) -> tuple[list[int], list[str], int]:
    order = ranked(result)[: max(count, 0)].tolist()
    names = [str(result.items[i]) for i in order]
    return order, names, max((len(name) for name in [*names, "item"]), default=4)


def ranked(result: TabularResult) -> NDArray[np.intp]:
    """Return the positions of the items that have a strength, best component and strongest first.

    Parameters
    ----------
    result : TabularResult
        The result.

    Returns
    -------
    ndarray of intp
        Positions in ``result.items``.
    """
    strength = np.asarray(result.strength, dtype=np.float64)
    order = np.lexsort((-strength, result.component))
    return order[np.isfinite(strength[order])]


def _shared(result: TabularResult) -> list[str]:
    from hasten.ranking._result import BradleyTerryResult

    table = result.coefficients() if isinstance(result, BradleyTerryResult) else {}
    width = max(map(len, table), default=0)
    return [
        f"  {name:<{width}} {row.estimate:>z9.4f} (std. error {row.standard_error:.4f}, "
        f"95 % interval {row.low:z.4f} to {row.high:z.4f})"
        for name, row in table.items()
    ]


def _status(result: TabularResult) -> str:
    status = "converged" if result.converged else "NOT converged"
    return (
        f"{status} in {result.n_iter} iterations ({result.method}): numerical error at most "
        f"{result.error:.1e} standard errors, residual {result.residual:.1e} wins"
    )


def _more(result: TabularResult, shown: int) -> list[str]:
    hidden = len(result.items) - len(result.excluded) - shown
    lines = [f"  ... and {hidden:,} more"] if hidden > 0 else []
    if len(result.excluded):
        lines.append(f"  {len(result.excluded):,} items outside the largest component: no strength")
    return lines
