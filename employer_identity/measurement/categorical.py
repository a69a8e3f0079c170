"""Statistics of a sample with items answered in ordered categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class OrderedMoments:
    """Thresholds and correlations of the responses behind the answers."""

    names: tuple[str, ...]
    ordered: Booleans
    n: Array
    categories: tuple[tuple[int | float, ...], ...]
    owner: Integers
    thresholds: Array
    mean: Array
    covariance: Array
    asymptotic: tuple[Array, ...]
