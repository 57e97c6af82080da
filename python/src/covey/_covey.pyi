# SPDX-License-Identifier: MIT
from collections.abc import Callable
from typing import Any

_Progress = Callable[[str, int, int], object] | None

def cluster(
    x: Any, n: int, d: int, k: int, loss: str, params: tuple[tuple[str, str], ...], start: int,
    centres: Any, restarts: int, rounds: int, tolerance: float, seed: int, threads: int,
    empty: int, solver: str, progress: _Progress, /,
) -> dict[str, Any]: ...
def measure(
    x: Any, n: int, d: int, centres: Any, k: int, loss: str,
    params: tuple[tuple[str, str], ...], distances: Any, labels: Any, /,
) -> float: ...
def losses() -> list[tuple[str, str, str]]: ...
def describe(
    paths: list[bytes] | None, pixels: Any, n: int, height: int, width: int, weights: str,
    is_file: bool, batch: int, threads: int, bf16: bool, pooling: int, crop: bool,
    exact: bool, decoder: str | None, progress: _Progress, /,
) -> tuple[bytearray, int, list[str]]: ...
