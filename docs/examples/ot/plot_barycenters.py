"""
Between four digits
===================

The mean of two images, pixel by pixel, is both images at half strength. The mean under transport is
one image that is halfway: :func:`hasten.ot.barycenter` moves ink instead of fading it.
"""

# %%
# Four handwritten digits
# -----------------------
#
# Images of scikit-learn, enlarged to 16 by 16 pixels. Each becomes a histogram, and moving ink from
# pixel to pixel costs the squared distance on the unit square.

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import zoom
from sklearn.datasets import load_digits

from hasten.ot import barycenter, sinkhorn

side = 16
data = load_digits()
corners = [
    zoom(data.images[np.flatnonzero(data.target == digit)[0]], side / 8, order=1)
    for digit in (0, 3, 4, 8)
]
histograms = np.column_stack([image.ravel() / image.sum() for image in corners])
place = np.column_stack(np.divmod(np.arange(side**2), side)) / (side - 1)
cost = ((place[:, None] - place) ** 2).sum(axis=-1)

# %%
# Halfway
# -------
#
# Entropy blurs a mean. ``debiased=True``, the default, takes that off.

pair = histograms[:, [0, 2]]
sharp = barycenter(pair, cost, reg=0.002, tol=1e-5)
blurred = barycenter(pair, cost, reg=0.002, tol=1e-5, debiased=False)
print(sharp)

panels = {
    "0": pair[:, 0],
    "4": pair[:, 1],
    "mean of pixels": pair.mean(axis=1),
    "barycenter": blurred.barycenter,
    "barycenter, debiased": sharp.barycenter,
}
fig, axes = plt.subplots(1, len(panels), figsize=(9.6, 2.3), layout="constrained")
for ax, (title, weights) in zip(axes, panels.items(), strict=True):
    ax.imshow(weights.reshape(side, side), cmap="magma")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()

# %%
# A square of digits
# ------------------
#
# Weights that are bilinear in two coordinates give a square of images with a digit in each corner.
# Every image in between was computed, none was drawn.

steps = np.linspace(0.0, 1.0, 5)
fig, axes = plt.subplots(5, 5, figsize=(6.4, 6.4), layout="constrained")
for ax, (y, x) in zip(axes.flat, [(y, x) for y in steps for x in steps], strict=True):
    weights = np.array([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x])
    mean = barycenter(histograms, cost, reg=0.002, weights=weights, tol=1e-4)
    ax.imshow(mean.barycenter.reshape(side, side), cmap="magma")
    ax.set_axis_off()

# %%
# Is the middle in the middle?
# ----------------------------
#
# Transport says how far each image is from the halfway image. By the mean of pixels the distances
# are those of two half images; by the barycenter, those of an image between.

for name, weights in (
    ("mean of pixels", pair.mean(axis=1)),
    ("barycenter", sharp.barycenter / sharp.barycenter.sum()),
):
    far = [sinkhorn(weights, pair[:, k], cost, reg=0.002).exact_upper for k in (0, 1)]
    print(f"{name:15} costs to the two digits: {far[0]:.5f} and {far[1]:.5f}, sum {sum(far):.5f}")
plt.show()
