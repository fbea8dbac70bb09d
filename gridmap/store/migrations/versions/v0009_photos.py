"""Photos: the pictures that were drawn anew, and the parts of files that are not here as a whole yet.

Written out, not taken from `schema`: what was once migrated must stay as it was. A test holds the two together.
"""

from alembic import op
from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Integer, LargeBinary, String, text

from gridmap.store.dialect import Code, Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "photo",
        Column("holder", Code, primary_key=True),
        Column("sha256", Code, primary_key=True),
        Column("incident", String(36), ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), nullable=False, index=True),
        Column("have", Integer, nullable=False),
        Column("part_at", Instant),
        Column("arrived_at", Instant),
        Column("kept_until", Instant, nullable=False, index=True),
        Column("width", Integer),
        Column("height", Integer),
        Column("small", LargeBinary),
        Column("picture", LargeBinary),
        CheckConstraint("have >= 0", name="have"),
        CheckConstraint("(arrived_at IS NULL) = (picture IS NULL)", name="picture"),
        CheckConstraint("(arrived_at IS NULL) = (small IS NULL)", name="small"),
    )
    begun = text("part_at IS NOT NULL")
    op.create_index("ix_photo_part_at", "photo", ["part_at"], sqlite_where=begun, postgresql_where=begun)
    op.create_table(
        "photo_part",
        Column("holder", Code, primary_key=True),
        Column("sha256", Code, primary_key=True),
        Column("start", Integer, primary_key=True, autoincrement=False),
        Column("data", LargeBinary, nullable=False),
        ForeignKeyConstraint(["holder", "sha256"], ["photo.holder", "photo.sha256"]),
        CheckConstraint("start >= 0", name="start"),
    )
