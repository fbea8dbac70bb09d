"""Whether what comes along with a step fits this incident: what registers and clocks know, and the life alone does not.

Steps that were kept are not asked again: an office may be another, or none, by the time that a log is replayed.
"""

from collections.abc import Iterator
from datetime import datetime

from gridmap.catalogue import Grade
from gridmap.duty import Office, OfficeKind
from gridmap.errors import BadInput, Conflict
from gridmap.grid import LEVELS, Level
from gridmap.incidents import Incident
from gridmap.incidents.life import Step, Taken, TaskKind, possible
from gridmap.store import Tx, clocks, offices
from gridmap.words import Lang

COUNTY = len(LEVELS)
"""The rung above every township's."""
_RUNGS = {Level.VILLAGE: COUNTY - 2, Level.TOWNSHIP: COUNTY - 1}


class CentreWrong(BadInput):
    """It climbs to the centre of the next level up around its place; facts: incident, step, office, right."""


class CentreMissing(Conflict):
    """No centre stands above the office that has it; facts: incident, step."""


class OfficeHasIt(Conflict):
    """Who is responsible is neither asked beside itself nor given what it has; facts: incident, step, office."""


class TermNotLater(BadInput):
    """An extension ends after the limit that it extends; facts: incident, until, due."""


class NothingChanges(Conflict):
    """It is so already; facts: incident, step."""


class NamedOffices(tuple[Office, ...]):
    """Offices, which say themselves in the reader's language one after the other."""

    def text(self, lang: Lang = "en") -> str:
        told = ((each.name_en if lang == "en" and each.name_en else each.name, each.code) for each in self)
        return ("、" if lang == "zh" else ", ").join(f"{name} ({code})" for name, code in told)


def centres_above(tx: Tx, one: Incident, step: Step) -> tuple[Office, ...]:
    """To which centres it can climb from where it is: for a coordination the township's or the county's, the lower first; a dispute climbs
    to the next alone (of several centres there the lower code first)."""
    around = sorted(_around(tx, one), key=lambda each: (each[0], each[1].code))
    here = max((rung for rung, office in around if office.code == one.office), default=_RUNGS[Level.VILLAGE])
    if step is Step.ELEVATE:
        here = max(here, one.tier)
    above = [(rung, office) for rung, office in around if rung > here]
    return tuple(office for rung, office in above if step is Step.UPWARD or rung == above[0][0])


def _around(tx: Tx, one: Incident) -> Iterator[tuple[int, Office]]:
    """The centres of its village, township and county, with how high each stands."""
    rungs = {code: rung for level, rung in _RUNGS.items() if (code := getattr(one, level)) is not None}
    for office in offices.all_(tx):
        if office.kind is OfficeKind.CENTRE and (office.area is None or office.area in rungs):
            yield COUNTY if office.area is None else rungs[office.area], office


def office_for(tx: Tx, one: Incident, taken: Taken) -> str:
    """The office that the step names; the one that a dispute climbs to where it names none. CentreMissing where there is none."""
    if taken.office or taken.step is not Step.ELEVATE or taken.step not in possible(one.life):
        return taken.office
    above = centres_above(tx, one, taken.step)
    if not above:
        raise CentreMissing(incident=one.number, step=taken.step)
    return above[0].code


def check_fit(tx: Tx, one: Incident, taken: Taken) -> None:
    """CentreWrong, CentreMissing, OfficeHasIt, TermNotLater, NothingChanges."""
    if taken.step in {Step.TRANSFER, *map(Step, TaskKind)} and taken.office == one.office:
        raise OfficeHasIt(incident=one.number, step=taken.step, office=_named(tx, taken.office))
    match taken.step:
        case Step.ELEVATE | Step.UPWARD:
            _check_centre(tx, one, taken)
        case Step.EXTEND:
            _check_later(tx, one, datetime.fromisoformat(taken.until))
        case Step.REGRADE if taken.grade in set(Grade) and Grade(taken.grade) is one.grade:
            raise NothingChanges(incident=one.number, step=taken.step)
        case Step.SUPERVISE if (taken.actor, datetime.fromisoformat(taken.until)) == (one.supervised_by, one.supervised_until):
            raise NothingChanges(incident=one.number, step=taken.step)


def _named(tx: Tx, code: str) -> NamedOffices:
    return NamedOffices(each for each in [offices.get(tx, code)] if each)


def _check_centre(tx: Tx, one: Incident, taken: Taken) -> None:
    above = centres_above(tx, one, taken.step)
    if not above:
        raise CentreMissing(incident=one.number, step=taken.step)
    if taken.office not in {office.code for office in above}:
        raise CentreWrong(incident=one.number, step=taken.step, office=_named(tx, taken.office), right=NamedOffices(above))


def _check_later(tx: Tx, one: Incident, until: datetime) -> None:
    due = next((run.clock.due for run in reversed(clocks.of_incident(tx, one.id)) if run.clock.name == "handle"), None)
    if due is not None and until <= due:
        raise TermNotLater(incident=one.number, until=_local(until, until), due=_local(due, until))


def _local(at: datetime, given: datetime) -> str:
    """In the zone in which the asker named theirs."""
    return at.astimezone(given.tzinfo).isoformat(" ", "minutes")
