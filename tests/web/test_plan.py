"""The planner's page in a real browser: cells are moved with the pointer and by keys alone, in both languages, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
import shapely.affinity
from playwright.sync_api import Browser, Page, Route, expect

from gridmap.access import Role
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.publish import publish
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Area, Households
from gridmap.store import Store, drafts, editions
from gridmap.store.land import put_households
from tests.builders import ALL, OPERATOR
from tests.signing import light_passwords, person
from tests.small_land import EAST, NOW, WEST
from tests.web.conftest import Watched, watched
from tests.web.page_checks import faults, texts
from tests.web.test_accounts import visitor

DRAFT = "spring"


@pytest.fixture
def draft(land: Store) -> Store:
    """The west village cut into some cells, published, and a draft begun from that."""
    rng = np.random.default_rng(4)
    lon, lat = 113.0 + rng.uniform(0.001, 0.019, 220), 28.0 + rng.uniform(0.001, 0.019, 220)
    people = Households(np.array([f"h{n}" for n in range(220)]), lon, lat, np.ones(220, dtype=np.int64))
    with land.begin(ALL) as tx:
        put_households(tx, people)
    cut_draft(land, draft="first", villages=[WEST], now=NOW, actor=OPERATOR)
    publish(land, "first", now=NOW, actor=OPERATOR)
    start_draft(land, DRAFT, now=NOW, actor=OPERATOR)
    return land


@pytest.fixture
def plan(browser: Browser, draft: Store, url: str) -> Iterator[Watched]:
    with watched(browser, url) as found:
        found.page.goto(f"{url}/plan/{DRAFT}?village={WEST}&lang=en")
        expect(found.page.locator("#balance tr")).to_have_count(len(cells(draft)))
        yield found
        assert found.foreign == []
        assert found.faults == []


def cells(store: Store) -> dict[str, Area]:
    with store.read(ALL) as tx:
        return {area.code: area for area in drafts.some(tx, DRAFT, parents=[WEST])}


def areas(store: Store) -> dict[str, Area]:
    with store.read(ALL) as tx:
        return {area.code: area for area in drafts.areas(tx, DRAFT)}


def whole(store: Store) -> dict[str, Area]:
    """The cells as the database has them: one coverage, and everybody in it."""
    found = cells(store)
    assert shapely.coverage_is_valid([cell.shape for cell in found.values()], gap_width=1e-9)
    assert sum(cell.households or 0 for cell in found.values()) == 220
    return found


def changed(before: dict[str, Area], after: dict[str, Area]) -> set[str]:
    return {code for code in before.keys() | after.keys() if before.get(code) != after.get(code)}


def done(page: Page, what: str) -> None:
    expect(page.locator("#spoken")).to_contain_text(f"Done: {what}")


def at(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place is on the screen."""
    x, y = page.evaluate(
        "([lat, lon]) => { const p = map_plan.latLngToContainerPoint([lat, lon]), b = map_plan.getContainer().getBoundingClientRect();"
        " return [p.x + b.left, p.y + b.top]; }",
        [lat, lon],
    )
    return x, y


def a_border(page: Page) -> dict[str, object]:
    """The longest border of two cells, its middle corner."""
    found: dict[str, object] = page.evaluate(
        "async (path) => { const { arcs } = await (await fetch(path)).json();"
        " const arc = arcs.filter((a) => a.right).sort((a, b) => b.line.length - a.line.length)[0];"
        " return { cells: [arc.left, arc.right], at: arc.line[Math.floor(arc.line.length / 2)] }; }",
        f"/api/drafts/{DRAFT}/villages/{WEST}",
    )
    return found


def test_a_border_is_dragged_and_both_cells_change_and_it_is_undone_and_made_again(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    border = a_border(page)
    x, y = at(page, *border["at"])  # type: ignore[misc]
    page.click("#tool-border")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y + 25, steps=4)
    page.mouse.up()
    done(page, "border moved")
    after = whole(draft)
    assert changed(before, after) == set(border["cells"])  # type: ignore[call-overload]
    page.reload()
    page.click("#tool-undo")
    done(page, "taken back")
    assert whole(draft) == before
    page.click("#tool-redo")
    done(page, "made again")
    assert whole(draft) == after


