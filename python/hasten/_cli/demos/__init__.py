"""The families that `hasten demo` shows: one module each, with `demonstrate(report)`."""

from __future__ import annotations

# Imported one by one when shown, so that a family costs nothing until then.
FAMILIES = {family: f"hasten._cli.demos.{family}" for family in ("ranking", "ot", "quadrature")}
