"""Find every public name of the installed package, as a user can reach it."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def public_modules(name: str = "hasten") -> Iterator[ModuleType]:
    """Yield a module and the public submodules that its ``__all__`` names, at any depth."""
    module = importlib.import_module(name)
    yield module
    for child in module.__all__:
        if inspect.ismodule(getattr(module, child)):
            yield from public_modules(f"{name}.{child}")


def public_names() -> Iterator[str]:
    """Yield dotted names of public functions, classes and their public methods and properties."""
    for module in public_modules():
        yield module.__name__
        for name in module.__all__:
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isroutine(value)):
                continue
            yield f"{module.__name__}.{name}"
            if inspect.isclass(value):
                yield from (f"{module.__name__}.{name}.{member}" for member in own_members(value))


def own_members(cls: type) -> Iterator[str]:
    """Yield public methods and properties that hasten defines, not those inherited from others."""
    for name, member in inspect.getmembers(cls):
        if name.startswith("_"):
            continue
        function = member.fget if isinstance(member, property) else inspect.unwrap(member)
        if inspect.isroutine(function) and str(getattr(function, "__module__", "")).startswith(
            "hasten"
        ):
            yield name
