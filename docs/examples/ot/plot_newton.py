"""
Errors that square themselves
=============================

Sinkhorn's iteration gains a constant factor a step. Tang and others (2024) observed that Newton
steps on a *sparsified* Hessian do much better: close to the solution nearly all of the plan is
tiny, little is lost by leaving it out, and errors fall faster than any constant factor. Here is
that claim on their first problem, with :func:`hasten.ot.sinkhorn`.
"""

# %%
# A random assignment
# -------------------
#
# 500 agents, 500 tasks, costs uniform in [0, 1], entropy of strength 1/1200.

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import linear_sum_assignment

from hasten.ot import sinkhorn
from hasten.ot.datasets import make_random_assignment

problem = make_random_assignment(500, rng=0)
a, b, cost, reg = problem.a, problem.b, problem.cost, 1 / 1200
options = {"reg": reg, "method": "sns", "tol": 1e-13, "trace": True}
direct = sinkhorn(a, b, cost, eps_scaling=False, **options)
path = sinkhorn(a, b, cost, eps_scaling=True, **options)
print(path)

# %%
# The textbook iteration
# ----------------------
#
# For comparison, in five lines of NumPy: what each of the first 3,000 iterations leaves of the
# error of the columns, the rows being exact.

kernel = np.exp(-(cost - cost.min(axis=1, keepdims=True)) / reg)
v = np.ones(500)
plain = []
for _ in range(3000):
    u = a / (kernel @ v)
    sums = v * (kernel.T @ u)
    plain.append(np.abs(sums - b).sum())
    v *= b / sums

# %%
# On the left the error after each pass, for the textbook and for Newton steps that begin after 20
# passes. Each point is one evaluation of the plan, whichever method it belongs to. On the right the
# correct digits after each Newton step. From afar a step gains about one; they double once the
# error is small enough. Steps that come along a path of decreasing ``reg`` begin closer to the
# answer, and there the digits grow by half and then double.


def newton_errors(result):
    history = result.history
    last = (history["stage"] == "newton") & np.isclose(history["eps"], reg)
    return history["n_iter"][last], history["marginal_error"][last]


blue, orange, grey = "#2166ac", "#d95f02", "#8a8f98"
fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
left.loglog(np.arange(1, 3001), plain, color=grey, linewidth=2, label="Sinkhorn, textbook")
history = direct.history
left.loglog(history["n_iter"], history["marginal_error"], "o-", color=blue, markersize=3, lw=1.2)
left.loglog(*newton_errors(direct), "o", color=blue, markersize=6, label="Newton after 20 passes")
left.set(xlabel="passes over the cost", ylabel="marginal error", ylim=(1e-16, 3))
left.set_title("Error after each pass", loc="left", fontsize=10)

# Below this, digits are those of rounding.
floor = 1e-14
for result, color, name in ((direct, blue, "after 20 passes"), (path, orange, "along the path")):
    error = newton_errors(result)[1]
    right.plot(-np.log10(np.maximum(error, floor)), "o-", color=color, markersize=6, label=name)
right.axhline(-np.log10(floor), color=grey, linestyle=(0, (4, 3)), linewidth=1)
right.set(xlabel="Newton step", ylabel="correct digits of the marginals")
right.set_title("Digits after each Newton step (dashed: rounding)", loc="left", fontsize=10)
for ax in (left, right):
    ax.legend(frameon=False, fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="0.93")
    ax.set_axisbelow(True)

# %%
# The same as numbers:

print("after 20 passes:", *(f"{error:.1e}" for error in newton_errors(direct)[1]))
print("along the path: ", *(f"{error:.1e}" for error in newton_errors(path)[1]))
print(f"textbook, after 3,000 iterations: {plain[-1]:.1e}")
print(f"passes, path included: {path.n_iter}; entries kept per row: {500 * path.density:.1f}")

# %%
# What is proved
# --------------
#
# The error is recomputed from the potentials that are returned, and the value is proved to lie in
# an interval as narrow as rounding allows. Transport *without* entropy is bounded as well, and
# SciPy's exact assignment is between the bounds.

rows, columns = linear_sum_assignment(cost)
print(f"value {path.value:.12f}, exact one at most {path.gap:.0e} above")
print(f"without entropy: {path.exact_lower:.6f} <= {cost[rows, columns].mean():.6f} "
      f"<= {path.exact_upper:.6f}")  # fmt: skip

# %%
# Why it is sparse
# ----------------
#
# Each entry of the plan, by size. A few in each row carry all of the mass: that is what a step of
# Newton's method needs to know.

plan = path.plan
entry = np.sort(plan.ravel())[::-1]
mass = np.cumsum(entry)
fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
count = np.arange(1, len(entry) + 1) / 500
ax.semilogx(count, 1 - mass / mass[-1] + 1e-16, color=blue, linewidth=2)
ax.set_yscale("log")
ax.set(
    xlabel="entries kept, per row",
    ylabel="share of the mass left out",
    xlim=(0.5, 500),
    ylim=(1e-12, 2),
)
ax.spines[["top", "right"]].set_visible(False)
ax.grid(color="0.93")
for share in (1e-2, 1e-4, 1e-8):
    k = count[np.argmax(mass >= (1 - share) * mass[-1])]
    print(f"{1 - share:.6%} of the mass is in {k:5.1f} entries a row")
plt.show()
