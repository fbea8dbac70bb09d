"""The pages of accounts as people meet them: signing in and out, one's own account, grants by two people, posts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from gridmap.access import Action, Role, allowed
from gridmap.account import AccountKind
from gridmap.flows import accounts, grants, tokens
from gridmap.flows.intake import receive_many
from gridmap.incidents import Channel, Report
from gridmap.store import Store, incidents
from tests import patient
from tests.builders import OPERATOR
from tests.serving import serving
from tests.signing import PASSWORD, light_passwords, person
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, TOWN, WEST, settle
from tests.web.conftest import Watched, watched
from tests.web.page_checks import faults, texts

END = f"/posts/end?worker=W1&area={CELLS[0]}&duty=worker&since=2025-01-01T00%3A00%3A00%2B00%3A00"
PAGES = (
    "/account",
    "/users",
    "/users/dispatcher",
    "/users/worker",
    "/users/system",
    "/users/second",
    "/posts",
    "/posts?state=all&area=" + WEST,
    END,
)
REFUSALS = re.compile(r"the server responded with a status of 4\d\d")


def now() -> datetime:
    return datetime.now(UTC)


def manhole(text: str, at: tuple[float, float] = IN_CELL_1) -> Report:
    lon, lat = at
    return Report(issue="C0101", channel=Channel.HOTLINE, lon=lon, lat=lat, datum="wgs84", text=text)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The small land with somebody of every kind; `second` waits to become an administrator."""
    with light_passwords(), Store.open(patient.sqlite(tmp_path_factory.mktemp("county"))) as store:
        settle(store)
        for name, role, area in (
            ("first", Role.ADMINISTRATOR, None),
            ("dispatcher", Role.DISPATCHER, WEST),
            ("auditor", Role.AUDITOR, None),
            ("second", Role.ADMINISTRATOR, None),
            ("dispatcher-2", Role.DISPATCHER, WEST),
        ):
            person(store, name, role, area=area, at=now())
        person(store, "worker", worker="W1", at=now())
        accounts.add_account(store, "system", kind=AccountKind.SYSTEM, actor=OPERATOR, now=now())
        tokens.add_key(store, "system", "hotline", actor=OPERATOR, now=now())
        reports = [manhole("in the west"), manhole("in the east", IN_EAST)]
        receive_many(store, reports, now=now(), actor=OPERATOR)
        yield store


@pytest.fixture(scope="module")
def house(county: Store) -> Iterator[str]:
    with serving(county) as found:
        yield found


@contextmanager
def visitor(browser: Browser, url: str, name: str = "", **how: object) -> Iterator[Watched]:
    """Somebody who has signed in (or nobody); at the end nothing foreign was asked, nothing went wrong but what was refused."""
    with watched(browser, url, **how) as found:  # type: ignore[arg-type]
        if name:
            told = {"name": name, "password": PASSWORD}
            signed_in = patient.post(f"{url}/api/session", json=told, headers={"User-Agent": "Chrome/0 (Linux)"}).raise_for_status()
            found.page.context.add_cookies([{"name": each, "value": value, "url": url} for each, value in signed_in.cookies.items()])
        yield found
        assert found.foreign == []
        assert [fault for fault in found.faults if not REFUSALS.search(fault)] == []


def sign_in(seen: Watched, name: str, password: str = PASSWORD, to: str = "/account") -> Page:
    seen.page.goto(f"{seen.url}/sign-in?next={to}")
    seen.page.fill("#name", name)
    seen.page.fill("#password", password)
    seen.page.click("main button[type=submit]")
    return seen.page


def test_who_is_not_signed_in_comes_to_the_sign_in_and_goes_on_by_keyboard_alone(browser: Browser, house: str) -> None:
    with visitor(browser, house) as seen:
        page = seen.page
        page.goto(f"{house}/posts?area={WEST}")
        assert page.url.startswith(f"{house}/sign-in?next=%2Fposts")
        expect(page.locator("#name")).to_be_focused()  # by itself, once the page is drawn
        page.keyboard.type("dispatcher")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Show")
        page.keyboard.press("Space")
        expect(page.locator("#password")).to_have_attribute("type", "text")
        expect(page.locator("#password")).to_be_focused()
        outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert outline >= 2
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Posts")
        expect(page).to_have_url(f"{house}/posts?area={WEST}")


