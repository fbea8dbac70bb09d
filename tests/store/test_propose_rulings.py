"""What was ruled becomes rules that a person can accept, and that would have spared the ruling."""

from datetime import timedelta
from pathlib import Path

import pytest

from gridmap.access import Actor, Grant, Role, operator
from gridmap.catalogue import By, Rule
from gridmap.errors import FolderMissing
from gridmap.flows.given_rules import read_rules
from gridmap.flows.learn_rules import RulesNotCsv
from gridmap.flows.propose_rulings import Rulings, propose_rulings
from gridmap.flows.step import step
from gridmap.incidents import Incident
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, catalogues, incidents
from gridmap.tables.export import OutputExists
from tests.builders import ALL
from tests.small_land import EAST, IN_EAST, NOW, RULES, WEST, settle
from tests.store.test_lives import now_of, take_in

ME = operator("test")
HOUR = timedelta(hours=1)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def ruled(store: Store, office: str, *, reason: str = "theirs by the list of duties", at: int = 1, **report: object) -> Incident:
    """An incident that its office returned, and somebody then gave to this one."""
    one = take_in(store, **report)
    for taken in (Taken(step=Step.RETURN, actor="", reason="not ours"), Taken(step=Step.RULE, actor="", office=office, reason=reason)):
        one = step(store, one.id, taken, revision=None, now=NOW + at * HOUR, actor=ME)
    return now_of(store, one.id)


def proposed(store: Store, out: Path, actor: Actor = ME) -> Rulings:
    return propose_rulings(store, out, now=NOW + 9 * HOUR, actor=actor, force=True)


def test_a_ruling_becomes_a_rule_that_would_have_spared_it(county: Store, tmp_path: Path) -> None:
    one = ruled(county, "WATER", reason="=their pipe", issue="E0113")
    done = proposed(county, tmp_path / "rulings.csv")
    assert (done.read, done.known, done.unfit) == (1, 0, 0)
    [found] = done.rulings
    assert (found.rule.office, found.rule.issue, found.rule.area, found.one.number) == ("WATER", "E0113", WEST, one.number)
    written = (tmp_path / "rulings.csv").read_text("utf-8-sig").splitlines()
    assert written[0] == "office,issue,by,level,area,rank,number,ruled_at,reason"
    assert written[1].endswith(f",{one.number},{(NOW + HOUR).isoformat()},'=their pipe")  # and no spreadsheet runs it
    assert read_rules(tmp_path / "rulings.csv", NOW.tzinfo, NOW) == (found.rule,)  # type: ignore[arg-type]
    with county.begin(ALL) as tx:  # somebody accepts it
        catalogues.put_rules(tx, (*RULES, found.rule))
    assert (take_in(county).office, take_in(county, lon=IN_EAST[0], lat=IN_EAST[1]).office) == ("WATER", "ROADS")
    done = proposed(county, tmp_path / "rulings.csv")
    assert (done.read, done.known, done.rulings) == (1, 1, ())


def test_every_rule_that_is_proposed_wins_whatever_stood_before_it(county: Store, tmp_path: Path) -> None:
    with county.begin(ALL) as tx:  # a rule as near as can be
        catalogues.put_rules(tx, (*RULES, Rule("CW", "E0113", By.TERRITORY, area=WEST + "001", rank=5)))
    ruled(county, "WATER")
    ruled(county, "CT", issue="D02")
    ruled(county, "ROADS", issue="C0101", lon=IN_EAST[0], lat=IN_EAST[1])
    done = proposed(county, tmp_path / "rulings.csv")
    assert len(done.rulings) == 3
    with county.begin(ALL) as tx:
        catalogues.put_rules(tx, (*catalogues.rules(tx), *(each.rule for each in done.rulings)))
    for each in done.rulings:
        with county.read(ALL) as tx:
            before = incidents.get(tx, each.one.number)
        assert take_in(county, issue=before.issue, lon=before.lon, lat=before.lat).office == each.rule.office


def test_of_two_rulings_about_one_type_in_one_village_the_last_counts(county: Store, tmp_path: Path) -> None:
    ruled(county, "WATER", at=1)
    last = ruled(county, "CT", at=2)
    elsewhere = ruled(county, "WATER", at=3, lon=IN_EAST[0], lat=IN_EAST[1])
    done = proposed(county, tmp_path / "rulings.csv")
    assert [(each.rule.office, each.rule.area, each.one.number) for each in done.rulings] == [
        ("WATER", EAST, elsewhere.number), ("CT", WEST, last.number),
    ]  # fmt: skip
    assert (done.read, done.known) == (3, 1)


def test_only_what_somebody_sees_is_written_and_only_to_a_csv_of_one_s_own(county: Store, tmp_path: Path) -> None:
    ruled(county, "WATER")
    east = Actor("e", "e", None, (Grant(Role.SUPERVISOR, EAST),))
    west = Actor("w", "w", None, (Grant(Role.SUPERVISOR, WEST),))
    assert proposed(county, tmp_path / "rulings.csv", east).read == 0
    assert proposed(county, tmp_path / "rulings.csv", west).read == 1
    for out, refusal in (
        (tmp_path / "rulings.csv", OutputExists),
        (tmp_path / "a" / "b.csv", FolderMissing),
        (tmp_path / "b.txt", RulesNotCsv),
    ):
        with pytest.raises(refusal):
            propose_rulings(county, out, now=NOW, actor=ME)
