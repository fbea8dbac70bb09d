"""The command centre as a dispatcher meets it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, Route, expect

from gridmap.access import operator
from gridmap.flows.intake import receive, receive_many
from gridmap.incidents import Channel, Report
from gridmap.store import Store, editions
from tests import patient
from tests.builders import ALL
from tests.ports import kept_port
from tests.serving import serving
from tests.small_land import IN_CELL_1, settle
from tests.web.conftest import Watched, chromium_with, watched

NASTY = """<img src=x onerror="window.__x=1"></script><script>window.__x=1</script>`${window.__x=1}`{{7*7}}"""
VOID = {"step": "void", "reason": "sent twice", "revision": 1}
STATE = "() => [map_command.getCenter().lat, map_command.getCenter().lng, map_command.getZoom(), document.querySelector('#list').scrollTop]"


def send(url: str, **changes: Any) -> dict[str, Any]:
    lon, lat = IN_CELL_1
    body = {"issue": "C0101", "channel": "hotline", "lon": lon, "lat": lat, "datum": "wgs84", "text": "a cover is missing", **changes}
    answer = patient.post(f"{url}/api/reports", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def fill(store: Store, count: int) -> None:
    """Many reports over the land, of every type, by another process."""
    issues = ("C0101", "E0113", "D02")
    reports = [
        Report(
            issue=issues[n % 3],
            channel=Channel.SYSTEM,
            lon=113.0005 + 0.00013 * (n % 290),
            lat=28.0005 + 0.0002 * (n % 97),
            datum="wgs84",
            text=f"no. {n}",
        )
        for n in range(count)
    ]
    receive_many(store, reports, now=datetime.now(UTC), actor=operator("import"))


def signs(page: Page) -> Locator:
    return page.locator(".leaflet-signs-pane .pin, .leaflet-counts-pane .pin")


def note_asking(page: Page) -> None:
    """From now on the page keeps in `asked` what it asks the service for, from that very moment, and in `awaited` what has not come."""
    page.evaluate(
        """() => { window.asked = []; window.awaited = new Set(); const ask = window.fetch; window.fetch = (...how) => {
             const coming = ask(...how), done = () => awaited.delete(coming); asked.push(how[0]); awaited.add(coming);
             coming.then((answer) => answer.clone().text()).then(done, done); return coming; }; }"""
    )


@contextmanager
def held(page: Page, asked: str) -> Iterator[Callable[[], None]]:
    """The first that the page asks for there waits until it is let go on; nothing is missed if it has not been asked for by then."""
    waiting: list[Route] = []
    free: list[bool] = []

    def hold(route: Route) -> None:
        if free:
            route.continue_()
        else:
            waiting.append(route)

    def go_on() -> None:
        free.append(True)
        for route in waiting:
            route.continue_()

    page.route(asked, hold)
    yield go_on
    page.unroute(asked, hold)


def drawn(page: Page) -> None:
    """Once two frames have been drawn: what a script has changed is in its place, and signs follow a frame later."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")


def look_at(page: Page, lat: float, lon: float, zoom: float) -> None:
    page.evaluate("([at, zoom]) => { map_command.setView(at, zoom, {animate: false}); }", [[lat, lon], zoom])
    drawn(page)


def test_a_report_sent_while_the_page_is_open_appears_on_map_and_list_without_being_asked_for(desk: Watched) -> None:
    """How soon is the benchmark's to say: tests/benchmarks/test_felt_desk.py."""
    page = desk.open()
    expect(page.locator("#list .none")).to_contain_text("No open incidents")
    expect(signs(page)).to_have_count(0)
    note_asking(page)
    number = send(desk.url)["number"]
    page.wait_for_selector("#list .row")
    page.wait_for_selector(f".leaflet-signs-pane .pin[title*='{number}']")
    assert [path for path in page.evaluate("window.asked") if "/api/incidents" in path] == []
    expect(page.locator("#list .row")).to_contain_text("Water manhole")
    expect(page.locator("#list .row")).to_contain_text("Worker A01")
    assert page.locator(".leaflet-signs-pane .sign.general").count() == 1


