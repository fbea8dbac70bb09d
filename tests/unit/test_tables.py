"""Registers and reports out of the files that counties really send."""

import csv
import io
import json
import warnings
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from gridmap import catalogue_default
from gridmap.catalogue import By, Grade, Kind, Limit, Rule
from gridmap.duty import Duty, Office, OfficeKind, Post, Worker
from gridmap.errors import ColumnMissing, FileMissing, Refusal, TableEmpty
from gridmap.incidents import Channel, Report
from gridmap.tables import Register
from gridmap.tables.files import FileKindUnknown, QuotesWrong, TextUnreadable, WorkbookBroken
from gridmap.tables.headers import ColumnTwice, accepted
from gridmap.tables.registers import read_register
from gridmap.tables.rejects import write_rejects
from gridmap.tables.reports import Defaults, read_reports
from gridmap.tables.rows import Parsed, Rejected, Row
from gridmap.tables.values import Fault, read_flag, read_instant, read_limit, read_number, read_word
from gridmap.words import LANGS, Sentence

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


def written(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def register(path: Path, which: Register = Register.WORKERS) -> Parsed:
    return read_register(which, path, SHANGHAI, NOW)


def nouns(parsed: Parsed) -> list[object]:
    return [noun for _, noun in parsed.good]


def reasons(parsed: Parsed) -> list[tuple[int, str]]:
    assert all(reason.text(lang) for one in parsed.rejected for reason in one.reasons for lang in LANGS)
    return [(one.row.number, reason.key.removeprefix("reason.row.")) for one in parsed.rejected for reason in one.reasons]


CHINESE = "工号,姓名,电话\n007,网格员甲01,0571-0001\n008,网格员甲02,\n"
PEOPLE = [Worker("007", "网格员甲01", "0571-0001"), Worker("008", "网格员甲02")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_csv_is_read_in_every_encoding_that_spreadsheets_write(tmp_path: Path, encoding: str) -> None:
    assert nouns(register(written(tmp_path, CHINESE, encoding=encoding))) == PEOPLE


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_are_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    assert nouns(register(written(tmp_path, CHINESE.replace(",", delimiter)))) == PEOPLE


def test_headers_may_be_english_padded_marked_or_carry_a_unit(tmp_path: Path) -> None:
    table = "Worker ID*, Name ,NAME_EN,Phone (service)\n007,网格员甲01,Worker A01,0571\n"
    assert nouns(register(written(tmp_path, table))) == [Worker("007", "网格员甲01", "0571", "Worker A01")]


def test_a_title_above_the_header_and_blank_rows_are_passed_over(tmp_path: Path) -> None:
    table = "2026年网格员名册,,\n,,\n工号,姓名,电话\n,,\n007,网格员甲01,\n"
    parsed = register(written(tmp_path, table))
    assert [(row.number, noun) for row, noun in parsed.good] == [(5, Worker("007", "网格员甲01"))]


def test_columns_that_nobody_reads_are_told_and_never_kept(tmp_path: Path) -> None:
    parsed = register(written(tmp_path, "工号,姓名,身份证号,住址\n1,网格员甲01,x,y\n"))
    assert parsed.ignored == ("身份证号", "住址")
    assert nouns(parsed) == [Worker("1", "网格员甲01")]


def test_an_xlsx_keeps_codes_and_phones_as_text(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["code", "name", "kind", "area", "phone"])
    book.active.append([330101, "甲局", "职能部门", 330101001001001, 13800000000.0])
    book.active.append(["007", "乙中心", "综治中心", None, "0571-1"])
    book.save(tmp_path / "offices.xlsx")
    assert nouns(register(tmp_path / "offices.xlsx", Register.OFFICES)) == [
        Office("330101", "甲局", OfficeKind.DEPARTMENT, "330101001001001", "13800000000"),
        Office("007", "乙中心", OfficeKind.CENTRE, None, "0571-1"),
    ]


def test_dates_are_the_county_s_own_in_csv_and_xlsx(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["网格员", "网格", "岗位", "开始日期", "结束日期"])
    book.active.append(["W1", "c", "网格长", datetime(2026, 3, 1), datetime(2026, 4, 1, 8, 30)])  # noqa: DTZ001  as Excel stores it
    book.save(tmp_path / "posts.xlsx")
    table = "worker,area,duty,since,until\nW1,c,leader,2026/3/1,2026年4月1日 8:30\n"
    expected = [Post("W1", "c", Duty.LEADER, datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 4, 1, 0, 30, tzinfo=UTC))]
    assert nouns(register(tmp_path / "posts.xlsx", Register.POSTS)) == expected
    assert nouns(register(written(tmp_path, table), Register.POSTS)) == expected


def test_a_post_without_first_day_begins_now_as_a_worker_s(tmp_path: Path) -> None:
    assert nouns(register(written(tmp_path, "worker,area\nW1,c\n"), Register.POSTS)) == [Post("W1", "c", Duty.WORKER, NOW)]


def test_rows_that_cannot_be_read_are_rejected_with_the_reason(tmp_path: Path) -> None:
    table = (
        "worker,area,duty,since,until\n,c,,,\nW1,c,chief,,\nW1,c,,yesterday,\nW1,c,,2026-13-01,\n"
        f"W1,c,,2026-03-01,2026-03-01\nW1,{'c' * 201},,,\nW1,c,B岗,2026-03-01T08:00+08:00,\n"
    )
    parsed = register(written(tmp_path, table), Register.POSTS)
    assert reasons(parsed) == [(2, "empty"), (3, "word"), (4, "instant"), (5, "instant"), (6, "until"), (7, "long")]
    assert nouns(parsed) == [Post("W1", "c", Duty.BACKUP, datetime(2026, 3, 1, tzinfo=UTC))]
    assert parsed.read == 7


def test_issue_types_and_rules_read_in_chinese(tmp_path: Path) -> None:
    types = "编码,大类,类别,名称,时限,难度,属事优先\nE1,道路,事件,道路破损,5 工作日,复杂,是\nE2,道路,部件,护栏,1紧急工作时制止,,\n"
    parsed = register(written(tmp_path, types), Register.ISSUE_TYPES)
    [issue] = nouns(parsed)
    assert (issue.kind, issue.limit, issue.grade, issue.subject_first) == (Kind.EVENT, Limit.parse("5 WD"), Grade.COMPLEX, True)
    assert reasons(parsed) == [(3, "limit")]
    rules = "部门,事项,依据,层级,网格,优先级\n*,道路,属地,村,,1\nROADS,E1,属事,,330101,\nX,E1,属事,,,high\n"
    parsed = register(written(tmp_path, rules), Register.RULES)
    assert nouns(parsed) == [Rule("*", "道路", By.TERRITORY, "village", None, 1), Rule("ROADS", "E1", By.SUBJECT, None, "330101", 100)]
    assert reasons(parsed) == [(4, "whole")]


def test_the_default_catalogue_reads_as_it_reads_itself() -> None:
    folder = Path(catalogue_default.__file__).parent
    for which, own in ((Register.ISSUE_TYPES, catalogue_default.issue_types()), (Register.OFFICES, catalogue_default.offices()),
                       (Register.RULES, catalogue_default.rules())):  # fmt: skip
        parsed = register(folder / f"{which}.csv", which)
        assert (tuple(nouns(parsed)), parsed.rejected, parsed.ignored) == (own, (), ())


@pytest.mark.parametrize("which", list(Register))
@pytest.mark.parametrize("lang", LANGS)
def test_every_register_can_be_written_with_the_headers_of_either_language(which: Register, lang: str) -> None:
    headers = [accepted(column, lang)[0] for column in which.columns]
    assert len(set(headers)) == len(headers)


FAULTY = [
    ("a,b\n1,2\n", "t.csv", ColumnMissing),
    ("", "t.csv", TableEmpty),
    ("id,工号,name\n1,2,3\n", "t.csv", ColumnTwice),
    ("id,name\n", "t.xls", FileKindUnknown),
    ("this is no spreadsheet", "t.xlsx", WorkbookBroken),
    ('id,name\n1,"open\n', "t.csv", QuotesWrong),
    ("i\0d\0,\0n\0a\0m\0e\0", "t.csv", TextUnreadable),
]


@pytest.mark.parametrize(("text", "name", "refusal"), FAULTY, ids=[f"{name} {refusal.__name__}" for _, name, refusal in FAULTY])
def test_a_file_that_is_no_register_is_refused_with_a_sentence(tmp_path: Path, text: str, name: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        register(written(tmp_path, text, name))
    assert all(caught.value.text(lang) for lang in LANGS)


def test_a_missing_file_and_unreadable_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        register(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_bytes(b"id,name\n1,\xff\xff\n")
    with pytest.raises(TextUnreadable):
        register(tmp_path / "t.csv")


REPORTS = [
    Report(issue="E1", channel=Channel.HOTLINE, at=datetime(2026, 3, 1, 1, tzinfo=UTC), text="路面破损", lon=113.005, lat=28.005,
           datum="gcj02", accuracy_m=12.0, sender="12345", sender_number="0042", key="k-1"),
    Report(issue="E2", channel=Channel.SYSTEM, place="桥头", sender="desk", key="k-2"),
]  # fmt: skip


def report_files(folder: Path) -> list[Path]:
    header = ["经度", "纬度", "坐标系", "精度（米）", "事项类型", "内容", "地点", "上报时间", "上报渠道", "上报方", "工单号", "唯一键"]
    rows = [["113.005", "28.005", "GCJ-02", "12", "E1", "路面破损", "", "2026-03-01 09:00", "热线", "12345", "0042", "k-1"],
            ["", "", "", "", "E2", "", "桥头", "", "", "", "", "k-2"]]  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    book = Workbook()
    for row in (header, *rows):
        book.active.append(row)
    book.save(folder / "reports.xlsx")
    objects = [
        {"lon": 113.005, "lat": 28.005, "datum": "gcj02", "accuracy": 12, "issue": "E1", "text": "路面破损", "at": "2026-03-01T09:00",
         "channel": "hotline", "sender": "12345", "number": "0042", "key": "k-1"},
        {"issue": "E2", "place": "桥头", "key": "k-2", "lon": None},
    ]  # fmt: skip
    lines = written(folder, "\n".join(json.dumps(each, ensure_ascii=False) for each in objects), "reports.ndjson")
    return [written(folder, text.getvalue(), "reports.csv", "gb18030"), folder / "reports.xlsx", lines]


def test_csv_xlsx_and_ndjson_say_the_same_reports(tmp_path: Path) -> None:
    for path in report_files(tmp_path):
        parsed = read_reports(path, SHANGHAI, Defaults(sender="desk"))
        datums = [report.datum.lower().replace("-", "") for _, report in parsed.good]
        assert datums == ["gcj02", ""]
        assert [(r.lon, r.lat, r.accuracy_m, r.issue, r.text, r.place, r.at, r.channel, r.sender, r.sender_number, r.key)
                for _, r in parsed.good] == [
            (r.lon, r.lat, r.accuracy_m, r.issue, r.text, r.place, r.at, r.channel, r.sender, r.sender_number, r.key)
            for r in REPORTS
        ]  # fmt: skip


def keys_of(folder: Path, text: str, defaults: Defaults) -> list[str]:
    return [report.key for _, report in read_reports(written(folder, text), SHANGHAI, defaults).good]


def test_a_row_without_a_key_gets_one_from_its_number_or_its_content(tmp_path: Path) -> None:
    table = "issue,place,text,number\nE1,桥头,a,1\nE1,桥头,b,1\nE1,桥头,a,\nE1,桥头,b,\nE1,桥头,a,\n"
    vouched = keys_of(tmp_path, table, Defaults(sender="12345"))
    assert vouched[0] == vouched[1]
    assert vouched[2] == vouched[4]
    assert len(set(vouched)) == 3
    anonymous = keys_of(tmp_path, table, Defaults())
    assert anonymous[0] != anonymous[1]
    assert len(set(anonymous)) == 4
    assert keys_of(tmp_path, table, Defaults()) == anonymous


def test_a_line_that_is_no_object_and_a_number_that_is_none_are_rejected(tmp_path: Path) -> None:
    lines = '{"issue": "E1", "place": "x"}\nnot json\n[1]\n\n{"issue": "E1", "lon": "113,5"}\n{"issue": "E1", "lon": NaN, "lat": 1}\n'
    parsed = read_reports(written(tmp_path, lines, "r.ndjson"), SHANGHAI, Defaults())
    assert reasons(parsed) == [(2, "json"), (3, "json"), (5, "number"), (6, "number")]
    assert parsed.read == 5


def test_letters_that_no_database_keeps_and_failed_formulas_reject_their_row(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "name"], ["W1", "#N/A"], ["#REF!", "x"], ["W2", "网格员甲02"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    parsed = register(tmp_path / "t.xlsx")
    assert (reasons(parsed), nouns(parsed)) == ([(2, "formula"), (3, "formula")], [Worker("W2", "网格员甲02")])
    lines = ['{"issue":"E1","place":"\\u0000"}', '{"issue":"E1","place":"\\ud800"}', "[" * 100_000]
    sent = read_reports(written(tmp_path, "\n".join(['{"issue":"E1","place":"x"}', *lines]), "t.ndjson"), SHANGHAI, Defaults())
    assert (len(sent.good), reasons(sent)) == (1, [(2, "letters"), (3, "letters"), (4, "json")])
    write_rejects(tmp_path / "back.xlsx", sent.header, sent.rejected, "en")


def test_a_default_datum_is_no_part_of_a_report_without_a_point(tmp_path: Path) -> None:
    path = written(tmp_path, "issue,lon,lat,place\nE1,,,桥头\nE1,113,28,\n")
    keys = [[report.key for _, report in read_reports(path, SHANGHAI, Defaults(datum)).good] for datum in ("gcj02", "wgs84")]
    assert [keys[0][row] == keys[1][row] for row in (0, 1)] == [True, False]


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59-23:00"])
def test_a_day_beyond_the_calendar_is_a_fault(text: str) -> None:
    with pytest.raises(Fault):
        read_instant(text, "at", SHANGHAI)


def test_rejected_rows_come_back_as_text_with_the_reason_and_can_be_sent_again(tmp_path: Path) -> None:
    cells = ("=cmd()", "+1", "-1", "@x", "007", "\x07bell")
    why = Sentence("reason.row.empty", {"column": "id"})
    for lang in LANGS:
        path = tmp_path / f"{lang}.xlsx"
        write_rejects(path, ["a", "b", "c", "d", "e", "f"], [Rejected(Row(2, cells), (why,)), Rejected(Row(3, ("x",)), (why, why))], lang)
        sheet = load_workbook(path).active
        [header, first, second] = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert header == ["a", "b", "c", "d", "e", "f", accepted("reason", lang)[0]]
        assert first == [*cells[:5], "\ufffdbell", why.text(lang)]
        assert second[-1] == f"{why.text(lang)} {why.text(lang)}"
        assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}


def test_a_corrected_file_of_rejects_is_a_register_again(tmp_path: Path) -> None:
    write_rejects(tmp_path / "back.xlsx", ["工号", "姓名"], [Rejected(Row(2, ("007", "网格员甲01")), (Sentence("reason.row.json"),))], "zh")
    parsed = register(tmp_path / "back.xlsx")
    assert (nouns(parsed), parsed.ignored) == ([Worker("007", "网格员甲01")], ())


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "１２", "12,5", "0x10", "1e9999", "--1", "12°"])
def test_a_number_is_plain_or_refused(text: str) -> None:
    with pytest.raises(Fault):
        read_number(text, "lon")


@pytest.mark.parametrize("text", ["2紧急工作日", "种植季节15工作日", "1紧急工作时制止", "WD 5", "0 WD", "1.5 WH", "5"])
def test_irregular_limits_of_published_tables_are_refused_never_guessed(text: str) -> None:
    with pytest.raises(Fault):
        read_limit(text, "limit")


@pytest.mark.parametrize(
    ("text", "limit"), [("2 UH", "2 UH"), ("2紧急工作时", "2 UH"), ("4 工作时", "4 WH"), ("15工作日", "15 WD"), ("1 work day", "1 WD")]
)
def test_limits_read_in_both_languages(text: str, limit: str) -> None:
    assert str(read_limit(text, "limit")) == limit


def test_flags_and_words_read_in_both_languages() -> None:
    assert [read_flag(text, "x") for text in ("是", "YES", "1", "", "否", "no")] == [True] * 3 + [False] * 3
    assert [read_word(text, "kind", Kind) for text in ("部件", "Component", "component")] == [Kind.COMPONENT] * 3
    with pytest.raises(Fault):
        read_flag("maybe", "x")


@given(st.text(max_size=30))
def test_any_text_is_an_instant_a_fault_or_nothing(text: str) -> None:
    try:
        found = read_instant(text, "at", SHANGHAI)
    except Fault as fault:
        found = fault.sentence.text("en")
    assert found is not None or text == ""


CELL_TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=6)  # a file with NUL in it is no text at all


@given(st.lists(st.lists(CELL_TEXTS, min_size=2, max_size=4), max_size=6))
def test_any_csv_under_a_good_header_gives_every_row_back_once(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["id", "name"], *rows])
    path = written(tmp_path_factory.mktemp("t"), text.getvalue().encode("utf-8", "replace").decode())
    parsed = register(path)
    assert parsed.read == sum(any(cell.encode("utf-8", "replace").decode().strip() for cell in row) for row in rows)


def test_reading_a_spreadsheet_never_warns(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["id", "name"])
    book.save(tmp_path / "t.xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nouns(register(tmp_path / "t.xlsx")) == []
