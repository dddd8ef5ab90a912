"""
A cloud that flows to a digit
=============================

A loss between clouds of points has a gradient at each point. Following it, points flow to the
target. With the Sinkhorn divergence they arrive; with the plain value of entropic transport they
gather in the middle of its strokes. Both gradients are those of :mod:`hasten.ot`, without automatic
differentiation.
"""

# %%
# From a disc to a three
# ----------------------
#
# 300 points are drawn from a disc and 300 from the ink of a handwritten three.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from hasten.ot import sinkhorn_divergence, sinkhorn_points

rng = np.random.default_rng(0)
n, reg, size = 300, 0.01, 0.5
angle, radius = rng.uniform(0, 2 * np.pi, n), 0.15 * np.sqrt(rng.uniform(size=n))
disc = np.column_stack([0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)])

ink = load_digits().images[3]
pixel = rng.choice(64, n, p=(ink / ink.sum()).ravel())
row, column = np.divmod(pixel, 8)
three = np.column_stack([column, 7 - row]) / 7 + rng.uniform(-0.06, 0.06, (n, 2))

# %%
# The flow
# --------
#
# A point has the weight 1/n, so its gradient is n times the derivative. Steps of one half halve the
# way that is left when every point knows where to go. A tolerance of 1e-4 is plenty here.


def divergence(points):
    result = sinkhorn_divergence(points, three, reg=reg, grad=True, tol=1e-4)
    return result.value, result.grad_x


def value(points):
    result = sinkhorn_points(points, three, reg=reg, tol=1e-4)
    return result.value, result.grad("X")


def flow(loss, n_steps=16):
    points, seen, values = disc.copy(), [], []
    for _ in range(n_steps + 1):
        seen.append(points.copy())
        now, gradient = loss(points)
        values.append(now)
        points -= size / 2 * n * gradient
    return seen, values


by_divergence, values = flow(divergence)
by_value, _ = flow(value)
for k in (0, 1, 2, 4, 8, 16):
    print(f"step {k:2}: divergence {values[k]:9.6f}")

# %%
# Above the divergence, below the plain value; grey is the target. Entropy sends each point to many,
# and the plain value is least where a point sits in the middle of those: the strokes shrink.

shown = (0, 1, 2, 4, 16)
fig, axes = plt.subplots(2, len(shown), figsize=(9.6, 4.2), layout="constrained")
for line, (name, seen, color) in zip(
    axes,
    (("divergence", by_divergence, "#2166ac"), ("plain value", by_value, "#d95f02")),
    strict=True,
):
    for ax, k in zip(line, shown, strict=True):
        ax.scatter(*three.T, s=5, color="0.85")
        ax.scatter(*seen[k].T, s=5, color=color)
        ax.set(aspect="equal", xlim=(-0.12, 1.12), ylim=(-0.12, 1.12))
        ax.set_axis_off()
        ax.set_title(f"{name}, step {k}", fontsize=9)

# %%
# How far each cloud is from the digit in the end, by the divergence. It was not what the second
# flow was after.

for name, seen in (("divergence", by_divergence), ("plain value", by_value)):
    apart = sinkhorn_divergence(seen[-1], three, reg=reg)
    spread = np.sqrt(np.linalg.det(np.cov(seen[-1].T)) / np.linalg.det(np.cov(three.T)))
    print(f"{name:12} flow: divergence {apart.value:.6f}, area {spread:.2f} of the target's")
plt.show()
