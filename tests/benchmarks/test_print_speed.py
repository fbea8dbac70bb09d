"""How long sheets take, beside the same shapes and labels drawn by a bare Typst program, by ReportLab and by matplotlib in the same run.

All draw one village of 100 cells with 32 corners each and four lines of type in each; only Gridmap's has a frame, lists, hatches, a code to
scan, and finds where type has room. matplotlib and ReportLab cannot use Noto CJK's outlines as they are and get Latin names.
"""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import typst

from gridmap.atlas.book import make_set, village_book, wall_map
from gridmap.atlas.choices import Choices
from gridmap.atlas.fonts import find_fonts
from gridmap.atlas.paper import Paper
from gridmap.atlas.subject import Subject
from gridmap.atlas.typeset import to_pdf
from tests.atlas import lands

pytestmark = pytest.mark.bench
SIDE = 10
BARE = """
#set page(width: 297mm, height: 420mm, margin: 0mm)
#set text(font: "Noto Sans CJK SC", size: 7pt)
#let d = json(bytes(sys.inputs.d))
#for p in d.shapes { place(polygon(fill: rgb("#cde"), stroke: 0.3pt, ..p.map(q => (q.at(0) * 1mm, q.at(1) * 1mm)))) }
#for l in d.labels { place(dx: l.x * 1mm - 12mm, dy: l.y * 1mm - 5mm, box(width: 24mm, align(center, l.t.join(linebreak())))) }
"""


@dataclass(frozen=True)
class Village:
    subject: Subject
    rings: list[Any]
    middles: list[tuple[float, float]]
    words: list[list[str]]


@cache
def village() -> Village:
    subject = lands.squares(SIDE, metres=1200)
    west, _, east, north = subject.bounds
    scale = 270 / (east - west)
    rings, middles, words = [], [], []
    for plot in subject.plots:
        assert plot.shape
        assert plot.worker
        ring = (np.asarray(plot.shape.exterior.coords) - [west, north]) * [scale, -scale] + [10, 20]
        rings.append(ring.round(2).tolist())
        middles.append((float(ring[:, 0].mean()), float(ring[:, 1].mean())))
        words.append([plot.name_en, plot.code, plot.worker.name_en, plot.worker.phone])
    return Village(subject, rings, middles, words)


def gridmap() -> bytes:
    made = make_set(village().subject, Choices(paper=Paper.A3, lang="en", url="https://grid.example"), find_fonts())
    return to_pdf(village_book(made, lands.VILLAGE)[:1], made.fonts)


def bare_typst() -> bytes:
    found = village()
    labels = [{"x": x, "y": y, "t": words} for (x, y), words in zip(found.middles, found.words, strict=True)]
    data = json.dumps({"shapes": found.rings, "labels": labels})
    return bytes(
        typst.compile(BARE.encode(), font_paths=find_fonts().typeset, ignore_system_fonts=True, sys_inputs={"d": data}, pdf_tags=False)
    )


def reportlab() -> bytes:
    from reportlab.lib.pagesizes import A3  # noqa: PLC0415
    from reportlab.lib.units import mm  # noqa: PLC0415
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A3)
    canvas.setFillColorRGB(0.8, 0.87, 0.93)
    for ring in village().rings:
        path = canvas.beginPath()
        path.moveTo(ring[0][0] * mm, ring[0][1] * mm)
        for x, y in ring[1:]:
            path.lineTo(x * mm, y * mm)
        canvas.drawPath(path, stroke=1, fill=1)
    canvas.setFillColorRGB(0, 0, 0)
    canvas.setFont("Helvetica", 7)
    for (x, y), words in zip(village().middles, village().words, strict=True):
        for nth, word in enumerate(words):
            canvas.drawCentredString(x * mm, y * mm - nth * 8, word)
    canvas.save()
    return out.getvalue()


def matplotlib() -> bytes:
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("pdf")
    from matplotlib import pyplot as plt  # noqa: PLC0415
    from matplotlib.collections import PolyCollection  # noqa: PLC0415

    figure = plt.figure(figsize=(11.7, 16.5))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.add_collection(PolyCollection(village().rings, facecolors="#ccddee", edgecolors="k", linewidths=0.3))
    for (x, y), words in zip(village().middles, village().words, strict=True):
        for nth, word in enumerate(words):
            axes.text(x, y + nth * 3, word, fontsize=7, ha="center")
    axes.set_xlim(0, 297)
    axes.set_ylim(0, 420)
    out = io.BytesIO()
    figure.savefig(out, format="pdf")
    plt.close(figure)
    return out.getvalue()


def seconds(action: Callable[[], bytes], runs: int = 7) -> float:
    """The median of some runs, after one that warms up."""
    action()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return median(taken)


def test_a_sheet_takes_a_few_times_a_bare_program_and_a_fraction_of_matplotlib() -> None:
    found = {}
    for peer in (gridmap, bare_typst, reportlab, matplotlib):
        try:
            found[peer.__name__] = seconds(peer)
        except ModuleNotFoundError as fault:
            print(f"\n{peer.__name__}: missing ({fault.name})", end="")
    for name, taken in found.items():
        print(f"\n{name}: {1000 * taken:.0f} ms a page of 100 cells, {taken / found['gridmap']:.2f} of gridmap's", end="")
    # The aims are 1.5 times the bare program and a tenth of matplotlib; what it does beyond drawing takes longer than that as yet.
    assert found["gridmap"] <= 6 * found["bare_typst"]
    if "matplotlib" in found:
        assert found["matplotlib"] >= 5 * found["gridmap"]


MANY = """
import resource, sys, time
from gridmap.atlas.book import bound, make_set, village_book
from gridmap.atlas.typeset import to_pdf
from tests.atlas import lands
count = int(sys.argv[1])
town = lands.town()
start = time.perf_counter()
made = make_set(town, lands.choices())
pages = []
while len(pages) < count:
    for village in town.villages:
        pages += village_book(made, village.code)[:1]
pdf = to_pdf(bound(pages[:count], made.choices), made.fonts)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(pdf))
"""


@pytest.mark.parametrize(("pages", "most_seconds", "most_mb"), [(100, 8, 600), (500, 40, None)])
def test_many_map_sheets_are_made_in_seconds(pages: int, most_seconds: float, most_mb: float | None) -> None:
    """Map sheets alone, which take longer than lists; in a process of its own, whose memory is told."""
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", MANY, str(pages)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    taken, memory, size = map(float, ran.stdout.split())
    print(f"\n{pages} map sheets: {taken:.1f} s, {memory:.0f} MB at most, {size / 1e6:.1f} MB of PDF", end="")
    assert taken <= most_seconds
    assert most_mb is None or memory <= most_mb


def test_a_wall_map_takes_seconds() -> None:
    town = lands.town()

    def wall() -> bytes:
        made = make_set(town, lands.choices(paper=Paper.A0))
        return to_pdf(wall_map(made, lands.TOWN), made.fonts)

    taken = seconds(wall, 3)
    print(f"\na wall map A0: {taken:.2f} s", end="")
    assert taken <= 3
