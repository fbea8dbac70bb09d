"""Cells that nobody answers for get a worker and a backup from the register."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.duty import Duty
from gridmap.errors import BadInput
from gridmap.grid import Level
from gridmap.roster import stand
from gridmap.store import Store, history, people


class WorkersNone(BadInput):
    """The register has no workers yet; facts: none."""


@dataclass(frozen=True, slots=True)
class Posted:
    """How many cells the edition in force has, how many of them got a worker now, and how many workers there are."""

    edition: int
    cells: int
    posted: int
    workers: int


def post_workers(store: Store, *, now: datetime, actor: Actor) -> Posted:
    """Post workers from now on at the cells in force where none stands; every post that is held stays as it is.

    Workers without a post come first, in the order of their ids, then the others; too few share the cells evenly. It is a start that a
    leader corrects: `gridmap import posts` brings what was decided. NoEditionInForce, WorkersNone.
    """
    with store.begin(allowed(actor, Action.REGISTER_CHANGE)) as tx:
        edition = store.edition_in_force(tx, now)
        workers = people.workers(tx)
        if not workers:
            raise WorkersNone
        held = people.posts(tx, at=now)
        staffed = {post.area for post in held if post.duty is Duty.WORKER}
        busy = {post.worker for post in held if post.duty is Duty.WORKER}
        vacant = [cell for cell in edition.at(Level.CELL) if cell.code not in staffed]
        by_need = sorted(workers, key=lambda worker: worker.id in busy)
        backed = {post.area for post in held if post.duty is Duty.BACKUP}
        posts = stand(vacant, by_need, since=now)
        people.put_posts(tx, [post for post in posts if post.duty is Duty.WORKER or post.area not in backed])
        history.record(tx, now, "post.staff", f"edition:{edition.number}", cells=len(vacant))
    return Posted(edition.number, len(edition.at(Level.CELL)), len(vacant), len(workers))
