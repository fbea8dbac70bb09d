"""The history: chained, witnessed outside the database, verified; whatever was forged is named."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from gridmap.access import Action, allowed, operator
from gridmap.flows import audit
from gridmap.flows.verify_history import verify
from gridmap.incidents import State
from gridmap.store import Store, anchors, chain, history, incidents
from gridmap.store.faults import HistoryHeadGone, StoreForbidden
from tests import patient
from tests.builders import ALL, OPERATOR
from tests.closing import close
from tests.store import build, tampering
from tests.store.tampering import Forger

ROOT = Path(__file__).parents[2]


@pytest.fixture
def forger(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Forger:
    anchors = tmp_path / "anchors"
    tampering.true_history(store, anchors)
    url = "" if store.file else request.getfixturevalue("fresh_postgres")
    return Forger(store, url, anchors)


def test_a_true_history_is_found_true(forger):
    found = tampering.look(forger)
    assert found.faults == ()
    assert found.rows == len(forger.rows())
    assert found.anchors == len(forger.anchors.read_bytes().splitlines())


def test_every_forgery_is_told_with_its_first_bad_row(forger):
    counts, missed = tampering.tamper(forger, 68, seed=3)
    assert missed == []
    assert set(counts) == set(tampering.KINDS)


def test_nobody_changes_or_removes_a_row_through_the_store(forger):
    for statement in ("UPDATE history SET actor = 'eve' WHERE id = 3", "DELETE FROM history WHERE id = 3", "DELETE FROM history"):
        with pytest.raises((DatabaseError, StoreForbidden), match=r"append only|permission denied"), forger.store.begin(ALL) as tx:
            tx.execute(text(statement))
    assert tampering.look(forger).good


def test_without_its_head_nothing_is_recorded_and_nothing_changed(forger):
    with forger.store.read(ALL) as tx:
        [one, *_] = incidents.list_(tx, limit=1)
    before = forger.head()
    forger.run("DELETE FROM history_head")
    with pytest.raises(HistoryHeadGone):
        close(forger.store, one.number, "done", now=datetime.now(UTC), actor=OPERATOR)
    with forger.store.read(ALL) as tx:
        assert incidents.get(tx, one.id) == one
    forger.write(forger.rows(), before)
    assert close(forger.store, one.number, "done", now=datetime.now(UTC), actor=OPERATOR).state is State.CLOSED


FACTS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(facts=FACTS, micro=st.integers(0, 10**15), actor=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_whatever_is_recorded_hashes_the_same_when_it_comes_back(store, facts, micro, actor):
    at = build.NOON + timedelta(microseconds=micro)
    with store.begin(allowed(operator(actor), Action.OPERATE)) as tx:
        id = history.record(tx, at, "draft.cut", f"draft:{actor}", **{f"x{name}": value for name, value in facts.items()})
    with store.read(ALL) as tx:
        before, row = "", history.page(tx, after=id - 1, limit=1)[0]
        if id > 1:
            before = history.hash_of(tx, id - 1) or ""
    assert chain.link(before, row) == row["hash"]
    assert row["facts"] == {f"x{name}": value for name, value in facts.items()}


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gridmap.flows import audit
from tests.closing import close
from gridmap.store import Store, history
from tests.builders import ALL, OPERATOR

with Store.open(sys.argv[1]) as store:
    for number in range(int(sys.argv[3])):
        now = datetime.now(UTC)
        with store.begin(ALL) as tx:
            history.record(tx, now, "draft.cut", f"draft:{number}", share=number / 7)
        audit.anchor(store, Path(sys.argv[2]), None, actor=OPERATOR, now=now)
"""


def test_several_processes_witness_in_one_file_and_one_that_is_killed_harms_nobody(forger):
    url = f"sqlite:///{forger.store.file}?timeout=60" if forger.sqlite else forger.url
    run = [sys.executable, "-c", WRITER, url, str(forger.anchors)]
    killed, *others = [subprocess.Popen([*run, count], cwd=ROOT) for count in ("100000", "5", "5")]
    assert [each.wait(patient.COMMAND_SECONDS) for each in others] == [0, 0]
    killed.kill()
    killed.wait()
    found = tampering.look(forger)
    assert found.faults == ()
    lines = forger.anchors.read_bytes()
    with forger.anchors.open("ab") as file:
        file.write(b'{"at":"2026-')  # as one that was stopped in the middle of a line leaves it
    assert tampering.look(forger).faults == ()
    with forger.store.begin(ALL) as tx:
        history.record(tx, build.NOON, "draft.drop", "draft:x")
    audit.anchor(forger.store, forger.anchors, None, actor=OPERATOR, now=build.NOON)
    assert forger.anchors.read_bytes().startswith(lines + b'{"at":"2026-03-01')
    assert tampering.look(forger).faults == ()


