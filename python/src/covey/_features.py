# SPDX-License-Identifier: MIT
"""VGG's convolutional part as a scikit-learn transformer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _covey
from ._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    Progress,
    TransformerMixin,
    count_threads,
    progress_of,
)

_POOLINGS = ("mean", "max", "gem")  # in the order of covey_pooling
_DECODER = os.path.join(os.path.dirname(__file__), "covey-decode")


class VGG16Features(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Photos to the 512 numbers that VGG16's convolutions give them.

    X is not a table: a sequence of paths of photos, or an array uint8 [n][height][width][3] of RGB
    pixels (C order is read in place; sides 32 to 4096). There is nothing to fit. The features of a
    photo do not depend on the photos beside it, nor on batch_size or n_jobs.

    Parameters
    ----------
    weights : str or path, default="oxford"
        A set of ``covey weights list``, or a file of a VGG's state dict (VGG11, 13, 16, 19, with
        batch normalisation or without).
    batch_size : int, default=8
        Photos computed together, 1 to 64.
    crop : bool, default=False
        Resize(256) and CenterCrop(224) in place of Resize((224, 224)).
    exact : bool, default=False
        Pixels equal to torchvision's on Pillow: full decode, no orientation, no colour profile.
    precision : {"float32", "bfloat16"}, default="float32"
    pooling : {"mean", "max", "gem"}, default="mean"
        How the places of the last layer become one number; "gem" is (mean of x^3)^(1/3).
    on_error : {"raise", "nan"}, default="raise"
        A photo that cannot be read raises ValueError with the reason, or becomes a row of NaN with
        the reason in ``skipped_``.
    n_jobs : int or None, default=None
        None and -1: all processors.
    verbose : int or callable, default=0
        1 counts the photos on stderr; a function is called as f(stage, done, total), and stops the
        work by raising.

    Attributes
    ----------
    skipped_ : dict, set by transform: row -> reason
    """

    def __init__(
        self,
        weights: str | os.PathLike[str] = "oxford",
        *,
        batch_size: int = 8,
        crop: bool = False,
        exact: bool = False,
        precision: str = "float32",
        pooling: str = "mean",
        on_error: str = "raise",
        n_jobs: int | None = None,
        verbose: int | Progress = 0,
    ) -> None:
        self.weights = weights
        self.batch_size = batch_size
        self.crop = crop
        self.exact = exact
        self.precision = precision
        self.pooling = pooling
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def _n_features_out(self) -> int:
        """Columns of transform, asked of the network: 512 for torchvision's."""
        known = getattr(self, "_channels", None)
        if known is None or known[0] != self.weights:
            self._describe(None, np.zeros((1, 32, 32, 3), np.uint8), None)
        return int(self._channels[1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _check(self) -> None:
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision is {self.precision!r}, not float32 or bfloat16")
        if self.pooling not in _POOLINGS:
            raise ValueError(f"pooling is {self.pooling!r}, not one of {', '.join(_POOLINGS)}")
        if self.on_error not in ("raise", "nan"):
            raise ValueError(f"on_error is {self.on_error!r}, not raise or nan")
        if not 1 <= int(self.batch_size) <= 64:
            raise ValueError(f"batch_size is {self.batch_size}, not within 1 to 64")

    def fit(self, X: Any, y: Any = None) -> VGG16Features:
        """Checks the parameters; there is nothing to learn."""
        self._check()
        return self

    def _describe(
        self, paths: list[bytes] | None, pixels: NDArray[np.uint8] | None, progress: Progress | None
    ) -> tuple[bytearray, int, list[str]]:
        weights = os.fspath(self.weights)
        is_file = not isinstance(self.weights, str) or os.sep in weights or os.path.isfile(weights)
        n, height, width = pixels.shape[:3] if pixels is not None else (0, 0, 0)
        made, channels, reasons = _covey.describe(
            paths, pixels, n, height, width, weights, is_file, int(self.batch_size),
            count_threads(self.n_jobs), self.precision == "bfloat16",
            _POOLINGS.index(self.pooling), bool(self.crop), bool(self.exact),
            _DECODER if os.path.exists(_DECODER) else None, progress,
        )
        self._channels = (self.weights, channels)
        return made, channels, reasons

    def transform(self, X: Sequence[str | os.PathLike[str]] | ArrayLike) -> NDArray[np.float32]:
        """float32 [n][channels]; 512 channels for torchvision's networks."""
        self._check()
        paths, pixels = _photos(X)
        made, channels, reasons = self._describe(paths, pixels, progress_of(self.verbose))
        features = np.frombuffer(made, np.float32).reshape(len(reasons), channels)
        self.skipped_ = {row: reason for row, reason in enumerate(reasons) if reason}
        for row, reason in self.skipped_.items():
            if self.on_error == "raise":
                assert paths is not None
                raise ValueError(f"{os.fsdecode(paths[row])}: {reason}")
            features[row] = np.nan
        return features


def _photos(X: Any) -> tuple[list[bytes] | None, NDArray[np.uint8] | None]:
    """Paths or pixels, whichever X is."""
    if isinstance(X, (str, bytes, os.PathLike)):
        raise ValueError("X is one path; give a list of paths, or an array of photos")
    if isinstance(X, np.ndarray) and X.dtype.kind not in "OUS":
        if X.dtype != np.uint8 or X.ndim != 4 or X.shape[3] != 3:
            raise ValueError(
                f"X is {X.dtype} of shape {X.shape}; photos are uint8 [n][height][width][3], RGB, "
                "or paths"
            )
        if len(X) == 0:
            raise ValueError("X holds no photo")
        return None, np.ascontiguousarray(X)
    items = list(np.asarray(X, dtype=object).ravel()) if isinstance(X, np.ndarray) else list(X)
    if not items:
        raise ValueError("X holds no photo")
    for item in items:
        if not isinstance(item, (str, bytes, os.PathLike)):
            raise ValueError(f"X holds {item!r}, which is not a path")
    return [os.fsencode(item) for item in items], None
