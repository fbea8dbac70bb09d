"""Households that a draft would lose or count twice: each must live in exactly one cell, and a cell's number be that of who lives there."""

from collections.abc import Iterator, Sequence

import numpy as np

from gridmap.grid import Area, Finding, Households, Severity
from gridmap.grid.crosswalk import owners_of, sums


def find_uncounted(villages: Sequence[Area], cells: Sequence[Area], households: Households) -> Iterator[Finding]:
    """A warning for each village that is cut and has households in none of its cells, at one of them; and for each cell whose number of
    households is not that of those who live there. Nothing where no households are known."""
    cut = {cell.parent for cell in cells}
    divided = [village for village in villages if village.code in cut]
    if not (divided and households.total):
        return
    village, cell = (owners_of(areas, households.lon, households.lat) for areas in (divided, cells))
    lost = (village >= 0) & (cell < 0) & (households.counts > 0)
    for at in np.unique(village[lost]).tolist():
        here = np.flatnonzero(lost & (village == at))
        spot = float(households.lon[here[0]]), float(households.lat[here[0]])
        facts = {"households": int(households.counts[here].sum())}
        yield Finding("households_nowhere", Severity.WARNING, divided[at].code, *spot, facts)
    for one, there in zip(cells, sums(cell, households.counts, len(cells)).tolist(), strict=True):
        if one.households is not None and one.households != there:
            place = one.shape.representative_point()
            facts = {"households": one.households, "there": there}
            yield Finding("cell_count_differs", Severity.WARNING, one.code, place.x, place.y, facts)
