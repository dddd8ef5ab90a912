"""Import every public name of the installed package and solve a known problem of each family."""

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import numpy as np
from public_api import public_names

import hasten
from hasten.ot import sinkhorn
from hasten.quadrature import quad
from hasten.ranking import Comparisons, bradley_terry

names = list(public_names())
hasten.show_versions()

# Two items, 3 wins against 1: the answer is ln 3, its standard error sqrt(1/3 + 1).
games = Comparisons.from_arrays(["a", "a", "a", "b"], ["b", "b", "b", "a"])
result = bradley_terry(games, reference="b")
if not math.isclose(result.strength[0], math.log(3), rel_tol=1e-12):
    sys.exit(f"expected ln 3, got {result.strength[0]}")
if not math.isclose(result.standard_error()[0], math.sqrt(4 / 3), rel_tol=1e-12):
    sys.exit(f"expected sqrt(4/3), got {result.standard_error()[0]}")
if not (result.converged and result.error <= 1e-6 and result.error_kind == "bound"):
    sys.exit(f"the certificate is not in order:\n{result}")

# Two points each, costs 0 and 1: the plan's diagonal is 1 / (2 (1 + exp(-1 / reg))).
transport = sinkhorn(None, None, [[0.0, 1.0], [1.0, 0.0]], reg=0.5)
if not math.isclose(transport.plan[0, 0], 0.5 / (1 + math.exp(-2)), rel_tol=1e-9):
    sys.exit(f"expected {0.5 / (1 + math.exp(-2))}, got {transport.plan[0, 0]}")
if not (transport.converged and transport.value_lower <= transport.value_upper):
    sys.exit(f"the certificate is not in order:\n{transport}")

# The square of the integral of exp(-x^2) over the line is pi.
integral = quad(lambda x: np.exp(-(x**2)), -math.inf, math.inf, rtol=1e-10)
if not math.isclose(float(integral) ** 2, math.pi, rel_tol=1e-10):
    sys.exit(f"expected pi, got {float(integral) ** 2}")
if not (np.all(integral.converged) and integral.error <= 1e-10 * float(integral)):
    sys.exit(f"the certificate is not in order:\n{integral}")
print(f"{len(names)} public names; ln 3 = {result.strength[0]:.12f}, error {result.error:.1e}")
