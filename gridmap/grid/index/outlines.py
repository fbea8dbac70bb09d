"""The borders of all areas as flat arrays, and the exact test whether an area holds a point."""

from dataclasses import dataclass, fields

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.grid.index.crossing import Floats, west_of
from gridmap.grid.index.runs import Ints, portions, run_starts, spread

# Products of two differences of corners must stay finite.
LARGEST = 1e150
# Bands hold at most this many entries per edge on average, whatever the shapes look like.
ENTRIES_PER_EDGE = 4


@dataclass(frozen=True, slots=True)
class Borders:
    """All corners; edge k runs from corners[k] to corners[k + 1], for every k in `edge`, and is part of the border of `area`, ascending."""

    corners: NDArray[np.float64]
    edge: Ints
    area: Ints
    box: NDArray[np.float64]  # (areas, 4): west, south, east, north; not a number for empty areas

    def edge_boxes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The (west, south) and (east, north) corners of each edge's box."""
        a, b = self.corners[self.edge], self.corners[self.edge + 1]
        return np.minimum(a, b), np.maximum(a, b)


def borders_of(shapes: NDArray[np.object_]) -> Borders:
    """The borders of polygons and multipolygons, holes included. ValueError for other kinds and for corners beyond 1e150."""
    kinds = shapely.get_type_id(shapes)
    if not np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)).all():
        raise ValueError("areas must be polygons or multipolygons")
    parts, area_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    if not (np.abs(corners) < LARGEST).all():
        raise ValueError("corners must be finite and below 1e150")
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    return Borders(corners, edge, area_of_part[part_of_ring[ring[edge]]], shapely.bounds(shapes).reshape(-1, 4))


@dataclass(frozen=True, slots=True)
class Outlines:
    """Each area's height is cut into bands; `edges` lists, band by band, the edges that reach in.

    Points and corners find their band by the same monotone float function, so that an edge that reaches over a point is always listed
    in the point's band, however that function rounds.
    """

    corners: NDArray[np.float64]
    box: NDArray[np.float64]
    bands: NDArray[np.int32]
    per_unit: NDArray[np.float64]  # bands per unit of height
    first_band: NDArray[np.int64]
    starts: NDArray[np.int64]  # per band, into edges
    edges: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return sum(getattr(self, field.name).nbytes for field in fields(self))

    def hold(self, area: Ints, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """True where area[i] holds (x[i] + e, y[i] + d), 0 < d << e << 1: an odd number of its edges lies east of the point."""
        box = self.box[area]
        held = (x >= box[:, 0]) & (x < box[:, 2]) & (y >= box[:, 1]) & (y < box[:, 3])
        near = np.flatnonzero(held)
        band = self._band(area[near], y[near])
        starts, counts = self.starts[band], self.starts[band + 1] - self.starts[band]
        for some in portions(counts):
            held[near[some]] = self._odd(starts[some], counts[some], x[near[some]], y[near[some]])
        return held

    def _band(self, area: Ints, y: Floats) -> NDArray[np.int64]:
        step = ((y - self.box[area, 1]) * self.per_unit[area]).astype(np.int64)
        return self.first_band[area] + np.minimum(step, self.bands[area] - 1)

    def _odd(self, starts: Ints, counts: Ints, x: Floats, y: Floats) -> NDArray[np.bool_]:
        of, entry = spread(starts, counts)
        edge = self.edges[entry]
        height = y[of]
        reaches = np.flatnonzero((self.corners[edge, 1] > height) != (self.corners[edge + 1, 1] > height))
        of, edge = of[reaches], edge[reaches]
        crossed = of[west_of(x[of], y[of], self.corners[edge], self.corners[edge + 1])]
        return (np.bincount(crossed, minlength=len(x)) & 1).astype(bool)


def outlines_of(borders: Borders) -> Outlines:
    """The same borders in bands, to be asked about points."""
    low, high = (corner[:, 1] for corner in borders.edge_boxes())
    slant = np.flatnonzero(high > low)  # a level edge never lies east of a point: none reaches over any height
    area, low, high = borders.area[slant], low[slant], high[slant]
    bands, per_unit = _cut_heights(area, high - low, borders.box)
    first_band = np.cumsum(bands, dtype=np.int64) - bands
    none = np.zeros(0, dtype=np.int64)
    bare = Outlines(borders.corners, borders.box, bands, per_unit, first_band, none, none.astype(np.int32))
    lowest = bare._band(area, low)
    of, band = spread(lowest, bare._band(area, high) - lowest + 1)
    edges = borders.edge[slant][of[np.argsort(band, kind="stable")]].astype(np.int32)
    return Outlines(borders.corners, borders.box, bands, per_unit, first_band, run_starts(band, int(bands.sum())), edges)


def _cut_heights(area: Ints, heights: Floats, box: Floats) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """How many bands each area gets, and how many that is per unit of height.

    One band for two edges; fewer where long edges would reach into most of them.
    """
    total = box[:, 3] - box[:, 1]
    edges = np.bincount(area, minlength=len(box))
    reach = np.bincount(area, weights=heights, minlength=len(box))
    with np.errstate(all="ignore"):  # empty areas have no height, flat ones too little to divide
        fit = np.minimum(edges / 2, (ENTRIES_PER_EDGE - 2) * edges * total / reach)
        bands = np.where(fit >= 1, fit, 1).astype(np.int32)
        per_unit = bands / total
    usable = np.isfinite(per_unit)
    return np.where(usable, bands, 1).astype(np.int32), np.where(usable, per_unit, 0.0)
