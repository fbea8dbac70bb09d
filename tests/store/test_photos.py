"""Photos as they are kept: parts that come in any way make one picture or nothing, and what is past its term is gone."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gridmap.access import Actor, Forbidden, Grant, Role, operator
from gridmap.errors import IncidentMissing, Refusal
from gridmap.flows import photos as flow
from gridmap.flows.follow import ReportMissing
from gridmap.flows.intake import receive
from gridmap.flows.merge import merge, split
from gridmap.flows.photos import Part, PhotoGap, PhotoMissing, PhotoOther, PhotosTooMany, PhotosUnfinishedFull, PhotoTooLarge, Place
from gridmap.flows.purge import PurgedPhotos, purge_photos
from gridmap.flows.step import step
from gridmap.incidents import Answer, Channel, Report, State, body_hash
from gridmap.incidents.life import Step, Taken
from gridmap.incidents.photo import IN_PARTS_FOR, NAMED_FOR, STILL_FOR, Photo, PhotoNameUnusable, PhotosNamedMany, PhotosNamedTwice
from gridmap.photos import Workshop
from gridmap.photos.kinds import PhotoKindUnknown
from gridmap.photos.workshop import PhotosCrowded, PhotoUnreadable
from gridmap.settings import PhotoSettings
from gridmap.store import Store, history, photos
from tests import patient
from tests.builders import ALL
from tests.photographs import leaves, photo, written
from tests.small_land import CELLS, EAST, IN_CELL_1, NOW, TOWN, settle

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
OPERATOR = operator("tester")
BOUNDS = PhotoSettings()
WORKSHOP = Workshop(waiting=40)
SENT = Report(issue="E0113", channel=Channel.RESIDENT, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84", text="坑")
DATA = written("jpeg", leaves(40, 30))


def name_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def take(store: Store, *named: bytes, **changes: Any) -> Answer:
    return receive(store, replace(SENT, photos=tuple(map(name_of, named)), **changes), now=NOW, actor=OPERATOR)


def place(store: Store, answer: Answer) -> Place:
    return flow.of_report(store, answer.report, actor=Actor())


def bring(store: Store, to: Place, data: bytes, *, at: datetime = NOW, workshop: Workshop = WORKSHOP) -> Photo:
    """The whole file in one part."""
    flow.begin(store, to, name_of(data), BOUNDS, total=len(data))
    flow.add_part(store, to, name_of(data), Part(0, data), BOUNDS, now=at)
    return flow.finish(store, workshop, to, name_of(data), BOUNDS, now=at)


def shown(store: Store, answer: Answer, at: datetime = NOW) -> list[Photo]:
    with store.read(ALL) as tx:
        return list(photos.of_incident(tx, answer.incident, at=at))


def rows(store: Store) -> dict[str, int]:
    """How many photos, parts, and rows of the history about photos there are, asked without any code of ours."""
    asked = {"photo": "photo", "part": "photo_part", "told": "history WHERE what = 'photo.add'"}
    with store._engine.connect() as tx:
        return {name: tx.scalar(text(f"SELECT count(*) FROM {table}")) for name, table in asked.items()}


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        (("A" * 64,), PhotoNameUnusable),
        (("0" * 63,), PhotoNameUnusable),
        (("../" * 22,), PhotoNameUnusable),
        (("0" * 64, "0" * 64), PhotosNamedTwice),
        (tuple(f"{n:064}" for n in range(21)), PhotosNamedMany),
    ],
)
def test_a_report_that_names_photos_wrongly_is_refused_and_nothing_of_it_is_kept(
    county: Store, named: tuple[str, ...], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        receive(county, replace(SENT, photos=named), now=NOW, actor=OPERATOR)
    assert rows(county) == {"photo": 0, "part": 0, "told": 0}


def test_photos_are_no_part_of_what_makes_two_reports_the_same(county: Store) -> None:
    assert body_hash(replace(SENT, photos=("0" * 64,))) == body_hash(SENT)
    first = take(county, DATA, sender="hotline", key="k")
    assert take(county, sender="hotline", key="k") == replace(first, repeated=True)
    assert [one.sha256 for one in shown(county, first)] == [name_of(DATA)]


@st.composite
def ways(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Spans of a file in any order, overlapping and again, as a bad line and an eager phone send them."""
    ends = st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, len(DATA)))
    return [(start, min(len(DATA), start + length)) for start, length in draw(st.lists(ends, max_size=8))]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ways())
