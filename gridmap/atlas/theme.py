"""What one map sheet is about, and what all sheets of an atlas are made with."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from gridmap.atlas.choices import Choices
from gridmap.atlas.colours import Look, look_of
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.paper import Window
from gridmap.atlas.subject import Place, Plot
from gridmap.atlas.view import Plane


@dataclass(frozen=True, slots=True)
class MapOf:
    """What one map sheet is about: the plots in the foreground, titles in each language, and what stands around them."""

    of: str
    plots: tuple[Plot, ...]
    title: list[str]
    subtitle: str
    place: Place | None = None
    beyond: tuple[tuple[str, str], ...] = ()
    """Side (n, e, s, w) and what goes on there."""
    sheets: Mapping[str, str] | None = None
    """The number of the first sheet of other villages in this atlas, by code."""
    tiles: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()
    """Sheets to draw as rectangles on an overview: number, and bounds in metres."""
    named: bool = False
    """Whether its own villages are named on the map."""
    bare: bool = False
    """Whether its own cells stay without labels: an overview."""
    by_village: bool = False
    """Whether cells are filled by village, not by worker."""

    def holder(self, plot: Plot) -> str | None:
        """By whom a plot is filled."""
        return plot.village if self.by_village else holder_of(plot)


@dataclass(frozen=True, slots=True)
class Set:
    """What a map sheet is made with."""

    plane: Plane
    choices: Choices
    fonts: Fonts
    looks: Mapping[Hashable, Look]


def holder_of(plot: Plot) -> str | None:
    """Who stands at a plot, by id."""
    return plot.worker.id if plot.worker else None


def looks_of(plane: Plane) -> dict[Hashable, Look]:
    """A look for every worker of what may be printed, the same on all of its sheets."""
    return look_of(plane.shapes, [holder_of(plot) for plot in plane.plots])


def tile_boxes(what: MapOf, window: Window) -> list[tuple[float, float, float, float]]:
    """Where the sheets of an overview lie on it: x, y, width and height in millimetres."""
    scale = window.mm_per_m
    return [((w - window.west) * scale, (window.north - n) * scale, (e - w) * scale, (n - s) * scale) for _, (w, s, e, n) in what.tiles]
