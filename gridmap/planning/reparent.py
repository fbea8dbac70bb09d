"""An area goes to another parent beside it: a cell to a village of its township, a village to a township. Outlines follow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import dist
from typing import cast

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.errors import BadInput, Conflict
from gridmap.grid import Area, Level
from gridmap.planning.border_line import NothingMoves
from gridmap.planning.borders import Floats
from gridmap.planning.compare import same_outline
from gridmap.planning.cutting import CutTooMany, code_and_names
from gridmap.planning.moves import Moved
from gridmap.planning.tiling import NEAR, Corner, Edge, corners_of, edges_of, place_of, with_corners


class ParentUnfit(BadInput):
    """An area goes to one of the level just above, a cell within its township; facts: area, to."""


class ParentApart(Conflict):
    """An area does not border on the land to which it is to go; facts: area, to, lon, lat."""


class ParentParted(Conflict):
    """What an area leaves would fall into more parts than it has; facts: area, parent, lon, lat."""


class ParentEmptied(Conflict):
    """A parent would lose the last of its areas; facts: area, parent, lon, lat."""


class ParentUneven(Conflict):
    """The areas of a parent, with one beside it, do not share their corners or do not fill its outline; facts: parent, lon, lat."""


@dataclass(frozen=True, slots=True)
class Reparent:
    """An area (by code) goes to another parent: a cell to another village of the same township, a village to another township."""

    area: str
    to: str


@dataclass(frozen=True, slots=True, eq=False)
class Handing:
    """Who gives what to whom: the area; its parent and that one's other children (`left`); the parent to be and its children (`theirs`);
    other areas of the parents' level that touch either (`around`), which only get corners; codes that no cell may be given."""

    area: Area
    giver: Area
    taker: Area
    left: tuple[Area, ...]
    theirs: tuple[Area, ...]
    around: tuple[Area, ...]
    taken: frozenset[str] = frozenset()


def check_fits(area: Area, giver: Area, taker: Area) -> None:
    """ParentUnfit; NothingMoves where it is there already."""
    beside = area.level is Level.VILLAGE or giver.parent == taker.parent
    if taker.level is not area.level.above or not beside:
        raise ParentUnfit(area=area.code, to=taker.code)
    if giver.code == taker.code:
        raise NothingMoves


def give(handing: Handing) -> tuple[Moved, str]:
    """What changes when the area goes over, and the code that it has then.

    Both parents' outlines become the unions of what they have; no coordinate changes. A cell whose code begins with its village's is
    numbered anew under the other one (the first code there that nobody ever had); a village keeps its code, which others gave it.
    ParentUnfit, NothingMoves, ParentEmptied, ParentUneven, ParentApart, ParentParted, CutTooMany.
    """
    area, giver, taker = handing.area, handing.giver, handing.taker
    check_fits(area, giver, taker)
    if not handing.left:
        lon, lat = place_of(area.shape)
        raise ParentEmptied(area=area.code, parent=giver.code, lon=lon, lat=lat)
    _check_made_of(giver, (area, *handing.left))
    _check_made_of(taker, handing.theirs)
    area, theirs = _noded(area, handing.theirs)
    _check_whole(taker, (area, *theirs))
    larger, smaller = (_join(each) for each in ((area, *theirs), handing.left))
    lon, lat = place_of(area.shape)
    if _parts(larger) > _parts(taker.shape):
        raise ParentApart(area=area.code, to=taker.code, lon=lon, lat=lat)
    if _parts(smaller) > _parts(giver.shape):
        lon, lat = place_of(min(shapely.get_parts(smaller).tolist(), key=lambda part: part.area))
        raise ParentParted(area=area.code, parent=giver.code, lon=lon, lat=lat)
    there = _renamed(handing, area)
    changed: dict[str, Area | None] = {
        **{new.code: new for new, old in zip(theirs, handing.theirs, strict=True) if new is not old},
        area.code: None,
        there.code: there,
        giver.code: replace(giver, shape=smaller, households=_plus(giver.households, area.households, -1)),
        taker.code: replace(taker, shape=larger, households=_plus(taker.households, area.households, 1)),
    }
    for other in handing.around:
        shape = _carrying(other.shape, (smaller, larger))
        if shape is not other.shape:
            changed[other.code] = replace(other, shape=shape)
    return Moved(changed, 0), there.code


def _check_made_of(parent: Area, children: Sequence[Area]) -> None:
    """ParentUneven where the children are not exactly the parent's land."""
    if not children:
        lon, lat = place_of(parent.shape)
        raise ParentUneven(parent=parent.code, lon=lon, lat=lat)
    _check_whole(parent, children)
    land = _join(children)
    if not same_outline(parent, replace(parent, shape=land)):
        apart = shapely.symmetric_difference(parent.shape, land)
        lon, lat = place_of(apart if not apart.is_empty else parent.shape)
        raise ParentUneven(parent=parent.code, lon=lon, lat=lat)


