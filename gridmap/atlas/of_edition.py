"""What sheets show of an edition: its areas with who stands there, the service centres, streets and what bars the way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from shapely.geometry.base import BaseGeometry

from gridmap.atlas.subject import Ground, Person, Place, Plot, Stamp, Subject, ground_of
from gridmap.duty import Duty, Office, OfficeKind, Worker
from gridmap.grid import Area, Edition, Level
from gridmap.roster import Roster

Lines = Sequence[tuple[str, BaseGeometry]]


@dataclass(frozen=True, slots=True, eq=False)
class Staffing:
    """Who stands where at the instant `at`: a sheet names who holds the post, also while they are on leave for a week."""

    roster: Roster
    workers: Mapping[str, Worker]
    offices: Sequence[Office]
    at: datetime

    def holder(self, area: str, duty: Duty) -> Person | None:
        """The person of this duty there."""
        post = self.roster.holder(area, duty, self.at)
        worker = self.workers.get(post.worker) if post else None
        return Person(worker.name, worker.name_en, worker.id, worker.phone) if worker else None

    def centres(self) -> dict[str, Office]:
        return {office.area: office for office in self.offices if office.area and office.kind is OfficeKind.CENTRE}


def subject_of_edition(edition: Edition, staffing: Staffing, *, zone: tzinfo, streets: Lines = (), barriers: Lines = ()) -> Subject:
    """The edition as sheets show it, instants in `zone`. A village without cells is drawn as one, with its leader."""
    cells, centres = edition.at(Level.CELL), staffing.centres()
    with_cells = {cell.parent for cell in cells}
    whole = [village for village in edition.at(Level.VILLAGE) if village.code not in with_cells]
    plots = (*(_plot(cell, cell.parent or "", staffing) for cell in cells), *(_plot(village, village.code, staffing) for village in whole))
    ground: dict[Ground, list[tuple[str, BaseGeometry]]] = {Ground.STREET: list(streets)}
    for name, shape in barriers:
        ground.setdefault(ground_of(name, shape), []).append((name, shape))
    return Subject(
        plots,
        tuple(_place(area, edition, centres) for area in edition.at(Level.VILLAGE)),
        tuple(_place(area, edition, centres) for area in edition.at(Level.TOWNSHIP)),
        {kind: tuple(rows) for kind, rows in ground.items()},
        Stamp(edition.number, edition.in_force_from.astimezone(zone)),
    )


def _plot(area: Area, village: str, staffing: Staffing) -> Plot:
    worker = staffing.holder(area.code, Duty.WORKER) or (staffing.holder(area.code, Duty.LEADER) if area.code == village else None)
    return Plot(area.name, area.name_en, area.code, village, area.shape, worker, staffing.holder(area.code, Duty.BACKUP), area.households)


def _place(area: Area, edition: Edition, centres: Mapping[str, Office]) -> Place:
    """With the nearest centre up the tree."""
    centre = next((centres[step.code] for step in _up(area, edition) if step.code in centres), None)
    told = (centre.name, centre.name_en, centre.phone) if centre else ("", "", "")
    return Place(area.name, area.name_en, area.code, area.parent or "", area.shape, *told)


def _up(area: Area, edition: Edition) -> Iterable[Area]:
    return reversed(edition.path(area.code))
