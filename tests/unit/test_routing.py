"""Which office must act, and why."""

import random

import pytest

from gridmap.catalogue import By, IssueType, Kind, Limit, Rule
from gridmap.duty import Office, OfficeKind, OnCall, Weekday
from gridmap.grid import LEVELS, Level
from gridmap.routing import Desks, Last, Route, route
from gridmap.words import LANGS

TOWN, VILLAGE, CELL = "330101001", "330101001200", "330101001200003"
PATH = (TOWN, VILLAGE, CELL)


def issue(kind: Kind, code: str = "X1", *, subject_first: bool = False) -> IssueType:
    return IssueType(code, "GX", kind, "道路破损", Limit.parse("5 WD"), subject_first=subject_first)


EVENT, COMPONENT = issue(Kind.EVENT), issue(Kind.COMPONENT)


def office(code: str, kind: OfficeKind = OfficeKind.DEPARTMENT, area: str | None = None) -> Office:
    return Office(code, f"机构{code}", kind, area)


VILLAGE_CENTRE = office("C-V", OfficeKind.CENTRE, VILLAGE)
TOWN_CENTRE = office("C-T", OfficeKind.CENTRE, TOWN)
COUNTY_CENTRE = office("C-0", OfficeKind.CENTRE)
ROADS, WATER, TOWN_ROADS = office("ROADS"), office("WATER", OfficeKind.OWNER), office("TROADS", area=TOWN)
OFFICES = (COUNTY_CENTRE, TOWN_CENTRE, VILLAGE_CENTRE, ROADS, WATER, TOWN_ROADS)


def keys(found: Route) -> list[str]:
    return [reason.key.removeprefix("reason.route.") for reason in found.reasons]


def test_a_component_goes_to_its_owner() -> None:
    found = route([Rule("WATER", "X1", By.OWNER), Rule("ROADS", "X1", By.TERRITORY)], OFFICES, COMPONENT, PATH)
    assert (found.office, found.by) == ("WATER", By.OWNER)
    assert keys(found) == ["owner.county"]


def test_a_component_without_owner_falls_to_the_territory_never_to_the_subject() -> None:
    found = route([Rule("ROADS", "X1", By.SUBJECT)], OFFICES, COMPONENT, PATH)
    assert (found.office, found.by) == ("C-V", By.TERRITORY)
    assert keys(found) == ["owner.none", "territory.none", "backstop"]


def test_an_event_tries_the_territory_then_the_subject() -> None:
    by_subject = Rule("ROADS", "X1", By.SUBJECT)
    assert keys(route([by_subject], OFFICES, EVENT, PATH)) == ["territory.none", "subject.county"]
    both = [by_subject, Rule("C-V", "X1", By.TERRITORY)]
    assert route(both, OFFICES, EVENT, PATH).office == "C-V"


def test_an_event_whose_type_says_subject_first_tries_the_subject_first() -> None:
    both = [Rule("ROADS", "X1", By.SUBJECT), Rule("C-V", "X1", By.TERRITORY)]
    assert route(both, OFFICES, issue(Kind.EVENT, subject_first=True), PATH).office == "ROADS"


@pytest.mark.parametrize("kind", [Kind.DISPUTE, Kind.SERVICE])
def test_disputes_and_services_are_tried_like_events(kind: Kind) -> None:
    both = [Rule("ROADS", "X1", By.SUBJECT), Rule("C-V", "X1", By.TERRITORY)]
    assert route(both, OFFICES, issue(kind), PATH).office == "C-V"


def test_one_row_with_a_star_speaks_for_the_centre_of_every_village() -> None:
    row = Rule("*", "GX", By.TERRITORY, level="village")
    assert route([row], OFFICES, issue(Kind.DISPUTE), PATH).office == "C-V"
    elsewhere = route([row], OFFICES, issue(Kind.DISPUTE), (TOWN, "330101001201", "330101001201001"))
    assert elsewhere.office == "C-T"
    assert keys(elsewhere) == ["centre_missing", "subject.none", "backstop"]


