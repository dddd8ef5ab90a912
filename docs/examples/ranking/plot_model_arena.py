"""
Style control in an arena of language models
============================================

People read two answers and vote for one, or call it a tie. They like long answers with lists, and
they like what they see first. A ranking of the votes then ranks content *and* style; with
covariates it ranks content. The votes here are drawn from a known truth, so one can see what that
changes.
"""

# %%
# Votes with a known truth
# ------------------------
#
# Twelve models, 20,000 votes. Each model has a strength and, independently of it, a habit: how long
# its answers are and how many lists they have.

import matplotlib.pyplot as plt
import numpy as np

from hasten.ranking import bradley_terry
from hasten.ranking.datasets import make_arena

arena = make_arena(n_models=12, n_votes=20_000, rng=1)
votes = arena.comparisons()
print(votes, votes.covariate_names)
print(f"{np.mean(arena.outcome == 0.5):.0%} of the votes are ties")

# %%
# Three rankings
# --------------
#
# The first one counts ties half and knows neither position nor style, as a plain leaderboard does.
# The second one models ties (Davidson 1970) and the position, the third one also the style.

leaderboard = bradley_terry(votes)
fair = bradley_terry(votes, ties="davidson", order_effect=True)
controlled = bradley_terry(votes, ties="davidson", order_effect=True, covariates=True)
print(controlled.summary())

# %%
# The effects come out as they were put in, and style is worth its two parameters many times over.

found = controlled.coefficients()
truth = {
    "ln nu": np.log(arena.tie_parameter),
    "order effect": arena.order_effect,
    "length": arena.coef[0],
    "lists": arena.coef[1],
}
for name, value in truth.items():
    row = found[name]
    print(f"{name:12} truth {value:7.4f}   estimate {row.estimate:7.4f} ({row.standard_error:.4f})")
print(controlled.compare(fair))

# %%
# What style control changes
# --------------------------
#
# Each line is a model, orange where its style is liked and violet where it is not. Its rank by
# votes alone is on the left, with style controlled in the middle, and the truth on the right. By
# votes alone a model wins that is fourth by content, and one that is tenth comes third.

position = {name: k for k, name in enumerate(arena.models.tolist())}
where = [position[name] for name in controlled.items.tolist()]
bonus = (arena.habit @ arena.coef)[where]
bonus -= bonus.mean()
strength = arena.strength[where]
columns = [
    leaderboard.rank,
    controlled.rank,
    np.argsort(np.argsort(-strength)) + 1,
]

fig, ax = plt.subplots(figsize=(7.6, 5), layout="constrained")
shade = plt.get_cmap("PuOr_r")(0.5 + 0.5 * bonus / np.abs(bonus).max())
for k, name in enumerate(controlled.items):
    ranks = [column[k] for column in columns]
    ax.plot([0, 1, 2], ranks, "-", color="0.35", linewidth=4.5, solid_capstyle="round")
    ax.plot([0, 1, 2], ranks, "-o", color=shade[k], linewidth=3, markersize=11, mec="0.35")
    ax.text(-0.08, ranks[0], name, ha="right", va="center")
    ax.text(2.08, ranks[2], name, ha="left", va="center")
ax.set_xticks([0, 1, 2], ["votes alone", "style controlled", "truth"])
ax.set_xlim(-0.55, 2.55)
ax.set_yticks(np.arange(1, 13))
ax.invert_yaxis()
ax.set_ylabel("rank")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
scale = plt.cm.ScalarMappable(plt.Normalize(-np.abs(bonus).max(), np.abs(bonus).max()), "PuOr_r")
fig.colorbar(scale, ax=ax, shrink=0.6, label="what style adds to the log-odds").outline.set_visible(
    False
)

# %%
# The same as numbers: against the truth, strengths without style control are wrong by what style
# adds, and many standard errors; with it the errors are the ones that are reported.

fig, axes = plt.subplots(1, 2, figsize=(9.4, 4.6), sharex=True, sharey=True, layout="constrained")
for ax, result, title in zip(
    axes, (fair, controlled), ("Without style", "With style"), strict=True
):
    low, high = result.confidence_interval()
    limits = (-0.95, 0.7)
    ax.plot(limits, limits, color="0.6", linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    ax.vlines(strength, low, high, color="0.45", linewidth=1.5)
    ax.scatter(strength, result.strength, c=shade, s=70, edgecolor="0.35", zorder=3)
    covered = np.mean((low <= strength) & (strength <= high))
    ax.set_title(
        f"{title}: {covered:.0%} of the 95 % intervals hold the truth", loc="left", size=10
    )
    ax.set(xlabel="true strength", aspect="equal", xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5])
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("estimated strength")
plt.show()

# %%
# A ranking of content is a statement about answers of equal style, which may not be what every
# reader wants; that is a choice, and here it is an argument of one call.