def test_a_drag_that_leaves_the_two_cells_is_refused_with_the_place_and_changes_nothing(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    x, y = at(page, *a_border(page)["at"])  # type: ignore[misc]
    page.click("#tool-border")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y - 2000, steps=4)
    page.mouse.up()
    expect(page.locator("#told")).to_contain_text("cannot run there")
    plan.faults[:] = [fault for fault in plan.faults if "422" not in fault]
    assert cells(draft) == before


def lasso(page: Page, left: float, top: float, width: float, height: float) -> None:
    """Draws one from a corner round to that very corner."""
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((left + width, top), (left + width, top + height), (left, top + height), (left, top)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


def test_the_map_follows_its_box_and_drawing_anew_leaves_nothing_behind(plan: Watched) -> None:
    page = plan.page
    for height in (1100, 1400):
        sizes = page.evaluate(
            "async (height) => { document.body.style.height = `${height}px`;"
            " for (let frame = 0; frame < 3; ++frame) await new Promise(requestAnimationFrame);"
            " return [map_plan.getSize().y, map_plan.getContainer().clientHeight]; }",
            height,
        )
        assert sizes[0] == sizes[1] > height - 200
    canvases = page.locator("canvas").count()
    for _ in range(6):
        page.click("[data-cell] >> nth=0")
    assert page.locator("canvas").count() == canvases


def test_households_in_a_lasso_go_to_another_cell(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    border = a_border(page)
    source, target = border["cells"]  # type: ignore[misc]
    page.click(f"[data-cell='{source}']")
    page.select_option("#other", target)
    page.fill("#n", "2")
    page.click("#nearest")
    expect(page.locator("#chosen")).to_contain_text("2 buildings selected")
    page.click("text=Select none")
    page.click("#tool-lasso")
    hint = page.locator("#hint").bounding_box()
    assert hint is not None
    x, _ = at(page, *border["at"])  # type: ignore[misc]
    lasso(page, x - 90, hint["y"] + 20, 150, 200)
    expect(page.locator("#assign")).to_be_visible()
    page.select_option("#to", target)
    page.click("#assign")
    done(page, "households assigned")
    assert target in changed(before, whole(draft))


def test_everything_is_done_by_keys_alone_and_published(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    first = sorted(before)[0]
    page.focus(f"[data-cell='{first}']")
    page.keyboard.press("Enter")
    page.focus("#other")
    target = page.input_value("#other")
    page.focus("#n")
    page.keyboard.press("Control+a")
    page.keyboard.type("1")
    page.focus("#nearest")
    page.keyboard.press("Enter")
    page.focus("#to")
    assert page.input_value("#to") == target
    page.focus("#assign")
    page.keyboard.press("Enter")
    done(page, "households assigned")
    assert {first, target} <= changed(before, whole(draft))
    page.locator("#title").click()
    page.keyboard.press("z")
    done(page, "taken back")
    assert whole(draft) == before

    spot = before[first].shape.representative_point()
    _, south, _, north = before[first].shape.bounds
    page.keyboard.press("s")
    for lat in (south - 0.0005, north + 0.0005):
        page.evaluate("([lat, lon]) => { map_plan.setView([lat, lon], map_plan.getZoom(), { animate: false }); }", [lat, spot.x])
        page.keyboard.press(" ")
    page.keyboard.press("Enter")
    expect(page.locator("#balance tr")).to_have_count(len(before) + 1)
    page.focus("#merge")
    page.keyboard.press("Enter")
    expect(page.locator("#balance tr")).to_have_count(len(before))
    page.locator("#title").click()
    page.keyboard.press("]")
    expect(page.locator("#at")).to_contain_text("of")
    page.focus("#compare")
    page.keyboard.press("Enter")
    expect(page.locator("#window")).to_contain_text("Against edition 2")
    page.keyboard.press("Escape")
    page.focus("#publish")
    page.keyboard.press("Enter")
    page.focus("#note")
    page.keyboard.type("by keys")
    page.focus("#publish-now")
    page.keyboard.press("Enter")
    expect(page.locator(".good")).to_contain_text("Edition 3")
    with draft.read(ALL) as tx:
        assert editions.heads(tx)[0].note == "by keys"


def test_a_worker_is_set_and_a_cell_given_to_another_village_by_keys_alone(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    cut_draft(draft, draft=DRAFT, villages=[EAST], now=NOW, actor=OPERATOR)
    page.reload()
    cell = next(code for code, area in sorted(before.items()) if area.shape.bounds[2] > 113.0199)
    row = page.locator(f"tr:has([data-cell='{cell}'])")
    page.focus(f"[data-cell='{cell}']")
    page.keyboard.press("Enter")
    page.keyboard.press("w")
    expect(page.locator("#worker")).to_be_focused()
    page.keyboard.type("Worker A03")
    page.focus("#post")
    page.keyboard.press("Enter")
    done(page, "worker set")
    expect(row).to_contain_text("Worker A03")
    page.locator("#title").click()
    page.keyboard.press("z")
    done(page, "taken back")
    page.keyboard.press("y")
    done(page, "made again")
    page.keyboard.press("g")
    expect(page.locator("#give-to")).to_be_focused()
    assert page.input_value("#give-to") == EAST
    page.focus("#give")
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)
    assert cell not in cells(draft)
    page.goto(page.url.replace(WEST, EAST))
    expect(page.locator("tr", has_text="Worker A03")).to_have_count(1)
    page.goto(page.url.replace(EAST, WEST))
    page.click("#tool-undo")
    expect(row).to_contain_text("Worker A03")
    assert cells(draft) == before


def test_the_second_planner_is_told_and_what_is_sent_while_nothing_answers_is_sent_later(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    page.wait_for_timeout(50)
    cut_draft(draft, draft=DRAFT, villages=[WEST], seed=3, now=NOW, actor=OPERATOR)
    page.click(f"[data-cell='{sorted(before)[0]}']")
    page.click("#merge")
    expect(page.locator("#told")).to_contain_text("changed meanwhile")
    plan.faults[:] = [fault for fault in plan.faults if "412" not in fault]

    def unreached(route: Route) -> None:
        route.abort()

    seen = cells(draft)
    page.route("**/moves", unreached)
    page.click("#merge")
    expect(page.locator("#told")).to_contain_text("kept in this browser")
    assert cells(draft) == seen
    page.unroute("**/moves")
    page.reload()
    done(page, "cells merged")
    assert len(whole(draft)) == len(seen) - 1
    plan.faults[:] = [fault for fault in plan.faults if "ERR_FAILED" not in fault]


def test_one_approves_and_another_publishes_and_whoever_is_slower_is_told(browser: Browser, draft: Store, url: str) -> None:
    """What was looked at is what is approved and published: each time the other was quicker, the page says whose change came between."""
    with light_passwords():
        for name in ("anna", "bert"):
            person(draft, name, Role.PLANNER, at=datetime.now(UTC))
        with visitor(browser, url, "anna") as anna, visitor(browser, url, "bert") as bert:
            before = cells(draft)
            for seen in (anna, bert):
                seen.page.goto(f"{url}/plan/{DRAFT}?village={WEST}&lang=en")
                expect(seen.page.locator("#balance tr")).to_have_count(len(before))
            bert.page.click("#publish")
            anna.page.click(f"[data-cell='{sorted(before)[0]}']")
            anna.page.click("#merge")
            done(anna.page, "cells merged")

            told = bert.page.locator("#window [role=alert]")
            bert.page.click("#approve")
            expect(told).to_contain_text("anna")
            expect(bert.page.locator("#approved")).to_contain_text("Nobody has approved")
            expect(bert.page.locator("#balance tr")).to_have_count(len(before) - 1)
            bert.page.click("#approve")
            expect(bert.page.locator("#approved")).to_contain_text("by bert")
            bert.page.click("#publish-now")
            expect(told).to_contain_text("approve")
            with draft.read(ALL) as tx:
                assert editions.heads(tx)[0].number == 2

            anna.page.click("#publish")
            anna.page.click("#publish-now")
            expect(anna.page.locator("#window [role=alert]")).to_contain_text("bert")
            expect(anna.page.locator("#approved")).to_contain_text("by bert")
            anna.page.fill("#note", "by two")
            anna.page.click("#publish-now")
            expect(anna.page.locator(".good")).to_contain_text("Edition 3")
    with draft.read(ALL) as tx:
        assert (editions.heads(tx)[0].note, editions.heads(tx)[0].actor) == ("by two", "anna")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_pages_read_well_in_both_languages(browser: Browser, draft: Store, url: str, lang: str) -> None:
    with watched(browser, url) as seen:
        for path in ("/plan", f"/plan/{DRAFT}"):
            seen.page.goto(f"{url}{path}?lang={lang}")
            assert faults(seen.page) == []
        seen.page.goto(f"{url}/plan/{DRAFT}?village={WEST}&lang={lang}")
        expect(seen.page.locator("#balance tr")).to_have_count(len(cells(draft)))
        assert [fault for fault in faults(seen.page) if not fault.startswith("a style")] == []
        foreign = [text for text in texts(seen.page) if any("\u4e00" <= letter <= "\u9fff" for letter in text)]
        assert bool(foreign) is (lang == "zh")
        assert (seen.foreign, seen.faults) == ([], [])


def test_cells_drawn_elsewhere_that_overlap_are_mended_by_one_key_and_taken_back(plan: Watched, draft: Store) -> None:
    page = plan.page
    expect(page.locator("#tool-mend")).to_be_hidden()
    one = sorted(cells(draft))[0]
    drawn = cells(draft)[one]
    with draft.begin(ALL) as tx:
        drafts.put(tx, DRAFT, [replace(drawn, shape=shapely.affinity.translate(drawn.shape, 0.0005))], at=NOW)
    page.reload()
    expect(page.locator("#tool-mend")).to_be_visible()
    expect(page.locator("#problems")).to_contain_text("overlap")
    expect(page.locator("#tool-border")).to_be_disabled()
    page.keyboard.press("m")
    done(page, "overlaps and gaps mended")
    whole(draft)
    expect(page.locator("#tool-border")).to_be_enabled()
    expect(page.locator("#tool-mend")).to_be_hidden()
    page.keyboard.press("z")
    done(page, "taken back")
    assert cells(draft)[one].shape.equals_exact(shapely.affinity.translate(drawn.shape, 0.0005), 0.0)


def test_a_cell_is_locked_by_a_key_and_stays_and_the_lock_outlives_a_reload(plan: Watched, draft: Store) -> None:
    page, before = plan.page, cells(draft)
    first = sorted(before)[0]
    row = page.locator(f"tr:has([data-cell='{first}'])")
    page.focus(f"[data-cell='{first}']")
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    done(page, "cell locked")
    expect(row).to_contain_text("locked")
    page.reload()
    expect(row).to_contain_text("locked")
    expect(page.locator(".cell-name .lock")).to_have_count(1)
    page.click(f"[data-cell='{first}']")
    page.click("#merge")
    expect(page.locator("#told")).to_contain_text(f"Cells {first} are locked")
    plan.faults[:] = [fault for fault in plan.faults if "409" not in fault]
    assert cells(draft) == before
    page.click("#tool-lock")
    done(page, "cell unlocked")
    expect(row).not_to_contain_text("locked")
    page.click("#tool-undo")
    expect(row).to_contain_text("locked")
    page.click("#tool-undo")
    expect(row).not_to_contain_text("locked")


def test_a_village_goes_to_another_township_by_its_button_and_comes_back(plan: Watched, draft: Store) -> None:
    page = plan.page
    village, beside = areas(draft)[WEST], shapely.affinity.translate
    township = areas(draft)[str(village.parent)]
    west, _, east, _ = township.shape.bounds
    other = replace(township, code="990121009", name="邻镇", name_en="Next Town", shape=beside(township.shape, west - east))
    held = replace(village, code="990121009001", name="邻村", name_en="Next Village", parent=other.code, shape=other.shape)
    with draft.begin(ALL) as tx:
        drafts.put(tx, DRAFT, [other, held], at=NOW)
    page.reload()
    expect(page.locator("#township option")).to_have_text(["Next Town"])
    page.click("#give-village")
    done(page, "area given to another parent")
    there = areas(draft)
    assert there[WEST].parent == other.code
    for parent in (township.code, other.code):
        own = [area.shape for area in there.values() if area.parent == parent]
        assert shapely.coverage_union_all(own).equals(there[parent].shape)
    expect(page.locator("#township option")).to_have_count(1)  # the way back
    page.click("#tool-undo")
    done(page, "taken back")
    assert areas(draft)[WEST].parent == township.code
