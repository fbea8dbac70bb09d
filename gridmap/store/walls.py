"""What tables alone cannot say: rows that nobody may change, views for a desktop GIS, and on PostgreSQL row-level security.

The wall is written as it should stand, and raised anew whole after each migration: nothing of an earlier one is left over. The first wall
(`gridmap.store.scoping`) narrows every query; this one holds if that one has a hole. A transaction works as one of the roles below
(`role_of`), with its scope in settings that end with it; where they are not set, nothing is seen.

The login user reaches the roles through GATE, which does not inherit: so without a transaction of ours it has none of their rights.
SQL that an attacker could smuggle in could set the settings too: against that bound parameters stand, not this wall.
"""

from collections.abc import Iterator
from itertools import product

from sqlalchemy import DDL, Connection, MetaData, event, text
from sqlalchemy.exc import DBAPIError

from gridmap.access import Action, Scope
from gridmap.incidents.incident import IN_ROW, OF_CLOCKS, OF_PLACE
from gridmap.incidents.life import ACTIONS
from gridmap.store.dialect import POSTGRESQL, SEPARATOR
from gridmap.store.faults import StoreRolesForbidden
from gridmap.store.triggers import FUNCTIONS, triggers

GATE = "gridmap_gate"
PUBLIC, INTAKE, DOOR, CONTACT = "gridmap_public", "gridmap_intake", "gridmap_door", "gridmap_contact"
SCOPED, COUNTY, OFFICE, OPERATOR = "gridmap_scoped", "gridmap_county", "gridmap_office", "gridmap_operator"
ROLES = (PUBLIC, INTAKE, DOOR, CONTACT, SCOPED, COUNTY, OFFICE, OPERATOR)

_ROLE_OF = {
    Action.SERVICE_USE: PUBLIC,
    Action.AREA_READ: PUBLIC,
    Action.CATALOGUE_READ: PUBLIC,
    Action.PUBLIC_READ: PUBLIC,
    Action.REPORT_FOLLOW: PUBLIC,
    Action.REPORT_SEND: INTAKE,
    Action.REPORT_PHOTO: INTAKE,
    Action.SIGN_IN: DOOR,
    Action.CONTACT_READ: CONTACT,
    Action.OPERATE: OPERATOR,
}
STEPPING = tuple(dict.fromkeys(ACTIONS.values()))
"""What changes incidents."""
_OF_INCIDENTS = frozenset({Action.INCIDENT_READ, *STEPPING, Action.PHOTO_ADD, Action.AUDIT_READ})


