"""Every public callable of hasten, with a ready-made call of each.

What is public is asked of the package itself: the names in `hasten.__all__` and, for each that is
a module, in its own `__all__`. The calls of a family stand in the file of this folder that has
the family's name (`package` for the names of `hasten` itself), in a dictionary `CASES` from the
full public name to a `Case`. A public name without a case fails `tests/test_hazards.py`.
"""

import dataclasses
import functools
import importlib
import importlib.util
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

import hasten


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """How the hazard tests use one public callable.

    `run(**data())` makes a typical call and returns its result: for a class an instance. Every
    NumPy array in `data()` is also given in other memory layouts and empty. `run` takes
    `n_threads` where the callable does; its data is then enough work for several threads.
    `long()` prepares a call that lasts ten seconds or more and returns it as a function; whatever
    takes `callback` or `max_iter` has one.
    """

    run: Callable[..., Any]
    data: Callable[[], dict[str, Any]] = dict
    long: Callable[[], Callable[[], object]] | None = None

    @property
    def has_threads(self) -> bool:
        return "n_threads" in inspect.signature(self.run).parameters


@functools.cache
def public_callables() -> dict[str, Any]:
    """Return every public function and class by its full name."""
    found = {}
    modules = [hasten]
    for module in modules:
        for name in module.__all__:
            member = getattr(module, name)
            if isinstance(member, types.ModuleType):
                modules.append(member)
            elif callable(member):
                found[f"{module.__name__}.{name}"] = member
    return found


@functools.cache
def cases() -> dict[str, Case]:
    """Return the cases of every family that the package has."""
    found = {}
    for family in sorted({_family(name) for name in public_callables()}):
        module = f"{__name__}.{family}"
        if importlib.util.find_spec(module) is not None:
            found |= importlib.import_module(module).CASES
    return found


def _family(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 2 else "package"


def fingerprint(value: Any) -> Any:
    """Turn a result into something that is equal exactly when all its public bits are."""
    if isinstance(value, np.ndarray):
        content = value.tolist() if value.dtype.hasobject else value.tobytes()
        return (value.dtype.str, value.shape, content)
    if isinstance(value, np.generic | float):
        return fingerprint(np.asarray(value))
    if value is None or isinstance(value, str | bytes | int | type | np.dtype):
        return value
    if isinstance(value, dict):
        return {key: fingerprint(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set):
        return [fingerprint(content) for content in value]
    if isinstance(value, BaseException):
        return (type(value), fingerprint(value.args))
    return (type(value), {name: fingerprint(getattr(value, name)) for name in _fields(value)})


def _fields(value: Any) -> list[str]:
    """Name the attributes that make up a public object."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
    elif hasattr(value, "get_params"):
        # An estimator's parameters hold `n_threads`; what it learned ends in an underscore.
        names = [name for name in vars(value) if name.endswith("_")]
    else:
        names = [name for name in dir(value) if not callable(getattr(value, name))]
    return [name for name in names if not name.startswith("_")]
