"""`gridmap import households|barriers|bridges|streets`: what lies on the land, again each year."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, import_app, now, settings, tell, words
from gridmap.cli.findings import findings_json, findings_text, refusal_told, save_report

if TYPE_CHECKING:
    from gridmap.boundaries import ReadOptions
    from gridmap.flows.import_land import LandImport, LandKind


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.import_{about}"), **more)


File = Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.import_file"))]
Crs = Annotated[str | None, _option("--crs", about="crs", metavar="EPSG")]
Near = Annotated[str | None, _option("--near", about="near", metavar="LON,LAT")]
Layer = Annotated[str | None, _option("--layer", about="layer", metavar="NAME")]
Encoding = Annotated[str | None, _option("--encoding", about="encoding", metavar="NAME")]
Name = Annotated[str | None, _option("--name", about="land_name", metavar="COLUMN")]
Report = Annotated[Path | None, _option("--report", about="report", metavar="FILE")]


def _read(layer: str | None, crs: str | None, near: str | None, encoding: str | None) -> "ReadOptions":
    from gridmap.boundaries import ReadOptions  # noqa: PLC0415 (heavy)
    from gridmap.boundaries.place import read_near  # noqa: PLC0415

    return ReadOptions(layer, crs, read_near(near) if near else None, encoding)


@import_app.command("households", help=words("cli.import_households"), no_args_is_help=True)
def import_households(
    file: File,
    *,
    count: Annotated[str, _option("--count", about="count", metavar="COLUMN")],
    id_: Annotated[str | None, _option("--id", about="id", metavar="COLUMN")] = None,
    lon: Annotated[str | None, _option("--lon", about="lon", metavar="COLUMN")] = None,
    lat: Annotated[str | None, _option("--lat", about="lat", metavar="COLUMN")] = None,
    datum: Annotated[str, _option("--datum", about="datum")] = "wgs84",
    crs: Crs = None,
    near: Near = None,
    layer: Layer = None,
    encoding: Encoding = None,
    report: Report = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.boundaries import HouseholdColumns  # noqa: PLC0415 (heavy)
    from gridmap.flows import import_land as flow  # noqa: PLC0415
    from gridmap.geometry.datums import read_datum  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    columns = HouseholdColumns(count, id_, lon, lat, read_datum(datum))
    with Store.open(settings().database_url) as store, refusal_told(report, json=json, source=file):
        done = flow.import_households(store, file, columns, _read(layer, crs, near, encoding), now=now(), actor=acting(store, actor))
    text = words("cli.import_households_done", file=file, rows=done.rows, households=done.households)
    _tell({"rows": done.rows, "households": done.households}, done, text, report=report, json=json)


def _import_lines(
    kind: "LandKind", file: Path, read: "ReadOptions", name: str | None, *, actor: str, report: Path | None, json: bool
) -> None:
    """What the three commands of lines do."""
    from gridmap.flows import import_land as flow  # noqa: PLC0415 (heavy)
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url) as store, refusal_told(report, json=json, source=file):
        done = flow.import_land(store, file, kind, read, name=name, now=now(), actor=acting(store, actor))
    text = words(f"cli.import_{kind}_done", file=file, rows=done.rows)
    _tell({"kind": kind, "rows": done.rows}, done, text, report=report, json=json)


def _tell(facts: dict[str, Any], done: "LandImport", text: str, *, report: Path | None, json: bool) -> None:
    save_report(report, done.findings)
    lines = [text, findings_text(done.findings, report=report), words("cli.import_land_next")]
    tell({"refused": False, **facts, "findings": findings_json(done.findings)}, "\n".join(filter(None, lines)), json=json)


def _add_lines_command(kind: "LandKind") -> None:
    @import_app.command(f"{kind}s", help=words(f"cli.import_{kind}s"), no_args_is_help=True)
    def import_lines(
        file: File,
        *,
        name: Name = None,
        crs: Crs = None,
        near: Near = None,
        layer: Layer = None,
        encoding: Encoding = None,
        report: Report = None,
        actor: ActorName = "",
        json: JsonFlag = False,
    ) -> None:
        _import_lines(kind, file, _read(layer, crs, near, encoding), name, actor=actor, report=report, json=json)


_add_lines_command("barrier")
_add_lines_command("bridge")
_add_lines_command("street")