# What each role may do with which tables (columns in brackets); which rows, the policies say.
LAND = "edition, area, land, issue_type"
DUTY = "office, rule, rota, worker, post, leave, calendar"
PLANS = "draft, draft_area, household"
ACCOUNTS = "account, access_grant, token"
EVERYTHING = f"{LAND}, {DUTY}, {PLANS}, {ACCOUNTS}"
GRANTS = (
    (PUBLIC, "SELECT", LAND),
    (PUBLIC, "SELECT (issue, state, day, edition, village, lon, lat)", "public_incident"),
    (PUBLIC, "SELECT (id, incident, received_at)", "report"),
    (PUBLIC, "SELECT (id, number, state, issue, edition, village, office)", "incident"),
    (PUBLIC, "SELECT (code, name, name_en, phone)", "office"),
    (INTAKE, "SELECT", f"{LAND}, {DUTY}"),
    (INTAKE, "SELECT (id, incident, sender, key, body_hash, answer)", "report"),
    (INTAKE, "SELECT (serial)", "incident"),
    (INTAKE, "INSERT", "report, incident, contact, public_incident"),
    (INTAKE, "SELECT (holder, sha256, incident, have, arrived_at, kept_until, width, height)", "photo"),  # never a picture
    (INTAKE, "INSERT, UPDATE, DELETE", "photo"),
    *((role, "SELECT, INSERT, DELETE", "photo_part") for role in (INTAKE, SCOPED, COUNTY, OPERATOR)),
    *((role, "SELECT, INSERT, UPDATE, DELETE", "photo") for role in (SCOPED, COUNTY, OPERATOR)),
    (DOOR, "SELECT", f"{ACCOUNTS}, worker, post, office, throttle"),
    (DOOR, "INSERT", "token, throttle"),
    (DOOR, "UPDATE, DELETE", "throttle"),
    (DOOR, "UPDATE (seen_at, ended_at, until)", "token"),
    (DOOR, "UPDATE (password, issuer, subject)", "account"),
    (CONTACT, "SELECT", "contact"),
    (CONTACT, "SELECT (id, incident)", "report"),
    (CONTACT, "SELECT (id, number, township, village, cell, office, worker, backup, asked)", "incident"),
    (SCOPED, "SELECT", f"{EVERYTHING}, incident, report, history, public_incident"),
    (COUNTY, "SELECT", f"{LAND}, {DUTY}, incident, report, history, public_incident"),
    *((role, "SELECT (report, masked, kept_until)", "contact") for role in (SCOPED, COUNTY)),
    *((role, f"UPDATE ({', '.join((*IN_ROW, *OF_CLOCKS, *OF_PLACE, 'asked'))})", "incident") for role in (SCOPED, COUNTY)),
    *((role, "SELECT, INSERT, UPDATE", "task") for role in (SCOPED, COUNTY, OPERATOR)),
    *((role, "SELECT", "clock, escalation") for role in (SCOPED, COUNTY, OPERATOR)),
    (INTAKE, "INSERT", "clock"),
    *((role, "INSERT, UPDATE", "clock") for role in (SCOPED, COUNTY, OPERATOR)),
    (OFFICE, "SELECT (since), UPDATE (next_at)", "clock"),  # another calendar has them counted anew
    (OPERATOR, "INSERT", "escalation"),
    (OPERATOR, "SELECT, INSERT, UPDATE", "lease"),
    *((role, "INSERT", "notice") for role in (INTAKE, SCOPED, COUNTY)),
    (OFFICE, "SELECT", "notice"),
    (OPERATOR, "SELECT, INSERT, UPDATE, DELETE", "notice"),
    *((role, "INSERT, UPDATE, DELETE", "public_incident") for role in (SCOPED, COUNTY)),
    (OPERATOR, "DELETE", "public_incident"),
    *((role, "UPDATE (kept_until)", "contact") for role in (SCOPED, COUNTY)),
    *((role, "UPDATE (incident)", "report") for role in (SCOPED, COUNTY, OPERATOR)),
    (SCOPED, "INSERT, UPDATE, DELETE", "draft, draft_area"),
    *((role, "SELECT, INSERT", "draft_move") for role in (SCOPED, OFFICE, OPERATOR)),
    (SCOPED, "INSERT, UPDATE (ended_at)", "token"),
    (SCOPED, "UPDATE (password)", "account"),
    (OFFICE, "SELECT", f"{LAND}, {DUTY}, {PLANS}, account, access_grant"),
    (OFFICE, "SELECT (id, account, kind, label, made_at, seen_at, until, ended_at)", "token"),
    (OFFICE, "INSERT", f"{EVERYTHING}"),
    (OFFICE, "UPDATE (ended_at)", "token"),
    (OFFICE, "UPDATE", f"land, issue_type, {DUTY}, {PLANS}"),
    (OFFICE, "UPDATE (issuer, subject, disabled_at)", "account"),
    (OFFICE, "UPDATE (since, until, confirmed_by)", "access_grant"),
    (OFFICE, "DELETE", f"land, rule, rota, calendar, {PLANS}"),
    (OPERATOR, "SELECT", f"{EVERYTHING}, incident, report, history, public_incident, throttle"),
    (OPERATOR, "SELECT (report, masked, kept_until)", "contact"),
    (OPERATOR, "INSERT", f"{EVERYTHING}, incident, report, contact, public_incident, throttle"),
    (OPERATOR, "UPDATE", f"land, issue_type, {DUTY}, {PLANS}, {ACCOUNTS}, incident, public_incident, throttle"),
    (OPERATOR, "UPDATE (kept_until)", "contact"),
    (OPERATOR, "DELETE", f"land, rule, rota, calendar, {PLANS}, throttle, contact"),
    *((role, "INSERT", "history") for role in ROLES if role != PUBLIC),
    *((role, "SELECT, UPDATE", "history_head") for role in ROLES if role != PUBLIC),
    *((role, "SELECT", "register_mark") for role in ROLES if role != PUBLIC),
    *((role, "UPDATE (mark)", "register_mark") for role in (OFFICE, OPERATOR)),
    *((role, "SELECT (id, at)", "history") for role in (INTAKE, DOOR, CONTACT, OFFICE)),  # for RETURNING and foreign keys
    (INTAKE, "USAGE", "SEQUENCE incident_serial_seq"),
    (OFFICE, "USAGE", "SEQUENCE area_id_seq, land_id_seq, post_id_seq, rule_id_seq, calendar_id_seq"),
    (OPERATOR, "USAGE", "SEQUENCE area_id_seq, land_id_seq, post_id_seq, rule_id_seq, calendar_id_seq, incident_serial_seq"),
)


