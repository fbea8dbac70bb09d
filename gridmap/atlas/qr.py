"""QR codes as drawings."""

import segno

from gridmap.atlas.drawing import svg

QUIET = 4
"""Modules of white around a code that ISO/IEC 18004 asks for."""


def qr_svg(text: str) -> str:
    """A QR code of level M: each row's dark runs as one path, so that no viewer shows seams."""
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
                runs.append(f"M{x + QUIET} {y + QUIET}h{end - x}v1h-{end - x}z")
            x = end + 1
    return svg(side, side, [f'<rect width="{side}" height="{side}" fill="#FFFFFF"/>', f'<path d="{"".join(runs)}" fill="#000000"/>'])
