"""Which office must act, and why: the rungs of decision 6, as rows.

The order of the grounds is the field's own rule, 部件先属主后属地、事件先属地后属事 (components: the owner, then the territory; events:
the territory, then the subject; Changshu 2011), with `IssueType.subject_first` turning the second around. Disputes and services are
tried like events: what can be settled where it arose is settled there (小事不出村). Within one ground the lowest level with
jurisdiction comes first, then the rule's rank, then the office's code.

"Territory" means two things, and they are tried at different times. A rung *by territory* holds only where a rule row says so, like
any other: it is how a county says that its village centres settle quarrels between neighbours before any department is asked. The
*centre* of the territory is something else: the backstop (无明确管理责任主体的按照属地兜底原则, Beijing). It is tried last, for whatever
nobody was named for, needs no row, and goes up from the village's centre to the township's to the county's (a centre without an area).

The *rota* is the last rung of all: the office on duty on that day of the week, where a county keeps one, takes what not even a centre
takes. It is no ground of competence, so no rule can name it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from gridmap.catalogue import ANY, By, IssueType, Kind, Rule
from gridmap.duty import Office, OfficeKind, OnCall, Weekday
from gridmap.grid import LEVELS, Level
from gridmap.words import Sentence, say

ROUTES_KEPT = 20_000  # the same types come from the same places again and again


class Last(StrEnum):
    """How an office is found that no ground gives."""

    ROTA = "rota"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step that was tried: on which ground, at which level (None is the county) and area, and the office found there if it held."""

    by: By | Last
    level: Level | None
    area: str | None
    office: str | None
    held: bool
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class Route:
    """The one responsible office (None: a person must choose), on which ground, and the trail: every rung tried, in order.

    `reasons` say the trail for readers: what held, and for each ground that did not, that nobody is named. Routing the same issue and
    path through the same rows on the same day of the week gives an equal Route: that is the dry replay.
    """

    office: str | None
    by: By | Last | None
    rungs: tuple[Rung, ...]
    reasons: tuple[Sentence, ...]


def grounds(issue: IssueType) -> tuple[By, ...]:
    """On which grounds an office is looked for, in order."""
    if issue.kind == Kind.COMPONENT:
        return (By.OWNER, By.TERRITORY)
    return (By.SUBJECT, By.TERRITORY) if issue.subject_first else (By.TERRITORY, By.SUBJECT)


@dataclass(frozen=True, slots=True)
class _Competence:
    """A rule row that covers the place: the level it is tried at, and its office (None where the register lacks it)."""

    rule: Rule
    office: Office | None
    level: Level | None

    @property
    def code(self) -> str:
        return self.office.code if self.office else self.rule.office

    def rung(self, issue: IssueType, area: str | None) -> Rung:
        rule = self.rule
        facts = {**_about(issue, area), "rule": rule.issue, "rank": rule.rank}
        if self.office is None:
            missing = "centre_missing" if rule.office == ANY else "office_missing"
            return Rung(rule.by, self.level, area, None, False, Sentence(f"reason.route.{missing}", {**facts, "office": self.code}))
        sentence = Sentence(f"reason.route.{rule.by}{'' if area else '.county'}", {**facts, **_naming(self.office)})
        return Rung(rule.by, self.level, area, self.office.code, True, sentence)


Asked = tuple[IssueType, tuple[str, ...], Weekday | None]


