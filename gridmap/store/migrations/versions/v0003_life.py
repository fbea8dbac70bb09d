"""An incident's life: more states, and what its steps count. What was there keeps its state; nobody is known to have handled it.

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
)

from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key

revision = "0003"
down_revision = "0002"

STATES = (
    "triage", "verifying", "not_filed", "filed", "dispatched", "acknowledged", "in_progress", "suspended", "returned", "handled",
    "inspected", "closed", "voided",
)  # fmt: skip
# Each with what it is for the incidents that are there.
NEW = {
    "contact_left": "EXISTS (SELECT 1 FROM contact JOIN report ON report.id = contact.report WHERE report.incident = incident.id)",
    "replied": "false",
    "returns": "0",
    "reworks": "0",
    "reopened": "0",
    "handled_by": "NULL",
    "settled": "false",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == POSTGRESQL:
        _alter()
    else:
        _make_anew()


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _new_columns() -> tuple[Column[bool] | Column[int] | Column[str], ...]:
    return (
        Column("contact_left", Boolean, nullable=False),
        Column("replied", Boolean, nullable=False),
        Column("returns", Integer, nullable=False),
        Column("reworks", Integer, nullable=False),
        Column("reopened", Integer, nullable=False),
        Column("handled_by", Text),
        Column("settled", Boolean, nullable=False),
    )


def _alter() -> None:
    listed = ", ".join(f"'{state}'" for state in STATES)
    op.execute("ALTER TABLE incident DROP CONSTRAINT ck_incident_state")
    op.execute(f'ALTER TABLE incident ADD CONSTRAINT ck_incident_state CHECK ("state" IN ({listed}))')
    for column in _new_columns():
        must, column.nullable = not column.nullable, True
        op.add_column("incident", column)
        op.execute(f"UPDATE incident SET {column.name} = {NEW[column.name]}")
        if must:
            op.alter_column("incident", column.name, nullable=False)


def _make_anew() -> None:
    """SQLite changes no CHECK: the table is made once more. What points at it waits for the end of the transaction to be checked."""
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT *, {', '.join(f'{what} AS {name}' for name, what in NEW.items())} FROM incident")
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.drop_table("incident")
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
        Column("worker", Code, ForeignKey("worker.id"), index=True),
        Column("backup", Code, ForeignKey("worker.id"), index=True),
        Column("office", Code, ForeignKey("office.code"), index=True),
        Column("how", String(10)),
        Column("distance_m", Double),
        Column("border_m", Double),
        Column("candidates", JSON, nullable=False),
        Column("reasons", JSON, nullable=False),
        Column("revision", Integer, nullable=False),
        *_new_columns(),
        *(ForeignKeyConstraint(["edition", level], ["area.edition", "area.code"]) for level in ("township", "village", "cell")),
        _one_of("state", *STATES),
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
    op.execute("INSERT INTO incident SELECT * FROM kept")
    op.execute("DROP TABLE temp.kept")
