"""`gridmap plan cut`: villages into cells, from files to a file or within a draft."""

from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, now, plan_app, progress, settings, tell, words
from gridmap.cli.findings import refusal_told
from gridmap.errors import BadInput

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from gridmap.boundaries import HouseholdFile
    from gridmap.grid import Area
    from gridmap.planning import Cut, Targets
    from gridmap.planning.redrawing import Redraw

SHOWN = 3


class Bounds(TypedDict):
    """What a cut aims at."""

    low: int
    high: int
    seed: int


class Aims(Bounds):
    """What a new cut aims at, beside."""

    targets: "Targets"


class CutFilesMissing(BadInput):
    """Some of the files and columns that a cut from files needs were not given; facts: missing."""


class CutKeepsInDraft(BadInput):
    """Cells can stay as they are in a draft; files of villages have none; facts: none."""


class CutFromInDraft(BadInput):
    """Villages are redrawn from an edition in a draft, not in files; facts: none."""


class CutTargetsInRedraw(BadInput):
    """A redraw keeps cells as they are and aims at no number; facts: none."""


class CutVillageAbsent(BadInput):
    """A village that shall be cut is not in the file; facts: village."""


class CutOutUnusable(BadInput):
    """Cells are written as a GeoPackage into a folder that is there; facts: path."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.plan_cut_{about}"), **more)


@plan_app.command("cut", help=words("cli.plan_cut"))
def cut(
    *,
    draft: Annotated[str, _option("--draft", about="draft", metavar="NAME")] = "import",
    village: Annotated[list[str] | None, _option("--village", about="village", metavar="CODE")] = None,
    villages: Annotated[Path | None, _option("--villages", about="villages", metavar="FILE")] = None,
    village_code: Annotated[str | None, _option("--village-code", about="village_code", metavar="COLUMN")] = None,
    households: Annotated[Path | None, _option("--households", about="households", metavar="FILE")] = None,
    count: Annotated[str | None, _option("--count", about="count", metavar="COLUMN")] = None,
    household_id: Annotated[str | None, _option("--household-id", about="household_id", metavar="COLUMN")] = None,
    barriers: Annotated[list[Path] | None, _option("--barriers", about="barriers", metavar="FILE")] = None,
    bridges: Annotated[list[Path] | None, _option("--bridges", about="bridges", metavar="FILE")] = None,
    streets: Annotated[list[Path] | None, _option("--streets", about="streets", metavar="FILE")] = None,
    low: Annotated[int, _option("--low", about="low")] = 50,
    high: Annotated[int, _option("--high", about="high")] = 80,
    seed: Annotated[int, _option("--seed", about="seed")] = 0,
    town: Annotated[int | None, _option("--town", about="town", min=0)] = None,
    rural: Annotated[int | None, _option("--rural", about="rural", min=0)] = None,
    edition: Annotated[int | None, _option("--from", about="from", metavar="EDITION", min=1)] = None,
    keep: Annotated[list[str] | None, _option("--keep", about="keep", metavar="CODE")] = None,
    out: Annotated[Path | None, _option("--out", about="out_file", metavar="FILE")] = None,
    force: Annotated[bool, _option("--force", about="force")] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    band = Bounds(low=low, high=high, seed=seed)
    needed = {"--villages": villages, "--village-code": village_code, "--households": households, "--count": count, "--out": out}
    if edition is not None:
        if any((*needed.values(), household_id, barriers, bridges, streets)):
            raise CutFromInDraft
        if town or rural:
            raise CutTargetsInRedraw
        _tell_redraw(_redraw_draft(edition, draft, (village or [], keep or []), band, actor), band, draft, edition, json=json)
        return
    aims = Aims(**band, targets=_targets(town, rural))
    if not any((*needed.values(), household_id, barriers, bridges, streets)):
        _tell(_cut_draft(draft, village or [], keep or [], aims, actor), aims, {"draft": draft}, json=json)
        return
    if keep:
        raise CutKeepsInDraft
    if villages is None or village_code is None or households is None or count is None or out is None:
        raise CutFilesMissing(missing=", ".join(name for name, given in needed.items() if given is None))
    _check_out(out, force=force)
    with refusal_told(None, json=json):
        land = _among(_read_villages(villages, village_code), village or [])
        people = _read_households(households, count, household_id)
        made = _cut_files(land, people, (barriers or [], bridges or [], streets or []), aims)
    _write(out, made, land, people)
    _tell(made, aims, {"out": str(out)}, json=json)


def _targets(town: int | None, rural: int | None) -> "Targets":
    """Those that were given, else those that the county has set."""
    from gridmap.planning.targets import Targets  # noqa: PLC0415

    county = settings()
    return Targets(county.target_town, county.target_rural).but(town, rural)


def _check_out(out: Path, *, force: bool) -> None:
    from gridmap.tables.export import OutputExists  # noqa: PLC0415

    if out.suffix.lower() != ".gpkg" or not out.absolute().parent.is_dir():
        raise CutOutUnusable(path=out)
    if out.exists() and not force:
        raise OutputExists(path=out)


def _among(land: "list[Area]", codes: list[str]) -> "list[Area]":
    """Those that were asked for, all where none was. CutVillageAbsent."""
    if absent := sorted(set(codes) - {area.code for area in land}):
        raise CutVillageAbsent(village=absent[0])
    return [area for area in land if not codes or area.code in codes]


def _read_villages(path: Path, column: str) -> "list[Area]":
    from gridmap.boundaries import read_coverage  # noqa: PLC0415
    from gridmap.grid import Area, Level  # noqa: PLC0415

    codes, shapes = read_coverage(path, column)
    return [Area(code, Level.VILLAGE, code, None, shape) for code, shape in zip(codes, shapes.tolist(), strict=True)]


def _read_households(path: Path, count: str, household_id: str | None) -> "HouseholdFile":
    from gridmap.boundaries import HouseholdColumns, read_households  # noqa: PLC0415

    return read_households(path, HouseholdColumns(count, household_id))


def _cut_files(land: "list[Area]", people: "HouseholdFile", lines: tuple[list[Path], list[Path], list[Path]], aims: Aims) -> "Cut":
    """Cut the villages by the barriers, bridges and streets of these files."""
    from gridmap.boundaries import read_lines  # noqa: PLC0415
    from gridmap.grid.index.cores import cores  # noqa: PLC0415
    from gridmap.planning import cut_villages  # noqa: PLC0415

    walls, ways, streets = ([shape for path in paths for shape in read_lines(path)] for paths in lines)
    with progress(words("cli.plan_cut_progress"), len(land)) as advance:
        return cut_villages(land, people.households, walls, ways, streets=streets, **aims, processes=cores(), advance=advance)


def _cut_draft(draft: str, named: list[str], keep: list[str], aims: Aims, name: str) -> "Cut":
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.flows.cut_draft import cut_draft, villages_of  # noqa: PLC0415
    from gridmap.grid.index.cores import cores  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url) as store:
        actor = acting(store, name)
        with store.read(allowed(actor, Action.DRAFT_CHANGE)) as tx:
            total = len(villages_of(store, tx, draft, named, now()))
        with progress(words("cli.plan_cut_progress"), total) as advance:
            how = {"processes": cores(), "now": now(), "actor": actor, "advance": advance}
            return cut_draft(store, draft=draft, villages=named, keep=keep, **aims, **how)


def _redraw_draft(edition: int, draft: str, chosen: tuple[list[str], list[str]], band: Bounds, name: str) -> "Redraw":
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.flows.cut_draft import villages_of  # noqa: PLC0415
    from gridmap.flows.redraw_draft import redraw_draft  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    named, keep = chosen
    with Store.open(settings().database_url) as store:
        actor = acting(store, name)
        with store.read(allowed(actor, Action.DRAFT_CHANGE)) as tx:
            total = len(villages_of(store, tx, draft, named, now()))
        with progress(words("cli.plan_cut_progress"), total) as advance:
            return redraw_draft(store, edition, draft=draft, villages=named, keep=keep, **band, now=now(), actor=actor, advance=advance)


def _write(out: Path, made: "Cut", land: "list[Area]", people: "HouseholdFile") -> None:
    """Write the layers in the coordinate system of the households' file; the cells tile their villages exactly there."""
    from gridmap.boundaries import write_layers  # noqa: PLC0415
    from gridmap.planning.frames import cell_frame, exception_frame  # noqa: PLC0415

    crs = people.table.crs
    households, exceptions = (frame.to_crs(crs) for frame in (_households(made, people), exception_frame(made.exceptions, LANG)))
    write_layers(out, {"cells": cell_frame(made.cells, land, crs), "households": households, "exceptions": exceptions})


