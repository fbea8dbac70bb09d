"""Nothing is sent to a service whose database would lose what it acknowledged, or whose walls are down; who may know is told why."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import create_app
from gridmap.cli import app
from gridmap.errors import Refusal, SchemaOutdated
from gridmap.store import Store
from gridmap.store.readiness import why_not_ready
from tests import postgres
from tests.accounts import person, session
from tests.builders import ALL
from tests.serving import some_settings
from tests.small_land import settle


@pytest.fixture(scope="session")
def durable_postgres(postgres_url: str) -> Iterator[str]:
    """A server that keeps what it acknowledges, which the tests' own does not."""
    if "GRIDMAP_TEST_DATABASE_URL" in os.environ:
        pytest.skip("a server of one's own is needed, whose settings may be changed")
    with postgres.running(postgres.find_programs(), postgres.find_user(), "-c max_connections=20 -c shared_buffers=16MB") as url:
        yield url


@pytest.fixture
def plain_login(durable_postgres: str) -> Iterator[str]:
    """The address of a new, migrated database of a login without special rights."""
    postgres.run_sql(durable_postgres, "CREATE ROLE plain LOGIN CREATEROLE")
    with postgres.fresh_database(durable_postgres) as url:
        postgres.run_sql(url, "CREATE EXTENSION postgis")
        postgres.run_sql(durable_postgres, f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO plain")
        mine = url.replace("//gridmap@", "//plain@")
        Store.migrate(mine)
        yield mine


def _keys(store: Store) -> list[str]:
    return [f"{each.key.removeprefix('ready.')} {each.facts.get('name', '')}".strip() for each in why_not_ready(store, ALL)]


def test_a_server_that_forgets_and_a_login_that_no_wall_binds_are_refused_with_every_reason(fresh_postgres: str) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
        named = [f"server_setting {name}" for name in ("fsync", "full_page_writes", "synchronous_commit")]
        assert _keys(store) == [*named, "superuser"]
        with TestClient(create_app(store, some_settings()), base_url="http://127.0.0.1:8000") as client:
            answer = client.get("/readyz?lang=en")
            assert answer.status_code == 503
            assert "fsync = off" in answer.json()["detail"]
            assert "superuser" in answer.json()["detail"]
            assert client.get("/healthz").status_code == 200


def test_a_server_that_keeps_all_and_a_plain_login_are_ready_until_somebody_changes_it(plain_login: str, durable_postgres: str) -> None:
    with Store.open(plain_login) as store:
        settle(store)
        assert _keys(store) == []
        name = plain_login.rpartition("/")[2]
        postgres.run_sql(durable_postgres, f"ALTER DATABASE {name} SET synchronous_commit = off")
        with Store.open(plain_login) as again:
            assert _keys(again) == ["server_setting synchronous_commit"]
        postgres.run_sql(durable_postgres, f"ALTER DATABASE {name} RESET synchronous_commit")
        postgres.run_sql(plain_login, "ALTER TABLE contact NO FORCE ROW LEVEL SECURITY")
        assert _keys(store) == ["walls_down"]
        postgres.run_sql(plain_login, "ALTER TABLE contact FORCE ROW LEVEL SECURITY")
        postgres.run_sql(durable_postgres, "ALTER ROLE plain BYPASSRLS")
        assert _keys(store) == ["bypass"]
        postgres.run_sql(durable_postgres, "ALTER ROLE plain NOBYPASSRLS")
        postgres.run_sql(plain_login, "UPDATE gridmap_version SET version_num = '0001'")
        with pytest.raises(SchemaOutdated):
            why_not_ready(store, ALL)


def test_why_is_told_to_who_is_signed_in_and_to_nobody_else(quick: TestClient) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    quick.app.state.stopping = True  # type: ignore[attr-defined]
    assert "told to stop" in quick.get("/readyz?lang=en").json()["detail"]  # nobody signs in yet: whoever is here is the operator
    person(store, "wang")
    assert quick.get("/readyz").json() == {"status": "not ready"}
    told = quick.get("/readyz?lang=en", headers={"Cookie": f"gridmap={session(store, 'wang')}"})
    assert (told.status_code, "told to stop" in told.json()["detail"]) == (503, True)
    quick.app.state.stopping = False  # type: ignore[attr-defined]
    assert quick.get("/readyz").status_code == 200


def _check(**environment: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["check", "--json"], env=environment)
    if isinstance(done.exception, Refusal):
        return 2, done.exception.as_dict()
    return done.exit_code, json.loads(done.stdout)


def test_the_command_lists_what_is_wrong_with_settings_files_and_database_and_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    code, told = _check(GRIDMAP_DATABASE_URL=url, GRIDMAP_ANCHOR_KEY_FILE=str(tmp_path / "no.pem"))
    assert (code, len(told["faults"])) == (2, 2)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    code, told = _check(GRIDMAP_DATABASE_URL=url, GRIDMAP_REHOME="x", GRIDMAP_LANG="y")
    assert (code, len(told["faults"])) == (2, 2)  # type: ignore[arg-type]
    Store.open(url).close()
    assert _check(GRIDMAP_DATABASE_URL=url) == (0, {"good": True, "faults": []})
