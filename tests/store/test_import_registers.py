"""Registers and files of reports through their flows, on each database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from gridmap import catalogue_default
from gridmap.catalogue import By, Limit, Rule
from gridmap.duty import Duty, Office, Worker
from gridmap.errors import NoEditionInForce, TableEmpty
from gridmap.flows.dispatch import read_situation
from gridmap.flows.import_defaults import CatalogueThere, import_defaults
from gridmap.flows.import_register import RegisterImport, RegisterRefused, import_register
from gridmap.flows.import_reports import ReportImport, import_reports
from gridmap.incidents import State
from gridmap.store import Store, calendars, catalogues, incidents, offices, people
from gridmap.tables import Register
from gridmap.tables.rejects import RejectsUnusable, write_rejects
from gridmap.tables.reports import Defaults
from gridmap.tables.rows import Rejected, Row
from gridmap.words import LANGS
from tests.builders import ALL, OPERATOR
from tests.small_land import CELLS, LONG_AGO, NOW, POSTS, WORKERS, settle
from tests.store.build import counted

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEXT_YEAR = datetime(2027, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def bring(
    store: Store, folder: Path, register: Register, text: str, *, all_or_nothing: bool = False, now: datetime = NOW
) -> RegisterImport:
    path = folder / f"{register}.csv"
    path.write_text(text, "utf-8")
    return import_register(store, register, path, now=now, actor=OPERATOR, zone=SHANGHAI, all_or_nothing=all_or_nothing)


def why(found: RegisterImport) -> list[tuple[int, str]]:
    assert found.as_dict("zh")["rejected"] == len(found.rejected)
    return [(one.row.number, reason.key.rpartition(".")[2]) for one in found.rejected for reason in one.reasons]


def notes(found: RegisterImport) -> list[str]:
    assert all(note.text(lang) for note in found.notes for lang in LANGS)
    return [note.key.rpartition(".")[2] for note in found.notes]


def test_workers_come_in_again_each_year_and_nobody_is_removed(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.WORKERS, "工号,姓名,电话\nW1,网格员乙01,0700-9\nW9,网格员乙09,\n")
    assert (found.read, found.imported, found.rejects) == (2, 2, None)
    with county.read(ALL) as tx:
        assert people.worker(tx, "W1") == Worker("W1", "网格员乙01", "0700-9")
        assert len(people.workers(tx)) == len(WORKERS) + 1


def test_good_rows_are_kept_and_rejected_ones_written_back_with_the_reason(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.WORKERS, "id,name,note\nW9,网格员乙09,=1+1\nW9,twice,\n,nobody,\n")
    assert why(found) == [(3, "twice"), (4, "empty")]
    assert (found.imported, found.ignored, found.rejects) == (1, ("note",), folder / "workers.rejected.xlsx")
    rows = list(load_workbook(folder / "workers.rejected.xlsx").active.iter_rows(values_only=True))
    assert rows[0] == ("id", "name", "note", "reason")
    assert [row[:2] for row in rows[1:]] == [("W9", "twice"), (None, "nobody")]


def test_all_or_nothing_keeps_nothing_and_still_writes_the_reasons(county: Store, folder: Path) -> None:
    with pytest.raises(RegisterRefused) as refused:
        bring(county, folder, Register.WORKERS, "id,name\nW9,网格员乙09\n,nobody\n", all_or_nothing=True)
    assert all("1" in refused.value.text(lang) for lang in LANGS)
    assert (folder / "workers.rejected.xlsx").exists()
    with county.read(ALL) as tx:
        assert people.worker(tx, "W9") is None


def test_posts_name_workers_that_exist_and_areas_that_are_doubted_aloud(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.POSTS, f"worker,area,duty\nW9,{CELLS[0]},worker\nW1,999,police\n")
    assert (why(found), notes(found), found.imported) == ([(2, "worker_unknown")], ["areas_unknown"], 1)


def test_next_year_s_register_ends_the_open_posts_that_it_replaces(county: Store, folder: Path) -> None:
    table = f"worker,area,since\nW2,{CELLS[0]},2027-01-01\nW1,{CELLS[1]},2027-01-01\n"
    found = bring(county, folder, Register.POSTS, table)
    assert (found.imported, notes(found)) == (2, ["ended", "ended"])
    with county.read(ALL) as tx:
        before, after = people.posts(tx, at=NEXT_YEAR - timedelta(seconds=1)), people.posts(tx, at=NEXT_YEAR)
    assert [(post.worker, post.area) for post in before if post.duty == Duty.WORKER][:2] == [("W1", CELLS[0]), ("W2", CELLS[1])]
    assert [(post.worker, post.area) for post in after if post.duty == Duty.WORKER][:2] == [("W2", CELLS[0]), ("W1", CELLS[1])]


def test_the_same_posts_again_change_nothing(county: Store, folder: Path) -> None:
    table = "worker,area,duty\n" + "".join(f"{post.worker},{post.area},{post.duty}\n" for post in POSTS)
    found = bring(county, folder, Register.POSTS, table)
    assert (found.imported, found.rejected, notes(found)) == (len(POSTS), (), [])
    with county.read(ALL) as tx:
        assert set(people.posts(tx)) == set(POSTS)


def test_two_workers_at_one_cell_at_once_are_rejected_and_two_mediators_are_not(county: Store, folder: Path) -> None:
    table = (
        f"worker,area,duty,since,until\nW2,{CELLS[0]},worker,2027-01-01,2027-06-01\nW3,{CELLS[0]},worker,2027-05-31,\n"
        f"W3,{CELLS[0]},worker,2027-06-01,\nW4,{CELLS[0]},worker,2024-06-01,2025-06-01\n"
        f"W1,{CELLS[0]},mediator,2027-01-01,\nW2,{CELLS[0]},mediator,2027-01-01,\n"
    )
    found = bring(county, folder, Register.POSTS, table)
    assert why(found) == [(3, "overlap"), (5, "overlap_kept")]
    assert found.imported == 4


def test_a_post_is_ended_by_importing_it_with_its_last_day(county: Store, folder: Path) -> None:
    since = LONG_AGO.isoformat()
    table = f"worker,area,since,until\nW2,{CELLS[0]},2026-06-01,\nW1,{CELLS[0]},{since},2026-06-01\n"
    found = bring(county, folder, Register.POSTS, table)
    assert (found.imported, why(found)) == (2, [])
    with county.read(ALL) as tx:
        held = [post for post in people.posts(tx, areas=[CELLS[0]]) if post.duty == Duty.WORKER]
    assert [(post.worker, post.until is None) for post in held] == [("W1", False), ("W2", True)]


def test_a_second_centre_of_an_area_is_noted(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.OFFICES, "code,name,kind,area\nC00,另一中心,综治中心,\nX,甲局,职能部门,999\n")
    assert (found.imported, notes(found)) == (2, ["areas_unknown", "centres"])


def test_rules_replace_the_table_as_a_whole(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.RULES, "office,issue,by,level\nROADS,*,subject,\n*,D,territory,village\n")
    assert found.imported == 2
    with county.read(ALL) as tx:
        assert catalogues.rules(tx) == (Rule("ROADS", "*", By.SUBJECT), Rule("*", "D", By.TERRITORY, "village"))


@pytest.mark.parametrize("which", list(Register))
def test_a_file_without_rows_is_refused_and_clears_nothing(county: Store, folder: Path, which: Register) -> None:
    with county.read(ALL) as tx:
        before = catalogues.rules(tx)
    with pytest.raises(TableEmpty):
        bring(county, folder, which, ",".join(which.needed) + "\n")
    with county.read(ALL) as tx:
        assert catalogues.rules(tx) == before != ()


def test_rejected_rows_are_never_written_over_their_own_file_or_where_nobody_can_read_them(county: Store, folder: Path) -> None:
    path = folder / "t.xlsx"
    write_rejects(path, ("id", "name"), [Rejected(Row(2, ("W9", "")), ())], "en")
    before = path.read_bytes()
    for asked in (path, folder / "back.csv", folder / "none" / "back.xlsx", folder):
        with pytest.raises(RejectsUnusable):
            import_register(county, Register.WORKERS, path, now=NOW, actor=OPERATOR, zone=SHANGHAI, rejects=asked)
    assert path.read_bytes() == before


def test_one_bad_rule_leaves_the_old_table_standing(county: Store, folder: Path) -> None:
    with county.read(ALL) as tx:
        before = catalogues.rules(tx)
    with pytest.raises(RegisterRefused):
        bring(county, folder, Register.RULES, "office,issue,by\nROADS,*,subject\nNOBODY,*,subject\nROADS,E99,subject\n")
    rows = list(load_workbook(folder / "rules.rejected.xlsx").active.iter_rows(values_only=True, min_row=2))
    assert [row[:2] for row in rows] == [("NOBODY", "*"), ("ROADS", "E99")]
    with county.read(ALL) as tx:
        assert catalogues.rules(tx) == before


def test_a_ground_that_is_never_asked_is_noted(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.RULES, "office,issue,by\nWATER,E0113,owner\nROADS,C0101,subject\nWATER,C0101,owner\n")
    assert notes(found) == ["never_asked", "never_asked"]


def test_the_defaults_come_in_once_and_replace_nothing_unasked(county: Store) -> None:
    with pytest.raises(CatalogueThere):
        import_defaults(county, now=NOW, actor=OPERATOR)
    own = Office("urban-management", "城管局", catalogue_default.offices()[0].kind, None, "0700")
    with county.begin(ALL) as tx:
        offices.put(tx, [own])
    found = import_defaults(county, replace=True, now=NOW, actor=OPERATOR)
    with county.read(ALL) as tx:
        assert catalogues.rules(tx) == tuple(sorted(catalogue_default.rules(), key=lambda rule: rule.rank))
        assert set(catalogue_default.issue_types()) < set(catalogues.issue_types(tx))
        assert offices.get(tx, "urban-management") == own
    assert found.offices == len(catalogue_default.offices()) - 1


REPORTS = """issue,lon,lat,datum,place,text,number
E0113,113.005,28.005,,,路面破损,1
E0113,113.005,28.005,bd09,,路面破损,2
E0113,,,,桥头,路灯,3
E0113,,,,,nowhere,4
E0113,113.005,28.005,mars,,路面破损,5
E0113,0,0,,,x,6
E0113,113.005,28.005,,,another,1
E0113,113.005,28.005,,,路面破损,1
E0113,x,28.005,,,路面破损,7
"""


def bring_reports(store: Store, folder: Path, text: str, sender: str = "12345") -> ReportImport:
    path = folder / "reports.csv"
    path.write_text(text, "utf-8")
    return import_reports(store, path, now=NOW, zone=SHANGHAI, actor=OPERATOR, defaults=Defaults(datum="wgs84", sender=sender), lang="zh")


def test_every_row_of_a_file_is_counted_once_and_the_same_file_doubles_nothing(county: Store, folder: Path) -> None:
    first = bring_reports(county, folder, REPORTS)
    assert (first.read, first.matched, first.triaged, first.repeated, len(first.rejected)) == (9, 1, 3, 1, 4)
    assert sum(first.causes.values()) == first.triaged
    assert {"match.outside", "issue.unknown"} & first.causes.keys()
    assert [one.row.number for one in first.rejected] == [5, 6, 8, 10]
    rows = list(load_workbook(folder / "reports.rejected.xlsx").active.iter_rows(values_only=True))
    assert (rows[0][-1], len(rows)) == ("原因", 5)
    again = bring_reports(county, folder, REPORTS)
    assert (again.read, again.matched, again.triaged, again.repeated, len(again.rejected)) == (9, 0, 0, 5, 4)
    with county.read(ALL) as tx:
        assert counted(incidents.count(tx)) == {State.TRIAGE: 3, State.DISPATCHED: 1}
    told = again.as_dict("zh")
    assert told["read"] == sum(told[part] for part in ("matched", "triaged", "repeated", "rejected"))


def test_an_anonymous_file_twice_doubles_nothing(county: Store, folder: Path) -> None:
    first, again = bring_reports(county, folder, REPORTS, sender=""), bring_reports(county, folder, REPORTS, sender="")
    assert first.matched + first.triaged == again.repeated - first.repeated


def test_a_file_of_reports_before_anything_is_published_is_refused(store: Store, folder: Path) -> None:
    with pytest.raises(NoEditionInForce):
        bring_reports(store, folder, REPORTS)


CALENDAR = "类型,开始日期,结束日期,作息\n作息时间,,,08:30-12:00 14:00-17:30\n节假日,2026年10月1日,2026/10/7,\n调休,2026-10-10,,\n"


def test_a_calendar_comes_in_and_limits_run_by_it_from_then_on(county: Store, folder: Path) -> None:
    found = bring(county, folder, Register.CALENDAR, CALENDAR)
    assert (found.imported, found.rejected) == (3, ())
    with county.read(ALL) as tx:
        times = read_situation(county, tx, datetime(2026, 9, 30, 17, tzinfo=SHANGHAI)).times
    assert times.end(times_at(2026, 9, 30, 17), Limit.parse("1 WH")) == times_at(2026, 10, 8, 9)
    assert times.end(times_at(2026, 10, 9, 17, 30), Limit.parse("1 WD")) == times_at(2026, 10, 10, 17, 30)


def times_at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def test_without_a_calendar_offices_work_from_monday_to_friday(county: Store) -> None:
    with county.read(ALL) as tx:
        times = read_situation(county, tx, times_at(2026, 3, 2, 12)).times
    assert times.end(times_at(2026, 3, 6, 17), Limit.parse("2 WH")) == times_at(2026, 3, 9, 9)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("holiday,2026-10-01,2026-10-07,\nworkday,2026-10-03,,", [(3, "holiday_worked")]),
        ("hours,,,08:00-12:00\nhours,,,09:00-12:00", [(3, "calendar_rows_overlap")]),
        ("holiday,2026-01-01,2026-12-31,\n", [(2, "calendar_idle")]),
        ("holiday,2026-10-07,2026-10-01,\nfeast,2026-10-01,,", [(2, "calendar_dates_reversed"), (3, "word")]),
        ("holiday,10-07,,\nhours,,,8 to 12\nhours,,,12:00-08:00", [(2, "date"), (3, "hours"), (4, "hours_reversed")]),
        ("holiday,,,\nholiday,2026-10-07 08:00,,", [(2, "calendar_row_unreadable"), (3, "date")]),
    ],
)
def test_a_faulty_calendar_is_refused_whole_with_the_row(county: Store, folder: Path, rows: str, wanted: list[tuple[int, str]]) -> None:
    bring(county, folder, Register.CALENDAR, CALENDAR)
    with pytest.raises(RegisterRefused) as refused:
        bring(county, folder, Register.CALENDAR, f"kind,since,until,hours\n{rows}\nholiday,2026-05-01,,\n")
    assert [(one.row.number, reason.key.rpartition(".")[2]) for one in refused.value.rejected for reason in one.reasons] == wanted
    assert all(refused.value.text(lang) for lang in LANGS)
    with county.read(ALL) as tx:
        assert len(calendars.rows(tx)) == 3


def test_a_calendar_takes_the_place_of_the_one_before(county: Store, folder: Path) -> None:
    bring(county, folder, Register.CALENDAR, CALENDAR)
    bring(county, folder, Register.CALENDAR, "kind,hours\nhours,09:00-17:00\n")
    with county.read(ALL) as tx:
        assert [str(row) for row in calendars.rows(tx)] == ["hours 09:00-17:00"]
