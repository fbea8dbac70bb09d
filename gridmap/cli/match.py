"""`gridmap match`: any file of points to any file of areas."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli.door import LANG, JsonFlag, app, progress, tell, warm_up, words
from gridmap.cli.findings import refusal_told


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.match_{about}"), **more)


@app.command("match", help=words("cli.match"), no_args_is_help=True)
def match(
    points: Annotated[Path, typer.Argument(metavar="POINTS", help=words("cli.match_points"))],
    areas: Annotated[Path, _option("--areas", about="areas", metavar="FILE")],
    code: Annotated[str, _option("--code", about="code", metavar="COLUMN")],
    out: Annotated[Path, _option("--out", about="out", metavar="FILE")],
    *,
    layer: Annotated[str | None, _option("--layer", about="layer", metavar="NAME")] = None,
    lon: Annotated[str | None, _option("--lon", about="lon", metavar="COLUMN")] = None,
    lat: Annotated[str | None, _option("--lat", about="lat", metavar="COLUMN")] = None,
    crs: Annotated[str | None, _option("--crs", about="crs", metavar="EPSG")] = None,
    areas_crs: Annotated[str | None, _option("--areas-crs", about="areas_crs", metavar="EPSG")] = None,
    datum: Annotated[str, _option("--datum", about="datum", metavar="DATUM")] = "wgs84",
    accuracy: Annotated[float, _option("--accuracy", about="accuracy", metavar="METRES", min=0)] = 10.0,
    snap: Annotated[float, _option("--snap", about="snap", metavar="METRES", min=0)] = 0.0,
    force: Annotated[bool, _option("--force", about="force")] = False,
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.match_file import MatchOptions, match_file  # noqa: PLC0415 (`gridmap --help` does not wait for Arrow and GDAL)
    from gridmap.geometry.datums import read_datum  # noqa: PLC0415

    options = MatchOptions(
        code=code, layer=layer, areas_crs=areas_crs, lon=lon, lat=lat, crs=crs, datum=read_datum(datum),
        accuracy_m=accuracy, snap_m=snap, force=force,
    )  # fmt: skip
    warm_up()
    with refusal_told(None, json=json):
        done = match_file(points, areas, out, options, watch=partial(progress, words("cli.match_progress")))
    notes = [note.text(LANG) for note in done.notes]
    counts = {str(how): rows for how, rows in done.by_how.items()}
    answer = {"out": str(done.out), "rows": done.rows, **counts, "lon_lat": done.columns, "notes": notes}
    tell(answer, "\n".join([words("cli.match_done", rows=done.rows, out=done.out, **counts), *notes]), json=json)