def _households(made: "Cut", people: "HouseholdFile") -> "GeoDataFrame":
    import shapely  # noqa: PLC0415
    from geopandas import GeoDataFrame  # noqa: PLC0415

    given = people.households
    columns = {"id": given.ids.astype(object), "households": given.counts, "cell": [code or None for code in made.cell_of]}
    return GeoDataFrame(columns, geometry=shapely.points(given.lon, given.lat), crs="EPSG:4326")


def _tell(made: "Cut", aims: Aims, where: dict[str, str], *, json: bool) -> None:
    sizes = [cell.households or 0 for cell in made.cells]
    fit = sum(aims["low"] <= size <= aims["high"] for size in sizes)
    facts = {
        "villages": len({cell.parent for cell in made.cells}),
        "cells": len(sizes),
        "households": sum(sizes),
        "in_band": fit,
        "in_band_share": round(fit / len(sizes), 4) if sizes else None,
        **{name: aims[name] for name in ("low", "high", "seed")},
        **asdict(aims["targets"]),
    }
    told = [_exception(e) for e in made.exceptions]
    lines = [words("cli.plan_cut_done", **facts, percent=100 * fit / max(1, len(sizes))), *_by_reason(made)]
    lines.append(words("cli.plan_cut_out" if "out" in where else "cli.plan_cut_next", **where))
    tell({**where, **facts, "exceptions": told}, "\n".join(lines), json=json)


