"""`gridmap migrate` and `gridmap status`, as they are typed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gridmap.incidents import State
from gridmap.store import Store, incidents
from gridmap.store.migrate import HEAD
from tests import patient
from tests.builders import ALL
from tests.store import build

PROGRAM = Path(sys.executable).with_name("gridmap")


def _gridmap(
    *arguments: str, url: str, folder: Path, lang: str = "en", stdout: Any = subprocess.PIPE, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GRIDMAP_DATABASE_URL": url, "GRIDMAP_LANG": lang} | more
    to = {"stdout": stdout, "stderr": subprocess.PIPE, "text": True}
    return subprocess.run([PROGRAM, *arguments], env=environment, cwd=folder, check=False, timeout=patient.COMMAND_SECONDS, **to)


def test_a_new_postgresql_database_is_made_ready_and_told_of(bare_postgres, tmp_path):
    refused = _gridmap("status", url=bare_postgres, folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"The database has schema -, this version needs {HEAD}. Run: gridmap migrate\n"
    done = _gridmap("migrate", "--json", url=bare_postgres, folder=tmp_path)
    with Store.open(bare_postgres) as store:
        assert json.loads(done.stdout) == {"database": store.url_shown, "schema": HEAD}
        build.settle(store)
        with store.begin(ALL) as tx:
            build.keep(tx, 2)
    told = json.loads(_gridmap("status", "--json", url=bare_postgres, folder=tmp_path).stdout)
    assert told == {
        "database": store.url_shown,
        "schema": HEAD,
        "edition": {"number": 1, "in_force_from": build.NOON.isoformat(), "areas": {"township": 1, "village": 1, "cell": 2}},
        "workers": 2,
        "offices": 2,
        "incidents": {str(state): 2 if state is State.DISPATCHED else 0 for state in State},
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


def test_a_refusal_is_one_object_for_programs_and_one_sentence_for_people(tmp_path):
    for zone, code, key in (("Asia/Shanghai", 1, "store_file_missing"), ("Mars/Olympus", 2, "bad_settings")):
        refused = _gridmap("status", "--json", url="sqlite:///a.db", folder=tmp_path, GRIDMAP_TIMEZONE=zone)
        answer = json.loads(refused.stdout)
        assert (refused.returncode, answer["refused"], answer["key"]) == (code, True, key)
        assert refused.stderr == answer["error"] + "\n"


def test_a_terminal_that_lacks_chinese_letters_still_gets_the_answer(tmp_path):
    _gridmap("migrate", url="sqlite:///a.db", folder=tmp_path)
    told = _gridmap("status", url="sqlite:///a.db", folder=tmp_path, lang="zh", PYTHONIOENCODING="latin-1")
    assert (told.returncode, told.stderr) == (0, "")
    assert r"\u6570\u636e\u5e93" in told.stdout
    refused = _gridmap("import", "workers", "网.csv", "--json", url="sqlite:///a.db", folder=tmp_path, PYTHONIOENCODING="latin-1")
    assert "网.csv" in json.loads(refused.stdout)["error"]


@pytest.mark.parametrize("arguments", [("status",), ("status", "--json")])
def test_an_answer_that_cannot_be_written_ends_without_a_traceback(tmp_path, arguments):
    _gridmap("migrate", url="sqlite:///a.db", folder=tmp_path)
    with open("/dev/full", "w") as full:
        done = _gridmap(*arguments, url="sqlite:///a.db", folder=tmp_path, stdout=full)
    assert (done.returncode, done.stderr) == (1, "The disk is full. Make room, then run the same command again.\n")
    reading, writing = os.pipe()
    os.close(reading)
    done = _gridmap(*arguments, url="sqlite:///a.db", folder=tmp_path, stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_ctrl_c_says_what_is_kept_and_a_file_is_received_on(tmp_path):
    """Stopped between two transactions: what was received stays, what was not comes when the command runs again."""
    url = "sqlite:///a.db"
    _gridmap("migrate", url=url, folder=tmp_path)
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        build.settle(store)
    rows = 8_000
    text = "issue,place,sender,key\n" + "".join(f"E1,桥头,desk,k-{row}\n" for row in range(rows))
    (tmp_path / "r.csv").write_text(text, "utf-8")
    environment = os.environ | {"GRIDMAP_DATABASE_URL": url, "GRIDMAP_LANG": "en"}
    command = [PROGRAM, "import", "reports", "r.csv"]
    file = tmp_path / "a.db"
    empty = file.stat().st_size
    how: dict[str, Any] = {"env": environment, "cwd": tmp_path, "stderr": subprocess.PIPE, "text": True, "preexec_fn": hear_ctrl_c}
    with subprocess.Popen(command, **how) as running:
        while file.stat().st_size == empty and running.poll() is None:  # it grows with the first commit; asking it would slow that down
            time.sleep(0.005)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate()
    with Store.open(f"sqlite:///{file}") as store:
        kept = _kept(store)
    assert (running.returncode, said) == (130, "Stopped. What was finished until then is kept; run the command again for the rest.\n")
    assert 0 < kept < rows
    assert kept % 500 == 0
    again = json.loads(_gridmap("import", "reports", "r.csv", "--json", url=url, folder=tmp_path).stdout)
    assert (again["read"], again["repeated"], again["rejected"]) == (rows, kept, 0)


def hear_ctrl_c() -> None:
    """Whoever runs the tests in the background has them, and all that they start, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _kept(store: Store) -> int:
    with store.read(ALL) as tx:
        return sum(incidents.count(tx).values())


