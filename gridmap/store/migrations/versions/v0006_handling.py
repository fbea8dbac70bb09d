"""Handling: tasks of other offices, supervision, tiers of mediation, what a reporter said when called back, and where a part went.

Whose an incident was when it came is its office; what is open was held against the edition
that it was matched in.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from datetime import datetime
from typing import Any

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
    text,
)

from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key

revision = "0006"
down_revision = "0005"

STATES = (
    "triage", "verifying", "not_filed", "filed", "dispatched", "acknowledged", "in_progress", "suspended", "returned", "handled",
    "inspected", "closed", "voided",
)  # fmt: skip
OPEN = "(state NOT IN ('closed', 'voided'))"
TEMPLATES, SATISFIED, TASKS = ("repair", "dispute"), ("yes", "mostly", "no"), ("assist", "inform", "whistle", "upward")
DISPUTE = "CASE WHEN issue IN (SELECT code FROM issue_type WHERE kind = 'dispute') THEN 'dispute' ELSE 'repair' END"
# Each with what it is for the incidents that are there.
NEW = {
    "template": DISPUTE,
    "keeper": "office",
    "tier": "1",
    "supervised_by": "NULL",
    "supervised_until": "NULL",
    "satisfied": "NULL",
    "merged_into": "NULL",
    "onward": "NULL",
    "homed_in": "edition",
    "asked": "NULL",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == POSTGRESQL:
        _alter()
    else:
        _make_anew()
    if op.get_bind().dialect.name == POSTGRESQL:
        asked = text("string_to_array(asked, chr(31))")
        op.create_index("ix_incident_asked", "incident", [asked], postgresql_using="gin", postgresql_where=text("asked IS NOT NULL"))
    else:
        op.create_index("ix_incident_asked", "incident", ["asked"], sqlite_where=text("asked IS NOT NULL"))
    there = text("supervised_by IS NOT NULL")
    op.create_index("ix_incident_supervised", "incident", ["serial"], sqlite_where=there, postgresql_where=there)
    for name, columns, where in (
        ("open", ["serial", "state"], OPEN),
        ("open_lon_lat", ["lon", "lat"], OPEN),
        ("open_homed_in", ["homed_in"], OPEN),
        ("due_at", ["due_at", "serial"], f"{OPEN} AND due_at IS NOT NULL"),
    ):
        op.create_index(f"ix_incident_{name}", "incident", columns, sqlite_where=text(where), postgresql_where=text(where))
    op.create_table(
        "task",
        Column("incident", String(36), ForeignKey("incident.id"), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("kind", String(10), nullable=False),
        Column("office", Code, ForeignKey("office.code"), nullable=False, index=True),
        Column("until", Instant),
        Column("arrived", Boolean, nullable=False),
        Column("answered", Boolean, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
        _one_of("kind", *TASKS),
        CheckConstraint("number > 0", name="number"),
    )
    _make_notices()


def _make_notices() -> None:
    op.create_table(
        "notice",
        Column("id", String(36), primary_key=True),
        Column("at", Instant, nullable=False),
        Column("kind", String(40), nullable=False),
        Column("incident", String(36), ForeignKey("incident.id", deferrable=True, initially="DEFERRED")),
        Column("audience", Code, ForeignKey("office.code")),
        Column("body", JSON, nullable=False),
        Column("lease_until", Instant),
        Column("fence", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("next_at", Instant),
        Column("sent_at", Instant),
        Column("parked_at", Instant),
        Column("fault", Text, nullable=False),
        CheckConstraint("next_at IS NULL OR (sent_at IS NULL AND parked_at IS NULL)", name="next_at"),
    )
    for name in ("next_at", "sent_at"):
        there = text(f"{name} IS NOT NULL")
        op.create_index(f"ix_notice_{name}", "notice", [name], sqlite_where=there, postgresql_where=there)


def _new_columns() -> tuple[Column[int] | Column[str] | Column[datetime], ...]:
    return (
        Column("template", String(10), nullable=False),
        Column("keeper", Code, ForeignKey("office.code")),
        Column("tier", Integer, nullable=False),
        Column("supervised_by", Text),
        Column("supervised_until", Instant),
        Column("satisfied", String(10)),
        Column("merged_into", String(20), index=True),
        Column("onward", Code, ForeignKey("office.code")),
        Column("homed_in", Integer),
        Column("asked", Text),
    )


def _alter() -> None:
    for name in ("due_at", "point"):
        op.drop_index(f"ix_incident_{name}", "incident")
    op.execute(f"CREATE INDEX ix_incident_point ON incident USING gist (ST_SetSRID(ST_MakePoint(lon, lat), 4326)) WHERE {OPEN}")
    for column in _new_columns():
        must, column.nullable = not column.nullable, True
        op.add_column("incident", column)
        op.execute(f"UPDATE incident SET {column.name} = {NEW[column.name]}")
        if must:
            op.alter_column("incident", column.name, nullable=False)
    for name, words in (("template", TEMPLATES), ("satisfied", SATISFIED)):
        listed = ", ".join(f"'{word}'" for word in words)
        op.execute(f'ALTER TABLE incident ADD CONSTRAINT ck_incident_{name} CHECK ("{name}" IN ({listed}))')


def _one_of(column: str, *words: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def _kept_columns() -> tuple[Column[Any], ...]:
    """Those that were there, as the table of today has them."""
    return (
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
    )


def _make_anew() -> None:
    """So that the table is the same as one that was made today, which SQLite's way of adding columns does not give."""
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT *, {', '.join(f'{what} AS {name}' for name, what in NEW.items())} FROM incident")
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.drop_table("incident")
    op.create_table(
        "incident",
        *_kept_columns(),
        *_new_columns(),
        *(ForeignKeyConstraint(["edition", level], ["area.edition", "area.code"]) for level in ("township", "village", "cell")),
        _one_of("state", *STATES),
        _one_of("channel", "worker", "resident", "hotline", "window", "patrol", "upper_level", "system"),
        _one_of("grade", "general", "complex", "difficult"),
        _one_of("urgency", "at_once", "today", "soon", "routine"),
        _one_of("template", *TEMPLATES),
        _one_of("satisfied", *SATISFIED),
        _one_of("how", "inside", "border", "nearest", "outside", "invalid"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="point"),
        CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
        CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
        Index("ix_incident_recorded_at", "recorded_at"),
        Index("ix_incident_state_serial", "state", "serial"),
        Index("ix_incident_lon_lat", "lon", "lat"),
    )
    op.execute("INSERT INTO incident SELECT * FROM kept")
    op.execute("DROP TABLE temp.kept")