def _tell_redraw(made: "Redraw", band: Bounds, draft: str, edition: int, *, json: bool) -> None:
    """What moved, what each reach would have given, and what is out of the band."""
    offers = [asdict(offer) for offer in made.offers]
    done = {name: value for name, value in asdict(made.done).items() if name != "reach"}
    facts = {
        "draft": draft,
        "from": edition,
        "cells": len(made.cells),
        "fewest": made.fewest,
        "fewest_touched": made.fewest_touched,
        **done,
        **band,
    }
    lines = [words("cli.plan_cut_redrawn", **facts | {"edition": edition})]
    lines += [words("cli.plan_cut_offer", **offer | {"reach": words(f"redraw.{offer['reach']}")}) for offer in offers]
    lines += [*_by_reason(made), words("cli.plan_cut_next", draft=draft)]
    tell({**facts, "offers": offers, "exceptions": [_exception(e) for e in made.exceptions]}, "\n".join(lines), json=json)


def _exception(one: Any) -> dict[str, Any]:
    reason = {"reason": one.reason.key.removeprefix("reason.cut_"), "text": one.reason.text(LANG)}
    return {"code": one.code, "village": one.village, "households": one.households, **reason, "lon": one.lon, "lat": one.lat}


def _by_reason(made: "Cut | Redraw") -> list[str]:
    """Of each reason how many exceptions there are, and the first few."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for one in made.exceptions:
        groups[one.reason.key].append(one)
    lines: list[str] = []
    for key, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        lines.append(f"  {len(group):>6,} × {key.removeprefix('reason.cut_')}")
        lines += [f"           {one.code or one.village}  {one.households:>4,}  {one.reason.text(LANG)}" for one in group[:SHOWN]]
        if len(group) > SHOWN:
            lines.append("           " + words("cli.findings_more", count=len(group) - SHOWN))
    return lines
