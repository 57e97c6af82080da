# SPDX-License-Identifier: MIT
"""What scikit-learn gives where it is installed, and the little that is needed where it is not."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        ClusterMixin,
        TransformerMixin,
    )
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data

    HAS_SKLEARN = True
except ImportError:
    HAS_SKLEARN = False

    class BaseEstimator:  # type: ignore[no-redef]
        """get_params and set_params, as scikit-learn has them."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            names = list(inspect.signature(type(self).__init__).parameters)[1:]
            return {name: getattr(self, name) for name in names}

        def set_params(self, **params: Any) -> Any:
            known = self.get_params()
            for name, value in params.items():
                if name not in known:
                    raise ValueError(f"{type(self).__name__} has no parameter {name!r}")
                setattr(self, name, value)
            return self

    class ClassNamePrefixFeaturesOutMixin:  # type: ignore[no-redef]
        """get_feature_names_out: the class's name and a number."""

        def get_feature_names_out(self: Any, input_features: Any = None) -> NDArray[Any]:
            prefix = type(self).__name__.lower()
            return np.asarray([f"{prefix}{i}" for i in range(self._n_features_out)], dtype=object)

    class ClusterMixin:  # type: ignore[no-redef]
        """fit_predict: the labels of the rows fitted."""

        def fit_predict(self: Any, X: Any, y: Any = None) -> Any:
            return self.fit(X).labels_

    class TransformerMixin:  # type: ignore[no-redef]
        """fit_transform: fit, then transform."""

        def fit_transform(self: Any, X: Any, y: Any = None) -> Any:
            return self.fit(X).transform(X)

    def check_random_state(seed: Any) -> np.random.RandomState:
        return seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)

    def check_is_fitted(estimator: Any, attribute: str) -> None:
        if not hasattr(estimator, attribute):
            raise ValueError(f"this {type(estimator).__name__} is not fitted yet: call fit first")

    def validate_data(
        estimator: Any, X: Any, *, dtype: Any, order: str, reset: bool = True
    ) -> Any:
        X = np.asarray(X, dtype=dtype, order=order)  # type: ignore[call-overload]
        if X.ndim != 2 or 0 in X.shape:
            raise ValueError(f"expected a 2D array [n][d] that is not empty, got shape {X.shape}")
        if not np.isfinite(X).all():
            raise ValueError("X contains NaN or infinity (or numbers too large for float32)")
        if reset:
            estimator.n_features_in_ = X.shape[1]
        elif X.shape[1] != estimator.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
                f"{estimator.n_features_in_} features as input"
            )
        return X


def count_threads(n_jobs: int | None) -> int:
    """Covey's number of threads: 0 is all processors. n_jobs as in joblib: None and -1 are all, -2
    all but one."""
    if n_jobs is None or n_jobs == -1:
        return 0
    if n_jobs == 0:
        raise ValueError("n_jobs is 0: say None for all processors, or how many")
    if n_jobs > 0:
        return int(n_jobs)
    return max(1, len(os.sched_getaffinity(0)) + 1 + int(n_jobs))


Progress = Callable[[str, int, int], object]


def progress_of(verbose: int | Progress) -> Progress | None:
    """What the library calls as it goes on: a caller's own function, or, where `verbose` is above
    0, a line on stderr that counts up, with the rate and the time left."""
    if callable(verbose):
        return verbose
    if not verbose:
        return None
    start = time.monotonic()
    shown = start - 1

    def show(stage: str, done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if done != total and now - shown < 0.1:
            return
        shown = now
        rate = done / max(now - start, 1e-9)
        left = f", {(total - done) / rate:.0f} s left" if 0 < done < total else ""
        line = f"covey: {stage} {done}/{total}, {rate:.1f}/s{left}"
        sys.stderr.write(f"{line:<60}" + ("\n" if done == total else "\r"))
        sys.stderr.flush()

    return show