def test_however_the_parts_come_what_is_here_is_a_beginning_of_the_file_and_the_end_makes_it_a_picture(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]
) -> None:
    with small(tmp_path_factory) as (store, report):
        to, have = flow.of_report(store, report, actor=Actor()), 0
        for start, end in spans:
            part = Part(start, DATA[start:end])
            if start > have:
                with pytest.raises(PhotoGap) as gap:
                    flow.add_part(store, to, name_of(DATA), part, BOUNDS, now=NOW)
                assert gap.value.facts == {"offset": have}
            else:
                have = max(have, end)
                assert flow.add_part(store, to, name_of(DATA), part, BOUNDS, now=NOW) == have
        with store.read(to.scope) as tx:
            assert photos.whole(tx, (to.holder, name_of(DATA))) == DATA[:have]
        if have == len(DATA):
            assert flow.finish(store, WORKSHOP, to, name_of(DATA), BOUNDS, now=NOW).arrived_at == NOW
            assert rows(store)["part"] == 0


@contextmanager
def small(folder: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """A county of its own with one report that names a photo, and the report's id: copied from one that was made once."""
    made = folder.getbasetemp() / "photos.db"
    if not made.exists():
        with Store.open(f"sqlite:///{made}") as store:
            settle(store)
            made.with_suffix(".report").write_text(take(store, DATA).report)
    copy = folder.mktemp("photos") / "a.db"
    copy.write_bytes(made.read_bytes())
    with Store.open(f"sqlite:///{copy}") as store:
        yield store, made.with_suffix(".report").read_text()


def test_two_who_send_the_same_at_once_make_one_picture_and_one_row_of_the_history(county: Store) -> None:
    answer, data = take(county, photo("jpeg")), photo("jpeg")
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: bring(county, place(county, answer), data), range(4)))
    assert {one.sha256 for one in told} == {name_of(data)}
    assert all(one.arrived_at for one in told)
    assert rows(county) == {"photo": 1, "part": 0, "told": 1}
    [one] = shown(county, answer)
    assert (one.width, one.height, one.kept_until) == (300, 200, NOW + timedelta(days=BOUNDS.days))


def test_bytes_that_are_not_what_the_name_says_are_gone_and_the_right_ones_may_still_come(county: Store) -> None:
    answer = take(county, DATA)
    to = place(county, answer)
    flow.add_part(county, to, name_of(DATA), Part(0, DATA[:-1] + b"!"), BOUNDS, now=NOW)
    with pytest.raises(PhotoOther):
        flow.finish(county, WORKSHOP, to, name_of(DATA), BOUNDS, now=NOW)
    assert rows(county) == {"photo": 1, "part": 0, "told": 0}
    assert bring(county, to, DATA).arrived_at == NOW


@pytest.mark.parametrize(("data", "refusal"), [(b"GIF89a" + bytes(99), PhotoKindUnknown), (DATA[:-99], PhotoUnreadable)])
def test_of_what_cannot_be_drawn_nothing_is_left_not_even_its_name(county: Store, data: bytes, refusal: type[Refusal]) -> None:
    answer = take(county, data)
    with pytest.raises(refusal):
        bring(county, place(county, answer), data)
    assert rows(county) == {"photo": 0, "part": 0, "told": 0}


