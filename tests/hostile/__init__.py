"""Files that mean harm, by the hundred, each made here and always the same, and what must hold of whatever comes of one.

Each is made only when it is asked for, since some are large. Whether it must be refused is said where it is certain; what only might be a
picture still (one bit of a thousand changed) may be shown or refused, but by the same rules. A canary stands in all that have room for it.
"""

import io

from PIL import Image

from gridmap.photos import Drawn
from gridmap.photos.workshop import SIDE, SMALL
from tests.hostile import any_kind, beside, of_heic, of_jpeg, of_png, of_webp
from tests.hostile.made import LARGEST, Hostile
from tests.photographs import hits, segments

__all__ = ["LARGEST", "Hostile", "hostile", "wrong"]


def hostile() -> dict[str, Hostile]:
    """All of them by name."""
    found: dict[str, Hostile] = {}
    for family in (
        *(any_kind.cut, any_kind.flipped, any_kind.overwritten, any_kind.dressed, any_kind.elsewhere, any_kind.joined),
        *(of_png.chunks, of_png.sizes, of_png.bombs, of_jpeg.frames, of_jpeg.segments, of_webp.webps, of_heic.heics, of_heic.boxes),
        *(beside.exifs, beside.profiles),
    ):
        for name, one in family():
            assert name not in found, name
            found[name] = one
    return found


def wrong(one: Hostile, drawn: Drawn | None) -> str | None:
    """What is not as promised of what came of a file (None: it was refused with a sentence)."""
    if drawn is None:
        return None
    if one.refused:
        return "shown"
    return next(filter(None, (_wrong(drawn.picture, SIDE), _wrong(drawn.small, SMALL))), None)


def _wrong(made: bytes, side: int) -> str | None:
    """Looked through by other eyes than those that let it pass."""
    if hits(made):
        return "carries what stood beside the pixels"
    if not set(segments(made)) <= {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA}:
        return f"segments {[hex(each) for each in segments(made)]}"
    again = Image.open(io.BytesIO(made))
    again.load()
    beside_pixels = set(again.info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return f"{again.size}, {beside_pixels}" if max(again.size) > side or beside_pixels or dict(again.getexif()) else None
