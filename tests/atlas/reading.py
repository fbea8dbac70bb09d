"""Sheets read back by libraries of other hands: PDF by MuPDF, QR codes by ZXing."""

import io
import re
from typing import Any

import pymupdf
import shapely
import zxingcpp
from PIL import Image
from shapely import Polygon

from gridmap.atlas.book import bound
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.paper import Box
from gridmap.atlas.typeset import to_pdf

MM = 72 / 25.4


def opened(pages: list[Page], choices: Choices, fonts: Fonts) -> pymupdf.Document:
    return pymupdf.open(stream=to_pdf(bound(pages, choices), fonts, at=choices.printed), filetype="pdf")


def text_of(page: pymupdf.Page) -> str:
    """The text without the breaks between lines."""
    return re.sub(r"\s+", " ", page.get_text())


def type_in(page: pymupdf.Page, frame: Box) -> list[tuple[str, Polygon]]:
    """Every run of type in a rectangle of the page (millimetres), level or turned, with what its letters cover."""
    whole = shapely.box(frame.x * MM, frame.y * MM, frame.right * MM, frame.bottom * MM)
    found: list[Any] = page.get_text("dict")["blocks"]
    lines = (line for block in found for line in block.get("lines", ()))
    runs = ((span["text"].strip(), _covered(line["dir"], span)) for line in lines for span in line["spans"])
    return [(text, shape) for text, shape in runs if text and whole.contains(shape)]


def _covered(direction: tuple[float, float], span: dict[str, Any]) -> Polygon:
    """A run's box is as high as its font could be; its letters fill the middle."""
    quad = pymupdf.recover_quad(direction, span)
    down = [(quad.ll - quad.ul) * 0.25, (quad.lr - quad.ur) * 0.25]
    corners = (quad.ul + down[0], quad.ur + down[1], quad.lr - down[1], quad.ll - down[0])
    return Polygon([(corner.x, corner.y) for corner in corners])


def overlapping(found: list[tuple[str, Polygon]]) -> list[tuple[str, str]]:
    """Runs of type of which one stands on the other."""
    shapes = [shape for _, shape in found]
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist()
    return [(found[one][0], found[other][0]) for one, other in pairs if one < other]


def picture(page: pymupdf.Page, dpi: int) -> Image.Image:
    return Image.open(io.BytesIO(page.get_pixmap(dpi=dpi).tobytes("png"))).convert("RGB")


def codes(page: pymupdf.Page) -> list[str]:
    """What the QR codes on the page say when it is scanned at 150 dpi."""
    return [found.text for found in zxingcpp.read_barcodes(picture(page, 150))]
