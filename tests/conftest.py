"""What rooms share in their tests: a throwaway PostgreSQL, an open store on each database, and where the real data lies."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import patient, postgres

if TYPE_CHECKING:  # the tests that need no database do not wait for it
    from gridmap.store import Store

# The same examples each time, however long a busy machine takes over them: a search for new ones is made on purpose, with another profile
# (--hypothesis-profile=default), and does not stop a change that has nothing to do with what it finds.
settings.register_profile("gridmap", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gridmap")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before the workers: they load what is compiled once, where each of them would compile it."""
    if session.config.getoption("numprocesses", None):
        from gridmap.grid.index import is_warm, warm  # noqa: PLC0415 (a single file of tests may not need it)

        if not is_warm():
            warm()


REAL_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server with PostGIS: GRIDMAP_TEST_DATABASE_URL, or one that is started for this session and stopped after it."""
    given = os.environ.get("GRIDMAP_TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        programs, user = postgres.find_programs(), postgres.find_user()
    except postgres.PostgresMissing as fault:
        pytest.fail(str(fault), pytrace=False)
    with postgres.running(programs, user) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated, empty database: copying it is quicker than migrating a new one."""
    from gridmap.store import Store  # noqa: PLC0415

    with postgres.fresh_database(postgres_url) as url:
        Store.migrate(url)
        yield url.rpartition("/")[2].partition("?")[0]


@pytest.fixture
def fresh_postgres(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """The URL of a new database with PostGIS and our schema, without rows."""
    with postgres.fresh_database(postgres_url, migrated_template) as url:
        yield url


@pytest.fixture
def bare_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a new database without anything, also without PostGIS."""
    with postgres.fresh_database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["Store"]:
    """An open, migrated store without rows, once on each database."""
    from gridmap.store import Store  # noqa: PLC0415

    url = patient.migrated(tmp_path) if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    with Store.open(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data, which lies beside the repository and is not part of it."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real data is not here (../shared/data)")
    return REAL_DATA
