"""The command `hasten`: a demonstration, rankings of CSV files, and what is installed."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, NOT_CONVERGED, BAD_INPUT = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        0, 1 when a solve did not converge, or 2 when the input was not valid.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:
        # argparse ends the process; a function that tests can call returns the code instead.
        return end.code if isinstance(end.code, int) else BAD_INPUT
    try:
        return int(arguments.run(arguments))
    except BrokenPipeError:
        # The reader of a pipe has seen enough, which is no error of ours.
        sys.stderr.close()
        return OK
    except (OSError, ValueError, TypeError, ImportError) as problem:
        print(f"hasten: error: {problem}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    from hasten._cli import demo, info, rank

    parser = argparse.ArgumentParser(
        prog="hasten",
        description="Accelerated numerical solvers that tell you how close they are.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (demo, rank, info):
        command.add_to(commands)
    return parser
