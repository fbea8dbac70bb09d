"""The tables, the same on both databases; what PostgreSQL alone has (GiST, views) is marked so."""

from enum import StrEnum

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
    Table,
    Text,
    UniqueConstraint,
    bindparam,
)

from gridmap.catalogue import By, Grade, Kind, Urgency
from gridmap.duty import Duty, OfficeKind, Weekday
from gridmap.grid import How, Level
from gridmap.incidents import Channel, State
from gridmap.incidents.life import ENDED, Satisfied, TaskKind, Template
from gridmap.store import account_tables as _account_tables  # noqa: F401 (they belong to the schema)
from gridmap.store import clock_tables as _clock_tables  # noqa: F401
from gridmap.store import draft_tables as _draft_tables  # noqa: F401
from gridmap.store import notice_tables as _notice_tables  # noqa: F401
from gridmap.store import photo_tables as _photo_tables  # noqa: F401
from gridmap.store import register_tables as _register_tables  # noqa: F401
from gridmap.store.dialect import POSTGRESQL, Code, Instant, Key, Shape, listed_in, point_of
from gridmap.store.metadata import metadata, one_of
from gridmap.store.walls import raise_walls_with


class LandKind(StrEnum):
    """What lies between households besides areas."""

    BARRIER = "barrier"
    BRIDGE = "bridge"
    STREET = "street"


