"""Whether the database keeps what it acknowledges, and keeps it apart: asked of itself each time: it may be set otherwise today."""

import os
from collections.abc import Iterator

from sqlalchemy import Connection, text

from gridmap.access import Scope
from gridmap.store.dialect import POSTGRESQL
from gridmap.store.schema import metadata
from gridmap.store.store import Store
from gridmap.words import Sentence

_NEEDED = {"fsync": "on", "full_page_writes": "on", "data_sync_retry": "off"}
"""Else an acknowledged report may be gone, or the database with it, after the power was."""
_WAITS_FOR_NO_DISK = {"off"}  # of synchronous_commit; every other value waits for this server's own
_LOGIN = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user"
_WALLS = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY (:tables) "
    "AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname"
)


def why_not_ready(store: Store, scope: Scope) -> tuple[Sentence, ...]:
    """Every reason for which nothing should be taken in here, each with what to do.

    SchemaOutdated, SchemaNewer where it was migrated meanwhile; StoreUnreachable and its kinds where nothing answers.
    """
    store.check_schema()
    if store.dialect != POSTGRESQL:
        return tuple(_of_file(store))
    with store.read(scope) as tx:
        return (*_of_server(tx), *_of_login(tx))


def _of_file(store: Store) -> Iterator[Sentence]:
    """SQLite writes a journal beside its file, so the folder must be open to it, too."""
    for path in (store.file, store.file and store.file.parent):
        if path and not os.access(path, os.W_OK):
            yield Sentence("ready.file_closed", {"path": str(path)})


def _of_server(tx: Connection) -> Iterator[Sentence]:
    for name, needed in _NEEDED.items():
        found = tx.scalar(text("SELECT current_setting(:name)"), {"name": name})
        if found != needed:
            yield Sentence("ready.server_setting", {"name": name, "found": found, "needed": needed})
    found = tx.scalar(text("SELECT current_setting('synchronous_commit')"))
    if found in _WAITS_FOR_NO_DISK:
        yield Sentence("ready.server_setting", {"name": "synchronous_commit", "found": found, "needed": "on"})


def _of_login(tx: Connection) -> Iterator[Sentence]:
    superuser, bypasses = tx.execute(text(_LOGIN)).one()
    if superuser:
        yield Sentence("ready.superuser")
    elif bypasses:
        yield Sentence("ready.bypass")
    if open_ := tx.scalars(text(_WALLS), {"tables": sorted(metadata.tables)}).all():
        yield Sentence("ready.walls_down", {"tables": ", ".join(open_)})
