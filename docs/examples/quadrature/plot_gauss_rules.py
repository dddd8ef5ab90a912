"""
The last digits of a Gauss rule
===============================

The usual way to a Gauss rule is an eigenvalue problem. It finds the nodes well and loses digits of
the weights near the ends, where they are small; and it takes :math:`O(n^2)` or :math:`O(n^3)` time.
Closed expansions take :math:`O(n)` and lose nothing. Here both are compared with 40-digit
arithmetic.
"""

# %%
# Weights, one by one
# -------------------
#
# Newton's method on the three-term recurrence, in 40 digits, gives the exact rule with 200 nodes.

import matplotlib.pyplot as plt
import mpmath
import numpy as np
from scipy.special import roots_legendre

from hasten.quadrature import clenshaw_curtis, gauss_hermite, gauss_legendre
from hasten.quadrature.datasets import classic_integrals


def exact(n, near):
    """Polish one node and return the distance from 1 and the weight."""
    with mpmath.workdps(40):
        x = mpmath.mpf(float(near))
        for _ in range(3):
            before, value = mpmath.mpf(1), x
            for k in range(2, n + 1):
                before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
            slope = n * (before - x * value) / (1 - x * x)
            x -= value / slope
        return 1 - x, 2 / ((1 - x * x) * slope**2)


n = 200
rule = gauss_legendre(n, return_theta=True)
upper = rule.nodes[n // 2 :]
distance, weight = np.array([exact(n, x) for x in upper]).T
makers = {
    "numpy.polynomial.legendre.leggauss": np.polynomial.legendre.leggauss,
    "scipy.special.roots_legendre": roots_legendre,
    "hasten.quadrature.gauss_legendre": gauss_legendre,
}
blue, orange, grey = "#2166ac", "#d95f02", "#8a8f98"
colors = dict(zip(makers, (grey, orange, blue), strict=True))
floor = 2.0**-54
errors = {}
for name, make in makers.items():
    weights = list(make(n))[1][n // 2 :]
    errors[name] = np.array([float(abs(w / e - 1)) for w, e in zip(weights, weight, strict=True)])
    print(f"{name:36} worst weight off by {errors[name].max():.1e}")

# %%
# The distance of the last node from 1 is a small number. As ``1 - x`` it has lost digits, because
# ``x`` is rounded next to 1; the angles have them all.

last = distance[-1]
print(f"from x:     {float(abs((1 - rule.nodes[-1]) / last - 1)):.1e}")
print(f"from theta: {float(abs(2 * np.sin(rule.theta[-1] / 2) ** 2 / last - 1)):.1e}")

# %%
# On the left all weights of the upper half; on the right the last one, for more and more nodes.

sizes = [10, 20, 50, 100, 200, 400, 600]
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
ends = {size: exact(size, gauss_legendre(size).nodes[-1])[1] for size in sizes}
for name, make in makers.items():
    left.semilogy(upper, np.maximum(errors[name], floor), ".", color=colors[name], markersize=4)
    off = [abs(float(list(make(size))[1][-1] / ends[size] - 1)) for size in sizes]
    right.loglog(sizes, np.maximum(off, floor), "o-", color=colors[name], label=name.split(".")[0])
left.set(xlabel="node", ylabel="relative error of the weight")
left.set_title(f"{n} nodes", loc="left", fontsize=10)
right.set(xlabel="number of nodes", ylabel="relative error of the last weight")
right.set_title("The weight at the end", loc="left", fontsize=10)
right.legend(frameon=False, fontsize=9)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="0.93")
    ax.set_axisbelow(True)

# %%
# Far out on the line
# -------------------
#
# Weights of a Gauss-Hermite rule fall like :math:`e^{-x^2}`, and from 370 nodes on the outer ones
# underflow. Their logarithms do not: :math:`\int e^{x^2/2} e^{-x^2} dx = \sqrt{2 \pi}`, with the
# growing function and the falling weight multiplied as logarithms.

hermite = gauss_hermite(2000)
print(f"{np.sum(hermite.weights == 0)} of 2000 weights are 0")
value = np.exp(hermite.log_weights + hermite.nodes**2 / 2).sum()
print(f"{value:.12f} = sqrt(2 pi) = {np.sqrt(2 * np.pi):.12f}")

# %%
# Which rule?
# -----------
#
# For a function that is analytic around the range a Gauss rule needs fewest nodes: errors fall
# geometrically. Where a derivative jumps they fall like a power of n, and Clenshaw-Curtis does as
# well; there it pays to cut the range at the kink, or to leave that to an adaptive method.

counts = np.unique(np.round(np.geomspace(3, 300, 40)).astype(int))
fig, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), layout="constrained", sharey=True)
shown = [integral for integral in classic_integrals() if integral.name in ("Runge", "root", "kink")]
for ax, integral in zip(axes, shown, strict=True):
    for name, color, make in (
        ("Gauss-Legendre", blue, gauss_legendre),
        ("Clenshaw-Curtis", orange, clenshaw_curtis),
    ):
        off = [abs(make(k).map(0, 1)(integral.f) / integral.value - 1) for k in counts.tolist()]
        ax.loglog(counts, np.maximum(off, floor), ".-", color=color, linewidth=1, label=name)
    ax.set_title(integral.name, loc="left", fontsize=10)
    ax.set_xlabel("nodes")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="0.93")
axes[0].set_ylabel("relative error")
axes[-1].legend(frameon=False, fontsize=9)
plt.show()