def test_the_incident_that_an_address_names_is_open_after_signing_in(browser: Browser, house: str, county: Store) -> None:
    """Also after a form that lacked the password: what stands behind the # never reaches the service by itself."""
    with county.read(allowed(OPERATOR, Action.INCIDENT_READ)) as tx:
        [one] = incidents.list_(tx, area=WEST, limit=1)
    with visitor(browser, house) as seen:
        page = seen.page
        page.goto(f"{house}/#incident={one.number}")
        for password in ("", PASSWORD):
            page.fill("#name", "dispatcher-2")
            page.fill("#password", password)
            page.click("main button[type=submit]")
        expect(page).to_have_url(re.compile(f"/#incident={one.number}"))
        expect(page.locator("#panel")).to_contain_text(one.number)


def test_whatever_is_wrong_is_said_in_one_sentence_beside_the_field(browser: Browser, house: str) -> None:
    with visitor(browser, house) as seen:
        said = []
        for name, password in (("dispatcher", "wrong"), ("nobody-of-this-name", "wrong")):
            page = sign_in(seen, name, password)
            expect(page.locator("#name")).to_have_value(name)
            expect(page.locator("#password")).to_have_value("")
            expect(page.locator("#password")).to_be_focused()
            expect(page.locator("#password")).to_have_attribute("aria-describedby", "told")
            expect(page.locator("#told")).to_have_attribute("role", "alert")
            said.append(page.locator("#told").inner_text())
        assert said[0] == said[1] != ""
        sign_in(seen, "dispatcher", "")
        expect(seen.page.locator("#told")).to_have_text("Write your account name and your password.")


def test_signing_out_ends_the_session_and_not_only_its_cookie(browser: Browser, house: str) -> None:
    with visitor(browser, house, "worker") as seen:
        seen.page.goto(f"{house}/account")
        kept = {cookie["name"]: cookie["value"] for cookie in seen.page.context.cookies()}
        assert patient.get(f"{house}/account", cookies=kept).status_code == 200
        seen.page.click(".me summary")
        seen.page.click("text=Sign out")
        expect(seen.page.locator("h1")).to_have_text("Sign in")
        answer = patient.get(f"{house}/account", cookies=kept)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Faccount")


def test_a_session_that_somebody_ended_comes_to_the_sign_in_at_its_next_click(browser: Browser, house: str) -> None:
    with visitor(browser, house, "dispatcher") as desk, visitor(browser, house, "dispatcher") as home:
        desk.page.goto(f"{house}/posts")
        home.page.goto(f"{house}/account")
        home.page.click("text=End all others")
        expect(home.page.locator("[role=status]")).to_have_text("All others have ended.")
        desk.page.fill("#q", "A01")
        desk.page.keyboard.press("Enter")
        expect(desk.page.locator("h1")).to_have_text("Sign in")
        desk.page.fill("#name", "dispatcher")
        desk.page.fill("#password", PASSWORD)
        desk.page.keyboard.press("Enter")
        expect(desk.page.locator("#q")).to_have_value("A01")  # where they wanted to go


def test_the_command_centre_goes_to_the_sign_in_when_its_session_is_ended(browser: Browser, house: str, county: Store) -> None:
    with visitor(browser, house, "dispatcher") as seen:
        seen.open("/")
        tokens.end_all(county, "dispatcher", actor=OPERATOR, now=now())
        expect(seen.page.locator("h1")).to_have_text("Sign in")
        expect(seen.page).to_have_url(f"{house}/sign-in?next=%2F")


def test_who_was_writing_when_the_session_ended_loses_nothing(browser: Browser, house: str, county: Store) -> None:
    receive_many(county, [manhole("to close while signed out")], now=now(), actor=OPERATOR)
    with visitor(browser, house, "dispatcher") as seen:
        page = seen.open("/")
        page.locator("#list .row").first.click()
        page.locator("#panel .choice", has_text="Void").click()
        page.locator("#step-reason").fill("mended at noon")
        tokens.end_all(county, "dispatcher", actor=OPERATOR, now=now())
        expect(page.locator("#link")).to_contain_text("You are no longer signed in")
        page.locator(".stepping [type=submit]").click()
        expect(page.locator(".stepping .sad")).to_contain_text("what you wrote here stays")
        beside = page.context.new_page()
        sign_in(Watched(beside, house), "dispatcher")
        expect(beside.locator("h1")).to_have_text("dispatcher")
        expect(page.locator("#step-reason")).to_have_value("mended at noon")
        page.locator(".stepping [type=submit]").click()
        expect(page.locator("#panel .tags")).to_contain_text("Voided")


