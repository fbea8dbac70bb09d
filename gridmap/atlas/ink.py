"""Drawings as one page of PDF: what the typesetter takes in as it is, in half the time and to half the size of SVG.

Lengths are in millimetres from the top left, y downward; colours are `#RRGGBB`. Operators are those of ISO 32000-2, 8.5. No type here.
"""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Shapes = NDArray[np.object_]
INK = "#1A1A1A"
"""Of type, frames and figures."""
DECIMALS = 2
POINTS = 72 / 25.4
ROUND = 0.5523
"""How far the handles of a quarter circle's curve reach, of its radius."""


def path_of(shapes: Shapes | Sequence[BaseGeometry]) -> str:
    """All rings and lines of the shapes as one path."""
    return "".join(paths_of(shapes))


def paths_of(shapes: Shapes | Sequence[BaseGeometry]) -> list[str]:
    """A path for each shape, of all its rings and lines: WKT with operators for its commas, which takes no time."""
    found = [""] * len(shapes)
    parts, owner = shapely.get_parts(np.asarray(shapes, dtype=object), return_index=True)
    if (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():  # what clipping left as collections
        parts, of = shapely.get_parts(parts, return_index=True)
        owner = owner[of]
    texts = shapely.to_wkt(shapely.orient_polygons(parts), rounding_precision=DECIMALS)  # holes run against their shells
    for at, text in zip(owner.tolist(), texts.tolist(), strict=True):
        found[at] += _path(text)
    return found


def _path(text: str) -> str:
    if text.startswith("POLYGON (("):
        return "".join(map(_ring, text[10:-2].split("), (")))
    return _line(text[12:-1]) + "\n" if text.startswith("LINESTRING (") else ""


def _ring(corners: str) -> str:
    return _line(corners) + " h\n"


def _line(corners: str) -> str:
    return corners.replace(", ", " m ", 1).replace(", ", " l ") + " l"


def box_of(x: float, y: float, w: float, h: float) -> str:
    """A rectangle as a path."""
    return f"{x:.2f} {y:.2f} {w:.2f} {h:.2f} re\n"


def rim_of(x: float, y: float, w: float, h: float, width: float) -> str:
    """The line around a rectangle, to be filled: the typesetter's own viewer draws no stroke finer than a pixel."""
    half = width / 2
    level = (box_of(x - half, at - half, w + width, width) for at in (y, y + h))
    upright = (box_of(at - half, y + half, width, h - width) for at in (x, x + w))
    return "".join((*level, *upright))


@lru_cache(maxsize=256)
def circle_of(x: float, y: float, r: float) -> str:
    """A circle as a path: four curves, true to a thousandth of its radius."""
    k, w, e, n, s = ROUND * r, x - r, x + r, y - r, y + r
    curves = (
        (e, y + k, x + k, s, x, s),
        (x - k, s, w, y + k, w, y),
        (w, y - k, x - k, n, x, n),
        (x + k, n, e, y - k, e, y),
    )
    return f"{e:.2f} {y:.2f} m " + "".join("{:.2f} {:.2f} {:.2f} {:.2f} {:.2f} {:.2f} c ".format(*curve) for curve in curves) + "h\n"


def paint(path: str, *, fill: str = "", line: str = "", width: float = 0.0, opacity: float = 1.0) -> str:
    """A path filled, or lined, or both; nothing of an empty one."""
    if not path:
        return ""
    how = {(True, True): "B", (True, False): "f", (False, True): "S"}[bool(fill), bool(line)]
    looks = (_colour(fill) + " rg " if fill else "") + (f"{_colour(line)} RG {width:.2f} w " if line else "")
    return looks + path + how + "\n" if opacity == 1 else f"q /A{round(100 * opacity)} gs {looks}{path}{how} Q\n"


def along(path: str, width: float, colour: str, *, dash: Sequence[float] = (), round_ends: bool = False, opacity: float = 1.0) -> str:
    """A line along a path."""
    drawn = paint(path, line=colour, width=width, opacity=opacity)
    if not drawn or not (dash or round_ends):
        return drawn
    dashes = f"[{' '.join(f'{length:.2f}' for length in dash)}] 0 d " if dash else ""
    return f"q {'1 J ' if round_ends else ''}{dashes}{drawn}Q\n"


def clipped(path: str, *parts: str) -> str:
    """Parts as far as they lie in a path."""
    return f"q {path}W n\n{''.join(parts)}Q\n" if path else ""


def moved(x: float, y: float, *parts: str, turn: float = 0.0, scale: float = 1.0) -> str:
    """Parts that are drawn about (x, y), turned clockwise by so many degrees, larger or smaller."""
    cos, sin = scale * math.cos(math.radians(turn)), scale * math.sin(math.radians(turn))
    turned = f"{cos:.6f} {sin:.6f} {-sin:.6f} {cos:.6f}" if turn or scale != 1 else "1 0 0 1"
    return f"q {turned} {x:.2f} {y:.2f} cm {''.join(parts)}Q\n"


def hatched(bounds: tuple[float, ...], angle: float, step: float, colour: str, width: float) -> str:
    """Parallel lines over a box (west, north, east, south): one line as broad as the box, of dashes as long as the lines are wide.

    They lie on one raster for the whole sheet, so that neighbouring parts of one fill join.
    """
    west, north, east, south = bounds
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = [(x, y) for x in (west, east) for y in (north, south)]
    reach = [x * sin + y * cos for x, y in corners]
    run = [x * cos - y * sin for x, y in corners]
    first, last, middle = math.floor(min(reach) / step) * step, max(reach), (min(run) + max(run)) / 2
    ends = [f"{at * sin + middle * cos:.3f} {at * cos - middle * sin:.3f}" for at in (first, last)]
    look = f"{_colour(colour)} RG {max(run) - min(run):.2f} w [{width:.3f} {step - width:.3f}] 0 d"
    return f"q {look} {ends[0]} m {ends[1]} l S Q\n"


@cache
def _colour(text: str) -> str:
    """The three parts of a colour, 0 … 1."""
    return " ".join(f"{int(text[at : at + 2], 16) / 255:.4g}" for at in (1, 3, 5))


def drawing(width: float, height: float, parts: Iterable[str]) -> str:
    """A drawing of so many millimetres, as a whole PDF file in ASCII."""
    body = "".join(parts)
    content = f"{POINTS:.7f} 0 0 {-POINTS:.7f} 0 {height * POINTS:.4f} cm 1 j\n{body}"
    shades = "".join(f"/A{shade}<</ca {int(shade) / 100}/CA {int(shade) / 100}>>" for shade in sorted(set(re.findall(r"/A(\d+) gs", body))))
    box = f"0 0 {width * POINTS:.4f} {height * POINTS:.4f}"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Resources<</ExtGState<<{shades}>>>>/Contents 4 0 R>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
    )
    return _file(objects)


def _file(objects: Sequence[str]) -> str:
    """A PDF file of these objects, with the table of where each begins."""
    found, starts = "%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        starts.append(len(found))
        found += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{start:010d} 00000 n \n" for start in starts)
    size = len(objects) + 1
    return f"{found}xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{len(found)}\n%%EOF\n"
