"""What tables alone cannot say: rows that nobody may change, views for a desktop GIS, and on PostgreSQL row-level security.

The wall is written as it should stand, and raised anew whole after each migration: nothing of an earlier one is left over. The first wall
(`gridmap.store.scoping`) narrows every query; this one holds if that one has a hole. A transaction works as one of the roles below
(`role_of`), with its scope in settings that end with it; where they are not set, nothing is seen.

The login user reaches the roles through GATE, which does not inherit: so without a transaction of ours it has none of their rights.
SQL that an attacker could smuggle in could set the settings too: against that bound parameters stand, not this wall.
"""

from sqlalchemy import DDL, Connection, MetaData, event, text

from gridmap.access import Action, Scope
from gridmap.store.dialect import POSTGRESQL

APPEND_ONLY = ("edition", "area", "history")

GATE = "gridmap_gate"
PUBLIC, INTAKE, DOOR = "gridmap_public", "gridmap_intake", "gridmap_door"
SCOPED, COUNTY, CONTACT = "gridmap_scoped", "gridmap_county", "gridmap_contact"
ROLES = (PUBLIC, INTAKE, DOOR, SCOPED, COUNTY, CONTACT)

_ROLE_OF = {
    Action.SERVICE_USE: PUBLIC,
    Action.AREA_READ: PUBLIC,
    Action.CATALOGUE_READ: PUBLIC,
    Action.PUBLIC_READ: PUBLIC,
    Action.REPORT_FOLLOW: PUBLIC,
    Action.REPORT_SEND: INTAKE,
    Action.SIGN_IN: DOOR,
    Action.CONTACT_READ: CONTACT,
}

SEPARATOR = "\x1f"  # stands in no code

# What each role may do with which tables (columns in brackets); which rows, the policies say.
LAND = "edition, area, land, issue_type"
DUTY = "office, rule, worker, post"
PLANS = "draft, draft_area, household"
ACCOUNTS = "account, access_grant, token"
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
    (DOOR, "SELECT", f"{ACCOUNTS}, worker, post, office, throttle"),
    (DOOR, "INSERT", "token, throttle"),
    (DOOR, "UPDATE", "throttle"),
    (DOOR, "DELETE", "throttle"),
    (DOOR, "UPDATE (seen_at, ended_at, until)", "token"),
    (DOOR, "UPDATE (password, issuer, subject)", "account"),
    (SCOPED, "SELECT", f"{LAND}, {DUTY}, {PLANS}, {ACCOUNTS}, incident, report, history, public_incident"),
    (SCOPED, "SELECT (report, masked, kept_until)", "contact"),
    (SCOPED, "INSERT, UPDATE, DELETE", "draft, draft_area"),
    (SCOPED, "INSERT", "token"),
    (SCOPED, "UPDATE", "incident, public_incident, token"),
    (SCOPED, "UPDATE (password)", "account"),
    (SCOPED, "UPDATE (kept_until)", "contact"),
    (COUNTY, "SELECT", f"{LAND}, {DUTY}, {PLANS}, {ACCOUNTS}, incident, report, history, public_incident, throttle"),
    (COUNTY, "SELECT (report, masked, kept_until)", "contact"),
    (COUNTY, "INSERT", f"{LAND}, {DUTY}, {PLANS}, {ACCOUNTS}, incident, report, contact, public_incident, throttle"),
    (COUNTY, "UPDATE", f"land, issue_type, {DUTY}, {PLANS}, {ACCOUNTS}, incident, public_incident, throttle"),
    (COUNTY, "DELETE", f"land, rule, {PLANS}, throttle, contact"),
    (COUNTY, "UPDATE (kept_until)", "contact"),
    (CONTACT, "SELECT", "contact"),
    (CONTACT, "SELECT (id, incident)", "report"),
    (CONTACT, "SELECT (id, number, township, village, cell, office, worker, backup)", "incident"),
    *((role, "INSERT", "history") for role in ROLES if role != PUBLIC),
    *((role, "SELECT, UPDATE", "history_head") for role in ROLES if role != PUBLIC),
    *((role, "SELECT (id, at)", "history") for role in (INTAKE, DOOR, CONTACT)),  # for RETURNING and foreign keys
)


