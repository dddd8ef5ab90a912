"""
Four journals and seven baseball teams
======================================

Which statistics journal do the others cite, and by how much? Who wins when Milwaukee meets
Baltimore? Two data sets from the literature, ranked with :func:`hasten.ranking.bradley_terry` and
compared with the estimates that were published.
"""

# %%
# Citations as comparisons
# ------------------------
#
# Stigler (1994) counted how often four journals cited one another. To be cited is to win. The order
# of the strengths is the answer; the bars say how sure one can be of it.

import matplotlib.pyplot as plt
import numpy as np

import hasten

citations = hasten.datasets.load_journal_citations().comparisons()
journals = hasten.ranking.bradley_terry(citations, reference="Biometrika")
print(journals.summary())

# %%
# The certificate comes first: ``error`` bounds the numerical error of *every* difference of
# strengths, in units of its standard error. The published estimates, with their standard errors,
# are reproduced to every digit that was printed.

published = {
    "Comm. Statist.": (-2.9491, 0.1025),
    "JASA": (-0.4796, 0.0606),
    "JRSS-B": (0.2690, 0.0708),
}
standard_error = journals.standard_error()
for name, (strength, error) in published.items():
    k = list(journals.items).index(name)
    assert round(journals.strength[k], 4) == strength
    assert round(standard_error[k], 4) == error
    print(f"{name:15} {journals.strength[k]:8.4f} ({standard_error[k]:.4f})")

# %%
# The picture shows the strengths with 95 % intervals, hollow markers the published values.

ax = journals.plot()
shown = [label.get_text() for label in ax.get_yticklabels()]
rows = [shown.index(name) for name in published]
ax.plot([value for value, _ in published.values()], rows, "o", mfc="none", mec="black", ms=11)
ax.set_title("Citations among four statistics journals", loc="left")
ax.figure.set_layout_engine("tight")

# %%
# A prediction for baseball
# -------------------------
#
# The seven teams of the American League East met 13 times a pair in 1987. How often does each beat
# each, by the model and on the field?

games = hasten.datasets.load_baseball_1987().comparisons()
teams = hasten.ranking.bradley_terry(games)
chance = teams.predict_proba("Milwaukee", "Baltimore")
print(f"Milwaukee beats Baltimore with probability {float(np.squeeze(chance)):.4f}")

# %%
# With 13 games a pair the observed shares scatter widely about the model, as they should: the bars
# are what chance alone allows.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="tight")
teams.plot(ax=left)
left.set_title("American League East, 1987", loc="left")
teams.plot(kind="calibration", ax=right)
right.set_title("Predicted and observed", loc="left")

# %%
# On the scale of chess, where 400 points are odds of ten to one:

for name, rating in sorted(zip(teams.items, teams.elo(), strict=True), key=lambda pair: -pair[1]):
    print(f"{name:10} {rating:7.1f}")