def _check_whole(parent: Area, children: Iterable[Area]) -> None:
    shapes = np.array([child.shape for child in children], dtype=object)
    wrong = [*shapes[~shapely.is_valid(shapes)]]
    if not wrong:
        wrong = [line for line in shapely.coverage_invalid_edges(shapes, gap_width=NEAR) if not line.is_empty]
    if wrong:
        lon, lat = place_of(wrong[0])
        raise ParentUneven(parent=parent.code, lon=lon, lat=lat)


def _join(areas: Iterable[Area]) -> Polygon | MultiPolygon:
    return shapely.coverage_union_all([area.shape for area in areas])


def _parts(shape: BaseGeometry) -> int:
    return int(shapely.get_num_geometries(shape))


def _plus(of: int | None, more: int | None, sign: int) -> int | None:
    return None if of is None or more is None else of + sign * more


def _noded(area: Area, theirs: Sequence[Area]) -> tuple[Area, tuple[Area, ...]]:
    """The same, carrying each other's corners upon their common border: villages that were cut on different days do not."""
    near = [one for one in theirs if shapely.dwithin(one.shape, area.shape, NEAR)]
    if not near:
        return area, tuple(theirs)
    meant = _meant(area.shape, [one.shape for one in near])
    snapped = {one.code: _snapped(one.shape, meant) for one in near}
    shape = _carrying(area.shape, list(snapped.values()))
    noded = {code: _carrying(each, [shape]) for code, each in snapped.items()}
    changed = {one.code: replace(one, shape=noded[one.code]) for one in near if noded[one.code] is not one.shape}
    return (area if shape is area.shape else replace(area, shape=shape)), tuple(changed.get(one.code, one) for one in theirs)


def _meant(shape: BaseGeometry, others: Sequence[BaseGeometry]) -> dict[Corner, Corner]:
    """The corners of others that are a corner of this shape, but for the last digits in which two files differ."""
    own = shapely.get_coordinates(shape)
    tree = shapely.STRtree(shapely.points(own))
    found = np.unique(np.concatenate([shapely.get_coordinates(each) for each in others]), axis=0)
    at, mine = tree.query_nearest(shapely.points(found), max_distance=NEAR, all_matches=False)
    pairs = zip(map(tuple, found[at].tolist()), map(tuple, own[mine].tolist()), strict=True)
    return {theirs: ours for theirs, ours in pairs if theirs != ours}


def _snapped(shape: Polygon | MultiPolygon, meant: Mapping[Corner, Corner]) -> Polygon | MultiPolygon:
    corners = corners_of(shape)
    if meant.keys().isdisjoint(corners):
        return shape
    moved = shapely.set_coordinates(shapely.from_wkb(shapely.to_wkb(shape)), [meant.get(corner, corner) for corner in corners])
    return cast("Polygon | MultiPolygon", moved)


def _renamed(handing: Handing, area: Area) -> Area:
    giver, taker = handing.giver, handing.taker
    if area.level is not Level.CELL or not area.code.startswith(giver.code):
        return replace(area, parent=taker.code)
    taken = {*handing.taken, *(cell.code for cell in handing.theirs)}
    found = next((each for each in code_and_names(taker.code) if each[0] not in taken), None)
    if found is None:
        raise CutTooMany(village=taker.code, cells=len(handing.theirs) + 1, free=0)
    code, name, name_en = found
    given = {old: (zh, en) for old, zh, en in code_and_names(giver.code)}.get(area.code)
    if given != (area.name, area.name_en):  # somebody named it
        name, name_en = area.name, area.name_en
    return replace(area, code=code, name=name, name_en=name_en, parent=taker.code)


def _carrying(shape: Polygon | MultiPolygon, beside: Iterable[BaseGeometry]) -> Polygon | MultiPolygon:
    """The shape with those corners of its neighbours that lie upon its edges; itself where it has them all."""
    parts = shapely.get_parts(shape).tolist()
    corners = np.unique(np.concatenate([shapely.get_coordinates(each) for each in beside]), axis=0)
    carried = [_set_upon(part, corners) for part in parts]
    if all(new is old for new, old in zip(carried, parts, strict=True)):
        return shape
    return carried[0] if len(carried) == 1 else MultiPolygon(carried)


def _set_upon(part: Polygon, corners: Floats) -> Polygon:
    own = set(corners_of(part))
    near = corners[shapely.dwithin(shapely.points(corners), part.boundary, NEAR)]
    edges = list(edges_of(part))
    bits = shapely.linestrings(np.array(edges))
    extra: dict[Edge, list[Corner]] = {}
    for x, y in near.tolist():
        if (x, y) not in own:
            extra.setdefault(edges[int(np.argmin(shapely.distance(bits, Point(x, y))))], []).append((x, y))
    along = {edge: sorted(found, key=partial(dist, edge[0])) for edge, found in extra.items()}
    return with_corners(part, along)
