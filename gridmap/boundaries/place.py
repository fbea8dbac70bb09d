"""Where on earth a file's numbers are: its own coordinate system, the one it was given, or advice."""

from pathlib import Path

import numpy as np
import shapely

from gridmap.boundaries.table import Raw, ReadOptions, Shapes
from gridmap.errors import BadInput
from gridmap.geometry.crs import BESIDE_KM, LONLAT, CrsUnknown, LikelyCrs, distance_km, likely_crs, looks_like_degrees, read_crs, to_lonlat
from gridmap.grid import Finding, Severity


class CrsNeeded(BadInput):
    """The numbers cannot be degrees and nothing is known of where the land is; facts: path, x, y."""

    advice: tuple[LikelyCrs, ...] = ()


class CrsLikely(CrsNeeded):
    """The numbers cannot be degrees; facts: path, x, y, advice (text). `advice` holds up to five systems that would fit."""

    def __init__(self, advice: tuple[LikelyCrs, ...], **facts: object) -> None:
        lines = [f"\n  --crs {one.code}  {one.name} ({one.lon:.4f}, {one.lat:.4f})" for one in advice]
        super().__init__(advice="".join(lines), **facts)
        self.advice = advice


class CrsNowhere(CrsNeeded):
    """The numbers cannot be degrees, and no known system puts them beside the known land; facts: path, x, y, lon, lat."""


class CrsUnfit(CrsNeeded):
    """Most of the numbers lie beyond what the coordinate system can hold; facts: path, crs, title."""


class AxesSwapped(CrsNeeded):
    """The numbers are degrees only when read as (lat, lon); facts: path, x, y."""


class PlaceUnreadable(BadInput):
    """A place that is not LON,LAT in degrees; facts: text."""


def read_near(text: str) -> tuple[float, float]:
    """(lon, lat) from `LON,LAT` in degrees, or PlaceUnreadable."""
    try:
        lon, lat = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise PlaceUnreadable(text=text) from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise PlaceUnreadable(text=text)
    return lon, lat


def to_known_place(path: Path, raw: Raw, options: ReadOptions) -> tuple[Shapes, str, tuple[Finding, ...]]:
    """The shapes as (lon, lat), the system that they were in, and notes on what was assumed or converted; CrsNeeded or a child of it."""
    said, notes = _system(raw, options)
    source = read_crs(said)
    if source.is_geographic and not _mostly_degrees(raw.shapes):
        _advise(path, raw.shapes, options.near)
    name = ":".join(source.to_authority() or ()) or source.name  # such as EPSG:4547
    if not source.is_geographic:
        notes = (_note("crs_converted", crs=name, title=source.name),)
    with np.errstate(invalid="ignore"):
        shapes = to_lonlat(raw.shapes, source)
    if len(_finite_bounds(shapes)) * 2 < len(_finite_bounds(raw.shapes)):
        raise CrsUnfit(path=path, crs=name, title=source.name)
    return shapes, name, (*notes, *_far(shapes, options.near))


def _far(shapes: Shapes, near: tuple[float, float] | None) -> tuple[Finding, ...]:
    """A warning where the file's land is nowhere beside the land that is known: a wrong system, or lat before lon."""
    bounds = _finite_bounds(shapes)
    if near is None or not len(bounds):
        return ()
    closest = np.clip(near, bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)).tolist()
    apart = distance_km(near, (closest[0], closest[1])) if abs(closest[1]) <= 90 else np.inf
    if apart <= BESIDE_KM:
        return ()
    return (Finding("far_away", Severity.WARNING, lon=closest[0], lat=closest[1], facts={"km": apart, "lon": near[0], "lat": near[1]}),)


def _system(raw: Raw, options: ReadOptions) -> tuple[str, tuple[Finding, ...]]:
    """What was given, else what the file says, else degrees."""
    if options.crs is not None:
        return options.crs, ()
    if raw.crs is not None:
        try:
            read_crs(raw.crs)
        except CrsUnknown:  # a plan's own axes, say: as good as nothing said
            return LONLAT, (_note("crs_assumed"),)
        return raw.crs, ()
    return LONLAT, (_note("crs_assumed"),)


def _note(code: str, **facts: object) -> Finding:
    return Finding(code, Severity.NOTE, facts=facts)


def _finite_bounds(shapes: Shapes) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        bounds = shapely.bounds(shapes)
    return bounds[np.isfinite(bounds).all(axis=1)]


def _mostly_degrees(shapes: Shapes) -> bool:
    """Whether more than half of the shapes could be in degrees: a few bad rows are told row by row, not as a wrong system."""
    bounds = _finite_bounds(shapes)
    fits = [looks_like_degrees((west, south, east, north)) for west, south, east, north in bounds.tolist()]
    return len(fits) == 0 or sum(fits) * 2 > len(fits)


def _advise(path: Path, shapes: Shapes, near: tuple[float, float] | None) -> None:
    """Refuse the file with advice; or not, where its numbers are degrees that only go round the globe too far (rows tell that)."""
    bounds = _finite_bounds(shapes)
    (west, south), (east, north) = bounds[:, :2].min(axis=0).tolist(), bounds[:, 2:].max(axis=0).tolist()
    facts = {"path": path, "x": f"{west:,.8g} … {east:,.8g}", "y": f"{south:,.8g} … {north:,.8g}"}
    if looks_like_degrees((south, west, north, east)):
        raise AxesSwapped(**facts)
    if looks_like_degrees((west / 2, south, east / 2, north)):
        return
    if near is None:
        raise CrsNeeded(**facts)
    advice = likely_crs((west, south, east, north), near)
    raise CrsLikely(advice, **facts) if advice else CrsNowhere(lon=near[0], lat=near[1], **facts)
