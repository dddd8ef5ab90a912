from . import datasets as datasets
from ._bootstrap import BootstrapResult as BootstrapResult
from ._bradley_terry import bradley_terry as bradley_terry
from ._compare import ModelComparison as ModelComparison
from ._comparisons import Comparisons as Comparisons
from ._components import ComponentReport as ComponentReport
from ._estimate import ConfidenceInterval as ConfidenceInterval
from ._estimate import Contrast as Contrast
from ._estimate import RankSets as RankSets
from ._estimators import BradleyTerry as BradleyTerry
from ._result import BradleyTerryResult as BradleyTerryResult

__all__ = [
    "BootstrapResult",
    "BradleyTerry",
    "BradleyTerryResult",
    "Comparisons",
    "ComponentReport",
    "ConfidenceInterval",
    "Contrast",
    "ModelComparison",
    "RankSets",
    "bradley_terry",
    "datasets",
]
