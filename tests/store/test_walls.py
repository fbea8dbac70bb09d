"""The two walls, each alone and both together: no scope, role or login sees a row that is not its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import event, func, select, text

from gridmap.access import ANONYMOUS, Action, Actor, Grant, Role, Scope, allowed
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, Tx, incidents, lives, public, scoping, walls
from gridmap.store.faults import StoreForbidden, StoreRolesForbidden
from gridmap.store.migrate import VERSION_TABLE
from gridmap.store.schema import metadata
from gridmap.store.scoping import within
from gridmap.words import LANGS
from tests import postgres
from tests.builders import ALL
from tests.small_land import CELLS, TOWN
from tests.store import small_world
from tests.store.crowd import Crowd, grow
from tests.store.small_world import FAR, KEYS, World


@pytest.fixture(scope="module")
def walled(postgres_url: str, migrated_template: str) -> Iterator[tuple[Store, World]]:
    """The small world on PostgreSQL, which the tests below only read."""
    with postgres.fresh_database(postgres_url, migrated_template) as url, Store.open(url) as store:
        yield store, small_world.make(store)


def seen(store: Store, scope: Scope) -> dict[str, set[Any]]:
    """What each scoped table shows; nothing where the role may not even ask."""
    found: dict[str, set[Any]] = {}
    with store.read(scope) as tx:
        for name, key in KEYS.items():
            asked = select(key).where(within(tx, key.table))
            savepoint = tx.begin_nested()
            try:
                found[name] = set(tx.scalars(asked))
            except Exception as fault:
                if getattr(getattr(fault, "orig", None), "pgcode", "") != "42501":
                    raise
                found[name] = set()
                savepoint.rollback()
    return found


def test_the_filter_alone_shows_each_scope_its_rows_and_no_other(tmp_path: Any) -> None:
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        world = small_world.make(store)
        for scope in small_world.scopes(world):
            assert seen(store, scope) == world.expected(scope), scope


def test_row_level_security_alone_shows_no_scope_a_foreign_row(walled: tuple[Store, World], monkeypatch: pytest.MonkeyPatch) -> None:
    store, world = walled
    monkeypatch.setattr(scoping, "_rows", lambda table, scope: True)
    with store.read(ALL) as tx:
        assert tx.scalar(select(func.count(KEYS["incident"])).where(within(tx, KEYS["incident"].table))) == len(world.incidents)
    assert next(foreign_rows(store, world), None) is None
    assert next(foreign_besides(store, world), None) is None
    for scope in small_world.scopes(world):
        found, mine = seen(store, scope), world.expected(scope)
        if scope.action in {Action.INCIDENT_READ, *walls.STEPPING}:
            assert found | APART == mine | APART, scope


def foreign_rows(store: Store, world: World) -> Iterator[tuple[str, Scope]]:
    """Each table that shows a scope what is not its own."""
    for scope in small_world.scopes(world):
        found, mine = seen(store, scope), world.expected(scope)
        yield from ((name, scope) for name, rows in found.items() if rows - mine[name])


def foreign_besides(store: Store, world: World) -> Iterator[tuple[str, Scope]]:
    """What is open to everybody by the filter, and narrower behind the wall: offices for the public, public matters for who sees few."""
    for scope in small_world.scopes(world):
        role, mine = walls.role_of(scope), world.expected(scope)["incident"]
        if role in {walls.PUBLIC, walls.SCOPED}:
            offices = {one.office for one in world.incidents if one.id in mine}
            table, own = ("office", offices) if role == walls.PUBLIC else ("public_incident", mine)
            with store.read(scope) as tx:
                if set(tx.scalars(text(f"SELECT {'code' if role == walls.PUBLIC else 'incident'} FROM {table}"))) - own:
                    yield table, scope


def test_both_walls_together_show_whoever_works_with_incidents_what_is_theirs(walled: tuple[Store, World]) -> None:
    store, world = walled
    for scope in small_world.scopes(world):
        if scope.action in WITH_INCIDENTS and (scope.report or scope.action is not Action.REPORT_FOLLOW):
            found, mine = seen(store, scope), world.expected(replace(scope, everywhere=scope.everywhere and not scope.report))
            assert (found["incident"], found["report"]) == (mine["incident"], mine["report"]), scope
            if scope.action is not Action.REPORT_FOLLOW:  # who shows a report is not told the contact in it
                assert found["contact"] == mine["contact"], scope


def test_row_level_security_lets_nobody_change_a_foreign_row(walled: tuple[Store, World], monkeypatch: pytest.MonkeyPatch) -> None:
    store, world = walled
    monkeypatch.setattr(scoping, "_rows", lambda table, scope: True)
    assert next(foreign_changes(store, world), None) is None


CHANGES = (
    ("incident", "UPDATE incident SET revision = revision RETURNING id"),
    ("contact", "UPDATE contact SET kept_until = kept_until RETURNING report"),
    ("token", "UPDATE token SET ended_at = made_at RETURNING account"),
    ("account", "UPDATE account SET password = 'x' RETURNING id"),
    ("public_incident", "UPDATE public_incident SET state = state RETURNING incident"),
    ("public_incident", "DELETE FROM public_incident RETURNING incident"),
    ("contact", "DELETE FROM contact RETURNING report"),
    ("history", "DELETE FROM history RETURNING id"),
    ("photo", "UPDATE photo SET have = have RETURNING holder"),
    ("photo", "DELETE FROM photo WHERE NOT EXISTS (SELECT FROM photo_part) RETURNING holder"),
    ("photo_part", "DELETE FROM photo_part RETURNING holder"),
    ("clock", "UPDATE clock SET run = run RETURNING incident"),
    (
        "clock",
        "INSERT INTO clock SELECT incident, name, 9, issue, given, extended, started, ran, since, stopped, due, next_at FROM clock"
        " RETURNING incident",
    ),
    ("task", "UPDATE task SET answered = answered RETURNING incident"),
    ("escalation", "UPDATE escalation SET key = key RETURNING incident"),
    ("escalation", "DELETE FROM escalation RETURNING incident"),
    ("access_grant", "UPDATE access_grant SET role = 'administrator' RETURNING account"),
)


def foreign_changes(store: Store, world: World) -> Iterator[tuple[str, Scope]]:
    """Each statement that lets a scope change what is not its own, or by another action."""
    for scope in small_world.scopes(world):
        mine = world.expected(scope)
        mine |= {"public_incident": mine["incident"]}
        for table, statement in CHANGES:
            with suppress(StoreForbidden, Undone), store.begin(scope) as tx:
                changed = set(tx.scalars(text(statement)))
                if changed - mine[table] or (changed and scope.action not in CHANGING[table]):
                    yield statement, scope
                raise Undone


class Undone(Exception):
    """So that the next one finds the world as it was."""


APART = dict.fromkeys(("account", "access_grant", "token", "photo_part"), ())
"""What is not of incidents, and files that are on their way, which only those who bring them see."""
WITH_INCIDENTS = {Action.INCIDENT_READ, Action.CONTACT_READ, Action.REPORT_FOLLOW, Action.OPERATE}
CHANGING: dict[str, set[Action]] = {
    "incident": {*walls.STEPPING, Action.REPORT_SEND, Action.OPERATE},
    "contact": {Action.INCIDENT_CLOSE, Action.OPERATE},
    "photo": {Action.INCIDENT_CLOSE, Action.PHOTO_ADD, Action.REPORT_PHOTO, Action.OPERATE},
    "photo_part": {Action.PHOTO_ADD, Action.REPORT_PHOTO, Action.OPERATE},
    "clock": {*walls.STEPPING, Action.OPERATE},
    "task": {*walls.STEPPING, Action.OPERATE},
    "escalation": set(),
    "token": {Action.SELF_CHANGE, Action.SIGN_IN, Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE, Action.OPERATE},
    "account": {Action.SELF_CHANGE, Action.SIGN_IN, Action.OPERATE},
    "public_incident": {Action.INCIDENT_CLOSE, Action.INCIDENT_DISPATCH, Action.OPERATE},
    "history": set(),
    "access_grant": {Action.OPERATE},
}


# Drafts and households are kept apart by what is done, not by whose they are: the matrix asks about those.
BY_ACTION = ("draft", "draft_area", "draft_move", "household")
CONDITIONAL = """
SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies
WHERE 'true' <> ALL (ARRAY[coalesce(qual, with_check), coalesce(with_check, qual)]) ORDER BY tablename, policyname
"""


@pytest.mark.proof
def test_every_policy_that_is_opened_is_noticed(fresh_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(fresh_postgres) as store:
        world = small_world.make(store)
        monkeypatch.setattr(scoping, "_rows", lambda table, scope: True)
        found = [each for each in postgres.ask_sql(fresh_postgres, CONDITIONAL) if each[0] not in BY_ACTION and each[2] != "INSERT"]
        unnoticed = []
        for table, name, command, rows, _ in found:
            looks = [foreign_changes] if command == "UPDATE" else [foreign_besides, foreign_rows]
            postgres.run_sql(fresh_postgres, f"ALTER POLICY {name} ON {table} USING (true)")
            if all(next(look(store, world), None) is None for look in looks):
                unnoticed.append(f"{name} on {table}")
            postgres.run_sql(fresh_postgres, f"ALTER POLICY {name} ON {table} USING ({rows})")
        print(f"\n{len(found)} policies opened, one by one; not noticed: {unnoticed}")
        assert found
        # Only when a clock is looked at again is that role's to change; every report is the other's.
        assert unnoticed == ["gridmap_office_update on clock", "gridmap_county_select on contact"]


def test_every_table_has_row_level_security_that_binds_its_owner_too(fresh_postgres: str) -> None:
    found = postgres.ask_sql(
        fresh_postgres,
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class "
        "WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace",
    )
    assert {name for name, walled in found if walled} == set(metadata.tables)
    assert {name for name, walled in found if not walled} == {VERSION_TABLE, "spatial_ref_sys"}
    with_policy = {name for (name,) in postgres.ask_sql(fresh_postgres, "SELECT DISTINCT polrelid::regclass::text FROM pg_policy")}
    assert with_policy == set(metadata.tables)
    views = "SELECT relname FROM pg_class WHERE relkind = 'v' "
    views += "AND relname ~ '^(areas|incidents)_' AND reloptions::text ~ 'security_invoker=true'"
    assert {name for (name,) in postgres.ask_sql(fresh_postgres, views)} == {"areas_in_force", "incidents_open"}


def test_no_role_may_take_a_wall_down_or_pass_it(fresh_postgres: str) -> None:
    asked = "SELECT rolname FROM pg_roles WHERE rolname = ANY (ARRAY{}) "
    asked += "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin OR rolinherit)"
    assert postgres.ask_sql(fresh_postgres, asked.format([walls.GATE, *walls.ROLES])) == []
    owned = "SELECT relname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname = ANY (ARRAY{})"
    assert postgres.ask_sql(fresh_postgres, owned.format([walls.GATE, *walls.ROLES])) == []


@contextmanager
def login(postgres_url: str, rights: str) -> Iterator[str]:
    """The name of a new login."""
    name = f"gridmap_login_{uuid4().hex[:8]}"
    postgres.run_sql(postgres_url, f"CREATE ROLE {name} LOGIN {rights}")
    try:
        yield name
    finally:
        postgres.run_sql(postgres_url, f"DROP ROLE {name}")


@contextmanager
def database_of(postgres_url: str, owner: str) -> Iterator[str]:
    """The URL, as its owner, of a new database with PostGIS."""
    with postgres.fresh_database(postgres_url) as url:
        postgres.run_sql(url, "CREATE EXTENSION postgis")
        postgres.run_sql(postgres_url, f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO {owner}")
        yield url.replace("//gridmap@", f"//{owner}@")
        postgres.run_sql(url, f"DROP OWNED BY {owner}")


def _rows_without_a_scope(url: str) -> dict[str, int]:
    return {name: postgres.ask_sql(url, f"SELECT count(*) FROM {name}")[0][0] for name in metadata.tables}


def test_the_owner_of_the_tables_sees_no_row_of_any_outside_a_scope_and_all_works_within(postgres_url: str) -> None:
    with login(postgres_url, "CREATEROLE") as owner, database_of(postgres_url, owner) as url:
        Store.migrate(url)
        with Store.open(url) as store:
            world = small_world.make(store)
            actor = Actor("an", "account-an", None, (Grant(Role.DISPATCHER, CELLS[0]),))
            voiding = Taken(step=Step.VOID, actor="an", reason="not so")
            with store.begin(allowed(actor, Action.INCIDENT_CLOSE)) as tx:
                one = incidents.list_(tx, limit=1)[0]
                assert lives.take(tx, one.id, voiding, at=one.at, expected_revision=1).cell == CELLS[0]
        assert set(_rows_without_a_scope(url).values()) == {0}
        assert postgres.ask_sql(url, "UPDATE incident SET text = 'x' RETURNING id") == []
        with pytest.raises(psycopg2.Error, match="row-level security"):
            postgres.run_sql(url, "INSERT INTO land (kind, name, shape) VALUES ('barrier', '', ST_MakePoint(0, 0))")
        for role in walls.ROLES:
            assert _without_settings(url, role) <= ({len(world.incidents)} if role in {walls.COUNTY, walls.OPERATOR} else set())
        assert Store.migrate(url) == Store.migrate(url)


def _without_settings(url: str, role: str) -> set[int]:
    """How many incidents or contacts there are for a role whose scope was never set; empty where it sees none, or may not ask."""
    found = set()
    for asked in ("SELECT count(id) FROM incident", "SELECT count(contact) FROM contact"):
        with suppress(psycopg2.errors.InsufficientPrivilege):
            found |= set(postgres.ask_sql(url, f"SET ROLE {role}; {asked}")[0])
    return found - {0}


def test_a_login_that_owns_nothing_serves_once_the_gate_is_granted_to_it(fresh_postgres: str, postgres_url: str) -> None:
    with login(postgres_url, "") as server:
        url = fresh_postgres.replace("//gridmap@", f"//{server}@")
        with pytest.raises(StoreForbidden):
            Store.open(url)
        postgres.run_sql(fresh_postgres, f"GRANT {walls.GATE} TO {server}")
        with Store.open(url) as store:
            world = small_world.make(store)
            with store.read(ALL) as tx:
                assert sum(incidents.count(tx).values()) == len(world.incidents)
        for table in metadata.tables:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                postgres.ask_sql(url, f"SELECT 1 FROM {table}")


def test_who_may_not_make_roles_is_told_what_an_administrator_must_run(postgres_url: str, migrated_template: str) -> None:
    with login(postgres_url, "") as owner, database_of(postgres_url, owner) as url:
        with pytest.raises(StoreRolesForbidden) as caught:
            Store.migrate(url)
        statements = caught.value.facts["statements"]
        assert f"GRANT {walls.GATE} TO {owner}" in statements  # the roles are there already: others on this server made them
        assert all(statements in caught.value.text(lang) for lang in LANGS)
        assert postgres.ask_sql(url, "SELECT count(*) FROM pg_tables WHERE tablename = 'incident'") == [(0,)]
        postgres.run_sql(postgres_url, statements)
        Store.migrate(url)
        with Store.open(url) as store:
            small_world.make(store)


def test_what_a_transaction_set_is_gone_with_it(fresh_postgres: str) -> None:
    state = "SELECT current_user, session_user, " + ", ".join(
        f"coalesce(current_setting('gridmap.{name}', true), '')"
        for name in ("action", "everywhere", "areas", "offices", "asked", "workers", "account", "report")
    )
    actor = Actor(
        "an", "account-an", "W1", (Grant(Role.DISPATCHER, TOWN), Grant(Role.HANDLER, None, "ROADS"), Grant(Role.WORKER, CELLS[0]))
    )
    with Store.open(fresh_postgres, connections=1) as store:
        for action, ending in ((Action.INCIDENT_READ, None), (Action.CONTACT_READ, Undone), (Action.SELF_READ, None)):
            with suppress(Undone), store.begin(allowed(actor, action)) as tx:
                assert tx.exec_driver_sql(state).one()[:3] == (walls.role_of(allowed(actor, action)), "gridmap", str(action))
                if ending:
                    raise ending
            with store._engine.connect() as connection:
                assert set(connection.exec_driver_sql(state).one()) == {"gridmap", ""}


def test_a_shared_databases_other_walls_and_rights_are_left_alone(bare_postgres: str) -> None:
    for statement in (
        "CREATE TABLE parcels (id serial, owner text)", "ALTER TABLE parcels ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY theirs ON parcels USING (owner = current_user)", "GRANT SELECT ON parcels TO pg_monitor",
    ):  # fmt: skip
        postgres.run_sql(bare_postgres, statement)
    theirs = "SELECT relrowsecurity, relacl::text, (SELECT count(*) FROM pg_policy WHERE polname = 'theirs') "
    theirs += "FROM pg_class WHERE relname ~ '^parcels'"
    before = postgres.ask_sql(bare_postgres, theirs)
    Store.migrate(bare_postgres)
    assert postgres.ask_sql(bare_postgres, theirs) == before
    found = postgres.ask_sql(bare_postgres, f"SELECT has_table_privilege('{walls.OPERATOR}', 'parcels', 'SELECT')")
    assert found == [(False,)]


def test_maps_and_lists_are_found_by_index_under_row_level_security(postgres_url: str, migrated_template: str) -> None:
    with postgres.fresh_database(postgres_url, migrated_template) as url, Store.open(url) as store:
        grow(url, store, 20_000)
        assert_by_index(store)


def assert_by_index(store: Store) -> None:
    """The queries of the maps and of a township's list, planned as the roles that really ask them."""
    county = allowed(Actor("c", "c", None, (Grant(Role.DISPATCHER),)), Action.INCIDENT_READ)
    village = allowed(Actor("v", "v", None, (Grant(Role.DISPATCHER, f"{TOWN}007"),)), Action.INCIDENT_READ)
    worker = allowed(Actor("w", "w", "W00017", (Grant(Role.WORKER, f"{TOWN}007001"),)), Action.INCIDENT_READ)
    handler = allowed(Actor("h", "h", None, (Grant(Role.HANDLER, None, "ROADS"),)), Action.INCIDENT_READ)
    box = (113.0, 28.0, 113.002, 28.002)
    plan = planned(
        store, allowed(ANONYMOUS, Action.PUBLIC_READ), lambda tx: public.counts(tx, states=list(public.PublicState), bbox=box, limit=100)
    )
    assert "ix_public_incident_point" in plan
    assert "Seq Scan" not in plan
    assert re.search("ix_incident_(point|open_lon_lat)", planned(store, county, lambda tx: incidents.list_(tx, bbox=box, limit=500)))
    for scope in (village, worker, handler):
        assert "Seq Scan on incident" not in planned(store, scope, lambda tx: incidents.list_(tx, limit=500))
        assert "Seq Scan on incident" not in planned(store, scope, lambda tx: incidents.list_(tx, bbox=box, limit=500))
        assert "Seq Scan on incident" not in planned(store, scope, incidents.count)
    assert "ix_incident_asked" in planned(store, handler, incidents.count)


