"""Is the history what it was? The chain from its first row to its head, held against every anchor, and tables held against the history."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.account import Account, GrantRow
from gridmap.flows.audit import PAGE, AnchorFileUnusable, Pages
from gridmap.store import Store, recorded
from gridmap.store.anchors import WITNESS, Anchors, LineFault, read_public_key
from gridmap.store.chain import Chain, ChainRow, Wrong, short_code
from gridmap.store.recorded import Holdings, Stood
from gridmap.words import Lang, Sentence

MOST_TOLD = 20  # of each kind: whoever has hundreds needs the first ones
ENTRIES = ("account.", "grant.", "edition.")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was. `row` is the first bad row where it is about rows; with `until` it lies somewhere up to there."""

    wrong: str
    row: int | None = None
    until: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> Sentence:
        return Sentence(f"verify.fault.{self.wrong}", {"row": self.row, "until": self.until, **self.facts})

    @property
    def advice(self) -> Sentence:
        return Sentence(f"verify.do.{_ADVICE.get(self.wrong, 'row')}")

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        told = {"wrong": self.wrong, "row": self.row, "until": self.until, **self.facts}
        return {**told, "text": self.said.text(lang), "do": self.advice.text(lang)}


_ADVICE = {
    "tail_cut": "tail",
    "older_copy": "copy",
    "head": "head",
    "anchor_changed": "anchors",
    "anchor_missing": "anchors",
    "anchor_unsigned": "anchors",
    "anchors_gone": "anchors",
    "anchors_other": "anchors",
    "incident": "table",
    "incident_unrecorded": "table",
    "incident_gone": "table",
    "account": "access",
    "grant": "access",
    "edition_unrecorded": "table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found: every fault, the first one first, and how far the anchors reach. Without faults the history is as it was, up to
    `anchored`; what came after that row is chained, but nobody outside the database has witnessed it yet."""

    rows: int
    first_at: datetime | None
    last_at: datetime | None
    code: str
    anchors: int
    signed: bool
    anchored: int
    anchored_at: str | None
    file: Path | None
    faults: tuple[Fault, ...]

    @property
    def good(self) -> bool:
        return not self.faults


def verify(
    store: Store,
    anchors: Path | None,
    *,
    actor: Actor,
    key_file: Path | None = None,
    code: tuple[int, str] | None = None,
    chosen: bool = False,
    advance: Callable[[int], object] = lambda rows: None,
) -> Verified:
    """Read the whole history once, in constant memory but for the anchors. `anchors` is their file; `chosen` says that another one than
    the service's may be meant. `code` is a head that was written on paper. AnchorFileUnusable, AnchorKeyUnusable."""
    scope, about = allowed(actor, Action.AUDIT_READ), allowed(actor, Action.ACCOUNT_READ)
    with store.read(about) as tx:
        held = recorded.holdings(tx)  # before the rows are: whatever it holds is recorded by now
    witnesses = _read_anchors(anchors, key_file)
    look = _Look(held, witnesses, anchors, code=code, chosen=chosen)
    look.follow(Pages(store, scope), advance)
    faults = [*look.of_chain(), *look.of_entries(), *_incidents(store, scope)]
    return look.told([*look.of_tail(cut=bool(faults)), *faults, *look.of_anchors()])


def _read_anchors(path: Path | None, key_file: Path | None) -> Anchors | None:
    try:
        key = read_public_key(key_file) if key_file else None
        return Anchors(path, key) if path and path.exists() else None
    except OSError as fault:
        raise AnchorFileUnusable(path=fault.filename or path, reason=fault.strerror or fault) from fault


class _Look:
    """One pass over the rows, and what it saw."""

    def __init__(self, held: Holdings, anchors: Anchors | None, file: Path | None, *, code: tuple[int, str] | None, chosen: bool) -> None:
        self.held, self.anchors, self.file, self.code, self.chosen = held, anchors, file, code, chosen
        self.chain = Chain()
        self.broken: Fault | None = None
        self.head: tuple[int, str] = (0, "")
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.matched = 0  # the last row that an anchor bears out
        self.at_odds: list[tuple[int, int]] = []  # (row, line) where an anchor says something else
        self.lines: list[LineFault] = []
        self.witnessed = ""  # the file that the last witness tells of
        self.code_wrong = False
        self.entries: dict[str, dict[str, Any]] = {}

    def follow(self, pages: Pages, advance: Callable[[int], object]) -> None:
        rows = pages.rows(advance)
        for row in rows:
            if not self.chain.take(row):
                self.broken = self._broken(row, rows, pages)
                break
            self._see(row)
        self.head = pages.head

    def _broken(self, row: ChainRow, rows: Iterator[ChainRow], pages: Pages) -> Fault:
        found = self.chain.diagnose(row, rows)
        about = {"what": row["what"], "subject": row["subject"], "actor": row["actor"], "proven": self.matched}
        if found.id > pages.head[0] and found.wrong is not Wrong.ADDED:
            return Fault("added", row["id"], facts=about)
        other = {"other": found.other} if found.wrong in {Wrong.SWAPPED, Wrong.MISSING} else {}
        return Fault(str(found.wrong), found.id, facts={**about, **other})

    def _see(self, row: ChainRow) -> None:
        self.first_at, self.last_at = self.first_at or row["at"], row["at"]
        if self.anchors:
            for anchor in self.anchors.by_row.get(row["id"], ()):
                if anchor.hash == row["hash"]:
                    self.matched = row["id"]
                else:
                    self.at_odds.append((row["id"], anchor.line))
        if self.code and self.code[0] == row["id"]:
            self.code_wrong = _letters(row) != self.code[1]
        if row["id"] <= self.held.id:
            if row["what"] == WITNESS:
                self.witnessed = row["subject"].removeprefix("anchor:")
                wrong = self.anchors.bears_out(row) if self.anchors else None
                self.lines += [wrong] if wrong else []
            elif row["what"].startswith(ENTRIES):
                _enter(self.entries, row)

    def of_chain(self) -> list[Fault]:
        """The first row that is not as it was."""
        found = [self.broken] if self.broken else []
        odds = self._rewritten()
        if odds and not (self.broken and (self.broken.row or 0) <= odds[0]):  # which names the row itself
            found.insert(0, Fault("rewritten", _last_before(self.anchors, odds[0]) + 1, odds[0], {"file": str(self.file)}))
        elif self.code and self.code_wrong:
            found.insert(0, Fault("rewritten_code", self.matched + 1, self.code[0]))
        return found + self._of_head()

    def _rewritten(self) -> list[int]:
        """Rows where an anchor contradicts the chain and no later anchor bears it out: there it is the history that changed."""
        last = self.anchors.last if self.anchors else None
        doubted = {each.line for each in self.lines if each.wrong == "changed" and last and each.line == last.line}
        return [row for row, line in self.at_odds if row > self.matched and line not in doubted]

    def _of_head(self) -> list[Fault]:
        id, hash = self.head
        if self.broken or (id == self.chain.id and hash == self.chain.hash):
            return []
        if id > self.chain.id:
            return [Fault("missing", self.chain.id + 1, facts={"other": id, "proven": self.matched})]
        if id < self.chain.id and self.matched <= id:
            return [Fault("added", id + 1, facts={"proven": self.matched})]
        return [Fault("head", facts={"head": id, "last": self.chain.id})]

    def of_tail(self, *, cut: bool) -> list[Fault]:
        """Rows that an anchor or the paper has seen, and that are no more: the end was cut, or all of it is an older copy."""
        if self.broken or self.head[0] > self.chain.id:  # which is told as a row that is missing
            return []
        seen = max([0, *(self.anchors.by_row if self.anchors else ()), self.code[0] if self.code else 0])
        last = self.chain.id
        if seen <= last or any(each.wrong == "changed" and self._is_of(each.line, seen) for each in self.lines):
            return []
        return [Fault("tail_cut" if cut else "older_copy", last + 1, seen)]

    def _is_of(self, line: int, row: int) -> bool:
        return bool(self.anchors and any(each.line == line for each in self.anchors.by_row.get(row, ())))

    def of_anchors(self) -> list[Fault]:
        """Lines that are not as they were written."""
        if self.anchors is None or not self.anchors.lines:
            # A file that the history tells of and that is not there; without any, there is nothing to miss.
            return [Fault("anchors_gone", facts={"file": str(self.file)})] if self.witnessed and self.file else []
        odd = [LineFault("changed", line) for row, line in self.at_odds if row <= self.matched]
        found = {each.line: each for each in sorted([*odd, *self.lines, *self.anchors.faults], key=lambda each: -each.line)}
        told = [Fault(f"anchor_{each.wrong}", facts={"line": line, "file": str(self.file)}) for line, each in sorted(found.items())]
        if self.witnessed and self.witnessed != self.anchors.file and not self.chosen:
            told.append(Fault("anchors_other", facts={"file": str(self.file)}))
        return told[:MOST_TOLD]

    def of_entries(self) -> list[Fault]:
        """Accounts, grants and editions that the history does not tell of, or tells otherwise; nothing where the chain itself is broken."""
        if self.broken:
            return []
        return [*_accounts(self.held, self.entries), *_editions(self.held, self.entries)][:MOST_TOLD]

    def told(self, faults: Sequence[Fault]) -> Verified:
        anchors = self.anchors
        last = anchors.last if anchors else None
        return Verified(
            rows=self.chain.id, first_at=self.first_at, last_at=self.last_at, code=short_code(self.chain.id, self.chain.hash),
            anchors=anchors.lines if anchors else 0, signed=bool(anchors and anchors.signed), anchored=self.matched,
            anchored_at=last.at if last else None, file=self.file, faults=tuple(sorted(faults, key=_first)),
        )  # fmt: skip


def _first(fault: Fault) -> tuple[bool, int]:
    """Rows in their order, then everything else as it was found."""
    return fault.row is None, fault.row or 0


def _letters(row: ChainRow) -> str:
    return short_code(row["id"], row["hash"]).partition(" ")[2].replace("-", "")


def _last_before(anchors: Anchors | None, row: int) -> int:
    """The last row before this one that has an anchor: those up to there are as they were."""
    return max((id for id in (anchors.by_row if anchors else ()) if id < row), default=0)


def _enter(entries: dict[str, dict[str, Any]], row: ChainRow) -> None:
    """What the history says of an account, a grant or an edition, brought up to this row."""
    what, subject = row["what"], row["subject"]
    facts = row["facts"] if isinstance(row["facts"], dict) else {}
    noun, _, verb = what.partition(".")
    if noun == "edition":
        entries[subject] = {}
    elif noun == "account":
        _account_entry(entries, subject, verb, facts)
    elif verb == "propose" and "grant" in facts:
        kept = {name: facts.get(name) for name in ("role", "area", "office", "until", "confirmed_by")}
        entries[f"grant:{facts['grant']}"] = {**kept, "subject": subject}
    elif verb == "confirm":
        entries.setdefault(f"grant:{facts.get('grant')}", {})["confirmed_by"] = row["actor"]
    elif verb == "end":
        entries.setdefault(f"grant:{facts.get('grant')}", {})["until"] = row["at"].isoformat()


def _account_entry(entries: dict[str, dict[str, Any]], subject: str, verb: str, facts: Mapping[str, Any]) -> None:
    if verb == "add":
        entries[subject] = {"kind": facts.get("kind"), "worker": facts.get("worker"), "disabled": False, "issuer": None}
    elif verb in {"disable", "enable"}:
        entries.setdefault(subject, {})["disabled"] = verb == "disable"
    elif verb == "link":
        entries.setdefault(subject, {})["issuer"] = facts.get("issuer")


def _accounts(held: Holdings, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    there = set()
    for account, grants in held.accounts:
        subject = f"account:{account.name}"
        there.add(subject)
        if entries.get(subject) != _of_account(account):
            yield Fault("account", facts={"account": account.name})
        for grant in grants:
            there.add(f"grant:{grant.id}")
            if _in_utc(entries.get(f"grant:{grant.id}")) != _of_grant(grant, subject):
                yield Fault("grant", facts={"account": account.name, "role": str(grant.role), "grant": grant.id})
    for subject, entry in entries.items():
        if subject in there or subject.startswith("edition:"):
            continue
        if subject.startswith("grant:"):
            name = str(entry.get("subject", "")).removeprefix("account:")
            yield Fault("grant", facts={"account": name, "role": entry.get("role"), "grant": subject.removeprefix("grant:")})
        elif "kind" in entry:
            yield Fault("account", facts={"account": subject.removeprefix("account:")})


def _of_account(account: Account) -> dict[str, Any]:
    disabled = account.disabled_at is not None
    return {"kind": str(account.kind), "worker": account.worker, "disabled": disabled, "issuer": account.issuer}


def _of_grant(grant: GrantRow, subject: str) -> dict[str, Any]:
    kept = {"role": str(grant.role), "area": grant.area, "office": grant.office, "confirmed_by": grant.confirmed_by}
    return {**kept, "until": grant.until, "subject": subject}


def _in_utc(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The entry with its instant as one: two zones may write the same."""
    if entry is None or not entry.get("until"):
        return dict(entry) if entry is not None else None
    return {**entry, "until": datetime.fromisoformat(entry["until"])}


def _editions(held: Holdings, entries: Mapping[str, object]) -> Iterator[Fault]:
    """Editions that were published before there was a history have no entry; each one after the first that has, has one."""
    told = {int(subject.removeprefix("edition:")) for subject in entries if subject.startswith("edition:")}
    for number in sorted(held.editions):
        if told and number > min(told) and number not in told:
            yield Fault("edition_unrecorded", facts={"edition": number})


def _incidents(store: Store, scope: Scope) -> list[Fault]:
    """Incidents whose state or number of changes is not what their history ends with."""
    faults: list[Fault] = []
    after = 0
    while len(faults) < MOST_TOLD:
        with store.read(scope) as tx:
            found = recorded.incidents_page(tx, after=after, limit=PAGE)
        faults += [_at_odds(each) for each in found if each.state != each.last_state or each.revision != each.recorded]
        if len(found) < PAGE:
            break
        after = found[-1].serial
    with store.read(scope) as tx:
        lost = recorded.lost_incident(tx)
    return [*faults[:MOST_TOLD], *([Fault("incident_gone", lost[0], facts={"subject": lost[1]})] if lost else [])]


def _at_odds(one: Stood) -> Fault:
    if one.last_state is None:
        return Fault("incident_unrecorded", facts={"incident": one.number})
    facts = {"incident": one.number, "state": one.state, "revision": one.revision, "last": one.last_state, "recorded": one.recorded}
    return Fault("incident", facts=facts)
