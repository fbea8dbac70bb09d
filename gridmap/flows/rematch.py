"""An incident is of another type, lies elsewhere, or the land was drawn anew: it is matched and routed again by what is in force now."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gridmap.access import Scope
from gridmap.catalogue import Kind
from gridmap.errors import BadInput, Conflict
from gridmap.flows.dispatch import Dispatch, Situation, dispatch, read_situation
from gridmap.flows.locate import locate
from gridmap.flows.publicise import publicised
from gridmap.geometry.datums import Datum
from gridmap.grid import Level
from gridmap.incidents import Channel, Incident, Report, State
from gridmap.incidents.anew import Anew
from gridmap.incidents.incident import OF_PLACE
from gridmap.incidents.life import Taken, Template
from gridmap.incidents.report import check_report, on_globe
from gridmap.store import Store, Tx, incidents

FARTHEST_KM = 30
"""Farther outside a pin is a slip of the hand."""


class IssueMissing(BadInput):
    """No issue type of this code; facts: issue."""


class PinUnreadable(BadInput):
    """A pin is two numbers, longitude and latitude; facts: place."""


class PinFar(BadInput):
    """No pin of this county lies there; facts: place, distance_km, most_km."""


class PlaceBeyond(Conflict):
    """It would then lie where the actor does not dispatch; facts: incident."""


def rematched(store: Store, tx: Tx, one: Incident, taken: Taken, *, now: datetime, scope: Scope) -> Anew:
    """What the step's type or pin, or else its own, make of the incident today. IssueMissing, NoEditionInForce; PinFar; PlaceBeyond,
    because the desk of one township neither takes from another nor gives it something."""
    situation = read_situation(store, tx, now)
    if taken.issue and taken.issue not in situation.types:
        raise IssueMissing(issue=taken.issue)
    [report] = reports_of(tx, situation, [one])
    found = found_anew(tx, situation, [(one, replace(_pinned(report, taken), issue=taken.issue or one.issue))])[0]
    _check_beside(taken, found)
    if not scope.covers(found.place[level] for level in Level):
        raise PlaceBeyond(incident=one.number)
    return found


def check_pin(place: str, now: datetime) -> None:
    """PinUnreadable, or what refuses the point of a report."""
    lon, lat = _point(place)
    if on_globe(lat, lon) and not on_globe(lon, lat):  # a report would wait for a person; here one is
        raise PinUnreadable(place=place)
    check_report(Report(issue="x", channel=Channel.SYSTEM, lon=lon, lat=lat, datum=Datum.WGS84), now)


def _check_beside(taken: Taken, found: Anew) -> None:
    """PinFar. What lies just outside is for a person to say, as with a report."""
    distance_km = (found.place["distance_m"] or 0) / 1000
    if taken.place and distance_km > FARTHEST_KM:
        raise PinFar(place=taken.place, distance_km=f"{distance_km:,.0f}", most_km=FARTHEST_KM)


def found_anew(tx: Tx, situation: Situation, asked: Sequence[tuple[Incident, Report]]) -> list[Anew]:
    """What these reports would find out today about their incidents, in their order."""
    found = dispatch(situation, [report for _, report in asked])
    placed = [replace(one, **_place(report, what)) for (one, report), what in zip(asked, found, strict=True)]
    shown = publicised(situation.index, found, now=situation.at)
    return [
        Anew(
            office=_office(one, what),
            template=template_of(what) if what.issue else one.template,
            place={name: getattr(one, name) for name in OF_PLACE},
            public=matter and replace(matter, day=one.recorded_at.astimezone(situation.at.tzinfo).date().isoformat()),
        )
        for one, what, matter in zip(placed, found, shown, strict=True)
    ]


def reports_of(tx: Tx, situation: Situation, among: Sequence[Incident]) -> list[Report]:
    """What each incident would be sent in as today: as it was, with datum and accuracy, unless somebody moved its pin since."""
    return [_report(tx, situation, one) for one in among]


def template_of(found: Dispatch) -> Template:
    """A dispute is mediated, all else repaired."""
    return Template.DISPUTE if found.issue and found.issue.kind is Kind.DISPUTE else Template.REPAIR


def _report(tx: Tx, situation: Situation, one: Incident) -> Report:
    sent = incidents.reports(tx, one.id)
    for report, located in zip(sent, locate(situation.index, situation.edition, sent), strict=True):
        if (located.lon, located.lat) == (one.lon, one.lat):
            return replace(report, issue=one.issue)
    return Report(issue=one.issue, channel=one.channel, place=one.place, lon=one.lon, lat=one.lat, datum=Datum.WGS84)


def _pinned(report: Report, taken: Taken) -> Report:
    if not taken.place:
        return report
    lon, lat = _point(taken.place)
    return replace(report, lon=lon, lat=lat, datum=Datum.WGS84, accuracy_m=None)


def _point(place: str) -> tuple[float, float]:
    try:
        lon, lat = map(float, place.replace("，", ",").split(","))
    except ValueError as fault:
        raise PinUnreadable(place=place) from fault
    return lon, lat


def _place(report: Report, found: Dispatch) -> dict[str, Any]:
    """The values of OF_PLACE, as intake would have them."""
    areas, match = {area.level: area.code for area in found.path}, found.located.match
    return {
        "issue": report.issue,
        "urgency": found.urgency,
        "lon": found.located.lon,
        "lat": found.located.lat,
        "edition": found.edition,
        **{str(level): areas.get(level) for level in Level},
        "worker": found.worker and found.worker.code,
        "backup": found.backup and found.backup.code,
        "how": str(match.how) if match else None,
        "distance_m": match.distance_m if match else None,
        "border_m": match.border_m if match else None,
        "candidates": tuple({"code": each.code, "share": round(each.share, 4)} for each in match.candidates) if match else (),
        "reasons": found.reasons,
        "homed_in": found.edition,
    }


def _office(one: Incident, found: Dispatch) -> str | None:
    """What waits for a person still waits where a worker is missing too; what was under way goes on without one."""
    whole = found.state is State.DISPATCHED or one.state is not State.TRIAGE
    return found.office.code if found.office and whole else None
