from . import datasets as datasets
from . import ot as ot
from . import quadrature as quadrature
from . import ranking as ranking
from ._core import __version__ as __version__
from ._exceptions import ConvergenceWarning as ConvergenceWarning
from ._exceptions import NotConnectedError as NotConnectedError
from ._threads import get_num_threads as get_num_threads
from ._threads import set_num_threads as set_num_threads
from ._versions import show_versions as show_versions

__all__ = [
    "ConvergenceWarning",
    "NotConnectedError",
    "__version__",
    "datasets",
    "get_num_threads",
    "ot",
    "quadrature",
    "ranking",
    "set_num_threads",
    "show_versions",
]
