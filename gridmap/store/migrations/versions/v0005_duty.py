"""Who is away, which office is on duty on which day, and incidents found by when they were received.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, String

from gridmap.store.dialect import Code, Instant

revision = "0005"
down_revision = "0004"

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def upgrade() -> None:
    op.create_table(
        "leave",
        Column("worker", Code, ForeignKey("worker.id"), primary_key=True),
        Column("since", Instant, primary_key=True),
        Column("until", Instant),
        CheckConstraint("until >= since", name="until"),
    )
    listed = ", ".join(f"'{day}'" for day in DAYS)
    op.create_table(
        "rota",
        Column("weekday", String(10), primary_key=True),
        Column("office", Code, ForeignKey("office.code"), nullable=False),
        CheckConstraint(f'"weekday" IN ({listed})', name="weekday"),
    )
    op.create_index("ix_incident_recorded_at", "incident", ["recorded_at"])
