"""Two people make an edition: one approves the draft as it is, another publishes exactly that."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from gridmap.access import Action, Actor, allowed, hands
from gridmap.errors import Conflict
from gridmap.flows.act import open_to_all
from gridmap.flows.draft_revision import need_revision
from gridmap.grid import Area
from gridmap.grid.checks import Candidate, cells_are_of_the_right_size
from gridmap.planning.kinds import MoveKind
from gridmap.store import Store, Tx, drafts, history, moves
from gridmap.store.moves import MoveRow


class SecondPublisherNeeded(Conflict):
    """Nobody else approved the draft as it is now; facts: draft."""


class Approved(NamedTuple):
    """The draft's new revision, and the cells out of the band that were signed for, with their households."""

    revision: str
    exceptions: Mapping[str, int]


def approve_draft(store: Store, draft: str, *, revision: str | None, now: datetime, actor: Actor) -> Approved:
    """Approve the draft as it is at this revision (None: as it is), its cells out of the band by their codes; whatever changes in it
    afterwards is not approved. DraftMissing, DraftMoved."""
    with store.begin(allowed(actor, Action.DRAFT_PUBLISH)) as tx:
        drafts.hold(tx)
        drafts.need(tx, draft)
        need_revision(tx, draft, revision)
        made = moves.append(tx, draft, MoveKind.APPROVE, at=now, areas=())
        exceptions = out_of_band(drafts.areas(tx, draft))
        history.record(tx, now, "draft.approve", f"draft:{draft}", revision=made, exceptions=exceptions)
    return Approved(made, exceptions)


def out_of_band(areas: Iterable[Area]) -> dict[str, int]:
    """The cells that the band is meant for and that are out of it, with their households: whoever approves or publishes signs for them."""
    found = cells_are_of_the_right_size(Candidate(tuple(areas), frozenset()))
    return {finding.area: int(finding.facts["households"]) for finding in found if finding.code == "cell_households"}


def approval(tx: Tx, draft: str) -> MoveRow | None:
    """Who approved the draft as it is now; None where nobody did, or where it changed since."""
    last = moves.rows(tx, draft)[-1:]
    return last[0] if last and last[0].kind is MoveKind.APPROVE else None


def needs_second(store: Store, people: int) -> bool:
    """Whether it takes a second person: nobody is told from anybody before the first account."""
    return people > 1 and not open_to_all(store)


def check_second(tx: Tx, draft: str, actor: Actor) -> None:
    """SecondPublisherNeeded where nobody but those whose hands the actor's are approved the draft as it is."""
    found = approval(tx, draft)
    if found is None or hands(found.actor) & hands(actor.name):
        raise SecondPublisherNeeded(draft=draft)
