"""The body of a map as SVG: fills, hatches, lines. No type: that is the typesetter's, which embeds and checks it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.board import Board
from gridmap.atlas.colours import NOBODY, Hatch, Look
from gridmap.atlas.labels import LEADING, POINT, Callout, Label
from gridmap.atlas.subject import Ground
from gridmap.atlas.view import View

Shapes = NDArray[np.object_]
DECIMALS = 2
OUTSIDE, FADED, FADED_LINE = "#FBFBF9", "#F1F0EC", "#BDBBB4"
CELL_LINE, SOFT_LINE, VILLAGE_LINE, RIBBON = "#3C3C3C", "#8A8780", "#8E2F5B", "#D88FB0"
TOWNSHIP_LINE = "#3B3355"
WATER, WATER_LINE = "#BCDDF0", "#6BA8CE"
ROAD, ROAD_EDGE = "#FFFFFF", "#A8A49A"
RAIL = "#4A4A4A"


def svg(width: float, height: float, parts: Iterable[str]) -> str:
    """A drawing of so many millimetres."""
    size = f'width="{width:.3f}mm" height="{height:.3f}mm" viewBox="0 0 {width:.3f} {height:.3f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def path_of(shapes: Shapes | Sequence[BaseGeometry]) -> str:
    """All rings and lines of the shapes as one path: WKT with letters for its brackets, which takes no time."""
    parts = shapely.get_parts(np.asarray(shapes, dtype=object))
    parts = shapely.get_parts(parts)  # what clipping left as collections
    texts = shapely.to_wkt(parts[~shapely.is_empty(parts)], rounding_precision=DECIMALS)
    return "".join(map(_path, texts))


def _path(text: str) -> str:
    if text.startswith("POLYGON"):
        return text[9:-1].replace("), (", "ZM").replace("(", "M").replace(")", "Z").replace(", ", "L")
    return text[11:].replace("(", "M").replace(")", "").replace(", ", "L") if text.startswith("LINESTRING") else ""


def _draw(path: str, **look: object) -> str:
    if not path:
        return ""
    return f'<path d="{path}" ' + " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in look.items()) + "/>"


def line(shapes: Shapes | Sequence[BaseGeometry], width: float, colour: str, **more: object) -> str:
    """Lines of this width in millimetres."""
    return _draw(path_of(shapes), fill="none", stroke=colour, stroke_width=f"{width:.2f}", stroke_linejoin="round", **more)


Fills = Mapping[Look | None, Sequence[int]]
Rects = Sequence[tuple[float, float, float, float]]


def map_body(view: View, fills: Fills, placed: Board, factor: float, rects: Rects = (), *, bare: bool = False) -> str:
    """The whole drawing of a window; plates keep what is under type from showing through it.

    `fills` are the rows of the view's own plots by how they look; `rects` (x, y, w, h) the other sheets on an overview,
    whose cells are `bare`, without type.
    """
    own, others = view.shapes[view.own], view.shapes[~view.own]
    width, height = view.window.width_mm, view.window.height_mm
    parts = [
        f'<rect width="{width:.2f}" height="{height:.2f}" fill="{OUTSIDE}"/>',
        _draw(path_of(others), fill=FADED, stroke=FADED_LINE, stroke_width=f"{0.15 * factor:.2f}"),
        *(part for nth, (look, rows) in enumerate(fills.items()) for part in fill(view.shapes[list(rows)], look, f"h{nth}")),
        *_ground(view, factor),
        line(own, 0.14 * factor, SOFT_LINE) if bare else line(own, 0.3 * factor, CELL_LINE),
        *_outlines(view, factor),
        *(_rect(rect, factor) for rect in rects),
        *(plate for label in placed.labels for plate in _plates(label)),
        *(_circle(each, factor) for each in placed.callouts),
    ]
    return svg(width, height, parts)


def _rect(rect: tuple[float, float, float, float], factor: float) -> str:
    x, y, w, h = rect
    edge = f'fill="none" stroke="{VILLAGE_LINE}" stroke-width="{0.5 * factor:.2f}"'
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" {edge}/>'


def fill(shapes: Shapes, look: Look | None, id: str) -> Iterable[str]:
    """Shapes in a tint with its hatch, clipped to them; white for nobody's."""
    path = path_of(shapes)
    yield _draw(path, fill=look.tint if look else NOBODY)
    if look and look.hatch.step and path:
        bounds = tuple(shapely.total_bounds(shapes).tolist())
        yield f'<clipPath id="{id}"><path d="{path}"/></clipPath>'
        yield _draw(hatch_lines(bounds, look.hatch), fill="none", stroke=look.ink, stroke_width="0.14", clip_path=f"url(#{id})")


