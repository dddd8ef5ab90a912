from ._comparisons import Comparisons as Comparisons
from ._components import ComponentReport as ComponentReport

__all__ = ["Comparisons", "ComponentReport"]