def test_the_lowest_level_with_jurisdiction_comes_first_whatever_its_rank() -> None:
    rules = [Rule("ROADS", "X1", By.SUBJECT, rank=1), Rule("TROADS", "X1", By.SUBJECT, rank=999)]
    found = route(rules, OFFICES, EVENT, PATH)
    assert found.office == "TROADS"
    assert found.rungs[-1].level == Level.TOWNSHIP


def test_rank_then_code_decide_among_equals() -> None:
    assert route([Rule("WATER", "X1", By.SUBJECT), Rule("ROADS", "X1", By.SUBJECT)], OFFICES, EVENT, PATH).office == "ROADS"
    assert route([Rule("WATER", "X1", By.SUBJECT, rank=9), Rule("ROADS", "X1", By.SUBJECT)], OFFICES, EVENT, PATH).office == "WATER"


def test_rows_speak_for_a_code_a_group_or_everything() -> None:
    for name in ("X1", "GX", "*"):
        assert route([Rule("ROADS", name, By.SUBJECT)], OFFICES, EVENT, PATH).office == "ROADS"
    assert route([Rule("ROADS", "X2", By.SUBJECT)], OFFICES, EVENT, PATH).office == "C-V"


def test_a_rule_or_an_office_of_another_area_does_not_hold_here() -> None:
    rules = [Rule("ROADS", "X1", By.SUBJECT, area="330101002"), Rule("C-other", "X1", By.SUBJECT)]
    found = route(rules, (*OFFICES, office("C-other", area="330101002")), EVENT, PATH)
    assert keys(found) == ["territory.none", "subject.none", "backstop"]


def test_a_rule_at_cell_level_does_not_hold_where_no_cell_is_cut() -> None:
    rule = Rule("ROADS", "X1", By.SUBJECT, level="cell")
    assert route([rule], OFFICES, EVENT, PATH).office == "ROADS"
    assert route([rule], OFFICES, EVENT, PATH[:2]).office == "C-V"


def test_a_row_that_names_an_unknown_office_is_told_and_passed_over() -> None:
    found = route([Rule("GONE", "X1", By.SUBJECT, rank=1), Rule("ROADS", "X1", By.SUBJECT)], OFFICES, EVENT, PATH)
    assert found.office == "ROADS"
    assert keys(found) == ["territory.none", "office_missing", "subject.county"]


def test_the_backstop_climbs_from_village_to_township_to_county() -> None:
    centres = [VILLAGE_CENTRE, TOWN_CENTRE, COUNTY_CENTRE]
    assert [route([], centres[n:], EVENT, PATH).office for n in range(3)] == ["C-V", "C-T", "C-0"]
    nobody = route([], [ROADS], EVENT, PATH)
    assert (nobody.office, nobody.by) == (None, None)
    assert keys(nobody) == ["territory.none", "subject.none", "backstop.none", "nobody"]


def test_the_trail_holds_every_rung_tried_in_order_and_only_the_last_held() -> None:
    found = route([Rule("ROADS", "X1", By.SUBJECT)], OFFICES, EVENT, PATH)
    tried = [(rung.by, rung.area) for rung in found.rungs]
    upwards = [CELL, VILLAGE, TOWN, None]
    assert tried == [(By.TERRITORY, area) for area in upwards] + [(By.SUBJECT, area) for area in upwards]
    assert [rung.held for rung in found.rungs] == [False] * 7 + [True]


def test_every_reason_reads_in_both_languages() -> None:
    routes = [
        route([Rule("ROADS", "X1", By.SUBJECT), Rule("GONE", "X1", By.TERRITORY)], OFFICES, EVENT, PATH),
        route([Rule("*", "X1", By.TERRITORY, level="cell")], [], EVENT, PATH),
        route([], OFFICES, COMPONENT, PATH),
        route([Rule("WATER", "X1", By.OWNER, area=VILLAGE)], OFFICES, COMPONENT, PATH),
    ]
    said = [reason.text(lang) for lang in LANGS for found in routes for reason in (*found.reasons, *(r.sentence for r in found.rungs))]
    assert all(said)
    assert "机构WATER" in " ".join(said)


