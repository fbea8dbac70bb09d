"""The first tables: land, duty, catalogue, incidents.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)

from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key, Shape

revision = "0001"
down_revision = None


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == POSTGRESQL
    if postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    for make in (_editions, _land, _duty, _catalogue, _incident, _reports):
        make()
    if postgresql:
        op.create_index("ix_area_shape", "area", ["shape"], postgresql_using="gist")
    for statement in POSTGRESQL_GUARDS if postgresql else SQLITE_GUARDS:
        op.execute(statement)


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _editions() -> None:
    op.create_table(
        "edition",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("in_force_from", Instant, nullable=False),
        Column("recorded_at", Instant, nullable=False),
        Column("note", Text, nullable=False),
        Column("areas", Integer, nullable=False),
        Column("digest", String(64), nullable=False),
        Column("actor", Text, nullable=False),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("in_force_from >= recorded_at", name="not_past"),
    )
    op.create_table(
        "area",
        Column("id", Key, primary_key=True),
        Column("edition", Integer, ForeignKey("edition.number"), nullable=False),
        Column("code", Code, nullable=False),
        Column("level", String(10), nullable=False),
        Column("parent", Code),
        Column("name", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("households", Integer),
        Column("shape", Shape, nullable=False),
        Column("west", Double, nullable=False),
        Column("south", Double, nullable=False),
        Column("east", Double, nullable=False),
        Column("north", Double, nullable=False),
        UniqueConstraint("edition", "code"),
        ForeignKeyConstraint(["edition", "parent"], ["area.edition", "area.code"], deferrable=True, initially="DEFERRED"),
        _one_of("level", "township", "village", "cell"),
        CheckConstraint("households >= 0", name="households"),
    )
    op.create_table(
        "draft",
        Column("name", Code, primary_key=True),
        Column("base", Integer, ForeignKey("edition.number")),
        Column("updated_at", Instant, nullable=False),
    )
    op.create_table(
        "draft_area",
        Column("draft", Code, ForeignKey("draft.name", ondelete="CASCADE"), primary_key=True),
        Column("code", Code, primary_key=True),
        Column("level", String(10), nullable=False),
        Column("parent", Code),
        Column("name", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("households", Integer),
        Column("shape", Shape, nullable=False),
        _one_of("level", "township", "village", "cell"),
        CheckConstraint("households >= 0", name="households"),
    )


def _land() -> None:
    op.create_table(
        "household",
        Column("id", Code, primary_key=True),
        Column("lon", Double, nullable=False),
        Column("lat", Double, nullable=False),
        Column("count", Integer, nullable=False),
        CheckConstraint("count >= 0", name="count"),
    )
    op.create_table(
        "land",
        Column("id", Key, primary_key=True),
        Column("kind", String(10), nullable=False, index=True),
        Column("name", Text, nullable=False),
        Column("shape", Shape, nullable=False),
        _one_of("kind", "barrier", "bridge", "street"),
    )


def _duty() -> None:
    op.create_table(
        "worker",
        Column("id", Code, primary_key=True),
        Column("name", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("phone", Text, nullable=False),
    )
    op.create_table(
        "post",
        Column("id", Key, primary_key=True),
        Column("worker", Code, ForeignKey("worker.id"), nullable=False),
        Column("area", Code, nullable=False, index=True),
        Column("duty", String(20), nullable=False),
        Column("since", Instant, nullable=False),
        Column("until", Instant),
        UniqueConstraint("worker", "area", "duty", "since"),
        _one_of("duty", "worker", "backup", "leader", "police", "mediator", "organisation"),
        CheckConstraint("until > since", name="until"),
    )
    op.create_table(
        "office",
        Column("code", Code, primary_key=True),
        Column("name", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("kind", String(20), nullable=False),
        Column("area", Code),
        Column("phone", Text, nullable=False),
        _one_of("kind", "centre", "department", "owner"),
    )


def _catalogue() -> None:
    op.create_table(
        "issue_type",
        Column("code", Code, primary_key=True),
        Column("group", Text, nullable=False),
        Column("group_en", Text, nullable=False),
        Column("kind", String(20), nullable=False),
        Column("name", Text, nullable=False),
        Column("name_en", Text, nullable=False),
        Column("limit", String(10), nullable=False),
        Column("grade", String(10), nullable=False),
        Column("subject_first", Boolean, nullable=False),
        _one_of("kind", "component", "event", "dispute", "service"),
        _one_of("grade", "general", "complex", "difficult"),
    )
    op.create_table(
        "rule",
        Column("id", Key, primary_key=True),
        Column("office", Code, nullable=False),
        Column("issue", Code, nullable=False),
        Column("by", String(10), nullable=False),
        Column("level", String(10)),
        Column("area", Code),
        Column("rank", Integer, nullable=False),
        _one_of("by", "owner", "subject", "territory"),
        _one_of("level", "township", "village", "cell"),
    )


def _incident() -> None:
    op.create_table(
        "incident",
        Column("serial", Key, primary_key=True),
        Column("id", String(36), nullable=False, unique=True),
        Column("number", String(20), nullable=False, unique=True),
        Column("state", String(20), nullable=False),
        Column("issue", Code, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("at", Instant, nullable=False),
        Column("recorded_at", Instant, nullable=False),
        Column("grade", String(10), nullable=False),
        Column("urgency", String(10), nullable=False),
        Column("text", Text, nullable=False),
        Column("place", Text, nullable=False),
        Column("lon", Double),
        Column("lat", Double),
        Column("edition", Integer, ForeignKey("edition.number")),
        Column("township", Code, index=True),
        Column("village", Code, index=True),
        Column("cell", Code, index=True),
        Column("worker", Code, ForeignKey("worker.id")),
        Column("backup", Code, ForeignKey("worker.id")),
        Column("office", Code, ForeignKey("office.code")),
        Column("how", String(10)),
        Column("distance_m", Double),
        Column("border_m", Double),
        Column("candidates", JSON, nullable=False),
        Column("reasons", JSON, nullable=False),
        Column("revision", Integer, nullable=False),
        *(ForeignKeyConstraint(["edition", level], ["area.edition", "area.code"]) for level in ("township", "village", "cell")),
        _one_of("state", "triage", "dispatched", "closed"),
        _one_of("channel", "worker", "resident", "hotline", "window", "patrol", "upper_level", "system"),
        _one_of("grade", "general", "complex", "difficult"),
        _one_of("urgency", "at_once", "today", "soon", "routine"),
        _one_of("how", "inside", "border", "nearest", "outside", "invalid"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="point"),
        CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
        Index("ix_incident_state_serial", "state", "serial"),
        Index("ix_incident_lon_lat", "lon", "lat"),
    )


def _reports() -> None:
    op.create_table(
        "report",
        Column("id", String(36), primary_key=True),
        # Deferred: the report goes first, because its key decides whether there is an incident at all.
        Column("incident", String(36), ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), nullable=False, index=True),
        Column("sender", Code, nullable=False),
        Column("key", Code),
        Column("body_hash", String(64), nullable=False),
        Column("answer", JSON, nullable=False),
        Column("raw", JSON, nullable=False),
        Column("received_at", Instant, nullable=False),
        Column("sender_number", Text, nullable=False),
        Column("issue", Code, nullable=False),
        Column("channel", String(20), nullable=False),
        Column("at", Instant, nullable=False),
        Column("text", Text, nullable=False),
        Column("place", Text, nullable=False),
        Column("lon", Double),
        Column("lat", Double),
        Column("datum", String(20), nullable=False),
        Column("accuracy_m", Double),
        UniqueConstraint("sender", "key"),
        _one_of("channel", "worker", "resident", "hotline", "window", "patrol", "upper_level", "system"),
    )
    op.create_table(
        "incident_log",
        Column("id", Key, primary_key=True),
        Column("incident", String(36), ForeignKey("incident.id"), nullable=False, index=True),
        Column("at", Instant, nullable=False),
        Column("actor", Text, nullable=False),
        Column("what", String(20), nullable=False),
        Column("from_state", String(20)),
        Column("to_state", String(20), nullable=False),
        Column("facts", JSON, nullable=False),
    )


POSTGRESQL_GUARDS = (
    """
