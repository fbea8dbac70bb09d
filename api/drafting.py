"""What is told of a draft's village: cells, arcs, households and what is wrong, as a planner's page draws them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from api.asker import Asker
from gridmap.access import Action, may
from gridmap.duty import Worker
from gridmap.errors import Refusal
from gridmap.flows.draft_revision import change_told
from gridmap.flows.draft_village import VillageDraft
from gridmap.flows.move_cells import Made
from gridmap.geometry.metres import area_m2
from gridmap.geometry.shapes import to_geojson
from gridmap.grid import Area, Level
from gridmap.grid.crosswalk import crosswalk
from gridmap.planning.tiling import arcs, check_tiling
from gridmap.words import Lang


def village_told(seen: VillageDraft, asked: Asker) -> dict[str, Any]:
    """Everything of one village at one revision. `balance` is a row for each cell; `arcs` are null where the cells do not tile it, with
    `broken` saying why."""
    lang, ground = asked.lang, seen.ground
    told = {
        "draft": seen.draft,
        "revision": seen.revision,
        "village": {"code": ground.village.code, "name": ground.village.name_in(lang), "shape": to_geojson(ground.village.shape)},
        "cells": [_feature(cell, asked) for cell in ground.cells],
        "beside": [_feature(cell, asked) for cell in ground.beside],
        "balance": _balance(seen, asked),
        "gone": [_gone(cell, asked, known=seen.known) for cell in seen.before if cell.code not in ground.by_code],
        "households": _households(seen) if seen.known else None,
        "findings": [finding.as_dict(lang) for finding in seen.findings] if seen.known else [],
        "parents": [{"code": one.code, "level": str(one.level), "name": one.name_in(lang)} for one in seen.parents],
        "workers": [[one.id, _called(one, lang)] for one in seen.workers] if may(asked.actor, Action.REGISTER_READ) else None,
        "approved": seen.approved and seen.approved.actor,
        "undo": seen.undo and change_told(seen.undo),
        "redo": seen.redo and change_told(seen.redo),
    }
    return told | _arcs(seen, asked)


def _arcs(seen: VillageDraft, asked: Asker) -> dict[str, Any]:
    try:
        check_tiling(seen.ground.village.code, seen.ground.cells)
    except Refusal as refusal:
        return {"arcs": None, "broken": refusal.text(asked.lang)}
    lines = arcs(seen.ground.cells)
    return {"arcs": [{"left": one.left, "right": one.right, "line": [*map(list, one.line.coords)]} for one in lines], "broken": None}


def _feature(area: Area, asked: Asker) -> dict[str, Any]:
    spot = area.shape.representative_point()
    facts = {"code": area.code, "name": area.name_in(asked.lang), "label": [spot.x, spot.y]}
    return {"type": "Feature", "id": area.code, "geometry": to_geojson(area.shape), "properties": facts}


def _balance(seen: VillageDraft, asked: Asker) -> list[dict[str, Any]]:
    """A row for each cell: households, land, how many came and went since the edition in force, who has it and how much that one has."""
    ground, before = seen.ground, {cell.code: cell for cell in seen.before}
    came, went = _came_and_went(seen)
    loads: dict[str, int] = {}
    for cell in ground.cells:
        if worker := seen.holders.get(cell.code):
            loads[worker.id] = loads.get(worker.id, 0) + (cell.households or 0)
    named = may(asked.actor, Action.REGISTER_READ)
    rows = []
    for cell in ground.cells:
        worker = seen.holders.get(cell.code) if named else None
        rows.append(
            {
                "code": cell.code,
                "name": cell.name_in(asked.lang),
                "households": cell.households if seen.known else None,
                "before": before[cell.code].households if seen.known and cell.code in before else None,
                "locked": cell.code in seen.locked,
                "fresh": cell.code not in before,
                "came": came.get(cell.code, 0) if seen.known else None,
                "went": went.get(cell.code, 0) if seen.known else None,
                "area_m2": round(area_m2(cell.shape)),
                "worker": worker and _called(worker, asked.lang),
                "worker_id": worker and worker.id,
                "load": loads.get(worker.id) if worker and seen.known else None,
            }
        )
    return rows


def _called(worker: Worker, lang: Lang) -> str:
    return worker.name_en if lang == "en" and worker.name_en else worker.name


def _came_and_went(seen: VillageDraft) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Households by cell that are in another cell than in the edition in force."""
    if not (seen.known and seen.before and seen.ground.cells):
        return {}, {}
    found = crosswalk(seen.before, seen.ground.cells, seen.ground.households)
    came: dict[str, int] = {}
    went: dict[str, int] = {}
    for one in found.overlaps:
        if one.before != one.after and one.households:
            went[one.before] = went.get(one.before, 0) + one.households
            came[one.after] = came.get(one.after, 0) + one.households
    return came, went


def _gone(cell: Area, asked: Asker, *, known: bool) -> dict[str, Any]:
    return {"code": cell.code, "name": cell.name_in(asked.lang), "before": cell.households if known else None}


def _households(seen: VillageDraft) -> list[list[Any]]:
    """[id, lon, lat, count, code of its cell] for each household point in the village."""
    ground = seen.ground
    people, codes = ground.households, [cell.code for cell in ground.cells]
    here = np.flatnonzero(ground.owner >= 0).tolist() if codes else []
    return [
        [str(people.ids[at]), float(people.lon[at]), float(people.lat[at]), int(people.counts[at]), codes[ground.owner[at]]] for at in here
    ]


def made_told(made: Made, asked: Asker) -> dict[str, Any]:
    """What a move did in its village: cells that changed, cells that are gone, what is wrong now."""
    # another village's count may be none of the asker's
    there = [area for area in made.changed.values() if area and area.level is Level.CELL and area.parent == made.village]
    return {
        "revision": made.revision,
        "kind": str(made.kind),
        "village": made.village,
        "households": made.households,
        "cells": [_feature(area, asked) | {"households": area.households} for area in there],
        "gone": [code for code, area in made.changed.items() if area is None],
        "findings": [finding.as_dict(asked.lang) for finding in made.findings],
    }
