"""The families that `hasten demo` shows: one module each, with `demonstrate(report)`."""

from __future__ import annotations

# Imported one by one when shown, so that a family costs nothing until then.
FAMILIES = {"ranking": "hasten._cli.demos.ranking", "ot": "hasten._cli.demos.ot"}
