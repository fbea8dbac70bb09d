"""The outbox: whoever is to be told is told, each once in effect, whatever dies or fails in between."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.sinks import Webhook, write_to_log
from gridmap.access import ANONYMOUS, Action, Actor, Forbidden, Grant, Role, SignInNeeded, allowed, operator
from gridmap.catalogue import Urgency
from gridmap.errors import Refusal
from gridmap.flows.intake import receive
from gridmap.flows.merge import merge, split
from gridmap.flows.notify import (
    ATTEMPTS,
    BATCH,
    DELAYS,
    IN_A_ROW,
    JITTER,
    KEPT_WHEN_SENT,
    LASTS,
    NEVER_CAME_BACK,
    Notified,
    Undelivered,
    delay,
    list_notices,
    notify,
    try_parked,
)
from gridmap.flows.step import step
from gridmap.flows.tick import tick
from gridmap.incidents import Channel, Incident, Report
from gridmap.incidents.life import Satisfied, Step, Taken
from gridmap.incidents.notices import NEWS, TOLD, Notice
from gridmap.settings import WebhookSettings
from gridmap.store import Store, history, incidents, notices
from gridmap.store.notices import Standing
from tests import patient
from tests.builders import ALL
from tests.closing import close
from tests.patient import until
from tests.receiver import SECRET, Receiver, receiving
from tests.small_land import IN_CELL_1, NOW, TOWN, WEST, settle
from tests.store.test_commands import hear_ctrl_c

ME = operator("test")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DESK = Actor("desk", "account-desk", None, (Grant(Role.DISPATCHER, TOWN),))
PHONE = "0700-1234567"


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def take_in(store: Store, *, now: datetime = NOW, contact: str = "", issue: str = "E0113", **more: Any) -> Incident:
    lon, lat = IN_CELL_1
    sent = Report(
        issue=issue, channel=Channel.HOTLINE, lon=lon, lat=lat, datum="wgs84", text="Wang's wall", contact=contact, **more
    )  # fmt: skip
    answer = receive(store, sent, now=now, actor=ME)
    with store.read(ALL) as tx:
        return incidents.get(tx, answer.incident)


def told(store: Store) -> list[tuple[str, str | None, str]]:
    """(kind, audience, incident) of each notice, the first first."""
    with store.read(ALL) as tx:
        found = notices.list_(tx, limit=1000)
    return [(one.notice.kind, one.notice.audience, one.notice.body["number"]) for one in sorted(found, key=lambda one: one.notice.at)]


def counts(store: Store) -> dict[str, int]:
    with store.read(ALL) as tx:
        return {str(standing): number for standing, number in notices.counts(tx).items() if number}


class Clock:
    """A clock that stands until it is put forward."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Box:
    """A sink that keeps what it gets, and refuses while it is told to."""

    def __init__(self, *faults: str) -> None:
        self.got: list[Notice] = []
        self.faults = list(faults)

    def __call__(self, notice: Notice, at: datetime) -> None:
        if self.faults:
            raise Undelivered(why=self.faults.pop(0))
        self.got.append(notice)


def deliver(store: Store, sink: Callable[[Notice, datetime], None], clock: Callable[[], datetime] | None = None, **more: Any) -> Notified:
    return notify(store, sink, clock=clock or Clock(), actor=ME, **more)


def go(store: Store, one: Incident, taken: Step, **more: str) -> Incident:
    given = {"reason": "because Wang said", "until": (NOW + 3 * DAY).isoformat(), "office": "WATER"}
    now = NOW + one.revision * SECOND  # so that notices stand in the order of the steps
    return step(store, one.id, Taken(step=taken, actor="", **given | more), revision=None, now=now, actor=ME)


def test_who_is_asked_to_act_is_told_in_the_transaction_that_asks(county: Store) -> None:
    one = take_in(county, contact=PHONE)
    for taken, more in (
        (Step.TRANSFER, {"office": "WATER"}), (Step.ASSIST, {"office": "ROADS"}), (Step.INFORM, {"office": "CT"}),
        (Step.RETURN, {}), (Step.DISPATCH, {"office": "ROADS"}), (Step.ACKNOWLEDGE, {}), (Step.UPWARD, {"office": "C0"}),
    ):  # fmt: skip
        one = go(county, one, taken, **more)
    assert told(county) == [
        ("incident.receive", "ROADS", one.number), ("incident.transfer", "WATER", one.number), ("incident.assist", "ROADS", one.number),
        ("incident.inform", "CT", one.number), ("incident.dispatch", "ROADS", one.number), ("incident.upward", "C0", one.number),
    ]  # fmt: skip
    box = Box()
    assert deliver(county, box, Clock(NOW + DAY)) == Notified(sent=6)
    assist = box.got[2].body
    assert (assist["task"], assist["until"], assist["state"]) == (1, (NOW + 3 * DAY).isoformat(), "dispatched")
    assert not any(word in str(each) for each in box.got for word in ("Wang", PHONE, "****"))