def _setting(name: str) -> str:
    """A setting of the transaction, NULL where it is not set. As a sub-select it is asked once, not for each row."""
    return f"(SELECT NULLIF(current_setting('gridmap.{name}', true), ''))"


def _listed(name: str) -> str:
    return f"(SELECT string_to_array(NULLIF(current_setting('gridmap.{name}', true), ''), chr(31)))::text[]"


ACTION, ACCOUNT, REPORT = (_setting(name) for name in ("action", "account", "report"))
_AREAS, _OFFICES, _WORKERS = (_listed(name) for name in ("areas", "offices", "workers"))
IN_SCOPE = (
    f"township = ANY ({_AREAS}) OR village = ANY ({_AREAS}) OR cell = ANY ({_AREAS}) OR office = ANY ({_OFFICES}) "
    f"OR worker = ANY ({_WORKERS}) OR backup = ANY ({_WORKERS})"
)
_VISIBLE = "EXISTS (SELECT FROM incident WHERE incident.id = {}.incident)"
_MINE = "{} = " + ACCOUNT


def _acting(*actions: Action) -> str:
    listed = ", ".join(f"'{action}'" for action in actions)
    return f"{ACTION} IN ({listed})"


_MANAGING = _acting(Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE, Action.OPERATE)
_ITS_REPORT = "EXISTS (SELECT FROM report WHERE report.id = contact.report)"
_ANY = "true"

