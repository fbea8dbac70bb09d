"""Households are counts at points, never persons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Households:
    """Buildings with their number of households, as parallel arrays: `ids` (text), `lon`, `lat` (degrees), `counts` (whole numbers ≥ 0)."""

    ids: NDArray[np.str_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def total(self) -> int:
        return int(self.counts.sum())
