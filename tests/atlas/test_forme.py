"""Type in its place: lines that fit their width, second languages on the first one's baseline, drawings at their size."""

from dataclasses import replace
from itertools import pairwise

import pymupdf
from hypothesis import given
from hypothesis import strategies as st

from gridmap.atlas.book import make_set, village_maps
from gridmap.atlas.fonts import Fonts, find_fonts
from gridmap.atlas.forme import Forme
from gridmap.atlas.paper import Paper
from gridmap.atlas.subject import Subject
from tests.atlas.lands import VILLAGE, choices
from tests.atlas.reading import MM, opened, overlapping, type_in

LETTERS = st.text(st.sampled_from("网格员甲，。（）「」 ab-1/?. 服务"), max_size=60)


@given(text=LETTERS, width=st.floats(3, 60))
def test_a_paragraph_loses_no_letter_and_fits_its_width(text: str, width: float) -> None:
    forme = Forme(find_fonts(), 1)
    lines = forme.broken(text, width, 7)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(line == line.strip() and line for line in lines)
    assert all(forme.fonts.width(line, 7) <= width or len(line) == 1 for line in lines)


@given(text=LETTERS)
def test_lines_neither_begin_with_a_closing_mark_nor_end_with_an_opening_one(text: str) -> None:
    """In what people write: marks stand beside letters, and a line has room for some."""
    written = f"网{text.replace(' ', '')}格".replace("「」", "").replace("（）", "")
    lines = Forme(find_fonts(), 1).broken(written, 60, 7)
    inner = [pair for pair in pairwise(lines) if len(pair[0]) < 20]
    assert not any(after[0] in "，。）」" and before[-1] not in "，。（）「」" for before, after in inner)


def test_a_long_name_of_a_service_centre_is_broken_within_its_column(town: Subject, fonts: Fonts) -> None:
    name = "社会治安综合治理与网格化服务管理联合中心" * 2
    villages = tuple(replace(each, centre=name) for each in town.villages)
    made = make_set(replace(town, villages=villages), choices(paper=Paper.A4, lang="both"), fonts)
    page = next(village_maps(made, VILLAGE))
    assert page.layout
    found = type_in(opened([page], made.choices, fonts)[0], page.layout.panel.inset(-1))
    said = [text for text, _ in found if text in name * 2 and len(text) > 1 and "网格员" not in text]
    assert name in "".join(said)
    assert len(said) > 1
    assert overlapping(found) == []


def test_a_second_language_stands_on_the_baseline_of_the_first(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(lang="both"), fonts)
    page = opened([next(village_maps(made, VILLAGE))], made.choices, fonts)[0]
    spans = [span for block in page.get_text("dict")["blocks"] for line in block.get("lines", ()) for span in line["spans"]]
    at = {span["text"].strip(): span["origin"][1] for span in spans}
    assert abs(at["图例"] - at["Legend"]) < 0.1
    assert abs(at["网格界"] - at["cell border"]) < 0.1


def test_the_code_to_scan_is_as_large_as_it_should_be(town: Subject, fonts: Fonts) -> None:
    made = make_set(town, choices(), fonts)
    read = opened([next(village_maps(made, VILLAGE))], made.choices, fonts)[0]
    squares = [each["rect"] for each in read.get_drawings() if each["fill"] == (1.0, 1.0, 1.0)]
    assert any(_is_near(rect, 24) for rect in squares)


def _is_near(rect: pymupdf.Rect, mm: float) -> bool:
    return bool(abs(rect.width / MM - mm) < 0.05 and abs(rect.height / MM - mm) < 0.05)
