"""`hasten rank FILE`: rank the items of a CSV file of comparisons."""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import math
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hasten.ranking import BradleyTerryResult

# Elo points of one unit of log-strength.
ELO_POINTS = 400 / math.log(10)

_EPILOG = """\
Without options the columns are found by the names in the first line: winner and loser; or left
and right (home and away, model_a and model_b, player1 and player2, ...) with an outcome and perhaps
a weight. An outcome is 1, 0 or 0.5 for left, right or tie, or one of the words left, right, a, b,
model_a, model_b and tie. Fields are cut at commas, tabs, semicolons or bars.
Exit code: 0, 1 if the solve did not converge, 2 if the input is not valid."""


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it.
    """
    parser = commands.add_parser(
        "rank",
        help="rank the items of a CSV file of comparisons",
        description="Rank items from paired comparisons by the Bradley-Terry model.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="CSV file, one comparison a row")
    columns = parser.add_argument_group("columns")
    for name in ("winner", "loser", "left", "right", "outcome", "weight"):
        columns.add_argument(f"--{name}", metavar="COLUMN")
    parser.add_argument("--ties", choices=("half", "drop", "raise"), default="half")
    parser.add_argument("--method", choices=("auto", "newton", "newman", "zermelo"), default="auto")
    parser.add_argument("--tol", type=float, default=1e-6, help="largest error (default 1e-6)")
    parser.add_argument("--max-iter", type=int, help="largest number of passes over the data")
    parser.add_argument("--confidence-level", type=float, default=0.95, metavar="LEVEL")
    parser.add_argument("--elo", action="store_true", help="Elo points instead of log-strengths")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument(
        "--output", metavar="FILE", help="where to write instead of standard output"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Rank and print.

    Parameters
    ----------
    arguments : argparse.Namespace
        As parsed.

    Returns
    -------
    int
        0, or 1 when the solve did not converge.
    """
    from hasten import ConvergenceWarning
    from hasten.ranking import Comparisons, bradley_terry

    left, right, outcome = _columns(arguments)
    try:
        comparisons = Comparisons.from_csv(
            arguments.file, left, right, outcome, weight=arguments.weight
        )
    except ValueError as problem:
        raise ValueError(f"{arguments.file}: {problem}") from None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        result = bradley_terry(
            comparisons,
            ties=arguments.ties,
            method=arguments.method,
            tol=arguments.tol,
            max_iter=arguments.max_iter,
            progress=sys.stderr.isatty(),
        )
    for warning in caught:
        print(f"hasten: warning: {warning.message}", file=sys.stderr)
    rows = _rows(result, arguments.confidence_level, elo=arguments.elo)
    text = _FORMATS[arguments.format](result, rows)
    with contextlib.ExitStack() as stack:
        stream = sys.stdout
        if arguments.output is not None:
            stream = stack.enter_context(Path(arguments.output).open("w", encoding="utf-8"))
        stream.write(text)
    return 0 if result.converged else 1


def _columns(arguments: argparse.Namespace) -> tuple[str | None, str | None, str | None]:
    if arguments.winner is None and arguments.loser is None:
        return arguments.left, arguments.right, arguments.outcome
    if arguments.left or arguments.right or arguments.outcome:
        raise ValueError("name either --winner and --loser, or --left, --right and --outcome")
    if arguments.winner is None or arguments.loser is None:
        raise ValueError("--winner and --loser must be named together")
    # Without an outcome the left side won every row.
    return arguments.winner, arguments.loser, None


def _rows(result: BradleyTerryResult, level: float, *, elo: bool) -> list[dict[str, Any]]:
    low, high = result.confidence_interval(level, scale="elo" if elo else "log")
    values = result.elo() if elo else result.strength
    error = result.standard_error() * (ELO_POINTS if elo else 1.0)
    order = sorted(range(len(values)), key=lambda k: (-values[k], str(result.items[k])))
    labels = result.items.tolist()
    return [
        {
            "rank": int(result.rank[k]),
            "item": labels[k],
            "elo" if elo else "strength": float(values[k]),
            "standard_error": float(error[k]),
            "low": float(low[k]),
            "high": float(high[k]),
        }
        for k in order
    ]


def _table(result: BradleyTerryResult, rows: list[dict[str, Any]]) -> str:
    digits = 1 if "elo" in rows[0] else 4
    cells = [list(rows[0])]
    cells += [
        [f"{cell:z.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row.values()]
        for row in rows
    ]
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    lines = []
    for row in cells:
        padded = [
            cell.ljust(width) if k == 1 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    head, status = str(result).splitlines()[:2]
    return "\n".join([head, status, "", *lines]) + "\n"


def _csv(result: BradleyTerryResult, rows: list[dict[str, Any]]) -> str:
    del result
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _json(result: BradleyTerryResult, rows: list[dict[str, Any]]) -> str:
    answer = {
        "converged": result.converged,
        "error": result.error,
        "error_kind": result.error_kind,
        "message": result.message,
        "method": result.method,
        "n_iter": result.n_iter,
        "n_games": result.n_games,
        "log_likelihood": result.log_likelihood,
        "aic": result.aic,
        "bic": result.bic,
        "items": rows,
    }
    return json.dumps(answer, indent=2, allow_nan=True) + "\n"


_FORMATS = {"table": _table, "csv": _csv, "json": _json}
