"""Reports through the whole of intake, on each database."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from gridmap.access import operator
from gridmap.catalogue import Grade, Urgency
from gridmap.duty import Duty, Post
from gridmap.errors import KeyReused, NoEditionInForce, Refusal
from gridmap.flows.dispatch import have_at_hand
from gridmap.flows.intake import PER_TRANSACTION, receive, receive_many
from gridmap.incidents import Answer, Channel, Named, Report, State
from gridmap.incidents.report import PlaceMissing
from gridmap.routing import route
from gridmap.store import Store, catalogues, editions, incidents, offices, people
from gridmap.words import LANGS
from tests.builders import ALL
from tests.signing import counted as counted_work
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, IN_EAST, LONG_AGO, NOW, OUTSIDE, TOWN, WEST, settle
from tests.store.build import counted

ACTOR = operator("tester")
ROAD_AT = Report(issue="E0113", channel=Channel.RESIDENT, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84", text="路面破损")


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def take(store: Store, report: Report, now: datetime = NOW) -> Answer:
    return receive(store, report, now=now, actor=ACTOR)


def keys(answer: Answer) -> list[str]:
    return [reason.key.removeprefix("reason.") for reason in answer.reasons]


def test_the_first_report_asks_no_more_than_the_next_once_all_is_at_hand(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> int:
        with counted_work(county, monkeypatch) as work:
            take(county, ROAD_AT)
        return work.statements

    assert have_at_hand(county, now=NOW, actor=ACTOR)
    assert asked() == asked()


def test_where_nothing_is_in_force_nothing_is_at_hand(store: Store) -> None:
    assert not have_at_hand(store, now=NOW, actor=ACTOR)


def test_a_report_finds_cell_worker_office_and_the_reasons_and_is_kept(county: Store) -> None:
    answer = take(county, ROAD_AT)
    assert (answer.township, answer.village, answer.cell) == (
        Named(TOWN, "河东镇", "Hedong"), Named(WEST, "西村", "West Village"), Named(CELLS[0], "第1网格", "Cell 1"),
    )  # fmt: skip
    assert (answer.worker, answer.backup) == (
        Named("W1", "网格员甲01", "Worker A01", "0700-1"),
        Named("W5", "网格员甲05", "Worker A05", "0700-5"),
    )
    assert (answer.office, answer.state) == (Named("ROADS", "城市管理局", "Urban management", "0710"), State.DISPATCHED)
    assert (answer.edition, answer.number, answer.repeated) == (1, "2026-000001", False)
    assert keys(answer) == ["edition", "match.owned", "duty.worker", "route.territory.none", "route.subject.county"]
    with county.read(ALL) as tx:
        kept = incidents.get(tx, answer.incident)
        [sent] = incidents.reports(tx, answer.incident)
        [logged] = incidents.history(tx, answer.incident)
    assert (kept.grade, kept.urgency, kept.at, kept.recorded_at) == (Grade.COMPLEX, Urgency.ROUTINE, NOW, NOW)
    assert (kept.cell, kept.worker, kept.office, kept.reasons) == (CELLS[0], "W1", "ROADS", answer.reasons)
    assert (sent.lon, sent.lat, sent.datum, sent.at) == (*IN_CELL_1, "wgs84", NOW)
    assert (logged.actor, logged.to_state) == ("tester", State.DISPATCHED)


@pytest.mark.parametrize(
    ("issue", "office", "last"),
    [("C0101", "WATER", "route.owner.county"), ("D02", "CW", "route.territory"), ("E0113", "ROADS", "route.subject.county")],
)
def test_components_disputes_and_events_each_go_their_way(county: Store, issue: str, office: str, last: str) -> None:
    answer = take(county, replace(ROAD_AT, issue=issue))
    assert answer.office is not None
    assert (answer.office.code, keys(answer)[-1]) == (office, last)


TRIAGED = [
    (replace(ROAD_AT, lon=None, lat=None, datum="", place="桥头"), "point.none"),
    (replace(ROAD_AT, lon=0.0, lat=0.0), "point.zero"),
    (replace(ROAD_AT, lon=OUTSIDE[0], lat=OUTSIDE[1]), "match.outside"),
    (replace(ROAD_AT, lon=IN_CELL_1[1], lat=IN_CELL_1[0]), "point.exchanged"),
    (replace(ROAD_AT, accuracy_m=9000.0), "point.coarse"),
    (replace(ROAD_AT, issue="no such type"), "issue.unknown"),
]


@pytest.mark.parametrize(("report", "reason"), TRIAGED, ids=[reason for _, reason in TRIAGED])
def test_what_cannot_be_matched_waits_in_triage_with_its_reason(county: Store, report: Report, reason: str) -> None:
    answer = take(county, report)
    assert (answer.state, keys(answer)[-1]) == (State.TRIAGE, reason)
    with county.read(ALL) as tx:
        assert incidents.get(tx, answer.number).state == State.TRIAGE
        assert incidents.reports(tx, answer.incident)[0].text == "路面破损"


def test_an_unknown_type_still_finds_cell_and_worker_and_is_looked_at_today(county: Store) -> None:
    answer = take(county, replace(ROAD_AT, issue="no such type"))
    assert (answer.cell and answer.cell.code, answer.worker and answer.worker.code, answer.office) == (CELLS[0], "W1", None)
    with county.read(ALL) as tx:
        assert incidents.get(tx, answer.incident).urgency == Urgency.TODAY


def test_an_uncut_village_is_answered_by_the_township_s_leader(county: Store) -> None:
    answer = take(county, replace(ROAD_AT, lon=IN_EAST[0], lat=IN_EAST[1]))
    assert (answer.village and answer.village.code, answer.cell, answer.worker and answer.worker.code) == (EAST, None, "W6")
    assert answer.state == State.DISPATCHED


def test_without_any_worker_a_report_waits_in_triage_with_place_and_office(county: Store) -> None:
    with county.begin(ALL) as tx:
        people.put_posts(tx, [Post("W6", TOWN, Duty.LEADER, LONG_AGO, NOW)])
    answer = take(county, replace(ROAD_AT, lon=IN_EAST[0], lat=IN_EAST[1]))
    assert (answer.state, answer.worker, answer.office and answer.office.code) == (State.TRIAGE, None, "ROADS")
    assert "duty.nobody" in keys(answer)


def test_the_edition_in_force_at_receipt_answers_whatever_the_report_s_own_time(county: Store) -> None:
    merged = [area for area in AREAS if area.code not in CELLS]
    with county.begin(ALL) as tx:
        editions.add(tx, merged, in_force_from=NOW, recorded_at=NOW)
    long_past = replace(ROAD_AT, at=LONG_AGO + timedelta(days=3))
    before, after = take(county, long_past, NOW - timedelta(seconds=1)), take(county, long_past)
    assert (before.edition, before.cell and before.cell.code) == (1, CELLS[0])
    assert (after.edition, after.cell) == (2, None)


def test_a_county_that_published_nothing_takes_and_acknowledges_nothing(store: Store) -> None:
    with pytest.raises(NoEditionInForce):
        take(store, ROAD_AT)
    with store.read(ALL) as tx:
        assert sum(incidents.count(tx).values()) == 0


def test_the_same_key_twenty_times_is_one_incident_and_one_answer(county: Store) -> None:
    report = replace(ROAD_AT, sender="12345", key="A-1")
    first, *others = [take(county, report, NOW + timedelta(minutes=n)) for n in range(20)]
    assert others == [replace(first, repeated=True)] * 19
    with county.read(ALL) as tx:
        assert sum(incidents.count(tx).values()) == 1


def test_the_same_key_with_another_body_is_refused_and_another_sender_s_is_not(county: Store) -> None:
    first = take(county, replace(ROAD_AT, sender="12345", key="A-1"))
    with pytest.raises(KeyReused):
        take(county, replace(ROAD_AT, sender="12345", key="A-1", text="another"))
    other = take(county, replace(ROAD_AT, sender="other", key="A-1", text="another"))
    assert other.incident != first.incident


def test_an_anonymous_uuid_in_another_spelling_is_the_same_key(county: Store) -> None:
    key = uuid4()
    first = take(county, replace(ROAD_AT, key=str(key)))
    assert take(county, replace(ROAD_AT, key=key.hex.upper())) == replace(first, repeated=True)


def test_reports_without_a_key_are_each_a_new_one(county: Store) -> None:
    assert take(county, ROAD_AT).incident != take(county, ROAD_AT).incident


def test_many_are_answered_in_their_order_each_on_its_own(county: Store) -> None:
    keyed = replace(ROAD_AT, sender="s", key="k")
    rows = [keyed, replace(ROAD_AT, lon=None, lat=None), keyed, replace(keyed, text="other"), replace(ROAD_AT, issue="D02"), TRIAGED[0][0]]
    found = receive_many(county, rows, now=NOW, actor=ACTOR)
    assert [type(outcome) for outcome in found] == [Answer, PlaceMissing, Answer, KeyReused, Answer, Answer]
    first, _, again, _, dispute, triaged = found
    assert isinstance(first, Answer)
    assert again == replace(first, repeated=True)
    assert isinstance(dispute, Answer)
    assert isinstance(triaged, Answer)
    assert (dispute.number, triaged.number) == ("2026-000002", "2026-000003")
    assert triaged.state == State.TRIAGE


def test_a_thousand_reports_sent_twice_are_a_thousand_incidents(county: Store) -> None:
    points = [(113.0 + n % 40 * 0.001 + 0.0005, 28.0 + n // 40 % 20 * 0.001 + 0.0005) for n in range(2 * PER_TRANSACTION + 1)]
    rows = [replace(ROAD_AT, lon=lon, lat=lat, sender="s", key=str(n)) for n, (lon, lat) in enumerate(points)]
    steps: list[int] = []
    first = receive_many(county, rows, now=NOW, actor=ACTOR, advance=steps.append)
    assert steps == [PER_TRANSACTION, PER_TRANSACTION, 1]
    assert [outcome for outcome in first if isinstance(outcome, Refusal)] == []
    again = receive_many(county, rows[::-1], now=NOW, actor=ACTOR)
    assert again[::-1] == [replace(outcome, repeated=True) for outcome in first if isinstance(outcome, Answer)]
    with county.read(ALL) as tx:
        assert counted(incidents.count(tx)) == {State.DISPATCHED: len(rows)}


def test_many_transactions_are_kept_in_the_order_that_they_were_sent_in(county: Store) -> None:
    sent = [replace(ROAD_AT, sender="hotline", key=f"k{n}", text=f"{n}") for n in range(4 * PER_TRANSACTION)]
    sent[-1] = replace(sent[-1], key="k0")  # of another transaction, with another body
    sent[-2] = sent[1]
    *made, again, other = receive_many(county, sent, now=NOW, actor=ACTOR)
    assert isinstance(other, KeyReused)
    assert isinstance(again, Answer)
    assert isinstance(made[1], Answer)
    assert (again.repeated, again.number) == (True, made[1].number)
    with county.read(ALL) as tx:
        log = [incidents.history(tx, answer.incident)[0].id for answer in made if isinstance(answer, Answer)]
    assert log == list(range(log[0], log[0] + len(sent) - 2))
    numbers = [answer.number for answer in made if isinstance(answer, Answer)]
    assert numbers == sorted(numbers)


def test_one_by_one_and_many_together_give_equal_answers(county: Store) -> None:
    rows = [ROAD_AT, *(report for report, _ in TRIAGED), replace(ROAD_AT, issue="D02"), replace(ROAD_AT, lon=IN_EAST[0], lat=IN_EAST[1])]
    together = receive_many(county, rows, now=NOW, actor=ACTOR)
    for report, among_many in zip(rows, together, strict=True):
        alone = take(county, report)
        assert isinstance(among_many, Answer)
        assert replace(alone, report="", incident="", number="") == replace(among_many, report="", incident="", number="")
        assert all(alone.as_dict(lang)["reasons"] for lang in LANGS)


def test_the_number_s_year_is_the_county_s(county: Store) -> None:
    new_year = datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=8)))
    assert take(county, ROAD_AT, new_year).number.startswith("2027-")
    assert take(county, ROAD_AT, new_year.astimezone(UTC)).number.startswith("2026-")


def test_eight_at_once_with_one_key_are_one_incident_and_one_answer(county: Store) -> None:
    report = replace(ROAD_AT, sender="12345", key="race")
    answers: list[Answer] = []
    threads = [Thread(target=lambda: answers.append(take(county, report))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.incident for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7
    with county.read(ALL) as tx:
        assert sum(incidents.count(tx).values()) == 1


def drawn_reports(count: int) -> list[Report]:
    """Reports as a bad day brings them: good ones, every doubt, every refusal, keys again; the same each time."""
    draw = random.Random(5)
    points = [(None, None), (0.0, 0.0), OUTSIDE, IN_CELL_1[::-1], (float("nan"), 28.0), (113.0, None), (13e6, 3e6)]
    rows = []
    for n in range(count):
        lon, lat = draw.choice(points) if draw.random() < 0.3 else (113 + draw.random() * 0.04, 28 + draw.random() * 0.02)
        rows.append(Report(
            issue=draw.choice(["E0113", "D02", "C0101", "", "unknown"]), channel=draw.choice(list(Channel)), lon=lon, lat=lat,
            datum=draw.choice(["wgs84", "cgcs2000", "gcj02", "bd09", "mars"]), accuracy_m=draw.choice([None, 0.0, 8.0, 60.0, 3000.0]),
            place=draw.choice(["", "桥头"]), text=draw.choice(["路面破损", "a\0b"] if n % 50 == 0 else ["路面破损"]),
            sender=draw.choice(["", "12345"]), key=draw.choice(["", f"k{draw.randint(1, 40)}"]),
        ))  # fmt: skip
    return rows


def test_of_any_reports_each_accepted_one_is_dispatched_in_full_or_triaged_with_a_reason(county: Store) -> None:
    rows = drawn_reports(400)
    outcomes = receive_many(county, rows, now=NOW, actor=ACTOR)
    new = [answer for answer in outcomes if isinstance(answer, Answer) and not answer.repeated]
    for answer in new:
        causes = {"point.none", "point.zero", "point.off_globe", "point.coarse", "point.exchanged", "match.outside", "issue.unknown"} & set(
            keys(answer)
        )
        full = all((answer.village, answer.worker, answer.office, answer.edition))
        assert (answer.state is not State.TRIAGE) == full == (not causes)
        assert all(reason.text(lang) for reason in answer.reasons for lang in LANGS)
    with county.read(ALL) as tx:
        counted = incidents.count(tx)
    assert counted[State.DISPATCHED] == sum(answer.state == State.DISPATCHED for answer in new) > 50
    assert counted[State.TRIAGE] == sum(answer.state == State.TRIAGE for answer in new) > 50
    refused = {type(outcome).__name__ for outcome in outcomes if isinstance(outcome, Refusal)}
    assert refused == {"IssueUnnamed", "PlaceMissing", "PointHalf", "PointNotFinite", "PointOffGlobe", "DatumUnknown", "KeyNotUuid",
                       "KeyReused", "TextUnusable"}  # fmt: skip


def test_both_databases_give_equal_answers(tmp_path: Path, fresh_postgres: str) -> None:
    told = []
    for url in (f"sqlite:///{tmp_path}/one.db", fresh_postgres):
        with Store.open(url) as store:
            settle(store)
            outcomes = receive_many(store, drawn_reports(300), now=NOW, actor=ACTOR)
            told.append([_without_ids(outcome) if isinstance(outcome, Answer) else type(outcome) for outcome in outcomes])
    assert told[0] == told[1]


def _without_ids(answer: Answer) -> Answer:
    return replace(answer, report="", incident="")


def test_a_kept_route_can_be_replayed_dry_from_the_rows(county: Store) -> None:
    for issue in ("E0113", "D02", "C0101"):
        answer = take(county, replace(ROAD_AT, issue=issue))
        with county.read(ALL) as tx:
            incident = incidents.get(tx, answer.incident)
            kind = catalogues.issue_type(tx, issue)
            rules, desks = catalogues.rules(tx), offices.all_(tx)
        assert kind is not None
        path = [code for code in (incident.township, incident.village, incident.cell) if code]
        replayed = route(rules, desks, kind, path)
        assert replayed.office == incident.office
        trail = [reason.key for reason in incident.reasons if reason.key.startswith("reason.route.")]
        assert trail == [reason.key for reason in replayed.reasons]
