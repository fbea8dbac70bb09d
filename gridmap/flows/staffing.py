"""Who would stand at a draft's cells, and where nobody or several would."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from gridmap.duty import Duty, Post
from gridmap.grid import Area, Finding, Level, Severity

TOLD = 10
"""So many codes are named."""
MOST_HOUSEHOLDS = 240
"""That one worker stands for: three cells of eighty."""


def staffing(areas: Sequence[Area], posts: Sequence[Post], most: int = MOST_HOUSEHOLDS) -> Iterator[Finding]:
    """Cells that would have no worker, or several, workers whose cell would be gone, and those who would stand for more than the `most`
    households (0: nobody is); nothing where nobody is posted at any cell yet."""
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
    yield from _overloaded(cells, posts, most)


def _overloaded(cells: Mapping[str, Area], posts: Sequence[Post], most: int) -> Iterator[Finding]:
    held: dict[str, list[Area]] = {}
    for post in posts:
        if post.duty is Duty.WORKER and post.area in cells:
            held.setdefault(post.worker, []).append(cells[post.area])
    loads = {worker: sum(cell.households or 0 for cell in own) for worker, own in held.items()}
    over = sorted((worker for worker in held if most and loads[worker] > most), key=lambda worker: (-loads[worker], worker))
    if over:
        codes = [cell.code for worker in over for cell in held[worker]]
        spot = held[over[0]][0].shape.representative_point()
        facts = {
            "count": len(over),
            "most": most,
            "workers": ", ".join(f"{worker} ({loads[worker]})" for worker in over[:TOLD]),
            "codes": ", ".join(codes[:TOLD]),
        }
        yield Finding("workers_overloaded", Severity.WARNING, "", spot.x, spot.y, facts)