def _setting(name: str) -> str:
    """A setting of the transaction, NULL where it is not set. As a sub-select it is asked once, not for each row."""
    return f"(SELECT NULLIF(current_setting('gridmap.{name}', true), ''))"


def _listed(name: str) -> str:
    return f"(SELECT string_to_array(NULLIF(current_setting('gridmap.{name}', true), ''), chr(31)))::text[]"


ACTION, ACCOUNT, REPORT = (_setting(name) for name in ("action", "account", "report"))
_AREAS, _OFFICES, _ASKED, _WORKERS = (_listed(name) for name in ("areas", "offices", "asked", "workers"))
IN_SCOPE = (
    f"township = ANY ({_AREAS}) OR village = ANY ({_AREAS}) OR cell = ANY ({_AREAS}) OR office = ANY ({_OFFICES}) "
    f"OR worker = ANY ({_WORKERS}) OR backup = ANY ({_WORKERS}) "
    f"OR (asked IS NOT NULL AND string_to_array(asked, chr(31)) && {_ASKED})"
)
_VISIBLE = "EXISTS (SELECT FROM incident WHERE incident.id = {}.incident)"
_MINE = "{} = " + ACCOUNT


def _acting(*actions: Action) -> str:
    listed = ", ".join(f"'{action}'" for action in actions)
    return f"{ACTION} IN ({listed})"


_MANAGING = _acting(Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE, Action.OPERATE)
_ITS_REPORT = "EXISTS (SELECT FROM report WHERE report.id = contact.report)"
_ANY = "true"

_SELF = _acting(Action.SELF_CHANGE)
_CLOSING = _acting(Action.INCIDENT_CLOSE)
_FINDING = _acting(Action.INCIDENT_DISPATCH)  # another type or pin shows another thing to everybody
_SHOWING = _acting(Action.INCIDENT_CLOSE, Action.INCIDENT_DISPATCH)
_STEPPING = _acting(*STEPPING)
_ADDING = _acting(Action.PHOTO_ADD)
_MOVING = _acting(Action.PHOTO_ADD, Action.INCIDENT_CLOSE)  # reports take theirs along to another incident
_ITS_PHOTO = "EXISTS (SELECT FROM photo WHERE photo.holder = photo_part.holder AND photo.sha256 = photo_part.sha256)"
# Who answers for an office answers its own tasks alone.
_OWN_TASK = f"({ACTION} <> '{Action.INCIDENT_ANSWER}' OR office = ANY ({_ASKED}))"
_DRAFTING = _acting(Action.DRAFT_READ, Action.DRAFT_CHANGE, Action.DRAFT_PUBLISH)

