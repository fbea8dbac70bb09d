"""`gridmap migrate` and `gridmap status`, as they are typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridmap.store import Store
from gridmap.store.migrate import HEAD
from tests.store import build


def _gridmap(*arguments: str, url: str, folder: Path, lang: str = "en") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GRIDMAP_DATABASE_URL": url, "GRIDMAP_LANG": lang}
    program = Path(sys.executable).with_name("gridmap")
    return subprocess.run([program, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_new_postgresql_database_is_made_ready_and_told_of(bare_postgres, tmp_path):
    refused = _gridmap("status", url=bare_postgres, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"The database has schema -, this version needs {HEAD}. Run: gridmap migrate\n"
    done = _gridmap("migrate", "--json", url=bare_postgres, folder=tmp_path)
    with Store.open(bare_postgres) as store:
        assert json.loads(done.stdout) == {"database": store.url_shown, "schema": HEAD}
        build.settle(store)
        with store.begin() as tx:
            build.keep(tx, 2)
    told = json.loads(_gridmap("status", "--json", url=bare_postgres, folder=tmp_path).stdout)
    assert told == {
        "database": store.url_shown,
        "schema": HEAD,
        "edition": {"number": 1, "in_force_from": build.NOON.isoformat(), "areas": {"township": 1, "village": 1, "cell": 2}},
        "workers": 2,
        "offices": 2,
        "incidents": {"triage": 0, "dispatched": 2, "closed": 0},
    }


@pytest.mark.parametrize(("lang", "said"), [("en", "No edition is in force yet"), ("zh", "尚无现行版本")])
def test_an_empty_sqlite_file_is_told_of_in_the_readers_language(tmp_path, lang, said):
    assert _gridmap("migrate", url="sqlite:///a.db", folder=tmp_path, lang=lang).returncode == 0
    told = _gridmap("status", url="sqlite:///a.db", folder=tmp_path, lang=lang)
    assert said in told.stdout
    assert told.stderr == ""


def test_asking_for_the_status_makes_no_database(tmp_path):
    refused = _gridmap("status", url="sqlite:///a.db", folder=tmp_path)
    assert refused.returncode == 1
    assert "gridmap migrate" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_in_no_sentence(tmp_path):
    refused = _gridmap("status", url="postgresql://me:s3cret@127.0.0.1:1/gridmap", folder=tmp_path)
    assert refused.returncode == 1
    assert "s3cret" not in refused.stderr + refused.stdout
    assert refused.stderr.count("\n") == 1
