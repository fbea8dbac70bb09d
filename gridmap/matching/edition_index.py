"""Points against an edition: township, village and cell of each, or the nearest, or none."""

from collections import OrderedDict
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.grid import LEVELS, Area, Candidate, Edition, Match
from gridmap.matching.circles import shares
from gridmap.matching.coverage import HOWS, CoverageIndex, Matches, known_accuracy

INDEXES_KEPT = 4


class EditionIndex:
    """The areas of one edition, ready to be asked about points (degrees).

    Cells own first; then villages that were not cut and townships without villages; where those leave a gap, the village or township
    that covers it. Among overlapping areas of one level the lower code owns. Every point so has one owner at most.
    """

    def __init__(self, edition: Edition) -> None:
        self.edition = edition.number
        finest_first = sorted(edition.areas, key=lambda area: (-LEVELS.index(area.level), area.code))
        divided = {area.parent for area in edition.areas}
        finest = [area for area in finest_first if area.code not in divided]
        wider = [area for area in finest_first if area.code in divided]
        self.coverage = CoverageIndex([area.shape for area in finest], [area.shape for area in wider])
        self.paths = tuple(_codes(edition, area) for area in finest + wider)


def _codes(edition: Edition, area: Area) -> tuple[str, ...]:
    return tuple(step.code for step in edition.path(area.code))


def find(index: EditionIndex, lon: float, lat: float, *, accuracy_m: float | None = None, snap_m: float = 0.0) -> Match:
    """Whose point (lon, lat) is. See `find_many`."""
    return find_many(index, [lon], [lat], None if accuracy_m is None else [accuracy_m], snap_m)[0]


def find_many(index: EditionIndex, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None = None, snap_m: float = 0.0) -> list[Match]:
    """Whose points these are, in WGS84 degrees, in their order. Nothing is refused: what cannot be a point is INVALID.

    `accuracy_m` gives each point's radius in metres (None or not a number: 10 m). A point nearer to a border than that is BORDER, and
    `candidates` share out its circle among the areas in it, the largest first; the rest of 1 lies in no area.
    A point that no area owns is NEAREST where an area lies within `snap_m`, otherwise OUTSIDE with an empty path.
    """
    lons, lats = np.atleast_1d(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    accuracy = np.broadcast_to(known_accuracy(np.nan if accuracy_m is None else accuracy_m), lons.shape)
    found = index.coverage.match(lons, lats, accuracy, snap_m)
    crossing = np.flatnonzero(np.where(np.isnan(found.border_m), found.distance_m, found.border_m) < accuracy)
    candidates = _candidates(index, lons[crossing], lats[crossing], accuracy[crossing])
    named = dict(zip(crossing.tolist(), candidates, strict=True))
    return [_match(index, found, at, named.get(at, ())) for at in range(len(found))]


def _candidates(
    index: EditionIndex, lon: NDArray[np.float64], lat: NDArray[np.float64], accuracy: NDArray[np.float64]
) -> list[tuple[Candidate, ...]]:
    if not len(lon):
        return []
    x, y = index.coverage.metres.xy(lon, lat)
    circles = shares(index.coverage.in_metres, x, y, accuracy)
    return [tuple(Candidate(index.paths[position][-1], share) for position, share in circle) for circle in circles]


def _match(index: EditionIndex, found: Matches, at: int, candidates: tuple[Candidate, ...]) -> Match:
    how, owner = HOWS[found.how[at]], int(found.owner[at])
    path = index.paths[owner] if owner >= 0 else ()
    return Match(index.edition, how, path, _known(found.distance_m[at]), _known(found.border_m[at]), candidates)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


_kept: OrderedDict[tuple[str, int], EditionIndex] = OrderedDict()
_lock = Lock()


def index_of(edition: Edition) -> EditionIndex:
    """The index of an edition, built when first asked and kept; editions never change, so it never goes stale. Safe between threads."""
    key = (edition.digest, edition.number)
    with _lock:
        if key not in _kept:
            _kept[key] = EditionIndex(edition)
        _kept.move_to_end(key)
        while len(_kept) > INDEXES_KEPT:
            _kept.popitem(last=False)
        return _kept[key]
