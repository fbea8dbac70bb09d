"""`gridmap match`: any points, of a file or a table, to any file of areas."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gridmap.cli.door import LANG, JsonFlag, app, progress, settings, tell, warm_up, words
from gridmap.cli.findings import refusal_told
from gridmap.errors import BadInput


class MatchOneWay(BadInput):
    """Files and tables were both named, or one end of either is missing."""


class SchedulerWithoutDask(BadInput):
    """A scheduler was named for an engine that has none."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.match_{about}"), **more)


@app.command("match", help=words("cli.match"), no_args_is_help=True)
def match(
    points: Annotated[Path | None, typer.Argument(metavar="POINTS", help=words("cli.match_points"))] = None,
    *,
    areas: Annotated[Path, _option("--areas", about="areas", metavar="FILE")],
    code: Annotated[str, _option("--code", about="code", metavar="COLUMN")],
    out: Annotated[Path | None, _option("--out", about="out", metavar="FILE")] = None,
    layer: Annotated[str | None, _option("--layer", about="layer", metavar="NAME")] = None,
    lon: Annotated[str | None, _option("--lon", about="lon", metavar="COLUMN")] = None,
    lat: Annotated[str | None, _option("--lat", about="lat", metavar="COLUMN")] = None,
    crs: Annotated[str | None, _option("--crs", about="crs", metavar="EPSG")] = None,
    areas_crs: Annotated[str | None, _option("--areas-crs", about="areas_crs", metavar="EPSG")] = None,
    datum: Annotated[str, _option("--datum", about="datum", metavar="DATUM")] = "wgs84",
    accuracy: Annotated[float, _option("--accuracy", about="accuracy", metavar="METRES", min=0)] = 10.0,
    snap: Annotated[float, _option("--snap", about="snap", metavar="METRES", min=0)] = 0.0,
    force: Annotated[bool, _option("--force", about="force")] = False,
    engine: Annotated[Literal["local", "dask"], _option("--engine", about="engine")] = "local",
    scheduler: Annotated[str | None, _option("--scheduler", about="scheduler", metavar="ADDRESS")] = None,
    from_table: Annotated[str | None, _option("--from-table", about="from_table", metavar="TABLE")] = None,
    to_table: Annotated[str | None, _option("--to-table", about="to_table", metavar="TABLE")] = None,
    key: Annotated[list[str] | None, _option("--key", about="key", metavar="COLUMN")] = None,
    database: Annotated[str | None, _option("--database", about="database", metavar="URL")] = None,
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.match_file import MatchOptions  # noqa: PLC0415 (`gridmap --help` does not wait for Arrow and GDAL)
    from gridmap.geometry.datums import read_datum  # noqa: PLC0415

    options = MatchOptions(
        code=code, layer=layer, areas_crs=areas_crs, lon=lon, lat=lat, crs=crs, datum=read_datum(datum),
        accuracy_m=accuracy, snap_m=snap, force=force,
    )  # fmt: skip
    table = from_table and to_table and (from_table, to_table, tuple(key or ()), database or settings().database_url)
    do = _chosen(points, out, table or None, scheduler, dask=engine == "dask")
    if bool(from_table) != bool(to_table) or (not from_table and (key or database)):
        raise MatchOneWay
    warm_up()
    with refusal_told(None, json=json):
        done = do(areas, options, watch=partial(progress, words("cli.match_progress")))
    notes = [note.text(LANG) for note in done.notes]
    counts = {str(how): rows for how, rows in done.by_how.items()}
    answer = {"out": str(done.out), "rows": done.rows, **counts, "lon_lat": done.columns, "notes": notes}
    tell(answer, "\n".join([words("cli.match_done", rows=done.rows, out=done.out, **counts), *notes]), json=json)


def _chosen(
    points: Path | None, out: Path | None, table: tuple[str, str, tuple[str, ...], str] | None, scheduler: str | None, *, dask: bool
) -> Any:
    """What to do with areas and options: of file to file, of parts to parts, or of table to table; MatchOneWay, SchedulerWithoutDask."""
    if scheduler and not dask:
        raise SchedulerWithoutDask
    if table and not (points or out or dask):
        return partial(_match_table, table)
    if table or not (points and out):
        raise MatchOneWay
    if dask:
        from gridmap.flows.match_spread import match_spread  # noqa: PLC0415 (as above)

        return lambda areas, options, watch: match_spread(points, areas, out, options, scheduler=scheduler, watch=watch)
    from gridmap.flows.match_file import match_file  # noqa: PLC0415 (as above)

    return lambda areas, options, watch: match_file(points, areas, out, options, watch=watch)


def _match_table(table: tuple[str, str, tuple[str, ...], str], areas: Path, options: Any, watch: Any) -> Any:
    from gridmap.flows.match_table import match_table  # noqa: PLC0415 (as above)
    from gridmap.store.point_tables import TableAsked  # noqa: PLC0415 (as above)

    source, target, key, url = table
    return match_table(TableAsked(url, source, target, key, options.force), areas, options, watch=watch)
