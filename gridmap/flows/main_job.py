"""The whole main job once, from a folder of a county's files: land in, cells cut, an edition, workers posted, reports dispatched."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.access import Action, Actor, allowed
from gridmap.boundaries import HouseholdColumns, ReadOptions
from gridmap.boundaries.areas import AreaColumns, AreaOptions
from gridmap.errors import NotFound
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.import_areas import import_areas
from gridmap.flows.import_defaults import import_defaults
from gridmap.flows.import_land import LandKind, import_households, import_land
from gridmap.flows.import_register import import_register
from gridmap.flows.import_reports import import_reports
from gridmap.flows.post_workers import post_workers
from gridmap.flows.publish import publish
from gridmap.grid import Level
from gridmap.incidents import State
from gridmap.store import Store, incidents, land, offices, people
from gridmap.tables import Register

SPATIAL = (".gpkg", ".geojson", ".json", ".topojson", ".parquet", ".zip", ".shp")
TABLES = (".csv", ".xlsx")
NEEDED = {"townships": SPATIAL, "villages": SPATIAL, "households": SPATIAL, "reports": (*TABLES, ".ndjson")}
DRAFT = "import"
LAND: tuple[tuple[str, LandKind], ...] = (("barriers", "barrier"), ("bridges", "bridge"), ("streets", "street"))


class CountyFileMissing(NotFound):
    """A county's folder lacks a file that the main job needs; facts: folder, stem, suffixes."""


@dataclass(frozen=True, slots=True)
class MainJob:
    """What the main job ended with. `reports` counts what intake took, `matched` and `triaged` what the database then holds: they add up.

    `rejected` are rows of the file that could not be taken; they were written back beside it with the reason.
    """

    townships: int
    villages: int
    cells: int
    households: int
    workers: int
    offices: int
    reports: int
    matched: int
    triaged: int
    rejected: int


Watch = Callable[[str, int | None], AbstractContextManager[Callable[[int], Any]]]
"""Shows a step: given its key in words/ and its length (None: not known), yields what to call as it advances."""


@contextmanager
def unwatched(_step: str, _total: int | None) -> Iterator[Callable[[int], Any]]:
    """Progress that nobody looks at."""
    yield lambda _steps: None


@dataclass(frozen=True)
class _Job:
    """The folder, and everything that each step needs."""

    store: Store
    folder: Path
    now: datetime
    zone: ZoneInfo
    actor: Actor
    watch: Watch

    def file(self, stem: str, suffixes: tuple[str, ...]) -> Path | None:
        return next((path for suffix in suffixes if (path := self.folder / f"{stem}{suffix}").exists()), None)


def find_county_files(folder: Path) -> dict[str, Path]:
    """The files without which there is no main job, by stem; CountyFileMissing names the first that is not there."""
    found: dict[str, Path] = {}
    for stem, suffixes in NEEDED.items():
        there = [path for suffix in suffixes if (path := folder / f"{stem}{suffix}").exists()]
        if not there:
            raise CountyFileMissing(folder=folder, stem=stem, suffixes=", ".join(suffixes))
        found[stem] = there[0]
    return found


def run_main_job(store: Store, folder: Path, *, now: datetime, zone: ZoneInfo, actor: Actor, watch: Watch = unwatched) -> MainJob:
    """Do all of it into an empty database; the files are described in `data/boundaries/README.md`. Any refusal of any step stops it there.

    Cells are cut where the folder has none; the default catalogue stands in for missing `issue-types` and `rules`; without `posts`
    the workers stand in the order of their register.
    """
    needed = find_county_files(folder)
    job = _Job(store, folder, now, zone, actor, watch)
    with watch("demo.boundaries", None):
        _bring_areas(job, needed)
        _bring_land(job, needed["households"])
    if not job.file("cells", SPATIAL):
        _cut_cells(job)
    with watch("demo.publish", None):
        edition = publish(store, DRAFT, at=now, now=now, actor=actor)
    with watch("demo.registers", None):
        _bring_registers(job)
    with watch("demo.reports", None) as advance:
        taken = import_reports(store, needed["reports"], now=now, zone=zone, actor=actor, advance=advance)
    with store.read(allowed(actor, Action.OPERATE)) as tx:
        states = incidents.count(tx)
        return MainJob(
            townships=len(edition.at(Level.TOWNSHIP)),
            villages=len(edition.at(Level.VILLAGE)),
            cells=len(edition.at(Level.CELL)),
            households=land.households(tx).total,
            workers=len(people.workers(tx)),
            offices=len(offices.all_(tx)),
            reports=len(taken.answers) - taken.repeated,
            matched=states.get(State.DISPATCHED, 0) + states.get(State.FILED, 0),
            triaged=states.get(State.TRIAGE, 0),
            rejected=len(taken.rejected),
        )


def _bring_areas(job: _Job, needed: Mapping[str, Path]) -> None:
    for level, stem in ((Level.TOWNSHIP, "townships"), (Level.VILLAGE, "villages"), (Level.CELL, "cells")):
        path = needed.get(stem) or job.file(stem, SPATIAL)
        if path:
            columns = AreaColumns("code", "name", "name_en", None if level is Level.TOWNSHIP else "parent")
            import_areas(job.store, path, AreaOptions(level, columns), now=job.now, actor=job.actor, draft=DRAFT)


def _bring_land(job: _Job, households: Path) -> None:
    import_households(job.store, households, HouseholdColumns("households", "id"), ReadOptions(), now=job.now, actor=job.actor)
    for stem, kind in LAND:
        path = job.file(stem, SPATIAL)
        if path:
            import_land(job.store, path, kind, ReadOptions(), name="name", now=job.now, actor=job.actor)


def _cut_cells(job: _Job) -> None:
    with job.watch("demo.cut", None) as advance:
        cut_draft(job.store, draft=DRAFT, now=job.now, actor=job.actor, advance=advance)


def _bring_registers(job: _Job) -> None:
    """Offices, catalogue and rules, then the workers and where they stand."""
    for register in (Register.OFFICES, Register.ISSUE_TYPES, Register.RULES, Register.CALENDAR, Register.WORKERS, Register.POSTS):
        path = job.file(str(register), TABLES)
        if path:
            import_register(job.store, register, path, now=job.now, zone=job.zone, actor=job.actor)
    if not job.file("issue-types", TABLES):
        import_defaults(job.store, now=job.now, actor=job.actor)
    if not job.file("posts", TABLES):
        post_workers(job.store, now=job.now, actor=job.actor)