def test_what_is_refused_tells_nobody(county: Store) -> None:
    one = take_in(county)
    with pytest.raises(Refusal):
        go(county, one, Step.RULE)
    assert len(told(county)) == 1


def test_who_had_it_is_told_when_it_comes_back_and_of_merging(county: Store) -> None:
    one, other = take_in(county), take_in(county, now=NOW + SECOND)
    merge(county, one.id, other.id, revision=None, into_revision=None, now=NOW + 2 * SECOND, actor=DESK)
    split(county, one.id, revision=None, into_revision=None, reason="x", now=NOW + 3 * SECOND, actor=DESK)
    close(county, other.id, "done", now=NOW, actor=ME)
    for said, at in ((Satisfied.NO, 4), (Satisfied.YES, 5)):
        called = Taken(step=Step.CALL_BACK, actor="", satisfied=said)
        if said is Satisfied.YES:
            close(county, other.id, "done", now=NOW, actor=ME)
        step(county, other.id, called, revision=None, now=NOW + at * SECOND, actor=DESK)
    assert told(county)[2:] == [
        ("incident.merge", "ROADS", one.number), ("incident.split", "ROADS", one.number), ("incident.call_back", "ROADS", other.number),
    ]  # fmt: skip


def test_an_old_report_that_is_brought_up_is_no_news(county: Store) -> None:
    take_in(county, at=NOW - NEWS - SECOND)
    take_in(county, issue="unknown")  # nobody's yet
    assert told(county) == []


def test_each_step_of_a_ladder_tells_the_centre_of_its_level_once(county: Store) -> None:
    one = take_in(county, issue="C0101")
    for _ in range(2):
        tick(county, now=NOW + 9 * DAY, holder="x", actor=ME)
    found = Counter((kind, audience) for kind, audience, _ in told(county))
    assert found == Counter({
        ("incident.receive", "WATER"): 1,
        **{("incident.escalate", audience): sum(row.facts["level"] == level for row in log(county, one) if row.what == "incident.escalate")
           for level, audience in (("village", "CW"), ("township", "CT"), ("county", "C0"), ("city", None))},
    })  # fmt: skip
    assert found["incident.escalate", "C0"] == 1


def log(store: Store, one: Incident) -> tuple[incidents.LogRow, ...]:
    with store.read(ALL) as tx:
        return incidents.history(tx, one.id)


def test_the_rows_say_whom_every_step_tells_and_only_steps_of_offices_are_told() -> None:
    assert set(TOLD) <= set(Step)
    assert not {Step.ACKNOWLEDGE, Step.START, Step.REPLY, Step.CLOSE, Step.JOIN, Step.SHED} & set(TOLD)


def test_a_webhook_is_signed_and_bears_the_notices_own_id(county: Store, receiver: Receiver) -> None:
    one = take_in(county, now=datetime.now(UTC))
    here = ZoneInfo("Asia/Shanghai")  # whatever the clock's zone, what is signed is UTC
    assert deliver(county, Webhook(WebhookSettings(receiver.url, SECRET)), lambda: datetime.now(here)) == Notified(sent=1)
    [(id, body)] = receiver.took.items()
    assert (receiver.faults, receiver.paths) == ([], ["/notices?of=county"])
    with county.read(ALL) as tx:
        [kept] = notices.list_(tx, limit=9)
    assert (id, kept.standing) == (kept.notice.id, Standing.SENT)
    assert (body["type"], body["data"]["number"], body["data"]["audience"]) == ("incident.receive", one.number, "ROADS")
    assert body["data"]["urgency"] in set(Urgency)
    assert deliver(county, Webhook(WebhookSettings(receiver.url, SECRET)), lambda: datetime.now(UTC)) == Notified()


