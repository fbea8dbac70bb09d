"""The table of what was done to a draft, change by change, a part of the schema."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from gridmap.planning.kinds import MoveKind
from gridmap.store.dialect import Code, Instant
from gridmap.store.metadata import metadata, one_of

# Only ever added to, for as long as there is the draft. `areas` are the codes that changed (null: any), `before` what they were.
draft_move = Table(
    "draft_move",
    metadata,
    Column("draft", Code, ForeignKey("draft.name", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seal", String(8), nullable=False),  # so that a revision of a draft that is gone is none of another under its name
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("village", Code),
    Column("of", Integer),
    Column("areas", JSON(none_as_null=True)),
    Column("operation", JSON(none_as_null=True)),
    Column("before", JSON(none_as_null=True)),
    Column("after", String(64)),
    one_of("kind", MoveKind),
    CheckConstraint("number > 0", name="number"),
)