# (tables, roles, which command, rows that it finds and may leave behind). What is not here is not found.
POLICIES = (
    (LAND, (PUBLIC, INTAKE, SCOPED, COUNTY), "SELECT", _ANY),
    (DUTY, (INTAKE, SCOPED, COUNTY), "SELECT", _ANY),
    ("worker, post, office", (DOOR,), "SELECT", _ANY),
    (f"{LAND}, {DUTY}, {PLANS}, draft_move", (OFFICE, OPERATOR), "ALL", _ANY),
    ("draft, draft_area, draft_move", (SCOPED,), "ALL", _DRAFTING),
    ("household", (SCOPED,), "SELECT", _acting(Action.HOUSEHOLD_READ, Action.DRAFT_CHANGE)),
    ("throttle", (DOOR, OPERATOR), "ALL", _ANY),
    ("history_head", (INTAKE, DOOR, CONTACT, SCOPED, COUNTY, OFFICE, OPERATOR), "ALL", _ANY),
    ("register_mark", tuple(role for role in ROLES if role != PUBLIC), "SELECT", _ANY),
    ("register_mark", (OFFICE, OPERATOR), "UPDATE", _ANY),
    # A constant is no barrier: PostGIS's operators, which may not run before one, can use the index.
    ("incident", (COUNTY,), "SELECT", _ANY),
    # An office may change, an area never: the new row lies in the scope as the old one did, and nobody moves one to where it is not theirs.
    ("incident", (COUNTY,), "UPDATE", _STEPPING),
    ("incident", (SCOPED,), "SELECT", IN_SCOPE),
    ("incident", (SCOPED,), "UPDATE", f"{_STEPPING} AND ({IN_SCOPE})"),
    ("incident", (CONTACT,), "SELECT", f"{_setting('everywhere')} = '1' OR {IN_SCOPE}"),
    ("incident", (PUBLIC,), "SELECT", f"id = (SELECT report.incident FROM report WHERE report.id = {REPORT})"),
    ("incident", (INTAKE, OPERATOR), "ALL", _ANY),
    ("task", (OPERATOR,), "ALL", _ANY),
    ("task", (COUNTY,), "SELECT", _ANY),
    ("task", (SCOPED,), "SELECT", _VISIBLE.format("task")),
    *(("task", (COUNTY,), command, _STEPPING) for command in ("INSERT", "UPDATE")),
    *(("task", (SCOPED,), command, f"{_STEPPING} AND {_OWN_TASK} AND {_VISIBLE.format('task')}") for command in ("INSERT", "UPDATE")),
    ("clock", (INTAKE,), "INSERT", _ANY),
    ("clock, escalation", (COUNTY,), "SELECT", _ANY),
    *(("clock", (COUNTY,), command, _STEPPING) for command in ("INSERT", "UPDATE")),
    *((table, (SCOPED,), "SELECT", _VISIBLE.format(table)) for table in ("clock", "escalation")),
    *(("clock", (SCOPED,), command, f"{_STEPPING} AND {_VISIBLE.format('clock')}") for command in ("INSERT", "UPDATE")),
    ("clock", (OFFICE,), "SELECT", _ANY),
    ("clock", (OFFICE,), "UPDATE", _acting(Action.REGISTER_CHANGE)),
    ("clock, escalation, lease, notice", (OPERATOR,), "ALL", _ANY),
    ("notice", (INTAKE,), "INSERT", _ANY),
    ("notice", (SCOPED, COUNTY), "INSERT", _STEPPING),  # whoever is told of a step, also one by which it left its writer's sight
    ("notice", (OFFICE,), "SELECT", _acting(Action.NOTICE_READ)),
    ("office", (PUBLIC,), "SELECT", "EXISTS (SELECT FROM incident WHERE incident.office = office.code)"),
    ("report", (INTAKE,), "ALL", f"{_acting(Action.REPORT_SEND)} OR id = {REPORT}"),  # who brings a photo shows which one is theirs
    ("report", (OPERATOR,), "ALL", _ANY),
    ("report", (COUNTY,), "SELECT", _ANY),
    ("report", (PUBLIC,), "SELECT", f"id = {REPORT}"),
    ("report", (SCOPED, CONTACT), "SELECT", _VISIBLE.format("report")),
    ("report", (COUNTY,), "UPDATE", _CLOSING),
    ("report", (SCOPED,), "UPDATE", f"{_CLOSING} AND {_VISIBLE.format('report')}"),  # of the incident that it was of and is of now
    ("contact", (INTAKE,), "INSERT", _ANY),
    ("contact", (OPERATOR,), "ALL", _ANY),
    ("contact", (SCOPED, COUNTY, CONTACT), "SELECT", _ITS_REPORT),
    ("contact", (SCOPED, COUNTY), "UPDATE", f"{_CLOSING} AND {_ITS_REPORT}"),
    ("photo", (INTAKE,), "INSERT", f"{_acting(Action.REPORT_SEND)} OR holder = {REPORT}"),
    *(("photo", (INTAKE,), command, f"holder = {REPORT}") for command in ("SELECT", "UPDATE", "DELETE")),
    ("photo_part", (INTAKE,), "ALL", f"holder = {REPORT}"),
    ("photo", (COUNTY,), "SELECT", _ANY),
    ("photo", (SCOPED,), "SELECT", _VISIBLE.format("photo")),
    *(("photo", (SCOPED, COUNTY), command, f"{_ADDING} AND {_VISIBLE.format('photo')}") for command in ("INSERT", "DELETE")),
    ("photo", (SCOPED, COUNTY), "UPDATE", f"{_MOVING} AND {_VISIBLE.format('photo')}"),
    ("photo_part", (SCOPED, COUNTY), "ALL", f"{_ADDING} AND {_ITS_PHOTO}"),
    ("photo, photo_part", (OPERATOR,), "ALL", _ANY),
    ("public_incident", (PUBLIC, COUNTY), "SELECT", _ANY),
    ("public_incident", (INTAKE,), "INSERT", _ANY),
    ("public_incident", (SCOPED,), "SELECT", _VISIBLE.format("public_incident")),
    ("public_incident", (SCOPED, COUNTY), "UPDATE", f"{_SHOWING} AND {_VISIBLE.format('public_incident')}"),
    *(("public_incident", (SCOPED, COUNTY), what, f"{_FINDING} AND {_VISIBLE.format('public_incident')}") for what in ("INSERT", "DELETE")),
    ("public_incident", (OPERATOR,), "ALL", _ANY),
    # Whatever is done is recorded, also what one may not look up afterwards.
    ("history", tuple(role for role in ROLES if role != PUBLIC), "INSERT", _ANY),
    ("history", (COUNTY,), "SELECT", f"incident IS NOT NULL OR {_acting(Action.AUDIT_READ)}"),
    ("history", (SCOPED,), "SELECT", f"incident IS NOT NULL AND {_VISIBLE.format('history')}"),
    ("history", (OPERATOR,), "SELECT", _ANY),
    (ACCOUNTS, (DOOR, OPERATOR), "ALL", _ANY),
    (ACCOUNTS, (OFFICE,), "ALL", _MANAGING),
    ("account", (SCOPED, OFFICE), "SELECT", _MINE.format("id")),
    ("account", (SCOPED,), "UPDATE", f"{_MINE.format('id')} AND {_SELF}"),
    ("access_grant, token", (SCOPED, OFFICE), "SELECT", _MINE.format("account")),
    ("token", (SCOPED,), "INSERT", f"{_MINE.format('account')} AND {_SELF}"),
    ("token", (SCOPED,), "UPDATE", f"{_MINE.format('account')} AND {_SELF}"),
)

