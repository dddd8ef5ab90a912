"""`hasten demo`: what each family answers on real data, with its certificate."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hasten._cli.demos import FAMILIES

if TYPE_CHECKING:
    import argparse

    from hasten._cli.demonstration import Demonstration


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it.
    """
    parser = commands.add_parser(
        "demo",
        help="solve real problems, compare with published answers and with a peer",
        description=(
            "Solve the problems that ship with the package, compare the answers with published "
            "ones, and time them against a peer if one is installed."
        ),
    )
    parser.add_argument("--plots", metavar="DIR", help="also save pictures (needs matplotlib)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show every family.

    Parameters
    ----------
    arguments : argparse.Namespace
        As parsed.

    Returns
    -------
    int
        0, or 1 when a solve did not converge or differs from a published answer.
    """
    shown = []
    for family, module in FAMILIES.items():
        demonstration: Demonstration = importlib.import_module(module).demonstrate(
            lambda text, family=family: print(f"{family}: {text} ...", file=sys.stderr)
        )
        shown.append(demonstration)
        if not arguments.json:
            print(demonstration.to_text(), end="\n\n")
        if arguments.plots is not None:
            _save_plots(demonstration, Path(arguments.plots))
    if arguments.json:
        print(json.dumps([demonstration.to_dict() for demonstration in shown], indent=2))
    good = all(d.converged and all(check.agrees for check in d.checks) for d in shown)
    return 0 if good else 1


def _save_plots(demonstration: Demonstration, folder: Path) -> None:
    try:
        import matplotlib as mpl
    except ImportError as problem:
        raise ImportError("--plots needs matplotlib: pip install hasten[plot]") from problem
    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in demonstration.plots.items():
        path = folder / f"{name}.png"
        figure: Any = draw().figure
        figure.savefig(path, dpi=150)
        print(f"saved {path}", file=sys.stderr)
