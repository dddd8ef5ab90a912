from . import datasets as datasets
from ._barycenter import BarycenterResult as BarycenterResult
from ._barycenter import barycenter as barycenter
from ._batch import BatchResult as BatchResult
from ._batch import sinkhorn_batch as sinkhorn_batch
from ._divergence import DivergenceResult as DivergenceResult
from ._divergence import sinkhorn_divergence as sinkhorn_divergence
from ._estimators import SinkhornBarycenter as SinkhornBarycenter
from ._estimators import SinkhornTransport as SinkhornTransport
from ._gaussian import bures_wasserstein as bures_wasserstein
from ._plan import SparsePlan as SparsePlan
from ._points import sinkhorn_points as sinkhorn_points
from ._result import SinkhornResult as SinkhornResult
from ._rounding import exact_bounds as exact_bounds
from ._rounding import round_plan as round_plan
from ._sinkhorn import sinkhorn as sinkhorn

__all__ = [
    "BarycenterResult",
    "BatchResult",
    "DivergenceResult",
    "SinkhornBarycenter",
    "SinkhornResult",
    "SinkhornTransport",
    "SparsePlan",
    "barycenter",
    "bures_wasserstein",
    "datasets",
    "exact_bounds",
    "round_plan",
    "sinkhorn",
    "sinkhorn_batch",
    "sinkhorn_divergence",
    "sinkhorn_points",
]
