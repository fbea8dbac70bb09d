"""What share falls to the backstop, week by week and township by township, and where it jumped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridmap.access import Action, Actor, allowed
from gridmap.errors import NoEditionInForce
from gridmap.flows.replay_routes import SpanAhead
from gridmap.grid import Area
from gridmap.routing.backstop import ENOUGH, POINTS, WEEKS, Fallen, jumped
from gridmap.store import Store, Tx, routed
from gridmap.words import Lang

WEEK = timedelta(weeks=1)
MOST = 53
"""Weeks that are told at once."""

Counts = Mapping[str | None, Fallen]


@dataclass(frozen=True, slots=True)
class Told:
    """One township in one week (no code: all together), the share of the weeks before, and whether it alarms."""

    code: str | None
    week: Fallen
    before: Fallen

    @property
    def alarm(self) -> bool:
        return jumped(self.week, self.before)


@dataclass(frozen=True, slots=True)
class Week:
    """What was received in [since, until)."""

    since: datetime
    until: datetime
    areas: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class BackstopShare:
    """The weeks, the newest first; `names` are the areas of the edition in force."""

    weeks: tuple[Week, ...]
    names: Mapping[str, Area]

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready, with the rule by which it alarms."""
        weeks: list[dict[str, Any]] = [
            {"since": week.since.isoformat(), "until": week.until.isoformat(), "areas": [self._told(one, lang) for one in week.areas]}
            for week in self.weeks
        ]
        alarms = [{"since": week["since"], **area} for week in weeks for area in week["areas"] if area["alarm"]]
        return {"rule": {"weeks_before": WEEKS, "enough": ENOUGH, "points": POINTS}, "weeks": weeks, "alarms": alarms}

    def _told(self, one: Told, lang: Lang) -> dict[str, Any]:
        area = self.names.get(one.code or "")
        return {
            "code": one.code,
            "name": area.name_in(lang) if area else one.code,
            "routed": one.week.routed,
            "backstop": one.week.backstop,
            "share": _rounded(one.week.share),
            "share_before": _rounded(one.before.share),
            "alarm": one.alarm,
        }


def backstop_share(store: Store, *, since: datetime | None = None, now: datetime, actor: Actor) -> BackstopShare:
    """The weeks that end with this instant, back to the one that holds `since` (four, where none is named, at most MOST), within what
    the actor may see. SpanAhead."""
    start = since or now - WEEKS * WEEK
    if start >= now:
        raise SpanAhead(since=start.isoformat(), now=now.isoformat())
    count = min(MOST, -((start - now) // WEEK))
    ends = [now - week * WEEK for week in range(count + WEEKS)]
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        counts: list[Counts] = [routed.fallen(tx, since=end - WEEK, until=end) for end in ends]
        names = _names(store, tx, now)
    weeks = (Week(ends[at] - WEEK, ends[at], _areas(counts[at], counts[at + 1 : at + 1 + WEEKS])) for at in range(count))
    return BackstopShare(tuple(weeks), names)


def _areas(week: Counts, before: Iterable[Counts]) -> tuple[Told, ...]:
    """All together first, then each township that had anything to route."""
    before = list(before)
    townships = [Told(code, week[code], _sum(each.get(code, Fallen()) for each in before)) for code in sorted(week, key=str)]
    together = Told(None, _sum(week.values()), _sum(fallen for each in before for fallen in each.values()))
    return (together, *(told for told in townships if told.code))


def _sum(each: Iterable[Fallen]) -> Fallen:
    return sum(each, Fallen())


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _names(store: Store, tx: Tx, now: datetime) -> Mapping[str, Area]:
    try:
        return store.edition_in_force(tx, now).by_code
    except NoEditionInForce:
        return {}
