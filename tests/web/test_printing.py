"""The page to print from, in a browser: it reads well in both languages, shows the sheet, and prints without a script."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.small_land import WEST
from tests.web.conftest import watched
from tests.web.page_checks import faults


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sheet_is_seen_ordered_and_offered(browser: Browser, url: str, lang: str) -> None:
    with watched(browser, url) as seen:
        page = seen.page
        page.goto(f"{url}/print?lang={lang}")
        assert faults(page) == []
        page.fill("#code", WEST)
        page.click(".sifts button")
        picture = page.locator(".page-preview")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("node => node.naturalWidth") > 400
        assert faults(page) == []
        page.click("button.main")
        expect(page.locator("a.button.main")).to_have_attribute("href", re.compile("/api/print/.*/pdf"))
        assert faults(page) == []
        page.goto(f"{url}/v/{WEST}?e=1")
        expect(page.locator(".good")).to_be_visible()
        assert faults(page) == []
        assert (seen.foreign, seen.faults) == ([], [])