def plain_route(rules: list[Rule], offices: list[Office], about: IssueType, path: tuple[str, ...]) -> str | None:
    """The rule in one sort, written without looking at the rungs: ground, then depth, then rank, then code; else the nearest centre."""
    centres: dict[str | None, str] = {}
    for found in offices:
        if found.kind == OfficeKind.CENTRE:
            centres[found.area] = min(found.code, centres.get(found.area, found.code))
    known = {found.code: found for found in offices}
    order = ["owner", "territory"] if about.kind == Kind.COMPONENT else ["subject", "territory"][:: 1 if about.subject_first else -1]
    holding = []
    for rule in rules:
        depth = list(LEVELS).index(Level(rule.level)) if rule.level else -1
        if rule.issue not in (about.code, about.group, "*") or rule.by not in order or depth >= len(path):
            continue
        code = rule.office if rule.office != "*" else centres.get(path[depth] if depth >= 0 else None)
        if code not in known:
            continue
        limits = {rule.area, known[code].area} - {None}
        if limits <= set(path):
            deepest = max((path.index(area) for area in limits if area), default=-1)
            holding.append((order.index(rule.by), -(depth if rule.level else deepest), rule.rank, code))
    if holding:
        return min(holding)[3]
    return next((centres[area] for area in (*reversed(path), None) if area in centres), None)


def test_routing_agrees_with_a_plain_sort_over_a_thousand_drawn_tables() -> None:
    draw = random.Random(7)
    places = [None, *PATH, "330101002"]
    for _ in range(1000):
        offices = [office(f"O{n}", draw.choice(list(OfficeKind)), draw.choice(places)) for n in range(draw.randint(0, 6))]
        names = [*(f"O{n}" for n in range(7)), "*"]
        rules = [
            Rule(draw.choice(names), draw.choice(["X1", "GX", "*", "Y"]), draw.choice(list(By)), draw.choice([None, *LEVELS]),
                 draw.choice(places), draw.randint(1, 3))
            for _ in range(draw.randint(0, 8))
        ]  # fmt: skip
        about = issue(draw.choice(list(Kind)), subject_first=draw.random() < 0.5)
        path = PATH[: draw.randint(1, 3)]
        found = Desks(tuple(rules), tuple(offices)).route(about, path)
        assert found.office == plain_route(rules, offices, about, path)
        assert found == route(rules, offices, about, path)
        assert [rung.held for rung in found.rungs] == [False] * (len(found.rungs) - 1) + [found.office is not None]


def test_the_rota_takes_what_nothing_else_takes_and_nothing_more() -> None:
    draw = random.Random(11)
    for _ in range(300):
        offices = [office(f"O{n}", draw.choice(list(OfficeKind)), draw.choice([None, *PATH])) for n in range(draw.randint(0, 3))]
        rules = [Rule(f"O{draw.randint(0, 3)}", "X1", By.TERRITORY)] if draw.random() < 0.3 else []
        rota = tuple(OnCall(day, f"O{draw.randint(0, 3)}") for day in Weekday if draw.random() < 0.5)
        day = draw.choice(list(Weekday))
        without, found = Desks(rules, offices).route(EVENT, PATH), Desks(rules, offices, rota).route(EVENT, PATH, day)
        if without.office or not rota:
            assert found == without
            continue
        on_call = next((row.office for row in rota if row.weekday is day), None)
        known = on_call in {each.code for each in offices}
        assert (found.office, found.by) == ((on_call, Last.ROTA) if known else (None, None))
        assert found.rungs[:-1] == without.rungs
        assert all(reason.text(lang) for reason in found.reasons for lang in LANGS)
