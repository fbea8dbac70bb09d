"""The history is witnessed outside the database, verified, and read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.errors import BadInput, Conflict, Unavailable
from gridmap.store import Store, history
from gridmap.store.anchors import WITNESS, Anchor, holding, read_private_key
from gridmap.store.chain import ChainRow, short_code
from gridmap.store.history import BEFORE_ALL, EVERYTHING, Done, Wanted

PAGE = 5_000  # rows of one short transaction: SQLite's writers wait for nobody who reads for long


class AnchorFileUnset(BadInput):
    """The history of a database server is witnessed in a file that only the environment can name; facts: none."""


class AnchorFileUnusable(Unavailable):
    """The file with the anchors, or the key, cannot be read or written; facts: path, reason."""


class HistoryContradicted(Conflict):
    """The last anchor says something else than the history: nothing more is written under it; facts: path, row."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """The last anchor of the file (None while the history is empty), and whether it was written just now."""

    anchor: Anchor | None
    written: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the history, its hash and its short code for paper."""

    id: int
    hash: str
    code: str


def anchor_file(store: Store, chosen: Path | None) -> Path | None:
    """Where the history is witnessed: the file that was chosen, else beside a SQLite database, else nowhere."""
    if chosen or store.file is None:
        return chosen
    return store.file.with_name(f"{store.file.name}.anchors")


def head(store: Store, *, actor: Actor) -> Head:
    """The history's head at this moment."""
    with store.read(allowed(actor, Action.AUDIT_READ)) as tx:
        id, hash = history.head(tx)
    return Head(id, hash, short_code(id, hash))


def anchor(store: Store, path: Path | None, key_file: Path | None, *, actor: Actor, now: datetime) -> Anchored:
    """Witness the head in the file, if anything was recorded since its last line; several processes may do so at once.

    AnchorFileUnset, AnchorFileUnusable, AnchorFileForeign, AnchorKeyUnusable; HistoryContradicted where the history no longer holds what
    the last line says: whoever looks into it finds the file as it was.
    """
    scope = allowed(actor, Action.OPERATE)
    if path is None:
        raise AnchorFileUnset
    with _usable(path):
        key = read_private_key(key_file) if key_file else None
        with holding(path) as file:
            last = file.last
            with store.read(scope) as tx:
                id, hash = history.head(tx)
                if last and history.hash_of(tx, last.id) != last.hash:
                    raise HistoryContradicted(path=path, row=last.id)
                due = id and (last is None or history.moved(tx, last.id, but=WITNESS) or bool(key and not last.signature))
            if not due:
                return Anchored(last, False)
            # The line first: a history that tells of a line which was never written would accuse nobody of deleting it.
            made, line = file.append(id, hash, now, key)
            with store.begin(scope) as tx:
                history.record(tx, now, WITNESS, f"anchor:{made.file}", line=made.line, hash=line, row=made.id)
    return Anchored(made, True)


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise AnchorFileUnusable(path=fault.filename or path, reason=fault.strerror or fault) from fault


def read_history(
    store: Store, *, after: int | None = None, limit: int, wanted: Wanted = EVERYTHING, newest: bool = False, actor: Actor
) -> tuple[Done, ...]:
    """A page of the history, as `store.history.rows` has it."""
    with store.read(allowed(actor, Action.AUDIT_READ)) as tx:
        return history.rows(tx, after=after, limit=limit, wanted=wanted, newest=newest)


def export_history(store: Store, *, wanted: Wanted = EVERYTHING, actor: Actor) -> Iterator[Done]:
    """Every row that is wanted, the first first, up to the one that is the last now; read in short transactions, none kept."""
    scope = allowed(actor, Action.AUDIT_READ)
    with store.read(scope) as tx:
        last, after = history.head(tx)[0], BEFORE_ALL
    return _export(store, scope, wanted, after, last)


def _export(store: Store, scope: Scope, wanted: Wanted, after: int, last: int) -> Iterator[Done]:
    while True:
        with store.read(scope) as tx:
            found = history.rows(tx, after=after, limit=PAGE, wanted=wanted)
        yield from (each for each in found if each.id <= last)
        if len(found) < PAGE or found[-1].id >= last:
            return
        after = found[-1].id


@dataclass
class Pages:
    """All rows of the history by id, in short transactions; `head` is the head at the moment of the last one."""

    store: Store
    scope: Scope
    head: tuple[int, str] = (0, "")

    def rows(self, advance: Callable[[int], object]) -> Iterator[ChainRow]:
        after = BEFORE_ALL
        while True:
            with self.store.read(self.scope) as tx:
                found = history.page(tx, after=after, limit=PAGE)
                self.head = history.head(tx)
            yield from found
            advance(len(found))
            if len(found) < PAGE:
                return
            after = found[-1]["id"]
