"""A month of reports as a real city's come in: few kinds often and many rarely, by day and on weekdays, some places again and again.

The shape follows what published request data of cities show (the most frequent kind has under a tenth of all, 60 kinds make 95 %, nine
in ten come between 7 and 19 o'clock, a weekend day has about 40 % of a working day); kinds, shares and words are made up here.
Some trouble is part of it, as in life: no point, a point beyond the county, zeros, latitude and longitude exchanged, unknown kinds.
"""

import csv
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.random import Generator

from gridmap.county.county import County
from gridmap.county.places import Ground, Spot, find_spots
from gridmap.county.plan import ZONE
from gridmap.county.trouble import trouble
from gridmap.geometry.datums import Datum, from_wgs84
from gridmap.incidents import Channel, Report

UNTIL = date(2026, 4, 1)
DAYS = 31
HOURS = (4, 3, 2, 2, 2, 4, 13, 45, 88, 104, 100, 86, 60, 56, 84, 92, 86, 66, 50, 40, 26, 16, 9, 5)
WEEKDAYS = (118, 116, 110, 106, 100, 46, 40)
RARE = 0.08
"""Weight of each kind that report-mix.csv does not name."""


@dataclass(frozen=True, slots=True)
class Way:
    """How reports of one channel look: its share, sender, the head of its numbers, datums (equally likely) and metres of error."""

    share: float
    sender: str
    prefix: str
    datums: tuple[Datum, ...]
    error_m: float
    tells_accuracy: bool


WAYS = {
    Channel.HOTLINE: Way(0.34, "hotline", "H", (Datum.GCJ02,), 18, False),
    Channel.WORKER: Way(0.27, "worker-app", "W", (Datum.WGS84, Datum.WGS84, Datum.CGCS2000), 5, True),
    Channel.RESIDENT: Way(0.21, "resident-app", "R", (Datum.GCJ02, Datum.GCJ02, Datum.BD09), 12, True),
    Channel.PATROL: Way(0.08, "patrol", "P", (Datum.CGCS2000,), 4, True),
    Channel.WINDOW: Way(0.06, "window", "C", (Datum.GCJ02,), 20, False),
    Channel.UPPER_LEVEL: Way(0.02, "city-platform", "U", (Datum.CGCS2000,), 10, False),
    Channel.SYSTEM: Way(0.02, "partner-system", "S", (Datum.WGS84,), 8, False),
}
ANONYMOUS = 0.3
"""Share of residents' reports that name no sender."""


@dataclass(frozen=True, slots=True)
class Mix:
    """One kind of report: its weight, the ground it happens on, and its words in both languages ({at} is the place)."""

    issue: str
    weight: float
    ground: Ground
    text: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is drawn for one report before it is written."""

    mix: Mix
    channel: Channel
    at: datetime
    spot: Spot


def make_reports(county: County, *, until: date = UNTIL, count: int = 3000) -> tuple[Report, ...]:
    """`count` reports of the 31 days before `until`, the earliest first; the same for the same county, day and count.

    Points are raw, in the report's own datum. About 2 % have a place in words only, 1 % lie beyond the county; a few have other trouble.
    """
    first = until - timedelta(days=DAYS)
    rng = np.random.default_rng([county.seed, first.year, first.month, count])
    kinds = _mix(county)
    share = np.array([kind.weight for kind in kinds])
    mixes = [kinds[kind] for kind in rng.choice(len(kinds), count, p=share / share.sum())]
    channels = [tuple(WAYS)[way] for way in rng.choice(len(WAYS), count, p=[way.share for way in WAYS.values()])]
    times = sorted(_times(first, count, rng))
    spots = find_spots(county, [mix.ground for mix in mixes], np.array([WAYS[channel].error_m for channel in channels]), rng)
    drafts = (Draft(*drawn) for drawn in zip(mixes, channels, times, spots, strict=True))
    written = [_write(draft, number, rng) for number, draft in enumerate(drafts, start=1)]
    bounds = county.bounds
    return tuple(trouble(report, bounds, rng) for report in _in_their_datum(written))


def _in_their_datum(reports: Sequence[Report]) -> list[Report]:
    """The reports with their points in the datum that each names, to seven decimals as phones send them."""
    found = list(reports)
    for datum in Datum:
        rows = [row for row, report in enumerate(reports) if report.datum == datum]
        lon, lat = (np.array([getattr(reports[row], axis) for row in rows], dtype=float) for axis in ("lon", "lat"))
        for row, x, y in zip(rows, *(np.round(part, 7).tolist() for part in from_wgs84(lon, lat, datum)), strict=True):
            found[row] = replace(reports[row], lon=x, lat=y)
    return found


def _mix(county: County) -> list[Mix]:
    """The kinds that are often reported, then all others of the catalogue."""
    known = _read_mix()
    rest = [
        Mix(kind.code, RARE, "any", f"{{at}}：{kind.name}，请处理", f"{kind.name_en} at {{at_en}}; please see to it")
        for kind in county.issue_types
        if kind.code not in {one.issue for one in known}
    ]
    return [*known, *rest]


@cache
def _read_mix() -> tuple[Mix, ...]:
    rows = csv.DictReader(files(__package__).joinpath("report-mix.csv").read_text("utf-8").splitlines())
    grounds: dict[str, Ground] = {"any": "any", "town": "town", "rural": "rural", "river": "river"}
    return tuple(Mix(row["issue"], float(row["weight"]), grounds[row["ground"]], row["text"], row["text_en"]) for row in rows)


def _times(first: date, count: int, rng: Generator) -> list[datetime]:
    midnight = datetime(first.year, first.month, first.day, tzinfo=ZONE)
    days = [midnight + timedelta(days=day) for day in range(DAYS)]
    weights = np.array([WEEKDAYS[day.weekday()] for day in days], dtype=float)
    hours = np.array(HOURS, dtype=float)
    day = rng.choice(len(days), count, p=weights / weights.sum())
    hour = rng.choice(24, count, p=hours / hours.sum())
    second = rng.integers(0, 3600, count)
    return [(days[d] + timedelta(hours=int(h), seconds=int(s))).astimezone(UTC) for d, h, s in zip(day, hour, second, strict=True)]


def _write(draft: Draft, number: int, rng: Generator) -> Report:
    """The report without trouble, its point still in WGS84 but its datum already named."""
    way, spot, mix = WAYS[draft.channel], draft.spot, draft.mix
    anonymous = draft.channel == Channel.RESIDENT and rng.random() < ANONYMOUS
    datum = way.datums[int(rng.integers(len(way.datums)))]
    accuracy = float(np.round(way.error_m * (0.7 + 1.6 * rng.random()))) if way.tells_accuracy else None
    text_en = mix.text_en.format(at_en=spot.name_en)
    return Report(
        issue=mix.issue,
        channel=draft.channel,
        at=draft.at,
        text=f"{mix.text.format(at=spot.name)}。{text_en}{'' if text_en.endswith('?') else '.'}",
        place="" if way.tells_accuracy else f"{spot.name} {spot.name_en}",
        lon=spot.lon,
        lat=spot.lat,
        datum=datum,
        accuracy_m=accuracy,
        sender="" if anonymous else way.sender,
        sender_number="" if anonymous else f"{way.prefix}-{draft.at.astimezone(ZONE):%Y%m%d}-{number:05d}",
        key=str(uuid.UUID(bytes=rng.bytes(16), version=4)),
    )
