"""A draft keeps two kinds of changes more: a cell that is locked, and one that is unlocked.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Integer, String, Text

from gridmap.store.dialect import Code, Instant

revision = "0013"
down_revision = "0012"

KINDS = ("assign", "border", "split", "merge", "parent", "post", "lock", "unlock", "mend", "cut", "undo", "redo", "approve", "change")


def upgrade() -> None:
    one_of = f'"kind" IN ({", ".join(repr(kind) for kind in KINDS)})'
    if op.get_bind().dialect.name == "sqlite":  # which changes no constraint: the table is made anew, with the rows that it has
        op.rename_table("draft_move", "draft_move_before")
        _make(one_of)
        op.execute("INSERT INTO draft_move SELECT * FROM draft_move_before")
        op.drop_table("draft_move_before")
        return
    op.drop_constraint("kind", "draft_move", type_="check")
    op.create_check_constraint("kind", "draft_move", one_of)


def _make(one_of: str) -> None:
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
        CheckConstraint(one_of, name="kind"),
        CheckConstraint("number > 0", name="number"),
    )
