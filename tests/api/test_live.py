"""The live stream over a real server: in order, once, from where a page stopped; and it never keeps the server from ending."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from gridmap.access import operator
from gridmap.flows.intake import receive_many
from gridmap.incidents import Channel, Report
from gridmap.store import Store
from tests import patient
from tests.closing import close
from tests.ports import kept_port
from tests.serving import serving
from tests.small_land import IN_CELL_1


def write(store: Store, count: int = 1) -> list[str]:
    """Reports written straight into the store, as another process would."""
    lon, lat = IN_CELL_1
    reports = [Report(issue="E0113", channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", text=str(n)) for n in range(count)]
    return [outcome.incident for outcome in receive_many(store, reports, now=datetime.now(UTC), actor=operator())]  # type: ignore[union-attr]


@contextmanager
def following(url: str, after: int = 0, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    with patient.stream("GET", f"{url}/api/live?after={after}", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in lines:
        if not line and event:
            yield event
            event = {}
        elif line.startswith(("id:", "event:", "data:")):
            name, _, text = line.partition(":")
            event[name] = json.loads(text) if name == "data" else text.strip()


def take(events: Iterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    last = time.monotonic() + patient.SECONDS  # a stream beats for ever: what does not come fails, and does not hang
    for event in events:
        assert time.monotonic() < last, f"only {len(found)} of {count} came"
        if event["event"] != "beat":
            found.append(event)
            if len(found) == count:
                return found
    return found


def test_a_change_by_another_process_is_told(land: Store) -> None:
    with serving(land) as url, following(url) as events:
        next(events)
        [incident] = write(land)
        [event] = take(events, 1)
        assert event["data"]["id"] == incident
        assert event["data"]["properties"]["state"] == "dispatched"


def test_every_event_has_a_number_and_a_page_that_was_away_goes_on_where_it_stopped(land: Store) -> None:
    with serving(land) as url:
        first = write(land, 5)
        with following(url) as events:
            seen = take(events, 3)
        assert [event["data"]["id"] for event in seen] == first[:3]
        more = write(land, 2)
        with following(url, **{"Last-Event-ID": seen[-1]["id"]}) as events:
            rest = take(events, 4)
        assert [event["data"]["id"] for event in rest] == first[3:] + more


def test_a_list_and_its_cursor_leave_nothing_out_and_tell_nothing_twice(land: Store) -> None:
    with serving(land) as url:
        write(land, 4)
        page = patient.get(f"{url}/api/incidents").json()
        later = write(land, 3)
        with following(url, page["cursor"]) as events:
            assert [event["data"]["id"] for event in take(events, 3)] == later


def test_closing_is_told_as_the_incident_is_now(land: Store) -> None:
    with serving(land) as url, following(url) as events:
        [incident] = write(land)
        take(events, 1)
        close(land, incident, "done", now=datetime.now(UTC), actor=operator())
        states = [take(events, 1)[0]["data"]["properties"]["state"]]
        if states != ["closed"]:  # it was looked at between the steps
            states += [take(events, 1)[0]["data"]["properties"]["state"]]
        assert states[-1] == "closed"


def test_a_number_of_another_database_means_load_everything_again(land: Store) -> None:
    with serving(land) as url, following(url, after=10**9) as events:
        assert take(events, 1)[0]["event"] == "reload"


def test_many_pages_all_hear_the_same(land: Store) -> None:
    with serving(land) as url, following(url) as one, following(url) as other:
        next(one), next(other)
        incidents = write(land, 20)
        assert [event["data"]["id"] for event in take(one, 20)] == incidents
        assert [event["data"]["id"] for event in take(other, 20)] == incidents


def test_the_server_ends_the_streams_of_pages_that_listen_and_the_next_takes_its_address(land: Store) -> None:
    with kept_port() as port, ExitStack() as pages:
        with serving(land, port) as url:
            events = pages.enter_context(following(url))
            next(events)
        assert {event["event"] for event in events} <= {"beat"}  # ended in order: what is cut off raises
        with serving(land, port) as url:
            assert patient.get(f"{url}/healthz").status_code == 200