def test_a_hundred_events_are_each_shown_once_the_newest_first_without_being_asked_for(desk: Watched) -> None:
    page = desk.open()
    note_asking(page)
    sent = [send(desk.url, text=f"no. {n}")["incident"] for n in range(100)]
    expect(page.locator("#list .row")).to_have_count(100)
    assert page.evaluate("[...document.querySelectorAll('#list .row')].map((row) => row.dataset.id)") == sent[::-1]
    assert [path for path in page.evaluate("window.asked") if "/api/incidents" in path] == []


def test_what_a_reporter_writes_runs_nothing_anywhere(desk: Watched) -> None:
    page = desk.open()
    send(desk.url, text=NASTY, place=NASTY, issue="<b>unknown</b>", sender=NASTY[:90], sender_number=NASTY[:90])
    page.locator("#list .row").click()
    expect(page.locator("#panel blockquote")).to_have_text(NASTY)
    page.locator(".leaflet-signs-pane .pin").hover()
    page.locator(".leaflet-signs-pane .pin").click()
    expect(page.locator("#panel h2")).to_have_text("<b>unknown</b>")
    assert page.evaluate("window.__x") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_script_without_the_pages_nonce_does_not_run(browser: Browser, url: str) -> None:
    with watched(browser, url) as found:
        page = found.open()
        page.evaluate("() => { const s = document.createElement('script'); s.textContent = 'window.__x = 1'; document.body.append(s); }")
        page.evaluate("""() => { document.body.insertAdjacentHTML('beforeend', '<img src=/none onerror="window.__x = 1">');
            return new Promise((done) => document.body.lastElementChild.addEventListener('error', done)); }""")
        assert page.evaluate("window.__x") is None
        told = [fault for fault in found.faults if fault.startswith("policy: ")]
        assert told == ["policy: script-src-elem inline", "policy: script-src-attr inline"]


