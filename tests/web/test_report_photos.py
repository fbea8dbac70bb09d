"""Photos of a report that the desk takes: named with it, brought when it is kept; what does not arrive is told and can be sent again."""

from playwright.sync_api import Page, Route, expect

from tests.photographs import taken
from tests.web.conftest import Watched

GOOD = {"name": "drain.jpg", "mimeType": "image/jpeg", "buffer": taken("jpeg")}
OTHER = {"name": "street.png", "mimeType": "image/png", "buffer": taken("png")}
NO_PICTURE = {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"only words"}


def filled_in(page: Page, *files: object) -> None:
    page.keyboard.press("n")
    page.locator("#report-issue").type("manh")
    page.keyboard.press("Enter")
    page.locator("#report-place").fill("beside the market")
    page.get_by_label("Photos, if there are any").set_input_files(list(files))  # type: ignore[arg-type]
    page.get_by_role("button", name="Send", exact=True).click()


def test_the_photos_of_a_report_come_with_it_from_the_desk(desk: Watched) -> None:
    page = desk.open()
    filled_in(page, GOOD, OTHER)
    expect(page.locator("#panel .photos img")).to_have_count(2)
    expect(page.locator("#panel")).to_contain_text("beside the market")


def test_a_photo_that_is_none_is_told_and_the_report_and_its_other_photos_stay(desk: Watched) -> None:
    page = desk.open()
    filled_in(page, NO_PICTURE, GOOD)
    told = page.locator("form.report .sad")
    expect(told).to_contain_text("The report is kept as ")
    expect(told).to_contain_text("notes.jpg: The file is no JPEG, PNG, WebP or HEIC.")
    expect(page.get_by_role("button", name="Send the photos again")).to_be_in_viewport()
    expect(page.locator("#report-place")).to_be_disabled()
    page.keyboard.press("Escape")
    page.locator("#list .row").first.click()
    expect(page.locator("#panel .photos img")).to_have_count(1)
    page.keyboard.press("n")
    expect(page.locator("#report-place")).to_have_value("")  # what was sent does not come back
    desk.faults.clear()  # the browser tells of each refusal, too


def test_what_a_cut_line_kept_back_is_sent_again_and_the_report_stays_one(desk: Watched) -> None:
    page, cut = desk.open(), []

    def once(route: Route) -> None:
        if cut:
            route.fallback()
        else:
            cut.append(route.request.url)
            route.abort()

    page.route("**/api/reports/*/photos/*", once)
    filled_in(page, GOOD, OTHER)
    expect(page.locator("form.report .sad")).to_contain_text("drain.jpg: ")
    page.get_by_role("button", name="Send the photos again").click()
    expect(page.locator("#panel .photos img")).to_have_count(2)
    expect(page.locator("#list .row")).to_have_count(1)
    desk.faults.clear()
