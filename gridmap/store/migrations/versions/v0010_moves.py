"""What was done to a draft, change by change, with what undoes it.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Integer, String, Text

from gridmap.store.dialect import Code, Instant

revision = "0010"
down_revision = "0009"

KINDS = ("assign", "border", "split", "merge", "parent", "cut", "undo", "redo", "approve", "change")


def upgrade() -> None:
    listed = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        "draft_move",
        Column("draft", Code, ForeignKey("draft.name", ondelete="CASCADE"), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("seal", String(8), nullable=False),
        Column("at", Instant, nullable=False),
        Column("actor", Text, nullable=False),
        Column("kind", String(10), nullable=False),
        Column("village", Code),
        Column("of", Integer),
        Column("areas", JSON),
        Column("operation", JSON),
        Column("before", JSON),
        Column("after", String(64)),
        CheckConstraint(f'"kind" IN ({listed})', name="kind"),
        CheckConstraint("number > 0", name="number"),
    )
