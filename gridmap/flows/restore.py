"""A backup becomes a database again, in a new place or in place of what is there; or it is proved that it could."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex

from gridmap.access import Action, Actor, allowed
from gridmap.account import TokenKind
from gridmap.flows.audit import anchor_file
from gridmap.flows.verify_history import Fault, verify
from gridmap.store import Store, Tx, accounts, backups, history
from gridmap.store.anchors import holding
from gridmap.store.backup_file import Advance, Backup, Manifest, reading

ENDED = frozenset({TokenKind.SESSION, TokenKind.INVITATION})
"""What is ended when a database comes back: some of these had been ended after the backup, and nobody knows which."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What the backup held and now lies at its place, what of its history was already not as it should be when it was made, and the new
    name of a file with anchors that witnessed more than came back."""

    manifest: Manifest
    seal: str
    ended: int
    faults: tuple[Fault, ...]
    aside: Path | None = None


def restore(
    path: Path,
    url: str,
    *,
    actor: Actor,
    now: datetime,
    replace: bool = False,
    anchors: Path | None = None,
    advance: Advance = lambda size: None,
) -> Restored:
    """Make the database at `url` what the backup holds; whole or not at all, see `store.backups.lay_down` for what is refused.

    History goes on with a row that says so; who was signed in signs in again. `anchors`, the file in which the database that was replaced
    had been witnessed, is kept under another name where it tells of rows that are no more. BackupForeign, BackupDamaged, BackupNewer.
    """

    def settle(backup: Backup, tx: Tx) -> int:
        ended = [each for each in accounts.tokens(tx) if each.kind in ENDED]
        accounts.end_tokens(tx, ended, now)
        facts = {"made_at": backup.manifest.made_at, "row": backup.manifest.head, "ended": len(ended)}
        history.record(tx, now, "backup.restore", f"backup:{backup.seal[:16]}", **facts)
        return len(ended)

    with reading(path, advance) as backup:
        ended = _lay(backup, url, partial(settle, backup), actor=actor, replace=replace, advance=advance)
    with Store.open(url, make=False) as store:
        aside = _set_aside(store, anchors or anchor_file(store, None), actor, now)
    return Restored(backup.manifest, backup.seal, ended, _faults(url, actor), aside)


def _set_aside(store: Store, anchors: Path | None, actor: Actor, now: datetime) -> Path | None:
    """The new name of the witness of a history that went on after the backup; None where there is none."""
    if anchors is None or not anchors.exists():
        return None
    with holding(anchors) as file, store.read(allowed(actor, Action.AUDIT_READ)) as tx:
        if file.last is None or history.hash_of(tx, file.last.id) == file.last.hash:
            return None
        return anchors.rename(anchors.with_name(f"{anchors.name}.until-{now:%Y%m%dT%H%M%S}"))


def prove(path: Path, url: str, *, actor: Actor, advance: Advance = lambda size: None) -> Restored:
    """Restore the backup into a database that is made for it and dropped afterwards: a file beside nothing, or one on the server at `url`.

    A backup that was not restored does not count. Refuses as `restore`; ScratchForbidden.
    """
    with reading(path, advance) as backup, _somewhere(backup, url) as scratch:
        _lay(backup, scratch, lambda _tx: None, actor=actor, replace=False, advance=advance)
        return Restored(backup.manifest, backup.seal, 0, _faults(scratch, actor))


def _lay(backup: Backup, url: str, settle: Callable[[Tx], int | None], *, actor: Actor, replace: bool, advance: Advance) -> int:
    with tempfile.TemporaryDirectory(prefix="gridmap-restore-", dir=_room(url)) as folder:
        beside = Path(folder) / "database.sqlite"
        return backups.lay_down(backup, url, settle, actor=actor, replace=replace, beside=beside, advance=advance) or 0


def _room(url: str) -> Path | None:
    """Where the copy of a SQLite file is made: beside the database, whose disk must have the room anyway."""
    file = backups.file_of(url)
    return file.parent if file and os.access(file.parent, os.W_OK) else None


@contextmanager
def _somewhere(backup: Backup, url: str) -> Iterator[str]:
    if backup.manifest.database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="gridmap-verify-", dir=_room(url)) as folder:
            yield f"sqlite:///{folder}/scratch.sqlite"
    else:
        with backups.scratch(url, f"gridmap_verify_{token_hex(6)}") as scratch:
            yield scratch


def _faults(url: str, actor: Actor) -> tuple[Fault, ...]:
    with Store.open(url, make=False) as store:
        return verify(store, None, actor=actor).faults
