"""The Folium map: as parts for the command centre's page, and whole for notebooks. Loads nothing from another host.

Folium's own map lists ten files on four hosts, a viewport that forbids zooming, and popups that emit raw HTML. Here Folium makes the
map object and its layers; links, page and nonce are ours, and texts reach the page only as `textContent`.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template

from gridmap.geometry.crs import LONLAT
from gridmap.geometry.shapes import to_geojson
from gridmap.grid import LEVELS, Area, Edition, Level
from gridmap.words import Lang, say

VENDOR = Path(__file__).parent / "vendor"
LEAFLET = "leaflet-1.9.4"
ASSETS = f"/vendor/map/{LEAFLET}"

# How borders are drawn, and from which zoom on: the wider the level, the stronger its line.
BORDERS: dict[Level, dict[str, Any]] = {
    Level.TOWNSHIP: {"min_zoom": 0, "color": "#143F73", "weight": 2.4, "fill_color": "#FFFFFF", "fill_opacity": 0.72},
    Level.VILLAGE: {"min_zoom": 11, "color": "#4A86C5", "weight": 1.3, "fill_color": "#1E66B4", "fill_opacity": 0.0},
    Level.CELL: {"min_zoom": 13, "color": "#8FB3D9", "weight": 0.9, "fill_color": "#1E66B4", "fill_opacity": 0.0},
}


MAP_MACROS = """
        {% macro html(this, kwargs) %}<div class="folium-map" id={{ this.get_name()|tojson }}></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map(
                {{ this.get_name()|tojson }}, {center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }}});
        {% endmacro %}
"""


class ScreenMap(folium.Map):
    """A Leaflet map of ours: no tiles, our own files, a stable name, drawn on a canvas (no WebGL)."""

    default_js = [("leaflet", f"{ASSETS}/leaflet.js")]  # noqa: RUF012 (Folium reads the class attribute)
    default_css = [("leaflet_css", f"{ASSETS}/leaflet.css")]  # noqa: RUF012
    _template = Template(MAP_MACROS)

    def __init__(self, bounds: tuple[float, float, float, float], name: str, **options: Any) -> None:
        west, south, east, north = bounds
        super().__init__([(south + north) / 2, (west + east) / 2], tiles=None, prefer_canvas=True)
        self._id = name
        self.options |= {"zoom_snap": 0.5, "min_zoom": 5, "max_zoom": 19, **options}
        folium.FitBounds([[south, west], [north, east]], padding=(12, 12)).add_to(self)


class BorderLayer(MacroElement):
    """The borders of one level: declared here, loaded by the page for what is in view (`borders` on the map object)."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            ({{ this._parent.get_name() }}.borders ??= []).push({{ this.options|tojavascript }});
        {% endmacro %}""")

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._name, self._id = "BorderLayer", str(level)
        self.options = {"level": str(level), **BORDERS[level]}


@dataclass(frozen=True, slots=True)
class MapParts:
    """The map in pieces for a page of ours: links for the head, the element, the script (needs the page's nonce), its map variable."""

    head: str
    body: str
    script: str
    variable: str


def command_map(bounds: tuple[float, float, float, float]) -> MapParts:
    """The command centre's map over (west, south, east, north) in degrees. The same bounds give the same text."""
    screen = ScreenMap(bounds, "command", zoom_control=False, wheel_px_per_zoom_level=90)
    for level in LEVELS:
        BorderLayer(level).add_to(screen)
    return _parts(screen)


def plan_map(bounds: tuple[float, float, float, float]) -> MapParts:
    """The map of a planner's page over (west, south, east, north) in degrees, which draws everything upon it itself."""
    return _parts(ScreenMap(bounds, "plan", zoom_control=False, wheel_px_per_zoom_level=90, max_zoom=21))


def _parts(screen: ScreenMap) -> MapParts:
    root: Any = screen.get_root()
    root.render()
    links = "".join(child.render() for name, child in root.header._children.items() if name.startswith("leaflet"))
    return MapParts(links, root.html.render(), root.script.render(), screen.get_name())


class PaperMap(ScreenMap):
    """The same map with Leaflet written into the page: one piece that works in a notebook or as a file, without any host."""

    default_js = []  # noqa: RUF012 (Folium reads the class attribute)
    default_css = []  # noqa: RUF012
    _template = Template(
        MAP_MACROS
        + """
        {% macro header(this, kwargs) %}<style>{{ this.leaflet_css }}</style><script>{{ this.leaflet_js }}</script>
            <style>html,body{height:100%;margin:0}.folium-map{height:100%;background:#F4F8FC}</style>{% endmacro %}"""
    )

    @property
    def leaflet_css(self) -> str:
        return _leaflet()[0]

    @property
    def leaflet_js(self) -> str:
        return _leaflet()[1]


class AreaLayer(Layer):
    """Areas drawn from data in the page, with a line of text on hover that is never read as HTML."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.geoJSON({{ this.data|tojavascript }}, {
                style: {{ this.style|tojavascript }},
                onEachFeature: (feature, layer) => {
                    const line = document.createElement("span");
                    line.textContent = feature.properties.label;
                    layer.bindTooltip(line, {sticky: true});
                },
            });
        {% endmacro %}""")

    def __init__(self, name: str, features: list[dict[str, Any]], style: dict[str, Any]) -> None:
        super().__init__(name=html.escape(name), overlay=True)
        self._name = "AreaLayer"
        # As parsed JSON text: Folium's own writer would turn property names into camel case.
        self.data = folium.JsCode("JSON.parse(" + _script_text(json.dumps({"type": "FeatureCollection", "features": features})) + ")")
        self.style = style


