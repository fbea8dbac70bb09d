"""The tables of deadlines, a part of the schema: the calendar, the clocks of incidents, the steps of their ladders, and leases."""

from sqlalchemy import JSON, CheckConstraint, Column, Date, ForeignKey, Integer, String, Table, Text

from gridmap.limits import DayKind
from gridmap.store.dialect import Code, Instant, Key
from gridmap.store.metadata import metadata, one_of

calendar = Table(
    "calendar",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("since", Date),
    Column("until", Date),
    Column("hours", Text, nullable=False),
    one_of("kind", DayKind),
    CheckConstraint("until >= since", name="until"),
)

# Each run of each clock, with when it ran: what a sweep asks needs no log. `extended` is the limit in force where it is not the given one.
clock = Table(
    "clock",
    metadata,
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), primary_key=True),
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

# The steps of the ladders that were done: the key lets none be done twice.
escalation = Table(
    "escalation",
    metadata,
    Column("incident", ForeignKey("incident.id"), primary_key=True),
    Column("key", String(60), primary_key=True),
    Column("due", Instant, nullable=False),
    Column("fired_at", Instant, nullable=False),
)

# Who alone does something in the service until then; `fence` counts the holders, so that one who overslept is noticed.
lease = Table(
    "lease",
    metadata,
    Column("name", Code, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("until", Instant, nullable=False),
)
