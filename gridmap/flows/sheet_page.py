"""What the code on a printed sheet leads to: the village now, whether the sheet still tells the truth, where to report."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.atlas.changes import outdated
from gridmap.atlas.of_edition import Staffing, subject_of_edition
from gridmap.atlas.subject import Place, Subject
from gridmap.errors import AreaMissing
from gridmap.grid import Edition, Level
from gridmap.roster import Roster
from gridmap.store import Store, offices


@dataclass(frozen=True, slots=True)
class SheetPage:
    """`edition` is the one in force; `printed` the sheet's, None where it names none; `current` whether its cells are still the same."""

    village: Place
    township: Place | None
    edition: int
    in_force_from: datetime
    printed: int | None
    current: bool


def sheet_page(store: Store, code: str, *, edition: int | None, actor: Actor, now: datetime) -> SheetPage:
    """The page of a village (or of a township, for its atlas). Nothing about a person is told. AreaMissing, EditionMissing."""
    with store.read(allowed(actor, Action.REPORT_SEND)) as tx:
        present = store.edition_in_force(tx, now)
        before = store.edition(tx, edition) if edition is not None else present
        centres = offices.all_(tx)
    staffing = Staffing(Roster(()), {}, centres, now)
    area = present.by_code.get(code)
    if area is None or area.level is Level.CELL:
        raise AreaMissing(code=code, edition=present.number)
    subject = _subject(present, staffing, now)
    place = subject.village_of.get(code) or subject.township_of[code]
    changed = frozenset() if before.number == present.number else outdated(subject, _subject(before, staffing, now))
    own = {code} | {village.code for village in subject.villages_in(code)}
    since = present.in_force_from.astimezone(now.tzinfo)
    known = code in before.by_code
    return SheetPage(place, subject.township_of.get(place.parent), present.number, since, edition, known and not own & changed)


def _subject(edition: Edition, staffing: Staffing, now: datetime) -> Subject:
    return subject_of_edition(edition, staffing, zone=now.tzinfo or edition.in_force_from.tzinfo)  # type: ignore[arg-type]
