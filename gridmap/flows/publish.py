"""A draft becomes the next edition: judged by the gate, counted, recorded and dropped in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed, may
from gridmap.atlas.as_printed import find_misprinted
from gridmap.errors import Conflict, InstantPast, PublishRefused
from gridmap.flows.approve_draft import check_second, needs_second, out_of_band
from gridmap.flows.draft_locks import locks_broken, locks_of
from gridmap.flows.draft_revision import need_revision
from gridmap.flows.draft_standing import posts_planned
from gridmap.flows.draft_village import NOBODY
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.flows.rehearse import at_stake
from gridmap.flows.staffing import MOST_HOUSEHOLDS, staffing
from gridmap.grid import Area, Edition, Finding, Households, Level, Severity
from gridmap.grid.checks import Candidate, check
from gridmap.grid.counts import with_households
from gridmap.planning.across import find_across
from gridmap.planning.parents import fit_parents
from gridmap.planning.uncounted import find_uncounted
from gridmap.store import Store, Tx, drafts, editions, history, land, people

BEFORE_IT_BEGAN = timedelta(microseconds=1)
"""How long a post still lasts that began with the edition: no table lets it end before it begins."""


class EditionBeforeNone(Conflict):
    """There is no edition before the newest one to go back to; facts: editions."""


def publish(
    store: Store,
    draft: str,
    *,
    at: datetime | None = None,
    now: datetime,
    actor: Actor,
    note: str = "",
    supersede: bool = False,
    revision: str | None = None,
    people: int = 1,
) -> Edition:
    """The edition that the draft became, in force from `at` (without it, from now); the draft is gone.

    Areas whose households nobody counted yet get the number of households in them; villages and townships get the corners that those in
    them have upon their borders. InstantPast, DraftMissing, or PublishRefused,
    which carries every finding of the gate; whatever is refused changes nothing. A draft that began before the newest edition would
    undo what that one changed: it is refused, unless it is to `supersede` it. Workers whom the draft set
    at cells stand there from then on. With a `revision` no other one is published: DraftMoved.
    Where two `people` are asked for, another must have approved it as it is, once there are accounts: SecondPublisherNeeded.
    """
    if at is not None and at < now:
        raise InstantPast(at=at.isoformat(), now=now.isoformat())
    scope = allowed(actor, Action.DRAFT_PUBLISH)
    second = needs_second(store, people)
    with store.read(scope) as tx:
        judged = _candidate(store, tx, draft)
    # The rules take seconds on a large county: nobody waits for them, and they are asked again only if something changed meanwhile.
    findings, areas = _judged(judged)
    with store.begin(scope) as tx:
        drafts.hold(tx)
        need_revision(tx, draft, revision)
        if second:
            check_second(tx, draft, actor)
        candidate = _candidate(store, tx, draft)
        if candidate != judged:
            findings, areas = _judged(candidate)
        findings = (*locks_broken(locks_of(tx, draft).values(), candidate.areas), *findings)
        _refuse(draft, findings if supersede else (*_late(tx, draft), *findings))
        counted = with_households(areas, land.households(tx))
        edition = editions.add(tx, counted, in_force_from=at or now, recorded_at=now, note=note, actor=actor.name)
        posted = _post(tx, draft, edition)
        drafts.drop(tx, draft)
        facts = {"draft": draft, "note": note, "supersede": supersede, "posts": posted, "exceptions": out_of_band(counted)}
        history.record(tx, now, "edition.publish", f"edition:{edition.number}", **facts)
    return edition


def _judged(candidate: Candidate) -> tuple[tuple[Finding, ...], tuple[Area, ...]]:
    """What the gate says, and the areas as they would be published: parents as the unions of what they have."""
    findings = check(candidate.areas, retired=candidate.retired)
    refused = any(finding.severity is Severity.ERROR for finding in findings)
    return findings, tuple(candidate.areas) if refused else fit_parents(candidate.areas)


def _post(tx: Tx, draft: str, edition: Edition) -> int:
    """Whom the draft set at cells stands there from when the edition is in force, and whoever stood there no longer. How many begin."""
    since = edition.in_force_from
    held = people.posts(tx, at=since)
    planned = posts_planned(tx, draft, held, since)
    begun = [post for post in planned if post not in held and post.area in edition.by_code]
    ended = [post for post in held if post not in planned]
    people.put_posts(tx, [replace(post, until=max(since, post.since + BEFORE_IT_BEGAN)) for post in ended])
    people.put_posts(tx, begun)
    return len(begun)


def roll_back(store: Store, *, at: datetime | None = None, now: datetime, actor: Actor, note: str = "") -> Edition:
    """The land of the edition before the newest one again, as the next edition, in force from `at` (without it, from now): nothing that
    was published goes away, and codes that the newest one retired are the same cells' again. InstantPast, EditionBeforeNone.
    """
    scope = allowed(actor, Action.DRAFT_PUBLISH)
    if at is not None and at < now:
        raise InstantPast(at=at.isoformat(), now=now.isoformat())
    with store.begin(scope) as tx:
        drafts.hold(tx)
        heads = editions.heads(tx)
        if len(heads) < 2:
            raise EditionBeforeNone(editions=len(heads))
        newest, before = heads[0].number, heads[1].number
        areas = store.edition(tx, before).areas
        edition = editions.add(tx, areas, in_force_from=at or now, recorded_at=now, note=note, actor=actor.name)
        facts = {"instead_of": newest, "as_in": before, "note": note}
        history.record(tx, now, "edition.roll_back", f"edition:{edition.number}", **facts)
    return edition


def check_draft(
    store: Store, draft: str, *, actor: Actor, at: datetime | None = None, policy: str | None = None, most: int = MOST_HOUSEHOLDS
) -> tuple[Finding, ...]:
    """What publishing this draft would be refused for and told, errors first; with an instant also who would stand where, and who for more
    than the `most` households (0: nobody); with a `policy` (of `settings.rehome`) also which open incidents would change hands.
    DraftMissing."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        candidate = _candidate(store, tx, draft)
        late = (*_late(tx, draft), *locks_broken(locks_of(tx, draft).values(), candidate.areas))
        posts = posts_planned(tx, draft, people.posts(tx, at=at), at) if at else ()
        barriers, bridges = ([shape for _, shape in land.shapes(tx, kind)] for kind in ("barrier", "bridge"))
    cells, known = candidate.at(Level.CELL), _known_households(store, actor)
    lived_in = (
        *find_across(cells, known, barriers, bridges),
        *find_uncounted(candidate.at(Level.VILLAGE), cells, known),
        *find_misprinted(cells, known),
    )
    judged = (*late, *check(candidate.areas, retired=candidate.retired), *lived_in, *staffing(candidate.areas, posts, most))
    if not (at and policy) or any(finding.severity is Severity.ERROR for finding in judged):
        return judged
    return (*judged, *at_stake(store, draft, candidate.areas, policy=policy, now=at, actor=actor))


