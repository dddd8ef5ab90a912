"""
Errors that square themselves
=============================

Sinkhorn's iteration gains a constant factor a step. Tang and others (2024) observed that Newton
steps on a *sparsified* Hessian do much better: close to the solution nearly all of the plan is
tiny, little is lost by leaving it out, and the number of correct digits doubles at each step. Here
is that claim on their first problem, with :func:`hasten.ot.sinkhorn`.
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
newton = sinkhorn(a, b, cost, reg=reg, method="sns", trace=True)
print(newton)

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
# On the left both of them, over the number of passes. The Newton stage is the part that falls off a
# cliff. Each of its points is one evaluation of the plan, as is each point of Sinkhorn's.

history = newton.history
passes, error = history["n_iter"], history["marginal_error"]
step = (history["stage"] == "newton") & np.isclose(history["eps"], reg) & (error > 0)
blue, orange, grey = "#2166ac", "#d95f02", "#8a8f98"

fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
left.loglog(np.arange(1, 3001), plain, color=grey, linewidth=2)
left.loglog(passes, error, color=blue, linewidth=1.2)
left.loglog(passes[~step], error[~step], "o", color=blue, markersize=3)
left.loglog(passes[step], error[step], "o", color=orange, markersize=6)
left.set(xlabel="passes over the cost", ylabel="marginal error", ylim=(1e-15, 3))
left.annotate("Sinkhorn, textbook", (3000, plain[-1]), (0, 8), textcoords="offset points",
              ha="right", color="0.35")  # fmt: skip
left.annotate("hasten: Newton stage", (passes[step][-1], error[step][-1]), (10, 0),
              textcoords="offset points", va="center", color=orange)  # fmt: skip
left.set_title("Error after each pass", loc="left", fontsize=10)

last = error[step]
right.bar(np.arange(len(last)), -np.log10(last), color=orange, width=0.6)
right.set(xlabel="Newton step", ylabel="correct digits of the marginals", xticks=range(len(last)))
right.set_title("Digits double at each step", loc="left", fontsize=10)
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="0.93")
    ax.set_axisbelow(True)

# %%
# The same as numbers:

for k, value in enumerate(last, 1):
    print(f"Newton step {k:2}: marginal error {value:8.1e}")
print(f"textbook iteration 3000: {plain[-1]:8.1e}")

# %%
# What is proved
# --------------
#
# The error is recomputed from the potentials that are returned, and the value is proved to lie in
# an interval as narrow as rounding allows. Transport *without* entropy is bounded as well, and
# SciPy's exact assignment is between the bounds.

rows, columns = linear_sum_assignment(cost)
print(f"value {newton.value:.12f}, exact one at most {newton.gap:.0e} above")
print(f"without entropy: {newton.exact_lower:.6f} <= {cost[rows, columns].mean():.6f} "
      f"<= {newton.exact_upper:.6f}")  # fmt: skip

# %%
# Why it is sparse
# ----------------
#
# Each entry of the plan, by size. A few in each row carry all of the mass: that is what a step of
# Newton's method needs to know.

plan = newton.plan
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
