"""Sheets read back by libraries of other hands: PDF by MuPDF, QR codes by ZXing."""

import io
import re
from typing import Any

import pymupdf
import zxingcpp
from PIL import Image

from gridmap.atlas.book import bound
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.typeset import to_pdf

MM = 72 / 25.4


def opened(pages: list[Page], choices: Choices, fonts: Fonts) -> pymupdf.Document:
    return pymupdf.open(stream=to_pdf(bound(pages, choices), fonts, at=choices.printed), filetype="pdf")


def text_of(page: pymupdf.Page) -> str:
    """The text without the breaks between lines."""
    return re.sub(r"\s+", " ", page.get_text())


def spans(page: pymupdf.Page) -> list[tuple[str, pymupdf.Rect, tuple[float, float]]]:
    """Every run of type with its box and direction."""
    found: list[Any] = page.get_text("dict")["blocks"]
    lines = (line for block in found for line in block.get("lines", ()))
    return [
        (span["text"], pymupdf.Rect(span["bbox"]), tuple(line["dir"])) for line in lines for span in line["spans"] if span["text"].strip()
    ]


def picture(page: pymupdf.Page, dpi: int) -> Image.Image:
    return Image.open(io.BytesIO(page.get_pixmap(dpi=dpi).tobytes("png"))).convert("RGB")


def codes(page: pymupdf.Page) -> list[str]:
    """What the QR codes on the page say when it is scanned at 150 dpi."""
    return [found.text for found in zxingcpp.read_barcodes(picture(page, 150))]


def core(box: pymupdf.Rect) -> pymupdf.Rect:
    """A run's box is as high as its font could be; its letters fill the middle."""
    quarter = box.height * 0.25
    return pymupdf.Rect(box.x0, box.y0 + quarter, box.x1, box.y1 - quarter)
