"""What a report must have to be taken, what makes two of them equal, and what the sender is told."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import BadInput, DatumUnknown, Refusal
from gridmap.incidents import Answer, Channel, Named, Report, State, body_hash, check_report
from gridmap.incidents.report import (
    AccuracyUnusable,
    IssueUnnamed,
    KeyNotUuid,
    PlaceMissing,
    PointHalf,
    PointNotFinite,
    PointOffGlobe,
    TextTooLong,
    TextUnusable,
    TimeAhead,
    TimeTooOld,
    TimeWithoutZone,
    key_of,
)
from gridmap.words import LANGS, Sentence

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
GOOD = Report(issue="E0113", channel=Channel.RESIDENT, lon=113.0, lat=28.0, datum="gcj02", text="路面破损")

REFUSED = [
    (replace(GOOD, issue="  "), IssueUnnamed),
    (replace(GOOD, lon=None, lat=None), PlaceMissing),
    (replace(GOOD, lon=None, lat=None, place=" "), PlaceMissing),
    (replace(GOOD, lat=None), PointHalf),
    (replace(GOOD, lon=None, place="桥头"), PointHalf),
    (replace(GOOD, lon=math.nan), PointNotFinite),
    (replace(GOOD, lat=-math.inf), PointNotFinite),
    (replace(GOOD, lon=12583911.2, lat=3247523.0), PointOffGlobe),
    (replace(GOOD, lon=181.0, lat=91.0), PointOffGlobe),
    (replace(GOOD, datum=""), DatumUnknown),
    (replace(GOOD, datum="bd09mc"), DatumUnknown),
    (replace(GOOD, accuracy_m=-1.0), AccuracyUnusable),
    (replace(GOOD, accuracy_m=math.nan), AccuracyUnusable),
    (replace(GOOD, text="x" * 5001), TextTooLong),
    (replace(GOOD, sender="x" * 101), TextTooLong),
    (replace(GOOD, text="a\0b"), TextUnusable),
    (replace(GOOD, place="\ud800"), TextUnusable),
    (replace(GOOD, key="42"), KeyNotUuid),
    (replace(GOOD, at=NOW + timedelta(minutes=6)), TimeAhead),
    (replace(GOOD, at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))), TimeAhead),
    (replace(GOOD, at=datetime(1980, 1, 6, tzinfo=UTC)), TimeTooOld),
    (replace(GOOD, at=datetime(2026, 3, 2)), TimeWithoutZone),  # noqa: DTZ001  that is the fault
]


@pytest.mark.parametrize(("report", "refusal"), REFUSED, ids=lambda given: given.__name__ if isinstance(given, type) else "")
def test_what_only_the_sender_can_mend_is_refused_with_a_sentence(report: Report, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as caught:
        check_report(report, NOW)
    assert isinstance(caught.value, BadInput)
    assert all(caught.value.text(lang) for lang in LANGS)
    json.dumps(caught.value.facts, allow_nan=False)


@pytest.mark.parametrize(
    "report",
    [
        GOOD,
        replace(GOOD, lon=None, lat=None, datum="", place="桥头"),
        replace(GOOD, lon=0.0, lat=0.0),
        replace(GOOD, lon=28.0, lat=113.0),
        replace(GOOD, accuracy_m=0.0),
        replace(GOOD, issue="whatever it is"),
        replace(GOOD, at=NOW + timedelta(minutes=5)),
        replace(GOOD, sender="12345", key="42"),
        replace(GOOD, key=str(uuid4()).upper()),
        replace(GOOD, datum="GCJ-02"),
    ],
)
def test_whatever_a_person_could_sort_out_is_accepted(report: Report) -> None:
    check_report(report, NOW)


def test_an_anonymous_key_is_one_uuid_however_it_is_spelled() -> None:
    key = uuid4()
    assert key_of(replace(GOOD, key=key.hex.upper())) == key_of(replace(GOOD, key=str(key))) == str(key)
    assert key_of(replace(GOOD, sender="s", key="0042")) == "0042"


def test_the_body_s_hash_ignores_key_zone_and_kind_of_number_and_nothing_else() -> None:
    east = timezone(timedelta(hours=8))
    at = replace(GOOD, at=NOW)
    assert body_hash(at) == body_hash(replace(at, at=NOW.astimezone(east), key=str(uuid4()), sender="other", lon=113, lat=28))
    changes = [{"issue": "E2"}, {"channel": Channel.WORKER}, {"at": None}, {"text": "x"}, {"place": "x"}, {"lon": 113.1}, {"lat": 28.1},
               {"datum": "wgs84"}, {"accuracy_m": 5.0}, {"sender_number": "1"}]  # fmt: skip
    hashes = {body_hash(replace(at, **change)) for change in changes}
    assert len(hashes | {body_hash(at)}) == len(changes) + 1


REPORTS = st.builds(
    Report,
    issue=st.text(max_size=8),
    channel=st.just(Channel.SYSTEM),
    text=st.text(max_size=8),
    lon=st.floats(),
    lat=st.floats(),
    datum=st.sampled_from(["", "wgs84", "bd09", "x"]),
    accuracy_m=st.floats() | st.none(),
    key=st.text(max_size=8),
)


@given(REPORTS)
def test_any_report_is_taken_or_refused_with_a_sentence_never_worse(report: Report) -> None:
    try:
        check_report(report, NOW)
    except Refusal as refusal:
        said = {refusal.text(lang) for lang in LANGS}
    else:
        said = {body_hash(report), "taken"}
    assert len(said) == 2


ANSWER = Answer(
    report="r", incident="i", number="2026-000001", state=State.DISPATCHED, edition=3,
    cell=Named("430102001001001", "第1网格", "Cell 1"), worker=Named("W1", "网格员甲01", "Worker A01", "0700"), office=Named("O", "局"),
    how="border", border_m=2.5, candidates=({"code": "430102001001001", "share": 0.6},),
    reasons=(Sentence("reason.duty.nobody", {"path": ["430102001001001"]}),),
)  # fmt: skip


def test_an_answer_comes_back_from_json_as_it_was() -> None:
    again = Answer.read(json.loads(json.dumps(ANSWER.kept())), repeated=True)
    assert again == replace(ANSWER, repeated=True)
    assert replace(again, repeated=False).kept() == ANSWER.kept()


def test_an_answer_is_told_in_the_reader_s_language() -> None:
    english, chinese = ANSWER.as_dict("en"), ANSWER.as_dict("zh")
    assert english["worker"] == {"id": "W1", "name": "Worker A01", "phone": "0700"}
    assert chinese["worker"]["name"] == "网格员甲01"
    assert english["office"] == {"code": "O", "name": "局", "phone": ""}
    assert english["cell"] == {"code": "430102001001001", "name": "Cell 1"}
    assert english["village"] is None
    assert "No worker" in english["reasons"][0]
    assert json.loads(json.dumps(english)) == english
