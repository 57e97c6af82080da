# SPDX-License-Identifier: MIT
"""Not run: what a user writes, for mypy --strict (tests/checks/python.sh)."""

from pathlib import Path

import numpy as np
from covey import LossKMeans, VGG16Features, losses
from numpy.typing import NDArray


def told(stage: str, done: int, total: int) -> None:
    print(stage, done, total)


features: NDArray[np.float32] = VGG16Features(Path("a.pth"), verbose=told).transform(["a.jpg"])
model: LossKMeans = LossKMeans("huber", 3, loss_params={"delta": "auto"}, verbose=1).fit(features)
labels: NDArray[np.int32] = model.predict(features)
centres: NDArray[np.float64] = model.cluster_centers_
distances: NDArray[np.float64] = model.transform(features)
score: float = model.score(features)
fitted: tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64]] = (
    model.labels_, model.weights_, model.representatives_,
)
rounds: int = model.n_iter_
history: list[tuple[int, int, float, float, int]] = model.history_
params: dict[str, float] = model.loss_params_
formulas: dict[str, str] = losses()