def test_no_file_is_larger_and_no_report_has_more_than_is_allowed(county: Store) -> None:
    tight = PhotoSettings(days=1, mib=1, most=2)
    to, one = place(county, take(county)), bytes(2**20)
    with pytest.raises(PhotoTooLarge):
        flow.begin(county, to, "0" * 64, tight, total=2**20 + 1)
    assert flow.add_part(county, to, "0" * 64, Part(0, one), tight, now=NOW) == 2**20
    with pytest.raises(PhotoTooLarge):
        flow.add_part(county, to, "0" * 64, Part(2**20, b"x"), tight, now=NOW)
    assert rows(county)["part"] == 0
    for n in range(2):
        flow.add_part(county, to, f"{n:064}", Part(0, b"x"), tight, now=NOW)
    for ask in (
        lambda: flow.begin(county, to, "2" * 64, tight, total=1),
        lambda: flow.add_part(county, to, "2" * 64, Part(0, b"x"), tight, now=NOW),
    ):
        with pytest.raises(PhotosTooMany):
            ask()


def test_all_that_came_in_part_takes_no_more_room_than_it_may_and_what_nobody_goes_on_with_makes_room(county: Store) -> None:
    tight, quarter = PhotoSettings(unfinished=1), bytes(2**18)
    still, lively = (place(county, take(county)) for _ in range(2))

    def room(size: int, at: datetime) -> None:
        flow.make_room(county, size, tight, keeper=OPERATOR, now=at)

    room(2**20, NOW)
    flow.add_part(county, still, "1" * 64, Part(0, quarter), tight, now=NOW)
    for part in range(3):
        flow.add_part(county, lively, "2" * 64, Part(part * 2**18, quarter), tight, now=NOW + SECOND)
    with pytest.raises(PhotosUnfinishedFull) as full:
        room(1, NOW + STILL_FOR - SECOND)
    assert full.value.facts == {"most": 1}
    assert rows(county) == {"photo": 2, "part": 4, "told": 0}  # and what came stays
    room(2**18, NOW + STILL_FOR)
    assert flow.stand(county, still, "1" * 64).is_awaited  # type: ignore[union-attr]
    assert flow.stand(county, lively, "2" * 64).have == 3 * 2**18  # type: ignore[union-attr]
    assert bring(county, still, DATA, at=NOW + STILL_FOR).arrived_at
    room(2**18, NOW + STILL_FOR)  # a picture takes none of that room
    with pytest.raises(PhotosUnfinishedFull):
        room(2**18 + 1, NOW + STILL_FOR)


def test_only_the_keeper_makes_room(county: Store) -> None:
    with pytest.raises(Refusal):
        flow.make_room(county, 1, BOUNDS, keeper=Actor(), now=NOW)


def test_whoever_shows_a_report_brings_its_photos_and_whoever_works_with_an_incident_those_of_the_work(county: Store) -> None:
    answer, other = take(county, DATA), take(county)
    for report in (other.incident, "0" * 36, "x"):
        with pytest.raises(ReportMissing):
            flow.of_report(county, report, actor=Actor())
    worker = Actor("w", "id of w", "W1", (Grant(Role.WORKER, area=CELLS[0]),))
    for actor, refusal in (
        (Actor(), Forbidden),
        (Actor("s", "id of s", None, (Grant(Role.SUPERVISOR),)), Forbidden),
        (Actor("e", "id of e", None, (Grant(Role.DISPATCHER, area=EAST),)), IncidentMissing),
        (Actor("x", "id of x", "W2", (Grant(Role.WORKER, area=CELLS[0]),)), IncidentMissing),
    ):
        with pytest.raises(refusal):
            flow.of_incident(county, answer.number, actor=actor)
    for actor in (
        worker,
        Actor("d", "id of d", None, (Grant(Role.DISPATCHER, area=TOWN),)),
        Actor("h", "id of h", None, (Grant(Role.HANDLER, office="ROADS"),)),
    ):
        data = written("jpeg", leaves(40, 30 + len(actor.name + (actor.account or ""))), comment=actor.name)
        assert bring(county, flow.of_incident(county, answer.number, actor=actor), data).arrived_at
    with county.read(ALL) as tx:
        told = [(row.actor, row.facts) for row in history.rows(tx, limit=99) if row.what == "photo.add"]
    assert [actor for actor, _ in told] == ["w", "d", "h"]
    assert all(set(facts) == {"photo"} for _, facts in told)
    assert [one.is_awaited for one in shown(county, answer)] == [False, False, False, True]
    assert shown(county, other) == []


