"""A whole database into one file; history keeps that it was taken, because whoever has it has everything."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gridmap.access import Action, Actor, allowed
from gridmap.store import Store, backups, history
from gridmap.store.backup_file import Advance, Manifest, reading, writing
from gridmap.tables.export import check_out, put_in_place


@dataclass(frozen=True, slots=True)
class Made:
    """The file, how large it is, its name among backups, and what it holds."""

    path: Path
    size: int
    seal: str
    manifest: Manifest


def back_up(store: Store, path: Path, *, actor: Actor, now: datetime, force: bool = False, advance: Advance = lambda size: None) -> Made:
    """Write the database as it is at one moment to `path`, readable by its owner alone, whole or not at all, and read it once again.

    Others work on meanwhile; those who write to a SQLite file wait while what they changed during its copy is looked for. Forbidden for all
    but the operator; OutputExists where something is there and `force` does not say that it may go; FolderMissing, OSError,
    StoreUnreachable.
    """
    scope = allowed(actor, Action.OPERATE)
    check_out(path, force=force)
    with put_in_place(path) as beside:
        with writing(beside) as writer:
            copy = beside.with_name(f"{beside.name}.sqlite")
            manifest = backups.copy_all(store, writer, actor=actor, now=now, beside=copy, advance=advance)
            writer.end(manifest)
        with reading(beside) as backup:
            seal = backup.seal
    with store.begin(scope) as tx:
        history.record(tx, now, "backup.make", f"backup:{seal[:16]}", row=manifest.head)
    return Made(path, path.stat().st_size, seal, manifest)
