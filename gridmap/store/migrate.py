"""Which schema a database has, and bringing it to ours. Alembic is configured here: there is no alembic.ini."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock as ThreadLock

from sqlalchemy import Connection, inspect, text

from gridmap.store.dialect import POSTGRESQL, Lock, hold
from gridmap.store.faults import PostgisMissing, SchemaNewer, StoreNotOurs
from gridmap.store.schema import metadata
from gridmap.store.walls import GATE, lower_walls, make_roles, raise_walls

HEAD = "0013"
VERSION_TABLE = "gridmap_version"
_ALEMBIC = ThreadLock()  # its `op` and `context` are global: two threads, even on two databases, would mix


def found_version(connection: Connection, url: str) -> str | None:
    """The schema's version in the database, None for an empty one; StoreNotOurs, SchemaNewer where we must not touch it."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        # A SQLite file with any table is somebody's file; a PostgreSQL database may be shared, if no name is taken.
        foreign = tables & set(metadata.tables) if connection.dialect.name == POSTGRESQL else tables
        if foreign:
            raise StoreNotOurs(url=url, tables=", ".join(sorted(foreign)[:5]))
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    if found is not None and found > HEAD:
        raise SchemaNewer(found=found, wanted=HEAD)
    return found


def upgrade(connection: Connection, url: str) -> None:
    """Bring the schema to ours within the write transaction of `connection`: wholly or not at all, one migrator at a time."""
    hold(connection, Lock.MIGRATE)
    if found_version(connection, url) == HEAD:
        return
    _make_ready(connection, url)
    _raise(connection, url)


def remake(connection: Connection, url: str, schema: str, fill: Callable[[], None], also: Iterable[str]) -> None:
    """Take what is ours out of a PostgreSQL database (and the tables `also`), make it anew as `schema` had it, have it filled outside the
    walls, and bring it to ours: within the write transaction of `connection`."""
    hold(connection, Lock.MIGRATE)
    if found_version(connection, url) is not None:
        _take_out(connection, {*metadata.tables, VERSION_TABLE, *also})
    _make_ready(connection, url, schema)
    lower_walls(connection)  # the first version raised some of its own
    fill()
    _make_ready(connection, url)
    _raise(connection, url)


def _take_out(connection: Connection, tables: Iterable[str]) -> None:
    """What others made upon our tables, a view of somebody's desktop GIS, is not dropped with them: then nothing is."""
    lower_walls(connection)
    listed = ", ".join(f'"{name}"' for name in sorted(tables))
    connection.execute(text(f"DROP TABLE IF EXISTS {listed}"))
    connection.execute(text("DROP FUNCTION IF EXISTS gridmap_append_only(), gridmap_register_changed()"))


def _make_ready(connection: Connection, url: str, schema: str = HEAD) -> None:
    """Run the migrations up to this one."""
    from alembic import command  # noqa: PLC0415  (slow to import, and seldom needed)
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == POSTGRESQL:
        _need_postgis(connection, url)
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # a table with checks to come cannot be altered
    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    lower_walls(connection)
    with _ALEMBIC:
        command.upgrade(config, schema)


def _raise(connection: Connection, url: str) -> None:
    lower_walls(connection)  # the first version raised some of its own
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        make_roles(connection, url)
    raise_walls(connection, tuple(metadata.tables))
    if connection.dialect.name == POSTGRESQL:  # so that a login which owns nothing can serve, once GATE is granted to it
        connection.execute(text(f"GRANT SELECT ON {VERSION_TABLE} TO {GATE}"))


def _need_postgis(connection: Connection, url: str) -> None:
    if not connection.scalar(text("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'")):
        raise PostgisMissing(url=url)
