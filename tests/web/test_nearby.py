"""A dispatcher sees that two reports are about one hole, and makes one matter of them."""

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.small_land import IN_CELL_1
from tests.web.conftest import Watched, watched

WORDS = {"en-GB": ("May be the same matter", "Merge into it"), "zh-CN": ("可能是同一事件", "并入该事件")}


def sent(url: str, north: float = 0.0) -> str:
    lon, lat = IN_CELL_1
    body = {"issue": "E0113", "channel": "hotline", "lon": lon, "lat": lat + north, "datum": "wgs84", "text": f"hole {north}"}
    return str(httpx.post(f"{url}/api/reports", json=body).raise_for_status().json()["number"])


@pytest.mark.parametrize("lang", WORDS)
def test_what_lies_beside_is_offered_looked_at_and_merged_into(browser: Browser, url: str, lang: str) -> None:
    first, second = sent(url), sent(url, 0.0001)
    title, merge = WORDS[lang]
    with watched(browser, url, lang=lang) as desk:
        page = desk.open()
        page.locator("#list .row").first.click()
        expect(page.locator("#panel .head")).to_contain_text(second)
        panel = page.locator("#panel")
        expect(panel.get_by_text(title)).to_be_visible()
        expect(panel.locator(".nearby")).to_contain_text("11")
        expect(panel.locator(".nearby q")).to_have_text("hole 0.0")
        panel.locator(".nearby").get_by_role("button", name=first).click()
        expect(panel.locator(".head")).to_contain_text(first)
        panel.locator(".nearby").get_by_role("button", name=second).click()
        expect(panel.locator(".head")).to_contain_text(second)
        panel.locator(".nearby").get_by_role("button", name=merge).click()
        panel.locator(".nearby").get_by_role("button", name=first).last.click()
        expect(panel.locator(".head")).to_contain_text(first)
        assert httpx.get(f"{url}/api/incidents/{second}").json()["properties"]["merged_into"] == first
        expect(panel.locator(".nearby")).to_be_hidden()
        assert (desk.foreign, desk.faults) == ([], [])


def test_with_nothing_beside_it_nothing_is_said(desk: Watched) -> None:
    sent(desk.url)
    page = desk.open()
    page.locator("#list .row").first.click()
    expect(page.locator("#panel .log")).to_be_visible()
    expect(page.locator("#panel .nearby")).to_be_hidden()
