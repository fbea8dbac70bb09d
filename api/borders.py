"""Borders as they are drawn at a zoom: a whole level simplified at once, so that neighbours never part."""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.grid import Area, Edition, Level
from gridmap.words import Lang

PIXELS = 0.6  # how far a drawn border may lie from the true one
WHOLE = 17  # from this zoom on borders are drawn as they are
KEPT = 24  # levels at zooms held in memory

Box = tuple[float, float, float, float]
Counted = Callable[[Area], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One level of an edition at one zoom: areas, their simplified shapes, a place inside each for its name, and where they lie."""

    areas: tuple[Area, ...]
    shapes: NDArray[np.object_]
    labels: NDArray[np.float64]
    tree: shapely.STRtree

    def features(self, box: Box | None, lang: Lang, counted: Counted = lambda area: False) -> str:
        """The areas that touch `box` (west, south, east, north) as the text of a GeoJSON FeatureCollection.

        Households are told of the areas that are `counted`, null of all others.
        """
        rows = np.arange(len(self.areas)) if box is None else np.sort(self.tree.query(shapely.box(*box)))
        texts = shapely.to_geojson(self.shapes[rows])
        found = (_feature(self.areas[row], text, self.labels[row], lang, counted) for row, text in zip(rows, texts, strict=True))
        return '{"type":"FeatureCollection","features":[' + ",".join(found) + "]}"


class Borders:
    """Drawn levels, the last used ones kept. Editions never change, so that what is kept never goes stale."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Level, int], Drawn] = OrderedDict()
        self._lock = Lock()

    def of(self, edition: Edition, level: Level, zoom: int) -> Drawn:
        key = (edition.digest, level, min(max(zoom, 0), WHOLE))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = draw(edition.at(level), key[2])
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


def draw(areas: tuple[Area, ...], zoom: int) -> Drawn:
    """Simplify together what lies together: a shared border is one line before and after."""
    shapes = np.array([area.shape for area in areas], dtype=object)
    labels = shapely.get_coordinates(shapely.point_on_surface(shapes)).reshape(-1, 2)
    if zoom < WHOLE and len(shapes):
        simple = shapely.coverage_simplify(shapes, PIXELS * degrees_per_pixel(zoom))
        shapes = np.where(shapely.is_empty(simple), shapes, simple)
    rounded = shapely.transform(shapes, lambda xy: xy.round(6)) if len(shapes) else shapes
    return Drawn(areas, rounded, labels, shapely.STRtree(rounded))


def degrees_per_pixel(zoom: int) -> float:
    """How many degrees of longitude a pixel of a Web Mercator map spans."""
    return 360 / (256 * 2.0**zoom)


def _feature(area: Area, geometry: str, label: NDArray[np.float64], lang: Lang, counted: Counted) -> str:
    facts: dict[str, Any] = {
        "code": area.code,
        "level": area.level,
        "name": area.name_in(lang),
        "parent": area.parent,
        "households": area.households if counted(area) else None,
        "label": label.round(6).tolist(),
    }
    told = json.dumps(facts, ensure_ascii=False)
    return f'{{"type":"Feature","id":{json.dumps(area.code)},"geometry":{geometry},"properties":{told}}}'
