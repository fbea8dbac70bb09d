"""The database as one object: opened once, handed to whoever reads or writes, closed at the end."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock as ThreadLock
from typing import Any, Literal, Self

from sqlalchemy import Connection, Engine

from gridmap.access import Scope
from gridmap.errors import NoEditionInForce, SchemaOutdated
from gridmap.grid import Edition, EditionHead
from gridmap.store import editions, registers
from gridmap.store.connect import CONNECTIONS, make_engine, patience, read_url, shown, sqlite_file
from gridmap.store.dialect import POSTGRESQL
from gridmap.store.faults import StoreFileMissing, told
from gridmap.store.migrate import HEAD, found_version, upgrade
from gridmap.store.registers import Registers
from gridmap.store.scoping import enter, guard
from gridmap.store.turns import Turns

Tx = Connection
"""An open transaction within a scope: what every query of this room takes first."""

EDITIONS_KEPT = 4
LONGEST_WAIT = 30  # seconds, for a connection


class Store:
    """One open database. Thread-safe; each transaction has its own connection."""

    def __init__(self, engine: Engine, connections: int = CONNECTIONS) -> None:
        self.url_shown = shown(engine.url)
        self._password = str(engine.url.password) if engine.url.password else None
        self._engine = engine
        guard(engine)
        self._editions: dict[tuple[EditionHead, str], Edition] = {}
        self._editions_lock = ThreadLock()
        self._registers: tuple[str, Registers] | None = None
        self._connections = Turns(connections)
        self._writing = Turns(1)

    @classmethod
    def open(cls, url: str, *, make: bool = True, connections: int = CONNECTIONS) -> Self:
        """The database at `url`, ready to use; a SQLite file is made (unless `make` is false) and migrated.

        It keeps at most so many `connections`; who needs one more waits in line, half a minute at most (StoreBusy). SchemaOutdated or
        SchemaNewer where the schema is not ours, StoreUnreachable and its kinds where nothing answers.
        """
        address = read_url(url)
        file = sqlite_file(address)
        if file is not None and not make and not file.exists():
            raise StoreFileMissing(url=shown(address))
        store = cls(make_engine(address, connections), connections)
        try:
            store._settle_schema()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def migrate(cls, url: str) -> str:
        """Bring the schema of the database at `url` to ours, from empty or from any version before; answers its version."""
        store = cls(make_engine(read_url(url)))
        try:
            store._upgrade()
        finally:
            store.close()
        return HEAD

    def _settle_schema(self) -> None:
        try:
            self.check_schema()
        except SchemaOutdated:
            if self.dialect == POSTGRESQL:
                raise
            self._upgrade()

    def check_schema(self) -> None:
        """Whether the schema is ours at this moment: SchemaOutdated, SchemaNewer where somebody made it another."""
        with self._told(), self._engine.connect() as connection, connection.begin():
            found = found_version(connection, self.url_shown)
        if found != HEAD:
            raise SchemaOutdated(found=found or "-", wanted=HEAD)

    def _upgrade(self) -> None:
        """As the login user, outside the walls: they are raised anew."""
        with self._in_turn(), self._told(), self._engine.connect() as connection, connection.execution_options(writes=True).begin():
            upgrade(connection, self.url_shown)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return "postgresql" if self._engine.dialect.name == POSTGRESQL else "sqlite"

    @property
    def file(self) -> Path | None:
        """Where a SQLite database lies; None for a database server."""
        return sqlite_file(self._engine.url)

    @property
    def schema(self) -> str:
        """The version of the schema, which is ours: no other is opened."""
        return HEAD

    @contextmanager
    def begin(self, scope: Scope) -> Iterator[Tx]:
        """A write transaction within a scope: committed at the end of the block, undone if it raises. SQLite lets one write at a time."""
        with self._in_turn(), self._within(scope, writes=True) as tx:
            yield tx

    @contextmanager
    def read(self, scope: Scope) -> Iterator[Tx]:
        """A reading transaction within a scope: one snapshot for all its questions, no writing. Keep it short: SQLite's writers wait."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.dialect == POSTGRESQL else {}
        with self._within(scope, **options) as tx:
            yield tx

    @contextmanager
    def _within(self, scope: Scope, **options: Any) -> Iterator[Tx]:
        with (
            self._told(),
            self._connections.turn(LONGEST_WAIT),
            self._engine.connect() as connection,
            connection.execution_options(scope=scope, **options).begin(),
        ):
            enter(connection, scope)
            yield connection

    @contextmanager
    def raw(self) -> Iterator[Any]:
        """The driver's own connection, outside transactions and scopes: for what copies the database as a whole."""
        with self._told(), self._engine.connect() as connection:
            yield connection.connection.driver_connection

    def _told(self) -> AbstractContextManager[None]:
        return told(self.url_shown, self._password)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """SQLite's own waiting is by chance (16 writers: some wait seconds); our threads queue up before it."""
        if self.dialect == POSTGRESQL:
            yield
            return
        with self._told(), self._writing.turn(patience(self._engine.url)):
            yield

    def edition_in_force(self, tx: Tx, at: datetime) -> Edition:
        """The edition that holds at the instant, or NoEditionInForce."""
        number = editions.number_in_force(tx, at)
        if number is None:
            raise NoEditionInForce(at=at.isoformat())
        return self.edition(tx, number)

    def edition(self, tx: Tx, number: int) -> Edition:
        """The edition of this number, or EditionMissing. Kept in memory, because it never changes."""
        return self.edition_of(tx, editions.identity(tx, number))

    def edition_of(self, tx: Tx, identity: tuple[EditionHead, str]) -> Edition:
        """The edition of this head and digest."""
        found = self._editions.get(identity)
        if found is None:
            # Two threads may load the same at once; waiting for each other while holding connections would be worse.
            found = editions.load(tx, identity[0].number)
            with self._editions_lock:
                self._editions[identity] = found
                while len(self._editions) > EDITIONS_KEPT:
                    del self._editions[next(iter(self._editions))]
        return found

    def registers(self, tx: Tx) -> Registers:
        """All registers as this transaction sees them. Kept in memory for as long as nobody changes any."""
        mark, kept = registers.mark(tx), self._registers
        if kept is None or kept[0] != mark:
            kept = self._registers = mark, registers.read(tx)
        return kept[1]

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