def test_a_dispatcher_sees_the_incidents_of_the_own_village_and_a_worker_voids_none(browser: Browser, house: str) -> None:
    with visitor(browser, house, "dispatcher") as seen:
        page = seen.open("/")
        expect(page.locator("#list .row").first).to_contain_text("West Village")
        page.locator("#list .row").first.click()
        expect(page.locator("#panel .choice", has_text="Transfer")).to_be_visible()
        assert page.locator("#list .row", has_text="East Village").count() == 0
    with visitor(browser, house, "worker") as seen:
        page = seen.open("/")
        page.locator("#list .row").first.click()
        expect(page.locator("#panel h2")).to_be_visible()
        expect(page.locator("#panel .choice", has_text="Void")).to_have_count(0)


def test_an_incident_is_voided_with_the_pages_csrf_token_and_without_it_not(browser: Browser, house: str, county: Store) -> None:
    (answered,) = receive_many(county, [manhole("to close")], now=now(), actor=OPERATOR)
    with visitor(browser, house, "dispatcher") as seen:
        page = seen.open("/")
        kept = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        path = f"/api/incidents/{answered.incident}"
        assert patient.post(f"{house}{path}/steps", json={"step": "void", "reason": "x", "revision": 1}, cookies=kept).status_code == 403
        page.locator("#list .row", has_text="Water manhole").first.click()
        page.locator("#panel .choice", has_text="Void").click()
        page.locator("#step-reason").fill("done")
        page.locator(".stepping [type=submit]").click()
        expect(page.locator("#panel .choice[value=reopen]")).to_be_visible()  # what has ended stays within reach


def test_two_people_make_an_administrator(browser: Browser, house: str, county: Store) -> None:
    person(county, "third", at=now())
    with visitor(browser, house, "first") as proposer:
        page = proposer.page
        page.goto(f"{house}/users/third")
        page.select_option("#role", "administrator")
        expect(page.locator("#area")).to_be_hidden()  # what the role does not need is not asked for
        page.fill("#reason", "for the holidays")
        page.click("text='Grant'")
        expect(page.locator("[role=status]")).to_contain_text("waits for another administrator")
        expect(page.locator(".why-not")).to_have_text("You proposed it: another administrator confirms it.")
        page.goto(f"{house}/users")
        page.click("button[aria-label='Confirm for second']")  # the operator proposed that one
        expect(page.locator("[role=status]")).to_contain_text("Confirmed")
    with visitor(browser, house, "second") as other:
        other.page.goto(f"{house}/users")
        other.page.click("button[aria-label='Confirm for third']")
        expect(other.page.locator("[role=status]")).to_contain_text("Confirmed")
        expect(other.page.locator(".attention")).to_have_count(0)
        other.page.locator("button", has_text="End").first.click()
        expect(other.page.locator("[role=status]")).to_contain_text("The role has ended")


def test_a_role_for_an_area_is_granted_from_the_list_and_a_mistake_keeps_what_was_written(
    browser: Browser, house: str, county: Store
) -> None:
    accounts.add_account(county, "planner", actor=OPERATOR, now=now())
    with visitor(browser, house, "first") as seen:
        page = seen.page
        page.goto(f"{house}/users/planner")
        page.select_option("#role", "planner")
        page.fill("#area", "nowhere")
        page.fill("#reason", "plans the east")
        page.click("text='Grant'")
        expect(page.locator("#told-grant")).not_to_be_empty()
        expect(page.locator("#area")).to_be_focused()
        expect(page.locator("#area")).to_have_attribute("aria-describedby", "told-grant")
        expect(page.locator("[aria-invalid]")).to_have_count(1)
        expect(page.locator("#reason")).to_have_value("plans the east")
        page.fill("#area", page.locator(f"#area-list option[value^='{EAST}']").first.get_attribute("value") or "")
        page.click("text='Grant'")
        expect(page.locator("[role=status]")).to_contain_text("The role is granted")
        expect(page.locator("main")).to_contain_text("Hedong · East Village")


