"""`gridmap print …`: assignment maps of villages, the atlas or wall map of a township, a worker's pocket sheet."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gridmap.cli.door import ActorName, JsonFlag, acting, app, now, progress, settings, tell, words
from gridmap.errors import BadInput

if TYPE_CHECKING:
    from gridmap.atlas.choices import Choices
    from gridmap.flows.print_sheets import Printed, Progress
    from gridmap.store import Store

print_app = typer.Typer(help=words("cli.print"), no_args_is_help=True)
app.add_typer(print_app, name="print")


PICTURES = frozenset({".png", ".jpg", ".jpeg", ".svg", ".gif", ".tif", ".tiff", ".webp"})


class PrintOutUnusable(BadInput):
    """Sheets are printed as PDF, into a file or a folder; facts: path."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.print_{about}"), **more)


PaperName = Literal["A5", "A4", "A3", "A2", "A1", "A0"]
Scale = Annotated[str, _option("--scale", about="scale", metavar="auto|N")]
PrintLang = Annotated[Literal["zh", "en", "both"], _option("--lang", about="lang")]
Variant = Annotated[Literal["internal", "public"], _option("--variant", about="variant")]
Out = Annotated[Path | None, _option("--out", about="out", metavar="FILE|FOLDER")]
Table = Annotated[Path | None, _option("--csv", about="csv", metavar="FILE")]
Shapes = Annotated[Path | None, _option("--gpkg", about="gpkg", metavar="FILE")]
Force = Annotated[bool, _option("--force", about="force")]
EditionNumber = Annotated[int | None, _option("--edition", about="edition", metavar="N", min=1, max=2**31 - 1)]
Since = Annotated[int | None, _option("--changed-since", about="changed_since", metavar="EDITION", min=1, max=2**31 - 1)]
Codes = Annotated[list[str], typer.Argument(metavar="CODE…", help=words("cli.print_village_codes"))]


@print_app.command("village", help=words("cli.print_village"), no_args_is_help=True)
def village(
    codes: Codes,
    *,
    paper: Annotated[PaperName, _option("--paper", about="paper")] = "A3",
    scale: Scale = "auto",
    lang: PrintLang = "zh",
    variant: Variant = "internal",
    edition: EditionNumber = None,
    changed_since: Since = None,
    out: Out = None,
    csv: Table = None,
    gpkg: Shapes = None,
    force: Force = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    chosen = _choices(paper, scale, lang, variant)
    _print("village", tuple(dict.fromkeys(codes)), chosen, (edition, changed_since), (out, csv, gpkg), force=force, actor=actor, json=json)


@print_app.command("township", help=words("cli.print_township"), no_args_is_help=True)
def township(
    code: Annotated[str, typer.Argument(metavar="CODE", help=words("cli.print_township_code"))],
    *,
    wall: Annotated[bool, _option("--wall", about="wall")] = False,
    paper: Annotated[PaperName | None, _option("--paper", about="paper_township")] = None,
    scale: Scale = "auto",
    lang: PrintLang = "zh",
    variant: Variant = "internal",
    edition: EditionNumber = None,
    changed_since: Since = None,
    out: Out = None,
    csv: Table = None,
    gpkg: Shapes = None,
    force: Force = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    chosen = _choices(paper or ("A0" if wall else "A3"), scale, lang, variant)
    _print("wall" if wall else "township", (code,), chosen, (edition, changed_since), (out, csv, gpkg), force=force, actor=actor, json=json)


@print_app.command("worker", help=words("cli.print_worker"), no_args_is_help=True)
def worker(
    id: Annotated[str, typer.Argument(metavar="ID", help=words("cli.print_worker_id"))],
    *,
    paper: Annotated[PaperName, _option("--paper", about="paper_worker")] = "A5",
    scale: Scale = "auto",
    lang: PrintLang = "zh",
    variant: Variant = "internal",
    edition: EditionNumber = None,
    changed_since: Since = None,
    out: Out = None,
    csv: Table = None,
    gpkg: Shapes = None,
    force: Force = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    chosen = _choices(paper, scale, lang, variant)
    _print("worker", (id,), chosen, (edition, changed_since), (out, csv, gpkg), force=force, actor=actor, json=json)


def _choices(paper: str, scale: str, lang: Literal["zh", "en", "both"], variant: str) -> "Choices":
    from gridmap.atlas.choices import Choices, read_scale  # noqa: PLC0415 (`gridmap --help` does not wait for shapes)
    from gridmap.atlas.paper import Paper  # noqa: PLC0415

    return Choices(Paper(paper), read_scale(scale), lang, variant == "public", settings().public_url, _printed_at())


def _printed_at() -> datetime:
    """What the sheets say that they were printed at: SOURCE_DATE_EPOCH where it is set, so that the same land gives the same file."""
    epoch = settings().source_date
    return now() if epoch is None else datetime.fromtimestamp(epoch, UTC).astimezone(settings().timezone)


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return Store.open(settings().database_url, make=False)


def _print(
    book: Literal["village", "township", "wall", "worker"],
    codes: tuple[str, ...],
    choices: "Choices",
    editions: tuple[int | None, int | None],
    files: tuple[Path | None, Path | None, Path | None],
    *,
    force: bool,
    actor: str,
    json: bool,
) -> None:
    from gridmap.flows.print_sheets import Book, Order, lay_out, write  # noqa: PLC0415
    from gridmap.tables.export import check_out  # noqa: PLC0415

    out, folder = _where(files[0], codes)
    for file in filter(None, (None if folder else out, *files[1:])):
        check_out(file, force=force)
    order = Order(Book(book), codes, choices, edition=editions[0], changed_since=editions[1])
    with _open() as store, progress(words("cli.print_progress")) as advance:
        parts = [0]

        def watch(done: "Progress") -> None:
            advance(done.parts - parts[0], done.of)
            parts[0] = done.parts

        printed = lay_out(store, order, now=now(), actor=acting(store, actor), fonts_folder=settings().fonts, watch=watch)
    written = write(printed, out, folder=folder, table=files[1], shapes=files[2])
    _tell(printed, written, json=json)


def _where(out: Path | None, codes: tuple[str, ...]) -> tuple[Path, bool]:
    """The file or folder to write to: what ends with .pdf is a file. PrintOutUnusable for a picture, which nobody means as a folder."""
    if out is None:
        return Path(f"{codes[0]}.pdf"), False
    if out.suffix.lower() in PICTURES and not out.is_dir():
        raise PrintOutUnusable(path=out)
    return out, out.suffix.lower() != ".pdf"


def _tell(printed: "Printed", written: tuple[Path, ...], *, json: bool) -> None:
    pages, choices = printed.pages, printed.made.choices
    callouts, vacant = sum(page.callouts for page in pages), sorted({code for page in pages for code in page.vacant})
    scales = sorted({page.scale for page in pages if page.scale})
    facts = {
        "files": [str(path) for path in written], "pages": len(pages), "cells": len({code for page in pages for code in page.squares}),
        "callouts": callouts, "vacant": vacant, "scales": scales, "edition": printed.edition, "qr": choices.url is not None,
    }  # fmt: skip
    lines = [words("cli.print_done", **facts | {"files": ", ".join(facts["files"])})]  # type: ignore[arg-type]
    lines += [words("cli.print_callouts", count=callouts)] if callouts else []
    lines += [words("cli.print_vacant", count=len(vacant), codes=", ".join(vacant[:5]))] if vacant else []
    lines += [] if choices.url else [words("cli.print_no_qr")]
    tell(facts, "\n".join(lines), json=json)
