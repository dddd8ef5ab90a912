from . import datasets as datasets
from ._bootstrap import BootstrapResult as BootstrapResult
from ._bradley_terry import bradley_terry as bradley_terry
from ._compare import ModelComparison as ModelComparison
from ._comparisons import Comparisons as Comparisons
from ._components import ComponentReport as ComponentReport
from ._estimate import Coefficient as Coefficient
from ._estimate import ConfidenceInterval as ConfidenceInterval
from ._estimate import Contrast as Contrast
from ._estimate import RankSets as RankSets
from ._estimators import BradleyTerry as BradleyTerry
from ._plackett_luce import plackett_luce as plackett_luce
from ._plackett_luce_estimator import PlackettLuce as PlackettLuce
from ._plackett_luce_result import PlackettLuceResult as PlackettLuceResult
from ._preference import preference_regression as preference_regression
from ._preference_estimators import PreferenceRegression as PreferenceRegression
from ._preference_result import PreferenceResult as PreferenceResult
from ._priors import Gaussian as Gaussian
from ._priors import Logistic as Logistic
from ._rankings import Rankings as Rankings
from ._result import BradleyTerryResult as BradleyTerryResult

__all__ = [
    "BootstrapResult",
    "BradleyTerry",
    "BradleyTerryResult",
    "Coefficient",
    "Comparisons",
    "ComponentReport",
    "ConfidenceInterval",
    "Contrast",
    "Gaussian",
    "Logistic",
    "ModelComparison",
    "PlackettLuce",
    "PlackettLuceResult",
    "PreferenceRegression",
    "PreferenceResult",
    "RankSets",
    "Rankings",
    "bradley_terry",
    "datasets",
    "plackett_luce",
    "preference_regression",
]