def test_nothing_is_witnessed_twice_and_nothing_over_a_contradiction(forger):
    def anchor() -> audit.Anchored:
        return audit.anchor(forger.store, forger.anchors, None, actor=OPERATOR, now=build.NOON)

    lines = forger.anchors.read_bytes()
    assert not anchor().written
    rows = forger.rows()
    tampering.Tampers(forger, 1).one("rewrite")
    with pytest.raises(audit.HistoryContradicted):
        anchor()
    assert forger.anchors.read_bytes() == lines
    forger.write(rows, (rows[-1]["id"], rows[-1]["hash"]))
    forger.anchors.write_text("somebody's notes\n")
    with pytest.raises(anchors.AnchorFileForeign):
        anchor()
    assert forger.anchors.read_text() == "somebody's notes\n"


def test_whoever_rewrites_chain_and_anchors_needs_the_key_too(store, tmp_path, request):
    """The forger holds the database and the file, and knows how both are made; only the signature is out of reach."""
    file, (private, public) = tmp_path / "anchors", keys(tmp_path)
    build.settle(store)
    now = build.NOON
    for number in range(6):
        with store.begin(ALL) as tx:
            history.record(tx, now, "draft.cut", f"draft:{number}")
        audit.anchor(store, file, private if number else None, actor=OPERATOR, now=now)

    def wrong() -> list[str]:
        return [fault.wrong for fault in verify(store, file, actor=OPERATOR, key_file=public).faults]

    assert wrong() == []
    forger = Forger(store, "" if store.file else request.getfixturevalue("fresh_postgres"), file)
    true, lines = forger.rows(), file.read_bytes().splitlines(keepends=True)
    rows = [dict(row) for row in true]
    rows[0]["actor"] = "eve"
    hashes = list(lines)
    for place in range(len(rows)):  # a witness names the hash of a line, which names the hash of a row
        forger.relink(rows, place)
        told = next((n for n, line in enumerate(lines) if json.loads(line)["id"] == rows[place]["id"]), None)
        if told is not None:
            before = hashlib.sha256(hashes[told - 1][:-1]).hexdigest() if told else ""
            hashes[told] = tampering._line({**json.loads(lines[told]), "hash": rows[place]["hash"], "before": before})
        if place + 1 < len(rows) and rows[place + 1]["what"] == anchors.WITNESS:
            facts = json.loads(rows[place + 1]["facts"])
            rows[place + 1]["facts"] = json.dumps({**facts, "hash": hashlib.sha256(hashes[facts["line"] - 1][:-1]).hexdigest()})
    forger.relink(rows, len(rows) - 1)
    forger.write(rows, (rows[-1]["id"], rows[-1]["hash"]))
    file.write_bytes(b"".join(hashes))
    assert verify(store, file, actor=OPERATOR).good  # without the key nobody could tell
    assert set(wrong()) == {"anchor_changed"}
    stripped = [{name: value for name, value in json.loads(line).items() if name != "signature"} for line in hashes]
    plain = [tampering._line(line) for line in stripped]
    tampering._relink_lines(plain, 1)
    file.write_bytes(b"".join(plain))
    assert "anchor_unsigned" in wrong()
    forger.write(true, (true[-1]["id"], true[-1]["hash"]))
    file.write_bytes(b"".join(lines))
    assert wrong() == []


def keys(folder: Path) -> tuple[Path, Path]:
    made = Ed25519PrivateKey.generate()
    private, public = folder / "key.pem", folder / "public.pem"
    private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def test_a_key_that_is_none_is_told(store, tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    with pytest.raises(anchors.AnchorKeyUnusable):
        audit.anchor(store, tmp_path / "anchors", tmp_path / "key.pem", actor=OPERATOR, now=build.NOON)
    with pytest.raises(audit.AnchorFileUnusable):
        audit.anchor(store, tmp_path / "no folder" / "anchors", None, actor=OPERATOR, now=build.NOON)


def test_a_code_of_paper_is_read_however_it_was_typed():
    code = chain.short_code(1234, "0123456789abcdef" * 4)
    id, letters = chain.read_code(code) or (0, "")
    assert id == 1234
    assert chain.read_code(f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l').replace('l234', '1234')}") == (
        id,
        letters,
    )
    assert [chain.read_code(text) for text in ("", "12", "x " + letters, f"1 {letters}A", f"1 {letters[:-1]}U")] == [None] * 5