WRONG = {
    "incident list --state lost": ("choice_unknown", "See: gridmap incident list --help"),
    "incident take 2026-000001 join": ("choice_unknown", "merge, split, handle"),
    "incident take 2026-000001": ("argument_missing", "STEP is missing"),
    "incident list --limit 0": ("number_outside", "--limit must be ≥ 1."),
    "incident list --limit x": ("number_unusable", '"x"'),
    "incident list --limi 3": ("option_unknown", "Did you mean --limit?"),
    "incident list --state": ("option_empty", "--state needs a value"),
    "incident list --owed=3": ("option_filled", "--owed takes no value"),
    "incident list a b": ("arguments_left", "This is too much: a b."),
    "incident lst": ("command_unknown", "Did you mean list?"),
    "route replay --since 2026-01-01": ("option_missing", "--rules is missing"),
    "users add ada --area 99": ("usage_wrong", "--role"),
}


@pytest.mark.parametrize("typed", WRONG)
def test_what_is_typed_wrongly_is_refused_in_the_readers_language(typed, tmp_path):
    """Nothing of it is the library's own: neither its English, nor how it names a fault."""
    key, said = WRONG[typed]
    for lang in ("en", "zh"):
        refused = _gridmap(*typed.split(), url="sqlite:///a.db", folder=tmp_path, lang=lang)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
        assert "Value error" not in refused.stderr
        assert (said in refused.stderr) if lang == "en" else re.search("用法见：gridmap.* --help$", refused.stderr)
    if not typed.endswith("--state"):
        told = json.loads(_gridmap(*typed.split(), "--json", url="sqlite:///a.db", folder=tmp_path).stdout)
        assert (told["refused"], told["key"]) == (True, key)


@pytest.mark.parametrize(
    "typed", [["--help"], ["incident"], ["incident", "take", "--help"], ["route", "replay", "--help"], ["notices", "--help"]]
)
def test_a_chinese_help_page_is_chinese_throughout(typed, tmp_path):
    shown = _gridmap(*typed, url="sqlite:///a.db", folder=tmp_path, lang="zh", COLUMNS="160").stdout
    assert re.search("用法：.*显示本帮助", shown, re.DOTALL)
    assert not re.search(r"Usage|Options|Arguments|Commands|Show this|\[OPTIONS\]|\[(required|default)", shown)
