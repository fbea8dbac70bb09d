"""A draft or an edition as files hold it: its areas, who works where, and whose cell each household is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.duty import Duty, Post
from gridmap.flows.draft_standing import posts_planned
from gridmap.grid import Area, Households, Level
from gridmap.grid.counts import with_households
from gridmap.grid.crosswalk import owners_of
from gridmap.store import Store, drafts, land, people

HOUSEHOLDS = ("household", "households", "cell", "village")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Division:
    """Areas of every level, in degrees (lon, lat); the worker of each cell that has one, by its code; the household points of cells
    that the actor may know the households of, with the position of each one's cell in `cells`. `left_out` cells are others'."""

    areas: tuple[Area, ...]
    workers: Mapping[str, str]
    households: Households
    owner: Sequence[int]
    left_out: int

    @property
    def cells(self) -> list[Area]:
        return self.at(Level.CELL)

    def at(self, level: Level) -> list[Area]:
        return [area for area in self.areas if area.level is level]

    def assignments(self) -> list[dict[str, str | int | None]]:
        """A row of HOUSEHOLDS for each household point."""
        cells, given = self.cells, self.households
        rows = zip(given.ids.tolist(), given.counts.tolist(), (cells[place] for place in self.owner), strict=True)
        return [dict(zip(HOUSEHOLDS, (id, count, cell.code, cell.parent), strict=True)) for id, count, cell in rows]


def export_draft(store: Store, draft: str, *, now: datetime, actor: Actor) -> Division:
    """The draft as it is now, with the workers that it would have. DraftMissing."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        areas = drafts.areas(tx, draft)
        posts = posts_planned(tx, draft, people.posts(tx, at=now), now)
    return _division(store, areas, posts, allowed(actor, Action.HOUSEHOLD_READ))


def export_edition(store: Store, number: int | None, *, now: datetime, actor: Actor) -> tuple[int, Division]:
    """The edition of this number, or the one in force, with the workers of now. EditionMissing, NoEditionInForce."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        edition = store.edition_in_force(tx, now) if number is None else store.edition(tx, number)
        posts = people.posts(tx, at=now)
    return edition.number, _division(store, edition.areas, posts, allowed(actor, Action.HOUSEHOLD_READ))


def _division(store: Store, areas: tuple[Area, ...], posts: Sequence[Post], scope: Scope) -> Division:
    with store.read(scope) as tx:
        given = land.households(tx)
    cells = [area for area in areas if area.level is Level.CELL]
    above = {area.code: area.parent for area in areas}
    mine = np.array([scope.covers((cell.code, cell.parent, above.get(cell.parent or ""))) for cell in cells], dtype=bool)
    owner = owners_of(cells, given.lon, given.lat) if cells else np.full(len(given.ids), -1)
    told = (owner >= 0) & np.append(mine, False)[owner]  # -1 is the last one, which is nobody's
    return Division(
        areas=with_households(areas, given) if scope.everywhere else areas,  # a draft that came from a file has no counts
        workers=_workers(posts),
        households=Households(given.ids[told], given.lon[told], given.lat[told], given.counts[told]),
        owner=owner[told].tolist(),
        left_out=int((~mine).sum()),
    )


def _workers(posts: Sequence[Post]) -> dict[str, str]:
    """Who has stood there longest, where there are several."""
    latest_first = sorted(posts, key=lambda post: (post.since, post.worker), reverse=True)
    return {post.area: post.worker for post in latest_first if post.duty is Duty.WORKER}
