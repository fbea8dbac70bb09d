"""QR codes as what is drawn of them."""

from functools import lru_cache

import segno

from gridmap.atlas.ink import box_of, paint

QUIET = 4
"""Modules of white around a code that ISO/IEC 18004 asks for."""


@lru_cache(maxsize=64)
def qr_code(text: str) -> tuple[int, str]:
    """A QR code of level M: how many modules broad it is, and its drawing, a millimetre each; all dark runs are one path, so that no
    viewer shows seams."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    side = len(rows) + 2 * QUIET
    runs = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                runs.append(f"{x + QUIET} {y + QUIET} {end - x} 1 re\n")
            x = end + 1
    return side, paint(box_of(0, 0, side, side), fill="#FFFFFF") + paint("".join(runs), fill="#000000")