def explore(areas: Any, *, name: str = "name", height: int = 480, lang: Lang = "en") -> folium.Map:
    """A map of an edition, of areas, or of a GeoDataFrame (any CRS), for a notebook; `.save(path)` writes one file that needs no host.

    `name` is the column that a frame's hover text is taken from. An edition has a layer for each level, to switch on and off.
    """
    layers = _frame_layers(areas, name) if hasattr(areas, "to_crs") else _area_layers(areas, lang)
    shapes = [shapely.geometry.shape(feature["geometry"]) for _, features, _ in layers for feature in features]
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    paper = PaperMap((west, south, east, north), "explore")
    figure: Any = paper.get_root()
    figure.height = f"{height}px"
    for title, features, style in layers:
        AreaLayer(title, features, style).add_to(paper)
    if len(layers) > 1:
        folium.LayerControl(collapsed=False).add_to(paper)
    return paper


Layers = list[tuple[str, list[dict[str, Any]], dict[str, Any]]]


def _area_layers(areas: Edition | Iterable[Area], lang: Lang) -> Layers:
    every = areas.areas if isinstance(areas, Edition) else tuple(areas)
    found: Layers = []
    for level in LEVELS:
        features = [_feature(to_geojson(_rounded(a.shape)), f"{a.name_in(lang)} · {a.code}") for a in every if a.level == level]
        if features:
            found.append((say(f"level.{level}", lang), features, {k: v for k, v in BORDERS[level].items() if k != "min_zoom"}))
    return found


def _frame_layers(frame: Any, name: str) -> Layers:
    shapes = frame.to_crs(LONLAT) if frame.crs else frame
    labels = shapes[name] if name in shapes.columns else shapes.index
    features = [_feature(to_geojson(_rounded(shape)), str(label)) for shape, label in zip(shapes.geometry, labels, strict=True) if shape]
    return [("", features, {"color": "#1E66B4", "weight": 1.5, "fill_color": "#1E66B4", "fill_opacity": 0.08})]


def _feature(geometry: dict[str, Any], label: str) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"label": label}}


def _rounded(shape: Any) -> Any:
    """Six decimals of a degree, a tenth of a metre: enough to look at, half the text."""
    return shapely.transform(shape, lambda xy: xy.round(6))


def _script_text(text: str) -> str:
    """A JavaScript string of the text that cannot end the script it stands in.

    Nor can it open a Jinja expression: branca reads what a layer rendered as a template again, so that an area called {{…}} would run here.
    """
    told = json.dumps(text)
    for letter in "<>&{":
        told = told.replace(letter, f"\\u{ord(letter):04x}")
    return told


@cache
def _leaflet() -> tuple[str, str]:
    """Leaflet's style sheet with its pictures inside, and its script."""
    folder = VENDOR / LEAFLET

    def picture(found: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{base64.b64encode((folder / found[1]).read_bytes()).decode()})"

    css = re.sub(r"url\((images/[\w.-]+)\)", picture, (folder / "leaflet.css").read_text())
    return css, re.sub(r"//# sourceMappingURL=.*", "", (folder / "leaflet.js").read_text())
