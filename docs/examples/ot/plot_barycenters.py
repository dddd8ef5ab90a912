"""
Between four digits
===================

The mean of two images, pixel by pixel, is both images at half strength. The mean under transport is
one image that is halfway: :func:`hasten.ot.barycenter` moves ink instead of fading it.
"""

# %%
# Halfway
# -------
#
# A zero in one corner of a frame and a four in the other, as histograms of ink. Moving ink from
# pixel to pixel costs the squared distance on the unit square. Entropy blurs a mean;
# ``debiased=True``, the default, takes that off.

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import zoom
from sklearn.datasets import load_digits

from hasten.ot import barycenter, sinkhorn

data = load_digits()
digits = {d: data.images[np.flatnonzero(data.target == d)[0]] for d in (0, 3, 4, 8)}


def squared_distances(side):
    place = np.column_stack(np.divmod(np.arange(side**2), side)) / (side - 1)
    return ((place[:, None] - place) ** 2).sum(axis=-1)


frame = np.zeros((2, 16, 16))
frame[0, :8, :8], frame[1, 8:, 8:] = digits[0], digits[4]
pair = frame.reshape(2, -1).T / frame.sum(axis=(1, 2))
cost = squared_distances(16)
sharp = barycenter(pair, cost, reg=0.004, tol=1e-4)
blurred = barycenter(pair, cost, reg=0.004, tol=1e-4, debiased=False)
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
    ax.imshow(weights.reshape(16, 16), cmap="magma")
    ax.set_title(title, fontsize=9)
    ax.set_axis_off()

# %%
# A square of digits
# ------------------
#
# Four digits, enlarged to 12 by 12 pixels. Weights that are bilinear in two coordinates give a
# square of images with a digit in each corner; what is between was computed and not drawn.

side = 12
enlarged = [zoom(image, side / 8, order=1).ravel() for image in digits.values()]
corners = np.column_stack([image / image.sum() for image in enlarged])
small_cost = squared_distances(side)
steps = np.linspace(0.0, 1.0, 5)
fig, axes = plt.subplots(5, 5, figsize=(6.4, 6.4), layout="constrained")
for ax, (y, x) in zip(axes.flat, [(y, x) for y in steps for x in steps], strict=True):
    weights = np.array([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x])
    mean = barycenter(corners, small_cost, reg=0.004, weights=weights, tol=1e-3)
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
    far = [sinkhorn(weights, pair[:, k], cost, reg=0.004).exact_upper for k in (0, 1)]
    print(f"{name:15} costs to the two digits: {far[0]:.5f} and {far[1]:.5f}, sum {sum(far):.5f}")
plt.show()
