"""Calls of `hasten.datasets`."""

import hasten.datasets

from . import Case

# A loader takes no arguments, so the next one needs no line here.
CASES = {
    f"hasten.datasets.{name}": Case(run=getattr(hasten.datasets, name))
    for name in hasten.datasets.__all__
    if name.startswith("load_")
} | {
    f"hasten.datasets.{name}": Case(run=hasten.datasets.load_journal_citations)
    for name in ("ComparisonsDataset", "Dataset")
}