AREAS_IN_FORCE = """
CREATE VIEW areas_in_force WITH (security_invoker = true) AS
SELECT id, edition, code, level, parent, name, name_en, households, ST_Multi(shape)::geometry(MultiPolygon, 4326) AS shape
FROM area
WHERE edition = (SELECT max(number) FROM edition WHERE in_force_from <= now())
"""

INCIDENTS_OPEN = """
CREATE VIEW incidents_open WITH (security_invoker = true) AS
SELECT serial AS id, number, state, issue, grade, urgency, at, recorded_at, text, place, edition, township, village, cell,
       worker, office, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS shape
FROM incident
WHERE state NOT IN ('closed', 'voided')
"""

# What our roles were granted on tables, their columns, and sequences.
GRANTED = r"""
SELECT DISTINCT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, pg_class.oid::regclass::text, rolname
FROM pg_class
LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attacl IS NOT NULL
CROSS JOIN LATERAL aclexplode(relacl || attacl) AS granted
JOIN pg_roles ON pg_roles.oid = granted.grantee
WHERE relnamespace = 'public'::regnamespace AND rolname LIKE 'gridmap\_%' AND NOT rolcanlogin
"""


def role_of(scope: Scope) -> str:
    """The role of PostgreSQL that a transaction with this scope works as."""
    if scope.action in _ROLE_OF:
        return _ROLE_OF[scope.action]
    if not scope.everywhere:
        return SCOPED
    return COUNTY if scope.action in _OF_INCIDENTS else OFFICE


SETTINGS = ("role", *(f"gridmap.{name}" for name in ("action", "everywhere", "areas", "offices", "asked", "workers", "account", "report")))


def settings_of(scope: Scope) -> dict[str, str]:
    """The settings that end with the transaction: the role, and what its policies ask for."""
    return {
        "role": role_of(scope),
        "gridmap.action": str(scope.action),
        "gridmap.everywhere": "1" if scope.everywhere else "",
        "gridmap.areas": SEPARATOR.join(sorted(scope.areas)),
        "gridmap.offices": SEPARATOR.join(sorted(scope.offices)),
        "gridmap.asked": SEPARATOR.join(sorted(scope.asked)),
        "gridmap.workers": SEPARATOR.join(sorted(scope.workers)),
        "gridmap.account": scope.account or "",
        "gridmap.report": scope.report or "",
    }