def test_a_reports_photos_go_where_it_goes_and_come_back_with_it(county: Store) -> None:
    one, other = take(county, DATA, text="one"), take(county, text="other")
    bring(county, place(county, one), DATA)
    merge(county, one.number, other.number, revision=None, into_revision=None, now=NOW, actor=OPERATOR)
    assert [len(shown(county, each)) for each in (one, other)] == [0, 1]
    late = written("jpeg", leaves(20, 20))
    bring(county, place(county, one), late)
    assert [len(shown(county, each)) for each in (one, other)] == [0, 2]
    split(county, one.number, revision=None, into_revision=None, reason="two matters", now=NOW, actor=OPERATOR)
    assert [len(shown(county, each)) for each in (one, other)] == [2, 0]


def test_where_no_place_is_free_what_came_is_kept_and_asked_for_again(county: Store) -> None:
    to = place(county, take(county, DATA))
    full = Workshop(at_once=1, waiting=0)
    assert full._places.acquire(blocking=False)
    with pytest.raises(PhotosCrowded):
        bring(county, to, DATA, workshop=full)
    full._places.release()
    assert flow.stand(county, to, name_of(DATA)).have == len(DATA)  # type: ignore[union-attr]
    assert flow.finish(county, full, to, name_of(DATA), BOUNDS, now=NOW).arrived_at == NOW


FINISHING = """
import sys
from datetime import datetime
from pathlib import Path
from gridmap.access import Actor
from gridmap.flows import photos as flow
from gridmap.photos import Workshop, redraw
from gridmap.settings import PhotoSettings
from gridmap.store import Store
redraw.__file__ = sys.argv[4]
with Store.open(sys.argv[1]) as store:
    to = flow.of_report(store, sys.argv[2], actor=Actor())
    flow.finish(store, Workshop(), to, sys.argv[3], PhotoSettings(), now=datetime.fromisoformat(sys.argv[5]))
"""


def test_a_process_that_is_killed_while_it_draws_leaves_the_file_and_the_next_one_draws_it(county: Store, tmp_path: Path) -> None:
    answer = take(county, DATA)
    to, drawing = place(county, answer), tmp_path / "drawing"
    flow.add_part(county, to, name_of(DATA), Part(0, DATA), BOUNDS, now=NOW)
    program = tmp_path / "program.py"
    program.write_text(f"import pathlib, sys\npathlib.Path({str(drawing)!r}).touch()\nsys.stdin.read()\nimport time\ntime.sleep(3)")
    url = county._engine.url.render_as_string(hide_password=False)
    arguments = [url, answer.report, name_of(DATA), str(program), NOW.isoformat()]
    with subprocess.Popen([sys.executable, "-c", FINISHING, *arguments]) as process:
        last = time.monotonic() + patient.SECONDS
        while not drawing.exists():
            assert process.poll() is None
            assert time.monotonic() < last
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    assert rows(county) == {"photo": 1, "part": 1, "told": 0}
    assert flow.finish(county, WORKSHOP, to, name_of(DATA), BOUNDS, now=NOW).arrived_at == NOW
    assert rows(county) == {"photo": 1, "part": 0, "told": 1}


def purge(store: Store, at: datetime, days: int = 365, **more: Any) -> tuple[int, int]:
    done = purge_photos(store, days=days, now=at, actor=OPERATOR, **more)
    return done.photos, done.unfinished


