"""Signing in elsewhere, in a real browser: what it keeps must come along when another site leads back to us."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from gridmap.flows.accounts import add_account, link_account
from gridmap.store import Store
from tests.api.test_oidc import NAME, at
from tests.builders import OPERATOR
from tests.oidc_provider import running
from tests.serving import serving
from tests.web.conftest import WATCH


def test_a_browser_goes_to_the_sign_in_service_and_comes_back_signed_in(browser: Browser, land: Store) -> None:
    with running() as issuer, serving(land, settings=at(issuer)) as url:
        home = url.replace("127.0.0.1", "localhost")  # to a browser another site than the provider's 127.0.0.1
        now = datetime.now(UTC)
        add_account(land, "wang", actor=OPERATOR, now=now)
        link_account(land, "wang", issuer, "wang", actor=OPERATOR, now=now)
        context = browser.new_context(locale="en-GB")
        context.add_init_script(WATCH)
        page, faults = context.new_page(), list[str]()
        page.on("console", lambda told: told.type == "error" and page.url.startswith(home) and faults.append(told.text))
        page.set_default_timeout(8000)
        page.goto(f"{home}/account")
        assert urlsplit(page.url).path == "/sign-in"
        page.get_by_role("link", name=NAME).click()
        page.locator("input[name=login]").fill("wang")
        page.locator("input[name=password]").fill("x")
        page.locator("button[type=submit]").click()
        page.locator("input[name=prompt][value=consent]").wait_for(state="attached")
        page.locator("button[type=submit]").click()
        page.wait_for_url(f"{home}/account")
        assert "wang" in page.locator("main").inner_text()
        kept = {cookie["name"]: cookie for cookie in context.cookies(home)}
        assert (kept["gridmap"]["httpOnly"], kept["gridmap"]["sameSite"]) == (True, "Lax")
        assert "gridmap-begun" not in kept
        page.reload()
        assert urlsplit(page.url).path == "/account"
        context.close()
        assert faults == []
