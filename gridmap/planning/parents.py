"""Outlines of villages and townships as the unions of what lies in them, to the last corner."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import shapely
from shapely import MultiPolygon, Polygon

from gridmap.grid import Area, Level
from gridmap.planning.aside import sew_cells
from gridmap.planning.compare import same_outline
from gridmap.planning.seams import node


def fit_parents(areas: Sequence[Area]) -> tuple[Area, ...]:
    """The same land and the same order: cells carry each other's corners beyond their villages, also where these were cut on different
    days, and each village is the union of its cells, each township of its villages.

    A parent that is not the land of its children stays as it is. Doing it again changes nothing.
    """
    villages = [area for area in areas if area.level is Level.VILLAGE]
    below = _children(areas)
    groups = [_tiling(village, below[village.code]) for village in villages]
    sewn = {cell.code: cell for cell in sew_cells(villages, groups)}
    found = {area.code: _the_same(area, sewn[area.code].shape) if area.code in sewn else area for area in areas}
    found |= _unions(found.values(), Level.VILLAGE)
    lands = [found[village.code] for village in villages]
    # One that has no cells, or too few, has its neighbours' corners all the same.
    found |= {land.code: _the_same(land, shape) for land, shape in zip(lands, node([land.shape for land in lands]), strict=True)}
    found |= _unions(found.values(), Level.TOWNSHIP)
    return tuple(found[area.code] for area in areas)


def _unions(areas: Collection[Area], level: Level) -> dict[str, Area]:
    """Those of this level that are the land of their children, as the unions of these."""
    below = _children(areas)
    parents = (area for area in areas if area.level is level and below[area.code])
    fitted = (_fitted(area, [child.shape for child in below[area.code]]) for area in parents)
    return {area.code: area for area in fitted if area}


def _children(areas: Iterable[Area]) -> defaultdict[str | None, list[Area]]:
    found = defaultdict(list)
    for area in areas:
        found[area.parent].append(area)
    return found


def _tiling(village: Area, cells: list[Area]) -> list[Area]:
    """The village's cells if they tile it, else none: of others sewing would draw the gaps' corners to the village's outline."""
    return cells if cells and _fitted(village, [cell.shape for cell in cells]) is not None else []


def _fitted(parent: Area, children: Sequence[Polygon | MultiPolygon]) -> Area | None:
    """The parent as the union of its children; None where they are not its land."""
    try:
        land = shapely.coverage_union_all(children)
    except shapely.GEOSException:  # they overlap
        return None
    if not land.is_valid or not isinstance(land, Polygon | MultiPolygon) or not same_outline(parent, replace(parent, shape=land)):
        return None
    return _the_same(parent, land)


def _the_same(area: Area, shape: Polygon | MultiPolygon) -> Area:
    """The area with this shape; itself where that is its own already, wherever its rings begin."""
    own = shapely.equals_exact(shapely.normalize(area.shape), shapely.normalize(shape), tolerance=0.0)
    return area if own else replace(area, shape=shape)