def hatch_lines(bounds: tuple[float, ...], hatch: Hatch) -> str:
    """Parallel lines over a box. They lie on one raster for the whole sheet, so that neighbouring parts of one fill join."""
    west, north, east, south = bounds
    angle = math.radians(hatch.angle)
    along, across = (math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))
    corners = [(x, y) for x in (west, east) for y in (north, south)]
    reach = [x * across[0] + y * across[1] for x, y in corners]
    run = [x * along[0] + y * along[1] for x, y in corners]
    first, last = math.floor(min(reach) / hatch.step), math.ceil(max(reach) / hatch.step)
    found = []
    for nth in range(first, last + 1):
        away = nth * hatch.step
        ends = [(away * across[0] + at * along[0], away * across[1] + at * along[1]) for at in (min(run), max(run))]
        found.append(f"M{ends[0][0]:.2f} {ends[0][1]:.2f}L{ends[1][0]:.2f} {ends[1][1]:.2f}")
    return "".join(found)


def _ground(view: View, factor: float) -> Iterable[str]:
    _, water = view.ground(Ground.WATER)
    surfaces = shapely.get_dimensions(water) == 2
    yield _draw(path_of(water[surfaces]), fill=WATER, stroke=WATER_LINE, stroke_width=f"{0.12 * factor:.2f}", fill_opacity="0.92")
    yield line(water[~surfaces], 0.7 * factor, WATER_LINE, stroke_linecap="round")
    _, streets = view.ground(Ground.STREET)
    wide = street_width(view.window.scale) * factor
    yield line(streets, wide + 0.16, ROAD_EDGE, stroke_linecap="round")
    yield line(streets, wide, ROAD, stroke_linecap="round")
    _, rails = view.ground(Ground.RAILWAY)
    yield line(rails, 0.75 * factor, RAIL)
    yield line(rails, 0.45 * factor, "#FFFFFF", stroke_dasharray=f"{2.2 * factor:.2f} {2.2 * factor:.2f}")
    _, barriers = view.ground(Ground.BARRIER)
    yield line(barriers, 0.5 * factor, "#7A6A58", stroke_dasharray=f"{0.9 * factor:.2f} {0.5 * factor:.2f}")


def street_width(scale: int) -> float:
    """Of a street on an A3, in millimetres: as it is where that is seen, a fine line on small scales."""
    return min(1.1, max(0.22, 6000 / scale))


def _outlines(view: View, factor: float) -> Iterable[str]:
    if not view.own.any():
        return
    villages, mine = view.villages, view.own_villages
    yield line(
        [shape for code, shape in villages.items() if code not in mine],
        0.35 * factor,
        "#9A978E",
        stroke_dasharray=f"{2.4 * factor:.2f} {0.8 * factor:.2f}",
    )
    rims = [shape for code, shape in villages.items() if code in mine]
    yield line(rims, 2.2 * factor, RIBBON, stroke_opacity="0.42")
    yield line(
        rims, 0.55 * factor, VILLAGE_LINE, stroke_dasharray=f"{3.6 * factor:.2f} {0.9 * factor:.2f} {0.7 * factor:.2f} {0.9 * factor:.2f}"
    )
    towns = view.outlines([township_of(view, plot.village) for plot in view.plots])
    if len(towns) > 1:
        yield line(
            list(towns.values()),
            0.8 * factor,
            TOWNSHIP_LINE,
            stroke_dasharray=f"{6 * factor:.2f} {1.2 * factor:.2f} {1.2 * factor:.2f} {1.2 * factor:.2f}",
        )


def township_of(view: View, village: str) -> str:
    """The code of a village's township, "" where none is known."""
    found = view.plane.subject.village_of.get(village)
    return found.parent if found else ""


def _plates(label: Label) -> Iterable[str]:
    """A light ground under each line of type."""
    turn = f' transform="rotate({label.turn} {label.x:.2f} {label.y:.2f})"' if label.turn else ""
    if not label.plate:
        return
    top = label.y - sum(each.size for each in label.lines) * LEADING * POINT / 2
    for each, wide in zip(label.lines, label.widths, strict=True):
        high = each.size * LEADING * POINT
        yield (
            f'<rect x="{label.x - wide / 2 - 0.5:.2f}" y="{top:.2f}" width="{wide + 1:.2f}" height="{high:.2f}" rx="0.6"'
            f' fill="{escape(label.plate)}" fill-opacity="0.9"{turn}/>'
        )
        top += high


def _circle(each: Callout, factor: float) -> str:
    circle = (
        f'<circle cx="{each.x:.2f}" cy="{each.y:.2f}" r="{each.r:.2f}" fill="#FFFFFF" stroke="#1A1A1A" stroke-width="{0.18 * factor:.2f}"/>'
    )
    if each.leader is None:
        return circle
    x, y = each.leader
    lead = f'<path d="M{each.x:.2f} {each.y:.2f}L{x:.2f} {y:.2f}" stroke="#1A1A1A" stroke-width="{0.15 * factor:.2f}"/>'
    return f'{lead}<circle cx="{x:.2f}" cy="{y:.2f}" r="{0.35 * factor:.2f}" fill="#1A1A1A"/>{circle}'
