"""What tables alone cannot say: rows that nobody may change, and on PostGIS the views that a desktop GIS opens."""

from sqlalchemy import DDL, MetaData, event

from gridmap.store.dialect import POSTGRESQL

APPEND_ONLY = ("edition", "area", "incident_log")

AREAS_IN_FORCE = """
CREATE VIEW areas_in_force AS
SELECT id, edition, code, level, parent, name, name_en, households, ST_Multi(shape)::geometry(MultiPolygon, 4326) AS shape
FROM area
WHERE edition = (SELECT max(number) FROM edition WHERE in_force_from <= now())
"""

INCIDENTS_OPEN = """
CREATE VIEW incidents_open AS
SELECT serial AS id, number, state, issue, grade, urgency, at, recorded_at, text, place, edition, township, village, cell,
       worker, office, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS shape
FROM incident
WHERE state <> 'closed'
"""

REFUSE = """
CREATE FUNCTION gridmap_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_TABLE_NAME || ' is append only'; END $$
"""


def guards(dialect: str) -> tuple[str, ...]:
    """The statements that one database needs after its tables."""
    if dialect == POSTGRESQL:
        return (REFUSE, *(each for table in APPEND_ONLY for each in _postgresql(table)), AREAS_IN_FORCE, INCIDENTS_OPEN)
    return tuple(each for table in APPEND_ONLY for each in _sqlite(table))


def _postgresql(table: str) -> tuple[str, str]:
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


def attach(metadata: MetaData) -> None:
    """Have `metadata.create_all` make the guards too."""
    for dialect in (POSTGRESQL, "sqlite"):
        for statement in guards(dialect):
            event.listen(metadata, "after_create", DDL(statement).execute_if(dialect=dialect))
