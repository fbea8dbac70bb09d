"""The legend: how each thing that a map shows is drawn. What it does not show is not in it."""

from collections.abc import Iterable, Iterator

from gridmap.atlas import drawing
from gridmap.atlas.choices import Choices
from gridmap.atlas.drawing import township_of as _township
from gridmap.atlas.ink import along, box_of, paint
from gridmap.atlas.subject import Ground
from gridmap.atlas.view import View

_LINE = "0 2 m 7 2 l\n"
_SURFACE = box_of(0.3, 0.5, 6.4, 3)


def key_rows(view: View, choices: Choices) -> list[tuple[str, list[str]]]:
    """A sample of 7 × 4 mm and its words for everything on the map."""
    return [("".join(parts), choices.say(f"atlas.key.{name}")) for name, parts in _samples(view)]


def _samples(view: View) -> Iterator[tuple[str, Iterable[str]]]:
    rim = along(_LINE, 0.5, drawing.VILLAGE_LINE, dash=(2.4, 0.6, 0.5, 0.6))
    yield "village", [along(_LINE, 2.2, drawing.RIBBON, opacity=0.42), rim]
    if len({_township(view, plot.village) for plot in view.plots} - {""}) > 1:
        yield "township", [along(_LINE, 0.7, drawing.TOWNSHIP_LINE, dash=(2.6, 0.7, 0.7, 0.7))]
    yield "cell", [along(_LINE, 0.35, drawing.CELL_LINE)]
    if (~view.own).any():
        yield "around", [paint(_SURFACE, fill=drawing.FADED, line=drawing.FADED_LINE, width=0.2)]
    if any(own and plot.worker is None for plot, own in zip(view.plots, view.own, strict=True)):
        yield "vacant", [paint(_SURFACE, fill="#FFFFFF", line=drawing.CELL_LINE, width=0.3)]
    if len(view.ground(Ground.STREET)[1]):
        yield "street", [along(_LINE, 1.0, drawing.ROAD_EDGE), along(_LINE, 0.75, drawing.ROAD)]
    if len(view.ground(Ground.WATER)[1]):
        yield "water", [paint(_SURFACE, fill=drawing.WATER, line=drawing.WATER_LINE, width=0.2)]
    if len(view.ground(Ground.RAILWAY)[1]):
        yield "railway", [along(_LINE, 0.8, drawing.RAIL), along(_LINE, 0.5, "#FFFFFF", dash=(1.4, 1.4))]
