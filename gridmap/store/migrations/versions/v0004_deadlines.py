"""Deadlines: the calendar by which limits run, the clocks of incidents, the steps of their ladders, and who alone sweeps.

An incident that is there gets its clocks with its next step: the log has all that they are made of.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    text,
)

from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key

revision = "0004"
down_revision = "0003"

STATES = (
    "triage", "verifying", "not_filed", "filed", "dispatched", "acknowledged", "in_progress", "suspended", "returned", "handled",
    "inspected", "closed", "voided",
)  # fmt: skip
NEW = {"due_at": "NULL", "clock": "NULL"}


def upgrade() -> None:
    if op.get_bind().dialect.name == POSTGRESQL:
        op.add_column("incident", Column("due_at", Instant))
        op.add_column("incident", Column("clock", String(20)))
    else:
        _make_anew()
    running = text("due_at IS NOT NULL")
    op.create_index("ix_incident_due_at", "incident", ["due_at", "serial"], sqlite_where=running, postgresql_where=running)
    _make_calendar()
    _make_clocks()


def _make_calendar() -> None:
    op.create_table(
        "calendar",
        Column("id", Key, primary_key=True),
        Column("kind", String(10), nullable=False),
        Column("since", Date),
        Column("until", Date),
        Column("hours", Text, nullable=False),
        _one_of("kind", "hours", "holiday", "workday"),
        CheckConstraint("until >= since", name="until"),
    )


def _make_clocks() -> None:
    op.create_table(
        "clock",
        Column("incident", String(36), ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), primary_key=True),
        Column("name", String(20), primary_key=True),
        Column("run", Integer, primary_key=True, autoincrement=False),
        Column("issue", Code, nullable=False),
        Column("given", String(20), nullable=False),
        Column("extended", Text),
        Column("started", Instant, nullable=False),
        Column("ran", JSON, nullable=False),
        Column("since", Instant),
        Column("stopped", Instant),
        Column("due", Instant),
        Column("next_at", Instant, index=True),
        CheckConstraint("since IS NULL OR stopped IS NULL", name="stopped"),
    )
    op.create_table(
        "escalation",
        Column("incident", String(36), ForeignKey("incident.id"), primary_key=True),
        Column("key", String(60), primary_key=True),
        Column("due", Instant, nullable=False),
        Column("fired_at", Instant, nullable=False),
    )
    op.create_table(
        "lease",
        Column("name", Code, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("fence", Integer, nullable=False),
        Column("until", Instant, nullable=False),
    )


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _make_anew() -> None:
    """So that the table is the same as one that was made today, which SQLite's way of adding columns does not give."""
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
        Column("contact_left", Boolean, nullable=False),
        Column("replied", Boolean, nullable=False),
        Column("returns", Integer, nullable=False),
        Column("reworks", Integer, nullable=False),
        Column("reopened", Integer, nullable=False),
        Column("handled_by", Text),
        Column("settled", Boolean, nullable=False),
        Column("due_at", Instant),
        Column("clock", String(20)),
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
