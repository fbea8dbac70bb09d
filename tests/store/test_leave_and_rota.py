"""Who is away is passed over at intake, and the office on duty takes what no centre takes."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridmap.access import operator
from gridmap.duty import Leave, OfficeKind, OnCall, Weekday
from gridmap.flows.import_register import RegisterRefused, import_register
from gridmap.flows.intake import receive
from gridmap.incidents import Answer, Channel, Report, State
from gridmap.store import Store, catalogues, editions, offices, people
from gridmap.tables import Register
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, IN_CELL_1, LONG_AGO, NOW, OFFICES, POSTS, TYPES, WORKERS, settle

ME = operator("test")
ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


def sent(store: Store, *, days: int = 0) -> Answer:
    report = Report(issue="E0113", channel=Channel.SYSTEM, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84")
    return receive(store, report, now=(NOW + days * DAY).astimezone(ZONE), actor=ME)


def bring(store: Store, folder: Path, register: Register, text: str) -> int:
    file = folder / f"{register}.csv"
    file.write_text(text, "utf-8")
    return import_register(store, register, file, now=NOW, zone=ZONE, actor=ME).imported


def who(answer: Answer) -> tuple[str | None, str | None]:
    return answer.worker and answer.worker.code, answer.backup and answer.backup.code


def test_a_worker_on_leave_is_stood_in_for_by_the_backup_then_the_leader_until_they_are_back(store: Store, tmp_path: Path) -> None:
    settle(store)
    assert who(sent(store)) == ("W1", "W5")
    assert bring(store, tmp_path, Register.LEAVE, "网格员,开始,结束\nW1,2026-03-02,2026-03-05\nW5,2026-03-04,\n") == 2
    today = sent(store)
    assert who(today) == ("W5", None)
    assert [reason.text("en") for reason in today.reasons if ".duty." in reason.key] == [
        f"Worker A01 (W1) of Cell 1 ({CELLS[0]}) is on leave until 2026-03-05 00:00.",
        f"Worker A05 (W5) stands in as the backup of Cell 1 ({CELLS[0]}).",
    ]
    assert who(sent(store, days=2)) == ("W6", None)
    assert who(sent(store, days=3)) == ("W1", None)
    bring(store, tmp_path, Register.LEAVE, "worker,since,until\nW1,2026-03-02,2026-03-02\nW5,2026-03-04,2026-03-04\n")
    assert who(sent(store)) == ("W1", "W5")


def test_leave_keeps_dates_and_nothing_else_and_is_checked(store: Store, tmp_path: Path) -> None:
    settle(store)
    with pytest.raises(RegisterRefused) as refused:
        bring(store, tmp_path, Register.LEAVE, "worker,since,until,reason\nW99,2026-03-02,,ill\nW1,2026-03-05,2026-03-02,ill\n")
    assert len(refused.value.rejected) == 2
    bring(store, tmp_path, Register.LEAVE, "worker,since,until,why\nW1,2026-03-02,,ill\n")
    with store.read(ALL) as tx:
        assert people.leaves(tx) == (Leave("W1", NOW.replace(hour=16) - DAY, None),)


def test_the_rota_is_asked_last_by_the_day_that_it_is_in_the_county(store: Store, tmp_path: Path) -> None:
    """A county without any centre, and no row for the type."""
    with store.begin(ALL) as tx:
        editions.add(tx, AREAS, in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        offices.put(tx, [each for each in OFFICES if each.kind is not OfficeKind.CENTRE])
        catalogues.put_issue_types(tx, TYPES)
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, POSTS)
    assert sent(store).state is State.TRIAGE
    assert bring(store, tmp_path, Register.ROTA, "weekday,office\n星期一,ROADS\ntue,WATER\n") == 2
    monday, tuesday, wednesday = (sent(store, days=days) for days in range(3))
    assert [one.office and one.office.code for one in (monday, tuesday, wednesday)] == ["ROADS", "WATER", None]
    assert (monday.reasons[-1].key, wednesday.reasons[-1].key) == ("reason.route.rota", "reason.route.nobody")
    assert wednesday.reasons[-2].text("en") == "The rota names no office for Wednesday."
    with store.begin(ALL) as tx:
        offices.put(tx, [replace(OFFICES[0])])
    assert sent(store).reasons[-1].key == "reason.route.backstop.county"


def test_a_rota_takes_the_place_of_the_one_before_or_is_refused_as_a_whole(store: Store, tmp_path: Path) -> None:
    settle(store)
    bring(store, tmp_path, Register.ROTA, "weekday,office\n1,ROADS\n2,WATER\n")
    for bad in ("3,NOBODY", "someday,ROADS", "4,ROADS\n4,WATER"):
        with pytest.raises(RegisterRefused):
            bring(store, tmp_path, Register.ROTA, f"weekday,office\n5,ROADS\n{bad}\n")
    bring(store, tmp_path, Register.ROTA, "weekday,office\n周日,WATER\n周六,ROADS\n")
    with store.read(ALL) as tx:
        assert offices.rota(tx) == (OnCall(Weekday.SATURDAY, "ROADS"), OnCall(Weekday.SUNDAY, "WATER"))
