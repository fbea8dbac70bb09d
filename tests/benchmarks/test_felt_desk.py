"""How soon the command centre shows what happened, and how long it keeps a dispatcher waiting: in a real Chromium, on two slow cores."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from gridmap.store import Store
from tests import patient
from tests.api.test_live import following, take, write
from tests.benchmarks.test_felt_speed import told
from tests.serving import serving
from tests.small_land import settle
from tests.web.conftest import Watched, chromium_with, watched
from tests.web.test_command_centre import fill, look_at, send

pytestmark = pytest.mark.bench
EVENTS = 100
SEEN = """() => { window.seen = {}; new MutationObserver(() => {
  for (const row of document.querySelectorAll('#list .row')) window.seen[row.dataset.id] ??= Date.now();
  for (const pin of document.querySelectorAll('.leaflet-signs-pane .pin, .leaflet-counts-pane .pin')) window.drawn ??= Date.now();
  if (!document.querySelector('#list .row')) window.gone ??= Date.now();
}).observe(document.body, {childList: true, subtree: true}); }"""
LONG = """() => { window.long = []; new PerformanceObserver((list) => list.getEntries().forEach((e) => window.long.push(e.duration)))
  .observe({type: 'longtask'}); }"""


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Store]:
    with Store.open(patient.sqlite(tmp_path)) as store:
        settle(store)
        yield store


@pytest.fixture
def desk(land: Store) -> Iterator[Watched]:
    with serving(land) as url, sync_playwright() as playwright, chromium_with(playwright) as browser, watched(browser, url) as found:
        yield found


def now_ms() -> float:
    return time.time() * 1000


def at(page: Page, name: str) -> float:
    """When the page saw it first, by the same clock as ours."""
    page.wait_for_function(f"() => window.{name}")
    found: float = page.evaluate(f"window.{name}")
    return found


def test_a_report_is_on_map_and_list_and_leaves_them_within_a_second(desk: Watched) -> None:
    page = desk.open()
    page.evaluate(SEEN)
    start = now_ms()
    incident = send(desk.url)["incident"]
    page.wait_for_selector("#list .row")
    shown = max(at(page, "drawn"), page.evaluate("(id) => window.seen[id]", incident)) - start
    page.evaluate("() => { delete window.gone; }")
    start = now_ms()
    step = {"step": "void", "reason": "done"}
    patient.post(f"{desk.url}/api/incidents/{incident}/steps", json=step, headers={"If-Match": "*"}).raise_for_status()
    told("a report sent is on map and list", shown, "ms", 1000)
    told("an incident voided elsewhere has left the list", at(page, "gone") - start, "ms", 1000)


def test_a_change_by_another_process_is_told_within_a_second(land: Store) -> None:
    with serving(land) as url, following(url) as events:
        next(events)
        start = now_ms()
        write(land)
        take(events, 1)
        told("a change by another process is told", now_ms() - start, "ms", 1000)


def test_of_a_hundred_events_each_is_shown_within_a_second_and_most_in_a_third(desk: Watched) -> None:
    page = desk.open()
    page.evaluate(SEEN)
    sent = {}
    for n in range(EVENTS):
        incident = send(desk.url, text=f"no. {n}")["incident"]
        sent[incident] = now_ms()
    expect(page.locator("#list .row")).to_have_count(EVENTS)
    seen = page.evaluate("window.seen")
    waits = sorted(seen[incident] - sent[incident] for incident in sent)
    told("half of the events are shown after", waits[EVENTS // 2], "ms", 300)
    told("the last of the events is shown after", waits[-1], "ms", 1000)


def test_among_three_thousand_incidents_no_step_keeps_a_dispatcher_waiting(desk: Watched, land: Store) -> None:
    fill(land, 3000)
    page = desk.open()
    expect(page.locator("#tabs b").first).to_have_text("3,000")
    page.evaluate(LONG)
    for zoom in (13, 14, 15, 16, 14, 12):
        look_at(page, 28.01, 113.02, zoom)
    send(desk.url)
    expect(page.locator("#tabs b").first).to_have_text("3,001")
    told("the longest that the page was busy", page.evaluate("Math.max(0, ...window.long)"), "ms", 600)
