"""Who would stand at a draft's cells, and where nobody or several would."""

from collections import Counter
from collections.abc import Iterator, Sequence

from gridmap.duty import Duty, Post
from gridmap.grid import Area, Finding, Level, Severity

TOLD = 10
"""So many codes are named."""


def staffing(areas: Sequence[Area], posts: Sequence[Post]) -> Iterator[Finding]:
    """Cells that would have no worker, or several, and workers whose cell would be gone; nothing where nobody is posted at any cell yet."""
    cells = {area.code: area for area in areas if area.level is Level.CELL}
    standing = Counter(post.area for post in posts if post.duty is Duty.WORKER)
    if not standing or not cells:
        return
    known = {area.code for area in areas}
    for code, wrong in (
        ("cells_unposted", [code for code in cells if not standing[code]]),
        ("cells_posted_twice", [code for code in cells if standing[code] > 1]),
        ("posts_without_area", sorted(set(standing) - known)),
    ):
        if wrong:
            spot = cells[wrong[0]].shape.representative_point() if wrong[0] in cells else None
            facts = {"count": len(wrong), "codes": ", ".join(wrong[:TOLD])}
            yield Finding(code, Severity.WARNING, "", spot and spot.x, spot and spot.y, facts)
