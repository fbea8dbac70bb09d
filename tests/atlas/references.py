"""The pictures that sheets are held against; `python -m tests.atlas.references` takes them anew, to be looked at first."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from gridmap.atlas.book import make_set, township_book, village_book, wall_map, worker_book
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.fonts import Fonts, find_fonts
from gridmap.atlas.paper import Paper
from gridmap.atlas.subject import Subject
from gridmap.atlas.theme import Set
from tests.atlas import lands
from tests.atlas.lands import TOWN, VILLAGE, choices
from tests.atlas.reading import opened, picture

FOLDER = Path(__file__).parent / "pictures"
DPI = 100
COLOURS = 128


def _village(made: Set) -> list[Page]:
    return village_book(made, VILLAGE)


SHEETS: dict[str, tuple[Choices, Callable[[Set], list[Page]], int]] = {
    "village": (choices(), _village, 0),
    "public-english": (choices(paper=Paper.A4, public=True, lang="en"), _village, 0),
    "table": (choices(paper=Paper.A4, lang="both"), _village, 1),
    "overview": (choices(paper=Paper.A4), partial(township_book, code=TOWN), 1),
    "wall": (choices(paper=Paper.A0), partial(wall_map, code=TOWN), 0),
    "pocket": (choices(paper=Paper.A5), partial(worker_book, id="W0013"), 0),
}


def sheet(name: str, town: Subject, fonts: Fonts) -> Image.Image:
    """The sheet as it is now."""
    chosen, book, at = SHEETS[name]
    made = make_set(town, chosen, fonts)
    return picture(opened(book(made), made.choices, fonts)[at], DPI)


def main() -> None:
    town, fonts = lands.town(), find_fonts()
    FOLDER.mkdir(exist_ok=True)
    for name in SHEETS:
        taken = sheet(name, town, fonts)
        taken.quantize(COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    sheet("village", town, fonts).convert("L").quantize(32).save(FOLDER / "village-grey.png", optimize=True)


if __name__ == "__main__":
    main()
