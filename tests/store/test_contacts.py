"""A reporter's contact: kept apart, masked, read for a purpose only, and gone when its term is over."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import MetaData, Table, select, text

from gridmap.access import Action, Actor, Forbidden, Grant, Role, allowed, operator
from gridmap.errors import IncidentMissing, Refusal, Throttled
from gridmap.flows.contact import BURST, EVERY, PurposeMissing, PurposeNamesContact, PurposeTooLong, read_contacts
from gridmap.flows.intake import receive, receive_many
from gridmap.flows.purge import BATCH, purge_contacts
from gridmap.incidents import Answer, Channel, Report
from gridmap.incidents.contact import HIDDEN, KEPT_FROM_CLOSING, KEPT_FROM_RECEIPT, masked
from gridmap.store import Store, contacts, incidents
from gridmap.store.schema import contact as contact_table
from gridmap.store.scoping import within
from tests.builders import ALL
from tests.closing import close
from tests.postgres import ask_sql
from tests.small_land import CELLS, EAST, IN_CELL_1, NOW, TOWN, WEST, settle

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PHONE = "13900001234"
OPERATOR = operator("tester")
SENT = Report(
    issue="E0113", channel=Channel.HOTLINE, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84", text="坑", sender="hotline", contact=PHONE
)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def take(store: Store, **changes: object) -> Answer:
    return receive(store, replace(SENT, **changes), now=NOW, actor=OPERATOR)


def shown(store: Store, answer: Answer, at=NOW) -> list[str]:
    with store.read(allowed(OPERATOR, Action.INCIDENT_READ)) as tx:
        return [one.masked for one in contacts.of_incident(tx, answer.incident, at=at)]


def held(role: Role, worker: str | None = None, **where: str) -> Actor:
    return Actor(f"{role}-account", f"id of {role} {worker} {where}", worker, (Grant(role, **where),))


def read(store: Store, answer: Answer, actor: Actor, at=NOW) -> list[str]:
    return [one.contact for one in read_contacts(store, answer.number, "ask back", now=at, actor=actor)]


def everything(store: Store) -> dict[str, str]:
    """Every row of every table as text, by table."""
    metadata = MetaData()
    with store._engine.connect() as tx:
        metadata.reflect(tx)
        return {name: str(tx.execute(select(table)).all()) for name, table in metadata.tables.items() if isinstance(table, Table)}


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        (PHONE, "****234"),
        ("+86 139-0000-1234", "****1234"),
        ("(0700) 123 456", "****456"),
        ("zhang@mail.example.cn", "z***@***.cn"),
        ("z@e.cn", HIDDEN),
        ("a@example.photography", HIDDEN),
        ("123456", "****56"),
        ("12345", HIDDEN),
        ("王某某", HIDDEN),
        (f"{PHONE} 王某某", "****234"),
        ("wx: some_name", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_a_contact_is_masked_to_what_tells_two_reporters_apart(contact: str, told: str) -> None:
    assert masked(contact) == told


@given(st.text(max_size=100) | st.from_regex(r"[\d\- ()+]{1,30}") | st.emails())
def test_never_more_than_a_third_and_never_more_than_four_letters_are_shown(contact: str) -> None:
    letters = re.sub(r"[*@.]", "", masked(contact))
    assert len(letters) <= min(4, len(contact.strip()) // 3)


def test_a_contact_is_kept_in_its_own_table_and_nowhere_else(county: Store) -> None:
    answer = take(county)
    assert PHONE not in json.dumps([answer.kept(), answer.as_dict("en"), answer.as_dict("zh")])
    assert [table for table, rows in everything(county).items() if PHONE in rows] == ["contact"]
    assert PHONE not in repr(SENT)
    assert shown(county, answer) == ["****234"]


def test_without_a_contact_nothing_is_kept_for_it(county: Store) -> None:
    assert shown(county, take(county, contact="  ")) == []


def test_the_same_key_with_another_contact_gets_the_first_answer_and_changes_nothing(county: Store) -> None:
    first = take(county, key="k")
    again = take(county, key="k", contact="somebody.else@example.cn")
    assert again == replace(first, repeated=True)
    assert shown(county, first) == ["****234"]
    [one, other] = receive_many(
        county, [replace(SENT, key="x"), replace(SENT, key="x", contact="second@example.cn")], now=NOW, actor=OPERATOR
    )  # fmt: skip
    assert isinstance(one, Answer)
    assert other == replace(one, repeated=True)


def test_a_contact_that_is_too_long_or_unkeepable_is_refused_without_being_repeated(county: Store) -> None:
    for contact in ("9" * 101, "139\0"):
        with pytest.raises(Refusal) as refused:
            take(county, contact=contact)
        assert contact not in str(refused.value) + str(refused.value.facts)


def test_a_contact_is_kept_for_180_days_and_shown_to_nobody_after_them(county: Store) -> None:
    answer = take(county)
    last = NOW + KEPT_FROM_RECEIPT
    assert shown(county, answer, last - SECOND) == ["****234"]
    assert shown(county, answer, last) == []
    assert read(county, answer, OPERATOR, last - SECOND) == [PHONE]
    assert read(county, answer, OPERATOR, last) == []


def test_closing_leaves_it_thirty_days_and_never_longer_than_before(county: Store) -> None:
    early, late = take(county), take(county)
    close(county, early.number, "done", now=NOW + DAY, actor=OPERATOR)
    close(county, late.number, "done", now=NOW + KEPT_FROM_RECEIPT - DAY, actor=OPERATOR)
    assert shown(county, early, NOW + DAY + KEPT_FROM_CLOSING - SECOND) == ["****234"]
    assert shown(county, early, NOW + DAY + KEPT_FROM_CLOSING) == []
    assert shown(county, late, NOW + KEPT_FROM_RECEIPT - SECOND) == ["****234"]
    assert shown(county, late, NOW + KEPT_FROM_RECEIPT) == []


def test_whoever_reads_it_leaves_purpose_and_report_in_the_history_and_never_the_contact(county: Store) -> None:
    answer = take(county)
    dispatcher = held(Role.DISPATCHER, area=TOWN)
    assert [one.contact for one in read_contacts(county, answer.incident, " which drain? ", now=NOW, actor=dispatcher)] == [PHONE]
    with county.read(ALL) as tx:
        *_, last = incidents.history(tx, answer.incident)
        assert (last.what, last.actor, last.to_state) == ("contact.read", "dispatcher-account", None)
        assert last.facts == {"report": answer.report, "purpose": "which drain?"}
        assert incidents.changes_after(tx, last.id - 1, 10) == ()
    assert [table for table, rows in everything(county).items() if PHONE in rows] == ["contact"]


def test_without_a_purpose_or_with_the_contact_as_purpose_nothing_is_told_or_recorded(county: Store) -> None:
    answer = take(county)
    for purpose, refusal in ((" ", PurposeMissing), ("x" * 201, PurposeTooLong), (f"call {PHONE}", PurposeNamesContact)):
        with pytest.raises(refusal):
            read_contacts(county, answer.incident, purpose, now=NOW, actor=OPERATOR)
    assert PHONE not in everything(county)["history"]
    assert "contact.read" not in everything(county)["history"]


MAY = (
    held(Role.WORKER, "W1", area=CELLS[0]),
    held(Role.WORKER, "W5", area=CELLS[0]),
    held(Role.LEADER, "W6", area=TOWN),
    held(Role.DISPATCHER, area=WEST),
    held(Role.HANDLER, office="ROADS"),
)
ELSEWHERE = (
    held(Role.WORKER, "W2", area=CELLS[0]),  # stands there too, and is not the one whose matter it is
    held(Role.LEADER, "W6", area=EAST),
    held(Role.DISPATCHER, area=EAST),
    held(Role.HANDLER, office="WATER"),
)
NEVER = (*(held(role) for role in (Role.SUPERVISOR, Role.PLANNER, Role.AUDITOR, Role.ADMINISTRATOR)), Actor())


def test_it_is_read_in_full_by_whom_the_matter_is_in_hand_and_by_nobody_else(county: Store) -> None:
    answer = take(county)
    for actor in MAY:
        assert read(county, answer, actor) == [PHONE], actor
    for actor in ELSEWHERE:
        with pytest.raises(IncidentMissing):
            read(county, answer, actor)
    for actor in NEVER:
        with pytest.raises(Forbidden):
            read(county, answer, actor)


def test_the_columns_in_full_are_beyond_the_wall_for_every_other_action(county: Store) -> None:
    take(county)
    if county.dialect == "sqlite":
        pytest.skip("the second wall is PostgreSQL's")
    for action in set(Action) - {Action.CONTACT_READ}:
        with pytest.raises(Refusal), county.read(allowed(OPERATOR, action)) as tx:
            tx.execute(select(contact_table.c.contact).where(within(tx, contact_table)))


def test_twenty_are_read_at_once_and_then_one_each_ninety_seconds_so_sixty_in_an_hour(county: Store) -> None:
    answer = take(county)
    dispatcher = held(Role.DISPATCHER)
    assert timedelta(hours=1) / EVERY + BURST == 60
    for _ in range(BURST):
        assert read(county, answer, dispatcher) == [PHONE]
    with pytest.raises(Throttled) as wait:
        read(county, answer, dispatcher)
    assert wait.value.facts == {"seconds": 90}
    assert read(county, answer, dispatcher, NOW + EVERY) == [PHONE]
    with pytest.raises(Throttled):
        read(county, answer, dispatcher, NOW + EVERY)
    assert read(county, answer, held(Role.DISPATCHER, area=TOWN)) == [PHONE]  # another account has its own


def fill(store: Store, count: int) -> list[str]:
    """Reports with a contact each, every third one received a year ago; the contacts that are overdue now."""
    sent = [replace(SENT, key=f"k{n}", contact=f"1399{n:07}") for n in range(count)]
    for part, at in ((sent[::3], NOW - 365 * DAY), (sent[1::3], NOW), (sent[2::3], NOW)):
        receive_many(store, part, now=at, actor=OPERATOR)
    return [one.contact for one in sent[::3]]


def kept(store: Store) -> set[str]:
    with store._engine.connect() as tx:
        return set(tx.scalars(text("SELECT contact FROM contact")))


def purged(store: Store) -> int:
    """How many were purged, as history tells it."""
    with store.read(ALL) as tx:
        rows = tx.execute(text("SELECT facts FROM history WHERE what = 'contact.purge'")).scalars()
        return sum((json.loads(row) if isinstance(row, str) else row)["count"] for row in rows)


def test_a_purge_deletes_all_that_is_overdue_and_nothing_else_and_a_second_one_nothing(county: Store) -> None:
    overdue = fill(county, 60)
    before = kept(county)
    assert purge_contacts(county, now=NOW, actor=OPERATOR, dry_run=True).contacts == len(overdue)
    assert kept(county) == before
    assert purge_contacts(county, now=NOW, actor=OPERATOR).contacts == len(overdue)
    assert kept(county) == before - set(overdue)
    rows = everything(county)["history"]
    assert purge_contacts(county, now=NOW, actor=OPERATOR).contacts == 0
    assert everything(county)["history"] == rows
    assert purged(county) == len(overdue)


def test_a_purge_is_the_operators_alone(county: Store) -> None:
    for actor in (*MAY, *NEVER):
        with pytest.raises(Forbidden):
            purge_contacts(county, now=NOW, actor=actor)


def test_what_was_purged_is_not_in_the_file_or_a_dump_any_more(county: Store) -> None:
    overdue = fill(county, 60)
    purge_contacts(county, now=NOW, actor=OPERATOR)
    after = dump(county)
    assert not [contact for contact in overdue if contact in after]
    assert all(contact in after for contact in kept(county))


def dump(store: Store) -> str:
    """Every byte of the SQLite file, or all that pg_dump writes."""
    url = store._engine.url
    if store.dialect == "sqlite":
        return Path(str(url.database)).read_bytes().decode("latin-1")
    shown = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run(["pg_dump", shown], check=True, capture_output=True, text=True).stdout


PURGING = """
import sys
from datetime import datetime
from gridmap.access import operator
from gridmap.flows.purge import purge_contacts
from gridmap.store import Store
with Store.open(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    purge_contacts(store, now=datetime.fromisoformat(sys.argv[2]), actor=operator("killed"))
"""


def test_a_purge_that_is_killed_in_the_middle_leaves_whole_batches_and_is_finished_by_the_next(county: Store) -> None:
    overdue = set(fill(county, 3 * BATCH))
    [late] = receive_many(county, [replace(SENT, key="late", contact="late@example.cn")], now=NOW - 200 * DAY, actor=OPERATOR)
    before = kept(county)
    command = [sys.executable, "-c", PURGING, county._engine.url.render_as_string(hide_password=False), NOW.isoformat()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        assert isinstance(late, Answer)
        done = _killed_at_commit(county, process) if county.dialect == "sqlite" else _killed_in_the_last_batch(county, process, late.report)
    overdue.add("late@example.cn")
    gone = before - kept(county)
    assert gone < overdue
    assert len(gone) == purged(county) == done
    assert purge_contacts(county, now=NOW, actor=OPERATOR).contacts == len(overdue - gone)
    assert kept(county) == before - overdue
    assert purged(county) == len(overdue)


def _killed_at_commit(store: Store, process: subprocess.Popen[str]) -> int:
    """A reader keeps the first batch from its commit: its rows are deleted, its journal lies on the disk, and there it is killed."""
    file = Path(str(store._engine.url.database))
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM contact").fetchall()
        print(file=process.stdin, flush=True)
        while not file.with_name(f"{file.name}-journal").exists():
            assert process.poll() is None
        _kill(process)
    return 0


def _killed_in_the_last_batch(store: Store, process: subprocess.Popen[str], last: str) -> int:
    """Another transaction holds the row that goes last: the purge has done one batch, waits in the second, and there it is killed."""
    url = store._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with store._engine.connect() as tx, tx.begin():
        tx.execute(text("SELECT report FROM contact WHERE report = :last FOR UPDATE"), {"last": last})
        print(file=process.stdin, flush=True)
        while not ask_sql(url, "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")[0][0]:
            assert process.poll() is None
        _kill(process)
    return BATCH


def _kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_fault_of_ours_is_told_without_the_row_that_it_was_about(county: Store) -> None:
    answer = take(county)
    if county.dialect == "sqlite":
        broken = "CREATE TRIGGER contact_broken BEFORE INSERT ON contact BEGIN SELECT RAISE(ABORT, 'broken'); END"
    else:
        broken = "ALTER TABLE contact ADD CONSTRAINT broken CHECK (length(contact) < 3) NOT VALID"
    with county._engine.connect() as tx, tx.execution_options(writes=True).begin():
        tx.execute(text(broken))
    with pytest.raises(Exception, match="broken") as fault:
        take(county, text="another")
    told = "".join(f"{one} {one!r} {one.__cause__} {one.__context__}" for one in (fault.value, fault.value.__cause__) if one)
    assert PHONE not in told
    assert shown(county, answer) == ["****234"]
