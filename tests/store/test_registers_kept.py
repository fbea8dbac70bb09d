"""What a process keeps of the registers holds as long as nobody changes any, and not a transaction longer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gridmap.catalogue import By, Rule
from gridmap.duty import Duty, Leave, Office, OfficeKind, OnCall, Post, Weekday, Worker
from gridmap.limits import CalendarRow, DayKind
from gridmap.store import Store, Tx, calendars, catalogues, editions, offices, people
from gridmap.store.registers import mark
from tests import patient
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, LONG_AGO, NOW, ROAD, RULES, settle

CHANGES: dict[str, Callable[[Tx], object]] = {
    "issue types": lambda tx: catalogues.put_issue_types(tx, [replace(ROAD, name="另一个名称")]),
    "rules": lambda tx: catalogues.put_rules(tx, [*RULES, Rule("WATER", "C01", By.OWNER)]),
    "offices": lambda tx: offices.put(tx, [Office("NEW", "新办公室", OfficeKind.DEPARTMENT, None, "0720", "New office")]),
    "rota": lambda tx: offices.put_rota(tx, [OnCall(Weekday.MONDAY, "ROADS")]),
    "calendar": lambda tx: calendars.put(tx, [CalendarRow(DayKind.HOLIDAY, date(2026, 5, 1), date(2026, 5, 5), ())]),
    "workers": lambda tx: people.put_workers(tx, [Worker("W9", "网格员甲09", "0700-9", "Worker A09")]),
    "posts": lambda tx: people.put_posts(tx, [Post("W2", CELLS[0], Duty.BACKUP, LONG_AGO)]),
    "leaves": lambda tx: people.put_leaves(tx, [Leave("W1", NOW, NOW + timedelta(days=3))]),
    "editions": lambda tx: editions.add(tx, AREAS, in_force_from=NOW, recorded_at=NOW),
}


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def test_while_nothing_changes_the_same_registers_are_kept(county: Store) -> None:
    with county.read(ALL) as tx:
        first = county.registers(tx)
    with county.begin(ALL) as tx:
        assert county.registers(tx) is first


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_of_a_register_by_whomever_is_seen_by_the_next_transaction(
    request: pytest.FixtureRequest, county: Store, what: str
) -> None:
    url = f"sqlite:///{county.file}?timeout={patient.SECONDS}" if county.file else request.getfixturevalue("fresh_postgres")
    with county.read(ALL) as tx:
        before = county.registers(tx)
    with Store.open(url) as another, another.begin(ALL) as tx:
        CHANGES[what](tx)
    with county.read(ALL) as tx:
        assert county.registers(tx) != before


def test_what_was_undone_is_kept_by_nobody(county: Store) -> None:
    """A transaction may ask for the registers that it changed itself; who comes after it must not get them."""

    class UndoneError(Exception):
        pass

    def change_and_undo() -> str:
        with county.begin(ALL) as tx:
            CHANGES["offices"](tx)
            assert "NEW" in county.registers(tx).desks.by_code
            found.append(mark(tx))
            raise UndoneError

    found: list[str] = []
    for _ in range(2):
        with pytest.raises(UndoneError):
            change_and_undo()
    assert found[0] != found[1]
    with county.read(ALL) as tx:
        assert "NEW" not in county.registers(tx).desks.by_code
