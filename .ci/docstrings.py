"""Validate the docstring of every public name with numpydoc; exit 1 when one is not in order."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import tomllib
from pathlib import Path

from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate
from public_api import public_names

SETTINGS = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["numpydoc_validation"]
# "all" followed by codes means all but these, as numpydoc's own command reads it.
IGNORED = frozenset(SETTINGS["checks"]) - {"all"}


def complaints(name: str) -> list[str]:
    """List what is wrong with the docstring of one name."""
    if name in sys.modules:
        return [] if sys.modules[name].__doc__ else [f"{name}: GL08 has no docstring"]
    report = validate(name)
    found = [(code, text) for code, text in report["errors"] if code not in IGNORED]
    module, _, last = name.rpartition(".")
    # Members of a class are covered by the example of the class.
    value = getattr(sys.modules[module], last) if module in sys.modules else None
    if is_record(value):
        # What the package makes and a user reads has attributes instead of parameters.
        found = [(code, text) for code, text in found if code != "PR01"]
        documented = {a for entry in ClassDoc(value)["Attributes"] for a in entry.name.split(", ")}
        missing = [f for f in value.__annotations__ if f[0] != "_" and f not in documented]
        found += [("AT01", f"Attribute {field!r} not documented") for field in missing]
    elif value is not None and not is_exception(value) and ">>> " not in report["docstring"]:
        found.append(("EX01", "No example"))
    return [f"{name}: {code} {text}" for code, text in found]


def is_record(value: object) -> bool:
    """Say whether a class only holds fields."""
    return dataclasses.is_dataclass(value) or hasattr(value, "_fields")


def is_exception(value: object) -> bool:
    """Say whether a class is an exception or a warning."""
    return inspect.isclass(value) and issubclass(value, Exception)


def main() -> int:
    """Print every complaint and return the exit status."""
    names = list(public_names())
    found = [line for name in names for line in complaints(name)]
    print("\n".join(found), file=sys.stderr)
    print(f"{len(names)} public names, {len(found)} complaints")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
