"""The table of what is to be told, and how far telling it has come, a part of the schema."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from gridmap.store.dialect import Instant
from gridmap.store.metadata import metadata

# `next_at` is when it is sent next, null once it arrived or was given up; `fence` counts who took it, so that one who overslept is noticed.
notice = Table(
    "notice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED")),
    Column("audience", ForeignKey("office.code")),
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
Index(
    "ix_notice_next_at", notice.c.next_at,
    sqlite_where=notice.c.next_at.is_not(None), postgresql_where=notice.c.next_at.is_not(None),
)  # fmt: skip
Index(
    "ix_notice_sent_at", notice.c.sent_at,
    sqlite_where=notice.c.sent_at.is_not(None), postgresql_where=notice.c.sent_at.is_not(None),
)  # fmt: skip
