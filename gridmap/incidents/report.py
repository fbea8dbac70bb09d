"""What was sent in, and what a report must have to be taken at all.

Refused is only what its sender alone can mend: no point and no place, a point without datum, numbers that are none, a bad key, a clock
that runs ahead. Everything else is accepted, and what cannot be matched waits in triage: a report is never lost to a rule of ours.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass, field, fields
from datetime import MAXYEAR, UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from gridmap.errors import PointUnusable, ReportUnusable
from gridmap.geometry.datums import read_datum
from gridmap.incidents.photo import check_photo_names

# A clock that runs ahead by more than this is wrong, most often by a time zone; the sender can mend it, we cannot.
CLOCK_MAY_RUN_AHEAD = timedelta(minutes=5)
# Before this, a phone that lost its clock speaks (1970, 1980).
NOT_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
# NUL ends a text in PostgreSQL, half a surrogate pair has no UTF-8.
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
LONGEST = {"issue": 50, "text": 5000, "place": 500, "sender": 100, "sender_number": 100, "key": 200, "contact": 100}
APART = frozenset({"sender", "key", "contact", "photos"})
"""What a report was sent with that is no part of it: who sent it under which key, how to reach them, and which photos are to follow."""


class IssueUnnamed(ReportUnusable):
    """No issue type was sent; facts: none."""


class PlaceMissing(ReportUnusable):
    """Neither a point nor a place in words; facts: none."""


class TextTooLong(ReportUnusable):
    """A text is longer than we keep; facts: column, length, most."""


class TextUnusable(ReportUnusable):
    """A text holds characters that no database keeps; facts: column."""


class KeyNotUuid(ReportUnusable):
    """A key without a sender must be a UUID, so that nobody can guess another's; facts: none."""


class TimeWithoutZone(ReportUnusable):
    """The instant names no time zone; facts: at."""


class TimeAhead(ReportUnusable):
    """The report comes from the future; facts: at, now, minutes."""


class TimeTooOld(ReportUnusable):
    """The report is older than any grid; facts: at."""


class PointHalf(PointUnusable):
    """One of lon and lat is missing; facts: lon, lat."""


class PointNotFinite(PointUnusable):
    """NaN or infinity; facts: lon, lat."""


class PointOffGlobe(PointUnusable):
    """Not degrees on this globe, in either order; facts: lon, lat."""


class AccuracyUnusable(PointUnusable):
    """An accuracy is metres, 0 or more; facts: accuracy."""


class Channel(StrEnum):
    """By which way a report came in."""

    WORKER = "worker"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    WINDOW = "window"
    PATROL = "patrol"
    UPPER_LEVEL = "upper_level"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reporter sent: a point with its datum, or a place in words, or both. `lon`, `lat` are raw, in `datum`.

    `at` is when it was seen; None as sent means "when it was received", and is filled in before it is stored. `sender` names who vouches
    for `key` and `sender_number` (a system, a hotline desk); empty is anonymous, whose keys must be UUIDs. `contact` is kept apart from
    everything else, and for a term; it shows itself in no log. `photos` names those that are to follow, by their SHA-256.
    """

    issue: str
    channel: Channel
    at: datetime | None = None
    text: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    datum: str = ""
    accuracy_m: float | None = None
    sender: str = ""
    sender_number: str = ""
    key: str = ""
    contact: str = field(default="", repr=False)
    photos: tuple[str, ...] = ()

    @property
    def has_point(self) -> bool:
        return self.lon is not None and self.lat is not None


_OF_BODY = tuple(each.name for each in fields(Report) if each.name not in APART)


def check_report(report: Report, now: datetime) -> None:
    """Refuse what only the sender can mend: a ReportUnusable, PointUnusable or DatumUnknown with its own sentence."""
    if not report.issue.strip():
        raise IssueUnnamed
    _check_texts(report)
    check_photo_names(report.photos)
    if report.key and not report.sender and _uuid(report.key) is None:
        raise KeyNotUuid
    if report.at is not None:
        _check_time(report.at, now)
    if (report.lon is None) != (report.lat is None):
        raise PointHalf(lon=report.lon, lat=report.lat)
    if report.lon is not None and report.lat is not None:
        _check_point(report.lon, report.lat, report.accuracy_m)
        read_datum(report.datum)
    elif not report.place.strip():
        raise PlaceMissing


def key_of(report: Report) -> str:
    """The key as it is compared: a UUID in its one spelling where nobody vouches for it, the sender's own text else."""
    return str(_uuid(report.key) or "") if not report.sender else report.key


def body_of(report: Report) -> dict[str, Any]:
    """What was sent, JSON-ready, without what is APART: instants in UTC, 118 equal to 118.0."""
    body = {name: getattr(report, name) for name in _OF_BODY}
    numbers = {name: None if body[name] is None else float(body[name]) for name in ("lon", "lat", "accuracy_m")}
    return {**body, **numbers, "at": report.at and report.at.astimezone(UTC).isoformat()}


def body_hash(report: Report) -> str:
    """Equal for equal bodies whatever the order of their fields or the zone of their instant; sha256 of canonical JSON."""
    canonical = json.dumps(body_of(report), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _check_texts(report: Report) -> None:
    for column, most in LONGEST.items():
        text = getattr(report, column)
        if len(text) > most:
            raise TextTooLong(column=column, length=len(text), most=most)
        if UNKEEPABLE.search(text):
            raise TextUnusable(column=column)


def _check_time(at: datetime, now: datetime) -> None:
    if at.tzinfo is None:
        raise TimeWithoutZone(at=at.isoformat())
    if at > now + CLOCK_MAY_RUN_AHEAD:
        minutes = round((at - now).total_seconds() / 60)
        shown = at if at.year == MAXYEAR else at.astimezone(now.tzinfo)  # no zone has a day after the last one
        raise TimeAhead(at=shown.isoformat(timespec="minutes"), now=now.isoformat(timespec="minutes"), minutes=minutes)
    if at < NOT_BEFORE:
        raise TimeTooOld(at=at.isoformat())


def _check_point(lon: float, lat: float, accuracy_m: float | None) -> None:
    shown = {"lon": repr(lon), "lat": repr(lat)}
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise PointNotFinite(**shown)
    if not (on_globe(lon, lat) or on_globe(lat, lon)):
        raise PointOffGlobe(**shown)
    if accuracy_m is not None and not (math.isfinite(accuracy_m) and accuracy_m >= 0):
        raise AccuracyUnusable(**shown, accuracy=repr(accuracy_m))


def on_globe(lon: float, lat: float) -> bool:
    """Whether these can be degrees in this order."""
    return -180 <= lon <= 180 and -90 <= lat <= 90


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
