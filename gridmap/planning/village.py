"""Cut one village: its barriers, its buildings, its faces, its cells."""

from dataclasses import dataclass, replace
from random import Random

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.grid import Area
from gridmap.planning.borders import Ints, adopt
from gridmap.planning.cells import Cells
from gridmap.planning.faces import Buildings, Faces, build, cover
from gridmap.planning.graph import Band, Graph
from gridmap.planning.numbering import reading_order
from gridmap.planning.outlines import join, to_degrees
from gridmap.planning.pieces import blocks, part
from gridmap.planning.plane import Plane, is_land
from gridmap.planning.polish import polish
from gridmap.planning.small import SMALL, divide_small
from gridmap.planning.split import start
from gridmap.words import Sentence

TRIES = 4
COURTYARD = 1.0
"""How dear it is to cut through a block where one could cut along a street, beside what it costs that a cell's households lie apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What one village is cut from, in degrees: the household points in it and their counts, the barriers, bridges and streets that touch
    it; and about how many households a cell of it should have, where that is said."""

    village: Area
    spots: NDArray[np.object_]
    counts: Ints
    barriers: list[BaseGeometry]
    bridges: list[BaseGeometry]
    streets: list[BaseGeometry]
    target: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """One village's cells in their final order: outlines in degrees, households, and why a cell is out of the band (None: it is not).

    `of` is the number of the cell of each household point.
    """

    outlines: list[Polygon]
    counts: list[int]
    reasons: list[Sentence | None]
    of: Ints


def cut_village(ground: Ground, band: Band, seed: int, *, thorough: bool = True) -> Share:
    """Cells that tile the village exactly. The seed and the village's code decide everything that is left to chance."""
    if not ground.counts.any():
        return _empty(ground)
    plane = Plane.around(ground.village.shape)
    flat = plane.ground(ground.village.shape)
    pieces = blocks(flat, part(flat, list(plane.forward(ground.barriers))), list(plane.forward(ground.streets)))
    found = build(shapely.get_coordinates(plane.forward(ground.spots)), ground.counts, pieces)
    buildings, faces = cover(flat, pieces, found, list(plane.forward(ground.bridges)))
    graph = Graph.of(buildings, faces.doors, yard=0.0 if pieces.sides is None else _yard(flat, found, band))
    cells = divide(graph, replace(band, target=ground.target), Random(f"{seed} {ground.village.code}"), thorough=thorough)
    numbers = {cell: number for number, cell in enumerate(cells.nodes)}
    land = _land(faces, np.array([numbers.get(cell, -1) for cell in cells.of], dtype=np.int64))
    reasons = _reasons(cells, parted=len(np.unique(pieces.side[buildings.piece])) > 1)
    counts = [cells.moment[cell][0] for cell in numbers]
    extra = int(land.max()) + 1 - len(counts)
    share = Share(
        to_degrees(join(faces.shapes, land, flat), plane, ground.village.shape),
        counts + [0] * extra,
        reasons + [Sentence("reason.cut_empty")] * extra,
        land[faces.home[buildings.of]],
    )
    return _in_order(share)


def _yard(flat: Polygon | MultiPolygon, buildings: Buildings, band: Band) -> float:
    """What a metre through a yard costs: a square cell of the usual size, all of whose border runs so, pays `COURTYARD` times its spread.

    Its spread is its households times a sixth of the square of its side; half of its border, twice its side, is its own to pay.
    """
    households = (band.low + band.high) / 2
    side = float(np.sqrt(flat.area * households / max(int(buildings.weight.sum()), 1)))
    return COURTYARD * households * side / 12


def divide(graph: Graph, band: Band, rng: Random, *, thorough: bool = True) -> Cells:
    """The buildings of one village in connected cells, those that no household lives near in none.

    About the target first, or within a cushion, so that cells have room on both sides; within the very bounds where that leaves some cell
    out of them. Starts again, a few times, where some cell stays out even so, and keeps the best. A small village is searched thoroughly
    instead, if asked.
    """
    if thorough and len(graph.weight) <= SMALL:
        return _divide_small(graph, band, rng)
    found = []
    for _ in range(TRIES):
        cells = Cells(graph, band.aim(), start(graph, band.aim(), rng))
        polish(cells, rng)
        cells.band = band
        if cells.missed():
            polish(cells, rng)
        found.append(cells)
        if not cells.missed():
            break
    return min(found, key=Cells.price)


def _divide_small(graph: Graph, band: Band, rng: Random) -> Cells:
    """About the target, if there is one and no cell must miss it; else within the bounds."""
    if band.target is not None:
        cells = divide_small(graph, band.aim(), rng)
        if not cells.missed():
            cells.band = band
            return cells
    return divide_small(graph, band, rng)


def _empty(ground: Ground) -> Share:
    """A village without households: each of its parts is one cell."""
    parts = list(shapely.get_parts(ground.village.shape))
    of = shapely.STRtree(parts).nearest(ground.spots).astype(np.int64)
    return _in_order(Share(parts, [0] * len(parts), [Sentence("reason.cut_empty")] * len(parts), of))


def _land(faces: Faces, cell_of: Ints) -> Ints:
    """The cell of each face. Land without households joins the cell with which it shares most border; detached parts become cells, but
    for those that are only the rounding of a border: they are nobody's (-1)."""
    owned = faces.owner >= 0
    land = np.where(owned, cell_of[faces.owner], -1)
    land = adopt(faces.borders, land)
    some = is_land(np.asarray(faces.shapes, dtype=object))
    while (left := np.flatnonzero((land < 0) & some)).size:
        land[left[0]] = land.max() + 1
        land = adopt(faces.borders, land)
    return land


def _in_order(share: Share) -> Share:
    order = reading_order(share.outlines)
    rank = np.argsort(order)
    counts, reasons = [share.counts[n] for n in order], [share.reasons[n] for n in order]
    return Share([share.outlines[n] for n in order], counts, reasons, rank[share.of])


def _reasons(cells: Cells, *, parted: bool) -> list[Sentence | None]:
    """Why each cell is out of the band, in the order of `cells.nodes`."""
    graph, found = cells.graph, {}
    for together in graph.components(range(len(graph.weight))):
        available = sum(graph.weight[node] for node in together)
        for cell in {cells.of[node] for node in together} - {-1}:
            found[cell] = _reason(cells, cell, available, parted=parted)
    return [found[cell] for cell in cells.nodes]


def _reason(cells: Cells, cell: int, available: int, *, parted: bool) -> Sentence | None:
    band, households = cells.band, cells.moment[cell][0]
    facts = {"low": band.low, "high": band.high, "largest": max(cells.graph.weight[n] for n in cells.nodes[cell]), "available": available}
    if band.holds(households):
        return None
    if facts["largest"] > band.high:
        return Sentence("reason.cut_giant", facts)
    if available < band.low:
        return Sentence("reason.cut_cut_off" if parted else "reason.cut_few", facts)
    return Sentence("reason.cut_packing" if band.fits(available) else "reason.cut_between", facts)
