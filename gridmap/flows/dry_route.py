"""Where would it go: a place and a type asked of the rules in force, or of others; nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor, allowed
from gridmap.catalogue import Rule
from gridmap.errors import BadInput
from gridmap.flows.dispatch import Dispatch, Situation, dispatch, dispatch_located, named, read_situation
from gridmap.flows.given_rules import check_given
from gridmap.flows.locate import Located
from gridmap.grid import How, Level, Match
from gridmap.incidents import Channel, Named, Report
from gridmap.incidents.report import check_report
from gridmap.routing import Rung
from gridmap.store import Store, Tx
from gridmap.words import Lang, Sentence


class PlaceNotOne(BadInput):
    """A dry run asks about one place: a point, or the code of an area; facts: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: a type, and a point with its datum or the code of an area of any level."""

    issue: str
    lon: float | None = None
    lat: float | None = None
    datum: str = ""
    accuracy_m: float | None = None
    area: str = ""

    @property
    def report(self) -> Report:
        """The report that it would be."""
        facts = {"lon": self.lon, "lat": self.lat, "datum": self.datum, "accuracy_m": self.accuracy_m}
        return Report(issue=self.issue.strip(), channel=Channel.SYSTEM, place=self.area, **facts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRoute:
    """What intake would have found out, and every rung that was tried, its area named. `rules` were asked, `given` or the register's."""

    found: Dispatch
    rungs: tuple[tuple[Rung, Sentence], ...]
    rules: int
    given: bool

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready, for pages, programs and the command."""
        found, match, route = self.found, self.found.located.match, self.found.route
        levels = {area.level: {"code": area.code, "name": area.name_in(lang)} for area in found.path}
        return {
            "edition": found.edition,
            "issue": found.issue and {"code": found.issue.code, "name": found.issue.name_in(lang), "kind": found.issue.kind},
            "state": found.state,
            "lon": found.located.lon,
            "lat": found.located.lat,
            **{str(level): levels.get(level) for level in Level},
            "how": match.how if match and found.located.lon is not None else None,
            "distance_m": match and match.distance_m,
            "border_m": match and match.border_m,
            "candidates": [{"code": one.code, "share": round(one.share, 4)} for one in (match.candidates if match else ())],
            **{who: _named(getattr(found, who), lang) for who in ("worker", "backup", "office")},
            "by": route and route.by,
            "rungs": [_rung(*each, lang) for each in self.rungs],
            "reasons": [{"code": reason.key, "text": reason.text(lang)} for reason in found.reasons],
            "rules": {"given": self.given, "count": self.rules},
        }


def dry_route(store: Store, question: Question, *, rules: Sequence[Rule] | None = None, now: datetime, actor: Actor) -> DryRoute:
    """Ask without sending: with these rules, or without any with those in force; everything else as of `now`.

    PlaceNotOne, AreaMissing, RulesUnusable, NoEditionInForce, and what refuses a report: IssueUnnamed, PointUnusable, DatumUnknown.
    """
    if bool(question.area) is (question.lon is not None or question.lat is not None):
        raise PlaceNotOne
    check_report(question.report, now)
    with store.read(allowed(actor, Action.REGISTER_READ)) as tx:
        situation = read_situation(store, tx, now)
        if rules is not None:
            check_given(store, tx, rules, now)
            situation = replace(situation, desks=replace(situation.desks, rules=tuple(rules)))
        found = _found(tx, situation, question)
    tried = found.route.rungs if found.route else ()
    rungs = tuple((rung, named(situation.edition, rung.sentence)) for rung in tried)
    return DryRoute(found=found, rungs=rungs, rules=len(situation.desks.rules), given=rules is not None)


def _found(tx: Tx, situation: Situation, question: Question) -> Dispatch:
    if not question.area:
        return dispatch(situation, [question.report])[0]
    path = tuple(area.code for area in situation.edition.path(question.area))
    located = Located(None, None, Match(situation.edition.number, How.INSIDE, path), ())
    return dispatch_located(situation, [question.report], [located])[0]


def _rung(rung: Rung, said: Sentence, lang: Lang) -> dict[str, Any]:
    facts = {"by": rung.by, "level": rung.level, "area": rung.area, "office": rung.office, "held": rung.held}
    return {**facts, "code": said.key, "text": said.text(lang)}


def _named(found: Named | None, lang: Lang) -> dict[str, str] | None:
    return {**found.as_dict(lang), "phone": found.phone} if found else None
