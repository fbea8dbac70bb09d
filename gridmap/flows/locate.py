"""The points of reports in the county's land: converted, matched in one sweep, and every doubt said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gridmap.geometry.datums import Datum, read_datum, to_wgs84
from gridmap.geometry.metres import Metres
from gridmap.grid import LEVELS, Edition, How, Match
from gridmap.incidents import Report
from gridmap.incidents.report import on_globe
from gridmap.matching import DEFAULT_ACCURACY_M, EditionIndex, find_many
from gridmap.words import Sentence

# A wider circle than this (a mobile mast's) covers several villages: naming one of them would be a guess.
COARSEST_M = 2000.0


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Located:
    """A report's point in WGS84 degrees (None where it has no usable one), its match, and what is to be said about both."""

    lon: float | None
    lat: float | None
    match: Match | None
    reasons: tuple[Sentence, ...]

    @property
    def path(self) -> tuple[str, ...]:
        return self.match.path if self.match else ()


def locate(index: EditionIndex, edition: Edition, reports: Sequence[Report]) -> list[Located]:
    """Where each report lies, in their order. Reports are checked already (`check_report`).

    Without a path, for a person to place: no point, (0, 0), a circle wider than COARSEST_M, and a pair that lies outside the county as
    given. If that pair lies inside with lon and lat exchanged, the reason says so and where; it is never exchanged without a person.
    """
    lon, lat = _wgs84(reports)
    accuracy = np.array([np.nan if report.accuracy_m is None else report.accuracy_m for report in reports], dtype=np.float64)
    matches = find_many(index, lon, lat, accuracy)
    moved = _moved(index.coverage.metres, reports, lon, lat)
    points = zip(lon.tolist(), lat.tolist(), strict=True)
    found = [_located(edition, *each) for each in zip(reports, points, matches, moved, strict=True)]
    lost = [position for position, match in enumerate(matches) if not match.path and _is_placed(reports[position])]
    hints = find_many(index, *_wgs84([_exchanged(reports[position]) for position in lost])) if lost else []
    for position, match in zip(lost, hints, strict=True):
        found[position] = _hinted(edition, found[position], match)
    return found


def _is_placed(report: Report) -> bool:
    """Whether it has a point at all; (0, 0) is what a device sends that has none."""
    return report.has_point and (report.lon, report.lat) != (0, 0)


def _exchanged(report: Report) -> Report:
    return replace(report, lon=report.lat, lat=report.lon)


def _wgs84(reports: Sequence[Report]) -> tuple[Floats, Floats]:
    """WGS84 degrees; not a number where there is no point on the globe."""
    lon, lat = np.full((2, len(reports)), np.nan)
    by_datum: dict[Datum, list[int]] = {}
    for position, report in enumerate(reports):
        if report.lon is not None and report.lat is not None and _is_placed(report) and on_globe(report.lon, report.lat):
            lon[position], lat[position] = report.lon, report.lat
            by_datum.setdefault(read_datum(report.datum), []).append(position)
    for datum, positions in by_datum.items():
        lon[positions], lat[positions] = to_wgs84(lon[positions], lat[positions], datum)
    return lon, lat


def _located(edition: Edition, report: Report, point: tuple[float, float], match: Match, moved_m: int) -> Located:
    if match.how == How.INVALID:
        missing = "zero" if report.has_point else "none"
        return Located(None, None, None, (Sentence(f"reason.point.{missing if not _is_placed(report) else 'off_globe'}"),))
    converted = Sentence("reason.point.converted", {"datum": str(read_datum(report.datum)), "moved_m": moved_m})
    first = (converted,) if moved_m else ()
    if report.accuracy_m is not None and report.accuracy_m > COARSEST_M:
        facts = {"accuracy_m": round(report.accuracy_m), "most_m": round(COARSEST_M)}
        return Located(*point, None, (*first, Sentence("reason.point.coarse", facts)))
    return Located(*point, match, (*first, *_said(edition, match, report.accuracy_m)))


def _hinted(edition: Edition, found: Located, exchanged: Match) -> Located:
    """With the hint where the point would lie if lon and lat were exchanged, if that is in the county."""
    if not exchanged.path:
        return found
    reasons = [reason for reason in found.reasons if reason.key != "reason.point.off_globe"]
    return replace(found, reasons=(*reasons, Sentence("reason.point.exchanged", _naming(edition, exchanged.path[-1]))))


def _moved(plane: Metres, reports: Sequence[Report], lon: Floats, lat: Floats) -> list[int]:
    """By how many metres the conversion of the datum moved each point, 0 where it did not."""
    raw_lon = np.array([np.nan if report.lon is None else report.lon for report in reports], dtype=np.float64)
    raw_lat = np.array([np.nan if report.lat is None else report.lat for report in reports], dtype=np.float64)
    apart = np.flatnonzero((raw_lon != lon) | (raw_lat != lat))
    x, y = plane.xy(np.r_[raw_lon[apart], lon[apart]], np.r_[raw_lat[apart], lat[apart]])
    moved = np.zeros(len(reports))
    moved[apart] = np.hypot(*(half[: len(apart)] - half[len(apart) :] for half in (x, y)))
    return [round(metres) if np.isfinite(metres) else 0 for metres in moved.tolist()]


def _said(edition: Edition, match: Match, accuracy_m: float | None) -> Iterator[Sentence]:
    others = [f"{candidate.code} {candidate.share:.0%}" for candidate in match.candidates]
    if not match.path:
        yield Sentence("reason.match.outside", {"distance_m": _metres(match.distance_m)})
        if others:
            yield Sentence("reason.match.outside.near", {"others": ", ".join(others)})
        return
    facts = {**_naming(edition, match.path[-1]), "border_m": _metres(match.border_m)}
    yield Sentence("reason.match.owned", facts)
    if match.how == How.BORDER:
        said = f"{DEFAULT_ACCURACY_M if accuracy_m is None else accuracy_m:.0f}"
        yield Sentence("reason.match.border", {"accuracy_m": said, "others": ", ".join(others)})
    if len(match.path) < len(LEVELS):
        yield Sentence("reason.match.no_cell", _naming(edition, match.path[-1]))


def _metres(distance: float | None) -> float | None:
    return None if distance is None else round(distance, 1)


def _naming(edition: Edition, code: str) -> dict[str, str]:
    area = edition.area(code)
    return {"area": code, "name": area.name, "name_en": area.name_en or area.name}
