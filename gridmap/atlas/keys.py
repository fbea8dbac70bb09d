"""The legend: how each thing that a map shows is drawn. What it does not show is not in it."""

from collections.abc import Iterable, Iterator
from typing import Any

import shapely

from gridmap.atlas import drawing
from gridmap.atlas.choices import Choices
from gridmap.atlas.drawing import line, svg
from gridmap.atlas.drawing import township_of as _township
from gridmap.atlas.subject import Ground
from gridmap.atlas.view import View

_WAVE = shapely.LineString([(0, 2), (7, 2)])
_SURFACE = shapely.box(0.3, 0.5, 6.7, 3.5)


def key_rows(view: View, choices: Choices) -> list[dict[str, Any]]:
    """A sample of 7 × 4 mm and its words for everything on the map."""
    return [{"svg": svg(7, 4, parts), "t": choices.say(f"atlas.key.{name}")} for name, parts in _samples(view)]


def _samples(view: View) -> Iterator[tuple[str, Iterable[str]]]:
    yield (
        "village",
        [
            line([_WAVE], 2.2, drawing.RIBBON, stroke_opacity="0.42"),
            line([_WAVE], 0.5, drawing.VILLAGE_LINE, stroke_dasharray="2.4 0.6 0.5 0.6"),
        ],
    )
    if len({_township(view, plot.village) for plot in view.plots} - {""}) > 1:
        yield "township", [line([_WAVE], 0.7, drawing.TOWNSHIP_LINE, stroke_dasharray="2.6 0.7 0.7 0.7")]
    yield "cell", [line([_WAVE], 0.35, drawing.CELL_LINE)]
    if (~view.own).any():
        yield (
            "around",
            [f'<rect x="0.3" y="0.5" width="6.4" height="3" fill="{drawing.FADED}" stroke="{drawing.FADED_LINE}" stroke-width="0.2"/>'],
        )
    if any(own and plot.worker is None for plot, own in zip(view.plots, view.own, strict=True)):
        yield "vacant", [f'<rect x="0.3" y="0.5" width="6.4" height="3" fill="#FFFFFF" stroke="{drawing.CELL_LINE}" stroke-width="0.3"/>']
    if len(view.ground(Ground.STREET)[1]):
        yield "street", [line([_WAVE], 1.0, drawing.ROAD_EDGE), line([_WAVE], 0.75, drawing.ROAD)]
    if len(view.ground(Ground.WATER)[1]):
        yield (
            "water",
            [f'<rect x="0.3" y="0.5" width="6.4" height="3" fill="{drawing.WATER}" stroke="{drawing.WATER_LINE}" stroke-width="0.2"/>'],
        )
    if len(view.ground(Ground.RAILWAY)[1]):
        yield "railway", [line([_WAVE], 0.8, drawing.RAIL), line([_WAVE], 0.5, "#FFFFFF", stroke_dasharray="1.4 1.4")]