@pytest.mark.parametrize(("lang", "left", "over"), [("en", "29 min left", "2 h over"), ("zh", "剩 29 分钟", "超 2 小时")])
def test_list_and_panel_tell_how_long_is_left_and_since_when_it_is_over(
    desk: Watched, land: Store, lang: str, left: str, over: str
) -> None:
    lon, lat = IN_CELL_1
    sent = Report(issue="C0101", channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", text="late")
    receive(land, sent, now=datetime.now(UTC) - timedelta(hours=2.6), actor=operator("import"))
    desk.open(f"/lang/{lang}")
    page = desk.open("/#sort=due")
    page.reload()  # else it is the same page with another mark
    send(desk.url, issue="C0101")
    dues = page.locator("#list .row .due")
    expect(dues).to_have_text([over, left])
    expect(dues.first).to_have_class("due over")
    expect(dues.last).to_have_class("due")
    page.locator("#list .row").first.click()
    expect(page.locator("#panel .due.over")).to_contain_text(over)


def test_an_incident_tells_where_who_and_why_and_leaves_when_it_is_closed(desk: Watched) -> None:
    page = desk.open()
    send(desk.url)
    page.locator("#list .row").click()
    panel = page.locator("#panel")
    for text in (
        "Hedong",
        "West Village",
        "Cell 1",
        "430102001001001",
        "Worker A01",
        "0700-1",
        "Worker A05",
        "Water company",
        "a cover is missing",
        "Hotline",
    ):
        expect(panel).to_contain_text(text)
    assert panel.locator(".why li").count() >= 3
    panel.locator(".choice", has_text="Settle on the spot").click()
    panel.locator(".stepping [type=submit]").click()
    expect(panel.locator(".sad")).to_have_text("Still missing: Name or number of the photo.")
    panel.locator("#step-photo").fill("IMG_1412.jpg")
    panel.locator("textarea").fill("put a new one")
    panel.locator(".stepping [type=submit]").click()
    expect(panel.locator(".tags")).to_contain_text(re.compile("Inspected|Handled"))
    expect(panel.locator(".log")).to_contain_text("put a new one")
    if panel.locator(".choice", has_text="Close").count() == 0:
        return  # this one was drawn for another to look at
    panel.locator(".choice", has_text="Close").click()
    panel.locator(".stepping [type=submit]").click()
    expect(page.locator("#list .row")).to_have_count(0)
    expect(panel.locator(".tags")).to_contain_text("Closed")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(signs(page)).to_have_count(0)


WORDS_OF_ENDED = {
    "en-GB": ("Voided", "No open incident here", "Reopen", "Filed", "There is no incident 2026-999999."),
    "zh-CN": ("已作废", "没有这个编号的未结事件", "重新办理", "已立案", "没有编号为 2026-999999 的事件。"),
}


@pytest.mark.parametrize("lang", WORDS_OF_ENDED)
def test_what_has_ended_is_found_by_its_number_and_reopened(browser: Browser, url: str, lang: str) -> None:
    ended, hint, reopen, filed, missing = WORDS_OF_ENDED[lang]
    number = send(url, issue="E0113")["number"]
    patient.post(f"{url}/api/incidents/{number}/steps", json=VOID).raise_for_status()
    with watched(browser, url, lang=lang) as found:
        page = found.open()
        page.keyboard.press("/")
        page.keyboard.type(number)
        expect(page.locator("#list .none")).to_contain_text(hint)
        page.keyboard.press("Enter")
        expect(page.locator("#panel .tags")).to_contain_text(ended)
        expect(page.locator(".pin.chosen")).to_have_count(1)
        expect(page).to_have_url(re.compile(f"incident={number}"))
        page.reload()
        expect(page.locator("#panel .tags")).to_contain_text(ended)
        page.locator("#panel .choice", has_text=reopen).click()
        page.locator("#panel textarea").fill("it was another one")
        page.locator(".stepping [type=submit]").click()
        expect(page.locator("#panel .tags")).to_contain_text(filed)
        expect(page.locator("#list .row")).to_have_count(1)
        page.locator("#search").fill("2026-999999")
        page.locator("#search").press("Enter")
        expect(page.locator("#panel .sad")).to_have_text(missing)
        assert [fault for fault in found.faults if "404" not in fault] == found.foreign == []


def test_the_page_of_an_incident_leads_to_the_desk_with_the_incident_open(desk: Watched) -> None:
    number = send(desk.url)["number"]
    desk.page.goto(f"{desk.url}/incidents/{number}")
    desk.page.locator(".ways a").click()
    expect(desk.page.locator("#panel .head")).to_contain_text(number)
    desk.page.keyboard.press("Escape")
    expect(desk.page).to_have_url(f"{desk.url}/")
    expect(desk.page.locator("#list .row")).to_be_focused()


def test_what_is_closed_elsewhere_leaves_map_and_list(desk: Watched) -> None:
    page = desk.open()
    incident = send(desk.url)["incident"]
    page.wait_for_selector(".leaflet-signs-pane .pin")
    patient.post(f"{desk.url}/api/incidents/{incident}/steps", json=VOID).raise_for_status()
    expect(page.locator("#list .row")).to_have_count(0)
    expect(page.locator(".leaflet-signs-pane .pin")).to_have_count(0)


def test_the_triage_queue_says_why_each_one_waits(desk: Watched) -> None:
    send(desk.url)
    send(desk.url, lon=None, lat=None, datum="", place="by the old bridge")
    page = desk.open()
    expect(page.locator("#list .row")).to_have_count(2)
    page.locator("#tabs button", has_text="At the desk").click()
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page.locator("#list .row")).to_contain_text("by the old bridge")
    expect(page.locator("#list .row")).to_contain_text("no point")


def test_keys_move_open_filter_and_go_back(desk: Watched) -> None:
    for issue in ("E0113", "C0101", "D02"):
        send(desk.url, issue=issue)
    page = desk.open()
    expect(page.locator("#list .row")).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = "document.activeElement.textContent"
    assert "Quarrel" in page.evaluate(focused)  # at once, soon, routine
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("Quarrel between neighbours")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    assert "Quarrel" in page.evaluate(focused)
    page.keyboard.press("1")
    expect(page.locator("#list .row")).to_have_count(1)
    page.keyboard.press("1")
    page.keyboard.press("/")
    page.keyboard.type("damaged")
    expect(page.locator("#list .row")).to_have_count(1)
    expect(page).to_have_url(re.compile("text=damaged"))
    page.reload()
    expect(page.locator("#list .row")).to_have_count(1)
    page.locator("#search").fill("")
    page.locator("#only").select_option("complex")
    expect(page.locator("#list .row")).to_contain_text(["Damaged road"])
    page.locator("#search").fill("nothing like it")
    expect(page.locator("#list .none")).to_contain_text("Nothing fits")