edition = Table(
    "edition",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("in_force_from", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("areas", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("in_force_from >= recorded_at", name="not_past"),
)

area = Table(
    "area",
    metadata,
    Column("id", Key, primary_key=True),
    Column("edition", ForeignKey("edition.number"), nullable=False),
    Column("code", Code, nullable=False),
    Column("level", String(10), nullable=False),
    Column("parent", Code),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("households", Integer),
    Column("shape", Shape, nullable=False),
    Column("west", Double, nullable=False),
    Column("south", Double, nullable=False),
    Column("east", Double, nullable=False),
    Column("north", Double, nullable=False),
    UniqueConstraint("edition", "code"),
    ForeignKeyConstraint(["edition", "parent"], ["area.edition", "area.code"], deferrable=True, initially="DEFERRED"),
    one_of("level", Level),
    CheckConstraint("households >= 0", name="households"),
)
Index("ix_area_shape", area.c.shape, postgresql_using="gist").ddl_if(dialect=POSTGRESQL)

draft = Table(
    "draft",
    metadata,
    Column("name", Code, primary_key=True),
    Column("base", ForeignKey("edition.number")),
    Column("updated_at", Instant, nullable=False),
)

draft_area = Table(
    "draft_area",
    metadata,
    Column("draft", ForeignKey("draft.name", ondelete="CASCADE"), primary_key=True),
    Column("code", Code, primary_key=True),
    Column("level", String(10), nullable=False),
    Column("parent", Code),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("households", Integer),
    Column("shape", Shape, nullable=False),
    one_of("level", Level),
    CheckConstraint("households >= 0", name="households"),
)

household = Table(
    "household",
    metadata,
    Column("id", Code, primary_key=True),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("count", Integer, nullable=False),
    CheckConstraint("count >= 0", name="count"),
)

land = Table(
    "land",
    metadata,
    Column("id", Key, primary_key=True),
    Column("kind", String(10), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("shape", Shape, nullable=False),
    one_of("kind", LandKind),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Code, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("phone", Text, nullable=False),
)

post = Table(
    "post",
    metadata,
    Column("id", Key, primary_key=True),
    Column("worker", ForeignKey("worker.id"), nullable=False),
    Column("area", Code, nullable=False, index=True),
    Column("duty", String(20), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    UniqueConstraint("worker", "area", "duty", "since"),
    one_of("duty", Duty),
    CheckConstraint("until > since", name="until"),
)

leave = Table(
    "leave",
    metadata,
    Column("worker", ForeignKey("worker.id"), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("until", Instant),
    CheckConstraint("until >= since", name="until"),
)

office = Table(
    "office",
    metadata,
    Column("code", Code, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("area", Code),
    Column("phone", Text, nullable=False),
    one_of("kind", OfficeKind),
)

issue_type = Table(
    "issue_type",
    metadata,
    Column("code", Code, primary_key=True),
    Column("group", Text, nullable=False),
    Column("group_en", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("limit", String(10), nullable=False),
    Column("grade", String(10), nullable=False),
    Column("subject_first", Boolean, nullable=False),
    one_of("kind", Kind),
    one_of("grade", Grade),
)

rule = Table(
    "rule",
    metadata,
    Column("id", Key, primary_key=True),
    Column("office", Code, nullable=False),  # or "*": no foreign key
    Column("issue", Code, nullable=False),
    Column("by", String(10), nullable=False),
    Column("level", String(10)),
    Column("area", Code),
    Column("rank", Integer, nullable=False),
    one_of("by", By),
    one_of("level", Level),
)

rota = Table(
    "rota",
    metadata,
    Column("weekday", String(10), primary_key=True),
    Column("office", ForeignKey("office.code"), nullable=False),
    one_of("weekday", Weekday),
)

incident = Table(
    "incident",
    metadata,
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
    Column("edition", ForeignKey("edition.number")),
    Column("township", Code, index=True),
    Column("village", Code, index=True),
    Column("cell", Code, index=True),
    Column("worker", ForeignKey("worker.id"), index=True),
    Column("backup", ForeignKey("worker.id"), index=True),
    Column("office", ForeignKey("office.code"), index=True),
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
    Column("template", String(10), nullable=False),
    Column("keeper", ForeignKey("office.code")),
    Column("tier", Integer, nullable=False),
    Column("supervised_by", Text),
    Column("supervised_until", Instant),
    Column("satisfied", String(10)),
    Column("merged_into", String(20), index=True),
    Column("onward", ForeignKey("office.code")),
    Column("homed_in", Integer),
    Column("asked", Text),  # the offices of its tasks, here too: no wall may ask two tables of each other; NULL where it never had any
    *(ForeignKeyConstraint(["edition", level], ["area.edition", "area.code"]) for level in Level),
    one_of("state", State),
    one_of("channel", Channel),
    one_of("grade", Grade),
    one_of("urgency", Urgency),
    one_of("template", Template),
    one_of("satisfied", Satisfied),
    one_of("how", How),
    CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="point"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
    Index("ix_incident_state_serial", "state", "serial"),
    Index("ix_incident_lon_lat", "lon", "lat"),
    Index("ix_incident_recorded_at", "recorded_at"),
)
Index("ix_incident_asked", incident.c.asked, sqlite_where=incident.c.asked.is_not(None)).ddl_if(dialect="sqlite")
Index(
    "ix_incident_asked",
    listed_in(incident.c.asked),
    postgresql_using="gin",
    postgresql_where=incident.c.asked.is_not(None),
).ddl_if(dialect=POSTGRESQL)
Index(
    "ix_incident_supervised", incident.c.serial,
    sqlite_where=incident.c.supervised_by.is_not(None), postgresql_where=incident.c.supervised_by.is_not(None),
)  # fmt: skip
IS_OPEN = incident.c.state.not_in(bindparam("ended", sorted(ENDED), expanding=True, literal_execute=True))
"""What is neither closed nor voided. Written into each statement as it is, so that both databases know their indexes of open incidents by
it: a desk looks at few of the many that there ever were."""
for _name, _columns, _where in (
    ("open", (incident.c.serial, incident.c.state), IS_OPEN),
    ("open_lon_lat", (incident.c.lon, incident.c.lat), IS_OPEN),
    ("open_homed_in", (incident.c.homed_in,), IS_OPEN),  # a new edition finds what was not held against it
    ("due_at", (incident.c.due_at, incident.c.serial), incident.c.due_at.is_not(None)),
):
    Index(f"ix_incident_{_name}", *_columns, sqlite_where=_where, postgresql_where=_where)
Index("ix_incident_point", point_of(incident), postgresql_using="gist", postgresql_where=IS_OPEN).ddl_if(dialect=POSTGRESQL)

task = Table(
    "task",
    metadata,
    Column("incident", ForeignKey("incident.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(10), nullable=False),
    Column("office", ForeignKey("office.code"), nullable=False, index=True),
    Column("until", Instant),
    Column("arrived", Boolean, nullable=False),
    Column("answered", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    one_of("kind", TaskKind),
    CheckConstraint("number > 0", name="number"),
)

report = Table(
    "report",
    metadata,
    Column("id", String(36), primary_key=True),
    # Deferred: the report goes first, because its key decides whether there is an incident at all.
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), nullable=False, index=True),
    Column("sender", Code, nullable=False),
    Column("key", Code),
    Column("body_hash", String(64), nullable=False),
    Column("answer", JSON, nullable=False),
    Column("raw", JSON, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sender_number", Text, nullable=False),
    Column("issue", Code, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("text", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("lon", Double),
    Column("lat", Double),
    Column("datum", String(20), nullable=False),
    Column("accuracy_m", Double),
    UniqueConstraint("sender", "key"),
    one_of("channel", Channel),
)

contact = Table(
    "contact",
    metadata,
    Column("report", ForeignKey("report.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("contact", Text, nullable=False),
    Column("masked", Text, nullable=False),
    Column("kept_until", Instant, nullable=False, index=True),
)

public_incident = Table(
    "public_incident",
    metadata,
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("issue", Code, nullable=False),
    Column("state", String(20), nullable=False),
    Column("day", String(10), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("village", Code, nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Index("ix_public_incident_lon_lat", "lon", "lat"),
)
Index("ix_public_incident_point", point_of(public_incident), postgresql_using="gist").ddl_if(dialect=POSTGRESQL)

history = Table(
    "history",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),  # without gaps: each row is chained to the one before it
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("incident", ForeignKey("incident.id", deferrable=True, initially="DEFERRED"), index=True),
    Column("from_state", String(20)),
    Column("to_state", String(20)),
    Column("facts", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
)

history_head = Table(
    "history_head",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),  # there is one row: whoever appends holds it
    Column("id", Key, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint("one = 1", name="one"),
)

raise_walls_with(metadata)
