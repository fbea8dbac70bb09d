"""`gridmap plan assign | border | split | merge | mend | give | post | lock | unlock | undo | redo | moves`: a draft moved by hand."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.audit import anchor_now
from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, local, now, plan_app, settings, tell, words
from gridmap.cli.findings import findings_json
from gridmap.errors import BadInput

if TYPE_CHECKING:
    from gridmap.flows.make_move import Move
    from gridmap.flows.move_cells import Made
    from gridmap.planning.border_line import Line
    from gridmap.store import Store


class LineUnreadable(BadInput):
    """A line is corners "lon,lat", two at least, with spaces between them; facts: line."""


class WorkerOrNobody(BadInput):
    """At a cell stands a worker, or nobody: one of the two is said; facts: none."""


def _about(what: str) -> Any:
    return words(f"cli.plan_move_{what}")


Draft = Annotated[str, typer.Argument(metavar="DRAFT", help=words("cli.plan_draft"))]
Cell = Annotated[str, typer.Argument(metavar="CELL", help=_about("cell"))]
VillageCode = Annotated[str, typer.Argument(metavar="VILLAGE", help=_about("village"))]
LineText = Annotated[str, typer.Option("--line", metavar="CORNERS", help=_about("line"))]
Revision = Annotated[str | None, typer.Option("--revision", metavar="REVISION", help=_about("revision"))]


def _command(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return plan_app.command(name, help=words(f"cli.plan_{name}"), no_args_is_help=True)


@_command("assign")
def assign(
    draft: Draft,
    cell: Cell,
    households: Annotated[list[str], typer.Argument(metavar="HOUSEHOLD...", help=_about("households"))],
    *,
    revision: Revision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.planning.moves import Assign  # noqa: PLC0415 (`gridmap --help` does not wait for shapely)

    _make(draft, Assign(tuple(households), cell), revision, actor, json=json)


@_command("border")
def border(
    draft: Draft, one: Cell, other: Cell, *, line: LineText, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False
) -> None:
    from gridmap.planning.moves import Border  # noqa: PLC0415

    _make(draft, Border((one, other), read_line(line)), revision, actor, json=json)


@_command("split")
def split(draft: Draft, cell: Cell, *, line: LineText, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.planning.moves import Split  # noqa: PLC0415

    _make(draft, Split(cell, read_line(line)), revision, actor, json=json)


@_command("merge")
def merge(
    draft: Draft,
    cells: Annotated[list[str], typer.Argument(metavar="CELL...", help=_about("cells"))],
    *,
    revision: Revision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.planning.moves import Merge  # noqa: PLC0415

    _make(draft, Merge(tuple(cells)), revision, actor, json=json)


@_command("mend")
def mend(draft: Draft, village: VillageCode, *, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.planning.mend import Mend  # noqa: PLC0415

    _make(draft, Mend(village), revision, actor, json=json)


@_command("give")
def give(
    draft: Draft,
    area: Annotated[str, typer.Argument(metavar="AREA", help=_about("area"))],
    to: Annotated[str, typer.Argument(metavar="TO", help=_about("to"))],
    *,
    revision: Revision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.planning.reparent import Reparent  # noqa: PLC0415

    _make(draft, Reparent(area, to), revision, actor, json=json)


@_command("post")
def post(
    draft: Draft,
    cell: Cell,
    worker: Annotated[str, typer.Argument(metavar="[WORKER]", help=_about("worker"))] = "",
    *,
    nobody: Annotated[bool, typer.Option("--nobody", help=_about("nobody"))] = False,
    revision: Revision = None,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.planning.posting import PostWorker  # noqa: PLC0415

    if bool(worker) is nobody:
        raise WorkerOrNobody
    _make(draft, PostWorker(cell, worker or None), revision, actor, json=json)


@_command("lock")
def lock(draft: Draft, cell: Cell, *, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.planning.locking import Lock  # noqa: PLC0415

    _make(draft, Lock(cell), revision, actor, json=json)


@_command("unlock")
def unlock(draft: Draft, cell: Cell, *, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.planning.locking import Lock  # noqa: PLC0415

    _make(draft, Lock(cell, locked=False), revision, actor, json=json)


@_command("undo")
def undo(draft: Draft, village: VillageCode, *, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.move_cells import undo as flow  # noqa: PLC0415

    _change(draft, lambda store, **how: flow(store, draft, village, **how), revision, actor, json=json)


@_command("redo")
def redo(draft: Draft, village: VillageCode, *, revision: Revision = None, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows.move_cells import redo as flow  # noqa: PLC0415

    _change(draft, lambda store, **how: flow(store, draft, village, **how), revision, actor, json=json)


@_command("moves")
def list_moves(draft: Draft, *, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.access import Action, allowed  # noqa: PLC0415
    from gridmap.flows.draft_revision import change_told  # noqa: PLC0415
    from gridmap.store import drafts, moves  # noqa: PLC0415

    with _open() as store, store.read(allowed(acting(store, actor), Action.DRAFT_READ)) as tx:
        drafts.need(tx, draft)
        rows, revision = moves.rows(tx, draft), moves.revision(tx, draft)
    lines = [
        words(
            "cli.plan_moves_line",
            number=row.number,
            at=local(row.at),
            what=row.kind.text(LANG),
            village=row.village or "-",
            actor=row.actor,
        )
        for row in reversed(rows)
    ]
    facts = {"draft": draft, "revision": revision, "moves": [change_told(row) for row in reversed(rows)]}
    tell(facts, "\n".join(lines) or words("cli.plan_moves_none", draft=draft), json=json)


def read_line(text: str) -> "Line":
    """The corners (lon, lat) of a line as it is typed. LineUnreadable."""
    try:
        corners = tuple((float(lon), float(lat)) for lon, lat in (corner.split(",") for corner in text.split()))
    except ValueError as fault:
        raise LineUnreadable(line=text) from fault
    if len(corners) < 2 or not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in corners):  # nan is neither
        raise LineUnreadable(line=text)
    return corners


def _make(draft: str, operation: "Move", revision: str | None, actor: str, *, json: bool) -> None:
    from gridmap.flows.make_move import make_move  # noqa: PLC0415

    _change(draft, lambda store, **how: make_move(store, draft, operation, **how), revision, actor, json=json)


def _change(draft: str, doing: "Callable[..., Made]", revision: str | None, actor: str, *, json: bool) -> None:
    """Make the change and say what it did: which areas are others now, and what is wrong in the village."""
    with _open() as store:
        made = doing(store, revision=revision, now=now(), actor=acting(store, actor))
        anchor_now(store)
    gone = sorted(code for code, area in made.changed.items() if area is None)
    changed = sorted(code for code, area in made.changed.items() if area is not None)
    facts = {"draft": draft, "kind": str(made.kind), "village": made.village, "revision": made.revision, "households": made.households}
    told = facts | {"kind": made.kind.text(LANG), "changed": ", ".join(changed) or "-", "gone": ", ".join(gone) or "-"}
    text = "\n".join(filter(None, [words("cli.plan_moved", **told), *(f"  {finding.text(LANG)}" for finding in made.findings)]))
    tell(facts | {"changed": changed, "gone": gone, "findings": findings_json(made.findings)}, text, json=json)


def _open() -> "Store":
    from gridmap.store import Store  # noqa: PLC0415

    return Store.open(settings().database_url, make=False)
