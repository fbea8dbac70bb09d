"""What of new incidents everybody may see."""

from collections.abc import Sequence
from datetime import datetime

from gridmap.catalogue import IssueType
from gridmap.grid import LEVELS, Level
from gridmap.incidents import Incident
from gridmap.incidents.public import PUBLIC_KINDS, SQUARE_M, PublicMatter, PublicState, square_of
from gridmap.matching import EditionIndex, find_many

_VILLAGE = LEVELS.index(Level.VILLAGE)


def publicised(index: EditionIndex, made: Sequence[tuple[Incident, IssueType | None]], *, now: datetime) -> list[PublicMatter | None]:
    """For each incident, with its issue type, what is shown of it; None where nothing is: no village, no public kind, no point.

    The village is the one at the middle of the square, or nearest to it; where that is not cut into villages, nothing is shown.
    """
    told: list[PublicMatter | None] = [None] * len(made)
    shown = [at for at, (one, issue) in enumerate(made) if _is_public(one, issue)]
    squares = [square_of(one.lon, one.lat) for one, _ in (made[at] for at in shown) if one.lon is not None and one.lat is not None]
    middles = find_many(index, [square.lon for square in squares], [square.lat for square in squares], snap_m=2 * SQUARE_M)
    for at, square, middle in zip(shown, squares, middles, strict=True):
        if len(middle.path) > _VILLAGE:
            told[at] = PublicMatter(
                issue=made[at][0].issue,
                state=PublicState.OPEN,
                day=now.date().isoformat(),
                edition=middle.edition,
                village=middle.path[_VILLAGE],
                lon=square.lon,
                lat=square.lat,
            )
    return told


def _is_public(one: Incident, issue: IssueType | None) -> bool:
    return issue is not None and issue.kind in PUBLIC_KINDS and one.village is not None and one.lon is not None