def planned(store: Store, scope: Scope, ask: Any) -> str:
    """The plans of all that is asked within the scope, by the role of the scope."""
    said: list[tuple[str, Any]] = []

    def listen(_tx: Tx, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    with store.read(scope) as tx:
        event.listen(tx, "before_cursor_execute", listen)
        ask(tx)
        read = [each for each in said if each[0].startswith("SELECT")]
        plans = [tx.exec_driver_sql(f"EXPLAIN {asked}", parameters).scalars() for asked, parameters in read]
        return "\n".join(line for plan in plans for line in plan)


def test_no_connection_carries_a_scope_over_to_the_next_actor(postgres_url: str, migrated_template: str) -> None:
    with postgres.fresh_database(postgres_url, migrated_template) as url:
        assert Crowd(url, postgres_url).run(transactions=1_500, kills=15) >= 1_400


def test_whoever_answers_for_an_office_changes_its_own_tasks_and_no_others(
    walled: tuple[Store, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoping, "_rows", lambda table, scope: True)
    store, world = walled
    for office in ("ROADS", "WATER", "NOBODY"):
        scope = allowed(Actor("an", "account-an", None, (Grant(Role.HANDLER, None, office),)), Action.INCIDENT_ANSWER)
        mine = {(one.id, task.number) for one in world.incidents for task in one.tasks if task.office == office and office in one.asked}
        with suppress(Undone), store.begin(scope) as tx:
            changed = tx.execute(text("UPDATE task SET answered = true RETURNING incident, number")).all()
            assert {(row.incident, row.number) for row in changed} == mine
            assert mine
            raise Undone
        other = "WATER" if office == "ROADS" else "ROADS"
        given = "INSERT INTO task SELECT incident, 9, kind, '{}', until, arrived, answered, withdrawn FROM task LIMIT 1"
        with pytest.raises(StoreForbidden), store.begin(scope) as tx:
            tx.execute(text(given.format(other)))


def test_no_step_moves_an_incident_to_where_its_taker_does_not_reach(walled: tuple[Store, World], monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk may give it to another office, because the land stays the desk's; an office may not give it away by its own step."""
    monkeypatch.setattr(scoping, "_rows", lambda table, scope: True)
    store, _ = walled
    desk = allowed(Actor("an", "account-an", None, (Grant(Role.DISPATCHER, TOWN),)), Action.INCIDENT_DISPATCH)
    office = allowed(Actor("an", "account-an", None, (Grant(Role.HANDLER, None, "ROADS"),)), Action.INCIDENT_HANDLE)
    moves = "UPDATE incident SET office = 'WATER', revision = revision + 1 WHERE office = 'ROADS'"
    with suppress(Undone), store.begin(desk) as tx:
        assert tx.execute(text(moves)).rowcount > 0
        raise Undone
    with pytest.raises(StoreForbidden), store.begin(office) as tx:
        tx.execute(text(moves))
    stands = allowed(Actor("an", "account-an", "W2", (Grant(Role.WORKER, FAR),)), Action.INCIDENT_SETTLE)
    with pytest.raises(StoreForbidden), store.begin(stands) as tx:
        tx.execute(text("UPDATE incident SET worker = 'W3', backup = NULL WHERE worker = 'W2'"))
    for column in ("township", "text", "number"):  # a pin may move within the desk's land
        with pytest.raises(StoreForbidden), store.begin(desk) as tx:
            tx.execute(text(f"UPDATE incident SET {column} = NULL"))
