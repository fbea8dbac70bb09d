"""The body of a map and its frame: fills, hatches, lines. No type: that is the typesetter's, which embeds and checks it."""

from collections.abc import Iterable, Mapping, Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.board import Board
from gridmap.atlas.colours import NOBODY, Look
from gridmap.atlas.ink import INK, along, box_of, circle_of, clipped, hatched, moved, paint, path_of, paths_of, rim_of
from gridmap.atlas.labels import LEADING, POINT, Callout, Label
from gridmap.atlas.paper import Layout
from gridmap.atlas.subject import Ground
from gridmap.atlas.view import View

OUTSIDE, FADED, FADED_LINE = "#FBFBF9", "#F1F0EC", "#BDBBB4"
CELL_LINE, SOFT_LINE, VILLAGE_LINE, RIBBON = "#3C3C3C", "#8A8780", "#8E2F5B", "#D88FB0"
TOWNSHIP_LINE = "#3B3355"
WATER, WATER_LINE = "#BCDDF0", "#6BA8CE"
ROAD, ROAD_EDGE = "#FFFFFF", "#A8A49A"
RAIL = "#4A4A4A"
HATCH_WIDTH = 0.14

Fills = Mapping[Look | None, Sequence[int]]
Rects = Sequence[tuple[float, float, float, float]]


def map_body(view: View, fills: Fills, placed: Board, factor: float, rects: Rects = (), *, bare: bool = False) -> str:
    """The whole drawing of a window, from its own corner; plates keep what is under type from showing through it.

    `fills` are the rows of the view's own plots by how they look; `rects` (x, y, w, h) the other sheets on an overview,
    whose cells are `bare`, without type.
    """
    others, width, height = view.shapes[~view.own], view.window.width_mm, view.window.height_mm
    rows = [row for each in fills.values() for row in each]
    paths = dict(zip(rows, paths_of(view.shapes[rows]), strict=True))
    own = "".join(paths.values())
    parts = (
        paint(box_of(0, 0, width, height), fill=OUTSIDE),
        paint(path_of(others), fill=FADED, line=FADED_LINE, width=0.15 * factor),
        *(fill("".join(paths[row] for row in each), look, width, height) for look, each in fills.items()),
        *_ground(view, factor),
        along(own, 0.14 * factor, SOFT_LINE) if bare else along(own, 0.3 * factor, CELL_LINE),
        *_outlines(view, factor),
        along("".join(box_of(*rect) for rect in rects), 0.5 * factor, VILLAGE_LINE),
        *_plates(placed.labels),
        *_circles(placed.callouts, factor),
    )
    return clipped(box_of(0, 0, width, height), *parts)


def fill(path: str, look: Look | None, width: float, height: float) -> str:
    """A path on a sheet of this size in a tint with its hatch, clipped to it; white for nobody's."""
    if look is None or not look.hatch.step:
        return paint(path, fill=look.tint if look else NOBODY)
    hatch = hatched((0, 0, width, height), look.hatch.angle, look.hatch.step, look.ink, HATCH_WIDTH)
    return clipped(path, paint(box_of(0, 0, width, height), fill=look.tint), hatch)


def frame(layout: Layout) -> str:
    """The outer line, the band with marks between the letters of the grid, the inner line."""
    outer, inner, f = layout.frame, layout.map, layout.factor
    columns, rows = layout.grid
    ups = [inner.x + inner.w * nth / columns for nth in range(1, columns)]
    levels = [inner.y + inner.h * nth / rows for nth in range(1, rows)]
    half = 0.075 * f
    marks = [box_of(x - half, top, 2 * half, layout.band) for x in ups for top in (outer.y, inner.bottom)]
    marks += [box_of(left, y - half, layout.band, 2 * half) for y in levels for left in (outer.x, inner.right)]
    lines = rim_of(outer.x, outer.y, outer.w, outer.h, 0.5 * f) + rim_of(inner.x, inner.y, inner.w, inner.h, 0.18 * f)
    return paint(lines + "".join(marks), fill=INK)


