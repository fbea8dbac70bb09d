"""`gridmap import areas`: boundaries into a draft."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, import_app, now, progress, settings, tell, words
from gridmap.cli.findings import findings_json, findings_text, refusal_told, save_report


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.import_{about}"), **more)


@import_app.command("areas", help=words("cli.import_areas"), no_args_is_help=True)
def import_areas(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.import_file"))],
    *,
    level: Annotated[Literal["township", "village", "cell"], _option("--level", about="level")],
    code: Annotated[str, _option("--code", about="code", metavar="COLUMN")],
    name: Annotated[str, _option("--name", about="name", metavar="COLUMN")],
    name_en: Annotated[str | None, _option("--name-en", about="name_en", metavar="COLUMN")] = None,
    parent: Annotated[str | None, _option("--parent", about="parent", metavar="COLUMN")] = None,
    draft: Annotated[str, _option("--draft", about="draft", metavar="NAME")] = "import",
    replace: Annotated[bool, _option("--replace", about="replace")] = False,
    crs: Annotated[str | None, _option("--crs", about="crs", metavar="EPSG")] = None,
    near: Annotated[str | None, _option("--near", about="near", metavar="LON,LAT")] = None,
    layer: Annotated[str | None, _option("--layer", about="layer", metavar="NAME")] = None,
    encoding: Annotated[str | None, _option("--encoding", about="encoding", metavar="NAME")] = None,
    tolerance: Annotated[float, _option("--tolerance", about="tolerance", metavar="METRES", min=0.01)] = 100.0,
    report: Annotated[Path | None, _option("--report", about="report", metavar="FILE")] = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    # `gridmap --help` does not wait for GDAL.
    from gridmap.boundaries.areas import STAGES, AreaColumns, AreaOptions  # noqa: PLC0415
    from gridmap.boundaries.place import read_near  # noqa: PLC0415
    from gridmap.boundaries.table import ReadOptions  # noqa: PLC0415
    from gridmap.flows import import_areas as flow  # noqa: PLC0415
    from gridmap.grid import Level  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    read = ReadOptions(layer, crs, read_near(near) if near else None, encoding)
    options = AreaOptions(Level(level), AreaColumns(code, name, name_en, parent), read, tolerance)
    watched = progress(words("cli.import_areas_progress"), STAGES)
    with Store.open(settings().database_url) as store, refusal_told(report, json=json, source=file), watched as advance:
        done = flow.import_areas(store, file, options, now=now(), actor=acting(store, actor), draft=draft, replace=replace, advance=advance)
    save_report(report, done.findings)
    counts = {"areas": done.areas, "added": done.added, "changed": done.changed, "same": done.same, "removed": done.removed}
    facts = {"draft": draft, "level": level, **counts, "crs": done.crs}
    text = words("cli.import_areas_done", file=file, **facts | {"level": words(f"level.{level}")})
    lines = [text, findings_text(done.findings, report=report), words(f"cli.import_areas_next.{level}", draft=draft)]
    tell({"refused": False, **facts, "findings": findings_json(done.findings)}, "\n".join(filter(None, lines)), json=json)