def test_what_does_not_arrive_comes_again_under_its_id_later_and_later_and_is_given_up_at_last(county: Store) -> None:
    take_in(county)
    box, clock = Box(*["status 503"] * ATTEMPTS), Clock()
    waits = []
    for n in range(1, ATTEMPTS):
        assert deliver(county, box, clock) == Notified(failed=1)
        assert deliver(county, box, clock) == Notified()
        with county.read(ALL) as tx:
            [kept] = notices.list_(tx, limit=9)
        assert (kept.attempts, kept.fault, kept.standing) == (n, "status 503", Standing.PENDING)
        assert kept.next_at is not None
        waits.append(kept.next_at - clock.now)
        clock.now = kept.next_at
    assert all(abs(wait / about - 1) <= JITTER for wait, about in zip(waits, DELAYS, strict=True))
    assert deliver(county, box, clock) == Notified(parked=1)
    assert deliver(county, Box(), Clock(clock.now + 90 * DAY)) == Notified()
    found, numbers = list_notices(county, standing=Standing.PARKED, limit=9, actor=ME)
    assert ([one.fault for one in found], numbers[Standing.PARKED]) == (["status 503"], 1)
    with county.read(ALL) as tx:
        [row] = history.rows(tx, limit=9, wanted=history.Wanted(what="notice."))
    assert (row.what, row.facts) == ("notice.park", {"kind": "incident.receive", "attempts": ATTEMPTS, "fault": "status 503"})
    assert try_parked(county, now=clock.now, actor=ME) == 1
    assert deliver(county, box, clock) == Notified(sent=1)
    assert box.got[0].id == found[0].notice.id


def test_waiting_is_bounded_whatever_chance_says() -> None:
    for attempts in range(1, 30):
        low, high = delay(attempts, 0.0), delay(attempts, 1.0)
        assert SECOND < low < high <= DELAYS[-1] * (1 + JITTER)


def test_a_receiver_that_is_away_is_not_asked_for_every_notice(county: Store) -> None:
    for _ in range(9):
        take_in(county)
    box = Box(*["ConnectError"] * IN_A_ROW)
    assert deliver(county, box) == Notified(failed=IN_A_ROW)
    assert box.got == []
    assert deliver(county, box) == Notified(sent=9 - IN_A_ROW)  # those that were not tried are free at once, as if nobody had
    with county.read(ALL) as tx:
        assert Counter(one.attempts for one in notices.list_(tx, limit=99)) == {1: 9}


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 500, 503])
def test_nothing_but_a_2xx_is_yes_and_nobody_is_followed_elsewhere(receiver: Receiver, status: int) -> None:
    receiver.statuses, receiver.headers = [status], {"Location": receiver.url}
    one = Notice(id="n", at=NOW, kind="k", incident=None, audience=None)
    with pytest.raises(Undelivered, match=f"status {status}"):
        Webhook(WebhookSettings(receiver.url, SECRET))(one, datetime.now(UTC))
    assert len(receiver.came) == 1


def test_nobody_there_and_an_address_of_another_kind_are_undelivered() -> None:
    one = Notice(id="n", at=NOW, kind="k", incident=None, audience=None)
    for url in ("http://127.0.0.1:9/", "http://example.org/", "ftp://127.0.0.1/", "file:///etc/passwd"):
        with pytest.raises(Undelivered):
            Webhook(WebhookSettings(url, SECRET))(one, NOW)


def test_the_log_is_told_in_a_line(county: Store, caplog: pytest.LogCaptureFixture) -> None:
    one = take_in(county)
    with caplog.at_level("INFO", "gridmap.notices"):
        assert deliver(county, write_to_log) == Notified(sent=1)
    assert one.number in caplog.text


def test_many_who_deliver_at_once_never_take_the_same(county: Store) -> None:
    for _ in range(60):
        take_in(county)
    box = Box()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: deliver(county, box, batch=7), range(4)))
    while counts(county) != {"sent": 60}:
        done.append(deliver(county, box, batch=7))
    assert len({one.id for one in box.got}) == len(box.got) == 60
    assert sum(one.sent for one in done) == 60


def test_who_overslept_the_lease_changes_nothing_that_another_did(county: Store) -> None:
    take_in(county)
    other, clock = Box(), Clock()

    def slow(notice: Notice, at: datetime) -> None:
        clock.now += LASTS + SECOND
        assert deliver(county, other, clock) == Notified(sent=1)
        raise Undelivered(why="late")

    assert deliver(county, slow, clock) == Notified()
    assert counts(county) == {"sent": 1}
    with county.read(ALL) as tx:
        assert notices.list_(tx, limit=9)[0].fault == ""


def test_a_clock_that_was_set_back_holds_nobody_off(county: Store) -> None:
    take_in(county, now=NOW - 9 * DAY)

    def dies(notice: Notice, at: datetime) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(county, dies, Clock(NOW + DAY))
    assert deliver(county, Box(), Clock(NOW)) == Notified(sent=1)


