"""What a database can answer instead of answering, each as one sentence; passwords never appear in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from gridmap.errors import BadInput, Conflict, Precondition, StoreUnreachable, Unavailable
from gridmap.store.turns import WaitedTooLong


class DatabaseUrlUnusable(BadInput):
    """Not an address of a database that we know; facts: url."""


class TextUnusable(BadInput):
    """Text that a database cannot hold: the character NUL, or half a surrogate pair; facts: none."""


class StoreFolderMissing(StoreUnreachable):
    """The folder of the SQLite file does not exist; facts: url, folder."""


class StoreFileMissing(StoreUnreachable):
    """There is no SQLite file, and it was not to be made; facts: url."""


class StoreFileUnopened(StoreUnreachable):
    """The path is a folder, or this user may not open the file; facts: url."""


class StoreNotOurs(StoreUnreachable):
    """The database holds tables of something else; facts: url, tables."""


class StoreNotSqlite(StoreUnreachable):
    """The file is no SQLite database, or is damaged; facts: url."""


class StoreReadOnly(StoreUnreachable):
    """The database cannot be written; facts: url."""


class StoreFull(StoreUnreachable):
    """The disk of the database is full; facts: url."""


class StoreBusy(StoreUnreachable):
    """Another transaction holds what this one needs; facts: url."""


class StoreAway(StoreUnreachable):
    """No server answers at the address; facts: url."""


class StorePasswordWrong(StoreUnreachable):
    """The server does not let this user in; facts: url."""


class StoreDatabaseMissing(StoreUnreachable):
    """The server has no database of this name; facts: url."""


class StoreForbidden(StoreUnreachable):
    """The server does not permit this user to do it; facts: url, reason."""


class StoreRolesForbidden(StoreUnreachable):
    """The user may not make the roles that keep rows apart; facts: url, statements."""


class PostgisMissing(StoreUnreachable):
    """The server has no PostGIS to load; facts: url."""


class PostgisForbidden(StoreUnreachable):
    """The user may not load PostGIS into the database; facts: url."""


class SchemaNewer(Unavailable):
    """The database was made by a newer version; facts: found, wanted."""


class HistoryHeadGone(Unavailable):
    """Somebody took away the row that every change of the history begins with; facts: none."""


class TaskOfAnother(Conflict):
    """The task is another office's, and so is its answer; facts: incident, task, office."""


class IncidentChanged(Precondition):
    """The incident is not what the asker knew; facts: incident, state, revision."""


_BY_STATE = {
    "25006": StoreReadOnly,
    "28000": StorePasswordWrong,
    "28P01": StorePasswordWrong,
    "3D000": StoreDatabaseMissing,
    "40001": StoreBusy,
    "40P01": StoreBusy,
    "42501": StoreForbidden,
    "53100": StoreFull,
    "55P03": StoreBusy,
    "57P01": StoreAway,
    "57P03": StoreAway,
}

# SQLite has only words, and so has a PostgreSQL connection that was refused (in another language: the general sentence).
_BY_WORDS = {
    "database is locked": StoreBusy,
    "unable to open database file": StoreFileUnopened,
    "readonly database": StoreReadOnly,
    "disk is full": StoreFull,
    "file is not a database": StoreNotSqlite,
    "disk image is malformed": StoreNotSqlite,
    "authentication failed": StorePasswordWrong,
    "no password supplied": StorePasswordWrong,
    "no pg_hba.conf entry": StorePasswordWrong,
    'FATAL:  role "': StorePasswordWrong,
    'FATAL:  database "': StoreDatabaseMissing,
    "Connection refused": StoreAway,
    "could not translate host name": StoreAway,
    "timeout expired": StoreAway,
    "to create extension": PostgisForbidden,
}


@contextmanager
def told(url: str, password: str | None = None) -> Iterator[None]:
    """Turn what the database refuses for reasons of its own into a sentence.

    A fault of ours (a broken rule of the schema) passes, without the row that broke it: that may hold a contact, and goes to a log.
    """
    try:
        yield
    except UnicodeEncodeError as fault:
        raise TextUnusable from fault
    except ValueError as fault:
        if "NUL (0x00)" not in str(fault):
            raise
        raise TextUnusable from fault
    except WaitedTooLong as fault:
        raise StoreBusy(url=url) from fault
    except DBAPIError as fault:
        refusal = _refusal(fault, url, password)
        _hide_row(fault)
        if refusal is None:
            raise
        raise refusal from fault


def _hide_row(fault: DBAPIError) -> None:
    """Take from the words of a fault what PostgreSQL adds to them: `DETAIL:  Failing row contains (…)`."""
    for each in (fault, fault.orig):
        if each is not None:
            each.args = tuple(
                re.sub(r"\n(DETAIL|CONTEXT): .*", "", arg, flags=re.DOTALL) if isinstance(arg, str) else arg for arg in each.args
            )


def _refusal(fault: DBAPIError, url: str, password: str | None) -> StoreUnreachable | None:
    words = str(fault.orig)
    if password:
        words = words.replace(password, "***")
    reason = words.strip().splitlines()[0] if words.strip() else type(fault.orig).__name__
    if fault.connection_invalidated:
        return StoreAway(url=url)
    kinds = [kind for known, kind in _BY_WORDS.items() if known in words]
    kind = kinds[0] if kinds else _BY_STATE.get(getattr(fault.orig, "pgcode", None) or "")
    if kind is None:
        return StoreUnreachable(url=url, reason=reason) if isinstance(fault, OperationalError) else None
    return kind(url=url, reason=reason)
