"""Moves in a draft: made on a revision, taken back, made again; what was done by whom."""

from typing import Annotated, Any, Literal

from fastapi import Body, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, doing
from api.drafting import made_told
from api.errors import RevisionMissing
from api.routes.drafts import Draft, router, tagged
from gridmap.access import Action
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.draft_revision import change_told
from gridmap.flows.make_move import Move
from gridmap.flows.make_move import make_move as make
from gridmap.flows.move_cells import Made, redo, undo
from gridmap.planning import moves as planned
from gridmap.planning.locking import Lock
from gridmap.planning.mend import Mend
from gridmap.planning.posting import PostWorker
from gridmap.planning.reparent import Reparent
from gridmap.planning.targets import Targets
from gridmap.store import drafts, moves

MOST_HOUSEHOLDS, MOST_CORNERS, MOST_CELLS = 3000, 1000, 50
TAG = r'^(\*|"[0-9]{1,9}(-[0-9a-f]{8})?")$'
Changer = Annotated[Asker, doing(Action.DRAFT_CHANGE)]
IfMatch = Annotated[
    str | None, Header(pattern=TAG, description="The ETag of the village that the move was decided on; `*`: whatever is there.")
]
Code = Annotated[str, Field(min_length=1, max_length=50)]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Line = Annotated[list[tuple[Lon, Lat]], Field(min_length=2, max_length=MOST_CORNERS, description="Corners (lon, lat).")]


class DraftRevisionMissing(RevisionMissing):
    """A move is made on a draft that was looked at: at which revision?; facts: none."""


