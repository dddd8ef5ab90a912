from . import datasets as datasets
from ._bradley_terry import bradley_terry as bradley_terry
from ._comparisons import Comparisons as Comparisons
from ._components import ComponentReport as ComponentReport
from ._estimators import BradleyTerry as BradleyTerry
from ._preference import preference_regression as preference_regression
from ._preference_estimators import PreferenceRegression as PreferenceRegression
from ._preference_result import PreferenceResult as PreferenceResult
from ._result import BradleyTerryResult as BradleyTerryResult
from ._result import ConfidenceInterval as ConfidenceInterval

__all__ = [
    "BradleyTerry",
    "BradleyTerryResult",
    "Comparisons",
    "ComponentReport",
    "ConfidenceInterval",
    "PreferenceRegression",
    "PreferenceResult",
    "bradley_terry",
    "datasets",
    "preference_regression",
]
