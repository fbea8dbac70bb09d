"""A dispatcher asks a reporter back."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests import patient
from tests.small_land import IN_CELL_1
from tests.web.conftest import Watched, watched

COUNTY = ZoneInfo("Asia/Shanghai")
PHONE = "13900001234"
WORDS = {"en-GB": ("Reporter's contact", "Show in full", "contact read"), "zh-CN": ("上报人联系方式", "显示完整联系方式", "查看联系方式")}


@pytest.mark.parametrize("lang", WORDS)
def test_the_contact_is_masked_until_a_purpose_is_given_which_the_log_then_shows(browser: Browser, url: str, lang: str) -> None:
    lon, lat = IN_CELL_1
    body = {"issue": "C0101", "channel": "hotline", "lon": lon, "lat": lat, "datum": "wgs84", "text": "x", "contact": PHONE}
    patient.post(f"{url}/api/reports", json=body).raise_for_status()
    title, show, read = WORDS[lang]
    with watched(browser, url, lang=lang) as desk:
        page = desk.open()
        page.locator("#list .row").first.click()
        panel = page.locator("#panel")
        expect(panel.get_by_text(title)).to_be_visible()
        expect(panel.get_by_text("****234")).to_be_visible()
        assert PHONE not in page.content()
        panel.get_by_role("button", name=show).click()
        expect(panel.locator("#purpose")).to_be_focused()
        page.keyboard.type("<b>which cover?</b>")
        page.keyboard.press("Enter")
        expect(panel.get_by_text(PHONE)).to_be_visible()
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        assert PHONE not in page.content()
        page.locator("#list .row").first.click()
        expect(panel.locator(".log")).to_contain_text(read)
        expect(panel.locator(".log")).to_contain_text("<b>which cover?</b>")
        assert PHONE not in page.content()
        assert (desk.foreign, desk.faults) == ([], [])


@pytest.mark.parametrize("lang", WORDS)
def test_who_takes_a_call_writes_down_the_number_and_when_it_was_seen(browser: Browser, url: str, lang: str) -> None:
    """By the county's clocks, whatever zone the desk's computer is set to."""
    seen = (datetime.now(COUNTY) - timedelta(hours=30)).replace(second=0, microsecond=0)
    with watched(browser, url, lang=lang) as desk:
        page = desk.open()
        page.keyboard.press("n")
        page.locator("#report-issue").fill("C0101")
        page.locator("#report-place").fill("by the old bridge")
        page.locator("#report-at").fill(f"{seen:%Y-%m-%dT%H:%M}")
        page.locator("#report-contact").fill(f" {PHONE} ")
        expect(page.locator("#report-contact-hint")).to_contain_text("180")
        page.locator("form.report button[type=submit]").click()
        expect(page.locator("#panel").get_by_text("****234")).to_be_visible()
        assert PHONE not in page.content()
        assert PHONE not in page.evaluate("[...document.querySelectorAll('input')].map((field) => field.value)")
        at = page.locator("#panel > .soft time").get_attribute("datetime")
        assert at is not None
        assert datetime.fromisoformat(at) == seen
        page.keyboard.press("n")
        expect(page.locator("#report-contact")).to_have_value("")
        assert (desk.foreign, desk.faults) == ([], [])


def test_without_a_contact_the_panel_says_nothing_of_one(desk: Watched) -> None:
    lon, lat = IN_CELL_1
    patient.post(f"{desk.url}/api/reports", json={"issue": "C0101", "lon": lon, "lat": lat, "datum": "wgs84"}).raise_for_status()
    page = desk.open()
    page.locator("#list .row").first.click()
    expect(page.locator("#panel .log")).to_be_visible()
    expect(page.locator("#purpose")).to_have_count(0)