def _known_households(store: Store, actor: Actor) -> Households:
    """All households for whoever may know them everywhere, else none."""
    scope = allowed(actor, Action.HOUSEHOLD_READ) if may(actor, Action.HOUSEHOLD_READ) else None
    if scope is None or not scope.everywhere:
        return NOBODY
    with store.read(scope) as tx:
        return land.households(tx)


def drop_draft(store: Store, draft: str, *, now: datetime, actor: Actor) -> None:
    """Throw the draft away, or DraftMissing. Only whoever may change all of its areas may."""
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.begin(scope) as tx:
        need_jurisdiction(scope, drafts.areas(tx, draft))
        drafts.drop(tx, draft)
        history.record(tx, now, "draft.drop", f"draft:{draft}")


def retired_codes(store: Store, tx: Tx) -> frozenset[str]:
    """The cell codes that some edition had and the newest has not: never to be used again."""
    newest = editions.heads(tx)[:1]
    used = {cell.code for head in newest for cell in store.edition(tx, head.number).at(Level.CELL)}
    return editions.codes_ever(tx, Level.CELL) - used


def _candidate(store: Store, tx: Tx, draft: str) -> Candidate:
    areas = drafts.areas(tx, draft)
    return Candidate(areas, retired_codes(store, tx) & {area.code for area in areas})


def _late(tx: Tx, draft: str) -> list[Finding]:
    """Whether the draft began before the newest edition."""
    base = next(head.base for head in drafts.heads(tx) if head.name == draft)
    newest = max((head.number for head in editions.heads(tx)), default=None)
    if newest in (None, base):
        return []
    code = "base_none" if base is None else "base_outdated"
    return [Finding(code, Severity.ERROR, facts={"base": base, "newest": newest})]


def _refuse(draft: str, findings: tuple[Finding, ...]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise PublishRefused(findings, draft=draft, count=len(errors), first=errors[0])
