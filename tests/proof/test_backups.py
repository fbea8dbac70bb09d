"""Backups, at full scale: twenty under load each restore and verify; fifty damaged ones are refused with the live database untouched."""

import hashlib
from pathlib import Path

import pytest

from gridmap.flows.back_up import back_up
from gridmap.flows.intake import receive_many
from gridmap.flows.restore import prove, restore
from gridmap.store import Store
from gridmap.store.backup_file import BackupDamaged, BackupForeign
from tests.builders import OPERATOR
from tests.small_land import NOW, settle
from tests.store import damage, small_world
from tests.store.test_backup import contents, report

pytestmark = pytest.mark.proof


def _url(store: Store, request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{store.file}" if store.file else str(request.getfixturevalue("fresh_postgres"))


@pytest.mark.parametrize("times", [20])
def test_backups_under_load_all_restore_and_verify(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest, times: int, capsys
) -> None:
    settle(store)
    receive_many(store, [report(number) for number in range(500)], now=NOW, actor=OPERATOR)
    url, heads = _url(store, request), []
    with damage.writers(store) as written:
        for number in range(times):
            made = back_up(store, tmp_path / f"{number}.gridmap", actor=OPERATOR, now=NOW)
            assert made.manifest.rows["history"] == made.manifest.head
    for number in range(times):
        found = prove(tmp_path / f"{number}.gridmap", url, actor=OPERATOR)
        assert found.faults == ()
        heads.append(found.manifest.head)
    with capsys.disabled():
        print(f"\n{store.dialect}: {times} backups while {sum(written)} rows were written, {len(heads)} restored and verified")
    assert heads == sorted(heads)
    assert heads[-1] > heads[0]


@pytest.mark.parametrize("times", [50])
def test_damaged_backups_are_all_refused(store: Store, tmp_path: Path, request: pytest.FixtureRequest, times: int, capsys) -> None:
    small_world.make(store)
    url = _url(store, request)
    whole = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW).path.read_bytes()
    before, refused, kinds = contents(store, url), 0, set()
    for seed in range(times):
        content = damage.damaged(whole, seed)
        kinds.add(hashlib.sha256(content).digest())
        with pytest.raises((BackupDamaged, BackupForeign)):
            restore(damage.write(tmp_path / "bad.gridmap", content), url, actor=OPERATOR, now=NOW, replace=True)
        refused += 1
    with capsys.disabled():
        print(f"\n{store.dialect}: {len(kinds)} different damages, {refused} refused")
    assert len(kinds) > times * 0.9
    assert contents(store, url) == before