# (tables, role, rows that it sees and may leave behind). A pair that is not here sees nothing.
POLICIES = (
    (f"{LAND}", (PUBLIC, INTAKE, SCOPED, COUNTY), _ANY),
    (DUTY, (INTAKE, SCOPED, COUNTY), _ANY),
    ("worker, post, office", (DOOR,), _ANY),
    (PLANS, (SCOPED, COUNTY), _ANY),
    ("throttle", (DOOR, COUNTY), _ANY),
    ("history_head", (INTAKE, DOOR, SCOPED, COUNTY, CONTACT), _ANY),
    # A constant is no barrier: PostGIS's operators, which may not run before one, can use the index.
    ("incident", (COUNTY,), _ANY),
    ("incident", (SCOPED,), IN_SCOPE),
    ("incident", (CONTACT,), f"{_setting('everywhere')} = '1' OR {IN_SCOPE}"),
    ("incident", (PUBLIC,), f"id = (SELECT report.incident FROM report WHERE report.id = {REPORT})"),
    ("office", (PUBLIC,), "EXISTS (SELECT FROM incident WHERE incident.office = office.code)"),
    ("incident", (INTAKE,), _ANY),
    ("report", (INTAKE, COUNTY), _ANY),
    ("report", (PUBLIC,), f"id = {REPORT}"),
    ("report", (SCOPED, CONTACT), _VISIBLE.format("report")),
    ("contact", (COUNTY, INTAKE), _ANY),
    ("contact", (SCOPED, CONTACT), _ITS_REPORT),
    ("public_incident", (PUBLIC, INTAKE, COUNTY), _ANY),
    ("public_incident", (SCOPED,), _VISIBLE.format("public_incident")),
    ("history", (COUNTY,), f"incident IS NOT NULL OR {_acting(Action.AUDIT_READ, Action.OPERATE)}"),
    ("history", (SCOPED,), f"incident IS NOT NULL AND {_VISIBLE.format('history')}"),
    ("account, access_grant, token", (DOOR,), _ANY),
    ("account", (COUNTY,), f"{_MANAGING} OR {_MINE.format('id')}"),
    ("account", (SCOPED,), _MINE.format("id")),
    ("access_grant, token", (COUNTY,), f"{_MANAGING} OR {_MINE.format('account')}"),
    ("access_grant, token", (SCOPED,), _MINE.format("account")),
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
WHERE state <> 'closed'
"""

REFUSE = """
CREATE OR REPLACE FUNCTION gridmap_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_TABLE_NAME || ' is append only'; END $$
"""

# Roles belong to the whole server: another database may be making them at this moment, or have made them.
MAKE_ROLES = "\n".join(
    (
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7440492881543987201);",
        *(
            f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN NOINHERIT; END IF;"
            for role in (GATE, *ROLES)
        ),
        *(
            f"IF NOT pg_has_role('{GATE}', '{role}', 'MEMBER') THEN GRANT {role} TO {GATE}; END IF;"
            for role in ROLES
        ),
        f"IF NOT pg_has_role(current_user, '{GATE}', 'MEMBER') THEN EXECUTE format('GRANT {GATE} TO %I', current_user); END IF;",
        "END $$",
    )
)  # fmt: skip


def role_of(scope: Scope) -> str:
    """The role of PostgreSQL that a transaction with this scope works as."""
    return _ROLE_OF.get(scope.action) or (COUNTY if scope.everywhere else SCOPED)


def settings_of(scope: Scope) -> dict[str, str]:
    """The settings that end with the transaction: the role, and what its policies ask for."""
    return {
        "role": role_of(scope),
        "gridmap.action": str(scope.action),
        "gridmap.everywhere": "1" if scope.everywhere else "",
        "gridmap.areas": SEPARATOR.join(sorted(scope.areas)),
        "gridmap.offices": SEPARATOR.join(sorted(scope.offices)),
        "gridmap.workers": SEPARATOR.join(sorted(scope.workers)),
        "gridmap.account": scope.account or "",
        "gridmap.report": scope.report or "",
    }


def walls(dialect: str, tables: tuple[str, ...]) -> tuple[str, ...]:
    """The statements that raise the walls of one database around `tables`, where none stand."""
    if dialect != POSTGRESQL:
        return tuple(each for table in APPEND_ONLY for each in _sqlite(table))
    return (
        MAKE_ROLES,
        REFUSE,
        *(each for table in APPEND_ONLY for each in _append_only(table)),
        AREAS_IN_FORCE,
        INCIDENTS_OPEN,
        f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)}",
        *(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}" for role in (INTAKE, DOOR, SCOPED, COUNTY, CONTACT)),
        *(f"GRANT {what} ON {listed} TO {role}" for role, what, listed in GRANTS),
        f"GRANT SELECT ON areas_in_force, incidents_open TO {SCOPED}, {COUNTY}",
        *(f"ALTER TABLE {table} {verb} ROW LEVEL SECURITY" for table in tables for verb in ("ENABLE", "FORCE")),
        *_policies(),
    )


def _policies() -> tuple[str, ...]:
    rows = [
        f"CREATE POLICY {role} ON {table} TO {role} USING ({rows})"
        for tables, roles, rows in POLICIES
        for table in tables.split(", ")
        for role in roles
    ]
    # Whatever is done is recorded, also what one may not look up afterwards. Policies of one role add up.
    rows += [f"CREATE POLICY {role}_append ON history FOR INSERT TO {role} WITH CHECK (true)" for role in ROLES if role != PUBLIC]
    return tuple(rows)


def _append_only(table: str) -> tuple[str, str]:
    refuse = "EXECUTE FUNCTION gridmap_append_only()"
    return (
        f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    )


def _sqlite(table: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
        for verb in ("UPDATE", "DELETE")
    )


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
        "tgname, tgrelid::regclass::text", "pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid", "proname = 'gridmap_append_only'"
    )
    for name, table in connection.execute(text(triggers)).all():
        connection.execute(text(f"DROP TRIGGER {name} ON {table}"))
    policies = ours.format("polname, polrelid::regclass::text", "pg_policy", r"polname LIKE 'gridmap\_%'")
    for name, table in connection.execute(text(policies)).all():
        connection.execute(text(f"DROP POLICY {name} ON {table}"))
    tables = ours.format("oid::regclass::text", "pg_class", "relkind = 'r' AND relrowsecurity AND relnamespace = 'public'::regnamespace")
    for (table,) in connection.execute(text(tables)).all():
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    for role in connection.scalars(text(r"SELECT rolname FROM pg_roles WHERE rolname LIKE 'gridmap\_%' AND NOT rolcanlogin")).all():
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"))
        connection.execute(text(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}"))


def raise_walls(connection: Connection, tables: tuple[str, ...]) -> None:
    """Raise them as this version has them."""
    for statement in walls(connection.dialect.name, tables):
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == POSTGRESQL else statement)


def raise_walls_with(metadata: MetaData) -> None:
    """Have `metadata.create_all` raise them too."""
    for dialect in (POSTGRESQL, "sqlite"):
        for statement in walls(dialect, tuple(metadata.tables)):
            event.listen(metadata, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))
