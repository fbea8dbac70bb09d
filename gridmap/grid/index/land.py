"""The whole index as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.frame import Frame


class Land(NamedTuple):
    """What is asked, and what is saved; read-only."""

    frame: Frame
    tiles: NDArray[np.int64]  # where a tile's cells start << 8 | across_bits << 4 | up_bits
    base: NDArray[np.int32]  # per tile: the owner's code behind all its edges
    starts: NDArray[np.int64]  # per tile, into listed; one more closes the last
    listed: NDArray[np.int32]  # per tile its edges: corner << 1 | whether it comes from west of the tile; the codes that it parts
    cells: NDArray[np.int32]
    records: NDArray[np.int32]
    corners: NDArray[np.float64]  # ring after ring, each closed by its first corner
    rings: NDArray[np.int64]  # where each ring starts in corners; one more closes the last
    area: NDArray[np.int32]  # of each ring, ascending
    first: NDArray[np.int32]  # per area its first ring; one more closes the last