def test_a_report_is_taken_at_the_desk_with_a_click_on_the_map(desk: Watched) -> None:
    page = desk.open()
    page.keyboard.press("n")
    page.locator("#report-issue").type("manh")
    page.keyboard.press("Enter")
    expect(page.locator("#report-issue")).to_have_value("Water manhole")
    lon, lat = IN_CELL_1
    at = page.evaluate(f"(() => {{ const p = map_command.latLngToContainerPoint([{lat}, {lon}]); return [p.x, p.y]; }})()")
    box = page.locator("#map_command").bounding_box()
    assert box is not None
    page.locator("#report-text").fill("hole in the yard")
    page.mouse.click(box["x"] + at[0], box["y"] + at[1])
    expect(page.locator(".point")).to_contain_text("Hedong › West Village › Cell 1")
    page.locator("form.report button[type=submit]").click()
    expect(page.locator("#panel blockquote")).to_have_text("hole in the yard")
    expect(page.locator("#list .row")).to_contain_text("West Village")


def test_whoever_types_faster_than_the_catalogue_comes_loses_no_key(desk: Watched) -> None:
    page = desk.open()
    with held(page, "**/api/issue-types") as go_on:
        page.keyboard.press("n")
        page.locator("#report-issue").type("manh")
        page.keyboard.press("Enter")
        page.locator("#report-text").type("hole")
        expect(page.locator("#report-issue")).to_have_value("manh")
        go_on()
    expect(page.locator("#report-issue")).to_have_value("Water manhole")
    expect(page.locator("#report-text")).to_be_focused()


def test_whoever_sends_before_the_catalogue_has_come_is_not_told_that_a_type_is_missing(desk: Watched) -> None:
    page = desk.open()
    with held(page, "**/api/issue-types") as go_on:
        page.keyboard.press("n")
        page.locator("#report-issue").fill("C0101")
        page.locator("#report-place").fill("by the old bridge")
        page.locator("form.report button[type=submit]").click()
        expect(page.locator("form.report button[type=submit]")).to_be_disabled()
        go_on()
    expect(page.locator("#panel h2")).to_have_text("Water manhole")


def test_what_is_written_while_the_incident_is_asked_for_again_stays(desk: Watched) -> None:
    incident = send(desk.url)["incident"]
    page = desk.open()
    page.locator("#list .row").click()
    expect(page.locator("#panel textarea")).to_be_visible()
    with held(page, f"**/api/incidents/{incident}") as go_on:
        patient.post(f"{desk.url}/api/incidents/{incident}/steps", json=VOID).raise_for_status()
        expect(page.locator("#list .row")).to_have_count(0)
        page.locator("#panel textarea").click()
        page.keyboard.type("half a sent")
        with page.expect_response(f"**/api/incidents/{incident}"):
            go_on()
    drawn(page)
    expect(page.locator("#panel textarea")).to_have_value("half a sent")
    expect(page.locator("#panel textarea")).to_be_focused()


