"""Calls whose failure to converge is what is looked at."""

import warnings

import hasten


def quietly(function, *args, **options):
    """Call a solver without its `ConvergenceWarning`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hasten.ConvergenceWarning)
        return function(*args, **options)
