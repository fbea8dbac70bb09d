"""Which ground goes along with households that leave a cell: what is nearest to them in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gridmap.grid import Households
from gridmap.planning.borders import Floats
from gridmap.planning.faces import build, cover
from gridmap.planning.outlines import STRAIGHT_M
from gridmap.planning.pieces import Pieces
from gridmap.planning.plane import Plane


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """The lines (in degrees) between the ground that goes and the ground that stays, and the ground itself."""

    plane: Plane
    lines: tuple[Floats, ...]
    faces: NDArray[np.object_]
    leaves: NDArray[np.bool_]

    def goes(self, shapes: Sequence[Polygon]) -> NDArray[np.bool_]:
        """Which of these (in degrees), divided by the lines, go."""
        inner = shapely.point_on_surface(self.plane.forward(np.array(shapes, dtype=object)))
        found: NDArray[np.bool_] = self.leaves[shapely.STRtree(self.faces).nearest(inner)]
        return found


def ground_of(cell: Polygon, homes: Households, going: NDArray[np.bool_]) -> Land:
    """The ground of the cell's households of which some are `going`: each building has what is nearest to it. Who shares a building goes
    along."""
    plane = Plane.around(cell)
    flat = plane.ground(cell)
    pieces = Pieces([flat])
    xy = shapely.get_coordinates(plane.forward(shapely.points(homes.lon, homes.lat)))
    buildings, faces = cover(flat, pieces, build(xy, homes.counts, pieces), ())
    moving = np.zeros(len(buildings), dtype=np.bool_)
    moving[buildings.of[going]] = True
    leaves = moving[faces.owner] & (faces.owner >= 0)
    between = faces.borders.only(leaves[faces.borders.left] != leaves[faces.borders.right])
    bits = shapely.linestrings(np.stack([between.start, between.end], axis=1))
    chains = shapely.simplify(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(bits))), STRAIGHT_M)
    lines = tuple(plane.degrees(shapely.get_coordinates(chain)) for chain in chains)
    return Land(plane, lines, np.array(faces.shapes, dtype=object), leaves)
