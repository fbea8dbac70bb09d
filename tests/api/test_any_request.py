"""Whatever is asked of the service, its description told the answer, and nothing of ours breaks."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, cycle
from pathlib import Path

import pytest

from api.sign_in import CSRF_HEADER, SESSION, csrf_of
from gridmap.access import Role
from gridmap.flows.grants import propose_grant
from gridmap.store import Store
from tests import accounts, patient
from tests.any_request import Judged, ask_anything
from tests.builders import OPERATOR
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
        return ask_anything(url, folder, examples=examples, seed=seed, headers=shown_by(store, roles))


def shown_by(store: Store, roles: Sequence[Role]) -> Mapping[str, str]:
    """What a request shows of who sends it: a system's key; an administrator is a person, who comes with a session."""
    if not roles:
        return {}
    if Role.ADMINISTRATOR in roles:
        session = accounts.session(store, "root")
        return {"Cookie": f"{SESSION}={session}", CSRF_HEADER: csrf_of(session)}
    key = accounts.key(store, "machine", *((role, None) for role in roles if role is not Role.HANDLER))
    if Role.HANDLER in roles:
        propose_grant(store, "machine", Role.HANDLER, office="ROADS", actor=OPERATOR, now=accounts.now())
    return {"Authorization": f"Bearer {key}"}


def test_ten_thousand_requests_are_answered_as_described(tmp_path: Path) -> None:
    """Of each operation those at the bounds of its description, and some that are drawn; from a desk, an administrator and a stranger."""
    requests = 0
    for seed, roles in enumerate((DESK, (Role.ADMINISTRATOR,), ())):
        folder = tmp_path / str(seed)
        folder.mkdir()
        asked = ask(folder, roles, examples=20, seed=seed)
        assert asked.faults == []
        requests += asked.requests
    assert requests >= 10_000


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
