"""Other offices, supervision and corrections in the command centre's panel: with the mouse, with keys alone, in both languages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Watched
from tests.web.page_checks import faults, texts
from tests.web.test_command_centre import send

UNTIL = (datetime.now(UTC) + timedelta(days=1)).isoformat()
OF_THE_MAP = ("newer", "fresh", "style", "00")  # hidden buttons, what Leaflet writes, names on the map


def take(at: Watched, number: str, step: str, **sent: object) -> None:
    body = {"step": step, "reason": "because", **sent}
    answer = httpx.post(f"{at.url}/api/incidents/{number}/steps", json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def choose(page: Page, step: str) -> None:
    page.locator("#panel .beside").evaluate("node => { node.open = true; }")
    page.locator(f"#panel .choice[value={step}]").click()


def go(page: Page) -> None:
    page.locator("#panel .stepping [type=submit]").click()


def shown(desk: Watched, **report: Any) -> tuple[Page, str]:
    number = send(desk.url, issue="E0113", **report)["number"]
    page = desk.open()
    page.locator("#list .row").click()
    page.wait_for_selector("#panel .stepping")
    return page, number


def test_an_office_is_called_answers_and_is_shown_in_the_list_and_the_panel(desk: Watched) -> None:
    page, _ = shown(desk)
    choose(page, "whistle")
    go(page)
    expect(page.locator("#panel .stepping .sad")).to_have_text("Still missing: Office.")
    page.locator("#step-office").fill("WATER")
    page.locator("#step-until").fill("2099-01-01T12:00")
    page.locator("#step-reason").fill("a main has burst")
    go(page)
    expect(page.locator("#panel .tasks li")).to_contain_text(["Water company · 1 · come to the spot"])
    expect(page.locator("#panel .tasks .tag")).to_have_text("awaited")
    expect(page.locator("#list .row .third")).to_contain_text("answers owed: 1")
    for only, rows in ("supervised", 0), ("overdue", 0), ("owed", 1):
        page.locator("#only").select_option(only)
        expect(page.locator("#list .row")).to_have_count(rows)
        expect(page).to_have_url(re.compile(f"watch={only}"))
    page.locator("#panel .choice[value=arrive]").click()
    expect(page.locator("#step-task option")).to_have_count(1)
    go(page)
    expect(page.locator("#panel .tasks .tag")).to_have_text("on the spot")
    page.locator("#panel .choice[value=answer]").click()
    page.locator("#step-reason").fill("shut off")
    go(page)
    expect(page.locator("#panel .tasks .tag")).to_have_text("answered")
    expect(page.locator("#panel .log")).to_contain_text("task: 1 · come to the spot · Water company")
    expect(page.locator("#list .row .third")).to_have_count(0)


def test_it_is_supervised_and_graded_in_the_colour_of_its_grade(desk: Watched) -> None:
    page, _ = shown(desk)
    expect(page.locator("#panel .tag.complex")).to_be_visible()
    choose(page, "regrade")
    expect(page.locator("#step-grade option")).to_have_text(["General", "Difficult"])
    page.locator("#step-grade").select_option("difficult")
    page.locator("#step-reason").fill("a court is in it")
    go(page)
    expect(page.locator("#panel .tag.difficult")).to_have_text("Difficult")
    expect(page.locator("#list .sign.difficult")).to_have_count(1)
    choose(page, "supervise")
    page.locator("#step-until").fill("2099-01-01T12:00")
    page.locator("#step-reason").fill("the county asks")
    go(page)
    expect(page.locator("#panel .watched")).to_contain_text("Supervised by operator until 01-01 12:00")
    expect(page.locator("#list .row .tag.supervised")).to_be_visible()


def test_with_keys_alone_a_step_beside_the_way_is_opened_and_taken(desk: Watched) -> None:
    page, _ = shown(desk)
    page.locator("#panel .beside summary").focus()
    page.keyboard.press("Enter")
    page.locator("#panel .choice[value=inform]").focus()
    page.keyboard.press("Enter")
    page.locator("#step-office").focus()
    page.keyboard.type("CW")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .tasks .tag")).to_have_text("told")


def test_a_new_place_is_chosen_on_the_map_or_as_its_middle_and_the_map_is_left_alone_afterwards(desk: Watched) -> None:
    page, _ = shown(desk)
    expect(page.locator("#picking")).to_be_hidden()
    choose(page, "relocate")
    expect(page.locator("#picking")).to_be_visible()
    expect(page.locator("#panel .point")).to_have_text("Click on the map where it really is.")
    go(page)
    expect(page.locator("#panel .stepping .sad")).to_have_text("Still missing: Where it really is.")
    page.locator("#panel .stepping button.small").press("Enter")
    expect(page.locator("#panel .point")).to_contain_text("Hedong")
    expect(page.locator(".picked")).to_have_count(1)
    choose(page, "regrade")
    expect(page.locator("#picking")).to_be_hidden()
    expect(page.locator(".picked")).to_have_count(0)
    choose(page, "relocate")
    expect(page.locator(".picked")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator(".picked")).to_have_count(0)
    page.locator("#list .row").click()
    expect(page.locator("#panel")).to_be_visible()
    choose(page, "relocate")
    expect(page.locator("#panel .point")).not_to_contain_text("Hedong")


def test_a_photo_may_come_along_where_it_shows_something(desk: Watched) -> None:
    page, _ = shown(desk)
    expect(page.locator("#step-photo")).to_be_hidden()
    go(page)  # acknowledged
    page.locator("#panel .choice[value=handle]").click()
    page.get_by_label("Name or number of a photo, if there is one").fill("IMG_1412.jpg")
    page.locator("#step-reason").fill("filled the hole")
    go(page)
    expect(page.locator("#panel .log")).to_contain_text("photo: IMG_1412.jpg")


def test_another_type_is_found_by_typing(desk: Watched) -> None:
    page, _ = shown(desk)
    choose(page, "retype")
    page.locator("#step-issue").fill("")
    page.locator("#step-issue").type("manh")
    page.keyboard.press("Enter")
    expect(page.locator("#step-issue")).to_have_value("Water manhole")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_panel_with_everything_in_it_reads_well(desk: Watched, lang: str) -> None:
    number = send(desk.url, issue="E0113", contact="0700-1234567")["number"]
    for step, sent in (
        ("assist", {"office": "WATER", "until": UNTIL}), ("whistle", {"office": "CT", "until": UNTIL}), ("inform", {"office": "CW"}),
        ("withdraw", {"task": 1}), ("arrive", {"task": 2}), ("supervise", {"until": UNTIL}),
    ):  # fmt: skip
        take(desk, number, step, **sent)
    desk.open(f"/lang/{lang}")
    page = desk.open()
    page.locator("#list .row").click()
    page.locator("#panel .beside summary").click()
    for choice in page.locator("#panel .choice").all():
        choice.click()
        assert [each for each in faults(page) if not any(known in each for known in OF_THE_MAP)] == []


@pytest.mark.parametrize(("lang", "width"), [("en", 1440), ("zh", 1440), ("en", 390), ("zh", 390)])
def test_the_page_of_an_incident_reads_well_and_prints(desk: Watched, lang: str, width: int) -> None:
    number = send(desk.url, issue="E0113", contact="0700-1234567")["number"]
    for step, sent in (
        ("acknowledge", {}),
        ("whistle", {"office": "WATER", "until": UNTIL}),
        ("inform", {"office": "CW"}),
        ("supervise", {"until": UNTIL}),
    ):
        take(desk, number, step, **sent)
    page = desk.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{desk.url}/lang/{lang}?to=/incidents/{number}")
    assert faults(page) == []
    foreign = r"[A-Za-z]{3,}" if lang == "zh" else r"[\u4e00-\u9fff]"
    known = ("operator", "Gridmap", "because", "a cover is missing", "WGS", "because", "Nobody", "gridmap", "ROADS")
    assert [text for text in texts(page) if re.search(foreign, text) and not any(word in text for word in known)] == []
    if width == 390:
        expect(page.locator("td.empty").first).to_be_hidden()
        term = page.locator("td[data-label]:has(time)").first
        starts = "node => [node.getBoundingClientRect().left, node.querySelector('time').getBoundingClientRect().left]"
        outer, inner = term.evaluate(starts)
        assert inner - outer == pytest.approx(94, abs=1), "what wraps stays beside its label"
    page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    page.locator("[data-prints]").press("Enter")
    assert page.evaluate("window.printed") is True
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.locator("[data-prints]")).to_be_hidden()
    expect(page.locator("h1")).to_contain_text(number)


def test_what_was_given_away_leaves_the_panel(desk: Watched) -> None:
    page, _ = shown(desk)
    page.route("**/api/incidents/*/steps", lambda route: route.fulfill(status=204))  # as the service answers whoever sees it no more
    page.locator("#panel .choice[value=acknowledge]").click()
    go(page)
    expect(page.locator("#panel")).to_be_hidden()
