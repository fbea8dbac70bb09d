"""Households and the lines of the land come in, in place of those that were there."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import shapely

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.boundaries import HouseholdColumns, ReadOptions, read_households, read_land
from gridmap.errors import NoEditionInForce
from gridmap.grid import Finding
from gridmap.store import Store, drafts, history, land

LandKind = Literal["barrier", "bridge", "street"]


@dataclass(frozen=True, slots=True)
class LandImport:
    """How many rows came in (points of households, or lines), how many households they count, and what was found on the way."""

    rows: int
    households: int
    findings: tuple[Finding, ...]


def import_households(
    store: Store, path: str | Path, columns: HouseholdColumns, options: ReadOptions, *, now: datetime, actor: Actor
) -> LandImport:
    """The file's households are the county's from now on; ImportRefused names every row that cannot be read, and nothing changes."""
    scope = allowed(actor, Action.LAND_CHANGE)
    found = read_households(path, columns, _placed(store, scope, options, now))
    with store.begin(scope) as tx:
        land.put_households(tx, found.households)
        history.record(tx, now, "land.import", "land:households", rows=len(found.households))
    return LandImport(len(found.households), found.households.total, found.findings)


def import_land(
    store: Store, path: str | Path, kind: LandKind, options: ReadOptions, *, name: str | None = None, now: datetime, actor: Actor
) -> LandImport:
    """The file's lines (or polygons) are the county's barriers, bridges or streets from now on; ImportRefused as above."""
    scope = allowed(actor, Action.LAND_CHANGE)
    found = read_land(path, _placed(store, scope, options, now), name=name)
    with store.begin(scope) as tx:
        land.put_lines(tx, kind, list(found.shapes), found.names)
        history.record(tx, now, "land.import", f"land:{kind}", rows=len(found.shapes))
    return LandImport(len(found.shapes), 0, found.findings)


def _placed(store: Store, scope: Scope, options: ReadOptions, now: datetime) -> ReadOptions:
    """The options, with the middle of the known land where the user named no place."""
    if options.near is not None:
        return options
    with store.read(scope) as tx:
        try:
            areas = store.edition_in_force(tx, now).areas
        except NoEditionInForce:
            heads = sorted(drafts.heads(tx), key=lambda head: head.updated_at)
            areas = drafts.areas(tx, heads[-1].name) if heads else ()
    if not areas:
        return options
    west, south, east, north = shapely.total_bounds(np.array([area.shape for area in areas], dtype=object)).tolist()
    return replace(options, near=((west + east) / 2, (south + north) / 2))
