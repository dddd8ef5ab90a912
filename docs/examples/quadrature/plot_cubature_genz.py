"""
A hundred integrals over boxes at once
======================================

Genz (1984) proposed families of integrands whose integrals are known: waves, peaks in the middle, a
peak in a corner, kinks. Members of a family differ by their scales and shifts. With
:func:`hasten.quadrature.cubature` all members are integrated in one call, and since the answers are
known, so is the truth about the error estimates.
"""

# %%
# Two families in three variables
# -------------------------------

import matplotlib.pyplot as plt
import numpy as np

from hasten.quadrature import cubature

rng = np.random.default_rng(0)
scales = rng.uniform(0.2, 1.2, (3, 100))
shifts = rng.random((3, 100))


def peak(x, *parameters):
    a, u = parameters[:3], parameters[3:]
    return np.prod([1 / (a[k] ** -2.0 + (x[..., k] - u[k]) ** 2) for k in range(3)], axis=0)


def peak_exactly(a, u):
    return np.prod(a * (np.arctan(a * (1 - u)) + np.arctan(a * u)), axis=0)


def kink(x, *parameters):
    a, u = parameters[:3], parameters[3:]
    return np.exp(-sum(a[k] * abs(x[..., k] - u[k]) for k in range(3)))


def kink_exactly(a, u):
    return np.prod((2 - np.exp(-a * u) - np.exp(-a * (1 - u))) / a, axis=0)


families = {
    "product peak": (peak, peak_exactly, 7.25, 1e-7),
    "kinks": (kink, kink_exactly, 2.04, 1e-4),
}
solved = {}
for name, (f, exactly, difficulty, rtol) in families.items():
    a = scales * difficulty / scales.sum(axis=0)
    result = cubature(f, [0, 0, 0], [1, 1, 1], args=(*a, *shifts), rtol=rtol)
    exact = exactly(a, shifts)
    solved[name] = (result.error / exact, abs(result.value / exact - 1), rtol)
    print(f"{name}: {result}")

# %%
# What was promised, and what came
# --------------------------------
#
# Each dot is one integral. Below the diagonal the estimate was at least the error; left of its
# dashed line an integral is within the tolerance by its own account. For smooth integrands the
# estimate is far on the safe side, because it is that of a rule of lower degree. Kinks that are
# closer to a side of a box than its outermost points are invisible: those are the dots above the
# diagonal, and what ``points=`` is for.

blue, orange, grey = "#2166ac", "#d95f02", "#8a8f98"
fig, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for (name, (estimate, true, rtol)), color in zip(solved.items(), (blue, orange), strict=True):
    ax.loglog(estimate, np.maximum(true, 1e-16), "o", color=color, markersize=4, label=name)
    ax.axvline(rtol, color=color, linestyle="--", linewidth=1)
line = np.array([1e-9, 1e-3])
ax.loglog(line, line, color=grey, linewidth=1)
ax.set(xlabel="estimated relative error", ylabel="true relative error")
ax.legend(frameon=False)
plt.show()

# %%
# Where the boxes are
# -------------------
#
# Here is a kink along a circle, which no side of a box can follow. ``trace=True`` keeps the boxes.


def ridge(x):
    return abs(x[..., 0] ** 2 + x[..., 1] ** 2 - 0.5)


result = cubature(ridge, [0, 0], [1, 1], rtol=1e-4, trace=True)
print(result)
result.plot()
plt.show()
