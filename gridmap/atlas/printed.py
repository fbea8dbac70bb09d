"""What was printed, as rows: for a spreadsheet, and with shapes for a GIS. Nothing is in it that is not on the sheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.subject import Plot, Subject
from gridmap.geometry.crs import LONLAT

COLUMNS = ("code", "name", "village", "worker", "phone", "backup", "backup_phone", "households", "edition", "sheet", "square")
PRIVATE = frozenset({"phone", "backup", "backup_phone", "households"})


def columns_of(choices: Choices) -> tuple[str, ...]:
    """The columns of what was printed; the public variant has none about a person but the worker's name."""
    return tuple(name for name in COLUMNS if not (choices.public and name in PRIVATE))


def printed_rows(subject: Subject, pages: Sequence[Page], choices: Choices) -> Iterator[dict[str, Any]]:
    """A row for each cell that stands on a map sheet, by sheet and code."""
    plots = {plot.code: plot for plot in subject.plots}
    edition = subject.stamp.number if subject.stamp else None
    for page in pages:
        for code in sorted(page.squares):
            row = {**_about(plots[code], choices), "edition": edition, "sheet": page.sheet, "square": page.squares[code]}
            yield {name: row[name] for name in columns_of(choices)}


def _about(plot: Plot, choices: Choices) -> dict[str, Any]:
    worker, backup = plot.worker, plot.backup
    return {
        "code": plot.code, "name": plot.name_in(choices.main), "village": plot.village,
        "worker": worker.name_in(choices.main) if worker else "", "phone": worker.phone if worker else "",
        "backup": backup.name_in(choices.main) if backup else "", "backup_phone": backup.phone if backup else "",
        "households": plot.households,
    }  # fmt: skip


def write_printed(subject: Subject, pages: Sequence[Page], choices: Choices, out: Path) -> None:
    """The rows with their true borders (EPSG:4326) as the layer `cells` of a GeoPackage."""
    import geopandas  # noqa: PLC0415 (only this waits for it)

    rows = list(printed_rows(subject, pages, choices))
    shapes = {plot.code: plot.shape for plot in subject.plots}
    frame = geopandas.GeoDataFrame(rows, columns=columns_of(choices), geometry=[shapes[row["code"]] for row in rows], crs=LONLAT)
    named = out.with_name(f"{out.name}.gpkg")  # GDAL warns of any other ending
    frame.to_file(named, layer="cells", driver="GPKG")
    named.replace(out)
