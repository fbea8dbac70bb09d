"""Pages to PDF or PNG, by Typst: one static template, data that is never markup, and only the fonts that were checked."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

from gridmap.atlas.choices import Page
from gridmap.atlas.fonts import Fonts


@cache
def _template() -> bytes:
    return files(__package__).joinpath("sheets.typ").read_bytes()


def _inputs(pages: Sequence[Page], fonts: Fonts, title: str, lang: str) -> dict[str, str]:
    drawings = {f"drawing-{nth}": page.data["drawing"] for nth, page in enumerate(pages) if "drawing" in page.data}
    named = [{"kind": page.kind, **page.data, "drawing": f"drawing-{nth}"} for nth, page in enumerate(pages)]
    book = json.dumps({"title": title, "lang": lang, "pages": named}, ensure_ascii=False)
    if "\\u" in book or not fonts.draw(book):  # what JSON escapes is seen in the texts alone
        fonts.check(text for page in pages for text in page.texts())
    return {"fonts": json.dumps(fonts.families), "book": book, **drawings}


def to_pdf(pages: Sequence[Page], fonts: Fonts, *, title: str = "", lang: str = "zh", at: datetime | None = None) -> bytes:
    """The pages as one PDF, whose instant of making is `at`. GlyphMissing lists letters that no font has."""
    import typst  # noqa: PLC0415 (only printing waits for it)

    made = typst.compile(
        _template(), font_paths=fonts.typeset, ignore_system_fonts=True, sys_inputs=_inputs(pages, fonts, title, lang),
        timestamp=int(at.timestamp()) if at else 0, pdf_tags=False,
    )  # fmt: skip
    return bytes(made)


def to_png(page: Page, fonts: Fonts, *, dpi: float = 100, lang: str = "zh") -> bytes:
    """One page as a picture."""
    import typst  # noqa: PLC0415 (as above)

    inputs = _inputs([page], fonts, "", lang)
    made = typst.compile(_template(), font_paths=fonts.typeset, ignore_system_fonts=True, sys_inputs=inputs, format="png", ppi=dpi)
    return bytes(made[0] if isinstance(made, list) else made)
