"""What stands on a sheet, read back from the PDF: every cell with its worker, true to scale, nothing over anything else."""

import re
from dataclasses import replace

import numpy as np
import pymupdf
import pyproj
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from gridmap.atlas.book import WorkerWithoutCells, make_set, township_book, village_book, wall_map, worker_book
from gridmap.atlas.choices import Page, PrintLang, ScaleUnusable, read_scale
from gridmap.atlas.drawing import VILLAGE_LINE
from gridmap.atlas.fonts import FontMissing, Fonts, GlyphMissing, find_fonts
from gridmap.atlas.paper import CLEAR, OVERLAP, Box, Layout, Paper, Window, fitting_scale, windows
from gridmap.atlas.subject import FrameColumnMissing, SheetAreaMissing, Subject, subject_of
from gridmap.atlas.typeset import to_pdf, to_png
from gridmap.atlas.view import Plane, look
from tests.atlas import lands
from tests.atlas.lands import TOWN, URL, VILLAGE, choices
from tests.atlas.reading import MM, codes, opened, overlapping, picture, text_of, type_in


def maps(pages: list[Page]) -> list[int]:
    return [at for at, page in enumerate(pages) if page.kind == "map"]


def test_every_cell_and_every_worker_of_a_village_stands_on_its_sheet(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    for village in town.villages:
        read = opened(village_book(made, village.code), made.choices, fonts)
        text = text_of(read[0])
        plots = town.plots_of[village.code]
        assert [plot.code for plot in plots if plot.code not in text] == []
        assert [plot.worker for plot in plots if plot.worker and (plot.worker.name not in text or plot.worker.phone not in text)] == []
        assert village.name in text
        assert village.phone in text
        assert "1:" in text


def test_no_letter_of_an_atlas_is_an_empty_box(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(lang="both"), fonts)
    read = opened(township_book(made, TOWN), made.choices, fonts)
    letters = [char for page in read for block in page.get_texttrace() for char in block["chars"]]
    assert len(letters) > 5000
    assert [chr(code) for code, glyph, *_ in letters if glyph == 0] == []
    assert all("Noto" in name for name in _embedded(read))


def _embedded(read: pymupdf.Document) -> set[str]:
    return {font[3] for page in read for font in page.get_fonts()}


def test_the_code_to_scan_leads_to_the_village_and_its_edition(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    assert codes(opened(village_book(made, VILLAGE), made.choices, fonts)[0]) == [f"{URL}/v/{VILLAGE}?e=3"]
    without = make_set(town, choices(url=None), fonts)
    assert codes(opened(village_book(without, VILLAGE), without.choices, fonts)[0]) == []


@pytest.mark.parametrize("paper", list(Paper))
def test_the_scale_bar_and_the_land_are_true_on_paper(town: Subject, fonts: Fonts, paper: Paper) -> None:
    """The bar against its own words; the village's width against the ellipsoid, which the projection knows nothing of here."""
    made = make_set(town, choices(paper=paper), fonts)
    page = village_book(made, VILLAGE)[0]
    read = opened([page], made.choices, fonts)[0]
    scale, layout = page.scale, page.layout
    assert layout
    words = [text for text, _ in type_in(read, layout.foot) if re.fullmatch(r"[\d.]+ k?m", text)]
    metres = max(float(text.split()[0]) * (1000 if "km" in text else 1) for text in words)
    foot = [each["rect"] for each in read.get_drawings() if each["type"] == "fs" and each["rect"].y0 > layout.foot.y * MM]
    parts = [rect for rect in foot if rect.height < 4 * MM < rect.width]
    assert len(parts) == 4
    bar = (max(part.x1 for part in parts) - min(part.x0 for part in parts)) / MM
    assert scale is not None
    assert bar == pytest.approx(metres * 1000 / scale, rel=0.005)
    assert [part.width / MM for part in parts] == pytest.approx([bar / 4] * 4, rel=0.02)
    if len(maps(village_book(made, VILLAGE))) == 1:
        west, south, east, north = town.village(VILLAGE).shape.bounds  # type: ignore[union-attr]
        line = [each["rect"] for each in read.get_drawings() if each.get("color") and _hex(each["color"]) == VILLAGE_LINE.lower()]
        box = max(line, key=lambda rect: rect.width * rect.height)
        true = pyproj.Geod(ellps="WGS84").inv(west, (south + north) / 2, east, (south + north) / 2)[2]
        assert box.width / MM == pytest.approx(true * 1000 / scale, rel=0.01)


def _hex(colour: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


LABELLED = {
    "a village": (village_book, VILLAGE, Paper.A4),
    "a long one": (village_book, f"{TOWN}006", Paper.A3),
    "a wall": (wall_map, TOWN, Paper.A0),
}


@pytest.mark.parametrize("which", LABELLED)
def test_no_two_labels_overlap_and_each_lies_in_its_cell_or_is_called_out(town: Subject, fonts: Fonts, which: str) -> None:
    book, code, paper = LABELLED[which]
    made = make_set(town, choices(paper=paper), fonts)
    pages = book(made, code)
    read = opened(pages, made.choices, fonts)
    page, data = read[0], pages[0].data
    assert pages[0].layout
    found = type_in(page, pages[0].layout.map)
    assert len(found) > 10
    assert data["turned"]
    assert overlapping(found) == []
    called = {*pages[0].listed, *(row.code for row in pages[0].called)}
    shapes = _on_paper(made.plane, pages[0], paper)
    for plot_code, shape in shapes.items():
        inside = [text for text, box in found if text == plot_code and shape.contains(box)]
        assert inside or plot_code in called, plot_code
    assert pages[0].callouts == len(called)


def _on_paper(plane: Plane, page: Page, paper: Paper) -> dict[str, shapely.Geometry]:
    """Where each own cell lies in points of the page, from the land itself and the numbers on the sheet."""
    bounds = plane.bounds([plane.plots[plane.index[code]] for code in page.squares])
    assert bounds
    assert page.scale
    assert page.layout
    ((_, _, window),) = windows(bounds, page.scale, page.layout.map)
    view = look(plane, window, frozenset(page.squares))
    corner = np.array([page.layout.map.x, page.layout.map.y])
    shapes = shapely.transform(view.shapes, lambda xy: (xy + corner) * MM)
    return {plot.code: shape for plot, shape in zip(view.plots, shapes, strict=True) if plot.code in page.squares}


def test_the_public_sheet_names_the_worker_and_the_service_phone_only(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(public=True, lang="both"), fonts)
    read = opened([*township_book(made, TOWN), *wall_map(made, TOWN), *worker_book(made, "W0001")], made.choices, fonts)
    text = " ".join(text_of(page) for page in read)
    assert "000-0002-" not in text
    assert "000-0001-0013" in text
    assert "户数" not in text
    assert "内部资料" not in text
    assert "网格员甲001" in text
    inside = make_set(town, choices(), fonts)
    assert all("内部资料" in text_of(page) for page in opened(township_book(inside, TOWN), inside.choices, fonts))


def test_the_same_land_gives_the_same_bytes(fonts: Fonts) -> None:
    found = []
    for _ in range(2):
        made = make_set(lands.squares(4), choices(), fonts)
        found.append(to_pdf(village_book(made, VILLAGE), fonts, at=made.choices.printed))
    assert found[0] == found[1]


def test_what_a_user_wrote_is_never_markup(fonts: Fonts) -> None:
    evil = '#sys.exit() *张三* $x^2$ \\ [b] <script> & "q" // /*'
    land = lands.squares(2)
    names = [f"_{nth}_ #text" for nth in range(len(land.plots))]
    plots = tuple(
        replace(plot, name=evil, worker=replace(lands.worker(1), name=name)) for plot, name in zip(land.plots, names, strict=True)
    )
    made = make_set(replace(land, plots=plots, villages=(replace(land.villages[0], name=evil),)), choices(), fonts)
    text = text_of(opened(village_book(made, VILLAGE), made.choices, fonts)[0])
    assert evil in text
    assert "_0_ #text" in text


def test_a_letter_that_no_font_has_is_named_and_nothing_is_drawn(fonts: Fonts) -> None:
    land = lands.squares(2)
    rare = replace(land, plots=(replace(land.plots[0], worker=replace(lands.worker(1), name="王\U000e0001\U0001f9ff")), *land.plots[1:]))
    made = make_set(rare, choices(), fonts)
    with pytest.raises(GlyphMissing) as refused:
        to_pdf(village_book(made, VILLAGE), fonts)
    assert "U+1F9FF" in refused.value.text()
    assert "GRIDMAP_FONTS" in refused.value.text("zh")


def test_rare_characters_of_names_are_printed(fonts: Fonts) -> None:
    land = lands.squares(2)
    rare = replace(land, plots=(replace(land.plots[0], worker=replace(lands.worker(1), name="𠮷㛃龘")), *land.plots[1:]))
    made = make_set(rare, choices(), fonts)
    assert "𠮷㛃龘" in text_of(opened(village_book(made, VILLAGE), made.choices, fonts)[0])


def test_without_a_chinese_font_the_line_that_brings_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.atlas.fonts.FOLDERS", ("/nowhere",))
    with pytest.raises(FontMissing, match="apt-get install -y fonts-noto-cjk"):
        find_fonts()


def test_a_village_without_shapes_is_a_table_that_says_so(fonts: Fonts) -> None:
    land = lands.squares(2)
    made = make_set(replace(land, plots=tuple(replace(plot, shape=None) for plot in land.plots)), choices(), fonts)
    pages = village_book(made, VILLAGE)
    assert [page.kind for page in pages] == ["list"]
    text = text_of(opened(pages, made.choices, fonts)[0])
    assert "无边界" in text
    assert land.plots[0].code in text


def test_a_cell_without_a_worker_says_so_and_is_white(fonts: Fonts) -> None:
    land = lands.squares(2)
    made = make_set(replace(land, plots=(replace(land.plots[0], worker=None), *land.plots[1:])), choices(), fonts)
    page = village_book(made, VILLAGE)[0]
    assert page.vacant == (land.plots[0].code,)
    read = opened([page], made.choices, fonts)[0]
    drawn = np.asarray(picture(read, 72))
    cells = _on_paper(made.plane, page, Paper.A3)
    usual = {code: np.median(drawn[_inside(shape, drawn)], axis=0).tolist() for code, shape in cells.items()}
    assert [code for code, colour in usual.items() if colour == [255, 255, 255]] == [land.plots[0].code]
    assert "暂无网格员" in text_of(read)


def _inside(shape: shapely.Geometry, drawn: np.ndarray) -> np.ndarray:
    """Which pixels of a picture of one pixel a point lie in a shape."""
    y, x = np.indices(drawn.shape[:2])
    found: np.ndarray = shapely.contains_xy(shape, x + 0.5, y + 0.5)
    return found


def test_three_thousand_cells_on_one_page_are_all_found(fonts: Fonts) -> None:
    land = lands.squares(55, workers=400)
    made = make_set(land, choices(scale=20_000, public=True), fonts)
    pages = village_book(made, VILLAGE)
    assert len(maps(pages)) == 1
    text = " ".join(text_of(page) for page in opened(pages, made.choices, fonts))
    assert [plot.code for plot in land.plots if plot.code not in text] == []


def test_a_village_too_large_for_a_readable_sheet_takes_several_and_an_overview(fonts: Fonts) -> None:
    land = lands.squares(24)
    made = make_set(land, choices(paper=Paper.A4), fonts)
    pages = village_book(made, VILLAGE)
    sheets = [pages[at] for at in maps(pages)]
    assert len(sheets) > 4
    assert len(sheets[0].data["type"][0]["at"]) >= len(sheets) - 1  # the overview has the numbers of the others
    assert set().union(*(page.squares for page in sheets[1:])) == {plot.code for plot in land.plots}
    assert [str(page.sheet) for page in sheets] == [str(nth) for nth in range(1, len(sheets) + 1)]
    assert any("见第" in one["t"] for page in sheets[1:] for one in page.data["turned"])


@given(st.floats(10, 90_000), st.floats(10, 90_000), st.sampled_from(list(Paper)), st.booleans())
def test_what_fits_a_page_takes_one(width: float, height: float, paper: Paper, landscape: bool) -> None:
    """Also on small paper, where the margin of the map is more than a share of it."""
    box = Layout(paper, landscape).map
    assert len(windows((0.0, 0.0, width, height), fitting_scale(width, height, box), box)) == 1


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
@pytest.mark.parametrize("paper", list(Paper))
def test_nothing_in_the_margin_stands_on_anything_else(town: Subject, fonts: Fonts, paper: Paper, lang: PrintLang) -> None:
    made = make_set(town, choices(paper=paper, lang=lang), fonts)
    for pages in (worker_book(made, "W0013"), village_book(made, VILLAGE)):
        page = pages[maps(pages)[0]]
        assert page.layout
        read = opened([page], made.choices, fonts)[0]
        map_ = {text for text, _ in type_in(read, page.layout.frame)}
        found = type_in(read, Box(0, 0, page.layout.width, page.layout.height).inset(4))
        assert len(found) == len(type_in(read, Box(0, 0, page.layout.width, page.layout.height).inset(-100)))
        assert overlapping([(text, box) for text, box in found if text not in map_]) == []


@given(st.floats(10, 90_000), st.floats(10, 90_000), st.sampled_from([1000, 2500, 10_000]), st.sampled_from(list(Paper)), st.booleans())
def test_adjoining_sheets_overlap_and_together_cover_what_they_are_of(
    width: float, height: float, scale: int, paper: Paper, landscape: bool
) -> None:
    box, mm = Layout(paper, landscape).map, 1000 / scale
    assume(max(width * mm / box.w, height * mm / box.h) < 30)
    found = {(row, column): window.bounds for row, column, window in windows((1e5, 2e5, 1e5 + width, 2e5 + height), scale, box)}
    whole = np.array(list(found.values()))
    clear = (CLEAR - 0.01) / mm
    assert (whole[:, :2].min(axis=0) <= [1e5 - clear, 2e5 - clear]).all()
    assert (whole[:, 2:].max(axis=0) >= [1e5 + width + clear, 2e5 + height + clear]).all()
    for (row, column), (west, south, _, _) in found.items():
        if (row, column - 1) in found:
            assert (found[row, column - 1][2] - west) * mm >= OVERLAP - 0.01
        if (row + 1, column) in found:
            assert (found[row + 1, column][3] - south) * mm >= OVERLAP - 0.01


def test_a_scale_that_is_asked_for_is_kept_or_refused_with_a_sentence(fonts: Fonts) -> None:
    made = make_set(lands.squares(3, metres=1000), choices(scale=5000), fonts)
    assert {page.scale for page in village_book(made, VILLAGE) if page.scale} == {5000}
    with pytest.raises(ScaleUnusable, match="1:100 cannot"):
        village_book(make_set(lands.squares(3, metres=20_000), choices(scale=100), fonts), VILLAGE)
    for wrong in ("0", "fast", "1:-5", "٣٠٠٠"):
        with pytest.raises(ScaleUnusable):
            choices(scale=read_scale(wrong))
    assert (read_scale("auto"), read_scale("1:2,500")) == (None, 2500)


def test_what_is_not_there_is_refused_with_its_name(fonts: Fonts) -> None:
    made = make_set(lands.squares(2), choices(), fonts)
    with pytest.raises(SheetAreaMissing, match="nowhere"):
        village_book(made, "nowhere")
    with pytest.raises(SheetAreaMissing, match="nowhere"):
        township_book(made, "nowhere")
    with pytest.raises(WorkerWithoutCells, match="W9999"):
        worker_book(made, "W9999")
    with pytest.raises(FrameColumnMissing, match="code"):
        subject_of(lands.frame(lands.squares(2)).drop(columns="code"))


def test_frames_in_any_coordinate_system_give_the_same_sheet(fonts: Fonts) -> None:
    cells = lands.frame(lands.squares(3))
    texts = []
    for frame in (cells, cells.to_crs(3857)):
        made = make_set(subject_of(frame, stamp=lands.STAMP), choices(), fonts)
        page = village_book(made, VILLAGE)[0]
        texts.append(text_of(opened([page], made.choices, fonts)[0]))
    assert texts[0] == texts[1]
    assert "网格员甲000" in texts[0]


def test_a_dashed_border_of_two_villages_is_stroked_once(town: Subject, fonts: Fonts) -> None:
    """Two strokes of one dash that begin at different corners fill each other's gaps."""
    made = make_set(town, choices(paper=Paper.A0), fonts)
    [page] = opened(wall_map(made, TOWN), made.choices, fonts)
    wine = tuple(int(VILLAGE_LINE[at : at + 2], 16) / 255 for at in (1, 3, 5))
    strokes = [path for path in page.get_drawings() if path["color"] == pytest.approx(wine, abs=0.01) and path["dashes"] != "[] 0"]
    on_map = [path for path in strokes if path["rect"].width > 500]  # not the legend's
    bits = [tuple(sorted((tuple(a), tuple(b)))) for path in on_map for kind, a, b in path["items"] if kind == "l"]
    assert len(bits) > 300
    assert len(bits) == len(set(bits))


def test_neighbours_never_part_however_much_their_borders_are_simplified(town: Subject) -> None:
    plane = Plane.of(town)
    west, south, east, north = plane.bounds(town.plots) or (0.0, 0.0, 0.0, 0.0)
    for scale in (2000, 25_000, 200_000):
        view = look(plane, Window(west, north, scale, (east - west) * 1000 / scale, (north - south) * 1000 / scale), frozenset())
        assert shapely.coverage_is_valid(view.shapes)
        assert shapely.get_num_coordinates(view.shapes).sum() <= shapely.get_num_coordinates(plane.shapes).sum()


def test_a_grey_copy_and_colour_blind_eyes_tell_neighbours_apart(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    one, other = shapely.STRtree(made.plane.shapes).query(made.plane.shapes, predicate="dwithin", distance=3)  # 0.7 mm on its sheet
    workers = [plot.worker.id for plot in made.plane.plots if plot.worker]
    pairs = {(workers[a], workers[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True) if workers[a] != workers[b]}
    assert pairs
    assert [pair for pair in pairs if made.looks[pair[0]].hatch == made.looks[pair[1]].hatch] == []


def test_neighbours_are_faded(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    page = village_book(made, f"{TOWN}002")[0]
    grey = np.asarray(picture(opened([page], made.choices, fonts)[0], 60).convert("L"), dtype=float)
    assert 225 < np.median(grey[grey < 252]) < 245


def test_the_atlas_has_a_cover_an_overview_every_village_indexes_and_changes(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    renamed = tuple(replace(plot, name="旧名") if plot.code.endswith("001001") else plot for plot in town.plots[1:])
    before = replace(town, plots=renamed, stamp=replace(lands.STAMP, number=2))
    pages = township_book(made, TOWN, before=before)
    read = opened(pages, made.choices, fonts)
    assert pages[0].kind == "cover"
    texts = [text_of(page) for page in read]
    assert f"共{len(pages)}页" in texts[-1]
    assert "图幅总览" in texts[1]
    assert "编码索引" in " ".join(texts)
    assert "名称索引" in " ".join(texts)
    assert "较第2版的变化" in texts[-1]
    assert town.plots[0].code in texts[-1]
    assert "新增" in texts[-1]


def test_a_preview_is_a_picture_of_the_same_page(fonts: Fonts) -> None:
    made = make_set(lands.squares(2), choices(paper=Paper.A5), fonts)
    assert to_png(village_book(made, VILLAGE)[0], fonts, dpi=50).startswith(b"\x89PNG")


def test_a_fitting_scale_fits_and_is_the_largest_of_those_that_can_be_calculated_with() -> None:
    box = Layout(Paper.A3, landscape=True).map
    for metres in (80, 900, 12_345, 99_000):
        scale = fitting_scale(metres, metres / 2, box)
        assert metres * 1000 / scale <= box.w
        assert str(scale).rstrip("0") in {"1", "125", "15", "2", "25", "3", "4", "5", "6", "75", "8"}
