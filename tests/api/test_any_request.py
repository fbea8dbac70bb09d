"""Whatever is asked of the service, its description told the answer, and nothing of ours breaks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest

from gridmap.access import Role
from gridmap.store import Store
from tests import accounts, patient
from tests.any_request import Judged, ask_anything
from tests.serving import serving
from tests.small_land import settle

DESK = (Role.DISPATCHER, Role.PLANNER, Role.SUPERVISOR, Role.AUDITOR)
SOMEBODY: tuple[tuple[Role, ...], ...] = (DESK, (Role.ADMINISTRATOR,), (Role.HANDLER,), (Role.DISPATCHER,), ())


@contextmanager
def service(folder: Path) -> Iterator[tuple[str, Store]]:
    """Its address, and its store, in which somebody administers."""
    with Store.open(patient.sqlite(folder)) as store:
        settle(store)
        accounts.person(store, "root", (Role.ADMINISTRATOR, None))
        with serving(store) as url:
            yield url, store


def ask(folder: Path, roles: Sequence[Role], *, examples: int, seed: int) -> Judged:
    """Ask as somebody with these roles in the county; as a stranger where there are none."""
    with service(folder) as (url, store):
        key = accounts.key(store, "machine", *((role, None) for role in roles)) if roles else ""
        return ask_anything(url, folder, examples=examples, seed=seed, headers={"Authorization": f"Bearer {key}"} if key else {})


def test_ten_thousand_requests_are_answered_as_described(tmp_path: Path) -> None:
    asked = ask(tmp_path, DESK, examples=230, seed=1)
    assert asked.faults == []
    assert asked.requests >= 10_000


@pytest.mark.proof
def test_half_a_million_requests_of_everybody_are_answered_as_described(tmp_path: Path) -> None:
    requests = 0
    for seed, roles in zip(count(2), cycle(SOMEBODY), strict=False):
        folder = tmp_path / str(seed)
        folder.mkdir()
        asked = ask(folder, roles, examples=1000, seed=seed)
        assert asked.faults == []
        requests += asked.requests
        print(f"\n{requests} requests", end="")
        if requests >= 500_000:
            return
