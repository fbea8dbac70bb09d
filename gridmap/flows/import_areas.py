"""Areas of one level from a file come into a draft: all of them, or none and every reason."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gridmap.access import Action, Actor, Forbidden, Scope, allowed
from gridmap.boundaries.areas import AreaOptions, read_areas
from gridmap.errors import DraftMissing, ImportRefused, NoEditionInForce
from gridmap.grid import Area, Finding, Level
from gridmap.store import Store, Tx, drafts, history


class AreaForeign(Forbidden):
    """An area lies outside the actor's jurisdiction; facts: action, code."""


@dataclass(frozen=True, slots=True)
class AreaImport:
    """What came into the draft, and what was found on the way (no errors, or there would be none of this)."""

    draft: str
    level: Level
    areas: int
    added: int
    changed: int
    same: int
    removed: int
    crs: str
    findings: tuple[Finding, ...]


def import_areas(
    store: Store,
    path: str | Path,
    options: AreaOptions,
    *,
    now: datetime,
    actor: Actor,
    draft: str = "import",
    replace: bool = False,
    advance: Callable[[], object] = lambda: None,
) -> AreaImport:
    """Put the file's areas into the draft: new codes are added, known ones change; with `replace` the level's other areas go.

    ImportRefused carries every finding if any is an error, and nothing changes. The file is read and compared before
    the write begins, so that nobody waits for it; what others did to the draft meanwhile is judged again when it is published.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        before = known_areas(store, tx, draft, now)
    known = [area for area in before if not (replace and area.level is options.level)]
    found = read_areas(path, options, known=known, advance=advance)
    if found.errors:
        raise ImportRefused(found.findings, path=path, count=len(found.errors), first=found.errors[0])
    gone = [area for area in before if replace and area.level is options.level]
    need_jurisdiction(scope, (*found.areas, *gone))
    with store.begin(scope) as tx:
        drafts.put(tx, draft, found.areas, at=now, replace_level=options.level if replace else None)
        history.record(tx, now, "draft.import", f"draft:{draft}", level=str(options.level), areas=len(found.areas), replace=replace)
    old = {area.code: area for area in before if area.level is options.level}
    new = {area.code: area for area in found.areas}
    # A file has no counts of households; publishing fills them again.
    changed = sum(dataclasses.replace(old[code], households=None) != new[code] for code in new.keys() & old.keys())
    return AreaImport(
        draft=draft,
        level=options.level,
        areas=len(new),
        added=len(new.keys() - old.keys()),
        changed=changed,
        same=len(new.keys() & old.keys()) - changed,
        removed=len(old.keys() - new.keys()) if replace else 0,
        crs=found.crs,
        findings=found.findings,
    )


def need_jurisdiction(scope: Scope, areas: Iterable[Area]) -> None:
    """AreaForeign for the first of the areas that does not lie in the scope's jurisdiction: by its own code or its parents'."""
    if scope.everywhere:
        return
    listed = list(areas)
    parents = {area.code: area.parent for area in listed}
    for area in listed:
        if not scope.covers((area.code, area.parent, parents.get(area.parent or ""))):
            raise AreaForeign(action=str(scope.action), code=area.code)


def known_areas(store: Store, tx: Tx, draft: str, now: datetime) -> tuple[Area, ...]:
    """The draft's areas; where there is no such draft yet, those that it would start from."""
    try:
        return drafts.areas(tx, draft)
    except DraftMissing:
        pass
    try:
        return store.edition_in_force(tx, now).areas
    except NoEditionInForce:
        return ()
