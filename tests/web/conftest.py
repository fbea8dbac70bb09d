"""A real Chromium on the real service. Whatever a test does: nothing may be asked of another host, and nothing may go wrong unseen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

from gridmap.store import Store
from tests import patient
from tests.serving import serving
from tests.small_land import settle

DEBIAN = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-component-update")
expect.set_options(timeout=1000 * patient.SECONDS)
ARGS = [*QUIET, "--disable-background-networking", "--disable-default-apps"]
WATCH = "document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"


@dataclass
class Watched:
    """A page, and what it did that it must not do."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.url + path)
        self.page.wait_for_selector("#link[data-state=live]")
        return self.page


@contextmanager
def chromium_with(playwright: Playwright, *args: str) -> Iterator[Browser]:
    """Debian's Chromium, or Playwright's own where Debian's is not."""
    browser = playwright.chromium.launch(executable_path=DEBIAN if DEBIAN.exists() else None, args=[*ARGS, *args])
    yield browser
    browser.close()


@contextmanager
def watched(browser: Browser, url: str, *, lang: str = "en-GB", width: int = 1440, height: int = 900) -> Iterator[Watched]:
    """A new page of a reader of `lang`; requests to other hosts are stopped and counted."""
    context = browser.new_context(locale=lang, viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.add_init_script(WATCH)
    page = context.new_page()
    found = Watched(page, url)

    def only_home(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
            route.continue_()
        else:
            found.foreign.append(route.request.url)
            route.abort()

    page.route("**/*", only_home)
    page.on("console", lambda told: told.type in {"error", "warning"} and found.faults.append(told.text))
    page.on("pageerror", lambda fault: found.faults.append(str(fault)))
    page.set_default_timeout(1000 * patient.SECONDS)
    yield found
    if not page.is_closed():
        page.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Not for the whole session: while it lives, this thread has a running event loop."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium_with(playwright) as found:
        yield found


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Store]:
    """The small land in the embedded database."""
    with Store.open(patient.migrated(tmp_path)) as store:
        settle(store)
        yield store


@pytest.fixture
def url(land: Store) -> Iterator[str]:
    with serving(land) as found:
        yield found


@pytest.fixture
def desk(browser: Browser, url: str) -> Iterator[Watched]:
    """The command centre's page; at the end nothing foreign was asked and nothing went wrong."""
    with watched(browser, url) as found:
        yield found
        assert found.foreign == []
        assert found.faults == []