CREATE FUNCTION gridmap_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = TG_TABLE_NAME || ' is append only'; END $$
""",
    "CREATE TRIGGER edition_rows BEFORE UPDATE OR DELETE ON edition FOR EACH ROW EXECUTE FUNCTION gridmap_append_only()",
    "CREATE TRIGGER edition_all BEFORE TRUNCATE ON edition FOR EACH STATEMENT EXECUTE FUNCTION gridmap_append_only()",
    "CREATE TRIGGER area_rows BEFORE UPDATE OR DELETE ON area FOR EACH ROW EXECUTE FUNCTION gridmap_append_only()",
    "CREATE TRIGGER area_all BEFORE TRUNCATE ON area FOR EACH STATEMENT EXECUTE FUNCTION gridmap_append_only()",
    "CREATE TRIGGER incident_log_rows BEFORE UPDATE OR DELETE ON incident_log FOR EACH ROW EXECUTE FUNCTION gridmap_append_only()",
    "CREATE TRIGGER incident_log_all BEFORE TRUNCATE ON incident_log FOR EACH STATEMENT EXECUTE FUNCTION gridmap_append_only()",
    """
CREATE VIEW areas_in_force AS
SELECT id, edition, code, level, parent, name, name_en, households, ST_Multi(shape)::geometry(MultiPolygon, 4326) AS shape
FROM area
WHERE edition = (SELECT max(number) FROM edition WHERE in_force_from <= now())
""",
    """
CREATE VIEW incidents_open AS
SELECT serial AS id, number, state, issue, grade, urgency, at, recorded_at, text, place, edition, township, village, cell,
       worker, office, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geometry(Point, 4326) AS shape
FROM incident
WHERE state <> 'closed'
""",
)

SQLITE_GUARDS = (
    "CREATE TRIGGER edition_update BEFORE UPDATE ON edition BEGIN SELECT RAISE(ABORT, 'edition is append only'); END",
    "CREATE TRIGGER edition_delete BEFORE DELETE ON edition BEGIN SELECT RAISE(ABORT, 'edition is append only'); END",
    "CREATE TRIGGER area_update BEFORE UPDATE ON area BEGIN SELECT RAISE(ABORT, 'area is append only'); END",
    "CREATE TRIGGER area_delete BEFORE DELETE ON area BEGIN SELECT RAISE(ABORT, 'area is append only'); END",
    "CREATE TRIGGER incident_log_update BEFORE UPDATE ON incident_log BEGIN SELECT RAISE(ABORT, 'incident_log is append only'); END",
    "CREATE TRIGGER incident_log_delete BEFORE DELETE ON incident_log BEGIN SELECT RAISE(ABORT, 'incident_log is append only'); END",
)
