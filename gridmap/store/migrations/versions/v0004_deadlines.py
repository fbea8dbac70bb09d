"""Deadlines: the calendar by which limits run.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import CheckConstraint, Column, Date, String, Text

from gridmap.store.dialect import Key

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "calendar",
        Column("id", Key, primary_key=True),
        Column("kind", String(10), nullable=False),
        Column("since", Date),
        Column("until", Date),
        Column("hours", Text, nullable=False),
        CheckConstraint("\"kind\" IN ('hours', 'holiday', 'workday')", name="kind"),
        CheckConstraint("until >= since", name="until"),
    )