def test_a_picture_ends_with_its_term_and_is_shown_to_nobody_after_it(county: Store) -> None:
    answer = take(county, DATA)
    ends = bring(county, place(county, answer), DATA).kept_until
    assert ends == NOW + 365 * DAY
    assert len(shown(county, answer, ends - SECOND)) == 1
    assert shown(county, answer, ends) == []
    with county.read(ALL) as tx:
        assert photos.picture(tx, answer.incident, name_of(DATA), small=True, at=ends - SECOND)
        assert photos.picture(tx, answer.incident, name_of(DATA), small=True, at=ends) is None
    assert purge(county, ends - SECOND) == (0, 0)
    assert purge(county, ends, dry_run=True) == (1, 0)
    assert rows(county)["photo"] == 1
    assert purge(county, ends) == (1, 0)
    assert (rows(county)["photo"], purge(county, ends)) == (0, (0, 0))
    with county.read(ALL) as tx:
        assert [row.facts for row in history.rows(tx, limit=99) if row.what == "photo.purge"] == [{"count": 1, "unfinished": 0}]


def test_a_county_that_shortens_the_term_shortens_it_for_what_is_there(county: Store) -> None:
    answer = take(county, DATA)
    bring(county, place(county, answer), DATA)
    assert purge(county, NOW + 10 * DAY - SECOND, days=10) == (0, 0)
    assert purge(county, NOW + 10 * DAY, days=10) == (1, 0)


def test_what_came_in_part_is_forgotten_after_three_days_and_a_name_after_thirty(county: Store) -> None:
    answer, data = take(county, DATA), photo("png")
    to = place(county, answer)
    flow.add_part(county, to, name_of(data), Part(0, data[:100]), BOUNDS, now=NOW)
    flow.add_part(county, to, name_of(data), Part(100, data[100:200]), BOUNDS, now=NOW + DAY)
    assert purge(county, NOW + IN_PARTS_FOR) == (0, 0)
    assert purge(county, NOW + DAY + IN_PARTS_FOR) == (0, 1)
    assert rows(county) == {"photo": 2, "part": 0, "told": 0}
    assert purge(county, NOW + NAMED_FOR - SECOND) == (0, 0)
    assert purge(county, NOW + NAMED_FOR) == (0, 2)
    assert rows(county) == {"photo": 0, "part": 0, "told": 0}
    assert bring(county, to, DATA, at=NOW + NAMED_FOR).arrived_at  # and a phone that finds its way back then begins anew


def test_purging_photos_is_the_operators_alone(county: Store) -> None:
    for actor in (Actor(), Actor("d", "id of d", None, (Grant(Role.DISPATCHER),))):
        with pytest.raises(Forbidden):
            purge_photos(county, days=1, now=NOW, actor=actor)
    assert purge_photos(county, days=1, now=NOW, actor=OPERATOR) == PurgedPhotos(0, 0)


def test_a_step_that_names_a_photo_by_its_hash_needs_it_to_be_there(county: Store) -> None:
    answer, worker = take(county), Actor("w", "id of w", "W1", (Grant(Role.WORKER, area=CELLS[0]),))
    settles = Taken(step=Step.SETTLE, actor="", photo=name_of(DATA))
    with pytest.raises(PhotoMissing):
        step(county, answer.number, settles, revision=None, now=NOW, actor=worker, draw=lambda: False)
    bring(county, flow.of_incident(county, answer.number, actor=worker), DATA)
    assert step(county, answer.number, settles, revision=None, now=NOW, actor=worker, draw=lambda: False).state is State.INSPECTED
    elsewhere = Taken(step=Step.SETTLE, actor="", photo="IMG_1412.jpg")
    assert step(county, take(county).number, elsewhere, revision=None, now=NOW, actor=worker, draw=lambda: False).state is State.INSPECTED
