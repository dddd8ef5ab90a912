"""`hasten info`: versions and machine, for bug reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add_to(commands: Any) -> None:
    """Add the command to a parser.

    Parameters
    ----------
    commands : argparse subparsers
        Where to add it.
    """
    parser = commands.add_parser("info", help="print versions and machine, for bug reports")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print versions.

    Parameters
    ----------
    arguments : argparse.Namespace
        Nothing in it is used.

    Returns
    -------
    int
        0.
    """
    del arguments
    from hasten import show_versions

    show_versions()
    return 0
