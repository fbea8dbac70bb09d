"""Whatever keeps a database from answering is told in one sentence, without the password, and nothing is changed."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, event, text

from gridmap.duty import Worker
from gridmap.errors import Refusal, SchemaOutdated
from gridmap.store import Store, Tx, faults, incidents, people
from gridmap.store.connect import make_engine, read_url
from gridmap.store.migrate import HEAD
from gridmap.words import LANGS
from tests import patient, postgres
from tests.builders import ALL
from tests.store import build


def _refusal(url: str, **how: bool) -> Refusal:
    """What `Store.open` refuses with; its sentence is one line in each language and holds no password."""
    with pytest.raises(Refusal) as caught:
        Store.open(url, **how)
    for lang in LANGS:
        sentence = caught.value.text(lang)
        assert "\n" not in sentence
        assert "s3cret" not in sentence
    assert "s3cret" not in str(caught.value.facts)
    return caught.value


def test_a_new_sqlite_file_is_made_migrated_and_found_again(tmp_path):
    url = f"sqlite:///{tmp_path}/gridmap.db"
    with Store.open(url) as store:
        build.settle(store)
        assert (store.dialect, store.url_shown) == ("sqlite", url)
    with Store.open(url, make=False) as store, store.read(ALL) as tx:
        assert store.edition(tx, 1).areas == build.land()


def test_ctrl_c_while_a_connection_is_taken_back_prints_nothing_of_its_own(tmp_path, caplog):
    """The command says that it was stopped; a traceback of the pool before that would say that something broke."""
    engine = make_engine(read_url(f"sqlite:///{tmp_path}/gridmap.db"))

    @event.listens_for(engine, "reset")
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    assert caplog.records == []


def test_a_relative_path_stays_where_it_was_when_the_process_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store.open("sqlite:///here.db") as store:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        build.settle(store)
    assert [path.name for path in tmp_path.rglob("*.db")] == ["here.db"]


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/d", "sqlite://", "sqlite:///:memory:", "nonsense", "", "sqlite:///a.db?timeout=soon"])
def test_what_is_no_address_of_a_database_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(_refusal(url), faults.DatabaseUrlUnusable)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    assert isinstance(_refusal(f"sqlite:///{tmp_path}/no/gridmap.db"), faults.StoreFolderMissing)


def test_a_file_that_is_not_to_be_made_is_not_made(tmp_path):
    assert isinstance(_refusal(f"sqlite:///{tmp_path}/gridmap.db", make=False), faults.StoreFileMissing)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    assert isinstance(_refusal(f"sqlite:///{tmp_path}"), faults.StoreFileUnopened)


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path):
    file = tmp_path / "areas.csv"
    file.write_text("code,name\n" * 200)
    assert isinstance(_refusal(f"sqlite:///{file}"), faults.StoreNotSqlite)
    assert file.read_text() == "code,name\n" * 200


def test_somebody_elses_sqlite_file_is_told_and_left_alone(tmp_path):
    file = tmp_path / "areas.gpkg"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE gpkg_contents (table_name TEXT)")
    other.close()
    before = file.read_bytes()
    refusal = _refusal(f"sqlite:///{file}")
    assert isinstance(refusal, faults.StoreNotOurs)
    assert refusal.facts["tables"] == "gpkg_contents"
    assert file.read_bytes() == before


def test_a_database_that_may_only_be_read_can_be_read_and_says_so_when_written(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        build.settle(store)
    with Store.open(f"sqlite:///file:{tmp_path}/a.db?mode=ro&uri=true") as store:
        with store.read(ALL) as tx:
            assert store.edition(tx, 1).number == 1
        with pytest.raises(faults.StoreReadOnly), store.begin(ALL) as tx:
            people.put_workers(tx, build.WORKERS)


def test_a_reading_transaction_cannot_write(store):
    with pytest.raises(faults.StoreReadOnly), store.read(ALL) as tx:
        people.put_workers(tx, build.WORKERS)
    with store.begin(ALL) as tx:
        assert people.workers(tx) == ()


def test_a_reading_transaction_sees_one_moment(fresh_postgres):
    """On SQLite a reader keeps writers out; PostgreSQL must be told to show one snapshot."""
    with Store.open(fresh_postgres) as store, store.read(ALL) as reading:
        assert people.workers(reading) == ()
        with store.begin(ALL) as tx:
            people.put_workers(tx, build.WORKERS)
        assert people.workers(reading) == ()


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        build.settle(store)

        def fill() -> None:
            with store.begin(ALL) as tx:
                pages = tx.exec_driver_sql("PRAGMA page_count").scalar()
                tx.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
                build.keep(tx, 500)

        with pytest.raises(faults.StoreFull):
            fill()
        with store.read(ALL) as tx:
            assert incidents.list_(tx, limit=9) == ()


def test_a_busy_database_is_told(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db?timeout=0.1"
    with Store.open(url) as one, Store.open(url) as two, one.begin(ALL) as tx:
        people.put_workers(tx, build.WORKERS)
        for store in (one, two):  # in this process, and from another connection
            with pytest.raises(faults.StoreBusy), store.begin(ALL):
                pass
    with Store.open(url) as store, store.read(ALL) as tx:
        assert people.workers(tx) == build.WORKERS


def test_a_writer_waits_for_another_process_and_then_writes(tmp_path):
    """Two stores have nothing in common but the file: as two processes."""
    url = patient.sqlite(tmp_path)
    with Store.open(url) as one, Store.open(url) as two, ThreadPoolExecutor(1) as pool:
        started = Event()

        def write() -> None:
            started.set()
            with two.begin(ALL) as tx:
                assert people.workers(tx) == build.WORKERS
                people.put_workers(tx, [Worker("w3", "网格员甲03")])

        with one.begin(ALL) as tx:
            people.put_workers(tx, build.WORKERS)
            waiting = pool.submit(write)
            started.wait()
            assert wait([waiting], timeout=0.2).done == set()
        waiting.result(timeout=patient.SECONDS)
        with one.read(ALL) as tx:
            assert len(people.workers(tx)) == 3


def test_an_address_where_no_server_answers_is_told():
    assert isinstance(_refusal("postgresql://me:s3cret@127.0.0.1:1/gridmap"), faults.StoreAway)
    assert isinstance(_refusal("postgres://me:s3cret@no-such-host.invalid/gridmap"), faults.StoreAway)


def test_a_database_that_the_server_does_not_have_is_told(postgres_url):
    assert isinstance(_refusal(postgres.database_url(postgres_url, "gridmap_no_such")), faults.StoreDatabaseMissing)


def _as(url: str, user: str) -> str:
    return f"postgresql://{user}@{url.rpartition('@')[2]}"


@pytest.fixture
def locked(bare_postgres: str) -> Iterator[str]:
    """A user with a password who owns nothing."""
    postgres.run_sql(bare_postgres, f"CREATE ROLE {postgres.LOCKED} LOGIN PASSWORD 'right'")
    yield postgres.LOCKED
    postgres.run_sql(bare_postgres, f"DROP OWNED BY {postgres.LOCKED}; DROP ROLE {postgres.LOCKED}")


def test_a_wrong_password_is_told_and_never_shown(bare_postgres, locked):
    assert isinstance(_refusal(_as(bare_postgres, f"{locked}:s3cret")), faults.StorePasswordWrong)
    assert isinstance(_refusal(_as(bare_postgres, f"gridmap_nobody_{locked}:s3cret")), faults.StorePasswordWrong)
    assert isinstance(_refusal(_as(bare_postgres, locked) + "?password=s3cret"), faults.StorePasswordWrong)


def test_a_user_who_may_not_load_postgis_is_told_whom_to_ask_and_nothing_is_made(bare_postgres, locked):
    postgres.run_sql(bare_postgres, f"GRANT CREATE ON SCHEMA public TO {locked}")
    with pytest.raises(faults.PostgisForbidden, match="CREATE EXTENSION postgis"):
        Store.migrate(_as(bare_postgres, f"{locked}:right"))
    assert _tables(bare_postgres) == set()


def test_a_user_who_may_not_make_tables_is_told(bare_postgres, locked):
    postgres.run_sql(bare_postgres, "CREATE EXTENSION postgis")
    with pytest.raises(faults.StoreForbidden, match="permission denied for schema public"):
        Store.migrate(_as(bare_postgres, f"{locked}:right"))
    assert "edition" not in _tables(bare_postgres)


def test_a_server_without_postgis_is_told(bare_postgres):
    """As such a server looks to us: its list of extensions is without PostGIS."""
    postgres.run_sql(bare_postgres, "CREATE SCHEMA bare; CREATE VIEW bare.pg_available_extensions AS SELECT 'plpgsql'::text AS name")
    with pytest.raises(faults.PostgisMissing, match="apt-get install"):
        Store.migrate(f"{bare_postgres}?options={quote('-csearch_path=bare,pg_catalog')}")


def _tables(url: str) -> set[str]:
    return {name for (name,) in postgres.ask_sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_postgresql_is_migrated_only_when_asked(bare_postgres):
    refusal = _refusal(bare_postgres)
    assert isinstance(refusal, SchemaOutdated)
    assert refusal.facts == {"found": "-", "wanted": HEAD}
    assert _tables(bare_postgres) == set()
    assert Store.migrate(bare_postgres) == HEAD == Store.migrate(bare_postgres)
    with Store.open(bare_postgres.replace("postgresql://", "postgres://")) as store:
        build.settle(store)


def test_a_shared_database_is_left_alone_if_a_name_is_taken_and_used_if_not(bare_postgres):
    postgres.run_sql(bare_postgres, "CREATE TABLE parcels (id int)")
    postgres.run_sql(bare_postgres, "CREATE TABLE report (id int)")
    with pytest.raises(faults.StoreNotOurs, match="report"):
        Store.migrate(bare_postgres)
    assert _tables(bare_postgres) == {"parcels", "report"}
    postgres.run_sql(bare_postgres, "DROP TABLE report")
    assert Store.migrate(bare_postgres) == HEAD


@pytest.mark.parametrize("kind", ["sqlite", "postgis"])
def test_a_schema_newer_than_the_program_is_refused_and_left_alone(kind, tmp_path, request):
    url = f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")
    Store.open(url).close()
    engine = create_engine(read_url(url))
    with engine.begin() as tx:
        tx.execute(text("UPDATE gridmap_version SET version_num = '9999'"))
    engine.dispose()
    assert isinstance(_refusal(url), faults.SchemaNewer)
    with pytest.raises(faults.SchemaNewer):
        Store.migrate(url)


def test_a_lost_connection_is_told_and_the_next_transaction_works(fresh_postgres, postgres_url):
    name = fresh_postgres.rpartition("/")[2]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with Store.open(fresh_postgres) as store:
        with pytest.raises(faults.StoreAway), store.begin(ALL) as tx:
            _write_while_cut(tx, postgres_url, cut)
        postgres.run_sql(postgres_url, cut)
        with store.read(ALL) as tx:
            assert people.workers(tx) == ()


def _write_while_cut(tx: Tx, server: str, cut: str) -> None:
    people.put_workers(tx, build.WORKERS)
    postgres.run_sql(server, cut)
    people.workers(tx)
