"""`gridmap plan export`: a draft or an edition as a file for a GIS, or as the list of whose cell each household is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, now, plan_app, settings, tell, words
from gridmap.errors import BadInput

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from gridmap.flows.export_land import Division


class ExportOutUnusable(BadInput):
    """A draft is written as a GeoPackage or as CSV into a folder that is there; facts: path."""


class ExportTwo(BadInput):
    """Either a draft or an edition is written, not both; facts: draft, edition."""


@plan_app.command("export", help=words("cli.plan_export"), no_args_is_help=True)
def export(
    draft: Annotated[str | None, typer.Argument(metavar="[DRAFT]", help=words("cli.plan_export_draft"))] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=words("cli.plan_export_out"))],
    edition: Annotated[int | None, typer.Option("--edition", metavar="NUMBER", min=1, help=words("cli.plan_export_edition"))] = None,
    force: Annotated[bool, typer.Option("--force", help=words("cli.match_force"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.export_land import export_draft, export_edition  # noqa: PLC0415 (heavy)
    from gridmap.store import Store  # noqa: PLC0415
    from gridmap.tables.export import check_out  # noqa: PLC0415

    if draft and edition:
        raise ExportTwo(draft=draft, edition=edition)
    if out.suffix.lower() not in {".gpkg", ".csv"} or out.is_dir():
        raise ExportOutUnusable(path=out)
    check_out(out, force=force)
    with Store.open(settings().database_url, make=False) as store:
        who = acting(store, actor)
        if draft:
            found = export_draft(store, draft, now=now(), actor=who)
            facts: dict[str, Any] = {"draft": draft}
        else:
            number, found = export_edition(store, edition, now=now(), actor=who)
            facts = {"edition": number}
    (_write_csv if out.suffix.lower() == ".csv" else _write_layers)(out, found, facts)
    _tell(out, found, facts, json=json)


def _tell(out: Path, found: "Division", facts: dict[str, Any], *, json: bool) -> None:
    counts = {"areas": len(found.areas), "cells": len(found.cells), "households": found.households.total, "left_out": found.left_out}
    lines = [words("cli.plan_export_done", out=out, **counts)]
    if found.left_out:
        lines.append(words("cli.plan_export_left_out", count=found.left_out))
    if out.suffix.lower() == ".gpkg":
        lines.append(words("cli.plan_export_back", out=out))
    tell({"out": str(out), **facts, **counts}, "\n".join(lines), json=json)


def _write_csv(out: Path, found: "Division", facts: dict[str, Any]) -> None:
    """The assignment file: household, cell and what it is a division of."""
    from gridmap.flows.export_land import HOUSEHOLDS  # noqa: PLC0415
    from gridmap.tables.export import csv_lines, put_in_place  # noqa: PLC0415

    rows = (row | facts for row in found.assignments())
    with put_in_place(out) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        text.writelines(csv_lines((*HOUSEHOLDS, *facts), rows))


def _write_layers(out: Path, found: "Division", _facts: dict[str, Any]) -> None:
    """A layer for each level, the borders to the last bit, and one of the household points."""
    import shapely  # noqa: PLC0415

    from gridmap.boundaries import write_layers  # noqa: PLC0415
    from gridmap.flows.export_land import HOUSEHOLDS  # noqa: PLC0415
    from gridmap.grid import LEVELS  # noqa: PLC0415

    layers = {f"{level}s": _areas(found, found.at(level)) for level in LEVELS}
    rows = found.assignments()
    columns = {name: [row[name] for row in rows] for name in HOUSEHOLDS}
    layers["households"] = _frame(columns, shapely.points(found.households.lon, found.households.lat))
    write_layers(out, layers)


def _areas(found: "Division", areas: list[Any]) -> "GeoDataFrame":
    columns = {name: [getattr(area, name) for area in areas] for name in ("code", "name", "name_en", "parent", "households")}
    workers = {"worker": [found.workers.get(area.code) for area in areas]}
    return _frame(columns | workers, [area.shape for area in areas])


def _frame(columns: dict[str, list[Any]], shapes: Any) -> "GeoDataFrame":
    from geopandas import GeoDataFrame  # noqa: PLC0415

    from gridmap.geometry.crs import LONLAT  # noqa: PLC0415

    return GeoDataFrame(columns, geometry=list(shapes), crs=LONLAT)
