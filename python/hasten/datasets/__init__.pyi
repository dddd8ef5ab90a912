from ._comparisons import ComparisonsDataset as ComparisonsDataset
from ._comparisons import load_baseball_1987 as load_baseball_1987
from ._comparisons import load_journal_citations as load_journal_citations
from ._comparisons import load_puddings as load_puddings
from ._dataset import Dataset as Dataset

__all__ = [
    "ComparisonsDataset",
    "Dataset",
    "load_baseball_1987",
    "load_journal_citations",
    "load_puddings",
]
