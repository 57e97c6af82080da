# SPDX-License-Identifier: MIT
"""Covey in Python: clustering under many losses, and VGG features, as scikit-learn estimators.

    from covey import LossKMeans, VGG16Features
    features = VGG16Features().fit_transform(["a.jpg", "b.jpg", ...])
    groups = LossKMeans(loss="huber", n_clusters=8).fit(features)

NumPy is all that is needed; with scikit-learn installed the classes are its estimators, for
pipelines, grid search and set_output.
"""

from ._features import VGG16Features
from ._kmeans import LossKMeans, losses

__all__ = ["LossKMeans", "VGG16Features", "losses"]
__version__ = "1.0.0"