def test_a_handlers_missing_office_is_asked_for_where_it_is_written(browser: Browser, house: str, county: Store) -> None:
    accounts.add_account(county, "handler", actor=OPERATOR, now=now())
    with visitor(browser, house, "first") as seen:
        page = seen.page
        page.goto(f"{house}/users/handler")
        page.select_option("#role", "handler")
        page.click("text='Grant'")
        expect(page.locator("#told-grant")).to_contain_text("names the office")
        expect(page.locator("#office")).to_be_focused()
        expect(page.locator("[aria-invalid]")).to_have_count(1)
        assert faults(page) == []


def test_a_planner_is_led_to_the_own_account_which_says_how_the_work_is_done(browser: Browser, house: str, county: Store) -> None:
    person(county, "planning", Role.PLANNER, at=now())
    with visitor(browser, house) as seen:
        page = sign_in(seen, "planning", to="/")
        expect(page.locator("h1")).to_have_text("planning")
        expect(page).to_have_url(f"{house}/account")
        expect(page.locator(".powers li", has_text="Publish an edition")).to_contain_text("gridmap plan publish")
        expect(page.locator(".powers + p")).to_contain_text("--as planning")
        assert faults(page) == []
        page.set_viewport_size({"width": 360, "height": 800})
        assert faults(page) == []
        page.click(".powers a >> text=Posts")
        expect(page.locator("h1")).to_have_text("Posts")


def test_an_invitation_is_shown_once_and_chooses_a_password_once(browser: Browser, house: str) -> None:
    with visitor(browser, house, "first") as seen:
        page = seen.page
        page.goto(f"{house}/users")
        page.fill("#name", "newcomer")
        page.fill("#worker", "W2")
        page.click("text='Add'")
        link = page.locator("#shown").inner_text()
        assert link.startswith(f"{house}/invitation/gmi_")
        page.goto(f"{house}/users/newcomer")
        assert "gmi_" not in page.content()
        page.goto(f"{house}/users?q=newcomer")
        expect(page.locator("tbody td").last).to_have_text("–")  # the invitation was shown by nobody yet
    with visitor(browser, house) as seen:
        page = seen.page
        page.goto(link)
        expect(page.locator("main")).to_contain_text("newcomer")
        for password, again, told in (("newcomer1", "newcomer1", ""), (PASSWORD, "another", "not the same")):
            page.fill("#password", password)
            page.fill("#again", again)
            page.click("main button[type=submit]")
            expect(page.locator("#told")).to_contain_text(told)
            expect(page.locator("#told")).not_to_be_empty()
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main button[type=submit]")
        expect(page.locator("h1")).to_have_text("newcomer")
        expect(page.locator("main")).to_contain_text("Grid worker")
        assert link.rsplit("/", 1)[1] not in page.content()
    with visitor(browser, house) as seen:
        seen.page.goto(link)
        expect(seen.page.locator("main")).to_contain_text("This invitation holds no more")


def test_a_phones_token_is_shown_once_and_ends_from_the_list(browser: Browser, house: str) -> None:
    with visitor(browser, house, "auditor") as seen:
        page = seen.page
        page.goto(f"{house}/account")
        page.fill("#label", "blue phone")
        page.click("text='Make its token'")
        raw = page.locator("#shown").inner_text()
        bearer = {"Authorization": f"Bearer {raw}"}
        assert patient.get(f"{house}/api/session", headers=bearer).status_code == 200
        page.goto(f"{house}/account")
        assert raw not in page.content()
        page.click("button[aria-label='End: blue phone']")
        expect(page.locator("[role=status]")).to_have_text("Ended.")
        assert patient.get(f"{house}/api/session", headers=bearer).status_code == 401


