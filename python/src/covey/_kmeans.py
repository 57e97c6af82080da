# SPDX-License-Identifier: MIT
"""Generalized clustering as a scikit-learn estimator."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _covey
from ._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    Progress,
    TransformerMixin,
    check_is_fitted,
    check_random_state,
    count_threads,
    progress_of,
    validate_data,
)

_STARTS = {"k-means++": 0, "random": 1, "loss++": 3, "k-means||": 4}
_START_CENTRES = 2
_EMPTY = {"refill": 0, "keep": 1, "drop": 2, "error": 3}


def losses() -> dict[str, str]:
    """Name and formula of every loss that LossKMeans takes."""
    return {name: formula for name, formula, _ in _covey.losses()}


class LossKMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """k-means with any of Covey's losses in place of the square.

    A coordinate loss (square, absolute, huber, ...) sums rho(x_j - c_j) over the coordinates; a
    radial one (correntropy, geometric_median, tukey, ...) applies rho to the distance, so that
    rows go to the nearest centre and only the centres differ.

    float32 arrays in C order are read in place; anything else is converted once. All rows count
    alike: there are no sample weights. The same data, parameters and seed give the same bytes on
    any number of threads.

    Parameters
    ----------
    loss : str, default="huber"
        A name or alias of ``covey.losses()``.
    n_clusters : int, default=8
    loss_params : dict or None, default=None
        Values of the loss's parameters by name, e.g. ``{"delta": 0.5}``; those left out, or
        "auto", are estimated from the data by a pilot under the square loss.
    init : {"k-means++", "k-means||", "random", "loss++"} or array [n_clusters][d]
    n_init : int, default=10
        Restarts; the lowest objective wins. An array as init has one.
    max_iter : int, default=100
    tol : float, default=1e-6
        Ends when the mean shift of a centre falls below this share of the rows' root mean square
        distance to their mean.
    empty : {"refill", "keep", "drop", "error"}, default="refill"
        What becomes of a cluster that lost all its rows.
    solver : str, default="auto"
        Of the centres: "exact", "irls", "newton", "lbfgs", "bfgs", "descent".
    random_state : int, RandomState or None, default=None
        None is seed 0: nothing is random that was not asked to be.
    n_jobs : int or None, default=None
        None and -1: all processors.
    verbose : int or callable, default=0
        1 counts the restarts on stderr; a function is called as f(stage, done, total), and stops
        the work by raising.

    Attributes
    ----------
    cluster_centers_ : float64 [k][d]
    labels_ : int32 [n]; -1 for rows that the trimmed loss left out
    inertia_ : the summed loss of the rows to their centres (the objective)
    loss_params_ : dict, as used
    distances_ : float64 [n], to the own centre, by the measure of the assignment
    weights_ : float64 [n], 0 to 1: how much each row counts in its centre
    representatives_ : int64 [k], the row nearest to each centre; -1 for an empty cluster
    medoids_ : int64 [k], the row of least summed distance to its cluster
    n_iter_ : rounds of the restart that won
    converged_ : bool
    history_ : list of (restart, round, objective, shift, moved)
    """

    def __init__(
        self,
        loss: str = "huber",
        n_clusters: int = 8,
        *,
        loss_params: dict[str, float | str] | None = None,
        init: str | ArrayLike = "k-means++",
        n_init: int = 10,
        max_iter: int = 100,
        tol: float = 1e-6,
        empty: str = "refill",
        solver: str = "auto",
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int | Progress = 0,
    ) -> None:
        self.loss = loss
        self.n_clusters = n_clusters
        self.loss_params = loss_params
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.empty = empty
        self.solver = solver
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _more_than_zero(self) -> None:
        for name in ("n_clusters", "n_init", "max_iter"):
            value = getattr(self, name)
            whole = isinstance(value, Integral) and not isinstance(value, bool)
            if not whole or not 1 <= int(value) < 2**31:
                raise ValueError(f"{name} is {value!r}: a whole number of at least 1 is needed")
        if not isinstance(self.tol, Real) or not 0 <= self.tol < np.inf:
            raise ValueError(f"tol is {self.tol!r}: a number of at least 0 is needed")
        if self.empty not in _EMPTY:
            raise ValueError(f"empty is {self.empty!r}, not one of {', '.join(_EMPTY)}")

    def _params(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (str(name), value if isinstance(value, str) else repr(float(value)))
            for name, value in (self.loss_params or {}).items()
        )

    def _start(self, columns: int) -> tuple[int, NDArray[np.float64] | None]:
        if isinstance(self.init, str):
            if self.init not in _STARTS:
                raise ValueError(
                    f"init is {self.init!r}, not one of {', '.join(_STARTS)}, or an array"
                )
            return _STARTS[self.init], None
        centres = np.ascontiguousarray(self.init, dtype=np.float64)
        if centres.shape != (self.n_clusters, columns):
            raise ValueError(
                f"init has the shape {centres.shape} where ({self.n_clusters}, {columns}) is needed"
            )
        if not np.isfinite(centres).all():
            raise ValueError("init contains NaN or infinity")
        return _START_CENTRES, centres

    def _seed(self) -> int:
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, Integral):
            if not 0 <= int(self.random_state) < 2**32:
                raise ValueError(f"random_state is {self.random_state}: 0 to 2**32 - 1 is needed")
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    def fit(self, X: ArrayLike, y: Any = None) -> LossKMeans:
        """Groups the rows of X [n][d]; y is not looked at."""
        self._more_than_zero()
        rows = validate_data(self, X, dtype=np.float32, order="C")
        n, d = rows.shape
        if n < self.n_clusters:
            raise ValueError(f"n_samples={n} should be >= n_clusters={self.n_clusters}.")
        start, centres = self._start(d)
        found = _covey.cluster(
            rows, n, d, int(self.n_clusters), str(self.loss), self._params(), start, centres,
            int(self.n_init), int(self.max_iter), float(self.tol), self._seed(),
            count_threads(self.n_jobs), _EMPTY[self.empty], str(self.solver),
            progress_of(self.verbose),
        )
        k = found["k"]
        self.cluster_centers_ = np.frombuffer(found["centres"], np.float64).reshape(k, d)
        self.labels_ = np.frombuffer(found["labels"], np.int32)
        self.distances_ = np.frombuffer(found["distance"], np.float64)
        self.weights_ = np.frombuffer(found["weight"], np.float64)
        self.representatives_ = np.frombuffer(found["representatives"], np.int64)
        self.medoids_ = np.frombuffer(found["medoids"], np.int64)
        self.inertia_: float = found["objective"]
        self.loss_params_: dict[str, float] = found["params"]
        self.n_iter_: int = found["rounds"]
        self.converged_: bool = found["converged"]
        self.history_: list[tuple[int, int, float, float, int]] = found["history"]
        self._n_features_out = k
        return self

    def _measure(
        self, X: ArrayLike, distances: bool, labels: bool
    ) -> tuple[NDArray[np.float64] | None, NDArray[np.int32] | None, float]:
        check_is_fitted(self, "cluster_centers_")
        rows = validate_data(self, X, dtype=np.float32, order="C", reset=False)
        (n, d), k = rows.shape, len(self.cluster_centers_)
        params = tuple((name, repr(value)) for name, value in self.loss_params_.items())
        out = np.empty((n, k)) if distances else None
        nearest = np.empty(n, np.int32) if labels else None
        total = _covey.measure(
            rows, n, d, np.ascontiguousarray(self.cluster_centers_), k, str(self.loss), params, out,
            nearest,
        )
        return out, nearest, total

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """int32 [n]: the nearest centre by the loss's own measure, ties to the lower number; rows
        that the trimmed loss would leave out have one too."""
        labels = self._measure(X, False, True)[1]
        assert labels is not None
        return labels

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """float64 [n][k]: the measure to each centre: the distance under a radial loss, the summed
        loss of the coordinates (not a distance) under a coordinate loss."""
        distances = self._measure(X, True, False)[0]
        assert distances is not None
        return distances

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Minus the summed loss of the rows to their nearest centres: higher is better, and values
        of different losses cannot be compared."""
        return -self._measure(X, False, False)[2]