def walls(dialect: str, tables: tuple[str, ...]) -> tuple[str, ...]:
    """The statements that raise the walls of one database around `tables`, where none stand."""
    if dialect != POSTGRESQL:
        return tuple(triggers(dialect))
    return (
        *triggers(dialect),
        AREAS_IN_FORCE,
        INCIDENTS_OPEN,
        f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)}",
        *(f"GRANT {what} ON {listed} TO {role}" for role, what, listed in GRANTS),
        f"GRANT SELECT ON areas_in_force, incidents_open TO {SCOPED}, {COUNTY}, {OPERATOR}",
        *(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY" for table in tables for verb in ("ENABLE", "FORCE")),
        *_policies(),
    )


def _policies() -> Iterator[str]:
    """A permissive policy for each role, table and command: those that fit add up."""
    for tables, roles, command, rows in POLICIES:
        check = f"WITH CHECK ({rows})" if command == "INSERT" else f"USING ({rows})"
        for table, role in product(tables.split(", "), roles):
            yield f"CREATE POLICY {role}_{command.lower()} ON {table} FOR {command} TO {role} {check}"


def lower_walls(connection: Connection) -> None:
    """Take down what stands of the walls, of any version, so that tables can be changed; within the migration's transaction."""
    if connection.dialect.name != POSTGRESQL:
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        return
    for view in ("areas_in_force", "incidents_open"):
        connection.execute(text(f"DROP VIEW IF EXISTS {view}"))
    ours = "SELECT {} FROM {} WHERE {}"
    triggers = ours.format(
        "tgname, tgrelid::regclass::text",
        "pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid",
        FUNCTIONS,
    )
    for name, table in connection.execute(text(triggers)).all():
        connection.execute(text(f"DROP TRIGGER {name} ON {table}"))
    policies = ours.format("polname, polrelid::regclass::text", "pg_policy", r"polname LIKE 'gridmap\_%'")
    walled = set()
    for name, table in connection.execute(text(policies)).all():
        connection.execute(text(f"DROP POLICY {name} ON {table}"))
        walled.add(table)
    for table in sorted(walled):  # and no other: the database may be shared
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    for kind, thing, role in connection.execute(text(GRANTED)).all():
        connection.execute(text(f"REVOKE ALL ON {kind} {thing} FROM {role}"))


def make_roles(connection: Connection, url: str) -> None:
    """Make what is missing of the roles; StoreRolesForbidden says what somebody must run who may make roles.

    Roles belong to the whole server: another database may be making them at this moment.
    """
    wanted = _roles_wanted(connection)
    for statement in wanted:
        try:
            with connection.begin_nested():
                connection.execute(text(statement))
        except DBAPIError as fault:
            match getattr(fault.orig, "pgcode", None):
                case "42710" | "23505":  # made meanwhile
                    continue
                case "42501":
                    raise StoreRolesForbidden(url=url, statements="; ".join(wanted)) from fault
            raise


def _roles_wanted(connection: Connection) -> list[str]:
    """The statements that make what is missing of the roles, and of the login's way to them."""
    there = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    login, version = connection.execute(text("SELECT quote_ident(current_user), current_setting('server_version_num')::int")).one()
    how = "SET" if version >= 160000 else "MEMBER"  # since 16 a member may be one without being allowed to act as the role

    def lacks(member: str, role: str) -> bool:
        asked = text(f"SELECT pg_has_role({member}, :role, '{how}')")
        return {GATE, role} - there != set() or not connection.scalar(asked, {"role": role})

    return [
        *(f"CREATE ROLE {role} NOLOGIN NOINHERIT" for role in (GATE, *ROLES) if role not in there),
        *(f"GRANT {role} TO {GATE}" for role in ROLES if lacks(f"'{GATE}'", role)),
        *([f"GRANT {GATE} TO {login}"] if lacks("current_user", GATE) else []),
    ]


def raise_walls(connection: Connection, tables: tuple[str, ...]) -> None:
    """Raise them as this version has them."""
    for statement in walls(connection.dialect.name, tables):
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == POSTGRESQL else statement)


def raise_walls_with(metadata: MetaData) -> None:
    """Have `metadata.create_all` raise them too."""

    def roles(_: MetaData, connection: Connection, **_how: object) -> None:
        if connection.dialect.name == POSTGRESQL:
            make_roles(connection, "")

    event.listen(metadata, "after_create", roles)
    for dialect in (POSTGRESQL, "sqlite"):
        for statement in walls(dialect, tuple(metadata.tables)):
            event.listen(metadata, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
