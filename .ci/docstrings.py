"""Validate the docstring of every public name with numpydoc; exit 1 when one is not in order."""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from pathlib import Path

from numpydoc.validate import validate
from public_api import public_names

SETTINGS = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["numpydoc_validation"]
# "all" followed by codes means all but these, as numpydoc's own command reads it.
IGNORED = frozenset(SETTINGS["checks"]) - {"all"}


def complaints(name: str) -> list[str]:
    """List what numpydoc says of one name, and whether a function or class lacks an example."""
    report = validate(name)
    found = [
        f"{name}: {code} {text}"
        for code, text in report["errors"]
        if code not in IGNORED and not is_about_a_module(report["type"], code)
    ]
    is_member = re.search(r"\.[A-Z]\w*\.\w+$", name)
    if report["type"] in {"function", "type"} and not is_member and not is_exception(name):
        text = report["docstring"]
        found += [] if ">>> " in text else [f"{name}: has no example"]
    return found


def is_about_a_module(kind: str, code: str) -> bool:
    """Say whether a check was meant for callables and does not fit a module's docstring."""
    return kind == "module" and code.startswith(("PR", "RT"))


def is_exception(name: str) -> bool:
    """Say whether a dotted name is an exception or a warning, which need no example."""
    module, _, last = name.rpartition(".")
    value = getattr(sys.modules.get(module), last, None)
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