def test_the_forms_work_without_a_script(browser: Browser, house: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{house}/users/dispatcher")
    page.fill("#name", "first")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.select_option("#role", "supervisor")
    page.fill("#area", TOWN)
    page.click("text='Grant'")
    expect(page.locator("[role=status]")).to_contain_text("The role is granted")
    page.click(".me summary")
    page.click("text=Sign out")
    expect(page.locator("h1")).to_have_text("Sign in")
    context.close()


def test_who_may_not_is_told_so_calmly_and_is_not_offered_it(browser: Browser, house: str) -> None:
    with visitor(browser, house, "auditor") as seen:
        page = seen.page
        page.goto(f"{house}/users/dispatcher")
        expect(page.locator("h1")).to_have_text("dispatcher")
        assert page.locator("main form").count() == 0
        assert page.locator(".menu a").all_inner_texts() == ["Accounts"]
        answer = page.goto(f"{house}/posts")
        assert answer is not None
        assert answer.status == 403
        expect(page.locator("h1")).to_be_visible()
        assert faults(page) == []
        page.goto(f"{house}/")
        assert page.url == f"{house}/users"


@pytest.mark.parametrize(("lang", "width"), [("en-GB", 1280), ("zh-CN", 360)])
def test_every_page_is_whole_and_readable(browser: Browser, house: str, lang: str, width: int) -> None:
    with visitor(browser, house, "first", lang=lang, width=width) as seen:
        wrong = []
        for path in PAGES:
            seen.page.goto(house + path)
            wrong += [f"{path}: {fault}" for fault in faults(seen.page)]
            if lang == "zh-CN":
                wrong += [f"{path}: {text}" for text in texts(seen.page) if english(text)]
        seen.page.context.clear_cookies()
        for path in ("/sign-in", "/invitation/gmi_none"):
            seen.page.goto(house + path)
            wrong += [f"{path}: {fault}" for fault in faults(seen.page)]
            if lang == "zh-CN":
                wrong += [f"{path}: {text}" for text in texts(seen.page) if english(text)]
        assert wrong == []


def english(text: str) -> bool:
    """Whether a Chinese page says an English word: what is neither a name of ours nor of somebody's browser."""
    names = r"first|second|third|dispatcher|auditor|worker|system|newcomer|planner|planning|handler|passing|leaving|hotline|test|operator"
    ours = rf"Gridmap|Chrome|HeadlessChrome|Linux|{names}|W\d|\d{{6,}}"
    return bool(re.search(r"[A-Za-z]{2,}", re.sub(ours, "", text)))


def test_before_the_first_account_a_calm_line_says_how_to_make_it(browser: Browser, url: str) -> None:
    with visitor(browser, url) as seen:
        page = seen.open("/")
        expect(page.locator(".calm")).to_contain_text("gridmap users add")
        assert page.locator(".me").count() == 0
        for path in ("/account", "/users", "/posts"):
            page.goto(url + path)
            expect(page.locator(".calm")).to_be_visible()
            assert faults(page) == []
        page.goto(f"{url}/sign-in")
        assert page.url == f"{url}/"
        page.wait_for_selector("#link[data-state=live]")


def test_posts_are_sifted_by_area_and_by_time(browser: Browser, house: str, county: Store) -> None:
    # A name of its own: so many new browsers have signed in as `dispatcher` by now that the next would have to wait.
    person(county, "sifting", Role.DISPATCHER, area=WEST, at=now())
    with visitor(browser, house, "sifting") as seen:
        page = seen.page
        page.goto(f"{house}/posts")
        expect(page.locator("tbody tr")).to_have_count(6)
        page.fill("#area", WEST)
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(5)
        page.select_option("#state", "ended")
        page.keyboard.press("Enter")
        page.click("text='Show'")
        expect(page.locator("tbody tr")).to_have_count(0)
        expect(page.locator(".none")).to_be_visible()


def test_a_post_is_ended_and_its_role_with_it(browser: Browser, house: str, county: Store) -> None:
    person(county, "leaving", worker="W3", at=now())
    with visitor(browser, house, "first") as seen:
        page = seen.page
        page.goto(f"{house}/posts?q=W3")
        page.click("td a.danger")
        page.fill("#until", "2020-01-01")
        page.click("text='End the post'")
        expect(page.locator("#told")).to_contain_text("not in the past")
        page.fill("#until", "")
        page.fill("#reason", "moved away")
        page.click("main button[type=submit]")
        expect(page.locator(".good")).to_be_visible()
        page.goto(f"{house}/users/leaving")
        expect(page.locator("h1 + .tags")).to_contain_text("Without a role")


def test_a_grant_that_ends_takes_the_desk_away_at_once(browser: Browser, house: str, county: Store) -> None:
    person(county, "passing", Role.DISPATCHER, area=WEST, at=now())
    with visitor(browser, house, "passing") as seen:
        page = seen.open("/")
        expect(page.locator("#list .row").first).to_be_visible()
        held = next(one for one in accounts.list_accounts(county, actor=OPERATOR) if one.account.name == "passing")
        grants.end_grant(county, held.grants[0].id, actor=OPERATOR, now=now())
        expect(page.locator("#link")).to_have_text("You may no longer see incidents here.")
        expect(page.locator("#list .row")).to_have_count(0)
