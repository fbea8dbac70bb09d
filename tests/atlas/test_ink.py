"""Drawings as PDF, opened by MuPDF as they are: whole files, in which what is drawn lies where it should."""

import numpy as np
import pymupdf
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.atlas.ink import along, box_of, circle_of, clipped, drawing, hatched, moved, paint, path_of
from tests.atlas.reading import picture

SIDE = 40
PER_MM = 10


def seen(*parts: str) -> np.ndarray:
    """The drawing of 40 × 40 mm as MuPDF shows it, (y, x, 3), ten pixels to a millimetre; a fault of the file is told."""
    pymupdf.TOOLS.reset_mupdf_warnings()
    with pymupdf.open(stream=drawing(SIDE, SIDE, parts).encode("ascii"), filetype="pdf") as read:
        found = np.asarray(picture(read[0], round(25.4 * PER_MM)))
    assert pymupdf.TOOLS.mupdf_warnings() == ""
    return found[: SIDE * PER_MM, : SIDE * PER_MM]


def at(found: np.ndarray, x: float, y: float) -> list[int]:
    """The colour at a place in millimetres."""
    return list(found[round(y * PER_MM), round(x * PER_MM)].tolist())


@pytest.mark.parametrize("turned", [False, True])
def test_an_island_is_free_whichever_way_borders_run(turned: bool) -> None:
    hole = [(10, 10), (10, 30), (30, 30), (30, 10), (10, 10)]
    ring = shapely.Polygon([(0, 0), (0, 40), (40, 40), (40, 0), (0, 0)], [hole[::-1] if turned else hole])
    line = shapely.LineString([(0, 20), (40, 20)])
    found = seen(paint(path_of([shapely.GeometryCollection([ring, line])]), fill="#00FF00"))
    assert (at(found, 5, 5), at(found, 20, 18)) == ([0, 255, 0], [255, 255, 255])


@settings(max_examples=10)
@given(st.sampled_from([0, 22.5, 45, 90, 135]), st.floats(0.9, 2.5))
def test_a_hatch_is_lines_so_far_apart_at_this_angle(angle: float, step: float) -> None:
    dark = seen(hatched((0, 0, SIDE, SIDE), angle, step, "#000000", 0.14)).min(axis=2)[10:-10, 10:-10] / 255
    assert 1 - dark.mean() == pytest.approx(0.14 / step, rel=0.06)
    ys, xs = np.nonzero(dark < 0.6)
    across = (xs + 10.5) / PER_MM * np.sin(np.radians(angle)) + (ys + 10.5) / PER_MM * np.cos(np.radians(angle))
    apart = np.abs((across - 0.07 + step / 2) % step - step / 2)
    assert apart.max() < 0.2


def test_what_is_clipped_moved_turned_or_pale_is_so() -> None:
    found = seen(
        clipped(box_of(0, 0, 10, 10), paint(box_of(0, 0, 40, 40), fill="#0000FF"), paint(box_of(5, 5, 30, 30), fill="#FF0000")),
        moved(30, 10, paint(box_of(-8, -1, 16, 2), fill="#000000"), turn=90),
        paint(circle_of(20, 30, 5), fill="#00FF00", line="#000000", width=1),
        along(path_of([shapely.LineString([(0, 38), (40, 38)])]), 2, "#000000", opacity=0.5),
    )
    assert (at(found, 2, 2), at(found, 8, 8), at(found, 15, 15)) == ([0, 0, 255], [255, 0, 0], [255, 255, 255])
    assert (at(found, 30, 17), at(found, 37, 10)) == ([0, 0, 0], [255, 255, 255])
    assert (at(found, 20, 30), at(found, 25, 30), at(found, 24.5, 34.5)) == ([0, 255, 0], [0, 0, 0], [255, 255, 255])
    assert at(found, 20, 38) == pytest.approx([128] * 3, abs=2)
    assert paint("", fill="#FFFFFF") == along("", 1, "#FFFFFF", dash=(1, 1)) == ""