def test_the_border_of_an_incident_that_was_shut_meanwhile_is_not_drawn(desk: Watched) -> None:
    send(desk.url)
    page = desk.open()
    with held(page, "**/api/areas/*?edition=*") as go_on:
        page.locator("#list .row").click()
        expect(page.locator("#panel h2")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#panel")).to_be_hidden()
        with page.expect_response("**/api/areas/*?edition=*"):
            go_on()
    drawn(page)
    assert page.locator(".leaflet-mark-pane > *").count() == 0
    page.locator("#list .row").click()
    expect(page.locator(".leaflet-mark-pane > *")).to_have_count(1)


def test_a_report_without_a_place_is_held_at_the_desk_with_a_sentence(desk: Watched) -> None:
    page = desk.open()
    page.locator("#new").click()
    page.locator("form.report button[type=submit]").click()
    expect(page.locator("form.report .sad")).to_have_text("Choose an issue type.")
    page.locator("#report-issue").fill("C0101")
    page.locator("form.report button[type=submit]").click()
    expect(page.locator("form.report .sad")).to_have_text("Click on the map or describe the place.")


def test_nothing_moves_while_events_come_and_a_draft_is_kept(desk: Watched, land: Store) -> None:
    fill(land, 150)
    page = desk.open()
    page.locator("#list .row").nth(40).click()
    page.locator("#panel textarea").fill("half a sent")
    before = page.evaluate(STATE)
    top = page.locator("#list li.selected").bounding_box()
    sent = [send(desk.url, text=f"new {n}")["incident"] for n in range(15)]
    expect(page.locator("#fresh")).to_have_text("15 new ↑")
    drawn(page)  # only then has the browser put back what new rows pushed down
    assert page.evaluate(STATE)[:3] == before[:3]
    now = page.locator("#list li.selected").bounding_box()
    assert top is not None
    assert now is not None
    assert abs(now["y"] - top["y"]) < 3
    assert page.locator("#panel textarea").input_value() == "half a sent"
    page.locator("#fresh").click()
    expect(page.locator("#fresh")).to_be_hidden()
    expect(page.locator("#list .row").first).to_have_attribute("data-id", sent[-1])


def test_after_the_service_was_away_the_list_is_exactly_what_is_open(browser: Browser, land: Store) -> None:
    with kept_port() as port, watched(browser, f"http://127.0.0.1:{port}") as found:
        with serving(land, port) as url:
            fill(land, 5)
            page = found.open()
            gone = patient.get(f"{url}/api/incidents").json()["features"][0]["id"]
        expect(page.locator("#link")).to_have_attribute("data-state", "reconnecting")
        fill(land, 20)
        with serving(land, port):
            patient.post(f"{url}/api/incidents/{gone}/steps", json=VOID).raise_for_status()
            page.wait_for_selector("#link[data-state=live]")
            expect(page.locator(f"#list .row[data-id='{gone}']")).to_have_count(0)  # told last: nothing comes after it
            expect(page.locator("#list .row")).to_have_count(24)
            wanted = {feature["id"] for feature in patient.get(f"{url}/api/incidents?limit=1000").json()["features"]}
            shown = page.evaluate("[...document.querySelectorAll('#list .row')].map((row) => row.dataset.id)")
            assert sorted(shown) == sorted(wanted)
            page.goto("about:blank")


@pytest.mark.parametrize("lang", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("size", [(1280, 720), (1440, 900)])
def test_both_languages_are_whole_and_nothing_is_cut(browser: Browser, url: str, lang: str, size: tuple[int, int]) -> None:
    title, worker = {"en-GB": ("Gridmap · Command centre", "Worker A01"), "zh-CN": ("Gridmap · 指挥中心", "网格员甲01")}[lang]
    send(url)
    with watched(browser, url, lang=lang, width=size[0], height=size[1]) as found:
        page = found.open()
        assert page.title() == title
        expect(page.locator("#list .row")).to_contain_text(worker)
        page.locator("#list .row").click()
        page.wait_for_selector("#panel h2")
        cut = """[...document.querySelectorAll('button, .tag, .langs a, .edition, .link, .chips span')]
            .filter((b) => b.scrollWidth > b.clientWidth + 1).map((b) => b.outerHTML)"""
        assert [one for one in page.evaluate(cut) if "row" not in one] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        assert found.faults == found.foreign == []


def test_the_language_is_changed_by_the_toggle_and_kept(desk: Watched) -> None:
    page = desk.open("/#tab=triage")
    page.locator(".langs a[lang=zh-CN]").click()
    expect(page.locator("html[lang=zh-CN] #link")).to_have_attribute("data-state", "live")
    expect(page).to_have_url(f"{desk.url}/#tab=triage")
    page.reload()
    expect(page.locator("html[lang=zh-CN] #link")).to_have_attribute("data-state", "live")


def test_borders_come_by_zoom_and_names_with_them(desk: Watched) -> None:
    page = desk.open()
    for zoom, levels in ((9, {"township"}), (15, {"township", "village", "cell"})):
        note_asking(page)
        look_at(page, 28.01, 113.02, zoom)
        asked = page.evaluate("window.asked.filter((path) => path.startsWith('/api/areas?'))")
        assert {url.split("level=")[1].split("&")[0] for url in asked} == levels
    expect(page.locator(".name.cell span").first).to_be_visible()
    expect(page.locator(".name.village")).to_have_count(2)


def test_before_anything_is_published_the_page_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    with Store.open(patient.sqlite(tmp_path)) as store, serving(store) as url, watched(browser, url) as found:
        page = found.open()
        expect(page.locator(".nothing").first).to_contain_text("gridmap demo")
        assert found.faults == found.foreign == []


def test_an_edition_that_takes_effect_while_the_page_is_open_is_told_and_shown(browser: Browser, tmp_path: Path) -> None:
    with Store.open(patient.sqlite(tmp_path)) as store, serving(store) as url, watched(browser, url) as found:
        page = found.open()
        settle(store)  # a page without land shows the first edition by itself
        expect(page.locator(".edition")).to_contain_text("1")
        expect(page.locator("#newer")).to_be_hidden()
        now = datetime.now(UTC)
        with store.begin(ALL) as tx:
            editions.add(tx, store.edition(tx, 1).areas, in_force_from=now, recorded_at=now)
        page.locator("#newer").click()
        expect(page.locator(".edition")).to_contain_text("2")
        assert found.faults == found.foreign == []


def test_of_three_thousand_open_incidents_only_as_many_are_drawn_as_can_be_seen(browser: Browser, land: Store, url: str) -> None:
    fill(land, 3000)
    with watched(browser, url) as found:
        page = found.open()
        expect(page.locator("#list .row")).to_have_count(200)
        expect(page.locator("#list .more")).to_contain_text("2,800 more")
        for zoom in (13, 14, 15, 16, 14, 12):
            look_at(page, 28.01, 113.02, zoom)
            assert 0 < signs(page).count() < 800
        send(url)
        expect(page.locator("#tabs b").first).to_have_text("3,001")
        expect(page.locator("#list .row")).to_have_count(200)
        assert found.faults == found.foreign == []


OVERLAPS = """() => { const boxes = [...document.querySelectorAll('.leaflet-counts-pane .pin, .leaflet-signs-pane .pin')].map((pin) => {
    const {x, y, width} = pin.getBoundingClientRect(); return [x + width / 2, y + width / 2, width / 2]; });
  const names = [...document.querySelectorAll('.name span')].map((name) => name.getBoundingClientRect());
  const touching = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => Math.hypot(a[0] - b[0], a[1] - b[1]) < a[2] + b[2]));
  const hidden = names.filter((name) => boxes.some(([x, y]) => name.left + 4 < x && x < name.right - 4 && name.top < y && y < name.bottom));
  return [boxes.length, touching.length, hidden.length]; }"""


def test_signs_never_lie_on_each_other_or_on_a_name_and_what_is_urgent_is_counted_in_the_rings(
    browser: Browser, land: Store, url: str
) -> None:
    fill(land, 900)
    with watched(browser, url) as found:
        page = found.open()
        expect(page.locator("#tabs b").first).to_have_text("900")
        note_asking(page)
        for zoom in (11, 12.5, 14, 15, 16):
            look_at(page, 28.01, 113.02, zoom)
            page.wait_for_function("() => awaited.size === 0")  # names are written when their borders have come
            drawn(page)
            number, touching, hidden = page.evaluate(OVERLAPS)
            assert number > 0
            assert (touching, hidden) == (0, 0), zoom
            if zoom < 15:  # the whole land is in view: nothing that is urgent at once may be lost in a count
                rings = page.locator(".leaflet-counts-pane .urgent text").all_text_contents()
                alone = page.locator(".leaflet-signs-pane .sign path[d^='M16 1.5']").count()
                assert sum(map(int, rings)) + alone == 300, zoom
        page.locator("#list .row").nth(3).click()
        page.wait_for_selector(".pin.chosen")
        for zoom in (14, 15.5):
            page.evaluate(f"() => {{ map_command.setZoom({zoom}, {{animate: false}}); }}")
            drawn(page)
            assert page.evaluate(OVERLAPS)[1] == 0, zoom


def test_a_click_beside_or_on_a_sign_sets_the_point_while_a_report_is_taken(desk: Watched) -> None:
    send(desk.url)
    page = desk.open()
    page.keyboard.press("n")
    pin = page.locator(".leaflet-signs-pane .pin").bounding_box()
    assert pin is not None
    page.mouse.click(pin["x"] + 12, pin["y"] + 12)
    expect(page.locator(".point")).to_contain_text("Hedong › West Village › Cell 1")
    expect(page.locator("form.report")).to_be_visible()


def test_the_tab_key_passes_the_list_in_one_stop_and_arrows_walk_its_rows(desk: Watched) -> None:
    for n in range(4):
        send(desk.url, text=f"no. {n}")
    page = desk.open()
    expect(page.locator("#list .row")).to_have_count(4)
    expect(page.locator("#list .head")).to_have_text("At once · 4")
    assert page.locator("#list .row[tabindex='0']").count() == 1
    page.locator("#sort").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    at = "[...document.querySelectorAll('#list .row')].indexOf(document.activeElement)"
    assert page.evaluate(at) == 2
    send(desk.url, text="comes meanwhile")
    expect(page.locator("#list .row")).to_have_count(5)
    assert page.evaluate(at) == 3  # the same row, one farther down
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "map_command"


def test_a_step_goes_on_in_the_panel_and_one_that_came_too_late_is_told(desk: Watched) -> None:
    incident = send(desk.url)["incident"]
    page = desk.open()
    page.locator("#list .row").click()
    panel = page.locator("#panel")
    expect(panel.locator(".choice[aria-pressed=true]")).to_have_text("Acknowledge")
    panel.locator("textarea").fill("half a sentence")
    patient.post(f"{desk.url}/api/incidents/{incident}/steps", json={"step": "acknowledge", "revision": 1})
    expect(page.locator("#list .row .third")).to_have_text("Acknowledged")
    panel.locator(".stepping [type=submit]").click()
    expect(panel.locator(".stepping .sad")).to_contain_text("has changed meanwhile: it is at “Acknowledged” now")
    expect(panel.locator("textarea")).to_have_value("half a sentence")
    page.keyboard.press("Escape")
    page.locator("#list .row").click()
    panel.locator(".choice", has_text="Transfer").click()
    assert "Water company" in panel.locator("#step-offices option").evaluate_all("all => all.map((option) => option.value)")
    panel.locator("#step-office").fill("Urban management")
    panel.locator("textarea").fill("it is theirs")
    panel.locator(".stepping [type=submit]").click()
    expect(panel).to_contain_text("Urban management")
    expect(panel.locator(".log")).to_contain_text("it is theirs")
    expect(panel.locator("h2")).to_be_focused()
    desk.faults[:] = [fault for fault in desk.faults if "412" not in fault]  # which was asked for


def test_after_voiding_the_next_row_has_the_focus_and_it_is_said(desk: Watched) -> None:
    numbers = [send(desk.url, text=f"no. {n}")["number"] for n in range(3)]
    page = desk.open()
    page.locator("#list .row").nth(1).click()
    page.locator("#panel .choice", has_text="Void").click()
    page.locator("#panel textarea").fill("sent twice")
    page.locator(".stepping [type=submit]").click()
    expect(page.locator("#list .row")).to_have_count(2)
    expect(page.locator("#spoken")).to_have_text(f"{numbers[1]} · Voided")
    expect(page.locator("#panel .choice")).to_contain_text(["Reopen"])
    page.keyboard.press("Escape")
    expect(page.locator("#list .row").nth(1)).to_be_focused()


def test_what_is_opened_is_moved_into_view_but_never_zoomed(desk: Watched) -> None:
    send(desk.url)
    page = desk.open()
    page.evaluate("() => { map_command.setView([28.005, 112.97], 14, {animate: false}); }")
    page.locator("#list .row").click()
    expect(page.locator("#panel h2")).to_be_visible()
    pin, panel = page.locator(".pin.chosen").bounding_box(), page.locator("#panel").bounding_box()
    assert pin is not None
    assert panel is not None
    assert pin["x"] + pin["width"] < panel["x"]
    assert page.evaluate("map_command.getZoom()") == 14


def test_an_unsent_report_comes_back_and_its_point_can_be_set_by_keys(desk: Watched) -> None:
    page = desk.open()
    page.keyboard.press("n")
    page.locator("#report-issue").type("manh")
    page.keyboard.press("Enter")
    page.locator("#report-text").fill("half a sent")
    page.get_by_role("button", name="Take the middle of the map").press("Enter")
    expect(page.locator(".point")).to_contain_text("Hedong")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator("#report-text")).to_have_value("half a sent")
    expect(page.locator(".picked")).to_have_count(1)
    page.locator("form.report button[type=submit]").click()
    expect(page.locator("#panel blockquote")).to_have_text("half a sent")
    page.keyboard.press("n")
    expect(page.locator("#report-text")).to_have_value("")


def test_an_incident_that_could_not_be_shown_is_shown_when_the_service_is_back(browser: Browser, land: Store) -> None:
    with kept_port() as port, watched(browser, f"http://127.0.0.1:{port}") as found:
        with serving(land, port):
            fill(land, 2)
            page = found.open()
        page.locator("#list .row").first.click()
        expect(page.locator("#panel .sad")).to_contain_text("The service does not answer")
        page.keyboard.press("n")
        expect(page.locator("form.report .sad")).to_contain_text("The service does not answer")
        page.keyboard.press("Escape")
        page.locator("#list .row").first.click()
        with serving(land, port):
            page.wait_for_selector("#link[data-state=live]")
            expect(page.locator("#panel blockquote")).to_contain_text("no.")
            page.goto("about:blank")


def test_a_telephone_shows_the_list_first_and_an_incident_as_a_sheet(browser: Browser, land: Store, url: str) -> None:
    fill(land, 60)
    with watched(browser, url, width=360, height=740) as found:
        page = found.open()
        row = page.locator("#list .row").first.bounding_box()
        assert row is not None
        assert row["y"] < 400
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate("document.documentElement.scrollHeight") < 1600
        page.locator("#list .row").first.click()
        page.locator("#panel .shut").click()  # nothing lies on it
        expect(page.locator("#panel")).to_be_hidden()
        assert found.faults == found.foreign == []


def test_it_works_without_webgl_and_3d(playwright: Playwright, url: str) -> None:
    with chromium_with(playwright, "--disable-3d-apis", "--disable-webgl") as browser, watched(browser, url) as found:
        page = found.open()
        assert page.evaluate("document.createElement('canvas').getContext('webgl')") is None
        send(url)
        page.wait_for_selector(".leaflet-signs-pane .pin")
        expect(page.locator("canvas")).not_to_have_count(0)
        assert found.faults == found.foreign == []


def test_the_description_of_the_routes_opens_from_our_own_files(desk: Watched) -> None:
    desk.page.goto(f"{desk.url}/docs")
    desk.page.wait_for_selector(".opblock")
    desk.page.locator("#operations-reports-send_reports .opblock-summary").click()
    expect(desk.page.locator("#operations-reports-send_reports .opblock-body")).to_contain_text("GM-E0506")
    expect(desk.page.locator(".errors-wrapper")).to_have_count(0)
    expect(desk.page.locator(".opblock").nth(12)).to_be_attached()


def test_eight_pages_share_one_stream_and_the_next_goes_on_when_one_closes(desk: Watched) -> None:
    first = desk.open()
    pages = [first.context.new_page() for _ in range(7)]
    for page in pages:
        page.goto(desk.url)
        page.wait_for_selector("#link[data-state=live]")
    send(desk.url)
    for page in (first, *pages):
        expect(page.locator("#list .row")).to_have_count(1)
    first.close()
    send(desk.url, text="after the first page closed")
    for page in pages:
        expect(page.locator("#list .row")).to_have_count(2)
        page.close()
