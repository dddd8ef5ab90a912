"""Draw the picture on the first screen of the README: ``python docs/_static/make_journals.py``."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import hasten

citations = hasten.datasets.load_journal_citations().comparisons()
ax = hasten.ranking.bradley_terry(citations).plot()
ax.set_title("Four statistics journals, ranked by their citations of one another", loc="left")
ax.figure.set_size_inches(7, 2.6)
ax.figure.savefig(
    Path(__file__).with_name("journals.png"),
    dpi=130,
    bbox_inches="tight",
    metadata={"Software": ""},
)