@dataclass(frozen=True)
class Desks:
    """Rules, offices and the rota, ready to be asked many times."""

    rules: Sequence[Rule]
    offices: Sequence[Office]
    rota: Sequence[OnCall] = ()
    # What was found already; other rules begin anew.
    _routes: dict[Asked, Route] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def by_code(self) -> Mapping[str, Office]:
        return {office.code: office for office in self.offices}

    @cached_property
    def _centre_of(self) -> Mapping[str | None, Office]:
        """The centre of each area (None: the county); of several the lowest code."""
        centres = sorted((office for office in self.offices if office.kind == OfficeKind.CENTRE), key=lambda o: o.code, reverse=True)
        return {office.area: office for office in centres}

    @cached_property
    def _rules_about(self) -> Mapping[str, list[Rule]]:
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            found[rule.issue].append(rule)
        return found

    def route(self, issue: IssueType, path: Sequence[str], on: Weekday | None = None) -> Route:
        """The responsible office for this issue at `path` (codes, widest first); `on` is the day that a rota is asked about."""
        asked = issue, tuple(path), on
        found = self._routes.get(asked)
        if found is None:
            if len(self._routes) >= ROUTES_KEPT:
                self._routes.clear()
            found = self._routes[asked] = self._find(issue, path, on)
        return found

    def _find(self, issue: IssueType, path: Sequence[str], on: Weekday | None) -> Route:
        about = (rule for name in dict.fromkeys((issue.code, issue.group, ANY)) for rule in self._rules_about.get(name, ()))
        here = [found for rule in about if (found := self._here(rule, path))]
        rungs: list[Rung] = []
        reasons: list[Sentence] = []
        last = (self._backstop(issue, path), *([self._on_call(issue, on)] if self.rota and on else []))
        for step in (*(_climb(by, here, issue, path) for by in grounds(issue)), *last):
            rungs += step
            reasons += _told(step)
            if step[-1].held:
                return Route(step[-1].office, step[-1].by, tuple(rungs), tuple(reasons))
        return Route(None, None, tuple(rungs), (*reasons, Sentence("reason.route.nobody", _about(issue, None))))

    def centre(self, path: Sequence[str]) -> Office | None:
        """The centre of the territory there, the nearest: whoever first hears of something."""
        return next((self._centre_of[area] for _, area in _upwards(path) if area in self._centre_of), None)

    def _here(self, rule: Rule, path: Sequence[str]) -> _Competence | None:
        """What this row says about a place: None when its level, its area or its office's area does not cover it."""
        levels = LEVELS[: len(path)]
        if rule.level is not None and rule.level not in levels:
            return None
        if rule.office == ANY:
            office = self._centre_of.get(path[levels.index(Level(rule.level))] if rule.level else None)
        else:
            office = self.by_code.get(rule.office)
        areas = [area for area in (rule.area, office.area if office else None) if area is not None]
        if any(area not in path for area in areas):
            return None
        narrowest = max((path.index(area) for area in areas), default=None)
        level = Level(rule.level) if rule.level else None if narrowest is None else levels[narrowest]
        return _Competence(rule, office, level)

    def _backstop(self, issue: IssueType, path: Sequence[str]) -> list[Rung]:
        """The territory's own centre, the nearest first."""
        rungs: list[Rung] = []
        for level, area in _upwards(path):
            centre = self._centre_of.get(area)
            if centre:
                where = "" if area else ".county"
                sentence = Sentence(f"reason.route.backstop{where}", {**_about(issue, area), **_naming(centre)})
                return [*rungs, Rung(By.TERRITORY, level, area, centre.code, True, sentence)]
            rungs.append(Rung(By.TERRITORY, level, area, None, False, Sentence("reason.route.backstop.none", _about(issue, area))))
        return rungs

    def _on_call(self, issue: IssueType, on: Weekday) -> list[Rung]:
        """The office on duty on that day; a day that no row names has none."""
        facts = {**_about(issue, None), "day": say(f"weekday.{on}", "zh"), "day_en": say(f"weekday.{on}", "en")}
        code = next((row.office for row in self.rota if row.weekday is on), None)
        office = self.by_code.get(code) if code else None
        if office is None:
            key = "office_missing" if code else "rota.none"
            return [Rung(Last.ROTA, None, None, None, False, Sentence(f"reason.route.{key}", {**facts, "office": code}))]
        return [Rung(Last.ROTA, None, None, office.code, True, Sentence("reason.route.rota", {**facts, **_naming(office)}))]


def route(rules: Iterable[Rule], offices: Iterable[Office], issue: IssueType, path: Sequence[str]) -> Route:
    """One question to these rows; for many, keep `Desks`."""
    return Desks(tuple(rules), tuple(offices)).route(issue, path)


def _climb(by: By, here: Iterable[_Competence], issue: IssueType, path: Sequence[str]) -> list[Rung]:
    """The rungs of one ground, from the cell up to the county, ending with the first that holds."""
    rungs: list[Rung] = []
    rows = sorted((found for found in here if found.rule.by == by), key=lambda found: (found.rule.rank, found.code))
    for level, area in _upwards(path):
        at_level = [found for found in rows if found.level == level]
        for found in at_level:
            rungs.append(found.rung(issue, area))
            if rungs[-1].held:
                return rungs
        if not at_level:
            none = Sentence(f"reason.route.{by}.none", _about(issue, area))
            rungs.append(Rung(by, level, area, None, False, none))
    return rungs


def _upwards(path: Sequence[str]) -> Iterator[tuple[Level | None, str | None]]:
    """The levels and areas from the finest of the path up to the county (None, None)."""
    yield from reversed(list(zip(LEVELS, path, strict=False)))
    yield None, None


def _about(issue: IssueType, area: str | None) -> dict[str, str | None]:
    """The facts of every rung. `place` is the area's name for readers; here its code, because a path has no names."""
    return {"issue": issue.code, "type": issue.name, "type_en": issue.name_in("en"), "area": area, "place": area, "place_en": area}


def _naming(office: Office) -> dict[str, str]:
    return {"office": office.code, "name": office.name, "name_en": office.name_en or office.name}


def _told(step: Sequence[Rung]) -> list[Sentence]:
    """A ground in words: rows that name an office which the register lacks, then what held, or that nothing did (with the areas tried)."""
    last = step[-1]
    gaps = [rung.sentence for rung in step if rung.sentence.key.endswith("_missing")]
    if last.held:
        return [*gaps, last.sentence]
    if gaps:
        return gaps
    return [Sentence(last.sentence.key, {**last.sentence.facts, "tried": [rung.area for rung in step]})]
