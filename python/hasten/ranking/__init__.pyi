from . import datasets as datasets
from ._bradley_terry import bradley_terry as bradley_terry
from ._comparisons import Comparisons as Comparisons
from ._components import ComponentReport as ComponentReport
from ._estimators import BradleyTerry as BradleyTerry
from ._result import BradleyTerryResult as BradleyTerryResult
from ._result import ConfidenceInterval as ConfidenceInterval

__all__ = [
    "BradleyTerry",
    "BradleyTerryResult",
    "Comparisons",
    "ComponentReport",
    "ConfidenceInterval",
    "bradley_terry",
    "datasets",
]
