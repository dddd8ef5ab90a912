"""Entropic optimal transport, with proved bounds on the value of every answer."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
