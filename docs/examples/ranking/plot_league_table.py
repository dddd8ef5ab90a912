"""
A league table that says how sure it is
=======================================

The American League East of 1987: who was best, how much is it worth to play at home, and how much
of the final order is chance? One fit with :func:`hasten.ranking.bradley_terry` answers all three.
"""

# %%
# Strengths and the advantage at home
# -----------------------------------
#
# ``ordered=True`` keeps which team was at home, and ``order_effect=True`` estimates what that is
# worth. Playing at home adds 0.30 to the log-odds, as published (Agresti 2002), and it is worth its
# parameter.

import matplotlib.pyplot as plt
import numpy as np

import hasten

games = hasten.datasets.load_baseball_1987().comparisons(ordered=True)
league = hasten.ranking.bradley_terry(games, order_effect=True)
print(league.summary())
print(league.compare(hasten.ranking.bradley_terry(games)))

# %%
# Two equal teams: the one at home wins 57 of 100 games.

print(f"{1 / (1 + np.exp(-league.order_effect)):.3f}")

# %%
# Intervals for one and for all
# -----------------------------
#
# A marginal interval covers the strength of *its* team with 95 %, a simultaneous one is wide enough
# for *all* seven to be covered at once. Rank sets turn this into what a reader of a table wants to
# know: the places that 273 games leave open.

marginal = league.confidence_interval()
joint = league.confidence_interval(method="simultaneous", rng=0)
ranks = league.rank_sets(rng=0)
order = np.argsort(-league.strength)
for k in order:
    print(f"{league.items[k]:10} {league.elo()[k]:7.0f}   rank {ranks.low[k]} to {ranks.high[k]}")

# %%
# On the left the strengths: thick bars are the marginal, thin ones the simultaneous intervals. On
# the right the ranks that remain possible. Six of the seven teams may have been the best; that
# Baltimore was not is all that is sure.

blue, orange, grey = "#2166ac", "#d95f02", "#8a8f98"
rows = np.arange(len(order))
fig, (left, right) = plt.subplots(
    1, 2, figsize=(9.5, 3.9), sharey=True, width_ratios=(3, 2), layout="constrained"
)
left.axvline(0, color=grey, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
left.hlines(rows, joint.low[order], joint.high[order], color=blue, linewidth=1.2)
left.hlines(rows, marginal.low[order], marginal.high[order], color=blue, alpha=0.4, linewidth=6)
left.plot(league.strength[order], rows, "o", color=blue, markersize=7, markeredgecolor="white")
left.set_yticks(rows, league.items[order])
left.invert_yaxis()
left.set_xlabel("log-strength, mean 0")
left.set_title("95 % intervals, for one (thick) and for all (thin)", loc="left", fontsize=10)
for row, k in enumerate(order):
    possible = np.arange(ranks.low[k], ranks.high[k] + 1)
    right.plot(possible, np.full(len(possible), row), "-", color=orange, alpha=0.35, linewidth=9)
    right.plot(possible, np.full(len(possible), row), "o", color="white", markersize=3)
    right.plot(league.rank[k], row, "o", color=orange, markersize=9, markeredgecolor="white")
right.set_xlim(0.4, len(order) + 0.6)
right.set_xticks(np.arange(1, len(order) + 1))
right.set_xlabel("rank")
right.set_title("Ranks that the data leave open", loc="left", fontsize=10)
for ax in (left, right):
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="0.93")
    ax.set_axisbelow(True)

# %%
# One pair at a time
# ------------------
#
# Overlapping intervals do not show that two teams are equal: a difference has a standard error of
# its own. With ``contrast`` every pair gets its test. Dark cells are pairs whose order is
# significant at 5 % when each is looked at by itself: everyone against Baltimore, and the strongest
# three against Cleveland. Of 21 pairs about one would be so in pure noise, which is what rank sets
# account for.

teams = league.items[order]
n = len(teams)
i, j = np.triu_indices(n, 1)
pvalue = np.full((n, n), np.nan)
pvalue[i, j] = league.contrast(teams[i], teams[j]).pvalue

fig, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
ax.imshow(np.where(np.isnan(pvalue), np.nan, pvalue < 0.05), cmap="Blues", vmin=-0.25, vmax=1.2)
for a, b in zip(i, j, strict=True):
    ink = "white" if pvalue[a, b] < 0.05 else "0.25"
    text = f"{pvalue[a, b]:.2f}" if pvalue[a, b] >= 0.005 else "< .005"
    ax.text(b, a, text.lstrip("0"), ha="center", va="center", color=ink, fontsize=9)
ax.set_xticks(rows[1:], teams[1:], rotation=35, ha="left", rotation_mode="anchor")
ax.set_yticks(rows[:-1], teams[:-1])
ax.set_xlim(0.5, n - 0.5)
ax.set_ylim(n - 1.5, -0.5)
ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
for spine in ax.spines.values():
    spine.set_visible(False)
ax.set_title("p-value of the difference of row and column", loc="left", fontsize=10, pad=12)
plt.show()
