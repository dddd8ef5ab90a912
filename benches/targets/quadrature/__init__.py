"""The targets of `hasten.quadrature`."""

from . import adaptive, bayes, cubature, least_squares, points, rules

_PARTS = (rules, adaptive, cubature, points, bayes, least_squares)
TARGETS = {name: target for part in _PARTS for name, target in part.TARGETS.items()}
PEERS = tuple(dict.fromkeys(peer for part in _PARTS for peer in part.PEERS))
