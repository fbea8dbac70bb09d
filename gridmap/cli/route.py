"""`gridmap route …`: rules learned from past reports, and reports routed by the rules that a person accepted."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridmap.cli.door import LANG, JsonFlag, app, progress, settings, tell, words
from gridmap.cli.findings import refusal_told

if TYPE_CHECKING:
    from gridmap.flows.place_points import PlaceOptions

route_app = typer.Typer(help=words("cli.route"), no_args_is_help=True)
app.add_typer(route_app, name="route")

Ground = Literal["owner", "subject", "territory"]


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.{about}"), **more)


Reports = Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.route_reports"))]
Type = Annotated[str, _option("--type", about="route_type", metavar="COLUMN")]
Areas = Annotated[Path, _option("--areas", about="match_areas", metavar="FILE")]
Code = Annotated[str, _option("--code", about="match_code", metavar="COLUMN")]
Layer = Annotated[str | None, _option("--layer", about="match_layer", metavar="NAME")]
Lon = Annotated[str | None, _option("--lon", about="match_lon", metavar="COLUMN")]
Lat = Annotated[str | None, _option("--lat", about="match_lat", metavar="COLUMN")]
Crs = Annotated[str | None, _option("--crs", about="match_crs", metavar="EPSG")]
AreasCrs = Annotated[str | None, _option("--areas-crs", about="match_areas_crs", metavar="EPSG")]
Datum = Annotated[str, _option("--datum", about="match_datum", metavar="DATUM")]
Force = Annotated[bool, _option("--force", about="match_force")]


def _places(**facts: Any) -> "PlaceOptions":
    from gridmap.flows.place_points import PlaceOptions  # noqa: PLC0415 (`gridmap --help` does not wait for Arrow and GDAL)
    from gridmap.geometry.datums import read_datum  # noqa: PLC0415

    return PlaceOptions(**{**facts, "datum": read_datum(facts["datum"])})


@route_app.command("learn", help=words("cli.route_learn"), no_args_is_help=True)
def learn(
    file: Reports,
    type_column: Type,
    office: Annotated[str, _option("--office", about="route_office", metavar="COLUMN")],
    *,
    areas: Areas,
    code: Code,
    out: Annotated[Path, _option("--out", about="route_rules_out", metavar="RULES")],
    time: Annotated[str | None, _option("--time", about="route_time", metavar="COLUMN")] = None,
    by: Annotated[Ground, _option("--by", about="route_by")] = "subject",
    layer: Layer = None,
    lon: Lon = None,
    lat: Lat = None,
    crs: Crs = None,
    areas_crs: AreasCrs = None,
    datum: Datum = "wgs84",
    force: Force = False,
    json: JsonFlag = False,
) -> None:
    from gridmap.catalogue import By  # noqa: PLC0415
    from gridmap.flows.learn_rules import LearnOptions, learn_rules  # noqa: PLC0415

    places = _places(code=code, layer=layer, areas_crs=areas_crs, lon=lon, lat=lat, crs=crs, datum=datum, force=force)
    options = LearnOptions(places=places, type=type_column, office=office, time=time, by=By(by), zone=settings().timezone)
    with refusal_told(None, json=json):
        done = learn_rules(
            file, areas, out, options, watch=partial(progress, words("cli.route_reading")),
            watch_learning=partial(progress, words("cli.route_learning")),
        )  # fmt: skip
    found, notes = done.learned, [note.text(LANG) for note in done.notes]
    counts = {"rows": done.rows, "used": done.used, "unplaced": done.unplaced, "rules": len(found.rules), "confident": done.confident}
    shares = {"trial_right": found.right, "trial_confident": found.sure, "trial_confident_right": found.right_sure}
    percent = {name: f"{100 * share:.1f}" for name, share in shares.items()}
    trial = words("cli.route_trial" if done.confident else "cli.route_trial_unsure", **percent)
    lines = [words("cli.route_learned", out=out, **counts), trial, *notes, words("cli.route_next", out=out)]
    tell(
        {"out": str(out), **counts, **{name: round(share, 4) for name, share in shares.items()}, "notes": notes},
        "\n".join(lines),
        json=json,
    )


@route_app.command("apply", help=words("cli.route_apply"), no_args_is_help=True)
def apply(
    file: Reports,
    rules: Annotated[Path, _option("--rules", about="route_rules", metavar="RULES")],
    type_column: Type,
    *,
    areas: Areas,
    code: Code,
    out: Annotated[Path, _option("--out", about="match_out", metavar="FILE")],
    layer: Layer = None,
    lon: Lon = None,
    lat: Lat = None,
    crs: Crs = None,
    areas_crs: AreasCrs = None,
    datum: Datum = "wgs84",
    force: Force = False,
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.route_file import RouteOptions, route_file  # noqa: PLC0415

    places = _places(code=code, layer=layer, areas_crs=areas_crs, lon=lon, lat=lat, crs=crs, datum=datum, force=force)
    with refusal_told(None, json=json):
        options = RouteOptions(places=places, rules=rules, type=type_column, lang=LANG)
        done = route_file(file, areas, out, options, watch=partial(progress, words("cli.route_progress")))
    notes = [note.text(LANG) for note in done.notes]
    counts = {"rows": done.rows, "confident": done.confident, "named": done.named, "nobody": done.nobody, "rules": done.rules}
    percent = f"{100 * done.confident / max(done.rows, 1):.1f}"
    tell(
        {"out": str(done.out), **counts, "notes": notes},
        "\n".join([words("cli.route_done", out=done.out, percent=percent, **counts), *notes]), json=json,
    )  # fmt: skip
