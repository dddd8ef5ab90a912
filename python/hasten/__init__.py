"""Accelerated numerical solvers that tell you how close they are."""

from hasten._core import __version__

__all__ = ["__version__"]
