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
    _add_model(parser.add_argument_group("model"))
    _add_inference(parser.add_argument_group("uncertainty"))
    parser.add_argument("--method", choices=("auto", "newton", "newman", "zermelo"), default="auto")
    parser.add_argument("--tol", type=float, default=1e-6, help="largest error (default 1e-6)")
    parser.add_argument("--max-iter", type=int, help="largest number of passes over the data")
    parser.add_argument("--elo", action="store_true", help="Elo points instead of log-strengths")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument(
        "--output", metavar="FILE", help="where to write instead of standard output"
    )
    parser.set_defaults(run=run)


def _add_model(group: Any) -> None:
    group.add_argument(
        "--ties",
        choices=("half", "davidson", "rao-kupper", "drop", "raise"),
        default="half",
        help="half a win each, a model of ties, or none (default half)",
    )
    group.add_argument(
        "--order-effect",
        action="store_true",
        help="estimate an advantage of the left side (home, shown first)",
    )
    prior = group.add_mutually_exclusive_group()
    prior.add_argument(
        "--prior",
        type=float,
        metavar="WEIGHT",
        help="logistic prior: each item wins and loses so many games against an average one",
    )
    prior.add_argument(
        "--gaussian-prior",
        type=float,
        metavar="PRECISION",
        help="normal prior of the strengths with this inverse variance",
    )
    group.add_argument(
        "--on-disconnected",
        choices=("raise", "largest", "components"),
        default="raise",
        help="what to fit where some items have no finite strength (default raise)",
    )


def _add_inference(group: Any) -> None:
    group.add_argument("--confidence-level", type=float, default=0.95, metavar="LEVEL")
    group.add_argument(
        "--errors",
        choices=("model", "sandwich"),
        default="model",
        help="standard errors that trust the model, or those that hold without it",
    )
    group.add_argument(
        "--simultaneous", action="store_true", help="intervals that cover all items together"
    )
    group.add_argument(
        "--rank-sets", action="store_true", help="smallest and largest rank that the data allow"
    )
    group.add_argument(
        "--seed", type=int, default=0, help="of --simultaneous and --rank-sets (default 0)"
    )


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
    from hasten.ranking import Comparisons, Gaussian, bradley_terry

    left, right, outcome = _columns(arguments)
    prior = arguments.prior
    if arguments.gaussian_prior is not None:
        prior = Gaussian(arguments.gaussian_prior)
    try:
        comparisons = Comparisons.from_csv(
            arguments.file,
            left,
            right,
            outcome,
            weight=arguments.weight,
            ordered=arguments.order_effect,
        )
    except ValueError as problem:
        raise ValueError(f"{arguments.file}: {problem}") from None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        result = bradley_terry(
            comparisons,
            ties=arguments.ties,
            order_effect=arguments.order_effect,
            prior=prior,
            on_disconnected=arguments.on_disconnected,
            method=arguments.method,
            tol=arguments.tol,
            max_iter=arguments.max_iter,
            progress=sys.stderr.isatty(),
        )
    for warning in caught:
        print(f"hasten: warning: {warning.message}", file=sys.stderr)
    rows = _rows(result, arguments)
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


def _rows(result: BradleyTerryResult, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    elo, kind = arguments.elo, arguments.errors
    low, high = result.confidence_interval(
        arguments.confidence_level,
        kind=kind,
        scale="elo" if elo else "log",
        method="simultaneous" if arguments.simultaneous else "marginal",
        rng=arguments.seed,
    )
    columns = {
        "rank": result.rank,
        "item": result.items,
        "elo" if elo else "strength": result.elo() if elo else result.strength,
        "standard_error": result.standard_error(kind=kind) * (ELO_POINTS if elo else 1.0),
        "low": low,
        "high": high,
    }
    if arguments.rank_sets:
        best, worst = result.rank_sets(arguments.confidence_level, kind=kind, rng=arguments.seed)
        columns |= {"best_rank": best, "worst_rank": worst}
    if result.n_components > 1:
        columns |= {"component": result.component + 1}
    lists = {name: column.tolist() for name, column in columns.items()}
    shown = [k for k, rank in enumerate(lists["rank"]) if rank > 0]
    component = lists.get("component", [0] * len(result.items))
    # Items of one rank, within a component, stand in the order of their names.
    shown.sort(key=lambda k: (component[k], lists["rank"][k], str(lists["item"][k])))
    whole = {"rank", "best_rank", "worst_rank"}
    return [
        {name: int(column[k]) if name in whole else column[k] for name, column in lists.items()}
        for k in shown
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
    shared = [
        f"{name} {row.estimate:z.4f} (std. error {row.standard_error:.4f})"
        for name, row in result.coefficients().items()
    ]
    foot = [f"left out: {', '.join(map(str, result.excluded))}"] if len(result.excluded) else []
    return "\n".join([head, status, *shared, "", *lines, *foot]) + "\n"


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
        "excluded": result.excluded.tolist(),
        "coefficients": {
            name: {"estimate": row.estimate, "standard_error": row.standard_error}
            for name, row in result.coefficients().items()
        },
    }
    return json.dumps(answer, indent=2, allow_nan=True) + "\n"


_FORMATS = {"table": _table, "csv": _csv, "json": _json}
