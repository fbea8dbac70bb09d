"""Many at once: actors who share three connections, some of which are cut; and a county with many incidents."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from gridmap.access import Action, Scope
from gridmap.store import Store, walls
from gridmap.store.faults import StoreAway
from gridmap.store.scoping import within
from tests import postgres
from tests.small_land import TOWN, settle
from tests.store import small_world
from tests.store.build import Undone

CONNECTIONS, THREADS = 3, 6


class Crowd:
    """Actors whose transactions take turns on CONNECTIONS connections. `run` raises AssertionError for the first foreign row."""

    def __init__(self, url: str, server: str) -> None:
        self.url, self.server, self.name = url, server, url.rpartition("/")[2].partition("?")[0]

    def run(self, *, transactions: int, kills: int) -> int:
        """How many transactions came to their end; those whose connection was cut did not."""
        with Store.open(self.url, connections=CONNECTIONS) as store, ThreadPoolExecutor(THREADS) as pool:
            world = small_world.make(store)
            fit = {Action.INCIDENT_READ, *walls.STEPPING, Action.CONTACT_READ, Action.REPORT_FOLLOW, Action.SELF_READ}
            those = [scope for scope in small_world.scopes(world) if scope.action in fit and not _odd(scope)]
            scopes = [(scope, world.expected(scope)) for scope in those]
            shares = [transactions // THREADS] * THREADS
            done = [pool.submit(self._share, store, scopes, share, kills / transactions, seed) for seed, share in enumerate(shares)]
            return sum(each.result() for each in done)

    def _share(self, store: Store, scopes: list[tuple[Scope, dict[str, set[Any]]]], count: int, killing: float, seed: int) -> int:
        chance, ended = random.Random(seed), 0
        for _ in range(count):
            scope, mine = chance.choice(scopes)
            opening = store.begin if chance.random() < 0.5 else store.read
            with suppress(StoreAway, Undone), opening(scope) as tx:
                tables = ["incident"] if scope.action is not Action.SELF_READ else ["account", "token"]
                for name in tables:
                    key = small_world.KEYS[name]
                    found = set(tx.scalars(select(key).where(within(tx, key.table))))
                    assert found == mine[name], scope
                ended += 1
                if chance.random() < 0.3:
                    raise Undone
            if chance.random() < killing:
                self._cut()
        return ended

    def _cut(self) -> None:
        """End one of the connections, as a restart of the server would."""
        asked = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.name}' ORDER BY random() LIMIT 1"
        postgres.ask_sql(self.server, asked)


def _odd(scope: Scope) -> bool:
    """To follow without showing a report, or as one who may see them all: nobody asks so, and the two walls differ."""
    return scope.action is Action.REPORT_FOLLOW and (scope.everywhere or not scope.report)


def grow(url: str, store: Store, count: int) -> None:
    """`count` incidents, each with its square: 97 villages, 10 000 workers. As quickly as SQL can."""
    settle(store)
    for statement in _growing(count):
        postgres.run_sql(url, statement)


def _growing(count: int) -> Iterator[str]:
    village = f"'{TOWN}' || lpad((n % 100)::text, 3, '0')"
    yield ("INSERT INTO worker (id, name, name_en, phone) SELECT 'W' || lpad(n::text, 5, '0'), 'x', '', '' FROM generate_series(0, 9999) n")
    yield (
        "INSERT INTO area (edition, code, level, parent, name, name_en, shape, west, south, east, north) "
        f"SELECT 1, '{TOWN}' || lpad(n::text, 3, '0'), 'village', '{TOWN}', 'x', '', ST_SetSRID(ST_MakePoint(113, 28), 4326), 0, 0, 0, 0 "
        "FROM generate_series(3, 99) n"
    )
    yield (
        "INSERT INTO incident (serial, id, number, state, issue, channel, at, recorded_at, grade, urgency, text, place, lon, lat, edition, "
        "township, village, worker, office, asked, candidates, reasons, revision, contact_left, replied, returns, reworks, reopened, "
        "settled, template, tier) "
        "SELECT 1000000 + n, 'i-' || n, '2026-' || n, CASE WHEN n % 3 = 0 THEN 'closed' ELSE 'dispatched' END, 'E0113', 'hotline', "
        "now(), now(), 'general', 'today', 'x', '', 113 + random(), 28 + random(), 1, "
        f"'{TOWN}', CASE WHEN n % 100 > 2 THEN {village} END, 'W' || lpad((n % 10000)::text, 5, '0'), "
        # One department of many: a county's roads office has the most, and it has a hundredth.
        "CASE n % 100 WHEN 0 THEN 'ROADS' WHEN 1 THEN 'WATER' END, CASE n % 50 WHEN 7 THEN chr(31) || 'CW' || chr(31) "
        "WHEN 9 THEN chr(31) || 'ROADS' || chr(31) || 'WATER' || chr(31) END, "
        "'[]', '[]', 1, false, false, 0, 0, 0, false, 'repair', 1 "
        f"FROM generate_series(1, {count}) n"
    )
    yield (
        "INSERT INTO public_incident (incident, issue, state, day, edition, village, lon, lat) "
        "SELECT id, issue, 'open', '2026-01-01', 1, coalesce(village, ''), lon, lat FROM incident"
    )
    yield "VACUUM ANALYZE"


def wind(url: str, ripe: int) -> None:
    """Give the dispatched incidents of `grow` a clock each, due within two weeks or since two days; `ripe` owe their ladder a step."""
    for statement in (
        "UPDATE incident SET due_at = now() + (serial % 20000 - 2880) * interval '1 minute', clock = 'handle' WHERE state = 'dispatched'",
        "INSERT INTO clock (incident, name, run, issue, given, started, ran, since, due, next_at) "
        "SELECT id, 'handle', 1, 'E0113', '48 UH', due_at - interval '2 days', '[]', due_at - interval '2 days', due_at, "
        "due_at + interval '90 days' FROM incident "
        "WHERE due_at IS NOT NULL",
        "UPDATE clock SET next_at = now() - interval '1 minute' WHERE incident IN "
        f"(SELECT incident FROM clock WHERE due < now() - interval '1 minute' LIMIT {ripe})",
        "VACUUM ANALYZE",
    ):
        postgres.run_sql(url, statement)
