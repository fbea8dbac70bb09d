"""What of new incidents everybody may see."""

from collections.abc import Sequence
from datetime import datetime

from gridmap.catalogue import IssueType
from gridmap.flows.dispatch import Dispatch
from gridmap.grid import LEVELS, Level
from gridmap.incidents.public import PUBLIC_KINDS, SQUARE_M, PublicMatter, PublicState, square_of
from gridmap.matching import EditionIndex, find_many

_VILLAGE = LEVELS.index(Level.VILLAGE)


def publicised(index: EditionIndex, made: Sequence[Dispatch], *, now: datetime) -> list[PublicMatter | None]:
    """What is shown of the incident of each, in their order; None where nothing is: no village, no public kind, no point.

    The village is the one at the middle of the square, or nearest to it; where that is not cut into villages, nothing is shown.
    """
    told: list[PublicMatter | None] = [None] * len(made)
    shown = [
        (at, one.issue.code, one.located.lon, one.located.lat) for at, one in enumerate(made) if one.issue and _is_public(one, one.issue)
    ]
    squares = [square_of(lon, lat) for _, _, lon, lat in shown if lon is not None and lat is not None]
    middles = find_many(index, [square.lon for square in squares], [square.lat for square in squares], snap_m=2 * SQUARE_M)
    day = now.date().isoformat()
    for (at, issue, *_), square, middle in zip(shown, squares, middles, strict=True):
        if len(middle.path) > _VILLAGE:
            told[at] = PublicMatter(
                issue=issue,
                state=PublicState.OPEN,
                day=day,
                edition=middle.edition,
                village=middle.path[_VILLAGE],
                lon=square.lon,
                lat=square.lat,
            )
    return told


def _is_public(one: Dispatch, issue: IssueType) -> bool:
    return issue.kind in PUBLIC_KINDS and len(one.path) > _VILLAGE and one.located.lon is not None
