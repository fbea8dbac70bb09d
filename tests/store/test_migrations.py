"""Migrations: up from empty on both databases, equal to the schema that the code knows, and one at a time."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from gridmap.store import Store, people
from gridmap.store.connect import make_engine, read_url
from gridmap.store.migrate import HEAD, VERSION_TABLE
from gridmap.store.schema import metadata
from tests import patient, postgres
from tests.builders import ALL
from tests.store.build import WORKERS

MIGRATIONS = Path(__file__).parents[2] / "gridmap" / "store" / "migrations"


def test_the_migrated_sqlite_database_equals_the_created_one(tmp_path):
    master = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name <> :version ORDER BY type, name"
    created = create_engine(f"sqlite:///{tmp_path}/created.db")
    metadata.create_all(created)
    with created.connect() as connection:
        wanted = connection.exec_driver_sql(master, {"version": VERSION_TABLE}).all()
    created.dispose()
    with Store.open(f"sqlite:///{tmp_path}/migrated.db") as store, store.read(ALL) as tx:
        found = tx.exec_driver_sql(master, {"version": VERSION_TABLE}).all()
    assert {row.name for row in found} >= set(metadata.tables)
    assert found == wanted


def _dump(url: str) -> str:
    """The schema as PostgreSQL's own tool writes it, without the random keys that newer ones put around it."""
    command = [postgres.find_programs() / "pg_dump", "-s", "-O", "-T", VERSION_TABLE, url]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return re.sub(r"^\\(un)?restrict .*$", "", told.stdout, flags=re.MULTILINE)


def test_the_migrated_postgresql_database_equals_the_created_one(postgres_url, fresh_postgres):
    with postgres.fresh_database(postgres_url) as created:
        postgres.run_sql(created, "CREATE EXTENSION postgis")
        engine = make_engine(read_url(created))
        metadata.create_all(engine)
        engine.dispose()
        wanted = _dump(created)
    assert _dump(fresh_postgres) == wanted
    assert wanted.count("CREATE TABLE public.") == len(metadata.tables)
    for named in (
        "CREATE VIEW public.areas_in_force",
        "CREATE VIEW public.incidents_open",
        "USING gist (shape)",
        "CREATE TRIGGER area_rows",
    ):
        assert named in wanted


def test_the_migrations_are_one_line_and_end_where_the_program_says():
    script = ScriptDirectory.from_config(_config())
    assert script.get_heads() == [HEAD]
    assert script.get_bases() == ["0001"]
    revisions = [one.revision for one in reversed(list(script.walk_revisions()))]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def test_there_is_no_alembic_ini():
    package = MIGRATIONS.parents[1]  # what lies beside it (an environment, what npm is bringing) changes while it is walked through
    assert [*package.rglob("alembic.ini"), *package.parent.glob("*.ini")] == []


def test_many_who_migrate_at_once_migrate_once(bare_postgres):
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(Store.migrate, [bare_postgres] * 4)) == [HEAD] * 4
    assert postgres.ask_sql(bare_postgres, f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]


def test_many_who_open_a_new_sqlite_file_at_once_all_find_it_ready(tmp_path):
    url = patient.sqlite(tmp_path)

    def work(_: int) -> int:
        with Store.open(url) as store, store.begin(ALL) as tx:
            people.put_workers(tx, WORKERS)
            return len(people.workers(tx))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [2] * 4


def test_different_sqlite_files_can_be_made_at_once(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Store.open, [f"sqlite:///{tmp_path}/{n}.db" for n in range(8)]))
    for store in opened:
        with store.read(ALL) as tx:
            assert people.workers(tx) == ()
        store.close()


def test_a_folder_with_a_percent_sign_is_no_hindrance(tmp_path):
    folder = tmp_path / "50% 网格 a?b#c"
    folder.mkdir()
    with Store.open(f"sqlite:///{str(folder).replace('%', '%25').replace('?', '%3F')}/a.db") as store, store.begin(ALL) as tx:
        people.put_workers(tx, WORKERS)
    assert [path.name for path in folder.iterdir()] == ["a.db"]
