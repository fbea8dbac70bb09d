"""Where a report would go is what intake then does, whatever rules are asked; and nothing is kept."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gridmap.access import operator
from gridmap.catalogue import By, Rule
from gridmap.errors import AreaMissing, Refusal
from gridmap.flows.dry_route import DryRoute, PlaceNotOne, Question, dry_route
from gridmap.flows.given_rules import RulesUnusable
from gridmap.flows.intake import receive
from gridmap.incidents import Channel, Report
from gridmap.incidents.report import IssueUnnamed
from gridmap.store import Store, catalogues, history, incidents
from gridmap.words import LANGS
from tests.builders import ALL
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, NOW, OUTSIDE, RULES, TOWN, WEST, settle

ME = operator("test")
POINTS = (IN_CELL_1, IN_EAST, OUTSIDE, (113.0199, 28.005))
ISSUES = ("E0113", "D02", "C0101", "X99")
OTHERS: tuple[tuple[Rule, ...], ...] = (
    (),
    RULES,
    (Rule("WATER", "*", By.TERRITORY), Rule("WATER", "*", By.OWNER)),
    (Rule("*", "*", By.TERRITORY, level="township"),),
)


def asked(store: Store, rules: Sequence[Rule] | None = None, **place: object) -> DryRoute:
    return dry_route(store, Question(**{"issue": "E0113", **place}), rules=rules, now=NOW, actor=ME)  # type: ignore[arg-type]


@pytest.mark.parametrize("rules", OTHERS)
def test_what_a_dry_run_says_is_what_happens_once_its_rules_are_in_force(store: Store, rules: tuple[Rule, ...]) -> None:
    settle(store)
    said = {(i, p): asked(store, rules, issue=i, lon=p[0], lat=p[1], datum="wgs84", accuracy_m=15.0) for i in ISSUES for p in POINTS}
    with store.begin(ALL) as tx:
        assert incidents.list_(tx, limit=1) == ()
        assert [row.what for row in history.rows(tx, limit=10)] == []
        catalogues.put_rules(tx, rules)
    for (issue, (lon, lat)), dry in said.items():
        report = Report(issue=issue, channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", accuracy_m=15.0)
        answer = receive(store, report, now=NOW, actor=ME)
        found = dry.found
        assert (answer.office, answer.worker, answer.backup, answer.state) == (found.office, found.worker, found.backup, found.state)
        assert answer.reasons == found.reasons
        assert (answer.edition, answer.border_m) == (found.edition, found.located.match and found.located.match.border_m)
        assert asked(store, issue=issue, lon=lon, lat=lat, datum="wgs84", accuracy_m=15.0).found == found


def test_every_rung_is_told_in_both_languages_with_the_name_of_its_area(store: Store) -> None:
    settle(store)
    told = asked(store, (), issue="D02", area=CELLS[0]).as_dict("en")
    assert [(rung["level"], rung["held"]) for rung in told["rungs"]][-2:] == [("cell", False), ("village", True)]
    assert "West Village" in told["rungs"][-1]["text"]
    assert (told["office"]["code"], told["by"], told["rules"]) == ("CW", "territory", {"given": True, "count": 0})
    for lang in LANGS:
        assert all(rung["text"] for rung in asked(store, area=EAST).as_dict(lang)["rungs"])


@pytest.mark.parametrize(("code", "worker"), [(CELLS[0], "W1"), (WEST, "W6"), (TOWN, "W6")])
def test_an_area_of_any_level_can_be_asked_about(store: Store, code: str, worker: str) -> None:
    settle(store)
    told = asked(store, area=code).as_dict("zh")
    assert (told["worker"]["code"], told["office"]["code"], told["how"], told["border_m"]) == (worker, "ROADS", None, None)


def test_what_cannot_be_asked_is_refused_with_a_name(store: Store) -> None:
    settle(store)
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (PlaceNotOne, {}),
        (PlaceNotOne, {"lon": 113.0, "lat": 28.0, "datum": "wgs84", "area": TOWN}),
        (AreaMissing, {"area": "430199"}),
        (IssueUnnamed, {"issue": " ", "area": TOWN}),
    ]
    for refusal, place in wrong:
        with pytest.raises(refusal):
            asked(store, **place)


def test_rules_that_the_register_would_not_take_are_not_tried(store: Store) -> None:
    settle(store)
    for bad in (replace(RULES[0], office="NOBODY"), replace(RULES[0], issue="E99"), RULES[0]):
        with pytest.raises(RulesUnusable) as refused:
            asked(store, (RULES[0], bad), area=TOWN)
        assert [one["row"] for one in refused.value.as_dict()["rows"]] == [2]
