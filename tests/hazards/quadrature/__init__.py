"""Calls of `hasten.quadrature`."""

from . import adaptive, bayes, cubature, least_squares, points, rules

_PARTS = (rules, adaptive, cubature, points, bayes, least_squares)
CASES = {name: case for part in _PARTS for name, case in part.CASES.items()}
