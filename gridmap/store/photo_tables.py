"""The tables of photos, a part of the schema: the pictures that were drawn anew, and parts of files that are not here as a whole yet."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, Table

from gridmap.store.dialect import Code, Instant
from gridmap.store.metadata import metadata

# `holder` is the report that it was sent with, or the incident where it came with the work; `incident` where it is shown, which changes
# when reports are merged. The pictures come last: what reads a row without them reads none of their pages.
photo = Table(
    "photo",
    metadata,
    Column("holder", Code, primary_key=True),
    Column("sha256", Code, primary_key=True),
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), nullable=False, index=True),
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
Index(
    "ix_photo_part_at", photo.c.part_at,
    sqlite_where=photo.c.part_at.is_not(None), postgresql_where=photo.c.part_at.is_not(None),
)  # fmt: skip

photo_part = Table(
    "photo_part",
    metadata,
    Column("holder", Code, primary_key=True),
    Column("sha256", Code, primary_key=True),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(["holder", "sha256"], ["photo.holder", "photo.sha256"]),
    CheckConstraint("start >= 0", name="start"),
)