class _Move(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Assigning(_Move):
    """Households go to another cell of their village, with the ground that is nearest to them."""

    move: Literal["assign"]
    households: Annotated[list[Code], Field(min_length=1, max_length=MOST_HOUSEHOLDS, description="Ids of household points.")]
    to: Code

    def operation(self) -> Move:
        return planned.Assign(tuple(self.households), self.to)


class Dragging(_Move):
    """The border of two cells runs along the line: it begins and ends upon their border, and stays within the two."""

    move: Literal["border"]
    cells: tuple[Code, Code]
    line: Line

    def operation(self) -> Move:
        return planned.Border(self.cells, tuple(self.line))


class Splitting(_Move):
    """A cell is divided in two by the line; the part with more households keeps the code."""

    move: Literal["split"]
    cell: Code
    line: Line

    def operation(self) -> Move:
        return planned.Split(self.cell, tuple(self.line))


class Merging(_Move):
    """Cells beside each other become one, under the code of the one with most households."""

    move: Literal["merge"]
    cells: Annotated[list[Code], Field(min_length=2, max_length=MOST_CELLS)]

    def operation(self) -> Move:
        return planned.Merge(tuple(self.cells))


class Mending(_Move):
    """The cells of a village, drawn by hand, become a tiling of it: what several claim or nobody does goes to one cell each."""

    move: Literal["mend"]
    village: Code

    def operation(self) -> Move:
        return Mend(self.village)


class Giving(_Move):
    """An area goes to another parent beside it: a cell to another village of its township, a village to another township. A cell whose code
    begins with its village's gets a code there, and whoever stands at it goes along."""

    move: Literal["parent"]
    area: Code
    to: Code

    def operation(self) -> Move:
        return Reparent(self.area, self.to)


class Posting(_Move):
    """A worker of the register (null: nobody) is to stand at a cell once the draft is in force."""

    move: Literal["post"]
    cell: Code
    worker: Code | None

    def operation(self) -> Move:
        return PostWorker(self.cell, self.worker)


class Locking(_Move):
    """A cell stays as it is, whatever is done around it; or may be changed again."""

    move: Literal["lock", "unlock"]
    cell: Code

    def operation(self) -> Move:
        return Lock(self.cell, locked=self.move == "lock")


Moving = Annotated[Assigning | Dragging | Splitting | Merging | Mending | Giving | Posting | Locking, Body(discriminator="move")]


def read_revision(if_match: str | None) -> str | None:
    """The revision of an If-Match; None for `*`. DraftRevisionMissing."""
    if not if_match:
        raise DraftRevisionMissing
    return None if if_match == "*" else if_match.strip('"')


def _answer(made: Made, asked: Asker) -> JSONResponse:
    return JSONResponse(made_told(made, asked), headers=tagged(made.revision))


@router.get("/{draft}/moves")
def list_moves(asked: Annotated[Asker, doing(Action.DRAFT_READ)], draft: Draft) -> dict[str, Any]:
    """What was done to the draft, the last first: who, when, in which cells."""
    with asked.store.read(asked.scope) as tx:
        drafts.need(tx, draft)
        rows, revision = moves.rows(tx, draft), moves.revision(tx, draft)
    return {"draft": draft, "revision": revision, "moves": [change_told(row) for row in reversed(rows)]}


@router.post("/{draft}/moves", response_class=JSONResponse)
def make_move(asked: Changer, draft: Draft, moving: Moving, if_match: IfMatch = None) -> JSONResponse:
    """Make a move, and tell at once what is wrong after it. The cells stay a whole tiling, or nothing changes.

    412 where the draft was changed meanwhile: with its `revision` now, whose `changes` came between in which cells, and in `again` whether
    they were other cells than this move's, so that it may be sent once more on the new revision. 409 and 422 tell where it cannot be drawn.
    """
    return _answer(make(asked.store, draft, moving.operation(), revision=read_revision(if_match), now=asked.now, actor=asked.actor), asked)


class Stepping(_Move):
    """In which village."""

    village: Code


@router.post("/{draft}/undo", response_class=JSONResponse)
def undo_move(asked: Changer, draft: Draft, stepping: Stepping, if_match: IfMatch = None) -> JSONResponse:
    """Take back the last move that stands in a village, whoever made it."""
    made = undo(asked.store, draft, stepping.village, revision=read_revision(if_match), now=asked.now, actor=asked.actor)
    return _answer(made, asked)


@router.post("/{draft}/redo", response_class=JSONResponse)
def redo_move(asked: Changer, draft: Draft, stepping: Stepping, if_match: IfMatch = None) -> JSONResponse:
    """Make again what was taken back last in a village."""
    made = redo(asked.store, draft, stepping.village, revision=read_revision(if_match), now=asked.now, actor=asked.actor)
    return _answer(made, asked)


class Cutting(_Move):
    """One village, and how it is cut."""

    village: Code
    low: Annotated[int, Field(ge=1, le=10000)] = 50
    high: Annotated[int, Field(ge=1, le=10000)] = 80
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    town: Annotated[
        int | None, Field(ge=0, le=10000, description="Households of a cell to aim at where a residents' committee governs.")
    ] = None
    rural: Annotated[int | None, Field(ge=0, le=10000, description="The same where a villagers' committee does.")] = None
    keep: Annotated[list[Code], Field(max_length=MOST_CELLS, description="Cells that stay as they are.")] = []


@router.post("/{draft}/cut", response_class=JSONResponse)
def cut_village(asked: Changer, draft: Draft, cutting: Cutting, if_match: IfMatch = None) -> JSONResponse:
    """Cut one village of the draft anew; it is taken back like a move."""
    county = Targets(asked.settings.target_town, asked.settings.target_rural)
    targets, more = county.but(cutting.town, cutting.rural), cutting.model_dump(exclude={"village", "town", "rural"})
    more |= {"targets": targets, "revision": read_revision(if_match)}
    cut = cut_draft(asked.store, draft=draft, villages=[cutting.village], **more, now=asked.now, actor=asked.actor)
    with asked.store.read(asked.scope) as tx:
        revision = moves.revision(tx, draft)
    told = [
        {"code": one.code, "households": one.households, "lon": one.lon, "lat": one.lat, "text": one.reason.text(asked.lang)}
        for one in cut.exceptions
    ]
    facts = {"draft": draft, "revision": revision, "village": cutting.village, "cells": len(cut.cells), "exceptions": told}
    return JSONResponse(facts, headers=tagged(revision))