def _ground(view: View, factor: float) -> Iterable[str]:
    _, water = view.ground(Ground.WATER)
    surfaces = shapely.get_dimensions(water) == 2
    yield paint(path_of(water[surfaces]), fill=WATER, line=WATER_LINE, width=0.12 * factor, opacity=0.92)
    yield along(path_of(water[~surfaces]), 0.7 * factor, WATER_LINE, round_ends=True)
    streets = path_of(view.ground(Ground.STREET)[1])
    wide = street_width(view.window.scale) * factor
    yield along(streets, wide + 0.16, ROAD_EDGE, round_ends=True)
    yield along(streets, wide, ROAD, round_ends=True)
    rails = path_of(view.ground(Ground.RAILWAY)[1])
    yield along(rails, 0.75 * factor, RAIL)
    yield along(rails, 0.45 * factor, "#FFFFFF", dash=(2.2 * factor, 2.2 * factor))
    yield along(path_of(view.ground(Ground.BARRIER)[1]), 0.5 * factor, "#7A6A58", dash=(0.9 * factor, 0.5 * factor))


def street_width(scale: int) -> float:
    """Of a street on an A3, in millimetres: as it is where that is seen, a fine line on small scales."""
    return min(1.1, max(0.22, 6000 / scale))


def _outlines(view: View, factor: float) -> Iterable[str]:
    if not view.own.any():
        return
    villages, mine = view.villages, view.own_villages
    own = _once([shape for code, shape in villages.items() if code in mine])
    around = shapely.difference(_once([shape for code, shape in villages.items() if code not in mine]), own)
    yield along(path_of([shapely.line_merge(around)]), 0.35 * factor, "#9A978E", dash=(2.4 * factor, 0.8 * factor))
    rims = path_of([own])
    yield along(rims, 2.2 * factor, RIBBON, opacity=0.42)
    yield along(rims, 0.55 * factor, VILLAGE_LINE, dash=(3.6 * factor, 0.9 * factor, 0.7 * factor, 0.9 * factor))
    towns = [township_of(view, plot.village) for plot in view.plots]
    if len(set(towns) - {""}) > 1:
        yield along(
            path_of([_once(list(view.outlines(towns).values()))]),
            0.8 * factor,
            TOWNSHIP_LINE,
            dash=(6 * factor, 1.2 * factor, 1.2 * factor, 1.2 * factor),
        )


def _once(outlines: Sequence[BaseGeometry]) -> BaseGeometry:
    """Borders as lines, those that two share once: two dashed strokes upon each other fill each other's gaps."""
    return shapely.line_merge(shapely.union_all(shapely.boundary(outlines)))


def township_of(view: View, village: str) -> str:
    """The code of a village's township, "" where none is known."""
    found = view.plane.subject.village_of.get(village)
    return found.parent if found else ""


def _plates(labels: Iterable[Label]) -> Iterable[str]:
    """A light ground under each line of type, of one colour at a time."""
    level: dict[str, list[str]] = {}
    for label in labels:
        if label.plate:
            path = "".join(_plate(label))
            if label.turn:
                yield moved(label.x, label.y, paint(path, fill=label.plate, opacity=0.9), turn=label.turn)
            else:
                level.setdefault(label.plate, []).append(path)
    yield from (paint("".join(paths), fill=colour, opacity=0.9) for colour, paths in level.items())


def _plate(label: Label) -> Iterable[str]:
    """What each line of a label covers; of a turned one about its middle."""
    x, y = (0.0, 0.0) if label.turn else (label.x, label.y)
    top = y - sum(each.size for each in label.lines) * LEADING * POINT / 2
    for each, wide in zip(label.lines, label.widths, strict=True):
        high = each.size * LEADING * POINT
        yield box_of(x - wide / 2 - 0.5, top, wide + 1, high)
        top += high


def _circles(callouts: Sequence[Callout], factor: float) -> Iterable[str]:
    leaders = [(each, *each.leader) for each in callouts if each.leader]
    yield along("".join(f"{each.x:.2f} {each.y:.2f} m {x:.2f} {y:.2f} l\n" for each, x, y in leaders), 0.15 * factor, INK)
    yield paint("".join(circle_of(x, y, 0.35 * factor) for _, x, y in leaders), fill=INK)
    for each in callouts:
        circle = paint(circle_of(0, 0, round(each.r, 2)), fill="#FFFFFF", line=INK, width=0.18 * factor)
        yield moved(each.x, each.y, circle)