def test_what_kills_everybody_who_tries_it_is_given_up_too(county: Store) -> None:
    take_in(county)
    clock = Clock()

    def dies(notice: Notice, at: datetime) -> None:
        raise KeyboardInterrupt

    for _ in range(ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            deliver(county, dies, clock)
        assert deliver(county, Box(), clock) == Notified()  # still leased
        clock.now += LASTS
    assert deliver(county, Box(), clock) == Notified(parked=1)
    with county.read(ALL) as tx:
        assert notices.list_(tx, limit=9)[0].fault == NEVER_CAME_BACK


def test_what_arrived_long_ago_is_forgotten_and_nothing_else(county: Store) -> None:
    take_in(county)
    deliver(county, Box())
    take_in(county, now=NOW + KEPT_WHEN_SENT)
    deliver(county, Box("x"), Clock(NOW + KEPT_WHEN_SENT))
    assert counts(county) == {"pending": 1, "sent": 1}
    deliver(county, Box("x"), Clock(NOW + KEPT_WHEN_SENT + DAY))
    assert counts(county) == {"pending": 1}


def test_a_round_begins_no_new_batch_after_its_time(county: Store) -> None:
    for _ in range(3):
        take_in(county)
    clock = Clock()

    def slow(notice: Notice, at: datetime) -> None:
        clock.now += 4 * SECOND

    assert deliver(county, slow, clock, batch=1, for_at_most=5 * SECOND) == Notified(sent=2)
    assert BATCH > 1


def test_only_who_operates_delivers_and_only_they_and_administrators_look(county: Store) -> None:
    take_in(county)
    boss = Actor("boss", "account-boss", None, (Grant(Role.ADMINISTRATOR),))
    assert len(list_notices(county, limit=9, actor=boss)[0]) == 1
    for actor, refusal in ((ANONYMOUS, SignInNeeded), (DESK, Forbidden)):
        with pytest.raises(refusal):
            list_notices(county, limit=9, actor=actor)
        with pytest.raises(refusal):
            notify(county, Box(), clock=Clock(), actor=actor)
        with pytest.raises(refusal):
            try_parked(county, now=NOW, actor=actor)
    with county.read(allowed(boss, Action.REGISTER_READ)) as tx:
        assert county.dialect == "postgresql" or notices.list_(tx, limit=9) == ()


def typed(url: str, receiver: Receiver, *arguments: str) -> subprocess.Popen[str]:
    """`gridmap notify` in a process of its own."""
    given = {"GRIDMAP_DATABASE_URL": url, "GRIDMAP_WEBHOOK_URL": receiver.url, "GRIDMAP_WEBHOOK_SECRET": SECRET}
    program = [sys.executable, "-c", "from gridmap.cli import main; main()", "notify", *arguments]
    folder = Path(__file__).parents[2]
    environment = {**os.environ, **given, "PYTHONPATH": os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH", ""))))}
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": hear_ctrl_c}
    return subprocess.Popen(program, cwd=folder, env=environment, **how)


def test_a_process_that_is_killed_in_the_middle_loses_nothing_and_sends_nothing_anew(
    request: pytest.FixtureRequest, store: Store, receiver: Receiver
) -> None:
    settle(store)
    for _ in range(12):
        take_in(store)
    url = f"sqlite:///{store.file}" if store.file else request.getfixturevalue("fresh_postgres")
    receiver.hold = 5
    killed = typed(url, receiver)
    until(lambda: len(receiver.came) > 5 or killed.poll() is not None)
    assert killed.poll() is None, killed.communicate()
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=patient.SECONDS)
    assert counts(store) == {"pending": 12}
    receiver.hold = None
    receiver.go_on.set()
    until(lambda: len(receiver.took) == 6)
    sink = Webhook(WebhookSettings(receiver.url, SECRET))
    later = lambda: datetime.now(UTC) + LASTS  # noqa: E731 (the lease of the dead is over)
    assert deliver(store, sink, later) == Notified(sent=12)
    assert counts(store) == {"sent": 12}
    assert (len(receiver.took), len(receiver.came), receiver.faults) == (12, 18, [])
    with store.read(ALL) as tx:
        assert {one.notice.id for one in notices.list_(tx, limit=99)} == set(receiver.took)


def test_a_process_that_watches_delivers_what_comes_and_ends_with_ctrl_c(
    request: pytest.FixtureRequest, store: Store, receiver: Receiver
) -> None:
    settle(store)
    take_in(store)
    url = f"sqlite:///{store.file}" if store.file else request.getfixturevalue("fresh_postgres")
    watching = typed(url, receiver, "--watch", "--json")
    until(lambda: len(receiver.took) == 1 or watching.poll() is not None)
    until(lambda: counts(store) == {"sent": 1})
    take_in(store)
    until(lambda: len(receiver.took) == 2)
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=patient.SECONDS)
    assert watching.returncode == 130, err
    assert '"sent": 1' in out
    assert WEST not in out
